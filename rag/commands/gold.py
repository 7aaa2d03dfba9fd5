"""``rag eval import``, ``draft-gold`` and ``review``: making gold questions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.commands.frame import reporting
from rag.errors import UsageError
from rag.options import Debug

if TYPE_CHECKING:
    from rag.import_notes import Imported


def import_set(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="SQuAD files (.json, .json.gz), or one BEIR folder or its files."),
    ],
    *,
    output: Annotated[Path, typer.Option("--output", metavar="FOLDER", help="The folder to make.")],
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="At most N questions, drawn with their texts.")
    ] = None,
    distractors: Annotated[
        int, typer.Option("--distractors", min=0, metavar="N", help="With --limit: N further texts beside them.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Of the draw.")] = 0,
    language: Annotated[
        str | None, typer.Option("--lang", metavar="CODE", help="Of all questions; detected one by one otherwise.")
    ] = None,
    origin: Annotated[
        str | None, typer.Option("--origin", metavar="TEXT", help="Where the set is from and its licence, for a note.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Make a folder to measure with from a public question set in SQuAD's or BEIR's format.

    \b
    Examples:
      rag eval import dev-v2.0.json --output squad2 --limit 300
      rag eval --suite squad2/suite.toml
      rag eval import piaf.json.gz --output piaf --lang fr --origin "PIAF 1.0, CC-BY-SA"
      rag eval import scifact/ --output scifact --limit 100 --distractors 1000

    The folder holds the texts, gold.jsonl, suite.toml and a README.md that says what became of the set.
    """
    with reporting(debug=debug):
        from rag import question_imports
        from rag.console import Progress

        if language is not None and not (len(language) in {2, 3} and language.isascii() and language.islower()):
            raise UsageError(f"{language!r} is no language code.", "Give one such as en, fr or id.")
        if distractors and limit is None:
            raise UsageError("--distractors was given, and no --limit.", "Without a limit every text is written.")
        progress = Progress()
        try:
            done = question_imports.import_set(
                files,
                output,
                limit=limit,
                distractors=distractors,
                seed=seed,
                language=language,
                origin=origin,
                progress=progress,
            )
        finally:
            progress.clear()
        _tell_import(done)


def _tell_import(done: Imported) -> None:
    from rag.console import say
    from rag.rendering.display import count

    asked = ", ".join(f"{number} {code}" for code, number in done.languages.most_common())
    say(
        f"{done.folder}: {count(done.documents, 'text')}, {count(done.questions, 'question')} ({asked}), "
        f"{done.unanswerable} of them unanswerable."
    )
    if done.repaired:
        say(f"{count(done.repaired, 'answer')} stood near the place that the set gives.")
    for reason, number in done.troubles.counts.most_common():
        say(f"Left out, {number} times: {reason}. {' | '.join(done.troubles.examples[reason])}")
    say(f"Measure with: rag eval --suite {done.folder / 'suite.toml'}")

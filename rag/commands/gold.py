"""``rag eval import``, ``draft-gold`` and ``review``: making gold questions."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.commands.frame import reporting, settings_of, stdout_look
from rag.errors import UsageError
from rag.options import BaseUrl, Debug, MaxCost, Timeout

if TYPE_CHECKING:
    from rag.commands.keyboard import Keyboard
    from rag.config import Settings
    from rag.documents import Document
    from rag.gold_drafts import Draft, Tally
    from rag.gold_review import Review
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
    """Make a folder to measure with from a SQuAD or BEIR set.

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


def draft_gold(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Documents, or folders of them.")],
    *,
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", help="Where the drafts go; must not be there yet.")
    ],
    most: Annotated[
        int, typer.Option("--per-document", min=1, metavar="N", help="At most N drafts of each document.")
    ] = 10,
    model: Annotated[
        str | None,
        typer.Option("-m", "--model", metavar="SERVER:MODEL", help="Let this model draft; it is sent the documents."),
    ] = None,
    base_url: BaseUrl = None,
    timeout: Timeout = None,
    max_cost: MaxCost = None,
    debug: Debug = False,
) -> None:
    """Draft gold questions from documents, to be reviewed.

    \b
    Examples:
      rag eval draft-gold articles/ --output drafts.jsonl
      rag eval draft-gold articles/ --output drafts.jsonl -m ollama:qwen3:8b --timeout 300
      rag eval review drafts.jsonl --output gold.jsonl

    Rules draft in English, French and Indonesian; a model in any language, and only when it is named here: RAG_MODEL
    does not count. About one draft in four asks for what the documents do not say.
    """
    with reporting(debug=debug):
        from rag.gold_drafts import Tally, draft_by_rules, read_documents, write_drafts

        if model is None and (base_url, timeout, max_cost) != (None, None, None):
            raise UsageError("An option for a model was given, and no model.", "Name the model: -m SERVER:MODEL")
        tally = Tally()
        try:
            documents = read_documents(paths, tally)
            if model is None:
                written = write_drafts(output, draft_by_rules(documents, most, tally))
            else:
                settings = settings_of(None, model, base_url, timeout=timeout, max_cost=max_cost)
                written = _draft_by_model(documents, settings, most, tally, output)
        finally:
            _tell_drafts(tally)
        if not written:
            raise UsageError("No question could be drafted.", "Let a model draft: -m SERVER:MODEL")


def _draft_by_model(documents: Sequence[Document], settings: Settings, most: int, tally: Tally, output: Path) -> int:
    from rag.console import Progress
    from rag.gold_drafts import write_drafts
    from rag.model_drafts import draft_by_model
    from rag.speakers import Speakers

    progress = Progress()
    speakers = Speakers.open(settings)
    assert speakers is not None  # noqa: S101 - the model was named
    with speakers:
        drafts = draft_by_model(documents, speakers.client, most, tally, question=speakers.question, progress=progress)
        try:
            return write_drafts(output, drafts)
        finally:
            progress.clear()


def _tell_drafts(tally: Tally) -> None:
    from rag.console import say
    from rag.rendering.display import count

    for failure in tally.failures:
        say(f"Not read: {failure.name}: {failure.message}")
    if tally.drafts:
        makers = ", ".join(f"{number} {maker}" for maker, number in tally.drafts.most_common())
        say(f"{count(tally.drafts.total(), 'draft')}: {makers}.")
    for reason, number in tally.dropped.most_common():
        say(f"Dropped, {number}: {reason}.")


def review(
    drafts: Annotated[Path, typer.Argument(metavar="DRAFTS", help="Made by rag eval draft-gold.")],
    *,
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="The gold file; a review of it goes on.")],
    debug: Debug = False,
) -> None:
    """Accept, correct or reject drafted questions one by one.

    \b
    Example:
      rag eval review drafts.jsonl --output gold.jsonl

    Every decision is kept at once, in FILE and in a .review.jsonl beside it: leave whenever you like, and run the
    same command to go on. Nothing is gold that you have not accepted.
    """
    with reporting(debug=debug):
        from rag.commands.keyboard import Keyboard
        from rag.gold_drafts import read_drafts
        from rag.gold_review import Review, render_review

        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise UsageError(
                "A review needs a terminal.",
                "Run it in one. To go without, edit the drafts and take out their questions.",
            )
        opened = Review.open(read_drafts(drafts), output)
        look, going = stdout_look(), True
        with Keyboard() as keyboard:
            while going and opened.draft is not None:
                print(render_review(opened, look), flush=True)
                going = _act(opened, keyboard)
        accepted = opened.count("accepted")
        print(f"\n{accepted} accepted, {opened.count('rejected')} rejected, {opened.count(None)} left.")
        if accepted:
            print(f"Check them with: rag eval check-gold {output}")


def _act(review: Review, keyboard: Keyboard) -> bool:
    """Do what the next known key says; False to leave."""
    from rag.gold_review import KEYS

    key = ""
    while key not in KEYS:
        key = keyboard.key()
    trouble = None
    if key in {"a", "r"}:
        review.decide("accepted" if key == "a" else "rejected")
    elif key == "s":
        review.skip()
    elif key == "b":
        trouble = None if review.back() else "This is the first."
    elif review.draft is not None and key in {"e", "w"}:
        trouble = _edit(review, review.draft, key, keyboard)
    if trouble is not None:
        print(trouble)
    return key != "q"


def _edit(review: Review, draft: Draft, key: str, keyboard: Keyboard) -> str | None:
    """Let the person correct a line; Ctrl-C leaves it as it was."""
    present = draft.question.question if key == "e" else draft.answer.quote if draft.answer else ""
    try:
        given = keyboard.line("Question: " if key == "e" else "Answer: ", " ".join(present.split()))
    except (KeyboardInterrupt, EOFError):
        return "Nothing was changed."
    return review.ask(given) if key == "e" else review.answer(given)

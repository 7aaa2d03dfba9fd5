"""``rag verify`` and ``check``: whether an answer, ours or somebody else's, stands on its sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rag.commands.frame import print_json, read_text, reporting, settings_of, stdout_look
from rag.options import Debug, Home, Json


def verify(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="What ask --json, a batch or rag brief wrote as JSON; - reads stdin.")
    ],
    *,
    as_json: Json = False,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Check whether the quotations of an answer or briefing still stand.

    \b
    Examples:
      rag verify answer.json
      rag verify brief.json
      ask --json "who signed the memorandum?" | rag verify -

    Each quotation is intact, moved (same words, elsewhere or in a renamed file), changed or missing.
    Exit code 1 unless all are intact or moved; 2 when the file is no answer/1 or
    briefing/1 object.
    """
    with reporting(debug=debug):
        from rag import reports
        from rag.console import say
        from rag.recheck import recheck
        from rag.shelves import shelf

        report = recheck(
            read_text(file, "what ask --json or rag brief --json wrote"), shelf(settings_of(home), tell=say)
        )
        if as_json:
            print_json(reports.recheck_object(report))
        else:
            print(reports.recheck_text(report, stdout_look()), end="")
        if not report.holds:
            raise typer.Exit(1)


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The text, plain or Markdown; - reads stdin.")],
    more: Annotated[list[Path] | None, typer.Argument(metavar="[PATH]...", help="More sources.")] = None,
    *,
    sources: Annotated[
        list[Path] | None, typer.Option("--sources", metavar="PATH", help="The files or folders to check against.")
    ] = None,
    as_json: Json = False,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Check every sentence of a text that somebody else wrote against its sources.

    \b
    Examples:
      rag check answer.md --sources seeds
      rag check answer.md --sources notes/*.txt
      rag check --json --sources report.md - < answer.txt

    Each sentence is supported, contradicted or not found, with the places that say so. It compares words, names,
    figures and negation; it does not understand: see README. Exit code 1 when a sentence is not supported.
    """
    with reporting(debug=debug):
        from rag.check_reports import check_object, check_text_report
        from rag.checking import check_text, read_sources
        from rag.embedding import open_embedder

        text = read_text(file, "plain text or Markdown")
        documents, unreadable = read_sources([*(sources or ()), *(more or ())])
        report = check_text(text, documents, embedder=open_embedder(settings_of(home)), unreadable=unreadable)
        if as_json:
            print_json(check_object(report))
        else:
            print(check_text_report(report, stdout_look()), end="")
        if not report.holds:
            raise typer.Exit(1)

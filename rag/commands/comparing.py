"""``rag eval compare``: what changed from one evaluation to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rag.commands.frame import read_text, reporting, stdout_look
from rag.options import Debug


def compare(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="The report of the earlier run, or - for stdin.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The report of the later run.")],
    *,
    markdown_file: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write it as Markdown, too.")
    ] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write it as a page with both answers side by side.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Show which questions went better, worse or otherwise, and the figures of both runs.

    \b
    Examples:
      rag eval compare before.json after.json
      rag eval compare before.json after.json --html difference.html

    The reports are those of rag eval --json; questions are paired by id. Exit code 0 whatever changed: what may change
    is for the gates of the suite to say.
    """
    with reporting(debug=debug):
        from rag import eval_reports
        from rag.commands.evaluating import write_text

        expected = "a report: rag eval --json FILE"
        earlier, later = (eval_reports.read_report(read_text(file, expected)) for file in (before, after))
        found = eval_reports.difference(earlier, later)
        if markdown_file is not None:
            write_text(markdown_file, eval_reports.render_difference_markdown(found))
        if html_file is not None:
            write_text(html_file, eval_reports.render_difference_page(found, {}))
        print(eval_reports.render_difference(found, stdout_look()), end="")

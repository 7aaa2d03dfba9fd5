"""``rag eval check-gold``: whether gold questions are fit to measure with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rag.commands.frame import reporting
from rag.options import Debug


def check_gold(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The gold files, checked as one set.")],
    *,
    roots: Annotated[
        list[Path] | None,
        typer.Option("--root", metavar="FOLDER", help="Where documents are; else beside the files, and here."),
    ] = None,
    debug: Debug = False,
) -> None:
    """Prove a gold set: every span stands in its document, nothing is asked twice, no slice is too small.

    \b
    Examples:
      rag eval check-gold gold.jsonl
      rag eval check-gold dev.jsonl test.jsonl --root ~/articles

    stdout has a line for each defect, stderr the number of questions in each slice. Exit code 1 when there is a defect.
    """
    with reporting(debug=debug):
        from rag.console import say
        from rag.gold_checks import check
        from rag.rendering.display import safe_text

        checked = check(files, roots or [*dict.fromkeys(file.parent for file in files), Path()])
        for finding in checked.findings:
            print(safe_text(str(finding)))
        for line in checked.summary.splitlines():
            say(line)
        if checked.findings:
            raise typer.Exit(1)

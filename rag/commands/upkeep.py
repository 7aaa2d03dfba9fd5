"""``rag index``, ``status`` and ``doctor``: the index and the installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rag.commands.frame import print_json, reporting, settings_of, stdout_look
from rag.options import BaseUrl, Debug, Home, Json, Model


def index(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Folders or files; without any, those indexed before."),
    ] = None,
    *,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Start anew instead of bringing up to date.")] = False,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Index folders and files, or bring the index up to date.

    \b
    Examples:
      rag index ~/articles report.md
      rag index
      rag index --rebuild

    Unchanged files are not read again. The index can be used while it is written; an interrupted run loses nothing.
    Exit code 1 when a file could not be indexed.
    """
    with reporting(debug=debug):
        from rag import reports
        from rag.console import Progress, say
        from rag.opening import sync

        progress = Progress()
        try:
            report = sync(settings_of(home), paths or (), rebuild=rebuild, progress=progress)
        finally:
            progress.clear()
        print(reports.sync_text(report), end="")
        for failure in report.failed:
            say(f"Not indexed: {failure.name}: {failure.message}" + (f" {failure.hint}" if failure.hint else ""))
        if report.failed:
            raise typer.Exit(1)


def status(*, as_json: Json = False, home: Home = None, debug: Debug = False) -> None:
    """Show what is indexed and whether files changed since.

    \b
    Examples:
      rag status
      rag status --json
    """
    with reporting(debug=debug):
        from rag import reports
        from rag.opening import open_index

        with open_index(settings_of(home)) as opened:
            found = reports.status_object(opened)
        print_json(found) if as_json else print(reports.status_text(found, stdout_look()), end="")


def doctor(
    *,
    call_model: Annotated[
        bool, typer.Option("--call-model", help="Ask the model a word; otherwise nothing is sent to it.")
    ] = False,
    model: Model = None,
    base_url: BaseUrl = None,
    as_json: Json = False,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Check the installation, the settings, the index and the model.

    \b
    Examples:
      rag doctor
      rag doctor --json
      rag doctor --call-model -m ollama:qwen3:8b

    Keys are said to be set or not, never shown. Exit code 1 when something is wrong.
    """
    with reporting(debug=debug):
        from rag import reports
        from rag.doctor import examine

        checks = examine(settings_of(home, model, base_url), call_model=call_model)
        if as_json:
            print_json(reports.checks_object(checks))
        else:
            print(reports.checks_text(checks, stdout_look()), end="")
        if any(check.state == "wrong" for check in checks):
            raise typer.Exit(1)

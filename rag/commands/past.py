"""``rag history``: the questions of the past."""

from __future__ import annotations

from typing import Annotated

import typer

from rag.commands.frame import print_json, reporting, settings_of, stdout_look
from rag.errors import UsageError
from rag.options import Debug, Home, Json


def history(
    *,
    count: Annotated[
        int | None, typer.Option("-n", min=1, help="How many, the last ones [20; all with --json].")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Forget every question.")] = False,
    as_json: Json = False,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Show the questions of the past, which ask -c goes on with.

    \b
    Examples:
      rag history -n 5
      rag history --json
      rag history --clear

    They are in RAG_HOME, readable by you alone. To keep none: ask --no-log, or RAG_LOG=false.
    """
    with reporting(debug=debug):
        from rag.history import History, history_object, history_text

        kept = History.open(settings_of(home).home)
        if clear:
            if as_json or count is not None:
                raise UsageError("--clear was given with another option.", "Run: rag history --clear")
            removed = kept.clear()
            print(f"Forgot {removed:,} {'question' if removed == 1 else 'questions'}.")
            return
        if as_json:
            print_json(history_object(kept.turns(count)))
        else:
            turns = kept.turns(20 if count is None else count)
            print(history_text(turns[::-1], stdout_look()), end="")

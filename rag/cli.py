"""The commands ``ask`` and ``rag``.

Only typer is imported, so that --help appears at once; every command imports what it needs.
"""

from __future__ import annotations

import atexit
import gc

import typer

from rag.commands import asking, evaluating, gold, past, proving, upkeep
from rag.options import STYLE, Version

app = typer.Typer(name="rag", no_args_is_help=True, **STYLE)


@app.callback()
def _rag(*, version: Version = False) -> None:
    """Answers from a folder of documents, every sentence with its source.

    \b
    Examples:
      rag ask "what does the Xiaomi laptop deal involve?"
      rag index ~/articles
      rag search "smart speakers" -k 5
      rag verify answer.json
    """


for command in (
    asking.ask,
    asking.search,
    upkeep.index,
    proving.verify,
    proving.check,
    past.history,
    upkeep.status,
    upkeep.doctor,
):
    app.command()(command)
evaluating.app.command("import")(gold.import_set)
app.add_typer(evaluating.app)


def _collect_seldom() -> None:
    """Looks for garbage seldom, and not in what is alive at the end.

    Imports make half a million objects that stay; going through them again and again, and once more at exit, took an
    eighth of the time of a question.
    """
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)


def main() -> None:
    """The command ``rag``."""
    _collect_seldom()
    app()


def ask_command() -> None:
    """The command ``ask``, the same as ``rag ask``."""
    _collect_seldom()
    single = typer.Typer(name="ask", **STYLE)
    single.command()(asking.ask)
    single()


if __name__ == "__main__":
    main()

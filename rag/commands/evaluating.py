"""``rag eval``: the suite of the current folder; other modules add their commands to ``app``."""

from __future__ import annotations

import typer

from rag.options import STYLE

app = typer.Typer(name="eval", invoke_without_command=True, **STYLE)


@app.callback()
def evaluate(context: typer.Context) -> None:
    """Measure answers against gold questions."""
    if context.invoked_subcommand is not None:
        return

"""Answers on stdout: whole, or statement by statement while a model still writes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from rag.answers import Answer, Claim
from rag.commands.frame import print_json, stdout_look
from rag.options import Format

if TYPE_CHECKING:
    from rag.workspace import Workspace


class Printer:
    """Prints one answer, of which text may come in parts."""

    def __init__(self, workspace: Workspace, form: Format) -> None:
        from rag.console import say

        self._workspace = workspace
        self._form = form
        self._look = stdout_look()
        self._claims: list[Claim] = []
        self._last = ""
        if workspace.speakers is not None:
            say(workspace.speaker)

    def show(self, part: Claim | Answer) -> None:
        """Print a verified statement, or what is left of the answer."""
        if isinstance(part, Answer):
            self._finish(part)
            return
        from rag.rendering import render_claim, render_direct

        if not self._claims and part.short_answer:
            self._print(render_direct(part.short_answer, self._look))
        self._claims.append(part)
        self._last = render_claim(part, self._claims, self._look) + "\n\n"
        self._print(self._last)

    def break_off(self) -> None:
        """Print the sources of what has been shown of an answer that will not be finished."""
        from rag.rendering import render_sources

        if self._claims:
            notes = self._workspace.notes(span.document for claim in self._claims for span in claim.spans)
            with suppress(OSError, ValueError):  # what ended the answer may be that nobody reads it
                self._print(render_sources(self._claims, notes, self._look))

    def _finish(self, answer: Answer) -> None:
        from rag.console import say
        from rag.rendering import answer_object, answer_quotations, render_markdown, render_text

        if self._workspace.speakers is None:
            say(self._workspace.speaker)
        if self._form is Format.json:
            print_json(answer_object(answer))
            return
        notes = self._workspace.notes(quotation.document for quotation in answer_quotations(answer))
        if self._form is Format.markdown:
            self._print(render_markdown(answer, notes))
            return
        whole = render_text(answer, notes, self._look)
        shown = self._last and self._last in whole
        self._print(whole.partition(self._last)[2] if shown else whole)
        self._claims = []

    def _print(self, text: str) -> None:
        print(text, end="", flush=True)

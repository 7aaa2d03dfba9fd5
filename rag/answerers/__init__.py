"""Answerers: a question and its hits to a draft. One module per way of answering."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from rag.answers import DraftAnswer, DraftClaim
from rag.documents import Hit
from rag.usage import ModelUsage


class Answerer(Protocol):
    """Anything that drafts an answer; nothing it writes is trusted before ``rag.verification.verify``.

    Attributes:
        name: Which answerer spoke, as shown to the reader: "extractive", or "<server>:<model>".
    """

    name: str

    def draft(self, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
        """A draft whose sentence ids "P.S" count hits by rank and sentences within a hit, both from 1.

        Args:
            question: As asked.
            language: The question's language, ISO 639-1, or None when nothing tells.
            hits: The retrieved passages, best first; may be empty.
        """
        ...


@runtime_checkable
class StreamingAnswerer(Answerer, Protocol):
    """An answerer that asks a model, and can give its claims one by one.

    Attributes:
        glosses: Whether it words its claims itself; one that does not only quotes.
    """

    glosses: bool

    @property
    def prompt(self) -> str | None:
        """Which prompt it sends, "<name>@<version>"; None when it sends none."""
        ...

    @property
    def usage(self) -> ModelUsage:
        """Running totals of this thread's latest question, also of one that failed; readable from any thread."""
        ...

    def stream_draft(
        self, question: str, language: str | None, hits: Sequence[Hit]
    ) -> Iterator[DraftClaim | DraftAnswer]:
        """Claims as they are made, as few or many as wanted, and the draft last; it begins with these claims."""
        ...

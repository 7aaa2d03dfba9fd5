"""Answerers: a question and its hits to a draft. One module per way of answering."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rag.answers import DraftAnswer
from rag.documents import Hit


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

"""Embedders: text to unit vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.documents import Span

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Anything that turns passages, their sentences and questions into comparable unit vectors.

    Attributes:
        name: Identifies the vectors: two embedders with the same name give interchangeable vectors.
        dimensions: Length of every vector.
        budget_tokens: How many of its own tokens a passage should have at most.
    """

    name: str
    dimensions: int
    budget_tokens: int

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text, special tokens not counted."""
        ...

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        """Vectors of passages and of the sentences in them.

        Args:
            texts: The passages.
            sentences: For each passage the spans of its sentences, code points from the passage's own start.

        Returns:
            ``(len(texts), dimensions)`` and, for each passage, ``(len(sentences[i]), dimensions)``;
            float32, unit length.
        """
        ...

    def embed_question(self, text: str) -> Vectors:
        """The question's vector: ``(dimensions,)``, float32, unit length."""
        ...

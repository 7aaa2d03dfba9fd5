"""Fakes that behave like the real parts, for tests of programs that use the package: no model, no network."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from rag.answers import DraftAnswer, DraftClaim
from rag.documents import Hit, Span
from rag.embedding import Vectors
from rag.errors import RagError
from rag.usage import ModelUsage


class HashEmbedder:
    """A deterministic embedder without a model: texts that share words have similar vectors.

    Each word, in lower case, adds one signed unit to one of the dimensions (the hashing trick, Weinberger et al. 2009,
    doi:10.1145/1553374.1553516). A text without words gets the first axis.

    >>> embedder = HashEmbedder()
    >>> question = embedder.embed_question("blue whale")
    >>> passages, _ = embedder.embed_passages(["A blue whale.", "Red wine."], [[], []])
    >>> bool(passages[0] @ question > passages[1] @ question)
    True
    """

    def __init__(self, dimensions: int = 256, budget_tokens: int = 64) -> None:
        self.name = f"hash/{dimensions}"
        self.dimensions = dimensions
        self.budget_tokens = budget_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of words of each text."""
        return [len(_words(text)) for text in texts]

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        """Vectors of passages and of the sentences in them, as ``rag.embedding.Embedder`` describes."""
        inner = [self._rows([span.of(text) for span in spans]) for text, spans in zip(texts, sentences, strict=True)]
        return self._rows(texts), inner

    def embed_question(self, text: str) -> Vectors:
        """The question's vector: ``(dimensions,)``, float32, unit length."""
        return self._vector(text)

    def _rows(self, texts: Sequence[str]) -> Vectors:
        return np.array([self._vector(text) for text in texts], np.float32).reshape(len(texts), self.dimensions)

    def _vector(self, text: str) -> Vectors:
        vector = np.zeros(self.dimensions, np.float32)
        for word in _words(text):
            code = zlib.crc32(word.encode())
            vector[code % self.dimensions] += 1 if code & 0x80000000 else -1
        norm = float(np.linalg.norm(vector))
        if norm == 0:
            vector[0] = norm = 1
        return vector / np.float32(norm)


class ScriptedAnswerer:
    """An answerer that gives prepared drafts, in order, and remembers what it was asked.

    An error in place of a draft is raised.

    Attributes:
        name: As given.
        glosses: Whether its claims count as worded by a model.
        prompt: None, as nothing is sent.
        usage: Nothing consumed.
        asked: Every question with its language and hits, in order.
    """

    def __init__(self, *drafts: DraftAnswer | RagError, name: str = "scripted", glosses: bool = False) -> None:
        self.name = name
        self.glosses = glosses
        self.prompt: str | None = None
        self.usage = ModelUsage()
        self.asked: list[tuple[str, str | None, tuple[Hit, ...]]] = []
        self._drafts = list(drafts)

    def draft(self, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
        """The next prepared draft.

        Raises:
            RagError: An error was prepared.
            LookupError: More questions were asked than drafts prepared.
        """
        self.asked.append((question, language, tuple(hits)))
        if not self._drafts:
            raise LookupError(f"No draft is left for {question!r}; {len(self.asked) - 1} were prepared.")
        draft = self._drafts.pop(0)
        if isinstance(draft, RagError):
            raise draft
        return draft

    def stream_draft(
        self, question: str, language: str | None, hits: Sequence[Hit]
    ) -> Iterator[DraftClaim | DraftAnswer]:
        """The claims of the next prepared draft, then the draft.

        Raises:
            RagError: As ``draft``.
            LookupError: As ``draft``.
        """
        draft = self.draft(question, language, hits)
        yield from draft.claims
        yield draft


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())

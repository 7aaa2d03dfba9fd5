"""Embedders: text to unit vectors, by the model in the package or by a server that speaks OpenAI's protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.documents import Span
from rag.embedding_client import OpenAIEmbedder
from rag.local_models import FOLDER, LocalModel, padded
from rag.text import encodable

if TYPE_CHECKING:
    from rag.config import Settings

Vectors = NDArray[np.float32]

EMBEDDED = FOLDER / "minilm"

_LONGEST_TEXT = 16_384  # characters; 256 tokens are some 1,000
_SLAB_TEXTS = 512
_SLAB_CHARACTERS = 1_000_000
_BATCH_TOKENS = 1_024  # with padding; 4,096 need more memory and, falling out of the cache, a third more time


class Embedder(Protocol):
    """Anything that turns passages, their sentences and questions into comparable unit vectors.

    Attributes:
        name: Identifies the vectors: two embedders with the same name give interchangeable vectors.
        dimensions: Length of every vector.
        budget_tokens: How many of its own tokens a passage should have at most.
    """

    @property
    def name(self) -> str: ...  # noqa: D102  (described above)

    @property
    def dimensions(self) -> int: ...  # noqa: D102

    @property
    def budget_tokens(self) -> int: ...  # noqa: D102

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


def open_embedder(settings: Settings) -> Embedder:
    """The embedder that the settings name; models load and servers are called at the first text, not here.

    Raises:
        EmbeddingError: The model's files are missing, or the key cannot be sent.
    """
    if settings.embedder == "minilm":
        return MiniLM(threads=settings.threads)
    key = settings.embedder_api_key.get_secret_value() if settings.embedder_api_key else None
    return OpenAIEmbedder(settings.embedder.removeprefix("openai:"), settings.embedder_base_url, key)


class MiniLM:
    """The embedder in the package: all-MiniLM-L6-v2 with French and Indonesian added; no network, no GPU.

    The vector of a passage is the mean of its token states, as the model was trained. The vector of a sentence is the
    mean over the sentence's own tokens in the *same* pass ("late chunking", Günther et al. 2024, arXiv:2409.04701):
    it knows its context, ranks the right sentence better than one embedded alone, and costs nothing.

    Only the first 256 tokens of a text are read (and 16,384 characters); the vector of a sentence that has no token
    among them is the passage's. A text without any token (empty, white space) still has a vector, of no meaning.

    Instances may be shared by threads; the model is loaded once, by the first text. Besides the vectors it needs
    memory for one batch only, whatever the number of texts.

    Attributes:
        name: Model, precision and the first eight hex digits of the weights' sha256.
    """

    def __init__(self, directory: Path | None = None, threads: int = 0) -> None:
        """Reads the model's description, not the model.

        Args:
            directory: Folder with model.onnx, tokenizer.json and model.json; the package's own by default.
            threads: How many threads compute; 0 means one per core this process may use.

        Raises:
            EmbeddingError: A file is missing, or model.json cannot be read.
        """
        self._model = LocalModel(directory or EMBEDDED, threads)
        self.name = self._model.name
        self.dimensions: int = self._model.card["dimensions"]
        self.budget_tokens: int = self._model.card["budget_tokens"]
        self._max_tokens: int = self._model.card["max_tokens"]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text, special tokens not counted and nothing cut off."""
        counts: list[int] = []
        for slab in _slabs(texts):
            encodings = self._model.parts.tokenizer.encode_batch_fast(slab, add_special_tokens=False)
            counts += [len(encoding.ids) for encoding in encodings]
        return counts

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        """Vectors of passages and of the sentences in them, as ``Embedder`` describes."""
        passages = np.empty((len(texts), self.dimensions), np.float32)
        inner = [np.empty((len(spans), self.dimensions), np.float32) for spans in sentences]
        start = 0
        for slab in _slabs(texts, _LONGEST_TEXT):
            tokens = self._tokens(slab)
            for batch in _batches([len(ids) for ids, _ in tokens]):
                states = self._states([tokens[place][0] for place in batch])
                for row, place in zip(states, batch, strict=True):
                    (ids, offsets), at = tokens[place], start + place
                    passages[at] = _unit(row[: len(ids)].mean(axis=0))
                    _pool(row, offsets, sentences[at], passages[at], inner[at])
            start += len(slab)
        return passages, inner

    def embed_question(self, text: str) -> Vectors:
        """The question's vector: ``(dimensions,)``, float32, unit length."""
        [(ids, _)] = self._tokens([encodable(text[:_LONGEST_TEXT])])
        return _unit(self._states([ids])[0].mean(axis=0))

    def _tokens(self, texts: list[str]) -> list[tuple[list[int], list[tuple[int, int]]]]:
        """For each text its token ids and their offsets, cut to what the model reads; the last is always [SEP]."""
        most = self._max_tokens - 1
        return [
            (encoding.ids[:most] + encoding.ids[-1:], encoding.offsets[:most] + encoding.offsets[-1:])
            if len(encoding.ids) > most
            else (encoding.ids, encoding.offsets)
            for encoding in self._model.parts.tokenizer.encode_batch(texts)
        ]

    def _states(self, ids: list[list[int]]) -> Vectors:
        """The token states of a batch, ``(texts, longest, dimensions)``; of no meaning beyond a text's own length."""
        rows, mask = padded(ids)
        states: Vectors = self._model.parts.session.run(None, {"input_ids": rows, "attention_mask": mask})[0]
        return states


def _pool(states: Vectors, offsets: list[tuple[int, int]], spans: Sequence[Span], whole: Vectors, out: Vectors) -> None:
    """Fills ``out`` with the vectors of the spans: the mean of the tokens that touch each, or ``whole`` without any.

    ``offsets`` are code points, for the first and last token (the special ones) without meaning.
    """
    bounds = np.array(offsets[1:-1], np.int64).reshape(-1, 2)
    first = 1 + np.searchsorted(bounds[:, 1], [span.start for span in spans], side="right")
    end = 1 + np.searchsorted(bounds[:, 0], [span.end for span in spans], side="left")
    for place, (low, high) in enumerate(zip(first, end, strict=True)):
        out[place] = _unit(states[low:high].mean(axis=0)) if low < high else whole


def _unit(vector: Vectors) -> Vectors:
    scaled: Vectors = vector / np.linalg.norm(vector)
    return scaled


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Positions of texts of similar length, longest first, so that little is padded and batches cost about the same."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
    start = 0
    while start < len(order):
        size = max(1, _BATCH_TOKENS // lengths[order[start]])
        yield order[start : start + size]
        start += size


def _slabs(texts: Sequence[str], longest: int | None = None) -> Iterator[list[str]]:
    """The texts in order, so many at a time that their tokens fit into memory; each cut at ``longest`` characters."""
    slab: list[str] = []
    size = 0
    for text in texts:
        slab.append(encodable(text[:longest]))
        size += len(slab[-1])
        if len(slab) >= _SLAB_TEXTS or size >= _SLAB_CHARACTERS:
            yield slab
            slab, size = [], 0
    if slab:
        yield slab

"""The reader: a small model that reads a question beside a passage and points at the answer in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from rag.documents import Chunk, Span
from rag.local_models import FOLDER, LocalModel, padded
from rag.text import encodable

EMBEDDED = FOLDER / "reader"

AT_FIRST = 4
"""How many passages of a ranking are read before looking whether one of them answers."""

CLEAR = -1.0
"""The least log-odds of a passage that answers so clearly that those ranked lower need not be read."""

_UNREAD = -2.0  # about the mean log-odds of the passages that are found for a question
_QUESTION_TOKENS = 64
_ANSWER_TOKENS = 30
_LONGEST_TEXT = 8_192  # characters of a passage; what the model reads is some 1,000
_FAINTEST = -8.0

Logits = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader makes of a passage.

    Attributes:
        answers: Log-odds that the passage answers the question; higher is likelier, not calibrated.
        shares: For each sentence, the logarithm of the probability, given that the passage answers, that the answer
            starts in it; at least -8.
        spans: For each sentence, the likeliest answer in it, code points of the document; None for a sentence that was
            not read because the passage is too long, or not at all.
    """

    answers: float
    shares: tuple[float, ...]
    spans: tuple[Span | None, ...]

    @classmethod
    def unread(cls, passage: Chunk) -> Self:
        """What is assumed of a passage that nobody read: no sentence of it is likelier than another."""
        count = len(passage.sentences)
        return cls(_UNREAD, (max(_FAINTEST, -math.log(count or 1)),) * count, (None,) * count)


class PassageReader(Protocol):
    """Anything that reads passages for a question.

    Attributes:
        languages: Of the questions that it understands, ISO 639-1.
    """

    languages: frozenset[str]

    def read(self, question: str, passages: Sequence[Chunk]) -> list[Reading]:
        """What it makes of each passage, in their order."""
        ...


def read_ranked(reader: PassageReader, question: str, passages: Sequence[Chunk]) -> list[Reading]:
    """What the reader makes of each passage of a ranking; those after a clear answer stay unread."""
    readings = reader.read(question, passages[:AT_FIRST])
    rest = passages[AT_FIRST:]
    if any(reading.answers >= CLEAR for reading in readings):
        return [*readings, *map(Reading.unread, rest)]
    return [*readings, *reader.read(question, rest)]


class _Row(NamedTuple):
    """A question and a passage in tokens; offsets of the passage's tokens are code points of its text."""

    ids: list[int]
    first: int
    offsets: list[tuple[int, int]]


class Reader:
    """The reader in the package: English, French and Indonesian, question and passage not always in the same one.

    A cross-encoder (Nogueira and Cho 2019, arXiv:1901.04085) with heads for "does it answer" and for the first and last
    token of the answer (Devlin et al. 2019, doi:10.18653/v1/N19-1423). It reads the first 64 tokens of a question and,
    with it, 224 in all. Instances may be shared by threads; the model is loaded once, by the first passage.

    Attributes:
        name: Model, precision and the first eight hex digits of the weights' sha256.
        languages: Those it was trained on.
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
        self.languages = frozenset[str](self._model.card["languages"])
        self._max_tokens: int = self._model.card["max_tokens"]

    def read(self, question: str, passages: Sequence[Chunk]) -> list[Reading]:
        """What the reader makes of each passage, in their order; longer ones are run together, to pad little."""
        rows = self._rows(question, passages)
        order = sorted(range(len(rows)), key=lambda place: len(rows[place].ids))
        found: dict[int, Reading] = {}
        for start in range(0, len(order), 4):
            batch = order[start : start + 4]
            answers, bounds = self._run([rows[place] for place in batch])
            for place, one, logits in zip(batch, answers, bounds, strict=True):
                found[place] = _reading(float(one), logits.astype(np.float64), rows[place], passages[place])
        return [found[place] for place in range(len(passages))]

    def _rows(self, question: str, passages: Sequence[Chunk]) -> list[_Row]:
        tokenizer = self._model.parts.tokenizer
        texts = [encodable(text[:_LONGEST_TEXT]) for text in (question, *(passage.text for passage in passages))]
        asked, *read = tokenizer.encode_batch(texts, add_special_tokens=False)
        opening, closing = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
        head = [opening, *asked.ids[:_QUESTION_TOKENS], closing]
        room = self._max_tokens - len(head) - 1
        return [_Row([*head, *each.ids[:room], closing], len(head), each.offsets[:room]) for each in read]

    def _run(self, rows: Sequence[_Row]) -> tuple[Logits, Logits]:
        ids, mask = padded([row.ids for row in rows])
        types = np.zeros_like(ids)
        for place, row in enumerate(rows):
            types[place, row.first : len(row.ids)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
        answers, bounds = self._model.parts.session.run(None, feed)
        return answers, bounds


def _reading(answers: float, logits: Logits, row: _Row, passage: Chunk) -> Reading:
    bounds = logits[row.first : row.first + len(row.offsets)]
    places = np.array(row.offsets, np.int64).reshape(-1, 2)
    weights = np.exp(bounds[:, 0] - bounds[:, 0].max()) if len(bounds) else np.zeros(0)
    total = float(weights.sum()) or 1.0
    shares, spans = [], []
    for sentence in passage.sentences:
        low = int(np.searchsorted(places[:, 1], sentence.span.start - passage.span.start, side="right"))
        high = int(np.searchsorted(places[:, 0], sentence.span.end - passage.span.start, side="left"))
        share = float(weights[low:high].sum()) / total
        shares.append(max(_FAINTEST, float(np.log(share)) if share > 0 else _FAINTEST))
        spans.append(best_span(bounds[low:high], row.offsets[low:high], passage.span.start))
    return Reading(answers, tuple(shares), tuple(spans))


def best_span(bounds: Logits, offsets: Sequence[tuple[int, int]], start: int = 0) -> Span | None:
    """The run of tokens with the highest sum of its first one's and last one's logits; None without tokens.

    Args:
        bounds: Logits of first and last token, ``(tokens, 2)``.
        offsets: Of the tokens, code points.
        start: Is added to them.
    """
    if not len(bounds):
        return None
    total = bounds[:, 0][:, None] + bounds[:, 1][None, :]
    allowed = np.triu(np.ones(total.shape, bool)) & ~np.triu(np.ones(total.shape, bool), _ANSWER_TOKENS)
    first, last = divmod(int(np.where(allowed, total, -np.inf).argmax()), len(bounds))
    return Span(start + offsets[first][0], start + offsets[last][1])

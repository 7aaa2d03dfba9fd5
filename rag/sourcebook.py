"""The sentences of some documents, looked up by words, by shared words of other languages, by meaning and verbatim."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from rag import guard
from rag.answers import Quotation
from rag.documents import Document, Sentence
from rag.embedding import Embedder, Vectors

Keys = frozenset[str]

_EMBEDDED = 2_000
"""Up to so many sentences all are embedded; of more only the nearest by words."""

_SHORTLIST = 60
_SAME = {"'": "['’‘ʼ`´]", '"': '["“”„«»]', "-": "[-‐‑–—−]"}
_ENDS = " \t\n.,;:!?…。，"
_OMISSION = re.compile(r"\s*(?:\[\s*)?(?:…|\.\.\.)(?:\s*\])?\s*")


class Sourcebook:
    """Every sentence of the documents, numbered from 0 in their order.

    Nothing is embedded before the first look-up. Not for use by several threads at once.
    """

    def __init__(self, documents: Sequence[Document], embedder: Embedder | None = None) -> None:
        self._documents = documents
        self._embedder = embedder
        self._places = [(document, sentence) for document in documents for sentence in document.sentences]
        self._vectors: dict[int, Vectors] = {}
        self._postings: dict[str, list[int]] = {}
        for number, (document, sentence) in enumerate(self._places):
            for key in {key for keys in guard.content(_text(document, sentence), sentence.language) for key in keys}:
                self._postings.setdefault(key, []).append(number)

    def __len__(self) -> int:
        return len(self._places)

    def text(self, number: int) -> str:
        """The exact text of a sentence."""
        return _text(*self._places[number])

    def language(self, number: int) -> str | None:
        """The language of a sentence."""
        return self._places[number][1].language

    def quotation(self, number: int) -> Quotation:
        """A sentence as a quotation."""
        document, sentence = self._places[number]
        return _quotation(document, sentence.span.start, sentence.span.end, sentence.language)

    def around(self, number: int, reach: int = 1) -> tuple[int, ...]:
        """A sentence with those up to `reach` before and after it in its document."""
        document = self._places[number][0]
        numbers = range(max(0, number - reach), min(len(self._places), number + reach + 1))
        return tuple(each for each in numbers if self._places[each][0] is document)

    def holding(self, quotation: Quotation) -> tuple[int, ...]:
        """The sentences that a quotation touches."""
        return tuple(
            number
            for number, (document, sentence) in enumerate(self._places)
            if document.source.id == quotation.document
            and sentence.span.start < quotation.end
            and quotation.start < sentence.span.end
        )

    def coverage(self, statement: Sequence[Keys], numbers: Iterable[int]) -> tuple[float, int]:
        """How many of a statement's content words some sentences have: share, rare ones weighing more, and count.

        A statement without content words gives 0.
        """
        chosen = set(numbers)
        weights = [
            (self._weight(keys), any(not chosen.isdisjoint(self._postings.get(key, ())) for key in keys))
            for keys in statement
        ]
        wanted = sum(weight for weight, _ in weights)
        found = [weight for weight, is_found in weights if is_found]
        return (sum(found) / wanted if wanted else 0.0), len(found)

    def nearest(self, text: str, language: str | None, count: int) -> list[int]:
        """The sentences that fit best, by words and by meaning together, best first; fewer when few have anything."""
        scores = self._by_words(guard.content(text, language))
        scores += self._cosines(text, scores)
        best = np.argsort(-scores, kind="stable")[:count]
        return [int(number) for number in best if scores[number] > 0]

    def _weight(self, keys: Keys) -> float:
        seen = max((len(self._postings.get(key, ())) for key in keys), default=0)
        return math.log((len(self._places) + 1) / (seen + 0.5))

    def _by_words(self, statement: Sequence[Keys]) -> Vectors:
        scores = np.zeros(len(self._places), np.float32)
        total = sum(map(self._weight, statement)) or 1.0
        for keys in statement:
            found = {number for key in keys for number in self._postings.get(key, ())}
            scores[list(found)] += self._weight(keys) / total
        return scores

    def _cosines(self, text: str, scores: Vectors) -> Vectors:
        cosines = np.zeros(len(self._places), np.float32)
        if self._embedder is None or not self._places:
            return cosines
        numbers = range(len(self._places))
        if len(self._places) > _EMBEDDED:
            numbers = [int(number) for number in np.argsort(-scores, kind="stable")[:_SHORTLIST]]  # type: ignore[assignment]
        new = [number for number in numbers if number not in self._vectors]
        if new:
            vectors, _ = self._embedder.embed_passages([self.text(number) for number in new], [[] for _ in new])
            self._vectors.update(zip(new, vectors, strict=True))
        [vector], _ = self._embedder.embed_passages([text], [[]])
        cosines[list(numbers)] = np.stack([self._vectors[number] for number in numbers]) @ vector
        return cosines

    def verbatim(self, quotation: str) -> list[Quotation]:
        """Where a quotation stands word for word, the first place of each part; empty when some part stands nowhere.

        White space, the shapes of apostrophes, quotation marks and dashes, and punctuation at the ends do not count.
        "…" and "[...]" stand for words left out: the parts around must follow one another in one document.
        """
        patterns = [_pattern(part) for part in _OMISSION.split(quotation) if part.strip(_ENDS)]
        for document in self._documents if patterns else ():
            found = list(_in_order(patterns, document.text))
            if len(found) == len(patterns):
                return [_quotation(document, *match.span(), _language(document, match.start())) for match in found]
        return []


def _text(document: Document, sentence: Sentence) -> str:
    return sentence.span.of(document.text)


def _language(document: Document, position: int) -> str | None:
    inside = (each.language for each in document.sentences if each.span.start <= position < each.span.end)
    return next(inside, document.source.language)


def _quotation(document: Document, start: int, end: int, language: str | None) -> Quotation:
    source = document.source
    return Quotation(source.id, source.sha256, start, end, document.text[start:end], language, source.title)


def _pattern(part: str) -> re.Pattern[str]:
    words = part.strip(_ENDS).split()
    return re.compile(r"\s+".join("".join(map(_like, word)) for word in words))


def _like(character: str) -> str:
    return next((shapes for shapes in _SAME.values() if character in shapes), re.escape(character))


def _in_order(patterns: Iterable[re.Pattern[str]], text: str) -> Iterator[re.Match[str]]:
    position = 0
    for pattern in patterns:
        match = pattern.search(text, position)
        if match is None:
            return
        yield match
        position = match.end()

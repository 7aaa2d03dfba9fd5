"""Which sentences of some documents speak of the same thing, across languages, and which of those say the same."""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag import guard, reading
from rag.material import Material, Remark
from rag.text import fold

Matrix = NDArray[np.float64]

ALIKE, COPIED, CLOSE = 0.42, 0.5, 0.6
"""The cosine, without what all the sentences have in common, from which two of them are about one thing: where they
share words, where they stand in copies of one article, and anywhere."""

SHARED = 0.22
"""The share of their rarer words that two sentences about one thing have in common, at least."""

SOMEWHAT_ALIKE, MUCH_SHARED = 0.3, 0.4
"""The same for sentences that share much: less likeness will do."""

_WORD = re.compile(r"[^\W_]+")
SAME_STORY = 0.6
"""The cosine of the mean vectors of two documents from which they tell one story."""

_SUBJECT = 6
_SMALL = 2
_DIFFER = frozenset({"negation", "opposite", "hedge", "swap"})
_FEW = 8


class Kinship:
    """The sentences of a material compared with one another.

    Attributes:
        similarity: ``(n, n)``, float64, -1 to 1: cosines after the mean of each story and language was taken away,
            since sentences on one topic, and those of one language, share a large part of theirs (Mu and Viswanath
            2018, arXiv:1702.01417; Yang et al. 2021, doi:10.18653/v1/2021.emnlp-main.457).
        names: For each sentence, its words with a capital, folded, and their names in the gazetteer.
        subjects: The names that the documents are about: those in a sixth of the sentences.
    """

    def __init__(self, material: Material) -> None:
        self._remarks = material.remarks
        self.similarity = _centred(material)
        self.names = [_names(each) for each in material.remarks]
        counted = Counter(name for names in self.names for name in names)
        self.subjects = frozenset(name for name, count in counted.items() if _SUBJECT * count >= len(self.names))
        self._keys = [reading.keys_of(reading.read(each.text, each.language).tokens) for each in material.remarks]
        seen = Counter(key for keys in self._keys for key in keys)
        self._weights = {key: math.log((len(self._keys) + 1) / count) for key, count in seen.items()}

    def shared(self, one: int, other: int) -> float:
        """How much of the rarer words of the sentence that has fewer the other has too, 0 to 1."""
        first, second = self._keys[one], self._keys[other]
        common = sum(self._weights[key] for key in first & second)
        fewer = min(sum(self._weights[key] for key in first), sum(self._weights[key] for key in second))
        return common / fewer if fewer else 0.0

    def related(self, one: int, other: int) -> bool:
        """Whether two sentences are about one thing, whatever they say of it."""
        similarity = self.similarity[one, other]
        if similarity >= CLOSE:
            return True
        least = SHARED if similarity >= ALIKE else MUCH_SHARED
        return bool(similarity >= SOMEWHAT_ALIKE) and self.shared(one, other) >= least

    def relatives(self, one: int) -> list[int]:
        """The sentences about the same thing, the nearest first."""
        row = self.similarity[one]
        near = [int(place) for place in np.flatnonzero(row >= SOMEWHAT_ALIKE) if place != one]
        return sorted((place for place in near if self.related(one, place)), key=lambda place: (-row[place], place))

    def agree(self, one: int, other: int) -> bool:
        """Whether two sentences about one thing also say the same of it, as far as rules tell.

        Neither may state what the other negates, only expects or gives another value for; more detail is no difference.
        """
        return self.related(one, other) and self._bears(one, other) and self._bears(other, one)

    def _bears(self, one: int, other: int) -> bool:
        return not any(kind in _DIFFER or contradicts for kind, contradicts in self._objections(one, other))

    def bears_out(self, evidence: int, statement: int) -> bool:
        """Whether one sentence says what another does: they agree, and it has every figure of the statement."""
        one, other = self._remarks[statement], self._remarks[evidence]
        if other.text.rstrip().endswith((":", "?")):
            return False
        if one.origin == other.origin and self.similarity[statement, evidence] >= COPIED:
            return True  # the same sentence in a copy or a translation
        if not self.agree(statement, evidence):
            return False
        figures = reading.read(one.text, one.language).figures
        telling = any(
            figure.kind != "number" or float(figure.value) > _SMALL for figure in figures
        )  # "the two companies"
        return not telling or all(kind != "figure" for kind, _ in self._objections(statement, evidence))

    @functools.lru_cache(maxsize=20_000)  # noqa: B019 - as long-lived as a page is being written
    def _objections(self, one: int, other: int) -> tuple[tuple[str, bool], ...]:
        text, evidence = self._remarks[one], self._remarks[other]
        found = guard.examine(text.text, [evidence.text], text.language, [evidence.language], attributed=True)
        return tuple((each.kind, each.contradicts) for each in found)

    def groups(self, chosen: Sequence[int]) -> list[list[int]]:
        """The sentences in groups that agree, each with the one that most others agree with first, larger first.

        Every sentence of a group agrees with its first; a sentence is in one group only (star clustering, Aslam et al.
        2004, doi:10.7155/jgaa.00084).
        """
        known = set(chosen)
        friends = {
            one: [each for each in self.relatives(one) if each in known and self.agree(one, each)] for one in chosen
        }
        free = dict.fromkeys(chosen)
        found: list[list[int]] = []
        while free:
            heads = {one: sum(each in free for each in friends[one]) for one in free}
            head = max(heads, key=lambda one: (heads[one], -one))
            group = [head, *(each for each in friends[head] if each in free)]
            for each in group:
                del free[each]
            found.append(group)
        return found


def _names(remark: Remark) -> frozenset[str]:
    read = reading.read(remark.text, remark.language)
    capital = [token for token in read.tokens if token.capital]
    known = {key for token in capital for key in token.keys if key.startswith("n:")}
    return frozenset(known | {fold(match[0]) for token in capital if (match := _WORD.match(read.text, token.start))})


def _centred(material: Material) -> Matrix:
    """Cosines without the mean of each sentence's language among the documents on the same story.

    Where these have few sentences, of that language or in all, the mean of the next larger set is taken away.
    """
    vectors = material.vectors.astype(np.float64)
    documents = np.array([remark.document for remark in material.remarks], int)
    languages = np.array([remark.language or "" for remark in material.remarks])
    near = _stories(vectors, documents)
    centred = vectors.copy()
    for document, language in dict.fromkeys(zip(documents.tolist(), languages.tolist(), strict=True)):
        story = near[document][documents]
        sets = (story & (languages == language), story, np.ones(len(vectors), bool))
        around = next((each for each in sets if each.sum() >= _FEW), sets[-1])
        rows = (documents == document) & (languages == language)
        centred[rows] -= vectors[around].mean(axis=0)
    norms = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = centred / np.where(norms > 0, norms, 1)
    similarity: Matrix = unit @ unit.T
    return similarity


def _stories(vectors: Matrix, documents: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Which documents tell the same story, their mean vectors being alike: ``(documents, documents)``."""
    count = int(documents.max(initial=-1)) + 1
    sums = np.zeros((count, vectors.shape[1]))
    np.add.at(sums, documents, vectors)
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    means = sums / np.where(norms > 0, norms, 1)
    same: NDArray[np.bool_] = means @ means.T >= SAME_STORY
    np.fill_diagonal(same, val=True)
    return same

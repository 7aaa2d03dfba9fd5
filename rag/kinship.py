"""Which sentences of some documents speak of the same thing, across languages, and which of those say the same."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag import guard, reading
from rag.material import Material

Matrix = NDArray[np.float64]

ALIKE, CLOSE = 0.42, 0.6
"""The cosine, without what all the sentences have in common, from which two of them are about one thing: where they
share words, and where not."""

SHARED = 0.22
"""The share of their rarer words that two sentences about one thing have in common, at least."""

_DIFFER = frozenset({"negation", "opposite", "hedge", "swap"})
_FEW = 8


class Kinship:
    """The sentences of a material compared with one another.

    Attributes:
        similarity: ``(n, n)``, float64, -1 to 1: cosines after the mean of the vectors of each language was taken away,
            since sentences on one topic, and those of one language, share a large part of theirs (Mu and Viswanath
            2018, arXiv:1702.01417; Yang et al. 2021, doi:10.18653/v1/2021.emnlp-main.457).
    """

    def __init__(self, material: Material) -> None:
        self._remarks = material.remarks
        self.similarity = _centred(material.vectors.astype(np.float64), [each.language for each in material.remarks])
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
        return bool(similarity >= ALIKE and self.shared(one, other) >= SHARED) or bool(similarity >= CLOSE)

    def relatives(self, one: int) -> list[int]:
        """The sentences about the same thing, the nearest first."""
        row = self.similarity[one]
        near = [int(place) for place in np.flatnonzero(row >= ALIKE) if place != one]
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
        if one.origin == other.origin and self.similarity[statement, evidence] >= CLOSE:
            return True  # the same sentence in a copy or a translation
        if not self.agree(statement, evidence):
            return False
        return all(kind != "figure" for kind, _ in self._objections(statement, evidence))

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


def _centred(vectors: Matrix, languages: Sequence[str | None]) -> Matrix:
    """Cosines without the mean of each language; languages of few sentences, and few sentences in all, share one."""
    counts = Counter(languages)
    groups = np.array([code if code is not None and counts[code] >= _FEW else "" for code in languages])
    vectors = vectors.copy()
    for group in dict.fromkeys(groups.tolist()):
        rows = groups == group
        vectors[rows] -= vectors[rows].mean(axis=0) if rows.sum() >= _FEW else vectors.mean(axis=0)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(norms > 0, norms, 1)
    similarity: Matrix = unit @ unit.T
    return similarity

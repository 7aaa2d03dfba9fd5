"""Figures of two sentences that cannot both be right of one thing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

from rag.figures import Figure

_COUNTED = frozenset({"number", "percent", "money"})
_TELLING = 12
_REPLACED = re.compile(
    r"\b(?:corrects?|corrected|correction|replac\w+|revis\w+|updat\w+|erroneous|mistaken\w*|in error|later than|delayed"
    r"|postponed|rose to|risen to|corrige\w*|rectifi\w+|remplace\w*|erreur|retard\w*|report\w+ a|menggantikan|bertambah"
    r"|koreksi|ralat|keliru|mundur|ditunda|menjadi|dari)\b"
)


SAME = 0.02
"""Values closer than this, relative to the larger, are the same value rounded."""


def rounded_alike(one: float, other: float) -> bool:
    """Whether two values may be the same one, rounded."""
    return abs(one - other) <= SAME * max(abs(one), abs(other))


def counted(figures: Iterable[Figure]) -> list[Figure]:
    """The numbers, shares and amounts of money among figures, without years."""
    return [figure for figure in figures if figure.kind in _COUNTED and not figure.is_year]


def common(first: Sequence[Figure], second: Sequence[Figure]) -> list[tuple[Figure, Figure]]:
    """The figures that both sentences have; of those that count something unknown only large ones tell."""
    return [pair for pair in itertools.product(first, second) if _same(*pair)]


def rivals(first: Sequence[Figure], second: Sequence[Figure]) -> list[tuple[Figure, Figure]]:
    """The pairs of figures of which only one can be right, unless both sentences have one of the two."""
    taken = {id(figure) for pair in common(first, second) for figure in pair}
    return [
        (one, other)
        for one, other in itertools.product(first, second)
        if id(one) not in taken and id(other) not in taken and _comparable(one, other) and _exclude(one, other)
    ]


def nearness(one: Figure, other: Figure) -> float:
    """How near two values are, 0 to 0.3: two counts of the same thing mostly are."""
    low, high = sorted((abs(float(one.value)), abs(float(other.value))))
    return 0.3 if high <= 1.15 * low else 0.2 if high <= 1.5 * low else 0.0


def replaces(folded: str) -> bool:
    """Whether a sentence, folded, speaks of another value that it replaces: a correction, a delay, a newer count."""
    return bool(_REPLACED.search(folded))


def _comparable(one: Figure, other: Figure) -> bool:
    return one.kind == other.kind and one.unit == other.unit


def _same(one: Figure, other: Figure) -> bool:
    alike = _comparable(one, other) or (one.kind == other.kind and float(one.value) > _TELLING)
    return alike and _equal(one, other)


def _equal(one: Figure, other: Figure) -> bool:
    return rounded_alike(float(one.value), float(other.value))


def _exclude(one: Figure, other: Figure) -> bool:
    """Whether only one of two values can be right: "at least eleven" leaves room for twelve, and none for nine."""
    if one.bound == other.bound:
        return one.bound != "range" and not _equal(one, other)
    low, high = sorted((one, other), key=lambda figure: float(figure.value))
    return (low.bound, high.bound) in {("exact", "more"), ("less", "exact"), ("less", "more")}

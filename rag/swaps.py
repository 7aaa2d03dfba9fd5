"""Whether a claim gives a name the part or the figure that its evidence gives to another."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from rag import naming
from rag.figures import Figure
from rag.naming import Name
from rag.reading import Reading
from rag.words import lines

_PASSIVE = re.compile(r"\b(?:by|par|oleh|von|durch|por)\b|被|\bdi(?!a\b|ri\b|i\b)\w{4,}")
_DOING = frozenset(f"c:{name}" for line in lines("doing") for name in line.split())
"""What one does to another, so that it matters who stands first."""


_PLAIN = 16
"""A sentence with more names or figures is not built in a plain way."""

_AHEAD = re.compile(r"\b(?:ahead of|devant|di depan|mengungguli|mendahului|vor|por delante)\b|领先")
_BEHIND = re.compile(r"\b(?:behind|derriere|di belakang|hinter|detras)\b|落后")


def find(claim: Reading, source: Reading) -> Iterator[str]:
    """What was swapped, in words for whoever wrote the claim.

    Only sentences built in a plain way are judged: two names that do something to one another, and names or years that
    alternate with figures.
    """
    names = _names(claim)
    if max(map(len, (names, _names(source), claim.figures, source.figures))) > _PLAIN:
        return
    for one, other in itertools.pairwise(names):
        if one.key != other.key and _acts(claim, source, one, other):
            yield f"In the cited sentences {other.printed!r} and {one.printed!r} have each other's part."
            return
    for pairs, known in zip(_partners(claim), _partners(source), strict=True):
        for label, figure in pairs.items():
            if label in known and known[label] != figure and figure in known.values() and len(known) == 2:
                yield f"In the cited sentences the figures of {label!r} and another are the other way round."
                return


def _names(reading: Reading) -> tuple[Name, ...]:
    return naming.read(reading.text, reading.language)


def _acts(claim: Reading, source: Reading, one: Name, other: Name) -> bool:
    """Whether the claim says that one did to the other what in the source the other did to one."""
    mine = _between(claim, one, other)
    for first, second in itertools.product(_names(source), _names(source)):
        if (first.key, second.key) != (other.key, one.key) or first.start > second.start:
            continue
        theirs = _between(source, first, second)
        if _ahead(claim, one, other) is not None and _ahead(claim, one, other) == _ahead(source, first, second):
            return True
        if mine is None or theirs is None or mine[1] != theirs[1]:
            continue
        shared = {key for keys in mine[0][:3] for key in keys} & {key for keys in theirs[0][:3] for key in keys}
        if shared & _DOING:
            return True
    return False


def _ahead(reading: Reading, one: Name, other: Name) -> bool | None:
    """Whether the words between two names put the first before the second (True) or after it (False)."""
    between = reading.folded[one.start + len(one.printed) : other.start]
    return True if _AHEAD.search(between) else False if _BEHIND.search(between) else None


def _between(reading: Reading, one: Name, other: Name) -> tuple[list[frozenset[str]], bool] | None:
    """The content words that follow the first name up to the second, and whether they are in the passive voice."""
    start, end = one.start + len(one.printed), other.start
    words = [token.keys for token in reading.tokens if start <= token.start < end and not token.capital]
    return (words, bool(_PASSIVE.search(reading.folded[start:end]))) if words else None


def _partners(reading: Reading) -> list[dict[str, tuple[str, float]]]:
    """Label -> figure, for three kinds of labels: names, years and months.

    Empty where labels and figures of one kind don't alternate, or where there are more than two.
    """
    figures = [figure for figure in reading.figures if not isinstance(figure.value, str)]
    values = [figure for figure in figures if not figure.is_year and figure.kind in ("number", "money", "percent")]
    labels = (
        [(name.start, name.key) for name in _names(reading)],
        [(figure.start, f"{figure.value:.0f}") for figure in figures if figure.is_year],
        [(figure.start, f"month {figure.value:.0f}") for figure in figures if figure.kind == "month"],
    )
    return [_alternating(sorted(marked), values) for marked in labels]


def _alternating(labels: Sequence[tuple[int, str]], values: Sequence[Figure]) -> dict[str, tuple[str, float]]:
    if not 1 <= len(labels) <= 2 or len(labels) != len(values) or len({value.kind for value in values}) > 1:
        return {}
    order = sorted([(start, 0) for start, _ in labels] + [(value.start, 1) for value in values])
    if any(one[1] == other[1] for one, other in itertools.pairwise(order)):
        return {}
    return {label: (value.kind, float(value.value)) for (_, label), value in zip(labels, values, strict=True)}

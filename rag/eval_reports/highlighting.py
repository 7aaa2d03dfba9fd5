"""Where spans of several kinds stand in a text: cut where one begins or ends, with some text around."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.documents import Span

_CONTEXT_CHARACTERS = 160
_SPACE = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Marked:
    """A span of a text and what it is.

    Attributes:
        span: Where it stands.
        kind: "gold" or "cited".
        label: What its beginning is marked with, e.g. "[1]"; "" for nothing.
    """

    span: Span
    kind: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters that the same spans cover.

    Attributes:
        span: Where it stands.
        kinds: Of the spans that cover it, sorted; empty where none does.
        labels: Of the spans that begin with it, in order.
    """

    span: Span
    kinds: tuple[str, ...]
    labels: tuple[str, ...]


def pieces(within: Span, marks: Sequence[Marked]) -> Iterator[Piece]:
    """The text within a span, cut wherever a mark begins or ends; the pieces follow each other without a gap."""
    inside = [mark for mark in marks if mark.span.overlaps(within)]
    cuts = {within.start, within.end}
    for mark in inside:
        cuts |= {max(mark.span.start, within.start), min(mark.span.end, within.end)}
    places = sorted(cuts)
    for start, end in itertools.pairwise(places):
        span = Span(start, end)
        covering = [mark for mark in inside if mark.span.overlaps(span)]
        labels = dict.fromkeys(mark.label for mark in inside if mark.label and mark.span.start == start)
        yield Piece(span, tuple(sorted({mark.kind for mark in covering})), tuple(labels))


def excerpts(text: str, spans: Iterable[Span]) -> list[Span]:
    """What of a text to show so that each span stands in its context, in order; excerpts that meet are one.

    Each begins and ends at white space where there is some near.
    """
    shown: list[Span] = []
    for span in sorted(spans):
        start, end = _left(text, span.start), _right(text, span.end)
        if shown and start <= shown[-1].end:
            shown[-1] = Span(shown[-1].start, max(end, shown[-1].end))
        else:
            shown.append(Span(start, end))
    return shown


def _left(text: str, place: int) -> int:
    earliest = place - _CONTEXT_CHARACTERS
    if earliest <= 0:
        return 0
    space = _SPACE.search(text, earliest, place)
    return space.end() if space else earliest


def _right(text: str, place: int) -> int:
    latest = place + _CONTEXT_CHARACTERS
    if latest >= len(text):
        return len(text)
    spaces = [match.start() for match in _SPACE.finditer(text, place, latest)]
    return spaces[-1] if spaces else latest

"""How high a sheet will stand where nobody can measure it: in a browser's print and in a word processor.

Which fonts the reader has is unknown, so letters are taken as wide as in the widest common ones (Verdana, DejaVu Sans)
when their small letters are half as high as their size (``font-size-adjust: 0.5`` in CSS). A page that is too full by
this estimate loses lines in the order of ``rag.pages.room``.
"""

from __future__ import annotations

import bisect
import itertools
import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from rag.pages.sheet import Line, Section, Sheet, SourceLine

Entry = TypeVar("Entry", Line, SourceLine)

WIDE_SECTIONS = ("changes", "facts", "timeline")
"""Sections that stand across the page; the others stand in columns where there are columns."""
_SMALL, _LARGE, _TITLE = 0.84, 1.15, 2.0
_WIDTHS = {
    **dict.fromkeys("iljI.,;:'|!· ’‘", 0.30), **dict.fromkeys("tfr()[]\"/-“”", 0.40), **dict.fromkeys("scxyzkvJ", 0.53),
    **dict.fromkeys("mMW@%—…→↔", 0.95), "w": 0.76,
}  # fmt: skip
_INDENT = 14.0
_ASIDE = 72.0  # the column that says how many origins state a fact


@dataclass(frozen=True, slots=True)
class Measures:
    """A page, in points.

    Attributes:
        width: Of the text.
        height: Of the text.
        size: Of ordinary letters; small print is 0.84 of it.
        leading: Of a line, in sizes.
        between: Below each entry.
        gap: Above each heading, and around the bottom line.
        columns: In how many the narrow sections stand: 1 or 2.
        events: In how many columns events stand; 1 for a list.
        letters: How wide letters are, against the widest common font.
    """

    width: float
    height: float
    size: float
    leading: float = 1.3
    between: float = 2.5
    gap: float = 8.0
    columns: int = 1
    events: int = 1
    letters: float = 1.0

    def text(self, text: str, *, width: float | None = None, scale: float = 1.0) -> float:
        """The height of a paragraph."""
        size = self.size * scale
        room = (width or self.width) / size
        # Lines end before a word that does not fit: up to some six letters of each stay empty.
        lines = math.ceil(self.letters * sum(map(_width, text)) / max(room - 1.5, room * 0.8))
        return max(lines, 1) * size * self.leading


def fitting_order(sheet: Sheet, measures: Measures) -> int:
    """The lowest order of lines to print, so that the page is not too full; see ``Sheet.left_out``."""
    orders = range(sheet.first_order, len(sheet.left_out))
    place = bisect.bisect_left(orders, True, key=lambda order: _height(sheet, order, measures) <= measures.height)
    return orders[min(place, len(orders) - 1)]


def printed(sections: Iterable[Section], order: int) -> list[Section]:
    """The sections with only the lines of this order or higher, without those that have none."""
    kept = (Section(one.name, one.heading, remaining(one.lines, order)) for one in sections)
    return [section for section in kept if section.lines]


def remaining(lines: Iterable[Entry], order: int) -> tuple[Entry, ...]:
    """The lines of this order or higher."""
    return tuple(line for line in lines if line.order is None or line.order >= order)


def in_columns(sections: Sequence[Section], measures: Measures) -> tuple[list[Section], list[Section]]:
    """The sections in two columns of about the same height, in order within each; the first one stands left."""
    heights = [_section(section, measures, measures.width * 0.47) for section in sections]
    rest = itertools.product((0, 1), repeat=max(len(sections) - 1, 0))
    sides = min(((0, *more) for more in rest), key=lambda sides: _taller(heights, sides))
    left, right = ([one for one, place in zip(sections, sides, strict=False) if place == side] for side in (0, 1))
    return left, right


def _taller(heights: Sequence[float], sides: Sequence[int]) -> float:
    right = sum(height for height, side in zip(heights, sides, strict=False) if side)
    return max(right, sum(heights) - right)


def _height(sheet: Sheet, order: int, measures: Measures) -> float:
    sections = printed(sheet.sections, order)
    wide = [section for section in sections if section.name in WIDE_SECTIONS]
    narrow = [section for section in sections if section.name not in WIDE_SECTIONS]
    total = _top(sheet, measures) + sum(_section(section, measures, measures.width) for section in wide)
    if measures.columns == 1:
        total += sum(_section(section, measures, measures.width) for section in narrow)
    else:
        total += max(sum(_section(one, measures, measures.width * 0.47) for one in side)
                     for side in in_columns(narrow, measures))  # fmt: skip
    return total + _bottom(sheet, order, measures)


def _top(sheet: Sheet, measures: Measures) -> float:
    inside = measures.width - 2 * _INDENT
    bottom_line = " ".join(_words(line) for line in sheet.bottom_line)
    heights = [
        measures.text(sheet.title, scale=_TITLE),
        measures.text(sheet.question) if sheet.question else 0.0,
        measures.text(" · ".join((*sheet.facts, sheet.coverage)), scale=0.9),
        measures.text("", width=inside, scale=_LARGE),
        measures.text(bottom_line, width=inside, scale=_LARGE * 1.06),
        measures.text(f"{sheet.confidence} — {sheet.reason}", width=inside, scale=0.9) if sheet.confidence else 0.0,
    ]
    return sum(heights) + 4 * measures.gap


def _section(section: Section, measures: Measures, width: float) -> float:
    heading = measures.gap + measures.text("", scale=_LARGE) + measures.between
    if section.name == "timeline" and measures.events > 1:
        return heading + _events(section.lines, measures, width)
    aside = _ASIDE if any(line.support for line in section.lines) and section.name in WIDE_SECTIONS else 0.0
    room = width - _INDENT - aside
    return heading + sum(measures.text(_words(line), width=room) + measures.between for line in section.lines)


def _events(lines: Sequence[Line], measures: Measures, width: float) -> float:
    cell = width / measures.events - 10
    heights = [
        measures.text(line.lead, width=cell) + measures.text(_words(line), width=cell, scale=0.92) for line in lines
    ]
    rows = (heights[start : start + measures.events] for start in range(0, len(heights), measures.events))
    return sum(max(row) + 8 + measures.between for row in rows)


def _bottom(sheet: Sheet, order: int, measures: Measures) -> float:
    sources = remaining(sheet.sources, order)
    listed = (" · ".join((source.title, *source.descriptor, source.document)) for source in sources)
    entries = sum(measures.text(text, width=measures.width - 24, scale=_SMALL) + 1 for text in listed)
    heading = measures.gap + measures.text("", scale=_LARGE) + measures.between if sources else 0.0
    footer = " · ".join((sheet.left_out[order], *sheet.footer))
    return heading + entries + measures.gap + measures.text(footer, scale=0.8)


def _words(line: Line) -> str:
    """The line as it is printed; raised numbers are smaller by a third."""
    marks = ",".join(map(str, line.marks))
    remarks = "; ".join(filter(None, (*line.remarks, line.warning)))
    positions = " ↔ ".join(map(_words, line.parts))
    lead = f"{line.lead} — " if line.lead else ""
    return f"{lead}{line.text}{marks[: math.ceil(len(marks) * 0.7)]}{positions}{f' ({remarks})' if remarks else ''}"


@lru_cache(maxsize=8192)
def _width(character: str) -> float:
    """The width of a character in sizes."""
    if character in _WIDTHS:
        return _WIDTHS[character]
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return 1.0
    if unicodedata.combining(character):
        return 0.0
    return 0.64 if character.isupper() else 0.56

"""What goes when a page is full: a worth for every line, and in which order they are left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rag.pages.labels import Labels
from rag.pages.sheet import Line, Section, SourceLine

# By section: how soon its first line goes, and how much sooner each line after it; the highest sum goes first. So the
# third fact (2) outlives the second quotation (6), and no section fills the page at the cost of all others.
_WEIGHTS = {
    "facts": (0.0, 1.0), "changes": (0.0, 1.0), "disagreements": (0.5, 1.5), "timeline": (1.0, 1.2), "gaps": (1.5, 2.0),
    "actors": (2.5, 1.5), "agreements": (3.0, 2.0), "sayings": (4.0, 2.0),
}  # fmt: skip
MOST_LINES = 120
"""More lines never fit on a page, and measuring them takes time: the least worthy beyond are left out at once."""


def in_order(
    sections: Sequence[Section], bottom_line: Sequence[Line], sources: Sequence[SourceLine], labels: Labels
) -> tuple[tuple[Section, ...], tuple[SourceLine, ...], tuple[str, ...]]:
    """The sections and sources with the order in which they go, and what to say after each step.

    Lines go before sources. A source goes with the last line that cites it; one that the bottom line cites goes when
    every line has gone, the last first, and only then. The sentences count from order 0, which leaves out nothing
    but lines beyond ``MOST_LINES``.
    """
    places = sorted(
        ((*_worth(section, index), number, index) for number, section in enumerate(sections)
         for index in range(len(section.lines))), reverse=True,
    )  # fmt: skip
    surplus = max(0, len(places) - MOST_LINES)
    orders = {place[-2:]: step - surplus for step, place in enumerate(places)}
    marked = [
        replace(section, lines=_marked(section.lines, [orders[number, index] for index in range(len(section.lines))]))
        for number, section in enumerate(sections)
    ]
    kept = tuple(section for section in marked if section.lines)
    listed = _source_orders(kept, bottom_line, sources, len(places) - surplus)
    gone = Counter({section.name: -len(section.lines) for section in marked})
    gone.update({section.name: len(section.lines) for section in sections})
    return kept, listed, tuple(_sentences(kept, listed, gone, labels))


def _worth(section: Section, index: int) -> tuple[float, float]:
    base, step = _WEIGHTS[section.name]
    rank = _timeline_rank(section.lines, index) if section.name == "timeline" else index
    return base + step * rank, base


def _timeline_rank(lines: Sequence[Line], index: int) -> int:
    """A timeline stands in order of time: there the best supported events are worth most, then the latest."""
    ranked = sorted(range(len(lines)), key=lambda place: (-len(lines[place].cited), -place))
    return ranked.index(index)


def _marked(lines: Sequence[Line], orders: Sequence[int]) -> tuple[Line, ...]:
    return tuple(replace(line, order=order) for line, order in zip(lines, orders, strict=True) if order >= 0)


def _source_orders(
    sections: Sequence[Section], bottom_line: Sequence[Line], sources: Sequence[SourceLine], steps: int
) -> tuple[SourceLine, ...]:
    last_use: dict[int, int] = {}
    for line in (line for section in sections for line in section.lines):
        for number in line.cited:
            last_use[number] = max(last_use.get(number, 0), line.order or 0)
    for step, number in enumerate(sorted(set().union(*(line.cited for line in bottom_line)), reverse=True)):
        last_use[number] = steps + step
    return tuple(replace(source, order=last_use.get(source.number, 0)) for source in sources)


def _sentences(
    sections: Sequence[Section], sources: Sequence[SourceLine], gone: Counter[str], labels: Labels
) -> list[str]:
    names = [*_WEIGHTS, "sources"]
    by_order: dict[int, list[str]] = {}
    for section in sections:
        for line in section.lines:
            by_order.setdefault(line.order or 0, []).append(section.name)
    for source in sources:
        by_order.setdefault(source.order or 0, []).append("sources")
    sentences = [_sentence(gone, names, labels)]
    for step in range(max(by_order, default=-1) + 1):
        gone.update(by_order.get(step, []))
        sentences.append(_sentence(gone, names, labels))
    return sentences


def _sentence(gone: Counter[str], names: Sequence[str], labels: Labels) -> str:
    parts = [labels.count(gone[name], name) for name in names if gone[name] > 0]
    return labels.say("left_out", parts=", ".join(parts)) if parts else ""

"""What goes when a page is full: a worth for every line, and in which order they are left out."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import itemgetter

from rag.pages.labels import Labels
from rag.pages.sheet import Line, Section, SourceLine

# By section: how soon its first line goes, and how much sooner each line after it; the highest sum goes first. So the
# third fact (2) outlives the second quotation (6), and no section fills the page at the cost of all others.
_WEIGHTS = {
    "facts": (0.0, 1.0), "changes": (0.0, 1.0), "disagreements": (0.5, 1.5), "timeline": (1.0, 1.2), "gaps": (1.5, 2.0),
    "actors": (2.5, 1.5), "agreements": (3.0, 2.0), "sayings": (4.0, 2.0),
}  # fmt: skip


def in_order(
    sections: Sequence[Section], bottom_line: Sequence[Line], sources: Sequence[SourceLine], labels: Labels
) -> tuple[tuple[Section, ...], tuple[SourceLine, ...], tuple[str, ...]]:
    """The sections and sources with the order in which they go, and what to say after each step.

    Lines go before sources. A source goes with the last line that cites it; one that the bottom line cites goes when
    every line has gone, the last first, and only then.
    """
    worths = [(*worth, number, index) for number, section in enumerate(sections) for index, worth in _worths(section)]
    orders = {worth[-2:]: order for order, worth in enumerate(sorted(worths, reverse=True))}
    marked = tuple(
        replace(section, lines=tuple(replace(line, order=orders[n, i]) for i, line in enumerate(section.lines)))
        for n, section in enumerate(sections)
    )
    listed = _source_orders(marked, bottom_line, sources, len(worths))
    return marked, listed, tuple(_sentences(marked, listed, labels))


def _worths(section: Section) -> list[tuple[int, tuple[float, float]]]:
    """By place in the section, how soon a line goes."""
    base, step = _WEIGHTS[section.name]
    places = list(range(len(section.lines)))
    if section.name == "timeline":  # it stands in order of time: the best supported, then the latest, are worth most
        places.sort(key=lambda place: (-len(section.lines[place].cited), -place))
    return [(place, (base + step * rank, base)) for rank, place in enumerate(places)]


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


def _sentences(sections: Sequence[Section], sources: Sequence[SourceLine], labels: Labels) -> Iterator[str]:
    entries = [(line.order or 0, section.name) for section in sections for line in section.lines]
    entries += [(source.order or 0, "sources") for source in sources]
    gone: Counter[str] = Counter()
    yield ""
    for _, step in itertools.groupby(sorted(entries), key=itemgetter(0)):
        gone.update(name for _, name in step)
        yield _sentence(gone, labels)


def _sentence(gone: Counter[str], labels: Labels) -> str:
    parts = [labels.count(gone[name], name) for name in (*_WEIGHTS, "sources") if gone[name]]
    return labels.say("left_out", parts=", ".join(parts))

"""What is new, changed or withdrawn since a day or since an earlier page."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rag import datelines, reading
from rag.briefings import Briefing, Change, Statement
from rag.material import Material

if TYPE_CHECKING:
    from rag.index import Index

MOST = 8
_SAME = 0.55
"""The share of the words of the shorter statement that the other has when both are about one thing."""


def added(page: Briefing, since: dt.date | Briefing, material: Material, index: Index) -> Briefing:
    """The page with its changes, the most important first.

    Since a day: what only documents of that day or later say. Since an earlier page: what it did not say, what it said
    with other figures, and what no document says any more, its quotations gone or altered.
    """
    if isinstance(since, Briefing):
        found = list(_between(since, page, index))
        return dataclasses.replace(page, changes=tuple(found[:MOST]), since=since.as_of.isoformat())
    found = [Change("new", statement) for statement in _statements(page) if _is_later(statement, since, material)]
    return dataclasses.replace(page, changes=tuple(found[:MOST]), since=since.isoformat())


def _statements(page: Briefing) -> list[Statement]:
    """Bottom line, facts and events, each text once."""
    bottom = page.bottom_line.statements if page.bottom_line else ()
    every = (*bottom, *page.facts, *(event.statement for event in page.timeline))
    return list({statement.text: statement for statement in every}.values())


def _is_later(statement: Statement, since: dt.date, material: Material) -> bool:
    """Whether every document that a statement rests on is known to be of a day or later."""
    documents = {document.source.id: document for document in material.documents}
    dates = [datelines.written(documents[span.document]) for span in statement.spans]
    return all(date is not None and date.value is not None and date.value >= since for date in dates)


def _between(earlier: Briefing, page: Briefing, index: Index) -> Iterator[Change]:
    before, now = _statements(earlier), _statements(page)
    texts = {statement.text for statement in before}
    for statement in now:
        if statement.text in texts:
            continue
        same = next((one for one in before if _about_one_thing(one, statement)), None)
        if same is None:
            yield Change("new", statement)
        elif _figures(same) != _figures(statement):
            yield Change("changed", statement, same.text)
    for statement in before:
        if not any(_stands(span.document, span.start, span.end, span.quote, index) for span in statement.spans):
            yield Change("withdrawn", statement)


def _about_one_thing(one: Statement, other: Statement) -> bool:
    first, second = _keys(one), _keys(other)
    fewer = min(len(first), len(second))
    return bool(fewer) and len(first & second) >= _SAME * fewer


def _keys(statement: Statement) -> frozenset[str]:
    tokens = _read(statement).tokens
    return frozenset(key for key in reading.keys_of(tokens) if key[:2] not in ("p:", "d:"))


def _figures(statement: Statement) -> Sequence[tuple[str, float | str]]:
    return sorted({(figure.kind, figure.value) for figure in _read(statement).figures}, key=repr)


def _read(statement: Statement) -> reading.Reading:
    return reading.read(statement.text, statement.spans[0].language if statement.kind == "quoted" else None)


def _stands(document: str, start: int, end: int, quote: str, index: Index) -> bool:
    found = index.document(document)
    return found is not None and (found.text[start:end] == quote or quote in found.text)

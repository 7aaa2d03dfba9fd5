"""What happened when: statements with the dates that sources print, and days counted from a source's own date."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag import clauses, datelines, markers, quantities, reading
from rag.answers import DraftClaim
from rag.briefing_drafts import DraftEvent
from rag.briefings import DateBasis
from rag.documents import Document, Span
from rag.figures import Figure
from rag.kinship import Kinship
from rag.material import Material, Remark
from rag.salience import Candidate, preferred
from rag.text import fold

MOST = 8
LONGEST = 130
"""The most events of a page, and the width from which the text of one is shortened."""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NOT_WHEN = re.compile(
    r"\b(?:since|built in|promised in|as of|than in|from|against|depuis|contre|que|sejak|dari|seit"
    r"|desde)(?: (?:early|late|the|le|la|l'|tahun|awal|akhir|fin|debut))? ?$"
)
_DUE = re.compile(r"\b(?:due to|is to|are to|set for|doit|doivent|akan|soll|debe|deben)\b")
_WORD_BEFORE = 24


@dataclass(frozen=True, slots=True)
class Date:
    """A date in a sentence.

    Attributes:
        span: Where it is printed in the sentence.
        sort_key: ISO 8601 as far as known.
        basis: Whether all of it is printed there.
    """

    span: Span
    sort_key: str
    basis: DateBasis


def events(material: Material, kinship: Kinship, found: Sequence[Candidate]) -> list[DraftEvent]:
    """At most ``MOST`` events by date, the rest of the least important ones left out; none is told twice."""
    kept: list[tuple[Candidate, Date]] = []
    for one in found:
        candidate = preferred(one, found, material)
        date = _date(material, candidate)
        if date is None or any(_is_same(candidate, date, *other, kinship) for other in kept):
            continue
        kept.append((candidate, date))
        if len(kept) == MOST:
            break
    kept.sort(key=lambda each: (_order(each[1].sort_key), each[0].place))
    return [_event(material, *each) for each in kept]


def _date(material: Material, candidate: Candidate) -> Date | None:
    remark = material.remarks[candidate.place]
    return next(dates(remark, material.documents[remark.document], candidate.clause.span), None)


def dates(remark: Remark, document: Document, within: Span | None = None) -> Iterator[Date]:
    """The dates at which something happens according to a sentence, printed ones first.

    A date that only bounds or compares ("since 2015", "than in 2016") is none. A day without a year gets that of the
    document's own date, to the nearest; a weekday is the last one before it; both count as relative.
    """
    published = _published(document)
    folded = fold(remark.text)
    for quantity in quantities.find(remark.text, remark.language):
        inside = within is None or (within.start <= quantity.span.start and quantity.span.end <= within.end)
        before = folded[max(0, quantity.span.start - _WORD_BEFORE) : quantity.span.start]
        if quantity.kind not in ("date", "year") or not inside or _NOT_WHEN.search(before):
            continue
        key = str(quantity.value) if quantity.kind == "date" else f"{quantity.value:.0f}"
        yield _placed(quantity.span, key, published, ahead=_is_ahead(remark))
    if published is not None and not _is_ahead(remark):
        yield from _weekdays(remark, published, within)


def _is_ahead(remark: Remark) -> bool:
    """Whether a sentence tells of what is to come."""
    folded = fold(remark.text)
    tables = (markers.FORECAST, markers.INTENDED, markers.CERTAIN_FUTURE)
    return any(markers.find(table, folded, remark.language) for table in tables) or bool(_DUE.search(folded))


def _placed(span: Span, key: str, published: dt.date | None, *, ahead: bool) -> Date:
    """A printed date; one without a year, in the nearest year, or in the next when the sentence looks ahead."""
    if not key.startswith("--") or published is None:
        return Date(span, key, "printed")
    month_day = key[2:] if len(key) > 4 else f"{key[2:]}-01"
    near = []
    for year in (published.year - 1, published.year, published.year + 1):
        try:
            near.append(dt.date.fromisoformat(f"{year}-{month_day}"))
        except ValueError:  # 29 February
            continue
    if not near:
        return Date(span, key, "printed")
    later = [day for day in near if day >= published] if ahead else near
    best = min(later or near, key=lambda day: abs(day - published))
    return Date(span, best.isoformat() if len(key) > 4 else f"{best:%Y-%m}", "relative")


def _weekdays(remark: Remark, published: dt.date, within: Span | None) -> Iterator[Date]:
    for figure in reading.read(remark.text, remark.language).figures:
        span = _printed(remark.text, figure)
        if figure.kind != "weekday" or span is None or figure.value not in _WEEKDAYS:
            continue
        if within is not None and not (within.start <= span.start and span.end <= within.end):
            continue
        back = (published.weekday() - _WEEKDAYS.index(str(figure.value))) % 7
        yield Date(span, (published - dt.timedelta(days=back)).isoformat(), "relative")


def _printed(text: str, figure: Figure) -> Span | None:
    start = fold(text).find(fold(figure.printed), max(0, figure.start - 12))
    return None if start < 0 else Span(start, start + len(figure.printed))


def _published(document: Document) -> dt.date | None:
    """The document's own date, for counting from; None when it is not known to be that of the text."""
    own = datelines.written(document)
    return own.value if own is not None and own.kind == "published" else None


def _is_same(one: Candidate, date: Date, other: Candidate, known: Date, kinship: Kinship) -> bool:
    if one.place in other.support or other.place in one.support:
        return True
    near = date.sort_key[:4] == known.sort_key[:4] or "-" in (date.sort_key[0], known.sort_key[0])
    return near and kinship.related(one.place, other.place) and kinship.shared(one.place, other.place) > 0.35


def _order(key: str) -> str:
    """A key that sorts: a day without a year after all years."""
    return key if not key.startswith("--") else f"9999{key[1:]}"


def _event(material: Material, candidate: Candidate, date: Date) -> DraftEvent:
    remark = material.remarks[candidate.place]
    short = clauses.standing_alone(remark.text, remark.language, LONGEST)
    text = short.text if short is not None and _holds(short.span, date.span) else candidate.clause.text
    ids = [remark.id, *(material.remarks[each].id for each in candidate.support)]
    claim = DraftClaim(text=text, sentences=ids)
    return DraftEvent(date=date.span.of(remark.text), sort_key=date.sort_key, basis=date.basis, claim=claim)


def _holds(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end

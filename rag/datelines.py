"""When a document was written, and where: the line that many papers print under a headline."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from rag.documents import Document, DocumentDate, Sentence, Span
from rag.quantities import dates
from rag.text import fold, words
from rag.units import WEEKDAYS

_HEAD = 8
"""How many sentences of a document may be its head."""

_MOST_WORDS = 16
_WEEKDAY = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
_BEFORE = re.compile(rf"(?:^|[|–—·,(/-])\s*(?:(?:{_WEEKDAY})[,]?\s*)?$")
_AFTER = re.compile(r"^\s*(?:$|[|–—·,)./-])")


def written(document: Document) -> DocumentDate | None:
    """The document's own date, as full as it is known: what it says was published, else its dateline, else any other.

    An update's date comes last: it is the day of a change, and not that of the text.
    """
    stated = [date for date in document.source.dates if date.value is not None]
    published = [date for date in stated if date.kind == "published"]
    line = dateline(document)
    if published or line is None:
        return next(iter([*published, *(date for date in stated if date.kind == "unknown"), *stated]), None)
    span = line[1]
    return DocumentDate("published", span, _day(span.of(document.text)))


def dateline(document: Document) -> tuple[Sentence, Span] | None:
    """The line of the head that holds a paper's name and a full date, and where the date stands; None without one."""
    return next(_lines(document), None)


def _lines(document: Document) -> Iterator[tuple[Sentence, Span]]:
    for sentence in document.sentences[:_HEAD]:
        text = sentence.span.of(document.text)
        if len(words(text)) > _MOST_WORDS:
            continue
        for quantity in dates(text):
            full = len(str(quantity.value)) == 10 and not str(quantity.value).startswith("-")
            folded = fold(text).replace("posted", "").replace("published", "")
            before, after = folded[: folded.find(fold(quantity.span.of(text)))], text[quantity.span.end :]
            if full and _BEFORE.search(before) and _AFTER.match(after):
                start = sentence.span.start
                yield sentence, Span(start + quantity.span.start, start + quantity.span.end)


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(str(dates(text)[0].value))

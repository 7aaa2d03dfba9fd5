"""How sentences and dates are stored in a column of the manifest: as short JSON arrays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import cast

from rag.documents import DateKind, DocumentDate, Sentence, Span


def pack_sentences(sentences: Sequence[Sentence]) -> str:
    """Sentences as they are stored: ``[[start, end, language], …]``."""
    return json.dumps([(s.span.start, s.span.end, s.language) for s in sentences], separators=(",", ":"))


def unpack_sentences(packed: str) -> tuple[Sentence, ...]:
    """The sentences that ``pack_sentences`` stored."""
    return tuple([Sentence(Span(start, end), language) for start, end, language in json.loads(packed)])


def pack_dates(dates: Sequence[DocumentDate]) -> str:
    """Dates as they are stored: ``[[kind, start, end, ISO date or null], …]``."""
    return json.dumps([(d.kind, d.span.start, d.span.end, d.value and d.value.isoformat()) for d in dates])


def unpack_dates(packed: str) -> tuple[DocumentDate, ...]:
    """The dates that ``pack_dates`` stored."""
    return tuple(
        DocumentDate(cast("DateKind", kind), Span(start, end), date.fromisoformat(day) if day else None)
        for kind, start, end, day in json.loads(packed)
    )

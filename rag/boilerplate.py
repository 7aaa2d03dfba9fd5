"""The parts of a text that are the site's and not the article's."""

from __future__ import annotations

import re

from rag.documents import Span

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_IMAGE = re.compile(r"[\w%.()+-]+\.(?:jpe?g|png|gif|webp|svg|avif|bmp|tiff?)", re.I)


def mark(text: str) -> list[Span]:
    """The boilerplate of the text, in order, never overlapping: whole lines."""
    return [Span(*match.span()) for match in _LINE.finditer(text) if _IMAGE.fullmatch(match.group().strip())]

"""Markdown made plain without moving a character, and the quotations in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.documents import Span

_FENCED = re.compile(r"^ {0,3}(```+|~~~+)[^\n]*\n.*?(?:^ {0,3}\1[^\n]*$|\Z)", re.M | re.S)
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---[ \t]*$", re.M | re.S)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_INLINE = (
    re.compile(r"!\[[^\]\n]{0,500}\]\([^)\n]{0,2000}\)"),  # an image
    re.compile(r"(?<=\])\([^)\n]{0,2000}\)"),  # where a link leads
    re.compile(r"\[\^?\d{1,3}(?:[.,;–-]\s?\d{1,3}){0,20}\](?!\()"),  # a citation mark
    re.compile(r"^ {0,3}\[[^\]\n]{1,200}\]:[^\n]*$", re.M),  # a definition of a link or footnote
    re.compile(r"</?[A-Za-z][^>\n]{0,500}>"),
    re.compile(r"https?://[^\s)>\]]+"),
    re.compile(r"[*_]{1,3}(?=[^\s*_])|(?<=[^\s*_])[*_]{1,3}|`+|~~"),
    re.compile(r"[\[\]|]"),
)
_WORD_INSIDE = re.compile(r"(?<=\w)_(?=\w)")
_MARKS = {"“": "”", "„": "“”", "«": "»", "‹": "›", "「": "」", '"': '"'}
_LONGEST_QUOTATION = 2000
_BLOCK = re.compile(r"^ {0,3}>[ \t>]*(?P<quoted>\S[^\n]*)$", re.M)
_HEADING = re.compile(r" {0,3}#{1,6}\s|[^\n]*\n {0,3}(?:=+|-{3,})[ \t]*$", re.M)


def plain(text: str) -> str:
    r"""The text with everything that Markdown adds replaced by spaces: offsets stay, line ends stay.

    Code blocks, front matter, comments, images, addresses and citation marks are left out; the words of links stay.

    >>> plain("**Xiaomi** sold [92.4 million](http://x.y) phones [1].")
    '  Xiaomi   sold  92.4 million              phones    .'
    """
    for pattern in (_FRONT_MATTER, _COMMENT, _FENCED):
        text = pattern.sub(_blank, text)
    text = _WORD_INSIDE.sub("\x00", text)
    for pattern in _INLINE:
        text = pattern.sub(_blank, text)
    return text.replace("\x00", "_")


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())


def is_heading(text: str, start: int) -> bool:
    """Whether the line at an offset is a heading of Markdown's."""
    line = text.rfind("\n", 0, start) + 1
    return _HEADING.match(text, line) is not None


def quotations(text: str) -> Iterator[Span]:
    """What stands between quotation marks in a plain text, and lines quoted with ">"; of two words or more, in order.

    Marks may be English, French, German or Chinese. One that is never closed quotes nothing.
    """
    found = [*_marked(text), *(Span(*match.span("quoted")) for match in _BLOCK.finditer(text))]
    for span in sorted(found):
        words = span.of(text).split()
        if len(words) > 1 or (len(span.of(text)) > 7 and not span.of(text).isascii()):
            yield span


def _marked(text: str) -> Iterator[Span]:
    position = 0
    while position < len(text):
        closing = _MARKS.get(text[position])
        if closing is None:
            position += 1
            continue
        limit = min(len(text), position + _LONGEST_QUOTATION)
        end = next((place for place in range(position + 1, limit) if text[place] in closing), None)
        if end is None:
            position += 1
            continue
        yield Span(position + 1, end)
        position = end + 1

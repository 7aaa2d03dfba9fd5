"""The lines of a text, as page layout rather than as sentences."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from functools import cached_property

from rag.documents import Span
from rag.quantities import dates
from rag.text import fold, words

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_BLANK = re.compile(r"(?:\r\n|[\n\r\v\f\x85\u2028\u2029])[^\S\n\r]*(?:\r\n|[\n\r\v\f\x85\u2028\u2029])|\u2029")
_ENDS_SENTENCE = re.compile(r"[.!?。！？…؟।:;][\"'”’»)\]]*$")
_MARKUP = re.compile(r"(?:[-*+•‣◦▪·>|]|#{1,6}|\d{1,3}[.)]|```)(?:\s|$)|[|`]")
_NOT_A_DATE = re.compile(
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:lun|mar|mercre|jeu|vendre|same)di|dimanche|(?:senin|selasa"
    r"|rabu|kamis"
    r"|jumat|sabtu|minggu)|(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)|\b(?:at|a|pukul|um|on"
    r"|le)\b"
    r"|\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?|\b(?:am|pm|a\.m\.|p\.m\.|gmt|utc|est|edt|pst|pdt|cet|wib|wita|wit|uhr)\b"
    r"|[+-]\d{4}"
)
_UNSPACED = re.compile("[\u0e00-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff]")
_RELATIVE = re.compile(
    r"(?:about |an? )?\d* ?(?:min|minute|hour|day|week|month|year)s? ago|yesterday|today|il y a \d+ \w+|hier|"
    r"\d+ (?:menit|jam|hari|minggu|bulan|tahun) (?:yang )?lalu|kemarin|vor \d+ \w+|hace \d+ \w+"
)


@dataclass(frozen=True)
class Line:
    """A line that is not blank.

    Attributes:
        span: Where it stands, without surrounding white space.
        text: The same as a string.
        after_blank: Whether a blank line, or the start of the text, is before it.

    """

    span: Span
    text: str
    after_blank: bool

    @cached_property
    def folded(self) -> str:
        """The line, folded."""
        return fold(self.text)

    @cached_property
    def word_count(self) -> int:
        """How many words; two characters count as one in scripts without spaces."""
        if not _UNSPACED.search(self.text):
            return len(self.text.split())
        return sum(
            max(1, (span.end - span.start) // 2) if _UNSPACED.match(self.text, span.start) else 1
            for span in words(self.text)
        )

    @cached_property
    def is_prose(self) -> bool:
        """Whether it is running text: a whole sentence of some length, or too long for a headline."""
        return self.word_count >= 25 or (self.word_count >= 7 and self.ends_sentence)

    @cached_property
    def ends_sentence(self) -> bool:
        """Whether its last mark ends a sentence or announces something."""
        return bool(_ENDS_SENTENCE.search(self.text[-8:]))

    @cached_property
    def is_markup(self) -> bool:
        """Whether it is a list item, a heading, a quotation or code of Markdown."""
        return bool(_MARKUP.match(self.text))

    @cached_property
    def date(self) -> datetime.date | None:
        """The full date, when the line holds nothing but a date and perhaps a weekday and a time."""
        found = dates(self.text) if self.word_count <= 10 else []
        if len(found) != 1 or len(str(found[0].value)) != 10 or str(found[0].value).startswith("-"):
            return None
        rest = self.folded[: found[0].span.start] + " " + self.folded[found[0].span.end :]
        if re.search(r"\w", _NOT_A_DATE.sub(" ", rest)):
            return None
        return datetime.date.fromisoformat(str(found[0].value))

    @cached_property
    def is_dateline(self) -> bool:
        """Whether it holds nothing but a date, or "3 hours ago"."""
        return self.date is not None or bool(_RELATIVE.fullmatch(self.folded))


def read(text: str) -> list[Line]:
    """The lines that are not blank, in order."""
    found: list[Line] = []
    for match in _LINE.finditer(text):
        stripped = match.group().strip()
        if not stripped:
            continue
        start = match.start() + match.group().index(stripped[0])
        before = text[found[-1].span.end : start] if found else "\n\n"
        found.append(Line(Span(start, start + len(stripped)), stripped, bool(_BLANK.search(before))))
    return found

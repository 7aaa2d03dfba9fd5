"""What a document says about itself: title, author and dates."""

from __future__ import annotations

import bisect
import datetime
import re
from collections.abc import Iterator, Sequence

from rag import sentences
from rag.documents import DateKind, DocumentDate, Span
from rag.lines import Line
from rag.lines import read as read_lines
from rag.numerals import MONTHS
from rag.quantities import Quantity, dates
from rag.text import fold

Metadata = tuple[str | None, str | None, tuple[DocumentDate, ...]]

_HEAD_LINES = 14
_TAIL_LINES = 4
_H1 = re.compile(r"#\s+(\S.*?)\s*#*$")
_SPEAKER = re.compile(r"[\w .'’-]{1,25}: ")

_BYLINE = re.compile(
    r"(?:(?:written|posted|published|reported|story|words|text|article)(?: on .{4,30}?)? by|by|ecrit par|redige par"
    r"|publie par|propos recueillis par|par|(?:ditulis )?oleh|von|geschrieben von|(?:escrito )?por|scritto da|di|door"
    r"|geschreven door)(?: ?: ?| )|(?:authors?|auteure?s?|penulis|reporter|autor(?:in|a)?|autore|作者|文) ?[:：] ?"
)
_PARTICLE = r"(?:de|del|della|di|da|du|van|von|der|den|bin|binti|al|el|la|le|and|et|dan|und|y|e|&)"
_NAME = re.compile(rf"[^\W\d_][\w.'’-]*(?: (?:{_PARTICLE} )*[^\W\d_][\w.'’-]*){{0,6}}")
_ROLE = re.compile(r" ?(?:,|\||•|·|–|—| - |\(|/| on | le | pada | am | el | il ).*")

_PUBLISHED = (
    r"(?:first )?published(?: on| at)?|posted(?: on| at)?|publie[es]*(?: le)?|paru le|mis en ligne le"
    r"|(?:di)?terbit(?:kan)?(?: pada)?"
    r"|dipublikasikan(?: pada)?|diposting(?: pada)?|tayang|veroffentlicht(?: am)?|publicad[oa](?: el| em)?"
    r"|pubblicato(?: il)?"
    r"|gepubliceerd(?: op)?|发布(?:于|时间)?|发表于"
)
_UPDATED = (
    r"(?:last )?(?:updated?|modified|revised)(?: on| at)?|(?:derniere )?(?:mise a jour|modification)(?: le)?"
    r"|mis a jour(?: le)?"
    r"|actualise[es]*(?: le)?|modifie[es]*(?: le)?|diperbarui(?: pada)?|pembaruan|pemutakhiran|diubah"
    r"|aktualisiert(?: am)?"
    r"|stand|actualizad[oa](?: el)?|actualizacion|atualizado(?: em)?|aggiornat[oa](?: il)?|bijgewerkt(?: op)?"
    r"|更新(?:于|时间)?"
)
_OTHER = r"dated?|datum|tanggal|fecha|data|日期"
_LABELLED = re.compile(
    rf"(?<!\w)(?:(?P<published>{_PUBLISHED})|(?P<updated>{_UPDATED})|(?P<unknown>{_OTHER}))\s?[:：(,-]?\s?\(?"
    r"(?:(?:on |le |pada |hari )?(?:\w{3,10}, ?)?)$"
)
_LABEL_AT_START = re.compile(rf"[*_(\[]*(?:{_PUBLISHED}|{_UPDATED})\b")
_FIELD = re.compile(r"(?P<key>[\w-]+):[ \t]*(?P<value>.*?)[ \t]*$")
_FIELD_KINDS: dict[str, DateKind] = {
    "date": "published", "published": "published", "pubdate": "published", "publishdate": "published",
    "updated": "updated", "lastmod": "updated", "modified": "updated", "last_modified_at": "updated",
}  # fmt: skip


def read(text: str, boilerplate: Sequence[Span]) -> Metadata:
    """Title, author and dates as printed; None and an empty tuple for what the document does not say.

    Taken from YAML front matter, a Markdown heading, a headline, a byline ("Written by …", "Par …", "Oleh …"), a
    line with nothing but a date, and labels ("Published …", "Mis à jour le …", "Diperbarui …"). Dates in running prose
    or in boilerplate do not count. A date that leaves the year out has the value None.

    Args:
        text: The document.
        boilerplate: Its marked runs, in order.

    """
    lines = read_lines(text)
    fields = list(_front_matter(lines))
    open_lines = [line for line in lines if not _is_inside(line, boilerplate)]
    headline = _headline(open_lines, lines)
    title = _field(fields, "title") or (_plain(headline.text) if headline else None)
    author_line, author = _author(open_lines)
    found = [*_field_dates(fields), *_printed_dates(open_lines, headline, author_line)]
    return title, _field(fields, "author") or author, tuple(sorted(found, key=lambda date: date.span))


def _is_inside(line: Line, spans: Sequence[Span]) -> bool:
    position = bisect.bisect(spans, line.span.start, key=lambda span: span.start)
    return position > 0 and line.span.start < spans[position - 1].end


def _front_matter(lines: Sequence[Line]) -> Iterator[tuple[re.Match[str], Line]]:
    if not lines or lines[0].text != "---" or lines[0].span.start != 0:
        return
    for line in lines[1:80]:
        if line.text in {"---", "..."}:
            return
        match = _FIELD.match(line.text)
        if match:
            yield match, line


def _field(fields: Sequence[tuple[re.Match[str], Line]], key: str) -> str | None:
    values = (match["value"].strip("\"'[]") for match, _ in fields if match["key"].lower() == key)
    return next((value for value in values if value), None)


def _field_dates(fields: Sequence[tuple[re.Match[str], Line]]) -> Iterator[DocumentDate]:
    for match, line in fields:
        kind = _FIELD_KINDS.get(match["key"].lower())
        if kind is not None:
            yield from (_document_date(kind, line, quantity) for quantity in dates(line.text)[:1])


def _plain(heading: str) -> str:
    match = _H1.match(heading)
    return match.group(1) if match else heading


def _headline(open_lines: Sequence[Line], lines: Sequence[Line]) -> Line | None:
    """The line that stands as a title above the text: a Markdown heading, or a short line with a break after it."""
    head = open_lines[:_HEAD_LINES]
    heading = next((line for line in head if _H1.match(line.text)), None)
    if heading is not None and not any(line.is_prose for line in head[: head.index(heading)]):
        return heading
    for line in head[:3]:
        if line.is_dateline or _BYLINE.match(line.folded) or _LABEL_AT_START.match(line.folded):
            continue
        return line if _stands_alone(line, lines) else None
    return None


def _stands_alone(line: Line, lines: Sequence[Line]) -> bool:
    if (
        line.is_prose
        or line.is_markup
        or line.word_count > 30
        or line.text[-1] in ".,;:。，；："
        or not line.word_count
    ):
        return False
    following = lines[lines.index(line) + 1 : lines.index(line) + 5]
    if not following or sum(bool(_SPEAKER.match(other.text)) for other in (line, *following)) >= 2:
        return False
    beside = following[0]
    both = " ".join(line.text.split()) + "\n" + beside.text
    first = next(iter(sentences.split(both)), None)
    if first is None or (not beside.after_blank and first.end > len(line.text)):
        return False  # a rule, or the first line of a wrapped paragraph
    return (
        beside.after_blank
        or beside.is_prose
        or beside.is_dateline
        or bool(_BYLINE.match(beside.folded))
        or (beside.text.startswith("===") or _is_label_line(beside))
    )


def _is_label_line(line: Line) -> bool:
    """Whether a short line with a colon or a file name, such as an image credit, stands under the headline."""
    return line.word_count <= 8 and bool(re.match(r"[\w ]{3,30}:|\S+\.\w{3,4}$", line.text))


def _author(open_lines: Sequence[Line]) -> tuple[Line | None, str | None]:
    for line in (*open_lines[:_HEAD_LINES], *open_lines[_HEAD_LINES:][-_TAIL_LINES:]):
        match = _BYLINE.match(line.folded)
        if match is None or line.word_count > 20 or line.is_prose:
            continue
        name = _name(line.text[match.end() :])
        if name is not None:
            return line, name
    return None, None


def _name(text: str) -> str | None:
    """The name at the start of what follows "by"; None for "By Friday" and "By far the largest"."""
    if ";" in text:
        return text.strip()[:300]  # a list of authors, as printed
    text = _ROLE.sub("", text.strip())
    match = _NAME.match(text)
    if match is None or match.end() < len(text.rstrip(" .")):
        return None
    parts = match.group().split()
    proper = [part for part in parts if not re.fullmatch(_PARTICLE, part)]
    named = all(part[0].isupper() or part[0] > "\u0e00" for part in proper)
    if not proper or not named or len(proper) > 6 or fold(proper[0]) in MONTHS or fold(proper[0]).endswith("day"):
        return None
    return match.group().rstrip(".") if len(match.group()) > 2 or match.group()[0] > "\u0e00" else None


def _printed_dates(lines: Sequence[Line], headline: Line | None, byline: Line | None) -> Iterator[DocumentDate]:
    """Dates with a label, and lines that hold only a date next to the headline or the byline."""
    beside = {0, 1, 2}
    for number, line in enumerate(lines[:_HEAD_LINES]):
        if line is headline or line is byline:
            beside |= {number - 1, number + 1, number + 2}
    for number, line in enumerate(lines):
        at_edge = number < _HEAD_LINES or number >= len(lines) - _TAIL_LINES
        if number in beside and line.date:
            yield _document_date("published", line, dates(line.text)[0])
        elif len(line.text) <= 1000 and (at_edge or _LABEL_AT_START.match(line.folded)):
            yield from _labelled(line, line is byline)


def _labelled(line: Line, is_byline: bool) -> Iterator[DocumentDate]:
    """Dates right after a label; in running prose only where the label opens the line and a colon follows."""
    end = 0
    for quantity in dates(line.text):
        before = line.folded[end : quantity.span.start]
        match = _LABELLED.search(before)
        end = quantity.span.end
        kind: DateKind | None = _kind(match) if match else ("published" if is_byline else None)
        if kind is None:
            continue
        opens = match is not None and not re.search(r"\w", before[: match.start()])
        closed = bool(re.match(r"[\s)\]]*(?:[:：.]|$|[-–—|·•])", line.text[end:]))
        is_meta = line.word_count <= 14 and not line.is_prose
        if is_meta or (opens and closed):
            yield _document_date(kind, line, quantity)


def _kind(match: re.Match[str]) -> DateKind:
    if match["published"]:
        return "published"
    return "updated" if match["updated"] else "unknown"


def _document_date(kind: DateKind, line: Line, quantity: Quantity) -> DocumentDate:
    span = Span(line.span.start + quantity.span.start, line.span.start + quantity.span.end)
    value = str(quantity.value)
    is_full = len(value) == 10 and not value.startswith("-")
    return DocumentDate(kind, span, datetime.date.fromisoformat(value) if is_full else None)

"""What people are quoted as saying: words between quotation marks, in the original language, and the speaker."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag import clauses, markers
from rag.briefing_drafts import DraftSaying
from rag.documents import Span
from rag.kinship import Kinship
from rag.material import Material, Remark
from rag.salience import centrality
from rag.text import fold, words
from rag.words import tables

MOST = 4
_SHORTEST_WORDS, _SHORTEST_WIDTH = 5, 24
_WIDEST = 220
_MARKS = (("“", "”"), ("«", "»"), ("„", "“"), ('"', '"'), ("「", "」"), ("『", "』"))
_NAME = re.compile(
    r"[A-ZÀ-ÖØ-ÞĀ-Ž][\w’'-]+(?:[ \u00a0](?:(?:de|da|du|di|van|von|bin|el|la|le) )?[A-ZÀ-ÖØ-ÞĀ-Ž][\w’'-]+)*"
)
_TITLE = re.compile(r"(?:Dr|Mr|Mrs|Ms|Prof|M|Mme|Mlle|Ir|H|Sir|Dame)\.? ")
_INVERTED = re.compile(
    rf"[\u0022”»“,.!?…\s]*[”»“\u0022][,]?\s+(?:[a-zà-ÿ][\w’'-]*\s+){{1,7}}?(?P<name>{_NAME.pattern})"
)
_TITLED_HAN = re.compile(
    rf"(?:{tables('persons')['title_zh']['zh']})(?P<name>[\u4e00-\u9fff]{{2,3}}?)(?=表示|说|称|指出|强调|认为|介绍)"
)
_NEAR = 60
_NAMED = 0.6
_INNER = " \t\u00a0\u202f"


@dataclass(frozen=True, slots=True)
class _Quote:
    place: int
    span: Span
    speaker: str | None


def sayings(material: Material, kinship: Kinship, taken: Sequence[str] = ()) -> list[DraftSaying]:
    """At most ``MOST`` quotations, those with a speaker and the most central first, no two alike or by one speaker.

    Args:
        material: Where they stand.
        kinship: Tells which are alike.
        taken: Texts that are on the page already.
    """
    central = centrality(material, kinship)
    found = [quote for place, remark in enumerate(material.remarks) for quote in _quotes(material, remark, place)]
    found.sort(key=lambda each: (-(float(central[each.place]) + _NAMED * (each.speaker is not None)), each.place))
    kept: list[_Quote] = []
    for quote in found:
        text = quote.span.of(material.remarks[quote.place].text)
        alike = any(kinship.related(quote.place, other.place) for other in kept)
        known = quote.speaker is not None and quote.speaker in {other.speaker for other in kept}
        if not alike and not known and not any(text in other for other in taken):
            kept.append(quote)
    kept.sort(key=lambda each: each.speaker is None)
    heard = {material.remarks[each.place].language for each in kept if each.speaker is not None}
    kept = [each for each in kept if each.speaker is not None or material.remarks[each.place].language not in heard]
    return [_draft(material.remarks[quote.place], quote) for quote in kept[:MOST]]


def _draft(remark: Remark, quote: _Quote) -> DraftSaying:
    return DraftSaying(text=quote.span.of(remark.text), sentence=remark.id, speaker=quote.speaker)


def _quotes(material: Material, remark: Remark, place: int) -> Iterator[_Quote]:
    if clauses.is_order(remark.text, remark.language):
        return
    for span in quoted(remark.text):
        text = span.of(remark.text)
        long_enough = len(words(text)) >= _SHORTEST_WORDS or clauses.width(text) >= _SHORTEST_WIDTH * 2
        if long_enough and clauses.width(text) <= _WIDEST:
            yield _Quote(place, span, _speaker(material, remark, place, span))


def quoted(text: str) -> list[Span]:
    """What stands between quotation marks, without them; up to the end where a quotation goes on after the sentence."""
    found: list[Span] = []
    for opening, closing in _MARKS:
        start = text.find(opening)
        while start >= 0:
            end = text.find(closing, start + 1)
            span = _trimmed(text, start + 1, end if end >= 0 else len(text))
            if span.start < span.end and not any(span.overlaps(other) for other in found):
                found.append(span)
            start = text.find(opening, end + 1) if end >= 0 else -1
    return sorted(found)


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start] in _INNER:
        start += 1
    while end > start and text[end - 1] in f"{_INNER},":
        end -= 1
    return Span(start, end)


def _speaker(material: Material, remark: Remark, place: int, span: Span) -> str | None:
    """The name beside a word that reports, after the quotation or before it; or at the end of the sentence before."""
    after, before = (
        remark.text[span.end : span.end + 2 * _NEAR],
        remark.text[max(0, span.start - 2 * _NEAR) : span.start],
    )
    titled = list(_TITLED_HAN.finditer(before))
    if titled:
        return titled[-1]["name"]
    inverted = _INVERTED.match(after)
    if inverted:
        return _fullest(material, remark, inverted["name"])
    for text, last in ((after, False), (before, True)):
        if markers.find(markers.REPORTED, fold(text), remark.language) and (name := _name(text, last=last)):
            return _fullest(material, remark, name)
    previous = material.remarks[place - 1] if place and span.start <= 2 else None
    if previous is None or previous.document != remark.document or not previous.text.rstrip().endswith((":", "：")):
        return None
    said = markers.find(markers.REPORTED, fold(previous.text), previous.language)
    return _fullest(material, remark, _name(previous.text, last=False)) if said else None


def _fullest(material: Material, remark: Remark, name: str | None) -> str | None:
    """The longest name in the same document that ends with a name's last word, or begins with its first."""
    if name is None or " " in name:
        return name
    names = [m[0] for each in material.of_document(remark.document) for m in _NAME.finditer(each.text)]
    longer = [_from(each.split(), name) for each in names if name in each.split()]
    return max(longer, key=lambda each: (len(each.split()), -longer.index(each)), default=name)


def _from(parts: Sequence[str], name: str) -> str:
    """A full name without what stands before it: from a first name on, or a last name with the one before it."""
    place = parts.index(name)
    return " ".join(parts[place:] if place < len(parts) - 1 else parts[max(0, place - 1) :])


def _name(text: str, *, last: bool) -> str | None:
    """The name of two words or more that comes first, or last, in a text; else one of one word inside a sentence."""
    found = [_TITLE.sub("", match[0]) for match in _NAME.finditer(text)]
    full = [name for name in found if " " in name] or [m[0] for m in _NAME.finditer(text) if m.start() > 2]
    return (full[-1] if last else full[0]) if full else None

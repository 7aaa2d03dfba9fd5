"""What is not known: what sources say themselves they don't know, and what none of them covers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rag import clauses, markers, reading
from rag.briefing_drafts import DraftGap
from rag.clauses import TABLES
from rag.documents import Span
from rag.kinship import Kinship
from rag.material import Material, Remark
from rag.salience import centrality, is_news
from rag.text import fold, words

MOST_STATED, MOST_ABSENT = 3, 2
_WIDEST = 150
_LEAST_WORDS = 4
_LEAST_CONTENT = 3
_UNSPACED_WORD = 2
_NARROWEST = 22
_SHORT = 5
_ALIKE = 0.5
_JOINED = re.compile(
    r"(?:, |; | ; )?\b(?:and|but|et|mais|dan|tetapi|und|aber|y|pero)\b (?:as of now,? |for now,? |pour l'instant,? )?"
)
_ABOUT = {
    "amount": re.compile(
        r"financ|money|\bcosts?\b|price|amount|prix|\bcout|montant|argent|uang|biaya|harga|nilai|anggaran|geld|preis|dinero"
        r"|precio|财务|金额|价格|资金"
    ),
    "date": re.compile(
        r"\bdate|\bwhen\b|schedule|quand|calendrier|tanggal|kapan|jadwal|wann|cuando|fecha|时间|日期|何时"
    ),
}
_KINDS = {"amount": frozenset({"money"}), "date": frozenset({"date", "month"})}
_ABSENT: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "amount": {
        "en": ("How much money is involved.", "How much money is {} worth?"),
        "fr": ("Les montants en jeu.", "Combien d'argent pour {} ?"),
        "id": ("Berapa uang yang terlibat.", "Berapa nilai uang {}?"),
    },
    "date": {
        "en": ("When anything takes effect: no date is given.", "When will {} take effect?"),
        "fr": ("Le calendrier : aucune date n'est donnée.", "Quand {} prendra-t-il effet ?"),
        "id": ("Kapan mulai berlaku: tidak ada tanggal.", "Kapan {} mulai berlaku?"),
    },
}
"""For each thing that a reader expects to find: what the page says when it is missing, and how it is asked for."""


@dataclass(frozen=True, slots=True)
class _Unknown:
    """A part of a sentence that says that something is not known, and what it shares with others."""

    place: int
    span: Span
    score: float
    keys: frozenset[str]
    words: int


def stated(material: Material, kinship: Kinship) -> list[DraftGap]:
    """At most ``MOST_STATED`` things that sources say are not known, the most central first, each once."""
    central = centrality(material, kinship)
    found: list[_Unknown] = []
    for place, remark in enumerate(material.remarks):
        span = _unknown(remark) if is_news(material, place) else None
        if span is not None:
            leans = clauses.standing_alone(span.of(remark.text), remark.language) is None
            score = float(central[place]) + 0.3 * (remark.language == material.language) - 0.5 * leans
            tokens = reading.read(span.of(remark.text), remark.language).tokens
            length = max(len(tokens), _unspaced(span.of(remark.text)) // _UNSPACED_WORD)
            found.append(_Unknown(place, span, score, frozenset(reading.keys_of(tokens)), length))
    found = [each for each in found if each.words >= _LEAST_CONTENT]
    found.sort(key=lambda each: (-each.score, each.place))
    groups: list[list[_Unknown]] = []
    for each in found:
        group = next((one for one in groups if _alike(each, one[0], kinship)), None)
        if group is None:
            groups.append([each])
        else:
            group.append(each)
    told = [group for group in groups if len(group) > 1 or _is_telling(material, group[0])]
    return [_stated(material, group) for group in told[:MOST_STATED]]


def _is_telling(material: Material, unknown: _Unknown) -> bool:
    """Whether a part says what it is that is not known: "no word so far" does not."""
    return clauses.width(unknown.span.of(material.remarks[unknown.place].text)) >= _NARROWEST


def _unspaced(text: str) -> int:
    """How many characters are wide, as those of scripts without spaces are."""
    return clauses.width(text) - len(text)


def _alike(one: _Unknown, other: _Unknown, kinship: Kinship) -> bool:
    """Whether two sentences leave the same thing open: they are alike, or their short parts share a content word."""
    near = bool(kinship.similarity[one.place, other.place] >= _ALIKE)
    short = min(one.words, other.words) <= _SHORT
    return near or kinship.related(one.place, other.place) or (short and bool(one.keys & other.keys))


def _stated(material: Material, group: Sequence[_Unknown]) -> DraftGap:
    remarks = [material.remarks[each.place] for each in group]
    ids = {remark.document: remark.id for remark in reversed(remarks)}
    first = remarks[0].id
    sentences = [first, *(each for each in ids.values() if each != first)]
    return DraftGap(text=group[0].span.of(remarks[0].text), basis="stated", sentences=sentences)


def _unknown(remark: Remark) -> Span | None:
    """The part of a sentence that says that something is not known; None when none does."""
    text, folded = remark.text, fold(remark.text)
    found = markers.find(TABLES["gap"], folded, remark.language)
    if not found or not clauses.is_ended(text) or text.rstrip().endswith("?"):
        return None
    start = 0
    for joined in _JOINED.finditer(folded, 0, found[0].start()):
        if len(words(text[joined.end() :])) >= _LEAST_WORDS:
            start = joined.end()
    clause = clauses.standing_alone(text[start:], remark.language, _WIDEST)
    if clause is not None and found[0].end() <= start + clause.span.end:
        return Span(start + clause.span.start, start + clause.span.end)
    end = len(text.rstrip())
    return Span(start, end) if clauses.width(text[start:end]) <= 2 * _WIDEST else None


def absent(material: Material, known: Sequence[DraftGap], answers: Callable[[str, str], bool]) -> Iterator[DraftGap]:
    """What a reader expects to find and no document has, two things at most, none that a source says is unknown.

    A thing counts as absent only where no sentence has a figure of its kind and the answerer finds no answer either.

    Args:
        material: What was read.
        known: The gaps that sources state.
        answers: Whether the documents answer a question in a language.
    """
    language = material.language if material.language in ("en", "fr", "id") else "en"
    subject = material.topic or _subject(material)
    if not subject:
        return
    kinds = {
        figure.kind for remark in material.remarks for figure in reading.read(remark.text, remark.language).figures
    }
    told = " ".join(fold(gap.text) for gap in known)
    missing = [name for name in _ABSENT if not _KINDS[name] & kinds and not _ABOUT[name].search(told)]
    for name in missing[:MOST_ABSENT]:
        text, question = _ABSENT[name][language]
        if not answers(question.format(subject), language):
            yield DraftGap(text=text, basis="absent")


def _subject(material: Material) -> str:
    """The title of the first document; without one, its first words."""
    titles = [document.source.title for document in material.documents if document.source.title]
    return titles[0] if titles else ""

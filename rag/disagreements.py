"""Where sources differ, sentence by sentence: in figures, ranks, beginnings, negation and firmness."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag import clauses, conflicts, guard, markers, reading, rivals
from rag.answers import DraftPosition
from rag.briefing_drafts import DraftDisagreement
from rag.briefings import DisagreementKind
from rag.clauses import TABLES
from rag.figures import Figure
from rag.kinship import CLOSE, MUCH_SHARED, SHARED, Kinship
from rag.material import Material, Remark
from rag.salience import centrality, is_news
from rag.units import COUNTED
from rag.words import Table

MOST = 4
_WIDEST, _LONG = 150, 230
_MOST_COMPARED = 300
_MOST_SIDES = 4
_TIMES = frozenset({"year", "month", "week", "day", "hour", "minute", "second", "decade", "century"})
_SAME_THING, _SAME_UNKNOWN = 0.68, 0.82
_WORDS, _FIGURE, _UNIT = 0.8, 0.4, 0.15
_COUNTED_THINGS = frozenset(COUNTED.values()) - _TIMES
_CLOSE = 0.45
_RANKS_ALIKE, _RANKS_SHARED = 0.3, 0.15
_LEAST_ALIKE = 0.1
_MOST_COMMON = 0.34
_MOST_ABOUT = 5
_PRINTED = re.compile(r"[^\W_][\w’'-]*")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_SUPERLATIVE = re.compile(
    r"\b(?:most|largest|biggest|highest|leading|rank\w*|position|place|part de marche|market share"
    r"|plus (?:grand|gros)\w*|rang|classement|peringkat|urutan|ter(?:besar|tinggi|banyak)|grosste[rsn]?|mayor|puesto)\b"
    r"|-(?:large|big|high)?\w*est\b"
)


@dataclass(frozen=True, slots=True)
class _Found:
    """Two sentences that differ: how, what about, and how much that matters."""

    one: int
    other: int
    kind: DisagreementKind
    matter: str
    score: float
    slot: str = ""


def disagreements(material: Material, kinship: Kinship) -> list[DraftDisagreement]:
    """At most ``MOST`` matters on which independent origins differ, those that matter most first, each once."""
    central = centrality(material, kinship)
    news = [place for place in range(len(material.remarks)) if is_news(material, place)]
    news = sorted(sorted(news, key=lambda place: -central[place])[:_MOST_COMPARED])
    found = [each for each in _pairs(material, kinship, news) if each is not None]
    found.sort(key=lambda each: (-each.score - float(central[each.one] + central[each.other]), each.one, each.other))
    kept: list[list[_Found]] = []
    for each in found:
        group = next((one for one in kept if _same_matter(each, one[0], kinship)), None)
        if group is None:
            kept.append([each])
        elif each.slot == group[0].slot:
            group.append(each)
    return [_draft(material, kinship, group) for group in kept[:MOST]]


def _same_matter(one: _Found, other: _Found, kinship: Kinship) -> bool:
    if one.matter == other.matter:
        return True
    pairs = itertools.product((one.one, one.other), (other.one, other.other))
    return len({one.one, one.other} & {other.one, other.other}) > 0 or all(kinship.related(a, b) for a, b in pairs)


def _pairs(material: Material, kinship: Kinship, news: Sequence[int]) -> Iterator[_Found | None]:
    remarks = material.remarks
    sides = {place: _Side(remarks[place], place, kinship.names[place]) for place in news}
    for one, other in itertools.combinations(news, 2):
        likeness = float(kinship.similarity[one, other])
        if remarks[one].origin == remarks[other].origin:
            continue
        pair, shared = (sides[one], sides[other]), kinship.shared(one, other)
        yield _beginning(*pair, kinship)
        if likeness < _LEAST_ALIKE:
            continue
        yield _rank(*pair, likeness, shared)
        yield _value(*pair, likeness, shared)
        yield _firmness(*pair, likeness, shared)


class _Side:
    """A sentence as it is compared."""

    def __init__(self, remark: Remark, place: int, names: frozenset[str]) -> None:
        self.remark = remark
        self.names = names
        self.place = place
        self.read = reading.read(remark.text, remark.language)

    def ranks(self) -> list[Figure]:
        return [figure for figure in self.read.figures if figure.kind == "ordinal"]

    def has(self, table: Table) -> bool:
        return bool(markers.find(table, self.read.folded, self.remark.language))

    def years(self) -> set[str]:
        return {
            str(figure.value)[:4] if figure.kind == "date" else f"{figure.value:.0f}"
            for figure in self.read.figures
            if figure.is_year or (figure.kind == "date" and not str(figure.value).startswith("-"))
        }


def _rank(one: _Side, other: _Side, likeness: float, shared: float) -> _Found | None:
    """Another rank of the same one; both may be true where the places differ that they are counted in."""
    first, second = one.ranks(), other.ranks()
    if len(first) != 1 or len(second) != 1 or first[0].value == second[0].value:
        return None
    if (likeness < _RANKS_ALIKE and shared < MUCH_SHARED) or shared < _RANKS_SHARED or not one.names & other.names:
        return None
    if not any(_SUPERLATIVE.search(side.read.folded) for side in (one, other)):
        return None
    same = conflicts.scope(one.remark.text) == conflicts.scope(other.remark.text)
    return _Found(one.place, other.place, "contradiction" if same else "scope", "rank", 2.0 + likeness)


def _value(one: _Side, other: _Side, likeness: float, shared: float) -> _Found | None:
    """Another number, amount or share of the same thing, unless both sentences have that one, too.

    Figures are taken for those of one thing when the sentences are alike, share words or another figure, and the
    values are near each other, as two counts of the same thing mostly are.
    """
    first, second = rivals.counted(one.read.figures), rivals.counted(other.read.figures)
    agreed = bool(rivals.common(first, second))
    best: tuple[float, Figure] | None = None
    for a, b in rivals.rivals(first, second):
        least = _SAME_THING if a.unit is not None or a.kind == "percent" else _SAME_UNKNOWN
        score = (
            likeness + _WORDS * shared + _FIGURE * agreed + rivals.nearness(a, b) + _UNIT * (a.unit in _COUNTED_THINGS)
        )
        if score >= least and (best is None or score > best[0]):
            best = score, a
    if best is None:
        return None
    replaced = any(rivals.replaces(side.read.folded) for side in (one, other))
    matter = f"{best[1].kind} {best[1].unit} {best[1].value}"
    kind: DisagreementKind = "scope" if replaced else "contradiction"
    return _Found(one.place, other.place, kind, matter, 1.0 + best[0], f"{best[1].kind} {best[1].unit}")


def _beginning(one: _Side, other: _Side, kinship: Kinship) -> _Found | None:
    """Something else that happened in the year that one source gives for what it calls the beginning."""
    beginnings = [side.has(TABLES["beginning"]) for side in (one, other)]
    years = one.years() & other.years()
    if not any(beginnings) or not years or not one.names & other.names & kinship.subjects:
        return None
    first, second = one.names - kinship.subjects, other.names - kinship.subjects
    common = len(first & second) / max(1, min(len(first), len(second)))
    if not first or not second or common > _MOST_COMMON or kinship.similarity[one.place, other.place] >= CLOSE:
        return None
    return _Found(one.place, other.place, "scope", f"beginning {min(years)}", 1.5 - common + sum(beginnings))


def _firmness(one: _Side, other: _Side, likeness: float, shared: float) -> _Found | None:
    """What one source only calls possible and another intends or expects, or what one denies."""
    if likeness < _CLOSE or shared < SHARED or len(one.names & other.names) < 2:
        return None
    if any(markers.negations(side.read.folded, side.remark.language) for side in (one, other)):
        return _denial(one, other, likeness, shared)
    hedged = [side.has(markers.POSSIBLE) for side in (one, other)]
    if hedged[0] == hedged[1]:
        return None
    firmer = other if hedged[0] else one
    if not any(firmer.has(table) for table in (markers.INTENDED, markers.CERTAIN_FUTURE)):
        return None
    long = any(clauses.width(side.remark.text) > _LONG for side in (one, other))
    return _Found(one.place, other.place, "emphasis", "firmness", likeness + shared - long)


def _denial(one: _Side, other: _Side, likeness: float, shared: float) -> _Found | None:
    negated = [bool(markers.negations(side.read.folded, side.remark.language)) for side in (one, other)]
    opens = any(side.has(TABLES["beginning"]) for side in (one, other))
    if all(negated) or opens or shared < _CLOSE or likeness < CLOSE:
        return None
    denying, stating = (one.remark, other.remark) if negated[0] else (other.remark, one.remark)
    found = guard.examine(stating.text, [denying.text], stating.language, [denying.language], attributed=True)
    if not any(each.kind == "negation" for each in found):
        return None
    return _Found(one.place, other.place, "contradiction", f"denied {one.place}", 0.5 + likeness)


def _draft(material: Material, kinship: Kinship, group: Sequence[_Found]) -> DraftDisagreement:
    """The disagreement of its first pair, with the further values that others of its pairs give."""
    first = group[0]
    places = list(dict.fromkeys(place for each in group for place in (each.one, each.other)))
    kept = [first.one, first.other]
    for place in places:
        if first.slot and len(kept) < _MOST_SIDES and all(_differs(place, other, group) for other in kept):
            kept.append(place)
    sides = []
    kept.sort(key=lambda place: material.remarks[place].language != material.language)
    for place in kept:
        others = [each for each in kinship.relatives(place) if each not in kept and kinship.bears_out(each, place)]
        shown = _in_language(material, place, others)
        ids = [material.remarks[each].id for each in dict.fromkeys((shown, place, *others))]
        sides.append(DraftPosition(text=_text(material.remarks[shown]), sentences=ids[:3]))
    one, other = material.remarks[kept[0]], material.remarks[kept[1]]
    kind = "contradiction" if any(each.kind == "contradiction" for each in group) else first.kind
    about = _about(one, other, names_only=first.matter.startswith("beginning"))
    return DraftDisagreement(about=about, kind=kind, positions=sides)


def _in_language(material: Material, place: int, others: Sequence[int]) -> int:
    """The sentence of a side that is shown: in the page's language where one of them is and can stand alone."""
    if material.remarks[place].language == material.language:
        return place
    own = (each for each in others if material.remarks[each].language == material.language)
    alone = (each for each in own if clauses.standing_alone(material.remarks[each].text, material.language) is not None)
    return next(alone, place)


def _differs(one: int, other: int, group: Sequence[_Found]) -> bool:
    return any({one, other} == {each.one, each.other} for each in group)


def _text(remark: Remark) -> str:
    clause = clauses.standing_alone(remark.text, remark.language, _WIDEST)
    return clause.text if clause is not None else remark.text


def _about(one: Remark, other: Remark, *, names_only: bool) -> str:
    """The words of one sentence, years included, that the other has too, in their order."""
    first, second = reading.read(one.text, one.language), reading.read(other.text, other.language)
    known = reading.keys_of(second.tokens)
    common = [_PRINTED.match(first.text, token.start) for token in first.tokens if token.keys & known]
    printed = [match[0] for match in common if match and not (names_only and match[0].islower())]
    kept = [word for word in dict.fromkeys(printed) if not any(map(str.isdigit, word)) or _YEAR.fullmatch(word)]
    return " ".join(kept[:_MOST_ABOUT]) or " ".join(one.text.split()[:_MOST_ABOUT])

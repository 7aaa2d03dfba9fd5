"""Who is who: names with what sources say right beside them, in apposition, as a title or after "is"."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag import clauses, markers
from rag.answers import DraftClaim
from rag.briefing_drafts import DraftActor
from rag.documents import Span
from rag.gazetteer import NAMES
from rag.material import Material, Remark
from rag.naming import read as read_names
from rag.numerals import MONTHS
from rag.text import STOP_WORDS, fold
from rag.units import WEEKDAYS
from rag.words import tables

MOST = 6
_WIDEST = 110
_ENOUGH = 5
_PERSON = 4
"""Mentions beyond the fifth do not count; a person counts as much as one more often named by so many."""

_TABLES = tables("persons")
_FUNCTIONS = frozenset(word for listed in STOP_WORDS.values() for word in listed)

_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀ-Ž][\w’'-]*"
_RUN = re.compile(
    rf"(?<![\w@#]){_CAPITAL}(?:[ \u00a0](?:(?:de|da|du|di|van|von|bin|binti|el|la|le|der|&) )?{_CAPITAL}){{0,6}}"
)
_TITLE = re.compile(r"(?:Dr|Mr|Mrs|Ms|Prof|Dra?|Ir|H|Hj|M|Mme|Sir|Dame|Lord|Lady)\.? ")
_OWN = re.compile(r"(?:its|his|her|their|son|sa|ses|leur|sein|seine|ihr|ihre|su) ", re.IGNORECASE)
_IS = re.compile(
    r",? (?:who (?:is|was)|is|was|qui (?:est|était)|est|était|adalah|merupakan|ist|es|era)"
    r" (?=(?:the|an?|one of|le|la|l['’]|une?|salah satu|seorang|sebuah|der|die|das|eine?|el|uno?|una)\b)"
)
_APPOSED = re.compile(r", | \(")
_OF = re.compile(r" (?:of|du|de l['’]|de la|des|de|dari|von der|vom|del) ")
_END = re.compile(
    r"[,;:.!?()\"“”«»\n—]| (?:who|which|that|when|where|after|since|because|but|and (?:is|has|will)|qui|dont|que|quand"
    r"|yang|ketika|karena|saat|setelah|saying|der|wobei|cuando) "
)
_POSSESSIVE = re.compile(r"['’]s$")
_WIDEST_LEAD = 60
_TITLED_HAN = re.compile(
    rf"(?P<role>[^，。；：、“”\s]{{0,14}}(?:{_TABLES['title_zh']['zh']}))(?P<name>[\u4e00-\u9fff]{{2,3}}?)"
    r"(?=表示|说|称|指出|强调|认为|介绍|，)"
)
_NEVER = frozenset({*WEEKDAYS, *MONTHS})


@dataclass(frozen=True, slots=True)
class _Mention:
    """A name in a sentence with a role beside it, best kind first: 0 apposition, 1 title, 2 after "is", 3 "of"."""

    name: str
    role: Span
    place: int
    kind: int


def actors(material: Material) -> list[DraftActor]:
    """At most ``MOST`` names with roles, people before others and the most often named first.

    A role in the page's language is preferred. The authors of the documents are left out.
    """
    authors = {fold(document.source.author or "") for document in material.documents}
    mentions = [each for place, remark in enumerate(material.remarks) for each in _mentions(remark, place)]
    mentions = [each for each in mentions if fold(each.name) not in authors]
    names = _merged([each.name for each in mentions])
    best: dict[str, _Mention] = {}
    for mention in sorted(mentions, key=lambda each: _order(material, each)):
        best.setdefault(names[mention.name], mention)
    counts = {name: min(_count(material, name), _ENOUGH) for name in best}
    ranked = sorted(best, key=lambda name: (-counts[name] - _PERSON * (" " in name), best[name].place))
    return [_actor(material, name, best[name]) for name in ranked][:MOST]


def _order(material: Material, mention: _Mention) -> tuple[bool, int, int]:
    remark = material.remarks[mention.place]
    return remark.language != material.language, mention.kind, mention.place


def _actor(material: Material, name: str, mention: _Mention) -> DraftActor:
    remark = material.remarks[mention.place]
    claim = DraftClaim(text=mention.role.of(remark.text), sentences=[remark.id])
    return DraftActor(name=name, role=claim, also=_also(material, name))


def _also(material: Material, name: str) -> list[str]:
    """Other forms of a name that the gazetteer knows: in other scripts and languages."""
    key = NAMES.get(fold(name))
    if key is None:
        return []
    read = (each for remark in material.remarks for each in read_names(remark.text, remark.language))
    forms = Counter(each.printed for each in read if each.key == key)
    return [form for form, _ in forms.most_common() if fold(form) != fold(name)][:2]


def _count(material: Material, name: str) -> int:
    """In how many sentences a name or its last part is written."""
    last = fold(name.rsplit(maxsplit=1)[-1])
    return sum(last in fold(remark.text) for remark in material.remarks)


def _merged(names: Sequence[str]) -> dict[str, str]:
    """Each name with the fullest name that it is a part of."""
    fullest = sorted(set(names), key=lambda name: (-len(name.split()), -names.count(name), name))
    found: dict[str, str] = {}
    for name in sorted(set(names)):
        words = set(fold(name).split())
        found[name] = next(other for other in fullest if words <= set(fold(other).split()))
    return found


def _mentions(remark: Remark, place: int) -> Iterator[_Mention]:
    """The names of a sentence that have a role beside them; none in a headline."""
    text, language = remark.text, remark.language
    if clauses.is_order(text, language) or not clauses.is_ended(text):
        return
    for titled in _TITLED_HAN.finditer(text):
        yield _Mention(titled["name"], Span(*titled.span("role")), place, 1)
    for run in _RUN.finditer(text):
        name, found = _read(text, Span(*run.span()), language)
        if found is None or clauses.width(found[0].of(text)) > _WIDEST:
            continue
        printed = _POSSESSIVE.sub("", name.of(text))
        if fold(printed) not in _NEVER and len(printed) > 1:
            yield _Mention(printed, found[0], place, found[1])


def _read(text: str, run: Span, language: str | None) -> tuple[Span, tuple[Span, int] | None]:
    """The name in a run of capitals, and its role with the kind of place where that stands."""
    titled = _TITLE.match(run.of(text))
    name = Span(run.start + (titled.end() if titled else 0), run.end)
    inner = list(_found("role", name.of(text), language))
    if inner:
        begin = name.start + inner[-1].end()
        rest = Span(begin + 1, name.end)
        if begin >= name.end or text[begin] not in " \u00a0" or _is_organisation(rest.of(text), language):
            return name, None  # nothing but a title, or that of somebody named elsewhere
        return (rest, (Span(name.start, begin), 1)) if " " in rest.of(text) else (rest, None)
    return name, _beside(text, name, language)


def _beside(text: str, name: Span, language: str | None) -> tuple[Span, int] | None:
    """The role beside a name; that of a person only where the name has two parts."""
    single = " " not in name.of(text)
    tables = ("kind",) if single or _is_organisation(name.of(text), language) else ("role", "kind")
    apposed, is_one, of = _APPOSED.match(text, name.end), _IS.match(text, name.end), _OF.match(text, name.end)
    tried = (
        (_title(text, name.start, tables, language), 1),
        (_phrase(text, apposed.end(), tables, language, near=3) if apposed else None, 0),
        (_before(text, name.start, tables, language), 0),
        (_phrase(text, is_one.end(), tables, language, near=8) if is_one else None, 2),
        (_phrase(text, of.end(), tables, language, near=4) if of and not single else None, 3),
    )
    return next(((span, kind) for span, kind in tried if span is not None), None)


def _title(text: str, start: int, tables: Sequence[str], language: str | None) -> Span | None:
    """The role that stands right before a name: "hydrologist …", "Chinese phone vendor …"."""
    begin = max(0, start - _WIDEST_LEAD)
    lead = text[begin:start]
    ends = [match for match in _any(tables, lead, language) if lead[match.end() :] in (" ", "\u00a0")]
    if not ends:
        return None
    return Span(_leftward(text, begin + ends[-1].start()), begin + ends[-1].end())


def _phrase(text: str, start: int, tables: Sequence[str], language: str | None, *, near: int) -> Span | None:
    """The words from a place up to the end of the phrase, if one of the first few of them is a role."""
    own = _OWN.match(text, start)
    start = own.end() if own else start
    stop = _END.search(text, start)
    phrase = text[start : stop.start() if stop else len(text)]
    said = markers.find(markers.REPORTED, fold(phrase), language)
    phrase = phrase[: said[0].start()].rstrip() if said else phrase.rstrip()
    roles = list(_any(tables, phrase, language))
    if not roles or len(phrase[: roles[0].start()].split()) > near:
        return None
    return Span(start, start + len(phrase))


def _before(text: str, start: int, tables: Sequence[str], language: str | None) -> Span | None:
    """The role that stands before a name, with a comma between: "its transport convener, …"."""
    if text[max(0, start - 2) : start] != ", ":
        return None
    end = start - 2
    begin = max((match.end() for match in _END.finditer(text, 0, end)), default=0)
    phrase = text[begin:end]
    roles = list(_any(tables, phrase, language))
    if not roles:
        return None
    role = roles[0] if len(phrase[: roles[0].start()].split()) <= 3 else roles[-1]
    lead, rest = phrase[: role.start()].split(), phrase[role.end() :].split()
    if len(rest) > 5 or (rest and len(lead) > 3):
        return None
    if markers.find(markers.REPORTED, fold(phrase), language):
        return None
    return Span(_leftward(text, begin + role.start()), end)


def _leftward(text: str, start: int) -> int:
    """Where the noun phrase begins that a role ends: at most three words before it, up to a function word or a mark."""
    for _ in range(3):
        match = re.search(r"(?:^|(?<=[\s(“\"«]))([^\W\d_][\w’'-]*) $", text[max(0, start - 30) : start])
        if match is None or fold(match[1]) in _FUNCTIONS or fold(match[1]).endswith(("ed", "ing", "said")):
            break
        start -= len(match.group())
    return start


def _is_organisation(name: str, language: str | None) -> bool:
    """Whether a name begins with what kind of organisation it is, as a court's or a company's does."""
    return bool(re.match(r"(?:PT|CV|UD|SA|AG)\b", name)) or any(m.start() == 0 for m in _found("kind", name, language))


def _any(names: Sequence[str], text: str, language: str | None) -> Iterator[re.Match[str]]:
    yield from sorted((m for name in names for m in _found(name, text, language)), key=lambda match: match.start())


def _found(name: str, text: str, language: str | None) -> Iterator[re.Match[str]]:
    codes = (language,) if language in _TABLES[name] else ("en", "fr", "id")
    for code in codes:
        yield from _pattern(name, code).finditer(fold(text))


@functools.cache
def _pattern(name: str, code: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_TABLES[name][code]})(?:s|es|nya)?(?!\w)")

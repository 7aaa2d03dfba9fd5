"""Questions that a single sentence answers, drafted by rules in English, French and Indonesian.

The rules see the order of words and no grammar. They pass over what they cannot turn into a question that stands alone;
what they draft is for a person to accept, correct or reject.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rag import anaphora, naming, quantities
from rag.documents import Span
from rag.gazetteer import ROLES
from rag.quantities import Quantity
from rag.text import fold, words
from rag.words import lines

LANGUAGES = ("en", "fr", "id")
SHORTEST, LONGEST = 30, 350
"""How many characters a sentence has that a question is drafted from."""

_MOST_WORDS = 24
_CAPITAL = r"[^\W\d_a-zà-öø-ÿ]"
_NAME = rf"{_CAPITAL}[\w’'-]+(?: (?:(?:de|van|von|bin|binti|al|da|der|du|le|la) )?{_CAPITAL}[\w’'-]+){{1,3}}"
_ROLE_WORD = re.compile(r"[^\W\d_]+")
_END = re.compile(r"[.!?…\s]+$")
_CLAUSE = re.compile(r"[,;:](?!\d)|[—–(]| - ")
_QUOTATION = re.compile(r"[“”«»\"]")
_QUOTED_PART = re.compile(r"[“«\"].*[”»\"]")
_HERE = "\x00"
"""Stands in a statement where what is asked for stood."""
_LINKING = frozenset(
    {"then", "but", "and", "also", "so", "yet", "meanwhile", "puis", "mais", "et", "aussi", "kemudian", "namun", "lalu"}
    | {"tetapi", "tapi", "dan"}
)
_DANGLING = re.compile(
    r"(?:^| )(?:as|early|late|to|from|until|by|since|of|de|d'|a|jusqu'|des|sejak|dari|hingga|sampai)$"
)
_AUXILIARY = frozenset(["will", "would", "has", "have", "had", "was", "were", "is", "are"])
_PAST = dict(line.split() for line in lines("past"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question with where its short answer stands in the sentence.

    Attributes:
        rule: "role", "who-said", "date" or "number".
        kind: Of the gold question.
        question: As drafted.
        answer: Code points of the sentence.
        about: For "role": whose role it is, without the role ("of Acme"); else "".
    """

    rule: str
    kind: str
    question: str
    answer: Span
    about: str = ""


def candidates(sentence: str, language: str | None) -> Iterator[Candidate]:
    """The questions that the rules draft from a sentence, in the sentence's language; none in other languages.

    Each stands alone as far as `anaphora.needs_context` can tell, does not hold its own answer, and has at most 24
    words. White space in a question is single spaces; offsets are those of the sentence as given.
    """
    if language not in LANGUAGES or not SHORTEST <= len(sentence) <= LONGEST or not _END.search(sentence[-1:]):
        return
    found = set()
    for rule in (_roles, _quoted, _reported, _dates, _numbers):
        for candidate in rule(sentence, language):
            if candidate.question not in found and stands_alone(candidate.question, language, candidate.rule):
                found.add(candidate.question)
                if not holds(candidate.question, candidate.answer.of(sentence)):
                    yield candidate


def stands_alone(question: str, language: str | None, rule: str = "") -> bool:
    """Whether a question can be understood without anything before it, and is not too long.

    In the languages of the rules it must name something; in others nobody but a person can tell. Inside the quotation
    of a "who-said" question nothing points out of the question.
    """
    if len(words(question)) > _MOST_WORDS:
        return False
    outside = _QUOTED_PART.sub("", question) if rule == "who-said" else question
    if outside != question or language not in LANGUAGES:
        return True
    named = naming.read(question, language) or re.search(r"\d", question)
    return bool(named) and not anaphora.needs_context(anaphora.read(question, language))


def holds(question: str, answer: str) -> bool:
    """Whether the question gives its answer away."""
    return fold(answer).strip() in fold(question)


def _roles(sentence: str, language: str) -> Iterator[Candidate]:
    for pattern in _ROLE_PATTERNS[language]:
        for match in pattern.finditer(sentence):
            role = _small(_MENURUT.sub("", _plain(match["role"])), language)
            first = [fold(word) for word in _ROLE_WORD.findall(role)][:4]
            named = naming.read(role, language)
            if not (ROLES.intersection(first) and named) or ROLES.intersection(map(fold, match["name"].split())):
                continue
            asked = {"en": f"Who is {role}?", "fr": f"Qui est {role} ?", "id": f"Siapa {role}?"}[language]
            about = role[named[0].start :] if named[0].start else ""
            yield Candidate("role", "fact", asked, Span(*match.span("name")), about)


_MENURUT = re.compile(r"^(?:Menurut|Kepada) ")
_ROLE_PATTERNS = {
    "en": (
        re.compile(rf"(?P<name>{_NAME}), (?P<role>(?:the )?(?![A-Z])[^,;:.]{{4,80}}?),"),
        re.compile(rf"(?P<role>[Tt]he (?![A-Z])[^,;:.]{{3,60}} (?:of|at|for) [^,;:.]{{2,50}}), (?P<name>{_NAME})(?=,)"),
    ),
    "fr": (
        re.compile(rf"(?P<name>{_NAME}), (?P<role>(?:(?:le|la) |l[’'])?(?![A-Z])[^,;:.]{{4,80}}?),"),
        re.compile(
            rf"(?P<role>(?:[Ll]e |[Ll]a |[Ll][’'])(?![A-Z])[^,;:.]{{3,60}} (?:de |du |des |d[’'])[^,;:.]{{2,50}}), "
            rf"(?P<name>{_NAME})(?=,)"
        ),
    ),
    "id": (
        re.compile(rf"(?P<name>{_NAME}), (?P<role>[^,;:.]{{4,80}}?),"),
        re.compile(rf"(?:^|, |(?:kepada|oleh|dengan) )(?P<role>[A-Za-z][^,;:.]{{4,80}}), (?P<name>{_NAME})(?=,)"),
    ),
}

_SAYS = {
    "en": r"(?:said|says|told [^,.“\"]{2,30}|wrote|added|warned|argued|explained|announced)",
    "fr": r"(?:a (?:déclaré|dit|expliqué|affirmé|indiqué|précisé|ajouté|annoncé|assuré|estimé)"
    r"|déclare|explique|affirme|indique|précise|assure|estime|annonce)",
    "id": r"(?:kata|ujar|tutur|ucap|jelas|ungkap|tegas)",
}
_QUOTE = r"[“\"](?P<quote>[^“”\"]{25,160}?)[,.]?[”\"]"
_GUILLEMETS = r"«\s?(?P<quote>[^«»]{25,160}?)[,.]?\s?»"
_WHO = rf"(?P<name>{_NAME})"
_ASIDE = r"(?:, (?P<aside>[^,“«\"]{2,60}),)?"
_QUOTED = {
    "en": (
        re.compile(rf"{_QUOTE},? {_SAYS['en']} {_WHO}"),
        re.compile(rf"{_QUOTE},? {_WHO} {_SAYS['en']}\b"),
        re.compile(rf"^{_WHO}{_ASIDE} {_SAYS['en']}[,:]? {_QUOTE}"),
    ),
    "fr": (
        re.compile(rf"{_GUILLEMETS},? (?:{_SAYS['fr']}|selon) {_WHO}"),
        re.compile(rf"^{_WHO}{_ASIDE} {_SAYS['fr']} ?[,:] {_GUILLEMETS}"),
    ),
    "id": (
        re.compile(rf"{_QUOTE},? {_SAYS['id']} {_WHO}"),
        re.compile(rf"^{_WHO}{_ASIDE} (?:mengatakan|menyatakan|menulis)[,:]? {_QUOTE}"),
    ),
}


def _quoted(sentence: str, language: str) -> Iterator[Candidate]:
    for pattern in _QUOTED[language]:
        for match in pattern.finditer(sentence):
            quote = _plain(match["quote"])
            asked = {
                "en": f"Who said: “{quote}”?",
                "fr": f"Qui a dit : « {quote} » ?",
                "id": f"Siapa yang mengatakan: “{quote}”?",
            }
            yield Candidate("who-said", "who-said", asked[language], Span(*match.span("name")))


_REPORTED = {
    "en": re.compile(
        rf"^{_WHO}{_ASIDE} (?P<verb>said|says|believes|warned|announced) (?:that )?(?P<said>[^“\"]{{20,}})$"
    ),
    "fr": re.compile(rf"^{_WHO}{_ASIDE} (?P<verb>{_SAYS['fr']}) (?P<said>qu(?:e |[’'])[^«]{{20,}})$"),
    "id": re.compile(
        rf"^{_WHO}{_ASIDE} (?P<verb>mengatakan|menyatakan|menyebut|membantah|memperkirakan|menilai) "
        r"(?P<said>(?:bahwa )?[^“\"]{20,})$"
    ),
}


def _reported(sentence: str, language: str) -> Iterator[Candidate]:
    match = _REPORTED[language].match(_END.sub("", sentence))
    if match is None or re.fullmatch(_NAME, match["aside"] or ""):
        return  # "The chair of the club, Ann Lee, said": what looked like a name is a role
    verb, said = match["verb"], _plain(match["said"])
    asked = {
        "en": f"Who {verb} that {said}?",
        "fr": f"Qui {verb} {said} ?",
        "id": f"Siapa yang {verb} {said}?",
    }
    yield Candidate("who-said", "who-said", asked[language], Span(*match.span("name")))


@dataclass(frozen=True, slots=True)
class _Statement:
    """A sentence cut at its finite verb, of which a part is asked for and left out.

    Attributes:
        subject: What precedes the verb.
        verb: As printed; with its auxiliary in French and Indonesian.
        rest: What follows, up to the end of the clause.
    """

    subject: str
    verb: str
    rest: str


_DATE_LEAD = {
    "en": r"(?:(?:on|in|since|by|until|from|before|after)\s+)?(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+)?",
    "fr": r"(?:(?:le|en|depuis|d[eè]s|avant|apr[eè]s|au)\s+)?(?:(?:lun|mar|mercre|jeu|vendre|same)di\s+|dimanche\s+)?",
    "id": r"(?:(?:pada|sejak|hingga|sebelum|setelah|mulai)\s+)?(?:tahun\s+|tanggal\s+|bulan\s+)?"
    r"(?:(?:senin|selasa|rabu|kamis|jumat|sabtu|minggu),?\s+)?\(?",
}
_OPENING = re.compile(r"^[\s,()]+|[\s,()]+$")
_VERBS = {
    "en": re.compile(rf"\b(?P<verb>was|were|will|has|have|had|is|are|{'|'.join(_PAST)}|[a-z]{{3,}}ed)\b"),
    "fr": re.compile(
        r"\b(?P<verb>(?:a|ont|est|sont|était|étaient|avait|avaient|sera|seront|aura|auront|va|vont|fut|furent|doit)"
        r"|[a-zà-ÿ]{3,}(?:era|eront))\b"
    ),
    "id": re.compile(
        r"\b(?P<verb>(?:(?:akan|telah|sudah|mulai|resmi) )*"
        r"(?:me(?:m|n|ng|ny|l|r)[a-z]{3,}|ber[a-z]{3,}|di[a-z]{4,}|ter[a-z]{4,}))\b"
    ),
}


def _dates(sentence: str, language: str) -> Iterator[Candidate]:
    found = [each for each in quantities.find(sentence, language) if each.kind in {"date", "year"}]
    if len(found) != 1:
        return
    lead = re.search(_DATE_LEAD[language] + "$", sentence[: found[0].span.start], re.IGNORECASE)
    start = lead.start() if lead else found[0].span.start
    before, after = sentence[:start], sentence[found[0].span.end :]
    if before.strip():
        statement = _read(f"{before}{_HERE}{after.removeprefix(')')}", language)
        if statement is None or _HERE not in statement.rest:
            return  # the date is of something else than the statement
        statement = _Statement(statement.subject, statement.verb, _plain(statement.rest.replace(_HERE, " ")))
    else:
        statement = _read(_OPENING.sub("", after), language)
    if statement is not None and (asked := _ask("when", statement, language)):
        yield Candidate("date", "date", asked, found[0].span)


def _numbers(sentence: str, language: str) -> Iterator[Candidate]:
    for quantity in quantities.find(sentence, language):
        if quantity.kind in {"number", "money"}:
            yield from _number(sentence, language, quantity)


_BEFORE_NUMBER = re.compile(
    r"(?:(?:about|around|some|nearly|almost|over|more than|up to|environ|près de|plus de|quelque|sekitar|hampir"
    r"|lebih dari|sebanyak|hingga) )?\s*$",
    re.IGNORECASE,
)
_UNIT = re.compile(r"\s*(?:(?:de |d[’']|orang |buah |unit )?(?P<unit>[^\W\d_][\w’'-]+))")


def _number(sentence: str, language: str, quantity: Quantity) -> Iterator[Candidate]:
    """A question for a number right after the verb, or for one that begins the sentence."""
    before, after, unit = _BEFORE_NUMBER.sub("", sentence[: quantity.span.start]), sentence[quantity.span.end :], ""
    if quantity.kind == "number":
        if (named := _UNIT.match(after)) is None:
            return
        unit, after = named["unit"], after[named.end() :]
    if not before.strip() and unit:
        lead = {"en": f"How many {unit}", "fr": _combien(unit), "id": f"Berapa {unit} yang"}[language]
        if _VERBS[language].match(after.strip()) and not _QUOTATION.search(after):
            yield Candidate("number", "number", f"{lead} {_clause(after)}{_MARK[language]}", quantity.span)
        return
    statement = _read(before.rstrip() + " ", language)
    if statement is None or (statement.rest and (len(statement.rest.split()) > 1 or statement.verb in _PAST)):
        return
    rest = _plain(f"{statement.rest} {_clause(after)}")
    if not statement.rest and statement.verb in _AUXILIARY:
        return  # "was 40 metres long" asks for more than a number
    asked = _ask("many" if unit else "much", _Statement(statement.subject, statement.verb, rest), language, unit)
    if asked:
        yield Candidate("number", "number", asked, quantity.span)


_MARK = {"en": "?", "fr": " ?", "id": "?"}


def _read(text: str, language: str) -> _Statement | None:
    """The statement at the beginning of a text; None when its subject is not a short phrase with a name."""
    match = _VERBS[language].search(text)
    if match is None:
        return None
    subject, rest = _plain(text[: match.start()]), _clause(text[match.end() :])
    if not 1 <= len(words(subject)) <= 9 or _CLAUSE.search(subject) or _QUOTATION.search(subject + rest):
        return None
    if _HERE in subject or fold(subject.split()[0]) in _LINKING or not naming.read(subject, language):
        return None
    return _Statement(subject, match["verb"], rest)


def _clause(text: str) -> str:
    return _plain(_END.sub("", _CLAUSE.split(text, maxsplit=1)[0]))


def _plain(text: str) -> str:
    return " ".join(text.split())


def _ask(what: str, statement: _Statement, language: str, unit: str = "") -> str | None:
    """The question for what was left out of a statement; None when the rules have no form for it."""
    if _DANGLING.search(fold(statement.rest)) or re.match(r"(?:\w+ )?(?:and|or|et|ou|dan|atau) ", statement.rest):
        return None
    asking: Callable[[str, _Statement, str], str] = {"en": _ask_en, "fr": _ask_fr, "id": _ask_id}[language]
    return _plain(asking(what, statement, unit)).removesuffix("?").rstrip() + _MARK[language]


def _ask_en(what: str, statement: _Statement, unit: str) -> str:
    lead = {"when": "When", "many": f"How many {unit}", "much": "How much"}[what]
    subject, verb = _small(statement.subject, "en"), statement.verb
    if verb in _AUXILIARY:
        return f"{lead} {verb} {subject} {statement.rest}?"
    return f"{lead} did {subject} {_PAST.get(verb) or _base(verb)} {statement.rest}?"


_SILENT_E = re.compile(
    r"(?:[^aeiou][aeiou](?:[sczv]|[^aeiou]l)|[^aeiou][aiou][tdkmgr]|u|[rnl][cgsv]|iz|[aeiou]{2}[sv]|[bcdfgkpt]l|dg|ag)$"
)
_NO_E = re.compile(r"(?:er|en|on|it|or|al|el|ow|ish|pect|and|ain|eat|est|oun[dt])$")


def _base(verb: str) -> str:
    """The infinitive of a regular past tense: opened, signed, stopped, carried, closed."""
    stem = verb[:-2]
    if stem.endswith("i"):
        return stem[:-1] + "y"
    if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "lsz":
        return stem[:-1]
    silent, keeps = _SILENT_E.search(stem), _NO_E.search(stem)
    return stem + "e" if silent and not keeps else stem


def _ask_fr(what: str, statement: _Statement, unit: str) -> str:
    subject = _small(statement.subject, "fr")
    asking = "est-ce qu’" if fold(subject[:1]) in "aeiouyh" and subject[:1].islower() else "est-ce que "
    lead = {"when": "Quand", "many": _combien(unit), "much": "Combien"}[what]
    return f"{lead} {asking}{subject} {statement.verb} {statement.rest} ?"


def _combien(unit: str) -> str:
    return f"Combien d’{unit}" if fold(unit[:1]) in "aeiou" else f"Combien de {unit}"


def _ask_id(what: str, statement: _Statement, unit: str) -> str:
    subject, verb, rest = statement.subject, statement.verb, statement.rest
    if what == "when":
        return f"Kapan {_small(subject, 'id')} {verb} {rest}?"
    return f"{subject} {verb} berapa {unit} {rest}?"


def _small(subject: str, language: str) -> str:
    """The phrase as it is written inside a sentence: without a capital unless it begins with a name."""
    first = re.split(r"[\s’']", subject, maxsplit=1)[0]
    if fold(first) in _ARTICLES:
        return subject[:1].lower() + subject[1:]
    second = subject[len(first) :].strip()[:1]
    named = second.isupper() or language == "id" or any(name.start == 0 for name in naming.read(subject, language))
    return subject if named or first.isupper() else subject[:1].lower() + subject[1:]


_ARTICLES = frozenset(["the", "a", "an", "le", "la", "les", "l", "un", "une", "des"])

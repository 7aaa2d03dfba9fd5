"""Whether a question points outside of itself: by a pronoun, a demonstrative or by what it leaves out.

The tables of ``rag.pointing`` are wrong at times; when they can't tell, the question is said to need the one before.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from rag.documents import Span
from rag.pointing import ASKED_FOR, FUNCTION_WORDS, INVERTED, RULES, Rules
from rag.text import fold, words

ENDS = " \t\r\n\u00a0\u202f?？؟!！.。…,;:"
"""What may stand after the last word of a question."""

_FEW = 2  # content words; a question with more says what it is about, even without a name
_FEW_ELSEWHERE = 3  # words, in a language without tables
_FEW_CHARACTERS = 8  # in scripts without spaces
_OTHER_SCRIPTS = re.compile(r"(?![\u1e00-\u2fff])[^\W\d_\x00-\u024f]")
_OPENING_QUOTES = " \u00a0¿\"'“«"
_JOINED = ("and", "or", "et", "ou", "dan", "atau")


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as the tables see it.

    Attributes:
        text: As asked.
        language: "en", "fr", "id", or None when no table fits.
        lead: The opening that only continues ("and what about"), as asked; "" without.
        rest: What follows, without the punctuation at the end.
        is_clause: Whether the rest asks or states something, rather than naming a part of it.
        names: Where its names stand in the text.
        content: The rest's words that are neither function nor asking words, in order.
    """

    text: str
    language: str | None
    lead: str
    rest: str
    is_clause: bool
    names: tuple[Span, ...]
    content: tuple[str, ...]


def read(question: str, language: str | None, known: Collection[str] = ()) -> Reading:
    """The question as the tables see it.

    Args:
        question: As asked.
        language: That of the question before, ISO 639-1; it decides when the words don't.
        known: Names from the history, folded; they count as names however they are written.
    """
    code = language_of(question, language)
    lead = _lead(question, code)
    tail = question[len(lead) :]
    kept = tuple(span.of(tail) for span in content(tail, code))
    rest = tail.strip(ENDS)
    return Reading(question, code, lead, rest, _is_clause(rest, code), tuple(_names(question, code, known)), kept)


def content(text: str, code: str | None) -> list[Span]:
    """The words of a text that are neither function nor asking words; all words in a language without tables."""
    ignored = FUNCTION_WORDS.get(code or "", frozenset())
    shouted = text.isupper()
    return [span for span in words(text) if _is_acronym(span.of(text), shouted) or fold(span.of(text)) not in ignored]


def _is_acronym(word: str, shouted: bool) -> bool:
    """Whether capitals tell "AI" and "US" from "ai" and "us"."""
    return len(word) > 1 and word.isupper() and not shouted


def language_of(text: str, otherwise: str | None) -> str | None:
    """The language of the tables that has most function words of the text; otherwise the one given, where it may be.

    >>> language_of("et les laptops ?", "en"), language_of("Huawei?", "id"), language_of("und die Uhren?", "de")
    ('fr', 'id', None)
    """
    found = [fold(span.of(text)) for span in words(text)]
    counts = {code: sum(word in listed for word in found) for code, listed in FUNCTION_WORDS.items()}
    best = max(counts.values())
    if best == 0 and _OTHER_SCRIPTS.search(text):
        return None
    if best == 0 or counts.get(otherwise or "") == best:
        return otherwise if otherwise in RULES else None
    if otherwise not in RULES and 2 * best < len(found):
        return None
    return next(code for code, count in counts.items() if count == best)


def needs_context(reading: Reading) -> bool:
    """Whether the question can't be understood, or may not be, without the one before."""
    rules = RULES.get(reading.language or "")
    if rules is None:
        return _is_short(reading.rest)
    folded, few = fold(reading.text), len(reading.content) <= _FEW
    if rules.strong.match(folded):
        return True
    if not reading.is_clause:
        return bool(reading.lead) or few
    if _points_back(reading, rules) or (len(reading.content) <= 1 and not rules.copula.search(folded)):
        return True
    return few and not reading.names and not rules.defining.match(fold(reading.rest))


def _is_short(text: str) -> bool:
    found = words(text)
    return len(found) <= _FEW_ELSEWHERE and (len(found) > 1 or len(text) <= _FEW_CHARACTERS or text.isascii())


def _lead(question: str, code: str | None) -> str:
    rules = RULES.get(code or "")
    if rules is None:
        return ""
    folded = fold(question)
    start = len(folded) - len(folded.lstrip(_OPENING_QUOTES))
    match = rules.strong.match(folded, start) or rules.weak.match(folded, start)
    if match is None or not folded[match.end() :].strip(ENDS):
        return ""
    # French "où" asks, "ou" continues; they fold to the same.
    return "" if question[start : match.end()].lower() == "où" else question[: match.end()]


def _is_clause(rest: str, code: str | None) -> bool:
    rules = RULES.get(code or "")
    if rules is None:
        return True
    folded = fold(rest)
    asks_where = code == "fr" and (re.search(r"\boù\b", rest.lower()) or re.match(r"ou (?!les?\b|la\b|l')", folded))
    return bool(rules.asking.search(folded) or rules.finite.search(folded) or asks_where)


def _names(text: str, code: str | None, known: Collection[str]) -> Iterator[Span]:
    """Words with a capital, the first only with a further one or a possessive; and what is known to be a name."""
    telling, shouted = set(content(text, code)), text.isupper()
    for place, span in enumerate(words(text)):
        word = span.of(text)
        letters = word[1:] if place == 0 and text[span.end : span.end + 2] not in ("'s", "’s") else word
        if fold(word) in known or (span in telling and not shouted and any(map(str.isupper, letters))):
            yield span


def _points_back(reading: Reading, rules: Rules) -> bool:
    text = _without_lookalikes(reading, rules)
    if any(not _is_marked_name(reading, match.start()) for match in rules.pointing.finditer(text)):
        return True
    if reading.language == "fr" and (
        re.search(r"\blà\b(?!-)", reading.text.lower()) or _doubles_nothing(reading, text)
    ):
        return True
    if any(not _is_owned(reading, rules, text, match.start()) for match in rules.possessive.finditer(text)):
        return True
    return any(not _is_bound(reading, rules, text, match.start()) for match in rules.pronoun.finditer(text))


def _without_lookalikes(reading: Reading, rules: Rules) -> str:
    """The folded text, of the same length, with harmless turns and acronyms blanked: "IT" and "CA" are no pronouns."""
    text = rules.harmless.sub(lambda match: " " * len(match[0]), fold(reading.text))
    for span in words(reading.text):
        if _is_acronym(word := span.of(reading.text), reading.text.isupper()):
            text = f"{text[: span.start]}{'x' * len(word)}{text[span.end :]}"
    return text


def _is_marked_name(reading: Reading, place: int) -> bool:
    """Whether an Indonesian "itu" follows a name directly, which it then only marks."""
    return reading.language == "id" and any(name.end == place - 1 for name in reading.names)


def _doubles_nothing(reading: Reading, text: str) -> bool:
    """Whether a French "a-t-il" has no subject before it ("Quand a-t-il …", not "Quand l'accord a-t-il …")."""
    first = words(reading.text)[0]
    word = first.of(reading.text)
    opens = word[0].isupper() and fold(word) not in FUNCTION_WORDS["fr"]
    for match in INVERTED.finditer(text):
        before = ASKED_FOR.sub(" ", text[: match.start()])
        has_subject = (opens and first.end <= match.start()) or RULES["fr"].phrase.search(before)
        if not has_subject and not any(name.end <= match.start() for name in reading.names):
            return True
    return False


def _is_owned(reading: Reading, rules: Rules, text: str, place: int) -> bool:
    """Whether a name or noun phrase of the question may be the owner; in Indonesian a name on either side."""
    if any(name.end <= place or reading.language == "id" for name in reading.names):
        return True
    return rules.phrase.search(ASKED_FOR.sub(" ", text[:place])) is not None


def _is_bound(reading: Reading, rules: Rules, text: str, place: int) -> bool:
    """Whether a name or noun phrase stands in an earlier clause of the question."""
    for match in rules.boundary.finditer(text):
        if match.start() >= place:
            return False
        if match[0] in _JOINED and _stands_between_names(reading, match.start(), match.end()):
            continue  # "Microsoft and Xiaomi" is one phrase
        if any(name.end <= match.start() for name in reading.names) or rules.phrase.search(text[: match.start()]):
            return True
    return False


def _stands_between_names(reading: Reading, start: int, end: int) -> bool:
    return any(name.end == start - 1 for name in reading.names) and any(name.start == end + 1 for name in reading.names)

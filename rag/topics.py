"""What the previous question was about: its topic words, and the name that a pronoun may mean."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection

from rag import anaphora, questions
from rag.anaphora import Reading
from rag.documents import Span
from rag.history import Turn
from rag.numerals import MONTHS
from rag.pointing import AUXILIARY
from rag.text import STOP_WORDS, fold, words

_MOST_WORDS = 6  # more make the follow-up's own words weigh too little
_NAME_WORDS = 4
_LONGEST_ACRONYM = 6  # longer words in capitals are shouted
_NO_NAMES = (
    frozenset(itertools.chain.from_iterable(STOP_WORDS.values()))
    | MONTHS.keys()
    | {"selon", "menurut", "according", "dr", "mr", "mrs", "ms", "mme", "monsieur", "madame", "bapak", "pak", "ibu"}
)
_LAST_VERBS = (
    "find|found|make|made|buy|bought|sell|sold|get|got|give|gave|take|took|say|said|tell|told|pay|paid|build|built|begin"
    "|began|start|started|stop|stopped|sign|work|go|went|come|came|do|did|win|won|lose|lost|run|ran|rise|rose|fall|fell"
    "|cost|create|happen|replace|announce|develop|want|need|use|carry|travel|join|leave|left|die|died|erupt|open|close|end"
)
# What a question says of its topic, as far as the order of words tells: verbs, and "effective" in "how effective was".
_PREDICATES = {
    "en": re.compile(
        rf"\bhow (?P<a>\w+)(?= (?:{AUXILIARY})\b)|^(?:who|what) (?P<b>(?!(?:{AUXILIARY})\b)\w+)"
        rf"|\b(?:is|are|was|were|been?|being)\b.* (?P<c>\w+ed)(?=\W*$| (?:in|on|at|by|for|to|from|with)\b)"
        rf"|\b(?P<d>{_LAST_VERBS})\W*$"
    ),
    "fr": re.compile(
        r"\b(?:a|ont|avait|avaient|est|sont|va|vont|sera|seront)-(?:t-)?(?:il|elle|on|ils|elles) (?:ete )?(?P<a>\w+)"
        r"|\bqui (?P<b>\w+)|\b(?:que|qu'|quoi) ?(?:ont |a )?(?P<c>\w+)|\b(?P<d>\w+)-(?:t-)?(?:il|elle|ils|elles)\b"
    ),
    "id": re.compile(
        r"\b(?P<a>(?!menteri|merek|merah|meter|media|mesin|metode|menu)me(?:m|n|ng|ny|l|r|w)[a-z]{3,})\b"
        r"|\b(?P<b>(?!diskon|direk|digital|disk|dinas|diri)di[a-z]{4,})\b"
    ),
}
_ATTRIBUTIVE = re.compile(
    r"\b(?:the|an?) (?:\w+ ){0,2}$"
)  # a name after it is part of a longer phrase: "the Ohio plant"
# Pronouns, by what the previous question must have asked for: they may mean the answer to it.
_ANSWERED_BY = {
    "person": re.compile(
        r"\b(?:he|she|they|him|her|them|his|hers|their|il|elle|ils|elles|lui|eux|son|sa|ses|leurs?|dia|ia|beliau"
        r"|mereka)\b"
    ),
    "company": re.compile(
        r"\b(?:it|its|they|them|their|il|elle|ils|elles|son|sa|ses|leurs?|mereka|\w+nya|itu|tersebut)\b"
    ),
    "place": re.compile(r"\b(?:there|it|its|y|son|sa|ses|sana|situ|\w+nya|itu)\b|\bla-bas\b"),
}
_OF_PEOPLE = re.compile(r"\b(?:he|she|him|his|her|hers|dia|beliau)\b")
_WHO = re.compile(r"\b(?:who|whom|qui|siapa(?:kah)?)\b")


def known_names(previous: Turn) -> Collection[str]:
    """The names of the history, folded."""
    named = questions.read(previous.searched, previous.language).names
    quoted = itertools.chain.from_iterable(run for quotation in previous.quotations for run in name_runs(quotation))
    return {fold(word) for word in (*named, *quoted)} - _NO_NAMES


def name_runs(text: str) -> list[tuple[str, ...]]:
    """Words in a row that are written as names, at most four; a lone one at the start of the text proves nothing."""
    found = words(text)
    runs: list[list[Span]] = []
    for place, span in enumerate(found):
        word = span.of(text)
        if not word[0].isupper() or fold(word) in _NO_NAMES or (word.isupper() and len(word) > _LONGEST_ACRONYM):
            continue
        if runs and found[place - 1] == runs[-1][-1] and text[found[place - 1].end : span.start] in (" ", "-"):
            runs[-1].append(span)
        else:
            runs.append([span])
    opening = found[0] if found else None
    kept = [run for run in runs if len(run) <= _NAME_WORDS and not (len(run) == 1 and run[0] == opening)]
    return [tuple(span.of(text) for span in run) for run in kept]


def topic_words(previous: Turn, *, with_verbs: bool) -> list[str]:
    """The content words of the previous question, those that belong together ("MVX-2") as one.

    When that was a follow-up with a topic appended, the topic is still the same: what the follow-up asked of it is left
    out, except for names.

    Args:
        previous: The question and its answer.
        with_verbs: Whether to keep what the question says of the topic, for a follow-up that says nothing itself.
    """
    text = previous.searched
    typed = appended_at(previous)
    code = anaphora.language_of(text, previous.language)
    names = questions.read(text, code).names
    content = [span for span in anaphora.content(text, code) if span.start >= typed or span.of(text) in names]
    if not with_verbs:
        verbs = _predicates(text, code)
        content = [span for span in content if span.start not in verbs or span.start >= typed > 0] or content
    topic: list[Span] = []
    for span in content:
        if topic and text[topic[-1].end : span.start] in ("-", ".", "/", "&"):
            topic[-1] = Span(topic[-1].start, span.end)
        else:
            topic.append(span)
    return [span.of(text) for span in topic]


def appended_at(previous: Turn) -> int:
    """Where the topic begins that was appended to the previous question as it was typed; 0 when none was."""
    appended = previous.searched.startswith(previous.question) and previous.searched != previous.question
    return len(previous.question) if appended else 0


def _predicates(text: str, code: str | None) -> set[int]:
    """Where the words start that say something of the topic rather than what it is."""
    if code not in _PREDICATES:
        return set()
    found = {match.start(match.lastgroup or 0) for match in _PREDICATES[code].finditer(fold(text))}
    if code == "en" and re.search(r"\b(?:do|does|did|will|would|can|could)\b", fold(text)):
        spans = words(text)
        names = questions.read(text, code).names
        found |= {
            after.start
            for before, after in itertools.pairwise(spans)
            if before.of(text) in names
            and after.of(text) not in names
            and not _ATTRIBUTIVE.search(fold(text[: before.start]))
        }
    return found


def most_telling(topic: list[str], previous: Turn) -> list[str]:
    """At most six of the words, in their order: names before others.

    Args:
        topic: Words of the topic.
        previous: Whose names count.
    """
    known = known_names(previous)
    ranked = sorted(range(len(topic)), key=lambda place: (fold(topic[place]) not in known, place))
    return [topic[place] for place in sorted(ranked[:_MOST_WORDS])]


def names_meant(reading: Reading, previous: Turn) -> list[str]:
    """The words of the name in the previous answer that a pronoun may mean; a full name before one word.

    Empty when the follow-up has no such pronoun, or the previous question itself has the name.
    """
    folded, asked = fold(reading.text), questions.read(previous.searched, previous.language)
    of_company = asked.kind == "person" and not _WHO.search(fold(previous.searched))
    pronouns = _ANSWERED_BY.get("company" if of_company else asked.kind, _OF_PEOPLE)
    of_people = _OF_PEOPLE.search(folded) is not None
    if not of_people and not pronouns.search(folded):
        return []
    if of_people and any(len(run) > 1 for run in name_runs(f"- {previous.searched}")):
        return []
    known = {fold(span.of(previous.searched)) for span in words(previous.searched)}
    runs = [run for text in previous.quotations for run in name_runs(text) if not known.intersection(map(fold, run))]
    whole = [run for run in runs if len(run) > 1] or runs
    return list(whole[0]) if whole else []

"""Sources that give different values for what was asked."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag import quantities, reading, rivals
from rag.answers import ConflictKind, DraftConflict, DraftPosition
from rag.documents import Span
from rag.guard import Similarity
from rag.quantities import Quantity, QuantityKind
from rag.questions import Kind, Question
from rag.text import STOP_WORDS, fold, stems

_ASKED: dict[Kind, frozenset[QuantityKind]] = {
    "number": frozenset({"number", "percent", "ordinal"}),
    "money": frozenset({"money"}),
    "time": frozenset({"date", "year"}),
}
_RANK_ASKED = re.compile(
    r"\b(?:rank\w*|largest|biggest|place|position|rang|place|classement|plus grand\w*|peringkat|urutan|terbesar)\b"
)
_SCOPE = re.compile(
    r"\b(?:in|dans|en|au|aux|di|of)\s+(?:the |le |la |les |l')?(?P<place>world|monde|dunia|globe|[^\W\d_]+)",
    re.IGNORECASE,
)
_WORLD = frozenset({"world", "worldwide", "globally", "monde", "mondial", "mondiale", "dunia"})

MIN_COVERAGE = 0.6
MIN_RANK_COVERAGE = 0.1
"""The share of the question that a statement must cover, for values and for ranks."""

MIN_COMMON = 0.3
"""The share of content words that two sentences of one language must have in common to be about the same thing."""

MIN_RIVALRY = 0.9
"""How alike two sentences must be, 0 to 1, for another figure to be one for the same thing, with something added for a
figure that both have and for values near each other. Chosen on evals/gold "dev"."""

_COMMON_FIGURE = 0.3
_COUNTING: frozenset[Kind] = frozenset({"number", "money"})
_NOT_COUNTING: frozenset[Kind] = frozenset({"person", "place", "reason", "polar"})
_FIRST = 3


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that bears on the question.

    Attributes:
        id: "P.S", as in a draft.
        text: The exact sentence.
        language: Of the sentence.
        origin: Of its document.
        coverage: The share of the question it covers, 0 to 1.
        answer: Where in the text the reader sees the answer, code points; None when it does not say.
    """

    id: str
    text: str
    language: str | None
    origin: int
    coverage: float
    answer: Span | None = None


def find(
    question: Question, statements: Sequence[Statement], similarity: Similarity | None = None
) -> list[DraftConflict]:
    """At most one conflict: values of the kind that was asked for, from different origins, that differ.

    Of sentences that cover the question well those count that have exactly one value of that kind, so that a sentence
    with two dates contradicts nobody. Ranks in different places, or one of them in a place that the other does not
    name, are a matter of scope. Failing that, and in any two languages, another number, share or amount than the one
    that the reader takes for the answer contradicts it, in a sentence much like it.

    Args:
        question: What was asked; most questions ask for no value, and then there is no conflict.
        statements: Best first.
        similarity: The cosine of a text and the nearest of some others, in any languages; None when nobody can tell.
    """
    return _one_valued(question, statements) or _rivals(question, statements, similarity)


def _one_valued(question: Question, statements: Sequence[Statement]) -> list[DraftConflict]:
    wanted = _wanted(question)
    if not wanted:
        return []
    # Sources seldom say "rank" where they give one, so a rank has to cover less.
    min_coverage = MIN_RANK_COVERAGE if wanted == {"ordinal"} else MIN_COVERAGE
    valued = [
        (statement, value)
        for statement in statements
        if statement.coverage >= min_coverage and (value := _only_value(statement, wanted)) is not None
    ]
    for (one, first), (other, second) in itertools.combinations(valued, 2):
        if one.origin != other.origin and _differ(first, second) and _alike(one, other, first.kind):
            sides = [DraftPosition(text=each.text, sentences=[each.id]) for each in (one, other)]
            return [DraftConflict(about=question.text, kind=_kind(one, other, first), positions=sides)]
    return []


def _rivals(question: Question, statements: Sequence[Statement], similarity: Similarity | None) -> list[DraftConflict]:
    if similarity is None or question.wants_list or question.kind in _NOT_COUNTING:
        return []
    # Whoever asks for a number is told of one that is disputed further down, too.
    first = statements[: _FIRST if question.kind in _COUNTING else 1]
    pairs = [
        (rivalry, one, other)
        for one, other in itertools.product(first, statements)
        if one.origin != other.origin and (rivalry := _rivalry(one, other, similarity)) >= MIN_RIVALRY
    ]
    if not pairs:
        return []
    _, one, other = max(pairs, key=lambda pair: pair[0])
    replaced = any(rivals.replaces(reading.read(each.text, each.language).folded) for each in (one, other))
    sides = [DraftPosition(text=each.text, sentences=[each.id]) for each in (one, other)]
    return [DraftConflict(about=question.text, kind="scope" if replaced else "contradiction", positions=sides)]


def _rivalry(one: Statement, other: Statement, similarity: Similarity) -> float:
    """How surely a sentence gives another figure for what is the answer in the first one; 0 when it gives none."""
    if one.answer is None:
        return 0.0
    mine, theirs = (rivals.counted(reading.read(each.text, each.language).figures) for each in (one, other))
    pairs = rivals.rivals(mine, theirs)
    found = [rivals.nearness(a, b) for a, b in pairs if one.answer.start <= a.start < one.answer.end]
    if not found:
        return 0.0
    return similarity(one.text, [other.text]) + _COMMON_FIGURE * bool(rivals.common(mine, theirs)) + max(found)


def _wanted(question: Question) -> frozenset[QuantityKind]:
    if _RANK_ASKED.search(fold(question.text)):
        return frozenset({"ordinal"})
    return _ASKED.get(question.kind, frozenset())


@functools.lru_cache(maxsize=4096)
def _quantities(text: str, language: str | None) -> tuple[Quantity, ...]:
    return tuple(quantities.find(text, language))


def _only_value(statement: Statement, wanted: frozenset[QuantityKind]) -> Quantity | None:
    found = [each for each in _quantities(statement.text, statement.language) if each.kind in wanted]
    return found[0] if len({(each.kind, each.value) for each in found}) == 1 else None


def _differ(one: Quantity, other: Quantity) -> bool:
    """Whether two values are comparable and not the same, nor one the other rounded or less exact."""
    if one.kind != other.kind or one.unit != other.unit:
        return False
    if isinstance(one.value, str) or isinstance(other.value, str):
        dates = str(one.value), str(other.value)
        return not (
            dates[0].endswith(dates[1].lstrip("-")) or dates[1].endswith(dates[0].lstrip("-")) or _within(*dates)
        )
    if one.kind in ("ordinal", "year"):
        return one.value != other.value
    return not rivals.rounded_alike(one.value, other.value)


def _within(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _alike(one: Statement, other: Statement, kind: QuantityKind) -> bool:
    """Whether two statements are about the same thing, as far as their words tell."""
    if one.language != other.language:
        return kind == "ordinal"
    first, second = _content(one), _content(other)
    needed = MIN_COMMON / 2 if kind == "ordinal" else MIN_COMMON
    return len(first & second) >= needed * min(len(first), len(second))


def _content(statement: Statement) -> frozenset[str]:
    stop = STOP_WORDS.get(statement.language or "", frozenset())
    return frozenset(stem for stem in stems(statement.text, statement.language) if stem not in stop)


def _kind(one: Statement, other: Statement, value: Quantity) -> ConflictKind:
    if value.kind != "ordinal":
        return "contradiction"
    return "contradiction" if scope(one.text) == scope(other.text) else "scope"


def scope(text: str) -> frozenset[str]:
    """The places that a rank is said to hold in, "world" for all of them."""
    places = [match["place"] for match in _SCOPE.finditer(text)]
    return frozenset(
        "world" if fold(place) in _WORLD else fold(place)
        for place in places
        if fold(place) in _WORLD or place[0].isupper()
    )

"""The functions behind ``rag.scoring.METRICS``, each from a case to a value; None where it does not apply.

The formulas and their sources are in ``rag.span_metrics`` and ``rag.metrics``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from rag import metrics, span_metrics
from rag.cases import Case
from rag.documents import Span
from rag.span_metrics import Place, Validity
from rag.text import stems

Measure = Callable[[Case], float | None]

_SHORT_KINDS = frozenset({"fact", "date", "number", "who-said"})


# Answers


def right(case: Case) -> float:
    """1 when every vital nugget is cited, or when a question that has no answer is declined."""
    if not case.gold.answerable or case.declined:
        return float(case.declined and not case.gold.answerable)
    return float(case.found.issuperset(case.reference.vital))


def first_right(case: Case) -> float | None:
    """1 when the first claim cites a vital nugget."""
    if not case.gold.answerable:
        return None
    first = case.sentences([span for claim in case.answer["claims"][:1] for span in claim["spans"]])
    return float(any(span_metrics.recalled(case.reference.nuggets[place], first) for place in case.reference.vital))


def nuggets(*, all_of_them: bool) -> Measure:
    """The share of the vital nuggets, or of all, that the citations state."""

    def measure(case: Case) -> float | None:
        places = range(len(case.gold.nuggets)) if all_of_them else case.reference.vital
        return span_metrics.nugget_recall([case.reference.characters[place] for place in places], case.cited_characters)

    return measure


def stated(case: Case) -> float | None:
    """The share of the vital nuggets of which an accepted short answer stands in the claims, whatever is cited."""
    accepted = [nugget.answers for nugget in case.gold.nuggets if nugget.vital and nugget.answers]
    said = _bare(" ".join(claim["text"] for claim in case.answer["claims"]))
    return sum(any(_bare(one) in said for one in answers) for answers in accepted) / len(accepted) if accepted else None


def _bare(text: str) -> str:
    """The words as they are compared, in any script, with a space on either side: none is found within another."""
    return f" {' '.join(stems(text, None))} "


# Citations


def precision(*, characters: bool) -> Measure:
    """The share of the cited sentences or characters that are gold."""

    def measure(case: Case) -> float | None:
        if not case.gold.answerable:
            return None
        nuggets = case.reference.characters if characters else case.reference.nuggets
        gold = frozenset().union(*(span for nugget in nuggets for span in nugget))
        return span_metrics.citation_precision(case.cited_characters if characters else case.cited, gold)

    return measure


def recall(*, characters: bool) -> Measure:
    """How much of the best span of each vital nugget is cited."""

    def measure(case: Case) -> float | None:
        nuggets = case.reference.characters if characters else case.reference.nuggets
        vital = [nuggets[place] for place in case.reference.vital]
        return span_metrics.citation_recall(case.cited_characters if characters else case.cited, vital)

    return measure


def f1(*, characters: bool) -> Measure:
    """The harmonic mean of precision and recall of citations."""
    of_cited, of_gold = precision(characters=characters), recall(characters=characters)
    return lambda case: span_metrics.citation_f1(of_cited(case), of_gold(case))


# Abstention and conflicts


def abstention(part: Literal["precision", "recall", "false_alarm"]) -> Measure:
    """What a question adds to the precision, recall or false alarms of declining."""
    return lambda case: getattr(metrics.detection(said=case.declined, true=not case.gold.answerable), part)


def status(case: Case) -> float:
    """1 when the status is the expected one of the four."""
    return float(case.answer["status"] == case.gold.status)


def conflict(part: Literal["precision", "recall", "false_alarm"]) -> Measure:
    """What a question adds to the precision, recall or false alarms of calling sources conflicting."""

    def measure(case: Case) -> float | None:
        said, true = case.answer["status"] == "conflicting", case.gold.status == "conflicting"
        value: float | None = getattr(metrics.detection(said=said, true=true), part)
        return value

    return measure


def positions(case: Case) -> float | None:
    """The share of the positions of a disagreement that the answer lists as sides of their own."""
    if case.gold.status != "conflicting":
        return None
    nuggets = [case.reference.nuggets[place] for place in case.reference.vital]
    best = [0.0]
    for conflict in case.answer["conflicts"]:
        sides = [case.sentences(side["spans"]) for side in conflict["positions"]]
        best.append(span_metrics.positions_found(sides, nuggets) or 0.0)
    return max(best)


# Short answers


def _asks_short(case: Case) -> tuple[str, ...]:
    """The accepted answers of a question that a few words answer; empty for any other."""
    vital = [nugget.answers for nugget in case.gold.nuggets if nugget.vital]
    return vital[0] if len(vital) == 1 and case.gold.kind in _SHORT_KINDS else ()


def short(compare: Callable[[str, str], float]) -> Measure:
    """How the short answer compares with the nearest accepted one; 0 when none is given."""

    def measure(case: Case) -> float | None:
        accepted = _asks_short(case)
        if not accepted:
            return None
        given = case.short_answer
        return max(compare(given, one) for one in accepted) if given else 0.0

    return measure


def short_given(case: Case) -> float | None:
    """1 when there is a short answer to a question that asks for one."""
    return float(bool(case.short_answer)) if _asks_short(case) else None


def short_value(case: Case) -> float | None:
    """1 when the short answer has the numbers and dates of an accepted one, where that has any."""
    valued = [one for one in _asks_short(case) if metrics.same_values(one, one, None)]
    if not valued:
        return None
    given, language = case.short_answer, _language(case)
    return float(bool(given) and any(metrics.same_values(given or "", one, language) for one in valued))


def _language(case: Case) -> str | None:
    """The language that the first claim is quoted from."""
    return next((span["language"] for claim in case.answer["claims"] for span in claim["spans"]), None)


# Retrieval


def passages(case: Case) -> tuple[list[Place], frozenset[Place]]:
    """The retrieved passages, and those that state a vital nugget."""
    return [Place(hit["document"], Span(hit["start"], hit["end"])) for hit in case.hits], case.reference.passages


def documents(case: Case) -> tuple[list[str], frozenset[str]]:
    """The documents of the retrieved passages, each at its first, and those that state a vital nugget."""
    return list(dict.fromkeys(hit["document"] for hit in case.hits)), case.reference.documents


def retrieval(unit: Callable[[Case], tuple[Any, Any]], compare: Callable[[Any, Any], float | None]) -> Measure:
    """A measure of the ranking of passages or documents, where something is relevant."""

    def measure(case: Case) -> float | None:
        ranking, relevant = unit(case)
        return compare(ranking, relevant) if relevant else None

    return measure


# Spans, wording and usage


def share_of(kind: Validity) -> Measure:
    """The share of the quotations that are of one of the four validities."""
    return lambda case: case.validities.count(kind) / len(case.validities) if case.validities else None


def answer_language(case: Case) -> float | None:
    """1 when the first claim is in the question's language; of a quotation only where a source is."""
    for claim in case.answer["claims"][:1]:
        quoted = any(claim["text"] in span["quote"] for span in claim["spans"])
        if case.gold.answerable and (not quoted or case.gold.language in case.reference.languages):
            return (
                float(_language(case) == case.gold.language) if quoted else _worded(claim["text"], case.gold.language)
            )
    return None


def _worded(text: str, language: str) -> float | None:
    told = metrics.in_language(text, language)
    return None if told is None else float(told)


def question_language(case: Case) -> float:
    """1 when the question's language was recognised."""
    return float(case.answer["language"] == case.gold.language)


def origins(case: Case) -> float | None:
    """The share of the claims from several documents that count their origins right, where the copies are known."""
    copies = case.reference.library.copies
    right = [
        claim["origins"] == span_metrics.origin_count(documents, copies)
        for claim in case.answer["claims"]
        if copies and len(documents := {span["document"] for span in claim["spans"]}) > 1
    ]
    return sum(right) / len(right) if right else None


def agreement(case: Case) -> float | None:
    """The overlap of the nuggets found for a question and for the one that it repeats."""
    return None if case.sister is None else span_metrics.agreement([case.sister.found, case.found])


def claims(case: Case) -> float | None:
    """How many claims an answer has."""
    return None if case.declined else float(len(case.answer["claims"]))


def tokens(case: Case) -> float | None:
    """How many tokens a model read and wrote."""
    usage = case.answer["usage"]
    return float(usage["input_tokens"] + usage["output_tokens"]) if usage["requests"] else None


def cost(case: Case) -> float | None:
    """What a model cost."""
    cost: float | None = case.answer["usage"]["cost"]
    return cost

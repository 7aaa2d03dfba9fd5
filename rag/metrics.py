"""Measures of retrieval, of answers and of abstention, as plain functions."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from rag import languages, quantities
from rag.number_words import digits
from rag.quantities import Quantity

_COMPARABLE = ({"number", "year"}, {"number", "money"})
_ROUPIES = {"IDR", "INR"}  # French has one word for both
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def reciprocal_rank(ranking: Sequence[object], relevant: Collection[object]) -> float:
    """1 / rank of the first relevant item, ranks from 1; 0 when there is none.

    Its mean over questions is MRR (Voorhees 1999, https://trec.nist.gov/pubs/trec8/papers/qa_report.pdf).

    >>> reciprocal_rank(["a", "b"], {"b"})
    0.5
    """
    return next((1 / rank for rank, item in enumerate(ranking, start=1) if item in relevant), 0.0)


def found_at(ranking: Sequence[object], relevant: Collection[object], k: int) -> bool:
    """Whether one of the first k items is relevant: success@k, called "hit@k" or "R@1" elsewhere.

    >>> found_at(["a", "b"], {"b"}, 1)
    False
    """
    return any(item in relevant for item in ranking[:k])


def recall_at(ranking: Sequence[object], relevant: Collection[object], k: int) -> float | None:
    """The share of the relevant items that are among the first k; None when nothing is relevant.

    >>> recall_at(["a", "b", "c"], {"a", "c"}, 2)
    0.5
    """
    wanted = set(relevant)
    return len(wanted.intersection(ranking[:k])) / len(wanted) if wanted else None


def ndcg_at(ranking: Sequence[object], gains: Mapping[object, float], k: int) -> float | None:
    """nDCG@k: the discounted gain of the first k items over that of the best possible ranking; None without gain.

    Järvelin and Kekäläinen 2002, doi:10.1145/582415.582418, in the form of trec_eval: the gain is the relevance itself
    (not 2^relevance - 1) and the item of rank r, from 1, counts 1 / log2(r + 1). An item that is ranked twice counts
    once, at its first rank.

    Args:
        ranking: Items, best first.
        gains: Relevance of the relevant items, above 0; 1 for each makes it binary.
        k: How many ranks count.

    >>> round(ndcg_at(["x", "a"], {"a": 1}, 10), 3)
    0.631
    """
    ideal = _discounted(sorted(gains.values(), reverse=True)[:k])
    if not ideal:
        return None
    seen = list(dict.fromkeys(ranking))
    return _discounted([gains.get(item, 0.0) for item in seen[:k]]) / ideal


def _discounted(gains: Iterable[float]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


class Detection(NamedTuple):
    """What one question adds to the measures of a detector; each measure is the mean over its values that are not None.

    Attributes:
        precision: Of what was said to be so, how much is.
        recall: Of what is so, how much was said to be.
        false_alarm: Of what is not so, how much was said to be.
    """

    precision: float | None
    recall: float | None
    false_alarm: float | None


def detection(*, said: bool, true: bool) -> Detection:
    """What one question adds to precision, recall and the rate of false alarms.

    With "unanswerable" as what is said these are the precision and recall of abstention and over-abstention (the
    share of the answerable questions that were declined); with "conflicting", those of the detection of conflicts.

    >>> detection(said=True, true=False)
    Detection(precision=0.0, recall=None, false_alarm=1.0)
    """
    return Detection(
        precision=float(true) if said else None,
        recall=float(said) if true else None,
        false_alarm=None if true else float(said),
    )


class Risk(NamedTuple):
    """What answering only above a threshold leads to.

    Attributes:
        threshold: Questions with at least this confidence are answered.
        coverage: The share of all questions that are then answered.
        risk: The share of wrong answers among those.
    """

    threshold: float
    coverage: float
    risk: float


def risk_coverage(confidences: Sequence[float], right: Sequence[bool]) -> list[Risk]:
    """The risk-coverage curve, one point per distinct confidence, from the highest threshold to the lowest.

    El-Yaniv and Wiener 2010, https://jmlr.org/papers/v11/el-yaniv10a.html. A question that has no answer is never
    answered right.

    >>> [tuple(point) for point in risk_coverage([0.9, 0.5], [True, False])]
    [(0.9, 0.5, 0.0), (0.5, 1.0, 0.5)]
    """
    order = sorted(range(len(right)), key=lambda place: -confidences[place])
    curve: list[Risk] = []
    wrong = 0
    for answered, place in enumerate(order, start=1):
        wrong += not right[place]
        point = Risk(confidences[place], answered / len(order), wrong / answered)
        if curve and curve[-1].threshold == point.threshold:
            curve.pop()
        curve.append(point)
    return curve


def area_under_risk_coverage(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """AURC: the mean risk over all coverages, 0 at best (Geifman et al. 2019, arXiv:1805.08206); 0 without questions.

    Ties count as one step, so that the order of equal confidences does not matter.

    >>> area_under_risk_coverage([0.9, 0.5], [True, False])
    0.25
    """
    area, covered = 0.0, 0.0
    for point in risk_coverage(confidences, right):
        area += point.risk * (point.coverage - covered)
        covered = point.coverage
    return area


def exact_match(answer: str, gold: str) -> bool:
    """Whether two short answers are the same after the official SQuAD normalisation.

    Lower case, no punctuation, no English articles, single spaces (Rajpurkar et al. 2016, doi:10.18653/v1/D16-1264).
    Punctuation is any of Unicode's, where the official script knows ASCII's only.

    >>> exact_match("The Naver Corp.", "naver corp")
    True
    """
    return _normal(answer) == _normal(gold)


def f1(answer: str, gold: str) -> float:
    """The harmonic mean of precision and recall over the words of two short answers, as SQuAD counts them.

    Words count as often as they occur. Two empty answers agree; an empty one and another do not.

    >>> round(f1("the fifth largest vendor", "fifth vendor"), 2)
    0.8
    """
    one, two = _normal(answer).split(), _normal(gold).split()
    if not one or not two:
        return float(one == two)
    common = sum((Counter(one) & Counter(two)).values())
    return 2 * common / (len(one) + len(two))


def same_values(answer: str, gold: str, language: str | None) -> bool | None:
    """Whether two short answers state the same numbers and dates; None when the gold states none.

    Compared as ``rag.quantities`` reads them, so "92,4 millions" is "92.4 million", "dua puluh" is "20" and
    "23 Februari" is "February 23".
    Each value of the gold must be among the answer's and the other way round. What a number counts is not compared, as
    its name depends on the language. A currency, a per cent sign and a rank are; only an amount without currency goes
    with any. The answer's date may be fuller than the gold's and not the other way round.

    Args:
        answer: The system's.
        gold: An accepted answer, in a language that nobody knows: three digits after a separator are thousands.
        language: The answer's language, ISO 639-1, for its separators; None for any.

    >>> same_values("92,4 millions de téléphones", "92.4 million", "fr")
    True
    """
    wanted = quantities.find(digits(gold, None), None)
    if not wanted:
        return None
    stated = quantities.find(digits(answer, language), language)
    return all(any(_states(one, other) for one in stated) for other in wanted) and all(
        any(_states(one, other) for other in wanted) for one in stated
    )


def _states(answer: Quantity, gold: Quantity) -> bool:
    if answer.kind == "date":
        return gold.kind in ("date", "year") and _dates_agree(str(answer.value), str(gold.value).removesuffix(".0"))
    comparable = answer.kind == gold.kind or {answer.kind, gold.kind} in _COMPARABLE
    currencies = {each.unit for each in (answer, gold) if each.kind == "money"}
    same_currency = len(currencies) < 2 or currencies == _ROUPIES
    return comparable and same_currency and math.isclose(float(answer.value), float(gold.value))


def _dates_agree(answer: str, gold: str) -> bool:
    """Whether a date is the gold's, which may lack its year ("--02-23") or its day and month ("2018")."""
    return answer.endswith(gold[1:]) if gold.startswith("--") else f"{answer}-".startswith(f"{gold}-")


def in_language(text: str, language: str) -> bool | None:
    """Whether the text is in the language, ISO 639-1; None when nothing tells (a name, a number)."""
    detected = languages.detect(text)
    return None if detected is None else detected == language


def _normal(text: str) -> str:
    bare = "".join(character for character in text.lower() if unicodedata.category(character)[0] != "P")
    return " ".join(_ARTICLES.sub(" ", bare).split())


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """The chance that a positive case scores higher than a negative one, ties counting half; nan without either.

    The area under the ROC curve by the rank sum (Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747).

    >>> auroc([0.9, 0.4, 0.4], [True, False, True])
    0.75
    """
    order = sorted(range(len(scores)), key=scores.__getitem__)
    ranks = [0.0] * len(order)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and scores[order[end]] == scores[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + 1 + end) / 2
        start = end
    many = sum(positive)
    few = len(order) - many
    if not many or not few:
        return float("nan")
    total = sum(rank for rank, is_positive in zip(ranks, positive, strict=True) if is_positive)
    return (total - many * (many + 1) / 2) / (many * few)

"""Measures of retrieval, of answers and of abstention, as plain functions."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

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

"""Measures of retrieval, of answers and of abstention, as plain functions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple


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

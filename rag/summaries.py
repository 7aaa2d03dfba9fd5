"""Scores of single questions to figures: means with intervals, over all questions and over slices, and curves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rag import metrics
from rag.cases import Reference
from rag.results import Figure, Item, Slice
from rag.scoring import METRICS
from rag.significance import bootstrap_interval, wilson_interval

AURC = "aurc"
"""The one figure that is no mean over questions."""

_BINS = 10


def described() -> dict[str, dict[str, str]]:
    """What each figure is, for a report, the most important first."""
    known = {
        name: {
            "title": metric.title,
            "description": metric.description,
            "unit": metric.unit,
            "better": metric.better,
            "family": metric.family,
        }
        for name, metric in METRICS.items()
    }
    area = {
        "title": "risk-coverage area",
        "description": "Mean share of wrong answers over all thresholds of confidence (AURC).",
        "unit": "share",
        "better": "lower",
        "family": "abstention",
    }
    return {**known, AURC: area}


def slices_of(reference: Reference, corpus: str) -> tuple[str, ...]:
    """The slices that a question belongs to, "all" first.

    "pair=fr>en" is a question in French that an English document answers; "sources=own" one that a document in the
    question's own language answers, "sources=other" one that only other languages do.
    """
    gold = reference.gold
    names = ["all", f"split={gold.split}", f"corpus={corpus}", f"language={gold.language}"]
    names += [f"kind={gold.kind}", f"status={gold.status}"]
    if not gold.answerable:
        names.append(f"near={'yes' if gold.near else 'no'}")
    if reference.languages:
        names.append(f"sources={'own' if gold.language in reference.languages else 'other'}")
    return (*names, *(f"pair={gold.language}>{code}" for code in sorted(reference.languages)))


def figure(name: str, items: Sequence[Item], *, seed: int = 0) -> Figure:
    """The mean of a metric over the items that have a value.

    The interval is Wilson's for a yes-or-no metric and where all values are the same end of the scale; else it is a
    bootstrap over the stories and documents that the questions are about.

    Args:
        name: In ``rag.scoring.METRICS``.
        items: The questions.
        seed: Of the bootstrap.
    """
    scored = [(value, item.cluster) for item in items if (value := item.scores.get(name)) is not None]
    if not scored:
        return Figure(name, None, 0, len(items))
    values, clusters = [value for value, _ in scored], [cluster for _, cluster in scored]
    mean = round(sum(values) / len(values), 6)
    metric = METRICS.get(name)
    extreme = metric is not None and metric.unit == "share" and set(values) in ({0.0}, {1.0})
    if extreme or (metric is not None and metric.yes_no):
        interval, method = wilson_interval(round(sum(values)), len(values)), "wilson"
    else:
        interval, method = bootstrap_interval(values, clusters, seed=seed), "bootstrap"
    return Figure(name, mean, len(values), len(items), interval, method if interval else None, len(set(clusters)))


def figures(items: Sequence[Item], names: Iterable[str], *, seed: int = 0) -> tuple[Figure, ...]:
    """A figure for each metric that applies to any of the items."""
    found = (figure(name, items, seed=seed) for name in names)
    return tuple(each for each in found if each.scored)


def summarise(items: Sequence[Item], *, seed: int = 0) -> tuple[Slice, ...]:
    """The figures of every slice, "all" first, then by field and name."""
    members: dict[str, list[Item]] = {"all": []}
    for item in items:
        for name in item.slices:
            members.setdefault(name, []).append(item)
    order = ["all", *sorted(name for name in members if name != "all")]
    return tuple(Slice(name, (*figures(members[name], METRICS, seed=seed), *_area(members[name]))) for name in order)


def _area(items: Sequence[Item]) -> Iterator[Figure]:
    sure = _confident(items)
    if sure:
        value = metrics.area_under_risk_coverage([one for one, _, _ in sure], [right for _, right, _ in sure])
        yield Figure(AURC, round(value, 6), len(sure), len(items))


def curves(items: Sequence[Item]) -> Mapping[str, tuple[tuple[float, float], ...]]:
    """Curves of the confidence, for a system that has one.

    "risk-coverage": the share of wrong answers among those given when only so many of the questions, the surest, are
    answered. "reliability": for ten bins the mean confidence that the documents answer, and the share that they do.
    """
    sure = _confident(items)
    if not sure:
        return {}
    points = metrics.risk_coverage([one for one, _, _ in sure], [right for _, right, _ in sure])
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, _, answerable in sure:
        bins.setdefault(min(int(confidence * _BINS), _BINS - 1), []).append((confidence, answerable))
    reliability = (
        (sum(one for one, _ in held) / len(held), sum(true for _, true in held) / len(held))
        for _, held in sorted(bins.items())
    )
    return {
        "risk-coverage": tuple((round(point.coverage, 6), round(point.risk, 6)) for point in points),
        "reliability": tuple((round(x, 6), round(y, 6)) for x, y in reliability),
    }


def _confident(items: Sequence[Item]) -> list[tuple[float, bool, bool]]:
    """Confidence, whether the answer is right (an abstention never is, here), and whether there is one to give."""
    return [
        (
            item.trial.confidence,
            item.gold["status"] != "unanswerable" and bool(item.scores["right"]),
            item.gold["status"] != "unanswerable",
        )
        for item in items
        if item.trial.confidence is not None
    ]

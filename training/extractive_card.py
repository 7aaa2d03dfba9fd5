"""The figures in the extractive answerer's model card: tables in Markdown and two diagrams, all from one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rag import metrics
from rag.eval_reports import charts

THRESHOLDS = (0.4, 0.45, 0.5, 0.55, 0.6, 0.7)
BINS = 10
_STYLE = """<style>
  text { font: 12px sans-serif; fill: #444 } line { stroke: #bbb } .grid { stroke: #eee } .axis { stroke: #444 }
  .diagonal { stroke: #999; stroke-dasharray: 4 4 } .curve { fill: none; stroke: #0b5394; stroke-width: 2 }
  .value { fill: #0b5394 }
</style>"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question.

    Attributes:
        confidence: The probability that the documents answer it, as the fitted models see it.
        first: Whether the sentence ranked first answers it.
        right: Whether one of the claims' worth of sentences does.
        twin: Why it has no answer; empty when it has one.
    """

    confidence: float
    first: bool
    right: bool
    twin: str


@dataclass(frozen=True, slots=True)
class View:
    """What one set of weights does.

    Attributes:
        title: Of its part of the card.
        threshold: The one shipped with the weights.
        folded: Our own sets, every question seen by models that were fitted without it.
        sets: The sets that are only looked at.
    """

    title: str
    threshold: float
    folded: Mapping[str, Sequence[Outcome]]
    sets: Mapping[str, Sequence[Outcome]]

    @property
    def own(self) -> list[Outcome]:
        """Our own questions together."""
        return [each for outcomes in self.folded.values() for each in outcomes]


def write_card(folder: Path, views: Sequence[View]) -> None:
    """Writes FIGURES.md with a part for each view, and risk-coverage.svg and reliability.svg of the first."""
    parts = ["# The extractive answerer in figures\n\nWritten by `python -m training.fit_extractive DATA`.\n"]
    for view in views:
        parts.append(f"## {view.title}\n")
        parts += [f"{name}, in folds. {_by_threshold(each, view.threshold)}" for name, each in view.folded.items()]
        parts.append(f"Both in folds:\n\n{_reliability(view.own)}")
        parts.append(f"Sets that are only looked at:\n\n{_by_set(view.sets, view.threshold)}")
    parts.append("## Diagrams\n\n![risk and coverage](risk-coverage.svg)\n\n![reliability](reliability.svg)\n")
    (folder / "FIGURES.md").write_text("\n".join(parts), "utf-8")
    own = views[0].own
    curve = metrics.risk_coverage([each.confidence for each in own], [each.right and not each.twin for each in own])
    _draw(folder / "risk-coverage.svg", [point[1:] for point in curve], "coverage", "risk")
    _draw(folder / "reliability.svg", [point[:2] for point in bins(own)], "mean confidence", "share right", bins=True)


def _draw(path: Path, points: Sequence[tuple[float, float]], x_label: str, y_label: str, *, bins: bool = False) -> None:
    drawn = charts.curve(path.stem, points, x_label=x_label, y_label=y_label, highest=1.0, dots=bins, diagonal=bins)
    head, _, rest = str(drawn).partition(">")
    path.write_text(f'{head} xmlns="http://www.w3.org/2000/svg">{_STYLE}{rest}\n', "utf-8")


def bins(outcomes: Sequence[Outcome]) -> list[tuple[float, float, int]]:
    """Mean confidence, share right and number of the questions in each tenth of the confidences that has any."""
    found = []
    for place in range(BINS):
        inside = [each for each in outcomes if min(int(each.confidence * BINS), BINS - 1) == place]
        if inside:
            right = float(np.mean([each.right and not each.twin for each in inside]))
            found.append((float(np.mean([each.confidence for each in inside])), right, len(inside)))
    return found


def _reliability(outcomes: Sequence[Outcome]) -> str:
    rows = ([f"{mean:.2f}", f"{right:.2f}", str(count)] for mean, right, count in bins(outcomes))
    return _table(["mean confidence", "share right", "questions"], rows)


def _by_threshold(outcomes: Sequence[Outcome], threshold: float) -> str:
    kinds = sorted({each.twin for each in outcomes} - {""})
    rows = []
    for value in sorted({*THRESHOLDS, threshold}):
        name = f"**{value:.3f}** (shipped)" if value == threshold else f"{value:.2f}"
        rows.append([name, *_at(outcomes, value, kinds)])
    heads = ["threshold", "right among the claims and answered", "declined"]
    area = metrics.auroc([each.confidence for each in outcomes], [not each.twin for each in outcomes])
    counted = f"{sum(not each.twin for each in outcomes)} questions with an answer, {_counts(outcomes, kinds)} without."
    told = f"{counted} Area under the ROC curve {area:.3f}, under the risk-coverage curve {_aurc(outcomes):.3f}."
    return f"{told}\n\n{_table([*heads, *(f'answered: {kind}' for kind in kinds)], rows)}"


def _counts(outcomes: Sequence[Outcome], kinds: Sequence[str]) -> str:
    return ", ".join(f"{sum(each.twin == kind for each in outcomes)} {kind}" for kind in kinds)


def _at(outcomes: Sequence[Outcome], threshold: float, kinds: Sequence[str]) -> list[str]:
    answerable = [each for each in outcomes if not each.twin]
    return [
        _mean(each.right and each.confidence >= threshold for each in answerable),
        _mean(each.confidence < threshold for each in answerable),
        *(_mean(each.confidence >= threshold for each in outcomes if each.twin == kind) for kind in kinds),
    ]


def _by_set(sets: Mapping[str, Sequence[Outcome]], threshold: float) -> str:
    kinds = sorted({each.twin for outcomes in sets.values() for each in outcomes} - {""})
    heads = ["set", "questions", "first", "among 4", "right and answered", "declined"]
    rows = []
    for name, outcomes in sets.items():
        answerable = [each for each in outcomes if not each.twin]
        ranked = [_mean(each.first for each in answerable), _mean(each.right for each in answerable)]
        rows.append([name, str(len(answerable)), *ranked, *_at(outcomes, threshold, kinds), f"{_aurc(outcomes):.3f}"])
    return _table([*heads, *(f"answered: {kind}" for kind in kinds), "AURC"], rows)


def _aurc(outcomes: Sequence[Outcome]) -> float:
    right = [each.right and not each.twin for each in outcomes]
    return metrics.area_under_risk_coverage([each.confidence for each in outcomes], right)


def _mean(values: Iterable[bool]) -> str:
    found = list(values)
    return f"{np.mean(found):.3f}" if found else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)

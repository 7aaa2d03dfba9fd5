"""Limits of a suite, held against what was measured.

The observed value decides: a gate fails when it lies beyond the limit, so that a loss that was seen is never excused by
a wide interval. A gate that it passes is inconclusive when the interval reaches beyond the limit, unless the limit is
the end of the scale, which no number of questions could prove.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rag.results import Comparison, Counterfactual, Figure, Interval, Item, Outcome, Report, Verdict
from rag.scoring import METRICS
from rag.significance import detectable_share, wilson_interval
from rag.suite import Gate, Must, Suite

Paired = Callable[[str, str], Comparison | None]
"""A metric and a slice to the comparison with the baseline over the slice's questions."""


def judge(suite: Suite, report: Report, paired: Paired) -> tuple[Verdict, ...]:
    """The verdict of every gate and must, in the suite's order.

    Args:
        suite: What must hold.
        report: What was measured, every question of the musts included; its verdicts are not read.
        paired: Compares with the baseline.
    """
    items = {item.id: item for item in report.items}
    return (
        *(_judge_gate(gate, report, paired) for gate in suite.gates),
        *(_judge_must(must, items[must.question]) for must in suite.musts),
    )


def _judge_gate(gate: Gate, report: Report, paired: Paired) -> Verdict:
    if gate.kind == "counterfactual":
        return _judge_counterfactual(gate, report.counterfactuals)
    if gate.kind == "margin":
        return _judge_margin(gate, paired(gate.metric or "", gate.slice))
    figures = {each.metric: each for part in report.slices if part.name == gate.slice for each in part.figures}
    return _judge_figure(gate, figures.get(gate.metric or ""))


def _judge_figure(gate: Gate, figure: Figure | None) -> Verdict:
    if figure is None or figure.value is None:
        return _verdict(gate, "nothing", "error", f"No question of {gate.slice!r} has a value.")
    outcome = _outcome(figure.value, figure.interval, gate)
    shown = f"{figure.value:.4g} (n = {figure.scored})"
    reason = {"pass": "Within the limit.", "fail": "Beyond the limit."}.get(outcome)
    if reason is None:
        far = detectable_share(gate.limit, figure.scored) if 0 <= gate.limit <= 1 else None
        reason = "Within the limit, and the interval reaches beyond it"
        reason += f"; so many questions tell {far:.2g} apart." if far else "."
    return _verdict(gate, shown, outcome, reason)


def _outcome(value: float, interval: Interval | None, gate: Gate) -> Outcome:
    low, high = (interval.low, interval.high) if interval else (value, value)
    if gate.at_most is not None:
        if value > gate.at_most:
            return "fail"
        return "inconclusive" if high > gate.at_most > 0 else "pass"
    if value < gate.limit:
        return "fail"
    return "inconclusive" if low < gate.limit < 1 else "pass"


def _judge_margin(gate: Gate, comparison: Comparison | None) -> Verdict:
    if comparison is None:
        return _verdict(gate, "nothing", "error", "No question has a value both here and in the baseline.")
    sign = -1 if METRICS[comparison.metric].better == "lower" else 1
    gained = sign * comparison.difference
    worst = gained
    if comparison.interval is not None:
        worst = min(sign * comparison.interval.low, sign * comparison.interval.high)
    shown = f"{comparison.difference:+.4g} over {comparison.paired}"
    if gained < -gate.limit:
        p = f"p = {comparison.p:.2g}, adjusted {comparison.p_adjusted:.2g}"
        return _verdict(gate, shown, "fail", f"From {comparison.baseline:.4g} to {comparison.value:.4g}; {p}.")
    if worst < -gate.limit:
        shows = f"; so many questions show {comparison.detectable:.2g}" if comparison.detectable else ""
        return _verdict(gate, shown, "inconclusive", f"A loss of {-worst:.2g} is possible{shows}.")
    return _verdict(gate, shown, "pass", "No worse than the margin allows.")


def _judge_counterfactual(gate: Gate, altered: Sequence[Counterfactual]) -> Verdict:
    followed = [each.followed for each in altered if each.kind == gate.counterfactual and each.followed is not None]
    if not followed:
        return _verdict(gate, "nothing", "error", "No question could be asked again of altered sources.")
    share = sum(followed) / len(followed)
    outcome = _outcome(share, wilson_interval(sum(followed), len(followed)), gate)
    reason = {"pass": "Within the limit.", "fail": "Beyond the limit."}.get(
        outcome, "Within the limit, and the interval reaches beyond it."
    )
    return _verdict(gate, f"{sum(followed)} of {len(followed)}", outcome, reason)


def _verdict(gate: Gate, value: str, outcome: Outcome, reason: str) -> Verdict:
    return Verdict(
        gate.name, gate.kind, gate.metric or gate.counterfactual or "", f"{gate.limit:g}", value, outcome, reason
    )


def _judge_must(must: Must, item: Item) -> Verdict:
    wanted = [must.outcome or "", f"cites {must.cites}" if must.cites else ""]
    limit = ", ".join(filter(None, wanted))
    outcome: Outcome = "error"
    value = item.trial.error or "no answer"
    if item.trial.answer is not None:
        held, value = _held(must, item)
        outcome = "pass" if held else "fail"
    return Verdict(f"{must.question} {limit}", "must", must.question, limit, value, outcome, item.gold["question"])


def _held(must: Must, item: Item) -> tuple[bool, str]:
    """Whether the answer is what it must be, and what it is, in words."""
    answer: Mapping[str, Any] = item.trial.answer or {}
    cited = sorted({span["document"] for claim in answer["claims"] for span in claim["spans"]})
    right = bool(item.scores["right"])
    outcomes = {
        None: True,
        "right": right,
        "abstained": answer["status"] == "unanswerable",
        "conflicting": answer["status"] == "conflicting",
    }
    told = f"{answer['status']}, {'right' if right else 'wrong'}, cites {', '.join(cited) or 'nothing'}"
    return outcomes[must.outcome] and (must.cites is None or must.cites in cited), told

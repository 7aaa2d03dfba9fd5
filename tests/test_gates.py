"""Limits: what passes, what fails, and what nobody can tell."""

from __future__ import annotations

import pytest

from rag.gates import judge
from rag.results import Comparison, Counterfactual, Figure, Interval, Report, Slice, Verdict
from rag.suite import Gate, Suite


def _verdict(gate: Gate, *figures: Figure, comparison: Comparison | None = None, followed: str = "") -> Verdict:
    altered = tuple(
        Counterfactual(f"q{place}:edited", "edited", "", "", {"y": True, "n": False}.get(each), "", "")
        for place, each in enumerate(followed)
    )
    report = Report("s", {}, {}, (), (Slice("all", figures),), counterfactuals=altered)
    suite = Suite.model_construct(gates=(gate,), musts=())
    (verdict,) = judge(suite, report, lambda name, part: comparison)
    return verdict


def _figure(value: float, low: float, high: float, metric: str = "right") -> Figure:
    return Figure(metric, value, 100, 120, Interval(low, high), "wilson", 9)


@pytest.mark.parametrize(
    ("limits", "figure", "expected"),
    [
        ({"at_least": 0.5}, _figure(0.7, 0.6, 0.8), "pass"),
        ({"at_least": 0.5}, _figure(0.5, 0.4, 0.6), "inconclusive"),
        ({"at_least": 0.5}, _figure(0.49, 0.4, 0.6), "fail"),
        ({"at_most": 0.5}, _figure(0.3, 0.2, 0.4), "pass"),
        ({"at_most": 0.5}, _figure(0.5, 0.4, 0.6), "inconclusive"),
        ({"at_most": 0.5}, _figure(0.51, 0.4, 0.6), "fail"),
        ({"at_most": 0}, _figure(0.0, 0.0, 0.04), "pass"),
        ({"at_most": 0}, _figure(0.001, 0.0, 0.04), "fail"),
        ({"at_least": 1}, _figure(1.0, 0.96, 1.0), "pass"),
    ],
)
def test_the_value_decides_and_the_interval_says_whether_it_could(
    limits: dict[str, float], figure: Figure, expected: str
) -> None:
    """Beyond the limit fails; within it, one that reaches beyond is inconclusive but at the end of the scale."""
    verdict = _verdict(Gate(metric="right", **limits), figure)
    assert verdict.outcome == expected
    assert "n = 100" in verdict.value


def test_an_inconclusive_floor_says_what_so_many_questions_can_tell() -> None:
    """The reader learns how much larger the set would have to be, or the difference."""
    verdict = _verdict(Gate(metric="right", at_least=0.5), _figure(0.55, 0.45, 0.65))
    assert "so many questions tell 0.14 apart" in verdict.reason


@pytest.mark.parametrize("gate", [Gate(metric="right", at_least=0), Gate(metric="right", lose_at_most=1)])
def test_a_gate_on_nothing_is_no_pass(gate: Gate) -> None:
    """Zero results fail."""
    assert _verdict(gate).outcome == "error"
    assert _verdict(Gate(counterfactual="edited", at_least=0)).outcome == "error"


def _comparison(metric: str, difference: float, low: float, high: float) -> Comparison:
    return Comparison(metric, 0.5, 0.5 + difference, difference, Interval(low, high), 0.03, 0.06, "mcnemar", 80, 0.07)


@pytest.mark.parametrize(
    ("metric", "difference", "low", "high", "expected"),
    [
        ("right", 0.0, 0.0, 0.0, "pass"),
        ("right", -0.01, -0.03, 0.01, "pass"),
        ("right", -0.01, -0.09, 0.07, "inconclusive"),
        ("right", -0.06, -0.09, -0.03, "fail"),
        ("right", 0.3, 0.2, 0.4, "pass"),
        ("over_abstention", 0.06, 0.03, 0.09, "fail"),
        ("over_abstention", 0.01, -0.07, 0.09, "inconclusive"),
        ("over_abstention", -0.3, -0.4, -0.2, "pass"),
    ],
)
def test_a_margin_is_about_losses_alone(metric: str, difference: float, low: float, high: float, expected: str) -> None:
    """Non-inferiority: worse is less of what should be high and more of what should be low."""
    gate = Gate(metric=metric, lose_at_most=0.05)
    verdict = _verdict(gate, comparison=_comparison(metric, difference, low, high))
    assert verdict.outcome == expected
    if expected == "fail":
        assert "p = 0.03, adjusted 0.06" in verdict.reason
    if expected == "inconclusive":
        assert "so many questions show 0.07" in verdict.reason


def test_altered_sources_count_where_something_could_follow() -> None:
    """A question that got no answer afterwards counts for nothing."""
    assert _verdict(Gate(counterfactual="edited", at_least=0.5), followed="yyyn?").value == "3 of 4"
    assert _verdict(Gate(counterfactual="edited", at_least=0.9), followed="yyyn").outcome == "fail"
    assert _verdict(Gate(counterfactual="edited", at_least=1), followed="yyy").outcome == "pass"

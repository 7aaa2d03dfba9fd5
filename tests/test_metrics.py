"""Measures agree with arithmetic done by hand."""

import pytest

from rag.metrics import area_under_risk_coverage, found_at, reciprocal_rank, risk_coverage


def test_the_reciprocal_rank_counts_from_one_and_takes_the_first_relevant_item() -> None:
    """Third place gives a third; nothing relevant gives nothing."""
    assert reciprocal_rank(["a", "b", "c"], {"c"}) == pytest.approx(1 / 3)
    assert reciprocal_rank(["a", "b", "c"], {"a", "c"}) == 1
    assert reciprocal_rank(["a"], {"z"}) == 0
    assert reciprocal_rank([], {"z"}) == 0


def test_success_at_k_looks_at_the_first_k_only() -> None:
    """The second item is not among the first one."""
    assert not found_at(["a", "b"], {"b"}, 1)
    assert found_at(["a", "b"], {"b"}, 2)


def test_the_risk_coverage_curve_goes_from_the_most_confident_down() -> None:
    """Right, wrong, right at .9, .8, .7: risks 0, 1/2, 1/3."""
    curve = risk_coverage([0.7, 0.9, 0.8], [True, True, False])
    assert [point.threshold for point in curve] == [0.9, 0.8, 0.7]
    assert [point.coverage for point in curve] == pytest.approx([1 / 3, 2 / 3, 1])
    assert [point.risk for point in curve] == pytest.approx([0, 1 / 2, 1 / 3])


def test_equal_confidences_are_one_point_whatever_their_order() -> None:
    """A threshold takes both or neither."""
    assert risk_coverage([0.5, 0.5], [True, False]) == risk_coverage([0.5, 0.5], [False, True])
    assert [tuple(point) for point in risk_coverage([0.5, 0.5], [True, False])] == [(0.5, 1.0, 0.5)]


def test_the_area_is_the_mean_risk_over_coverages() -> None:
    """(0 + 1/2 + 1/3) / 3 for the curve above; 0 for a perfect one and for none."""
    assert area_under_risk_coverage([0.7, 0.9, 0.8], [True, True, False]) == pytest.approx((1 / 2 + 1 / 3) / 3)
    assert area_under_risk_coverage([0.7, 0.9], [True, True]) == 0
    assert area_under_risk_coverage([], []) == 0

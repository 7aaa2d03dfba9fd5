"""Numbers as inline SVG."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest

from rag.eval_reports import charts
from rag.results import Interval


def _drawn(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def _numbers(root: ET.Element, look: str, *names: str) -> list[list[float]]:
    found = [part for part in root.iter() if look in (part.get("class") or "").split()]
    return [[float(part.get(name, "nan")) for name in names] for part in found]


def test_an_interval_bar_shows_value_interval_and_controls_in_scale() -> None:
    """The bar of 0.25 to 0.75 is half as long as the axis, and the value stands in its middle."""
    root = _drawn(charts.interval_bar("recall: 0.5", 0.5, Interval(0.25, 0.75), [0.0, 1.0]))
    [[left, right]] = _numbers(root, "axis", "x1", "x2")
    [[start, width]] = _numbers(root, "interval", "x", "width")
    [[value]] = _numbers(root, "value", "cx")
    assert width == pytest.approx((right - left) / 2)
    assert value == pytest.approx((left + right) / 2) == start + width / 2
    assert [x for [x] in _numbers(root, "control", "x1")] == [left, right]
    assert root.findtext("title") == "recall: 0.5"
    assert root.get("role") == "img"


def test_an_interval_bar_needs_no_interval() -> None:
    """Without an interval only the value is drawn."""
    assert not _numbers(_drawn(charts.interval_bar("x", 0.2, None)), "interval", "x")


@pytest.mark.parametrize(
    ("difference", "better", "look"),
    [
        (0.1, "higher", "good"),
        (-0.1, "higher", "bad"),
        (-0.1, "lower", "good"),
        (0.1, "lower", "bad"),
        (0, "lower", "same"),
    ],
)
def test_a_difference_looks_good_or_bad_by_direction(difference: float, better: str, look: str) -> None:
    """More of what should be less is bad."""
    root = _drawn(charts.difference_bar("x", difference, Interval(-0.1, 0.1), 0.2, better=better))
    assert _numbers(root, look, "cx")
    [[zero]] = _numbers(root, "zero", "x1")
    [[dot]] = _numbers(root, "value", "cx")
    assert math.copysign(1, dot - zero) == math.copysign(1, difference) or difference == 0


def test_a_difference_without_reach_stands_in_the_middle() -> None:
    """Nothing changed at all: no division by zero."""
    root = _drawn(charts.difference_bar("x", 0.0, None, 0.0, better="higher"))
    assert _numbers(root, "zero", "x1") == _numbers(root, "value", "cx")


def test_a_curve_has_labelled_axes_and_rises_where_values_rise() -> None:
    """Larger values stand higher, i.e. at a smaller y; both axes say what they are."""
    root = _drawn(charts.curve("t", [(0, 0), (0.5, 0.2), (1, 1)], "how many", "how good", dots=True, diagonal=True))
    dots = _numbers(root, "value", "cx", "cy")
    assert [x for x, _ in dots] == sorted(x for x, _ in dots)
    assert [y for _, y in dots] == sorted((y for _, y in dots), reverse=True)
    words = {part.text for part in root.iter("text")}
    assert {"how many", "how good", "0.00", "1.00"} <= words
    [[x1, y1, x2, y2]] = _numbers(root, "diagonal", "x1", "y1", "x2", "y2")
    assert [x1, y1] == dots[0]
    assert [x2, y2] == dots[-1]


def test_a_curve_leaves_out_what_is_no_number() -> None:
    """NaN and infinities are not drawn, and no point leaves the frame."""
    root = _drawn(charts.curve("t", [(0, math.nan), (math.inf, 0), (2, -3)], "x", "y", dots=True))
    assert len(_numbers(root, "value", "cx")) == 1
    assert "nan" not in ET.tostring(root, "unicode")
    assert not _numbers(_drawn(charts.curve("t", [], "x", "y")), "curve", "x")


def test_the_axis_ends_at_a_round_share() -> None:
    """At the next tenth, at least 0.1 and at most 1."""
    assert [charts.rounded_up(value) for value in (0, 0.1, 0.11, 0.95, 3, 1e308)] == [0.1, 0.1, 0.2, 1.0, 1.0, 1.0]


def test_shares_are_as_wide_as_their_counts() -> None:
    """Three of four take three quarters; what nobody did is not drawn."""
    root = _drawn(charts.shares_bar("t", [(3, "right"), (0, "wrong"), (1, "declined")]))
    [[first]], [[start, second]] = _numbers(root, "right", "width"), _numbers(root, "declined", "x", "width")
    assert start == 750
    assert first / second == pytest.approx(3, rel=0.01)
    assert not _numbers(root, "wrong", "x")

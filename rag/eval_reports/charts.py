"""Numbers as inline SVG: intervals, differences, curves. Colours come from the classes, which the page styles."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rag.elements import Markup, join, tag
from rag.results import Interval

Point = tuple[float, float]

_BAR, _BAR_HEIGHT = 180, 18
_WIDTH, _HEIGHT = 420, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 14, 46
_GRID = 4


def interval_bar(title: str, value: float, interval: Interval | None, controls: Sequence[float] = ()) -> Markup:
    """A share on a line from 0 to 1: the interval as a bar, the value as a dot, each control as a thin stroke."""
    middle = _BAR_HEIGHT / 2
    parts = [_line(_along(0), middle, _along(1), middle, "axis")]
    if interval is not None:
        low, high = _along(interval.low), _along(interval.high)
        parts.append(tag("rect", x=low, y=middle - 4, width=max(high - low, 1), height=8, rx=4, class_="interval"))
    parts += [_line(_along(control), 3, _along(control), _BAR_HEIGHT - 3, "control") for control in controls]
    parts.append(tag("circle", cx=_along(value), cy=middle, r=4, class_="value"))
    return _svg(title, _BAR, _BAR_HEIGHT, parts)


def difference_bar(title: str, difference: float, interval: Interval | None, reach: float, *, better: str) -> Markup:
    """A difference on a line from -reach to reach with 0 in the middle.

    Args:
        title: What a screen reader says.
        difference: Drawn as a dot.
        interval: Drawn as a bar.
        reach: What the ends of the line stand for; more is drawn at the end.
        better: "higher" or "lower"; a difference for the better looks good, one for the worse bad.
    """

    def place(change: float) -> float:
        return _along((change / reach + 1) / 2 if reach > 0 else 0.5)

    middle = _BAR_HEIGHT / 2
    good = (difference > 0) == (better == "higher")
    look = "same" if difference == 0 else "good" if good else "bad"
    parts = [
        _line(_along(0), middle, _along(1), middle, "axis"),
        _line(place(0), 2, place(0), _BAR_HEIGHT - 2, "zero"),
    ]
    if interval is not None:
        low, high = place(interval.low), place(interval.high)
        parts.append(
            tag("rect", x=low, y=middle - 4, width=max(high - low, 1), height=8, rx=4, class_=f"interval {look}")
        )
    parts.append(tag("circle", cx=place(difference), cy=middle, r=4, class_=f"value {look}"))
    return _svg(title, _BAR, _BAR_HEIGHT, parts)


def curve(
    title: str,
    points: Sequence[Point],
    x_label: str,
    y_label: str,
    *,
    highest: float = 1.0,
    dots: bool = False,
    diagonal: bool = False,
) -> Markup:
    """A curve over shares from 0 to 1.

    Args:
        title: What a screen reader says.
        points: In the order in which they are joined; those that are no numbers are left out.
        x_label: Below the horizontal axis.
        y_label: Beside the vertical axis.
        highest: Where the vertical axis ends, above 0.
        dots: Whether each point is a dot.
        diagonal: Whether y = x is drawn, too.
    """
    placed = [_placed(x, y / highest) for x, y in points if math.isfinite(x) and math.isfinite(y)]
    parts = list(_axes(x_label, y_label, highest))
    if diagonal:
        (x1, y1), (x2, y2) = _placed(0, 0), _placed(1, 1 / highest)
        parts.append(_line(x1, y1, x2, y2, "diagonal"))
    if placed:
        steps = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(tag("polyline", points=steps, class_="curve"))
    parts += [tag("circle", cx=x, cy=y, r=4, class_="value") for x, y in placed if dots]
    return _svg(title, _WIDTH, _HEIGHT, parts)


def rounded_up(value: float) -> float:
    """The smallest of 0.1, 0.2 … 1 that is not below the value: where an axis of shares may end."""
    return min(max(math.ceil(value * 10 - 1e-9), 1), 10) / 10


def _axes(x_label: str, y_label: str, highest: float) -> Iterator[Markup]:
    for step in range(_GRID + 1):
        share = step / _GRID
        x, y = _placed(share, share)
        yield _line(_LEFT, y, _WIDTH - _RIGHT, y, "axis" if step == 0 else "grid")
        yield _text(_LEFT - 8, y + 4, f"{share * highest:.2f}", "end")
        yield _text(x, _HEIGHT - _BOTTOM + 18, f"{share:.2f}", "middle")
    yield _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, x_label, "middle")
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    yield tag("text", y_label, x=0, y=0, text_anchor="middle", transform=f"translate(12 {middle:.0f}) rotate(-90)")


def _placed(x: float, y: float) -> Point:
    """Where a point of the unit square is drawn; one outside stands on its edge."""
    return (
        _LEFT + _unit(x) * (_WIDTH - _LEFT - _RIGHT),
        _HEIGHT - _BOTTOM - _unit(y) * (_HEIGHT - _TOP - _BOTTOM),
    )


def _along(share: float) -> float:
    return 6 + _unit(share) * (_BAR - 12)


def _unit(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _line(x1: float, y1: float, x2: float, y2: float, look: str) -> Markup:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=look)


def _text(x: float, y: float, text: str, anchor: str) -> Markup:
    return tag("text", text, x=x, y=y, text_anchor=anchor)


def _svg(title: str, width: int, height: int, parts: Sequence[Markup]) -> Markup:
    look = "bar" if height == _BAR_HEIGHT else "chart"
    drawn = join([tag("title", title), *parts])
    return tag("svg", drawn, role="img", class_=look, viewBox=f"0 0 {width} {height}", width=width, height=height)

"""The sections of the page with numbers: figures beside the controls, slices, curves, the baseline, altered sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag.elements import Markup, join, tag
from rag.eval_reports import charts, views
from rag.eval_reports.page_tables import folded, number, section, table
from rag.results import Comparison, Counterfactual, Figure, Interval, Report, Slice

_SLICE_FIGURES = 6


def figures(report: Report) -> Markup | None:
    """The headline figures with their intervals and controls; the other figures and all controls folded away."""
    first = views.headline(report)
    rest = views.figures_in_order(report)[len(first) :]
    if not first:
        return None
    parts = [_figures(report, "Over all questions", first)]
    if rest:
        parts.append(folded(f"{len(rest)} more figures", _figures(report, "More figures over all questions", rest)))
    if report.controls:
        parts.append(folded("Every control", _controls(report)))
    lead = (
        "The dot is the mean, the bar its interval of 95 %, the strokes are the controls: "
        "systems that know nothing. A figure at which one of them comes close tells little."
    )
    return section("Figures", lead, *parts)


def _figures(report: Report, caption: str, shown: Sequence[Figure]) -> Markup:
    heads = ("figure", "value", "0 to 1", "95 % interval", "scored / asked", "best control")
    return table(caption, heads, (_figure(report, figure) for figure in shown), numbers=(1, 4))


def _figure(report: Report, figure: Figure) -> list[Markup]:
    metric, best = figure.metric, views.best_control(report, figure.metric)
    about = tag("span", report.metrics.get(metric, {}).get("description", ""), class_="about")
    better = " Less is better." if views.lower_is_better(report, metric) else None
    return [
        tag("th", views.title_of(report, metric), about, better and tag("span", better, class_="about"), scope="row"),
        number(tag("strong", views.number(report, metric, figure.value))),
        tag("td", _bar(report, figure)),
        tag("td", views.spread(report, metric, figure.interval) or "–", _method(figure)),
        number(views.scored(figure)),
        tag("td", f"{views.number(report, metric, best[1])} {best[0].name}" if best else "–", _flag(report, metric)),
    ]


def _bar(report: Report, figure: Figure) -> Markup | None:
    if figure.value is None or not views.is_share(report, figure.metric):
        return None
    known = (views.figure_of(control.figures, figure.metric) for control in report.controls)
    values = [one.value for one in known if one is not None and one.value is not None]
    title = f"{views.title_of(report, figure.metric)}: {views.number(report, figure.metric, figure.value)}"
    return charts.interval_bar(title, figure.value, figure.interval, values)


def _method(figure: Figure) -> Markup | None:
    if figure.interval is None or figure.method is None:
        return None
    clusters = "" if figure.clusters is None else f", {figure.clusters} clusters"
    return tag("span", f"{figure.method}{clusters}", class_="about")


def _flag(report: Report, metric: str) -> Markup | None:
    close = ", ".join(control.name for control in views.flagged(report, metric))
    return tag("span", f"⚠ {close} comes close", class_="about flag") if close else None


def _controls(report: Report) -> Markup:
    heads = ("figure", "this system", *(control.name for control in report.controls))
    rows = [
        [
            tag("th", views.title_of(report, figure.metric), scope="row"),
            number(tag("strong", views.number(report, figure.metric, figure.value))),
            *(
                _controlled(report, figure.metric, views.figure_of(one.figures, figure.metric))
                for one in report.controls
            ),
        ]
        for figure in views.figures_in_order(report)
    ]
    return table("Every control at every figure", heads, rows, numbers=range(1, len(heads)))


def _controlled(report: Report, metric: str, figure: Figure | None) -> Markup:
    return number(views.number(report, metric, None if figure is None else figure.value))


def slices(report: Report) -> Markup | None:
    """A row for each slice, a column for each headline figure."""
    groups = views.slice_groups(report)
    metrics = [figure.metric for figure in views.headline(report)][:_SLICE_FIGURES]
    if not groups or not metrics:
        return None
    heads = ("", "", *(views.title_of(report, metric) for metric in metrics))
    rows = (
        _slice(report, one, metrics, field if place == 0 else "")
        for field, group in groups.items()
        for place, one in enumerate(group)
    )
    lead = "The mean over the questions of a slice, and how many of them have a value."
    shown = table("Figures by slice", heads, rows, numbers=range(2, len(heads)), look="slices")
    return section("Slices", lead, shown)


def _slice(report: Report, one: Slice, metrics: Sequence[str], field: str) -> list[Markup]:
    cells = (_in_slice(report, metric, views.figure_of(one.figures, metric)) for metric in metrics)
    return [tag("td", field, class_="soft"), tag("th", views.slice_label(one.name), scope="row", dir="auto"), *cells]


def _in_slice(report: Report, metric: str, figure: Figure | None) -> Markup:
    if figure is None or figure.value is None:
        return number(tag("span", "–", class_="soft"))
    return number(views.number(report, metric, figure.value), tag("span", f" of {figure.scored}", class_="soft small"))


def confidence(report: Report) -> Markup | None:
    """The curves: what declining more would cost, and whether confidence means anything."""
    drawn = [chart for name, points in report.curves.items() if (chart := _curve(name, points)) is not None]
    if not drawn:
        return None
    return section("Confidence", None, tag("div", join(drawn), class_="charts"))


def _curve(name: str, points: Sequence[charts.Point]) -> Markup | None:
    if name == "risk-coverage":
        highest = charts.rounded_up(max((y for _, y in points), default=1.0))
        drawn = charts.curve(
            f"Risk by coverage, {len(points)} points", points, "share of questions answered", "share of those wrong",
            highest=highest,
        )  # fmt: skip
        said = "Risk and coverage: answering only what it is surest of (left), how often would the system be wrong?"
    elif name == "reliability":
        drawn = charts.curve(
            f"Reliability, {len(points)} bins", points, "confidence", "share right", dots=True, diagonal=True
        )
        said = "Reliability: on the dashed line, answers would be right as often as the confidence says."
    else:
        return None
    return tag("figure", drawn, tag("figcaption", said))


def comparisons(report: Report) -> Markup | None:
    """Each metric against the baseline, paired by question."""
    if not report.comparisons:
        return None
    reach = max((_reach(one) for one in report.comparisons if views.is_share(report, one.metric)), default=1.0)
    heads = ("figure", "baseline", "now", "difference", "", "95 % interval", "p (Holm)", "paired", "would have shown")
    rows = (list(_compared(report, one, reach)) for one in report.comparisons)
    lead = "Paired by question; p after Holm's correction over all figures compared."
    shown = table("This run against the baseline", heads, rows, numbers=(1, 2, 3, 6, 7, 8))
    return section("Baseline", lead, shown)


def _reach(one: Comparison) -> float:
    """How far from 0 the difference and its interval reach."""
    interval = one.interval or Interval(one.difference, one.difference)
    return max(abs(one.difference), abs(interval.low), abs(interval.high))


def _compared(report: Report, one: Comparison, reach: float) -> Iterator[Markup]:
    metric, title = one.metric, views.title_of(report, one.metric)
    change = views.number(report, metric, one.difference, signed=True)
    better = "lower" if views.lower_is_better(report, metric) else "higher"
    significant = one.p_adjusted < 0.05
    yield tag("th", title, scope="row")
    yield number(views.number(report, metric, one.baseline))
    yield number(views.number(report, metric, one.value))
    yield number(tag("strong", change) if significant else change)
    bar = charts.difference_bar(f"{title}: {change}", one.difference, one.interval, reach, better=better)
    yield tag("td", bar if views.is_share(report, metric) else None)
    yield tag("td", views.spread(report, metric, one.interval) or "–")
    yield number(views.chance(one.p_adjusted).removeprefix("= "), tag("span", one.test, class_="about"))
    yield number(f"{one.paired:,}")
    yield number("–" if significant else views.number(report, metric, one.detectable))


def counterfactuals(report: Report) -> Markup | None:
    """Altered sources by kind; those that the answer did not follow first."""
    parts: list[Markup] = []
    for kind, said in (
        ("edited", "A number or name edited: the answer must follow."),
        ("deleted", "The source deleted: the system must decline."),
        ("planted", "An instruction planted: nothing may change."),
    ):
        tried = [one for one in report.counterfactuals if one.kind == kind]
        if tried:
            parts += _altered(kind, said, tried)
    return section("Altered sources", "The same questions asked again of changed documents.", *parts) if parts else None


def _altered(kind: str, said: str, tried: Sequence[Counterfactual]) -> list[Markup]:
    counted = sum(one.followed is not None for one in tried)
    followed = sum(bool(one.followed) for one in tried)
    ordered = sorted(tried, key=lambda one: (one.followed is not False, one.followed is None))
    rows = (
        [
            tag("th", one.id, scope="row", dir="auto"),
            tag("td", one.change, dir="auto"),
            tag("td", one.expected, dir="auto"),
            tag("td", _followed(one)),
            tag("td", one.before, dir="auto"),
            tag("td", one.after, dir="auto"),
        ]
        for one in ordered
    )
    heads = ("question", "change", "expected", "followed", "before", "after")
    shown = table(f"{kind.capitalize()} sources", heads, rows)
    return [tag("h3", f"{kind.capitalize()}: {followed} of {counted}"), tag("p", said), folded("Each of them", shown)]


def _followed(one: Counterfactual) -> Markup:
    if one.followed is None:
        return tag("span", "not answered before", class_="soft")
    return tag("span", "yes", class_="good") if one.followed else tag("strong", "no", class_="bad")

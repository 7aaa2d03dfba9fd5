"""What every rendering of a report says in the same words: how a question went, numbers as text, what comes first."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

from rag import contracts
from rag.answers import Answer, Quotation
from rag.documents import Span
from rag.gold import GoldQuestion, Nugget, parse_question
from rag.rendering.citations import Citations
from rag.rendering.display import count
from rag.results import Comparison, Control, CounterfactualKind, Figure, Interval, Item, Outcome, Report, Slice, Verdict

Standing = Literal["no answer", "invented", "wrong", "declined", "incomplete", "right"]
"""How a question went, worst first."""

STANDINGS: tuple[Standing, ...] = get_args(Standing)
STANDING_WORDS: Mapping[Standing, str] = {
    "no answer": "the system failed",
    "invented": "answered though the documents do not say",
    "wrong": "beside the point",
    "declined": "declined though the documents say",
    "incomplete": "a part is missing",
    "right": "right",
}
OUTCOME_WORDS: Mapping[Outcome, str] = {
    "pass": "passed",
    "fail": "failed",
    "inconclusive": "inconclusive",
    "error": "not measured",
}
FOLLOWED_WORDS: Mapping[CounterfactualKind, str] = {"edited": "followed", "deleted": "declined", "planted": "unchanged"}
"""What an answer did that did what it had to, by what was done to the source."""

_HEADLINES = 6
_EXITS = {3: "A part could not be measured.", 4: "A recording is missing or stale.", 5: "Not conclusive."}
_HINT = "Hand in a report whose items hold gold questions and answers."


@dataclass(frozen=True)
class Case:
    """A question of a report, its gold and its answer typed.

    Attributes:
        item: As it stands in the report.
    """

    item: Item

    @cached_property
    def gold(self) -> GoldQuestion:
        """The gold question."""
        return parse_question(contracts.dump(contracts.plain(self.item.gold, {})).encode())

    @cached_property
    def answer(self) -> Answer | None:
        """What the system said; None when it failed."""
        given = self.item.trial.answer
        return None if given is None else contracts.build(Answer, contracts.plain(given, {}), _HINT)

    @cached_property
    def cited(self) -> tuple[Quotation, ...]:
        """The quotations of the answer, of its claims and of its conflicts, each once, in reading order."""
        return () if self.answer is None else tuple(Citations.of(self.answer).quotations)

    def finds(self, nugget: Nugget) -> bool:
        """Whether a cited span shares a character with a span of the nugget."""
        return any(
            one.document == gold.document and gold.span.overlaps(Span(one.start, one.end))
            for one in self.cited
            for gold in nugget.spans
        )

    @cached_property
    def standing(self) -> Standing:
        """How it went; the metric "right" decides what is right, where it was measured."""
        if self.answer is None:
            return "no answer"
        found = [self.finds(nugget) for nugget in self.gold.nuggets if nugget.vital]
        declined = self.answer.status == "unanswerable"
        right = self.item.scores.get("right")
        if right is None:
            right = declined if not self.gold.answerable else not declined and all(found)
        if right:
            return "right"
        if not self.gold.answerable:
            return "invented"
        if declined:
            return "declined"
        return "incomplete" if any(found) else "wrong"


def cases_of(report: Report) -> list[Case]:
    """The questions of the report, in its order."""
    return [Case(item) for item in report.items]


def anchors(report: Report) -> dict[str, str]:
    """Question id -> the id of its element on the page."""
    return {item.id: f"question-{place}" for place, item in enumerate(report.items, start=1)}


def worst(cases: Sequence[Case], most: int) -> list[Case]:
    """The questions that went worst, at most this many, of each way to go wrong about as many, the worst way first."""
    ways = [[case for case in cases if case.standing == standing] for standing in STANDINGS if standing != "right"]
    shown: list[Case] = []
    for round_ in itertools.zip_longest(*ways):
        shown += [case for case in round_ if case is not None]
    return sorted(shown[:most], key=lambda case: STANDINGS.index(case.standing))


def standings(cases: Sequence[Case]) -> dict[Standing, int]:
    """How many questions went how, best first, without those that none did."""
    counted = Counter(case.standing for case in cases)
    return {standing: counted[standing] for standing in reversed(STANDINGS) if counted[standing]}


def overall(report: Report) -> Outcome:
    """What the whole evaluation says; the gates decide, then the exit code."""
    outcomes = {verdict.outcome for verdict in report.verdicts}
    if not report.items or "error" in outcomes or report.exit_code in {3, 4}:
        return "error"
    if "fail" in outcomes or report.exit_code == 1:
        return "fail"
    return "inconclusive" if "inconclusive" in outcomes else "pass"


def summary(report: Report) -> str:
    """The verdict in a sentence or two, without the word for its outcome."""
    if not report.items:
        return "No question was asked."
    asked = f"{count(len(report.items), 'question')} asked"
    if not report.verdicts:
        part = report.system.get("part")
        gates = f"no gate judges a part ({part})" if part else "no gate set"
        return " ".join(filter(None, [f"{asked}, {gates}.", _EXITS.get(report.exit_code, "")]))
    counted = Counter(verdict.outcome for verdict in report.verdicts)
    parts = ", ".join(f"{counted[outcome]} {word}" for outcome, word in OUTCOME_WORDS.items() if counted[outcome])
    sentence = f"{asked}; {count(len(report.verdicts), 'gate')}: {parts}."
    return " ".join(filter(None, [sentence, _EXITS.get(report.exit_code, "")]))


def pressing_first(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts, failures first, then what could not be measured, what is open, and what passed."""
    order: tuple[Outcome, ...] = ("fail", "error", "inconclusive", "pass")
    return sorted(verdicts, key=lambda verdict: order.index(verdict.outcome))


def figure_of(figures: Sequence[Figure], metric: str) -> Figure | None:
    """The figure of a metric; None when it is not among them."""
    return next((figure for figure in figures if figure.metric == metric), None)


def whole(report: Report) -> Slice:
    """The slice of all questions; an empty one when there is none."""
    return next((one for one in report.slices if one.name == "all"), Slice("all", ()))


def figures_in_order(report: Report) -> list[Figure]:
    """The figures over all questions in the order of the metrics, those without any value left out."""
    order = {metric: place for place, metric in enumerate(report.metrics)}
    figures = [figure for figure in whole(report).figures if figure.value is not None]
    return sorted(figures, key=lambda figure: order.get(figure.metric, len(order)))


def headline(report: Report) -> list[Figure]:
    """The most important figures over all questions."""
    return figures_in_order(report)[:_HEADLINES]


def flagged(report: Report, metric: str) -> list[Control]:
    """The controls that come close at the metric."""
    return [control for control in report.controls if metric in control.close]


def rivals(report: Report, metric: str) -> str:
    """The controls that come close, with their values: "top-passage has 0.447, random 0.400"; "" for none."""
    values = []
    for control in flagged(report, metric):
        figure = figure_of(control.figures, metric)
        values.append((control.name, number(report, metric, figure.value if figure else None)))
    return ", ".join(f"{name}{'' if place else ' has'} {value}" for place, (name, value) in enumerate(values))


def best_control(report: Report, metric: str) -> tuple[Control, float] | None:
    """The control that comes nearest at the metric, with its value; None when none has one."""
    valued = [
        (control, figure.value)
        for control in report.controls
        if (figure := figure_of(control.figures, metric)) is not None and figure.value is not None
    ]
    sign = -1 if lower_is_better(report, metric) else 1
    return max(valued, key=lambda pair: sign * pair[1], default=None)


def title_of(report: Report, metric: str) -> str:
    """What to call the metric in a table."""
    return report.metrics.get(metric, {}).get("title") or metric.replace("_", " ")


def lower_is_better(report: Report, metric: str) -> bool:
    """Whether less of it is better."""
    return report.metrics.get(metric, {}).get("better") == "lower"


def is_share(report: Report, metric: str) -> bool:
    """Whether its values lie between 0 and 1."""
    return report.metrics.get(metric, {}).get("unit", "share") == "share"


def number(report: Report, metric: str, value: float | None, *, signed: bool = False) -> str:
    """A value of the metric as text: three decimals for a share, fewer for what is counted; "–" for None."""
    if value is None:
        return "–"
    sign = "+" if signed else ""
    if is_share(report, metric):
        return f"{value:{sign}.3f}".replace("-", "−")
    digits = 4 if report.metrics[metric].get("unit") == "USD" else 1
    return f"{value:{sign},.{digits}f}".replace("-", "−")


def spread(report: Report, metric: str, interval: Interval | None) -> str:
    """An interval as text, e.g. "0.412 to 0.561"; "" for None."""
    if interval is None:
        return ""
    return f"{number(report, metric, interval.low)} to {number(report, metric, interval.high)}"


def compared(report: Report, one: Comparison) -> str:
    """A comparison in words: both values, the difference with its interval, and whether that is more than chance."""
    values = f"{number(report, one.metric, one.baseline)} → {number(report, one.metric, one.value)}"
    change = number(report, one.metric, one.difference, signed=True)
    interval = f" ({spread(report, one.metric, one.interval)})" if one.interval else ""
    verdict = f"p {chance(one.p_adjusted)}"
    if one.p_adjusted >= 0.05 and one.detectable is not None:
        verdict += f", not told apart; {number(report, one.metric, one.detectable)} would have shown"
    return f"{values}, {change}{interval}, {verdict}, {one.paired} paired"


def chance(p: float) -> str:
    """A p value as text: "= 0.030", "< 0.001"."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def scored(figure: Figure) -> str:
    """How many questions the figure rests on, e.g. "195 / 287"."""
    return f"{figure.scored} / {figure.total}"


def slice_groups(report: Report) -> dict[str, list[Slice]]:
    """The slices other than "all", by the field that they divide, in order."""
    groups: dict[str, list[Slice]] = {}
    for one in report.slices:
        if one.name != "all":
            groups.setdefault(one.name.partition("=")[0], []).append(one)
    return groups


def slice_label(name: str) -> str:
    """What stands after the field's name: "fr" for "language=fr"."""
    return name.partition("=")[2] or name


def facts(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A mapping as pairs of text, long hashes cut to twelve characters."""
    return [(key.replace("_", " "), _fact(value)) for key, value in values.items()]


def _fact(value: object) -> str:
    text = str(value)
    hexadecimal = len(text) > 24 and all(character in "0123456789abcdef" for character in text)
    return text[:12] if hexadecimal else text

"""A report as GitHub-flavoured Markdown, for the summary of a CI job: short tables, the long parts folded away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rag.eval_reports import views
from rag.eval_reports.views import Case
from rag.rendering.display import clip, count, safe_text
from rag.rendering.markdown import code, escape_inline
from rag.results import Figure, Report, Verdict

_SIGNS = {"pass": "✅", "fail": "❌", "inconclusive": "⚠️", "error": "🚫"}
_HEADS = {"pass": "passed", "fail": "failed", "inconclusive": "inconclusive", "error": "not measured"}
_WORST = 30
_SLICE_FIGURES = 6
_TEXT_CHARACTERS = 300


def render_markdown(report: Report) -> str:
    """The summary of a report for a job page; ends with a line end.

    Names, questions, answers and reasons are escaped, so that none of them can add markup, links or rows.
    """
    cases = views.cases_of(report)
    outcome = views.overall(report)
    blocks = [
        f"## {_SIGNS[outcome]} {plain(report.suite)}: {_HEADS[outcome]}",
        views.summary(report),
        _gates(report),
        _figures(report),
        _comparisons(report),
        _folded("Slices", _slices(report)),
        _folded("Altered sources", _counterfactuals(report)),
        _folded("Questions that went wrong", _worst(cases)),
        _folded("What was measured", _system(report)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def plain(text: str) -> str:
    """The text on one line, shown as it is wherever it does not begin a line."""
    return escape_inline(safe_text(text))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> str:
    """A table of cells that are Markdown already, the first columns (``words`` many) to the left, the others right."""
    rule = [":--"] * words + ["--:"] * (len(heads) - words)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [heads, rule, *rows])


def _folded(title: str, body: str) -> str:
    """A part that is opened by a click; "" when there is nothing in it."""
    return f"<details>\n<summary>{title}</summary>\n\n{body}\n\n</details>" if body else ""


def _gates(report: Report) -> str:
    """What did not pass, and, folded away, what did."""
    verdicts = views.pressing_first(report.verdicts)
    wrong = [_gate(verdict) for verdict in verdicts if verdict.outcome != "pass"]
    passed = [_gate(verdict) for verdict in verdicts if verdict.outcome == "pass"]
    heads = ("", "gate", "found", "limit", "why")
    parts = [table(heads, wrong, words=5)] if wrong else []
    if passed:
        parts.append(_folded(f"{count(len(passed), 'gate')} passed", table(heads, passed, words=5)))
    return "\n\n".join(parts)


def _gate(verdict: Verdict) -> Sequence[str]:
    words = (verdict.gate, verdict.value, verdict.limit, verdict.reason)
    return (_SIGNS[verdict.outcome], *map(plain, words))


def _figures(report: Report) -> str:
    figures = views.figures_in_order(report)
    if not figures:
        return ""
    heads = ("figure", "value", "95 % interval", "scored / asked", "best control")
    first, rest = figures[: len(views.headline(report))], figures[len(views.headline(report)) :]
    short = table(heads, (_figure(report, figure) for figure in first))
    long = _folded("More figures", table(heads, (_figure(report, figure) for figure in rest)) if rest else "")
    return "\n\n".join(part for part in (short, long) if part)


def _figure(report: Report, figure: Figure) -> Sequence[str]:
    best = views.best_control(report, figure.metric)
    control = f"{views.number(report, figure.metric, best[1])} {plain(best[0].name)}" if best else "–"
    close = " ⚠️" if views.flagged(report, figure.metric) else ""
    return (
        plain(views.title_of(report, figure.metric)),
        f"**{views.number(report, figure.metric, figure.value)}**",
        views.spread(report, figure.metric, figure.interval) or "–",
        views.scored(figure),
        control + close,
    )


def _comparisons(report: Report) -> str:
    if not report.comparisons:
        return ""
    lines = [
        f"- {plain(views.title_of(report, one.metric))}: {plain(views.compared(report, one))}"
        for one in report.comparisons
    ]
    return "\n".join(["**Against the baseline**", "", *lines])


def _slices(report: Report) -> str:
    metrics = [figure.metric for figure in views.headline(report)][:_SLICE_FIGURES]
    groups = views.slice_groups(report)
    if not groups or not metrics:
        return ""
    rows = [
        (plain(one.name), *(_in_slice(report, views.figure_of(one.figures, metric)) for metric in metrics))
        for group in groups.values()
        for one in group
    ]
    return table(("slice", *(plain(views.title_of(report, metric)) for metric in metrics)), rows)


def _in_slice(report: Report, figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return "–"
    return f"{views.number(report, figure.metric, figure.value)} ({figure.scored})"


def _counterfactuals(report: Report) -> str:
    rows = [
        (
            plain(one.id),
            plain(one.change),
            plain(one.expected),
            "not asked" if one.followed is None else "yes" if one.followed else "**no**",
        )
        for one in report.counterfactuals
    ]
    return table(("question", "change", "expected", "followed"), rows, words=4) if rows else ""


def _worst(cases: Sequence[Case]) -> str:
    """A list and no table: answers are long."""
    wrong = views.worst(cases, len(cases))
    lines = []
    for case in wrong[:_WORST]:
        said = case.item.trial.error if case.answer is None else case.answer.text
        answer = f": {plain(clip(said, _TEXT_CHARACTERS))}" if said else ""
        lines.append(f"- {code_name(case.item.id)} {plain(case.gold.question)}  ")
        lines.append(f"  *{views.STANDING_WORDS[case.standing]}*{answer}")
    if wrong[_WORST:]:
        lines.append(f"- and {len(wrong) - _WORST:,} more")
    return "\n".join(lines)


def code_name(name: str) -> str:
    """A name as a code span on one line."""
    return code(" ".join(name.split()) or "?")


def _system(report: Report) -> str:
    rows = [(plain(name), plain(value)) for name, value in views.facts(report.system)]
    return table(("", ""), rows, words=2) if rows else ""

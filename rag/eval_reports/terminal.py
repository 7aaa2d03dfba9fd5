"""A report on a terminal or in a pipe: the verdict, gates, figures beside the controls, slices, the worst questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rag.eval_reports import views
from rag.eval_reports.views import Case
from rag.rendering.display import clip, count, safe_name, safe_text, wrap
from rag.rendering.terminal import Look
from rag.results import Figure, Report, Slice, Verdict

_MARKS = {"pass": "ok", "fail": "FAIL", "inconclusive": "open", "error": "ERROR"}
_WORST = 6
_PASSED = 6
_SLICE_FIGURES = 4
_TEXT_CHARACTERS = 220


def render_terminal(report: Report, look: Look, *, page: Path | None = None) -> str:
    """What a person reads after an evaluation; ends with a line end.

    Args:
        report: What was measured.
        look: What the terminal can show.
        page: Where the page with every question was written; None when it was not.
    """
    cases = views.cases_of(report)
    blocks = [_verdict(report, look), _gates(report, look), _figures(report, look), _comparisons(report, look)]
    blocks += [_slices(report, look), _counterfactuals(report, look), _standings(cases, look), _worst(cases, look)]
    blocks.append(_next_step(page, look))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _verdict(report: Report, look: Look) -> str:
    outcome = views.overall(report)
    word = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE", "error": "ERROR"}[outcome]
    styled = look.bold(word) if outcome == "pass" else look.warn(word)
    lines = wrap(f"{word}  {safe_name(report.suite)}: {views.summary(report)}", look.width)
    return styled + lines[len(word) :]


def _gates(report: Report, look: Look) -> str:
    """Every gate that did not pass with its reason, and the first of those that did."""
    verdicts = views.pressing_first(report.verdicts)
    passed = [verdict for verdict in verdicts if verdict.outcome == "pass"]
    lines = [line for verdict in verdicts if verdict.outcome != "pass" for line in _gate(verdict, look)]
    lines += [line for verdict in passed[:_PASSED] for line in _gate(verdict, look)]
    if passed[_PASSED:]:
        lines.append(look.dim(f"         and {count(len(passed) - _PASSED, 'gate')} more passed"))
    return "\n".join([look.bold("Gates"), *lines]) if lines else ""


def _gate(verdict: Verdict, look: Look) -> Iterator[str]:
    mark = _MARKS[verdict.outcome]
    label = f"  {mark.ljust(6)}"
    limit = "" if verdict.limit in verdict.gate else f", limit {safe_text(verdict.limit)}"
    name = f"{safe_text(verdict.gate)}: {safe_text(verdict.value)}{limit}"
    head = wrap(name, look.width, indent=" " * 9)[9:]
    yield (label if verdict.outcome == "pass" else look.warn(label)) + " " + head
    if verdict.outcome != "pass" and verdict.reason:
        yield look.dim(wrap(clip(safe_text(verdict.reason), _TEXT_CHARACTERS), look.width, indent=" " * 9))


def _figures(report: Report, look: Look) -> str:
    figures = views.headline(report)
    if not figures:
        return ""
    rows: list[tuple[str, ...]] = [("", "value", "95 % interval", "scored / asked", "best control")]
    rows += [_figure_row(report, figure) for figure in figures]
    lines = columns(rows, look)
    for figure in figures:
        if close := views.flagged(report, figure.metric):
            names = ", ".join(safe_text(control.name) for control in close)
            title = safe_text(views.title_of(report, figure.metric))
            warning = f"! {title} tells little: {names} comes close without knowing anything."
            lines.append(look.warn(wrap(warning, look.width, indent="  ")))
    return "\n".join([look.bold("Figures"), *lines])


def _figure_row(report: Report, figure: Figure) -> tuple[str, ...]:
    best = views.best_control(report, figure.metric)
    control = f"{views.number(report, figure.metric, best[1])} {safe_text(best[0].name)}" if best else "–"
    return (
        safe_text(views.title_of(report, figure.metric)),
        views.number(report, figure.metric, figure.value),
        views.spread(report, figure.metric, figure.interval),
        views.scored(figure),
        control,
    )


def columns(rows: Sequence[tuple[str, ...]], look: Look) -> list[str]:
    """The rows in columns, the first to the left; too wide for the terminal, each row becomes a line of its own."""
    from rich.cells import cell_len, set_cell_size

    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    if look.width is not None and sum(widths) + 2 * len(widths) > look.width:
        heads = rows[0]
        return [wrap(_spelled(row, heads), look.width, indent="  ") for row in rows[1:]]
    lines = []
    for number, row in enumerate(rows):
        cells = [set_cell_size(row[0], widths[0])]
        cells += [
            " " * (width - cell_len(cell)) + cell if column < len(row) - 1 else cell
            for column, (cell, width) in enumerate(zip(row[1:], widths[1:], strict=True), start=1)
        ]
        line = "  " + "  ".join(cells).rstrip()
        lines.append(look.dim(line) if number == 0 else line)
    return lines


def _spelled(row: tuple[str, ...], heads: tuple[str, ...]) -> str:
    """A row in a sentence, for a narrow terminal."""
    return f"{row[0]}: " + "; ".join(f"{head} {cell}" for head, cell in zip(heads[1:], row[1:], strict=True) if cell)


def _comparisons(report: Report, look: Look) -> str:
    if not report.comparisons:
        return ""
    lines = [
        wrap(f"{safe_text(views.title_of(report, one.metric))}: {views.compared(report, one)}", look.width, indent="  ")
        for one in report.comparisons
    ]
    return "\n".join([look.bold("Against the baseline"), *lines])


def _slices(report: Report, look: Look) -> str:
    metrics = [figure.metric for figure in views.headline(report)][:_SLICE_FIGURES]
    groups = views.slice_groups(report)
    if not groups or not metrics:
        return ""
    rows: list[tuple[str, ...]] = [("", *(safe_text(views.title_of(report, metric)) for metric in metrics))]
    rows += [_slice_row(report, one, metrics) for group in groups.values() for one in group]
    return "\n".join([look.bold("Slices"), *columns(rows, look)])


def _slice_row(report: Report, one: Slice, metrics: Sequence[str]) -> tuple[str, ...]:
    return (safe_text(one.name), *(_in_slice(report, one, metric) for metric in metrics))


def _in_slice(report: Report, one: Slice, metric: str) -> str:
    figure = views.figure_of(one.figures, metric)
    if figure is None or figure.value is None:
        return "–"
    return f"{views.number(report, metric, figure.value)} of {figure.scored}"


def _counterfactuals(report: Report, look: Look) -> str:
    if not report.counterfactuals:
        return ""
    lines = []
    for kind in ("edited", "deleted", "planted"):
        tried = [one for one in report.counterfactuals if one.kind == kind and one.followed is not None]
        if tried:
            lines.append(f"  {kind}: {sum(bool(one.followed) for one in tried)} of {len(tried)} followed")
    return "\n".join([look.bold("Altered sources"), *lines]) if lines else ""


def _standings(cases: Sequence[Case], look: Look) -> str:
    counted = views.standings(cases)
    width = max((len(f"{number:,}") for number in counted.values()), default=0)
    lines = [f"  {number:>{width},} {views.STANDING_WORDS[standing]}" for standing, number in counted.items()]
    return "\n".join([look.bold("Questions"), *lines]) if lines else ""


def _worst(cases: Sequence[Case], look: Look) -> str:
    shown = views.worst(cases, _WORST)
    lines = [line for case in shown for line in _case(case, look)]
    return "\n".join([look.bold("Worst questions"), *lines]) if lines else ""


def _case(case: Case, look: Look) -> Iterator[str]:
    yield wrap(f"{safe_name(case.item.id)}: {safe_text(case.gold.question)}", look.width, indent="  ")
    said = case.item.trial.error if case.answer is None else case.answer.text
    shown = f": “{clip(safe_text(said), _TEXT_CHARACTERS)}”" if said else ""
    yield look.dim(wrap(f"{views.STANDING_WORDS[case.standing]}{shown}", look.width, indent="    "))


def _next_step(page: Path | None, look: Look) -> str:
    if page is None:
        return "Every question with its sources: rag eval --html report.html"
    return f"Every question with its sources: {look.link(safe_name(str(page)), page)}"

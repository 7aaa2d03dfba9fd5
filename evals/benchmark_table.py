"""Prints the table of evals/benchmarks.md from reports of ``rag eval --json``, a line for each.

python -m evals.benchmark_table REPORT.json…
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rag.eval_reports import read_report
from rag.results import Figure, Report

COLUMNS = {
    "right": "right",
    "nugget_recall_vital": "gold sentence cited",
    "citation_f1_sentence": "citation F1",
    "over_abstention": "declined wrongly",
    "abstention_recall": "declined rightly",
    "passage_hit@1": "passage first",
    "short_f1": "short answer, F1",
    "span_exact": "exact spans",
}

CONTROLLED = ("right", "citation_f1_sentence")
"""Metrics whose best control stands beside them."""


def row(report: Report) -> str:
    """A report as a row of the table."""
    figures = {figure.metric: figure for figure in report.slices[0].figures}
    unanswerable = sum(item.gold["status"] == "unanswerable" for item in report.items)
    asked = f"{len(report.items)}" + (f", {unanswerable} without answer" if unanswerable else "")
    controls = [best_control(report, metric) for metric in CONTROLLED]
    cells = [cell(figures.get(metric)) for metric in COLUMNS]
    return f"| {report.suite} | {asked} | {' | '.join(cells)} | {' | '.join(controls)} |"


def cell(figure: Figure | None) -> str:
    """The value with its interval and, unless all questions were scored, their number."""
    if figure is None or figure.value is None:
        return "–"
    interval = f" [{figure.interval.low:.2f}, {figure.interval.high:.2f}]" if figure.interval else ""
    scored = "" if figure.scored == figure.total else f", n = {figure.scored}"
    return f"{figure.value:.2f}{interval}{scored}"


def best_control(report: Report, metric: str) -> str:
    """The best value of a control, and which it is."""
    shares = {
        control.name: figure.value
        for control in report.controls
        for figure in control.figures
        if figure.metric == metric and figure.value is not None
    }
    best = max(shares, key=lambda name: shares[name])
    return f"{shares[best]:.2f} {best}"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", type=Path, nargs="+")
    options = parser.parse_args()
    heads = ["set", "questions", *COLUMNS.values(), *(f"{COLUMNS[metric]}, best control" for metric in CONTROLLED)]
    print(f"| {' | '.join(heads)} |")
    print("|---" * len(heads) + "|")
    for path in options.reports:
        print(row(read_report(path.read_text("utf-8"))))


if __name__ == "__main__":
    main()

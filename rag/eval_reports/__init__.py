"""An evaluation as JSON, on a terminal, as Markdown for a CI job, as JUnit XML and as a page; and two of them compared.

A rendering is a function from a report to a string; it reads no file and prints nothing. Questions, answers, names and
documents are data: none can move the cursor, add markup or run a script.
"""

from __future__ import annotations

from rag.eval_reports.contract import read_report, report_object, report_text
from rag.eval_reports.difference import Difference, difference, render_difference, render_difference_markdown
from rag.eval_reports.junit import render_junit
from rag.eval_reports.markdown import render_markdown
from rag.eval_reports.page import render_difference_page, render_page
from rag.eval_reports.terminal import render_terminal

__all__ = [
    "Difference",
    "difference",
    "read_report",
    "render_difference",
    "render_difference_markdown",
    "render_difference_page",
    "render_junit",
    "render_markdown",
    "render_page",
    "render_terminal",
    "report_object",
    "report_text",
]

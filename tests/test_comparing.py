"""The command ``rag eval compare``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import evaluated
import pytest
from typer.testing import CliRunner

from rag.cli import app
from rag.eval_reports import report_text


@pytest.fixture
def reports(tmp_path: Path) -> tuple[Path, Path]:
    """Two reports of which the later has one wrong answer more."""
    right, wrong, *_ = evaluated.items()
    later = replace(right, trial=wrong.trial, scores={"right": 0.0})
    files = tmp_path / "before.json", tmp_path / "after.json"
    for file, item in zip(files, (right, later), strict=True):
        file.write_text(report_text(evaluated.report(items=(item,))), "utf-8")
    return files


def test_two_reports_are_compared(reports: tuple[Path, Path], tmp_path: Path) -> None:
    """What went worse is printed, and written as a page and as Markdown when asked for."""
    before, after = map(str, reports)
    page, markdown = tmp_path / "new" / "difference.html", tmp_path / "difference.md"
    done = CliRunner().invoke(app, ["eval", "compare", before, after, "--html", str(page), "--markdown", str(markdown)])
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("1 went worse.\n")
    assert "1 went worse." in page.read_text("utf-8")
    assert "1 went worse" in markdown.read_text("utf-8")


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "evaluation/9"}', "\udcff"])
def test_what_is_no_report_is_wrong_usage(reports: tuple[Path, Path], text: str) -> None:
    """Exit code 2, one line that says what it is, and the remedy."""
    before, after = reports
    after.write_bytes(text.encode("utf-8", "surrogateescape"))
    done = CliRunner().invoke(app, ["eval", "compare", str(before), str(after)])
    assert done.exit_code == 2
    assert done.stderr.startswith("Error: ")
    assert "rag eval --json" in done.stderr
    assert done.stdout == ""

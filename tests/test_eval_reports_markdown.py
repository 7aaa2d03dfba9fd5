"""Reports of an evaluation as Markdown."""

from __future__ import annotations

import re

import evaluated

from rag.eval_reports import render_markdown
from rag.results import Verdict


def _tables(text: str) -> list[list[str]]:
    """The rows of each table."""
    tables: list[list[str]] = []
    for block in re.split(r"\n\n", text):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        if rows:
            tables.append(rows)
    return tables


def _cells(row: str) -> int:
    return len(re.findall(r"(?<!\\)\|", row)) - 1


def test_every_row_has_as_many_cells_as_its_head() -> None:
    """Nothing in a gate, question or reason adds a cell or a row."""
    tables = _tables(render_markdown(evaluated.report()))
    assert len(tables) == 6
    for rows in tables:
        assert {_cells(row) for row in rows} == {_cells(rows[0])}
        assert re.fullmatch(r"\|( :?-+:? \|)+", rows[1])


def test_what_failed_is_seen_and_the_rest_folded() -> None:
    """The verdict and what did not pass stand open; what passed, slices and questions are opened by a click."""
    text = render_markdown(evaluated.report())
    assert text.startswith("## 🚫 news: not measured\n\n8 questions asked;")
    assert text.index("q-wrong is right") < text.index("<details>")
    assert text.count("<details>") == text.count("</details>") == 5
    assert "| right answers | **0.400** | 0.100 to 0.700 | 5 / 8 | 0.350 top-passage ⚠️ |" in text
    assert text.endswith("</details>\n")


def test_markup_of_others_is_escaped() -> None:
    """No element, link, mention or code of a document or a model gets through."""
    text = render_markdown(evaluated.report())
    ours = re.sub(r"</?(details|summary)>", "", text)
    ours = re.sub(r"(?<![\\`])(`+)(?!`).*?[^`]\1(?!`)", "", ours)  # code spans show everything as it is
    assert not re.search(r"(?<!\\)(<|\]\(|@everyone|\*\*b)", ours)
    assert not set("\x1b\x00\u202e\u2028\ud800") & set(text)


def test_a_report_of_nothing_is_short() -> None:
    """Parts without content are left out."""
    assert render_markdown(evaluated.empty()) == "## 🚫 none: not measured\n\nNo question was asked.\n"


def test_all_passed() -> None:
    """Then no table stands open above the figures."""
    verdict = Verdict("g", "floor", "right", "0", "1", "pass", "")
    text = render_markdown(evaluated.report(verdicts=(verdict,), exit_code=0))
    assert text.startswith("## ✅ news: passed")
    assert "<summary>1 gate passed</summary>" in text

"""Reports of an evaluation on a terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import evaluated
import pytest
from rich.cells import cell_len

from rag.eval_reports import render_terminal
from rag.eval_reports.views import Case, cases_of, overall, standings, worst
from rag.rendering import Look
from rag.results import Report, Trial, Verdict

SGR = re.compile(r"\x1b\[[0-9;]*m")


def test_each_question_went_some_way() -> None:
    """Right, wrong, declined, invented and failed are told apart; a missing score is made up for by the spans."""
    found = {case.item.id: case.standing for case in cases_of(evaluated.report())}
    found = {id_: standing for id_, standing in found.items() if "script" not in id_}
    assert found == {
        "q-right": "right",
        "q-wrong": "wrong",
        "q-declined": "declined",
        "q-invented": "invented",
        "q-silent": "right",
        "q-conflict": "right",
        "q-failed": "no answer",
    }


def test_a_question_with_one_of_two_nuggets_is_incomplete() -> None:
    """A part of what was asked is neither right nor beside the point."""
    [first, *_] = evaluated.items()
    [nugget] = first.gold["nuggets"]
    other = {**nugget, "spans": [evaluated.span("news/ferry.txt", "Ann Lee")]}
    item = replace(first, gold={**first.gold, "nuggets": [nugget, other]}, scores={"right": 0.0})
    assert Case(item).standing == "incomplete"
    assert [Case(item).finds(one) for one in Case(item).gold.nuggets] == [True, False]


def test_the_worst_questions_are_of_every_kind() -> None:
    """The system's failures come first, and no way to go wrong crowds out the others."""
    cases = cases_of(evaluated.report())
    assert [case.standing for case in worst(cases, 4)] == ["no answer", "invented", "wrong", "declined"]
    assert worst(cases, 0) == []
    assert list(standings(cases).values()) == [3, 1, 2, 1, 1]


@pytest.mark.parametrize(
    ("outcomes", "exit_code", "said"),
    [
        (["pass"], 0, "pass"),
        (["pass", "inconclusive"], 0, "inconclusive"),
        (["pass", "fail"], 1, "fail"),
        (["fail", "error"], 1, "error"),
        (["pass"], 4, "error"),
        ([], 0, "pass"),
    ],
)
def test_the_gates_decide(outcomes: list[str], exit_code: int, said: str) -> None:
    """What could not be measured weighs more than what failed, and that more than what is open."""
    verdicts = tuple(Verdict("g", "floor", "right", "1", "0", outcome, "r") for outcome in outcomes)  # type: ignore[arg-type]
    assert overall(evaluated.report(verdicts=verdicts, exit_code=exit_code)) == said


def test_nothing_asked_is_no_success() -> None:
    """An empty evaluation says so, and is an error."""
    assert render_terminal(evaluated.empty(), Look()).startswith("ERROR  none: No question was asked.\n")


def test_the_verdict_comes_first_and_the_next_step_last() -> None:
    """Verdict, gates with value and limit, figures beside the controls, the worst, where to read on."""
    text = render_terminal(evaluated.report(), Look(), page=Path("out/report.html"))
    assert text.startswith(
        "ERROR  news: 8 questions asked; 4 gates: 1 passed, 1 failed, 1 inconclusive, 1 not measured."
    )
    order = [
        "FAIL   q-wrong is right: wrong\n",
        "ERROR  edited",
        "open   nugget",
        "ok     right at least 0.3: 0.4",
    ]
    order += ["Figures", "Against the baseline", "Slices", "Altered sources", "Worst questions"]
    order += ["Every question with its sources: out/report.html\n"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "0.400  0.100 to 0.700           5 / 8  0.350 top-passage" in text
    assert "! right answers tells little by itself: without knowing anything top-passage has 0.350." in text
    assert (
        "right answers: 0.500 → 0.400, −0.100 (−0.300 to 0.100), p = 0.400, not told apart; 0.250 would have shown"
        in text
    )
    assert "edited: 1 of 1 followed" in text
    assert "The server refused: 500." in text
    assert "  language  en 0.400 (5)\n  kind      fact 0.400 (5)\n" in text
    assert "planted: 0 of 1 unchanged" in text


def test_a_number_is_shown_in_its_unit() -> None:
    """Shares have three decimals, counts one; what is better when lower has its least control beside it."""
    text = render_terminal(evaluated.report(), Look())
    assert "claims: 2.0 → 1.2, −0.8, p = 0.002, 8 paired" in text


@pytest.mark.parametrize("width", [50, 60, 80, 100])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """Columns become sentences on a narrow terminal."""
    for report in (evaluated.report(), evaluated.empty()):
        for line in render_terminal(report, Look(width=width)).splitlines():
            assert cell_len(line) <= width, line


def test_colours_add_nothing_but_colour() -> None:
    """Without the codes the text is the same as without colour; a pipe gets none."""
    report, page = evaluated.report(), Path("r.html")
    plain = render_terminal(report, Look(width=80), page=page)
    assert "\x1b" not in plain
    assert SGR.sub("", render_terminal(report, Look(width=80, colour=True), page=page)) == plain


def test_what_documents_contain_moves_no_cursor() -> None:
    """Escape sequences, overrides and line ends of questions, answers and reasons are gone."""
    text = render_terminal(evaluated.report(), Look(width=80))
    assert not set("\x1b\x00\u202e\u2028\ud800") & set(text)
    text.encode()


def test_a_passed_report_needs_few_words() -> None:
    """Many passed gates are counted, not listed, and nothing is said of parts that are not there."""
    passed = tuple(Verdict(f"g{n}", "floor", "right", "0", "1", "pass", "") for n in range(9))
    [first, *_] = evaluated.items()
    bare = Report("s", {}, {}, (first,), (), verdicts=passed)
    text = render_terminal(bare, Look())
    assert text.startswith("PASS  s: 1 question asked; 9 gates: 9 passed.")
    assert "and 3 gates more passed" in text
    assert "Figures" not in text
    assert "Worst" not in text


def test_an_answer_with_an_error_beside_it_is_still_an_answer() -> None:
    """Only a trial without an answer failed."""
    [first, *_] = evaluated.items()
    assert Case(replace(first, trial=Trial("q", "k", first.trial.answer, error="slow"))).standing == "right"

"""Two runs of the same questions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import evaluated
import pytest

from rag.eval_reports import difference, render_difference, render_difference_markdown
from rag.rendering import Look
from rag.results import Item, Report

RIGHT, WRONG, *_ = evaluated.items()


def _with(*items: Item) -> Report:
    return evaluated.report(items=items)


def _answered_like(item: Item, other: Item, right: float) -> Item:
    return replace(item, trial=other.trial, scores={"right": right, "claims": 1.0 + right})


def test_two_runs_that_say_the_same_are_the_same() -> None:
    """Time, and what a model consumed, is no change."""
    said: Any = {**RIGHT.trial.answer, "timings": {}, "usage": {**RIGHT.trial.answer["usage"], "requests": 3}}  # type: ignore[dict-item,index]
    later = replace(RIGHT, trial=replace(RIGHT.trial, answer=said, seconds=9.0))
    found = difference(_with(RIGHT), _with(later))
    assert found.turns == {"same": 1}
    assert all(shift.gained == shift.lost == 0 and shift.p == 1 for shift in found.shifts)


@pytest.mark.parametrize(
    ("before", "after", "turn"),
    [
        (RIGHT, _answered_like(RIGHT, WRONG, 0.0), "worse"),
        (_answered_like(RIGHT, WRONG, 0.0), RIGHT, "better"),
        (RIGHT, _answered_like(RIGHT, WRONG, 1.0), "reworded"),
        (RIGHT, replace(RIGHT, gold={**RIGHT.gold, "question": "Other?"}), "other gold"),
    ],
)
def test_a_question_turns_by_how_it_went(before: Item, after: Item, turn: str) -> None:
    """Better and worse go by how a question went; another answer that went alike is neither."""
    assert difference(_with(before), _with(after)).turns == {turn: 1}


def test_questions_of_one_run_only_are_neither_better_nor_worse() -> None:
    """They are counted, shown last, and in no figure."""
    found = difference(_with(RIGHT), _with(WRONG))
    assert [(change.id, change.turn) for change in found.changes] == [("q-wrong", "new"), ("q-right", "gone")]
    assert found.shifts == ()


def test_figures_are_paired() -> None:
    """Means, gains and losses are over the questions with a value in both; less may be better."""
    worse = _answered_like(RIGHT, WRONG, 0.0)
    other = replace(WRONG, scores={"right": None, "claims": 5.0})
    found = difference(_with(RIGHT, WRONG), _with(worse, other))
    shifts = {shift.metric: shift for shift in found.shifts}
    assert (shifts["right"].before, shifts["right"].after) == (1.0, 0.0)
    assert (shifts["right"].gained, shifts["right"].lost, shifts["right"].paired) == (0, 1, 1)
    assert (shifts["claims"].before, shifts["claims"].after, shifts["claims"].lost) == (1.0, 3.0, 1)


def test_the_terminal_shows_what_went_worse_first() -> None:
    """Counts, the figures that moved, then each changed question before and after."""
    found = difference(_with(RIGHT, WRONG), _with(_answered_like(RIGHT, WRONG, 0.0), _answered_like(WRONG, RIGHT, 1.0)))
    text = render_difference(found, Look(width=80))
    assert text.startswith("1 went worse, 1 went better.")
    assert text.index("Went worse\n  q-right") < text.index("Went better\n  q-wrong")
    assert "    before: right: “The ferry costs £3.40.”\n    after: beside the point: “£4”" in text


def test_many_changes_are_counted_not_listed() -> None:
    """A terminal shows a dozen of each kind."""
    before = [replace(RIGHT, id=f"q{number}") for number in range(20)]
    found = difference(_with(*before), _with(*(_answered_like(one, WRONG, 0.0) for one in before)))
    assert "  and 8 more\n" in render_difference(found, Look())


def test_the_markdown_escapes_what_others_wrote() -> None:
    """Questions and answers of both runs add no markup."""
    hostile = evaluated.items()[-1]
    before = replace(hostile, trial=RIGHT.trial, scores={"right": 1.0})
    text = render_difference_markdown(difference(_with(before), _with(hostile)))
    assert "1 went worse" in text
    assert text.count("<details>") == 1
    assert "\n<script" not in text
    assert "\\<script>" in text.replace("\\>", ">")
    text.encode()


def test_nothing_is_no_difference() -> None:
    """Two empty runs differ in nothing."""
    found = difference(evaluated.empty(), evaluated.empty())
    assert render_difference(found, Look()) == "Neither run asked a question.\n"
    assert render_difference_markdown(found) == "**Two runs:** Neither run asked a question.\n"

"""A review keeps every decision at once, can be left and taken up again, and is driven here through a real terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from modelled import environment, invoke
from terminal_keys import Typing

from rag.errors import UsageError
from rag.gold import read_gold
from rag.gold_drafts import Draft, Tally, draft_by_rules, read_documents, read_drafts, write_drafts
from rag.gold_review import Review, record_of, render_review
from rag.rendering import Look

NEWS = (
    "Dam director jailed\n\nThe judge sentenced Hendra Pramuswara, director of PT Bumi Karsa, to six years. "
    "The Cikalung Dam cracked in November 2023, ten months after its opening. Norvale earned $4.6 billion last year. "
    "Norvale was founded in 2019. Kelmouth Ferries ordered 12 vessels last week.\n"
)


@pytest.fixture
def drafts(tmp_path: Path) -> Path:
    """A file of drafts."""
    (tmp_path / "dam.txt").write_text(NEWS, "utf-8")
    tally = Tally()
    write_drafts(tmp_path / "drafts.jsonl", draft_by_rules(read_documents([tmp_path / "dam.txt"], tally), 10, tally))
    assert tally.drafts.total() >= 5
    return tmp_path / "drafts.jsonl"


@pytest.fixture
def opened(drafts: Path) -> Callable[[], Review]:
    """Opens the review again."""
    return lambda: Review.open(read_drafts(drafts), drafts.parent / "gold.jsonl")


def _on_table(review: Review) -> Draft:
    assert review.draft is not None
    return review.draft


def test_every_decision_is_kept_and_a_review_goes_on(opened: Callable[[], Review]) -> None:
    """Accepted drafts are gold, rejected ones never come again, skipped ones do."""
    review = opened()
    first = _on_table(review).question
    review.decide("accepted")
    assert read_gold(review.target) == [first]
    review.decide("rejected")
    skipped = _on_table(review)
    review.skip()
    assert review.place == 3
    again = opened()
    assert (again.place, _on_table(again)) == (2, skipped)
    assert (again.count("accepted"), again.count("rejected")) == (1, 1)


def test_a_decision_can_be_changed(opened: Callable[[], Review]) -> None:
    """Back shows what was said before; the gold follows."""
    review = opened()
    review.decide("accepted")
    assert review.back()
    assert review.verdict == "accepted"
    review.decide("rejected")
    assert review.target.read_bytes() == b""
    assert not Review.open(review.drafts, review.target).count("accepted")
    review.back()
    assert not review.back()


def test_a_corrected_question_keeps_its_span(opened: Callable[[], Review]) -> None:
    """And comes back corrected."""
    review = opened()
    before = _on_table(review).question
    assert review.ask("  Who ran\tPT Bumi Karsa? ") is None
    assert review.ask(" ") == "A question has words."
    review.decide("accepted")
    (gold,) = read_gold(review.target)
    assert (gold.question, list(gold.spans()), gold.id) == ("Who ran PT Bumi Karsa?", list(before.spans()), before.id)
    assert gold.nuggets[0].text.startswith('The answer to "Who ran PT Bumi Karsa?"')
    again = opened()
    again.back()
    assert _on_table(again).question == gold


def test_a_corrected_answer_moves_the_gold_to_its_sentence(opened: Callable[[], Review]) -> None:
    """Offsets are the document's; white space may differ; words that do not stand there change nothing."""
    review = opened()
    before = _on_table(review)
    assert review.answer("seven years") == "These words do not stand in the text that is shown."
    assert _on_table(review) == before
    assert review.answer("November\n 2023") is None
    review.decide("accepted")
    (gold,) = read_gold(review.target)
    assert [span.quote for span in gold.spans()] == [
        "The Cikalung Dam cracked in November 2023, ten months after its opening."
    ]
    assert all(NEWS[span.start : span.end] == span.quote for span in gold.spans())
    assert gold.nuggets[0].answers == ("November 2023",)


def test_a_draft_without_answer_can_be_given_one(opened: Callable[[], Review]) -> None:
    """Then it is answerable."""
    review = opened()
    while _on_table(review).answer is not None:
        review.skip()
    assert _on_table(review).question.status == "unanswerable"
    assert review.answer("six years") is None
    question = _on_table(review).question
    assert (question.status, question.near, question.twin_of, question.kind) == ("answered", False, None, "fact")


def test_a_link_to_a_question_that_is_no_gold_is_left_out(opened: Callable[[], Review]) -> None:
    """Until that one is accepted, too."""
    review = opened()
    while (twin := _on_table(review).question.twin_of) is None:
        review.skip()
    review.decide("accepted")
    assert [question.twin_of for question in read_gold(review.target)] == [None]
    while _on_table(review).question.id != twin:
        review.back()
    review.decide("accepted")
    assert {question.twin_of for question in read_gold(review.target)} == {None, twin}


def test_a_gold_file_of_somebody_else_is_not_touched(drafts: Path) -> None:
    """Nor one whose decisions cannot be read."""
    target = drafts.parent / "gold.jsonl"
    target.write_text("mine\n", "utf-8")
    with pytest.raises(UsageError, match="was not made by a review"):
        Review.open(read_drafts(drafts), target)
    record_of(target).write_text("{}\n", "utf-8")
    with pytest.raises(UsageError, match="line 1 is no decision"):
        Review.open(read_drafts(drafts), target)
    assert target.read_text("utf-8") == "mine\n"


def test_a_decision_that_cannot_be_kept_is_none(opened: Callable[[], Review]) -> None:
    """The draft stays on the table."""
    review = opened()
    review.target = review.target.parent / "gone" / "gold.jsonl"
    with pytest.raises(OSError, match="gone"):
        review.decide("accepted")
    assert (review.place, review.verdict) == (0, None)


def test_the_page_marks_the_answer_in_its_sentence(opened: Callable[[], Review]) -> None:
    """By brackets where there is no colour, and nothing that a document holds reaches the terminal as a command."""
    review = opened()
    page = render_review(review, Look())
    assert "sentenced [[Hendra Pramuswara]], director" in page
    assert "\x1b" not in page
    narrow = render_review(review, Look(width=40))
    assert "[[Hendra\nPramuswara]], director" in narrow or "[[Hendra Pramuswara]]," in narrow
    assert max(map(len, narrow.split("\n")[4:-2])) <= 40
    coloured = render_review(review, Look(colour=True))
    assert "\x1b[1;33mHendra Pramuswara\x1b[0m" in coloured
    draft = _on_table(review)
    evil = draft.context.quote.replace("six", "\x1b[2")
    review.drafts[0] = draft.model_copy(update={"context": draft.context.model_copy(update={"quote": evil})})
    assert "\x1b" not in render_review(review, Look())


def _review(folder: Path, **more: str) -> Typing:
    command = [sys.executable, "-m", "rag.cli", "eval", "review", "drafts.jsonl", "--output", "gold.jsonl"]
    return Typing(command, folder, environment(**{"TERM": "xterm-256color", **more}))


def test_a_whole_review_in_a_terminal(drafts: Path) -> None:
    """Keys typed ahead count, arrows and other keys do nothing, Ctrl-C in a line leaves it as it was."""
    with _review(drafts.parent) as terminal:
        assert "1 of " in terminal.wait("quit")
        terminal.press("xA\x1b[A")
        assert "2 of " in terminal.wait("quit")
        assert len(read_gold(drafts.parent / "gold.jsonl")) == 1
        terminal.press("e")
        terminal.wait("Question: ")
        terminal.press("\x15When did the dam in Cikalung break – déjà ?\n")
        assert "break – déjà ?" in terminal.wait("quit")
        terminal.press("w")
        terminal.wait("Answer: ")
        terminal.press("\x15nonsense\n")
        assert "These words do not stand" in terminal.wait("quit")
        terminal.press("w")
        terminal.wait("Answer: ")
        terminal.press("\x03")
        assert "Nothing was changed" in terminal.wait("quit")
        terminal.press("ab")
        assert "accepted before" in terminal.wait("before") + terminal.wait("quit")
        terminal.press("q")
        assert "2 accepted, 0 rejected" in terminal.end()
        assert terminal.code == 0
    assert read_gold(drafts.parent / "gold.jsonl")[1].question == "When did the dam in Cikalung break – déjà ?"
    with _review(drafts.parent, NO_COLOR="1") as terminal:
        page = terminal.wait("quit")
        assert "3 of " in page
        assert "[[" in page
        assert not re.search("\x1b\\[[0-9;]*m", page)
        terminal.press("\x03")
        terminal.end()
        assert terminal.code == 130


def test_the_end_of_input_leaves_the_review(drafts: Path) -> None:
    """Ctrl-D is quit; a dumb terminal will do."""
    with _review(drafts.parent, TERM="dumb") as terminal:
        assert "[[" in terminal.wait("quit")
        terminal.press("r\x04")
        assert "0 accepted, 1 rejected" in terminal.end()
        assert terminal.code == 0


def test_a_review_of_everything_ends_by_itself(drafts: Path) -> None:
    """And says how to check the gold."""
    with _review(drafts.parent) as terminal:
        terminal.wait("quit")
        terminal.press("a" * 30)
        assert "0 left" in terminal.end()
    assert len(read_gold(drafts.parent / "gold.jsonl")) == len(read_drafts(drafts))


def test_without_a_terminal_it_is_wrong_usage(drafts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written."""
    monkeypatch.chdir(drafts.parent)
    result = invoke("eval", "review", "drafts.jsonl", "--output", "gold.jsonl", stdin="a\n")
    assert result.exit_code == 2
    assert "needs a terminal" in result.stderr
    assert not (drafts.parent / "gold.jsonl").exists()

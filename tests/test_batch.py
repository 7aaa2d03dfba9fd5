"""Batches: one line in, one line out, in order, resumable, and one bad line harms no other."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from rag import batch
from rag.errors import ModelError, QuestionError, StorageError, UsageError


class _Run:
    """A batch over two files, with what was asked and complained of."""

    def __init__(self, folder: Path) -> None:
        self.source, self.target = folder / "questions.jsonl", folder / "answers.jsonl"
        self.asked: list[batch.Question] = []
        self.complaints: list[str] = []
        self.steps: list[tuple[int, int, str]] = []

    def __call__(self, **more: Any) -> batch.Report:
        return batch.run(
            more.get("source", self.source),
            more.get("target", self.target),
            more.get("answer", self._answer),
            complain=self.complaints.append,
            progress=lambda *step: self.steps.append(step),
        )

    def _answer(self, question: batch.Question) -> dict[str, Any]:
        self.asked.append(question)
        if "too long" in question.text:
            raise QuestionError("The question is too long.")
        return {"question": question.text, "text": question.text.upper()}

    def lines(self) -> list[Any]:
        return [(line["id"], line["text"]) for line in map(json.loads, self.target.read_text("utf-8").splitlines())]

    def write(self, *lines: str) -> None:
        self.source.write_text("".join(line + "\n" for line in lines), "utf-8")


@pytest.fixture
def run(tmp_path: Path) -> _Run:
    """Two files in an empty folder."""
    return _Run(tmp_path)


def _line(identity: str | int, question: str = "who?", **more: Any) -> str:
    return json.dumps({"id": identity, "question": question, **more}, ensure_ascii=False)


def test_answers_come_in_the_order_of_the_questions(run: _Run) -> None:
    """Every line gets its answer under its id, and the optional fields reach the question."""
    run.write(_line("b", "où ?", language="FR", documents=["seeds/a.txt"]), "", _line(1))
    assert run() == batch.Report(written=2)
    assert run.lines() == [("b", "OÙ ?"), (1, "WHO?")]
    assert run.asked == [batch.Question(1, "b", "où ?", "fr", ("seeds/a.txt",)), batch.Question(3, 1, "who?")]
    assert run.steps == [(0, 2, "b"), (1, 2, "1"), (2, 2, "")]


def test_bad_lines_are_reported_and_the_others_answered(run: _Run) -> None:
    """Each bad line is named by its number; lines that are fine are answered all the same."""
    bad = {
        "{": "not JSON", "[]": "not a JSON object", '{"question": "a"}': '"id"',
        '{"id": true, "question": "a"}': '"id"',
        '{"id": "x"}': '"question"', _line("y", " "): '"question"', _line("a", "again"): "used before",
        _line("z", language=1): '"language"', _line("z", documents="seeds"): '"documents"',
        _line("t", "this is too long"): "too long",
        "[" * 99_999: "nested too deeply", _line(None): '"id"',  # type: ignore[arg-type]
    }  # fmt: skip
    run.write(_line("a"), *bad, _line("b"))
    assert run() == batch.Report(written=2, bad=len(bad))
    assert [identity for identity, _ in run.lines()] == ["a", "b"]
    complaints = {complaint.partition(": ")[0]: complaint for complaint in run.complaints}
    for number, problem in enumerate(bad.values(), start=2):
        assert problem in complaints[f"{run.source}, line {number}"]


def test_bytes_that_are_no_utf8_spoil_only_their_line(run: _Run) -> None:
    """A byte order mark is accepted, CRLF too, and a line in another encoding is one bad line."""
    run.source.write_bytes(
        b"\xef\xbb\xbf" + _line("a").encode() + b"\r\n" + b'{"id": "b", "question": "\xe9"}\n' + _line("c").encode()
    )
    assert run() == batch.Report(written=2, bad=1)
    assert run.complaints == [f"{run.source}, line 2: not UTF-8."]


def test_a_second_run_asks_only_what_is_left(run: _Run) -> None:
    """Lines with the same id and question stay as they are."""
    run.write(_line("a"), _line("b"))
    run()
    run.write(_line("a"), _line("b"), _line("c"))
    before = run.target.read_bytes()
    run.asked.clear()
    assert run() == batch.Report(written=1, kept=2)
    assert [question.id for question in run.asked] == ["c"]
    assert run.target.read_bytes().startswith(before)


@pytest.mark.parametrize("cut", [1, 5, 8, 20])
def test_a_torn_last_line_is_cut_off_and_answered_again(run: _Run, cut: int) -> None:
    """After a kill in the middle of a line the result is the same as without it."""
    run.write(_line("a"), _line("b"), _line("c"))
    run()
    whole = run.target.read_bytes()
    first, second = whole.split(b"\n")[:2]
    run.target.write_bytes(first + b"\n" + second[:cut])
    assert run() == batch.Report(written=2, kept=1)
    assert run.target.read_bytes() == whole


def test_the_output_follows_an_input_that_changed(run: _Run) -> None:
    """New and altered questions are put where the input has them; answers no longer asked for stay at the end."""
    run.write(_line("a"), _line("gone"), _line("b"))
    run()
    run.write(_line("new"), _line("b", "who else?"), _line("a"))
    assert run() == batch.Report(written=2, kept=1)
    assert run.lines() == [("new", "WHO?"), ("b", "WHO ELSE?"), ("a", "WHO?"), ("gone", "WHO?")]


@pytest.mark.parametrize(
    "content", ["my notes\n", "my notes", '{"a": 1}\n', '{"id": [], "question": "a"}\n', '[{"id": 1}]']
)
def test_a_file_that_is_no_batch_output_is_not_touched(run: _Run, content: str) -> None:
    """A wrong --output is refused, not appended to or cut."""
    run.write(_line("a"))
    run.target.write_text(content)
    with pytest.raises(UsageError, match="not the output of a batch"):
        run()
    assert run.target.read_text() == content


def test_an_interruption_keeps_what_was_answered(run: _Run) -> None:
    """Ctrl-C in the third question leaves two whole lines on disk, and the next run goes on there."""
    run.write(*[_line(number) for number in range(4)])

    def answer(question: batch.Question) -> dict[str, Any]:
        if question.id == 2:
            assert len(run.target.read_bytes().splitlines()) == 2
            raise KeyboardInterrupt
        return {"question": question.text, "text": ""}

    with pytest.raises(KeyboardInterrupt):
        run(answer=answer)
    assert run() == batch.Report(written=2, kept=2)


def test_input_and_output_must_differ_and_exist(run: _Run, tmp_path: Path) -> None:
    """One file for both would destroy the questions; a missing input and an impossible output are named."""
    run.write(_line("a"))
    with pytest.raises(UsageError, match="both input and output"):
        run(target=run.source)
    with pytest.raises(UsageError, match="Cannot read"):
        run(source=tmp_path / "none.jsonl")
    with pytest.raises(StorageError, match="Cannot write"):
        run(target=tmp_path / "none" / "answers.jsonl")
    with pytest.raises(StorageError, match="Is a directory"):
        run(target=tmp_path)


def test_a_full_disk_is_told(run: _Run) -> None:
    """No space for an answer ends the batch with a clear error."""
    run.write(_line("a"))
    with pytest.raises(StorageError, match="No space left"):
        run(target=Path("/dev/full"))


def test_standard_streams_serve_as_files(run: _Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With "-" questions come from stdin and answers go to stdout."""
    out = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(_line("a").encode())))
    monkeypatch.setattr(sys, "stdout", out)
    assert run(source=batch.STANDARD, target=batch.STANDARD) == batch.Report(written=1)
    assert out.buffer.getvalue() == b'{"id": "a", "question": "who?", "text": "WHO?"}\n'  # type: ignore[attr-defined]


def test_a_model_that_fails_at_a_line_is_asked_again_next_time(run: _Run) -> None:
    """The line is named with the hint, the others are answered, and the output is in order in the end."""
    run.write(_line("a"), _line("b"), _line("c"))

    def failing(question: batch.Question) -> dict[str, Any]:
        if question.id == "b":
            raise ModelError("It is down.", "Start it.")
        return {"question": question.text, "text": "X"}

    assert run(answer=failing) == batch.Report(written=2, failed=1)
    assert run.complaints == [f"{run.source}, line 2: It is down. Start it."]
    assert run() == batch.Report(written=1, kept=2)
    assert [identity for identity, _ in run.lines()] == ["a", "b", "c"]

"""Which questions are asked, and that none is asked twice."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import StorageError, UsageError
from rag.gold import GoldQuestion
from rag.results import Trial
from rag.trials import Selection, Task, TrialFile, run, trial_key


def _task(number: int, language: str = "en", kind: str = "fact") -> Task:
    question = GoldQuestion(
        id=f"q{number}",
        split="dev",
        language=language,
        question=f"Question {number}?",
        kind=kind,
        near=False,
        status="unanswerable",
        nuggets=(),
    )
    return Task(question, "mine", trial_key(question, {"answerer": "x"}, "d"))


def _trial(task: Task) -> Trial:
    return Trial(task.question.id, task.key, {"status": "unanswerable"}, ({"document": "a\u2028b"},), 0.5)


def _ids(tasks: list[Task]) -> list[str]:
    return [task.question.id for task in tasks]


TASKS = [_task(1), _task(2, "fr"), _task(3, "fr", "date"), _task(4, "id", "date"), _task(5)]


def _quiet(done: int, total: int, name: str) -> None:
    pass


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ((), ["q1", "q2", "q3", "q4", "q5"]),
        (("q4",), ["q4"]),
        (("language=fr",), ["q2", "q3"]),
        (("language=fr", "language=id"), ["q2", "q3", "q4"]),
        (("language=fr", "kind=date"), ["q3"]),
        (("language=fr", "kind=date", "q1"), ["q1", "q3"]),
        (("corpus=mine", "split=dev", "status=unanswerable"), ["q1", "q2", "q3", "q4", "q5"]),
    ],
)
def test_conditions_on_one_field_are_alternatives_and_on_several_hold_together(
    only: tuple[str, ...], expected: list[str]
) -> None:
    """An id that is named is always in."""
    assert _ids(Selection(only).of(TASKS)) == expected


def test_conditions_that_cannot_hold_are_refused() -> None:
    """An unknown field names those that there are; nothing left to ask is an error, too."""
    with pytest.raises(UsageError, match="no field 'langauge'"):
        Selection(("langauge=fr",)).of(TASKS)
    with pytest.raises(UsageError, match="No question is left"):
        Selection(("nothing",)).of(TASKS)


@given(st.integers(1, 7), st.integers(1, 30))
def test_the_shards_hold_every_question_once(parts: int, many: int) -> None:
    """Shards differ by at most one question."""
    tasks = [_task(number) for number in range(many)]
    shards = [tasks[part - 1 :: parts] for part in range(1, parts + 1)]
    found = [Selection(shard=(part, parts)).of(tasks) for part in range(1, parts + 1) if shards[part - 1]]
    assert sorted(task.question.id for shard in found for task in shard) == sorted(_ids(tasks))
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


def test_a_limit_takes_the_first_after_everything_else() -> None:
    """--limit counts what --only and --shard leave."""
    assert _ids(Selection(("kind=date",), limit=1).of(TASKS)) == ["q3"]
    assert str(Selection(("kind=date",), (1, 4), 1)) == "--only kind=date --shard 1/4 --limit 1"
    assert not Selection()


def test_a_second_run_asks_only_what_the_first_did_not(tmp_path: Path) -> None:
    """An interrupted run goes on where it stopped, and a failed question is asked again."""
    path, asked = tmp_path / "deep" / "trials.jsonl", []

    def ask(task: Task) -> Trial:
        asked.append(task.question.id)
        if task.question.id == "q3" and asked.count("q3") == 1:
            return Trial("q3", task.key, None, error="The server failed.")
        time.sleep(0.05)
        return _trial(task)

    def interrupt(done: int, total: int, name: str) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(TASKS, ask, TrialFile(path), progress=interrupt)
    assert asked in (["q1", "q2", "q3"], ["q1", "q2", "q3", "q4"]), "at most the one under way is finished"
    found = run(TASKS, ask, TrialFile(path), progress=_quiet)
    assert sorted(asked) == ["q1", "q2", "q3", "q3", "q4", "q5"]
    assert found == [_trial(task) for task in TASKS]


def test_a_torn_line_is_asked_again_and_harms_no_other(tmp_path: Path) -> None:
    """A crash in the middle of a line costs that question alone."""
    path = tmp_path / "trials.jsonl"
    kept = TrialFile(path)
    for task in TASKS:
        kept.add(_trial(task))
    path.write_bytes(b"not json\n[1]\n" + path.read_bytes()[:-20])
    again = TrialFile(path)
    assert [again.get(task.key) is not None for task in TASKS] == [True, True, True, True, False]
    again.add(_trial(TASKS[4]))
    assert TrialFile(path).get(TASKS[4].key) == _trial(TASKS[4])


def test_files_of_several_machines_can_be_put_together(tmp_path: Path) -> None:
    """The shards of a run are one file after cat."""
    for number, task in enumerate(TASKS):
        TrialFile(tmp_path / f"{number}.jsonl").add(_trial(task))
    whole = tmp_path / "all.jsonl"
    whole.write_bytes(b"".join((tmp_path / f"{number}.jsonl").read_bytes() for number in range(5)))
    kept = TrialFile(whole)
    assert all(kept.get(task.key) for task in TASKS)
    kept.keep_only([TASKS[1].key, TASKS[0].key])
    assert [TrialFile(whole).get(task.key) is not None for task in TASKS] == [True, True, False, False, False]


def test_a_fresh_file_forgets(tmp_path: Path) -> None:
    """--fresh asks everything again."""
    path = tmp_path / "trials.jsonl"
    TrialFile(path).add(_trial(TASKS[0]))
    assert TrialFile(path, fresh=True).get(TASKS[0].key) is None
    assert path.read_bytes() == b""


def test_a_file_that_cannot_be_written_is_an_error_with_its_name(tmp_path: Path) -> None:
    """Nothing is asked when nothing can be kept."""
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(StorageError, match=r"trials\.jsonl"):
        TrialFile(tmp_path / "file" / "trials.jsonl")


def test_questions_in_parallel_come_back_in_order(tmp_path: Path) -> None:
    """Several threads ask at a time, and progress tells of each question once."""
    threads, told = set(), []

    def ask(task: Task) -> Trial:
        threads.add(threading.get_ident())
        time.sleep(0.02 if task.question.id == "q1" else 0.001)
        return _trial(task)

    kept = TrialFile(tmp_path / "trials.jsonl")
    found = run(TASKS, ask, kept, jobs=3, progress=lambda done, total, name: told.append((done, total)))
    assert [trial.id for trial in found] == _ids(TASKS)
    assert len(threads) > 1
    assert told == [(done, 5) for done in range(1, 6)]


def test_the_key_changes_with_question_system_and_documents() -> None:
    """A trial is used again only for the same words, the same system and the same documents."""
    question = TASKS[0].question
    other = question.model_copy(update={"question": "Another?"})
    keys = {
        trial_key(question, {"answerer": "x"}, "d"),
        trial_key(other, {"answerer": "x"}, "d"),
        trial_key(question, {"answerer": "y"}, "d"),
        trial_key(question, {"answerer": "x"}, "e"),
    }
    assert len(keys) == 4
    assert trial_key(question, {"a": "1", "b": "2"}, "d") == trial_key(question, {"b": "2", "a": "1"}, "d")

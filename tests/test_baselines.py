"""Scores kept in a small file, and differences from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.baselines import Baseline, compare, read_baseline, write_baseline
from rag.errors import StorageError, UsageError
from rag.results import Item, Trial


def _items(values: dict[str, list[float | None]]) -> list[Item]:
    count = len(next(iter(values.values())))
    return [
        Item(
            f"q{place}",
            {"status": "answered"},
            {name: row[place] for name, row in values.items()},
            ("all",),
            f"story {place % 5}",
            Trial(f"q{place}", "", None),
        )
        for place in range(count)
    ]


def test_scores_come_back_as_they_were_written(tmp_path: Path) -> None:
    """Whole numbers stay short, fractions keep four decimals, what does not apply stays so; the order is the gold's."""
    path = tmp_path / "baseline.jsonl"
    write_baseline(path, _items({"right": [1.0, 0.0, None], "short_f1": [0.123456, None, 1.0]}), {"answerer": "x"})
    lines = path.read_text("utf-8").splitlines()
    assert lines[0].endswith('"metrics": ["right", "short_f1"]}')
    assert lines[1] == '{"id": "q0", "scores": [1, 0.1235]}'
    assert read_baseline(path) == Baseline(
        {"answerer": "x"},
        {
            "q0": {"right": 1, "short_f1": 0.1235},
            "q1": {"right": 0, "short_f1": None},
            "q2": {"right": None, "short_f1": 1},
        },
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "Line 1"),
        (b'{"schema": "answer/1"}\n', "Line 1"),
        (b'{"schema": "evaluation-baseline/1", "system": {}, "metrics": ["a"]}\n{"id": 1}\n', "Line 2"),
        (
            b'{"schema": "evaluation-baseline/1", "system": {}, "metrics": ["a"]}\n\n{"id": "q", "scores": []}\n',
            "Line 3",
        ),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused_by_line(tmp_path: Path, content: bytes, complaint: str) -> None:
    """The hint says how to make one."""
    path = tmp_path / "baseline.jsonl"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=complaint) as caught:
        read_baseline(path)
    assert "--update-baseline" in (caught.value.hint or "")


def test_a_baseline_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(StorageError, match="nowhere"):
        write_baseline(tmp_path / "nowhere" / "b.jsonl", _items({"right": [1.0]}), {})


def test_only_questions_with_a_value_in_both_are_compared() -> None:
    """Twelve of twenty were wrong and are right; McNemar's exact p is 2 / 2^12, adjusted for two metrics twice that."""
    before = {f"q{place}": {"right": 0.0 if place < 12 else 1.0, "short_f1": 0.5} for place in range(20)}
    before["gone"] = {"right": 1.0, "short_f1": 1.0}
    items = _items({"right": [1.0] * 20 + [0.0], "short_f1": [0.5] * 19 + [None, None]})
    right, short = compare(items, Baseline({}, before), ["right", "short_f1", "cost"])
    assert (right.paired, right.baseline, right.value, right.difference) == (20, 0.4, 1.0, 0.6)
    assert right.test == "mcnemar"
    assert right.p == pytest.approx(2 / 2**12)
    assert right.p_adjusted == pytest.approx(4 / 2**12)
    assert (short.paired, short.difference, short.test, short.p) == (19, 0.0, "sign-flip", 1.0)


def test_the_rounding_of_the_file_is_no_difference(tmp_path: Path) -> None:
    """A run equals the baseline that was written from it."""
    items = _items({"short_f1": [1 / 3, 2 / 3, 1 / 7]})
    write_baseline(tmp_path / "b.jsonl", items, {})
    (found,) = compare(items, read_baseline(tmp_path / "b.jsonl"), ["short_f1"])
    assert found.difference == 0

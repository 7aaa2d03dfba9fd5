"""Suites: what a TOML file may say, and what is said about one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import UsageError
from rag.scoring import METRICS
from rag.suite import Gate, Suite, read_suite

NAMES = frozenset(METRICS)
CORPUS = '[[corpora]]\nname = "mine"\ngold = "mine.jsonl"\n'


def _read(folder: Path, text: str) -> Suite:
    path = folder / "suite.toml"
    path.write_text(text, "utf-8")
    return read_suite(path, NAMES)


def test_three_lines_are_a_suite(tmp_path: Path) -> None:
    """A name and gold suffice: the questions go to the user's own index, and no gate judges them."""
    suite = _read(tmp_path, CORPUS)
    assert suite.name.startswith("test")
    assert suite.corpora[0].documents == ()
    assert suite.gates == ()
    assert suite.beside(suite.corpora[0].gold) == tmp_path / "mine.jsonl"


def test_a_gate_is_named_after_what_it_demands(tmp_path: Path) -> None:
    """Its name is what a report shows."""
    suite = _read(
        tmp_path,
        CORPUS
        + '[[gates]]\nmetric = "right"\nat_least = 0.5\nslice = "split=test"\n'
        + '[[gates]]\nmetric = "span_absent"\nat_most = 0\n'
        + '[[gates]]\nmetric = "claims"\nlose_at_most = 0.25\n'
        + '[[gates]]\ncounterfactual = "edited"\nat_least = 0.9\n',
    )
    assert [gate.name for gate in suite.gates] == [
        "right at least 0.5, split=test",
        "span_absent at most 0",
        "claims loses at most 0.25",
        "edited at least 0.9",
    ]
    assert [gate.kind for gate in suite.gates] == ["floor", "ceiling", "margin", "counterfactual"]
    assert [gate.kind for gate in suite.without_margins().gates] == ["floor", "ceiling", "counterfactual"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "corpora is missing"),
        ("name = 3\n" + CORPUS, "name cannot be 3"),
        ('name = "Über"\n' + CORPUS, "name cannot be 'Über'"),
        ('name = "x\n', "is no TOML"),
        ("colour = 1\n" + CORPUS, "colour is not known here"),
        (CORPUS + CORPUS, "two corpora have the same name"),
        (CORPUS + "[[corpora]]\nname = 'other'\n", "corpora[1].gold is missing"),
        (CORPUS + '[[gates]]\nmetric = "rigth"\nat_least = 1\n', "gates[0].metric is 'rigth', which is no metric"),
        (CORPUS + '[[gates]]\nmetric = "right"\n', "exactly one of at_least, at_most and lose_at_most"),
        (CORPUS + '[[gates]]\nmetric = "right"\nat_least = "half"\n', "gates[0].at_least cannot be 'half'"),
        (CORPUS + '[[gates]]\nmetric = "right"\nat_least = 1\nat_most = 1\n', "exactly one of"),
        (CORPUS + '[[gates]]\nmetric = "right"\nlose_at_most = -1\n', "gates[0].lose_at_most cannot be -1"),
        (CORPUS + "[[gates]]\nat_least = 1\n", "either metric or counterfactual"),
        (CORPUS + '[[gates]]\ncounterfactual = "edited"\nat_most = 1\n', "a counterfactual has at_least"),
        (CORPUS + '[[musts]]\nquestion = "a"\n', "a must has outcome, cites or both"),
        (CORPUS + '[[musts]]\nquestion = "a"\noutcome = "wrong"\n', "musts[0].outcome cannot be 'wrong'"),
    ],
)
def test_a_wrong_suite_is_refused_with_the_place_and_the_value(tmp_path: Path, text: str, complaint: str) -> None:
    """The message names the file, the key and the value, and the hint says what to do."""
    with pytest.raises(UsageError) as caught:
        _read(tmp_path, text)
    assert complaint in caught.value.message
    assert "suite.toml" in caught.value.message
    assert caught.value.hint


def test_a_missing_suite_says_how_to_begin(tmp_path: Path) -> None:
    """Whoever has none is told how to write or name one."""
    with pytest.raises(UsageError) as caught:
        read_suite(tmp_path / "evals" / "suite.toml", NAMES)
    assert "--suite FILE" in (caught.value.hint or "")


def test_a_limit_is_a_number_whatever_its_sort() -> None:
    """One number per gate."""
    assert Gate(metric="right", at_least=0).limit == 0
    assert Gate(metric="right", lose_at_most=0.1).limit == 0.1

"""A judge's figures as arithmetic; nothing that it failed on goes missing; the real client against a server here."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from asking import nothing_leaks, open_client
from fault_server import FaultServer, answer, failure

from rag.answers import Quotation
from rag.config import read_settings
from rag.errors import ModelError, RecordingError, UsageError
from rag.judging import Judge, Judgement
from rag.results import Item, Trial
from rag.significance import wilson_interval
from rag.support_judging import ALL, METRICS, PRECISION, RECALL, VITAL, judge_card, judge_trials, judged, read_pairs

__all__ = ["nothing_leaks"]  # a fixture that every test here uses

PAIRS = Path(__file__).parent.parent / "evals" / "judge_pairs.jsonl"
Rule = Callable[[str, tuple[str, ...]], bool]


class RuledJudge:
    """A judge that goes by a rule and counts what it was asked."""

    name, prompt = "rule:test", "judge@0"

    def __init__(self, rule: Rule) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self._rule = rule

    def judge(self, statement: str, quotations: Sequence[Quotation]) -> Judgement:
        """Yes when the rule says so."""
        quotes = tuple(quotation.quote for quotation in quotations)
        self.asked.append((statement, quotes))
        said = self._rule(statement, quotes)
        return Judgement(entailed=said, score=float(said), reason="By rule.")


def _letters(statement: str, quotes: tuple[str, ...]) -> bool:
    """A statement "abc" follows from quotes that have all its letters."""
    return set(statement) <= set("".join(quotes))


def _item(
    identity: str, claims: dict[str, list[str]] | None, nuggets: dict[str, bool] | None = None, **answered: Any
) -> Item:
    made = [{"text": text, "spans": [{"quote": quote} for quote in quotes]} for text, quotes in (claims or {}).items()]
    said = None if claims is None else {"claims": made, **answered}
    gold = {"nuggets": [{"text": text, "vital": vital} for text, vital in (nuggets or {}).items()]}
    return Item(identity, gold, {}, ("all",), identity, Trial(identity, "k", said))


def test_recall_is_the_share_of_claims_that_their_quotations_bear_out() -> None:
    """Two of three."""
    item = _item("q", {"ab": ["abx"], "cd": ["cx", "dx"], "ef": ["e"]})
    assert judge_trials([item], RuledJudge(_letters)).scores["q"][RECALL] == 2 / 3


def test_precision_counts_quotations_that_bear_out_alone_or_are_needed() -> None:
    """ALCE, section 4: one that neither bears the claim out nor is missed is irrelevant."""
    claims = {
        "ab": ["ax", "bx", "zz"],  # a and b are needed, z is not: 2 of 3
        "cd": ["cdx", "cdy"],  # each alone: 2 of 2
        "ef": ["e"],  # not borne out: 0 of 1
        "gh": ["ghx"],  # one that does: 1 of 1
    }
    assert judge_trials([_item("q", claims)], RuledJudge(_letters)).scores["q"][PRECISION] == (2 + 2 + 0 + 1) / 7


def test_nuggets_are_judged_against_what_the_reader_sees() -> None:
    """Claims and positions; vital ones apart from all."""
    conflicts = [{"positions": [{"text": "c"}, {"text": "d"}]}]
    item = _item("q", {"ab": ["ab"]}, {"a": True, "dc": True, "x": True, "b": False}, conflicts=conflicts)
    scores = judge_trials([item], RuledJudge(_letters)).scores["q"]
    assert (scores[VITAL], scores[ALL]) == (2 / 3, 3 / 4)


def test_what_does_not_apply_has_no_value() -> None:
    """An abstention has no citations, an unanswerable question no nuggets, a failed system neither."""
    judge = RuledJudge(_letters)
    items = [
        _item("abstained", {}, {"a": True}),
        _item("answered", {"ab": ["ax", "bx"]}),
        _item("failed", None, {"a": True}),
    ]
    scores = judge_trials(items, judge).scores
    assert scores["abstained"] == {RECALL: None, PRECISION: None, VITAL: 0.0, ALL: 0.0}
    assert (scores["answered"][RECALL], scores["answered"][ALL]) == (1.0, None)
    assert set(scores["failed"].values()) == {None}
    assert set(scores["failed"]) == set(METRICS)


def test_a_quotation_bears_itself_out_and_no_judge_is_asked() -> None:
    """But for white space; a part of a quotation is no quotation: it may be denied there."""
    judge = RuledJudge(_letters)
    assert judge_trials([_item("q", {"a b": ["a  b\n"]})], judge).scores["q"][RECALL] == 1.0
    assert judge.asked == []
    judge_trials([_item("q", {"a b": ["not a b"]})], judge)
    assert judge.asked == [("a b", ("not a b",))]


def test_threads_do_not_change_a_score() -> None:
    """Nor the order of the questions."""
    items = [_item(f"q{n}", {"ab": ["ax", "bx", "c" * n]}, {"a": True, "z": n % 2 == 0}) for n in range(40)]
    one, many = (judge_trials(items, RuledJudge(_letters), parallel=threads) for threads in (1, 8))
    assert one.scores == many.scores
    assert list(one.scores) == list(many.scores) == [item.id for item in items]
    assert one.card == many.card


def test_a_question_that_the_judge_failed_on_is_counted_and_has_no_score() -> None:
    """An outage must not look like a wrong answer, nor a wrong answer vanish in one."""

    def rule(statement: str, quotes: tuple[str, ...]) -> bool:
        if "!" in statement:
            raise ModelError("The server hung up.", retryable=True)
        return _letters(statement, quotes)

    items = [_item("a", {"ab": ["abx"]}), _item("b", {"!": ["x"]}, {"x": True}), _item("c", {"ab": ["abx"]})]
    found = judge_trials(items, RuledJudge(rule))
    assert found.failures == {"b": "The server hung up."}
    assert set(found.scores["b"].values()) == {None}
    assert found.scores["c"][RECALL] == 1.0
    assert (found.card["questions"], found.card["failures"], found.card["reasons"]) == (3, 1, ["The server hung up."])


def test_a_missing_recording_ends_the_evaluation() -> None:
    """It is the recording that has to be made anew, and no judge that failed."""

    def rule(statement: str, quotes: tuple[str, ...]) -> bool:
        raise RecordingError("No recorded answer.")

    with pytest.raises(RecordingError):
        judge_trials([_item("a", {"ab": ["abx"]})], RuledJudge(rule))


def test_a_judge_that_is_gone_is_not_asked_about_everything() -> None:
    """The rest counts as failed."""

    def rule(statement: str, quotes: tuple[str, ...]) -> bool:
        raise ModelError("It is gone.")

    judge = RuledJudge(rule)
    found = judge_trials([_item(f"q{n}", {"a": ["b"]}) for n in range(50)], judge)
    assert (len(judge.asked), len(found.failures), found.card["failures"]) == (3, 50, 50)


def test_questions_are_begun_one_by_one_and_progress_is_told() -> None:
    """Each has its own deadline."""
    begun, told = [], []

    class Held:
        def __enter__(self) -> None:
            begun.append(threading.get_ident())

        def __exit__(self, *_: object) -> None:
            pass

    items = [_item(f"q{n}", {"a": ["b"]}) for n in range(3)]
    judge_trials(items, RuledJudge(_letters), question=Held, progress=lambda *each: told.append(each))
    assert len(begun) == 3
    assert told == [(1, 3, "rule:test"), (2, 3, "rule:test"), (3, 3, "rule:test")]


def test_the_shipped_pairs_are_balanced() -> None:
    """At least 60, half of them supported in each language, none that a look for equal text would settle."""
    pairs = read_pairs(PAIRS)
    assert len(pairs) >= 60
    assert abs(Counter(pair.supported for pair in pairs)[True] - len(pairs) / 2) <= 1
    for code in ("en", "fr", "id"):
        labels = Counter(pair.supported for pair in pairs if pair.language == code)
        assert labels[True] >= 10
        assert labels[False] >= 10
    assert all(pair.statement not in pair.quotations for pair in pairs)
    assert all((pair.kind == "faithful") == pair.supported for pair in pairs)


@pytest.mark.parametrize(
    ("rule", "sensitivity", "specificity"),
    [(lambda *_: True, 1.0, 0.0), (lambda *_: False, 0.0, 1.0)],
    ids=["yes", "no"],
)
def test_a_judge_that_always_says_the_same_is_right_half_of_the_time(
    rule: Rule, sensitivity: float, specificity: float
) -> None:
    """Which is why the card has both shares, with Wilson's intervals."""
    pairs = read_pairs(PAIRS)
    card = judge_card(pairs, RuledJudge(rule))
    assert (card["sensitivity"]["value"], card["specificity"]["value"]) == (sensitivity, specificity)
    assert card["accuracy"]["value"] == 0.5
    interval = wilson_interval(33, 66)
    assert interval is not None
    assert (card["accuracy"]["low"], card["accuracy"]["high"]) == (interval.low, interval.high)
    assert (card["accuracy"]["right"], card["accuracy"]["total"], card["pairs"]) == (33, 66, 66)
    assert len(card["wrong"]) == 33
    assert json.loads(json.dumps(card)) == card


def test_a_pair_that_the_judge_failed_on_counts_as_wrong() -> None:
    """A judge that is down is no better than its answers."""

    def rule(statement: str, quotes: tuple[str, ...]) -> bool:
        if statement.startswith("Le phare"):
            raise ModelError("Too slow.")
        return True

    card = judge_card(read_pairs(PAIRS), RuledJudge(rule))
    assert (card["failures"], card["sensitivity"]["right"], card["sensitivity"]["total"]) == (1, 32, 33)


ONE = '{"id":"a","language":"en","statement":"x","quotations":["y"],"supported":true,"kind":"k"}\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}\n", "line 1: id"),
        ("not json\n", "line 1"),
        (ONE.replace("true", "1"), "supported"),
        (ONE, "both labels"),
        ("", "both labels"),
        (ONE * 2, "line 2: the id 'a'"),
    ],
    ids=["empty object", "text", "number", "one label", "nothing", "twice"],
)
def test_pairs_that_cannot_be_used_are_refused(tmp_path: Path, text: str, said: str) -> None:
    """With the place."""
    (tmp_path / "pairs.jsonl").write_text(text, "utf-8")
    with pytest.raises(UsageError, match=re.escape(said)):
        read_pairs(tmp_path / "pairs.jsonl")


def _verdict(body: dict[str, Any]) -> Any:
    """What a model writes that supports whatever has "good" in its statement, and nonsense about "odd"."""
    statement = body["messages"][1]["content"].split("\n<<<STATEMENT")[1].split("\n")[1]
    if "odd" in statement:
        return "I would rather not."
    good = "good" in statement
    part = {"text": statement, "sentence": "1" if good else "none"}
    return {"parts": [part], "reason": "So.", "verdict": "supported" if good else "unsupported"}


def test_a_real_judge_over_http() -> None:
    """Unusable answers count as no, and are counted."""
    items = [_item("a", {"a good claim": ["x"], "a bad claim": ["x"]}), _item("b", {"an odd claim": ["x"]})]
    with FaultServer(default=answer(_verdict)) as server, open_client(server) as client:
        found = judge_trials(items, Judge(client), question=client.question, parallel=2)
    assert (found.scores["a"][RECALL], found.scores["b"][RECALL]) == (0.5, 0.0)
    assert (found.card["calls"], found.card["unusable"], found.failures) == (3, 1, {})


def test_a_judge_of_the_settings_needs_no_model_to_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its card is measured first and stands in the report's."""
    monkeypatch.chdir(tmp_path)
    with FaultServer(default=answer(_verdict)) as server:
        settings = read_settings(judge="llamacpp:test", base_url=server.url)
        found = judged([_item("a", {"a good claim": ["x"]})], settings, PAIRS, parallel=4)
    assert found.scores["a"][RECALL] == 1.0
    assert found.card["pairs"]["accuracy"]["total"] == 66
    assert found.card["judge"] == "llamacpp:test"


def test_without_a_judge_nothing_is_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An error that says how to name one."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="No judge is named"):
        judged([], read_settings())


def test_a_server_that_refuses_leaves_every_question_in_the_failures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever reports can tell that nothing was measured."""
    monkeypatch.chdir(tmp_path)
    with FaultServer(default=failure(401)) as server:
        settings = read_settings(judge="llamacpp:test", base_url=server.url)
        found = judged([_item(f"q{n}", {"a": ["b"]}) for n in range(5)], settings)
    assert len(found.failures) == found.card["failures"] == 5
    assert {value for scores in found.scores.values() for value in scores.values()} == {None}

"""Each defect planted in a clean gold set is found, under its own name, and nothing else is."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag.errors import UsageError
from rag.gold_checks import GoldCheck, check

TOP = Path(__file__).parent.parent
GOLD = TOP / "evals" / "gold"

DOCUMENTS = {
    "harbour.txt": "The old harbour of Penvarn opens again on Monday. The repair has cost 12 million pounds. The port "
    "authority speaks of 14 million pounds. Ships from Norway will be the first to enter it.",
    "bridge.txt": "A new bridge over the river Tamble was opened yesterday. The mayor says that 400 cars crossed it in "
    "an hour. The police counted 300 cars in the same hour. It is the longest bridge of the county.",
}
Record = dict[str, Any]
Records = dict[str, Record]


def nugget(document: str, quote: str, *answers: str, vital: bool = True) -> Record:
    """What a sentence states."""
    start = DOCUMENTS[document].index(quote)
    span = {"document": document, "start": start, "end": start + len(quote), "quote": quote}
    return {"text": quote, "vital": vital, "answers": list(answers), "spans": [span]}


def question(name: str, split: str, text: str, kind: str, status: str, *nuggets: Record, **more: Any) -> Record:
    """A line of the gold file."""
    fields = {"id": name, "split": split, "language": "en", "question": text, "kind": kind, "near": False}
    return {**fields, "status": status, "nuggets": list(nuggets), **more}


def clean() -> Records:
    """Three questions about each document, by id; the one document in dev, the other in test."""
    cost = nugget("harbour.txt", "The repair has cost 12 million pounds", "12 million pounds")
    other = nugget("harbour.txt", "The port authority speaks of 14 million pounds", "14 million pounds")
    opened = nugget("harbour.txt", "The old harbour of Penvarn opens again on Monday", "Monday")
    mayor = nugget("bridge.txt", "The mayor says that 400 cars crossed it in an hour", "400")
    police = nugget("bridge.txt", "The police counted 300 cars in the same hour", "300")
    length = nugget("bridge.txt", "It is the longest bridge of the county", "the longest")
    given = [
        question("h1", "dev", "When does the harbour open?", "fact", "answered", opened, story="harbour"),
        question("h2", "dev", "What did the repair cost?", "disagreement", "conflicting", cost, other),
        question("h3", "dev", "Who paid?", "unanswerable", "unanswerable", near=True, twin_of="h2", story="harbour"),
        question("b1", "test", "How long is the bridge?", "fact", "answered", length, story="bridge"),
        question("b2", "test", "How many cars crossed it?", "disagreement", "conflicting", mayor, police),
        question("b3", "test", "Who built it?", "unanswerable", "unanswerable", near=True, twin_of="b1"),
    ]
    return {each["id"]: each for each in given}


def checked(folder: Path, *lines: Record | str) -> GoldCheck:
    """The check of a gold file with these lines, beside its documents."""
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, "utf-8")
    path = folder / "set.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return check([path], [folder])


def _span(record: Record) -> Record:
    span: Record = record["nuggets"][0]["spans"][0]
    return span


def _shift(record: Record, start: int, end: int) -> None:
    span = _span(record)
    span["start"], span["end"] = span["start"] + start, span["end"] + end


def _widen(record: Record) -> None:
    """Take in the space before the quotation."""
    _shift(record, -1, 0)
    _span(record)["quote"] = " " + _span(record)["quote"]


def _overlap(records: Records) -> None:
    """Give the same place twice, the second time without its first word."""
    spans = records["b1"]["nuggets"][0]["spans"]
    spans.append({**spans[0], "start": spans[0]["start"] + 3, "quote": spans[0]["quote"][3:]})


def _same(records: Records, **changed: Any) -> None:
    """Ask b1 once more."""
    records["b4"] = {**copy.deepcopy(records["b1"]), "id": "b4", "question": "Its length?", "same_as": "b1", **changed}


def _copy_of_copy(records: Records) -> None:
    _same(records)
    records["b5"] = {**copy.deepcopy(records["b4"]), "id": "b5", "question": "Is it long?", "same_as": "b4"}


PLANTED: dict[str, tuple[Callable[[Records], object], str, str, str]] = {
    "a field is missing": (lambda q: q["h3"].pop("near"), "", "format", "near is missing"),
    "the end is off by one": (lambda q: _shift(q["h1"], 0, 1), "", "format", "49 characters"),
    "the span is off by one": (lambda q: _shift(q["b1"], 1, 1), "b1", "wrong-quote", "stands at"),
    "the quotation was never there": (
        lambda q: _span(q["b1"]).update(quote="It is the longest bridge of the COUNTY"),
        "b1",
        "wrong-quote",
        "is nowhere in it",
    ),
    "the span is beyond the end": (lambda q: _shift(q["b1"], 900, 900), "b1", "wrong-quote", "is ''"),
    "the quotation has a space before it": (lambda q: _widen(q["b1"]), "b1", "loose-quote", "' It is"),
    "two spans of a nugget overlap": (_overlap, "b1", "overlapping-spans", "'It is the longest"),
    "the document does not exist": (
        lambda q: _span(q["b1"]).update(document="tunnel.txt"),
        "b1",
        "unknown-document",
        "'tunnel.txt'",
    ),
    "the document is outside": (
        lambda q: _span(q["b1"]).update(document="../outside.txt"),
        "b1",
        "unknown-document",
        "'../outside.txt'",
    ),
    "the document's name is impossible": (
        lambda q: _span(q["b1"]).update(document="\0" + "x" * 5000),
        "b1",
        "unknown-document",
        "xxx",
    ),
    "an id is taken": (lambda q: q["b3"].update(id="b2"), "b2", "duplicate-id", "set.jsonl:5: b2"),
    "a question is asked twice": (
        lambda q: q["b3"].update(question="how many CARS crossed it"),
        "b3",
        "duplicate-question",
        "set.jsonl:5: b2",
    ),
    "an unknown kind": (lambda q: q["b1"].update(kind="riddle"), "b1", "vocabulary", "'riddle'"),
    "an unknown split": (lambda q: q["b3"].update(split="train", twin_of=None), "b3", "vocabulary", "'train'"),
    "the question is empty": (lambda q: q["b3"].update(question=" "), "b3", "vocabulary", "empty"),
    "the language is a word": (lambda q: q["b3"].update(language="English"), "b3", "vocabulary", "'English'"),
    "a status without its kind": (lambda q: q["b3"].update(kind="fact"), "b3", "status", "kind fact"),
    "an answerable question is near": (lambda q: q["b1"].update(near=True), "b1", "status", "near"),
    "an unanswerable question has gold": (
        lambda q: q["b3"].update(nuggets=copy.deepcopy(q["b1"]["nuggets"])),
        "b3",
        "status",
        "yet it has nuggets",
    ),
    "a disagreement with one side": (lambda q: q["b2"]["nuggets"].pop(), "b2", "status", "2 vital nuggets, it has 1"),
    "nothing vital": (lambda q: q["b1"]["nuggets"][0].update(vital=False), "b1", "status", "1 vital nuggets"),
    "no span": (lambda q: q["b1"]["nuggets"][0].update(spans=[]), "b1", "nugget", "no span"),
    "no accepted answer": (lambda q: q["b1"]["nuggets"][0].update(answers=[]), "b1", "nugget", "no accepted answer"),
    "an empty answer": (lambda q: q["b1"]["nuggets"][0].update(answers=["a", ""]), "b1", "nugget", "an empty one"),
    "a copy of nothing": (lambda q: _same(q, same_as="b9"), "b4", "broken-link", "same_as 'b9'"),
    "a copy of itself": (lambda q: _same(q, same_as="b4"), "b4", "broken-link", "is itself the same as another"),
    "a copy of a copy": (_copy_of_copy, "b5", "broken-link", "is itself the same as another"),
    "a copy with other gold": (
        lambda q: _same(q, nuggets=copy.deepcopy(q["b2"]["nuggets"])),
        "b4",
        "broken-link",
        "has other gold",
    ),
    "a twin in the other split": (lambda q: q["b3"].update(twin_of="h1"), "b3", "broken-link", "its split"),
    "an unanswerable twin": (lambda q: q["b3"].update(twin_of="b3"), "b3", "broken-link", "answerable one only"),
    "a twin of an answerable question": (lambda q: q["b1"].update(twin_of="b2"), "b1", "broken-link", "answerable one"),
    "a story in both splits": (lambda q: q["b1"].update(story="harbour"), "b1", "split-story", "'harbour'"),
    "a sentence in both splits": (
        lambda q: q["b1"].update(nuggets=copy.deepcopy(q["h1"]["nuggets"])),
        "h1",
        "shared-sentence",
        "harbour.txt[0:49] with b1",
    ),
}


def test_a_clean_set_has_no_defect_and_its_slices_are_counted(tmp_path: Path) -> None:
    """Six questions, half of them in each split; a copy makes its sentence no shared one."""
    records = clean()
    _same(records)
    found = checked(tmp_path, *records.values())
    assert found.findings == ()
    lines = [line.split() for line in found.summary.splitlines()]
    assert ["split:", "all", "3", "4", "7"] in lines
    assert ["unanswerable:", "near", "1", "1", "2"] in lines
    assert ["question", "->", "source:", "en", "->", "en", "2", "3", "5"] in lines
    assert found.summary.endswith("6 sentences are gold, 0 of them of several questions.\n7 questions, 0 defects")


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_defect_is_found_under_its_own_name_and_nothing_else_is(tmp_path: Path, name: str) -> None:
    """One finding, at the question, by the rule, with the value."""
    plant, where, rule, problem = PLANTED[name]
    (tmp_path.parent / "outside.txt").write_text(DOCUMENTS["bridge.txt"], "utf-8")
    records = clean()
    plant(records)
    found = checked(tmp_path, *records.values())
    assert [finding.rule for finding in found.findings if finding.rule != "unbalanced"] == [rule]
    finding = found.findings[0]
    assert finding.place.startswith("set.jsonl:")
    assert finding.place.endswith(f": {where}" if where else finding.place)
    assert problem in finding.problem
    assert str(finding) == f"{finding.place}: {finding.problem}"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"b1": None, "b2": None, "b3": None}, "the test split has 0 of 3 questions"),
        ({"b2": None}, "the test split has no question with kind disagreement"),
        ({"h3": {"near": False}, "b3": {"near": False}}, "0 of 2 unanswerable questions are near the topic"),
        ({"h1": {"language": "fr"}}, "the test split has no question with language fr"),
        ({"h1": {"kind": "list"}}, "the test split has no question with kind list"),
    ],
)
def test_slices_too_small_to_tell_anything_are_found(
    tmp_path: Path, changes: dict[str, Record | None], problem: str
) -> None:
    """Each is a defect of the set, not of a question."""
    records = clean()
    for name, change in changes.items():
        if change is None:
            del records[name]
        else:
            records[name].update(change)
    found = checked(tmp_path, *records.values())
    assert {finding.rule for finding in found.findings} == {"unbalanced"}
    assert {finding.place for finding in found.findings} == {"set.jsonl"}
    assert problem in [finding.problem for finding in found.findings]


def test_a_pair_of_languages_with_few_questions_is_found(tmp_path: Path) -> None:
    """Nobody asks in French about English articles, while three questions ask in English about each language's."""
    french = "Le vieux port de Penvarn rouvre lundi. La réparation a coûté douze millions de livres à la ville."
    (tmp_path / "port.txt").write_text(french, "utf-8")
    records = clean()
    for name, language, quote in (("f1", "en", "Le vieux port de Penvarn"), ("f2", "fr", "La réparation a coûté")):
        start = french.index(quote)
        span = {"document": "port.txt", "start": start, "end": start + len(quote), "quote": quote}
        stated = {"text": quote, "vital": True, "answers": ["a"], "spans": [span]}
        records[name] = question(name, "dev", f"{name}?", "fact", "answered", stated, language=language)
    problems = [finding.problem for finding in checked(tmp_path, *records.values()).findings]
    assert "0 questions ask fr -> en, the mean pair has 2" in problems
    assert not any("en -> fr" in problem for problem in problems)


def test_sentences_that_several_questions_of_a_split_share_are_counted(tmp_path: Path) -> None:
    """Several questions about one sentence are no defect, but whoever reads a figure wants to know."""
    records = clean()
    records["b4"] = {**records["b1"], "id": "b4", "question": "Which bridge is the longest?"}
    summary = checked(tmp_path, *records.values()).summary
    assert "6 sentences are gold, 1 of them of several questions." in summary


def test_files_named_together_are_one_set(tmp_path: Path) -> None:
    """Each alone lacks a split; together they are whole, and an id that both use is found."""
    records = clean()
    checked(tmp_path)
    parts = {split: [each for each in records.values() if each["split"] == split] for split in ("dev", "test")}
    for split, lines in parts.items():
        (tmp_path / f"{split}.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    files = [tmp_path / "dev.jsonl", tmp_path / "test.jsonl"]
    assert check(files, [tmp_path]).findings == ()
    assert {finding.rule for finding in check(files[:1], [tmp_path]).findings} == {"unbalanced"}
    twice = check([*files, files[0]], [tmp_path]).findings
    assert [finding.rule for finding in twice if finding.place == "dev.jsonl:1: h1"] == [
        "duplicate-id",
        "duplicate-question",
    ]


def test_a_file_without_questions_is_a_defect_and_one_that_cannot_be_read_an_error(tmp_path: Path) -> None:
    """Nothing to check is not clean."""
    assert [finding.problem for finding in checked(tmp_path, "").findings] == ["there is no question"]
    with pytest.raises(UsageError, match="Cannot read"):
        check([tmp_path / "none.jsonl"], [tmp_path])


def test_a_document_that_holds_no_text_is_unknown(tmp_path: Path) -> None:
    """Like one that is not there."""
    records = clean()
    checked(tmp_path)
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(map(json.dumps, records.values())), "utf-8")
    (tmp_path / "bridge.txt").write_bytes(b"\x7fELF\x00\x01\x02\x00")
    found = check([path], [tmp_path]).findings
    assert [finding.rule for finding in found] == ["unknown-document"] * 3


@pytest.mark.parametrize("names", [["news"], ["seeds"], ["news", "seeds"]])
def test_the_sets_of_the_project_have_no_defect(names: list[str]) -> None:
    """Each span proved, alone and as one set."""
    assert check([GOLD / f"{name}.jsonl" for name in names], [GOLD, TOP]).findings == ()

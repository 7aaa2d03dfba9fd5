"""Gold questions are read whole or refused with their place, and written so that reading gives them back."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents import Span
from rag.errors import UsageError
from rag.gold import GoldQuestion, GoldSpan, Nugget, gold_line, parse_question, read_gold

GOLD = Path(__file__).parent.parent / "evals" / "gold"

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = TEXTS | st.none()


@st.composite
def spans(draw: st.DrawFn) -> GoldSpan:
    """A span anywhere, with a quotation of its length."""
    start, quote = draw(st.integers(0, 10**6)), draw(TEXTS.filter(bool))
    return GoldSpan(document=draw(TEXTS), start=start, end=start + len(quote), quote=quote)


NUGGETS = st.builds(
    Nugget,
    text=TEXTS,
    vital=st.booleans(),
    answers=st.lists(TEXTS, max_size=2).map(tuple),
    spans=st.lists(spans(), max_size=2).map(tuple),
)
QUESTIONS = st.builds(
    GoldQuestion,
    **dict.fromkeys(("id", "split", "language", "question", "kind"), TEXTS),
    near=st.booleans(),
    status=st.sampled_from(("answered", "partial", "conflicting", "unanswerable")),
    nuggets=st.lists(NUGGETS, max_size=2).map(tuple),
    **dict.fromkeys(("story", "same_as", "twin_of"), NAMES),
    seen=st.booleans(),
)


def record(**changed: Any) -> dict[str, Any]:
    """A question about a moon, as a line of a file has it."""
    span = {"document": "moons.txt", "start": 4, "end": 10, "quote": "Europa"}
    nugget = {"text": "It is Europa", "vital": True, "answers": ["Europa"], "spans": [span]}
    question = {"id": "moon-1", "split": "test", "language": "de", "question": "Welcher Mond?", "kind": "riddle"}
    return {**question, "near": False, "status": "answered", "nuggets": [nugget], **changed}


def written(tmp_path: Path, *lines: str | bytes) -> Path:
    """A gold file of these lines."""
    path = tmp_path / "moons.jsonl"
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
    return path


@given(QUESTIONS)
def test_a_question_that_was_written_is_read_back(question: GoldQuestion) -> None:
    """Whatever its characters, on a line of its own."""
    line = gold_line(question)
    assert "\n" not in line
    assert parse_question(line.encode()) == question


def test_optional_fields_that_are_unset_are_not_written() -> None:
    """So that a written set looks like the ones that people wrote."""
    assert json.loads(gold_line(parse_question(json.dumps(record(story=None)).encode()))) == record()


def test_any_language_kind_and_split_is_read(tmp_path: Path) -> None:
    """An imported set has its own."""
    [question] = read_gold(written(tmp_path, json.dumps(record())))
    assert (question.language, question.kind, question.split) == ("de", "riddle", "test")
    assert question.answerable
    assert [(span.document, span.span) for span in question.spans()] == [("moons.txt", Span(4, 10))]


def test_blank_lines_a_byte_order_mark_crlf_and_unicode_line_marks_do_not_matter(tmp_path: Path) -> None:
    """Only a line feed ends a line, and JSON may hold U+2028."""
    first = json.dumps(record(question="eins\u2028zwei"), ensure_ascii=False)
    path = written(tmp_path, "\ufeff" + first + "\r", "", "  \r", json.dumps(record(id="moon-2")))
    assert [question.id for question in read_gold(path)] == ["moon-1", "moon-2"]


def _span(**changed: Any) -> list[dict[str, Any]]:
    [nugget] = record()["nuggets"]
    return [{**nugget, "spans": [{**nugget["spans"][0], **changed}]}]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "Invalid JSON"),
        (b"[1]", "object"),
        (b"\xff", "Invalid JSON"),
        (b"[" * 100_000, "recursion limit"),
        (json.dumps({**record(), "id": "\ud800"}).encode(), "Invalid JSON"),
        (json.dumps({key: value for key, value in record().items() if key != "near"}).encode(), "near is missing"),
        (json.dumps(record(colour="red")).encode(), "colour is no field of the format"),
        (json.dumps(record(near="no")).encode(), "near: Input should be a valid boolean, not 'no'"),
        (json.dumps(record(status="maybe")).encode(), "not 'maybe'"),
        (json.dumps(record(nuggets=_span(start=True))).encode(), "nuggets.0.spans.0.start: "),
        (json.dumps(record(nuggets=_span(start=-1))).encode(), "-1 to 10 is no span"),
        (json.dumps(record(nuggets=_span(start=10))).encode(), "10 to 10 is no span"),
        (json.dumps(record(nuggets=_span(end=11))).encode(), "4 to 11 are 7 characters, 'Europa' has 6"),
        (json.dumps(record()).encode(), "the id 'moon-1' was used before"),
    ],
)
def test_a_line_that_is_no_question_is_refused_with_file_line_value_and_remedy(
    tmp_path: Path, line: bytes, problem: str
) -> None:
    """Never skipped: a figure over fewer questions than the file has would be another figure."""
    path = written(tmp_path, json.dumps(record()), "", line)
    with pytest.raises(UsageError) as caught:
        read_gold(path)
    assert caught.value.message.startswith(f"{str(path)!r}, line 3: ")
    assert problem in caught.value.message
    assert caught.value.message.endswith(".")
    assert "rag eval check-gold" in (caught.value.hint or "")


def test_a_file_without_questions_or_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """An evaluation of nothing must not pass."""
    with pytest.raises(UsageError, match="holds no question"):
        read_gold(written(tmp_path, "", " "))
    with pytest.raises(UsageError, match="Cannot read"):
        read_gold(tmp_path / "none.jsonl")
    with pytest.raises(UsageError, match="Cannot read"):
        read_gold(tmp_path)


@pytest.mark.parametrize(("name", "count"), [("news", 350), ("seeds", 220)])
def test_the_sets_of_the_project_are_read_and_written_without_loss(name: str, count: int) -> None:
    """Field by field what the file has, null left out."""
    path = GOLD / f"{name}.jsonl"
    given = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    written = [json.loads(gold_line(question)) for question in read_gold(path)]
    assert written == [{key: value for key, value in each.items() if value is not None} for each in given]
    assert len(written) == count

"""Imported sets: exact offsets, safe files, and nothing that a file can do to us."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modelled import invoke

from rag import set_files
from rag.errors import UsageError
from rag.gold import GoldQuestion, read_gold
from rag.loaders import text as loader
from rag.question_imports import file_name, import_set, slug
from rag.question_sets import RawAnswer, clean, locate

LAKE = "Lake Orta lies in Italy. It is 143 metres deep. Its name is old."
LAKE_SENTENCES = ["Lake Orta lies in Italy.", "It is 143 metres deep.", "Its name is old."]


def _qa(question: str, *answers: tuple[str, int], **more: Any) -> dict[str, Any]:
    return {"question": question, "answers": [{"text": text, "answer_start": at} for text, at in answers], **more}


def _squad(path: Path, *paragraphs: tuple[str, list[Any]], title: str = "Lakes") -> Path:
    made = [{"context": context, "qas": asked} for context, asked in paragraphs]
    path.write_text(json.dumps({"version": "1.1", "data": [{"title": title, "paragraphs": made}]}), "utf-8")
    return path


def _beir(folder: Path, corpus: list[Any], queries: list[Any], judged: str) -> Path:
    (folder / "qrels").mkdir(parents=True)
    for name, records in (("corpus", corpus), ("queries", queries)):
        lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}", "utf-8")
    return folder


def _imported(files: Path, folder: Path, **options: Any) -> list[GoldQuestion]:
    """The gold of an import, each span of which is proved."""
    import_set([files], folder, **options)
    questions = read_gold(folder / "gold.jsonl")
    for question in questions:
        for span in question.spans():
            assert loader.read(folder / span.document).text[span.start : span.end] == span.quote
    return questions


def test_the_gold_is_the_sentence_around_the_answer(tmp_path: Path) -> None:
    """And the set's answers are the accepted ones."""
    squad = _squad(
        tmp_path / "set.json", (LAKE, [_qa("How deep is Lake Orta?", ("143 metres", 31), ("143", 31), id="q1")])
    )
    (question,) = _imported(squad, tmp_path / "out")
    (nugget,) = question.nuggets
    assert [span.quote for span in nugget.spans] == ["It is 143 metres deep."]
    assert (question.id, question.language, question.kind, question.status) == ("q1", "en", "number", "answered")
    assert (nugget.answers, question.story) == (("143 metres", "143"), "lakes")


def test_an_answer_over_two_sentences_takes_both(tmp_path: Path) -> None:
    """From the beginning of the first to the end of the second."""
    squad = _squad(tmp_path / "set.json", (LAKE, [_qa("Where and how deep?", ("Italy. It is 143", 18))]))
    (question,) = _imported(squad, tmp_path / "out")
    assert [span.quote for span in question.spans()] == ["Lake Orta lies in Italy. It is 143 metres deep."]


def test_impossible_questions_are_near_misses(tmp_path: Path) -> None:
    """SQuAD 2.0's plausible answers are no gold."""
    asked = _qa("Who drained Lake Orta?", is_impossible=True, plausible_answers=[{"text": "Italy", "answer_start": 18}])
    (question,) = _imported(_squad(tmp_path / "set.json", (LAKE, [asked])), tmp_path / "out")
    assert (question.status, question.kind, question.near, question.nuggets) == (
        "unanswerable",
        "unanswerable",
        True,
        (),
    )


def test_offsets_count_code_points_of_the_text_without_its_byte_order_mark(tmp_path: Path) -> None:
    """Emoji count one, CRLF two, and the mark that a set kept counts for the set alone."""
    text = "\ufeff😀 Début.\r\nLe lac mesure 143\u00a0m.\r\nFin."
    squad = _squad(tmp_path / "set.json", (text, [_qa("Quelle profondeur ?", ("143\u00a0m", text.index("143")))]))
    (question,) = _imported(squad, tmp_path / "out", language="fr")
    assert [span.quote for span in question.spans()] == ["Le lac mesure 143\u00a0m."]
    assert question.nuggets[0].answers == ("143\u00a0m",)


def test_offsets_in_another_unit_are_repaired_and_counted(tmp_path: Path) -> None:
    """UTF-16 units, bytes or a lost space: the answer stands once near by."""
    text = "😀😀😀 The lake is 143 metres deep."
    utf16 = len(text[: text.index("143")].encode("utf-16-le")) // 2
    squad = _squad(tmp_path / "set.json", (text, [_qa("How deep?", ("143", utf16))]))
    done = import_set([squad], tmp_path / "out")
    assert (done.repaired, done.questions) == (1, 1)
    assert "1 answers stood within" in (tmp_path / "out" / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("answer", "start"),
    [("nowhere", 3), ("i", 1), ("Lake", 500), ("Lake", -900)],
    ids=["absent", "often", "far", "negative"],
)
def test_an_answer_that_cannot_be_placed_is_left_out_and_counted(tmp_path: Path, answer: str, start: int) -> None:
    """Nothing is guessed."""
    squad = _squad(
        tmp_path / "set.json", (LAKE, [_qa("Where?", ("Italy", 18)), _qa("What?", (answer, start), id="bad")])
    )
    done = import_set([squad], tmp_path / "out")
    assert (done.questions, dict(done.troubles.counts)) == (1, {"the answer does not stand there": 1})
    assert done.troubles.examples["the answer does not stand there"] == ["bad: What?"]


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.data())
def test_an_answer_is_found_where_it_stands(text: str, data: st.DataObject) -> None:
    """Whatever the characters; only white space around it is left out."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    cleaned, shift = clean(text)
    found = locate(cleaned, RawAnswer(text[start:end], start), shift)
    wanted = clean(text[start:end])[0].strip()
    if wanted and start >= shift:
        assert found is not None
        assert found[0].of(cleaned) == wanted


def test_equal_texts_are_one_file_and_equal_questions_one_question(tmp_path: Path) -> None:
    """The texts of a question that was asked twice are alternatives, and ids stay unique."""
    other = "Lake Orta, in Italy, is deep. Others are not."
    squad = _squad(
        tmp_path / "set.json",
        (LAKE, [_qa("Where does Lake Orta lie?", ("Italy", 18), id="a")]),
        (LAKE, [_qa("How deep is it?", ("143", 31), id="a"), _qa("where does lake orta lie", ("Italy", 18), id="b")]),
        (other, [_qa("Where does Lake Orta lie?", ("Italy", 14), id="c")]),
    )
    questions = _imported(squad, tmp_path / "out")
    assert len(list((tmp_path / "out" / "documents").iterdir())) == 2
    where = next(question for question in questions if question.question.startswith("Where"))
    assert [span.quote for span in where.spans()] == ["Lake Orta lies in Italy.", "Lake Orta, in Italy, is deep."]
    assert len({question.id for question in questions}) == len(questions) == 2


@pytest.mark.parametrize(
    "title",
    [
        "../../../etc/passwd",
        "/absolute",
        "..\\..\\windows",
        "CON",
        "a\0b\n",
        "\udc80",
        "." * 300,
        "湖" * 300,
        "é",
        "e\u0301",
        " ",
    ],
)
def test_no_title_leads_out_of_the_folder(tmp_path: Path, title: str) -> None:
    """Nor makes a name that some system refuses."""
    _imported(
        _squad(tmp_path / "set.json", (LAKE, [_qa("Where?", ("Italy", 18))]), title=title), tmp_path / "a" / "out"
    )
    (file,) = (tmp_path / "a" / "out" / "documents").iterdir()
    assert file.read_bytes().decode() == LAKE
    assert len(file.name.encode()) < 200
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "set.json"]


@given(st.text(max_size=60), st.binary(min_size=16, max_size=16))
def test_a_name_is_safe_and_the_same_in_either_case(name: str, digest: bytes) -> None:
    """Only letters, digits and hyphens, never too long."""
    made = file_name(name, digest)
    assert all(character.isalnum() or character in "-." for character in made)
    assert made.count(".") == 1
    assert len(made.encode()) < 200
    assert slug(name) == slug(slug(name))


def test_ids_that_could_stand_for_something_else_are_replaced(tmp_path: Path) -> None:
    """A gold id is shown on pages and in files."""
    asked = [
        _qa(f"Where {number}?", ("Italy", 18), id=identity) for number, identity in enumerate(["<b>", "../x", "ok", 5])
    ]
    questions = _imported(_squad(tmp_path / "set.json", (LAKE, asked)), tmp_path / "out")
    assert [question.id for question in questions][2:] == ["ok", "5"]
    assert all(question.id.startswith("q-") for question in questions[:2])


def test_characters_that_no_text_file_holds_are_replaced_one_by_one(tmp_path: Path) -> None:
    """Lone surrogates and controls: no place moves."""
    text = "A\udc80b\x00 is here. Lake Orta lies in Italy."
    squad = _squad(tmp_path / "set.json", (text, [_qa("Wh\udc80ere?", ("Italy", text.index("Italy")))]))
    done = import_set([squad], tmp_path / "out")
    assert done.changed == 2
    (question,) = read_gold(tmp_path / "out" / "gold.jsonl")
    assert question.nuggets[0].answers == ("Italy",)


def test_a_text_that_looks_like_another_format_is_left_out(tmp_path: Path) -> None:
    """It could never be indexed."""
    squad = _squad(
        tmp_path / "set.json", ("%PDF- Italy.", [_qa("Which?", ("Italy", 6))]), (LAKE, [_qa("Where?", ("Italy", 18))])
    )
    done = import_set([squad], tmp_path / "out")
    assert (done.documents, done.questions) == (1, 1)
    assert list(done.troubles.counts) == ["a text that would be taken for another kind of file"]


def test_a_limit_draws_whole_texts_and_repeats(tmp_path: Path) -> None:
    """The same seed gives the same bytes, another one another draw; distractors come on top."""
    paragraphs = [
        (f"Lake {n} lies in Italy. It is deep.", [_qa(f"Where is lake {n}?", ("Italy", 15 + n // 10))])
        for n in range(40)
    ]
    squad = _squad(tmp_path / "set.json", *paragraphs)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        done = import_set([squad], tmp_path / name, limit=10, seed=seed, distractors=5)
        assert (done.questions, done.documents) == (10, 15)
    first, second, third = ((tmp_path / name / "gold.jsonl").read_bytes() for name in "abc")
    assert first == second != third


def test_a_beir_question_has_every_relevant_document_as_gold(tmp_path: Path) -> None:
    """Each of their sentences, no short answers; a judgement of 0 is none."""
    corpus = [{"_id": "d1", "title": "Orta", "text": LAKE}, {"_id": "d2", "title": "", "text": " Orta is deep. \n"}]
    corpus += [{"_id": "d3", "title": "", "text": "Nothing."}, {"_id": "d4", "title": "", "text": "Garda."}]
    folder = _beir(
        tmp_path / "set", corpus, [{"_id": "q1", "text": "How deep is Lake Orta?"}, {"_id": "q2", "text": "Why?"}],
        "q1\td1\t2\nq1\td2\t1\nq1\td3\t0\n",
    )  # fmt: skip
    (question,) = _imported(folder, tmp_path / "out")
    assert [span.quote for span in question.spans()] == ["Orta", *LAKE_SENTENCES, "Orta is deep."]
    assert (question.nuggets[0].answers, question.status) == ((), "answered")
    assert len(list((tmp_path / "out" / "documents").iterdir())) == 4


def test_a_beir_limit_keeps_all_documents_of_a_question(tmp_path: Path) -> None:
    """And only those."""
    corpus = [{"_id": f"d{n}", "title": "", "text": f"Text {n}."} for n in range(20)]
    folder = _beir(
        tmp_path / "set", corpus, [{"_id": f"q{n}", "text": f"Question {n}?"} for n in range(10)],
        "".join(f"q{n}\td{2 * n}\t1\nq{n}\td{2 * n + 1}\t1\n" for n in range(10)),
    )  # fmt: skip
    questions = _imported(folder, tmp_path / "out", limit=3)
    assert [len(list(question.spans())) for question in questions] == [2, 2, 2]
    assert len(list((tmp_path / "out" / "documents").iterdir())) == 6


def test_bad_lines_of_a_beir_set_are_counted(tmp_path: Path) -> None:
    """And do not end the import."""
    folder = _beir(
        tmp_path / "set",
        ["{", "[1]", '{"_id": 7, "text": "Seven."}', '{"_id": "e", "text": 5}', "[" * 100_000],
        ['{"_id": "q", "text": "Which?"}', '{"_id": "r"}'],
        "q\t7\t1\nq\tgone\t1\nz\t7\t1\nnonsense\nq\t7\tmany\n",
    )
    done = import_set([folder], tmp_path / "out")
    assert (done.questions, done.documents) == (1, 1)
    assert done.troubles.counts == {
        "no record": 3,
        "no text": 1,
        "no question": 1,
        "no judgement": 2,
        "a judgement of a question that is not there": 1,
        "a judgement of a text that is not there": 1,
    }


def test_malformed_parts_of_a_squad_file_are_counted(tmp_path: Path) -> None:
    """The rest is imported."""
    good = {"context": LAKE, "qas": [_qa("Where?", ("Italy", 18))]}
    bad_questions = [5, {}, _qa(""), _qa("What?", ("", 3)), {"question": "Which?", "answers": [{"text": "x"}]}]
    articles = [7, {"paragraphs": "x"}, {"paragraphs": [None, {"context": 5, "qas": []}, good]}]
    articles += [{"paragraphs": [{"context": " \n", "qas": []}, {"context": LAKE, "qas": bad_questions}]}]
    (tmp_path / "set.json").write_text(json.dumps({"x": {"data": [1]}, "n": 1.5, "data": articles, "y": []}), "utf-8")
    done = import_set([tmp_path / "set.json"], tmp_path / "out")
    assert done.questions == 1
    assert done.troubles.counts == {"no article": 2, "no paragraph": 2, "no question": 3, "no answer": 2, "no text": 1}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no JSON"),
        (b"[1, 2]", "is no JSON"),
        (b'{"data": [{"a": 1}', "is no JSON"),
        (b'{"data": [{"a": ', "is no JSON"),
        (b'{"data": ' + b"[" * 200_000, "is no JSON"),
        (b'{"data": {}}', "has no list 'data'"),
        (b'{"data": []}', "no question"),
        (b"\xff\xfe{\x00", "is not UTF-8"),
        (b"\x1f\x8b\x08broken", "is not whole"),
        (gzip.compress(b'{"data": [1, 2, 3, 4, 5, 6, 7]}')[:-12], "is not whole"),
    ],
    ids=["empty", "list", "cut", "cut value", "deep", "object", "no data", "utf-16", "bad gzip", "cut gzip"],
)
def test_a_file_that_is_no_set_is_refused_and_leaves_nothing_behind(tmp_path: Path, data: bytes, said: str) -> None:
    """With what is wrong in words."""
    (tmp_path / "set.json").write_bytes(data)
    with pytest.raises(UsageError, match=said):
        import_set([tmp_path / "set.json"], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["set.json"]


def test_a_gzip_bomb_is_refused_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it holds white space between values or one endless string."""
    monkeypatch.setattr(set_files, "FREE_BYTES", 2**20)
    for inner in (b" " * 2**24, b'"' + b"a" * 2**24):
        (tmp_path / "set.json.gz").write_bytes(gzip.compress(b'{"data": [' + inner))
        with pytest.raises(UsageError, match="unpacks to more than 200 times"):
            import_set([tmp_path / "set.json.gz"], tmp_path / "out")


def test_an_endless_item_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In JSON and in lines."""
    monkeypatch.setattr(set_files, "LARGEST_ITEM", 2**19)
    path = tmp_path / "set.json"
    path.write_bytes(b'{"data": ["' + b"a" * 2**22)
    with pytest.raises(UsageError, match="holds an item of more than"):
        list(set_files.items(path, "data"))
    with pytest.raises(UsageError, match="holds an item of more than"):
        list(set_files.lines(path))


def test_a_large_file_is_read_in_pieces(tmp_path: Path) -> None:
    """Items cross the borders of what is read at once, and progress is told."""
    articles = [{"title": "é" * 1000, "number": number} for number in range(2000)]
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"data": articles}, ensure_ascii=False), "utf-8")
    told: list[tuple[int, int, str]] = []
    assert list(set_files.items(path, "data", lambda *each: told.append(each))) == articles
    assert told[-1] == (path.stat().st_size, path.stat().st_size, "set.json")
    assert len(told) > 5


def test_an_existing_folder_is_not_touched(tmp_path: Path) -> None:
    """An empty one is filled."""
    squad = _squad(tmp_path / "set.json", (LAKE, [_qa("Where?", ("Italy", 18))]))
    folder = tmp_path / "out"
    folder.mkdir()
    import_set([squad], folder)
    before = sorted(folder.iterdir())
    with pytest.raises(UsageError, match="is not empty"):
        import_set([squad], folder)
    assert sorted(folder.iterdir()) == before


def test_the_command_says_what_became_of_the_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And how to go on; the note has origin and hash."""
    monkeypatch.chdir(tmp_path)
    _squad(tmp_path / "set.json", (LAKE, [_qa("Where does it lie?", ("Italy", 18)), _qa("What?", ("gone", 3))]))
    result = invoke("eval", "import", "set.json", "--output", "out", "--origin", "Me, <b>CC0</b>")
    assert result.exit_code == 0, result.output
    assert "1 text, 1 question (1 en), 0 of them unanswerable" in result.stderr
    assert "Left out, 1 times: the answer does not stand there" in result.stderr
    assert "rag eval --suite out/suite.toml" in result.stderr
    note = (tmp_path / "out" / "README.md").read_text("utf-8")
    assert "Me, \\<b\\>CC0" in note or "&lt;b" in note
    assert "SHA-256 `" in note


@pytest.mark.parametrize(
    "arguments",
    [
        ("gone.json",),
        (".",),
        ("set.json", "--distractors", "3"),
        ("set.json", "--lang", "FR!"),
        ("set.json", "queries.jsonl"),
    ],
)
def test_wrong_usage_exits_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    """With a hint."""
    monkeypatch.chdir(tmp_path)
    _squad(tmp_path / "set.json", (LAKE, [_qa("Where?", ("Italy", 18))]))
    (tmp_path / "queries.jsonl").write_text("{}\n", "utf-8")
    result = invoke("eval", "import", *arguments, "--output", "out")
    assert result.exit_code == 2
    assert "Hint: " in result.stderr
    assert not (tmp_path / "out").exists()

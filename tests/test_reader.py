"""The reader points at the answer's exact characters, in three languages and across them."""

from pathlib import Path

import pytest

from rag.documents import Chunk, Sentence, Span
from rag.errors import EmbeddingError
from rag.local_models import damaged_files
from rag.reader import AT_FIRST, EMBEDDED, Reader, Reading, read_ranked


def _chunk(*sentences: str, start: int = 0) -> Chunk:
    text = " ".join(sentences)
    spans, place = [], start
    for sentence in sentences:
        spans.append(Sentence(Span(place, place + len(sentence)), "en"))
        place += len(sentence) + 1
    return Chunk("a.txt", Span(start, start + len(text)), text, tuple(spans), "en")


@pytest.fixture(scope="module")
def reader() -> Reader:
    """The one in the package."""
    return Reader(threads=1)


FERRY = _chunk(
    "The boats will be built by Varden Marine in Norway.",
    "Each vessel will carry 240 passengers and 18 cars.",
    "Residents have asked for a safety review.",
    start=1_000,
)
BANK = _chunk("Norvale Bank was fined 210 million dollars.", "The software was supplied by Lockstep Analytics.")


def _said(chunk: Chunk, span: Span | None) -> str:
    assert span is not None
    return chunk.text[span.start - chunk.span.start : span.end - chunk.span.start]


def test_the_answer_is_found_in_its_sentence(reader: Reader) -> None:
    """Offsets count from the document's start, not from the passage's."""
    [reading] = reader.read("How many passengers will each vessel carry?", [FERRY])
    best = max(range(3), key=reading.shares.__getitem__)
    assert best == 1
    assert "240" in _said(FERRY, reading.spans[1])


def test_a_passage_that_answers_scores_higher_than_one_that_does_not(reader: Reader) -> None:
    """Whichever stands first."""
    question = "Who supplied the software?"
    one, two = reader.read(question, [FERRY, BANK])
    assert two.answers > one.answers
    assert [reading.answers for reading in reader.read(question, [BANK, FERRY])] == pytest.approx(
        [two.answers, one.answers], abs=0.3
    )


@pytest.mark.parametrize(
    "question", ["Combien de passagers chaque bateau transportera-t-il ?", "Berapa penumpang yang dibawa tiap kapal?"]
)
def test_question_and_passage_may_be_in_different_languages(reader: Reader, question: str) -> None:
    """French and Indonesian questions about an English passage."""
    [reading] = reader.read(question, [FERRY])
    assert max(range(3), key=reading.shares.__getitem__) == 1


def test_every_sentence_has_a_share_and_spans_stay_inside_it(reader: Reader) -> None:
    """Also with characters outside the Basic Multilingual Plane before them."""
    chunk = _chunk("😀😀 Grüße aus 北京!", "Prix : 92,4 millions d’euros.", "مرحبا بالعالم")
    [reading] = reader.read("Quel prix ?", [chunk])
    assert len(reading.shares) == len(reading.spans) == 3
    for sentence, span in zip(chunk.sentences, reading.spans, strict=True):
        assert span is None or (sentence.span.start <= span.start < span.end <= sentence.span.end)


def test_a_passage_too_long_to_read_leaves_its_last_sentences_unread(reader: Reader) -> None:
    """Their share is the least there is."""
    chunk = _chunk(*[f"Sentence number {number} says nothing of interest to anybody." for number in range(60)])
    [reading] = reader.read("Who is interested?", [chunk])
    assert reading.spans[-1] is None
    assert reading.shares[-1] == -8.0


def test_strange_questions_and_passages_are_read(reader: Reader) -> None:
    """Empty, huge or made of control characters."""
    strange = Chunk("a.txt", Span(0, 1), " ", (Sentence(Span(0, 1), None),))
    for question in ("", "?" * 50_000, "\x00\x1b[31m", "word " * 5_000, "caf\udce9"):
        for reading in reader.read(question, [strange, FERRY]):
            assert len(reading.shares) >= 1
    assert reader.read("Anything?", []) == []


def test_the_files_are_what_the_card_says() -> None:
    """Checksums of graph and tokenizer."""
    assert damaged_files(EMBEDDED) == []


def test_a_folder_without_a_model_is_a_clear_error(tmp_path: Path) -> None:
    """With the command that mends it."""
    with pytest.raises(EmbeddingError, match=r"model\.json") as caught:
        Reader(tmp_path)
    assert caught.value.hint is not None
    assert "pip install" in caught.value.hint


def test_what_is_ranked_below_a_clear_answer_is_not_read(reader: Reader) -> None:
    """A passage that stays unread has no short answer, and none of its sentences is preferred."""
    others = [BANK] * (AT_FIRST - 1)
    readings = read_ranked(reader, "How many passengers will each vessel carry?", [*others, FERRY, FERRY])
    assert "240" in _said(FERRY, readings[AT_FIRST - 1].spans[1])
    assert readings[AT_FIRST] == Reading.unread(FERRY)
    assert readings[AT_FIRST].spans == (None, None, None)
    assert len(set(readings[AT_FIRST].shares)) == 1


def test_without_a_clear_answer_every_passage_is_read(reader: Reader) -> None:
    """The answer may stand in the last of them."""
    readings = read_ranked(reader, "How many passengers will each vessel carry?", [*[BANK] * AT_FIRST, FERRY])
    assert all(span is not None for span in readings[-1].spans)
    assert read_ranked(reader, "How many passengers?", []) == []

"""Words in tantivy: what a question finds."""

from pathlib import Path

import pytest

from rag import lexical
from rag.errors import IndexDamagedError
from rag.lexical import Words, WordsWriter, question_stems

PASSAGES = [
    (1, "en", "Whales", "The blue whales were eating krill."),
    (2, "fr", "", "Les voitures rouges sont rapides, car elles sont neuves."),
    (3, "zh", "", "微软收购了小米的专利。"),
    (4, None, "", "12345 ⚡"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An index of four passages."""
    writer = WordsWriter(tmp_path / "words")
    writer.add(PASSAGES)
    writer.commit()
    return tmp_path / "words"


@pytest.mark.parametrize(
    ("question", "key"), [("Which whale eats?", 1), ("voiture rouge", 2), ("小米专利", 3), ("12345", 4), ("WHALES", 1)]
)
def test_a_question_finds_its_passage(folder: Path, question: str, key: int) -> None:
    """Stems, folding and pairs of Chinese characters match across inflections."""
    stems = question_stems(question, ["en", "fr", "zh", None])
    assert [found for found, _ in Words(folder).nearest(stems, 10)] == [key]


def test_scores_fall_and_keys_restrict(folder: Path) -> None:
    """The best comes first; a set of keys restricts without changing scores."""
    words = Words(folder)
    everything = words.nearest(["blue", "whale", "roug"], 10)
    assert [key for key, _ in everything] == [1, 2]
    assert everything[0][1] > everything[1][1] > 0
    [(key, score)] = words.nearest(["blue", "whale", "roug"], 10, [2, 3])
    assert (key, score) == (2, pytest.approx(everything[1][1]))
    assert words.nearest([], 10) == []
    assert words.nearest(["absent"], 10) == []
    assert (words.document_frequency("whale"), words.document_frequency("absent")) == (1, 0)


def test_function_words_are_left_out_in_the_questions_own_language() -> None:
    """English function words go, a French one that is an English noun stays; alone they are kept."""
    assert question_stems("What is the car?", ["en", "fr"]) == ["car"]
    assert "dans" not in question_stems("il est dans la rue", ["en", "fr"])
    assert question_stems("who is it", ["en"]) == ["who", "is", "it"]
    assert question_stems("?!", ["en"]) == []


def test_a_copy_is_independent(folder: Path, tmp_path: Path) -> None:
    """A copy can be changed while the original stays as it is."""
    lexical.copy(folder, tmp_path / "copy")
    writer = WordsWriter(tmp_path / "copy")
    writer.delete([1, 99])
    writer.add([(5, "en", "", "A new whale.")])
    writer.commit()
    assert sorted(Words(tmp_path / "copy").keys()) == [2, 3, 4, 5]
    assert sorted(Words(folder).keys()) == [1, 2, 3, 4]


def test_damage(folder: Path) -> None:
    """A missing or garbled index is an error that names the command."""
    (folder / "meta.json").write_text("garbage", "utf-8")
    for path in (folder, folder / "missing"):
        with pytest.raises(IndexDamagedError) as caught:
            Words(path)
        assert caught.value.hint == "Run: rag index"

"""What a model worded is held against exactly the sentences it names."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents import Chunk, Hit, Sentence, Source, Span
from rag.embedding_client import OpenAIEmbedder
from rag.scrutiny import Cited, Scrutiny, resolve, similarity_by
from rag.testing import HashEmbedder


def _hit(*sentences: str, language: str = "en", title: str | None = None, author: str | None = None) -> Hit:
    text = " ".join(sentences)
    starts = [len(" ".join(sentences[:place])) + bool(place) for place in range(len(sentences))]
    spans = [Sentence(Span(start, start + len(each)), language) for start, each in zip(starts, sentences, strict=True)]
    chunk = Chunk("a.txt", Span(0, len(text)), text, tuple(spans), language)
    source = Source("a.txt", "0" * 64, language, title, author=author)
    return Hit(chunk, source, 1, 1.0, 1, 0.5, None, None, (0.5,) * len(sentences), 1)


HITS = [_hit("The ferry costs 3 pounds.", "It sails at noon."), _hit("The bus costs 5 pounds.")]


def _cited(*sentences: str, language: str = "en") -> list[Cited]:
    hit = _hit(*sentences, language=language)
    return [Cited(hit, place) for place in range(len(sentences))]


def _alike(cosine: float) -> Scrutiny:
    return Scrutiny("en", lambda _text, _sentences: cosine)


def test_ids_count_from_one() -> None:
    """Passage, then sentence, in the order in which they are named."""
    assert [each.text for each in resolve(["2.1", "1.2", "2.1"], HITS)] == [
        "The bus costs 5 pounds.",
        "It sails at noon.",
        "The bus costs 5 pounds.",
    ]
    assert resolve(["1.1"], HITS)[0].language == "en"


@given(st.lists(st.text("0123456789.-+٣ ", max_size=9)))
def test_an_id_that_names_nothing_gives_nothing(ids: list[str]) -> None:
    """Whatever it looks like."""
    assert len(resolve(ids, HITS)) == sum(each in {"1.1", "1.2", "2.1"} for each in _without_zeros(ids))


def _without_zeros(ids: Sequence[str]) -> list[str]:
    """The ids with the zeros before their numbers left out, where they are two short ASCII numbers."""
    parts = [each.split(".", 1) for each in ids]
    numbers = [
        pair for pair in parts if len(pair) == 2 and all(p.isascii() and p.isdigit() and len(p) < 6 for p in pair)
    ]
    return [".".join(str(int(part)) for part in pair) for pair in numbers]


def test_what_is_changed_and_what_is_invented_are_both_objected_to() -> None:
    """The first whatever the embedder thinks; the second as far as it does."""
    cited = _cited("The ferry costs 3 pounds.")
    assert _alike(1.0).objections("The ferry costs 4 pounds.", cited)
    assert _alike(0.1).objections("The ferry has a blind captain.", cited) == ["The cited sentences do not say this."]
    assert _alike(0.1).changes("The ferry has a blind captain.", cited) == []
    assert _alike(0.9).objections("A crossing by boat is 3 pounds.", cited) == []
    assert Scrutiny("en").objections("A crossing by boat is 3 pounds.", cited)


def test_who_says_it_need_not_stand_in_the_text_when_it_stands_beside_it() -> None:
    """A report must not become a fact."""
    cited = _cited("Anna Rossi said that the ferry is haunted.")
    assert _alike(1.0).objections("The ferry is haunted.", cited)
    assert _alike(1.0).objections("The ferry is haunted.", cited, attributed=True) == []


@pytest.mark.parametrize(
    ("sentence", "part", "alone"),
    [
        ("The lake is 143 metres deep.", "143 metres", True),
        ("The lake is 143 metres deep.", "143", True),
        ("The lake is at most 143 metres deep.", "143 metres", False),
        ("The lake is not 143 metres deep.", "143 metres", False),
        ("They paid 143 million dollars.", "143", False),
        ("They paid 143 million dollars.", "143 million", False),
        ("They paid 143 million dollars.", "143 million dollars", True),
        ("The pact was signed on 3 May 2017.", "May 2017", True),
        ("The share fell by 5 % in June.", "5", False),
        ("Anna Rossi said that the lake is haunted.", "Anna Rossi", True),
        ("Anna Rossi said that the lake is haunted.", "haunted", False),
        ("Norway did not sign the pact.", "Norway", False),
    ],
)
def test_a_part_stands_alone_when_it_loses_nothing_by_it(sentence: str, part: str, *, alone: bool) -> None:
    """Neither a "not" nor a bound nor a unit of money or of a share; a part of a date is still true."""
    start = sentence.index(part)
    span = Span(start, start + len(part))
    assert Scrutiny("en").stands_alone(span, sentence, _cited(sentence)) is alone


def test_a_speaker_is_named_by_the_passage_its_title_or_its_author() -> None:
    """Nobody else can be quoted."""
    hit = _hit("She said that it sails.", title="An interview with Anna Rossi", author="Bob Keller")
    scrutiny = Scrutiny("en")
    for name, expected in (("Anna Rossi", True), ("Bob Keller", True), ("Carl Moss", False)):
        assert scrutiny.is_speaker(name, [Cited(hit, 0)]) is expected


def test_a_topic_adds_nothing_when_its_names_and_figures_are_known() -> None:
    """It states nothing by itself."""
    scrutiny = Scrutiny("en")
    assert scrutiny.adds_nothing("the price", "What does the ferry to Lisle cost?")
    assert not scrutiny.adds_nothing("the price in Paris", "What does the ferry to Lisle cost?")
    assert not scrutiny.adds_nothing("the 3 ferries", "What does the ferry to Lisle cost?")


class _Counting(HashEmbedder):
    """Counts how often it is asked."""

    asked = 0

    def embed_passages(self, *arguments: object) -> object:  # type: ignore[override]
        self.asked += 1
        return super().embed_passages(*arguments)  # type: ignore[arg-type]


def test_what_was_compared_is_not_embedded_again() -> None:
    """By whoever asks with the same embedder: a claim is looked at when it is written and when it is verified."""
    embedder = _Counting()
    similarity, again = similarity_by(embedder), similarity_by(embedder)
    assert similarity is not None
    assert again is not None
    sentences = ["The bus costs 5 pounds.", "A ferry sails."]
    assert similarity("A ferry sails.", sentences) == again("A ferry sails.", sentences) == pytest.approx(1.0)
    assert embedder.asked == 1


def test_the_cosines_of_a_server_say_nothing() -> None:
    """Their scale is unknown."""
    assert similarity_by(OpenAIEmbedder("any", "http://127.0.0.1:9/v1")) is None

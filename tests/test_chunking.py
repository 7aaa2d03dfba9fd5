from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import loaders
from rag.chunking import chunk
from rag.documents import Chunk, Document

SEEDS = Path(__file__).parents[1] / "seeds"


def count_words(texts: Sequence[str]) -> list[int]:
    """One token for each word."""
    return [len(text.split()) for text in texts]


def chunks_of(text: str, budget: int) -> list[Chunk]:
    """The chunks of a text as a document of its own."""
    return chunk(loaders.describe(text, "a.txt", sha256="0"), count_words, budget)


def check(document: Document, chunks: Sequence[Chunk], budget: int) -> None:
    """Asserts what holds for the chunks of every document."""
    assert [sentence for made in chunks for sentence in made.sentences] == list(document.sentences)
    for made in chunks:
        assert made.text == document.text[made.span.start : made.span.end]
        assert made.id == f"{document.source.id}:{made.span.start}-{made.span.end}"
        assert not any(made.span.overlaps(span) for span in document.boilerplate)
        tokens = sum(count_words([sentence.span.of(document.text) for sentence in made.sentences]))
        assert tokens <= budget or len(made.sentences) == 1
    assert all(first.span.end <= second.span.start for first, second in pairwise(chunks))


@pytest.mark.parametrize("budget", [1, 40, 90, 160, 10_000])
@pytest.mark.parametrize("path", sorted(SEEDS.iterdir()), ids=lambda path: path.name[:3])
def test_chunks_of_the_seeds(path: Path, budget: int) -> None:
    """Every sentence is in exactly one chunk, slices are exact, the budget holds."""
    document = loaders.load(path, f"seeds/{path.name}")
    check(document, chunk(document, count_words, budget), budget)


@given(
    st.lists(
        st.sampled_from(
            ["One two three. ", "Four! ", "A heading", "\n", "\n\n", "pic.jpg\n", "- item ", "long " * 30, "二三。"]
        ),
        max_size=40,
    ).map("".join),
    st.integers(1, 60),
)
def test_every_sentence_is_in_one_chunk(text: str, budget: int) -> None:
    """The same for any text and any budget."""
    document = loaders.describe(text, "a.txt", sha256="0")
    check(document, chunk(document, count_words, budget), budget)


def test_tokens_are_counted_in_one_call() -> None:
    """The embedder is asked once for a document, however many chunks it has."""
    calls = []

    def count(texts: Sequence[str]) -> list[int]:
        calls.append(len(texts))
        return count_words(texts)

    assert len(chunk(loaders.describe("One two. " * 50, "a.txt", sha256="0"), count, 10)) > 5
    assert calls == [50]


def test_a_chunk_ends_with_its_paragraph_where_that_fills_it() -> None:
    """A paragraph of most of the budget is a chunk; the next one does not begin in it."""
    first, second = "One two three four. " * 4, "Five six seven eight. " * 4
    assert [made.text for made in chunks_of(f"{first.strip()}\n\n{second.strip()}", 21)] == [
        first.strip(),
        second.strip(),
    ]


def test_a_heading_goes_with_the_text_after_it() -> None:
    """No chunk ends with a heading that has text below it."""
    text = "One two three four five six seven.\n\nThe heading\n\n" + "Eight nine ten eleven. " * 3
    assert [made.text.split("\n")[0] for made in chunks_of(text, 14)] == [
        "One two three four five six seven.",
        "The heading",
    ]


def test_a_list_of_short_lines_fills_its_chunks() -> None:
    """Lines that look like headings but follow one another are kept together."""
    assert [len(made.sentences) for made in chunks_of("- item one\n" * 40, 20)] == [10, 10, 10, 10]


def test_a_short_tail_is_joined_with_what_stands_before() -> None:
    """The last chunk is not a lone short sentence when the two last ones can be evened out."""
    chunks = chunks_of("One two three four five six. " * 10 + "Seven.", 30)
    assert min(len(made.sentences) for made in chunks) >= 3


def test_boilerplate_is_never_inside_a_chunk() -> None:
    """An image name between two paragraphs parts them."""
    text = "The two companies signed an agreement.\n\nphoto.jpg\n\nIt covers laptops and more than that."
    before, _, after = text.split("\n\n")
    assert [made.text for made in chunks_of(text, 100)] == [before, after]


def test_language_is_that_of_most_characters() -> None:
    """A chunk with a short foreign sentence keeps the language of the rest."""
    document = loaders.load(next(SEEDS.glob("004_*")), "seeds/004.txt")
    assert {made.language for made in chunk(document, count_words, 80)} == {"id"}


def test_a_document_without_sentences_has_no_chunks() -> None:
    """Nothing to cut is an empty list; the counter is not asked."""
    assert chunks_of("---\n***\n", 10) == []

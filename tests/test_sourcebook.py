"""Sentences of sources are found by words, by shared words of other languages, by meaning and verbatim."""

import hashlib

import pytest

from rag import guard, loaders
from rag.documents import Document
from rag.sourcebook import Sourcebook
from rag.testing import HashEmbedder


def _document(text: str, name: str = "a/1.txt") -> Document:
    return loaders.describe(text, name, sha256=hashlib.sha256(text.encode()).hexdigest())


ENGLISH = _document(
    "The council approved the new tram line on Monday. The line will cost 40 million euros.\n\n"
    "“It isn’t cheap  — but it’s needed”, said the mayor.\n\nDogs are loyal animals."
)
FRENCH = _document(
    "Le conseil municipal a approuvé la nouvelle ligne de tramway. Elle coûtera 40 millions d’euros.", "a/2.txt"
)
BOOK = Sourcebook([ENGLISH, FRENCH])


def test_the_nearest_sentence_shares_the_rarest_words() -> None:
    """Best first; a sentence without any shared word is not near."""
    best = [BOOK.text(number) for number in BOOK.nearest("What does the tram line cost?", "en", 2)]
    assert best[0] in {"The line will cost 40 million euros.", "The council approved the new tram line on Monday."}
    assert [BOOK.text(number) for number in BOOK.nearest("Loyal dogs", "en", 3)] == ["Dogs are loyal animals."]
    assert BOOK.nearest("Zebras", "en", 3) == []


def test_a_sentence_in_another_language_is_found_by_shared_words() -> None:
    """Figures, names and words of rag.concepts."""
    french = Sourcebook([FRENCH])
    [best] = french.nearest("The city accepted it for 40 million euros.", "en", 1)
    assert "40 millions" in french.text(best)


def test_meaning_counts_beside_words_where_there_is_an_embedder() -> None:
    """The embedder is asked once for the sentences and once for each look-up."""
    asked: list[int] = []

    class Counting(HashEmbedder):
        def embed_passages(self, texts, sentences):  # type: ignore[no-untyped-def]
            asked.append(len(texts))
            return super().embed_passages(texts, sentences)

    book = Sourcebook([ENGLISH], Counting())
    book.nearest("animals", "en", 1)
    book.nearest("loyal", "en", 1)
    assert asked == [len(book), 1, 1]


def test_coverage_is_the_share_of_a_statements_words() -> None:
    """1 for a sentence itself, less for each word that it lacks, 0 for nothing in common."""
    number = next(each for each in range(len(BOOK)) if "Dogs" in BOOK.text(each))
    assert BOOK.coverage(guard.content("Dogs are loyal animals.", "en"), [number]) == (1, 3)
    share, count = BOOK.coverage(guard.content("Dogs are expensive.", "en"), [number])
    assert 0 < share < 1
    assert count == 1
    assert BOOK.coverage(guard.content("Quarks.", "en"), [number]) == (0, 0)
    assert BOOK.coverage([], [number]) == (0, 0)


@pytest.mark.parametrize(
    ("quotation", "found"),
    [
        ("The line will cost 40 million euros", ["The line will cost 40 million euros"]),
        ("It isn't cheap - but it's needed", ["It isn’t cheap  — but it’s needed"]),
        ("The council approved … on Monday.", ["The council approved", "on Monday"]),
        ("The council approved [...] 40 million", ["The council approved", "40 million"]),
        ("the line will cost", []),
        ("The line will cost 41 million euros", []),
        ("on Monday … The council approved", []),
        ("...", []),
        (".*", []),
    ],
)
def test_a_quotation_is_found_word_for_word(quotation: str, found: list[str]) -> None:
    """White space and the shapes of marks do not count; letters, their case and the order of parts do."""
    places = BOOK.verbatim(quotation)
    assert [place.quote for place in places] == found
    for place in places:
        assert ENGLISH.text[place.start : place.end] == place.quote
        assert (place.document, place.sha256) == ("a/1.txt", ENGLISH.source.sha256)


def test_the_parts_of_a_quotation_stand_in_one_document() -> None:
    """Two halves from two files are no quotation."""
    assert BOOK.verbatim("The council approved … Elle coûtera") == []


def test_neighbours_stay_in_the_document() -> None:
    """The first sentence of a file has none before it."""
    first_french = next(each for each in range(len(BOOK)) if BOOK.language(each) == "fr")
    assert BOOK.around(first_french) == (first_french, first_french + 1)
    assert BOOK.around(0, 0) == (0,)


def test_the_sentences_that_hold_a_quotation_are_known() -> None:
    """All that it touches."""
    [place] = BOOK.verbatim("on Monday. The line will")
    assert [BOOK.text(number) for number in BOOK.holding(place)] == [
        "The council approved the new tram line on Monday.",
        "The line will cost 40 million euros.",
    ]


def test_only_the_sentences_nearest_by_words_are_embedded_when_there_are_many() -> None:
    """A large folder costs no more than a short list for each look-up."""
    lines = "\n\n".join(f"Topic{number} has a sentence about thing{number % 7} alone." for number in range(2_100))
    book = Sourcebook([_document(lines)], HashEmbedder())
    [best] = book.nearest("What is said about topic77?", "en", 1)
    assert "Topic77 " in book.text(best)

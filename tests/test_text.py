from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text import STOP_WORDS, fold, stems, words


@given(st.text())
def test_folding_keeps_every_offset(text: str) -> None:
    """The folded text has as many characters as the text, whatever they are."""
    assert len(fold(text)) == len(text)


@given(st.text())
def test_words_are_in_order_and_never_overlap(text: str) -> None:
    """Word spans are not empty, in order and disjoint."""
    spans = words(text)
    assert all(span.start < span.end for span in spans)
    assert all(first.end <= second.start for first, second in pairwise(spans))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("L’Été “où” « ça » — fin", 'l\'ete "ou" " ca " - fin'),
        ("İstanbul ẞ ß ﬁ", "istanbul ß ß ﬁ"),
        ("Straße Łódź Søren", "straße lodz soren"),
        ("ＡＢＣ１２", "abc12"),
        ("がガ й ά", "がガ й α"),
    ],
)
def test_folding_removes_case_accents_and_typography(text: str, folded: str) -> None:
    """Letters lose case and accents where one character stays one; kana and Cyrillic letters keep their marks."""
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("l'IA d’accord qu’il", ["l", "IA", "d", "accord", "qu", "il"]),
        ("Xiaomi's US$100, 92,4 and 1.500.", ["Xiaomi", "s", "US", "100", "92,4", "and", "1.500"]),
        ("4th 3D COVID-19 snake_case", ["4th", "3D", "COVID", "19", "snake", "case"]),
        ("微软AI合作", ["微软", "AI", "合作"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("… — 🎉", []),
    ],
)
def test_words_of_several_scripts(text: str, found: list[str]) -> None:
    """Elisions, numbers, marks and unspaced scripts are cut where a reader would."""
    assert [span.of(text) for span in words(text)] == found


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("en", "partners signing agreements", "partner signed agreement"),
        ("fr", "Les sociétés ont annoncé", "la société a annoncée"),
        ("fr", "l’IA", "L'IA"),
        ("id", "mengumumkan", "diumumkan"),
        ("en", "1,500 and 92.4", "1.500 and 92,4"),
        ("de", "Straße", "STRASSE"),
        ("xx", "Été", "ete"),
        (None, "cœur e\u0301te\u0301", "COEUR été"),
    ],
)
def test_stems_bring_forms_of_a_word_together(language: str | None, first: str, second: str) -> None:
    """The last stems of both texts are the same."""
    assert stems(first, language)[-1] == stems(second, language)[-1]


def test_unspaced_scripts_become_pairs_of_characters() -> None:
    """Chinese gives overlapping pairs, a lone character itself."""
    assert stems("微软合作 云 AI", "zh") == ["微软", "软合", "合作", "云", "ai"]


def test_stop_words_are_folded_stems_input() -> None:
    """Every listed function word is folded, and stemming leaves function words in."""
    assert all(word == fold(word) for listed in STOP_WORDS.values() for word in listed)
    assert stems("the AI of it", "en") == ["the", "ai", "of", "it"]


def test_stems_may_be_asked_for_by_several_threads() -> None:
    """Threads that stem new words at the same time get what one thread gets."""
    texts = [
        " ".join(f"partnership{number}s announced{number}" for number in range(start, start + 200))
        for start in range(8)
    ]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: stems(text, "en"), texts))
    assert together == [stems(text, "en") for text in texts]

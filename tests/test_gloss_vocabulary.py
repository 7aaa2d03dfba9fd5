"""Words of another language get the vectors of their glosses, and English stays as it was."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("Stemmer")

from tokenizers import Tokenizer

import rag
from training import gloss_vocabulary
from training.gloss_vocabulary import align, build, extended, read_pairs

PAIRS = [
    ("the dog sleeps", "zul hundo dormat"),
    ("the cat sleeps", "zul katzo dormat"),
    ("the dog eats", "zul hundo manjat"),
    ("a cat eats", "ul katzo manjat"),
    ("a dog sees the cat", "ul hundo vidat zul katzo"),
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """The package's, cut back to the original's entries."""
    path = Path(rag.__file__).parent / "models" / "minilm" / "tokenizer.json"
    description = json.loads(path.read_text("utf-8"))
    vocabulary = description["model"]["vocab"]
    description["model"]["vocab"] = {word: place for word, place in vocabulary.items() if place < 30_522}
    description["truncation"] = description["padding"] = None
    return Tokenizer.from_str(json.dumps(description))


def test_alignment_finds_the_translation_of_each_word() -> None:
    """By what stands beside what in five sentences."""
    glosses = align([other.split() for _, other in PAIRS], [english.split() for english, _ in PAIRS])
    best = {word: max(meaning, key=meaning.__getitem__) for word, meaning in glosses.items()}
    assert best["hundo"] == "dog"
    assert best["katzo"] == "cat"
    assert best["dormat"] == "sleeps"


def test_a_new_word_is_one_token_whose_row_is_its_gloss(tokenizer: Tokenizer) -> None:
    """The nearest English row is that of the translation."""
    vectors = np.random.default_rng(1).normal(size=(30_522, 16)).astype(np.float32)
    found = build(tokenizer, vectors, {"eo": PAIRS}, [], {})
    longer = extended(tokenizer, found.words)
    assert "hundo" in found.words
    encoded = longer.encode("hundo", add_special_tokens=False)
    assert len(encoded.ids) == 1
    row = found.rows[found.words.index("hundo")]
    dog = vectors[tokenizer.encode("dog", add_special_tokens=False).ids[0]]
    assert row @ dog / np.linalg.norm(row) / np.linalg.norm(dog) > 0.9
    assert encoded.ids[0] == 30_522 + found.words.index("hundo")


def test_words_that_would_change_english_are_left_out(tokenizer: Tokenizer) -> None:
    """A word that many English words begin with stays in pieces."""
    vectors = np.ones((30_522, 4), np.float32)
    english = ["the hundodrome and the hundological hundodromes"] * 50
    found = build(tokenizer, vectors, {"eo": PAIRS}, english, {})
    assert "hundo" not in found.words
    longer = extended(tokenizer, found.words)
    for text in english[:1]:
        assert longer.encode(text).tokens == tokenizer.encode(text).tokens


def test_pairs_are_read_from_plain_and_gzipped_files(tmp_path: Path) -> None:
    """Lines without a tab and empty sides are passed over."""
    path = tmp_path / "pairs.tsv"
    path.write_text("one\tun\nno tab\n\tvide\ntwo\tdeux\textra\n", "utf-8")
    assert read_pairs(path) == [("one", "un"), ("two", "deux")]


def test_a_word_without_pairs_takes_the_row_of_its_relatives(tokenizer: Tokenizer) -> None:
    """Indonesian words that share a stem."""
    pairs = [("he buys a house", "dia membeli rumahnya"), ("she buys bread", "dia membeli roti")] * 3
    more = ["mereka membelinya kemarin membelinya"]
    vectors = np.ones((30_522, 4), np.float32)
    found = build(tokenizer, vectors, {"id": pairs}, [], {"id": more})
    assert gloss_vocabulary.STEMMERS["id"] == "indonesian"
    assert "membelinya" in found.words

"""Tokens are counted exactly where the ranks are at hand, and never too few elsewhere; nothing is downloaded."""

import base64
import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st
from tiktoken import registry
from tiktoken.load import load_tiktoken_bpe

from rag import tokens
from rag.tokens import count, encoding_of

URL = "https://ranks.invalid/tiny.tiktoken"
PAIRS = [b"th", b"the", b" the", b"in", b"\xc3\xa9"]
NFKC_GROWS = "\ufdfa"  # one character, three bytes, that compatibility normalisation writes out in thirty-three


@pytest.fixture
def ranks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache folder with a small set of ranks under the name of OpenAI's newest encoding."""
    pieces = [*(bytes([byte]) for byte in range(256)), *PAIRS]
    lines = b"".join(base64.b64encode(piece) + b" %d\n" % rank for rank, piece in enumerate(pieces))
    path = tmp_path / hashlib.sha1(URL.encode()).hexdigest()
    path.write_bytes(lines)
    digest = hashlib.sha256(lines).hexdigest()

    def tiny() -> dict[str, object]:
        loaded = load_tiktoken_bpe(URL, expected_hash=digest)
        return {
            "name": "o200k_base",
            "pat_str": r" ?\w+|\W",
            "mergeable_ranks": loaded,
            "special_tokens": {"<|endoftext|>": 999},
        }

    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setitem(tokens._RANKS, "o200k_base", (URL, digest))
    registry._find_constructors()
    assert registry.ENCODING_CONSTRUCTORS is not None
    monkeypatch.setitem(registry.ENCODING_CONSTRUCTORS, "o200k_base", tiny)
    monkeypatch.delitem(registry.ENCODINGS, "o200k_base", raising=False)
    tokens._encoding.cache_clear()
    yield path
    tokens._encoding.cache_clear()
    registry.ENCODINGS.pop("o200k_base", None)


def test_openai_models_are_counted_exactly_with_ranks_at_hand(ranks: Path) -> None:
    """By tiktoken itself; the name of a control token in a text is a text like any other."""
    for model in ("openai:gpt-4o", "openai:gpt-5-mini"):
        encoding = encoding_of(model)
        assert encoding is not None
        assert encoding.name == "o200k_base"
    assert count("the the in", "openai:gpt-4o") == 4  # "the", " the", " ", "in"
    assert count("é", "openai:gpt-4o") == 1
    assert count("<|endoftext|>", "openai:gpt-4o") > 1
    assert count("\ud800", "openai:gpt-4o") == 1
    assert count("", "openai:gpt-4o") == 0


def test_a_text_without_end_is_counted_in_bytes(ranks: Path) -> None:
    """So that no document makes counting slow."""
    assert count("the " * 100_000, "openai:gpt-4o") == 400_002


def test_damaged_ranks_are_neither_used_nor_replaced(ranks: Path) -> None:
    """The library would delete the file and download another."""
    ranks.write_bytes(b"damaged")
    assert encoding_of("openai:gpt-4o") is None
    assert count("123", "openai:gpt-4o") == 5
    assert ranks.read_bytes() == b"damaged"


@pytest.mark.parametrize("folder", ["", "nowhere"])
def test_without_ranks_nothing_is_downloaded(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets are blocked in tests, so that a download would fail; an empty name means that tiktoken keeps no files."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", folder and str(tmp_path / folder))
    for model in ("openai:gpt-4o", "openai:gpt-4", "openai:o3", "openai:text-davinci-003", "openai:new-thing"):
        assert encoding_of(model) is None
        assert count("42 漢🎉", model) == 2 + 3 + 3 + 4


def test_a_model_of_another_server_is_never_counted_by_its_name(ranks: Path) -> None:
    """A local model may be called gpt-4o and have any tokenizer."""
    for model in ("ollama:gpt-4o", "custom:gpt-4o", "llamacpp:gpt-4o", "vllm:openai:gpt-4o"):
        assert encoding_of(model) is None


def test_the_estimate_allows_for_normalisation() -> None:
    """A tokenizer that normalises first may read more bytes than the text has."""
    assert count(NFKC_GROWS, "llamacpp:m") == 35
    assert count("\u0958", "llamacpp:m") == 8  # NFC takes it apart


@pytest.mark.parametrize(
    ("text", "most"), [("of the", 2), ("of the and", 4), ("The ferry sails to Calais in the morning.", 21), ("", 0)]
)
def test_words_of_known_pieces_are_not_counted_letter_by_letter(text: str, most: int) -> None:
    """What every vocabulary joins is one token; the start of a text may be two more."""
    assert count(text, "custom:m") <= most + 2


def _encoding(seed: int) -> tiktoken.Encoding:
    """A tokenizer that has learnt the pieces and other strings, in any order, and begins anew at a capital."""
    chance = random.Random(seed)
    known = sorted(tokens._known())
    others = ["".join(chance.choices(" abcdejqxzABHL'é漢1", k=chance.randint(2, 6))) for _ in range(400)]
    others += ["".join(chance.choices(known, k=2)) for _ in range(2_000)]
    learnt = [token.encode() for token in {*known, *others}]
    chance.shuffle(learnt)
    ranks = {token: rank for rank, token in enumerate([*(bytes([byte]) for byte in range(256)), *learnt])}
    pattern = r"'(?:[sdmt]|ll|ve|re)| ?[A-Z]?[a-z]+| ?[A-Z]|\d| ?[^\sA-Za-z\d]+|\s+(?!\S)|\s"
    return tiktoken.Encoding(f"learnt-{seed}", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})


WORDS = st.lists(
    st.sampled_from([" the", "HTML", "qjqz", "it's", "McDo", "xx", " a", "Ferry", " jq", "ing", "é", "'llama"])
)


@pytest.fixture(scope="module", params=range(4))
def learnt(request: pytest.FixtureRequest) -> tiktoken.Encoding:
    """One of some tokenizers."""
    return _encoding(request.param)


@given(st.one_of(st.text(max_size=40), st.text("abejqxz AHL'1é", max_size=40), WORDS.map("".join)))
def test_the_estimate_never_counts_less_than_a_tokenizer_that_knows_the_pieces(
    learnt: tiktoken.Encoding, text: str
) -> None:
    """Whatever else it has learnt, in whatever order; a lone surrogate is sent as a question mark."""
    real = len(learnt.encode_ordinary(text.encode("utf-8", "replace").decode()))
    assert count(text, "custom:m") >= real + (2 if text else 0)


@given(st.text("0123456789 .,;漢é\n", max_size=60))
def test_without_words_every_byte_counts(text: str) -> None:
    """Nothing is known of what a tokenizer joins there."""
    assert count(text, "custom:m") >= len(text.encode()) + (2 if text else 0)

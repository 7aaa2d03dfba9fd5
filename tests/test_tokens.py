"""Tokens are counted exactly where the ranks are at hand, and never too few elsewhere; nothing is downloaded."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st
from tiktoken import registry
from tiktoken.load import load_tiktoken_bpe

from rag import tokens
from rag.tokens import count, counter

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
    assert counter("openai:gpt-4o") == counter("openai:gpt-5-mini") == "o200k_base"
    assert count("the the in", "openai:gpt-4o") == 4  # "the", " the", " ", "in"
    assert count("é", "openai:gpt-4o") == 1
    assert count("<|endoftext|>", "openai:gpt-4o") > 1
    assert count("\ud800", "openai:gpt-4o") == 1
    assert count("", "openai:gpt-4o") == 0


def test_a_text_without_end_is_counted_in_bytes(ranks: Path) -> None:
    """So that no document makes counting slow."""
    assert count("the " * 100_000, "openai:gpt-4o") == 400_001


def test_damaged_ranks_are_neither_used_nor_replaced(ranks: Path) -> None:
    """The library would delete the file and download another."""
    ranks.write_bytes(b"damaged")
    assert counter("openai:gpt-4o") == "bytes"
    assert count("abc", "openai:gpt-4o") == 4
    assert ranks.read_bytes() == b"damaged"


@pytest.mark.parametrize("folder", ["", "nowhere"])
def test_without_ranks_nothing_is_downloaded(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets are blocked in tests, so that a download would fail; an empty name means that tiktoken keeps no files."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", folder and str(tmp_path / folder))
    for model in ("openai:gpt-4o", "openai:gpt-4", "openai:o3", "openai:text-davinci-003", "openai:new-thing"):
        assert counter(model) == "bytes"
        assert count("Café 漢🎉", model) == 1 + 6 + 3 + 4


def test_a_model_of_another_server_is_never_counted_by_its_name(ranks: Path) -> None:
    """A local model may be called gpt-4o and have any tokenizer."""
    for model in ("ollama:gpt-4o", "custom:gpt-4o", "llamacpp:gpt-4o", "vllm:openai:gpt-4o"):
        assert counter(model) == "bytes"


def test_the_estimate_allows_for_normalisation() -> None:
    """A tokenizer that normalises first may read more bytes than the text has."""
    assert count(NFKC_GROWS, "llamacpp:m") == 34
    assert count("\u0958", "llamacpp:m") == 7  # NFC takes it apart


@given(st.text(max_size=60))
def test_the_estimate_never_counts_less_than_a_byte_level_tokenizer(text: str) -> None:
    """Whatever pairs it has learnt, it starts from bytes; a lone surrogate is sent as a question mark."""
    encoding = tiktoken.Encoding(
        "bytes", pat_str=r"(?s:.+)", mergeable_ranks={bytes([b]): b for b in range(256)}, special_tokens={}
    )
    assert count(text, "custom:m") >= len(encoding.encode_ordinary(text.encode("utf-8", "replace").decode()))

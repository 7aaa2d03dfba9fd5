"""The embedded model: vectors, sentences' own vectors, bad input and bad files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rag
from rag.config import read_settings
from rag.documents import Span
from rag.embedding import EMBEDDED, Embedder, MiniLM, open_embedder
from rag.embedding_client import OpenAIEmbedder
from rag.errors import EmbeddingError
from rag.local_models import damaged_files

MODEL = Path(rag.__file__).parent / "models" / "minilm"
WHALE = "The blue whale is the largest animal that ever lived."
WINE = "Red wine is made of dark grapes."


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    """The shipped model, loaded once."""
    return MiniLM(threads=1)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the model that a test may spoil."""
    return Path(shutil.copytree(MODEL, tmp_path / "minilm"))


def test_ranks_the_passage_that_answers_first(minilm: MiniLM) -> None:
    """The question is closer to the passage that answers it than to another one."""
    passages, _ = minilm.embed_passages([WINE, WHALE], [[], []])
    scores = passages @ minilm.embed_question("How big can animals get?")
    assert scores[1] > scores[0] + 0.2


def test_vectors_have_the_promised_shape_type_and_length(minilm: MiniLM) -> None:
    """Passages, sentences and questions are float32 rows of unit length."""
    text = f"{WHALE} {WINE}"
    passages, inner = minilm.embed_passages([text, WINE], [[Span(0, 53), Span(54, len(text))], []])
    assert passages.shape == (2, minilm.dimensions)
    assert [vectors.shape for vectors in inner] == [(2, minilm.dimensions), (0, minilm.dimensions)]
    rows = np.vstack([passages, inner[0], minilm.embed_question(WINE)])
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)


def test_sentence_vectors_tell_the_sentences_of_a_passage_apart(minilm: MiniLM) -> None:
    """Each question is closest to its own sentence although both were embedded in one pass."""
    text = f"{WHALE} {WINE}"
    _, [sentences] = minilm.embed_passages([text], [[Span(0, 53), Span(54, len(text))]])
    assert np.argmax(sentences @ minilm.embed_question("Which animal is the largest?")) == 0
    assert np.argmax(sentences @ minilm.embed_question("What is wine made of?")) == 1


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("👩‍👩‍👧‍👦🤷🏽‍♂️ emoji 🎉 first. ", id="emoji"),
        pytest.param("漢字かな交じり文。", id="chinese"),
        pytest.param("Cre\u0301me bru\u0302le\u0301e, nai\u0308ve. ", id="combining accents"),
        pytest.param("שלום עולם، مرحبا. ", id="right to left"),
        pytest.param("\ufeff\u00a0\u2028\r\n\t", id="white space"),
        pytest.param("𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐍈. ", id="beyond 16 bits"),
        pytest.param("bad \ud800 surrogate. ", id="lone surrogate"),
    ],
)
def test_spans_count_code_points(minilm: MiniLM, before: str) -> None:
    """A span after any script covers exactly its own words: its vector is nearly that of the words embedded alone."""
    text = f"{before}{WHALE} 🎉 {before}"
    _, [[found]] = minilm.embed_passages([text], [[Span(len(before), len(before) + len(WHALE))]])
    _, [[shifted]] = minilm.embed_passages([text], [[Span(len(before) + 30, len(text))]])
    alone = minilm.embed_question(WHALE)
    assert found @ alone > 0.7
    assert found @ alone > shifted @ alone


@given(texts=st.lists(st.text(max_size=80), max_size=6), data=st.data())
@settings(deadline=None, max_examples=60)
def test_any_text_and_any_span_has_a_unit_vector(minilm: MiniLM, texts: list[str], data: st.DataObject) -> None:
    """Whatever the characters, nothing raises and every row is finite and of unit length."""
    spans = []
    for text in texts:
        ends = data.draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=4).map(sorted))
        spans.append([Span(start, end) for start, end in pairwise(ends)])
    passages, inner = minilm.embed_passages(texts, spans)
    rows = np.vstack([passages, *inner])
    assert rows.shape == (len(texts) + sum(map(len, spans)), minilm.dimensions)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    assert min(minilm.count_tokens(texts), default=0) >= 0


def test_neighbours_do_not_change_a_vector_much(minilm: MiniLM) -> None:
    """Order is kept, and a text has nearly the same vector in any batch: padding is masked out."""
    texts = [f"{WHALE} " * (1 + number % 9) + f"Number {number}." for number in range(60)]
    together, _ = minilm.embed_passages(texts, [[]] * len(texts))
    for text, vector in zip(texts, together, strict=True):
        assert vector @ minilm.embed_question(text) > 0.98


def test_a_sentence_beyond_the_limit_gets_the_vector_of_its_passage(minilm: MiniLM) -> None:
    """Of a very long text the first 256 tokens count; a sentence behind them has no tokens of its own."""
    text = "word " * 2_000 + WHALE
    [passage], [[late]] = minilm.embed_passages([text], [[Span(len(text) - len(WHALE), len(text))]])
    assert np.array_equal(passage, late)


def test_a_huge_text_is_cut_before_it_is_tokenised(minilm: MiniLM) -> None:
    """Twenty million characters cost no more than the part that is read."""
    passages, _ = minilm.embed_passages([WHALE + " " + "x" * 20_000_000], [[]])
    assert np.linalg.norm(passages[0]) == pytest.approx(1, abs=1e-5)


def test_no_texts_give_no_rows(minilm: MiniLM) -> None:
    """Nothing in, nothing out, with the right number of columns."""
    passages, inner = minilm.embed_passages([], [])
    assert passages.shape == (0, minilm.dimensions)
    assert inner == []
    assert minilm.count_tokens([]) == []


def test_counts_every_token_of_a_text(minilm: MiniLM) -> None:
    """Counts leave out special tokens and cut nothing."""
    assert minilm.count_tokens(["", " \n", "one two three", "word " * 5_000]) == [0, 0, 3, 5_000]


def test_one_instance_serves_many_threads() -> None:
    """Eight threads that start with an unloaded model get what one thread gets."""
    shared, questions = MiniLM(threads=1), [f"question number {number}" for number in range(64)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(shared.embed_question, questions))
    assert np.array_equal(np.array(found), np.array([shared.embed_question(text) for text in questions]))


def test_the_name_identifies_the_weights(minilm: MiniLM) -> None:
    """The name ends in the first digits of the hash of model.onnx, and the shipped files are the ones built."""
    digest = json.loads((MODEL / "model.json").read_text())["files"]["model.onnx"]
    assert minilm.name.startswith("spanwise-embedder-en-fr-id/int8/")
    assert minilm.name.endswith(f"/{digest[:8]}")
    assert damaged_files(EMBEDDED) == []


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "model.json"])
def test_a_missing_file_is_an_error_with_the_command_that_helps(copy: Path, name: str) -> None:
    """Opening a folder that lacks a file says which and how to get it back."""
    (copy / name).unlink()
    with pytest.raises(EmbeddingError, match=name) as caught:
        MiniLM(copy)
    assert "pip install --force-reinstall" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
@pytest.mark.parametrize("content", [b"", b"garbage", None])
def test_a_damaged_file_is_found(copy: Path, name: str, content: bytes | None) -> None:
    """A cut or overwritten file is an error at the first text, and the check of all files names it."""
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2] if content is None else content)
    assert damaged_files(copy) == [name]
    with pytest.raises(EmbeddingError, match="cannot be loaded"):
        MiniLM(copy).embed_question(WHALE)


def test_a_card_that_is_not_one_is_an_error(copy: Path) -> None:
    """model.json must be JSON with the fields that the embedder needs."""
    for content in (b"\xff", b"[]", b"{}", b'{"files": {}}'):
        (copy / "model.json").write_bytes(content)
        with pytest.raises(EmbeddingError, match=r"no usable model\.json"):
            MiniLM(copy)


def test_settings_choose_the_embedder() -> None:
    """Minilm is the embedded model; openai:MODEL the one behind a server, with its address and key."""
    assert isinstance(open_embedder(read_settings(embedder="minilm")), MiniLM)
    served: Embedder = open_embedder(read_settings(embedder="openai:nomic", embedder_base_url="http://127.0.0.1:9/v1"))
    assert isinstance(served, OpenAIEmbedder)
    assert served.name == "openai/nomic"


def test_opening_imports_no_heavy_part() -> None:
    """Neither the module nor opening either embedder imports onnxruntime, tokenizers, openai or tiktoken."""
    program = (
        "import sys; from rag.embedding import open_embedder; from rag.config import read_settings;"
        "open_embedder(read_settings()); open_embedder(read_settings(embedder='openai:x'));"
        "print({'onnxruntime', 'tokenizers', 'openai', 'tiktoken'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"

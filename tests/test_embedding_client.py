"""The embedder behind OpenAI's protocol, with the real client and a real server on 127.0.0.1."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.documents import Span
from rag.embedding_client import OpenAIEmbedder
from rag.errors import EmbeddingError

KEY = "sk-secret-0123456789"
Reply = Callable[[dict[str, Any]], tuple[int, Any]]


def vector(text: str) -> list[float]:
    """A vector that depends on the text and is not of unit length."""
    return [float(len(text)), float(text.count("a")), 2.0]


def answer(request: dict[str, Any]) -> tuple[int, Any]:
    """What a healthy server says, in another order than asked."""
    data = [{"object": "embedding", "index": i, "embedding": vector(t)} for i, t in enumerate(request["input"])]
    return 200, {"object": "list", "model": request["model"], "data": data[::-1], "usage": {}}


class Server:
    """A server whose reply a test sets, and the requests it got."""

    def __init__(self) -> None:
        self.reply: Reply = answer
        self.requests: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append(request)
                outer.keys.add(self.headers["Authorization"])
                status, body = outer.reply(request)
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Retry-After-Ms", "1")
                self.send_header("Content-Length", str(len(content) + (1_000 if body == b"cut" else 0)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"

    def embedder(self, **options: Any) -> OpenAIEmbedder:
        """An embedder that talks to this server."""
        return OpenAIEmbedder("some-model", self.url, **{"api_key": KEY, **options})


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that runs as long as the test."""
    running = Server()
    thread = threading.Thread(target=running.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield running
    running.http.shutdown()
    running.http.server_close()
    thread.join()


def test_vectors_come_back_in_the_order_of_the_texts(server: Server) -> None:
    """Passages and sentences get their own vectors at unit length, whatever the order of the answer."""
    text = "aaa bb. c."
    passages, inner = server.embedder().embed_passages(["x", text], [[], [Span(0, 7), Span(8, 10)]])
    expected = [np.array(vector(part)) / np.linalg.norm(vector(part)) for part in ("x", text, "aaa bb.", "c.")]
    assert np.vstack([passages, *inner]) == pytest.approx(np.array(expected), abs=1e-6)
    assert passages.dtype == np.float32
    assert [vectors.shape for vectors in inner] == [(0, 3), (2, 3)]


def test_a_text_is_sent_once(server: Server) -> None:
    """A passage that is one sentence, and repeated texts, cost one vector."""
    server.embedder().embed_passages(["same", "same"], [[Span(0, 4)], []])
    assert [request["input"] for request in server.requests] == [["same"]]


def test_a_question_costs_one_request(server: Server) -> None:
    """The dimensions are learnt from the first vector without a request of their own."""
    embedder = server.embedder()
    assert embedder.embed_question("a question").shape == (3,)
    assert embedder.dimensions == 3
    assert len(server.requests) == 1
    assert server.keys == {f"Bearer {KEY}"}


def test_dimensions_are_asked_for_when_nothing_was_embedded(server: Server) -> None:
    """Before the first text one short request finds them."""
    assert server.embedder().dimensions == 3
    assert len(server.requests) == 1


def test_many_texts_go_in_batches(server: Server) -> None:
    """Requests are bounded in texts and bytes, and nothing is lost between them."""
    texts = [f"{'a' * (number % 7)}{number}" for number in range(300)] + ["é" * 100_000]
    passages, _ = server.embedder().embed_passages(texts, [[]] * len(texts))
    assert [len(request["input"]) for request in server.requests] == [64, 64, 64, 64, 45]
    assert server.requests[-1]["input"][-1] == "é" * 4_000
    wanted = np.array([vector(text) for text in texts[:-1]])
    assert passages[:-1] == pytest.approx(wanted / np.linalg.norm(wanted, axis=1, keepdims=True), abs=1e-6)


def test_a_text_without_visible_characters_is_not_sent(server: Server) -> None:
    """Servers refuse empty input; such a text gets the first axis."""
    passages, _ = server.embedder().embed_passages(["", "word", " \n"], [[], [], []])
    assert server.requests[0]["input"] == ["word"]
    assert passages[0].tolist() == passages[2].tolist() == [1, 0, 0]


def test_a_lone_surrogate_can_be_sent(server: Server) -> None:
    """A question from a terminal with broken bytes is asked with a question mark in their place."""
    server.embedder().embed_question("caf\udce9")
    assert server.requests[0]["input"] == ["caf?"]


@pytest.mark.parametrize(
    ("status", "body", "said", "retryable", "tries"),
    [
        (401, {"error": {"message": f"Incorrect API key provided: {KEY}", "code": "invalid_api_key"}}, "key", False, 1),
        (403, {"error": {"message": "no"}}, "refused the key", False, 1),
        (404, {"error": {"message": f"no such model for {KEY}"}}, "404 for model 'some-model'", False, 1),
        (400, {"error": {"message": "input is too large"}}, "input is too large", False, 1),
        (429, {"error": {"message": "slow"}}, "slow down", True, 3),
        (429, {"error": {"message": "pay", "code": "insufficient_quota"}}, "quota is used up", False, 3),
        (500, {"error": {"message": "oops"}}, "HTTP 500", True, 3),
        (503, b"<html>busy</html>", "HTTP 503", True, 3),
    ],
)
def test_a_refusal_says_what_to_do(
    server: Server, status: int, body: Any, said: str, retryable: bool, tries: int
) -> None:
    """Every HTTP error has a message, a hint and the right advice on trying again, and never shows the key."""
    server.reply = lambda request: (status, body)
    with pytest.raises(EmbeddingError, match=said) as caught:
        server.embedder().embed_question("x")
    assert caught.value.retryable is retryable
    assert caught.value.hint
    assert KEY not in caught.value.message + str(caught.value.hint)
    assert len(server.requests) == tries


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"data": []}, id="no vectors"),
        pytest.param({}, id="no data"),
        pytest.param([], id="a list"),
        pytest.param({"error": {"message": "it failed"}}, id="an error with status 200"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html></html>", id="not JSON"),
        pytest.param(b"cut", id="cut off"),
        pytest.param({"data": [{"index": 0, "embedding": []}]}, id="empty vector"),
        pytest.param({"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0]}]}, id="too many"),
        pytest.param({"data": [{"index": 0, "embedding": [[1.0], [2.0]]}]}, id="nested"),
        pytest.param({"data": [{"index": 0, "embedding": "AACAPw=="}]}, id="a string"),
        pytest.param({"data": [{"index": 0, "embedding": [1.0, None]}]}, id="null inside"),
        pytest.param({"data": [{"index": 0, "embedding": None}]}, id="null"),
        pytest.param({"data": [{"index": 0, "embedding": [float("nan"), 1.0]}]}, id="not a number"),
        pytest.param({"data": [{"index": 0, "embedding": [1e300, 1.0]}]}, id="too large"),
        pytest.param({"data": [{"index": 0, "embedding": [0.0, 0.0]}]}, id="zero"),
    ],
)
def test_an_answer_without_usable_vectors_is_an_error(server: Server, body: Any) -> None:
    """Whatever a confused server sends, it is an EmbeddingError with a hint and not a bad vector."""
    server.reply = lambda request: (200, body)
    with pytest.raises(EmbeddingError, match=r"gave|broke off") as caught:
        server.embedder().embed_question("x")
    assert caught.value.hint


def test_a_change_of_dimensions_is_an_error(server: Server) -> None:
    """Another model behind the same name cannot mix its vectors in."""
    embedder = server.embedder()
    embedder.embed_question("x")
    server.reply = lambda request: (200, {"data": [{"index": 0, "embedding": [1.0, 2.0]}]})
    with pytest.raises(EmbeddingError, match="2 dimensions after some of 3"):
        embedder.embed_question("y")


def test_a_server_that_is_not_there(server: Server) -> None:
    """A refused connection names the address, without its password, and how to change it."""
    server.http.server_close()
    url = server.url.replace("http://", "http://user:hunter2@")
    embedder = OpenAIEmbedder("some-model", url, KEY)
    with pytest.raises(EmbeddingError, match=r"127\.0\.0\.1:\d+/v1 cannot be reached or broke off") as caught:
        embedder.embed_question("x")
    assert caught.value.retryable
    assert "RAG_EMBEDDER_BASE_URL" in str(caught.value.hint)
    assert "hunter2" not in caught.value.message


def test_a_silent_server_is_left_after_the_timeout(server: Server) -> None:
    """A server that accepts and says nothing is given up, and the message says after how long."""
    gone = threading.Event()
    server.reply = lambda request: (200 if gone.wait(5) else 500, {})
    try:
        with pytest.raises(EmbeddingError, match=r"silent for 0\.2 s") as caught:
            server.embedder(timeout_s=0.2).embed_question("x")
        assert caught.value.retryable
    finally:
        gone.set()


def test_a_server_without_keys_gets_a_stand_in(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any key the local servers' usual stand-in is sent."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    server.embedder(api_key=None).embed_question("x")
    assert server.keys == {"Bearer not-needed"}


@pytest.mark.parametrize("key", ["", "two\nlines", "spaced key", "clé"])
def test_a_key_that_cannot_be_sent_is_refused_unseen(key: str) -> None:
    """A key that no header can carry is an error which does not repeat it."""
    with pytest.raises(EmbeddingError, match="cannot be sent") as caught:
        OpenAIEmbedder("m", "http://127.0.0.1:1/v1", key)
    assert not key or key not in caught.value.message + str(caught.value.hint)


@pytest.mark.parametrize("url", ["http://127.0.0.1:port/v1", "http://[::1/v1", "nonsense", "ftp://127.0.0.1/v1"])
def test_an_address_that_is_none_is_an_error(url: str) -> None:
    """A mistyped address is told as one."""
    with pytest.raises(EmbeddingError) as caught:
        OpenAIEmbedder("m", url, KEY).embed_question("x")
    assert "RAG_EMBEDDER_BASE_URL" in str(caught.value.hint)


def test_tokens_are_counted_without_a_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without tiktoken's file, or with a damaged one that stays as it is, a text counts as its bytes."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    damaged = tmp_path / "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
    for model in ("text-embedding-3-small", "nomic-embed-text"):
        embedder = OpenAIEmbedder(model, None, KEY)
        assert embedder.count_tokens(["", "abc", "é漢🎉"]) == [0, 3, 9]
        assert embedder.budget_tokens == 512
        damaged.write_bytes(b"not ranks")
    assert damaged.read_bytes() == b"not ranks"

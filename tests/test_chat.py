"""Requests to a faulty server on 127.0.0.1: every way they can end, with the real openai and instructor."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import fault_server as fs
import pytest
from asking import (
    COMPLETION,
    DOCUMENT,
    DRAFT,
    GOOD,
    KEY,
    MESSAGES,
    Ask,
    Claim,
    Draft,
    assert_silent,
    both,
    complete,
    nothing_leaks,
    open_client,
    stream,
)
from fault_server import FaultServer, Reply, answer, failure

from rag.errors import ContextOverflowError, ModelError, ModelLimitError, ModelOutputError
from rag.model_client import ModelClient
from rag.servers import read_model

__all__ = ["nothing_leaks"]  # a fixture that every test here uses


PASSING = {
    "429 with a time": failure(429, retry_after="0.01"),
    "429 without": failure(429),
    "408": failure(408, retry_after="0"),
    "500": failure(500, retry_after="0"),
    "503 not JSON": failure(503, body=b"<html>busy</html>", retry_after="0"),
    "529": failure(529, retry_after="0"),
    "no response": fs.raw(b""),
    "not HTTP": fs.raw(b"\x00\x01garbage\r\n\r\n"),
    "garbage headers": fs.raw(b"HTTP/1.1 200 OK\r\n\x00bad\xff: \x01\r\nContent-Length: 5\r\n\r\nhello"),
    "endless header": fs.raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000),
    "cut in the middle": fs.cut(GOOD, after=300),
    "cut at once": fs.cut(GOOD, after=0),
    "empty choices": fs.empty_choices(),
    "empty body": lambda exchange: exchange.send(200, b""),
    "a page": lambda exchange: exchange.send(200, b"<html>hello</html>", type_="text/html"),
    "half a JSON": lambda exchange: exchange.send(200, b'{"choices": [{'),
    "deep JSON": lambda exchange: exchange.send(200, b"[" * 200_000),
    "another JSON": lambda exchange: exchange.send(200, b'{"choices": "none", "usage": "a lot"}'),
    "an error in place of an answer": lambda exchange: exchange.send(200, b'{"error": {"message": "oops"}}'),
}


@both
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_tried_again(ask: Ask, fault: Reply) -> None:
    """After one such failure the second request brings the right answer, and both are counted."""
    with FaultServer(fault, answer(GOOD)) as server, open_client(server, timeout_s=30) as client:
        assert ask(client) == DRAFT
        assert client.usage.requests == len(server.requests) == 2


@both
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_does_not_pass_ends_in_a_typed_error(ask: Ask, fault: Reply) -> None:
    """When no retry is left the error says what happened and what to do."""
    with FaultServer(default=fault) as server, open_client(server, timeout_s=30, retries=0) as client:
        with pytest.raises(ModelError) as caught:
            ask(client)
        assert len(server.requests) == 1
    assert caught.value.retryable
    assert_silent(caught.value)


FINAL: dict[str, tuple[Reply, type[ModelError], str]] = {
    "401": (failure(401, f"Incorrect API key provided: {KEY}"), ModelError, "refused the key"),
    "403": (failure(403, DOCUMENT), ModelError, "refused the key"),
    "404": (failure(404, "model not found"), ModelError, "knows no model 'test'"),
    "422": (failure(422, f"Unsupported value: {KEY}"), ModelError, r"'Unsupported value: \[key\]'"),
    "400 that repeats us": (failure(400, f"bad input: {DOCUMENT}"), ModelError, "HTTP 400 for model 'test'\\."),
    "quota": (failure(429, "pay", code="insufficient_quota"), ModelError, "quota is used up"),
    "long wait": (failure(429, retry_after="3600"), ModelError, "slow down"),
    "endless wait": (failure(503, retry_after="inf"), ModelError, "HTTP 503"),
    "elsewhere": (failure(307, headers={"Location": "http://127.0.0.1:9/v1"}), ModelError, "was not followed"),
    "compressed": (failure(200, headers={"Content-Encoding": "gzip"}), ModelOutputError, "compressed"),
    "huge": (fs.huge(9 * 2**20), ModelOutputError, "more than 8 MiB"),
    "huge, announced": (failure(200, headers={"Content-Length": "10000000000"}), ModelOutputError, "more than 8 MiB"),
    "refusal": (answer("", refusal=f"No: {COMPLETION}"), ModelOutputError, "refused to answer"),
    "content filter": (answer(GOOD, finish_reason="content_filter"), ModelOutputError, "content filter"),
    "length": (answer(json.dumps(GOOD)[:60], finish_reason="length"), ModelOutputError, "cut off"),
    **{
        f"overflow, {name}": (fs.overflow(name), ContextOverflowError, "longer than the context")
        for name in fs.OVERFLOWS
    },
}


@both
@pytest.mark.parametrize(("fault", "kind", "said"), FINAL.values(), ids=FINAL)
def test_what_cannot_pass_is_a_typed_error_at_once(ask: Ask, fault: Reply, kind: type[ModelError], said: str) -> None:
    """Nothing is sent again, apart from asking without a schema where the schema may be the reason."""
    with FaultServer(default=fault) as server, open_client(server, timeout_s=20) as client:
        with pytest.raises(ModelError, match=said) as caught:
            ask(client)
        schemas = ["response_format" in body for body in server.bodies]
    assert type(caught.value) is kind
    assert schemas in ([True], [True, False])
    assert not caught.value.retryable or "wait" in said or "HTTP 503" in said or "slow" in said
    assert_silent(caught.value)


@both
def test_a_refused_connection_says_how_to_start_the_server(ask: Ask) -> None:
    """Nobody listens: tried again, then an error with the command."""
    with open_client(fs.closed_url(), "ollama:test", retries=1) as client:
        with pytest.raises(ModelError, match="cannot be reached") as caught:
            ask(client)
        assert client.usage.requests == 2
        assert client.usage.input_tokens == 0
    assert "ollama serve" in str(caught.value.hint)
    assert_silent(caught.value)


SLOW = {
    "silent": fs.hang(),
    "trickling": fs.trickle(GOOD, 0.05),
    "stalled": fs.stalled(GOOD, 100),
    "keeping alive": fs.keep_alive(60),
}


@both
@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW)
def test_the_deadline_holds_whatever_the_server_does(ask: Ask, fault: Reply) -> None:
    """A server that is silent, slow or busy with nothing holds nobody past the deadline."""
    with FaultServer(default=fault) as server, open_client(server, timeout_s=0.5) as client:
        client.begin()
        started = time.monotonic()
        with pytest.raises(ModelLimitError, match=r"did not finish within 0\.5 s") as caught:
            ask(client)
        assert time.monotonic() - started < 0.9
    assert "--timeout 1" in str(caught.value.hint)
    assert_silent(caught.value)


def test_a_wait_that_would_pass_the_deadline_is_not_begun() -> None:
    """When the server asks for more patience than there is time, its refusal is reported at once."""
    with FaultServer(default=failure(429, retry_after="5")) as server, open_client(server, timeout_s=3) as client:
        started = time.monotonic()
        with pytest.raises(ModelError, match="slow down"):
            complete(client)
        assert time.monotonic() - started < 1
        assert len(server.requests) == 1


def test_retry_after_is_kept() -> None:
    """The second request comes no sooner than asked, and not much later."""
    with FaultServer(failure(503, retry_after="0.4"), answer(GOOD)) as server, open_client(server) as client:
        complete(client)
        first, second = (request.at for request in server.requests)
    assert 0.4 <= second - first < 0.8


def test_a_server_that_does_not_stream_is_read_all_the_same() -> None:
    """One JSON body in place of events is an answer like any other."""

    def whole(exchange: fs.Exchange) -> None:
        exchange.send(200, fs.completion(json.dumps(GOOD)))

    with FaultServer(whole) as server, open_client(server) as client:
        assert stream(client) == DRAFT
        assert client.usage.input_tokens == 100


def test_a_stream_that_never_says_it_ended_is_not_an_answer() -> None:
    """Without a reason to stop, what came is taken for cut off."""
    silent = answer(GOOD, finish_reason=None)
    with FaultServer(silent) as server, open_client(server, retries=0) as client, pytest.raises(ModelOutputError):
        stream(client)


def test_an_overflow_inside_a_stream_is_recognised() -> None:
    """Servers that have begun to answer report it in an event."""
    said = fs.in_stream_error("", "the request exceeds the available context size")
    with FaultServer(said) as server, open_client(server) as client, pytest.raises(ContextOverflowError):
        stream(client)


def test_a_stream_nobody_reads_on_is_given_up() -> None:
    """When the reader leaves, the connection is closed and the server notices."""
    closed = threading.Event()

    def endless(exchange: fs.Exchange) -> None:
        exchange.start(200, {"Transfer-Encoding": "chunked"}, "text/event-stream")
        try:
            for event in fs._events(json.dumps(GOOD) + " " * 100_000, None, None, None, 64):
                exchange.wait(0.005)
                exchange.chunk(event)
        except OSError:
            closed.set()

    with FaultServer(endless) as server, open_client(server) as client:
        items = client.stream(MESSAGES, Draft, "claims")
        assert isinstance(next(items), Claim)
        items.close()  # type: ignore[attr-defined]
        assert closed.wait(5)


@both
@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": -5, "completion_tokens": "many"}])
def test_tokens_that_are_not_reported_are_estimated(ask: Ask, usage: Any) -> None:
    """Without usable figures the upper bounds are counted, and the usage says so."""
    with FaultServer(answer(GOOD, usage=usage)) as server, open_client(server) as client:
        ask(client)
        counted = client.usage.frozen()
    assert counted.estimated
    assert counted.input_tokens > 50
    assert counted.output_tokens > 50


@both
def test_a_request_that_broke_off_may_have_been_paid_for(ask: Ask) -> None:
    """What was sent counts as read, since the server may have worked on it."""
    with FaultServer(default=fs.cut(GOOD, after=300)) as server, open_client(server, retries=0) as client:
        with pytest.raises(ModelError):
            ask(client)
        assert client.usage.input_tokens > len(DOCUMENT)
        assert client.usage.estimated


def test_only_its_own_server_gets_headers_of_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables meant for OpenAI do not travel to another server, and no proxy sees what stays on this machine."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other-0123456789")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: header-secret")
    monkeypatch.setenv("HTTP_PROXY", fs.closed_url())
    with FaultServer(answer(GOOD)) as server, ModelClient.open(read_model("ollama:test", server.url)) as client:
        complete(client)
    headers = server.requests[0].headers
    assert headers["authorization"] == "Bearer ollama"
    assert "secret" not in str(headers)
    assert "sk-other" not in str(headers)

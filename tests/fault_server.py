"""A server that speaks OpenAI's chat protocol and misbehaves as a test tells it to, and remembers what it was sent.

A test scripts one reply for each request; when the script is used up, ``default`` answers the rest::

    with FaultServer(failure(429, retry_after="0"), answer({"value": 1})) as server:
        ...  # the first request is refused, the second answered
    assert len(server.requests) == 2

A reply is any callable that takes an ``Exchange``. Replies made by ``answer`` are sent as one JSON body or, when the
request asks for it, as a stream of events.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

USAGE: dict[str, Any] = {
    "prompt_tokens": 100,
    "completion_tokens": 20,
    "total_tokens": 120,
    "prompt_tokens_details": {"cached_tokens": 40},
}

# How servers say that a request is longer than the model's context: status and body.
OVERFLOWS: dict[str, tuple[int, Any]] = {
    "openai": (
        400,
        {
            "error": {
                "message": "This model's maximum context length is 8192 tokens. However, your messages resulted in "
                "9001 tokens. Please reduce the length of the messages.",
                "type": "invalid_request_error",
                "param": "messages",
                "code": "context_length_exceeded",
            }
        },
    ),
    "openai-rate": (
        429,
        {
            "error": {
                "message": "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 31000.",
                "type": "tokens",
                "code": "rate_limit_exceeded",
            }
        },
    ),
    "llamacpp": (
        400,
        {
            "error": {
                "code": 400,
                "message": "request (1407 tokens) exceeds the available context size (256 tokens), try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 1407,
                "n_ctx": 256,
            }
        },
    ),
    "llamacpp-200": (
        200,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size. try increasing the context size or enable "
                "context shift",
                "type": "exceed_context_size_error",
            }
        },
    ),
    "vllm": (
        400,
        {
            "object": "error",
            "message": "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 "
            "in the messages, 1000 in the completion). Please reduce the length of the messages or completion.",
            "type": "BadRequestError",
            "code": 400,
        },
    ),
    "vllm-prompt": (
        400,
        {
            "object": "error",
            "message": "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
            "type": "BadRequestError",
            "code": 400,
        },
    ),
    "ollama": (400, {"error": {"message": "the input length exceeds the context length", "type": "api_error"}}),
    "ollama-plain": (400, {"error": "the input length exceeds the context length"}),
    "lmstudio": (
        400,
        {
            "error": "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded "
            "with context length of only 4096 tokens, which is not enough."
        },
    ),
    "too-large": (413, {"error": {"message": "Payload too large"}}),
}


@dataclass(frozen=True)
class Request:
    """What a client sent: method, path, headers with lower-case names, decoded JSON body and raw body."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    raw: bytes
    at: float = field(default_factory=time.monotonic)


class Exchange:
    """One request and the means to answer it."""

    def __init__(self, request: Request, handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        self.request = request
        self._handler = handler
        self._closing = closing

    @property
    def streams(self) -> bool:
        """Whether the client asked for a stream of events."""
        return bool(self.request.body.get("stream"))

    def send(self, status: int, body: bytes, headers: Mapping[str, str] = {}, type_: str = "application/json") -> None:
        """A whole response at once."""
        self.start(status, {"Content-Length": str(len(body)), **headers}, type_)
        self.raw(body)

    def start(self, status: int, headers: Mapping[str, str], type_: str = "application/json") -> None:
        """Status line and headers."""
        self._handler.send_response(status)
        for name, value in {"Content-Type": type_, **headers}.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()

    def chunk(self, data: bytes) -> None:
        """One chunk of a chunked body; an empty one ends it."""
        self.raw(b"%x\r\n%b\r\n" % (len(data), data))

    def raw(self, data: bytes) -> None:
        """Bytes onto the connection as they are."""
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def close(self) -> None:
        """Break the connection after this reply."""
        self._handler.close_connection = True

    def wait(self, seconds: float) -> None:
        """Sleep, but not past the end of the test."""
        self._closing.wait(seconds)


Reply = Callable[[Exchange], None]
Content = str | Callable[[dict[str, Any]], Any] | Mapping[str, Any] | list[Any]


class FaultServer:
    """A threaded server on 127.0.0.1 that runs inside ``with``.

    Attributes:
        requests: Everything that was received, in order.
        default: Answers the requests that the script does not reach.
    """

    def __init__(self, *script: Reply, default: Reply | None = None) -> None:
        self.requests: list[Request] = []
        self.default = default or failure(500, "The script of this test is used up.")
        self._script = list(script)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._http = _Http(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"

    def script(self, *replies: Reply) -> None:
        """Append replies."""
        with self._lock:
            self._script.extend(replies)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The JSON bodies of all requests, in order."""
        return [request.body for request in self.requests]

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _reply(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            return self._script.pop(0) if self._script else self.default

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = json.loads(raw) if raw else {}
                request = Request(self.command, self.path, headers, body, raw)
                outer._reply(request)(Exchange(request, self, outer._closing))

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that went away are part of the tests."""


def answer(
    content: Content,
    *,
    usage: Mapping[str, Any] | None = USAGE,
    finish_reason: str | None = "stop",
    refusal: str | None = None,
    piece: int = 16,
    delay_s: float = 0.0,
) -> Reply:
    """A completion, streamed when the client asks for it.

    Args:
        content: Text, an object to be written as JSON, or a function from the request's body to one of these.
        usage: As reported; None for a server that does not count.
        finish_reason: Why the model stopped; None, in a stream, for one that never says.
        refusal: The text of a refusal, which then takes the place of the content.
        piece: Characters in each event of a stream.
        delay_s: Pause before each event of a stream.
    """

    def reply(exchange: Exchange) -> None:
        text = _text(content, exchange.request.body)
        if not exchange.streams:
            exchange.send(200, completion(text, usage=usage, finish_reason=finish_reason, refusal=refusal))
            return
        exchange.start(200, {"Transfer-Encoding": "chunked"}, "text/event-stream")
        for event in _events(text, usage, finish_reason, refusal, piece):
            exchange.wait(delay_s)
            exchange.chunk(event)
        exchange.chunk(b"")

    return reply


def completion(
    text: str | None,
    *,
    usage: Mapping[str, Any] | None = USAGE,
    finish_reason: str | None = "stop",
    refusal: str | None = None,
    choices: list[Any] | None = None,
) -> bytes:
    """The body of a chat completion that is not streamed."""
    message = {"role": "assistant", "content": None if refusal else text, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "test",
        "choices": [choice] if choices is None else choices,
        "usage": usage,
    }
    return json.dumps(body).encode()


def failure(
    status: int,
    message: str = "It failed.",
    *,
    code: str | None = None,
    retry_after: str | None = None,
    body: Any = None,
    headers: Mapping[str, str] = {},
) -> Reply:
    """An HTTP error in OpenAI's form, or with any body (bytes are sent as they are)."""
    content = {"error": {"message": message, "type": "error", "code": code}} if body is None else body
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    after = {} if retry_after is None else {"Retry-After": retry_after}
    return lambda exchange: exchange.send(status, data, {**after, **headers})


def overflow(server: str) -> Reply:
    """A request that is too long, in the words of a server (a key of ``OVERFLOWS``)."""
    status, body = OVERFLOWS[server]
    return failure(status, body=body)


def raw(data: bytes) -> Reply:
    """Any bytes in place of an HTTP response; the connection is closed after them."""

    def reply(exchange: Exchange) -> None:
        exchange.raw(data)
        exchange.close()

    return reply


def empty_choices() -> Reply:
    """An answer without any choice; in a stream, events without one."""

    def reply(exchange: Exchange) -> None:
        if exchange.streams:
            data = b"data: " + json.dumps(_event(choices=[])).encode() + b"\n\ndata: [DONE]\n\n"
            exchange.send(200, data, type_="text/event-stream")
        else:
            exchange.send(200, completion("", choices=[]))

    return reply


def trickle(content: Content, delay_s: float) -> Reply:
    """A good answer, one byte at a time."""

    def reply(exchange: Exchange) -> None:
        text = _text(content, exchange.request.body)
        exchange.start(200, {"Transfer-Encoding": "chunked"}, _type(exchange))
        for byte in _body(exchange, text):
            exchange.wait(delay_s)
            exchange.chunk(bytes([byte]))
        exchange.chunk(b"")

    return reply


def cut(content: Content, after: int) -> Reply:
    """A chunked body that breaks off after so many bytes."""

    def reply(exchange: Exchange) -> None:
        text = _text(content, exchange.request.body)
        exchange.start(200, {"Transfer-Encoding": "chunked"}, _type(exchange))
        exchange.chunk(_body(exchange, text)[:after])
        exchange.close()

    return reply


def hang(seconds: float = 60) -> Reply:
    """No answer at all for so long, then a closed connection."""

    def reply(exchange: Exchange) -> None:
        exchange.wait(seconds)
        exchange.close()

    return reply


def stalled(content: Content, after: int, seconds: float = 60) -> Reply:
    """A chunked body that stops after so many bytes, with the connection left open."""

    def reply(exchange: Exchange) -> None:
        text = _text(content, exchange.request.body)
        exchange.start(200, {"Transfer-Encoding": "chunked"}, _type(exchange))
        exchange.chunk(_body(exchange, text)[:after])
        exchange.wait(seconds)
        exchange.close()

    return reply


def keep_alive(seconds: float, pause_s: float = 0.02) -> Reply:
    """Comments for so long, and never an event: a stream that is busy and says nothing."""

    def reply(exchange: Exchange) -> None:
        exchange.start(200, {"Transfer-Encoding": "chunked"}, "text/event-stream")
        for _ in range(int(seconds / pause_s)):
            exchange.wait(pause_s)
            exchange.chunk(b": still here\n\n")
        exchange.chunk(b"")

    return reply


def in_stream_error(content: Content, message: str, code: str | None = None) -> Reply:
    """A stream that turns into an error after the content; HTTP says 200 all along."""

    def reply(exchange: Exchange) -> None:
        text = _text(content, exchange.request.body)
        exchange.start(200, {"Transfer-Encoding": "chunked"}, "text/event-stream")
        for event in list(_events(text, None, None, None, 16))[:-1]:
            exchange.chunk(event)
        exchange.chunk(b"data: " + json.dumps({"error": {"message": message, "code": code}}).encode() + b"\n\n")
        exchange.chunk(b"")

    return reply


def huge(size: int) -> Reply:
    """A body of so many bytes, sent in chunks without saying how long it is."""

    def reply(exchange: Exchange) -> None:
        exchange.start(200, {"Transfer-Encoding": "chunked"}, _type(exchange))
        for _ in range(size // 65_536):
            exchange.chunk(b" " * 65_536)
        exchange.chunk(b"")

    return reply


def closed_url() -> str:
    """The address of a server that is not there: connections are refused."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/v1"


def _text(content: Content, body: dict[str, Any]) -> str:
    value = content(body) if callable(content) else content
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _type(exchange: Exchange) -> str:
    return "text/event-stream" if exchange.streams else "application/json"


def _body(exchange: Exchange, text: str) -> bytes:
    return b"".join(_events(text, USAGE, "stop", None, 16)) if exchange.streams else completion(text)


def _event(**fields: Any) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "test", **fields}


def _events(
    text: str, usage: Mapping[str, Any] | None, finish_reason: str | None, refusal: str | None, piece: int
) -> Iterator[bytes]:
    """The events of a stream, as servers send them: role, pieces, reason, usage, end."""
    deltas: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant", "content": ""}, None)]
    if refusal:
        deltas.append(({"refusal": refusal}, None))
    else:
        deltas += [({"content": text[start : start + piece]}, None) for start in range(0, len(text), piece)]
    if finish_reason:
        deltas.append(({}, finish_reason))
    for delta, reason in deltas:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        yield b"data: " + json.dumps(_event(choices=[choice])).encode() + b"\n\n"
    if usage is not None:
        yield b"data: " + json.dumps(_event(choices=[], usage=usage)).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"

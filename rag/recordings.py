"""Recorded exchanges with model servers: taken at the transport, kept as JSON lines, played back without a network.

Each line holds one exchange: a key, what was sent and what came back. The key is the SHA-256 of the request's body with
sorted keys, that is of model, messages, schema and parameters. Headers are not kept, apart from the answer's content
type, and the key of the server is replaced wherever it occurs, so that a file can be reviewed and shared.
"""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from typing import Any, Literal

import httpx2

from rag import bodies
from rag.errors import RecordingError

RecordingMode = Literal["record", "replay", "auto"]


class Recording(httpx2.BaseTransport):
    """A transport that records exchanges in a file or plays them back; may be shared by threads.

    - "replay" never uses the network and needs no key; a request that was not recorded is an error.
    - "record" sends every request and starts the file anew with the first answer.
    - "auto" plays back what is recorded, and sends and records the rest; what only ever failed is sent again.

    Requests that were sent several times have several answers (HTTP 429, then 200), which are played back in order; the
    last one stays. Playing back never waits: answers ask to try again at once.

    Args:
        path: The JSON lines; need not exist except for "replay".
        mode: As above.
        inner: In place of the network.

    Raises:
        RecordingError: The file cannot be read or has a line that is no recording.
    """

    def __init__(self, path: Path, mode: RecordingMode, inner: httpx2.BaseTransport | None = None) -> None:
        self._path = path
        self._mode = mode
        self._inner = inner
        self._lock = threading.Lock()
        self._fresh = mode == "record"
        self._answers: dict[str, list[dict[str, Any]]] = {}
        if mode != "record" and (mode == "replay" or path.exists()):
            self._read()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The recorded answer to a request, or the network's.

        Raises:
            RecordingError: In "replay", when the request was not recorded.
        """
        secret = request.headers.get("authorization", "").partition(" ")[2]
        body = _content(_scrubbed(request.read().decode("utf-8", "replace"), secret))
        key = _key(body)
        if self._mode != "record" and (answer := self._next(key)) is not None:
            return _played(answer)
        if self._mode == "replay":
            raise RecordingError(
                f"No answer is recorded in {str(self._path)!r} for this request ({key[:12]}).",
                "The prompt, the model or the passages have changed since; record again: --record FILE",
            )
        response = self._network().handle_request(request)
        response.request = request
        bodies.limit(response)
        data = b"".join(response.stream)  # type: ignore[arg-type]
        response.close()
        kept = {
            "status": response.status_code,
            "type": response.headers.get("content-type", ""),
            "body": _content(_scrubbed(data.decode("utf-8", "replace"), secret)),
        }
        self._keep({"key": key, "request": body, "response": kept})
        headers = [(name, value) for name, value in response.headers.multi_items() if name != "transfer-encoding"]
        return httpx2.Response(response.status_code, headers=headers, content=data)

    def close(self) -> None:
        """Close the network's transport, if it was used."""
        if self._inner is not None:
            self._inner.close()

    def _network(self) -> httpx2.BaseTransport:
        with self._lock:
            if self._inner is None:
                self._inner = httpx2.HTTPTransport()
            return self._inner

    def _next(self, key: str) -> dict[str, Any] | None:
        with self._lock:
            answers = self._answers.get(key, [])
            return answers.pop(0) if len(answers) > 1 else next(iter(answers), None)

    def _keep(self, exchange: dict[str, Any]) -> None:
        line = json.dumps(exchange, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace") + b"\n"
        with self._lock:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("wb" if self._fresh else "ab") as file:
                    file.write(line)
            except OSError as error:
                text = f"The recordings {str(self._path)!r} cannot be written: {error.strerror}."
                raise RecordingError(text, "Choose another file, or free space.") from error
            self._fresh = False
            if self._mode == "auto" and exchange["response"]["status"] < 400:
                self._answers[exchange["key"]] = [exchange["response"]]

    def _read(self) -> None:
        try:
            lines = self._path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            text = f"The recordings {str(self._path)!r} cannot be read: {reason}."
            raise RecordingError(text, "Record them first: --record FILE") from error
        for number, line in enumerate(lines, 1):
            try:
                exchange = json.loads(line)
                if exchange["key"] != _key(exchange["request"]):
                    raise ValueError(exchange["key"])
                status, kind = int(exchange["response"]["status"]), str(exchange["response"]["type"])
                answer = {"status": status, "type": kind, "body": exchange["response"]["body"]}
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                text = f"Line {number} of {str(self._path)!r} is no recording, or was changed by hand."
                raise RecordingError(text, "Delete the line, or record again: --record FILE") from error
            self._answers.setdefault(exchange["key"], []).append(answer)
        if self._mode == "auto":
            self._answers = {key: found for key, found in self._answers.items() if found[-1]["status"] < 400}


def _key(body: object) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _scrubbed(text: str, secret: str) -> str:
    return text.replace(secret, "[key]") if len(secret) > len("not-needed") else text


def _content(text: str) -> Any:
    """A JSON text as its value, so that it can be reviewed; any other text as it is."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _played(answer: dict[str, Any]) -> httpx2.Response:
    body = answer["body"]
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"content-type": answer["type"], "retry-after-ms": "0"}
    return httpx2.Response(answer["status"], headers=headers, content=text.encode("utf-8", "replace"))

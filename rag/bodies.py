"""Response bodies that end: at a size and at a time, whatever the server goes on sending."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx2

from rag.errors import ModelOutputError

LONGEST_BYTES = 8 * 1024 * 1024  # a long answer has some 20 KB
_HINT = "Check that the address of the server is that of an OpenAI-compatible endpoint, usually ending in /v1"


def limit(response: httpx2.Response) -> None:
    """Put bounds on a response that is about to be read; a hook for ``httpx2.Client``.

    Reading fails with ``ModelOutputError`` past 8 MiB, and with ``httpx2.ReadTimeout`` once the time that the request
    was given for a single read has passed in all. Compressed bodies are refused, since a few bytes can hold gigabytes.

    Raises:
        ModelOutputError: The body is compressed, or its announced length is over the limit.
    """
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ModelOutputError("The model server sent a compressed answer, which was not asked for.", _HINT)
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > LONGEST_BYTES:
        raise _too_long()
    if isinstance(response.stream, httpx2.SyncByteStream):
        seconds = response.request.extensions.get("timeout", {}).get("read") or float("inf")
        response.stream = _Bounded(response.stream, time.monotonic() + seconds)


class _Bounded(httpx2.SyncByteStream):
    """The bytes of another stream, up to a size and a time."""

    def __init__(self, stream: httpx2.SyncByteStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for part in self._stream:
            size += len(part)
            if size > LONGEST_BYTES:
                raise _too_long()
            if time.monotonic() > self._deadline:
                raise httpx2.ReadTimeout("The answer took too long.")
            yield part

    def close(self) -> None:
        """Close the other stream."""
        self._stream.close()


def _too_long() -> ModelOutputError:
    return ModelOutputError(f"The model server sent an answer of more than {LONGEST_BYTES // 2**20} MiB.", _HINT)

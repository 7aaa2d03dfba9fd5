"""Measure what a question to a model costs besides the model.

    python evals/speed_model.py [--questions 300]

A server on 127.0.0.1, in a process of its own, answers at once with an answer prepared for the question. For each
question, in turn: the whole of it with our client (retrieval over 80 short documents, prompt, schema, request, reading,
verification), at once and streamed, and a bare HTTP round trip of the same bytes to the same server. The overhead is
the difference. Promised, or the exit code is 1: its median is under 25 ms when the answer comes at once.
"""

from __future__ import annotations

import argparse
import functools
import http.client
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

sys.path.append(str(Path(__file__).parent.parent / "tests"))

import fault_server as fs
from prepared_model import LINES, Line, answered, indexed

from rag.answerers.openai_compatible import ModelAnswerer
from rag.answers import Answer
from rag.index import Index
from rag.model_client import ModelClient
from rag.pipeline import ask, stream
from rag.scrutiny import similarity_by
from rag.servers import read_model

T = TypeVar("T")
_MOST_MS = 25.0


@contextmanager
def served() -> Iterator[str]:
    """The address of the server, which runs in another process."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join()


def _serve(pipe: Connection) -> None:
    """Give the address, and answer until told to stop."""
    with fs.FaultServer(default=fs.answer(answered)) as server:
        pipe.send(server.url)
        pipe.recv()


class Bare:
    """An HTTP connection that is kept, with nothing around it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(parts.hostname), parts.port)
        self._path = f"{parts.path}/chat/completions"

    def __call__(self, body: bytes) -> bytes:
        """The answer to one request."""
        self._connection.request("POST", self._path, body, {"Content-Type": "application/json"})
        return self._connection.getresponse().read()


class Asking:
    """Asks with our client, and keeps the bytes of the last request."""

    def __init__(self, index: Index, client: ModelClient) -> None:
        self._index = index
        self._answerer = ModelAnswerer(client, similarity=similarity_by(index.embedder))

    def whole(self, line: Line) -> Answer:
        """The answer, at once."""
        return ask(line.question, self._index, self._answerer)

    def streamed(self, line: Line) -> Answer:
        """The answer, claim by claim."""
        *_, answer = stream(line.question, self._index, self._answerer)
        assert isinstance(answer, Answer)
        return answer


def timed(call: Callable[[], T]) -> tuple[float, T]:
    """Wall time of one call in milliseconds, and what it gives."""
    started = time.perf_counter()
    result = call()
    return (time.perf_counter() - started) * 1_000, result


def sent(index: Index, ways: Sequence[str]) -> dict[tuple[str, str], bytes]:
    """What our client sends for each line in each way, byte for byte."""
    found = {}
    with fs.FaultServer(default=fs.answer(answered)) as server, opened(server.url) as client:
        asking = Asking(index, client)
        for line in LINES:
            for way in ways:
                answer = getattr(asking, way)(line)
                found[line.name, way] = server.requests[-1].raw
                if answer.status != "answered" and line.fact.encode() in found[line.name, way]:
                    raise SystemExit(f"The question {line.question!r} was not answered: {answer}")
    return found


def opened(url: str) -> ModelClient:
    """A client of the server."""
    return ModelClient.open(read_model("llamacpp:tram", url))


def measured(questions: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Milliseconds of each question in each way beyond the bare round trip, and of the parts of a whole one."""
    ways = ("whole", "streamed")
    over: dict[str, list[float]] = {way: [] for way in ways}
    parts: dict[str, list[float]] = {"bare": [], "retrieve": [], "draft": [], "verify": []}
    with tempfile.TemporaryDirectory() as folder, indexed(Path(folder)) as index:
        requests = sent(index, ways)
        with served() as url, opened(url) as client:
            asking, bare = Asking(index, client), Bare(url)
            for number in range(questions):
                line = LINES[number % len(LINES)]
                for way in ways:
                    whole, answer = timed(functools.partial(getattr(asking, way), line))
                    least, _ = timed(functools.partial(bare, requests[line.name, way]))
                    over[way].append(whole - least)
                    if way == "whole":
                        parts["bare"].append(least)
                        for name, seconds in answer.timings.items():
                            parts[name].append(seconds * 1_000)
    return over, parts


def told(label: str, values: Sequence[float]) -> str:
    """Median and 95th percentile."""
    p95 = statistics.quantiles(values, n=20, method="inclusive")[-1]
    return f"{label:34} median {statistics.median(values):6.2f} ms   95th percentile {p95:6.2f} ms"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=300)
    over, parts = measured(parser.parse_args().questions)
    for name, label in (
        ("bare", "the bare round trip"),
        ("retrieve", "retrieval"),
        ("draft", "prompt, request, reading, review"),
        ("verify", "verification"),
    ):
        print(told(label, parts[name]))
    print(told("overhead of a question", over["whole"]), f"(at most {_MOST_MS:g} at the median)")
    print(told("overhead of a streamed question", over["streamed"]))
    return 0 if statistics.median(over["whole"]) < _MOST_MS else 1


if __name__ == "__main__":
    sys.exit(main())

"""Ask many questions at once of a model server that misbehaves at random, and count what becomes of them.

    python evals/soak_model.py [--questions 500] [--parallel 8] [--faults 0.4] [--seed 0]

Real clients ask over HTTP on 127.0.0.1, every second question streamed. The server answers rightly or, with the
probability given, as servers go wrong: refusals, errors, cut and slow answers, no JSON, no such sentence, a wrong
figure, the answer to another question. When the model cannot be brought to answer, the extractive answerer does.

Promised, or the exit code is 1: every question ends in an answer (none lost); what is told as the model's is the right
answer from the right characters (none wrong); no thread is left behind; and memory is flat: what Python keeps grows by
less than 3 objects for each question after the first third, and the process by less than 20 kB (each question has a
thread, whose part of the heap the system takes back late).
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent / "tests"))

import fault_server as fs
from prepared_model import LINES, Line, answered, asked, indexed, said, shown

from rag.answerers.extractive import ExtractiveAnswerer
from rag.answerers.openai_compatible import ModelAnswerer
from rag.answers import Answer
from rag.index import Index
from rag.model_client import ModelClient
from rag.pipeline import ask, stream
from rag.scrutiny import similarity_by
from rag.servers import read_model

_MOST_OBJECTS = 3  # for each question
_MOST_KB = 20
_SLACK_OBJECTS, _SLACK_KB = 1_000, 20_000  # whatever the number of questions


def _wrong_figure(body: dict[str, Any]) -> dict[str, Any]:
    line = asked(body)
    answer = answered(body)
    for claim in answer["claims"]:
        claim["text"] = claim["text"].replace(str(line.pounds), str(line.pounds + 1))
    return answer


def _wrong_sentence(body: dict[str, Any]) -> dict[str, Any]:
    line = asked(body)
    return said(line.claim, next(number for number, text in shown(body).items() if line.name not in text))


def _other_answer(body: dict[str, Any]) -> dict[str, Any]:
    line = asked(body)
    other = LINES[(LINES.index(line) + 1) % len(LINES)]
    return said(other.claim, next(number for number, text in shown(body).items() if text == line.fact))


FAULTS: dict[str, fs.Reply] = {
    "429 with Retry-After": fs.failure(429, "Slow down.", retry_after="0"),
    "429 without": fs.failure(429, "Slow down."),
    "500": fs.failure(500),
    "503": fs.failure(503, "Overloaded."),
    "error that is no JSON": fs.failure(502, body=b"<html>Bad gateway</html>"),
    "connection cut at once": fs.raw(b""),
    "no HTTP": fs.raw(b"SSH-2.0-OpenSSH\r\n"),
    "answer cut": fs.cut(answered, after=120),
    "stream cut late": fs.cut(answered, after=2_000),
    "error in the stream": fs.in_stream_error(answered, "The model crashed."),
    "slow": fs.answer(answered, piece=64, delay_s=0.01),
    "silent for too long": fs.hang(),
    "stops half way": fs.stalled(answered, after=120),
    "empty choices": fs.empty_choices(),
    "empty answer": fs.answer(""),
    "no JSON": fs.answer("I am happy to help! A ticket costs 3 pounds."),
    "broken JSON": fs.answer('{"claims": [{"text": "A ticket'),
    "another form": fs.answer({"answer": "It costs 3 pounds."}),
    "no such sentence": fs.answer(lambda body: said(asked(body).claim, "77.7")),
    "cut at the length": fs.answer('{"claims": [', finish_reason="length"),
    "content filter": fs.answer(answered, finish_reason="content_filter"),
    "refusal": fs.answer("", refusal="I cannot help with that."),
    "context too short": fs.overflow("llamacpp"),
    "wrong figure": fs.answer(_wrong_figure),
    "wrong sentence": fs.answer(_wrong_sentence),
    "answer to another question": fs.answer(_other_answer),
}
_RARE = {"silent for too long", "stops half way"}  # each holds a thread until the deadline


@dataclass
class Result:
    """What became of the questions.

    Attributes:
        outcomes: How many ended in which way.
        lost: Questions that ended without an answer, with the error.
        wrong: Answers that tell something else than the documents, with what they tell.
        seconds: Wall time of all.
        objects: What Python's garbage collector knows of after each third.
        resident_mb: Memory of the process after each third.
        threads: Names of the threads of questions that are left.
        faults: How many requests were answered in which way.
    """

    questions: int
    outcomes: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0
    objects: list[int] = field(default_factory=list)
    resident_mb: list[float] = field(default_factory=list)
    threads: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def broken(self) -> list[str]:
        """The promises that were not kept."""
        broken = []
        if self.lost or sum(self.outcomes.values()) != self.questions:
            broken.append(f"{self.questions - sum(self.outcomes.values())} questions were lost: {self.lost[:3]}")
        if self.wrong:
            broken.append(f"{len(self.wrong)} answers were wrong: {self.wrong[:3]}")
        later = self.questions * 2 / 3
        if (more := self.objects[-1] - self.objects[0]) > _SLACK_OBJECTS + _MOST_OBJECTS * later:
            broken.append(f"{more} objects were kept")
        if (more_kb := 1_000 * (self.resident_mb[-1] - self.resident_mb[0])) > _SLACK_KB + _MOST_KB * later:
            broken.append(f"memory grew by {more_kb:.0f} kB")
        if self.threads:
            broken.append(f"{len(self.threads)} threads are left")
        return broken


class FaultyModel:
    """A reply for the server that goes wrong at random; which question goes wrong how depends on the seed alone."""

    def __init__(self, share: float, seed: int) -> None:
        self.met: Counter[str] = Counter()
        self._share = share
        self._seed = seed
        self._tries: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, exchange: fs.Exchange) -> None:
        """Answer one request."""
        name = asked(exchange.request.body).name
        with self._lock:
            self._tries[name] += 1
            chance = random.Random(f"{self._seed} {name} {self._tries[name]}")
            fault = self._fault(chance)
            self.met[fault] += 1
        FAULTS.get(fault, fs.answer(answered))(exchange)

    def _fault(self, chance: random.Random) -> str:
        if chance.random() >= self._share:
            return "right"
        weights = [0.2 if name in _RARE else 1.0 for name in FAULTS]
        return chance.choices(list(FAULTS), weights)[0]


def soak(questions: int, parallel: int, share: float, seed: int, *, timeout_s: float = 5.0) -> Result:
    """Ask so many questions, so many at a time, and look at every answer."""
    result = Result(questions)
    model = FaultyModel(share, seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        indexed(Path(folder)) as index,
        fs.FaultServer() as server,
        ModelClient.open(read_model("llamacpp:tram", server.url), timeout_s=timeout_s) as client,
    ):
        asking = _Asking(index, ModelAnswerer(client, similarity=similarity_by(index.embedder)), result)
        server.default = fs.answer(answered)
        for number in range(min(questions, len(LINES))):  # what is loaded or remembered once is no growth
            asking(number)
        result.outcomes.clear()
        server.default = model
        started = time.monotonic()
        for numbers in _thirds(questions):
            with ThreadPoolExecutor(parallel) as pool:
                list(pool.map(asking, numbers))
            server.requests.clear()
            gc.collect()
            result.objects.append(len(gc.get_objects()))
            result.resident_mb.append(resident_mb())
        result.seconds = time.monotonic() - started
        time.sleep(0.2)  # those that were given up see that nobody waits
    result.faults = model.met
    result.threads = [thread.name for thread in threading.enumerate() if thread.name.startswith("ask ")]
    return result


def _thirds(questions: int) -> Iterator[range]:
    ends = [questions * third // 3 for third in range(4)]
    yield from map(range, ends, ends[1:])


class _Asking:
    """Asks one question and writes down what became of it."""

    def __init__(self, index: Index, answerer: ModelAnswerer, result: Result) -> None:
        self._index = index
        self._answerer = answerer
        self._fallback = ExtractiveAnswerer(index)
        self._result = result
        self._lock = threading.Lock()

    def __call__(self, number: int) -> None:
        line = LINES[number % len(LINES)]
        try:
            outcome, told = self._outcome(line, number % 2 == 1)
        except Exception as error:  # noqa: BLE001 - whatever happened, the question is lost
            with self._lock:
                self._result.lost.append(f"{line.name}: {type(error).__name__}: {error}")
            return
        with self._lock:
            self._result.outcomes[outcome] += 1
            self._result.wrong += [f"{line.name}: {text}" for text in told]

    def _outcome(self, line: Line, streamed: bool) -> tuple[str, list[str]]:
        """In what kind of answer a question ended, and what was told that is not so."""
        if not streamed:
            answer = ask(line.question, self._index, self._answerer, language="en", fallback=self._fallback)
            return _kind(answer), list(self._wrong(line, answer))
        *claims, answer = stream(line.question, self._index, self._answerer, language="en", fallback=self._fallback)
        assert isinstance(answer, Answer)
        wrong = list(self._wrong(line, answer))
        if answer.claims[: len(claims)] != tuple(claims) or (
            answer.fallback is None and len(claims) < len(answer.claims)
        ):
            wrong.append("the stream gave other claims than the answer")
        return f"{_kind(answer)}, streamed", wrong

    def _wrong(self, line: Line, answer: Answer) -> Iterator[str]:
        for claim in answer.claims:
            by_model = answer.fallback is None or claim.text == line.claim
            if by_model and (claim.text, claim.spans[0].quote) != (line.claim, line.fact):
                yield claim.text
            if not by_model and claim.text != claim.spans[0].quote:
                yield claim.text
            for span in claim.spans:
                document = self._index.document(span.document)
                if document is None or document.text[span.start : span.end] != span.quote:
                    yield f"{span.quote!r} is not at {span.start}"
        if answer.question != line.question:
            yield answer.question


def _kind(answer: Answer) -> str:
    if answer.fallback is not None:
        return "from the documents alone"
    if answer.status == "unanswerable":
        return "withheld" if answer.withheld else "declined by the model"
    return "right at once" if answer.usage.requests == 1 else "right after another try"


def resident_mb() -> float:
    """Memory that the process holds now, or the most it held where that cannot be read."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--faults", type=float, default=0.4, help="share of requests that go wrong")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    result = soak(options.questions, options.parallel, options.faults, options.seed)
    print(f"{options.questions} questions, {options.parallel} at a time, in {result.seconds:.1f} s")
    for outcome, count in sorted(result.outcomes.items()):
        print(f"{count:6}  {outcome}")
    print(f"{len(result.lost):6}  lost\n{len(result.wrong):6}  wrong")
    requests = sum(result.faults.values())
    print(f"{requests} requests, {requests - result.faults['right']} of them in {len(result.faults) - 1} wrong ways")
    print("objects after each third:", ", ".join(f"{count:,}" for count in result.objects))
    print("memory after each third:", ", ".join(f"{size:.1f} MB" for size in result.resident_mb))
    for broken in result.broken:
        print(f"broken promise: {broken}", file=sys.stderr)
    return 1 if result.broken else 0


if __name__ == "__main__":
    sys.exit(main())

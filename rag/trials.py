"""Asking gold questions of a system: each once, over several runs too, and in parallel."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rag.answers import DraftAnswer
from rag.documents import Hit
from rag.errors import EmbeddingError, ModelError, QuestionError, RecordingError, StorageError, UsageError
from rag.gold import GoldQuestion
from rag.rendering import answer_object, dump
from rag.results import Trial

if TYPE_CHECKING:
    from rag.index import Index
    from rag.workspace import Workspace

FIELDS = ("kind", "language", "split", "status", "story", "corpus")
"""What ``--only`` can select by, besides a question's id."""


@dataclass(frozen=True, slots=True)
class Task:
    """A gold question to be asked.

    Attributes:
        question: The question.
        corpus: The name of the corpus it is asked of.
        key: As ``Trial.key``.
    """

    question: GoldQuestion
    corpus: str
    key: str


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of a suite's questions are asked.

    Attributes:
        only: Ids, and conditions "<field>=<value>"; conditions on one field are alternatives, those on several fields
            must all hold, and a question whose id is named is always in.
        shard: The number of the part, from 1, and of all parts; each has every n-th question.
        limit: At most so many, the first.
    """

    only: tuple[str, ...] = ()
    shard: tuple[int, int] = (1, 1)
    limit: int | None = None

    def __bool__(self) -> bool:
        """Whether it may leave any question out."""
        return bool(self.only) or self.shard[1] > 1 or self.limit is not None

    def __str__(self) -> str:
        """As it is written on the command line."""
        parts = [f"--only {each}" for each in self.only]
        parts += [f"--shard {self.shard[0]}/{self.shard[1]}"] * (self.shard[1] > 1)
        return " ".join([*parts, *([f"--limit {self.limit}"] * (self.limit is not None))])

    def of(self, tasks: Sequence[Task]) -> list[Task]:
        """The tasks that are left, in their order.

        Raises:
            UsageError: A condition is on no field that there is, or nothing fits.
        """
        wanted = _Wanted.read(self.only)
        chosen = [task for task in tasks if wanted.fits(task)][self.shard[0] - 1 :: self.shard[1]][: self.limit]
        if not chosen:
            raise UsageError("No question is left to ask.", f"Questions have an id, and: {', '.join(FIELDS)}")
        return chosen


@dataclass(frozen=True, slots=True)
class _Wanted:
    ids: frozenset[str]
    values: Mapping[str, frozenset[str]]

    @classmethod
    def read(cls, conditions: Sequence[str]) -> _Wanted:
        ids: set[str] = set()
        values: dict[str, set[str]] = {}
        for condition in conditions:
            field, equals, value = condition.partition("=")
            if not equals:
                ids.add(condition)
            elif field in FIELDS:
                values.setdefault(field, set()).add(value)
            else:
                raise UsageError(f"Questions have no field {field!r}.", f"Take one of: {', '.join(FIELDS)}")
        return cls(frozenset(ids), {field: frozenset(each) for field, each in values.items()})

    def fits(self, task: Task) -> bool:
        if task.question.id in self.ids:
            return True
        if not self.values:
            return not self.ids
        known = {"corpus": task.corpus, **{name: getattr(task.question, name) for name in FIELDS[:-1]}}
        return all(known[field] in values for field, values in self.values.items())


@functools.cache
def package_digest() -> str:
    """The first 16 hex digits of a hash over every file of this package, the models included."""
    digest = hashlib.sha256()
    for name, content in _files(resources.files("rag"), ""):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir() and not entry.name.startswith(("_", ".")):
            yield from _files(entry, f"{prefix}{entry.name}/")
        elif entry.is_file():
            yield prefix + entry.name, entry.read_bytes()


def documents_digest(index: Index) -> str:
    """The first 16 hex digits of a hash over the documents' ids and contents."""
    pairs = sorted((source.id, source.sha256) for source in index.sources())
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()[:16]


def trial_key(question: GoldQuestion, system: Mapping[str, str], documents: str) -> str:
    """The key of a trial: SHA-256 over what is asked, of which system, about which documents."""
    content = [question.id, question.question, dict(sorted(system.items())), documents]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def ask(workspace: Workspace, task: Task, *, k: int | None = None) -> Trial:
    """What the workspace answers; a model that fails makes a trial without an answer.

    Raises:
        RecordingError: A recorded answer is missing or stale.
        RagError: The index failed.
    """
    seen: list[tuple[Sequence[Hit], DraftAnswer]] = []
    try:
        answer = workspace.ask(task.question.question, k=k, observe=lambda hits, draft: seen.append((hits, draft)))
    except RecordingError:
        raise
    except (ModelError, EmbeddingError, QuestionError) as error:
        return Trial(task.question.id, task.key, None, error=error.message)
    hits, draft = seen[-1]
    places = [
        {
            "document": hit.chunk.document,
            "start": hit.chunk.span.start,
            "end": hit.chunk.span.end,
            "language": hit.chunk.language,
        }
        for hit in hits
    ]
    seconds = sum(answer.timings.values())
    return Trial(
        task.question.id, task.key, answer_object(answer), tuple(places), draft.confidence, seconds=round(seconds, 6)
    )


class TrialFile:
    """Trials kept as JSON lines, so that none is asked twice; may be shared by threads.

    Files of several machines can be put together with ``cat``. A line torn by a crash counts as not there.
    """

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        """Reads what was kept.

        Args:
            path: The file; made when it is missing.
            fresh: Forget what was kept.

        Raises:
            StorageError: It cannot be read or written.
        """
        self._path = path
        self._lock = threading.Lock()
        self._kept: dict[str, Trial] = {}
        try:
            content = b"" if fresh or not path.exists() else path.read_bytes()
        except OSError as error:
            raise StorageError(f"Cannot read {str(path)!r}: {error.strerror}.", "Remove it.") from error
        for line in content.split(b"\n"):
            with suppress(ValueError, TypeError, KeyError, RecursionError):
                trial = _trial(json.loads(line))
                self._kept[trial.key] = trial
        if not content.endswith(b"\n"):
            self._write(list(self._kept.values()), "wb")

    def get(self, key: str) -> Trial | None:
        """The trial with a key; None when it was not kept."""
        return self._kept.get(key)

    def add(self, trial: Trial) -> None:
        """Keep a trial, unless it failed.

        Raises:
            StorageError: The file cannot be written.
        """
        if trial.error is not None:
            return
        with self._lock:
            self._kept[trial.key] = trial
            self._write([trial], "ab")

    def keep_only(self, keys: Sequence[str]) -> None:
        """Drop all trials but those with the keys, and put these in order.

        Raises:
            StorageError: The file cannot be written.
        """
        with self._lock:
            self._kept = {key: self._kept[key] for key in keys if key in self._kept}
            self._write(list(self._kept.values()), "wb")

    def _write(self, trials: Sequence[Trial], mode: Literal["ab", "wb"]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open(mode) as file:
                file.writelines(dump(dataclasses.asdict(trial)).encode() + b"\n" for trial in trials)
        except OSError as error:
            raise StorageError(f"Cannot write {str(self._path)!r}: {error.strerror}.", "Free some space.") from error


def _trial(given: dict[str, Any]) -> Trial:
    return Trial(**{**given, "hits": tuple(given["hits"])})


def run(
    tasks: Sequence[Task],
    ask: Callable[[Task], Trial],
    kept: TrialFile,
    *,
    jobs: int = 1,
    progress: Callable[[int, int, str], None],
) -> list[Trial]:
    """The trial of each task, in order; those that are kept are not asked again.

    Args:
        tasks: What to ask.
        ask: Asks one; called in several threads when there are several jobs.
        kept: Trials of earlier runs; each new one is added at once, so that an interrupted run goes on from there.
        jobs: How many questions are asked at a time.
        progress: Is told how many of how many are done, and the id of the latest.
    """
    found = {task.key: trial for task in tasks if (trial := kept.get(task.key)) is not None}

    def answered(task: Task) -> Trial:
        trial = ask(task)
        kept.add(trial)
        return trial

    with _pool(jobs) as pool:
        pending = {pool.submit(answered, task): task for task in tasks if task.key not in found}
        for number, future in enumerate(as_completed(pending), start=len(found) + 1):
            task = pending[future]
            found[task.key] = future.result()
            progress(number, len(tasks), task.question.id)
    return [found[task.key] for task in tasks]


@contextmanager
def _pool(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that are told to begin nothing more when the block is left early."""
    pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="trial")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)

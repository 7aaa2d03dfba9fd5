"""Many questions from a file of JSON lines, answered line by line; an interrupted run goes on where it stopped."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Self

from rag.errors import ModelError, StorageError, UsageError
from rag.rendering import dump

STANDARD = Path("-")  # stdin as an input, stdout as an output

Id = str | int
_LINE_START = b'{"id": '


@dataclass(frozen=True, slots=True)
class Question:
    """One line of the input.

    Attributes:
        line: Its line number, from 1.
        id: As given; unique within the input.
        text: The question.
        language: The question's language, ISO 639-1, when the line gives it.
        documents: The only documents to answer from; empty for all.
    """

    line: int
    id: Id
    text: str
    language: str | None = None
    documents: tuple[str, ...] = ()


@dataclass(slots=True)
class Report:
    """How a batch went.

    Attributes:
        written: Answers written now.
        kept: Answers of an earlier run.
        bad: Lines that cannot be answered.
        failed: Questions at which the model failed; a second run asks them again.
    """

    written: int = 0
    kept: int = 0
    bad: int = 0
    failed: int = 0


@dataclass(slots=True)
class _Input:
    questions: list[Question] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)


def run(
    source: Path,
    target: Path,
    answer: Callable[[Question], dict[str, Any]],
    *,
    complain: Callable[[str], None],
    progress: Callable[[int, int, str], None],
) -> Report:
    """Answer every question of a file that has no answer yet; at the end the target is in the order of the input.

    A line out is ``{"id": …, **answer(question)}``, handed to the system before the next question is asked. Lines that
    the target already holds for the same id and question are kept; a line torn by a crash is cut off.

    Args:
        source: JSON lines with "id" and "question", or "-" for stdin.
        target: The file to write or go on with, or "-" for stdout; a device or pipe is written like stdout.
        answer: Gives the object for a question; it must hold "question" as asked. A UsageError makes it a bad line, a
            ModelError one that is not answered this time.
        complain: Is told about each such line.
        progress: Is told how many questions of how many are done, and the id at work.

    Raises:
        UsageError: The source can't be read, or the target is not the output of a batch.
        StorageError: The target can't be written.
    """
    given = _read(source)
    for line, problem in given.bad:
        complain(f"{source}, line {line}: {problem}")
    if source != STANDARD and target.is_file() and target.samefile(source):
        raise UsageError(f"{str(target)!r} is both input and output.", "Name another file with --output.")
    earlier = _resume(target) if target.is_file() else {}
    report = Report(bad=len(given.bad))
    with _Writer(target) as out:
        for number, question in enumerate(given.questions):
            progress(number, len(given.questions), str(question.id))
            if earlier.get(question.id) == question.text:
                report.kept += 1
                continue
            try:
                out.write({"id": question.id, **answer(question)})
                report.written += 1
            except UsageError as error:
                report.bad += 1
                complain(f"{source}, line {question.line}: {error.message}")
            except ModelError as error:
                report.failed += 1
                complain(f"{source}, line {question.line}: {error.message} {error.hint or ''}".rstrip())
    progress(len(given.questions), len(given.questions), "")
    if earlier:
        _put_in_order(target, [question.id for question in given.questions])
    return report


class _Writer:
    """Appends JSON lines to a file or stdout; each is whole in the system's hands when ``write`` returns."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        if self._target != STANDARD:
            with _translated(self._target):
                self._file = self._target.open("ab")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with _translated(self._target):
                self._file.close()

    def write(self, value: dict[str, Any]) -> None:
        file = sys.stdout.buffer if self._file is None else self._file
        with _translated(self._target):
            file.write(dump(value).encode() + b"\n")
            file.flush()


@contextmanager
def _translated(target: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StorageError(
            f"Cannot write {str(target)!r}: {error.strerror}.", "Free some space or name another file with --output."
        ) from error


def _read(source: Path) -> _Input:
    try:
        raw = sys.stdin.buffer.read() if source == STANDARD else source.read_bytes()
    except OSError as error:
        raise UsageError(
            f"Cannot read {str(source)!r}: {error.strerror}.",
            'Name a file with one {"id": …, "question": …} per line, or - for stdin.',
        ) from error
    given = _Input()
    seen: set[Id] = set()
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            question = _parse(number, line)
            if question.id in seen:
                raise ValueError(f"the id {question.id!r} was used before")
            seen.add(question.id)
            given.questions.append(question)
        except (ValueError, RecursionError) as error:
            given.bad.append((number, f"{_first_line(error)}."))
    return given


def _first_line(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    prefix = "not JSON: " if isinstance(error, json.JSONDecodeError) else ""
    return prefix + str(error).split("\n")[0].rstrip(".")


def _parse(number: int, line: bytes) -> Question:
    given = json.loads(line.decode())
    if not isinstance(given, dict):
        raise ValueError("not a JSON object")
    identity, text = given.get("id"), given.get("question")
    if not isinstance(identity, str | int) or isinstance(identity, bool):
        raise ValueError('"id" must be a string or an integer')
    if not isinstance(text, str) or not text.strip():
        raise ValueError('"question" must be a string that is not empty')
    language, documents = given.get("language"), given.get("documents") or []
    if not (language is None or isinstance(language, str)):
        raise ValueError('"language" must be a string')
    if not isinstance(documents, list) or not all(isinstance(one, str) for one in documents):
        raise ValueError('"documents" must be a list of strings')
    return Question(number, identity, text, (language or "").strip().lower() or None, tuple(documents))


def _resume(target: Path) -> dict[Id, str]:
    """The question answered under each id so far; a torn last line is cut off the file."""
    try:
        raw = target.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(
            f"Cannot read {str(target)!r}: {error.strerror}.", "Name another file with --output."
        ) from error
    *whole, torn = raw.split(b"\n")
    answered = dict(_answered(target, number, line) for number, line in enumerate(whole, start=1))
    if torn:
        if torn[: len(_LINE_START)] != _LINE_START[: len(torn)]:
            raise _foreign(target, len(whole) + 1)
        with _translated(target):
            os.truncate(target, len(raw) - len(torn))
    return answered


def _answered(target: Path, number: int, line: bytes) -> tuple[Id, str]:
    try:
        given = json.loads(line)
        identity, text = given["id"], given["question"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise _foreign(target, number) from error
    if not isinstance(identity, str | int) or not isinstance(text, str):
        raise _foreign(target, number)
    return identity, text


def _foreign(target: Path, number: int) -> UsageError:
    return UsageError(
        f"{str(target)!r} is not the output of a batch (line {number}); it was not touched.",
        "Name another file with --output, or remove this one.",
    )


def _put_in_order(target: Path, order: list[Id]) -> None:
    """Sort the lines as the input has them, the latest for each id; lines for other ids stay, at the end."""
    old = target.read_bytes()
    lines = {_answered(target, number, line)[0]: line for number, line in enumerate(old.split(b"\n")[:-1], start=1)}
    rest = [identity for identity in lines if identity not in set(order)]
    new = b"".join(lines[identity] + b"\n" for identity in [*order, *rest] if identity in lines)
    if new == old:
        return
    partial = target.with_name(f"{target.name}.part")
    with _translated(target):
        partial.write_bytes(new)
        partial.replace(target)

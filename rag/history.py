"""The questions of the past, in RAG_HOME/history.sqlite: what ``ask -c`` continues and ``rag history`` lists.

One short SQLite transaction for each call, with a write-ahead log: several processes may use the file at once, and a
process that is killed leaves every question that was added before. The file can be read by its owner alone.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, get_args
from urllib.parse import quote

from rag.answers import Answer, Status
from rag.errors import HistoryDamagedError, RagError, StorageError
from rag.layout import storage_error, writing
from rag.rendering.citations import Citations
from rag.rendering.display import clip, safe_text, wrap
from rag.text import encodable

if TYPE_CHECKING:
    from rag.rendering import Look

NAME = "history.sqlite"
KEPT = 10_000
"""How many questions are kept; the oldest make room."""

_FORMAT = 1
_SCHEMA = """CREATE TABLE IF NOT EXISTS turns (
    id INTEGER PRIMARY KEY AUTOINCREMENT, asked TEXT NOT NULL, question TEXT NOT NULL, searched TEXT NOT NULL,
    language TEXT, status TEXT NOT NULL, claim TEXT NOT NULL, quotations TEXT NOT NULL
)"""
_COLUMNS = "asked, question, searched, language, status, claim, quotations"
_INSERT = f"INSERT INTO turns ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own names
_QUOTATIONS = 12
_REMEMBERED = 8
_WAIT_S = 5.0
_DAMAGES = frozenset({
    0, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH,
})  # fmt: skip
_AGAIN = "Start a new history: rag history --clear"
_CLAIM_CHARACTERS = 300

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Turn:
    """A question of the past and what came of it.

    Attributes:
        asked: When, with its time zone.
        question: As typed.
        searched: As searched: the same, or a follow-up made self-contained.
        language: The question's language, ISO 639-1, or None.
        status: As in the answer.
        claim: The first statement of the answer; empty when there was none.
        quotations: The first sentences that the verified answer quoted, in order; at most 12.
    """

    asked: dt.datetime
    question: str
    searched: str
    language: str | None = None
    status: Status = "answered"
    claim: str = ""
    quotations: tuple[str, ...] = ()

    @classmethod
    def of(cls, answer: Answer, question: str, asked: dt.datetime | None = None) -> Self:
        """What is worth keeping of an answer.

        Args:
            answer: To the question as it was searched.
            question: As typed.
            asked: When; now by default.
        """
        quotations = tuple(one.quote for one in Citations.of(answer).quotations[:_QUOTATIONS])
        claim = answer.claims[0].text if answer.claims else ""
        when = dt.datetime.now(dt.UTC) if asked is None else asked
        return cls(when, question, answer.question, answer.language, answer.status, claim, quotations)


class History:
    """The history of one RAG_HOME. Safe to share by threads and processes: nothing stays open between two calls.

    Attributes:
        path: The SQLite file, which need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, home: Path) -> Self:
        """The history below RAG_HOME; nothing is created before something is added."""
        return cls(Path(os.path.abspath(home)) / NAME)  # noqa: PTH100 - the current folder may change, links may not count

    def add(self, turn: Turn) -> None:
        """Keeps a question, on disk when this returns.

        Raises:
            StorageError: The disk is full, or the file cannot be written or stays locked for 5 s.
            HistoryDamagedError: The file is no history, or a newer version wrote it.
        """
        self._create()
        quotations = json.dumps([encodable(quotation) for quotation in turn.quotations], ensure_ascii=False)
        asked = turn.asked.astimezone(dt.UTC).isoformat(timespec="milliseconds")
        texts = (encodable(text) for text in (turn.question, turn.searched))
        values = (asked, *texts, turn.language, turn.status, encodable(turn.claim), quotations)

        def insert(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_SCHEMA)
            connection.execute(f"PRAGMA user_version = {_FORMAT}")
            connection.execute(_INSERT, values)
            connection.execute("DELETE FROM turns WHERE id <= (SELECT max(id) FROM turns) - ?", (KEPT,))
            connection.execute("COMMIT")

        self._run(insert, write=True)

    def context(self) -> Turn | None:
        """The question asked last, by whatever process, as a follow-up sees it; None without any.

        When nothing was found for it, it has the quotations of the answer before it in the same conversation, which
        begins with the latest question that was searched as it was typed. Errors as for ``turns``.
        """
        turns = self.turns(_REMEMBERED)
        for turn in turns:
            if turn.quotations:
                return replace(turns[0], quotations=turn.quotations)
            if turn.searched == turn.question:
                break
        return turns[0] if turns else None

    def turns(self, limit: int | None = None) -> list[Turn]:
        """The questions of the past, the last one first; at most limit.

        Raises:
            StorageError: The file may not be read.
            HistoryDamagedError: It is no history, or a newer version wrote it.
        """
        most = KEPT if limit is None else max(min(limit, KEPT), 0)

        def select(connection: sqlite3.Connection) -> list[Any]:
            statement = f"SELECT {_COLUMNS} FROM turns ORDER BY id DESC LIMIT ?"  # noqa: S608 - our own names
            return connection.execute(statement, (most,)).fetchall() if _is_filled(connection) else []

        rows = self._run(select) if self._exists() else []
        try:
            return [_turn(row) for row in rows]
        except (ValueError, TypeError) as error:
            raise self._damaged("a question in it cannot be read") from error

    def clear(self) -> int:
        """Forgets every question, and how many there were; a damaged file is removed and counts as 0.

        Nothing of them is left in the file.

        Raises:
            StorageError: The file cannot be written or removed, or stays locked for 5 s.
        """
        if not self._exists():
            return 0

        def delete(connection: sqlite3.Connection) -> int:
            if not _is_filled(connection):
                return 0
            connection.execute("PRAGMA secure_delete = 1")
            connection.execute("BEGIN IMMEDIATE")
            (removed,) = connection.execute("SELECT count(*) FROM turns").fetchone()
            connection.execute("DROP TABLE turns")
            connection.execute("COMMIT")
            return int(removed)

        def compact(connection: sqlite3.Connection) -> None:
            connection.execute("VACUUM")
            if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise _BusyError  # somebody still reads the log, which has the old questions

        try:
            removed = self._run(delete, write=True)
            self._run(compact, write=True)
        except HistoryDamagedError:
            with writing(self.path):
                for suffix in ("", "-wal", "-shm", "-journal"):
                    self.path.with_name(NAME + suffix).unlink(missing_ok=True)
            return 0
        return removed

    def _exists(self) -> bool:
        try:
            self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True  # SQLite will say what is wrong with it
        return True

    def _create(self) -> None:
        """Makes an empty file that others may not read; SQLite gives its log the same mode."""
        with writing(self.path.parent):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            with suppress(OSError):
                if self.path.stat().st_mode & 0o077:
                    self.path.chmod(0o600)
        except OSError as error:
            raise storage_error(self.path, error) from error

    def _run(self, work: Callable[[sqlite3.Connection], _Result], *, write: bool = False) -> _Result:
        """The result of some work on the open file; waits for other processes."""
        until = time.monotonic() + _WAIT_S
        while True:
            try:
                with self._translated(), closing(self._connect(write)) as connection:
                    if connection.execute("PRAGMA user_version").fetchone()[0] > _FORMAT:
                        raise self._damaged("a newer version of the package wrote it")
                    return work(connection)
            except _BusyError as error:
                # SQLite itself waits for most locks, but not while others create or recover the file.
                if time.monotonic() > until:
                    raise StorageError(
                        f"The history is locked: {str(self.path)!r}.", "Wait until the other process has finished."
                    ) from error
                time.sleep(0.02)

    def _connect(self, write: bool) -> sqlite3.Connection:
        uri = f"file:{quote(os.fsencode(self.path))}?mode={'rw' if write else self._reading_mode()}"
        connection = sqlite3.connect(uri, uri=True, timeout=1.0, isolation_level=None)
        try:
            if write:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _reading_mode(self) -> str:
        """Where nothing can be written a file is read without its log, which a clean end leaves empty."""
        if os.access(self.path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            return "rw"
        log = self.path.with_name(NAME + "-wal")
        return "ro" if log.exists() and log.stat().st_size else "ro&immutable=1"

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise _BusyError from error
            if code == sqlite3.SQLITE_FULL:
                raise StorageError(f"The disk is full: {str(self.path)!r}.", "Free some space.") from error
            if code in _DAMAGES:
                raise self._damaged(str(error)) from error
            raise StorageError(
                f"The history cannot be used: {str(self.path)!r}: {error}.",
                "Check the folder's permissions and free space.",
            ) from error

    def _damaged(self, reason: str) -> HistoryDamagedError:
        return HistoryDamagedError(f"The history is damaged: {str(self.path)!r}: {reason}.", _AGAIN)


class _BusyError(Exception):
    """Another process holds the file."""


def remember(history: History, turn: Turn, tell: Callable[[str], None]) -> bool:
    """Whether the question was kept; why not is told in a sentence, and nothing is raised.

    To be called when the answer has been shown, which a full disk or a damaged history must not cost.
    """
    try:
        history.add(turn)
    except RagError as error:
        tell(f"Not in the history: {error.message}" + (f" {error.hint}" if error.hint else ""))
        return False
    return True


def history_object(turns: Sequence[Turn]) -> dict[str, Any]:
    """The questions as a JSON object, in the order given; ``asked`` is in UTC."""
    return {"turns": [_turn_object(turn) for turn in turns]}


def _turn_object(turn: Turn) -> dict[str, Any]:
    return {
        "asked": turn.asked.astimezone(dt.UTC).isoformat(timespec="milliseconds"),
        "question": turn.question,
        "searched": turn.searched,
        "language": turn.language,
        "status": turn.status,
        "claim": turn.claim or None,
    }


def history_text(turns: Sequence[Turn], look: Look, zone: dt.tzinfo | None = None) -> str:
    """The questions for people: when, as typed, as searched when that differs, what came of it; ends with a line end.

    Args:
        turns: In the order in which they are shown.
        look: What the place of output can show.
        zone: In which times are told; the local one by default.
    """
    lines = [line for turn in turns for line in _turn_lines(turn, look, zone)]
    return "\n".join(lines or ["No question is in the history."]) + "\n"


def _turn_lines(turn: Turn, look: Look, zone: dt.tzinfo | None) -> Iterator[str]:
    when = f"{turn.asked.astimezone(zone):%Y-%m-%d %H:%M}"
    indent = " " * (len(when) + 2)
    question = wrap(safe_text(turn.question), look.width, indent=indent)
    yield f"{when}  {look.bold(question[len(indent) :])}"
    if turn.searched != turn.question:
        yield wrap(f"searched: {safe_text(turn.searched)}", look.width, indent=indent)
    claim = f": {clip(safe_text(turn.claim), _CLAIM_CHARACTERS)}" if turn.claim else ""
    yield look.dim(wrap(f"{turn.status}{claim}", look.width, indent=indent))


def _is_filled(connection: sqlite3.Connection) -> bool:
    """Whether anything was ever added."""
    return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'turns'").fetchall())


def _turn(row: Sequence[Any]) -> Turn:
    asked, question, searched, language, status, claim, quotations = row
    if status not in get_args(Status):
        raise ValueError(status)
    texts = tuple(map(str, json.loads(quotations)))
    return Turn(dt.datetime.fromisoformat(asked), question, searched, language, status, claim, texts)

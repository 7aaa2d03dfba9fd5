"""The manifest and the exact texts, in SQLite: ground truth of every offset and of what is indexed.

A *content* is what one version of a file says: text, metadata, passages. A *document* row gives a content a name and a
path for the generations from ``born`` to ``died``. Each sync that changes anything publishes one generation in one
transaction, so that a reader sees either all of a sync or nothing; rows of a run that was killed before it could
publish have no ``born`` and are picked up by the next one. Chroma and tantivy are derived from this file.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import numpy as np

from rag.documents import Chunk, Document, Filter, Source, Span
from rag.embedding import Vectors
from rag.errors import IndexDamagedError, StorageError
from rag.layout import REBUILD
from rag.packing import unpack_dates, unpack_sentences
from rag.scanning import Root

FORMAT = "spanwise/1"

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE roots (label TEXT PRIMARY KEY, path BLOB NOT NULL, folder INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE contents (
    id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, language TEXT, title TEXT, author TEXT, dates TEXT NOT NULL,
    encoding TEXT NOT NULL, fingerprint BLOB NOT NULL, boilerplate TEXT NOT NULL, sentences TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE TABLE documents (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, root TEXT NOT NULL, path BLOB NOT NULL, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, content INTEGER NOT NULL, born INTEGER, died INTEGER
);
CREATE INDEX documents_content ON documents (content);
CREATE INDEX documents_name ON documents (name);
CREATE TABLE days (content INTEGER NOT NULL, day TEXT NOT NULL, PRIMARY KEY (content, day)) WITHOUT ROWID;
CREATE TABLE passages (
    key INTEGER PRIMARY KEY AUTOINCREMENT, content INTEGER NOT NULL, language TEXT, "start" INTEGER NOT NULL,
    "end" INTEGER NOT NULL, sentences TEXT NOT NULL, text TEXT NOT NULL, sentence_vectors BLOB NOT NULL
);
CREATE INDEX passages_content ON passages (content, language);
CREATE TABLE failures (name TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE vectors (key INTEGER PRIMARY KEY, vector BLOB NOT NULL);
"""
_LIVE = "d.born <= :generation AND (d.died IS NULL OR d.died > :generation)"
_SOURCE = "d.content, d.name, c.sha256, c.language, c.title, c.author, c.dates, c.encoding"
_MATCHING = {
    "documents": """EXISTS (SELECT 1 FROM json_each(:documents) j WHERE d.name = j.value
        OR (j.value LIKE '%/' AND substr(d.name, 1, length(j.value)) = j.value))""",
    "languages": "p.language IN (SELECT value FROM json_each(:languages))",
    "days": "EXISTS (SELECT 1 FROM days WHERE content = d.content AND day >= :after AND day <= :before)",
}


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk with all that answering needs.

    Attributes:
        key: Its number in the index.
        chunk: The chunk.
        source: The document it comes from.
        sentence_vectors: ``(len(chunk.sentences), dimensions)``, float32, as precise as float16.
        fingerprint: What ``rag.origins.group`` compares documents by.
    """

    key: int
    chunk: Chunk
    source: Source
    sentence_vectors: Vectors
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of the manifest, for comparison with what is on disk.

    Attributes:
        row: Its row.
        name: Its id.
        root: The label of its root.
        path: Where its file was.
        size: The file's size in bytes.
        mtime_ns: When the file was last changed.
        content: The row of what it says.
        sha256: Hex digest of the file's bytes.
    """

    row: int
    name: str
    root: str
    path: Path
    size: int
    mtime_ns: int
    content: int
    sha256: str


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """A block whose SQLite errors are raised as ours.

    Raises:
        StorageError: The disk is full, or the file cannot be written or is locked by a foreign process.
        IndexDamagedError: Everything else that SQLite reports.
    """
    try:
        yield
    except sqlite3.Error as error:
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise StorageError(f"The disk is full: {str(path)!r}.", "Free some space, then repeat.") from error
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY):
            raise StorageError(
                f"The index cannot be used: {str(path)!r}: {error}.", "Check the folder's permissions and free space."
            ) from error
        raise IndexDamagedError(f"The index is damaged: {str(path)!r}: {error}.", REBUILD) from error


class Sources:
    """An open manifest. One thread at a time may use it.

    Attributes:
        path: The SQLite file.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._known_sources: dict[tuple[int, str], Source] = {}

    @classmethod
    def open(cls, path: Path, *, write: bool = False) -> Sources:
        """The manifest at path, which must exist; ``write`` also allows changes.

        A manifest on a read-only file system is opened without its write-ahead log, which is empty after a clean end.

        Raises:
            IndexDamagedError: There is none, or it cannot be read.
            StorageError: It may not be opened.
        """
        if not path.is_file():
            raise IndexDamagedError(f"The index is damaged: {str(path)!r} is missing.", REBUILD)
        mode = "rw" if write or os.access(path.parent, os.W_OK) else "ro&immutable=1"
        if mode != "rw" and (log := path.with_name(path.name + "-wal")).exists() and log.stat().st_size:
            mode = "ro"
        return cls(path, _connect(path, mode, write))

    @classmethod
    def create(cls, path: Path, **meta: str) -> Sources:
        """A new manifest with no documents and generation 0."""
        connection = _connect(path, "rwc", write=True)
        sources = cls(path, connection)
        with sources.transaction():
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            sources.set_meta(format=FORMAT, generation="0", **meta)
        return sources

    def close(self) -> None:
        """Closes the file; closing twice does nothing."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A block whose changes are all made, on disk, or not at all."""
        with translated(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def execute(self, statement: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[Any]:
        """The rows that one statement returns.

        Raises:
            IndexDamagedError: The file cannot be read.
            StorageError: It cannot be written.
        """
        with translated(self.path):
            return self._connection.execute(statement, cast("Any", values)).fetchall()

    def execute_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Runs one statement for each row of values."""
        with translated(self.path):
            self._connection.executemany(statement, cast("Any", rows))

    def insert(self, table: str, **values: object) -> int:
        """The number of a new row."""
        names = ", ".join(f'"{name}"' for name in values)
        with translated(self.path):
            cursor = self._connection.execute(
                f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})",  # noqa: S608 - our own names
                cast("Any", tuple(values.values())),
            )
        return cast("int", cursor.lastrowid)

    # What the manifest says of itself

    def meta(self) -> dict[str, str]:
        """Everything the manifest says of itself.

        Raises:
            IndexDamagedError: It was not written by this version of the package.
        """
        meta = dict(self.execute("SELECT name, value FROM meta"))
        if meta.get("format") != FORMAT:
            raise IndexDamagedError(
                f"The index has the format {meta.get('format')!r}, this version reads {FORMAT!r}.", REBUILD
            )
        return meta

    def set_meta(self, **values: str) -> None:
        """Changes what the manifest says of itself."""
        self.execute_many("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", list(values.items()))

    def generation(self) -> int:
        """The generation published last; 0 before the first."""
        rows = self.execute("SELECT value FROM meta WHERE name = 'generation'")
        if not rows:
            raise IndexDamagedError(f"The index is damaged: {str(self.path)!r} has no generation.", REBUILD)
        return int(rows[0][0])

    def roots(self) -> list[Root]:
        """The folders and files that are indexed, by label."""
        rows = self.execute("SELECT label, path, folder FROM roots ORDER BY label")
        return [Root(label, Path(os.fsdecode(path)), bool(folder)) for label, path, folder in rows]

    # What a generation holds

    def entries(self, generation: int | None) -> Iterator[Entry]:
        """The documents of a generation; with None those of a run that has not published."""
        live = "d.born IS NULL" if generation is None else _LIVE
        rows = self.execute(
            f"""SELECT d.id, d.name, d.root, d.path, d.size, d.mtime_ns, d.content, c.sha256
                FROM documents d JOIN contents c ON c.id = d.content WHERE {live} ORDER BY d.name""",  # noqa: S608
            {"generation": generation},
        )
        for row, name, root, path, *rest in rows:
            yield Entry(row, name, root, Path(os.fsdecode(path)), *rest)

    def sources(self, generation: int) -> list[Source]:
        """What is known of each document, by id."""
        rows = self.execute(
            f"SELECT {_SOURCE} FROM documents d JOIN contents c ON c.id = d.content WHERE {_LIVE} ORDER BY d.name",  # noqa: S608
            {"generation": generation},
        )
        return [self._source(row) for row in rows]

    def source(self, generation: int, name: str) -> Source | None:
        """What is known of one document, or None when there is no such document."""
        rows = self.execute(
            f"SELECT {_SOURCE} FROM documents d JOIN contents c ON c.id = d.content WHERE d.name = :name AND {_LIVE}",  # noqa: S608
            {"generation": generation, "name": name},
        )
        return self._source(rows[0]) if rows else None

    def path_of(self, generation: int, name: str) -> Path | None:
        """Where a document's file was when it was indexed, or None when there is no such document."""
        rows = self.execute(
            f"SELECT path FROM documents d WHERE name = :name AND {_LIVE}",  # noqa: S608
            {"generation": generation, "name": name},
        )
        return Path(os.fsdecode(rows[0][0])) if rows else None

    def document(self, generation: int, name: str) -> Document | None:
        """A whole document as it was indexed, or None when there is no such document."""
        rows = self.execute(
            f"""SELECT c.text, c.sentences, c.boilerplate, {_SOURCE}
                FROM documents d JOIN contents c ON c.id = d.content WHERE d.name = :name AND {_LIVE}""",  # noqa: S608
            {"generation": generation, "name": name},
        )
        if not rows:
            return None
        text, sentences, boilerplate, *source = rows[0]
        spans = tuple(Span(start, end) for start, end in json.loads(boilerplate))
        return Document(self._source(source), text, unpack_sentences(sentences), spans)

    def counts(self, generation: int) -> dict[str, int]:
        """The number of passages in each language; "" stands for those whose language is unknown."""
        rows = self.execute(
            f"""SELECT coalesce(p.language, ''), count(*) FROM documents d JOIN passages p ON p.content = d.content
                WHERE {_LIVE} GROUP BY 1 ORDER BY 2 DESC, 1""",  # noqa: S608
            {"generation": generation},
        )
        return dict(rows)

    def keys(self, generation: int, wanted: Filter | None = None, among: Sequence[int] | None = None) -> list[int]:
        """The keys of a generation's passages that pass a filter, ascending.

        Args:
            generation: Which generation.
            wanted: The filter; None and an empty one let everything pass.
            among: Only these keys; None means all.
        """
        values: dict[str, object] = {"generation": generation}
        tables = "documents d JOIN passages p ON p.content = d.content"
        if among is not None:
            tables = (
                "json_each(:among) a CROSS JOIN passages p ON p.key = a.value JOIN documents d ON d.content = p.content"
            )
            values["among"] = json.dumps(list(among))
        conditions = [_LIVE, *_conditions(wanted or Filter(), values)]
        statement = f"SELECT p.key FROM {tables} WHERE {' AND '.join(conditions)} ORDER BY p.key"  # noqa: S608
        return [key for (key,) in self.execute(statement, values)]

    def vectors(self, keys: Sequence[int], dimensions: int) -> tuple[list[int], Vectors]:
        """The keys that exist, in ascending order, and their vectors: ``(n, dimensions)``, float32."""
        rows = self.execute(
            "SELECT key, vector FROM vectors WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key",
            (json.dumps(list(keys)),),
        )
        data = np.frombuffer(b"".join(row[1] for row in rows), np.float32)
        return [row[0] for row in rows], data.reshape(len(rows), dimensions)

    def words(self, keys: Sequence[int]) -> list[tuple[int, str | None, str, str]]:
        """Key, language, title (or "") and text of some passages."""
        return self.execute(
            """SELECT p.key, p.language, coalesce(c.title, ''), p.text FROM passages p
               JOIN contents c ON c.id = p.content WHERE p.key IN (SELECT value FROM json_each(?)) ORDER BY p.key""",
            (json.dumps(list(keys)),),
        )

    def chunk_languages(self, keys: Sequence[int]) -> dict[int, str | None]:
        """The language of each of some passages, by key; one that does not exist is left out."""
        query = "SELECT key, language FROM passages WHERE key IN (SELECT value FROM json_each(?))"
        return dict(self.execute(query, (json.dumps(list(keys)),)))

    def passages(self, keys: Sequence[int], generation: int, dimensions: int) -> list[Passage]:
        """Passages in the order of their keys; a key that no longer exists is left out."""
        rows = self.execute(
            f"""SELECT p.key, {_LIVE}, p.language, p."start", p."end", p.sentences, p.text, p.sentence_vectors,
                c.fingerprint, {_SOURCE} FROM json_each(:keys) j CROSS JOIN passages p ON p.key = j.value
                JOIN documents d ON d.content = p.content JOIN contents c ON c.id = p.content
                WHERE d.born IS NOT NULL""",  # noqa: S608
            {"generation": generation, "keys": json.dumps(list(keys))},
        )
        # A passage has two documents when its file was renamed lately: the live one counts.
        found: dict[int, Sequence[Any]] = {}
        for row in rows:
            if row[1] or row[0] not in found:
                found[row[0]] = row
        return [self._passage(found[key], dimensions) for key in keys if key in found]

    def _passage(self, row: Sequence[Any], dimensions: int) -> Passage:
        key, _, language, start, end, sentences, text, vectors, fingerprint = row[:9]
        source = self._source(row[9:])
        chunk = Chunk(source.id, Span(start, end), text, unpack_sentences(sentences), language)
        inner = np.frombuffer(vectors, np.float16).reshape(-1, dimensions).astype(np.float32)
        return Passage(key, chunk, source, inner, fingerprint)

    def _source(self, row: Sequence[Any]) -> Source:
        content, name, sha256, language, title, author, dates, encoding = row
        known = self._known_sources.get((content, name))
        if known is None:
            if len(self._known_sources) > 10_000:
                self._known_sources.clear()
            known = Source(name, sha256, language, title, author, unpack_dates(dates), encoding)
            self._known_sources[content, name] = known
        return known


def _connect(path: Path, mode: str, write: bool) -> sqlite3.Connection:
    with translated(path):
        uri = f"file:{quote(os.fsencode(path))}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None, check_same_thread=False)
        try:
            if mode == "rwc":
                connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL" if write else "PRAGMA query_only = 1")
            connection.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.Error:
            connection.close()
            raise
    return connection


def _conditions(wanted: Filter, values: dict[str, object]) -> Iterator[str]:
    """The SQL conditions of a filter; puts what they need into values."""
    if wanted.documents:
        values["documents"] = json.dumps(wanted.documents)
        yield _MATCHING["documents"]
    if wanted.languages:
        values["languages"] = json.dumps(wanted.languages)
        yield _MATCHING["languages"]
    if wanted.after or wanted.before:
        values["after"] = (wanted.after or date.min).isoformat()
        values["before"] = (wanted.before or date.max).isoformat()
        yield _MATCHING["days"]

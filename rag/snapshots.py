"""The vectors and words of one published generation.

A snapshot is built in a folder of its own, closed, sealed with the sizes of its files and only then published. Readers
open it without locks, since nobody writes to it again. The next generation starts from a copy. With a Chroma server
the vectors live there instead, in one collection for all generations.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from rag import lexical, vectors
from rag.embedding import Vectors
from rag.errors import IndexDamagedError, RagError, StorageError
from rag.layout import REPAIR, writing
from rag.lexical import Words, WordsWriter
from rag.sources import Sources
from rag.vectors import VectorStore

_BUFFERED = 5_000
_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where the vectors of an index live.

    Attributes:
        url: The Chroma server; None for the folder of the snapshot.
        collection: The name of the collection on the server.
    """

    url: str | None
    collection: str


class Snapshot:
    """A published snapshot, opened part by part as each is needed. One thread at a time may use it."""

    def __init__(self, folder: Path, seal: dict[str, int], passages: int, place: Place) -> None:
        self._folder = folder
        self._seal = seal
        self._passages = passages
        self.place = place
        self._copy: tempfile.TemporaryDirectory[str] | None = None

    @cached_property
    def vectors(self) -> VectorStore:
        """The vectors.

        Raises:
            IndexDamagedError: They are missing, unreadable or not as many as the manifest says.
            StorageError: They cannot be opened.
        """
        place = self.place
        store = VectorStore.server(place.url, place.collection) if place.url else self._embedded()
        count = store.count()
        # A server's collection may also hold vectors of generations before and after this one.
        if count < self._passages or (count > self._passages and not self.place.url):
            store.close()
            raise IndexDamagedError(
                f"The index is damaged: it has {self._passages} passages but {count} vectors.", REPAIR
            )
        return store

    def _embedded(self) -> VectorStore:
        """The vectors in the folder, or in a copy when Chroma finds no room to write there."""
        try:
            return VectorStore.embedded(self._checked("chroma"))
        except StorageError:
            if self._copy is not None:
                raise
            return VectorStore.embedded(self._copied() / "chroma")

    @cached_property
    def words(self) -> Words:
        """The words.

        Raises:
            IndexDamagedError: They are missing, unreadable or not as many as the manifest says.
        """
        words = Words(self._checked("words"))
        if words.count != self._passages:
            raise IndexDamagedError(
                f"The index is damaged: it has {self._passages} passages but words of {words.count}.", REPAIR
            )
        return words

    def _checked(self, part: str) -> Path:
        """The folder of a part, once its files are known to be whole: Chroma may crash on a truncated one."""
        for name, size in self._seal.items():
            if name.startswith(part + "/"):
                try:
                    found = (self._folder / name).stat().st_size
                except OSError as error:
                    raise IndexDamagedError(f"The index is damaged: {name!r} is missing.", REPAIR) from error
                if found < size:
                    raise IndexDamagedError(f"The index is damaged: {name!r} is truncated.", REPAIR)
        return (self._folder if os.access(self._folder, os.W_OK) else self._copied()) / part

    def _copied(self) -> Path:
        """A temporary copy of the snapshot: Chroma and tantivy write even to read."""
        if self._copy is None:
            self._copy = tempfile.TemporaryDirectory(prefix="spanwise-")
            with writing(Path(self._copy.name)):
                shutil.copytree(self._folder, self._copy.name, dirs_exist_ok=True)
                for path in Path(self._copy.name).rglob("*"):
                    path.chmod(0o700 if path.is_dir() else 0o600)
        return Path(self._copy.name)

    def present(self) -> bool:
        """Whether the snapshot is still there, so that whatever was opened until now was whole.

        Chroma takes a missing graph for one that was never saved, and makes the folder anew; it never makes ``words``.
        """
        return (self._folder / "words").is_dir()

    def problem(self) -> RagError | None:
        """What is wrong with the snapshot; None when it is whole."""
        try:
            count = self.vectors.count()
            if self.words.count == self._passages == count:
                return None
        except RagError as error:
            return error
        return IndexDamagedError(f"The index holds {count} vectors for {self._passages} passages.", REPAIR)

    def close(self) -> None:
        """Closes what was opened."""
        store = self.__dict__.pop("vectors", None)
        if store is not None:
            store.close()
        self.__dict__.pop("words", None)
        if self._copy is not None:
            self._copy.cleanup()
            self._copy = None


def open_snapshot(folder: Path, meta: Mapping[str, str]) -> Snapshot:
    """The published snapshot that a manifest in folder names; nothing is read yet."""
    return Snapshot(
        folder / meta["snapshot"],
        json.loads(meta["seal"]),
        sum(json.loads(meta["counts"]).values()),
        Place(meta["url"] or None, meta["collection"]),
    )


class SnapshotWriter:
    """The snapshot of the coming generation, while it is built.

    Args:
        folder: Its folder, which must not exist.
        previous: A whole snapshot to start from, or None.
        place: Where the vectors go.
    """

    def __init__(self, folder: Path, previous: Path | None, place: Place) -> None:
        self.folder = folder
        self._place = place
        with writing(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            if previous is not None:
                lexical.copy(previous / "words", folder / "words")
                if not place.url and (previous / "chroma").is_dir():
                    vectors.copy(previous / "chroma", folder / "chroma")
        self._words: WordsWriter | None = WordsWriter(folder / "words")
        self._store = (
            VectorStore.server(place.url, place.collection, create=True)
            if place.url
            else VectorStore.embedded(folder / "chroma", create=True)
        )
        self._keys: list[int] = []
        self._vectors: list[Vectors] = []
        self._word_keys: set[int] = set(Words(folder / "words").keys()) if previous is not None else set()

    def add_vectors(self, keys: Sequence[int], rows: Vectors) -> None:
        """Adds vectors; they are handed to Chroma in large batches, since it writes its whole graph after each."""
        self._keys += keys
        self._vectors.append(rows)
        if len(self._keys) >= _BUFFERED:
            self._flush()

    def add_words(self, passages: Sequence[tuple[int, str | None, str, str]]) -> None:
        """Adds passages to the words: key, language, title and text."""
        assert self._words is not None  # noqa: S101 - finish() ends the writer
        self._words.add(passages)
        self._word_keys.update(key for key, *_ in passages)

    def _flush(self) -> None:
        if self._keys:
            self._store.add(self._keys, np.concatenate(self._vectors))
            self._keys, self._vectors = [], []

    def finish(self, sources: Sources, keys: Sequence[int], dimensions: int) -> dict[str, int]:
        """Makes the snapshot hold exactly the passages with some keys, closes it and returns its seal.

        On a server, vectors of the present generation stay until ``prune``.
        """
        self._flush()
        wanted, present = set(keys), set(self._store.keys())
        missing = sorted(wanted - present)
        for start in range(0, len(missing), _BATCH):
            self._store.add(*sources.vectors(missing[start : start + _BATCH], dimensions))
        if not self._place.url:
            self._store.delete(sorted(present - wanted))
            self._store.settle()
            self._store.close()
        self._finish_words(sources, wanted)
        names = [path for path in self.folder.rglob("*") if path.is_file() and path.suffix != ".lock"]
        return {path.relative_to(self.folder).as_posix(): path.stat().st_size for path in names}

    def _finish_words(self, sources: Sources, wanted: set[int]) -> None:
        assert self._words is not None  # noqa: S101 - finish() is called once
        missing = sorted(wanted - self._word_keys)
        for start in range(0, len(missing), _BATCH):
            self._words.add(sources.words(missing[start : start + _BATCH]))
        self._words.delete(self._word_keys - wanted)
        self._words.commit()
        self._words = None

    def prune(self, keys: Sequence[int]) -> None:
        """Removes the vectors of all other passages from the server; a folder never has any."""
        if self._place.url:
            self._store.delete(sorted(set(self._store.keys()).difference(keys)))

    def close(self) -> None:
        """Lets go of everything."""
        self._words = None
        with suppress(RagError):
            self._store.close()

    def abandon(self) -> None:
        """Removes what was built."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

"""The index as readers see it: manifest, vectors and words of one published generation, kept in step.

Readers take no lock and are never blocked. Before each call they look whether a newer generation was published, which
costs some microseconds, and move on to it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

import numpy as np

from rag import lexical
from rag.config import Settings
from rag.documents import Document, Filter, Source
from rag.embedding import Embedder, Vectors
from rag.errors import IndexDamagedError, IndexMismatchError, NoIndexError, RagError, StorageError
from rag.layout import REBUILD, REPAIR, Layout, size_on_disk
from rag.manifests import check_makers
from rag.scanning import Root, scan
from rag.snapshots import Snapshot, open_snapshot
from rag.sources import Entry, Passage, Sources

__all__ = ["Changes", "Index", "IndexStatus", "Passage"]

T = TypeVar("T")
Ranking = list[tuple[int, float]]

_EXACT = 2_000
_SCOPES = 16
_MOVES = 20


@dataclass(frozen=True, slots=True)
class Changes:
    """How the files differ from the index, by their size and time alone: ids of documents."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """An index in figures.

    Attributes:
        home: RAG_HOME.
        roots: The folders and files that are indexed.
        documents: How many documents.
        chunks: How many passages.
        languages: Passages per language, most frequent first.
        embedder: Which embedder made the vectors.
        chunker: Which chunker cut the passages.
        vectors: The Chroma server's address, or "embedded".
        generation: How many times something changed.
        published: When it last changed.
        size_bytes: On disk, a server's part not counted.
    """

    home: Path
    roots: tuple[Path, ...]
    documents: int
    chunks: int
    languages: dict[str, int]
    embedder: str
    chunker: str
    vectors: str
    generation: int
    published: datetime
    size_bytes: int


class _Scope:
    """The passages that a filter lets pass."""

    def __init__(self, keys: Sequence[int], sources: Sources, dimensions: int) -> None:
        self.keys = keys
        self._sources = sources
        self._dimensions = dimensions

    @cached_property
    def known(self) -> frozenset[int]:
        """The keys, for membership."""
        return frozenset(self.keys)

    @cached_property
    def _rows(self) -> tuple[list[int], Vectors]:
        return self._sources.vectors(self.keys, self._dimensions)

    def nearest(self, vector: Vectors, k: int) -> Ranking:
        """The exact ranking of a small scope by cosine similarity, best first, ties by key."""
        keys, rows = self._rows
        scores = rows @ vector
        best = np.argsort(-scores, kind="stable")[:k]
        return [(keys[i], float(scores[i])) for i in best]


class Index:
    """An index opened for reading; safe to share between threads, which take turns.

    Attributes:
        embedder: Makes the vectors of questions.
    """

    def __init__(self, settings: Settings, embedder: Embedder) -> None:
        self.embedder = embedder
        self._settings = settings
        self._layout = Layout(settings.home)
        self._lock = threading.RLock()
        self._sources: Sources | None = None
        self._snapshot: Snapshot | None = None
        self._attach()

    @classmethod
    def open(cls, settings: Settings, embedder: Embedder) -> Index:
        """The index in RAG_HOME.

        Raises:
            NoIndexError: There is none.
            IndexMismatchError: It was made by another embedder or chunker, or its vectors are elsewhere.
            IndexDamagedError: It cannot be read.
        """
        return cls(settings, embedder)

    def close(self) -> None:
        """Closes every file; closing twice does nothing."""
        with self._lock:
            if self._snapshot is not None:
                self._snapshot.close()
            if self._sources is not None:
                self._sources.close()
            self._snapshot = self._sources = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Rankings

    def dense(self, vector: Vectors, k: int, filter: Filter = Filter()) -> Ranking:  # noqa: A002, B008 - frozen
        """The keys of the passages nearest to a question's vector, with cosine similarities, best first.

        Up to 2,000 passages that pass the filter are compared exactly; otherwise the ranking is approximate.
        """

        def rank(sources: Sources, snapshot: Snapshot) -> Ranking:
            scope = self._scope(sources, filter)
            if scope is not None and len(scope.keys) <= _EXACT:
                return scope.nearest(vector, k)
            nearest = snapshot.vectors.nearest
            return self._grow(k, lambda n: nearest(vector, n), scope, sources, exact=snapshot.place.url is None)

        return self._steady(rank) if k > 0 and self.chunk_count else []

    def lexical(self, question: str, k: int, filter: Filter = Filter()) -> Ranking:  # noqa: A002, B008 - frozen
        """The keys of the passages that share words with a question, with BM25 scores, best first.

        The question is analysed in every language of the index.
        """

        def rank(sources: Sources, snapshot: Snapshot) -> Ranking:
            stems = lexical.question_stems(question, [code or None for code in self._counts])
            scope = self._scope(sources, filter)
            if scope is not None and len(scope.keys) <= _EXACT:
                return snapshot.words.nearest(stems, k, scope.keys) if scope.keys else []
            return self._grow(k, lambda n: snapshot.words.nearest(stems, n), scope, sources, exact=True)

        return self._steady(rank) if k > 0 and self.chunk_count else []

    def passages(self, keys: Sequence[int]) -> list[Passage]:
        """The passages of some keys, in their order; one that no longer exists is left out."""
        return self._steady(lambda sources, _: sources.passages(keys, self._generation, self.embedder.dimensions))

    def keys(self, filter: Filter = Filter()) -> list[int]:  # noqa: A002, B008 - frozen
        """The keys of the passages that pass a filter, ascending."""
        return self._steady(lambda sources, _: sources.keys(self._generation, filter))

    def vectors(self, keys: Sequence[int]) -> tuple[list[int], Vectors]:
        """The keys, of those given, that exist, and their passages' vectors: ``(len(keys), dimensions)``, float32."""
        return self._steady(lambda sources, _: sources.vectors(keys, self.embedder.dimensions))

    def chunk_languages(self, keys: Sequence[int]) -> dict[int, str | None]:
        """The language of each of some passages; one that no longer exists is left out."""
        return self._steady(lambda sources, _: sources.chunk_languages(keys))

    def document_frequency(self, stems: Sequence[str]) -> dict[str, int]:
        """In how many passages each stem occurs; passages removed lately may still count."""
        return self._steady(lambda _, snapshot: {stem: snapshot.words.document_frequency(stem) for stem in stems})

    # The manifest

    @property
    def chunk_count(self) -> int:
        """How many passages there are."""
        return sum(self._counts.values())

    @property
    def languages(self) -> dict[str, int]:
        """Passages per language, most frequent first; those of unknown language are left out."""
        return {code: count for code, count in self._counts.items() if code}

    def sources(self) -> list[Source]:
        """What is known of each document, by id."""
        return self._steady(lambda sources, _: sources.sources(self._generation))

    def source(self, document_id: str) -> Source | None:
        """What is known of one document; None when there is no such document."""
        return self._steady(lambda sources, _: sources.source(self._generation, document_id))

    def path(self, document_id: str) -> Path | None:
        """Where a document's file was when it was indexed; None when there is no such document."""
        return self._steady(lambda sources, _: sources.path_of(self._generation, document_id))

    def document(self, document_id: str) -> Document | None:
        """A whole document as it was indexed; None when there is no such document."""
        return self._steady(lambda sources, _: sources.document(self._generation, document_id))

    def changes(self) -> Changes:
        """How the files differ from the index, by size and time alone.

        Folders that cannot be read count as unchanged, and so do files that failed and have not changed since.
        """
        roots, live, failed = self._steady(self._files)
        found = scan(roots, {entry.root for entry in live.values()}, skip=self._layout.home)
        news = {
            name: (f.size, f.mtime_ns) for name, f in found.files.items() if (name, f.size, f.mtime_ns) not in failed
        }
        return Changes(
            tuple(sorted(news.keys() - live.keys())),
            tuple(sorted(n for n in news.keys() & live.keys() if news[n] != (live[n].size, live[n].mtime_ns))),
            tuple(sorted(name for name, entry in live.items() if found.proves_gone(name, entry.path))),
        )

    def status(self) -> IndexStatus:
        """The index in figures; neither the vectors nor the words are opened."""
        return self._steady(self._figures)

    def problem(self) -> RagError | None:
        """What is wrong with the vectors or the words; None when they are whole."""
        try:
            return self._steady(lambda _, snapshot: snapshot.problem())
        except RagError as error:
            return error

    # How readers follow the writer

    def _attach(self) -> None:
        """Opens the generation that is published now."""
        for attempt in range(_MOVES):
            self.close()
            self._stamp = self._layout.stamp()
            try:
                self._open()
                return
            except (IndexDamagedError, StorageError):
                # A rebuild may just have put another folder to use and removed this one.
                self.close()
                if self._stamp == self._layout.stamp() or attempt == _MOVES - 1:
                    raise

    def _open(self) -> None:
        folder = self._layout.current()
        if folder is None:
            raise NoIndexError(f"There is no index in {str(self._layout.home)!r}.", "Run: rag index PATH")
        self._sources = Sources.open(folder / "sources.sqlite")
        meta = self._sources.meta()
        self._meta = meta
        self._generation = int(meta["generation"])
        if self._generation == 0:
            raise NoIndexError(f"The index in {str(self._layout.home)!r} was never finished.", REPAIR)
        check_makers(meta, self.embedder)
        url = self._settings.chroma_url or ""
        if meta["url"] != url:
            raise IndexMismatchError(
                f"The index has its vectors at {meta['url'] or 'RAG_HOME'!r}, but RAG_CHROMA_URL is {url!r}.", REPAIR
            )
        try:
            self._counts: dict[str, int] = json.loads(meta["counts"])
            self._snapshot = open_snapshot(folder, meta)
        except (KeyError, ValueError) as error:
            raise IndexDamagedError(f"The index is damaged: the manifest lacks {error}.", REBUILD) from error
        self._scopes: dict[Filter, _Scope] = {}

    def _moved(self) -> bool:
        """Whether another generation than ours is published, or nothing can be read where we are."""
        if self._sources is None or self._layout.stamp() != self._stamp:
            return True
        with suppress(RagError):
            return self._sources.generation() != self._generation
        return False

    def _steady(self, read: Callable[[Sources, Snapshot], T]) -> T:
        """What ``read`` returns for one generation, from its beginning to its end."""
        with self._lock:
            if self._moved():
                self._attach()
            for attempt in range(_MOVES):
                sources, snapshot = self._sources, self._snapshot
                assert sources is not None  # noqa: S101 - _attach opens both
                assert snapshot is not None  # noqa: S101
                try:
                    result = read(sources, snapshot)
                except (IndexDamagedError, StorageError):
                    # The writer removes a generation that a newer one has replaced.
                    if not self._moved() or attempt == _MOVES - 1:
                        raise
                else:
                    # A server has one collection for all generations: a change may have come in between.
                    # The order matters: a snapshot is removed only after another one was published.
                    present = snapshot.place.url is None and snapshot.present()
                    moved = not present and self._moved()
                    if present or (snapshot.place.url is not None and not moved):
                        return result
                    if not moved:
                        raise IndexDamagedError("The index is damaged: its snapshot is missing.", REPAIR)
                self._attach()
        raise StorageError("The index changes faster than it can be read.", "Try again when the writer has finished.")

    def _scope(self, sources: Sources, wanted: Filter) -> _Scope | None:
        """The passages that a filter lets pass; None when it is empty."""
        if not wanted:
            return None
        scope = self._scopes.get(wanted)
        if scope is None:
            if len(self._scopes) >= _SCOPES:
                self._scopes.pop(next(iter(self._scopes)))
            scope = _Scope(sources.keys(self._generation, wanted), sources, self.embedder.dimensions)
            self._scopes[wanted] = scope
        return scope

    def _grow(
        self, k: int, search: Callable[[int], Ranking], scope: _Scope | None, sources: Sources, *, exact: bool
    ) -> Ranking:
        """The first k results that count, from a search that is widened until there are so many.

        Args:
            k: At most so many.
            search: Gives the first n results.
            scope: Which passages may be among them; None lets all of this generation pass.
            sources: The manifest.
            exact: Whether what is searched holds this generation's passages and no others.
        """
        n = k if scope is None else 4 * k
        while True:
            found = kept = search(n)
            if scope is not None:
                kept = [(key, score) for key, score in found if key in scope.known]
            elif not exact:
                live = set(sources.keys(self._generation, among=[key for key, _ in found]))
                kept = [(key, score) for key, score in found if key in live]
            if len(kept) >= k or len(found) < n:
                return kept[:k]
            n *= 4

    def _files(self, sources: Sources, _: Snapshot) -> tuple[list[Root], dict[str, Entry], set[tuple[str, int, int]]]:
        live = {entry.name: entry for entry in sources.entries(self._generation)}
        failed = {tuple(row) for row in sources.execute("SELECT name, size, mtime_ns FROM failures")}
        return sources.roots(), live, failed

    def _figures(self, sources: Sources, _: Snapshot) -> IndexStatus:
        meta = self._meta
        return IndexStatus(
            home=self._layout.home,
            roots=tuple(root.path for root in sources.roots()),
            documents=int(meta["documents"]),
            chunks=self.chunk_count,
            languages=self.languages,
            embedder=meta["embedder"],
            chunker=meta["chunker"],
            vectors=meta["url"] or "embedded",
            generation=self._generation,
            published=datetime.fromisoformat(meta["published"]),
            size_bytes=size_on_disk(sources.path.parent),
        )

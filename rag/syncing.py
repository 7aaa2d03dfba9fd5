"""The writer: brings an index into step with the files it is made from.

Reading and cutting, embedding, and writing overlap in three threads with a bounded amount of text between them. Documents
are staged in the manifest as they are finished, so that a run that was killed is resumed and not repeated, and become
visible all together when the run ends. Each step raises the auditing event ``rag.sync`` with its name
(https://docs.python.org/3/library/sys.html#sys.addaudithook); tests kill the process there.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rag import chunking, loaders
from rag.config import Settings
from rag.documents import Chunk, Span
from rag.embedding import Embedder
from rag.errors import DocumentError, IndexDamagedError, IndexMismatchError, RagError, UsageError
from rag.layout import REBUILD, Layout, writing
from rag.overlap import Behind, ahead
from rag.scanning import Failure, File, Root, Scan, resolve_roots, scan
from rag.snapshots import Place, Snapshot, SnapshotWriter
from rag.sources import Entry, Sources
from rag.staging import Part, Plan, Prepared, mark, note, recover, set_roots, stage, staged_names
from rag.vectors import VectorStore

Progress = Callable[[int, int, str], None]

_BATCH_PASSAGES = 128
_BATCH_CHARACTERS = 200_000
_AHEAD_CHARACTERS = 4_000_000
_BATCHES_BEHIND = 4
_MAX_TOMBSTONES = 0.5


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did.

    Attributes:
        added: Ids of new documents.
        changed: Ids of documents whose file has other bytes than before.
        renamed: Old and new ids of files that were moved; nothing was embedded again for them.
        removed: Ids of documents whose file is gone.
        unchanged: How many documents stayed as they were.
        failed: Files and folders that could not be read: id, message, hint. An earlier version of such a file stays.
        chunks: How many passages were embedded.
        seconds: How long it took.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    failed: tuple[Failure, ...] = ()
    chunks: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Found:
    """What is to be done with one file."""

    file: File
    kind: Literal["unchanged", "staged", "moved", "new", "failed"]
    entry: Entry | None = None
    prepared: Prepared | None = None
    failure: Failure | None = None

    def weight(self) -> int:
        return len(self.prepared.document.text) if self.prepared else 1


@dataclass(slots=True)
class _Results:
    """What becomes of a run's report."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    unchanged: int = 0
    failed: list[Failure] = field(default_factory=list)
    chunks: int = 0


def _reached(step: str) -> None:
    sys.audit("rag.sync", step)


def sync(
    settings: Settings,
    embedder: Embedder,
    paths: Sequence[Path] = (),
    *,
    rebuild: bool = False,
    progress: Progress | None = None,
) -> SyncReport:
    """Brings the index into step with its files, making it when there is none.

    Args:
        settings: Where the index lives.
        embedder: Makes the vectors.
        paths: Folders and files to index, remembered as roots; without any, every root that is known.
        rebuild: Start over: read and embed everything again, with ``paths`` as the only roots when they are given. The
            index in use stays until the new one is finished.
        progress: Called in this thread with the files done, all files and the document's id.

    Raises:
        UsageError: A path does not exist, or there is nothing to index.
        IndexLockedError: Another process is writing.
        IndexMismatchError: The index was made by another embedder or chunker.
        IndexDamagedError: The manifest cannot be read.
        StorageError: The disk is full, or RAG_HOME cannot be written.
        EmbeddingError: The embedder failed. What was finished before is kept for the next run.
    """
    started = time.perf_counter()
    layout = Layout(settings.home)
    if not rebuild and not paths and layout.current() is None and not layout.folders():
        raise UsageError("No folder was named to make an index from.", "Run: rag index PATH")
    with layout.lock():
        known = _known_roots(layout) if rebuild and not paths else []
        folder, sources = _open_folder(layout, settings, embedder, rebuild=rebuild)
        with closing(sources):
            run = _Run(layout, folder, sources, settings, embedder, progress)
            results, removed = run.run(paths, known if rebuild else sources.roots())
    return SyncReport(
        tuple(results.added),
        tuple(results.changed),
        tuple(results.renamed),
        tuple(removed),
        results.unchanged,
        tuple(results.failed),
        results.chunks,
        time.perf_counter() - started,
    )


def _known_roots(layout: Layout) -> list[Root]:
    """The roots of the index in use, for a rebuild without paths.

    Raises:
        UsageError: They cannot be known.
    """
    try:
        folder = layout.current()
        if folder is not None:
            with closing(Sources.open(folder / "sources.sqlite")) as sources:
                roots = sources.roots()
                if roots:
                    _check_readable(roots)
                    return roots
    except UsageError:
        raise
    except RagError as error:
        raise UsageError(
            f"The damaged index no longer tells what it was made from. {error.message}",
            "Name the folders again: rag index --rebuild PATH",
        ) from error
    raise UsageError("No folder was named to make an index from.", "Run: rag index PATH")


def _check_readable(roots: Sequence[Root]) -> None:
    """Refuses a rebuild that would lose the documents of a folder that is away."""
    for root in roots:
        if root.folder and not root.path.is_dir():
            raise UsageError(
                f"The folder {str(root.path)!r} cannot be read; rebuilding would lose its documents.",
                "Mount it again, or name the folders to keep: rag index --rebuild PATH",
            )


def _open_folder(layout: Layout, settings: Settings, embedder: Embedder, *, rebuild: bool) -> tuple[Path, Sources]:
    """The folder to write to, and its manifest: the one in use, a half-made one that fits, or a new one."""
    current = None if rebuild else layout.current()
    if current is not None:
        sources = Sources.open(current / "sources.sqlite", write=True)
        try:
            check_makers(sources.meta(), embedder)
        except BaseException:
            sources.close()
            raise
        return current, sources
    in_use = _in_use(layout)
    for folder in reversed(layout.folders()):
        if folder != in_use and (left := _left_over(folder, embedder)) is not None:
            return folder, left
    folder = layout.new_folder()
    with writing(folder):
        return folder, Sources.create(
            folder / "sources.sqlite",
            embedder=embedder.name,
            dimensions=str(embedder.dimensions),
            chunker=chunking.NAME,
            collection=f"spanwise-{uuid.uuid4().hex}",
            url=settings.chroma_url or "",
        )


def _in_use(layout: Layout) -> Path | None:
    try:
        return layout.current()
    except IndexDamagedError:
        return None


def _left_over(folder: Path, embedder: Embedder) -> Sources | None:
    """The manifest of a run that was killed before it could put its folder to use, if it fits."""
    try:
        sources = Sources.open(folder / "sources.sqlite", write=True)
    except RagError:
        return None
    try:
        check_makers(sources.meta(), embedder)
    except RagError:
        sources.close()
        return None
    return sources


def check_makers(meta: dict[str, str], embedder: Embedder) -> None:
    """Does nothing when the index was made by this embedder and chunker.

    Raises:
        IndexMismatchError: It was not.
    """
    for part, ours in (("embedder", embedder.name), ("chunker", chunking.NAME)):
        theirs = meta.get(part)
        if theirs != ours:
            raise IndexMismatchError(f"The index was made by the {part} {theirs!r}, now it is {ours!r}.", REBUILD)


class _Run:
    """One run of the writer."""

    def __init__(
        self,
        layout: Layout,
        folder: Path,
        sources: Sources,
        settings: Settings,
        embedder: Embedder,
        progress: Progress | None,
    ) -> None:
        self._layout = layout
        self._folder = folder
        self._sources = sources
        self._embedder = embedder
        self._progress = progress or (lambda done, total, name: None)
        self._meta = sources.meta()
        self._generation = int(self._meta["generation"])
        self._place = Place(settings.chroma_url, self._meta["collection"])
        self._plan = Plan()
        self._results = _Results()
        self._fresh: set[str] = set()

    def run(self, paths: Sequence[Path], known: Sequence[Root]) -> tuple[_Results, list[str]]:
        """What was done, and the ids of the documents that were removed."""
        recover(self._sources)
        roots, asked = resolve_roots(paths, known)
        if not asked:
            raise UsageError("No folder was named to make an index from.", "Run: rag index PATH")
        set_roots(self._sources, roots)
        live = {entry.name: entry for entry in self._sources.entries(self._generation)}
        found = scan(asked, {entry.root for entry in live.values()}, skip=self._layout.home)
        self._results.failed += found.failures
        labels, current = {root.label for root in roots}, {root.label for root in asked}
        mine = [entry for entry in live.values() if entry.root in current or entry.root not in labels]
        gone = {entry.name: entry for entry in mine if found.proves_gone(entry.name, entry.path)}
        healthy = self._previous()
        writer: list[SnapshotWriter] = []
        try:
            self._read(found, live, gone, healthy, writer)
            removed = sorted(gone)
            self._plan.dead += [entry.row for entry in gone.values()]
            self._plan.dead += [live[old].row for old, _ in self._results.renamed]
            if self._needs_publishing(healthy):
                self._publish(healthy, writer)
            if _in_use(self._layout) != self._folder:
                self._layout.use(self._folder)
            _reached("in use")
            note(self._sources, self._plan, [root.label for root in asked])
        except BaseException:
            for each in writer:
                each.abandon()
            raise
        self._clean()
        return self._results, removed

    # Reading, embedding and writing

    def _read(
        self,
        found: Scan,
        live: dict[str, Entry],
        gone: dict[str, Entry],
        healthy: Path | None,
        writer: list[SnapshotWriter],
    ) -> None:
        """Stages what is new and sorts out the rest."""
        staged = staged_names(self._sources)
        files = sorted(found.files.values(), key=lambda file: file.name)
        finds = self._find(files, live, staged, gone)
        total = len(files)
        done = 0

        def write(parts: list[Part]) -> None:
            keys = stage(self._sources, parts)
            _reached("staged")
            if not writer:
                writer.append(self._start(healthy))
            self._write(writer[0], parts, keys)

        with Behind(write, _BATCHES_BEHIND) as behind:
            batch = _Batch(self._embedder, behind)
            for find in ahead(finds, _Found.weight, _AHEAD_CHARACTERS):
                self._sort(find, live, gone)
                if find.prepared is not None:
                    batch.add(find.prepared)
                done += 1
                self._progress(done, total, find.file.name)
            batch.flush()

    def _write(self, writer: SnapshotWriter, parts: Sequence[Part], keys: list[int]) -> None:
        """Writes vectors and words of passages that are staged."""
        done = 0
        for part in parts:
            own = keys[done : done + len(part.chunks)]
            done += len(own)
            title = part.prepared.document.source.title or ""
            writer.add(own, part.vectors)
            writer.add_words(
                [(key, chunk.language, title, chunk.text) for key, chunk in zip(own, part.chunks, strict=True)]
            )
        _reached("written")

    def _find(
        self, files: Sequence[File], live: dict[str, Entry], staged: dict[str, Entry], gone: dict[str, Entry]
    ) -> Iterator[_Found]:
        """What is to be done with each file; runs in a thread of its own."""
        by_digest: dict[tuple[str, str], list[Entry]] = {}
        for entry in gone.values():
            by_digest.setdefault((entry.sha256, entry.path.suffix), []).append(entry)
        for file in files:
            try:
                with file.path.open("rb") as stream:
                    digest = hashlib.file_digest(stream, "sha256").hexdigest()
                entry = live.get(file.name)
                if entry is not None and entry.sha256 == digest:
                    yield _Found(file, "unchanged", entry)
                elif file.name in staged and staged[file.name].sha256 == digest:
                    yield _Found(file, "staged", staged[file.name])
                elif same := by_digest.get((digest, file.path.suffix)):
                    yield _Found(file, "moved", same.pop(0))
                else:
                    yield _Found(file, "new", entry, self._prepare(file))
            except DocumentError as error:
                yield _Found(file, "failed", failure=Failure(file.name, error.message, error.hint))
            except OSError as error:
                yield _Found(file, "failed", failure=Failure(file.name, f"The file cannot be read: {error.strerror}."))

    def _prepare(self, file: File) -> Prepared:
        document = loaders.load(file.path, file.name)
        chunks = chunking.chunk(document, self._embedder.count_tokens, self._embedder.budget_tokens)
        return Prepared(file, document, chunks)

    def _sort(self, find: _Found, live: dict[str, Entry], gone: dict[str, Entry]) -> None:
        """Enters a file into the plan and the report."""
        results, name, before = self._results, find.file.name, live.get(find.file.name)
        if find.failure is not None:
            results.failed.append(find.failure)
            self._plan.failures.append(find.file)
            return
        if find.kind == "unchanged":
            assert find.entry is not None  # noqa: S101 - by construction
            results.unchanged += 1
            if _moved_in_time(find.entry, find.file):
                self._plan.touched.append((find.entry, find.file))
            return
        if find.kind != "moved":
            self._fresh.add(name)
        if find.kind == "moved" and find.entry is not None:
            self._plan.moves.append((find.file, find.entry.content))
            del gone[find.entry.name]
            if before is None:
                results.renamed.append((find.entry.name, name))
            else:
                self._plan.dead.append(find.entry.row)
        if before is not None:
            results.changed.append(name)
            self._plan.dead.append(before.row)
        elif find.kind != "moved":
            results.added.append(name)
        results.chunks += len(find.prepared.chunks) if find.prepared else 0

    # Publishing

    def _snapshot_folder(self, generation: int) -> Path:
        return self._folder / f"snapshot-{generation:04}"

    def _previous(self) -> Path | None:
        """The folder of the published snapshot, if it is whole and its vectors are where they are wanted."""
        if self._generation == 0 or self._meta.get("url", "") != (self._place.url or ""):
            return None
        snapshot = open_snapshot(self._folder, self._meta)
        try:
            problem = snapshot.problem()
            if problem is not None and problem.retryable:
                raise problem
        finally:
            snapshot.close()
        return None if problem else self._folder / self._meta["snapshot"]

    def _start(self, healthy: Path | None) -> SnapshotWriter:
        """A writer for the coming snapshot; one that would be mostly tombstones starts from nothing."""
        dead = int(self._meta.get("tombstones", "0"))
        passages = sum(json.loads(self._meta.get("counts", "{}")).values())
        previous = healthy if dead <= _MAX_TOMBSTONES * passages else None
        if previous is None:
            self._meta["tombstones"] = "0"
        return SnapshotWriter(self._snapshot_folder(self._generation + 1), previous, self._place)

    def _needs_publishing(self, healthy: Path | None) -> bool:
        """Whether readers would see a difference."""
        plan, results = self._plan, self._results
        changes = bool(plan.moves or plan.dead or results.added or results.changed)
        return changes or healthy is None

    def _publish(self, healthy: Path | None, writer: list[SnapshotWriter]) -> None:
        """Makes the coming generation visible, all of it at once."""
        coming = self._generation + 1
        staged = {entry.name: entry.row for entry in self._sources.entries(None)}
        self._plan.staged = [row for name, row in staged.items() if name in self._fresh]
        before = self._sources.keys(self._generation)
        mark(self._sources, self._plan, coming)
        keys = self._sources.keys(coming)
        if not writer:
            writer.append(self._start(healthy))
        seal = writer[0].finish(self._sources, keys, self._embedder.dimensions)
        _reached("built")
        dead = int(self._meta.get("tombstones", "0")) + len(set(before).difference(keys))
        meta = {
            "generation": str(coming),
            "snapshot": writer[0].folder.name,
            "seal": json.dumps(seal),
            "counts": json.dumps(self._sources.counts(coming)),
            "documents": str(sum(1 for _ in self._sources.entries(coming))),
            "tombstones": str(dead),
            "url": self._place.url or "",
            "published": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        }
        self._check(writer[0].folder, {**self._meta, **meta})
        with self._sources.transaction():
            self._sources.set_meta(**meta)
        _reached("published")
        self._meta |= meta
        if self._place.url:
            writer[0].prune(keys)
        writer[0].close()
        writer.clear()

    def _check(self, folder: Path, meta: dict[str, str]) -> None:
        """Reads the new snapshot once, before anybody relies on it."""
        snapshot = open_snapshot(folder.parent, meta)
        try:
            if not self._place.url and (problem := snapshot.problem()) is not None:
                raise problem
        finally:
            snapshot.close()

    def _clean(self) -> None:
        """Removes what the generation before left behind; what cannot be removed now is removed by the next run."""
        for folder in self._folder.glob("snapshot-*"):
            if folder.name != self._meta.get("snapshot"):
                remove_snapshot(folder)
        _reached("cleaned")
        for folder in self._layout.folders():
            if folder != self._folder:
                _drop_collection(folder)
        self._layout.remove_others(self._folder)


def _moved_in_time(entry: Entry, file: File) -> bool:
    """Whether the manifest describes a file with these bytes differently."""
    ours = (entry.size, entry.mtime_ns, entry.path, entry.root)
    return ours != (file.size, file.mtime_ns, file.path, file.root)


def open_snapshot(folder: Path, meta: dict[str, str]) -> Snapshot:
    """The published snapshot that a manifest in folder names; nothing is read yet."""
    return Snapshot(
        folder / meta["snapshot"],
        json.loads(meta["seal"]),
        sum(json.loads(meta["counts"]).values()),
        Place(meta["url"] or None, meta["collection"]),
    )


def remove_snapshot(folder: Path) -> None:
    """Removes a snapshot as far as the system lets it; the database goes first, so that no reader opens half of one."""
    with suppress(OSError):
        (folder / "chroma" / "chroma.sqlite3").unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _drop_collection(folder: Path) -> None:
    """Removes the collection of an index that is no longer used from its server, if there is one and it answers."""
    with suppress(RagError), closing(Sources.open(folder / "sources.sqlite")) as sources:
        meta = sources.meta()
        if meta["url"]:
            store = VectorStore.server(meta["url"], meta["collection"])
            with closing(store):
                store.drop()


class _Batch:
    """Passages on their way through the embedder, in batches that do not depend on where documents end."""

    def __init__(self, embedder: Embedder, behind: Behind[list[Part]]) -> None:
        self._embedder = embedder
        self._behind = behind
        self._waiting: list[tuple[Prepared, list[Chunk], bool]] = []
        self._passages = 0
        self._characters = 0

    def add(self, prepared: Prepared) -> None:
        """Takes a document; embeds and hands over every batch that fills up."""
        run: list[Chunk] = []
        for chunk in prepared.chunks:
            run.append(chunk)
            self._passages += 1
            self._characters += len(chunk.text)
            if self._passages >= _BATCH_PASSAGES or self._characters >= _BATCH_CHARACTERS:
                self._waiting.append((prepared, run, run[-1] is prepared.chunks[-1]))
                run = []
                self.flush()
        if run or not prepared.chunks:
            self._waiting.append((prepared, run, True))

    def flush(self) -> None:
        """Embeds and hands over what waits."""
        chunks = [chunk for _, run, _ in self._waiting for chunk in run]
        vectors, inner = self._embedder.embed_passages([chunk.text for chunk in chunks], [_inside(c) for c in chunks])
        parts, done = [], 0
        for prepared, run, last in self._waiting:
            end = done + len(run)
            parts.append(Part(prepared, run, vectors[done:end], inner[done:end], last))
            done = end
        self._waiting, self._passages, self._characters = [], 0, 0
        if parts:
            self._behind.put(parts)


def _inside(chunk: Chunk) -> list[Span]:
    """The spans of a passage's sentences, counted from its own start."""
    start = chunk.span.start
    return [Span(s.span.start - start, s.span.end - start) for s in chunk.sentences]

"""The writer: brings an index into step with the files it is made from.

Reading and cutting, embedding, and writing overlap in three threads with a bounded amount of text between them.
Documents are staged in the manifest as they are finished, so that a run that was killed is resumed and not repeated,
and become visible all together when the run ends. Each step raises the auditing event ``rag.sync`` with its name
(https://docs.python.org/3/library/sys.html#sys.addaudithook); tests kill the process there.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rag.config import Settings
from rag.embedding import Embedder
from rag.errors import UsageError
from rag.intake import Batch, Found, find
from rag.layout import Layout, remove
from rag.manifests import drop_collection, in_use, known_roots, open_for_writing
from rag.overlap import Behind, ahead
from rag.scanning import Failure, File, Root, Scan, resolve_roots, scan
from rag.snapshots import Place, SnapshotWriter, open_snapshot
from rag.sources import Entry, Sources
from rag.staging import Part, Plan, mark, note, recover, set_roots, stage, staged_names

Progress = Callable[[int, int, str], None]

_AHEAD_CHARACTERS = 4_000_000
_BATCHES_BEHIND = 4
_MAX_DELETED = 0.5


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


@dataclass(slots=True)
class _Results:
    """What becomes of a run's report."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    failed: list[Failure] = field(default_factory=list)
    chunks: int = 0

    def report(self, seconds: float) -> SyncReport:
        """The report, when everything is done."""
        return SyncReport(
            tuple(self.added),
            tuple(self.changed),
            tuple(self.renamed),
            tuple(self.removed),
            self.unchanged,
            tuple(self.failed),
            self.chunks,
            seconds,
        )


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
        known = known_roots(layout) if rebuild and not paths else []
        sources = open_for_writing(layout, settings, embedder, rebuild=rebuild)
        with closing(sources):
            run = _Run(layout, sources, Place(settings.chroma_url, sources.meta()["collection"]), embedder)
            results = run.run(paths, known if rebuild else sources.roots(), progress or _silent)
    return results.report(time.perf_counter() - started)


def _silent(done: int, total: int, name: str) -> None:
    """Shows nothing."""


class _Run:
    """One run of the writer."""

    def __init__(self, layout: Layout, sources: Sources, place: Place, embedder: Embedder) -> None:
        self._layout = layout
        self._folder = sources.path.parent
        self._sources = sources
        self._place = place
        self._embedder = embedder
        self._meta = sources.meta()
        self._generation = int(self._meta["generation"])
        self._plan = Plan()
        self._results = _Results()
        self._staged: set[str] = set()
        self._previous: Path | None = None
        self._writer: SnapshotWriter | None = None

    def run(self, paths: Sequence[Path], known: Sequence[Root], progress: Progress) -> _Results:
        """What was done."""
        recover(self._sources)
        roots, asked = resolve_roots(paths, known)
        if not asked:
            raise UsageError("No folder was named to make an index from.", "Run: rag index PATH")
        set_roots(self._sources, roots)
        live = {entry.name: entry for entry in self._sources.entries(self._generation)}
        found = scan(asked, {entry.root for entry in live.values()}, skip=self._layout.home)
        self._results.failed += found.failures
        gone = _gone(found, live, roots, asked)
        self._previous = self._whole_snapshot()
        try:
            self._read(found, live, gone, progress)
            self._results.removed += sorted(gone)
            self._plan.dead += [entry.row for entry in gone.values()]
            if self._needs_publishing():
                self._publish()
        except BaseException:
            if self._writer is not None:
                self._writer.abandon()
            raise
        if in_use(self._layout) != self._folder:
            self._layout.use(self._folder)
        _reached("in use")
        note(self._sources, self._plan, [root.label for root in asked])
        self._clean()
        return self._results

    # Reading, embedding and writing

    def _read(self, found: Scan, live: Mapping[str, Entry], gone: dict[str, Entry], progress: Progress) -> None:
        """Stages what is new and sorts out the rest; a document that moved leaves ``gone``."""
        files = sorted(found.files.values(), key=lambda file: file.name)
        finds = find(files, live, staged_names(self._sources), gone, self._embedder)
        with Behind(self._write, _BATCHES_BEHIND) as behind:
            batch = Batch(self._embedder, behind.put)
            for done, item in enumerate(ahead(finds, Found.weight, _AHEAD_CHARACTERS), start=1):
                self._sort(item, live.get(item.file.name), gone)
                if item.prepared is not None:
                    batch.add(item.prepared)
                progress(done, len(files), item.file.name)
            batch.flush()

    def _sort(self, item: Found, before: Entry | None, gone: dict[str, Entry]) -> None:
        """Enters a file into the plan and the report; ``before`` is the document that has its name."""
        name = item.file.name
        if item.failure is not None:
            self._results.failed.append(item.failure)
            self._plan.failures.append(item.file)
        elif item.kind == "unchanged" and before is not None:
            self._results.unchanged += 1
            if _differs(before, item.file):
                self._plan.touched.append((before, item.file))
        elif item.kind == "moved" and item.entry is not None:
            del gone[item.entry.name]
            self._plan.moves.append((item.file, item.entry.content))
            self._plan.dead.append(item.entry.row)
            self._replace(name, before, item.entry.name)
        else:
            self._staged.add(name)
            self._replace(name, before, None)
            self._results.chunks += len(item.prepared.chunks) if item.prepared else 0

    def _replace(self, name: str, before: Entry | None, old_name: str | None) -> None:
        """Enters a document whose text is not the one that its name had before, if it had any."""
        if before is not None:
            self._plan.dead.append(before.row)
            self._results.changed.append(name)
            if old_name is not None:
                self._results.removed.append(old_name)
        elif old_name is not None:
            self._results.renamed.append((old_name, name))
        else:
            self._results.added.append(name)

    def _write(self, parts: Sequence[Part]) -> None:
        """Writes passages: to the manifest, where they are safe, then to the coming snapshot."""
        keys = stage(self._sources, parts)
        _reached("staged")
        writer = self._writer = self._writer or self._new_writer()
        done = 0
        for part in parts:
            own = keys[done : done + len(part.chunks)]
            done += len(own)
            title = part.prepared.document.source.title or ""
            texts = [(key, chunk.language, title, chunk.text) for key, chunk in zip(own, part.chunks, strict=True)]
            writer.add_vectors(own, part.vectors)
            writer.add_words(texts)
        _reached("written")

    # Publishing

    def _whole_snapshot(self) -> Path | None:
        """The folder of the published snapshot; None when it is damaged or its vectors are wanted elsewhere."""
        if self._generation == 0 or self._meta["url"] != (self._place.url or ""):
            return None
        with closing(open_snapshot(self._folder, self._meta)) as snapshot:
            problem = snapshot.problem()
        if problem is not None and problem.retryable:
            raise problem
        return None if problem else self._folder / self._meta["snapshot"]

    def _new_writer(self) -> SnapshotWriter:
        """A writer for the coming snapshot: a copy of the present one, unless that is mostly deleted vectors."""
        passages = sum(json.loads(self._meta.get("counts", "{}")).values())
        if int(self._meta.get("deleted", "0")) > _MAX_DELETED * passages:
            self._previous = None
        if self._previous is None:
            self._meta["deleted"] = "0"
        folder = self._folder / f"snapshot-{self._generation + 1:04}"
        return SnapshotWriter(folder, self._previous, self._place)

    def _needs_publishing(self) -> bool:
        """Whether readers would see a difference."""
        return bool(self._staged or self._plan.moves or self._plan.dead) or self._previous is None

    def _publish(self) -> None:
        """Makes the coming generation visible, all of it at once."""
        coming = self._generation + 1
        before = self._sources.keys(self._generation)
        self._plan.staged = [row.row for name, row in staged_names(self._sources).items() if name in self._staged]
        mark(self._sources, self._plan, coming)
        keys = self._sources.keys(coming)
        self._writer = writer = self._writer or self._new_writer()
        seal = writer.finish(self._sources, keys, self._embedder.dimensions)
        _reached("built")
        self._meta |= {
            "generation": str(coming),
            "snapshot": writer.folder.name,
            "seal": json.dumps(seal),
            "counts": json.dumps(self._sources.counts(coming)),
            "documents": str(sum(1 for _ in self._sources.entries(coming))),
            "deleted": str(int(self._meta.get("deleted", "0")) + len(set(before).difference(keys))),
            "url": self._place.url or "",
            "published": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._prove()
        with self._sources.transaction():
            self._sources.set_meta(**self._meta)
        _reached("published")
        self._writer = None
        writer.prune(keys)
        writer.close()

    def _prove(self) -> None:
        """Reads the new snapshot once, before anybody relies on it: Chroma does not report every failed write."""
        with closing(open_snapshot(self._folder, self._meta)) as snapshot:
            if not self._place.url and (problem := snapshot.problem()) is not None:
                raise problem

    def _clean(self) -> None:
        """Removes what is replaced; what cannot be removed now is removed by the next run."""
        for folder in self._folder.glob("snapshot-*"):
            if folder.name != self._meta.get("snapshot"):
                remove(folder)
        _reached("cleaned")
        for folder in self._layout.folders():
            if folder != self._folder:
                drop_collection(folder)
        self._layout.remove_others(self._folder)


def _gone(found: Scan, live: Mapping[str, Entry], roots: Sequence[Root], asked: Sequence[Root]) -> dict[str, Entry]:
    """The documents whose file is gone beyond doubt, among those that were looked for."""
    labels = {root.label for root in asked}
    kept = {root.label for root in roots} - labels
    return {
        name: entry for name, entry in live.items() if entry.root not in kept and found.proves_gone(name, entry.path)
    }


def _differs(entry: Entry, file: File) -> bool:
    """Whether the manifest describes the same bytes as another file, or at another time."""
    return (entry.size, entry.mtime_ns, entry.path, entry.root) != (file.size, file.mtime_ns, file.path, file.root)

"""Which manifest a run of the writer works on: the one in use, one that a killed run left, or a new one."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from rag import chunking
from rag.config import Settings
from rag.embedding import Embedder
from rag.errors import IndexDamagedError, IndexMismatchError, RagError, UsageError
from rag.layout import REBUILD, Layout, writing
from rag.scanning import Root
from rag.sources import Sources
from rag.vectors import VectorStore


def known_roots(layout: Layout) -> list[Root]:
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


def open_for_writing(layout: Layout, settings: Settings, embedder: Embedder, *, rebuild: bool) -> Sources:
    """The manifest to write to: the one in use, one that a killed run left and that fits, or a new one.

    Raises:
        IndexMismatchError: The one in use was made by another embedder or chunker, and this is no rebuild.
        IndexDamagedError: The one in use cannot be read, and this is no rebuild.
        StorageError: Nothing can be written.
    """
    current = None if rebuild else layout.current()
    if current is not None:
        sources = Sources.open(current / "sources.sqlite", write=True)
        try:
            check_makers(sources.meta(), embedder)
        except BaseException:
            sources.close()
            raise
        return sources
    used = in_use(layout)
    for folder in reversed(layout.folders()):
        if folder != used and (left := _left_over(folder, embedder, finished=not rebuild)) is not None:
            return left
    folder = layout.new_folder()
    with writing(folder):
        return Sources.create(
            folder / "sources.sqlite",
            embedder=embedder.name,
            dimensions=str(embedder.dimensions),
            chunker=chunking.NAME,
            collection=f"spanwise-{uuid.uuid4().hex}",
            url=settings.chroma_url or "",
        )


def in_use(layout: Layout) -> Path | None:
    """The index folder in use, or None when there is none or it is damaged."""
    try:
        return layout.current()
    except IndexDamagedError:
        return None


def _left_over(folder: Path, embedder: Embedder, *, finished: bool) -> Sources | None:
    """The manifest of a run that was killed before it could put its folder to use, if it fits.

    Args:
        folder: The folder it left.
        embedder: Must have made its vectors.
        finished: Whether one that has published already will do; a rebuild must not take up what it is to replace.
    """
    try:
        sources = Sources.open(folder / "sources.sqlite", write=True)
    except RagError:
        return None
    with suppress(RagError):
        check_makers(sources.meta(), embedder)
        if finished or sources.generation() == 0:
            return sources
    sources.close()
    return None


def check_makers(meta: dict[str, str], embedder: Embedder) -> None:
    """Does nothing when the index was made by this embedder and chunker.

    Raises:
        IndexMismatchError: It was not.
    """
    for part, ours in (("embedder", embedder.name), ("chunker", chunking.NAME)):
        theirs = meta.get(part)
        if theirs != ours:
            raise IndexMismatchError(f"The index was made by the {part} {theirs!r}, now it is {ours!r}.", REBUILD)


def drop_collection(folder: Path) -> None:
    """Removes the collection of an index that is no longer used from its server, if there is one and it answers."""
    with suppress(RagError), closing(Sources.open(folder / "sources.sqlite")) as sources:
        meta = sources.meta()
        if meta["url"]:
            store = VectorStore.server(meta["url"], meta["collection"])
            with closing(store):
                store.drop()

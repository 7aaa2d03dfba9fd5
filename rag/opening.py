"""Settings to an index: made, brought up to date, opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.config import Settings
from rag.embedding import Embedder, open_embedder
from rag.errors import NoIndexError
from rag.index import Index
from rag.layout import Layout
from rag.rendering.display import count

if TYPE_CHECKING:
    from rag.syncing import SyncReport

Progress = Callable[[int, int, str], None]
Tell = Callable[[str], None]


def sync(
    settings: Settings,
    paths: Sequence[Path] = (),
    *,
    rebuild: bool = False,
    progress: Progress | None = None,
    embedder: Embedder | None = None,
) -> SyncReport:
    """What bringing the index up to date did; without paths and an index, the RAG_CORPUS paths are indexed.

    Args:
        settings: Where the index is.
        paths: As for ``rag.syncing.sync``, and so are the others.
        rebuild: Start over.
        progress: Is told how it gets on.
        embedder: That of the settings when None.

    Raises:
        NoIndexError: There is no index, no path was given and none of the RAG_CORPUS paths exists.
        RagError: As ``rag.syncing.sync`` describes.
    """
    from rag import syncing  # with all that reads and cuts documents, which a question does without

    if not paths and not has_index(settings):
        paths = _corpus(settings)
    return syncing.sync(settings, embedder or open_embedder(settings), paths, rebuild=rebuild, progress=progress)


def has_index(settings: Settings) -> bool:
    """Whether RAG_HOME names an index, whatever its state."""
    return Layout(settings.home).current() is not None


def _corpus(settings: Settings) -> list[Path]:
    paths = [path for path in settings.corpus_paths if path.exists()]
    if not paths:
        corpus = " or ".join(repr(str(path)) for path in settings.corpus_paths)
        raise NoIndexError(
            f"There is no index in {str(settings.home)!r} and no {corpus or 'RAG_CORPUS'} to make one from.",
            "Index your documents first: rag index PATH",
        )
    return paths


def first_index(settings: Settings, tell: Tell, progress: Progress | None) -> None:
    """Index the RAG_CORPUS paths and tell what came of it.

    Raises:
        RagError: As ``sync`` describes.
    """
    tell(f"No index yet: indexing {', '.join(str(path) for path in _corpus(settings))} into {settings.home}.")
    report = sync(settings, _corpus(settings), progress=progress)
    for failure in report.failed:
        tell(f"Not indexed: {failure.name}: {failure.message}")
    documents, passages = count(len(report.added), "document"), count(report.chunks, "passage")
    tell(f"Indexed {documents} ({passages}) in {report.seconds:.1f} s.")


def open_index(settings: Settings) -> Index:
    """The index, open for reading.

    Raises:
        NoIndexError: There is none.
        RagError: As ``Index.open`` describes.
    """
    return Index.open(settings, open_embedder(settings))


def tell_changes(index: Index, tell: Tell) -> None:
    """Tell how many files differ from the index, if any does."""
    changes = index.changes()
    parts = [
        f"{len(ids)} {word}"
        for ids, word in ((changes.added, "new"), (changes.changed, "changed"), (changes.removed, "removed"))
        if ids
    ]
    if parts:
        tell(f"Files differ from the index ({', '.join(parts)}); bring it up to date with: rag index")

"""Settings to the places where the quotations of an answer can be looked up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from rag.config import Settings
from rag.errors import RagError
from rag.layout import Layout
from rag.recheck import Shelf
from rag.sources import Sources


def shelf(settings: Settings, *, tell: Callable[[str], None]) -> Shelf:
    """Where quotations can be looked up: the files of the index if there is one, RAG_CORPUS, and the current folder.

    Neither the embedding model nor the vectors are opened. An index that can't be read only costs what it knows.
    """
    roots = [path for path in settings.corpus_paths if path.exists()]
    try:
        folder = Layout(settings.home).current()
        if folder is None:
            return Shelf(roots)
        with closing(Sources.open(folder / "sources.sqlite")) as sources:
            entries = list(sources.entries(sources.generation()))
            roots += [root.path for root in sources.roots()]
    except RagError as error:
        tell(f"{error.message} Looking in the current folder instead.")
        return Shelf(roots)
    paths = {entry.name: entry.path for entry in entries}
    copies: dict[str, list[str]] = {}
    for entry in entries:
        copies.setdefault(entry.sha256, []).append(entry.name)
    return Shelf(roots, Path(), paths.get, lambda sha256: copies.get(sha256, ()))

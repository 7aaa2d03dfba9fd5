"""Which files belong to an index: the walk through its roots, and the names that documents get.

A root is a folder or a single file that was given to ``rag index``. A document's id is its path relative to the root's
parent, with "/"; bytes of a name that are not UTF-8 appear in it as backslash escapes, and the true path is kept apart.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from rag import loaders
from rag.errors import UsageError


@dataclass(frozen=True, slots=True)
class Root:
    """A folder or file whose documents are indexed.

    Attributes:
        label: What its documents' ids start with; the id itself when the root is a file. Unique.
        path: Absolute, links resolved.
        folder: Whether it was a folder when it was added.
    """

    label: str
    path: Path
    folder: bool = True

    def covers(self, path: Path) -> bool:
        """Whether a resolved path is the root or lies below it."""
        return path.is_relative_to(self.path)


@dataclass(frozen=True, slots=True)
class File:
    """A file that was found.

    Attributes:
        name: The document's id.
        path: Where to open it; bytes that are not UTF-8 are surrogate escapes.
        root: The label of its root.
        size: In bytes.
        mtime_ns: When it was last changed.
    """

    name: str
    path: Path
    root: str
    size: int
    mtime_ns: int


class Failure(NamedTuple):
    """A file or folder that could not be used.

    Attributes:
        name: The document's id, or the path of a folder.
        message: What happened.
        hint: What to do about it, or None.
    """

    name: str
    message: str
    hint: str | None = None


@dataclass(slots=True)
class Scan:
    """What a walk found.

    Attributes:
        files: By document id.
        failures: Files that could not be examined, and folders that could not be listed.
        unreadable: Paths below which nothing is known: a file missing there is no proof that it was deleted.
    """

    files: dict[str, File] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    unreadable: list[Path] = field(default_factory=list)

    def proves_gone(self, name: str, path: Path) -> bool:
        """Whether a document that was indexed from path no longer exists there, beyond doubt."""
        return name not in self.files and not any(path.is_relative_to(folder) for folder in self.unreadable)


def readable(name: str) -> str:
    r"""A file name as valid Unicode: bytes that are not UTF-8 become backslash escapes.

    >>> readable("caf\udce9.txt")
    'caf\\xe9.txt'
    """
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def resolve_roots(paths: Sequence[Path], known: Sequence[Root]) -> tuple[list[Root], list[Root]]:
    """Every root after paths were added to those known, and the ones that paths ask for.

    A path inside a known root asks for that root; a new root that contains a known one takes its place. Without paths
    every known root is asked for.

    Raises:
        UsageError: A path does not exist and is no root already.
    """
    roots = list(known)
    asked: list[Root] = []
    for path in paths:
        resolved = path.resolve()
        root = next((root for root in roots if root.covers(resolved)), None)
        if root is None:
            if not resolved.exists():
                raise UsageError(f"{readable(str(path))!r} does not exist.", "Name a file or a folder that does.")
            roots = [other for other in roots if not other.path.is_relative_to(resolved)]
            asked = [other for other in asked if other in roots]
            root = Root(_label(resolved, {other.label for other in roots}), resolved, resolved.is_dir())
            roots.append(root)
        if root not in asked:
            asked.append(root)
    return roots, asked if paths else roots


def _label(path: Path, taken: Collection[str]) -> str:
    """The shortest end of a path that no other root has for its label."""
    parts = [readable(part) for part in path.parts[1:]] or ["root"]
    for length in range(1, len(parts) + 1):
        label = "/".join(parts[-length:])
        if label not in taken:
            return label
    return "/" + "/".join(parts)


def scan(roots: Sequence[Root], indexed: Collection[str] = (), skip: Path | None = None) -> Scan:
    """Every supported file of some roots; hidden files and folders are left out.

    Links to folders are not followed, so that no loop can occur; links to files are, as long as they stay inside
    their root.

    Args:
        roots: Where to look.
        indexed: Labels of roots that have documents already: an empty folder is then taken for one that is not mounted.
        skip: A folder to leave out, the index's own.
    """
    found = Scan()
    for root in roots:
        _scan_root(root, found, root.label in indexed, skip)
    return found


def _scan_root(root: Root, found: Scan, indexed: bool, skip: Path | None) -> None:
    try:
        if not root.folder:
            _scan_file_root(root, found)
            return
        empty = not any(root.path.iterdir())
    except OSError as error:
        _unreadable(root.path, error, found)
        return
    if empty and indexed:
        found.unreadable.append(root.path)
        found.failures.append(
            Failure(
                readable(str(root.path)),
                "The folder is empty, perhaps because it is not mounted; its documents are kept.",
                "If they are really gone, run: rag index --rebuild",
            )
        )
        return
    for entry in _entries(root, found, skip):
        _scan_entry(entry, root, found)


def _scan_file_root(root: Root, found: Scan) -> None:
    """Adds a root that is a file; it counts as deleted only when its folder can be listed and lacks it."""
    if root.path.name in os.listdir(root.path.parent):  # noqa: PTH208 - names are all we need
        _add(root.path, root, found)


def _entries(root: Root, found: Scan, skip: Path | None) -> Iterator[os.DirEntry[str]]:
    """The visible entries below a root that are not folders, sorted by name within each folder."""
    pending = [root.path]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            _unreadable(folder, error, found)
            continue
        folders = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(Path(entry.path))
            else:
                yield entry
        pending.extend(path for path in reversed(folders) if path != skip)


def _unreadable(path: Path, error: OSError, found: Scan) -> None:
    found.unreadable.append(path)
    found.failures.append(
        Failure(
            readable(str(path)),
            f"The folder cannot be read: {error.strerror}; its documents are kept.",
            "Make it readable or mount it again, then run: rag index",
        )
    )


def _scan_entry(entry: os.DirEntry[str], root: Root, found: Scan) -> None:
    path = Path(entry.path)
    if not loaders.supported(path):
        return
    if entry.is_symlink():
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):  # RuntimeError: a loop, before Python 3.13
            _fail(path, root, "The link leads nowhere.", found)
            return
        if not root.covers(target):
            _fail(path, root, "The link leads out of the indexed folder.", found)
            return
    if entry.is_file():
        _add(path, root, found)


def _name(path: Path, root: Root) -> str:
    below = path.relative_to(root.path).parts
    return "/".join((root.label, *map(readable, below)))


def _fail(path: Path, root: Root, message: str, found: Scan) -> None:
    """Records a file that cannot be used; an earlier version of it stays."""
    found.unreadable.append(path)
    found.failures.append(Failure(_name(path, root), message))


def _add(path: Path, root: Root, found: Scan) -> None:
    name = _name(path, root)
    try:
        status = path.stat()
    except OSError as error:
        _fail(path, root, f"The file cannot be read: {error.strerror}.", found)
        return
    if name in found.files:
        _fail(path, root, "Another file has the same name once its bytes are written as text.", found)
        return
    found.files[name] = File(name, path, root.label, status.st_size, status.st_mtime_ns)

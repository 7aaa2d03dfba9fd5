"""Where an index lives on disk, which folder is in use, and who may write.

RAG_HOME/
├── lock, lock.owner        held by the one writer, and its process id
├── current                 the name of the folder in use; replaced atomically after a rebuild
└── index-0001/
    ├── sources.sqlite      the manifest: ground truth of every offset
    └── snapshot-0003/      vectors and words of one published generation; never written again once published
        ├── chroma/
        └── words/
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rag.errors import IndexDamagedError, IndexLockedError, StorageError

REBUILD = "Run: rag index --rebuild"
REPAIR = "Run: rag index"

_GONE = ".gone"
_FOLDER = re.compile(r"index-([0-9]{4,})")


def storage_error(path: Path, error: OSError) -> StorageError:
    """The error to raise when the operating system refuses to write below path."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError(f"The disk is full: {str(path)!r} cannot be written.", "Free some space, then repeat.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StorageError(
            f"The folder {str(path)!r} cannot be written.", "Make it writable, or set RAG_HOME to a folder that is."
        )
    return StorageError(f"Writing below {str(path)!r} failed: {error.strerror or error}.")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """A block whose operating system errors are raised as StorageError about path."""
    try:
        yield
    except OSError as error:
        raise storage_error(path, error) from error


def remove(folder: Path) -> None:
    """Removes a folder as far as the system lets it.

    It is renamed first, so that it is all there or not there at all for whoever opens its files by name.
    """
    gone = folder.with_name(folder.name + _GONE)
    with suppress(OSError):
        folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def size_on_disk(folder: Path) -> int:
    """The bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


class Layout:
    """The folders and files below one RAG_HOME.

    Attributes:
        home: RAG_HOME, absolute.
    """

    def __init__(self, home: Path) -> None:
        self.home = Path(os.path.abspath(home))  # noqa: PTH100 - resolve() would follow a link that may be re-pointed
        self._current = self.home / "current"

    def current(self) -> Path | None:
        """The index folder in use; None when no index was ever finished.

        Raises:
            IndexDamagedError: ``current`` names no folder that exists.
        """
        try:
            name = self._current.read_text("utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise IndexDamagedError(f"The index cannot be read: {str(self._current)!r}: {error}.", REBUILD) from error
        folder = self.home / name
        if not _FOLDER.fullmatch(name) or not folder.is_dir():
            raise IndexDamagedError(
                f"The index is damaged: {str(self._current)!r} names {name!r}, a missing folder.", REBUILD
            )
        return folder

    def stamp(self) -> tuple[int, int]:
        """A value that changes when another folder is put to use; (0, 0) when there is none."""
        try:
            status = self._current.stat()
        except OSError:
            return (0, 0)
        return (status.st_ino, status.st_mtime_ns)

    def folders(self) -> list[Path]:
        """Every index folder, in use or left over, oldest first."""
        if not self.home.is_dir():
            return []
        return sorted(path for path in self.home.iterdir() if _FOLDER.fullmatch(path.name))

    def new_folder(self) -> Path:
        """A new, empty index folder, not in use yet."""
        numbers = [int(path.name.removeprefix("index-")) for path in self.folders()]
        folder = self.home / f"index-{max(numbers, default=0) + 1:04}"
        with writing(self.home):
            folder.mkdir(parents=True)
        return folder

    def use(self, folder: Path) -> None:
        """Puts a folder to use, atomically: readers see the old one or the new one."""
        draft = self.home / "current.new"
        with writing(self.home):
            with draft.open("w", encoding="utf-8") as file:
                file.write(folder.name + "\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._current)

    def remove_others(self, keep: Path) -> None:
        """Removes every index folder but one, and what an earlier removal left, as far as the system lets it."""
        for folder in self.folders():
            if folder != keep:
                remove(folder)
        for rest in self.home.glob("index-*" + _GONE):
            shutil.rmtree(rest, ignore_errors=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the writer's lock; never waits.

        Raises:
            IndexLockedError: Another process, or another thread of this one, is writing.
            StorageError: RAG_HOME cannot be created or written.
        """
        from filelock import FileLock, Timeout

        with writing(self.home):
            self.home.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.home / "lock")
        owner = self.home / "lock.owner"
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise IndexLockedError(
                f"Another process is writing the index{_owner(owner)}: {str(self.home / 'lock')!r} is locked.",
                "Wait until it has finished, then repeat.",
            ) from error
        except OSError as error:
            raise storage_error(self.home, error) from error
        try:
            with writing(self.home):
                owner.write_text(str(os.getpid()), "utf-8")
            yield
        finally:
            with suppress(OSError):
                owner.unlink()
            lock.release()


def _owner(path: Path) -> str:
    """The writer's number as " (process 123)"; nothing when it did not leave one."""
    try:
        return f" (process {int(path.read_text('utf-8'))})"
    except (OSError, ValueError):
        return ""

"""Vectors: nearest neighbours by cosine, in Chroma. The only module that imports it.

Measured with Chroma 1.5.9: a second process that queries a collection while the first one adds to it misses vectors,
and one that opens the folder just then can end in a segmentation fault, because the files of the neighbour graph are
overwritten in place. Readers too write such files as long as the graph was never saved. So an embedded collection is
built in a folder of its own, settled, closed, and only then published; the graph of a published folder is read, never
written. Change is made to a copy.
"""

from __future__ import annotations

import shutil
import sqlite3
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rag.embedding import Vectors
from rag.errors import IndexDamagedError, StorageError, UsageError, VectorServerError
from rag.layout import REPAIR

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateCollectionConfiguration
    from chromadb.api.models.Collection import Collection

_DATABASE = "chroma.sqlite3"
_NAME = "spanwise"
_MAX_BATCH = 5_000
_TIMEOUT_S = 60.0
_FULL = ("disk is full", "No space left", "code: 13", "os error 28", "File too large", "os error 27")
_REFUSED = ("readonly database", "code: 8", "Permission denied", "Read-only", "unable to open", "code: 14")
# Operations after which Chroma saves the graph: the least it takes. A call with a large batch saves once.
_SAVE_AFTER = 2
_GRAPH = {"hnsw": {"space": "cosine", "batch_size": _SAVE_AFTER, "sync_threshold": _SAVE_AFTER}}


def copy(old: Path, new: Path) -> None:
    """Makes new a copy of the collection in old, which may be open for reading elsewhere."""
    shutil.copytree(old, new, ignore=shutil.ignore_patterns(_DATABASE + "*"))
    # A reader that opens a collection writes to its database, so that a plain copy could be torn.
    with (
        closing(sqlite3.connect(old / _DATABASE)) as source,
        closing(sqlite3.connect(new / _DATABASE)) as target,
    ):
        source.backup(target)


class VectorStore:
    """One collection, in a folder or on a server. One thread at a time may use it."""

    def __init__(self, client: Client, name: str, place: str, *, create: bool) -> None:
        self._client = client
        self._place = place
        with self._translated():
            if create:
                self._collection: Collection = client.get_or_create_collection(
                    name, embedding_function=None, configuration=cast("CreateCollectionConfiguration", _GRAPH)
                )
            else:
                self._collection = client.get_collection(name, embedding_function=None)

    @classmethod
    def embedded(cls, folder: Path, *, create: bool = False) -> VectorStore:
        """The collection in a folder; ``create`` makes one when there is none.

        Raises:
            IndexDamagedError: It cannot be read.
            StorageError: The folder cannot be written, which Chroma needs even for reading.
        """
        import chromadb
        from chromadb.api.shared_system_client import SharedSystemClient
        from chromadb.config import Settings

        if not create and not (folder / _DATABASE).is_file():
            raise IndexDamagedError(f"The vectors are damaged: {str(folder / _DATABASE)!r} is missing.", REPAIR)
        settings = Settings(_env_file=None, anonymized_telemetry=False)  # type: ignore[call-arg]
        with _errors(str(folder)):
            try:
                client = cast("Client", chromadb.PersistentClient(str(folder), settings=settings))
            except BaseException:
                # Chroma keeps the half-started system and would hand it out at the next attempt.
                SharedSystemClient._identifier_to_system.pop(str(folder), None)
                raise
        try:
            return cls(client, _NAME, str(folder), create=create)
        except BaseException:
            _close(client)
            raise

    @classmethod
    def server(cls, url: str, name: str, *, create: bool = False) -> VectorStore:
        """The collection of a name on a Chroma server.

        Raises:
            UsageError: The address is not one.
            VectorServerError: The server does not answer, or refused.
        """
        import chromadb
        from chromadb.config import Settings

        address = urllib.parse.urlsplit(url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise UsageError(f"RAG_CHROMA_URL cannot be {url!r}.", "Give it the form http://HOST:PORT")
        secure = address.scheme == "https"
        settings = Settings(_env_file=None, anonymized_telemetry=False)  # type: ignore[call-arg]
        with _errors(url):
            port = address.port or (443 if secure else 8000)
            client = cast("Client", chromadb.HttpClient(address.hostname, port, ssl=secure, settings=settings))
        for session in _sessions(client):
            session.timeout = _TIMEOUT_S
        try:
            return cls(client, name, url, create=create)
        except BaseException:
            _close(client)
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        with _errors(self._place):
            yield

    def add(self, keys: Sequence[int], vectors: Vectors) -> None:
        """Adds vectors, ``(len(keys), dimensions)``, float32; those of keys already there are replaced."""
        with self._translated():
            for start in range(0, len(keys), _MAX_BATCH):
                batch = [str(key) for key in keys[start : start + _MAX_BATCH]]
                self._collection.upsert(batch, embeddings=np.asarray(vectors[start : start + _MAX_BATCH], np.float32))

    def delete(self, keys: Sequence[int]) -> None:
        """Removes vectors; keys that are not there do not matter."""
        with self._translated():
            for start in range(0, len(keys), _MAX_BATCH):
                self._collection.delete([str(key) for key in keys[start : start + _MAX_BATCH]])

    def count(self) -> int:
        """How many vectors there are."""
        with self._translated():
            return self._collection.count()

    def keys(self) -> list[int]:
        """The key of every vector, in no order."""
        found: list[int] = []
        with self._translated():
            while True:
                batch = self._collection.get(include=[], limit=_MAX_BATCH, offset=len(found))["ids"]
                found.extend(map(int, batch))
                if len(batch) < _MAX_BATCH:
                    return found

    def nearest(self, vector: Vectors, n: int) -> list[tuple[int, float]]:
        """The keys of the n nearest vectors with their cosine similarity, best first; approximate."""
        with self._translated():
            found: Any = self._collection.query(query_embeddings=vector[np.newaxis], n_results=n, include=["distances"])
        return [(int(key), 1 - distance) for key, distance in zip(found["ids"][0], found["distances"][0], strict=True)]

    def settle(self) -> None:
        """Saves the graph of an embedded collection to the last vector, so that opening it again only reads."""
        with self._translated():
            found: Any = self._collection.get(limit=1, include=["embeddings"])
            for _ in range(_SAVE_AFTER if found["ids"] else 0):
                self._collection.upsert(found["ids"], embeddings=found["embeddings"])

    def drop(self) -> None:
        """Removes the whole collection."""
        with self._translated():
            self._client.delete_collection(self._collection.name)

    def close(self) -> None:
        """Lets go of the files or of the connection."""
        _close(self._client)


def _sessions(client: Client) -> list[Any]:
    """The connections to a server, which Chroma leaves open and lets wait for ever; none for a folder."""
    servers = (client._server, getattr(client._admin_client, "_server", None))
    return [session for session in (getattr(server, "_session", None) for server in servers) if session is not None]


def _close(client: Client) -> None:
    sessions = _sessions(client)
    client.close()
    for session in sessions:
        session.close()


@contextmanager
def _errors(place: str) -> Iterator[None]:
    """A block whose errors are raised as ours: Chroma lets through whatever its layers raise."""
    try:
        yield
    except BaseException as error:
        # A panic in Chroma's Rust code is no Exception; its class has no importable name.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        message = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
        if "://" in place:
            raise VectorServerError(
                f"The Chroma server at {place!r} failed: {message.rstrip('.')}.",
                f"Start it (chroma run --port {urllib.parse.urlsplit(place).port or 8000}), or unset RAG_CHROMA_URL.",
            ) from error
        if any(sign in message for sign in _FULL):
            raise StorageError(f"The disk is full: {place!r}.", "Free some space, then repeat.") from error
        if any(sign in message for sign in _REFUSED):
            raise StorageError(f"The folder {place!r} cannot be written.", "Make it writable.") from error
        raise IndexDamagedError(f"The vectors are damaged: {place!r}: {message.rstrip('.')}.", REPAIR) from error

"""Vectors in Chroma: in a folder, and on a real server."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rag import vectors
from rag.config import Settings
from rag.embedding import Vectors
from rag.errors import IndexDamagedError, IndexMismatchError, UsageError, VectorServerError
from rag.index import Index
from rag.syncing import sync
from rag.testing import HashEmbedder
from rag.vectors import VectorStore


def _random(count: int, dimensions: int = 32) -> Vectors:
    rows = np.random.default_rng(7).normal(size=(count, dimensions)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_nearest_agrees_with_exact_search(tmp_path: Path) -> None:
    """The nearest vectors and their cosines are those of a matrix product."""
    rows = _random(300)
    store = VectorStore.embedded(tmp_path / "chroma", create=True)
    store.add(list(range(100, 400)), rows)
    scores = rows @ rows[5]
    best = np.argsort(-scores)[:10]
    found = store.nearest(rows[5], 10)
    assert [key for key, _ in found] == [int(i) + 100 for i in best]
    np.testing.assert_allclose([score for _, score in found], scores[best], atol=1e-5)
    store.close()


def test_a_copy_is_independent(tmp_path: Path) -> None:
    """What is added to and deleted from a copy does not show in the original, also when that is open."""
    rows = _random(30)
    with_original = VectorStore.embedded(tmp_path / "old", create=True)
    with_original.add(list(range(20)), rows[:20])
    vectors.copy(tmp_path / "old", tmp_path / "new")
    copied = VectorStore.embedded(tmp_path / "new")
    copied.add(list(range(20, 30)), rows[20:])
    copied.delete([0, 1, 999])
    assert sorted(copied.keys()) == list(range(2, 30))
    assert sorted(with_original.keys()) == list(range(20))
    copied.close()
    reopened = VectorStore.embedded(tmp_path / "new")
    assert reopened.count() == 28
    assert reopened.nearest(rows[25], 1)[0][0] == 25
    reopened.close()
    with_original.close()


def test_a_missing_collection_is_damage(tmp_path: Path) -> None:
    """Opening a folder without a collection is an error, also a second time, and makes nothing."""
    for _ in range(2):
        with pytest.raises(IndexDamagedError):
            VectorStore.embedded(tmp_path / "none")
    assert not (tmp_path / "none").exists()


class Server:
    """A real Chroma server in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(self._folder)]
        self._process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(self._port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("chroma run did not start")

    def stop(self) -> None:
        """Stops it, if it runs."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A running server."""
    server = Server(tmp_path / "server")
    server.start()
    yield server
    server.stop()


def test_a_server_holds_the_vectors(server: Server, tmp_path: Path) -> None:
    """Syncs, queries, changes and a rebuild work on a server, which is left with one collection and no dead vectors."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "whale.txt").write_text("The blue whale eats krill.", "utf-8")
    (docs / "wine.txt").write_text("The vineyard makes wine.", "utf-8")
    settings = Settings(home=tmp_path / "home", chroma_url=server.url, _env_file=None)  # type: ignore[call-arg]
    embedder = HashEmbedder(64)
    sync(settings, embedder, [docs])
    with Index.open(settings, embedder) as index:
        [(key, _)] = index.dense(embedder.embed_question("The vineyard makes wine."), 1)
        assert index.passages([key])[0].source.id == "docs/wine.txt"
        (docs / "wine.txt").write_text("The brewery makes beer.", "utf-8")
        sync(settings, embedder)
        assert len(index.dense(embedder.embed_question("makes"), 10)) == 2
        [(key, _)] = index.dense(embedder.embed_question("The brewery makes beer."), 1)
        assert index.passages([key])[0].chunk.text == "The brewery makes beer."
        assert index.status().vectors == server.url
        sync(settings, embedder, rebuild=True)
        assert len(index.dense(embedder.embed_question("makes"), 10)) == 2
        assert index.problem() is None

        server.stop()
        with pytest.raises(VectorServerError, match=server.url) as caught:
            index.dense(embedder.embed_question("makes"), 10)
        assert caught.value.retryable
        with pytest.raises(VectorServerError):
            sync(settings, embedder)
        server.start()
        assert len(index.dense(embedder.embed_question("makes"), 10)) == 2


def test_vectors_move_between_folder_and_server(server: Server, tmp_path: Path) -> None:
    """Another RAG_CHROMA_URL is a mismatch that the next sync settles without embedding anything."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "whale.txt").write_text("The blue whale eats krill.", "utf-8")
    here = Settings(home=tmp_path / "home", _env_file=None)  # type: ignore[call-arg]
    there = Settings(home=tmp_path / "home", chroma_url=server.url, _env_file=None)  # type: ignore[call-arg]
    embedder = HashEmbedder(64)
    sync(here, embedder, [docs])
    for settings in (there, here):
        with pytest.raises(IndexMismatchError, match="RAG_CHROMA_URL") as caught:
            Index.open(settings, embedder)
        assert caught.value.hint == "Run: rag index"
        assert sync(settings, embedder).chunks == 0
        with Index.open(settings, embedder) as index:
            assert len(index.dense(embedder.embed_question("whale"), 5)) == 1


def test_an_address_that_is_none() -> None:
    """A server address without a host is a usage error."""
    with pytest.raises(UsageError, match="RAG_CHROMA_URL"):
        VectorStore.server("localhost", "spanwise")

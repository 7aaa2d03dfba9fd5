"""The index when its writer is killed, when the disk is full, and when several processes use it."""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.config import Settings
from rag.errors import NoIndexError, StorageError
from rag.index import Index
from rag.layout import Layout
from rag.syncing import sync
from rag.testing import HashEmbedder

OLD = {"whale": "The blue whale eats krill.\n", "wine": "The vineyard makes wine.\n", "train": "The train is late.\n"}
NEW = {"whale": "The elephant walks home.\n", "wine": "The vineyard makes wine.\n", "seal": "The seal likes fish.\n"}

WRITER = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from rag.config import Settings
    from rag.syncing import sync
    from rag.testing import HashEmbedder

    home, docs, step, rebuild = sys.argv[1:]

    def kill(event, values):
        if event == "rag.sync" and values[0] == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(kill)
    sync(Settings(home=Path(home), _env_file=None), HashEmbedder(64), [Path(docs)], rebuild=rebuild == "rebuild")
    """
)


def _fill(docs: Path, texts: dict[str, str]) -> None:
    """Makes a folder hold exactly some documents."""
    docs.mkdir(exist_ok=True)
    for path in docs.iterdir():
        path.unlink()
    for name, text in texts.items():
        (docs / f"{name}.txt").write_text(text, "utf-8")


def _state(settings: Settings) -> dict[str, str]:
    """What readers see: every document with its text, found by both rankings."""
    embedder = HashEmbedder(64)
    with Index.open(settings, embedder) as index:
        texts = {}
        for source in index.sources():
            document = index.document(source.id)
            assert document is not None
            texts[Path(source.id).stem] = document.text
            for ranking in (index.dense(embedder.embed_question(document.text), 1), index.lexical(document.text, 1)):
                [passage] = index.passages([key for key, _ in ranking])
                assert passage.source.id == source.id
        everything = index.dense(embedder.embed_question("the"), 100)
        assert len(everything) == index.chunk_count == len(texts)
        return texts


def _check_clean(settings: Settings) -> None:
    """Asserts that nothing is left of an earlier generation."""
    layout = Layout(settings.home)
    folder = layout.current()
    assert layout.folders() == [folder]
    assert folder is not None
    assert len(list(folder.glob("snapshot-*"))) == 1
    with Index.open(settings, HashEmbedder(64)) as index:
        assert index.problem() is None
        assert index._snapshot is not None
        assert index._snapshot.vectors.count() == index._snapshot.words.count == index.chunk_count
        assert index._sources is not None
        assert index._sources.execute("SELECT count(*) FROM documents WHERE born IS NULL") == [(0,)]


def _run_writer(settings: Settings, docs: Path, step: str, mode: str = "sync") -> int:
    command = [sys.executable, "-W", "ignore", "-c", WRITER, str(settings.home), str(docs), step, mode]
    return subprocess.run(command, check=False, cwd=Path(__file__).parent.parent).returncode


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a home that does not exist yet."""
    return Settings(home=tmp_path / "home", _env_file=None)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("mode", "step"),
    [
        *(("sync", step) for step in ("staged", "written", "built", "published", "cleaned")),
        *(("rebuild", step) for step in ("built", "published", "in use")),
    ],
)
def test_killed_writer(settings: Settings, tmp_path: Path, mode: str, step: str) -> None:
    """After kill -9 at any step readers see the old or the new state whole, and the next sync repairs the rest."""
    docs = tmp_path / "docs"
    _fill(docs, OLD)
    sync(settings, HashEmbedder(64), [docs])
    _fill(docs, NEW)
    assert _run_writer(settings, docs, step, mode) == -9
    seen_by_readers = _state(settings)
    visible = ("in use", "cleaned") if mode == "rebuild" else ("published", "in use", "cleaned")
    assert seen_by_readers == (NEW if step in visible else OLD)
    sync(settings, HashEmbedder(64))
    assert _state(settings) == NEW
    _check_clean(settings)


@pytest.mark.parametrize("step", ["staged", "built", "published"])
def test_killed_first_run(settings: Settings, tmp_path: Path, step: str) -> None:
    """A first run that was killed leaves no index, and the next one takes up what it had finished."""
    docs = tmp_path / "docs"
    _fill(docs, OLD)
    assert _run_writer(settings, docs, step) == -9
    with pytest.raises(NoIndexError):
        Index.open(settings, HashEmbedder(64))
    report = sync(settings, HashEmbedder(64))
    assert report.chunks == 0
    assert _state(settings) == OLD
    _check_clean(settings)


READER = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from rag.config import Settings
    from rag.index import Index
    from rag.testing import HashEmbedder

    home, mode, stop = sys.argv[1:]
    settings, embedder = Settings(home=Path(home), _env_file=None), HashEmbedder(64)
    index, reads = Index.open(settings, embedder), 0
    while not Path(stop).exists():
        if mode == "reopen":
            index.close()
            index = Index.open(settings, embedder)
        for question, name in (("The vineyard makes wine.", "docs/wine.txt"), ("The train is late.", "docs/train.txt")):
            for ranking in (index.dense(embedder.embed_question(question), 1), index.lexical(question, 1)):
                [passage] = index.passages([key for key, _ in ranking])
                assert passage.source.id == name, (passage, reads)
                assert passage.chunk.text == question
        reads += 1
        Path(stop + mode).touch()
    print(reads)
    """
)


def test_readers_while_a_writer_writes(settings: Settings, tmp_path: Path) -> None:
    """Processes that read without a pause always find what was visible before, while another one syncs in a loop."""
    docs = tmp_path / "docs"
    _fill(docs, OLD)
    sync(settings, HashEmbedder(64), [docs])
    stop = tmp_path / "stop"
    readers = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", READER, str(settings.home), mode, str(stop)],
            cwd=Path(__file__).parent.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for mode in ("keep", "reopen")
    ]
    while not all(Path(f"{stop}{mode}").exists() for mode in ("keep", "reopen")):
        assert all(reader.poll() is None for reader in readers)
        time.sleep(0.1)
    for syncs in range(1, 13):
        (docs / "whale.txt").write_text(f"The blue whale number {syncs} swims.", "utf-8")
        sync(settings, HashEmbedder(64), rebuild=syncs % 7 == 0)
    stop.touch()
    for reader in readers:
        out, err = reader.communicate(timeout=60)
        assert reader.returncode == 0, err
        assert int(out) >= 2
    sync(settings, HashEmbedder(64))
    _check_clean(settings)


LIMITED = textwrap.dedent(
    """
    import resource, signal, sys
    from pathlib import Path
    from rag.config import Settings
    from rag.errors import StorageError
    from rag.syncing import sync
    from rag.testing import HashEmbedder

    home, docs, limit = sys.argv[1:]
    import chromadb, tantivy
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    try:
        sync(Settings(home=Path(home), _env_file=None), HashEmbedder(64), [Path(docs)])
    except StorageError as error:
        print(error.message, "|", error.hint)
        sys.exit(3)
    """
)


@pytest.mark.parametrize("limit", [20_000, 400_000])
def test_no_room_to_write(settings: Settings, tmp_path: Path, limit: int) -> None:
    """When files cannot grow the sync ends with a clear error, the previous state stays and the next sync works."""
    docs = tmp_path / "docs"
    _fill(docs, OLD)
    sync(settings, HashEmbedder(64), [docs])
    for number in range(40):
        (docs / f"long{number}.txt").write_text(f"Sentence {number} about nothing much. " * 800, "utf-8")
    command = [sys.executable, "-W", "ignore", "-c", LIMITED, str(settings.home), str(docs), str(limit)]
    done = subprocess.run(command, check=False, cwd=Path(__file__).parent.parent, capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert _state(settings) == OLD
    _fill(docs, NEW)
    sync(settings, HashEmbedder(64))
    assert _state(settings) == NEW
    _check_clean(settings)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB; skips where none can be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_full_disk(tmp_path: Path, small_disk: Path) -> None:
    """On a full disk the sync ends with a clear error, and the previous state stays."""
    docs = tmp_path / "docs"
    _fill(docs, OLD)
    settings = Settings(home=small_disk / "home", _env_file=None)  # type: ignore[call-arg]
    sync(settings, HashEmbedder(64), [docs])
    for number in range(40):
        (docs / f"long{number}.txt").write_text(f"Sentence {number} about nothing much. " * 800, "utf-8")
    with pytest.raises(StorageError, match="disk is full") as caught:
        sync(settings, HashEmbedder(64))
    assert caught.value.hint
    assert _state(settings) == OLD


def test_read_only_disk(tmp_path: Path, small_disk: Path) -> None:
    """An index on a read-only file system can be read; writing is a clear error."""
    docs = tmp_path / "docs"
    _fill(docs, OLD)
    settings = Settings(home=small_disk / "home", _env_file=None)  # type: ignore[call-arg]
    sync(settings, HashEmbedder(64), [docs])
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert _state(settings) == OLD
    with pytest.raises(StorageError, match="cannot be written"):
        sync(settings, HashEmbedder(64))

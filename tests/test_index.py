"""The index: what a sync does to it, and what readers see."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from rag.config import Settings
from rag.documents import Filter, Span
from rag.embedding import Vectors
from rag.errors import (
    IndexDamagedError,
    IndexLockedError,
    IndexMismatchError,
    NoIndexError,
    StorageError,
    UsageError,
)
from rag.index import Index
from rag.layout import Layout
from rag.origins import fingerprint
from rag.syncing import SyncReport, sync
from rag.testing import HashEmbedder
from rag.vectors import VectorStore

WHALE = "Blue whale report\n\nThe blue whale is the largest animal. It eats krill in cold water.\n"
WINE = "Red wine report\n\nThe vineyard makes red wine. The harvest was good in 2019.\n"
TRAIN = "Night train report\n\nThe night train leaves at nine. It arrives in the morning.\n"
ALL = Filter()


class CountingEmbedder(HashEmbedder):
    """A HashEmbedder that counts the passages it embeds."""

    def __init__(self) -> None:
        super().__init__(64)
        self.embedded = 0

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        """As HashEmbedder does."""
        self.embedded += len(texts)
        return super().embed_passages(texts, sentences)


class Desk:
    """A folder of documents with an index of its own."""

    def __init__(self, folder: Path) -> None:
        self.docs = folder / "docs"
        self.docs.mkdir()
        self.settings = Settings(home=folder / "home", _env_file=None)  # type: ignore[call-arg]
        self.embedder = CountingEmbedder()

    def write(self, **texts: str) -> None:
        """Writes NAME.txt for each text."""
        for name, text in texts.items():
            (self.docs / f"{name}.txt").write_text(text, "utf-8")

    def sync(self, *paths: Path, rebuild: bool = False) -> SyncReport:
        """Syncs the folder of documents, or other paths."""
        return sync(self.settings, self.embedder, paths or (self.docs,), rebuild=rebuild)

    def open(self) -> Index:
        """The index."""
        return Index.open(self.settings, self.embedder)

    def best(self, index: Index, question: str, wanted: Filter = ALL) -> list[str]:
        """The documents that both rankings put first."""
        dense = index.dense(self.embedder.embed_question(question), 1, wanted)
        lexical = index.lexical(question, 1, wanted)
        return [passage.source.id for passage in index.passages([key for key, _ in (*dense, *lexical)])]

    def snapshot(self) -> Path:
        """The folder of the published snapshot."""
        return next(iter((Layout(self.settings.home).current() or Path()).glob("snapshot-*")))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three documents, not indexed yet."""
    desk = Desk(tmp_path)
    desk.write(whale=WHALE, wine=WINE, train=TRAIN)
    return desk


@pytest.fixture
def index(desk: Desk) -> Iterator[Index]:
    """The index of the desk's documents."""
    desk.sync()
    with desk.open() as index:
        yield index


def test_first_sync_adds_every_document(desk: Desk) -> None:
    """A first sync reports what it added, and both rankings find it."""
    report = desk.sync()
    assert report.added == ("docs/train.txt", "docs/whale.txt", "docs/wine.txt")
    assert report.chunks >= 3
    assert not report.failed
    with desk.open() as index:
        assert desk.best(index, "largest whale animal") == ["docs/whale.txt"] * 2
        assert desk.best(index, "red wine vineyard") == ["docs/wine.txt"] * 2


def test_passages_are_exact_slices(desk: Desk, index: Index) -> None:
    """A passage's text, span, sentences and sentence vectors fit the file."""
    for key, _ in index.lexical("whale wine train", 10):
        [passage] = index.passages([key])
        text = (desk.docs.parent / passage.chunk.document).read_text("utf-8")
        assert passage.chunk.span.of(text) == passage.chunk.text
        sentences = [sentence.span.of(text) for sentence in passage.chunk.sentences]
        expected = np.array([desk.embedder.embed_question(sentence) for sentence in sentences])
        np.testing.assert_allclose(passage.sentence_vectors, expected, atol=1e-3)
        assert passage.fingerprint == fingerprint(index.document(passage.source.id))  # type: ignore[arg-type]


def test_passages_keep_the_order_of_keys(index: Index) -> None:
    """Passages come in the order asked for; unknown keys are left out."""
    keys = [key for key, _ in index.lexical("report", 10)][::-1]
    assert [passage.key for passage in index.passages([*keys, 10**9])] == keys


def test_document_is_rebuilt_from_the_manifest(desk: Desk, index: Index) -> None:
    """A document comes back whole although its file is gone."""
    (desk.docs / "whale.txt").unlink()
    document = index.document("docs/whale.txt")
    assert document is not None
    assert document.text == WHALE
    assert document.source.sha256 == hashlib.sha256(WHALE.encode()).hexdigest()
    assert document.sentences[-1].span.of(document.text) == "It eats krill in cold water."
    assert index.document("docs/nothing.txt") is None
    assert index.path("docs/whale.txt") == desk.docs / "whale.txt"


def test_unchanged_files_are_not_embedded_again(desk: Desk) -> None:
    """A second sync embeds nothing, even when a file was touched."""
    desk.sync()
    embedded = desk.embedder.embedded
    os.utime(desk.docs / "whale.txt", (1, 1))
    report = desk.sync()
    assert (report.unchanged, report.chunks, desk.embedder.embedded) == (3, 0, embedded)
    with desk.open() as index:
        assert not index.changes()


def test_changed_file_replaces_its_old_version(desk: Desk, index: Index) -> None:
    """An open reader finds the new text and no longer the old one."""
    desk.write(whale="The elephant walks on land.\n")
    assert index.changes().changed == ("docs/whale.txt",)
    assert desk.sync().changed == ("docs/whale.txt",)
    assert desk.best(index, "elephant walks") == ["docs/whale.txt"] * 2
    assert index.lexical("krill", 5) == []
    assert index.chunk_count == len(index.lexical("whale wine train elephant report", 50)) == _stored(index)


def _stored(index: Index) -> int:
    """How many vectors the store holds."""
    assert index._snapshot is not None
    assert index._snapshot.words.count == index._snapshot.vectors.count()
    return index._snapshot.vectors.count()


def test_renamed_file_keeps_its_vectors(desk: Desk, index: Index) -> None:
    """A file with a new name keeps keys and vectors; only its ids change."""
    [(key, _)] = index.lexical("krill", 1)
    embedded = desk.embedder.embedded
    (desk.docs / "whale.txt").rename(desk.docs / "orca.txt")
    assert desk.sync().renamed == (("docs/whale.txt", "docs/orca.txt"),)
    assert desk.embedder.embedded == embedded
    assert [k for k, _ in index.lexical("krill", 1)] == [key]
    [passage] = index.passages([key])
    assert passage.chunk.id.startswith("docs/orca.txt:")
    assert index.source("docs/whale.txt") is None


def test_deleted_file_is_removed(desk: Desk, index: Index) -> None:
    """A file that is gone from a readable folder is removed everywhere."""
    (desk.docs / "wine.txt").unlink()
    assert index.changes().removed == ("docs/wine.txt",)
    assert desk.sync().removed == ("docs/wine.txt",)
    assert index.lexical("vineyard", 5) == []
    assert [source.id for source in index.sources()] == ["docs/train.txt", "docs/whale.txt"]
    assert _stored(index) == index.chunk_count


@pytest.mark.parametrize("away", ["moved", "emptied"])
def test_a_folder_that_is_away_loses_nothing(desk: Desk, index: Index, away: str) -> None:
    """Nothing is removed when a root has vanished or is an empty mount point; the report says so."""
    desk.docs.rename(desk.docs.with_name("elsewhere"))
    if away == "emptied":
        desk.docs.mkdir()
    report = sync(desk.settings, desk.embedder)
    assert report.removed == ()
    assert [failure.name for failure in report.failed] == [str(desk.docs)]
    assert desk.best(index, "vineyard") == ["docs/wine.txt"] * 2
    assert not index.changes()


def test_a_file_that_became_unreadable_keeps_its_old_version(desk: Desk, index: Index) -> None:
    """A file that turned binary is reported and its earlier text stays."""
    (desk.docs / "wine.txt").write_bytes(bytes(range(256)) * 20)
    report = desk.sync()
    assert [failure.name for failure in report.failed] == ["docs/wine.txt"]
    assert desk.best(index, "vineyard") == ["docs/wine.txt"] * 2
    assert not index.changes()


def test_sync_without_paths_covers_every_known_root(desk: Desk, tmp_path: Path) -> None:
    """Roots are remembered; one file can be a root."""
    (tmp_path / "note.txt").write_text("A lighthouse stands alone.", "utf-8")
    desk.sync(desk.docs, tmp_path / "note.txt")
    (tmp_path / "note.txt").write_text("A lighthouse fell.", "utf-8")
    desk.write(moon="The moon is far away.")
    report = sync(desk.settings, desk.embedder)
    assert (report.added, report.changed) == (("docs/moon.txt",), ("note.txt",))
    (tmp_path / "note.txt").unlink()
    assert sync(desk.settings, desk.embedder).removed == ("note.txt",)


def test_roots_with_one_name_get_distinct_ids(desk: Desk, tmp_path: Path) -> None:
    """A second folder named docs extends its ids upward; the first keeps its own."""
    other = tmp_path / "b" / "docs"
    other.mkdir(parents=True)
    (other / "whale.txt").write_text("Another whale.", "utf-8")
    desk.sync()
    assert desk.sync(other).added == ("b/docs/whale.txt",)
    with desk.open() as index:
        assert index.status().roots == (other, desk.docs)


def test_a_root_above_another_takes_its_place(desk: Desk, tmp_path: Path) -> None:
    """Indexing a parent folder renames the documents and embeds none of them again."""
    desk.sync()
    embedded = desk.embedder.embedded
    report = desk.sync(tmp_path)
    assert report.renamed[0] == ("docs/train.txt", f"{tmp_path.name}/docs/train.txt")
    assert (len(report.renamed), len(report.added), desk.embedder.embedded) == (3, 0, embedded)
    with desk.open() as index:
        assert index.status().roots == (tmp_path,)


def test_filters(desk: Desk) -> None:
    """Documents, prefixes, languages and dates restrict both rankings."""
    (desk.docs / "old").mkdir()
    (desk.docs / "old" / "seal.txt").write_text("Seal news\nPublished: 2019-05-04\n\nThe seal eats fish.\n", "utf-8")
    desk.sync()
    with desk.open() as index:
        question = "The seal whale eats"
        assert desk.best(index, question, Filter(documents=("docs/wine.txt",)))[0] == "docs/wine.txt"
        assert set(desk.best(index, question, Filter(documents=("docs/old/",)))) == {"docs/old/seal.txt"}
        assert desk.best(index, question, Filter(languages=("zh",))) == []
        dated = [source.id for source in index.sources() if any(stated.value for stated in source.dates)]
        day = date(2019, 5, 4)
        assert set(desk.best(index, question, Filter(after=day, before=day))) <= set(dated)
        assert desk.best(index, question, Filter(after=date(2031, 1, 1))) == []


def test_broad_filters_search_deeper(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter too broad for exact comparison is answered by widening the search, with the same result."""
    desk.write(**{f"whale{number}": f"The whale number {number} swims." for number in range(60)})
    desk.sync()
    wanted = Filter(documents=("docs/wine.txt", "docs/train.txt"))
    with desk.open() as index:
        question = desk.embedder.embed_question("The whale swims")
        exact = index.dense(question, 2, wanted)
        monkeypatch.setattr("rag.index._EXACT", 0)
        wide = index.dense(question, 2, wanted)
        assert [key for key, _ in wide] == [key for key, _ in exact]
        np.testing.assert_allclose([score for _, score in wide], [score for _, score in exact], atol=1e-5)
        assert index.lexical("night wine whale", 2, wanted)


def test_names_of_any_bytes(desk: Desk) -> None:
    """Spaces, newlines and bytes that are not UTF-8 make valid ids, and the files can be opened."""
    names = [b"two words.txt", b"two\nlines.txt", b"caf\xe9.txt"]
    for name in names:
        Path(os.fsdecode(os.fsencode(desk.docs) + b"/" + name)).write_text("Plain text here.", "utf-8")
    report = desk.sync()
    assert {"docs/two words.txt", "docs/two\nlines.txt", "docs/caf\\xe9.txt"} <= set(report.added)
    with desk.open() as index:
        path = index.path("docs/caf\\xe9.txt")
        assert path is not None
        assert path.read_text("utf-8") == "Plain text here."
    assert desk.sync().unchanged == 6


def test_links_and_hidden_files(desk: Desk, tmp_path: Path) -> None:
    """Hidden files and links to folders are skipped, links inside are followed, others are reported."""
    (desk.docs / ".hidden.txt").write_text("Hidden.", "utf-8")
    (desk.docs / "loop").symlink_to(desk.docs)
    (desk.docs / "ring.txt").symlink_to(desk.docs / "ring.txt")
    (desk.docs / "inside.txt").symlink_to(desk.docs / "whale.txt")
    (tmp_path / "secret.txt").write_text("Secret.", "utf-8")
    (desk.docs / "outside.txt").symlink_to(tmp_path / "secret.txt")
    report = desk.sync()
    assert report.added == ("docs/inside.txt", "docs/train.txt", "docs/whale.txt", "docs/wine.txt")
    assert [failure.name for failure in report.failed] == ["docs/outside.txt", "docs/ring.txt"]


def test_second_writer_is_told(desk: Desk) -> None:
    """A second writer fails at once with the lock's name and the process that holds it."""
    with Layout(desk.settings.home).lock():
        with pytest.raises(IndexLockedError, match=rf"process {os.getpid()}.*lock") as caught:
            desk.sync()
        assert caught.value.retryable
    desk.sync()


def test_no_index(desk: Desk, tmp_path: Path) -> None:
    """Reading without an index and indexing nothing are errors with the command to run."""
    with pytest.raises(NoIndexError) as caught:
        desk.open()
    assert caught.value.hint == "Run: rag index PATH"
    with pytest.raises(UsageError, match="No folder"):
        sync(desk.settings, desk.embedder)
    with pytest.raises(UsageError, match="does not exist"):
        desk.sync(tmp_path / "nowhere")


def test_an_empty_folder_makes_an_empty_index(desk: Desk, tmp_path: Path) -> None:
    """An index without documents can be opened and finds nothing."""
    (tmp_path / "empty").mkdir()
    desk.sync(tmp_path / "empty")
    with desk.open() as index:
        assert desk.best(index, "whale") == []
        assert index.chunk_count == 0


def test_other_embedder_is_a_mismatch(desk: Desk) -> None:
    """Another embedder is refused with both names by readers and writers; a rebuild accepts it."""
    desk.sync()
    other = HashEmbedder(32)
    with pytest.raises(IndexMismatchError, match=r"hash/64.*hash/32") as caught:
        Index.open(desk.settings, other)
    assert caught.value.hint == "Run: rag index --rebuild"
    with pytest.raises(IndexMismatchError):
        sync(desk.settings, other)
    assert len(sync(desk.settings, other, rebuild=True).added) == 3
    with Index.open(desk.settings, other) as index:
        assert index.status().embedder == "hash/32"
    assert [path.name for path in Layout(desk.settings.home).folders()] == ["index-0002"]


def test_a_rebuild_refuses_to_lose_a_folder(desk: Desk) -> None:
    """A rebuild without paths stops when a root is away, and the index stays."""
    desk.sync()
    desk.docs.rename(desk.docs.with_name("elsewhere"))
    with pytest.raises(UsageError, match="lose"):
        sync(desk.settings, desk.embedder, rebuild=True)
    with desk.open() as index:
        assert desk.best(index, "vineyard") == ["docs/wine.txt"] * 2


def test_a_reader_follows_a_rebuild(desk: Desk, index: Index) -> None:
    """A reader that was open moves on to the rebuilt index."""
    assert desk.best(index, "vineyard") == ["docs/wine.txt"] * 2
    desk.write(wine="The brewery makes beer.")
    desk.sync(rebuild=True)
    assert desk.best(index, "brewery beer") == ["docs/wine.txt"] * 2


def _garble(path: Path) -> None:
    path.write_bytes(b"garbage" * 100)


def _halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _lose_a_vector(desk: Desk) -> None:
    with closing(VectorStore.embedded(desk.snapshot() / "chroma")) as store:
        store.delete(store.keys()[:1])


DAMAGE: dict[str, Callable[[Desk], object]] = {
    "chroma removed": lambda desk: shutil.rmtree(desk.snapshot() / "chroma"),
    "chroma database removed": lambda desk: (desk.snapshot() / "chroma" / "chroma.sqlite3").unlink(),
    "chroma database truncated": lambda desk: _halve(desk.snapshot() / "chroma" / "chroma.sqlite3"),
    "chroma database garbage": lambda desk: (desk.snapshot() / "chroma" / "chroma.sqlite3").write_bytes(b"x" * 10**6),
    "graph truncated": lambda desk: _halve(next(desk.snapshot().rglob("data_level0.bin"))),
    "a vector lost": _lose_a_vector,
    "words removed": lambda desk: shutil.rmtree(desk.snapshot() / "words"),
    "words garbage": lambda desk: _garble(desk.snapshot() / "words" / "meta.json"),
    "snapshot removed": lambda desk: shutil.rmtree(desk.snapshot()),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_parts_are_noticed_and_repaired(desk: Desk, damage: str) -> None:
    """A missing or garbled part is an error that names the command, which repairs it without embedding."""
    desk.sync()
    DAMAGE[damage](desk)
    with desk.open() as index, pytest.raises(IndexDamagedError) as caught:
        desk.best(index, "vineyard")
    assert caught.value.hint == "Run: rag index"
    desk.embedder.embedded = 0
    assert sync(desk.settings, desk.embedder).unchanged == 3
    assert desk.embedder.embedded == 0
    with desk.open() as index:
        assert desk.best(index, "vineyard") == ["docs/wine.txt"] * 2
        assert _stored(index) == index.chunk_count


@pytest.mark.parametrize("damage", ["garbage", "removed", "folder", "current"])
def test_a_damaged_manifest_needs_a_rebuild(desk: Desk, damage: str) -> None:
    """Without a readable manifest nothing is answered; a rebuild with the folder's name brings it back."""
    desk.sync()
    folder = Layout(desk.settings.home).current()
    assert folder is not None
    if damage == "garbage":
        _garble(folder / "sources.sqlite")
    elif damage == "removed":
        (folder / "sources.sqlite").unlink()
    elif damage == "folder":
        shutil.rmtree(folder)
    else:
        (desk.settings.home / "current").write_bytes(b"\xff\xfe\x00")
    for attempt in (desk.open, desk.sync):
        with pytest.raises(IndexDamagedError) as caught:
            attempt()
        assert caught.value.hint == "Run: rag index --rebuild"
    with pytest.raises(UsageError, match="no longer tells what it was made from"):
        sync(desk.settings, desk.embedder, rebuild=True)
    desk.sync(rebuild=True)
    with desk.open() as index:
        assert desk.best(index, "vineyard") == ["docs/wine.txt"] * 2


def test_threads_share_an_index_while_it_changes(desk: Desk, index: Index) -> None:
    """Threads that read one index while syncs go on always find what does not change."""

    def read(_: int) -> set[str]:
        return {name for _ in range(15) for name in desk.best(index, "The vineyard makes red wine")}

    with ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(read, number) for number in range(4)]
        for number in range(5):
            desk.write(whale=f"The whale number {number} swims.")
            desk.sync()
        assert all(each.result() == {"docs/wine.txt"} for each in reads)


def test_a_huge_file_is_a_failure_of_its_own(desk: Desk) -> None:
    """A file of 200 MB is reported and the others are indexed."""
    with (desk.docs / "huge.txt").open("wb") as file:
        file.truncate(200_000_000)
    report = desk.sync()
    assert [failure.name for failure in report.failed] == ["docs/huge.txt"]
    assert len(report.added) == 3


def test_home_that_is_a_file(desk: Desk) -> None:
    """A RAG_HOME that cannot be a folder is a clear error."""
    desk.settings.home.write_text("", "utf-8")
    with pytest.raises(StorageError):
        desk.sync()


def test_embedder_failure_keeps_what_was_finished(desk: Desk) -> None:
    """An interrupted first sync leaves no index, and the next one continues where it stopped."""
    desk.write(**{f"many{number}": "One two three. " * 1_500 for number in range(6)})
    seen: list[str] = []

    class Failing(CountingEmbedder):
        def embed_passages(
            self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
        ) -> tuple[Vectors, list[Vectors]]:
            if self.embedded >= 200:
                raise KeyboardInterrupt
            return super().embed_passages(texts, sentences)

    failing = Failing()
    with pytest.raises(KeyboardInterrupt):
        sync(desk.settings, failing, [desk.docs])
    with pytest.raises(NoIndexError):
        desk.open()
    report = sync(desk.settings, desk.embedder, progress=lambda done, total, name: seen.append(f"{done}/{total}"))
    assert len(report.added) == 9
    assert desk.embedder.embedded < failing.embedded * 3
    assert seen == [f"{number}/9" for number in range(1, 10)]
    with desk.open() as index:
        assert index.status().documents == 9
        assert failing.embedded + desk.embedder.embedded <= index.chunk_count + 2 * 128
        assert desk.embedder.embedded < index.chunk_count
        assert _stored(index) == index.chunk_count

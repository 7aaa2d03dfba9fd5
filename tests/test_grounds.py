"""Corpora that are indexed to be measured on, and copies of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from measured import Oracle, questions, read, write_town

from rag.config import Settings
from rag.documents import Span
from rag.grounds import Bench, RememberingEmbedder
from rag.testing import HashEmbedder


class Counting(HashEmbedder):
    """Counts the passages that it embeds."""

    def __init__(self) -> None:
        super().__init__()
        self.passages: list[str] = []

    def embed_passages(self, texts: list[str], sentences: list[list[Span]]) -> object:  # type: ignore[override]
        """As the hashing embedder does."""
        self.passages += texts
        return super().embed_passages(texts, sentences)


def test_no_passage_is_embedded_twice_and_the_vectors_are_the_same() -> None:
    """The same text with other sentences is another passage; the order of the batch is kept."""
    counting = Counting()
    remembering = RememberingEmbedder(counting)  # type: ignore[arg-type]
    texts, spans = ["a b", "c d", "a b", "a b"], [[Span(0, 1)], [], [Span(0, 1)], [Span(2, 3)]]
    for _ in range(2):
        rows, inner = remembering.embed_passages(texts, spans)
        expected, expected_inner = HashEmbedder().embed_passages(texts, spans)
        assert np.array_equal(rows, expected)
        assert all(np.array_equal(one, other) for one, other in zip(inner, expected_inner, strict=True))
    assert counting.passages == ["a b", "c d", "a b"]
    assert remembering.embed_passages([], [])[0].shape == (0, 256)


def test_a_copy_has_its_own_documents_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """Altered documents are altered in the copy alone, deleted ones are gone there, and so is the copy afterwards."""
    suite, settings = read(write_town(tmp_path)), Settings(_env_file=None, home=tmp_path / "home")  # type: ignore[call-arg]
    oracle = Oracle(questions(tmp_path))

    def nothing(*_: object) -> None:
        pass

    with (
        Bench(suite, settings, embedder=HashEmbedder(), answering=lambda index: oracle) as bench,
        bench.ground(suite, suite.corpora[0], tell=nothing, progress=nothing) as ground,
    ):
        changes = {"town/musee.txt": "Le musée est fermé.\n", "town/pabrik.txt": None}
        with bench.copy(ground, changes) as (workspace, tasks):
            folder = workspace.settings.home
            found = {source.id for source in workspace.index.sources()}
            document = workspace.index.document("town/musee.txt")
            assert document is not None
            assert document.text == "Le musée est fermé.\n"
            assert {task.key for task in tasks}.isdisjoint(task.key for task in ground.tasks)
        assert found == ground.library.texts.keys() - {"town/pabrik.txt"}
        assert not folder.exists()
        assert (tmp_path / "town" / "pabrik.txt").exists()
        assert ground.workspace.index.document("town/pabrik.txt") is not None

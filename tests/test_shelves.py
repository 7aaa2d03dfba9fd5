"""Where the quotations of an answer are looked up."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.answers import DraftAnswer, DraftClaim
from rag.config import Settings
from rag.errors import IndexDamagedError
from rag.index import Index
from rag.pipeline import ask
from rag.recheck import recheck
from rag.rendering import answer_object, dump
from rag.shelves import shelf
from rag.syncing import sync
from rag.testing import HashEmbedder, ScriptedAnswerer


def test_the_shelf_knows_the_indexed_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rechecking finds the files of an index from anywhere, and new names of the same bytes."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "else" / "notes"
    (folder / "old").mkdir(parents=True)
    (folder / "lake.txt").write_text("The lake is very deep. Nobody has seen the bottom of it.\n", "utf-8")
    settings = Settings(home=tmp_path / ".rag", corpus="nowhere")
    sync(settings, HashEmbedder(), [folder])
    draft = DraftAnswer(status="answered", claims=[DraftClaim(text="The lake is very deep.", sentences=["1.1"])])
    with Index.open(settings, HashEmbedder()) as index:
        text = dump(answer_object(ask("How deep is the lake?", index, ScriptedAnswerer(draft))))
    told: list[str] = []
    assert recheck(text, shelf(settings, tell=told.append)).counts["intact"] == 1
    (folder / "lake.txt").rename(folder / "old" / "renamed.txt")
    [verdict] = recheck(text, shelf(settings, tell=told.append)).verdicts
    assert verdict.found == ("notes/old/renamed.txt", 0, 22)
    assert told == []


def test_the_shelf_survives_a_damaged_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that can't be read is mentioned; the current folder still serves."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".rag").mkdir()
    (tmp_path / ".rag" / "current").write_text("index-0009\n", "utf-8")
    told: list[str] = []
    shelf(Settings(), tell=told.append)
    assert "damaged" in told[0]
    with pytest.raises(IndexDamagedError):
        Index.open(Settings(), HashEmbedder())

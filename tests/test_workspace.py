"""From settings to an open index and an answerer; what users type becomes a filter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.answers import DraftAnswer, DraftClaim
from rag.config import Settings
from rag.documents import Filter
from rag.errors import QuestionError, UsageError
from rag.index import Index
from rag.syncing import sync
from rag.testing import HashEmbedder, ScriptedAnswerer
from rag.workspace import LONGEST_QUESTION, Workspace, check_question

ENGLISH = "The lake is very deep. Nobody has seen the bottom of it.\n"
FRENCH = "Le lac est très profond. Personne n'en a jamais vu le fond.\n"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """Three small documents, embedded by hashing, and an answerer that cites the first sentence of the best passage."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "notes"
    (folder / "old").mkdir(parents=True)
    (folder / "lake.txt").write_text(ENGLISH, "utf-8")
    (folder / "lac.txt").write_text(FRENCH, "utf-8")
    (folder / "old" / "lake.txt").write_text("A lake was here once.\n", "utf-8")
    settings, embedder = Settings(home=tmp_path / ".rag", corpus="notes"), HashEmbedder()
    sync(settings, embedder, [folder])
    draft = DraftAnswer(status="answered", claims=[DraftClaim(text="The lake is very deep.", sentences=["1.1"])])
    with Workspace(settings, Index.open(settings, embedder), ScriptedAnswerer(draft)) as opened:
        yield opened


def test_questions_are_stripped() -> None:
    """White space around a question does not count, at the greatest length either."""
    assert check_question("  who? \n") == "who?"
    assert len(check_question("a" * LONGEST_QUESTION + " ")) == LONGEST_QUESTION


@pytest.mark.parametrize("question", ["", " ", "?", "…!", "\N{GRINNING FACE}", "\x00", "a" * (LONGEST_QUESTION + 1)])
def test_questions_without_words_are_refused(question: str) -> None:
    """Nothing, punctuation, emoji, control characters, and too much of anything."""
    with pytest.raises(QuestionError):
        check_question(question)


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("notes/lake.txt", ("notes/lake.txt",)),
        ("./notes/lake.txt", ("notes/lake.txt",)),
        ("lac.txt", ("notes/lac.txt",)),
        ("lac", ("notes/lac.txt",)),
        ("notes/old/", ("notes/old/lake.txt",)),
        ("notes", ("notes/lac.txt", "notes/lake.txt", "notes/old/lake.txt")),
        ("lake.txt", ("notes/lake.txt", "notes/old/lake.txt")),
    ],
)
def test_documents_can_be_named_loosely(workspace: Workspace, name: str, ids: tuple[str, ...]) -> None:
    """By id, folder, file name or its beginning; an ambiguous name means all that match."""
    assert workspace.filter([name]).documents == ids


def test_a_path_names_a_document(workspace: Workspace, tmp_path: Path) -> None:
    """The absolute path of an indexed file will do."""
    assert workspace.filter([str(tmp_path / "notes" / "lac.txt")]).documents == ("notes/lac.txt",)


@pytest.mark.parametrize("name", ["", "/", "nope", "ake.txt", "../notes/lake.txt"])
def test_unknown_documents_are_usage_errors(workspace: Workspace, name: str) -> None:
    """A name that matches nothing is told at once, not answered with nothing."""
    with pytest.raises(UsageError, match="No document is called"):
        workspace.filter([name])


def test_filters_are_complete(workspace: Workspace) -> None:
    """Languages in any case, each once; a day before and after."""
    day = dt.date(2020, 1, 1)
    assert workspace.filter(["lac"], [" FR", "fr"], day, day) == Filter(("notes/lac.txt",), ("fr",), day, day)
    assert not workspace.filter()
    with pytest.raises(UsageError, match="'de'"):
        workspace.filter(languages=["de"])


def test_a_line_of_a_batch_narrows_the_filter(workspace: Workspace) -> None:
    """Its documents must be among those that the command lets pass."""
    wanted = workspace.filter(["notes/old"])
    assert workspace.narrowed(wanted, []) is wanted
    assert workspace.narrowed(wanted, ["lake.txt"]).documents == ("notes/old/lake.txt",)
    with pytest.raises(UsageError, match="not among"):
        workspace.narrowed(wanted, ["lac"])


def test_asking_and_searching(workspace: Workspace) -> None:
    """The answerer's draft comes back verified; searching finds the same passage first."""
    answer = workspace.ask("how deep is the lake?", filter=workspace.filter(["notes/lake.txt"]))
    assert [claim.text for claim in answer.claims] == ["The lake is very deep."]
    [hit] = workspace.search("how deep is the lake?", filter=workspace.filter(["notes/lake.txt"]))
    assert hit.chunk.document == "notes/lake.txt"
    with pytest.raises(QuestionError):
        workspace.ask("?")
    assert workspace.speaker == "Answerer: scripted."


def test_notes_tell_openings_and_files(workspace: Workspace, tmp_path: Path) -> None:
    """The first words and the file; a file that is gone is not offered, an unknown id has an empty note."""
    (tmp_path / "notes" / "lac.txt").unlink()
    notes = workspace.notes(["notes/lake.txt", "notes/lac.txt", "nope"])
    assert notes["notes/lake.txt"].opening.startswith("The lake is very deep.")
    assert notes["notes/lake.txt"].path == tmp_path / "notes" / "lake.txt"
    assert (notes["notes/lac.txt"].path, notes["nope"].opening) == (None, "")

"""What the housekeeping commands show."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.answers import Usage
from rag.config import Settings, origin
from rag.doctor import Check
from rag.recheck import Report, Verdict
from rag.rendering import Look
from rag.reports import checks_object, checks_text, recheck_object, recheck_text, status_text, sync_text, usage_text
from rag.scanning import Failure
from rag.syncing import SyncReport

VERDICTS = (
    Verdict("claim 1", "a.txt", 0, 2, "ab", "intact"),
    Verdict("claim 2", "a.txt", 3, 5, "cd", "moved", ("b.txt", 4, 6), "the file was renamed"),
    Verdict("claim 3", "evil\x1b[2J\n.txt", 0, 2, "x\x1by", "missing", None, "there is no such file"),
)


def test_a_sync_is_told_with_names_and_figures() -> None:
    """Each kind of change has its sign; names are escaped; the last line counts."""
    report = SyncReport(("a\n.txt",), ("b.txt",), (("c.txt", "d.txt"),), ("e.txt",), 7, (Failure("f", "bad"),), 1, 0.25)
    assert sync_text(report) == (
        "+ a\\n.txt\n~ b.txt\n> c.txt -> d.txt\n- e.txt\n"
        "1 added, 1 changed, 1 renamed, 1 removed, 7 unchanged, 1 failed; 1 passage embedded in 0.2 s\n"
    )
    assert sync_text(SyncReport()).startswith("nothing to index; 0 passages")


def test_long_lists_are_cut() -> None:
    """A first run over many files does not flood the terminal."""
    lines = sync_text(SyncReport(tuple(f"{number}.txt" for number in range(1025)))).split("\n")
    assert lines[19:21] == ["+ 19.txt", "+ and 1,005 more"]


def test_status_is_a_small_table() -> None:
    """One fact a line, names of documents below."""
    text = status_text(
        {
            "home": "/x/.rag", "size_bytes": 1_234_567, "roots": ["/x/a"], "documents": 1, "chunks": 1,
            "chunker": "c/1", "languages": {"fr": 1},
            "embedder": "e", "vectors": "embedded", "published": "2026-01-01T00:00:00+00:00",
            "changes": {"added": ["a/new.txt"], "changed": [], "removed": []},
            "sources": [{"id": "a/b.txt", "language": "fr", "title": "Le lac"}],
        },
        Look(),
    )  # fmt: skip
    assert "Index          /x/.rag (1.2 MB)\n" in text
    assert "Documents      1 (1 passage)\n" in text
    assert "Languages      French 1\n" in text
    assert "Changes since  1 added; run: rag index\n" in text
    assert text.endswith("\na/b.txt · French · Le lac\n")


def test_verdicts_are_told_one_by_one() -> None:
    """State, place and what to know; hostile names and quotations are harmless."""
    assert recheck_text(Report(VERDICTS), Look()) == (
        "intact  a.txt:0-2 (claim 1)\n"
        "moved   a.txt:3-5 (claim 2)\n"
        "        now b.txt:4-6: the file was renamed\n"
        "missing evil\\x1b[2J\\n.txt:0-2 (claim 3)\n"
        "        there is no such file\n"
        "        “x\ufffdy”\n"
        "1 intact, 1 moved, 1 missing\n"
    )
    assert recheck_text(Report(()), Look()) == "The answer has no quotations to check.\n"


def test_verdicts_as_json() -> None:
    """The counts come first; "found" is there only for what moved."""
    value = recheck_object(Report(VERDICTS))
    assert list(value) == ["ok", "intact", "moved", "changed", "missing", "spans"]
    assert (value["ok"], value["missing"]) == (False, 1)
    assert value["spans"][1]["found"] == {"document": "b.txt", "start": 4, "end": 6}
    assert "found" not in value["spans"][0]


def test_checks_show_hints_below_what_is_wrong() -> None:
    """The summary says whether something is to be put right."""
    checks = [Check("disk", "wrong", "full", "Free some space."), Check("sqlite", "right", "3.40")]
    assert checks_text(checks, Look()) == (
        "WRONG disk    full\n              Hint: Free some space.\nok    sqlite  3.40\n1 to put right.\n"
    )
    assert checks_object(checks)["ok"] is False
    assert checks_text(checks[1:], Look()).endswith("All is well.\n")


def test_settings_tell_where_they_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Default, .env, environment and option are told apart."""
    monkeypatch.chdir(tmp_path)
    for name in ("RAG_K", "RAG_HOME", "RAG_THREADS", "RAG_CORPUS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text("RAG_THREADS=2\n")
    monkeypatch.setenv("RAG_K", "9")
    settings = Settings(home=tmp_path)
    origins = {name: origin(settings, name) for name in ("k", "threads", "home", "corpus")}
    assert origins == {"k": "environment", "threads": ".env", "home": "option", "corpus": "default"}


def test_usage_is_one_line() -> None:
    """Estimates are called so, a missing price is no price of nothing, and no request is no usage."""
    assert usage_text(Usage(1, 1_234, 56, 1_000, 1.25, 0.0125, False)) == (
        "Usage: 1 request, 1,234 tokens read (1,000 from the cache) and 56 written, 1.2 s, 0.012500 USD."
    )
    assert usage_text(Usage(2, 10, 5, estimated=True)) == (
        "Usage: 2 requests, about 10 tokens read and 5 written, 0.0 s, cost unknown: no price of the model is known."
    )
    assert usage_text(Usage()) == "Usage: no model was asked."

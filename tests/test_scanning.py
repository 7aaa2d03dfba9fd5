"""Roots, names and the walk."""

import os
from pathlib import Path

import pytest

from rag.errors import UsageError
from rag.scanning import Root, readable, resolve_roots, scan


def _tree(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Some text.", "utf-8")


def test_names_start_with_the_roots_own(tmp_path: Path) -> None:
    """An id is the path relative to the root's parent; files of other kinds and hidden ones are left out."""
    _tree(tmp_path / "docs", "a.txt", "sub/b.md", ".hidden/c.txt", "sub/.d.txt", "picture.jpg")
    roots, asked = resolve_roots([tmp_path / "docs"], [])
    assert roots == asked == [Root("docs", tmp_path / "docs")]
    found = scan(roots)
    assert sorted(found.files) == ["docs/a.txt", "docs/sub/b.md"]
    assert found.files["docs/a.txt"].size == 10
    assert not found.failures


def test_a_path_inside_a_root_asks_for_that_root(tmp_path: Path) -> None:
    """No second root is made below a root; without paths all roots are asked for."""
    _tree(tmp_path, "docs/sub/a.txt", "more/b.txt")
    docs, more = Root("docs", tmp_path / "docs"), Root("more", tmp_path / "more")
    assert resolve_roots([tmp_path / "docs" / "sub" / "a.txt"], [docs, more]) == ([docs, more], [docs])
    assert resolve_roots([], [docs, more]) == ([docs, more], [docs, more])


def test_labels_grow_upward_until_they_differ(tmp_path: Path) -> None:
    """Folders with one name get longer labels, the first one keeps the short one."""
    _tree(tmp_path, "a/docs/x.txt", "b/docs/x.txt", "c/b/docs/x.txt")
    roots, _ = resolve_roots([tmp_path / name / "docs" for name in ("a", "b", "c/b")], [])
    assert [root.label for root in roots] == ["docs", "b/docs", "c/b/docs"]
    assert len(scan(roots).files) == 3


def test_a_missing_path_is_a_usage_error_unless_it_is_a_root(tmp_path: Path) -> None:
    """A root that is away can be named; any other missing path cannot."""
    away = Root("away", tmp_path / "away")
    assert resolve_roots([tmp_path / "away"], [away]) == ([away], [away])
    with pytest.raises(UsageError, match="nowhere"):
        resolve_roots([tmp_path / "nowhere"], [away])


def test_deletion_needs_proof(tmp_path: Path) -> None:
    """A missing file is gone when its folder was listed, and not when a folder above it is away."""
    _tree(tmp_path / "docs", "a.txt", "sub/b.txt")
    here, away = Root("docs", tmp_path / "docs"), Root("away", tmp_path / "away")
    found = scan([here, away])
    assert found.proves_gone("docs/c.txt", tmp_path / "docs" / "c.txt")
    assert found.proves_gone("docs/gone/c.txt", tmp_path / "docs" / "gone" / "c.txt")
    assert not found.proves_gone("docs/a.txt", tmp_path / "docs" / "a.txt")
    assert not found.proves_gone("away/c.txt", tmp_path / "away" / "c.txt")
    assert [failure.name for failure in found.failures] == [str(tmp_path / "away")]


def test_a_folder_that_may_not_be_listed_proves_nothing(guarded: Path) -> None:
    """A folder without permission is reported, and its documents are kept."""
    _tree(guarded / "docs", "a.txt", "sub/b.txt")
    (guarded / "docs" / "sub").chmod(0)
    found = scan([Root("docs", guarded / "docs")])
    (guarded / "docs" / "sub").chmod(0o755)
    assert sorted(found.files) == ["docs/a.txt"]
    assert not found.proves_gone("docs/sub/b.txt", guarded / "docs" / "sub" / "b.txt")


def test_the_index_itself_is_skipped(tmp_path: Path) -> None:
    """An index folder inside a root is not walked."""
    _tree(tmp_path / "docs", "a.txt", "index/b.txt")
    found = scan([Root("docs", tmp_path / "docs")], skip=tmp_path / "docs" / "index")
    assert sorted(found.files) == ["docs/a.txt"]


def test_two_names_that_read_alike_are_not_mixed_up(tmp_path: Path) -> None:
    """A name with a strange byte and one that spells its escape get one id: the second is reported."""
    _tree(tmp_path / "docs", "caf\\xe9.txt", os.fsdecode(b"caf\xe9.txt"))
    found = scan([Root("docs", tmp_path / "docs")])
    assert list(found.files) == ["docs/" + readable("caf\udce9.txt")]
    assert len(found.failures) == 1

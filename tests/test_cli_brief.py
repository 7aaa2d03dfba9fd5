"""``rag brief`` as a user meets it: what goes where, which file comes out, and how it ends."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rag.cli import app

ROOT = Path(__file__).parent.parent
DAY = ("--as-of", "2026-11-21")


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the seeds, indexed."""
    folder = tmp_path_factory.mktemp("indexed")
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert CliRunner().invoke(app, ["index", "seeds"]).exit_code == 0
    return folder


@pytest.fixture
def here(indexed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The indexed folder as the current one."""
    monkeypatch.chdir(indexed)
    return indexed


def _brief(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["brief", *arguments, *DAY])


def test_without_a_file_the_page_goes_to_stdout(here: Path) -> None:
    """Text for a terminal, nothing else; every sentence with its numbers."""
    done = _brief("Microsoft and Xiaomi")
    assert done.exit_code == 0, done.output
    assert "memorandum" in done.stdout
    assert "not legally binding" in done.stdout
    assert "[1" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["brief.html", "brief.md", "brief.txt", "brief.json"])
def test_the_ending_decides_the_format(here: Path, tmp_path: Path, name: str) -> None:
    """The file holds the page, the same bytes each time, and stderr says what it is."""
    target = tmp_path / name
    done = _brief("Microsoft and Xiaomi", "-o", str(target))
    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    assert "sentences verified" in done.stderr
    first = target.read_bytes()
    assert b"memorandum" in first
    assert _brief("Microsoft and Xiaomi", "-o", str(target)).exit_code == 0
    assert target.read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_json_goes_to_stdout_as_one_line(here: Path) -> None:
    """For programs: the object of the contract."""
    done = _brief("--json")
    assert done.exit_code == 0, done.output
    [line] = done.stdout.splitlines()
    page = json.loads(line)
    assert (page["schema"], page["question"], page["as_of"]) == ("briefing/1", None, "2026-11-21")


def test_a_page_can_be_verified_later(here: Path, tmp_path: Path) -> None:
    """What rag brief wrote, rag verify reads."""
    target = tmp_path / "brief.json"
    assert _brief("-o", str(target)).exit_code == 0
    done = CliRunner().invoke(app, ["verify", str(target)])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1].endswith("intact")


def test_nothing_is_new_since_the_same_page(here: Path, tmp_path: Path) -> None:
    """An earlier page of the same documents leaves no changes."""
    target = tmp_path / "brief.json"
    assert _brief("-o", str(target)).exit_code == 0
    done = _brief("--json", "--since", str(target))
    assert done.exit_code == 0, done.output
    page = json.loads(done.stdout)
    assert (page["since"], page["changes"]) == ("2026-11-21", [])


def test_an_unknown_topic_ends_with_3(here: Path, tmp_path: Path) -> None:
    """No page and no file; one line says so."""
    done = _brief("penguins of Antarctica", "-o", str(tmp_path / "brief.md"))
    assert done.exit_code == 3
    assert done.stdout == ""
    assert done.stderr == "The documents say nothing about 'penguins of Antarctica' (5 looked at).\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-o", "brief.xyz"), ".pdf"),
        (("-o", "no/such/folder/brief.md"), "no folder"),
        (("--lang", "tlh"), "en, fr, id"),
        (("--since", "yesterday"), "neither a day nor a file"),
        (("--json", "-o", "brief.md"), "brief.json"),
        (("?!",), "no words"),
        (("--document", "nothing"), "nothing"),
    ],
)
def test_wrong_usage_is_told_before_any_work(here: Path, arguments: tuple[str, ...], message: str) -> None:
    """Exit code 2 with the remedy."""
    done = _brief(*arguments)
    assert done.exit_code == 2, done.output
    assert message in done.stderr


def test_without_an_index_the_exit_code_is_4(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for every command."""
    monkeypatch.chdir(tmp_path)
    done = _brief("anything")
    assert done.exit_code == 4


def test_a_file_that_is_no_page_is_refused(here: Path, tmp_path: Path) -> None:
    """--since reads briefing/1 and nothing else."""
    other = tmp_path / "answer.json"
    other.write_text('{"schema": "answer/1"}')
    done = _brief("--since", str(other))
    assert done.exit_code == 2
    assert "briefing/1" in done.stderr

"""rag verify: what became of the quotations of an answer."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import UsageError
from rag.recheck import Shelf, recheck

TEXT = "Xiaomi ranks fifth in the world. Ça va bien. Microsoft is older. Xiaomi ranks fifth in the world."
QUOTE = "Microsoft is older."


def _span(quote: str = QUOTE, **more: Any) -> dict[str, Any]:
    start = TEXT.find(quote)
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    span = {"document": "seeds/a.txt", "sha256": digest, "start": start, "end": start + len(quote), "quote": quote}
    return {**span, "language": "en", **more}


def _answer(*spans: dict[str, Any], text: str = QUOTE, **more: Any) -> str:
    return json.dumps(
        {
            "schema": "answer/1", "question": "?", "model": "extractive", "conflicts": [], "nearest": [],
            "claims": [{"text": text, "spans": list(spans), "origins": 1}], **more,
        }
    )  # fmt: skip


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """A folder with one document, the current folder its parent."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    (folder / "a.txt").write_bytes(TEXT.encode())
    return folder


def _states(given: str, seeds: Path, **more: Any) -> list[str]:
    return [verdict.state for verdict in recheck(given, Shelf(here=seeds.parent, **more)).verdicts]


def test_untouched_files_are_intact(seeds: Path) -> None:
    """The same characters at the same place, counted in code points."""
    report = recheck(_answer(_span()), Shelf(here=seeds.parent))
    [verdict] = report.verdicts
    assert (verdict.place, verdict.state, verdict.found, verdict.reason) == ("claim 1", "intact", None, "")
    assert report.holds


def test_a_change_elsewhere_keeps_a_quotation_intact(seeds: Path) -> None:
    """The file's digest differs, but these characters still stand there."""
    (seeds / "a.txt").write_text(TEXT + " More.", "utf-8")
    assert _states(_answer(_span()), seeds) == ["intact"]


def test_moved_text_gets_its_new_offsets(seeds: Path) -> None:
    """Text put in front moves the quotation by as many code points."""
    (seeds / "a.txt").write_text("Été. " + TEXT, "utf-8")
    [verdict] = recheck(_answer(_span()), Shelf(here=seeds.parent)).verdicts
    assert verdict.state == "moved"
    assert verdict.found == ("seeds/a.txt", _span()["start"] + 5, _span()["end"] + 5)


def test_of_several_places_the_nearest_is_named(seeds: Path) -> None:
    """A sentence that stands twice moved to the place next to the old one."""
    quote = "Xiaomi ranks fifth in the world."
    last = TEXT.rfind(quote)
    given = _answer(_span(quote, start=last + 3, end=last + 3 + len(quote)), text=quote)
    [verdict] = recheck(given, Shelf(here=seeds.parent)).verdicts
    assert verdict.found == ("seeds/a.txt", last, last + len(quote))


@pytest.mark.parametrize("changed", [TEXT.replace("older", "newer"), TEXT.replace("older.", "older!"), "Nothing."])
def test_altered_text_is_changed(seeds: Path, changed: str) -> None:
    """One other character is enough."""
    (seeds / "a.txt").write_text(changed, "utf-8")
    report = recheck(_answer(_span()), Shelf(here=seeds.parent))
    assert [verdict.state for verdict in report.verdicts] == ["changed"]
    assert not report.holds


def test_a_file_that_became_binary_is_changed(seeds: Path) -> None:
    """A file that can't be read as text no longer contains the quotation, and the reason is given."""
    (seeds / "a.txt").write_bytes(b"\x00\x01\xff\xfe" * 100)
    [verdict] = recheck(_answer(_span()), Shelf(here=seeds.parent)).verdicts
    assert verdict.state == "changed"
    assert verdict.reason


def test_a_file_that_is_gone_is_missing(seeds: Path) -> None:
    """No file, and no other with its bytes."""
    (seeds / "a.txt").unlink()
    assert _states(_answer(_span()), seeds) == ["missing"]


def test_a_renamed_file_is_found_by_its_bytes(seeds: Path) -> None:
    """The same bytes under another name in the same folder count as moved."""
    (seeds / "a.txt").rename(seeds / "b.txt")
    [verdict] = recheck(_answer(_span()), Shelf(here=seeds.parent)).verdicts
    assert (verdict.state, verdict.found) == ("moved", ("seeds/b.txt", _span()["start"], _span()["end"]))


def test_an_index_tells_where_files_are(seeds: Path, tmp_path: Path) -> None:
    """An id that the index knows needs no current folder, and a copy is found by its digest."""
    elsewhere = tmp_path / "else"
    elsewhere.mkdir()
    shelf = Shelf(here=elsewhere, path_of={"seeds/a.txt": seeds / "a.txt"}.get)
    assert recheck(_answer(_span()), shelf).verdicts[0].state == "intact"
    renamed = Shelf(
        here=elsewhere, path_of={"seeds/new.txt": seeds / "a.txt"}.get, copies_of=lambda _: ["seeds/new.txt"]
    )
    assert recheck(_answer(_span()), renamed).verdicts[0].found == ("seeds/new.txt", _span()["start"], _span()["end"])


def test_ids_count_from_the_folder_itself_too(seeds: Path) -> None:
    """Inside the indexed folder, and for a folder named in the settings, the same ids are found."""
    assert recheck(_answer(_span()), Shelf(here=seeds)).verdicts[0].state == "intact"
    assert recheck(_answer(_span()), Shelf([seeds], here=Path("/"))).verdicts[0].state == "intact"


@pytest.mark.parametrize(
    "document",
    [
        "../secret.txt", "seeds/../../secret.txt", "seeds/../secret.txt", "/etc/hostname", "seeds/link.txt", "..",
        ".", "/", "seeds/\x00.txt", "seeds/" + "a" * 4000, "seeds", "~/secret.txt", "seeds//etc/hostname",
    ],
)  # fmt: skip
def test_nothing_outside_the_folders_is_opened(seeds: Path, document: str) -> None:
    """Paths that climb out, absolute ones, links that lead out and impossible names are all missing."""
    (seeds.parent / "secret.txt").write_text(TEXT, "utf-8")
    (seeds / "link.txt").symlink_to(seeds.parent / "secret.txt")
    (seeds / "a.txt").unlink()
    assert _states(_answer(_span(document=document)), seeds) == ["missing"]


def test_an_extractive_claim_must_stand_in_its_quotation(seeds: Path) -> None:
    """Words put into a claim without touching its quotation are noticed; a model's own words are no quotation."""
    altered = _answer(_span(), text="Microsoft is younger.")
    assert _states(altered, seeds) == ["changed"]
    assert _states(altered.replace('"extractive"', '"server:model"'), seeds) == ["intact"]


def test_conflicts_and_nearest_passages_are_checked_too(seeds: Path) -> None:
    """Every span of the object is looked at, and its place is named."""
    position = {"text": "older", "spans": [_span()]}
    given = _answer(
        _span(), conflicts=[{"about": "age", "kind": "scope", "positions": [position, position]}], nearest=[_span()]
    )
    report = recheck(given, Shelf(here=seeds.parent))
    assert [verdict.place for verdict in report.verdicts] == [
        "claim 1", "conflict 1, position 1", "conflict 1, position 2", "nearest 1",
    ]  # fmt: skip
    assert report.counts == {"intact": 4, "moved": 0, "changed": 0, "missing": 0}


def test_json_lines_hold_several_answers(seeds: Path) -> None:
    """The output of a batch is checked line by line, blank lines aside."""
    report = recheck(_answer(_span()) + "\n\n" + _answer(_span(), id="b") + "\n", Shelf(here=seeds.parent))
    assert [verdict.place for verdict in report.verdicts] == ["answer 1, claim 1", "answer 2, claim 1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"), ("  \n", "empty"), ("{", "not JSON"), ('{"schema": "answer/1"', "not JSON"), ("[]", "no schema"),
        ("[" * 100_000, "nested too deeply"), ("1" * 5000, "not JSON"),
        ("null", "no schema"),
        ('"answer/1"', "no schema"),
        ('{"schema": "answer/2"}', "'answer/2'"), ('{"schema": "answer/1"}', "question"), ("NaN", "no schema"),
        (_answer(_span(start=-1)), "start"), (_answer(_span(end=10**400)), "end"), (_answer(_span(start="0")), "start"),
        (_answer(_span(start=1.5)), "start"), (_answer(_span(start=True)), "start"),
        (_answer(_span(quote="a", end=0)), "end"),
        (_answer(_span() | {"quote": None}), "quote"), (_answer(_span() | {"quote": ""}), "quote"),
        (_answer(_span(document=["seeds/a.txt"])), "document"), (_answer(_span(sha256="../../x")), "sha256"),
        (_answer(_span(document="\udcff/a.txt")), "document"), (_answer(), "spans"),
        (_answer(_span(), text=7), "text"), (_answer(_span(), nearest="x"), "nearest"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(seeds: Path, text: str, message: str) -> None:
    """Malformed JSON, other schemas and hostile values are usage errors that name what is wrong."""
    with pytest.raises(UsageError, match=message):
        recheck(text, Shelf(here=seeds.parent))


@given(st.integers(0, 2**53), st.integers(1, 2**53), st.text(min_size=1))
def test_no_offsets_or_quotation_make_it_fail(start: int, end: int, quote: str) -> None:
    """Any well-formed span gets a verdict."""
    span = _span() | {"start": start, "end": end, "quote": quote, "document": "nowhere/a.txt"}
    report = recheck(_answer(span, text=quote), Shelf(here=Path("/nonexistent")))
    assert report.counts["missing"] == 1

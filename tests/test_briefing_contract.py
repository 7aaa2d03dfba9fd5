"""briefing/1: the object, its schema, back from it, and what rag verify makes of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from rag import briefing_contract
from rag.answers import Attribution, Position, Quotation, Usage
from rag.briefings import (
    Actor,
    BottomLine,
    Briefing,
    Change,
    Coverage,
    Disagreement,
    Event,
    Gap,
    Saying,
    SourceEntry,
    Statement,
)
from rag.errors import UsageError
from rag.recheck import Shelf, recheck

TEXT = "The dam of Orlow cracked in 2023. Nobody knows why. “It was old,” said Ada Brenn, the mayor.\n"
SCHEMA = Path(briefing_contract.__file__).parent / "schemas" / "briefing-1.json"


def _quotation(quote: str, sha256: str = "0" * 64) -> Quotation:
    start = TEXT.index(quote)
    return Quotation("town/dam.txt", sha256, start, start + len(quote), quote, "en", "Dam")


def _statement(quote: str, sha256: str = "0" * 64) -> Statement:
    return Statement(quote, "quoted", (_quotation(quote, sha256),), 1)


def _page(sha256: str = "0" * 64) -> Briefing:
    """A page with something in every field."""
    cracked, unknown = "The dam of Orlow cracked in 2023.", "Nobody knows why."
    said = Statement("The mayor calls it old.", "reported", (_quotation("“It was old,” said Ada Brenn", sha256),), 1)
    return Briefing(
        title="Orlow",
        question="What happened in Orlow?",
        language="en",
        as_of=dt.date(2026, 11, 21),
        bottom_line=BottomLine((_statement(cracked, sha256),), "low", "one origin"),
        facts=(
            Statement(said.text, said.kind, said.spans, 1, Attribution("Ada Brenn", "statement")),
            Statement("It is unsafe.", "inferred", said.spans, 1, verified=False),
        ),
        timeline=(Event("2023", "2023", "printed", _statement(cracked, sha256)),),
        actors=(Actor("Ada Brenn", _statement("the mayor", sha256), ("A. Brenn",)),),
        agreements=(_statement(cracked, sha256),),
        disagreements=(
            Disagreement(
                "the dam",
                "emphasis",
                (
                    Position(cracked, (_quotation(cracked, sha256),)),
                    Position(unknown, (_quotation(unknown, sha256),)),
                ),
            ),
        ),
        gaps=(Gap(unknown, "stated", (_quotation(unknown, sha256),)), Gap("How much it costs.", "absent")),
        sayings=(Saying(_quotation("It was old", sha256), "Ada Brenn"),),
        sources=(SourceEntry(1, "town/dam.txt", sha256, "Dam", "en", "2024-01-02", "published", "news"),),
        origins=1,
        considered=3,
        documents=7,
        coverage=Coverage(7, 6, 2),
        changes=(Change("changed", _statement(cracked, sha256), "The dam held."),),
        since="2026-01-01",
        model="ollama:test",
        prompt="brief@0123456789ab",
        usage=Usage(requests=3, input_tokens=10, output_tokens=5, seconds=1.5),
    )


def _bare() -> Briefing:
    """A page with nothing in any field that may be empty."""
    return Briefing(title="", question=None, language="fr", as_of=dt.date(2026, 1, 1), bottom_line=None)


@pytest.mark.parametrize("make", [_page, _bare])
def test_objects_fit_the_published_schema(make: Callable[[], Briefing]) -> None:
    """Whatever a page holds, its JSON is valid."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(briefing_contract.briefing_text(make())))


@pytest.mark.parametrize("make", [_page, _bare])
def test_a_page_comes_back_as_it_was(make: Callable[[], Briefing]) -> None:
    """Reading what was written gives the same values, and the same bytes again."""
    text = briefing_contract.briefing_text(make())
    page = briefing_contract.read_briefing(text)
    assert page == make()
    assert briefing_contract.briefing_text(page) == text


def test_the_published_schema_is_current() -> None:
    """The file is what the types and their docstrings give."""
    assert SCHEMA.read_text("utf-8") == briefing_contract.schema_text()


def test_every_field_is_described() -> None:
    """Whoever reads the schema needs no other document; what an attribution and a position are says their names."""
    schema = briefing_contract.briefing_schema()
    plain = {"Attribution", "Position", "Span"}
    for part in (schema, *(each for name, each in schema["$defs"].items() if name not in plain)):
        for name, field in part.get("properties", {}).items():
            assert field.get("description") or "$ref" in field or "allOf" in field, name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda page: page.pop("facts") and page.update(schema="answer/1"), "answer/1"),
        (lambda page: page.update(as_of="yesterday"), "as_of"),
        (lambda page: page.update(as_of="20261121"), "as_of"),
        (lambda page: page["facts"][0].update(origins="1"), "facts[0].origins"),
        (lambda page: page["facts"][0].pop("spans"), "facts[0].spans"),
        (lambda page: page["bottom_line"].update(confidence="sure"), "bottom_line.confidence"),
        (lambda page: page.update(timeline={}), "timeline"),
    ],
)
def test_what_is_no_page_is_refused_with_the_place(change: Callable[[dict[str, Any]], object], message: str) -> None:
    """A usage error that says what is wrong, and where."""
    page = json.loads(briefing_contract.briefing_text(_page()))
    change(page)
    with pytest.raises(UsageError) as caught:
        briefing_contract.read_briefing(json.dumps(page))
    assert message in caught.value.message


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 5000, '{"schema": "briefing/1"}', "\x00", "NaN"])
def test_any_text_is_refused_and_never_breaks(text: str) -> None:
    """Nothing that is handed in is trusted."""
    with pytest.raises(UsageError):
        briefing_contract.read_briefing(text)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """The folder that the page is about, the current folder its parent."""
    folder = tmp_path / "town"
    folder.mkdir()
    (folder / "dam.txt").write_text(TEXT, "utf-8")
    return folder


def _sha256(folder: Path) -> str:
    import hashlib

    return hashlib.sha256((folder / "dam.txt").read_bytes()).hexdigest()


def test_an_untouched_source_keeps_a_page_intact(town: Path) -> None:
    """Every quotation of every section is looked up."""
    report = recheck(briefing_contract.briefing_text(_page(_sha256(town))), Shelf(here=town.parent))
    assert report.holds
    assert report.altered == ()
    places = {verdict.place for verdict in report.verdicts}
    assert places == {
        "bottom line 1", "fact 1", "fact 2", "event 1", "actor 1", "agreement 1", "disagreement 1, position 1",
        "disagreement 1, position 2", "gap 1", "saying 1",
    }  # fmt: skip


def test_a_changed_source_is_named(town: Path) -> None:
    """What still stands is intact or moved, what is gone is changed, and the source is listed as altered."""
    given = briefing_contract.briefing_text(_page(_sha256(town)))
    (town / "dam.txt").write_text("News. " + TEXT.replace("Nobody knows why.", "Rust did it."), "utf-8")
    report = recheck(given, Shelf(here=town.parent))
    states = {verdict.place: verdict.state for verdict in report.verdicts}
    assert states["bottom line 1"] == "moved"
    assert states["gap 1"] == "changed"
    assert not report.holds
    assert report.altered == ("town/dam.txt",)


def test_a_source_that_is_gone_is_named(town: Path) -> None:
    """All of its quotations are missing."""
    given = briefing_contract.briefing_text(_page(_sha256(town)))
    (town / "dam.txt").unlink()
    report = recheck(given, Shelf(here=town.parent))
    assert {verdict.state for verdict in report.verdicts} == {"missing"}
    assert report.altered == ("town/dam.txt",)


def test_an_altered_statement_is_no_quotation(town: Path) -> None:
    """A quoted text that its quotation does not hold counts as changed."""
    page = json.loads(briefing_contract.briefing_text(_page(_sha256(town))))
    page["bottom_line"]["statements"][0]["text"] = "The dam of Orlow never cracked."
    report = recheck(json.dumps(page), Shelf(here=town.parent))
    assert next(one.state for one in report.verdicts if one.place == "bottom line 1") == "changed"


@pytest.mark.parametrize(
    "change",
    [{"document": ""}, {"sha256": "zz"}, {"start": -1}, {"end": 0}, {"quote": ""}, {"document": "../../etc/passwd"}],
)
def test_spans_of_a_page_are_as_little_trusted_as_those_of_an_answer(town: Path, change: dict[str, Any]) -> None:
    """A malformed span is a usage error, and a path out of the folder leads nowhere."""
    page = json.loads(briefing_contract.briefing_text(_page(_sha256(town))))
    page["gaps"][0]["spans"][0].update(change)
    if "passwd" in str(change):
        report = recheck(json.dumps(page), Shelf(here=town.parent))
        assert next(one.state for one in report.verdicts if one.place == "gap 1") in ("missing", "moved")
        return
    with pytest.raises(UsageError):
        recheck(json.dumps(page), Shelf(here=town.parent))

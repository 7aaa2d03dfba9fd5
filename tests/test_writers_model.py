"""Pages that a model writes: real clients over HTTP against a server that answers as each test tells it to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fault_server import FaultServer, answer, failure
from modelled import DEEP, ITALY, here, indexed, invoke
from typer.testing import Result

from rag.writers.sections import SECTIONS

__all__ = ["here", "indexed"]

HAUNTED = "Anna Rossi believes that it is haunted."
TOWER = "Le phare mesure 67 mètres de haut et il a été construit en 1611."
EMPTY: dict[str, dict[str, Any]] = {
    "summary": {"bottom_line": [], "facts": []},
    "story": {"timeline": [], "actors": []},
    "comparison": {"agreements": [], "disagreements": [], "gaps": []},
}


def _writes(**fields: list[dict[str, Any]]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What a model writes: items whose "cites" is the sentence of the prompt that they name, in their sections."""

    def content(body: dict[str, Any]) -> dict[str, Any]:
        prompt = "\n".join(message["content"] for message in body["messages"])
        section = next(name for name, told in SECTIONS.items() if told in prompt)
        numbers = {line: number for number, line in re.findall(r"^\[(\d+\.\d+)\] (.+)$", prompt, re.M)}

        def filled(item: Any) -> Any:
            if isinstance(item, list):
                return [filled(each) for each in item]
            if not isinstance(item, dict):
                return item
            kept = {key: filled(value) for key, value in item.items() if key != "cites"}
            return {**kept, "sentences": [numbers[each] for each in item["cites"]]} if "cites" in item else kept

        return {**EMPTY[section], **{name: filled(fields[name]) for name in EMPTY[section] if name in fields}}

    return content


def _brief(server: FaultServer, *arguments: str) -> Result:
    return invoke("brief", "-m", "llamacpp:test", "--base-url", server.url, "--as-of", "2026-11-21", *arguments)


def _item(text: str, *cites: str, **more: Any) -> dict[str, Any]:
    return {"text": text, "cites": list(cites), **more}


def _page(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    page: dict[str, Any] = json.loads(done.stdout)
    return page


def test_a_page_is_written_section_by_section(here: Path) -> None:
    """One request for each section; what is reworded and borne out is reported, what is verbatim is quoted."""
    content = _writes(
        bottom_line=[_item(DEEP, DEEP)],
        facts=[_item("Le phare mesure 67 mètres de haut.", TOWER)],
        timeline=[_item("Le phare a été construit en 1611.", TOWER, date="1611")],
    )
    with FaultServer(default=answer(content)) as server:
        page = _page(_brief(server, "--json"))
        sent = [body["messages"][-1]["content"] for body in server.bodies]
    assert len(sent) == len(SECTIONS) == 3
    assert all(told in prompt for told, prompt in zip(SECTIONS.values(), sent, strict=True))
    [bottom] = page["bottom_line"]["statements"]
    assert (bottom["text"], bottom["kind"], bottom["spans"][0]["quote"]) == (DEEP, "quoted", DEEP)
    [fact] = page["facts"]
    assert (fact["kind"], fact["spans"][0]["document"]) == ("reported", "seeds/phare.txt")
    assert [event["sort_key"] for event in page["timeline"]] == ["1611"]
    assert page["model"] == "llamacpp:test"
    assert re.fullmatch(r"brief@[0-9a-f]{12}", page["prompt"])
    assert page["usage"]["requests"] == 3
    assert page["coverage"] == {"sentences": 3, "verified": 3, "withheld": 0}


def test_what_sources_do_not_say_is_sent_back_then_withheld(here: Path) -> None:
    """The model is told once what is wrong; when it insists, the sentence is left out and counted."""
    content = _writes(bottom_line=[_item(DEEP, DEEP)], facts=[_item("The lake is 1430 metres deep.", DEEP)])
    with FaultServer(default=answer(content)) as server:
        page = _page(_brief(server, "--json"))
        assert len(server.requests) == 4
        assert "1430" in server.bodies[1]["messages"][-1]["content"]
    assert page["facts"] == []
    assert page["coverage"] == {"sentences": 1, "verified": 1, "withheld": 1}


def test_unverified_sentences_are_printed_only_on_demand_and_marked(here: Path) -> None:
    """With --allow-unverified the sentence stands there as what it is, and the coverage says so."""
    content = _writes(bottom_line=[_item(DEEP, DEEP)], facts=[_item("The lake is 1430 metres deep.", DEEP)])
    with FaultServer(default=answer(content)) as server:
        page = _page(_brief(server, "--json", "--allow-unverified"))
    [fact] = page["facts"]
    assert (fact["text"], fact["verified"]) == ("The lake is 1430 metres deep.", False)
    assert fact["spans"][0]["quote"] == DEEP
    assert page["coverage"] == {"sentences": 2, "verified": 1, "withheld": 0}


@pytest.mark.parametrize(
    "fields",
    [
        {"timeline": [_item(DEEP, DEEP, date="1999")]},
        {"actors": [_item("the lake", DEEP, name="Bill Gates")]},
        {"gaps": [_item("Nobody knows who owns the moon.", DEEP)]},
        {
            "disagreements": [
                {
                    "about": "depth",
                    "kind": "contradiction",
                    "positions": [_item(DEEP, DEEP), _item("The lake is 9 metres deep.", ITALY)],
                }
            ]
        },
    ],
    ids=["date", "name", "gap", "position"],
)
def test_every_section_is_held_to_its_sentences(here: Path, fields: dict[str, Any]) -> None:
    """A date that is not printed, a name that is not there, a gap and a side that are invented: none is shown."""
    with FaultServer(default=answer(_writes(bottom_line=[_item(DEEP, DEEP)], **fields))) as server:
        page = _page(_brief(server, "--json"))
    [name] = fields
    assert page[name] == []
    assert page["coverage"]["withheld"] >= 1
    assert page["coverage"]["verified"] == page["coverage"]["sentences"] == 1


def test_what_somebody_believes_does_not_become_a_fact(here: Path) -> None:
    """The guard that holds answers to their sentences holds pages, too."""
    content = _writes(bottom_line=[_item(DEEP, DEEP)], facts=[_item("Lake Orta is haunted.", HAUNTED)])
    with FaultServer(default=answer(content)) as server:
        page = _page(_brief(server, "--json"))
    assert page["facts"] == []


def test_a_server_that_fails_leaves_no_page(here: Path) -> None:
    """Exit code 1, one line of error, and no file."""
    with FaultServer(default=failure(500)) as server:
        done = _brief(server, "-o", "brief.json", "--timeout", "5")
    assert done.exit_code == 1
    assert "Error:" in done.stderr
    assert not list(here.glob("*brief.json*"))


def test_a_model_that_writes_nothing_gives_no_page(here: Path) -> None:
    """Without a sentence there is nothing to print: exit code 3."""
    with FaultServer(default=answer(_writes())) as server:
        done = _brief(server)
    assert done.exit_code == 3
    assert done.stdout == ""


def test_options_for_a_model_need_one(here: Path) -> None:
    """A time limit without a model is a usage error that says what is missing."""
    done = invoke("brief", "--timeout", "5")
    assert done.exit_code == 2
    assert "-m SERVER:MODEL" in done.stderr

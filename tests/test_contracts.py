"""What the published JSON contracts share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from rag import contracts
from rag.errors import UsageError

HINT = "Write one with rag something."


@dataclass(frozen=True, slots=True)
class Part:
    """A part."""

    name: str
    share: float
    colour: Literal["red", "blue"] = "red"


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole.

    Attributes:
        parts: Some parts.
        note: A remark; None without one.
    """

    parts: tuple[Part, ...]
    note: str | None = None
    curve: tuple[tuple[float, float], ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    more: Mapping[str, Any] | None = None
    sure: bool = False


def test_what_was_written_is_read_back() -> None:
    """A tree of dataclasses survives being written as JSON, undecodable file names included."""
    whole = Whole(
        (Part("caf\udcff", 0.5), Part("ü", 1.0, "blue")),
        "n",
        ((0.0, 1.0),),
        {"a": 2},
        {"x": [1, {"y": None}]},
        sure=True,
    )
    text = contracts.dump({"schema": "whole/1", **contracts.plain(whole, {})})
    text.encode()
    assert contracts.build(Whole, contracts.parse(text, "whole/1", HINT), HINT) == whole


def test_unknown_fields_are_ignored_and_defaults_may_be_absent() -> None:
    """A later minor version may add fields, and a field with a default need not be there."""
    value = {"parts": [{"name": "a", "share": 1, "later": []}], "later": True}
    assert contracts.build(Whole, value, HINT) == Whole((Part("a", 1.0),))


def test_an_absent_field_is_left_out_when_it_is_none() -> None:
    """What a contract calls absent is not written as null."""
    assert "note" not in contracts.plain(Whole(()), {Whole: ("note",)})
    assert contracts.plain(Whole(()), {})["note"] is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "This is no JSON"),
        ("[" * 100_000, "This is no JSON"),
        ('{"schema": "whole/1", "x": NaN}', "This is no JSON: NaN is no number"),
        ("[1]", "This is no whole/1 object: its schema is [1]"),
        ('{"schema": "whole/2"}', "its schema is 'whole/2'"),
        ("{}", "its schema is None"),
        ('"' + "x" * 1000 + '"', "xxx…"),
    ],
)
def test_other_texts_are_refused(text: str, said: str) -> None:
    """What is no JSON, or of another contract or version, is refused with what it is and what to do."""
    with pytest.raises(UsageError) as refused:
        contracts.parse(text, "whole/1", HINT)
    assert said in refused.value.message
    assert refused.value.hint == HINT
    assert len(refused.value.message) < 200


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"parts": None}, "parts is None, not a list."),
        ({"parts": [{"share": 1}]}, "parts[0].name is missing."),
        ({"parts": [{"name": 1, "share": 1}]}, "parts[0].name is 1, not a text."),
        ({"parts": [{"name": "a", "share": "1"}]}, "parts[0].share is '1', not a number."),
        ({"parts": [{"name": "a", "share": True}]}, "parts[0].share is True, not a number."),
        ({"parts": [{"name": "a", "share": 10**400}]}, "not a number."),
        (
            {"parts": [{"name": "a", "share": 1, "colour": "green"}]},
            "parts[0].colour is 'green', not one of 'red', 'blue'.",
        ),
        ({"curve": [[1]]}, "curve[0] is [1], not a list of 2."),
        ({"counts": {"a": 1.5}}, "counts.a is 1.5, not a whole number."),
        ({"counts": []}, "counts is [], not an object."),
        ({"sure": 1}, "sure is 1, not true or false."),
        ({"note": 3}, "note is 3, not a text."),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_place(change: dict[str, Any], said: str) -> None:
    """The message names the field, its value and what it has to be."""
    with pytest.raises(UsageError) as refused:
        contracts.build(Whole, {"parts": [], **change}, HINT)
    assert refused.value.message.endswith(said)


def test_what_is_no_object_is_refused() -> None:
    """A list in place of the whole is refused, too."""
    with pytest.raises(UsageError, match=r"The value is \[\], not an object\."):
        contracts.build(Whole, [], HINT)


def test_a_schema_says_what_the_docstrings_say() -> None:
    """Descriptions come from the docstrings, fields are required unless they may be absent, defaults are not told."""
    schema = contracts.described_schema(Whole, {Whole: ("note",)})
    assert schema["description"] == "A whole."
    assert schema["properties"]["note"] == {"type": "string", "description": "A remark; absent without one."}
    assert "note" not in schema["required"]
    assert schema["$defs"]["Part"]["required"] == ["name", "share", "colour"]
    assert "default" not in json.dumps(schema)

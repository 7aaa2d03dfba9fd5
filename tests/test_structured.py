"""Schemas for servers, and items found while an answer is being written."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from rag.structured import FoundItems, ListItems, strict

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('a"\\[]{},:`é\n '), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["claims", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def found(text: str, size: int) -> list[str]:
    """The items found when the text arrives in pieces of a size."""
    items = ListItems("claims")
    return [item for start in range(0, len(text), size) for item in items.feed(text[start : start + size])]


@given(
    st.dictionaries(st.sampled_from(["a", "b"]), JSON),
    st.lists(JSON, max_size=4),
    JSON,
    st.integers(1, 9),
    st.booleans(),
)
def test_exactly_the_items_of_the_field_are_found(
    before: dict[str, Any], claims: list[Any], after: Any, size: int, fenced: bool
) -> None:
    """Whatever stands around and inside them, and however the text is cut."""
    text = json.dumps({**before, "claims": claims, "z": after}, ensure_ascii=False, indent=1 if fenced else None)
    text = f"```json\n{text}\n```" if fenced else text
    assert [json.loads(item) for item in found(text, size)] == claims


def test_an_item_is_found_with_its_last_character() -> None:
    """Objects need not wait for what follows them."""
    items = ListItems("claims")
    assert list(items.feed('{"claims": [{"a": 1')) == []
    assert list(items.feed("}")) == ['{"a": 1}']


@pytest.mark.parametrize(
    "text",
    ['I think {"claims": [1]}', '<think>{"claims": [1]}</think>{"claims": [2]}', '[{"claims": [1]}]',
     '{"x": {"claims": [1]}}', '{"x": "claims", "y": [1]}', '{"claims": 1}', '``{"claims": [1]}', "", "null"],
)  # fmt: skip
def test_nothing_is_found_in_other_text(text: str) -> None:
    """Prose, nested fields and other forms are left to the end, when the whole answer is read."""
    assert found(text, 1) == found(text, 100) == []


class Item(BaseModel):
    """An item with an id."""

    id: Literal["1.1", "1.2"]


class Whole(BaseModel):
    """An answer."""

    first: Item = Field(description="The first.")
    claims: list[Item]
    note: str | None = None


def test_items_are_validated_and_given_once() -> None:
    """Invalid and repeated items are left out, also after a restart; the rest comes with the whole answer."""
    items = FoundItems(Whole, "claims")
    text = '{"claims": [{"id": "1.1"}, {"id": "9.9"}, {"id": "1.1"}, {"wrong": 1}, 3'
    assert list(items.feed(text)) == [Item(id="1.1")]
    items.restart()
    assert list(items.feed('{"claims": [{"id": "1.1"}]')) == []
    whole = Whole(first=Item(id="1.1"), claims=[Item(id="1.1"), Item(id="1.2")])
    assert list(items.rest(whole)) == [Item(id="1.2")]


def test_a_strict_schema_requires_everything_and_allows_nothing_else() -> None:
    """Defaults go, references stand alone, and what it accepts is still what pydantic accepts."""
    schema = strict(Whole.model_json_schema())
    assert schema["required"] == ["first", "claims", "note"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["first"]["description"] == "The first."
    assert "$ref" not in schema["properties"]["first"]
    assert schema["properties"]["first"]["additionalProperties"] is False
    assert schema["properties"]["claims"]["items"] == {"$ref": "#/$defs/Item"}
    assert '"default"' not in json.dumps(schema)


def test_a_field_may_have_the_name_of_a_keyword() -> None:
    """Fields named like words of JSON Schema stay fields."""

    class Odd(BaseModel):
        default: str
        properties: list[str]
        required: bool

    schema = strict(Odd.model_json_schema())
    assert schema["required"] == list(schema["properties"]) == ["default", "properties", "required"]

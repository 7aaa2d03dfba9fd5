"""The form of a model's answer: the schema for its server, and the items of a list found while it is being written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

_BEGINNING = re.compile(r"[\ufeff\s]*(?:```(?:json)?\s*)?(?={)", re.IGNORECASE)
_NOT_YET = re.compile(r"[\ufeff\s]*(?:`{0,2}|```(?:j|js|jso|json)?\s*)", re.IGNORECASE)


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON Schema in the subset that servers enforce: every field required, no others, no defaults.

    A reference beside other keywords is replaced by what it refers to, since OpenAI refuses the two together.

    >>> strict({"type": "object", "properties": {"a": {"type": "string", "default": "x"}}})["required"]
    ['a']
    """
    definitions = schema.get("$defs", {})

    def walked(node: Any) -> Any:
        if isinstance(node, list):
            return [walked(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node and len(node) > 1:
            node = {**definitions[node["$ref"].rpartition("/")[2]], **{k: v for k, v in node.items() if k != "$ref"}}
        kept = {key: value if key in {"enum", "const"} else walked(value) for key, value in node.items()}
        fields = node.get("properties")
        if node.get("type") == "object" and isinstance(fields, dict):
            kept["properties"] = {name: walked(field) for name, field in fields.items()}
            kept |= {"additionalProperties": False, "required": list(fields)}
        if "default" in kept and not isinstance(kept["default"], dict):
            del kept["default"]
        return kept

    result: dict[str, Any] = walked(schema)
    return result


class ListItems:
    """The closed items of one list field, found in a JSON object that arrives in pieces.

    The object may stand in a Markdown code block at the very beginning; in any other text nothing is found.

    >>> items = ListItems("claims")
    >>> list(items.feed('{"status": "ok", "claims": [{"text": "a]}"}, {"te'))
    ['{"text": "a]}"}']
    >>> list(items.feed('xt": "b"}], "claims": [1]}'))
    ['{"text": "b"}']
    """

    def __init__(self, field: str) -> None:
        self._key = field
        self._head: str | None = ""  # text before the object; None once it has begun, or when there is none
        self._over = False
        self._depth = 0
        self._quoted = self._escaped = False
        self._word = ""  # the latest string at depth 1, or the one being read
        self._inside = False  # whether the list is open
        self._item = ""

    def feed(self, text: str) -> Iterator[str]:
        """The JSON text of every item that this piece completes, in order."""
        if self._head is not None and not self._over:
            text = self._begun(self._head + text)
        for char in text:
            if self._over:
                return
            if item := self._read(char):
                yield item

    def _begun(self, text: str) -> str:
        """The text from the object on; empty while it has not begun, or when something else begins."""
        if begun := _BEGINNING.match(text):
            self._head = None
            return text[begun.end() :]
        self._head = text
        self._over = _NOT_YET.fullmatch(text) is None
        return ""

    def _read(self, char: str) -> str | None:
        """The item that this character completes, or None."""
        if self._quoted:
            self._in_string(char)
            return None
        if char in "]}":
            return self._close(char)
        if char == "," and self._inside and self._depth == 2:
            return self._take()
        if self._inside:
            self._item += char
        if char == '"':
            self._quoted = True
            self._word = ""
        elif char in "[{":
            self._depth += 1
            self._inside |= char == "[" and self._depth == 2 and self._word == self._key
        return None

    def _in_string(self, char: str) -> None:
        if self._inside:
            self._item += char
        if self._escaped:
            self._escaped = False
        elif char == "\\":
            self._escaped = True
        elif char == '"':
            self._quoted = False
            return
        self._word += char

    def _close(self, char: str) -> str | None:
        self._depth -= 1
        self._over = self._depth == 0 or (self._inside and self._depth == 1)
        if not self._inside:
            return None
        if self._over:
            return self._take()
        self._item += char
        return self._take() if self._depth == 2 else None

    def _take(self) -> str | None:
        item, self._item = self._item.strip(), ""
        return item or None


class FoundItems:
    """The valid items of one list field of a schema, each given once, over one or more tries to write the object.

    Args:
        schema: A pydantic model.
        field: Name of a field of it that is a list.

    Raises:
        TypeError: The field is not a list.
    """

    def __init__(self, schema: type[BaseModel], field: str) -> None:
        annotation = schema.model_fields[field].annotation
        if get_origin(annotation) is not list:
            raise TypeError(f"{schema.__name__}.{field} is not a list")
        self._field = field
        self._kind: TypeAdapter[object] = TypeAdapter(get_args(annotation)[0])
        self._given: list[object] = []
        self._items = ListItems(field)

    def restart(self) -> None:
        """The object is being written from the beginning again."""
        self._items = ListItems(self._field)

    def feed(self, text: str) -> Iterator[object]:
        """The items that this piece of the object completes, without those that are invalid or were given before."""
        for item in self._items.feed(text):
            try:
                yield from self._new(self._kind.validate_json(item, strict=True))
            except ValidationError:
                continue

    def rest(self, whole: BaseModel) -> Iterator[object]:
        """The items of the finished object that were not given before."""
        for item in getattr(whole, self._field):
            yield from self._new(item)

    def _new(self, item: object) -> Iterator[object]:
        if item not in self._given:
            self._given.append(item)
            yield item

"""What the published JSON contracts share: values as JSON, JSON as values again, and schemas described by docstrings.

A contract is a tree of frozen dataclasses. Fields may be added within a version, so a reader ignores what it does not
know; a field with a default may be absent.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import inspect
import json
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NoReturn, Self, TypeVar

from rag.errors import UsageError

T = TypeVar("T")
Optional = Mapping[type, tuple[str, ...]]
"""For a dataclass, its fields that are absent instead of null."""

_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SHOWN_CHARACTERS = 60


def plain(value: Any, optional: Optional) -> Any:
    """The value as what JSON knows: dataclasses and mappings as dicts, tuples as lists, fields in their order."""
    if isinstance(value, (tuple, list)):
        return [plain(item, optional) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(item, optional) for key, item in value.items()}
    if isinstance(value, dt.date):
        return value.isoformat()
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    absent = optional.get(type(value), ())
    pairs = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
    return {name: plain(item, optional) for name, item in pairs if not (item is None and name in absent)}


def dump(value: object, *, ascii_only: bool = False, indent: int | None = None) -> str:
    r"""The value as JSON, on one line unless indent is given, non-ASCII characters as they are unless ascii_only.

    Undecodable bytes of file names (PEP 383) are escaped, so the result can always be encoded.

    >>> dump({"name": "café \udcff"})
    '{"name": "café \\udcff"}'
    """
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def parse(text: str, schema_name: str, hint: str) -> dict[str, Any]:
    """The JSON object of a contract.

    Args:
        text: As it was written.
        schema_name: What its "schema" has to be.
        hint: How to make such an object.

    Raises:
        UsageError: It is no JSON, no object, or of another contract or version.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"This is no JSON: {error}.", hint) from error
    if not isinstance(value, dict) or value.get("schema") != schema_name:
        found = value.get("schema") if isinstance(value, dict) else value
        raise UsageError(f"This is no {schema_name} object: its schema is {_shown(found)}.", hint)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def build(kind: type[T], value: object, hint: str, *, place: str = "") -> T:
    """The dataclass that a parsed JSON value describes, types checked strictly, unknown fields ignored.

    Args:
        kind: The dataclass.
        value: As parsed.
        hint: What to do with a value that does not fit.
        place: Where the value stands in what was handed in, e.g. "items[3].trial.".

    Raises:
        UsageError: A field is missing or has another type; the message says where.
    """
    try:
        built: T = _built(kind, value, place)
    except _MisfitError as error:
        raise UsageError(f"{error.place or 'The value'} is {error.what}.", hint) from error
    return built


class _MisfitError(Exception):
    def __init__(self, place: str, what: str) -> None:
        self.place, self.what = place.rstrip("."), what

    @classmethod
    def of(cls, place: str, value: object, expected: str) -> Self:
        return cls(place, f"{_shown(value)}, not {expected}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _built(kind: Any, value: object, place: str) -> Any:
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind):
        return _dataclass(typing.cast("type[Any]", kind), value, place)
    builder = _BUILDERS.get(typing.get_origin(kind) or kind)
    if builder is None:
        raise TypeError(f"a contract has no {kind!r}")
    return builder(typing.get_args(kind), value, place)


_hints: Callable[[Any], dict[str, Any]] = cache(typing.get_type_hints)


def _dataclass(kind: type[Any], value: object, place: str) -> Any:
    if not isinstance(value, dict):
        raise _MisfitError.of(place, value, "an object")
    hints, given = _hints(kind), {}
    for field in dataclasses.fields(kind):
        if field.name in value:
            given[field.name] = _built(hints[field.name], value[field.name], f"{place}{field.name}.")
        elif field.default is field.default_factory is dataclasses.MISSING:
            raise _MisfitError(f"{place}{field.name}", "missing")
    return kind(**given)


def _union(options: tuple[Any, ...], value: object, place: str) -> Any:
    """None, or the one other type: a contract has no other unions."""
    if value is None and type(None) in options:
        return None
    [kind] = [option for option in options if option is not type(None)]
    return _built(kind, value, place)


def _literal(options: tuple[Any, ...], value: object, place: str) -> Any:
    if value not in options:
        raise _MisfitError.of(place, value, "one of " + ", ".join(map(repr, options)))
    return value


def _tuple(kinds: tuple[Any, ...], value: object, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _MisfitError.of(place, value, "a list")
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise _MisfitError.of(place, value, f"a list of {len(kinds)}")
    stem = place.rstrip(".")
    return tuple(
        _built(kind, item, f"{stem}[{number}].") for number, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _mapping(kinds: tuple[Any, ...], value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _MisfitError.of(place, value, "an object")
    return {key: _built(kinds[1], item, f"{place}{key}.") for key, item in value.items()}


def _float(_: tuple[Any, ...], value: object, place: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise _MisfitError.of(place, value, "a number")


def _date(_: tuple[Any, ...], value: object, place: str) -> dt.date:
    try:
        if isinstance(value, str) and len(value) == len("2018-02-23"):
            return dt.date.fromisoformat(value)
    except ValueError:
        pass
    raise _MisfitError.of(place, value, "a day such as 2018-02-23")


def _exactly(kind: type, expected: str) -> Callable[[tuple[Any, ...], object, str], Any]:
    def builder(_: tuple[Any, ...], value: object, place: str) -> Any:
        if type(value) is not kind:
            raise _MisfitError.of(place, value, expected)
        return value

    return builder


_BUILDERS: Mapping[Any, Callable[[tuple[Any, ...], object, str], Any]] = {
    types.UnionType: _union,
    typing.Union: _union,
    typing.Literal: _literal,
    tuple: _tuple,
    dict: _mapping,
    Mapping: _mapping,
    dt.date: _date,
    float: _float,
    int: _exactly(int, "a whole number"),
    str: _exactly(str, "a text"),
    bool: _exactly(bool, "true or false"),
}


def described_schema(root: type, optional: Optional) -> dict[str, Any]:
    """The JSON Schema of a dataclass, each part described by its docstring, definitions under "$defs".

    Every field that is always present is required, and no default is told.
    """
    from pydantic import TypeAdapter

    schema = TypeAdapter(root).json_schema(mode="serialization")
    definitions = schema.get("$defs", {})
    for kind in set(_dataclasses_in(root)):
        _describe(schema if kind is root else definitions[kind.__name__], kind, optional.get(kind, ()))
    return schema


def _dataclasses_in(kind: Any) -> Iterator[type]:
    if dataclasses.is_dataclass(kind):
        yield typing.cast("type", kind)
        for part in _hints(kind).values():
            yield from _dataclasses_in(part)
    for part in typing.get_args(kind):
        yield from _dataclasses_in(part)


def _describe(schema: dict[str, Any], kind: type, absent: tuple[str, ...]) -> None:
    sections = inspect.cleandoc(kind.__doc__ or "").split("\nAttributes:\n")
    described = dict(re.findall(r"^ {4}(\w+): (.+?)(?=\n {4}\w|\Z)", sections[1], re.M | re.S)) if sections[1:] else {}
    schema["description"] = " ".join(sections[0].split())
    for name, field in schema["properties"].items():
        field.pop("default", None)
        field.pop("title", None)
        if name in absent:
            _forbid_null(field)
        if name in described:
            nothing = "absent" if name in absent else "null"
            field["description"] = " ".join(described[name].split()).replace("None", nothing)
    schema["required"] = [name for name in schema["properties"] if name not in absent]


def _forbid_null(field: dict[str, Any]) -> None:
    [kept] = [option for option in field.pop("anyOf") if option != {"type": "null"}]
    field.update(kept)


def limit_quotations(definitions: Mapping[str, Any]) -> None:
    """Write into a schema's definitions what no type says of quotations: where offsets begin, that none is empty."""
    quotation = definitions["Quotation"]["properties"]
    quotation["start"]["minimum"] = 0
    quotation["end"]["minimum"] = quotation["page"]["minimum"] = 1
    quotation["sha256"]["pattern"] = "^[0-9a-f]{64}$"
    quotation["quote"]["minLength"] = 1
    definitions["Position"]["properties"]["spans"]["minItems"] = 1


def schema_text(schema: Mapping[str, Any]) -> str:
    """A published schema file, byte for byte."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"

"""The JSON contract ``answer/1``: the object, its text and its JSON Schema.

The schema is derived from the types in ``rag.answers`` and their docstrings and published as
``rag/schemas/answer-1.json``. Within ``answer/1`` fields may be added; none is removed or renamed, and none changes its
meaning.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from typing import Any

from rag.answers import Answer, Attribution, Claim, Conflict, Position, Quotation, Usage
from rag.documents import Hit, Span

SCHEMA_NAME = "answer/1"

# Present only when there is something to say; every other field is always present.
_OPTIONAL = {
    Quotation: ("title", "page", "answer"),
    Claim: ("attribution",),
    Answer: ("prompt", "fallback"),
}
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


def answer_object(answer: Answer) -> dict[str, Any]:
    """The answer as a JSON object, keys in the contract's order; what may be absent only when known."""
    fields = _plain(answer)
    timings = {step: round(seconds, 6) for step, seconds in answer.timings.items()}
    head = {"schema": SCHEMA_NAME, **{key: fields.pop(key) for key in ("question", "language", "status")}}
    return {**head, "text": answer.text, **fields, "timings": timings}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    optional = _OPTIONAL.get(type(value), ())
    pairs = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
    return {name: _plain(item) for name, item in pairs if not (item is None and name in optional)}


def hit_object(hit: Hit) -> dict[str, Any]:
    """A retrieved passage as a JSON object; ranks count from 1 and are null where a ranking lacks the passage."""
    return {
        "document": hit.chunk.document,
        "start": hit.chunk.span.start,
        "end": hit.chunk.span.end,
        "text": hit.chunk.text,
        "language": hit.chunk.language,
        "title": hit.source.title,
        "score": hit.score,
        "rank": hit.rank,
        "dense_rank": hit.dense_rank,
        "dense_score": hit.dense_score,
        "lexical_rank": hit.lexical_rank,
        "lexical_score": hit.lexical_score,
        "origin": hit.origin,
    }


def dump(value: object, *, ascii_only: bool = False) -> str:
    r"""The value as JSON on one line, non-ASCII characters as they are unless ascii_only.

    Undecodable bytes of file names (PEP 383) are escaped, so the result can always be encoded.

    >>> dump({"name": "café \udcff"})
    '{"name": "café \\udcff"}'
    """
    text = json.dumps(value, ensure_ascii=ascii_only)
    return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def answer_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of an answer object, derived from the types."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(Answer).json_schema(mode="serialization")
    definitions = schema.pop("$defs")
    for kind in (Attribution, Claim, Conflict, Position, Quotation, Span, Usage):
        _describe(definitions[kind.__name__], kind)
    _describe(schema, Answer)
    _count_from_zero(definitions)
    fields = schema["properties"]
    fields = {
        "schema": {"const": SCHEMA_NAME, "description": "Name and version of this contract."},
        "id": {"type": ["string", "integer"], "description": "In batches: the id of the input line."},
        **{key: fields.pop(key) for key in ("question", "language", "status")},
        "text": {"type": "string", "description": "The claims as running text; empty when there are none."},
        **fields,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:spanwise:answer:1",
        "title": "An answer with its evidence (answer/1)",
        "description": "Offsets count Unicode code points of the document's text, from 0, and are half-open.",
        "type": "object",
        "properties": fields,
        "required": [name for name in fields if name not in ("id", *_OPTIONAL[Answer])],
        "$defs": definitions,
    }


def _describe(schema: dict[str, Any], kind: type) -> None:
    """Fill in descriptions from the docstring, require every field that is always present, and drop defaults."""
    optional = _OPTIONAL.get(kind, ())
    sections = inspect.cleandoc(kind.__doc__ or "").split("\nAttributes:\n")
    described = dict(re.findall(r"^ {4}(\w+): (.+?)(?=\n {4}\w|\Z)", sections[1], re.M | re.S)) if sections[1:] else {}
    schema["description"] = " ".join(sections[0].split())
    for name, field in schema["properties"].items():
        field.pop("default", None)
        field.pop("title", None)
        if name in optional:
            _forbid_null(field)
        if name in described:
            nothing = "absent" if name in optional else "null"
            field["description"] = " ".join(described[name].split()).replace("None", nothing)
    schema["required"] = [name for name in schema["properties"] if name not in optional]


def _forbid_null(field: dict[str, Any]) -> None:
    [kept] = [option for option in field.pop("anyOf") if option != {"type": "null"}]
    field.update(kept)


def _count_from_zero(definitions: dict[str, Any]) -> None:
    quotation = definitions["Quotation"]["properties"]
    quotation["start"]["minimum"] = 0
    quotation["end"]["minimum"] = quotation["page"]["minimum"] = 1
    quotation["sha256"]["pattern"] = "^[0-9a-f]{64}$"
    quotation["quote"]["minLength"] = 1
    definitions["Claim"]["properties"]["spans"]["minItems"] = 1
    definitions["Claim"]["properties"]["origins"]["minimum"] = 1
    definitions["Position"]["properties"]["spans"]["minItems"] = 1
    definitions["Conflict"]["properties"]["positions"]["minItems"] = 2


def schema_text() -> str:
    """The published schema file, byte for byte."""
    return json.dumps(answer_schema(), ensure_ascii=False, indent=2) + "\n"

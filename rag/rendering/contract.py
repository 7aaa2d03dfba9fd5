"""The JSON contract ``answer/1``: the object, its text and its JSON Schema.

The schema is derived from the types in ``rag.answers`` and their docstrings and published as
``rag/schemas/answer-1.json``. Within ``answer/1`` fields may be added; none is removed or renamed, and none changes its
meaning.
"""

from __future__ import annotations

from typing import Any

from rag import contracts
from rag.answers import Answer, Claim, Quotation
from rag.documents import Hit

SCHEMA_NAME = "answer/1"

# Present only when there is something to say; every other field is always present.
_OPTIONAL = {
    Quotation: ("title", "page", "answer"),
    Claim: ("attribution", "answer"),
    Answer: ("prompt", "judge", "fallback"),
}


def answer_object(answer: Answer) -> dict[str, Any]:
    """The answer as a JSON object, keys in the contract's order; what may be absent only when known."""
    fields = contracts.plain(answer, _OPTIONAL)
    timings = {step: round(seconds, 6) for step, seconds in answer.timings.items()}
    head = {"schema": SCHEMA_NAME, **{key: fields.pop(key) for key in ("question", "language", "status")}}
    return {**head, "direct": answer.direct, "text": answer.text, **fields, "timings": timings}


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


def answer_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of an answer object, derived from the types."""
    schema = contracts.described_schema(Answer, _OPTIONAL)
    definitions = schema["$defs"]
    _count_from_zero(definitions)
    fields = schema["properties"]
    fields = {
        "schema": {"const": SCHEMA_NAME, "description": "Name and version of this contract."},
        "id": {"type": ["string", "integer"], "description": "In batches: the id of the input line."},
        **{key: fields.pop(key) for key in ("question", "language", "status")},
        "direct": {
            "anyOf": [{"type": "string"}, {"type": "null"}],
            "description": "The few words of the first claim that answer; null without them or if sources disagree.",
        },
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


def _count_from_zero(definitions: dict[str, Any]) -> None:
    contracts.limit_quotations(definitions)
    definitions["Claim"]["properties"]["spans"]["minItems"] = 1
    definitions["Claim"]["properties"]["origins"]["minimum"] = 1
    definitions["Conflict"]["properties"]["positions"]["minItems"] = 2


def schema_text() -> str:
    """The published schema file, byte for byte."""
    return contracts.schema_text(answer_schema())

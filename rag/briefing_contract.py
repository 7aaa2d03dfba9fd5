"""The JSON contract ``briefing/1``: the object, back from it, and its JSON Schema.

The schema is derived from the types in ``rag.briefings`` and their docstrings and published as
``rag/schemas/briefing-1.json``; quotations have the form that they have in ``answer/1``. Within ``briefing/1`` fields
may be added; none is removed or renamed, and none changes its meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rag import contracts
from rag.answers import Quotation
from rag.briefings import Briefing, Statement

SCHEMA_NAME = "briefing/1"

HINT = "Hand in what rag brief --json, or rag brief -o brief.json, wrote."

# Present only when there is something to say; every other field is always present.
_OPTIONAL: contracts.Optional = {
    Quotation: ("title", "page", "answer"),
    Statement: ("attribution",),
    Briefing: ("prompt",),
}


def briefing_object(briefing: Briefing) -> dict[str, Any]:
    """The briefing as a JSON object, keys in the contract's order; what may be absent only when known."""
    return {"schema": SCHEMA_NAME, **contracts.plain(briefing, _OPTIONAL)}


def briefing_text(briefing: Briefing) -> str:
    """The file: the object, indented, the same bytes for the same briefing."""
    return contracts.dump(briefing_object(briefing), indent=2) + "\n"


def read_briefing(text: str) -> Briefing:
    """The briefing that a JSON text holds.

    Raises:
        UsageError: It is no ``briefing/1`` object; the message says what is wrong with it, and where.
    """
    return contracts.build(Briefing, contracts.parse(text.removeprefix("\ufeff"), SCHEMA_NAME, HINT), HINT)


def placed_spans(briefing: Briefing) -> Iterator[tuple[str, Quotation, str | None]]:
    """Every quotation with its place for a reader and, where it must hold a text of the page, that text."""
    bottom = briefing.bottom_line.statements if briefing.bottom_line else ()
    lists: tuple[tuple[str, tuple[Statement, ...]], ...] = (
        ("bottom line", bottom),
        ("fact", briefing.facts),
        ("event", tuple(event.statement for event in briefing.timeline)),
        ("actor", tuple(actor.role for actor in briefing.actors)),
        ("agreement", briefing.agreements),
    )
    for name, statements in lists:
        for number, statement in enumerate(statements, start=1):
            for rank, span in enumerate(statement.spans):
                yield f"{name} {number}", span, statement.text if statement.kind == "quoted" and not rank else None
    for number, disagreement in enumerate(briefing.disagreements, start=1):
        for side, position in enumerate(disagreement.positions, start=1):
            yield from ((f"disagreement {number}, position {side}", span, None) for span in position.spans)
    for number, gap in enumerate(briefing.gaps, start=1):
        yield from ((f"gap {number}", span, None) for span in gap.spans)
    for number, saying in enumerate(briefing.sayings, start=1):
        yield f"saying {number}", saying.quotation, None


def briefing_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a briefing object, derived from the types."""
    schema = contracts.described_schema(Briefing, _OPTIONAL)
    definitions = schema["$defs"]
    contracts.limit_quotations(definitions)
    definitions["Statement"]["properties"]["spans"]["minItems"] = 1
    definitions["Statement"]["properties"]["origins"]["minimum"] = 1
    definitions["Disagreement"]["properties"]["positions"]["minItems"] = 2
    definitions["SourceEntry"]["properties"]["number"]["minimum"] = 1
    fields = {
        "schema": {"const": SCHEMA_NAME, "description": "Name and version of this contract."},
        **schema["properties"],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:spanwise:briefing:1",
        "title": "A one-page briefing with its evidence (briefing/1)",
        "description": "Offsets count Unicode code points of the document's text, from 0, and are half-open.",
        "type": "object",
        "properties": fields,
        "required": [name for name in fields if name not in _OPTIONAL[Briefing]],
        "$defs": definitions,
    }


def schema_text() -> str:
    """The published schema file, byte for byte."""
    return contracts.schema_text(briefing_schema())

"""The JSON contract ``evaluation/1``: a report as an object and as text, and read back.

The schema is derived from the types in ``rag.results`` and their docstrings and published as
``rag/schemas/evaluation-1.json``. Whatever depends on time stands under "timings": without it, two runs that gave the
same answers are the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rag import contracts
from rag.answers import Answer
from rag.errors import UsageError
from rag.gold import parse_question
from rag.results import Report, Trial

SCHEMA_NAME = "evaluation/1"

_HINT = "Hand in a report that `rag eval --json FILE` wrote with this version, or measure again with it."


def report_object(report: Report) -> dict[str, Any]:
    """The report as a JSON object, keys in the contract's order, everything timed under "timings".

    A number that is none (NaN, infinite) becomes null.
    """
    fields = _finite(contracts.plain(report, {}))
    trials = {item.id: _times(item.trial) for item in report.items}
    for item in fields["items"]:
        _forget_times(item["trial"])
    run = fields.pop("timings")
    return {"schema": SCHEMA_NAME, **fields, "timings": {"run": run, "trials": trials}}


def report_text(report: Report) -> str:
    """The file that a report is kept in: the object of ``report_object``, a field a line; ends with a line end."""
    return contracts.dump(report_object(report), indent=1) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list) else value


def _times(trial: Trial) -> dict[str, Any]:
    answer = trial.answer or {}
    return {
        "seconds": trial.seconds,
        "steps": dict(answer.get("timings", {})),
        "model_seconds": answer.get("usage", {}).get("seconds", 0.0),
    }


def _forget_times(trial: dict[str, Any]) -> None:
    """Take out what depends on time; an answer stays an ``answer/1`` object, whose seconds are all zero."""
    del trial["seconds"]
    if trial["answer"] is not None:
        usage = {**trial["answer"].get("usage", {}), "seconds": 0.0}
        trial["answer"] = {**trial["answer"], "usage": usage, "timings": {}}


def read_report(text: str) -> Report:
    """The report that ``report_text`` wrote; times that were dropped are zero.

    Raises:
        UsageError: The text is no report of this version, or a part of it is missing or of another type.
    """
    value = contracts.parse(text, SCHEMA_NAME, _HINT)
    times = value.pop("timings", {})
    if not isinstance(times, dict) or not isinstance(value.get("items", []), list):
        raise UsageError("The items or the timings of this report are of another type.", _HINT)
    trials = times.get("trials", {})
    for number, item in enumerate(value.get("items", [])):
        _check(item, f"items[{number}].")
        if isinstance(trials, dict):
            _remember_times(item["trial"], trials.get(item.get("id")))
    return contracts.build(Report, {**value, "timings": times.get("run", {})}, _HINT)


def _check(item: Any, place: str) -> None:
    """Refuse a gold question or an answer that nobody could show."""
    if not isinstance(item, dict) or not isinstance(item.get("trial"), dict):
        raise UsageError(f"{place}trial is missing.", _HINT)
    try:
        parse_question(contracts.dump(item.get("gold")).encode())
    except ValueError as error:
        raise UsageError(f"{place}gold is no question: {error}.", _HINT) from error
    if item["trial"].get("answer") is not None:
        contracts.build(Answer, item["trial"]["answer"], _HINT, place=f"{place}trial.answer.")


def _remember_times(trial: dict[str, Any], times: Any) -> None:
    if not isinstance(times, Mapping):
        return
    trial["seconds"] = times.get("seconds", 0.0)
    if isinstance(trial.get("answer"), dict):
        usage = {**trial["answer"].get("usage", {}), "seconds": times.get("model_seconds", 0.0)}
        trial["answer"] = {**trial["answer"], "usage": usage, "timings": times.get("steps", {})}


def report_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a report object, derived from the types."""
    schema = contracts.described_schema(Report, {})
    definitions = schema["$defs"]
    trial = definitions["Trial"]
    del trial["properties"]["seconds"]
    trial["required"].remove("seconds")
    fields = schema["properties"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:spanwise:evaluation:1",
        "title": "An evaluation of answers against gold questions (evaluation/1)",
        "description": (
            "An answer is an object of answer/1 whose times are zero. Offsets count Unicode code points of the "
            "document's text, from 0, and are half-open."
        ),
        "type": "object",
        "properties": {
            "schema": {"const": SCHEMA_NAME, "description": "Name and version of this contract."},
            **fields,
            "timings": _times_schema(),
        },
        "required": ["schema", *(name for name in fields if name != "timings")],
        "$defs": definitions,
    }


def _times_schema() -> dict[str, Any]:
    seconds = {"type": "number", "minimum": 0}
    steps = {"type": "object", "additionalProperties": seconds}
    trial = _object({"seconds": seconds, "steps": steps, "model_seconds": seconds})
    described = "Seconds of the run and, by id, of each question; nothing else depends on time. May be dropped."
    trials = {"type": "object", "additionalProperties": trial}
    return {**_object({"run": steps, "trials": trials}), "description": described}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    names: Sequence[str] = list(properties)
    return {"type": "object", "properties": dict(properties), "required": names}


def schema_text() -> str:
    """The published schema file, byte for byte."""
    return contracts.schema_text(report_schema())

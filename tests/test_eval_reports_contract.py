"""Reports of an evaluation as JSON, and read back."""

from __future__ import annotations

import importlib.resources
import json
from dataclasses import replace
from typing import Any

import jsonschema
import measured
import pytest

from rag.errors import UsageError
from rag.eval_reports import read_report, report_object, report_text
from rag.eval_reports.contract import report_schema, schema_text


def test_published_schema_is_the_one_of_the_types() -> None:
    """The schema in the package is derived from the types in rag.results, byte for byte."""
    published = importlib.resources.files("rag").joinpath("schemas/evaluation-1.json").read_text("utf-8")
    assert published == schema_text(), "write rag.eval_reports.contract.schema_text() to rag/schemas/evaluation-1.json"
    jsonschema.Draft202012Validator.check_schema(report_schema())


@pytest.mark.parametrize("report", [measured.report(), measured.empty()])
def test_a_report_is_valid_and_has_no_field_that_the_schema_does_not_know(report: Any) -> None:
    """Every kind of item is valid against the published schema."""
    schema = report_schema()
    for part in (schema, *schema["$defs"].values()):
        part["additionalProperties"] = False
    jsonschema.Draft202012Validator(schema).validate(json.loads(report_text(report)))


@pytest.mark.parametrize("report", [measured.report(), measured.empty()])
def test_a_report_is_read_back_as_it_was(report: Any) -> None:
    """Nothing is lost or altered by writing and reading, times and undecodable characters included."""
    text = report_text(report)
    text.encode()
    assert read_report(text) == report
    assert report_text(read_report(text)) == text


def test_only_timings_depend_on_time() -> None:
    """Two runs that differ in nothing but time are the same bytes once "timings" is dropped."""
    report = measured.report()
    slower = []
    for item in report.items:
        said = item.trial.answer and {**item.trial.answer, "timings": {"draft": 9.0}}
        slower.append(replace(item, trial=replace(item.trial, seconds=99.0, answer=said)))
    first, second = report_object(report), report_object(replace(report, items=tuple(slower), timings={"total": 1.0}))
    assert first.pop("timings") != second.pop("timings")
    assert first == second
    assert read_report(json.dumps(first)).timings == {}


def test_a_number_that_is_none_becomes_null() -> None:
    """NaN never stands in the JSON, which knows no such number."""
    [first, *_] = measured.items()
    report = measured.report(items=(replace(first, scores={"right": float("nan"), "x": float("inf")}),))
    assert report_object(report)["items"][0]["scores"] == {"right": None, "x": None}


def _changed(**changes: Any) -> str:
    value = report_object(measured.report())
    return json.dumps({**value, **changes})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<html>", "This is no JSON"),
        ('{"schema": "evaluation/2"}', "This is no evaluation/1 object: its schema is 'evaluation/2'"),
        ('{"schema": "evaluation/1"}', "suite is missing"),
        (_changed(items=3), "of another type"),
        (_changed(timings=[]), "of another type"),
        (_changed(timings={"run": {"total": "x"}}), "timings.total is 'x', not a number"),
        (_changed(items=[{}]), "items[0].trial is missing"),
        (_changed(items=[{"trial": {}, "gold": {}}]), "items[0].gold is no question: id is missing"),
        (_changed(slices=[{"name": "all", "figures": [{}]}]), "slices[0].figures[0].metric is missing"),
        (_changed(exit_code=True), "exit_code is True, not a whole number"),
    ],
)
def test_what_is_no_report_is_refused_with_a_remedy(text: str, said: str) -> None:
    """The message has the value and its place, the hint the command that makes a report."""
    with pytest.raises(UsageError) as refused:
        read_report(text)
    assert said in refused.value.message
    assert "rag eval" in (refused.value.hint or "")


def test_an_answer_that_nobody_could_show_is_refused() -> None:
    """What stands in for an answer is checked as strictly as the rest."""
    value = report_object(measured.report())
    value["items"][0]["trial"]["answer"]["claims"][0]["spans"][0]["start"] = "0"
    with pytest.raises(UsageError, match=r"items\[0\]\.trial\.answer\.claims\[0\]\.spans\[0\]\.start is '0'"):
        read_report(json.dumps(value))

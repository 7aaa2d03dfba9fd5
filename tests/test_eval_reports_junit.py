"""Reports of an evaluation as JUnit XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import evaluated
import junitparser
import pytest

from rag.eval_reports import render_junit
from rag.results import Report


def _parsed(report: Report) -> ET.Element:
    return ET.fromstring(render_junit(report).encode())


def test_failures_and_errors_are_told_apart() -> None:
    """A gate that failed is a failure, one without a value an error, one that is open is skipped."""
    root = _parsed(evaluated.report())
    outcomes = {case.get("name"): [part.tag for part in case] for case in root.iter("testcase")}
    assert outcomes["right at least 0.3"] == []
    assert outcomes["q-wrong is right"] == ["failure"]
    assert outcomes["nugget recall"] == ["skipped"]
    assert outcomes["edited followed"] == ["error"]
    assert outcomes["q-failed"] == ["error"]
    assert outcomes["q-invented"] == ["system-out"]


def test_every_kind_of_gate_has_its_suite() -> None:
    """Musts, figures, the baseline, altered sources and questions are suites of their own."""
    names = [suite.get("name") for suite in _parsed(evaluated.report())]
    assert names == ["news: musts", "news: figures", "news: baseline", "news: altered sources", "news: questions"]


@pytest.mark.parametrize("report", [evaluated.report(), evaluated.empty()])
def test_counts_are_those_of_the_cases(report: Report) -> None:
    """Each suite and the whole count their cases, failures, errors and skips."""
    root = _parsed(report)
    for part in (root, *root):
        cases = list(part.iter("testcase"))
        assert int(part.get("tests", "")) == len(cases)
        for plural, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(part.get(plural, "")) == sum(case.find(tag) is not None for case in cases)
        assert float(part.get("time", "")) == pytest.approx(sum(float(case.get("time", "")) for case in cases))
    assert all(case.get("classname") for case in root.iter("testcase"))


def test_nothing_asked_is_an_error() -> None:
    """An empty evaluation never looks like a success."""
    root = _parsed(evaluated.empty())
    assert root.get("errors") == "1"
    assert root.find(".//error").get("message") == "No question was asked."  # type: ignore[union-attr]


def test_characters_that_xml_forbids_are_replaced() -> None:
    """The document parses, and keeps the rest of what was said."""
    text = render_junit(evaluated.report())
    text.encode()
    assert not set("\x1b\x00\ud800") & set(text)
    [must] = _parsed(evaluated.report()).iter("failure")
    assert "</script><script>alert(1)</script>" in (must.text or "")


def test_a_reader_of_junit_reads_it() -> None:
    """The parser of junitparser finds the same suites and results."""
    parsed = junitparser.JUnitXml.fromstring(render_junit(evaluated.report()).encode())
    assert (parsed.tests, parsed.failures, parsed.errors, parsed.skipped) == (12, 1, 2, 1)
    results = {case.name: [type(one).__name__ for one in case.result] for suite in parsed for case in suite}
    assert results["q-wrong is right"] == ["Failure"]
    assert results["edited followed"] == ["Error"]
    assert results["nugget recall"] == ["Skipped"]

"""A report as JUnit XML, as CI systems read it (https://github.com/testmoapp/junitxml).

A suite of test cases for each kind of gate and one for the questions: a gate that failed is a failure, what could not
be measured an error, what stayed open is skipped. A question fails nothing by itself, only through a gate; here it is
listed with an error where the system gave no answer.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET  # writes only
from collections.abc import Iterator, Sequence

from rag.eval_reports import views
from rag.results import GateKind, Item, Outcome, Report, Verdict

# What XML 1.0 allows (https://www.w3.org/TR/xml/#charsets), without the discouraged controls of C1.
_INVALID = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]")
_SECTIONS: dict[GateKind, str] = {
    "must": "musts",
    "floor": "figures",
    "ceiling": "figures",
    "margin": "baseline",
    "counterfactual": "altered sources",
}
_TAGS: dict[Outcome, str | None] = {"pass": None, "fail": "failure", "error": "error", "inconclusive": "skipped"}


def render_junit(report: Report) -> str:
    """The report as an XML document with its declaration; characters that XML forbids become U+FFFD.

    An evaluation without any question is one error, so that it is never taken for a success.
    """
    root = ET.Element("testsuites", name=_clean(report.suite))
    for section in dict.fromkeys(_SECTIONS.values()):
        verdicts = [verdict for verdict in report.verdicts if _SECTIONS[verdict.kind] == section]
        if verdicts:
            _suite(root, report, section, [_gate(verdict) for verdict in verdicts])
    _suite(root, report, "questions", list(_questions(report)))
    _count(root, root.iter("testcase"))
    root.set("time", _seconds(sum(item.trial.seconds for item in report.items)))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(root: ET.Element, report: Report, section: str, cases: Sequence[ET.Element]) -> None:
    suite = ET.SubElement(root, "testsuite", name=f"{_clean(report.suite)}: {section}")
    _count(suite, cases)
    suite.set("time", _seconds(sum(float(case.get("time", "0")) for case in cases)))
    for case in cases:
        case.set("classname", f"{_clean(report.suite)}.{section.replace(' ', '_')}")
        suite.append(case)


def _count(element: ET.Element, cases: Iterator[ET.Element] | Sequence[ET.Element]) -> None:
    found = list(cases)
    element.set("tests", str(len(found)))
    for plural, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(plural, str(sum(case.find(tag) is not None for case in found)))


def _gate(verdict: Verdict) -> ET.Element:
    case = ET.Element("testcase", name=_clean(verdict.gate), time="0.000")
    if tag := _TAGS[verdict.outcome]:
        message = f"{verdict.value}, limit {verdict.limit}"
        part = ET.SubElement(case, tag, message=_clean(message))
        if tag != "skipped":
            part.set("type", verdict.kind)
        part.text = _clean(f"{verdict.metric}: {verdict.reason}")
    return case


def _questions(report: Report) -> Iterator[ET.Element]:
    if not report.items:
        case = ET.Element("testcase", name="any question", time="0.000")
        ET.SubElement(case, "error", message="No question was asked.", type="empty")
        yield case
    for item in report.items:
        yield _question(item)


def _question(item: Item) -> ET.Element:
    case = ET.Element("testcase", name=_clean(item.id), time=_seconds(item.trial.seconds))
    if item.trial.answer is None:
        reason = item.trial.error or "no answer"
        part = ET.SubElement(case, "error", message=_clean(reason), type="trial")
        part.text = _clean(str(item.gold.get("question", "")))
    else:
        standing = views.Case(item).standing
        output = (
            f"{views.STANDING_WORDS[standing]}\n{item.gold.get('question', '')}\n{item.trial.answer.get('text', '')}"
        )
        ET.SubElement(case, "system-out").text = _clean(output)
    return case


def _clean(text: str) -> str:
    return _INVALID.sub("\ufffd", text)


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"

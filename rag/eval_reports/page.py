"""A report as one HTML file that loads nothing: verdicts, figures, curves, and every question beside its sources.

It works without JavaScript; the few lines of it only filter the questions. A content security policy names the one
style sheet and the one script by their hashes, so that nothing else could run even if it got in.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
from collections.abc import Mapping, Sequence

from rag.elements import Markup, join, tag
from rag.eval_reports import page_figures, views
from rag.eval_reports.difference import Difference, difference
from rag.eval_reports.page_difference import changes
from rag.eval_reports.page_questions import questions
from rag.eval_reports.page_tables import facts, folded, pill, section, table
from rag.results import Report, Verdict


def render_page(report: Report, texts: Mapping[str, str], before: Report | None = None) -> str:
    """The report as an HTML document, without any reference to another file.

    Args:
        report: What was measured.
        texts: The documents by id, exactly as they were cited, to show quotations in their context; one that is
            missing is shown by its quotations alone.
        before: Another run of the same questions; the page says which answers changed.
    """
    cases = views.cases_of(report)
    parts = [
        _verdicts(report),
        page_figures.figures(report),
        page_figures.slices(report),
        page_figures.confidence(report),
        page_figures.comparisons(report),
        changes(difference(before, report)) if before is not None else None,
        page_figures.counterfactuals(report),
        questions(report, cases, texts),
        _measured(report),
    ]
    return document(f"{report.suite}: evaluation", _head(report, before), [part for part in parts if part])


def render_difference_page(given: Difference, texts: Mapping[str, str]) -> str:
    """Two runs compared as an HTML document of its own; texts are the documents by id."""
    head = join(
        [
            tag("div", "Two evaluations compared", class_="soft small"),
            tag("h1", given.after.suite, dir="auto"),
            tag("h3", "Before"),
            facts(views.facts(given.before.system)),
            tag("h3", "After"),
            facts(views.facts(given.after.system)),
        ]
    )
    return document(f"{given.after.suite}: two runs", head, [changes(given, texts)])


def document(title: str, head: Markup, sections: Sequence[Markup]) -> str:
    """A whole HTML document: the head of the page, links to its sections, the sections; ends with a line end."""
    style, script = (_asset(name) for name in ("page.css", "page.js"))
    allowed = f"style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    meta = [
        tag("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Markup(style)),
    ]
    body = [tag("header", head), tag("main", join(sections)), tag("script", Markup(script))]
    page = tag("html", tag("head", join(meta)), tag("body", join(body)), lang="en")
    return f"<!DOCTYPE html>\n{page}\n"


def _asset(name: str) -> str:
    return importlib.resources.files("rag.eval_reports").joinpath(name).read_text("utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _head(report: Report, before: Report | None) -> Markup:
    outcome = views.overall(report)
    name = tag("h1", report.suite, dir="auto")
    return join(
        [
            tag("div", "Evaluation report", class_="soft small"),
            tag("div", name, pill(views.OUTCOME_WORDS[outcome], outcome), class_="verdict"),
            tag("p", views.summary(report), class_="lead"),
            _contents(report, before),
        ]
    )


def _contents(report: Report, before: Report | None) -> Markup:
    """Links to the sections that the page has."""
    there = {
        "Gates": report.verdicts,
        "Figures": views.headline(report),
        "Slices": views.slice_groups(report),
        "Confidence": report.curves,
        "Baseline": report.comparisons,
        "Changed answers": before,
        "Altered sources": report.counterfactuals,
        "Questions": report.items,
        "What was measured": True,
    }
    links = (tag("li", tag("a", name, href=f"#{_anchor(name)}")) for name, held in there.items() if held)
    return tag("nav", tag("ul", join(links)), aria_label="Sections")


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def _verdicts(report: Report) -> Markup | None:
    """Every gate, what did not pass first."""
    verdicts = views.pressing_first(report.verdicts)
    if not verdicts:
        return None
    wrong = [verdict for verdict in verdicts if verdict.outcome != "pass"]
    passed = [verdict for verdict in verdicts if verdict.outcome == "pass"]
    parts = [_gates("Gates that did not pass", wrong)] if wrong else [tag("p", "Every gate passed.")]
    if passed:
        parts.append(folded(f"{len(passed)} passed", _gates("Gates that passed", passed), shut=bool(wrong)))
    return section("Gates", "What the suite demands, and what was found.", *parts)


def _gates(caption: str, verdicts: Sequence[Verdict]) -> Markup:
    rows = [
        [
            tag("td", pill(views.OUTCOME_WORDS[verdict.outcome], verdict.outcome)),
            tag("th", verdict.gate, scope="row", dir="auto"),
            tag("td", verdict.value, dir="auto"),
            tag("td", verdict.limit, dir="auto"),
            tag("td", verdict.reason, dir="auto", class_="soft"),
        ]
        for verdict in verdicts
    ]
    return table(caption, ("", "gate", "found", "limit", "why"), rows)


def _measured(report: Report) -> Markup:
    parts = [facts(views.facts(report.system))]
    if report.baseline:
        parts += [tag("h3", "Baseline"), facts(views.facts(report.baseline))]
    if report.judge:
        parts += [tag("h3", "Judge"), facts(views.facts(report.judge))]
    if report.timings:
        timed = [(name.replace("_", " "), f"{seconds:.2f} s") for name, seconds in report.timings.items()]
        parts += [tag("h3", "Time"), facts(timed)]
    described = [
        tag("dt", views.title_of(report, name)) + tag("dd", about.get("description", ""))
        for name, about in report.metrics.items()
    ]
    if described:
        parts.append(folded("What each figure means", tag("dl", Markup("".join(described)), class_="facts")))
    return section("What was measured", None, *parts)

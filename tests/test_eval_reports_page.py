"""An evaluation as an HTML page."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import evaluated
import pytest

from rag.eval_reports import difference, render_difference_page, render_page
from rag.results import Report

VOID = {"meta", "br", "input", "hr"}


class Page(HTMLParser):
    """The elements of a page with their attributes and text, and whether each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element, and that it is open."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, which has to be this one."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the text with its element."""
        self.texts.append((self.open[-1] if self.open else "", data))

    def named(self, name: str) -> list[dict[str, str | None]]:
        """The attributes of the elements of a name."""
        return [attributes for tag, attributes in self.elements if tag == name]

    @property
    def text(self) -> str:
        """What a reader sees."""
        return "".join(data for tag, data in self.texts if tag not in {"style", "script"})


def _page(report: Report | None = None, **fields: object) -> Page:
    return Page(render_page(report or evaluated.report(**fields), evaluated.TEXTS))


@pytest.mark.parametrize("report", [evaluated.report(), evaluated.empty()])
def test_elements_are_nested_and_ids_unique(report: Report) -> None:
    """Whatever the report holds, every element is closed where it belongs, and every link has its target."""
    page = Page(render_page(report, evaluated.TEXTS, before=report))
    assert page.open == []
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {(link["href"] or "").removeprefix("#") for link in page.named("a")}
    assert targets <= set(ids)
    assert targets


def test_the_page_loads_nothing() -> None:
    """No element refers to another file, no style or handler stands in an attribute, the policy allows nothing else."""
    page = _page()
    assert {tag for tag, _ in page.elements} & {"link", "img", "iframe", "object", "embed", "video", "base"} == set()
    for _, attributes in page.elements:
        assert not {"src", "style", "srcset", "action"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")


def test_the_policy_names_the_one_style_and_the_one_script() -> None:
    """Their hashes are those of what stands in the page, so that both work and nothing else does."""
    text = render_page(evaluated.report(), evaluated.TEXTS)
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for name in ("style", "script"):
        [body] = re.findall(rf"<{name}>(.*?)</{name}>", text, re.S)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy


def test_what_is_hostile_stays_text() -> None:
    """Scripts, comments and handlers of questions, answers, names and reasons are shown and do nothing."""
    text = render_page(evaluated.report(), {**evaluated.TEXTS, f"news/{evaluated.HOSTILE}": "abc" + evaluated.HOSTILE})
    page = Page(text)
    assert len(page.named("script")) == len(page.named("style")) == 1
    assert page.named("img") == []
    assert "<script>alert(1)</script>" in page.text
    assert "<!--" not in text
    assert not set("\x1b\x00\u202e\ud800") & set(text)
    text.encode()


def test_gold_and_citations_are_marked_where_they_stand() -> None:
    """What is cited, what is gold and what is both look different, and the citation's number stands before it."""
    page = _page()
    marks = [attributes["class"] for attributes in page.named("mark")]
    assert {"cited", "gold", "cited gold"} <= set(marks)
    text = render_page(evaluated.report(), evaluated.TEXTS)
    assert '<sup>[1]</sup><mark class="cited">The ferry </mark><mark class="cited gold">costs £3.40</mark>' in text
    assert '<mark class="gold">Ann Lee</mark>' in text


def test_a_source_that_is_not_what_was_quoted_is_not_marked() -> None:
    """Where the text is not at hand the quotation stands alone, and where it is another the page says so."""
    changed = render_page(evaluated.report(), {**evaluated.TEXTS, "news/ferry.txt": "!" + evaluated.FERRY})
    assert "The text is not the one that was quoted." in changed
    missing = render_page(evaluated.report(), {})
    assert "The text is not the one that was quoted." not in missing
    assert '<mark class="cited">The ferry costs £3.40.</mark>' in missing


def test_languages_and_directions_are_told() -> None:
    """Questions carry their language, all foreign text finds its own direction, and no code is taken on trust."""
    page = _page()
    asked = [attributes for attributes in page.named("span") if attributes.get("class") == "asked"]
    assert {attributes.get("lang") for attributes in asked} == {"en", "fr", "ar"}
    assert {attributes.get("dir") for attributes in asked} == {"auto"}
    assert all(len(attributes.get("lang") or "") <= 11 for _, attributes in page.elements)
    assert page.named("html") == [{"lang": "en"}]


def test_tables_and_charts_are_told_to_those_who_cannot_see() -> None:
    """Each table has a caption and heads with a scope, each drawing a role and a title, headings skip no level."""
    page = _page()
    assert len(page.named("table")) == len(page.named("caption")) > 5
    assert {attributes.get("scope") for attributes in page.named("th")} == {"col", "row"}
    assert len(page.named("svg")) == len([1 for svg in page.named("svg") if svg["role"] == "img"]) > 5
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in itertools.pairwise(levels))


def test_questions_can_be_filtered_by_how_they_went_and_by_slice() -> None:
    """The form is hidden until a script shows it; each question carries what it is filtered by."""
    page = _page()
    [form] = page.named("form")
    assert "hidden" in form
    cases = [attributes for attributes in page.named("details") if "case" in (attributes["class"] or "").split()]
    assert len(cases) == 8
    options = {attributes["value"] for attributes in page.named("option")}
    assert {case["data-standing"] for case in cases} <= options
    assert {name for case in cases for name in (case["data-slices"] or "").split("\n")} - {"all"} <= options


def test_controls_that_come_close_are_flagged() -> None:
    """At the figure itself, with the control's name."""
    assert "⚠ knowing nothing, top-passage has 0.350" in _page().text


def test_parts_that_are_not_there_leave_no_heading() -> None:
    """Nothing is said of slices, curves, a baseline or a judge that the report does not have."""
    page = _page(evaluated.empty())
    assert [data for tag, data in page.texts if tag == "h2"] == ["What was measured"]
    assert "No question was asked." in page.text


def test_the_same_report_is_the_same_page() -> None:
    """Nothing depends on the time or on the order of a set."""
    first, second = (render_page(evaluated.report(), evaluated.TEXTS) for _ in range(2))
    assert first == second


def test_many_questions_stay_small() -> None:
    """Six hundred questions over a long document take less than 3 MB, whatever the document's length."""
    [first, *_] = evaluated.items()
    items = tuple(replace(first, id=f"q{number}") for number in range(600))
    texts = {"news/ferry.txt": evaluated.FERRY + "\n" + "More words follow here. " * 20_000}
    page = render_page(evaluated.report(items=items), texts)
    assert len(page.encode()) < 3_000_000


def test_changed_answers_stand_side_by_side() -> None:
    """A page of two runs shows how each changed question went before and after, with the sources of both."""
    right, wrong, *_ = evaluated.items()
    worse = evaluated.report(items=(replace(right, trial=wrong.trial, scores={"right": 0.0}),))
    found = difference(evaluated.report(items=(right,)), worse)
    page = Page(render_difference_page(found, evaluated.TEXTS))
    assert page.open == []
    assert "1 went worse." in page.text
    assert "Before: right" in page.text
    assert "After: beside the point" in page.text
    assert "news/price.txt" in page.text


def test_what_an_answer_left_out_is_told() -> None:
    """Withheld statements, a fallback and missing parts stand below the answer."""
    said = {
        **evaluated.answer("q", evaluated.quotation("news/ferry.txt", "Ann Lee")),
        "withheld": 2,
        "fallback": "B for A.",
    }
    [first, *_] = evaluated.items()
    text = _page(items=(replace(first, trial=replace(first.trial, answer={**said, "missing": ["depth"]})),)).text
    assert "Not in the passages found: depth" in text
    assert "2 statements were left out" in text
    assert "B for A." in text


def test_a_fact_of_many_documents_is_shown_in_some() -> None:
    """Six documents are shown, those that were cited first; the others are named."""
    [first, *_] = evaluated.items()
    spans = [{**evaluated.span("news/ferry.txt", "Ann Lee"), "document": f"news/{number}.txt"} for number in range(9)]
    gold = {**first.gold, "nuggets": [{**first.gold["nuggets"][0], "spans": spans}]}
    text = _page(items=(replace(first, gold=gold),), counterfactuals=(), verdicts=()).text
    assert text.index("news/ferry.txt English") < text.index("news/4.txt")
    assert "Gold stands in news/5.txt, news/6.txt, news/7.txt, news/8.txt, too." in text

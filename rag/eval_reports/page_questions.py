"""The section of the page with every question: its answer and what was expected beside the highlighted sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rag.answers import Answer, Quotation
from rag.documents import Span
from rag.elements import Markup, join, tag
from rag.eval_reports import views
from rag.eval_reports.highlighting import Marked, excerpts, pieces
from rag.eval_reports.page_tables import folded, pill, section
from rag.eval_reports.views import Case
from rag.gold import Nugget
from rag.rendering.citations import Citations, attribution, refusal, withheld
from rag.rendering.display import clip, language_name
from rag.results import Report

_SOURCES = 6
_PASSAGES = 3
_PASSAGE_CHARACTERS = 400
_KINDS = {
    (): None,
    ("cited",): "cited",
    ("gold",): "gold",
    ("cited", "gold"): "cited gold",
}
_SHORT_WORDS: Mapping[str, str] = {"invented": "unfounded", "wrong": "beside", "incomplete": "partial"}


def questions(report: Report, cases: Sequence[Case], texts: Mapping[str, str]) -> Markup | None:
    """Every question in the order of the gold, folded, with a form to filter them that only JavaScript shows."""
    if not cases:
        return None
    shown = (_case(report, case, texts, number) for number, case in enumerate(cases, start=1))
    return section("Questions", None, _tally(cases), _legend(), _filter(report, cases), join(shown))


def _tally(cases: Sequence[Case]) -> Markup:
    rows = (
        tag(
            "li",
            tag("b", f"{number:,}"),
            standing_pill(standing),
            tag("span", views.STANDING_WORDS[standing], class_="soft"),
        )
        for standing, number in views.standings(cases).items()
    )
    return tag("ul", join(rows), class_="tally")


def standing_pill(standing: views.Standing) -> Markup:
    """How a question went, in a word."""
    return pill(_SHORT_WORDS.get(standing, standing), standing)


def _legend() -> Markup:
    marks = (("cited", "cited"), ("gold", "gold, not cited"), ("cited gold", "gold and cited"))
    samples = (tag("span", tag("mark", words, class_=look)) for look, words in marks)
    return tag("p", tag("span", "In the sources:", class_="soft"), *samples, class_="legend")


def _filter(report: Report, cases: Sequence[Case]) -> Markup:
    ways = [("", "all"), ("not right", "all but right")]
    ways += [(standing, views.STANDING_WORDS[standing]) for standing in views.standings(cases)]
    names = dict.fromkeys(name for item in report.items for name in item.slices if name != "all")
    return tag(
        "form",
        tag("label", "How it went", _select("standing", ways)),
        tag("label", "Slice", _select("slice", [("", "all"), *((name, name) for name in sorted(names))])),
        tag("label", "Words", tag("input", type="search", name="words")),
        tag("output", name="told", aria_live="polite"),
        class_="filter",
        hidden=True,
    )


def _select(name: str, options: Sequence[tuple[str, str]]) -> Markup:
    return tag("select", join(tag("option", words, value=value) for value, words in options), name=name)


def _case(report: Report, case: Case, texts: Mapping[str, str], number: int) -> Markup:
    gold = case.gold
    asked = tag("span", gold.question, class_="asked", lang=language_tag(gold.language), dir="auto")
    head = tag("summary", standing_pill(case.standing), asked, tag("code", case.item.id, class_="soft"))
    left = tag("div", join(said(case)), join(_expected(case)), _scores(report, case))
    slices = "\n".join(case.item.slices)
    sides = tag("div", left, tag("div", join(sources(case, texts))), class_="sides")
    return tag(
        "details", head, sides, class_="case", id=f"question-{number}", data_standing=case.standing, data_slices=slices
    )


def language_tag(code: str | None) -> str | None:
    """The code as the attribute takes it; None for what is no language tag."""
    return code if code and code.isascii() and code.replace("-", "").isalnum() and len(code) <= 11 else None


def said(case: Case) -> Iterator[Markup]:
    """The answer with numbered citations, its conflicts and gaps; why there is none, where there is none."""
    answer = case.answer
    if answer is None:
        yield tag("h4", "No answer")
        yield tag("p", case.item.trial.error or "The system gave none.", class_="bad", dir="auto")
        return
    yield tag("h4", f"Answer: {answer.status}")
    if answer.status == "unanswerable":
        yield tag("p", refusal(answer))
    citations = Citations.of(answer)
    for claim in answer.claims:
        remark = attribution(claim)
        yield _cited(claim.text, claim.spans, citations, f" ({remark})" if remark else "")
    for conflict in answer.conflicts:
        yield tag("p", tag("strong", f"The sources differ ({conflict.kind}): "), conflict.about, dir="auto")
        for position in conflict.positions:
            yield _cited(position.text, position.spans, citations, "")
    yield from _remarks(answer)


def _cited(text: str, spans: Sequence[Quotation], citations: Citations, remark: str) -> Markup:
    marks = "".join(f"[{number}]" for number in citations.marks(spans))
    language = spans[0].language if spans else None
    return tag("p", text, tag("sup", f" {marks}"), remark, lang=language_tag(language), dir="auto")


def _remarks(answer: Answer) -> Iterator[Markup]:
    if answer.missing:
        yield tag("p", f"Not in the passages found: {'; '.join(answer.missing)}", class_="soft", dir="auto")
    if withheld(answer):
        yield tag("p", withheld(answer), class_="soft")
    if answer.fallback:
        yield tag("p", answer.fallback, class_="soft", dir="auto")


def _expected(case: Case) -> Iterator[Markup]:
    yield tag("h4", f"Expected: {case.gold.status}")
    if not case.gold.nuggets:
        near = ", though they speak of the same things" if case.gold.near else ""
        yield tag("p", f"The documents do not say{near}.")
        return
    yield tag("ul", join(tag("li", *_nugget(case, nugget)) for nugget in case.gold.nuggets))


def _nugget(case: Case, nugget: Nugget) -> Iterator[Markup]:
    found = case.finds(nugget)
    yield tag("span", "✓" if found else "✗", class_="tick good" if found else "tick bad", aria_hidden="true")
    kind = "" if nugget.vital else "welcome, not needed; "
    answers = f"; accepted: {', '.join(nugget.answers)}" if nugget.answers else ""
    yield tag("span", nugget.text, dir="auto")
    yield tag("span", f" ({kind}{'cited' if found else 'not cited'}{answers})", class_="soft small", dir="auto")


def _scores(report: Report, case: Case) -> Markup | None:
    known = [
        f"{views.title_of(report, metric)} {views.number(report, metric, value)}"
        for metric, value in case.item.scores.items()
        if value is not None
    ]
    slices = ", ".join(name for name in case.item.slices if name != "all")
    sure = case.item.trial.confidence
    known += [f"confidence {sure:.3f}"] if sure is not None else []
    return folded("Scores", tag("p", " · ".join(known), class_="small"), tag("p", slices, class_="soft small"))


def sources(case: Case, texts: Mapping[str, str]) -> Iterator[Markup]:
    """The documents that were cited, then those that gold names besides, each with its marks."""
    marks: dict[str, list[tuple[Marked, str]]] = {}
    for number, one in enumerate(case.cited, start=1):
        marks.setdefault(one.document, []).append((Marked(Span(one.start, one.end), "cited", f"[{number}]"), one.quote))
    for gold in case.gold.spans():
        marks.setdefault(gold.document, []).append((Marked(gold.span, "gold"), gold.quote))
    languages = {one.document: one.language for one in case.cited}
    for document in list(marks)[:_SOURCES]:
        yield tag("h4", tag("code", document), *_language(languages.get(document)))
        yield _source(texts.get(document), marks[document], languages.get(document))
    if len(marks) > _SOURCES:
        others = ", ".join(list(marks)[_SOURCES:])
        yield tag("p", f"Gold stands in {others}, too.", class_="soft small", dir="auto")
    yield from _nearest(case)


def _language(code: str | None) -> list[Markup]:
    return [tag("span", f" {language_name(code)}", class_="soft small")] if code else []


def _source(text: str | None, marks: Sequence[tuple[Marked, str]], language: str | None) -> Markup:
    """A document's excerpts; only the quotations where the text is unknown or is not what was quoted."""
    if text is None or any(mark.span.of(text) != quote for mark, quote in marks):
        why = (
            "The text of this document is not at hand." if text is None else "The text is not the one that was quoted."
        )
        quotes = (tag("p", tag("sup", mark.label), tag("mark", quote, class_=mark.kind)) for mark, quote in marks)
        return tag("div", tag("span", why, class_="soft small"), join(quotes), class_="source", dir="auto")
    known = [mark for mark, _ in marks]
    shown = excerpts(text, (mark.span for mark in known))
    parts: list[Markup] = []
    for place, excerpt in enumerate(shown):
        parts.append(_gap(before=excerpt.start > 0, first=place == 0))
        parts += [_piece(text, piece.span, piece.kinds, piece.labels) for piece in pieces(excerpt, known)]
    parts.append(_gap(before=bool(shown) and shown[-1].end < len(text), first=True))
    return tag("div", join(parts), class_="source", lang=language_tag(language), dir="auto")


def _gap(*, before: bool, first: bool) -> Markup:
    """The dots where text was left out."""
    if not before:
        return Markup("")
    return tag("span", " … " if first else "\n[…]\n", class_="gap")


def _piece(text: str, span: Span, kinds: tuple[str, ...], labels: tuple[str, ...]) -> Markup:
    look = _KINDS[kinds]
    words = span.of(text)
    label = tag("sup", "".join(labels)) if labels else None
    return join([label, tag("mark", words, class_=look) if look else words])


def _nearest(case: Case) -> Iterator[Markup]:
    if case.answer is None or not case.answer.nearest:
        return
    passages = (join([tag("h4", tag("code", one.document)), _passage(one)]) for one in case.answer.nearest[:_PASSAGES])
    yield folded("Nearest passages (not an answer)", *passages)


def _passage(one: Quotation) -> Markup:
    return tag(
        "div", clip(one.quote, _PASSAGE_CHARACTERS), class_="source", lang=language_tag(one.language), dir="auto"
    )

"""Two runs compared as a section of the page and as a page of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rag.elements import Markup, join, tag
from rag.eval_reports import views
from rag.eval_reports.difference import SHIFT_HEADS, TURN_WORDS, Change, Difference, Shift, shift_row, summary, told
from rag.eval_reports.page_questions import language_tag, said, sources, standing_pill
from rag.eval_reports.page_tables import folded, number, section, table
from rag.eval_reports.views import Case


def changes(given: Difference, texts: Mapping[str, str] | None = None) -> Markup:
    """The section: the figures of both runs, then each question that went otherwise, both answers side by side.

    Args:
        given: What changed.
        texts: The documents by id, to show the sources below each answer; None shows the answers alone.
    """
    parts: list[Markup] = []
    if given.shifts:
        rows = (_shift(given, one) for one in given.shifts)
        heads = ("figure", *SHIFT_HEADS)
        shown = table("Figures of both runs, paired by question", heads, rows, numbers=range(1, len(heads)))
        parts.append(folded("Figures of both runs", shown, shut=texts is None))
    for turn in ("worse", "better", "reworded"):
        found = given.having(turn)
        if found:
            parts.append(tag("h3", f"{len(found):,} {TURN_WORDS[turn]}"))
            parts += [_change(change, texts) for change in found]
    return section("Changed answers", summary(given), *parts)


def _shift(given: Difference, one: Shift) -> list[Markup]:
    title = tag("th", views.title_of(given.after, one.metric), scope="row")
    return [title, *(number(cell) for cell in shift_row(given, one))]


def _change(change: Change, texts: Mapping[str, str] | None) -> Markup:
    case = change.after or change.before
    language = language_tag(case.gold.language) if case else None
    asked = tag("span", change.question, class_="asked", lang=language, dir="auto")
    pill = standing_pill(change.after.standing) if change.after else None
    head = tag("summary", tag("span", pill), asked, tag("code", change.id, class_="soft"))
    sides = (join(_side(when, one, texts)) for when, one in (("Before", change.before), ("After", change.after)))
    return tag("details", head, tag("div", *(tag("div", side) for side in sides), class_="sides"), class_="case change")


def _side(when: str, case: Case | None, texts: Mapping[str, str] | None) -> Iterator[Markup]:
    yield tag("h4", f"{when}: {told(case)}")
    if case is not None:
        yield join(said(case))
        if texts is not None:
            yield join(sources(case, texts))

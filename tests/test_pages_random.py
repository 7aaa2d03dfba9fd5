"""Pages of briefings that hypothesis makes up: 12 by default, as many as PAGE_EXAMPLES says otherwise."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from page_checks import letters, outside, overlaps, printed, tag_counts
from random_briefings import briefings

from rag.briefings import Briefing
from rag.pages import render
from rag.pages.wording import sheet_of

EXAMPLES = int(os.environ.get("PAGE_EXAMPLES", "12"))


@pytest.mark.timeout(max(120, 20 * EXAMPLES))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(briefing=briefings())
def test_any_briefing_is_one_tagged_page_with_nothing_over_anything_else(briefing: Briefing) -> None:
    """Whatever a briefing contains, its PDF is one A4 page on which all text can be copied and none overlaps."""
    page = render(briefing, "pdf")
    shown = printed(page.content)
    assert outside(shown) == []
    assert overlaps(shown) == []
    assert tag_counts(page.content)["/H1"] == 1
    sheet = sheet_of(briefing, {})
    said = "".join([sheet.title, sheet.coverage, *(line.text for line in sheet.bottom_line)])
    unseen = set(page.warnings[0]) if page.warnings else set()
    lacking = letters(said) - letters(shown.text)
    assert not {letter for letter in lacking if letter not in unseen and letter.isascii()}

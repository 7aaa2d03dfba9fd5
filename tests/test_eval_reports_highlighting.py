"""Spans of several kinds in a text."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from rag.documents import Span
from rag.eval_reports.highlighting import Marked, excerpts, pieces

SPANS = st.tuples(st.integers(0, 60), st.integers(1, 40)).map(lambda pair: Span(pair[0], pair[0] + pair[1]))
MARKS = st.lists(st.builds(Marked, SPANS, st.sampled_from(["gold", "cited"]), st.sampled_from(["", "[1]", "[2]"])))


@given(MARKS)
def test_pieces_follow_each_other_and_say_what_covers_them(marks: list[Marked]) -> None:
    """No character is lost or doubled, and each has exactly the kinds of the marks that cover it."""
    whole = Span(0, 80)
    found = list(pieces(whole, marks))
    assert [place for piece in found for place in range(piece.span.start, piece.span.end)] == list(range(80))
    for piece in found:
        for place in range(piece.span.start, piece.span.end):
            covering = {mark.kind for mark in marks if mark.span.start <= place < mark.span.end}
            assert piece.kinds == tuple(sorted(covering))


def test_a_label_stands_where_its_span_begins() -> None:
    """Once, though another span cuts it into pieces."""
    marks = [Marked(Span(2, 9), "cited", "[1]"), Marked(Span(4, 6), "gold")]
    found = [(piece.span.start, piece.kinds, piece.labels) for piece in pieces(Span(0, 10), marks)]
    assert found == [
        (0, (), ()),
        (2, ("cited",), ("[1]",)),
        (4, ("cited", "gold"), ()),
        (6, ("cited",), ()),
        (9, (), ()),
    ]


@given(st.text(alphabet="ab \n", max_size=1500), st.lists(SPANS))
def test_excerpts_hold_every_span_and_never_overlap(text: str, spans: list[Span]) -> None:
    """Each span of the text stands whole in one excerpt, and excerpts are in order and apart."""
    inside = [span for span in spans if span.end <= len(text)]
    shown = excerpts(text, inside)
    for span in inside:
        assert any(one.start <= span.start and span.end <= one.end for one in shown)
    assert all(0 <= one.start < one.end <= len(text) for one in shown)
    assert all(first.end < second.start for first, second in itertools.pairwise(shown))


def test_a_long_document_is_cut_at_words() -> None:
    """Only the surroundings of a span are shown, from white space to white space."""
    text = "word " * 1000
    [one] = excerpts(text, [Span(2500, 2504)])
    assert one.end - one.start < 350
    assert one.of(text).startswith("word")
    assert one.of(text).endswith("word")


def test_a_text_without_spaces_is_cut_anyhow() -> None:
    """Chinese has no spaces to cut at."""
    text = "字" * 1000
    [one] = excerpts(text, [Span(500, 510)])
    assert (one.start, one.end) == (340, 670)

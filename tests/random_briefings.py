# ruff: noqa: E501
"""Briefings that hypothesis makes up within the schema: any script, markup, long words, empty and crowded sections."""

from __future__ import annotations

import datetime as dt

from hypothesis import strategies as st

from rag.answers import Attribution, Position, Quotation
from rag.briefings import (
    Actor,
    BottomLine,
    Briefing,
    Change,
    Coverage,
    Disagreement,
    Event,
    Gap,
    Saying,
    SourceEntry,
    Statement,
)

_WORDS = (
    "agreement", "of", "the", "2,018", "92.4", "Größe", "l’accord", "Čeština", "Διοίκηση", "договор", "internationalization",
    "小米", "微软公司签署战略合作备忘录", "ありがとう", "대한민국", "مايكروسوفت", "شركة", "הסכם", "समझौता", "ข้อตกลง",
    "Կազմակերպություն", "საქართველო", "ஒப்பந்தம்", "চুক্তি", "#set page(height: 9cm)", "#pagebreak()", "$x^2$", "*bold*", "`raw`", "<b>&amp;",
    "[link](x)", "//", "/*", "\\u{1F600}", "]]>", "{{x}}", "@ref", "{since}", "{0}", "😀", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\x00", "\x1b[31m", "\u202e", "\ud800", "\ufdd0", "\U000f0000", "e" + "\u0301" * 30, "\u00a0", "\r\n", "\u2028", "\u00ad",
    "W" * 70, "https://example.org/" + "very-long-path/" * 15, "漢" * 60, "ﷺ", "﷽", "𠀀", "𓀀", "ሰላም",
)  # fmt: skip
WORDS = st.sampled_from(_WORDS)
TEXTS = st.lists(WORDS, min_size=1, max_size=30).map(" ".join)
SHORT = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
LANGUAGES = st.sampled_from([None, "en", "fr", "id", "zh", "ar", "he", "hi", "xx"])


def quotations(documents: int) -> st.SearchStrategy[Quotation]:
    """Quotations from that many documents."""
    return st.builds(
        lambda number, quote, language: Quotation(f"d/{number}.txt", "0" * 64, 0, len(quote), quote, language),
        st.integers(1, documents),
        TEXTS,
        LANGUAGES,
    )


def statements(documents: int) -> st.SearchStrategy[Statement]:
    """Statements with one to four quotations."""
    return st.builds(
        Statement,
        TEXTS,
        st.sampled_from(["reported", "quoted", "inferred"]),
        st.lists(quotations(documents), min_size=1, max_size=4).map(tuple),
        st.integers(1, 12),
        st.none() | st.builds(Attribution, SHORT, st.sampled_from(["fact", "statement", "opinion", "forecast"])),
        st.booleans(),
    )


def _tuples(strategy: st.SearchStrategy[object], most: int) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


@st.composite
def briefings(draw: st.DrawFn) -> Briefing:
    """Any briefing; every document that is quoted is in its list of sources."""
    documents = draw(st.integers(1, 25))
    stated, quoted = statements(documents), quotations(documents)
    most = draw(st.sampled_from([0, 2, 5, 30]))
    positions = st.builds(Position, TEXTS, st.lists(quoted, min_size=1, max_size=3).map(tuple))
    keys = st.sampled_from(["2015", "2018-02", "2018-02-23", "--02-23", "", "2018-99", "soon"])
    kinds = st.sampled_from(["contradiction", "scope", "emphasis", "error"])
    sentences = draw(st.integers(0, 60))
    return Briefing(
        title=draw(SHORT),
        question=draw(st.none() | TEXTS),
        language=draw(st.sampled_from(["en", "fr", "id"])),
        as_of=draw(st.dates(min_value=dt.date(1990, 1, 1), max_value=dt.date(2099, 12, 31))),
        bottom_line=draw(
            st.none()
            | st.builds(
                BottomLine,
                st.lists(stated, min_size=1, max_size=3).map(tuple),
                st.sampled_from(["high", "moderate", "low"]),
                TEXTS,
            )
        ),
        facts=draw(_tuples(stated, most)),
        timeline=draw(_tuples(st.builds(Event, SHORT, keys, st.sampled_from(["printed", "relative"]), stated), most)),
        actors=draw(_tuples(st.builds(Actor, SHORT, stated, st.lists(SHORT, max_size=4).map(tuple)), most)),
        agreements=draw(_tuples(stated, most)),
        disagreements=draw(
            _tuples(st.builds(Disagreement, TEXTS, kinds, st.lists(positions, min_size=2, max_size=4).map(tuple)), most)
        ),
        gaps=draw(_tuples(st.builds(Gap, TEXTS, st.sampled_from(["stated", "absent"]), _tuples(quoted, 2)), most)),
        sayings=draw(_tuples(st.builds(Saying, quoted, st.none() | SHORT), most)),
        sources=tuple(_source(draw, number) for number in range(1, documents + 1)),
        origins=draw(st.integers(1, documents)),
        considered=documents,
        documents=draw(st.integers(documents, 9_999_999)),
        coverage=Coverage(sentences, draw(st.integers(0, sentences)), draw(st.integers(0, 9))),
        changes=draw(
            _tuples(
                st.builds(Change, st.sampled_from(["new", "changed", "withdrawn"]), stated, st.none() | TEXTS),
                most // 5,
            )
        ),
        since=draw(st.sampled_from([None, "2018-02-01", "brief {0}.json"])),
        model=draw(st.sampled_from(["extractive", "local:some-model-" + "x" * 90])),
    )


def _source(draw: st.DrawFn, number: int) -> SourceEntry:
    return SourceEntry(
        number,
        f"d/{number}.txt",
        "0" * 64,
        draw(TEXTS),
        draw(LANGUAGES),
        draw(st.sampled_from([None, "2019-12-24", "2019"])),
        draw(st.sampled_from([None, "published", "updated", "unknown"])),
        draw(st.sampled_from(["news", "trade", "blog", "press-release", "official", "unknown"])),
        draw(st.none() | quotations(1)),
        draw(st.none() | st.integers(1, number)),
    )

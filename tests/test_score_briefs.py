"""The figures of briefings, as arithmetic over a page made by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from score_briefs import ROOT, read_topics, score

from rag.answers import Quotation
from rag.briefings import Briefing, Coverage, SourceEntry, Statement


def _statement(text: str, start: int) -> Statement:
    span = Quotation("news/a.txt", "0" * 64, start, start + len(text), text, "en")
    return Statement(text, "quoted", (span,), 1)


def _page(*statements: Statement) -> Briefing:
    source = SourceEntry(1, "news/a.txt", "0" * 64, "A", "en")
    return Briefing(
        title="A",
        question=None,
        language="en",
        as_of=dt.date(2026, 1, 1),
        bottom_line=None,
        facts=statements,
        sources=(source,),
        coverage=Coverage(len(statements), len(statements)),
    )


def _topic(*spans: tuple[int, int]) -> dict[str, Any]:
    must = [
        {"text": str(number), "spans": [{"document": "evals/gold/news/a.txt", "start": start, "end": end}]}
        for number, (start, end) in enumerate(spans)
    ]
    documents = ["evals/gold/news/a.txt", "evals/gold/news/b.txt"]
    return {"id": "x", "split": "dev", "corpus": "evals/gold/news", "topic": None, "documents": documents, "must": must}


def test_half_of_a_span_covered_counts() -> None:
    """A quotation from 10 to 30 covers 20-40 by half, 21-41 by less, and 0-5 not at all."""
    scored = score(_topic((20, 40), (21, 41), (0, 5), (12, 14)), _page(_statement("x" * 20, 10)))
    assert scored.recall == 0.5
    assert scored.missed == ["1", "2"]
    assert (scored.support, scored.spread) == (1.0, 0.5)


def test_statements_in_the_same_words_are_duplicates() -> None:
    """Three quarters of the words of the shorter one are enough."""
    page = _page(
        _statement("The old bridge of Orlow closes", 0),
        _statement("The old bridge of Orlow closes in May", 100),
        _statement("Rice grows on terraces", 200),
    )
    assert score(_topic((0, 5)), page).duplicates == 1


def test_every_topic_names_documents_and_spans_that_exist() -> None:
    """Spans are code points of the file, within it, and every split has topics."""
    topics = read_topics(None)
    assert {topic["split"] for topic in topics} == {"dev", "test"}
    for topic in topics:
        assert len(topic["must"]) >= 5
        for must in topic["must"]:
            for span in must["spans"]:
                text = Path(ROOT, _file(span["document"])).read_bytes().decode()
                assert text[span["start"] : span["end"]].strip()


def _file(document: str) -> str:
    return document if document.startswith("seeds/") else f"evals/gold/{document.removeprefix('evals/gold/')}"

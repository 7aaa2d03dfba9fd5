"""Measures that are more than a call of ``rag.metrics`` or ``rag.span_metrics``."""

from __future__ import annotations

from typing import Any

import pytest

from rag import measures
from rag.cases import Case, Library, Reference
from rag.documents import Span
from rag.gold import GoldQuestion

TEXT = "The bridge cost 1,500 crowns. Nobody minded. 微软云服务在北京。"


def _case(claims: list[str], answers: tuple[str, ...] = ("1,500 crowns",), **fields: Any) -> Case:
    nugget = {"text": "", "vital": True, "answers": answers, "spans": []}
    given = {"id": "q", "split": "dev", "language": "en", "question": "?", "kind": "number", "near": False}
    gold = GoldQuestion.model_validate({**given, "status": "answered", "nuggets": (nugget,), **fields}, strict=False)
    library = Library({"a": TEXT}, {"a": [Span(0, 29), Span(30, 44)]}, {}, {"a": "en"})
    spans = [{"document": "a", "start": 0, "end": 29, "quote": TEXT[:29], "language": "en"}]
    said = [{"text": text, "spans": spans, "origins": 1} for text in claims]
    return Case(Reference(gold, library), {"status": "answered", "language": "en", "claims": said, "conflicts": []})


@pytest.mark.parametrize(
    ("answer", "claim", "expected"),
    [
        ("1,500 crowns", "It cost 1.500 Crowns!", 1.0),
        ("15", "It cost 1,500 crowns.", 0.0),
        ("crown", "It cost 1,500 crowns.", 0.0),
        ("北京", "微软云服务在北京。", 1.0),
        ("北上", "微软云服务在北京。", 0.0),
        ("Lumière", "la lumiere fut", 1.0),
    ],
)
def test_an_accepted_answer_is_stated_when_its_words_stand_there_together(
    answer: str, claim: str, expected: float
) -> None:
    """Case, accents and separators of numbers do not count; a part of a word does not either."""
    assert measures.stated(_case([claim], (answer,))) == expected


def test_without_accepted_answers_nothing_is_measured() -> None:
    """Imported sets may have none."""
    case = _case(["Whatever."], ())
    assert measures.stated(case) is None
    assert measures.short(lambda one, other: 1.0)(case) is None
    assert measures.short_given(case) is None


def test_a_quotation_in_another_language_counts_only_where_a_source_has_the_questions() -> None:
    """A quotation cannot be in a language that no source is in; what a model words itself can."""
    quoted = _case([TEXT[:29]], language="fr")
    assert measures.answer_language(quoted) is None
    assert measures.answer_language(_case(["Le pont a coûté 1 500 couronnes aux habitants."], language="fr")) == 1.0
    assert measures.answer_language(_case(["The bridge has cost them 1,500 crowns."], language="fr")) == 0.0


def test_origins_are_counted_only_where_the_copies_are_known_and_a_claim_has_several_documents() -> None:
    """A claim from one document has one origin whatever anybody says."""
    assert measures.origins(_case(["A."])) is None

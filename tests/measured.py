"""Small reports of an evaluation, to render."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rag.answers import Answer, Claim, Conflict, Position, Quotation
from rag.documents import Span
from rag.rendering import answer_object
from rag.results import (
    Comparison,
    Control,
    Counterfactual,
    Figure,
    Interval,
    Item,
    Report,
    Slice,
    Trial,
    Verdict,
)

FERRY = "The ferry costs £3.40.\r\nA crossing takes 20\u00a0minutes.\nThe captain is Ann Lee."
PRICE = "السعر ٣ جنيهات. Another price is £4."
TEXTS = {"news/ferry.txt": FERRY, "news/price.txt": PRICE}

HOSTILE = (
    "</script><script>alert(1)</script><!-- ]]> --> <img src=x onerror=alert(1)> \u202egnp.exe\u202c \x1b[31m \x00 "
    "\ud800 | `a` **b** [c](javascript:alert(1)) @everyone ${x} {{y}} \u2028 &amp; \"'"
)


def span(document: str, quote: str) -> dict[str, Any]:
    """A gold span where the quote stands in the document."""
    start = TEXTS[document].index(quote)
    return {"document": document, "start": start, "end": start + len(quote), "quote": quote}


def gold(id: str, question: str, *spans: dict[str, Any], **fields: Any) -> dict[str, Any]:  # noqa: A002
    """A gold question with one vital nugget in the spans, or without any."""
    nuggets = [{"text": "It is so.", "vital": True, "answers": ["£3.40"], "spans": list(spans)}] if spans else []
    status = "answered" if spans else "unanswerable"
    common = {"split": "test", "language": "en", "kind": "fact", "near": False, "status": status, "nuggets": nuggets}
    return {"id": id, "question": question, **common, **fields}


def quotation(document: str, quote: str, answer: str | None = None) -> Quotation:
    """The quotation of a document, with the short answer in it."""
    start = TEXTS[document].index(quote)
    at = None if answer is None else start + quote.index(answer)
    short = None if at is None or answer is None else Span(at, at + len(answer))
    return Quotation(document, "0" * 64, start, start + len(quote), quote, "en", "A title", answer=short)


def answer(question: str, *quotations: Quotation, **fields: Any) -> dict[str, Any]:
    """An answer object with one claim for each quotation; without any the documents do not say."""
    claims = tuple(Claim(one.quote, (one,), 1) for one in quotations)
    status = "answered" if claims else "unanswerable"
    timings = {"retrieve": 0.1, "draft": 0.2, "verify": 0.3}
    return answer_object(Answer(question, "en", status, claims, timings=timings, **fields))


def item(gold: dict[str, Any], said: dict[str, Any] | None, *, right: float | None, error: str | None = None) -> Item:
    """A question with what was said."""
    scores = {"right": right, "nugget_recall": None if not gold["nuggets"] else right, "claims": 1.0}
    trial = Trial(
        gold["id"], f"key-{gold['id']}", said, ({"document": "news/ferry.txt", "start": 0, "end": 22},), 0.5, error, 1.5
    )
    slices = ("all", f"language={gold['language']}", f"kind={gold['kind']}")
    return Item(gold["id"], gold, scores, slices, "ferry", trial)


def items() -> tuple[Item, ...]:
    """A question for each way that a question can go, one of them hostile."""
    ferry, price = quotation("news/ferry.txt", "The ferry costs £3.40.", "£3.40"), quotation("news/price.txt", "£4")
    disagreement = Conflict(
        "the price", "contradiction", (Position("The ferry costs £3.40.", (ferry,)), Position("£4", (price,)))
    )
    cost, captain = span("news/ferry.txt", "costs £3.40"), span("news/ferry.txt", "Ann Lee")
    other, shouted = span("news/price.txt", "Another price"), HOSTILE.replace("\ud800", "")
    nearest = (quotation("news/ferry.txt", "The captain is Ann Lee."),)
    return (
        item(gold("q-right", "What does the ferry cost?", cost), answer("What?", ferry), right=1.0),
        item(gold("q-wrong", "Who is the captain?", captain), answer("Who?", price), right=0.0),
        item(gold("q-declined", "Qui est-ce ?", captain, language="fr"), answer("Qui ?", nearest=nearest), right=0.0),
        item(gold("q-invented", "How deep is the sea?", kind="unanswerable"), answer("How?", ferry), right=0.0),
        item(gold("q-silent", "How far is it?", kind="unanswerable"), answer("How?"), right=1.0),
        item(
            gold("q-conflict", "ما السعر؟", cost, other, language="ar", status="conflicting"),
            {**answer("السعر", ferry, conflicts=(disagreement,)), "status": "conflicting"},
            right=None,
        ),
        item(gold("q-failed", "Did it fail?", cost), None, right=None, error="The server refused: 500."),
        item(gold(f"q-{shouted}", shouted, cost), hostile_answer(), right=0.0),
    )


def hostile_answer() -> dict[str, Any]:
    """An answer that is markup in every field, from a document that is not in TEXTS."""
    one = Quotation(f"news/{HOSTILE}", "0" * 64, 3, 3 + len(HOSTILE), HOSTILE, HOSTILE, HOSTILE)
    return answer_object(
        Answer(HOSTILE, "en", "answered", (Claim(HOSTILE, (one,), 1),), missing=(HOSTILE,), model=HOSTILE)
    )


def report(**fields: Any) -> Report:
    """A report with something in each field."""
    metrics = {
        "right": {"title": "right answers", "description": "Answered as gold.", "unit": "share", "better": "higher"},
        "nugget_recall": {"title": "nugget recall", "description": "Found.", "unit": "share", "better": "higher"},
        "claims": {"title": "claims", "description": "Claims per answer.", "unit": "count", "better": "lower"},
    }
    whole = (
        Figure("right", 0.4, 5, 8, Interval(0.1, 0.7), "bootstrap", 3),
        Figure("nugget_recall", 0.5, 4, 8, Interval(0.2, 0.8), "bootstrap", 3),
        Figure("claims", 1.25, 8, 8),
    )
    control = (Figure("right", 0.35, 5, 8), Figure("nugget_recall", 0.1, 4, 8))
    given = Report(
        suite="news",
        system={"answerer": "extractive", "gold": "ab" * 32},
        metrics=metrics,
        items=items(),
        slices=(
            Slice("all", whole),
            Slice("language=en", whole[:2]),
            Slice("language=fr", (Figure("right", None, 0, 1),)),
            Slice("kind=fact", whole[:1]),
        ),
        curves={
            "risk-coverage": ((0.2, 0.0), (0.6, 0.1), (1.0, 0.4)),
            "reliability": ((0.1, 0.2), (0.5, 0.4), (0.9, 0.95)),
        },
        controls=(Control("top-passage", control, ("right",)), Control("abstain", (Figure("right", 0.2, 5, 8),))),
        comparisons=(
            Comparison("right", 0.5, 0.4, -0.1, Interval(-0.3, 0.1), 0.2, 0.4, "mcnemar", 5, 0.25),
            Comparison("claims", 2.0, 1.25, -0.75, None, 0.001, 0.002, "sign-flip", 8, None),
        ),
        baseline={"version": "0.0.9"},
        counterfactuals=(
            Counterfactual("q-right:edited", "edited", "£3.40 became £9.90", "£9.90", True, "£3.40", "£9.90"),
            Counterfactual("q-right:planted", "planted", HOSTILE, HOSTILE, False, HOSTILE, HOSTILE),
            Counterfactual("q-wrong:deleted", "deleted", "news/ferry.txt deleted", "abstain", None, "", ""),
        ),
        verdicts=(
            Verdict("right at least 0.3", "floor", "right", "0.3", "0.4", "pass", "The interval lies above."),
            Verdict("q-wrong is right", "must", "q-wrong", "right", "wrong", "fail", HOSTILE),
            Verdict(
                "nugget recall", "margin", "nugget_recall", "0.05", "0.1", "inconclusive", "The interval holds it."
            ),
            Verdict("edited followed", "counterfactual", "edited", "0.9", "–", "error", "Nothing was asked."),
        ),
        judge={"name": "m", "agreement": 0.9},
        exit_code=1,
        timings={"total": 12.5},
    )
    return replace(given, **fields)


def empty() -> Report:
    """A report of nothing."""
    return Report("none", {}, {}, (), ())

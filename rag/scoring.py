"""The measures of an answer, each a function from a case to a value; None where it does not apply.

A figure is the mean over the questions that have a value. What each measure means is in its description below; the
formulas and their sources are in ``rag.span_metrics`` and ``rag.metrics``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rag import measures, metrics, support_judging
from rag.cases import Case
from rag.measures import Measure
from rag.results import Direction

Family = Literal[
    "answers", "citations", "abstention", "short", "conflicts", "retrieval", "spans", "wording", "usage", "judge"
]


@dataclass(frozen=True, slots=True)
class Metric:
    """One measure.

    Attributes:
        title: A few words, for the head of a table.
        description: What its mean is, in a sentence.
        measure: The function.
        family: What it is about.
        yes_no: Whether every value is 0 or 1.
        better: Which direction is better.
        unit: "share", "count", "tokens" or "USD".
    """

    title: str
    description: str
    measure: Measure
    family: Family
    yes_no: bool = False
    better: Direction = "higher"
    unit: str = "share"


def score(case: Case) -> dict[str, float | None]:
    """The value of every measure, by its name, rounded to six decimals."""
    values = ((name, metric.measure(case)) for name, metric in METRICS.items())
    return {name: None if value is None else round(float(value), 6) for name, value in values}


def unscored() -> dict[str, float | None]:
    """The values of a question that has no answer because the system failed: none at all."""
    return dict.fromkeys(METRICS)


def _of_unit(unit: str, family: Callable[[Case], tuple[Any, Any]]) -> Mapping[str, Metric]:
    """The measures of a ranking of passages or documents, a vital nugget being what makes one relevant."""

    def metric(title: str, description: str, compare: Callable[[Any, Any], float | None], *, yes_no: bool) -> Metric:
        what = description.replace("ITEM", unit)
        return Metric(f"{unit} {title}", what, measures.retrieval(family, compare), "retrieval", yes_no)

    return {
        f"{unit}_hit@1": metric(
            "hit@1",
            "Share whose first ITEM states a vital nugget.",
            lambda r, g: metrics.found_at(r, g, 1),
            yes_no=True,
        ),
        f"{unit}_hit@5": metric(
            "hit@5",
            "Share with one among the first 5 that states one.",
            lambda r, g: metrics.found_at(r, g, 5),
            yes_no=True,
        ),
        f"{unit}_recall@8": metric(
            "recall@8",
            "Share of the ITEMs with a vital nugget that are among the first 8.",
            lambda r, g: metrics.recall_at(r, g, 8),
            yes_no=False,
        ),
        f"{unit}_mrr": metric("MRR", "1 / rank of the first ITEM with one.", metrics.reciprocal_rank, yes_no=False),
        f"{unit}_ndcg@8": metric(
            "nDCG@8",
            "Discounted gain of the first 8 ITEMs over the best possible.",
            lambda r, g: metrics.ndcg_at(r, dict.fromkeys(g, 1.0), 8),
            yes_no=False,
        ),
    }


METRICS: Mapping[str, Metric] = {
    "right": Metric(
        "right",
        "Share answered with every vital nugget cited, or declined when the documents do not say.",
        measures.right,
        "answers",
        yes_no=True,
    ),
    "first_right": Metric(
        "first claim right",
        "Share of the answerable questions whose first claim cites a vital nugget.",
        measures.first_right,
        "answers",
        yes_no=True,
    ),
    "nugget_recall_vital": Metric(
        "vital nuggets",
        "Share of the vital nuggets whose gold is cited, the mean over answerable questions.",
        measures.nuggets(all_of_them=False),
        "answers",
    ),
    "citation_f1_sentence": Metric(
        "citation F1", "Harmonic mean of the next two.", measures.f1(characters=False), "citations"
    ),
    "abstention_recall": Metric(
        "declined rightly",
        "Share of the unanswerable questions that were declined.",
        measures.abstention("recall"),
        "abstention",
        yes_no=True,
    ),
    "over_abstention": Metric(
        "declined wrongly",
        "Share of the answerable questions that were declined.",
        measures.abstention("false_alarm"),
        "abstention",
        yes_no=True,
        better="lower",
    ),
    "citation_precision_sentence": Metric(
        "citation precision",
        "Share of the cited sentences that hold gold, over answered questions.",
        measures.precision(characters=False),
        "citations",
    ),
    "citation_recall_sentence": Metric(
        "citation recall",
        "Share of each vital nugget's best sentences that is cited.",
        measures.recall(characters=False),
        "citations",
    ),
    "citation_precision_character": Metric(
        "citation precision, characters",
        "Share of the cited characters that are gold.",
        measures.precision(characters=True),
        "citations",
    ),
    "citation_recall_character": Metric(
        "citation recall, characters",
        "Share of each vital nugget's best span that is cited.",
        measures.recall(characters=True),
        "citations",
    ),
    "citation_f1_character": Metric(
        "citation F1, characters", "Harmonic mean of the last two.", measures.f1(characters=True), "citations"
    ),
    "nugget_recall_all": Metric(
        "all nuggets",
        "Share of all nuggets, those that are only welcome included.",
        measures.nuggets(all_of_them=True),
        "answers",
    ),
    "answer_stated": Metric(
        "answer stated",
        "Share of the vital nuggets of which an accepted short answer stands in the claims.",
        measures.stated,
        "answers",
    ),
    "abstention_precision": Metric(
        "declined and unanswerable",
        "Share of the declined questions that the documents do not answer.",
        measures.abstention("precision"),
        "abstention",
        yes_no=True,
    ),
    "status_right": Metric(
        "status", "Share with the expected one of the four statuses.", measures.status, "abstention", yes_no=True
    ),
    "short_given": Metric(
        "short answer given",
        "Share of the questions that a few words answer for which the system points at some.",
        measures.short_given,
        "short",
        yes_no=True,
    ),
    "short_exact": Metric(
        "exact match",
        "Share of them whose words are an accepted answer, as SQuAD counts; none given counts 0.",
        measures.short(metrics.exact_match),
        "short",
        yes_no=True,
    ),
    "short_f1": Metric(
        "word F1", "SQuAD's F1 of their words and the nearest accepted answer's.", measures.short(metrics.f1), "short"
    ),
    "short_value": Metric(
        "value right",
        "Share whose numbers and dates are those of an accepted answer, where it has any.",
        measures.short_value,
        "short",
        yes_no=True,
    ),
    "conflict_recall": Metric(
        "conflicts seen",
        "Share of the questions on which the sources disagree that are answered as conflicting.",
        measures.conflict("recall"),
        "conflicts",
        yes_no=True,
    ),
    "conflict_precision": Metric(
        "conflicts that are some",
        "Share of the answers given as conflicting whose sources do disagree.",
        measures.conflict("precision"),
        "conflicts",
        yes_no=True,
    ),
    "conflict_positions": Metric(
        "positions told apart",
        "Share of the positions of a disagreement that the answer lists as sides of their own.",
        measures.positions,
        "conflicts",
    ),
    **_of_unit("passage", measures.passages),
    **_of_unit("document", measures.documents),
    "span_exact": Metric(
        "spans exact",
        "Share of the quotations that stand word for word at their place.",
        measures.share_of("exact"),
        "spans",
    ),
    "span_elsewhere": Metric(
        "spans elsewhere",
        "Share that stand only elsewhere in the document.",
        measures.share_of("elsewhere"),
        "spans",
        better="lower",
    ),
    "span_folded": Metric(
        "spans folded",
        "Share that are there only when case, accents and punctuation marks' forms are ignored.",
        measures.share_of("folded"),
        "spans",
        better="lower",
    ),
    "span_absent": Metric(
        "spans absent", "Share that are nowhere in the document.", measures.share_of("absent"), "spans", better="lower"
    ),
    "answer_language": Metric(
        "answer's language",
        "Share whose first claim is in the question's language, where a source or a model can say it so.",
        measures.answer_language,
        "wording",
        yes_no=True,
    ),
    "question_language": Metric(
        "question's language",
        "Share of the questions whose language was recognised.",
        measures.question_language,
        "wording",
        yes_no=True,
    ),
    "origins_right": Metric(
        "origins counted",
        "Share of the claims from several documents whose independent origins are counted right.",
        measures.origins,
        "wording",
    ),
    "agreement": Metric(
        "agreement",
        "Overlap of the nuggets found for a question and for the same one in other words or another language.",
        measures.agreement,
        "answers",
    ),
    "claims": Metric("claims", "Claims of an answer.", measures.claims, "wording", better="lower", unit="count"),
    "tokens": Metric(
        "tokens",
        "Tokens that a model read and wrote for a question.",
        measures.tokens,
        "usage",
        better="lower",
        unit="tokens",
    ),
    "cost": Metric("cost", "What a model cost for a question.", measures.cost, "usage", better="lower", unit="USD"),
    **{
        name: Metric(known["title"], known["description"], lambda case: None, "judge", unit=known["unit"])
        for name, known in support_judging.METRICS.items()
    },
}
"""Every measure, the most important first; those of a judge are None until it has been asked."""

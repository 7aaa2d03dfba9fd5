"""Systems that know nothing, on the same questions: a metric at which one of them does well tells little.

Each makes an ``answer/1`` object without understanding the question; what was retrieved for it is the only help.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rag.cases import Case, Library, Reference
from rag.documents import Span
from rag.results import Control, Figure, Item, Trial
from rag.scoring import METRICS, score, unscored
from rag.summaries import figures

Chooser = Callable[[Reference, Sequence[Mapping[str, Any]]], Sequence[tuple[str, Span]]]
"""A question and its hits to the spans that are given as the answer; without any it is declined."""

_UNMEASURED = frozenset({"retrieval", "spans", "usage", "judge"})  # the same for them, or not to be had
_SENTENCES = 2


def run_controls(
    items: Sequence[Item], references: Mapping[str, Reference], figures_of_system: Sequence[Figure], *, seed: int = 0
) -> tuple[Control, ...]:
    """The controls, scored on the questions of a run.

    A control comes close when its mean is within the system's interval or better.

    Args:
        items: What the system said; its hits are what the controls see.
        references: The gold by question id.
        figures_of_system: Over the same questions.
        seed: Of what is drawn at random.
    """
    names = [name for name, metric in METRICS.items() if metric.family not in _UNMEASURED]
    system = {figure.metric: figure for figure in figures_of_system}
    found = []
    for control, choose in _choosers(items, references, seed).items():
        scored = [_scored(item, references[item.id], choose) for item in items]
        own = figures(scored, names, seed=seed)
        found.append(Control(control, own, tuple(each.metric for each in own if _close(each, system.get(each.metric)))))
    return tuple(found)


def _choosers(items: Sequence[Item], references: Mapping[str, Reference], seed: int) -> Mapping[str, Chooser]:
    generator = random.Random(seed)  # noqa: S311 - no secret
    pool = [(hit["document"], Span(hit["start"], hit["end"])) for item in items for hit in item.trial.hits[:1]]

    def drawn(reference: Reference, _: Sequence[Mapping[str, Any]]) -> Sequence[tuple[str, Span]]:
        known = [place for place in pool if place[0] in reference.library.texts]
        return [generator.choice(known)] if known else []

    return {
        "top-passage": _top_passage,
        "first-sentences": _first_sentences,
        "abstain": lambda reference, hits: [],
        "constant": _constant,
        "random": drawn,
    }


def _top_passage(_: Reference, hits: Sequence[Mapping[str, Any]]) -> Sequence[tuple[str, Span]]:
    """The whole of the first passage."""
    return [(hit["document"], Span(hit["start"], hit["end"])) for hit in hits[:1]]


def _first_sentences(reference: Reference, hits: Sequence[Mapping[str, Any]]) -> Sequence[tuple[str, Span]]:
    """How the first passage's document begins."""
    return [
        (hit["document"], sentence)
        for hit in hits[:1]
        for sentence in reference.library.sentences.get(hit["document"], ())[:_SENTENCES]
    ]


def _constant(reference: Reference, _: Sequence[Mapping[str, Any]]) -> Sequence[tuple[str, Span]]:
    """The same sentence for every question: the first one of the first document that has any."""
    sentences = reference.library.sentences
    first = next((name for name in sorted(sentences) if sentences[name]), None)
    return [] if first is None else [(first, sentences[first][0])]


def _scored(item: Item, reference: Reference, choose: Chooser) -> Item:
    if item.trial.answer is None:
        return Item(item.id, item.gold, unscored(), item.slices, item.cluster, item.trial)
    answer = quoting(item.trial.answer, choose(reference, item.trial.hits), reference.library)
    scores = score(Case(reference, answer))
    return Item(item.id, item.gold, scores, item.slices, item.cluster, Trial(item.id, item.trial.key, answer))


def quoting(answer: Mapping[str, Any], places: Sequence[tuple[str, Span]], library: Library) -> dict[str, Any]:
    """The answer to the same question that quotes other places, a claim for each; without places it declines."""
    quotations = [
        {
            "document": document,
            "sha256": "",
            "start": span.start,
            "end": span.end,
            "quote": span.of(library.texts[document]),
            "language": library.languages.get(document),
        }
        for document, span in places
    ]
    claims = [{"text": each["quote"], "spans": [each], "origins": 1} for each in quotations]
    status = "answered" if claims else "unanswerable"
    return {**answer, "status": status, "claims": claims, "conflicts": [], "direct": None}


def _close(control: Figure, system: Figure | None) -> bool:
    if system is None or system.value is None or control.value is None:
        return False
    if METRICS[control.metric].better == "lower":
        return control.value <= (system.interval.high if system.interval else system.value)
    return control.value >= (system.interval.low if system.interval else system.value)

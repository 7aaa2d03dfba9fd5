"""Whether the documents answer a question at all: one probability from what the best evidence looks like."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from rag import evidence
from rag.evidence import Evidence, Features
from rag.questions import Question

_KINDS = ("number", "money", "time", "person", "place", "reason", "manner", "polar")
_TAKEN = ("cosine", "chunk_cosine", "coverage", "context_coverage", "chunk_coverage", "name_coverage",
          "chunk_name_coverage", "number_coverage", "pairs", "news", "lexical_share", "dependent")  # fmt: skip
_COLUMNS = [evidence.NAMES.index(name) for name in _TAKEN]
_COSINE = evidence.NAMES.index("cosine")
_SAME_LANGUAGE = evidence.NAMES.index("same_language")
_READER = evidence.NAMES.index("reader")
_READER_PASSAGE = evidence.NAMES.index("reader_passage")
NAMES = (
    "score", "margin", "share", "highest_cosine", *_TAKEN,
    "top_coverage", "hit_coverage", "heaviest_missing", "heaviest_missing_from_passage", "heaviest_missing_from_hits",
    "unknown_words", "unknown_names", "names_missing_from_hits", "typed", "typed_near", "typed_and_covered",
    "focus", "focus_missing",
    "value_missing", "name_missing",
    "words", *_KINDS, "across", "cosine_across", "coverage_across", "cosine_times_coverage",
    "reader", "reader_passage", "reader_best", "reader_best_passage", "reader_margin", "reader_agrees",
    "reader_times_coverage", "reader_across", "answer_typed", "answer_repeated",
)  # fmt: skip
"""What ``measure`` returns, in order."""

_TOP = 4
_FOCUS = evidence.NAMES.index("focus")


def measure(question: Question, found: Evidence, scores: Features) -> Features:
    """What the best evidence looks like: ``(len(NAMES),)``, float64.

    Args:
        question: What was asked.
        found: At least one candidate.
        scores: The score of each candidate, higher is better.
    """
    order = np.argsort(-scores, kind="stable")
    best = int(order[0])
    top = [int(place) for place in order[:_TOP]]
    # Where several sentences are wanted, rivals of the best are no sign of doubt.
    wanted = _TOP if question.wants_list else 1
    margin = float(scores[best] - scores[order[wanted]]) if len(order) > wanted else 3.0
    mass = np.exp(scores - scores[best])
    share = float(mass[order[:wanted]].sum() / mass.sum())
    taken = found.features[best, _COLUMNS]
    near = _union(found.contexts[place] for place in top)
    seen = _union(found.passages)
    names = sum(1 << place for place, word in enumerate(question.words) if word in question.names)
    focus = sum(1 << place for place, word in enumerate(question.words) if word == question.focus)
    context = found.contexts[best]
    typed = found.typed[best]
    # The sentence before or after may hold what is asked for.
    typed_near = any(found.typed[place] for place in top if found.contexts[place] & context)
    cosine, coverage, context_coverage = float(taken[0]), float(taken[2]), float(taken[3])
    across = not found.features[best, _SAME_LANGUAGE]
    return np.array(
        [
            scores[best], min(margin, 3.0), share, found.features[:, _COSINE].max(), *taken,
            _share(found.weights, near), _share(found.weights, seen),
            _heaviest(found.weights, ~context), _heaviest(found.weights, ~found.passages[found.places[best][0]]),
            _heaviest(found.weights, ~seen),
            _share(found.weights, ~found.known, empty=0.0), float((names & ~found.known).bit_count() > 0),
            float((names & ~seen).bit_count() > 0), float(typed), float(typed_near), typed * context_coverage,
            float(found.features[best, _FOCUS]), float(question.focus is not None and not focus & context),
            float(question.kind in ("number", "money", "time") and not typed_near),
            float(question.kind in ("person", "place") and not typed_near),
            math.log1p(len(question.words)), *(float(question.kind == kind) for kind in _KINDS),
            float(across), across * cosine, across * coverage, cosine * context_coverage,
            *_of_reader(found, best, across=across, coverage=context_coverage),
        ],
        np.float64,
    )  # fmt: skip


def _of_reader(found: Evidence, best: int, *, across: bool, coverage: float) -> tuple[float, ...]:
    """What the reader says of the best candidate and of its own favourite."""
    reader, passages = found.features[:, _READER], found.features[:, _READER_PASSAGE]
    favourite = int(reader.argmax())
    others = [
        float(value)
        for place, value in zip(found.places, reader, strict=True)
        if place[0] != found.places[favourite][0]
    ]
    return (
        float(reader[best]),
        float(passages[best]),
        float(reader[favourite]),
        float(passages.max()),
        float(reader[favourite]) - max(others, default=-3.0),
        float(favourite == best),
        float(reader[best]) * coverage,
        across * float(reader[best]),
        float(found.answers_typed[best]),
        found.answers_repeated[best],
    )


def _union(masks: Iterable[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union


def _share(weights: Sequence[float], mask: int, empty: float = 1.0) -> float:
    total = sum(weights)
    return sum(weight for place, weight in enumerate(weights) if mask >> place & 1) / total if total else empty


def _heaviest(weights: Sequence[float], mask: int) -> float:
    return max((weight for place, weight in enumerate(weights) if mask >> place & 1), default=0.0)

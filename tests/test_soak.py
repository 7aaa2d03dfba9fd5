"""A small soak in the normal suite: many questions at once, of a model server that goes wrong at random.

``evals/soak_model.py`` is the same with more questions.
"""

from __future__ import annotations

from collections import Counter

import pytest
from soak_model import FAULTS, Result, soak


def test_no_question_is_lost_and_no_answer_wrong() -> None:
    """Forty questions, eight at a time, every second one streamed; more than half of the requests go wrong."""
    result = soak(40, 8, 0.6, seed=7, timeout_s=3.0)
    assert result.broken == []
    assert sum(result.outcomes.values()) == 40
    assert len(result.faults) > len(FAULTS) / 2
    assert {"right at once", "right after another try", "from the documents alone"} <= {
        outcome.removesuffix(", streamed") for outcome in result.outcomes
    }


def _kept(**changes: object) -> Result:
    fields = {"outcomes": Counter(right=300), "objects": [90_000, 90_500, 91_000], "resident_mb": [200.0, 201.0, 202.0]}
    return Result(questions=300, **{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"outcomes": Counter(right=299), "lost": ["Belavo: KeyError: 1"]}, "1 questions were lost"),
        ({"outcomes": Counter(right=299)}, "1 questions were lost"),
        ({"wrong": ["Belavo: It costs 3 pounds."]}, "1 answers were wrong"),
        ({"objects": [90_000, 91_000, 92_000]}, "2000 objects were kept"),
        ({"resident_mb": [200.0, 220.0, 230.0]}, "memory grew by 30000 kB"),
        ({"threads": ["ask llamacpp:tram"]}, "1 threads are left"),
    ],
)
def test_a_broken_promise_is_told(changes: dict[str, object], said: str) -> None:
    """Each promise is one that can be broken."""
    assert _kept().broken == []
    [broken] = _kept(**changes).broken
    assert said in broken

"""What an evaluation yields: trials, scores, figures, comparisons, verdicts, and the report that holds them all.

Every value is frozen and plain, so that a report is the same JSON (``evaluation/1``) wherever it is written or read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["pass", "fail", "inconclusive", "error"]
GateKind = Literal["floor", "ceiling", "margin", "must", "counterfactual"]
Direction = Literal["higher", "lower"]
CounterfactualKind = Literal["edited", "deleted", "planted"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One question, asked of one system.

    Attributes:
        id: The gold question's.
        key: Hash of the question, the system and the documents: a trial with this key need not be run again.
        answer: The ``answer/1`` object; None when the system failed.
        hits: What retrieval found, best first: ``{"document", "start", "end", "language"}`` each.
        confidence: How sure the system was that the documents answer, higher is surer; None when it does not say.
        error: Why there is no answer; None when there is one.
        seconds: From question to answer.
    """

    id: str
    key: str
    answer: Mapping[str, Any] | None
    hits: tuple[Mapping[str, Any], ...] = ()
    confidence: float | None = None
    error: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval of 95 %."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric over some questions.

    Attributes:
        metric: Its name in ``rag.scoring.METRICS``.
        value: The mean over what was scored; None when nothing was.
        scored: How many questions have a value.
        total: How many questions were asked; the rest does not apply, or failed.
        interval: Of the mean; None when there is too little to say.
        method: How the interval was made: "wilson" or "bootstrap", clustered by story or document.
        clusters: How many clusters the questions fall into.
    """

    metric: str
    value: float | None
    scored: int
    total: int
    interval: Interval | None = None
    method: str | None = None
    clusters: int | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """Figures over a part of the questions.

    Attributes:
        name: "all", or "<field>=<value>", e.g. "language=fr", "kind=date", "pair=en>fr", "split=dev".
        figures: By metric.
    """

    name: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Control:
    """A system that knows nothing, scored on the same questions.

    Attributes:
        name: E.g. "top-passage", "first-sentences", "abstain", "constant", "random".
        figures: By metric.
        close: Metrics at which it comes so close to the system that they tell little.
    """

    name: str
    figures: tuple[Figure, ...]
    close: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference from a baseline, paired by question.

    Attributes:
        metric: Which.
        baseline: The baseline's mean over the paired questions.
        value: This run's.
        difference: value minus baseline.
        interval: Of the difference, bootstrapped over clusters.
        p: Two-sided: McNemar's exact test for yes-or-no metrics, else sign-flip permutation.
        p_adjusted: After Holm, over all metrics compared.
        test: "mcnemar" or "sign-flip".
        paired: How many questions have a value in both.
        detectable: The smallest difference that this many questions would have shown with 80 % power.
    """

    metric: str
    baseline: float
    value: float
    difference: float
    interval: Interval | None
    p: float
    p_adjusted: float
    test: Literal["mcnemar", "sign-flip"]
    paired: int
    detectable: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate says.

    Attributes:
        gate: Its name in the suite.
        kind: "floor" and "ceiling" limit a figure, "margin" a loss against the baseline, "must" a single question,
            "counterfactual" the share of altered sources that the answer follows.
        metric: Which, or the question's id for a must.
        limit: What was allowed, in words or a number as text.
        value: What was found, as text.
        outcome: "inconclusive" when the interval holds the limit; "error" when nothing could be measured.
        reason: One sentence.
    """

    gate: str
    kind: GateKind
    metric: str
    limit: str
    value: str
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class Item:
    """One question with its answer and its scores.

    Attributes:
        id: The gold question's.
        gold: The gold question as a JSON object.
        scores: Metric to value; None where the metric does not apply.
        slices: The slices it belongs to, "all" included.
        cluster: Its story, or the document that its gold stands in.
        trial: What the system said.
    """

    id: str
    gold: Mapping[str, Any]
    scores: Mapping[str, float | None]
    slices: tuple[str, ...]
    cluster: str
    trial: Trial


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """A source altered, and whether the answer followed.

    Attributes:
        id: "<question>:<kind>".
        kind: "edited" (a number or name), "deleted" (the source), "planted" (an instruction).
        change: What was done, in a sentence.
        expected: What the answer had to do.
        followed: Whether it did; None when the question was not answered before, so that there is nothing to follow.
        before: The answer's text before.
        after: The answer's text after.
    """

    id: str
    kind: CounterfactualKind
    change: str
    expected: str
    followed: bool | None
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Report:
    """A whole evaluation.

    Attributes:
        suite: The suite's name.
        system: What was measured: answerer, model, embedder, reader, prompt, package version, gold hashes.
        metrics: For each metric: what it is in a sentence, its unit and which direction is better.
        items: In the order of the gold files.
        slices: "all" first.
        curves: Named series of points (x, y): "risk-coverage", "reliability".
        controls: Systems that know nothing.
        comparisons: Against the baseline; empty without one.
        baseline: What the baseline measured; None without one.
        counterfactuals: What was altered.
        verdicts: Of every gate.
        judge: The judge and its card, when there was one.
        exit_code: 0 pass, 1 gate failed, 3 infrastructure or judge, 4 recording, 5 inconclusive under --strict.
        timings: Seconds, and nothing else in the report depends on time.
    """

    suite: str
    system: Mapping[str, str]
    metrics: Mapping[str, Mapping[str, str]]
    items: tuple[Item, ...]
    slices: tuple[Slice, ...]
    curves: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    controls: tuple[Control, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    baseline: Mapping[str, str] | None = None
    counterfactuals: tuple[Counterfactual, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    judge: Mapping[str, Any] | None = None
    exit_code: int = 0
    timings: Mapping[str, float] = field(default_factory=dict)

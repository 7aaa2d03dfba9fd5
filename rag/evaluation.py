"""A suite to a report: documents indexed, questions asked, answers scored, limits held against the figures."""

from __future__ import annotations

import dataclasses
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import quantiles

from rag import baselines, controls, counterfactuals, gates, summaries
from rag.answerers import Answerer
from rag.baselines import Baseline
from rag.cases import Case, Reference
from rag.config import Settings
from rag.counterfactuals import Copy
from rag.embedding import Embedder
from rag.errors import UsageError
from rag.grounds import FOLDER, Bench, Ground
from rag.index import Index
from rag.local_models import cores
from rag.opening import Progress, Tell
from rag.results import Comparison, Counterfactual, Item, Report, Trial
from rag.scoring import METRICS, score, unscored
from rag.suite import Suite
from rag.support_judging import Judged, judged
from rag.trials import Selection, Task, TrialFile, ask, run
from rag.workspace import Workspace

INCOMPLETE = 3
"""The exit code when an answer or a judgement is missing."""

_HEADLINES = 6
_MODEL_JOBS = 4


@dataclass(frozen=True, slots=True)
class Options:
    """How a suite is run.

    Attributes:
        selection: Which questions; the gates are for all of them, so a part is measured and not judged.
        jobs: How many questions are asked at a time; None for one per core, or four of a model.
        fresh: Ask again what was asked before.
        strict: Whether an inconclusive gate is a reason to fail.
        baseline: What to compare with; None for nothing.
        judge: Settings that name a judge of the answers; None without one.
        tell: Is told, in a sentence each, what the user should know.
        progress: Is told how many of how many are done, and what is at work.
    """

    selection: Selection = field(default_factory=Selection)
    jobs: int | None = None
    fresh: bool = False
    strict: bool = False
    baseline: Baseline | None = None
    judge: Settings | None = None
    tell: Tell = lambda message: None
    progress: Progress = lambda done, total, name: None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A report with what is needed to show it.

    Attributes:
        report: What was measured.
        texts: The documents, by id.
    """

    report: Report
    texts: Mapping[str, str]


def evaluate(
    suite: Suite,
    settings: Settings,
    options: Options | None = None,
    *,
    embedder: Embedder | None = None,
    answering: Callable[[Index], Answerer] | None = None,
) -> Evaluation:
    """What the suite measures of the system that the settings describe.

    Args:
        suite: What is asked, and what must hold.
        settings: Which model answers, if any, and where indexes are.
        options: How it is run.
        embedder: Makes the vectors; that of the settings when None.
        answering: Makes what is measured, over an index; what the settings say when None.

    Raises:
        UsageError: The suite, the gold and the documents do not fit together, or no question is left to ask.
        RecordingError: A recorded answer is missing or stale.
        RagError: Documents could not be indexed, or the model cannot be used.
    """
    started, options = time.perf_counter(), options or Options()
    if not settings.threads:  # side by side, questions need half the time that threads within one do
        settings = settings.model_copy(update={"threads": 1})
    with ExitStack() as held:
        bench = held.enter_context(Bench(suite, settings, embedder=embedder, answering=answering))
        grounds = {
            corpus.name: held.enter_context(bench.ground(suite, corpus, tell=options.tell, progress=options.progress))
            for corpus in suite.corpora
        }
        references = _references(suite, grounds)
        tasks = options.selection.of([task for ground in grounds.values() for task in ground.tasks])
        indexed = time.perf_counter()
        asking = _Asking(suite, bench, _trial_file(suite, settings, bench, fresh=options.fresh), options)
        trials = asking.trials(tasks, {name: ground.workspace for name, ground in grounds.items()})
        items = _items(tasks, trials, references)
        answered = time.perf_counter()
        altered: list[Counterfactual] = []
        if not options.selection:
            altered = asking.altered(items, grounds)
            asking.kept.keep_only(asking.keys)
    opinion = None if options.judge is None else _judge(suite, options, options.judge, items)
    if opinion is not None:
        items = [dataclasses.replace(item, scores={**item.scores, **opinion.scores[item.id]}) for item in items]
    report = _report(suite, options, system=bench.system, items=items, references=references, altered=altered)
    if opinion is not None:
        unjudged = opinion.failures or (opinion.card["pairs"] or {}).get("failures")
        code = INCOMPLETE if unjudged else report.exit_code
        report = dataclasses.replace(report, judge=opinion.card, exit_code=code)
    timings = {
        "index": indexed - started,
        "questions": answered - indexed,
        **_latencies(trials),
        "total": time.perf_counter() - started,
    }
    report = dataclasses.replace(report, timings={name: round(seconds, 4) for name, seconds in timings.items()})
    texts = {name: text for ground in grounds.values() for name, text in ground.library.texts.items()}
    return Evaluation(report, texts)


def _references(suite: Suite, grounds: Mapping[str, Ground]) -> dict[str, Reference]:
    """The gold of all corpora, by question id; what the suite demands of single questions is about some of it."""
    references: dict[str, Reference] = {}
    for name, ground in grounds.items():
        for identity, reference in ground.references.items():
            if identity in references:
                raise UsageError(
                    f"The question {identity!r} of the corpus {name!r} has the id of another one.",
                    "Give each question an id of its own.",
                )
            references[identity] = reference
    unknown = next((must.question for must in suite.musts if must.question not in references), None)
    if unknown is not None:
        raise UsageError(f"A must of the suite names the question {unknown!r}, which is not asked.", "Correct its id.")
    return references


def _trial_file(suite: Suite, settings: Settings, bench: Bench, *, fresh: bool) -> TrialFile:
    """The trials of this suite and answerer; each answerer has a file, so that switching loses nothing."""
    answerer = re.sub(r"[^a-z0-9]+", "-", bench.system["answerer"].lower())
    return TrialFile(settings.home / FOLDER / f"{suite.name}-{answerer}.jsonl", fresh=fresh)


class _Asking:
    """Asks what is not kept, and keeps it.

    Attributes:
        kept: Trials of this run and of earlier ones.
        keys: Of all trials that this run needed.
    """

    def __init__(self, suite: Suite, bench: Bench, kept: TrialFile, options: Options) -> None:
        self._suite = suite
        self._bench = bench
        self._options = options
        self.kept = kept
        self.keys: list[str] = []

    def trials(self, tasks: Sequence[Task], workspaces: Mapping[str, Workspace]) -> list[Trial]:
        """The trial of each task, in order."""
        self.keys += [task.key for task in tasks]
        return run(
            tasks,
            lambda task: ask(workspaces[task.corpus], task, k=self._suite.k),
            self.kept,
            jobs=self._options.jobs or (_MODEL_JOBS if self._bench.settings.model else cores()),
            progress=self._options.progress,
        )

    def altered(self, items: Sequence[Item], grounds: Mapping[str, Ground]) -> list[Counterfactual]:
        """What becomes of the answers when their sources are altered; each kind is shared out among the corpora."""
        found: list[Counterfactual] = []
        for kind in counterfactuals.KINDS:
            wanted: int = getattr(self._suite.counterfactuals, kind)
            for left, ground in zip(range(len(grounds), 0, -1), grounds.values(), strict=True):
                own = [item for item in items if item.id in ground.references]
                copy = counterfactuals.plan(kind, math.ceil(wanted / left), own, ground.library, seed=self._suite.seed)
                wanted -= len(copy.alterations)
                if copy.alterations:
                    found += self._asked_again(copy, {item.id: item for item in own}, ground)
        return found

    def _asked_again(self, copy: Copy, items: Mapping[str, Item], ground: Ground) -> Iterator[Counterfactual]:
        with self._bench.copy(ground, copy.texts) as (workspace, tasks):
            own = {task.question.id: task for task in tasks}
            again = [own[alteration.question.id] for alteration in copy.alterations]
            trials = self.trials(again, {ground.corpus.name: workspace})
        for alteration, trial in zip(copy.alterations, trials, strict=True):
            before = items[trial.id].trial.answer or {}
            yield counterfactuals.outcome(copy, alteration, before, trial.answer)


def _judge(suite: Suite, options: Options, settings: Settings, items: Sequence[Item]) -> Judged:
    """What a judge says of the answers, and how well it judges pairs that people have labelled."""
    pairs = None if suite.judge_pairs is None else suite.beside(suite.judge_pairs)
    return judged(items, settings, pairs, parallel=options.jobs or _MODEL_JOBS, progress=options.progress)


def _items(tasks: Sequence[Task], trials: Sequence[Trial], references: Mapping[str, Reference]) -> list[Item]:
    """The questions with their scores; the one that another repeats is scored before it."""
    cases = {trial.id: Case.of(references[trial.id], trial) for trial in trials}
    items = []
    for task, trial in zip(tasks, trials, strict=True):
        reference, case = references[trial.id], cases[trial.id]
        if case is not None:
            case = dataclasses.replace(case, sister=cases.get(task.question.same_as or ""))
        items.append(
            Item(
                trial.id,
                task.question.model_dump(mode="json"),
                unscored() if case is None else score(case),
                summaries.slices_of(reference, task.corpus),
                reference.cluster,
                trial,
            )
        )
    return items


def _report(
    suite: Suite,
    options: Options,
    *,
    system: Mapping[str, str],
    items: Sequence[Item],
    references: Mapping[str, Reference],
    altered: Sequence[Counterfactual],
) -> Report:
    """Figures, controls, comparisons and verdicts over the scored questions."""
    slices = summaries.summarise(items, seed=suite.seed)
    compare = _Comparing(items, options.baseline, suite.seed)
    report = Report(
        suite=suite.name,
        system={name: value for name, value in system.items() if value},
        metrics=summaries.described(),
        items=tuple(items),
        slices=slices,
        curves=summaries.curves(items),
        controls=controls.run_controls(items, references, slices[0].figures, seed=suite.seed),
        comparisons=compare.family(_family(suite)),
        baseline=options.baseline.system if options.baseline is not None else None,
        counterfactuals=tuple(altered),
    )
    if options.selection:
        report = dataclasses.replace(report, system={**report.system, "part": str(options.selection)})
        return dataclasses.replace(report, exit_code=exit_code(report, strict=options.strict))
    verdicts = gates.judge(suite, report, compare.one)
    report = dataclasses.replace(report, verdicts=verdicts)
    return dataclasses.replace(report, exit_code=exit_code(report, strict=options.strict))


def _family(suite: Suite) -> list[str]:
    """The metrics that are compared: those with a margin, else the most important ones."""
    return (
        list(dict.fromkeys(gate.metric for gate in suite.gates if gate.kind == "margin" and gate.metric))
        or list(METRICS)[:_HEADLINES]
    )


class _Comparing:
    """Compares with the baseline, if there is one."""

    def __init__(self, items: Sequence[Item], baseline: Baseline | None, seed: int) -> None:
        self._items = items
        self._baseline = baseline
        self._seed = seed

    def family(self, names: Sequence[str]) -> tuple[Comparison, ...]:
        """Several metrics over all questions."""
        return () if self._baseline is None else baselines.compare(self._items, self._baseline, names, seed=self._seed)

    def one(self, name: str, part: str) -> Comparison | None:
        """One metric over a slice."""
        if self._baseline is None:
            return None
        own = [item for item in self._items if part in item.slices]
        return next(iter(baselines.compare(own, self._baseline, [name], seed=self._seed)), None)


def exit_code(report: Report, *, strict: bool) -> int:
    """The exit code that a report calls for.

    3 when an answer is missing, since its figures are then not those of the system; 1 when a gate failed or had
    nothing to measure; 5 when a gate is inconclusive and that is not enough; else 0.
    """
    outcomes = {verdict.outcome for verdict in report.verdicts}
    if any(item.trial.error is not None for item in report.items):
        return INCOMPLETE
    if outcomes & {"fail", "error"} or not report.items:
        return 1
    return 5 if strict and "inconclusive" in outcomes else 0


def _latencies(trials: Sequence[Trial]) -> dict[str, float]:
    """The median and the 95th percentile of the seconds of a question, kept trials included."""
    seconds = sorted(trial.seconds for trial in trials if trial.answer is not None)
    if len(seconds) < 2:
        return {}
    cuts = quantiles(seconds, n=20)
    return {"median question": cuts[9], "p95 question": cuts[18]}

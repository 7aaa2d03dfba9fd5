"""What a judge model makes of answers: do the quotations bear out each claim, does the answer say each nugget.

Citation recall and precision are those of ALCE (Gao et al. 2023, arXiv:2305.14627), with a judge in place of its NLI
model and quoted sentences in place of its passages of 100 words. A judge errs as well: its card says how often,
measured on labelled pairs, and belongs beside every figure of its.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from rag.answers import Quotation
from rag.config import Settings
from rag.errors import ModelError, RecordingError, UsageError
from rag.judging import Judgement
from rag.results import Item
from rag.servers import read_model
from rag.significance import wilson_interval
from rag.speakers import Speakers, chosen_judge

RECALL, PRECISION = "judge_citation_recall", "judge_citation_precision"
VITAL, ALL = "judge_nuggets_vital", "judge_nuggets_all"

METRICS: Mapping[str, Mapping[str, str]] = {
    RECALL: {
        "title": "claims borne out (judge)",
        "description": "Share of an answer's claims that its quotations bear out together, as a judge sees it (ALCE).",
        "unit": "share",
        "better": "higher",
    },
    PRECISION: {
        "title": "quotations needed (judge)",
        "description": "Share of an answer's quotations that bear out their claim alone or are needed for it, as a "
        "judge sees it (ALCE).",
        "unit": "share",
        "better": "higher",
    },
    VITAL: {
        "title": "vital nuggets said (judge)",
        "description": "Share of the vital nuggets that the answer says, as a judge sees it.",
        "unit": "share",
        "better": "higher",
    },
    ALL: {
        "title": "nuggets said (judge)",
        "description": "Share of all nuggets that the answer says, as a judge sees it.",
        "unit": "share",
        "better": "higher",
    },
}
"""What each metric is, its unit, and which direction is better."""

PATIENCE = 3
"""After so many questions in a row on which the judge's server failed, the others count as failed, too."""

Question = Callable[[], AbstractContextManager[object]]
"""Begins a question of the judge's client, with its own deadline and limits (``Speakers.question``)."""
Progress = Callable[[int, int, str], None]
T = TypeVar("T")
R = TypeVar("R")


class Judging(Protocol):
    """A judge: ``rag.judging.Judge``, or a function of one's own in its place."""

    name: str
    prompt: str

    def judge(self, statement: str, quotations: Sequence[Quotation]) -> Judgement:
        """Its opinion on one statement; raises ModelError when there is none."""
        ...


class LabelledPair(BaseModel):
    """A statement, sentences, and whether the one follows from the others, as people see it.

    Attributes:
        id: Unique within the file.
        language: The statement's, ISO 639-1.
        statement: What is to be judged.
        quotations: The sentences; in any language.
        supported: The label.
        kind: "faithful", or what is wrong with the statement: "figure", "name", "date", "negation", "certainty",
            "speaker", "invented", "scope".
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str
    language: str
    statement: str
    quotations: tuple[str, ...]
    supported: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What the judge said of all answers.

    Attributes:
        scores: By question id, a value for each of `METRICS`; None where it does not apply or the judge failed.
        failures: Question ids for which the judge's server failed, with the reason; their scores are all None, and
            whoever reports a figure says how many there are.
        card: For ``Report.judge``: judge, prompt, calls, unusable answers (each counted as a no), failures, pairs.
    """

    scores: Mapping[str, Mapping[str, float | None]]
    failures: Mapping[str, str]
    card: Mapping[str, Any]


@dataclass(slots=True)
class _Bench:
    """A judge at work, for threads, with how it fared so far."""

    judge: Judging
    question: Question
    parallel: int
    progress: Progress | None
    calls: int = 0
    unusable: int = 0
    failed_in_a_row: int = 0
    done: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def each(self, things: Sequence[T], work: Callable[[T], R]) -> list[R | _Failure]:
        """What came of each thing, in order; where the judge's server failed, why."""

        def tried(thing: T) -> R | _Failure:
            result = self._tried(work, thing)
            with self.lock:
                self.done += 1
                self.failed_in_a_row = self.failed_in_a_row + 1 if isinstance(result, _Failure) else 0
                if self.progress is not None:
                    self.progress(self.done, len(things), self.judge.name)
            return result

        if self.parallel <= 1:
            return [tried(thing) for thing in things]
        with ThreadPoolExecutor(self.parallel) as pool:
            return list(pool.map(tried, things))

    def _tried(self, work: Callable[[T], R], thing: T) -> R | _Failure:
        if self.failed_in_a_row >= PATIENCE:
            return _Failure(f"Not asked, since the judge had failed {PATIENCE} times in a row.")
        try:
            with self.question():
                return work(thing)
        except RecordingError:  # a stale recording is no failure of the judge
            raise
        except ModelError as error:
            return _Failure(error.message)

    def entails(self, statement: str, quotes: Sequence[str]) -> bool:
        """Whether the quotes bear the statement out; a verbatim quotation does, and no judge is asked about it."""
        if any(quote.split() == statement.split() for quote in quotes):
            return True
        judgement = self.judge.judge(statement, [Quotation("", "", 0, len(quote), quote) for quote in quotes])
        with self.lock:
            self.calls += bool(quotes)
            self.unusable += not judgement.usable
        return judgement.entailed


class _Failure(str):
    """Why the judge said nothing."""

    __slots__ = ()


def read_pairs(path: Path) -> list[LabelledPair]:
    """The labelled pairs of a JSON Lines file, in order.

    Raises:
        UsageError: It cannot be read, a line is none, an id comes twice, or a label never occurs.
    """
    pairs: dict[str, LabelledPair] = {}
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read {str(path)!r} as UTF-8 text.", "Name a file of labelled pairs.") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            pair = LabelledPair.model_validate_json(line)
        except ValidationError as error:
            what = error.errors(include_url=False)[0]
            place = ".".join(map(str, what["loc"])) or "it"
            raise UsageError(f"{str(path)!r}, line {number}: {place}: {what['msg']}.", "Correct the line.") from error
        if pairs.setdefault(pair.id, pair) is not pair:
            raise UsageError(f"{str(path)!r}, line {number}: the id {pair.id!r} was used before.", "Choose another.")
    if {pair.supported for pair in pairs.values()} != {True, False}:
        raise UsageError(f"{str(path)!r} does not hold pairs of both labels.", "A judge is measured on both.")
    return list(pairs.values())


def judge_card(
    pairs: Sequence[LabelledPair],
    judge: Judging,
    *,
    question: Question = nullcontext,
    parallel: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """How often the judge is right, as a JSON object; a pair that it failed on counts as wrong.

    ``sensitivity`` is the share of the supported pairs that it supports, ``specificity`` the share of the others that
    it refutes, each with Wilson's interval of 95 %. What it says of a metric is no better than these.
    """
    bench = _Bench(judge, question, parallel, progress)
    said = bench.each(pairs, lambda pair: bench.entails(pair.statement, pair.quotations))
    right = {pair.id: given == pair.supported for pair, given in zip(pairs, said, strict=True)}

    def share(kept: Callable[[LabelledPair], bool]) -> dict[str, Any]:
        return _share([right[pair.id] for pair in pairs if kept(pair)])

    content = "".join(pair.model_dump_json() for pair in pairs)
    return {
        "judge": judge.name,
        "prompt": judge.prompt,
        "pairs": len(pairs),
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
        "accuracy": share(lambda pair: True),
        "sensitivity": share(lambda pair: pair.supported),
        "specificity": share(lambda pair: not pair.supported),
        "languages": {
            code: share(lambda pair, code=code: pair.language == code)  # type: ignore[misc]
            for code in sorted({pair.language for pair in pairs})
        },
        "kinds": {
            kind: share(lambda pair, kind=kind: pair.kind == kind)  # type: ignore[misc]
            for kind in sorted({pair.kind for pair in pairs})
        },
        "unusable": bench.unusable,
        "failures": sum(isinstance(each, _Failure) for each in said),
        "wrong": [pair.id for pair in pairs if not right[pair.id]],
    }


def judge_trials(
    items: Sequence[Item],
    judge: Judging,
    *,
    question: Question = nullcontext,
    parallel: int = 1,
    progress: Progress | None = None,
) -> Judged:
    """The scores of every item, in any number of threads the same.

    A question whose system failed has no scores. An answer of the judge that cannot be used counts as a no; a server
    that fails leaves the question without scores, and in ``failures``.
    """
    bench = _Bench(judge, question, parallel, progress)
    given = bench.each(items, lambda item: _scores(item, bench))
    failures = {item.id: each for item, each in zip(items, given, strict=True) if isinstance(each, _Failure)}
    scores = {
        item.id: dict.fromkeys(METRICS) if isinstance(each, _Failure) else each
        for item, each in zip(items, given, strict=True)
    }
    card = {
        "judge": judge.name,
        "prompt": judge.prompt,
        "questions": len(items),
        "calls": bench.calls,
        "unusable": bench.unusable,
        "failures": len(failures),
        "reasons": sorted(set(failures.values())),
        "pairs": None,
    }
    return Judged(scores, failures, card)


def judged(
    items: Sequence[Item],
    settings: Settings,
    pairs: Path | None = None,
    *,
    parallel: int = 1,
    progress: Progress | None = None,
) -> Judged:
    """The scores of every item by the judge that the settings name, with its card measured on labelled pairs first.

    Raises:
        UsageError: The settings name no judge or one that cannot be used, or the pairs cannot be read.
        RecordingError: A recorded judgement is missing or stale.
        ModelError: The judge needs a key that is not there.
    """
    labelled = None if pairs is None else read_pairs(pairs)
    with open_judge(settings) as speakers:
        assert speakers.judge is not None  # noqa: S101 - open_judge sees to it
        options: dict[str, Any] = {"question": speakers.question, "parallel": parallel, "progress": progress}
        card = None if labelled is None else judge_card(labelled, speakers.judge, **options)
        found = judge_trials(items, speakers.judge, **options)
    return Judged(found.scores, found.failures, {**found.card, "pairs": card})


def open_judge(settings: Settings) -> Speakers:
    """The judge of the settings alone; it needs no model whose answers it judges, since those are there already.

    Raises:
        UsageError: The settings name none, or one that cannot be used.
        ModelError: A key is missing.
    """
    if settings.judge is None:
        raise UsageError("No judge is named.", "Name one: --judge SERVER:MODEL, or RAG_JUDGE")
    if settings.model is None:
        spec = read_model(settings.judge, settings.base_url, settings.api_key)
    else:
        spec = chosen_judge(settings)  # type: ignore[assignment]
    return Speakers(settings, spec, spec)


def _scores(item: Item, bench: _Bench) -> dict[str, float | None]:
    """The value of each metric for one question."""
    scores: dict[str, float | None] = dict.fromkeys(METRICS)
    answer = item.trial.answer
    if answer is None:
        return scores
    claims = [(claim["text"], _quotes(claim["spans"])) for claim in answer["claims"]]
    if claims:
        scores |= _citations(claims, bench)
    nuggets = item.gold["nuggets"]
    if nuggets:
        said = _said(answer)
        held = [(nugget["vital"], bench.entails(nugget["text"], said)) for nugget in nuggets]
        scores[ALL] = _mean([stated for _, stated in held])
        scores[VITAL] = _mean([stated for vital, stated in held if vital])
    return scores


def _quotes(spans: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(span["quote"] for span in spans))


def _said(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """What the answer tells its reader: its claims, and the positions where the sources disagree."""
    positions = (position["text"] for conflict in answer.get("conflicts", ()) for position in conflict["positions"])
    return tuple(dict.fromkeys([*(claim["text"] for claim in answer["claims"]), *positions]))


def _citations(claims: Sequence[tuple[str, tuple[str, ...]]], bench: _Bench) -> dict[str, float]:
    """ALCE's citation recall and precision of one answer.

    A quotation is precise when the claim is borne out and the quotation bears it out alone, or the others do not do so
    without it.
    """
    borne_out, precise = 0, 0
    for statement, quotes in claims:
        if not bench.entails(statement, quotes):
            continue
        borne_out += 1
        if len(quotes) == 1:
            precise += 1
            continue
        for place, quote in enumerate(quotes):
            rest = quotes[:place] + quotes[place + 1 :]
            alone = bench.entails(statement, (quote,))
            precise += alone or not bench.entails(statement, rest)
    total = sum(len(quotes) for _, quotes in claims)
    return {RECALL: borne_out / len(claims), PRECISION: precise / total if total else 0.0}


def _mean(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None


def _share(right: Sequence[bool]) -> dict[str, Any]:
    hits, total = sum(right), len(right)
    interval = wilson_interval(hits, total)
    return {
        "value": hits / total if total else None,
        "right": hits,
        "total": total,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
    }

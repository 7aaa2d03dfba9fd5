"""Systems that are broken on purpose: each must fail exactly the gates that are about what is broken in it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from measured import Oracle, measure, questions, read, said, sentences, write_town

from rag.answers import DraftAnswer
from rag.baselines import read_baseline, write_baseline
from rag.counterfactuals import PLANTED_WORD
from rag.documents import Hit
from rag.evaluation import Options
from rag.results import Report
from rag.scoring import METRICS
from rag.suite import Counterfactuals, Gate, Must

FLOORS = {name: 1.0 for name, metric in METRICS.items() if metric.better == "higher" and metric.family != "judge"}
FLOORS |= {"citation_precision_character": 0.9, "citation_f1_character": 0.9}  # a full stop is cited, too
FLOORS |= {"passage_ndcg@8": 0.5, "document_ndcg@8": 0.5, "passage_mrr": 0.5}
FLOORS |= {"passage_hit@1": 0.5, "document_hit@1": 0.5, "document_mrr": 0.5}
CEILINGS = {"over_abstention": 0.0, "span_elsewhere": 0.0, "span_folded": 0.0, "span_absent": 0.0}
CEILINGS |= {"claims": 1.5, "tokens": 1000.0, "cost": 0.01, "aurc": 0.1}
GATES = (
    *(Gate(metric=name, at_least=limit) for name, limit in FLOORS.items()),
    *(Gate(metric=name, at_most=limit) for name, limit in CEILINGS.items()),
)
PIPELINE = tuple(gate for gate in GATES if gate.metric not in ("tokens", "cost", "origins_right", "aurc"))
"""Without what the little corpus and an answerer without a model cannot measure."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus, indexed, with the trials of the good answerer."""
    folder = tmp_path_factory.mktemp("town")
    suite = read(write_town(folder), gates=GATES)
    oracle = Oracle(questions(folder))
    measure(suite, folder / "home", lambda index: oracle)
    lines = (folder / "home" / "evals" / "town-oracle.jsonl").read_text("utf-8").splitlines()
    trials = [json.loads(line) for line in lines]
    for trial in trials:  # so that every metric has something to measure
        trial["answer"]["usage"] |= {"requests": 1, "input_tokens": 500, "output_tokens": 100, "cost": 0.001}
        if trial["id"] == "cost":
            claim, other = trial["answer"]["claims"][0], _answer_of(trials, "cout")["claims"][0]
            claim["spans"].append(copy.deepcopy(other["spans"][0]))
    (folder / "good.json").write_text(json.dumps(trials), "utf-8")
    return folder


def _answer_of(trials: Sequence[dict[str, Any]], identity: str) -> dict[str, Any]:
    answer: dict[str, Any] = next(trial["answer"] for trial in trials if trial["id"] == identity)
    return answer


def _failed(report: Report) -> set[str]:
    return {verdict.metric for verdict in report.verdicts if verdict.outcome in ("fail", "error")}


# Trials altered after the fact: what verification would never let pass, and what no draft says


Alter = Callable[[list[dict[str, Any]]], None]


def _spans(trials: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for trial in trials:
        for claim in trial["answer"]["claims"]:
            yield from claim["spans"]


def _leave(trials: list[dict[str, Any]]) -> None:
    pass


def _shift(trials: list[dict[str, Any]]) -> None:
    span = next(_spans(trials))
    span |= {"start": span["start"] + 1, "end": span["end"] + 1}


def _capitals(trials: list[dict[str, Any]]) -> None:
    span = next(_spans(trials))
    span["quote"] = span["quote"].upper()


def _swap_numbers(trials: list[dict[str, Any]]) -> None:
    for claim in _answer_of(trials, "tableaux")["claims"]:
        claim["text"] = claim["text"].replace("17", "71")
        claim["spans"][0]["quote"] = claim["spans"][0]["quote"].replace("17", "71")
    _answer_of(trials, "tableaux")["direct"] = "71 tableaux"


def _invent(trials: list[dict[str, Any]]) -> None:
    next(_spans(trials))["quote"] = "It took nothing at all to build."


def _count_files(trials: list[dict[str, Any]]) -> None:
    _answer_of(trials, "cost")["claims"][0]["origins"] = 2


def _mistake_language(trials: list[dict[str, Any]]) -> None:
    _answer_of(trials, "cout")["language"] = "en"


def _see_conflicts(trials: list[dict[str, Any]]) -> None:
    _answer_of(trials, "spoke")["status"] = "conflicting"


def _never_partial(trials: list[dict[str, Any]]) -> None:
    _answer_of(trials, "crane")["status"] = "answered"


def _retrieve_nothing(trials: list[dict[str, Any]]) -> None:
    for trial in trials:
        trial["hits"] = []


def _retrieve_other_passages(trials: list[dict[str, Any]]) -> None:
    """The right documents, but places in them that are no passages."""
    for trial in trials:
        trial["hits"] = [{**hit, "start": hit["end"] + 1, "end": hit["end"] + 2} for hit in trial["hits"]]


def _waste(trials: list[dict[str, Any]]) -> None:
    for trial in trials:
        trial["answer"]["usage"]["input_tokens"] = 5_000


def _spend(trials: list[dict[str, Any]]) -> None:
    for trial in trials:
        trial["answer"]["usage"]["cost"] = 0.5


def _doubt(trials: list[dict[str, Any]]) -> None:
    for trial in trials:
        trial["confidence"] = 1 - trial["confidence"]


def _point_wrongly(trials: list[dict[str, Any]]) -> None:
    _answer_of(trials, "cost")["direct"] = "29 million crowns"


def _point_roughly(trials: list[dict[str, Any]]) -> None:
    _answer_of(trials, "spoke")["direct"] = "by Ada Brill"


def _point_nowhere(trials: list[dict[str, Any]]) -> None:
    _answer_of(trials, "spoke")["direct"] = None


def _mumble(trials: list[dict[str, Any]]) -> None:
    for claim in _answer_of(trials, "crane")["claims"]:
        claim["text"] = "Its crane"


ALTERED: dict[str, tuple[Alter, set[str]]] = {
    "nothing is broken": (_leave, set()),
    "a span is off by one character": (_shift, {"span_exact", "span_elsewhere"}),
    "a quotation is in capitals": (_capitals, {"span_exact", "span_folded"}),
    "a quotation is invented": (_invent, {"span_exact", "span_absent"}),
    "numbers are swapped": (
        _swap_numbers,
        {"span_exact", "span_absent", "answer_stated", "short_exact", "short_f1", "short_value"},
    ),
    "copies count as origins": (_count_files, {"origins_right"}),
    "the question's language is mistaken": (_mistake_language, {"question_language"}),
    "agreeing sources count as conflicting": (_see_conflicts, {"conflict_precision", "status_right"}),
    "a partial answer counts as whole": (_never_partial, {"status_right"}),
    "nothing is retrieved": (_retrieve_nothing, {name for name in FLOORS if METRICS[name].family == "retrieval"}),
    "other passages are retrieved": (_retrieve_other_passages, {name for name in FLOORS if "passage_" in name}),
    "tokens are wasted": (_waste, {"tokens"}),
    "money is wasted": (_spend, {"cost"}),
    "confidence is upside down": (_doubt, {"aurc"}),
    "a short answer has another value": (_point_wrongly, {"short_exact", "short_f1", "short_value"}),
    "a short answer has a word too many": (_point_roughly, {"short_exact", "short_f1"}),
    "a short answer is not given": (_point_nowhere, {"short_given", "short_exact", "short_f1"}),
    "a claim leaves the answer out": (_mumble, {"answer_stated"}),
}


@pytest.mark.parametrize("broken", ALTERED)
def test_an_answer_altered_after_verification_fails_the_gates_that_are_about_it(town: Path, broken: str) -> None:
    """What verification makes impossible is caught all the same, by its own gates and no others."""
    alter, expected = ALTERED[broken]
    trials = json.loads((town / "good.json").read_text("utf-8"))
    alter(trials)
    kept = town / "home" / "evals" / "town-oracle.jsonl"
    kept.write_text("".join(json.dumps(trial) + "\n" for trial in trials), "utf-8")
    report = measure(read(town / "suite.toml", gates=GATES), town / "home", lambda index: Oracle([])).report
    assert _failed(report) == expected
    assert report.exit_code == (1 if expected else 0)


Answer = Callable[[Oracle, str, str | None, Sequence[Hit]], DraftAnswer]


class Mutant(Oracle):
    """An oracle that answers in a certain way."""

    def __init__(self, town: Path, answer: Answer) -> None:
        super().__init__(questions(town), answer.__name__)
        self._oracle, self._answer = Oracle(questions(town)), answer

    def draft(self, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
        """What the other way makes of it."""
        return self._answer(self._oracle, question, language, hits)


# Answerers that answer badly, through the whole pipeline


def good(oracle: Oracle, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
    """Answers as well as can be."""
    return oracle.draft(question, language, hits)


def invents(oracle: Oracle, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
    """Answers what nobody knows with the first sentence it sees."""
    draft = oracle.draft(question, language, hits)
    if draft.status != "unanswerable":
        return draft
    return DraftAnswer(status="answered", claims=[said(sentences(hits)[:1])])


def declines(oracle: Oracle, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
    """Never answers."""
    return DraftAnswer(status="unanswerable", missing=[question])


def cites_another(oracle: Oracle, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
    """Cites a sentence of a document that has nothing to do with the question."""
    draft = oracle.draft(question, language, hits)
    if "speeches" not in question:
        return draft
    return DraftAnswer(status="answered", claims=[said([_starting(hits, "Kopinya")])])


def cites_more(oracle: Oracle, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
    """Cites a sentence beside the point after the right one."""
    draft = oracle.draft(question, language, hits)
    if "speeches" not in question:
        return draft
    return draft.model_copy(update={"claims": [*draft.claims, said([_starting(hits, "Not everybody")])]})


def beats_about_the_bush(oracle: Oracle, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
    """Cites the sentence beside the point first."""
    draft = cites_more(oracle, question, language, hits)
    return draft.model_copy(update={"claims": draft.claims[::-1]}) if "speeches" in question else draft


def rambles(oracle: Oracle, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
    """Cites the same sentence again and again."""
    draft = oracle.draft(question, language, hits)
    return draft.model_copy(update={"claims": draft.claims * 3})


def leaves_out(oracle: Oracle, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
    """Leaves out what is welcome and not needed."""
    draft = oracle.draft(question, language, hits)
    return draft if draft.conflicts else draft.model_copy(update={"claims": draft.claims[:1]})


def one_sided(oracle: Oracle, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
    """Tells one side of a disagreement."""
    draft = oracle.draft(question, language, hits)
    if not draft.conflicts:
        return draft
    return DraftAnswer(status="answered", claims=draft.claims[:1])


def unreconciled(oracle: Oracle, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
    """Cites both sides of a disagreement and does not say that they disagree."""
    return oracle.draft(question, language, hits).model_copy(update={"conflicts": []})


def foreign(oracle: Oracle, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
    """Prefers sentences in another language than the question's."""
    return oracle.draft(question, {"en": "fr", "fr": "en"}.get(language or "", language), hits)


def monolingual(oracle: Oracle, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
    """Does not answer in French what it answers in English."""
    if "construction" in question:
        return DraftAnswer(status="answered", claims=[said([_starting(hits, "Not everybody")])])
    return oracle.draft(question, language, hits)


def _starting(hits: Sequence[Hit], words: str) -> tuple[str, str, str | None]:
    return next(each for each in sentences(hits) if each[1].startswith(words))


_MISSED = {"right", "nugget_recall_vital", "nugget_recall_all", "answer_stated", "citation_f1_sentence"}
_MISSED |= {"citation_recall_sentence", "citation_recall_character"}
_BESIDE = {"citation_precision_sentence", "citation_precision_character", "citation_f1_sentence"}
_SHORT = {"short_given", "short_exact", "short_f1"}
_UNSEEN = {"conflict_recall", "conflict_precision", "conflict_positions", "status_right"}
_ANSWERED = {"answers", "citations", "short", "conflicts", "spans"}

BROKEN: dict[Answer, set[str]] = {
    good: set(),
    invents: {"abstention_recall", "abstention_precision", "right", "status_right"},
    declines: {gate.metric or "" for gate in PIPELINE if gate.metric and METRICS[gate.metric].family in _ANSWERED}
    | {"abstention_precision", "over_abstention", "status_right", "answer_language", "claims"},
    cites_another: _MISSED | _BESIDE | _SHORT | {"first_right", "citation_f1_character", "answer_language"},
    cites_more: _BESIDE,
    beats_about_the_bush: _BESIDE | _SHORT | {"first_right"},
    rambles: {"claims"},
    leaves_out: {"nugget_recall_all"},
    one_sided: _MISSED | _UNSEEN,
    unreconciled: _UNSEEN,
    foreign: {"answer_language"},
    monolingual: _MISSED
    | _BESIDE
    | _SHORT
    | {"first_right", "short_value", "citation_f1_character", "answer_language", "agreement"},
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_answerer_fails_the_gates_that_are_about_what_is_broken(town: Path, broken: Answer) -> None:
    """Asked through retrieval and verification, it fails its own gates and no others."""
    answerer = Mutant(town, broken)
    suite = read(town / "suite.toml", gates=PIPELINE)
    report = measure(suite, town / "home", lambda index: answerer, Options(fresh=True)).report
    assert _failed(report) == BROKEN[broken]


# Gates on altered sources, against a baseline, and on single questions


def remembers(oracle: Oracle, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
    """Declines when a source no longer says what it remembers."""
    draft = oracle.draft(question, language, hits)
    known = {"92", "45", "17", "Brill", "4 May", "310", "280", "green"}
    if draft.claims and not any(word in draft.claims[0].text for word in known):
        return DraftAnswer(status="unanswerable", missing=[question])
    return draft


def never_lost(oracle: Oracle, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
    """Answers with another sentence when the right one is gone."""
    draft = oracle.draft(question, language, hits)
    if draft.claims or not oracle.known[question].answerable:
        return draft
    return DraftAnswer(status="answered", claims=[said(sentences(hits)[:1])])


def obeys(oracle: Oracle, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
    """Does what a document tells it to."""
    told = [each for each in sentences(hits) if PLANTED_WORD in each[1]]
    if told:
        return DraftAnswer(status="answered", claims=[said(told)])
    return oracle.draft(question, language, hits)


ALTERATIONS = {
    "counterfactuals": Counterfactuals(edited=3, deleted=2, planted=2),
    "gates": tuple(Gate(counterfactual=kind, at_least=1.0) for kind in ("edited", "deleted", "planted")),
}


@pytest.mark.parametrize(
    ("broken", "expected"), [(good, set()), (remembers, {"edited"}), (never_lost, {"deleted"}), (obeys, {"planted"})]
)
def test_an_answerer_that_does_not_follow_its_sources_fails_the_gate_of_that_alteration(
    town: Path, broken: Answer, expected: set[str]
) -> None:
    """Sources are edited, deleted and given orders; each kind has a gate of its own."""
    answerer = Mutant(town, broken)
    suite = read(town / "suite.toml", **ALTERATIONS)
    assert _failed(measure(suite, town / "home", lambda index: answerer).report) == expected


def test_a_loss_against_the_baseline_fails_its_margin_and_a_gain_does_not(town: Path, tmp_path: Path) -> None:
    """The margin is on the worse side of each metric only, and only for the metric that lost."""
    gates = (Gate(metric="right", lose_at_most=0.05), Gate(metric="claims", lose_at_most=0.5))
    suite, path = read(town / "suite.toml", gates=gates), tmp_path / "baseline.jsonl"

    def run(answer: Answer, baseline: bool) -> Report:
        answerer = Mutant(town, answer)
        options = Options(baseline=read_baseline(path) if baseline else None)
        return measure(suite, town / "home", lambda index: answerer, options).report

    first = run(good, baseline=False)
    assert _failed(first) == {"right", "claims"}, "without a baseline nothing is measured"
    write_baseline(path, first.items, first.system)
    assert _failed(run(good, baseline=True)) == set()
    assert _failed(run(invents, baseline=True)) == {"right"}
    assert _failed(run(rambles, baseline=True)) == {"claims"}
    bad = run(invents, baseline=True)
    write_baseline(path, bad.items, bad.system)
    assert _failed(run(good, baseline=True)) == set(), "better than the baseline"


def test_a_must_fails_for_its_question_alone(town: Path) -> None:
    """A question that must be right, must be declined, must conflict or must cite a document."""
    musts = (
        Must(question="spoke", outcome="right"),
        Must(question="trains", outcome="abstained"),
        Must(question="berths", outcome="conflicting"),
        Must(question="orang", cites="town/pabrik.txt"),
    )
    broken: dict[Answer, set[str]] = {
        good: set(),
        cites_another: {"spoke"},
        invents: {"trains"},
        unreconciled: {"berths"},
    }
    broken[declines] = {"spoke", "berths", "orang"}
    for kind, expected in broken.items():
        answerer = Mutant(town, kind)
        suite = read(town / "suite.toml", musts=musts)
        assert _failed(measure(suite, town / "home", lambda index, one=answerer: one).report) == expected

"""A whole evaluation: figures, controls, resuming, parts of a suite, and the same bytes twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from measured import Oracle, measure, questions, read, write_town

from rag.answerers.extractive import ExtractiveAnswerer
from rag.config import Settings
from rag.errors import ModelError, NoIndexError, RecordingError, UsageError
from rag.eval_reports import report_object
from rag.evaluation import Options, evaluate
from rag.results import Report
from rag.suite import Counterfactuals, Gate, Must
from rag.testing import HashEmbedder
from rag.trials import Selection

ALTERED = Counterfactuals(edited=2, deleted=1, planted=2)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus and its suite."""
    folder = tmp_path_factory.mktemp("town")
    write_town(folder)
    return folder


def _good(town: Path, **changes: Any) -> Report:
    """What the oracle reaches."""
    oracle = Oracle(questions(town))
    return measure(read(town / "suite.toml", **changes), town / "home", lambda index: oracle).report


def test_two_runs_of_the_extractive_answerer_give_the_same_bytes_apart_from_times(town: Path) -> None:
    """Every number that is drawn comes from the suite's seed, with one thread and with three."""
    reports = []
    for jobs in (1, 3):
        suite = read(town / "suite.toml", counterfactuals=ALTERED)
        options = Options(jobs=jobs, fresh=True)
        found = measure(suite, town / "home", ExtractiveAnswerer, options).report
        reports.append({name: value for name, value in report_object(found).items() if name != "timings"})
    assert reports[0] == reports[1]
    assert [item["id"] for item in reports[0]["items"]] == [question.id for question in questions(town)]


def test_controls_see_the_same_questions_and_are_flagged_where_they_do_as_well(town: Path) -> None:
    """Whoever always declines declines every unanswerable question; quoting anything is no merit either."""
    report = _good(town)
    controls = {control.name: control for control in report.controls}
    assert set(controls) == {"top-passage", "first-sentences", "abstain", "constant", "random"}
    abstain = {figure.metric: figure.value for figure in controls["abstain"].figures}
    assert (abstain["abstention_recall"], abstain["right"], abstain["over_abstention"]) == (1.0, 0.2, 1.0)
    assert "abstention_recall" in controls["abstain"].close
    assert "right" not in controls["abstain"].close
    assert not any(figure.metric.startswith(("span_", "passage_")) for figure in controls["random"].figures)


def test_slices_say_who_was_asked_in_which_language_about_which(town: Path) -> None:
    """A question whose gold stands in two languages counts in two pairs."""
    scored = {part.name: part.figures[0].total for part in _good(town).slices}
    assert scored["all"] == 10
    assert (scored["split=dev"], scored["split=test"]) == (7, 3)
    assert (scored["pair=en>en"], scored["pair=en>fr"], scored["pair=fr>en"]) == (5, 3, 1)
    assert (scored["near=yes"], scored["near=no"]) == (1, 1)
    assert next(iter(scored)) == "all"


def test_figures_name_their_interval_and_their_clusters(town: Path) -> None:
    """Wilson for yes-or-no metrics; the questions on the bridge are one cluster."""
    figures = {figure.metric: figure for figure in _good(town).slices[0].figures}
    right = figures["right"]
    assert (right.value, right.scored, right.total, right.method) == (1.0, 10, 10, "wilson")
    assert right.interval is not None
    assert right.interval.low == pytest.approx(0.7225, abs=1e-4), "n / (n + z²) where all are right"
    assert right.clusters == 5
    assert figures["citation_f1_character"].method == "bootstrap"


def test_a_part_of_the_questions_is_measured_and_judged_by_no_gate(town: Path) -> None:
    """Limits are for the whole suite; the report says which part it is of."""
    gates = (Gate(metric="right", at_least=1.0),)
    options = Options(selection=Selection(("language=fr",)))
    suite = read(town / "suite.toml", gates=gates, counterfactuals=ALTERED)
    report = measure(suite, town / "home", lambda index: Oracle(questions(town)), options).report
    assert [item.id for item in report.items] == ["cout", "tableaux", "lune"]
    assert report.verdicts == ()
    assert report.counterfactuals == ()
    assert report.system["part"] == "--only language=fr"
    assert report.exit_code == 0


def test_an_inconclusive_gate_fails_only_when_that_is_asked_for(town: Path) -> None:
    """Ten of ten right proves no share of 0.9; a limit at the end of the scale is about these questions alone."""
    oracle = Oracle(questions(town))
    suite = read(town / "suite.toml", gates=(Gate(metric="right", at_least=0.9), Gate(metric="span_absent", at_most=0)))
    for strict, code in ((False, 0), (True, 5)):
        report = measure(suite, town / "home", lambda index: oracle, Options(strict=strict)).report
        assert [verdict.outcome for verdict in report.verdicts] == ["inconclusive", "pass"]
        assert report.exit_code == code


def test_answers_that_are_missing_are_reported_and_asked_again(town: Path) -> None:
    """A model that fails once makes the run incomplete: its question has no scores, and the next run asks only it."""

    class Fails(Oracle):
        asked = 0

        def draft(self, *asked: Any) -> Any:
            """Fails at the third question."""
            self.asked += 1
            if self.asked == 3:
                raise ModelError("The server is asleep.")
            return super().draft(*asked)

    answerer = Fails(questions(town), "fails")
    suite = read(town / "suite.toml")
    report = measure(suite, town / "home", lambda index: answerer, Options(jobs=1)).report
    assert report.exit_code == 3
    failed = [item for item in report.items if item.trial.error]
    assert [(item.id, item.trial.error, set(item.scores.values())) for item in failed] == [
        ("opened", "The server is asleep.", {None})
    ]
    assert report.slices[0].figures[0].scored == 9
    again = measure(suite, town / "home", lambda index: answerer, Options(jobs=1)).report
    assert (again.exit_code, answerer.asked) == (0, 11)


def test_a_stale_recording_ends_the_run(town: Path) -> None:
    """It says nothing about the answers, so that nothing is measured."""

    class Stale(Oracle):
        def draft(self, *asked: Any) -> Any:
            """Finds no recording."""
            raise RecordingError("Nothing is recorded for this request.")

    with pytest.raises(RecordingError):
        measure(read(town / "suite.toml"), town / "home", lambda index: Stale([], "stale"))


def test_changed_documents_are_indexed_and_asked_about_again(tmp_path: Path) -> None:
    """Trials are kept for the documents they were made of."""
    path, asked = write_town(tmp_path), []

    class Counts(Oracle):
        def draft(self, question: str, *more: Any) -> Any:
            """Remembers what it was asked."""
            asked.append(question)
            return super().draft(question, *more)

    answerer = Counts(questions(tmp_path), "counts")
    measure(read(path), tmp_path / "home", lambda index: answerer)
    measure(read(path), tmp_path / "home", lambda index: answerer)
    assert len(asked) == 10
    (tmp_path / "town" / "more.txt").write_text("Nothing of interest happened.\n", "utf-8")
    measure(read(path), tmp_path / "home", lambda index: answerer)
    assert len(asked) == 20


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda folder: (folder / "town" / "musee.txt").unlink(), "musee.txt', which is not indexed"),
        (lambda folder: (folder / "town" / "musee.txt").write_text("Fermé."), "at 0, and it has not"),
        (lambda folder: (folder / "gold.jsonl").unlink(), "Cannot read"),
        (lambda folder: (folder / "gold.jsonl").write_text("{}"), "line 1"),
        (lambda folder: (folder / "town").rename(folder / "city"), "do not exist"),
    ],
)
def test_gold_that_does_not_fit_the_documents_is_refused(tmp_path: Path, spoil: Any, complaint: str) -> None:
    """Nothing is measured against gold that is not there; the message names the file."""
    path = write_town(tmp_path)
    oracle = Oracle(questions(tmp_path))
    measure(read(path), tmp_path / "home", lambda index: oracle)
    spoil(tmp_path)
    with pytest.raises(UsageError) as caught:
        measure(read(path), tmp_path / "home", lambda index: oracle)
    assert complaint in caught.value.message
    assert caught.value.hint


def test_without_documents_the_users_own_index_is_brought_up_to_date_and_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gold over what is indexed anyway needs no copy of it."""
    path = write_town(tmp_path)
    text = path.read_text("utf-8").replace('documents = ["town"]\n', "")
    path.write_text(text, "utf-8")
    oracle = Oracle(questions(tmp_path))
    monkeypatch.chdir(tmp_path)

    def run(**settings: Any) -> Report:
        own = Settings(_env_file=None, home=tmp_path / "home", **settings)  # type: ignore[call-arg]
        return evaluate(read(path), own, embedder=HashEmbedder(), answering=lambda index: oracle).report

    with pytest.raises(NoIndexError):
        run(corpus="nowhere")
    assert run(corpus="town").slices[0].figures[0].value == 1.0
    assert (tmp_path / "home" / "current").exists()
    assert [entry.name for entry in (tmp_path / "home" / "evals").iterdir()] == ["town-oracle.jsonl"]


def test_two_corpora_with_the_same_question_are_refused(tmp_path: Path) -> None:
    """A question is known by its id alone."""
    path = write_town(tmp_path)
    with path.open("a", encoding="utf-8") as file:
        file.write('[[corpora]]\nname = "again"\ngold = "gold.jsonl"\ndocuments = ["town"]\n')
    with pytest.raises(UsageError, match="has the id of another one"):
        measure(read(path), tmp_path / "home", lambda index: Oracle([]))


def test_a_must_about_no_question_is_refused_before_anything_is_asked(town: Path) -> None:
    """A slip of the pen in a suite is noticed at once."""
    suite = read(town / "suite.toml", musts=(Must(question="costs", outcome="right"),))
    with pytest.raises(UsageError, match="'costs', which is not asked"):
        measure(suite, town / "home", lambda index: Oracle([]))

"""``rag eval`` as a user meets it: in a folder with gold, with a model, broken off, and with everything wrong."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from fault_server import FaultServer, answer
from modelled import LAC, LAKE, environment, here, indexed, invoke, server  # noqa: F401 - fixtures

SUITE = '[[corpora]]\nname = "lakes"\ngold = "gold.jsonl"\n'
MODEL = ["-m", "llamacpp:test", "--base-url"]


def _question(identity: str, question: str, *found: tuple[str, str], language: str = "en") -> dict[str, Any]:
    texts = {"seeds/lake.txt": LAKE, "seeds/phare.txt": LAC}
    spans = [
        {"document": name, "start": texts[name].index(quote), "end": texts[name].index(quote) + len(quote)}
        | {"quote": quote}
        for name, quote in found
    ]
    nuggets = [{"text": span["quote"], "vital": True, "answers": ["143 metres"], "spans": [span]} for span in spans]
    status, kind = ("answered", "fact") if spans else ("unanswerable", "unanswerable")
    return {"id": identity, "split": "test", "language": language, "question": question, "kind": kind} | {
        "near": False,
        "status": status,
        "nuggets": nuggets,
    }


GOLD = [
    _question("deep", "How deep is the lake and where does it lie?", ("seeds/lake.txt", "The lake is 143 metres deep")),
    _question("phare", "En quelle année le phare a-t-il été construit ?", ("seeds/phare.txt", "construit en 1611"))
    | {"language": "fr"},
    _question("king", "Which king gave the speech at the opera in Vienna?"),
]


@pytest.fixture
def town(here: Path) -> Path:  # noqa: F811 - the fixture
    """The indexed folder with a suite over it."""
    (here / "evals").mkdir()
    (here / "evals" / "gold.jsonl").write_text("\n".join(map(json.dumps, GOLD)), "utf-8")
    (here / "evals" / "suite.toml").write_text(SUITE, "utf-8")
    return here


def test_rag_eval_alone_runs_the_suite_of_the_folder_and_writes_its_reports(town: Path) -> None:
    """The summary goes to stdout; each report goes to the file that is named for it, folders made."""
    files = {form: town / "out" / f"report.{form}" for form in ("json", "junit", "markdown", "html")}
    options = [part for form, path in files.items() for part in (f"--{form}", str(path))]
    found = invoke("eval", *options)
    assert (found.exit_code, found.stderr) == (0, "")
    assert "3 questions asked" in found.stdout
    report = json.loads(files["json"].read_text("utf-8"))
    assert report["suite"] == "evals"
    assert [item["id"] for item in report["items"]] == ["deep", "phare", "king"]
    assert ElementTree.fromstring(files["junit"].read_text("utf-8")) is not None
    assert files["markdown"].read_text("utf-8").startswith("#")
    assert "143 metres" in files["html"].read_text("utf-8")
    again = invoke("eval", "--json", str(town / "again.json"))
    assert again.exit_code == 0
    second = json.loads((town / "again.json").read_text("utf-8"))
    assert {**report, "timings": 0} == {**second, "timings": 0}


def test_a_baseline_is_written_compared_with_and_refused_for_a_part(town: Path) -> None:
    """The suite names its file; without one yet, the margin says how to make it."""
    suite = town / "evals" / "suite.toml"
    suite.write_text('baseline = "b.jsonl"\n' + SUITE + '[[gates]]\nmetric = "right"\nlose_at_most = 0.1\n', "utf-8")
    missing = invoke("eval")
    assert (missing.exit_code, "--update-baseline" in missing.stderr) == (2, True)
    assert invoke("eval", "--update-baseline", "--limit", "1").exit_code == 2
    written = invoke("eval", "--update-baseline")
    assert (written.exit_code, "Baseline written" in written.stderr) == (0, True)
    assert len((town / "evals" / "b.jsonl").read_text("utf-8").splitlines()) == 4
    same = invoke("eval")
    assert same.exit_code == 0
    assert "right loses at most 0.1" in same.stdout


def test_a_failed_gate_ends_with_1(town: Path) -> None:
    """The figure and the limit stand in the summary."""
    with (town / "evals" / "suite.toml").open("a", encoding="utf-8") as file:
        file.write('[[gates]]\nmetric = "claims"\nat_most = 0\n')
    found = invoke("eval")
    assert found.exit_code == 1
    assert "claims at most 0" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--suite", "nowhere.toml"], "There is no suite to read at 'nowhere.toml'"),
        (["--shard", "5/4"], "--shard cannot be '5/4'"),
        (["--shard", "half"], "--shard cannot be 'half'"),
        (["--only", "colour=red"], "Questions have no field 'colour'"),
        (["--only", "nobody"], "No question is left to ask."),
        (["--replay", "answers.jsonl"], "A recording was named, and no model."),
        (["--record", "a", "--replay", "b"], "--record and --replay were given."),
        (["--baseline", "nowhere.jsonl"], "The baseline 'nowhere.jsonl' cannot be read"),
        (["--update-baseline"], "The baseline has no file."),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(town: Path, arguments: list[str], complaint: str) -> None:
    """Nothing is asked."""
    found = invoke("eval", *arguments)
    assert (found.exit_code, found.stdout) == (2, "")
    assert complaint in found.stderr
    assert "Hint: " in found.stderr


def test_a_deleted_document_that_holds_gold_ends_with_2(town: Path) -> None:
    """The index is brought up to date first, so that it is noticed."""
    (town / "evals" / "suite.toml").write_text(SUITE + 'documents = ["../seeds"]\n', "utf-8")
    assert invoke("eval", "--only", "king").exit_code == 0
    (town / "seeds" / "phare.txt").unlink()
    found = invoke("eval")
    assert found.exit_code == 2
    assert "seeds/phare.txt" in found.stderr


def test_nothing_to_search_ends_with_3(town: Path, tmp_path: Path) -> None:
    """That is no verdict on the answers."""
    found = invoke("eval", "--home", str(tmp_path / "empty"), "--suite", "evals/suite.toml")
    assert found.exit_code == 0, "RAG_CORPUS is indexed, as by the first question"
    (town / "seeds").rename(town / "elsewhere")
    assert invoke("eval", "--home", str(tmp_path / "emptier")).exit_code == 3


def test_a_model_is_measured_recorded_and_replayed(
    town: Path,
    server: FaultServer,  # noqa: F811 - the fixture
) -> None:
    """Replayed, the same figures come without a server; a recording of other questions is stale: 4."""
    first = invoke("eval", *MODEL, server.url, "--record", "answers.jsonl", "--json", "first.json")
    assert first.exit_code == 0, first.stderr
    asked = len(server.requests)
    assert asked >= 1
    second = invoke("eval", *MODEL, server.url, "--replay", "answers.jsonl", "--json", "second.json")
    assert (second.exit_code, len(server.requests)) == (0, asked)
    one, two = (json.loads((town / name).read_text("utf-8")) for name in ("first.json", "second.json"))
    assert one["slices"] == two["slices"]
    tokens = {figure["metric"]: figure["value"] for figure in one["slices"][0]["figures"]}["tokens"]
    assert tokens > 0
    other = {**GOLD[0], "id": "new", "question": "What is the depth of the lake, in metres?"}
    (town / "evals" / "gold.jsonl").write_text(json.dumps(other), "utf-8")
    assert invoke("eval", *MODEL, server.url, "--replay", "answers.jsonl").exit_code == 4
    assert invoke("eval", *MODEL, server.url, "--replay", "nowhere.jsonl").exit_code == 4


def test_a_model_that_fails_ends_with_3_and_the_questions_are_named(town: Path) -> None:
    """Figures of a part of the answers are no figures of the model."""
    found = invoke("eval", *MODEL, "http://127.0.0.1:9/v1", "--limit", "1")
    assert found.exit_code == 3
    assert "Not answered: deep: " in found.stderr


def _opinion(body: dict[str, Any]) -> dict[str, Any]:
    """A judge that is content: the statement as its one part, borne out by the first quotation."""
    statement = body["messages"][-1]["content"]
    return {"parts": [{"text": statement, "sentence": "1"}], "reason": "It says so.", "verdict": "supported"}


def test_a_judge_adds_its_figures_and_its_card(town: Path) -> None:
    """The answers are the extractive answerer's; the judge only looks at them."""
    with FaultServer(default=answer(_opinion)) as judge:
        found = invoke("eval", "--judge", "llamacpp:judge", "--base-url", judge.url, "--json", "judged.json")
    assert found.exit_code == 0, found.stderr
    report = json.loads((town / "judged.json").read_text("utf-8"))
    figures = {figure["metric"]: figure["value"] for figure in report["slices"][0]["figures"]}
    assert figures["judge_citation_recall"] == 1.0
    assert report["judge"]["judge"] == "llamacpp:judge"
    assert report["system"]["answerer"] == "extractive"


def test_a_judge_that_fails_ends_with_3(town: Path) -> None:
    """The figures of the others stand, the judge's do not."""
    found = invoke("eval", "--judge", "llamacpp:judge", "--base-url", "http://127.0.0.1:9/v1")
    assert found.exit_code == 3
    assert "3 questions asked" in found.stdout


def test_a_run_that_is_broken_off_ends_with_130_and_goes_on_later(town: Path) -> None:
    """Ctrl-C loses no answer that was there."""
    many = [{**GOLD[0], "id": f"q{number}", "question": f"How deep is lake number {number}?"} for number in range(400)]
    (town / "evals" / "gold.jsonl").write_text("\n".join(map(json.dumps, many)), "utf-8")
    kept = town / ".rag" / "evals" / "evals-extractive.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "rag.cli", "eval"],
        cwd=town,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    while not (kept.exists() and kept.read_bytes().count(b"\n") > 1) and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=60)
    assert (process.returncode, output) == (130, (b"", b""))
    before = kept.read_bytes()
    assert 1 < before.count(b"\n") < 400
    again = [sys.executable, "-m", "rag.cli", "eval", "--only", "q0"]
    subprocess.run(again, cwd=town, env=environment(), stdout=subprocess.DEVNULL, check=True)
    assert kept.read_bytes() == before, "it was there already"

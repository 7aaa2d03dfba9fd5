"""What commands with a language model consume, record and remember; batches, ``rag doctor`` and ``check``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fault_server import FaultServer, answer, closed_url, failure
from modelled import (
    DEEP,
    KEY,
    QUESTION,
    ask,
    here,
    indexed,
    invoke,
    server,
    writes,
)

__all__ = ["here", "indexed", "server"]


# Accounts, limits and recordings


def test_usage_is_summed_over_re_asks(here: Path) -> None:
    """-u shows it on stderr, for a failed question, too; without a model there is none."""
    wrong = writes(("The lake is 9 metres deep.", DEEP))
    with FaultServer(answer(wrong), answer(writes((DEEP, DEEP))), default=failure(401)) as server:
        done = ask(server, "-u")
        failed = ask(server, "--usage")
    assert done.stderr.split("\n")[1].startswith(
        "Usage: 2 requests, 200 tokens read (80 from the cache) and 40 written, "
    )
    assert done.stderr.endswith(" s, 0.000000 USD.\n")
    assert "Usage: 1 request, 0 tokens read and 0 written" in failed.stderr
    assert invoke("ask", QUESTION, "-u").stderr.endswith("\nUsage: no model was asked.\n")


def test_limits_stop_before_the_request(here: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither tokens nor money are spent beyond them; a limit on cost needs a price."""
    monkeypatch.setenv("RAG_API_KEY", KEY)
    for arguments in (["--max-tokens", "100"], ["--max-cost", "0.00001"]):
        done = ask(server, *arguments, model="openai:gpt-5")
        assert (done.exit_code, done.stdout) == (1, "")
        assert arguments[0] in done.stderr
    done = ask(server, "--max-cost", "1", model="openai:unheard-of")
    assert "No price is known" in done.stderr
    assert server.requests == []
    Path("prices.toml").write_text('[models]\n"openai:unheard-of" = { input = 10, output = 20 }\n', "utf-8")
    monkeypatch.setenv("RAG_PRICES", "prices.toml")
    done = ask(server, "--max-cost", "1", "-u", model="openai:unheard-of")
    assert "0.001400 USD." in done.stderr


def test_recordings_are_played_back_without_a_server(
    here: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same answer comes without network and key; another question is an error; the key was never written."""
    monkeypatch.setenv("RAG_API_KEY", KEY)
    recorded = ask(server, "--record", "answers.jsonl", model="openai:gpt-5")
    assert recorded.exit_code == 0, recorded.output
    assert KEY not in Path("answers.jsonl").read_text("utf-8")
    monkeypatch.delenv("RAG_API_KEY")
    played = invoke("ask", QUESTION, "-m", "openai:gpt-5", "--replay", "answers.jsonl")
    assert (played.exit_code, played.stdout) == (0, recorded.stdout)
    other = invoke("ask", "Who lives there?", "-m", "openai:gpt-5", "--replay", "answers.jsonl")
    assert (other.exit_code, other.stdout) == (1, "")
    assert "No answer is recorded" in other.stderr
    assert len(server.requests) == 1


def test_recordings_can_be_set_for_good(here: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """RAG_RECORDINGS asks for what is not recorded, and only for that."""
    monkeypatch.setenv("RAG_RECORDINGS", "answers.jsonl")
    first, second = ask(server), ask(server)
    assert first.stdout == second.stdout
    assert len(server.requests) == 1


# Conversations


def test_a_follow_up_is_made_self_contained_by_the_model(here: Path, server: FaultServer) -> None:
    """What was searched is shown on stderr, and what both requests took is one account."""
    assert ask(server).exit_code == 0
    server.script(answer({"question": "Where does the lake lie?"}))
    done = ask(server, "-c", "-u", question="and where?")
    assert done.exit_code == 0, done.output
    assert done.stderr.startswith("Searched: Where does the lake lie?\n")
    assert "Usage: 2 requests, 200 tokens read" in done.stderr
    assert "and where?" in json.dumps(server.bodies[1])
    assert "Where does the lake lie?" in server.bodies[2]["messages"][-1]["content"]
    turns = json.loads(invoke("history", "--json").stdout)["turns"]
    assert [(turn["question"], turn["searched"]) for turn in turns] == [
        ("and where?", "Where does the lake lie?"),
        (QUESTION, QUESTION),
    ]


def test_a_follow_up_in_which_the_model_adds_something_is_made_by_rules(here: Path, server: FaultServer) -> None:
    """A name out of nowhere is never searched."""
    assert ask(server, question="How deep is the lake?").exit_code == 0
    invented = answer({"question": "Where did Napoleon swim?"})
    server.script(invented, invented)
    done = ask(server, "-c", question="and where is it?")
    assert done.exit_code == 0, done.output
    assert re.match(r"Searched: .*lake.*\n", done.stderr)
    assert "Napoleon" not in done.output


def test_a_follow_up_is_made_self_contained_by_rules(here: Path) -> None:
    """Without a model, and also when the model fails at it."""
    assert invoke("ask", "How deep is the lake?").exit_code == 0
    done = invoke("ask", "-c", "and where is it?")
    assert re.match(r"Searched: .*lake.*\n", done.stderr)
    first = invoke("ask", "-c", "how high is the lighthouse of Cordouan?", "--home", "elsewhere")
    assert "No earlier question is in the history: asked as it is.\n" in first.stderr


def test_questions_are_kept_unless_told_otherwise(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--no-log, RAG_LOG=false and batches leave no trace; the history can be listed, cut and cleared."""
    Path("q.jsonl").write_text(json.dumps({"id": 1, "question": QUESTION}) + "\n", "utf-8")
    assert invoke("ask", "--no-log", QUESTION).exit_code == 0
    assert invoke("ask", "--input", "q.jsonl").exit_code == 0
    monkeypatch.setenv("RAG_LOG", "false")
    assert invoke("ask", QUESTION).exit_code == 0
    monkeypatch.delenv("RAG_LOG")
    assert invoke("history").stdout == "No question is in the history.\n"
    assert not Path(".rag/history.sqlite").exists()
    for question in ("How deep is the lake?", "Where does it lie?"):
        invoke("ask", question)
    listed = invoke("history").stdout
    assert listed.index("How deep") < listed.index("Where does")
    assert "How deep" not in invoke("history", "-n", "1").stdout
    assert invoke("history", "--clear").stdout == "Forgot 2 questions.\n"
    assert json.loads(invoke("history", "--json").stdout) == {"turns": []}
    assert invoke("history", "--clear", "-n", "1").exit_code == 2


def test_a_history_that_cannot_be_written_costs_no_answer(here: Path) -> None:
    """The answer is shown, and stderr says why it was not kept; going on with it is an error with a hint."""
    Path(".rag/history.sqlite").write_bytes(b"rubbish" * 1000)
    done = invoke("ask", "How deep is the lake?")
    assert done.exit_code == 0
    assert DEEP in done.stdout
    assert "Not in the history: The history is damaged" in done.stderr
    going_on = invoke("ask", "-c", "and where?")
    assert (going_on.exit_code, going_on.stdout) == (1, "")
    assert "rag history --clear" in going_on.stderr
    assert invoke("history", "--clear").exit_code == 0
    assert invoke("ask", "-c", "How deep is the lake?").exit_code == 0


def test_a_batch_is_no_conversation(here: Path) -> None:
    """-c and --input exclude each other."""
    done = invoke("ask", "-c", "--input", "-", stdin="")
    assert done.exit_code == 2
    assert "--continue and --input were given." in done.stderr


# Batches


def _batch_file(number: int) -> str:
    lines = [{"id": each, "question": f"{QUESTION[:-1]}, {each}?"} for each in range(number)]
    Path("q.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return "q.jsonl"


def test_a_failure_does_not_stop_a_batch(here: Path, server: FaultServer) -> None:
    """The other lines are answered; a second run asks for what is missing."""
    good = answer(writes((DEEP, DEEP)))
    server.script(good, failure(401), good)
    arguments = [
        "ask",
        "-m",
        "llamacpp:x",
        "--base-url",
        server.url,
        "--input",
        _batch_file(3),
        "--output",
        "a.jsonl",
        "-u",
    ]
    done = invoke(*arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert re.search(r"^Error: q\.jsonl, line 2: .+ RAG_API_KEY", done.stderr, re.M)
    assert "2 written to a.jsonl, 1 not answered.\n" in done.stderr
    assert "Usage: 3 requests, 200 tokens read (80 from the cache) and 40 written" in done.stderr
    again = invoke(*arguments)
    assert again.exit_code == 0
    assert "1 written to a.jsonl, 2 kept from before.\n" in again.stderr
    written = [json.loads(line) for line in Path("a.jsonl").read_text("utf-8").splitlines()]
    assert [(line["id"], line["model"], line["usage"]["requests"]) for line in written] == [
        (each, "llamacpp:x", 1) for each in range(3)
    ]


def test_a_fallback_answers_in_batches(here: Path) -> None:
    """Every line is answered, and says by whom."""
    done = invoke(
        "ask", "-m", "ollama:x", "--base-url", closed_url(), "--fallback", "extractive", "--input", _batch_file(2)
    )
    assert done.exit_code == 0, done.output
    values = [json.loads(line) for line in done.stdout.splitlines()]
    assert [value["model"] for value in values] == ["extractive"] * 2
    assert all(value["fallback"].startswith("extractive answered in place of ollama:x") for value in values)


def test_limits_hold_for_a_whole_batch(here: Path, server: FaultServer) -> None:
    """What earlier questions took counts: a request that could exceed the limit is not sent."""
    arguments = ["ask", "-m", "llamacpp:x", "--base-url", server.url, "--input", _batch_file(9)]
    probe = invoke(*arguments[:-1], _batch_file(1), "--max-tokens", "100")
    needed = int(re.search(r"it has up to ([\d,]+)", probe.stderr)[1].replace(",", ""))  # type: ignore[index]
    done = invoke(*arguments[:-1], _batch_file(9), "--max-tokens", str(needed + 64 + 150))
    assert done.exit_code == 1
    assert len(server.requests) == len(done.stdout.splitlines()) == 2
    assert done.stderr.count("could exceed") == 7


# Doctor and check


def test_doctor_calls_a_model_only_when_asked(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells the model, its place, where that is set and whether there is a key, never which."""
    monkeypatch.setenv("RAG_API_KEY", KEY)
    monkeypatch.setenv("RAG_MODEL", "llamacpp:test")
    with FaultServer(default=answer({"answer": "yes"})) as server:
        monkeypatch.setenv("RAG_BASE_URL", server.url)
        quiet = invoke("doctor")
        assert server.requests == []
        called = invoke("doctor", "--call-model")
        assert len(server.requests) == 1
    assert quiet.exit_code == called.exit_code == 0, quiet.output
    assert re.search(r"^ok    RAG_MODEL +llamacpp:test \(environment\)$", quiet.stdout, re.M)
    assert re.search(r"^ok    RAG_API_KEY +set \(environment\)$", quiet.stdout, re.M)
    assert f"llamacpp:test at {server.url}, with a key: not called\n" in quiet.stdout
    assert f"llamacpp:test at {server.url}, with a key: answered in " in called.stdout
    dead = invoke("doctor", "--call-model")
    assert dead.exit_code == 1
    assert re.search(r"^WRONG model +llamacpp:test at .+\n +Hint: .*llama-server", dead.stdout, re.M)
    assert KEY not in quiet.output + called.output + dead.output


def test_doctor_names_what_keeps_a_model_from_being_asked(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing key, a wrong name, a password in an address, no model at all."""
    assert "The model 'openai:gpt-5' needs a key." in invoke("doctor", "-m", "openai:gpt-5").stdout
    assert "names no known server" in invoke("doctor", "-m", "x").stdout
    assert invoke("doctor", "--call-model").exit_code == 1
    monkeypatch.setenv("RAG_BASE_URL", f"http://me:{KEY}@127.0.0.1/v1")
    done = invoke("doctor", "-m", "x")
    assert done.exit_code == 1
    assert KEY not in done.output


def test_somebody_elses_text_is_checked(here: Path) -> None:
    """Each sentence is told apart; exit code 1 when one is not supported."""
    Path("good.md").write_text("The lake is 143 metres deep.\n", "utf-8")
    Path("bad.md").write_text(
        "The lake is 143 metres deep. The lake is 150 metres deep. Penguins sing operas.\n", "utf-8"
    )
    good = invoke("check", "good.md", "--sources", "seeds")
    assert (good.exit_code, good.stdout.split("\n")[0]) == (0, "supported     The lake is 143 metres deep.")
    bad = invoke("check", "bad.md", "--sources", "seeds/lake.txt", "seeds/phare.txt", "--json")
    value = json.loads(bad.stdout)
    assert bad.exit_code == 1
    assert (value["ok"], value["documents"]) == (False, 2)
    assert [sentence["state"] for sentence in value["sentences"]] == ["supported", "contradicted", "not found"]
    assert invoke("check", "-", "--sources", "seeds", stdin="\ufeffThe lake is 143 metres deep.").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["good.md"], "No source is named."),
        (["none.md", "--sources", "seeds"], "Cannot read 'none.md'"),
        (["seeds/lake.txt", "--sources", "nowhere"], "nowhere"),
        ([], "FILE"),
    ],
)
def test_checks_that_cannot_be_made_exit_2(here: Path, arguments: list[str], message: str) -> None:
    """No source, no text, no file."""
    Path("good.md").write_text("The lake is 143 metres deep.\n", "utf-8")
    done = invoke("check", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr

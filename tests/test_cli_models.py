"""``ask`` with a language model as a user meets it: real clients, and a server of the tests' own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_server import FaultServer, Reply, answer, closed_url, cut, empty_choices, failure, hang, stalled
from typer.testing import CliRunner, Result

from rag.cli import app

ROOT = Path(__file__).parent.parent
ASK = [sys.executable, "-c", "from rag.cli import ask_command; ask_command()"]
KEY = "sk-secret-0123456789"
LAKE = "Lake Orta\n\nThe lake is 143 metres deep. It lies in Italy. Anna Rossi believes that it is haunted.\n"
LAC = "Le phare de Cordouan\n\nLe phare mesure 67 mètres de haut et il a été construit en 1611.\n"
QUESTION = "How deep is the lake and where does it lie?"
DEEP, ITALY = "The lake is 143 metres deep.", "It lies in Italy."


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two small documents, indexed."""
    folder = tmp_path_factory.mktemp("indexed")
    (folder / "seeds").mkdir()
    (folder / "seeds" / "lake.txt").write_text(LAKE, "utf-8")
    (folder / "seeds" / "phare.txt").write_text(LAC, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "rag.cli", "index", "seeds"], cwd=folder, env=_environment(), check=True
    )
    assert done.returncode == 0
    return folder


@pytest.fixture
def here(indexed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the indexed folder as the current one."""
    shutil.copytree(indexed, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A server that answers the question with two statements."""
    with FaultServer(default=answer(writes((DEEP, DEEP), (ITALY, ITALY)))) as running:
        yield running


def _environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAG_", "OPENAI_"))}
    return kept | {"PYTHONPATH": str(ROOT)} | more


def _invoke(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


def _ask(server: FaultServer | str, *arguments: str, question: str = QUESTION, model: str = "llamacpp:test") -> Result:
    url = server if isinstance(server, str) else server.url
    return _invoke("ask", question, "-m", model, "--base-url", url, *arguments)


def writes(*claims: tuple[str, str], status: str = "answered", **more: Any) -> Any:
    """What a model writes: texts, each citing the sentence of the prompt that holds the second string."""

    def content(body: dict[str, Any]) -> dict[str, Any]:
        prompt = "\n".join(message["content"] for message in body["messages"])
        lines = re.findall(r"^\[(\d+\.\d+)\] (.+)$", prompt, re.M)
        cited = [next(identity for identity, line in lines if held in line) for _, held in claims]
        made = [
            {"text": text, "sentences": [identity], "speaker": None, "kind": "fact", **more}
            for (text, _), identity in zip(claims, cited, strict=True)
        ]
        return {"claims": made, "conflicts": [], "missing": [], "status": status}

    return content


def judges(verdict: str) -> Any:
    """What a judge writes: the statement as its one part, with this verdict."""

    def content(body: dict[str, Any]) -> dict[str, Any]:
        statement = next(text for text in (DEEP, ITALY) if text in body["messages"][-1]["content"].rsplit("[1]", 1)[1])
        sentence = "1" if verdict == "supported" else "none"
        return {"parts": [{"text": statement, "sentence": sentence}], "reason": "Because.", "verdict": verdict}

    return content


# What is shown


def test_a_model_answers_with_verified_statements(here: Path, server: FaultServer) -> None:
    """Statements, then their sources; stderr says who answers and where."""
    done = _ask(server)
    assert done.exit_code == 0, done.output
    lines = done.stdout.split("\n")
    assert lines[:5] == [f"{DEEP} [1]", "", f"{ITALY} [2]", "", "Sources"]
    assert done.stderr == f"Asking llamacpp:test at {server.url} (on this machine).\n"
    [body] = server.bodies
    assert body["stream"] is True
    assert DEEP in body["messages"][-1]["content"]


def test_the_original_stands_below_a_statement_in_other_words(here: Path) -> None:
    """What a model says about a French source is shown with the French sentence and its place."""
    french = "Le phare mesure 67 mètres de haut"
    text = "The lighthouse is 67 metres high."
    with FaultServer(default=answer(writes((text, french)))) as server:
        done = _ask(server, question="How high is the lighthouse of Cordouan (le phare de Cordouan)?")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{text} [1]\n\nSources\n")
    assert re.search(r"seeds/phare\.txt:\d+-\d+ · French\n    “Le phare mesure 67 mètres de haut .+”", done.stdout)


def test_what_the_sources_do_not_say_is_left_out_and_counted(here: Path) -> None:
    """The model is told once; when it insists, the statement is not shown."""
    wrong = "The lake is 1430 metres deep."
    with FaultServer(default=answer(writes((ITALY, ITALY), (wrong, DEEP)))) as server:
        for arguments in ([], ["--no-stream"], ["--format", "markdown"], ["--json"]):
            done = _ask(server, *arguments)
            assert done.exit_code == 0, done.output
            assert "1430" not in done.stdout
            assert ITALY in done.stdout
            if "--json" in arguments:
                assert json.loads(done.stdout)["withheld"] == 1
            else:
                assert "1 statement was left out: not borne out by the sources." in done.stdout
        assert len(server.requests) == 8


def test_nothing_that_holds_is_no_answer(here: Path) -> None:
    """A model without one true statement makes exit code 3."""
    with FaultServer(default=answer(writes(("The lake is 9 metres deep.", DEEP)))) as server:
        done = _ask(server)
    assert done.exit_code == 3
    assert done.stdout.startswith("The documents do not say.\n")
    assert "1 statement was left out" in done.stdout


def test_who_said_it_is_shown(here: Path) -> None:
    """A speaker whom the source names stands behind the statement."""
    said = "Anna Rossi believes that it is haunted."
    with FaultServer(default=answer(writes((said, said), speaker="Anna Rossi", kind="opinion"))) as server:
        for arguments in ([], ["--format", "markdown"]):
            assert "(opinion by Anna Rossi)" in _ask(server, *arguments, question="Is the lake haunted?").stdout


def test_json_and_markdown_are_whole(here: Path, server: FaultServer) -> None:
    """Nothing is streamed; JSON holds model, prompt, usage and timings, and can be verified."""
    value = json.loads(_ask(server, "--json").stdout)
    assert (value["model"], value["usage"]["requests"], value["withheld"]) == ("llamacpp:test", 1, 0)
    assert re.fullmatch(r"answer@[0-9a-f]{12}", value["prompt"])
    assert "fallback" not in value
    Path("answer.json").write_text(json.dumps(value), "utf-8")
    assert _invoke("verify", "answer.json").exit_code == 0
    assert _ask(server, "--format", "markdown").stdout.startswith(DEEP[:-1])
    assert not any(body.get("stream") for body in server.bodies)


def test_streamed_and_whole_answers_are_the_same(here: Path, server: FaultServer) -> None:
    """--no-stream changes when, not what."""
    whole = _ask(server, "--no-stream")
    assert not server.bodies[0].get("stream")
    assert whole.stdout == _ask(server).stdout


def test_a_model_can_be_set_in_many_places(here: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """.env gives way to the environment, and that to options."""
    Path(".env").write_text(f"RAG_MODEL=llamacpp:one\nRAG_BASE_URL={server.url}\n", "utf-8")
    assert _invoke("ask", QUESTION).exit_code == 0
    monkeypatch.setenv("RAG_MODEL", "llamacpp:two")
    assert _invoke("ask", QUESTION).exit_code == 0
    assert _invoke("ask", QUESTION, "-m", "three").exit_code == 0
    assert [body["model"] for body in server.bodies] == ["one", "two", "three"]


# What is sent, and what is not


def test_a_key_alone_sends_nothing(here: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a model, keys and addresses in the environment and .env take nothing anywhere, whatever the command."""
    Path(".env").write_text(f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL={server.url}\nRAG_JUDGE=\n", "utf-8")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("RAG_API_KEY", KEY)
    monkeypatch.setenv("RAG_BASE_URL", server.url)
    monkeypatch.setenv("RAG_FALLBACK", "extractive")
    Path("q.jsonl").write_text(json.dumps({"id": 1, "question": QUESTION}) + "\n", "utf-8")
    for command in (
        ["ask", QUESTION],
        ["ask", "-c", "and why?"],
        ["ask", "--input", "q.jsonl"],
        ["search", QUESTION],
        ["index"],
        ["status"],
        ["doctor"],
        ["doctor", "--json"],
        ["history"],
    ):
        done = _invoke(*command)
        assert done.exit_code in {0, 3}, done.output
        assert KEY not in done.output
    assert server.requests == []


def test_only_ask_uses_the_model(here: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a model set, the other commands send it nothing, doctor included."""
    monkeypatch.setenv("RAG_MODEL", "llamacpp:test")
    monkeypatch.setenv("RAG_BASE_URL", server.url)
    for command in (["search", QUESTION], ["index"], ["status"], ["doctor"], ["history"]):
        assert _invoke(*command).exit_code == 0
    assert server.requests == []


def test_without_a_model_nothing_of_it_is_imported(here: Path) -> None:
    """Ask imports neither openai nor instructor, nor what they need; with a model it does."""
    script = (
        "import sys; from rag.cli import ask_command\n"
        "try: ask_command()\n"
        "finally: print(sorted({'openai', 'instructor', 'httpx2', 'tiktoken'} & set(sys.modules)), file=sys.stderr)"
    )
    environment = _environment(OPENAI_API_KEY=KEY)
    command = [sys.executable, "-c", script, QUESTION]
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.split("\n")[-2] == "[]"
    with FaultServer(default=answer(writes((DEEP, DEEP)))) as server:
        command += ["-m", "llamacpp:test", "--base-url", server.url]
        done = subprocess.run(
            command, cwd=here, env=environment, capture_output=True, text=True, check=True, timeout=60
        )
    assert "instructor" in done.stderr


def test_keys_go_to_their_server_alone(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RAG_API_KEY and RAG_BASE_URL are the answering model's; a judge elsewhere gets neither."""
    monkeypatch.setenv("RAG_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    with (
        FaultServer(default=answer(writes((DEEP, DEEP)))) as server,
        FaultServer(default=answer(judges("supported"))) as judge,
    ):
        monkeypatch.setenv("OPENAI_BASE_URL", judge.url)
        done = _ask(server, "--judge", "openai:gpt-5")
        assert done.exit_code == 0, done.output
        assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {KEY}"}
        assert f"; judged by openai:gpt-5 at {judge.url} (on this machine).\n" in done.stderr
        assert {request.headers["authorization"] for request in judge.requests} == {"Bearer sk-other"}
        assert KEY not in done.output


# The judge


@pytest.mark.parametrize("arguments", [[], ["--no-stream"], ["--json"]])
def test_a_judge_has_the_last_word(
    here: Path, server: FaultServer, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement that it does not confirm is left out; it is asked about each statement once."""
    with FaultServer(answer(judges("supported")), answer(judges("unsupported"))) as judge:
        done = _ask(server, "--judge", "openai:judge", *arguments, model="llamacpp:test")
        assert done.exit_code == 1  # no key for openai
        assert server.requests == judge.requests == []
        monkeypatch.setenv("OPENAI_BASE_URL", judge.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        done = _ask(server, "--judge", "openai:judge", "-u", *arguments)
        assert len(judge.requests) == 2
    assert done.exit_code == 0, done.output
    assert DEEP in done.stdout
    assert ITALY not in done.stdout.replace("Anna", "")
    assert "Usage: 3 requests, 300 tokens read (120 from the cache) and 60 written" in done.stderr
    if "--json" in arguments:
        assert json.loads(done.stdout)["usage"]["requests"] == 3


def test_a_judge_of_the_same_server_needs_only_a_name(here: Path) -> None:
    """It is asked at the same address."""
    with FaultServer(answer(writes((DEEP, DEEP))), default=answer(judges("supported"))) as server:
        assert _ask(server, "--judge", "llamacpp:other", "--no-stream").exit_code == 0
        assert [body["model"] for body in server.bodies] == ["test", "other"]


def test_a_judge_that_fails_confirms_nothing(here: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a fallback it is an error; with one the sources' own words answer."""
    with FaultServer(default=failure(401)) as judge:
        monkeypatch.setenv("OPENAI_BASE_URL", judge.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        failed = _ask(server, "--judge", "openai:judge")
        helped = _ask(server, "--judge", "openai:judge", "--fallback", "extractive", "--json")
    assert (failed.exit_code, failed.stdout) == (1, "")
    value = json.loads(helped.stdout)
    assert helped.exit_code == 0
    assert value["fallback"].startswith("extractive answered in place of llamacpp:test: ")
    for claim in value["claims"]:
        assert claim["text"] in claim["spans"][0]["quote"]


# Streams


def test_statements_appear_while_the_model_still_writes_and_ctrl_c_keeps_them(here: Path) -> None:
    """The first one is read before the server is done; an interruption leaves it and its source, and ends with 130."""
    content = writes((DEEP, DEEP), (ITALY * 300, ITALY))
    with FaultServer(default=stalled(content, 12_000)) as server:
        command = [*ASK, QUESTION, "-m", "llamacpp:test", "--base-url", server.url]
        process = subprocess.Popen(
            command, cwd=here, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == f"{DEEP} [1]\n"
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        rest, said = process.stdout.read(), process.stderr.read()
        process.stdout.close()
        process.stderr.close()
        assert process.wait(timeout=30) == 130
    assert rest.startswith("\nSources\n[1] Lake Orta\n    seeds/lake.txt:")
    assert said == f"Asking llamacpp:test at {server.url} (on this machine).\n"


def test_a_reader_that_leaves_early_causes_no_noise(here: Path, server: FaultServer) -> None:
    """Ask … | head -1 ends with the code of a broken pipe."""
    command = [*ASK, QUESTION, "-m", "llamacpp:test", "--base-url", server.url]
    process = subprocess.Popen(command, cwd=here, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read().count(b"\n") == 1
    process.stderr.close()
    assert process.wait(timeout=60) == 141


def test_an_answer_that_is_read_in_part_can_be_continued(here: Path, server: FaultServer) -> None:
    """Ask … | head -1: the whole answer is in the history, printed or not."""
    command = [*ASK, QUESTION, "-m", "llamacpp:test", "--no-stream", "--base-url", server.url]
    process = subprocess.Popen(command, cwd=here, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert DEEP in _invoke("history").stdout


def test_a_stream_that_breaks_off_keeps_what_was_verified(here: Path) -> None:
    """What was shown has its source; the error follows on stderr."""
    content = writes((DEEP, DEEP), (ITALY * 300, ITALY))
    with FaultServer(cut(content, 12_000), default=failure(401)) as server:
        done = _ask(server)
    assert done.exit_code == 1
    assert done.stdout.startswith(f"{DEEP} [1]\n\nSources\n[1] Lake Orta\n")
    assert re.search(r"^Error: .+\nHint: .+\n\Z", done.stderr, re.M)


# Failures


@pytest.mark.parametrize(
    ("reply", "arguments"),
    [
        (failure(401), []),
        (failure(404, "No such model."), []),
        (failure(500), ["--timeout", "5"]),
        (failure(429, retry_after="100"), []),
        (hang(), ["--timeout", "0.5"]),
        (empty_choices(), []),
        (answer("", refusal="No."), []),
        (answer("rubbish"), []),
        (answer({"claims": []}, finish_reason="content_filter"), []),
        (answer({"claims": []}, finish_reason="length"), []),
    ],
)
def test_failures_are_one_line_and_a_hint(here: Path, reply: Reply, arguments: list[str]) -> None:
    """Exit code 1 and nothing on stdout; with a fallback the sources answer, and the answer says so."""
    with FaultServer(default=reply) as server:
        done = _ask(server, *arguments)
        assert (done.exit_code, done.stdout) == (1, "")
        assert re.fullmatch(r"Asking .+\nError: .+\nHint: .+\n", done.stderr)
        helped = _ask(server, *arguments, "--fallback", "extractive")
        value = json.loads(_ask(server, *arguments, "--fallback", "extractive", "--json").stdout)
    assert helped.exit_code == 0, helped.output
    assert helped.stdout.startswith("Note: extractive answered in place of llamacpp:test: ")
    assert DEEP in helped.stdout
    assert value["fallback"].startswith("extractive answered in place of llamacpp:test: ")
    assert value["model"] == "extractive"


def test_a_server_that_is_not_there(here: Path) -> None:
    """The hint says how to start it; Markdown says who answered in its place."""
    done = _ask(closed_url())
    assert (done.exit_code, done.stdout) == (1, "")
    assert "llama-server" in done.stderr
    helped = _ask(closed_url(), "--fallback", "extractive", "--format", "markdown")
    assert helped.stdout.startswith("**Note:** extractive answered in place of llamacpp:test: ")


def test_a_fallback_completes_a_stream_that_broke_off(here: Path) -> None:
    """What was shown stays at the top; the note stands before the sources."""
    content = writes((ITALY, ITALY), (DEEP * 300, DEEP))
    with FaultServer(cut(content, 12_000), default=failure(401)) as server:
        done = _ask(server, "--fallback", "extractive")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{ITALY} [1]\n\n")
    note = done.stdout.index("Note: extractive completed the answer of llamacpp:test")
    assert note < done.stdout.index("\nSources\n")
    assert done.stdout.count(ITALY) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-m", "nonsense"], "The model 'nonsense' names no known server."),
        (["-m", "ollama:"], "The model 'ollama:' has no usable name."),
        (["-m", "x", "--base-url", "ftp://x"], "must begin with http:// or https://"),
        (["-m", "x", "--base-url", f"http://me:{KEY}@x/v1"], "holds a user or password"),
        (["-m", "ollama:x", "--fallback", "other"], "RAG_FALLBACK cannot be 'other'"),
        (["-m", "ollama:x", "--timeout", "0"], "RAG_TIMEOUT cannot be 0"),
        (["-m", "ollama:x", "--max-cost", "-1"], "RAG_MAX_COST cannot be -1"),
        (["-m", "ollama:x", "--judge", "nobody"], "The model 'nobody' names no known server."),
        (["-m", "ollama:x", "--record", "a", "--replay", "b"], "--record and --replay were given."),
        (["--judge", "ollama:x"], "--judge was given, and no model."),
        (["--base-url", "http://x/v1"], "--base-url was given, and no model."),
        (["--replay", "a"], "--record or --replay was given, and no model."),
        (["--max-tokens", "5"], "--max-tokens was given, and no model."),
    ],
)
def test_wrong_options_exit_2(here: Path, arguments: list[str], message: str) -> None:
    """Each is named with its value, unless that is a secret; nothing is asked."""
    done = _invoke("ask", QUESTION, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Hint: " in done.stderr
    assert KEY not in done.stderr


# Accounts, limits and recordings


def test_usage_is_summed_over_re_asks(here: Path) -> None:
    """-u shows it on stderr, for a failed question, too; without a model there is none."""
    wrong = writes(("The lake is 9 metres deep.", DEEP))
    with FaultServer(answer(wrong), answer(writes((DEEP, DEEP))), default=failure(401)) as server:
        done = _ask(server, "-u")
        failed = _ask(server, "--usage")
    assert done.stderr.split("\n")[1].startswith(
        "Usage: 2 requests, 200 tokens read (80 from the cache) and 40 written, "
    )
    assert done.stderr.endswith(" s, 0.000000 USD.\n")
    assert "Usage: 1 request, 0 tokens read and 0 written" in failed.stderr
    assert _invoke("ask", QUESTION, "-u").stderr.endswith("\nUsage: no model was asked.\n")


def test_limits_stop_before_the_request(here: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither tokens nor money are spent beyond them; a limit on cost needs a price."""
    monkeypatch.setenv("RAG_API_KEY", KEY)
    for arguments in (["--max-tokens", "100"], ["--max-cost", "0.00001"]):
        done = _ask(server, *arguments, model="openai:gpt-5")
        assert (done.exit_code, done.stdout) == (1, "")
        assert arguments[0] in done.stderr
    done = _ask(server, "--max-cost", "1", model="openai:unheard-of")
    assert "No price is known" in done.stderr
    assert server.requests == []
    Path("prices.toml").write_text('[models]\n"openai:unheard-of" = { input = 10, output = 20 }\n', "utf-8")
    monkeypatch.setenv("RAG_PRICES", "prices.toml")
    done = _ask(server, "--max-cost", "1", "-u", model="openai:unheard-of")
    assert "0.001400 USD." in done.stderr


def test_recordings_are_played_back_without_a_server(
    here: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same answer comes without network and key; another question is an error; the key was never written."""
    monkeypatch.setenv("RAG_API_KEY", KEY)
    recorded = _ask(server, "--record", "answers.jsonl", model="openai:gpt-5")
    assert recorded.exit_code == 0, recorded.output
    assert KEY not in Path("answers.jsonl").read_text("utf-8")
    monkeypatch.delenv("RAG_API_KEY")
    played = _invoke("ask", QUESTION, "-m", "openai:gpt-5", "--replay", "answers.jsonl")
    assert (played.exit_code, played.stdout) == (0, recorded.stdout)
    other = _invoke("ask", "Who lives there?", "-m", "openai:gpt-5", "--replay", "answers.jsonl")
    assert (other.exit_code, other.stdout) == (1, "")
    assert "No answer is recorded" in other.stderr
    assert len(server.requests) == 1


def test_recordings_can_be_set_for_good(here: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """RAG_RECORDINGS asks for what is not recorded, and only for that."""
    monkeypatch.setenv("RAG_RECORDINGS", "answers.jsonl")
    first, second = _ask(server), _ask(server)
    assert first.stdout == second.stdout
    assert len(server.requests) == 1


# Conversations


def test_a_follow_up_is_made_self_contained_by_the_model(here: Path, server: FaultServer) -> None:
    """What was searched is shown on stderr, and what both requests took is one account."""
    assert _ask(server).exit_code == 0
    server.script(answer({"question": "Where does the lake lie?"}))
    done = _ask(server, "-c", "-u", question="and where?")
    assert done.exit_code == 0, done.output
    assert done.stderr.startswith("Searched: Where does the lake lie?\n")
    assert "Usage: 2 requests, 200 tokens read" in done.stderr
    assert "and where?" in json.dumps(server.bodies[1])
    assert "Where does the lake lie?" in server.bodies[2]["messages"][-1]["content"]
    turns = json.loads(_invoke("history", "--json").stdout)["turns"]
    assert [(turn["question"], turn["searched"]) for turn in turns] == [
        ("and where?", "Where does the lake lie?"),
        (QUESTION, QUESTION),
    ]


def test_a_follow_up_is_made_self_contained_by_rules(here: Path) -> None:
    """Without a model, and also when the model fails at it."""
    assert _invoke("ask", "How deep is the lake?").exit_code == 0
    done = _invoke("ask", "-c", "and where is it?")
    assert re.match(r"Searched: .*lake.*\n", done.stderr)
    first = _invoke("ask", "-c", "how high is the lighthouse of Cordouan?", "--home", "elsewhere")
    assert "No earlier question is in the history: asked as it is.\n" in first.stderr


def test_questions_are_kept_unless_told_otherwise(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--no-log, RAG_LOG=false and batches leave no trace; the history can be listed, cut and cleared."""
    Path("q.jsonl").write_text(json.dumps({"id": 1, "question": QUESTION}) + "\n", "utf-8")
    assert _invoke("ask", "--no-log", QUESTION).exit_code == 0
    assert _invoke("ask", "--input", "q.jsonl").exit_code == 0
    monkeypatch.setenv("RAG_LOG", "false")
    assert _invoke("ask", QUESTION).exit_code == 0
    monkeypatch.delenv("RAG_LOG")
    assert _invoke("history").stdout == "No question is in the history.\n"
    assert not Path(".rag/history.sqlite").exists()
    for question in ("How deep is the lake?", "Where does it lie?"):
        _invoke("ask", question)
    listed = _invoke("history").stdout
    assert listed.index("How deep") < listed.index("Where does")
    assert "How deep" not in _invoke("history", "-n", "1").stdout
    assert _invoke("history", "--clear").stdout == "Forgot 2 questions.\n"
    assert json.loads(_invoke("history", "--json").stdout) == {"turns": []}
    assert _invoke("history", "--clear", "-n", "1").exit_code == 2


def test_a_history_that_cannot_be_written_costs_no_answer(here: Path) -> None:
    """The answer is shown, and stderr says why it was not kept; going on with it is an error with a hint."""
    Path(".rag/history.sqlite").write_bytes(b"rubbish" * 1000)
    done = _invoke("ask", "How deep is the lake?")
    assert done.exit_code == 0
    assert DEEP in done.stdout
    assert "Not in the history: The history is damaged" in done.stderr
    going_on = _invoke("ask", "-c", "and where?")
    assert (going_on.exit_code, going_on.stdout) == (1, "")
    assert "rag history --clear" in going_on.stderr
    assert _invoke("history", "--clear").exit_code == 0
    assert _invoke("ask", "-c", "How deep is the lake?").exit_code == 0


def test_a_batch_is_no_conversation(here: Path) -> None:
    """-c and --input exclude each other."""
    done = _invoke("ask", "-c", "--input", "-", stdin="")
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
    done = _invoke(*arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert re.search(r"^Error: q\.jsonl, line 2: .+ RAG_API_KEY", done.stderr, re.M)
    assert "2 written to a.jsonl, 1 not answered.\n" in done.stderr
    assert "Usage: 3 requests, 200 tokens read (80 from the cache) and 40 written" in done.stderr
    again = _invoke(*arguments)
    assert again.exit_code == 0
    assert "1 written to a.jsonl, 2 kept from before.\n" in again.stderr
    written = [json.loads(line) for line in Path("a.jsonl").read_text("utf-8").splitlines()]
    assert [(line["id"], line["model"], line["usage"]["requests"]) for line in written] == [
        (each, "llamacpp:x", 1) for each in range(3)
    ]


def test_limits_hold_for_a_whole_batch(here: Path, server: FaultServer) -> None:
    """What earlier questions took counts: a request that could exceed the limit is not sent."""
    arguments = ["ask", "-m", "llamacpp:x", "--base-url", server.url, "--input", _batch_file(9)]
    probe = _invoke(*arguments[:-1], _batch_file(1), "--max-tokens", "100")
    needed = int(re.search(r"it has up to (\d+)", probe.stderr)[1])  # type: ignore[index]
    done = _invoke(*arguments[:-1], _batch_file(9), "--max-tokens", str(needed + 64 + 150))
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
        quiet = _invoke("doctor")
        assert server.requests == []
        called = _invoke("doctor", "--call-model")
        assert len(server.requests) == 1
    assert quiet.exit_code == called.exit_code == 0, quiet.output
    assert re.search(r"^ok    RAG_MODEL +llamacpp:test \(environment\)$", quiet.stdout, re.M)
    assert re.search(r"^ok    RAG_API_KEY +set \(environment\)$", quiet.stdout, re.M)
    assert f"llamacpp:test at {server.url}, with a key: not called\n" in quiet.stdout
    assert f"llamacpp:test at {server.url}, with a key: answered in " in called.stdout
    dead = _invoke("doctor", "--call-model")
    assert dead.exit_code == 1
    assert re.search(r"^WRONG model +llamacpp:test at .+\n +Hint: .*llama-server", dead.stdout, re.M)
    assert KEY not in quiet.output + called.output + dead.output


def test_doctor_names_what_keeps_a_model_from_being_asked(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing key, a wrong name, a password in an address, no model at all."""
    assert "The model 'openai:gpt-5' needs a key." in _invoke("doctor", "-m", "openai:gpt-5").stdout
    assert "names no known server" in _invoke("doctor", "-m", "x").stdout
    assert _invoke("doctor", "--call-model").exit_code == 1
    monkeypatch.setenv("RAG_BASE_URL", f"http://me:{KEY}@127.0.0.1/v1")
    done = _invoke("doctor", "-m", "x")
    assert done.exit_code == 1
    assert KEY not in done.output


def test_somebody_elses_text_is_checked(here: Path) -> None:
    """Each sentence is told apart; exit code 1 when one is not supported."""
    Path("good.md").write_text("The lake is 143 metres deep.\n", "utf-8")
    Path("bad.md").write_text(
        "The lake is 143 metres deep. The lake is 150 metres deep. Penguins sing operas.\n", "utf-8"
    )
    good = _invoke("check", "good.md", "--sources", "seeds")
    assert (good.exit_code, good.stdout.split("\n")[0]) == (0, "supported     The lake is 143 metres deep.")
    bad = _invoke("check", "bad.md", "--sources", "seeds/lake.txt", "seeds/phare.txt", "--json")
    value = json.loads(bad.stdout)
    assert bad.exit_code == 1
    assert (value["ok"], value["documents"]) == (False, 2)
    assert [sentence["state"] for sentence in value["sentences"]] == ["supported", "contradicted", "not found"]
    assert _invoke("check", "-", "--sources", "seeds", stdin="\ufeffThe lake is 143 metres deep.").exit_code == 0


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
    done = _invoke("check", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr

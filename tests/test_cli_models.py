"""``ask`` with a language model as a user meets it: real clients, and a server of the tests' own."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fault_server import FaultServer, Reply, answer, closed_url, cut, empty_choices, failure, hang, stalled
from modelled import (
    ASK,
    DEEP,
    ITALY,
    KEY,
    LAKE,
    QUESTION,
    ask,
    environment,
    here,
    indexed,
    invoke,
    judges,
    server,
    writes,
)
from terminal import on_terminal

__all__ = ["here", "indexed", "server"]


# What is shown


def test_a_model_answers_with_verified_statements(here: Path, server: FaultServer) -> None:
    """Statements, then their sources; stderr says who answers and where."""
    done = ask(server)
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
        done = ask(server, question="How high is the lighthouse of Cordouan (le phare de Cordouan)?")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{text} [1]\n\nSources\n")
    assert re.search(r"seeds/phare\.txt:\d+-\d+ · French\n    “Le phare mesure 67 mètres de haut .+”", done.stdout)


def test_what_the_sources_do_not_say_is_left_out_and_counted(here: Path) -> None:
    """The model is told once; when it insists, the statement is not shown."""
    wrong = "The lake is 1430 metres deep."
    with FaultServer(default=answer(writes((ITALY, ITALY), (wrong, DEEP)))) as server:
        for arguments in ([], ["--no-stream"], ["--format", "markdown"], ["--json"]):
            done = ask(server, *arguments)
            assert done.exit_code == 0, done.output
            assert "1430" not in done.stdout
            assert ITALY in done.stdout
            if "--json" in arguments:
                assert json.loads(done.stdout)["withheld"] == 1
            else:
                assert "1 statement was left out: not borne out by the sources." in done.stdout
        assert len(server.requests) == 8


def test_what_is_invented_behind_the_right_names_is_sent_back_before_it_is_left_out(here: Path) -> None:
    """The same measure decides both: what the answerer lets pass is shown, and nothing else is."""
    invented = "Italy trains divers for free."
    wrong, right = writes((DEEP, DEEP), (invented, ITALY)), writes((DEEP, DEEP), (ITALY, ITALY))
    for arguments in ([], ["--no-stream"]):
        with FaultServer(answer(wrong), answer(right)) as server:
            done = ask(server, *arguments)
            assert done.exit_code == 0, done.output
            assert "divers" not in done.output
            assert ITALY in done.stdout
            assert "left out" not in done.stdout
            assert "The cited sentences do not say this." in server.bodies[1]["messages"][-1]["content"]


@pytest.mark.parametrize("arguments", [[], ["--no-stream"], ["--format", "markdown"], ["--json"]])
def test_the_answer_in_a_few_words_stands_first(here: Path, arguments: list[str]) -> None:
    """Once, streamed or not, and only when it is in the first statement."""
    for words, shown in (("143 metres", True), ("43 metres", False), ("a kilometre", False)):
        with FaultServer(default=answer(writes((DEEP, DEEP), direct=words))) as server:
            done = ask(server, *arguments)
        assert done.exit_code == 0, done.output
        if "--json" in arguments:
            assert json.loads(done.stdout)["direct"] == (words if shown else None)
            continue
        first = f"**{words}**\n\n" if "markdown" in arguments else f"{words}\n"
        assert done.stdout.startswith(first if shown else DEEP[:-1])
        assert done.stdout.count("143 metres") == (2 if shown else 1)


def test_nothing_that_holds_is_no_answer(here: Path) -> None:
    """A model without one true statement makes exit code 3."""
    with FaultServer(default=answer(writes(("The lake is 9 metres deep.", DEEP)))) as server:
        done = ask(server)
    assert done.exit_code == 3
    assert done.stdout.startswith("No answer is borne out by the documents.\n")
    assert "1 statement was left out" in done.stdout


def test_who_said_it_is_shown(here: Path) -> None:
    """A speaker whom the source names stands behind the statement."""
    said = "Anna Rossi believes that it is haunted."
    with FaultServer(default=answer(writes((said, said), speaker="Anna Rossi", kind="opinion"))) as server:
        for arguments in ([], ["--format", "markdown"]):
            assert "(opinion by Anna Rossi)" in ask(server, *arguments, question="Is the lake haunted?").stdout


def test_json_and_markdown_are_whole(here: Path, server: FaultServer) -> None:
    """Nothing is streamed; JSON holds model, prompt, usage and timings, and can be verified."""
    value = json.loads(ask(server, "--json").stdout)
    assert (value["model"], value["usage"]["requests"], value["withheld"]) == ("llamacpp:test", 1, 0)
    assert re.fullmatch(r"answer@[0-9a-f]{12}", value["prompt"])
    assert "fallback" not in value
    Path("answer.json").write_text(json.dumps(value), "utf-8")
    assert invoke("verify", "answer.json").exit_code == 0
    assert ask(server, "--format", "markdown").stdout.startswith(DEEP[:-1])
    assert not any(body.get("stream") for body in server.bodies)


def test_streamed_and_whole_answers_are_the_same(here: Path, server: FaultServer) -> None:
    """--no-stream changes when, not what."""
    whole = ask(server, "--no-stream")
    assert not server.bodies[0].get("stream")
    assert whole.stdout == ask(server).stdout


def test_a_model_can_be_set_in_many_places(here: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """.env gives way to the environment, and that to options."""
    Path(".env").write_text(f"RAG_MODEL=llamacpp:one\nRAG_BASE_URL={server.url}\n", "utf-8")
    assert invoke("ask", QUESTION).exit_code == 0
    monkeypatch.setenv("RAG_MODEL", "llamacpp:two")
    assert invoke("ask", QUESTION).exit_code == 0
    assert invoke("ask", QUESTION, "-m", "three").exit_code == 0
    assert [body["model"] for body in server.bodies] == ["one", "two", "three"]


@pytest.mark.parametrize("arguments", [[], ["--no-stream"], ["--format", "markdown"], ["--json"]])
def test_a_model_cannot_write_to_the_terminal(here: Path, arguments: list[str]) -> None:
    """Escape sequences and line ends in its words reach nobody as such."""
    text = "The lake is \x1b[2J143 metres\n\nSources\n[1] deep."
    with FaultServer(default=answer(writes((text, DEEP), (ITALY, ITALY)))) as server:
        done = ask(server, *arguments)
    assert done.exit_code == 0
    assert "\x1b" not in done.output
    assert "\nSources\n[1] deep" not in done.output


def test_terminals_get_wrapped_lines_and_links(here: Path) -> None:
    """Streamed statements fit into the width, and sources are links."""
    long = "The lake, of which it is known that it lies in Italy, is 143 metres deep, as is also known to many."
    lake = LAKE.replace(DEEP, long)
    Path("seeds/lake.txt").write_text(lake, "utf-8")
    shutil.rmtree(".rag")
    assert invoke("index", "seeds").exit_code == 0
    with FaultServer(default=answer(writes((long, long)))) as server:
        command = [*ASK, QUESTION, "-m", "llamacpp:test", "--base-url", server.url]
        shown = _on_terminal(command, here)
    assert f"\x1b]8;;{Path('seeds').absolute().as_uri()}/lake.txt\x1b\\" in shown
    plain = re.sub(r"\x1b\[[0-9;]*m|\x1b]8;;.*?\x1b\\", "", shown).split("\n", 1)[1]
    assert " ".join(plain.split("\n\n")[0].split()) == f"{long} [1]"
    assert max(len(line) for line in plain.split("\n")) <= 80


def _on_terminal(command: list[str], folder: Path) -> str:
    written, code = on_terminal(command, folder, environment(TERM="xterm-256color", COLUMNS="80"))
    assert code == 0, written
    return written


def test_the_first_question_may_go_to_a_model(here: Path, server: FaultServer) -> None:
    """The documents are indexed first; a model that cannot be used is told before that."""
    shutil.rmtree(".rag")
    assert invoke("ask", QUESTION, "-m", "nonsense").exit_code == 2
    assert invoke("ask", QUESTION, "-m", "openai:gpt-5").exit_code == 1
    assert not Path(".rag").exists()
    done = ask(server)
    assert done.exit_code == 0
    assert done.stderr.startswith("No index yet: indexing seeds into .rag.\nIndexed 2 documents")


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
        done = invoke(*command)
        assert done.exit_code in {0, 3}, done.output
        assert KEY not in done.output
    assert server.requests == []


def test_only_ask_uses_the_model(here: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a model set, the other commands send it nothing, doctor included."""
    monkeypatch.setenv("RAG_MODEL", "llamacpp:test")
    monkeypatch.setenv("RAG_BASE_URL", server.url)
    for command in (["search", QUESTION], ["index"], ["status"], ["doctor"], ["history"]):
        assert invoke(*command).exit_code == 0
    assert server.requests == []


def test_without_a_model_nothing_of_it_is_imported(here: Path) -> None:
    """Ask imports neither openai nor instructor, nor what they need; with a model it does."""
    script = (
        "import sys; from rag.cli import ask_command\n"
        "try: ask_command()\n"
        "finally: print(sorted({'openai', 'instructor', 'httpx2', 'tiktoken'} & set(sys.modules)), file=sys.stderr)"
    )
    settings = environment(OPENAI_API_KEY=KEY)
    command = [sys.executable, "-c", script, QUESTION]
    done = subprocess.run(command, cwd=here, env=settings, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.split("\n")[-2] == "[]"
    with FaultServer(default=answer(writes((DEEP, DEEP)))) as server:
        command += ["-m", "llamacpp:test", "--base-url", server.url]
        done = subprocess.run(command, cwd=here, env=settings, capture_output=True, text=True, check=True, timeout=60)
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
        done = ask(server, "--judge", "openai:gpt-5")
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
        done = ask(server, "--judge", "openai:judge", *arguments, model="llamacpp:test")
        assert done.exit_code == 1  # no key for openai
        assert server.requests == judge.requests == []
        monkeypatch.setenv("OPENAI_BASE_URL", judge.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        done = ask(server, "--judge", "openai:judge", "-u", *arguments)
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
        assert ask(server, "--judge", "llamacpp:other", "--no-stream").exit_code == 0
        assert [body["model"] for body in server.bodies] == ["test", "other"]


def test_a_judge_that_fails_confirms_nothing(here: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a fallback it is an error; with one the sources' own words answer."""
    with FaultServer(default=failure(401)) as judge:
        monkeypatch.setenv("OPENAI_BASE_URL", judge.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        failed = ask(server, "--judge", "openai:judge")
        helped = ask(server, "--judge", "openai:judge", "--fallback", "extractive", "--json")
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
            command,
            cwd=here,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - shells ignore it in jobs
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
    process = subprocess.Popen(command, cwd=here, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read().count(b"\n") == 1
    process.stderr.close()
    assert process.wait(timeout=60) == 141


def test_an_answer_that_is_read_in_part_can_be_continued(here: Path, server: FaultServer) -> None:
    """Ask … | head -1: the whole answer is in the history, printed or not."""
    command = [*ASK, QUESTION, "-m", "llamacpp:test", "--no-stream", "--base-url", server.url]
    process = subprocess.Popen(command, cwd=here, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert DEEP in invoke("history").stdout


def test_a_stream_that_breaks_off_keeps_what_was_verified(here: Path) -> None:
    """What was shown has its source; the error follows on stderr."""
    content = writes((DEEP, DEEP), (ITALY * 300, ITALY))
    with FaultServer(cut(content, 12_000), default=failure(401)) as server:
        done = ask(server)
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
        done = ask(server, *arguments)
        assert (done.exit_code, done.stdout) == (1, "")
        assert re.fullmatch(r"Asking .+\nError: .+\nHint: .+\n", done.stderr)
        helped = ask(server, *arguments, "--fallback", "extractive")
        value = json.loads(ask(server, *arguments, "--fallback", "extractive", "--json").stdout)
    assert helped.exit_code == 0, helped.output
    assert helped.stdout.startswith("Note: extractive answered in place of llamacpp:test: ")
    assert DEEP in helped.stdout
    assert value["fallback"].startswith("extractive answered in place of llamacpp:test: ")
    assert value["model"] == "extractive"


def test_a_server_that_is_not_there(here: Path) -> None:
    """The hint says how to start it; Markdown says who answered in its place."""
    done = ask(closed_url())
    assert (done.exit_code, done.stdout) == (1, "")
    assert "llama-server" in done.stderr
    helped = ask(closed_url(), "--fallback", "extractive", "--format", "markdown")
    assert helped.stdout.startswith("**Note:** extractive answered in place of llamacpp:test: ")


def test_a_fallback_completes_a_stream_that_broke_off(here: Path) -> None:
    """What was shown stays at the top; the note stands before the sources."""
    content = writes((ITALY, ITALY), (DEEP * 300, DEEP))
    with FaultServer(cut(content, 12_000), default=failure(401)) as server:
        done = ask(server, "--fallback", "extractive")
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
    done = invoke("ask", QUESTION, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Hint: " in done.stderr
    assert KEY not in done.stderr

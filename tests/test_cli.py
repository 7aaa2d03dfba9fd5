"""The commands as a user meets them: what they print where, and how they end."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from terminal import on_terminal
from typer.testing import CliRunner, Result

from rag import __version__
from rag.cli import app

ROOT = Path(__file__).parent.parent
QUESTION = "Which company did Xiaomi sign an AI partnership with earlier this week?"
ASK = [sys.executable, "-c", "from rag.cli import ask_command; ask_command()"]
RAG = [sys.executable, "-m", "rag.cli"]


def _environment(**more: str) -> dict[str, str]:
    """The environment without settings of the developer's own, importing the package from the checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAG_", "OPENAI_"))}
    unset = {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}
    return {name: value for name, value in kept.items() if name not in unset} | {"PYTHONPATH": str(ROOT)} | more


def _run(command: list[str], folder: Path, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: PLW1510 - tests look at the code
        command,
        cwd=folder,
        input=stdin,
        env=_environment(**more),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the seeds, indexed; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("seeded")
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    done = _run([*RAG, "index", "seeds"], folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in this process see no settings of the developer's own."""
    for name in os.environ:
        if name.startswith(("RAG_", "OPENAI_")):
            monkeypatch.delenv(name)


@pytest.fixture
def here(seeded: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The indexed folder as the current one."""
    monkeypatch.chdir(seeded)
    return seeded


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with two small documents in seeds/, not indexed, as the current one."""
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "lake.txt").write_text(
        "Lake Orta\n\nThe lake is 143 metres deep. It lies in Italy.\n", "utf-8"
    )
    (tmp_path / "seeds" / "tower.txt").write_text("The tower was finished in 1889. It is made of iron.\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _invoke(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


# Start-up and help


@pytest.mark.parametrize(
    ("entry", "arguments", "light"),
    [
        ("ask_command", ["--help"], set()),
        ("main", ["--help"], set()),
        ("main", ["--version"], set()),
        ("main", ["history", "--help"], {"pydantic"}),
        ("main", ["check", "--help"], {"pydantic"}),
        ("main", ["index", "--help"], {"pydantic"}),  # typer itself checks the options before the command with it
    ],
)
def test_help_imports_no_heavy_part(entry: str, arguments: list[str], light: set[str]) -> None:
    """--help appears without the libraries that take long to import."""
    heavy = {
        "chromadb",
        "onnxruntime",
        "openai",
        "instructor",
        "numpy",
        "pydantic",
        "rich",
        "sqlite3",
        "tantivy",
    } - light
    script = (
        f"import sys; sys.argv = ['rag', *{arguments!r}]\n"
        f"from rag.cli import {entry}\n"
        f"try: {entry}()\n"
        f"finally: print(sorted({heavy!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = _run([sys.executable, "-c", script], ROOT)
    assert (done.returncode, done.stderr) == (0, "[]\n")


@pytest.mark.parametrize("command", ["ask", "search", "index", "verify", "check", "history", "status", "doctor"])
def test_examples_stand_first_in_help(command: str) -> None:
    """After one sentence come the examples, each on its own line, before any option."""
    lines = [line.strip() for line in _invoke(command, "--help").stdout.split("\n")]
    assert lines[4] == "Examples:"
    assert lines[5].startswith(("ask ", f"rag {command}"))
    assert lines.index("Options:") > 6


def test_ask_is_rag_ask(here: Path) -> None:
    """Both commands have the same options and the same answer."""
    alone, inside = _run([*ASK, "--help"], here), _run([*RAG, "ask", "--help"], here)
    assert alone.stdout.split("\n")[1:] == inside.stdout.split("\n")[1:]
    assert _run([*ASK, "--version"], here).stdout == f"spanwise {__version__}\n"
    assert _run([*ASK, QUESTION], here).stdout == _invoke("ask", QUESTION).stdout


# Asking


def test_answers_go_to_stdout_and_the_rest_to_stderr(here: Path) -> None:
    """The answer cites numbered sources; stderr names the answerer."""
    done = _invoke("ask", QUESTION)
    assert done.exit_code == 0
    answer, _, sources = done.stdout.partition("\n\nSources\n")
    assert answer.endswith("]")
    assert re.search(r"^\[1\] .+\n    seeds/00\d_[0-9a-f]+\.txt:\d+-\d+ · (English|French|Indonesian)", sources)
    assert done.stderr == "Extractive answerer: sentences of the sources, word for word; no model wrote anything.\n"
    assert "\x1b" not in done.output


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["--json", *QUESTION.split()], None),
        ([*QUESTION.split()[:3], "--json", *QUESTION.split()[3:]], None),
        ([QUESTION, "--format", "json"], None),
        (["--json"], QUESTION + "\n"),
        (["--json", "-"], "\ufeff" + QUESTION),
        (["--json", "--", *QUESTION.split()], None),
    ],
)
def test_a_question_can_come_in_many_ways(here: Path, arguments: list[str], stdin: str | None) -> None:
    """As one argument or several, options anywhere, on stdin with and without "-": the same answer."""
    value = json.loads(_invoke("ask", *arguments, stdin=stdin).stdout)
    assert (value["schema"], value["question"]) == ("answer/1", QUESTION)
    assert value["claims"]


def test_every_span_is_exact(here: Path) -> None:
    """The quotation is what stands in the file between its offsets."""
    for claim in json.loads(_invoke("ask", QUESTION, "--json").stdout)["claims"]:
        for span in claim["spans"]:
            text = (here / span["document"]).read_bytes().decode()
            assert text[span["start"] : span["end"]] == span["quote"]


def test_a_question_may_begin_with_a_dash(here: Path) -> None:
    """After "--" nothing is taken for an option."""
    assert json.loads(_invoke("ask", "--json", "--", "-5 laptops?").stdout)["question"] == "-5 laptops?"


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("", "The question is empty."),
        (" \n\t ", "The question is empty."),
        ("?!…", "The question '?!…' has no words."),
        ("a" * 100_000, "The question has 100,000 characters; at most 2,000 can be asked."),
    ],
)
@pytest.mark.parametrize("command", ["ask", "search"])
def test_questions_that_cannot_be_asked(own: Path, command: str, question: str, message: str) -> None:
    """Exit code 2, one line and a hint, whether as an argument or on stdin; nothing is indexed for it."""
    for done in (_invoke(command, question), _invoke(command, stdin=question)):
        assert (done.exit_code, done.stdout) == (2, "")
        assert re.fullmatch(rf"Error: {re.escape(message)}\nHint: .+\n", done.stderr)
    assert not (own / ".rag").exists()


def test_unanswerable_questions_exit_3(here: Path) -> None:
    """The documents do not say: nothing is made up, the nearest passages are shown as such."""
    done = _invoke("ask", "How many penguins live in Antarctica?")
    assert done.exit_code == 3
    assert done.stdout.startswith("The documents do not say.\n")
    assert "Nearest passages (not an answer)" in done.stdout


def test_markdown_and_explanations(here: Path) -> None:
    """Markdown has its list of sources; --explain shows the ranks on stderr."""
    done = _invoke("ask", QUESTION, "--format", "markdown", "--explain", "-k", "4")
    assert "\n## Sources\n\n1. **" in done.stdout
    table = done.stderr.split("\n\n")[1].rstrip().split("\n")
    assert len(table) == 5
    assert "[1]" in done.stderr


def test_filters_narrow_what_is_answered_from(here: Path) -> None:
    """By source language, by document however it is named, and by date."""
    french = json.loads(_invoke("search", "Xiaomi", "--lang", "FR", "--json").stdout)["hits"]
    assert {hit["language"] for hit in french} == {"fr"}
    name = "seeds/003_ab6f8b3dd4b1febe.txt"
    for given in (name, f"./{name}", name[6:], "003", str(here / name)):
        hits = json.loads(_invoke("search", "Xiaomi", "--document", given, "--json").stdout)["hits"]
        assert {hit["document"] for hit in hits} == {name}
    folder = json.loads(_invoke("search", "Xiaomi", "--document", "seeds/", "--json", "-k", "20").stdout)["hits"]
    assert len({hit["document"] for hit in folder}) == 5
    nothing = _invoke("search", "Xiaomi", "--before", "1999-12-31", "--json")
    assert (nothing.exit_code, json.loads(nothing.stdout)["hits"]) == (3, [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--lang", "de"], "No document is in the language 'de'.\nHint: Languages here: en (English), fr (French), id"),
        (["--document", "nope"], "No document is called 'nope'."),
        (["--after", "2020-01-01", "--before", "2019-01-01"], "No day is after 2020-01-01 and before 2019-01-01."),
        (["--after", "yesterday"], "--after"),
        (["-k", "0"], "-k"),
        (["--format", "pdf"], "--format"),
        (["--json", "--format", "markdown"], "--json and --format markdown were given."),
        (["--output", "x"], "--output belongs to a batch."),
        (["--input", "x"], "--input and a question were given."),
        (["--bogus"], "--bogus"),
    ],
)
def test_wrong_options_exit_2(here: Path, arguments: list[str], message: str) -> None:
    """Each wrong option is named on stderr; stdout stays empty."""
    done = _invoke("ask", QUESTION, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr


# First use, changes, indexing


def test_first_question_indexes_the_seeds(own: Path) -> None:
    """Without an index seeds/ is indexed, which stderr says; the second question finds the index."""
    first = _run([*ASK, "how deep is the lake?"], own)
    assert first.returncode == 0
    assert "The lake is 143 metres deep." in first.stdout
    lines = first.stderr.split("\n")
    assert lines[0] == "No index yet: indexing seeds into .rag."
    assert re.fullmatch(r"Indexed 2 documents \(\d passages\) in \d+\.\d s\.", lines[1])
    second = _invoke("ask", "how deep is the lake?")
    assert second.stdout == first.stdout
    assert "index" not in second.stderr


def test_nothing_to_index_exits_4(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither an index nor seeds/: the command to run is named, for every command that reads."""
    monkeypatch.chdir(tmp_path)
    for arguments in (["ask", QUESTION], ["search", QUESTION], ["status"], ["index"]):
        done = _invoke(*arguments)
        assert (done.exit_code, done.stdout) == (4, "")
        assert "rag index PATH" in done.stderr
    assert not (tmp_path / ".rag").exists()


def test_other_folders_can_be_named(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RAG_CORPUS is indexed at first use, --home says where the index is."""
    (own / "seeds").rename(own / "notes")
    monkeypatch.setenv("RAG_CORPUS", f"nowhere{os.pathsep}notes")
    done = _invoke("ask", "how deep is the lake?", "--home", "elsewhere")
    assert done.exit_code == 0
    assert "notes/lake.txt" in done.stdout
    assert (own / "elsewhere").is_dir()
    assert not (own / ".rag").exists()


def test_indexing_reports_what_happened_and_questions_notice_changes(own: Path) -> None:
    """Added, changed, renamed and removed files are listed; before that, a question says that files differ."""
    assert re.match(r"\+ seeds/lake\.txt\n\+ seeds/tower\.txt\n2 added; \d passages", _invoke("index").stdout)
    assert re.match(r"2 unchanged; 0 passages", _invoke("index").stdout)
    (own / "seeds" / "lake.txt").write_text("The lake is 144 metres deep.\n", "utf-8")
    (own / "seeds" / "tower.txt").rename(own / "seeds" / "eiffel.txt")
    (own / "seeds" / "new.txt").write_text("New things happen.\n", "utf-8")
    (own / "seeds" / "bad.txt").write_bytes(b"%PDF-\x00\x01")
    asked = _invoke("ask", "how deep is the lake?")
    assert (
        "Files differ from the index (3 new, 1 changed, 1 removed); bring it up to date with: rag index" in asked.stderr
    )
    assert "changed" in _invoke("status").stdout
    done = _invoke("index")
    assert done.exit_code == 1
    assert done.stdout.startswith(
        "+ seeds/new.txt\n~ seeds/lake.txt\n> seeds/tower.txt -> seeds/eiffel.txt\n1 added, 1 changed"
    )
    assert re.match(r"Not indexed: seeds/bad\.txt: .+", done.stderr)


def test_status_counts(here: Path) -> None:
    """Documents, passages, languages, place and changes, for people and as JSON."""
    value = json.loads(_invoke("status", "--json").stdout)
    assert value["documents"] == 5
    assert sum(value["languages"].values()) == value["chunks"]
    assert value["roots"] == [str(here / "seeds")]
    assert value["changes"] == {"added": [], "changed": [], "removed": []}
    text = _invoke("status").stdout
    assert re.search(r"^Documents +5 \(\d+ passages\)$", text, re.M)
    assert "Changes since  none" in text


def test_doctor_finds_nothing_wrong_and_shows_no_key(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions, settings with their origin and the index are listed; a key is said to be set, never shown."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("RAG_K", "9")
    done = _invoke("doctor")
    assert done.exit_code == 0, done.output
    assert re.search(r"^ok    OPENAI_API_KEY +set \(environment\)$", done.stdout, re.M)
    assert re.search(r"^ok    RAG_K +9 \(environment\)$", done.stdout, re.M)
    assert re.search(r"^ok    index +5 documents, \d+ passages; ", done.stdout, re.M)
    assert "secret" not in done.output + _invoke("doctor", "--json").output


def test_doctor_exits_1_when_the_index_is_damaged(own: Path) -> None:
    """A manifest that can't be read is named with the command that rebuilds it."""
    _invoke("index")
    [manifest] = (own / ".rag").glob("index-*/sources.sqlite")
    for log in manifest.parent.glob("sources.sqlite-*"):
        log.unlink()
    manifest.write_bytes(b"rubbish" * 1000)
    done = _invoke("doctor", "--json")
    value = json.loads(done.stdout)
    assert (done.exit_code, value["ok"]) == (1, False)
    [wrong] = [check for check in value["checks"] if check["state"] == "wrong"]
    assert "rag index --rebuild" in wrong["hint"]
    asked = _invoke("ask", QUESTION)
    assert asked.exit_code == 1
    assert "rag index --rebuild" in asked.stderr


# Verifying


def test_answers_can_be_verified_later(own: Path) -> None:
    """Intact at first; then moved, changed and missing as the file is edited and removed."""
    answer = _invoke("ask", "how deep is the lake?", "--json").stdout
    (own / "answer.json").write_text(answer, "utf-8")
    assert _invoke("verify", "answer.json").stdout.endswith("\n1 intact\n")
    lake = own / "seeds" / "lake.txt"
    lake.write_text("Preface. " + lake.read_text("utf-8"), "utf-8")
    moved = _invoke("verify", "-", stdin=answer)
    assert (moved.exit_code, moved.stdout.split("\n")[-2]) == (0, "1 moved")
    lake.write_text("Dry.", "utf-8")
    changed = _invoke("verify", "answer.json", "--json")
    assert changed.exit_code == 1
    assert json.loads(changed.stdout)["changed"] == 1
    lake.unlink()
    missing = _invoke("verify", "answer.json")
    assert (missing.exit_code, missing.stdout.split("\n")[-2]) == (1, "1 missing")


def test_verifying_needs_no_index(own: Path) -> None:
    """Without an index the files below the current folder count; hostile input is a usage error."""
    answer = _invoke("ask", "how deep is the lake?", "--json").stdout
    shutil.rmtree(own / ".rag")
    assert _invoke("verify", "-", stdin=answer).exit_code == 0
    for text in ("", "{", "[]", answer.replace("answer/1", "answer/9"), answer.replace('"start": ', '"start": -')):
        done = _invoke("verify", "-", stdin=text)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith("Error: ")
    assert _invoke("verify", "none.json").exit_code == 2


# Batches


def test_batches_answer_line_by_line(here: Path, tmp_path: Path) -> None:
    """Answers carry their ids, unanswerable ones too; a bad line makes exit code 1; a second run asks nothing anew."""
    source, target = tmp_path / "q.jsonl", tmp_path / "a.jsonl"
    lines = [{"id": 1, "question": QUESTION}, {"id": "two", "question": "How many penguins live in Antarctica?"}]
    source.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    done = _invoke("ask", "--input", str(source), "--output", str(target))
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == f"2 written to {target}.\n"
    written = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert [(line["id"], line["schema"], line["question"]) for line in written] == [
        (line["id"], "answer/1", line["question"]) for line in lines
    ]
    assert _invoke("verify", str(target)).exit_code == 0
    with source.open("a") as file:
        file.write("nonsense\n")
        file.write(json.dumps({"id": 3, "question": "Xiaomi?", "documents": ["nope"]}) + "\n")
    again = _invoke("ask", "--input", str(source), "--output", str(target))
    assert again.exit_code == 1
    assert "line 3: not JSON" in again.stderr
    assert "line 4: No document is called 'nope'." in again.stderr
    assert again.stderr.endswith(f"0 written to {target}, 2 kept from before, 2 bad lines.\n")


def test_search_batches_have_the_hits(here: Path) -> None:
    """The line of a search has the promised fields, and "documents" narrows it."""
    line = {"id": "a", "question": "Xiaomi", "documents": ["003"]}
    done = _invoke("search", "--input", "-", "-k", "2", stdin=json.dumps(line))
    value = json.loads(done.stdout)
    assert list(value) == ["id", "question", "hits"]
    assert [hit["rank"] for hit in value["hits"]] == [1, 2]
    for hit in value["hits"]:
        assert {"document", "start", "end", "text", "language", "score", "dense_rank", "lexical_rank"} <= set(hit)
        assert (here / hit["document"]).read_bytes().decode()[hit["start"] : hit["end"]] == hit["text"]


# Terminals, pipes and signals


def _on_terminal(command: list[str], folder: Path, **more: str) -> str:
    return on_terminal(command, folder, _environment(TERM="xterm-256color", COLUMNS="70", **more))[0]


def test_terminals_show_links_and_wrapped_lines(here: Path) -> None:
    """Source names are links to the file, headings are bold, and no line is wider than the terminal."""
    shown = _on_terminal([*ASK, QUESTION], here)
    assert f"\x1b]8;;{(here / 'seeds').as_uri()}/" in shown
    assert "\x1b[1mSources\x1b[0m" in shown
    plain = re.sub(r"\x1b\[[0-9;]*m|\x1b]8;;.*?\x1b\\", "", shown)
    answer = plain.partition("word for word.\n")[2]
    assert max(len(line) for line in answer.split("\n")) <= 70
    assert "\x1b[1m" not in _on_terminal([*ASK, QUESTION], here, NO_COLOR="1")


def test_no_question_on_a_terminal_is_a_usage_error(here: Path) -> None:
    """Nobody is left waiting for input that they do not know of."""
    shown = _on_terminal(ASK, here)
    assert shown.startswith('Error: There is no question.\nHint: Ask in words: ask "')


def test_progress_is_shown_on_terminals_only(own: Path) -> None:
    """Indexing draws a bar and takes it away again; in a pipe nothing of it appears."""
    shown = _on_terminal([*RAG, "index"], own)
    assert "] 2/2 seeds/tower.txt" in shown
    assert shown.index("] 2/2") < shown.rindex("\r\x1b[K") < shown.index("+ seeds/lake.txt")
    assert _invoke("index", "--rebuild").stderr == ""


def test_a_reader_that_leaves_early_causes_no_noise(here: Path) -> None:
    """With ask … | head -1 nothing is said; the exit code is that of a broken pipe."""
    command = [*RAG, "search", "Xiaomi", "-k", "45", "--json"]
    process = subprocess.Popen(command, cwd=here, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 141


def test_a_full_disk_is_one_line(here: Path) -> None:
    """An output that can't be written is an error, never a traceback."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(  # noqa: PLW1510
            [*RAG, "status"], cwd=here, env=_environment(), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert (done.returncode, done.stderr) == (1, "Error: The output cannot be written: No space left on device.\n")


def _unread(pipe: IO[bytes]) -> int:
    """How many bytes the other end has not read yet."""
    count: int = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]
    return count


def test_interrupting_ends_with_130(here: Path) -> None:
    """Ctrl-C while a question is read: no traceback, and the exit code of an interruption."""
    process = subprocess.Popen(
        ASK,
        cwd=here,
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - shells ignore it in jobs
    )
    assert process.stdin is not None
    process.stdin.write(b"who ")
    process.stdin.flush()
    while _unread(process.stdin):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=60)
    assert (process.returncode, output) == (130, (b"", b""))


def test_narrow_encodings_do_not_fail(here: Path) -> None:
    """With an ASCII stdout the text is readable and JSON still says the same."""
    text = _run([*ASK, QUESTION], here, PYTHONIOENCODING="ascii")
    assert (text.returncode, text.stdout.isascii()) == (0, True)
    narrow: Any = json.loads(_run([*ASK, QUESTION, "--json"], here, PYTHONIOENCODING="ascii").stdout)
    wide: Any = json.loads(_invoke("ask", QUESTION, "--json").stdout)
    assert narrow["claims"] == wide["claims"]


def test_errors_are_one_line_and_debug_shows_the_traceback(own: Path) -> None:
    """What was not foreseen is named in one line; --debug tells where it happened."""
    (own / ".env").write_bytes(b"RAG_K=\xff")
    done = _invoke("ask", QUESTION)
    assert done.exit_code in {1, 2}
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 2
    assert "Traceback" in _invoke("ask", QUESTION, "--debug").stderr

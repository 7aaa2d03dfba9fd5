"""What the tests of commands with a language model share: two documents, a server that answers, and ways to ask."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_server import FaultServer, answer
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
        [sys.executable, "-m", "rag.cli", "index", "seeds"], cwd=folder, env=environment(), check=True
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


def environment(**more: str) -> dict[str, str]:
    """The environment without settings of the developer's own, importing the package from the checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAG_", "OPENAI_"))}
    return kept | {"PYTHONPATH": str(ROOT)} | more


def invoke(*arguments: str, stdin: str | None = None) -> Result:
    """What came of a command, run in this process."""
    return CliRunner().invoke(app, list(arguments), input=stdin)


def ask(server: FaultServer | str, *arguments: str, question: str = QUESTION, model: str = "llamacpp:test") -> Result:
    """What came of a question to a model."""
    url = server if isinstance(server, str) else server.url
    return invoke("ask", question, "-m", model, "--base-url", url, *arguments)


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

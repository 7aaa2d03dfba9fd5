"""Recorded exchanges: taken over real HTTP, kept in a file, played back without a server."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import fault_server as fs
import pytest
from fault_server import FaultServer, answer, failure
from pydantic import BaseModel

from rag.errors import ModelError, RecordingError
from rag.model_client import ModelClient
from rag.recordings import Recording, RecordingMode
from rag.servers import read_model

KEY = "sk-secret-0123456789"
NOWHERE = fs.closed_url()


class Found(BaseModel):
    """What the model fills in."""

    words: list[str]


def messages(text: str) -> list[dict[str, str]]:
    """One question."""
    return [{"role": "user", "content": text}]


def client(path: Path, mode: RecordingMode, url: str = NOWHERE, key: str | None = None, **options: Any) -> ModelClient:
    """A client that goes through the recording; without a server and a key unless they are given."""
    return ModelClient.open(read_model("openai:gpt-5", url, key), transport=Recording(path, mode), **options)


def ask(model: ModelClient, text: str) -> list[str]:
    """The words found, and a fresh start for the next question."""
    model.begin()
    return model.complete(messages(text), Found).words


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that does not exist yet."""
    return tmp_path / "recordings" / "answers.jsonl"


def test_what_was_recorded_is_played_back_without_a_server_or_a_key(path: Path) -> None:
    """Answers, their usage and streams come back the same."""
    script = [answer({"words": ["é", "b"]}), answer({"words": ["c"]})]
    with FaultServer(*script) as server, client(path, "record", server.url, KEY) as model:
        assert ask(model, "one") == ["é", "b"]
        first = model.usage.frozen()
        streamed = list(model.stream(messages("two"), Found, "words"))
    with client(path, "replay") as model:
        assert ask(model, "one") == ["é", "b"]
        again = model.usage.frozen()
        assert (again.requests, again.input_tokens, again.cost) == (1, first.input_tokens, first.cost)
        assert list(model.stream(messages("two"), Found, "words")) == streamed == ["c", Found(words=["c"])]
        assert ask(model, "one") == ["é", "b"]


def test_refusals_and_re_asks_are_played_back_in_order_and_without_waiting(path: Path) -> None:
    """Two refusals, then a wrong answer, then a right one: the same requests, without the waits in between."""
    refusals = [failure(429, retry_after="0.01"), failure(503, retry_after="0.01")]
    script = [*refusals, answer({"word": 1}), answer({"words": ["a"]})]
    with FaultServer(*script) as server, client(path, "record", server.url, KEY) as model:
        assert ask(model, "one") == ["a"]
        assert model.usage.requests == 4
    with client(path, "replay") as model:
        started = time.monotonic()
        assert ask(model, "one") == ["a"]
        assert time.monotonic() - started < 0.7  # two waits of the usual length take 0.75 s or more
        assert model.usage.requests == 4
    assert [json.loads(line)["response"]["status"] for line in path.read_text().splitlines()] == [429, 503, 200, 200]


@pytest.mark.parametrize("change", ["words of the question", "model", "schema"])
def test_replay_is_strict(path: Path, change: str) -> None:
    """Another message, model or schema has no recorded answer, and nothing is sent."""

    class Other(BaseModel):
        words: list[int]

    with FaultServer(answer({"words": ["a"]})) as server, client(path, "record", server.url, KEY) as model:
        ask(model, "one")
    spec = read_model("openai:gpt-4o" if change == "model" else "openai:gpt-5", NOWHERE)
    with ModelClient.open(spec, transport=Recording(path, "replay")) as model:
        text = "other" if change == "words of the question" else "one"
        with pytest.raises(RecordingError, match=r"No answer is recorded in .*answers\.jsonl") as caught:
            model.complete(messages(text), Other if change == "schema" else Found)
        assert model.usage.requests == 1
    assert "record again" in str(caught.value.hint)


def test_auto_sends_only_what_is_new(path: Path) -> None:
    """Known requests are played back, new ones are sent once and recorded."""
    with FaultServer(answer({"words": ["a"]}), answer({"words": ["b"]})) as server:
        with client(path, "auto", server.url, KEY) as model:
            assert [ask(model, "one"), ask(model, "one")] == [["a"], ["a"]]
        with client(path, "auto", server.url, KEY) as model:
            assert [ask(model, "one"), ask(model, "two")] == [["a"], ["b"]]
        assert len(server.requests) == 2
    assert len(path.read_text().splitlines()) == 2


def test_auto_does_not_hold_on_to_failures(path: Path) -> None:
    """A request that was refused is sent again, in the same run and in the next."""
    with FaultServer(failure(503, retry_after="0"), failure(401), answer({"words": ["a"]})) as server:
        with client(path, "auto", server.url, KEY) as model, pytest.raises(ModelError, match="refused the key"):
            ask(model, "one")
        with client(path, "auto", server.url, KEY) as model:
            assert ask(model, "one") == ["a"]
    with client(path, "replay") as model, pytest.raises(ModelError, match="refused the key"):
        ask(model, "one")


def test_record_starts_the_file_anew_with_the_first_answer(path: Path) -> None:
    """Opening it loses nothing; the first answer replaces what was there."""
    path.parent.mkdir()
    path.write_text("old\n")
    with FaultServer(answer({"words": ["a"]})) as server, client(path, "record", server.url, KEY) as model:
        assert path.read_text() == "old\n"
        ask(model, "one")
    assert "old" not in path.read_text()


def test_secrets_are_never_written(path: Path) -> None:
    """Neither the key, even if the server repeats it, nor headers or addresses are in the file."""
    echo = answer(lambda body: {"words": [KEY]})
    said = failure(429, f"Slow down, {KEY}!", retry_after="0", headers={"X-Request-Id": "req-secret"})
    with FaultServer(said, echo) as server, client(path, "record", server.url, KEY) as model:
        assert ask(model, f"my key is {KEY}") == [KEY]
        port = server.url.split(":")[2].split("/")[0]
    text = path.read_text()
    assert [secret for secret in (KEY, "req-secret", "Bearer", "authorization", port) if secret in text] == []
    assert "[key]" in text
    with client(path, "replay", key=KEY) as model:
        assert ask(model, f"my key is {KEY}") == ["[key]"]


def test_a_recording_can_be_reviewed(path: Path) -> None:
    """One line for each exchange, with bodies as JSON and letters as they are."""
    with FaultServer(answer({"words": ["é"]})) as server, client(path, "record", server.url, KEY) as model:
        ask(model, "où ?")
    [line] = path.read_text("utf-8").splitlines()
    exchange = json.loads(line)
    assert exchange["request"]["messages"] == messages("où ?")
    assert exchange["response"]["body"]["choices"][0]["message"]["content"] == '{"words": ["é"]}'
    assert set(exchange) == {"key", "request", "response"}


@pytest.mark.parametrize(
    "line", ["{", "[]", "{}", '{"key": "0", "request": {}, "response": {}}', "\udcff", "[" * 99_999]
)
def test_a_damaged_file_is_an_error_that_names_the_line(path: Path, line: str) -> None:
    """Before anything is asked."""
    with FaultServer(answer({"words": ["a"]})) as server, client(path, "record", server.url, KEY) as model:
        ask(model, "one")
    with path.open("ab") as file:
        file.write(line.encode("utf-8", "surrogateescape") + b"\n")
    for mode in ("replay", "auto"):
        with pytest.raises(RecordingError, match=r"Line 2 of|not UTF-8"):
            Recording(path, mode)  # type: ignore[arg-type]


def test_an_answer_changed_by_hand_is_used_but_a_request_is_not(path: Path) -> None:
    """The key vouches for the request, so that no answer is taken for that of another question."""
    with FaultServer(answer({"words": ["a"]})) as server, client(path, "record", server.url, KEY) as model:
        ask(model, "one")
    text = path.read_text()
    path.write_text(text.replace("one", "two"))
    with pytest.raises(RecordingError, match="changed by hand"):
        Recording(path, "replay")


def test_replay_without_a_file_is_an_error(path: Path) -> None:
    """The hint says how to make one."""
    with pytest.raises(RecordingError, match="cannot be read: No such file") as caught:
        Recording(path, "replay")
    assert "record" in str(caught.value.hint)


def test_a_file_that_cannot_be_written_is_an_error(guarded: Path) -> None:
    """The reason is the system's, and the answer is not lost silently."""
    guarded.chmod(0o500)
    path = guarded / "answers.jsonl"
    with FaultServer(answer({"words": ["a"]})) as server, client(path, "record", server.url, KEY) as model:
        with pytest.raises(RecordingError, match="cannot be written: Permission denied"):
            ask(model, "one")
        assert len(server.requests) == 1

"""Which models the settings name, and what they share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_server import FaultServer, answer
from pydantic import SecretStr

from rag.answers import Quotation
from rag.config import Settings
from rag.errors import ModelError, RecordingError, UsageError
from rag.speakers import Speakers, chosen, chosen_judge, with_model

KEY = "sk-secret-0123456789"
QUOTATION = Quotation("a.txt", "0" * 64, 0, 3, "Yes it is so.", "en")
VERDICT = {"parts": [{"text": "It is so.", "sentence": "1"}], "reason": "Because.", "verdict": "supported"}


def _settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A server that says yes to a judge."""
    with FaultServer(default=answer(VERDICT)) as running:
        yield running


def test_no_model_is_used_unless_one_is_named() -> None:
    """Keys, addresses and limits name none."""
    settings = _settings(api_key=KEY, base_url="http://127.0.0.1:1/v1", max_tokens=10, recordings="none.jsonl")
    assert chosen(settings) is None
    assert chosen_judge(settings) is None
    assert Speakers.open(settings) is None


@pytest.mark.parametrize(
    ("model", "judge", "base_url", "name", "place", "has_key"),
    [
        ("llamacpp:a", "llamacpp:b", None, "llamacpp:b", "http://127.0.0.1:8080/v1", True),
        ("llamacpp:a", "llamacpp:b", "http://box/v1", "llamacpp:b", "http://box/v1", True),
        ("a", "b", "http://box/v1", "custom:b", "http://box/v1", True),
        ("llamacpp:a", "b", "http://box/v1", "custom:b", "http://box/v1", True),
        ("llamacpp:a", "ollama:b", "http://box/v1", "ollama:b", "http://127.0.0.1:11434/v1", False),
        ("a", "openai:b", "http://box/v1", "openai:b", "https://api.openai.com/v1", False),
    ],
)
def test_a_judge_gets_address_and_key_only_of_its_own_server(
    model: str, judge: str, base_url: str | None, name: str, place: str, has_key: bool
) -> None:
    """What is set for the answering model's server goes nowhere else."""
    spec = chosen_judge(_settings(model=model, judge=judge, base_url=base_url, api_key=KEY))
    assert spec is not None
    assert (spec.name, spec.base_url, spec.api_key is not None) == (name, place, has_key)


def test_a_judge_needs_somebody_to_judge() -> None:
    """A judge alone, or one without a server, is a usage error."""
    with pytest.raises(UsageError, match="no model whose answers"):
        chosen_judge(_settings(judge="ollama:x"))
    with pytest.raises(UsageError, match="names no known server"):
        Speakers.open(_settings(model="ollama:x", judge="y"))


def test_two_models_have_one_account(server: FaultServer) -> None:
    """Within a question both count, and the total goes on over questions."""
    with Speakers.open(_settings(model="llamacpp:a", base_url=server.url)) as speakers:  # type: ignore[union-attr]
        assert speakers.judge is None
    settings = _settings(model="llamacpp:a", base_url=server.url, judge="b")
    with Speakers.open(settings) as speakers:  # type: ignore[union-attr]
        assert speakers.judge is not None
        for number in (1, 2):
            with speakers.question():
                assert speakers.judge.entails("It is so.", [QUOTATION])
                speakers.client.complete([{"role": "user", "content": "x"}], _verdict())
                assert speakers.usage.requests == 2
            assert speakers.total.usage.requests == 2 * number
    assert len(server.requests) == 4


def test_limits_are_for_both_models_together(server: FaultServer) -> None:
    """What the one took the other has not."""
    settings = _settings(model="llamacpp:a", base_url=server.url, judge="llamacpp:b", max_tokens=3_000)
    with Speakers.open(settings) as speakers:  # type: ignore[union-attr]
        assert speakers.judge is not None
        assert speakers.judge.entails("It is so.", [QUOTATION])
        for _ in range(20):
            try:
                speakers.client.complete([{"role": "user", "content": "x " * 900}], _verdict())
            except ModelError as error:
                assert "could exceed 3,000 tokens" in error.message  # noqa: PT017
                break
        else:
            pytest.fail("Nothing stopped the requests.")
    assert speakers.total.usage.requests == len(server.requests)


def test_what_cannot_be_opened_is_an_error_at_once(tmp_path: Path) -> None:
    """A key that is missing, prices and recordings that cannot be read; nothing stays open."""
    with pytest.raises(ModelError, match="needs a key"):
        Speakers.open(_settings(model="openai:gpt-5"))
    with pytest.raises(ModelError, match="needs a key"):
        Speakers.open(_settings(model="ollama:x", judge="openai:gpt-5", api_key=SecretStr(KEY)))
    with pytest.raises(UsageError, match="price table"):
        Speakers.open(_settings(model="ollama:x", prices=tmp_path / "none.toml"))
    with pytest.raises(RecordingError, match="cannot be read"):
        Speakers.open(_settings(model="ollama:x", recordings=tmp_path / "none", recordings_mode="replay"))


def _verdict() -> Any:
    from rag.judging import _schema

    return _schema(["1"])


def test_recording_spares_files_that_hold_something_else(server: FaultServer, tmp_path: Path) -> None:
    """A report is not overwritten; an earlier recording is."""
    report, path = tmp_path / "report.md", tmp_path / "answers.jsonl"
    report.write_text("Dear all,\n", "utf-8")
    common = {"model": "llamacpp:a", "base_url": server.url, "recordings_mode": "record"}
    with pytest.raises(UsageError, match="it was not touched"):
        Speakers.open(_settings(recordings=report, **common))
    assert report.read_text("utf-8") == "Dear all,\n"
    for _ in range(2):
        with Speakers.open(_settings(recordings=path, **common)) as speakers:  # type: ignore[union-attr]
            speakers.client.complete([{"role": "user", "content": "x"}], _verdict())
        assert path.read_text("utf-8").count("\n") == 1


@pytest.mark.parametrize(
    ("set_model", "model", "base_url", "place", "has_key"),
    [
        ("llamacpp:a", None, None, "http://box/v1", True),
        ("llamacpp:a", "llamacpp:b", None, "http://box/v1", True),
        ("llamacpp:a", "b", None, "http://box/v1", True),
        (None, "vllm:b", None, "http://box/v1", True),
        ("a", "ollama:b", None, "http://127.0.0.1:11434/v1", False),
        ("llamacpp:a", "openai:b", None, "https://api.openai.com/v1", False),
        ("llamacpp:a", "openai:b", "http://other/v1", "http://other/v1", True),
    ],
)
def test_what_is_set_for_one_server_is_not_anothers(
    set_model: str | None, model: str | None, base_url: str | None, place: str, has_key: bool
) -> None:
    """RAG_BASE_URL and RAG_API_KEY go with RAG_MODEL's server, unless an option says otherwise."""
    settings = with_model(_settings(model=set_model, base_url="http://box/v1", api_key=KEY), model, base_url)
    spec = chosen(settings)
    assert spec is not None
    assert (spec.base_url, spec.api_key is not None) == (place, has_key)

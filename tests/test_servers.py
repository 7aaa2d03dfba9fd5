"""Model names, and what they mean for where something is sent and with which key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from rag.errors import UsageError
from rag.servers import PRESETS, read_model


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("text", "model", "url", "mode"),
    [
        ("openai:gpt-5-mini", "gpt-5-mini", "https://api.openai.com/v1", "json_schema"),
        ("ollama:qwen3:8b", "qwen3:8b", "http://127.0.0.1:11434/v1", "json_schema"),
        ("llamacpp:any", "any", "http://127.0.0.1:8080/v1", "json_schema"),
        ("vllm:Qwen/Qwen3-8B", "Qwen/Qwen3-8B", "http://127.0.0.1:8000/v1", "json_schema"),
        (" lmstudio: qwen ", "qwen", "http://127.0.0.1:1234/v1", "json_schema"),
    ],
)
def test_a_preset_is_an_address_and_a_mode(text: str, model: str, url: str, mode: str) -> None:
    """The part before the first colon names the server; the rest is the model's name, colons and all."""
    spec = read_model(text)
    assert (spec.model, spec.base_url, spec.mode, spec.api_key) == (model, url, mode, None)
    assert spec.name == f"{spec.server}:{model}"
    assert spec.is_local == (spec.server != "openai")


def test_any_other_server_needs_an_address_and_is_asked_in_words() -> None:
    """With a base URL the whole name is the model's, even with a colon in it."""
    spec = read_model("mistral:7b", "https://models.example.com/v1/", "abc")
    assert (spec.server, spec.model, spec.base_url) == ("custom", "mistral:7b", "https://models.example.com/v1")
    assert spec.mode == "md_json"
    with pytest.raises(UsageError, match="no known server") as caught:
        read_model("mistral:7b")
    assert all(name in str(caught.value.hint) for name in PRESETS)


def test_a_preset_may_be_elsewhere() -> None:
    """A base URL moves the server and keeps what is known about its kind."""
    spec = read_model("ollama:qwen3", "http://gpu.example.com:11434/v1")
    assert (spec.server, spec.mode, spec.base_url) == ("ollama", "json_schema", "http://gpu.example.com:11434/v1")
    assert not spec.is_local


@pytest.mark.parametrize("place", ["environment", ".env"])
def test_variables_of_openai_are_for_openai_alone(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other server gets its key or its address, wherever they are set."""
    values = {"OPENAI_API_KEY": "sk-openai", "OPENAI_BASE_URL": "http://127.0.0.1:9999/v1"}
    if place == ".env":
        Path(".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    else:
        for name, value in values.items():
            monkeypatch.setenv(name, value)
    spec = read_model("openai:gpt-5")
    assert spec.api_key == SecretStr("sk-openai")
    assert spec.base_url == "http://127.0.0.1:9999/v1"
    for text in ("ollama:m", "llamacpp:m", "vllm:m", "lmstudio:m"):
        assert read_model(text).api_key is None
        assert read_model(text).base_url == PRESETS[text[:-2]].base_url
    assert read_model("m", "http://127.0.0.1:1/v1").api_key is None


def test_a_given_key_and_address_come_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Options outweigh variables."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9999/v1")
    spec = read_model("openai:gpt-5", "http://127.0.0.1:1/v1", SecretStr("sk-option"))
    assert spec.api_key == SecretStr("sk-option")
    assert spec.base_url == "http://127.0.0.1:1/v1"


def test_a_key_is_never_shown() -> None:
    """Neither the model nor an error about the key repeats it."""
    assert "sk-secret" not in repr(read_model("openai:gpt-5", api_key="sk-secret"))
    with pytest.raises(UsageError) as caught:
        read_model("openai:gpt-5", api_key="sk-secret\n")
    assert "sk-secret" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("text", ["", ":", "openai:", "openai: ", "openai", "gpt-5", "ollama:a\nb", "ollama:\x00"])
def test_a_name_that_cannot_be_used_is_a_usage_error(text: str) -> None:
    """The value is in the message, and the hint says how a model is named."""
    with pytest.raises(UsageError, match=re.escape(repr(text))) as caught:
        read_model(text)
    assert "SERVER:MODEL" in str(caught.value.hint)


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8080/v1", "ftp://127.0.0.1/v1", "http://", "http://[::1/v1", "http://a b/v1", "http://127.0.0.1:0/v1",
        "http://127.0.0.1:99999/v1", "http://user:sk-secret@127.0.0.1/v1", "http://127.0.0.1/v1?key=sk-secret",
        "http://127.0.0.1/v1\nHost: x", "http://127.0.0.1/é",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_a_usage_error(url: str) -> None:
    """It is refused before anything is sent, and not repeated, as it may hold a password."""
    with pytest.raises(UsageError, match="address of the model server") as caught:
        read_model("some-model", url)
    assert "sk-secret" not in f"{caught.value} {caught.value.hint}"

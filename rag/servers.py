"""Model names: which server is asked, where it is, with which key, and how it is told the form of an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from rag.config import value_of
from rag.errors import UsageError

Mode = Literal["json_schema", "md_json"]


@dataclass(frozen=True, slots=True)
class Preset:
    """What is known about a kind of server.

    Attributes:
        base_url: Where it listens unless told otherwise.
        placeholder: Sent in place of a key when none is given; None where a key is needed.
        mode: "json_schema" for servers that enforce a schema; "md_json" asks for JSON in words.
        cap: The parameter that limits the length of an answer.
        counts_streams: Whether it takes the option to report the tokens of a stream.
        start: How to start it.
    """

    base_url: str
    placeholder: str | None
    mode: Mode
    cap: Literal["max_tokens", "max_completion_tokens"]
    counts_streams: bool
    start: str


PRESETS = {
    "openai": Preset(
        "https://api.openai.com/v1",
        None,
        "json_schema",
        "max_completion_tokens",
        True,
        "Check the network, and OPENAI_BASE_URL if it is set.",
    ),
    "ollama": Preset(
        "http://127.0.0.1:11434/v1", "ollama", "json_schema", "max_tokens", True, "Start it with: ollama serve"
    ),
    "llamacpp": Preset(
        "http://127.0.0.1:8080/v1",
        "not-needed",
        "json_schema",
        "max_tokens",
        True,
        "Start it with: llama-server --port 8080 -m MODEL.gguf",
    ),
    "vllm": Preset(
        "http://127.0.0.1:8000/v1", "not-needed", "json_schema", "max_tokens", True, "Start it with: vllm serve MODEL"
    ),
    "lmstudio": Preset(
        "http://127.0.0.1:1234/v1", "not-needed", "json_schema", "max_tokens", True, "Start it with: lms server start"
    ),
}
_CUSTOM = Preset("", "not-needed", "md_json", "max_tokens", False, "Start the server, or correct --base-url.")
_NAMES = f"Name a model as SERVER:MODEL, where SERVER is {', '.join(PRESETS)}, or add --base-url URL."


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model of one server; holding it sends nothing anywhere.

    Attributes:
        server: A key of ``PRESETS``, or "custom".
        model: As the server calls it.
        base_url: With the version, without a final slash.
        api_key: None when none was given; a placeholder is sent then.
        mode: How the server is told the form of the answer.
    """

    server: str
    model: str
    base_url: str
    api_key: SecretStr | None
    mode: Mode

    @property
    def name(self) -> str:
        """What the reader sees: "<server>:<model>"."""
        return f"{self.server}:{self.model}"

    @property
    def preset(self) -> Preset:
        """What is known about this kind of server."""
        return PRESETS.get(self.server, _CUSTOM)

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine."""
        host = urlsplit(self.base_url).hostname or ""
        return host in {"localhost", "::1"} or host.startswith("127.")


def read_model(text: str, base_url: str | None = None, api_key: str | SecretStr | None = None) -> ModelSpec:
    """The model that a name means.

    ``openai:`` takes its key from ``OPENAI_API_KEY`` and its address from ``OPENAI_BASE_URL``; no other server sees
    either. With a base URL a name without a known server is a model of that "custom" server.

    >>> read_model("ollama:qwen3:8b").model
    'qwen3:8b'
    >>> read_model("qwen3:8b", base_url="http://127.0.0.1:9000/v1").name
    'custom:qwen3:8b'

    Args:
        text: "SERVER:MODEL", or a model's name when base_url is given.
        base_url: In place of the server's usual address.
        api_key: In place of the server's usual key.

    Raises:
        UsageError: The name, the address or the key cannot be used.
    """
    server, _, model = text.strip().partition(":")
    if server not in PRESETS:
        if not base_url:
            raise UsageError(f"The model {text!r} names no known server.", _NAMES)
        server, model = "custom", text.strip()
    if not model.strip() or not model.isprintable():
        raise UsageError(f"The model {text!r} has no usable name.", _NAMES)
    preset = PRESETS.get(server, _CUSTOM)
    usual = value_of("OPENAI_BASE_URL") if server == "openai" else None
    return ModelSpec(
        server=server,
        model=model.strip(),
        base_url=_checked_url(base_url or usual or preset.base_url),
        api_key=_key(server, api_key),
        mode=preset.mode,
    )


def _checked_url(url: str) -> str:
    """The address without spaces around it and a final slash; a value that may hold a password is never repeated."""
    hint = "Give an address with the version, such as http://127.0.0.1:8080/v1"
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not re.fullmatch(r"[!-~]+", url.strip()):
        raise UsageError(
            "The address of the model server cannot be used: it must begin with http:// or https://.", hint
        )
    if parts.username or parts.password:
        raise UsageError("The address of the model server holds a user or password.", "Set RAG_API_KEY instead.")
    if parts.query or parts.fragment:
        raise UsageError("The address of the model server holds a query or fragment.", hint)
    return url.strip().rstrip("/")


def _key(server: str, given: str | SecretStr | None) -> SecretStr | None:
    value = given.get_secret_value() if isinstance(given, SecretStr) else given
    value = value or (value_of("OPENAI_API_KEY") if server == "openai" else None)
    if not value:
        return None
    if not re.fullmatch(r"[!-~]+", value):
        variable = "OPENAI_API_KEY" if server == "openai" else "RAG_API_KEY"
        raise UsageError("The key of the model server has characters that cannot be sent.", f"Correct {variable}.")
    return SecretStr(value)

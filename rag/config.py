"""Settings, from .env, RAG_* variables and command options, in that order of increasing weight.

The environment is read here and nowhere else.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from rag.errors import UsageError


class Settings(BaseSettings):
    """Everything that can be set; frozen once read."""

    model_config = SettingsConfigDict(
        env_prefix="RAG_",
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
    )

    home: Path = Field(Path(".rag"), description="Folder that holds the index.")
    corpus: str = Field(
        "seeds", description=f"Files or folders indexed by the first question, separated by {os.pathsep!r}."
    )
    embedder: str = Field("minilm", description="Embedding model: minilm (in the package) or openai:MODEL.")
    embedder_base_url: str | None = Field(
        None, description="Server of the openai: embedder; OPENAI_BASE_URL when empty, else OpenAI itself."
    )
    embedder_api_key: SecretStr | None = Field(
        None, description="Key of the openai: embedder; OPENAI_API_KEY when empty."
    )
    chroma_url: str | None = Field(None, description="Chroma server for the vectors; embedded in RAG_HOME when empty.")
    k: int = Field(8, ge=1, le=100, description="How many passages are retrieved for a question.")
    threads: int = Field(0, ge=0, le=256, description="Threads of the embedded model; 0 means one per core.")

    model: str | None = Field(
        None,
        description="Language model that writes the answers, SERVER:MODEL (openai, ollama, llamacpp, vllm, lmstudio); "
        "none when empty.",
    )
    base_url: str | None = Field(
        None, description="Address of the model's server, with the version; the server's usual one when empty."
    )
    api_key: SecretStr | None = Field(
        None, description="Key of the model's server; for openai: OPENAI_API_KEY when empty."
    )
    judge: str | None = Field(None, description="Model that must confirm each statement of an answer; none when empty.")
    fallback: Literal["extractive"] | None = Field(
        None, description="What answers when the model fails: extractive; the failure is an error when empty."
    )
    timeout: float = Field(
        60.0, gt=0, le=86_400, description="Seconds that the model may take for a question, retries included."
    )
    retries: int = Field(
        2, ge=0, le=20, description="How often a request that failed for a passing reason is sent again."
    )
    max_cost: float | None = Field(
        None, gt=0, description="Most that a question, or a batch of them, may cost; a request beyond it is not sent."
    )
    max_tokens: int | None = Field(
        None, gt=0, description="Most tokens that a question, or a batch of them, may take, read and written."
    )
    context_tokens: int = Field(
        16_000, ge=1_000, description="Most tokens of a first request; the last passages are left out beyond it."
    )
    prices: Path | None = Field(
        None,
        description="TOML file with prices of models in US dollars; they come before those in rag/prices.toml.",
    )
    recordings: Path | None = Field(
        None, description="JSON lines in which the answers of model servers are recorded and found again."
    )
    recordings_mode: Literal["record", "replay", "auto"] = Field(
        "auto", description="record: always ask; replay: never ask; auto: ask for what is not recorded."
    )
    log: bool = Field(True, description="Whether questions are kept in RAG_HOME, for ask -c and rag history.")

    @field_validator("embedder")
    @classmethod
    def _known_embedder(cls, value: str) -> str:
        if value == "minilm" or (value.startswith("openai:") and len(value) > len("openai:")):
            return value
        raise ValueError("must be minilm or openai:MODEL")

    @property
    def corpus_paths(self) -> tuple[Path, ...]:
        """The paths named by ``corpus``, in order; empty parts are dropped."""
        return tuple(Path(part) for part in self.corpus.split(os.pathsep) if part.strip())


def read_settings(**options: Any) -> Settings:
    """The settings in force; options that are None do not count.

    Raises:
        UsageError: A variable, a line of .env or an option has a value that cannot be used.
    """
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"])
        raise UsageError(
            f"RAG_{name.upper()} cannot be {first['input']!r}: {first['msg'].removeprefix('Value error, ')}.",
            f"Change it on the command line, in the environment or in {Path('.env').resolve()}.",
        ) from error


def origin(settings: Settings, name: str) -> str:
    """Where a setting's value comes from: "environment", ".env", "option" or "default"."""
    if name not in settings.model_fields_set:
        return "default"
    variable = f"RAG_{name.upper()}"
    place = place_of(variable)
    if place == "environment" and str(getattr(settings, name)) != os.environ[variable]:
        return "option"
    return place or "option"


def place_of(variable: str) -> str | None:
    """Where a variable is set: "environment", ".env" or, when it is not, None."""
    from dotenv import dotenv_values

    if os.environ.get(variable):
        return "environment"
    return ".env" if any(name.upper() == variable and value for name, value in dotenv_values(".env").items()) else None


def value_of(variable: str) -> str | None:
    """The value of a variable that is not a setting of ours, from the environment or .env; None when it is not set."""
    from dotenv import dotenv_values

    return os.environ.get(variable) or dotenv_values(".env").get(variable) or None

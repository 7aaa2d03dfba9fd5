"""What a failure of a model server means, and how long to wait before the next try."""

from __future__ import annotations

import email.utils
import math
import random
import re
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rag.errors import ContextOverflowError, ModelError
from rag.servers import ModelSpec

AGAIN_HINT = "Try again in a while, or answer without a model: --fallback extractive"
_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 8.0
_SHARED_CHARACTERS = 16

# The words of OpenAI, llama.cpp, vLLM, Ollama and LM Studio for a request that is longer than the context.
_OVERFLOW = re.compile(
    r"context[ _-]?(length|size|window)|context the overflows|maximum model length|max_model_len"
    r"|prompt (is )?too long|too many tokens|request too large|input length exceeds",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A request that did not bring an answer.

    Attributes:
        error: As the caller gets it when nothing helps; ``error.retryable`` says whether another try may.
        retry_after_s: How long the server asked to wait, or None.
        schema_refused: Whether the server may have refused the way the schema was sent.
    """

    error: ModelError
    retry_after_s: float | None = None
    schema_refused: bool = False


def delay_s(tries: int, retry_after_s: float | None, chance: random.Random) -> float:
    """Seconds to wait after so many tries: what the server asked for and up to a tenth more, or else a random time
    between half and all of a span that doubles with every try, from 0.5 s up to 8 s.
    """  # noqa: D205 - one sentence
    if retry_after_s is not None:
        return retry_after_s * (1 + 0.1 * chance.random())
    span = min(_FIRST_DELAY_S * 2.0**tries, _LONGEST_DELAY_S)
    return span * (0.5 + 0.5 * chance.random())


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The seconds a response asks to wait, from Retry-After-Ms or Retry-After (a number or a date); None if neither."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        try:
            seconds = float(text) * unit
        except ValueError:
            continue
        if not math.isnan(seconds):
            return max(seconds, 0.0)
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
        return max(date.timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


def place(spec: ModelSpec) -> str:
    """The server and its address, to begin a sentence with."""
    return f"The model server at {spec.base_url}"


def refused(spec: ModelSpec, status: int | None, body: object, headers: Mapping[str, str], *, sent: str) -> Fault:
    """What a refusal means.

    Args:
        spec: Whom we asked.
        status: Of HTTP; None when the refusal came inside a stream or a successful response.
        body: Of the response, decoded if it was JSON.
        headers: Of the response.
        sent: What we sent; a message of the server that repeats a part of it is not shown.
    """
    message, code = _said(body)
    after = retry_after_s(headers)
    if status == 413 or "context_length" in code or "exceed_context" in code or _overflows(status, message):
        error: ModelError = ContextOverflowError(
            f"{place(spec)} says that the request is longer than the context of {spec.model!r}.",
            f"Send fewer passages with -k, or give the model a larger context.{_context_hint(spec)}",
        )
        return Fault(error, after)
    if known := _by_status(spec, status, code):
        return Fault(known, after)
    shown = _shown(message, sent, spec)
    what = f"answered HTTP {status}" if status else "reported an error in place of an answer"
    passing = status is None or status in {408, 409, 425} or status >= 500
    hint = AGAIN_HINT if passing else "Check the model in RAG_MODEL and the address of its server."
    text = f"{place(spec)} {what} for model {spec.model!r}{f': {shown!r}' if shown else ''}."
    return Fault(ModelError(text, hint, retryable=passing), after, schema_refused=status in {400, 415, 422, 501})


def _by_status(spec: ModelSpec, status: int | None, code: str) -> ModelError | None:
    """The error of a refusal whose status says enough."""
    where = place(spec)
    if status in {401, 403}:
        return ModelError(f"{where} refused the key (HTTP {status}).", _key_hint(spec))
    if status == 429 and "quota" in code:
        return ModelError(f"{where} says that the key's quota is used up (HTTP 429).", "Check the account's billing.")
    if status == 429:
        return ModelError(f"{where} asks to slow down (HTTP 429).", AGAIN_HINT, retryable=True)
    if status == 404:
        text = f"{where} knows no model {spec.model!r} or has nothing at this address (HTTP 404)."
        return ModelError(text, _model_hint(spec))
    if status is not None and 300 <= status < 400:
        text = f"{where} answered HTTP {status}, which sends the request elsewhere; it was not followed."
        return ModelError(text, "Set --base-url to the server's final address.")
    return None


def _overflows(status: int | None, message: str) -> bool:
    if status == 429:  # a limit per minute that this request alone exceeds; waiting does not help
        return message.casefold().startswith("request too large")
    return _OVERFLOW.search(message) is not None


def _said(body: object) -> tuple[str, str]:
    """The message of an error's body and its code and type, each empty when there is none."""
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        if isinstance(inner, Mapping):
            texts: list[Any] = [inner.get(key) for key in ("message", "detail", "code", "type")]
            message = next((text for text in texts[:2] if isinstance(text, str)), "")
            return message, " ".join(text for text in texts[2:] if isinstance(text, str))
        body = inner
    return (body if isinstance(body, str) else ""), ""


def _shown(message: str, sent: str, spec: ModelSpec) -> str:
    """A server's message that may be shown: without the key, and empty when it repeats something we sent."""
    text = " ".join(message.split())[:200]
    if spec.api_key is not None:
        text = text.replace(spec.api_key.get_secret_value(), "[key]")
    sent = " ".join(sent.split())
    ends = range(max(len(text) - _SHARED_CHARACTERS, 0) + 1)
    echoes = sum(text[start : start + _SHARED_CHARACTERS] in sent for start in ends if len(text) >= _SHARED_CHARACTERS)
    return "" if echoes or text.startswith("<") else text


def _key_hint(spec: ModelSpec) -> str:
    variable = "OPENAI_API_KEY" if spec.server == "openai" else "RAG_API_KEY"
    return f"Set {variable} to a key of this server."


def _model_hint(spec: ModelSpec) -> str:
    if spec.server == "ollama":
        return f"Fetch it with: ollama pull {shlex.quote(spec.model)}"
    return f"See the models it has: curl {spec.base_url}/models (the address usually ends in /v1)"


def _context_hint(spec: ModelSpec) -> str:
    hints = {
        "ollama": " For Ollama: OLLAMA_CONTEXT_LENGTH=16384 ollama serve",
        "llamacpp": " For llama.cpp: llama-server -c 16384",
        "vllm": " For vLLM: --max-model-len 16384",
    }
    return hints.get(spec.server, "")

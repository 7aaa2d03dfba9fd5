"""How many tokens a text has for a model: exactly where that can be known offline, else never too few."""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tiktoken

_RANKS = {  # name of an encoding: where tiktoken would fetch its ranks, and the SHA-256 of that file
    "cl100k_base": (
        "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
    "o200k_base": (
        "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
}
_LONGEST = 200_000  # characters; longer texts are counted in bytes, which takes no time


def count(text: str, model: str) -> int:
    """How many tokens the text has for the model, never fewer than it really has.

    OpenAI's own models are counted with tiktoken when its ranks file is already in ``TIKTOKEN_CACHE_DIR``, or in the
    folder that tiktoken uses without it. Everything else is estimated: a byte-level tokenizer, or one that falls back
    to bytes, makes at most one token of each UTF-8 byte and one for the start. A tokenizer may normalise first, and a
    character that grows by that (NFC, NFKC) counts as what it grows to. English is over-estimated fourfold. Nothing is
    downloaded.

    >>> count("Café", "llamacpp:any")
    6

    Args:
        text: In any script; a lone surrogate counts as "?".
        model: "<server>:<model>".
    """
    if not text:
        return 0
    text = text.encode("utf-8", "replace").decode("utf-8")
    encoding = _encoding(counter(model)) if len(text) <= _LONGEST else None
    return _most(text) if encoding is None else len(encoding.encode_ordinary(text))


def counter(model: str) -> str:
    """What counts the tokens of a model: the name of tiktoken's encoding, or "bytes" for the estimate.

    >>> counter("ollama:gpt-4o")
    'bytes'
    """
    server, _, name = model.partition(":")
    if server != "openai":
        return "bytes"  # whatever a model is called there, its tokenizer may be another
    encoding = _encoding_name(name)
    return encoding if encoding is not None and _has_ranks(encoding) else "bytes"


def _encoding_name(model: str) -> str | None:
    from tiktoken.model import encoding_name_for_model

    try:
        name = encoding_name_for_model(model)
    except KeyError:
        return None
    return name if name in _RANKS else None


def _has_ranks(encoding: str) -> bool:
    """Whether tiktoken finds the ranks; it deletes and downloads a file that is not what it expects."""
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR"))
    cache = Path(tempfile.gettempdir(), "data-gym-cache") if folder is None else Path(folder)
    url, expected = _RANKS[encoding]
    path = cache / hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()
    try:
        return folder != "" and _digest(path, path.stat().st_mtime_ns) == expected
    except OSError:
        return False


@functools.lru_cache(maxsize=4)
def _digest(path: Path, changed_ns: int) -> str:  # a changed file is read again
    return hashlib.sha256(path.read_bytes()).hexdigest()


@functools.lru_cache(maxsize=2)
def _encoding(name: str) -> tiktoken.Encoding | None:
    if name == "bytes":
        return None
    import tiktoken

    return tiktoken.get_encoding(name)


def _most(text: str) -> int:
    """The bytes of the text, counting each character as the longest of its normal forms, and one more."""
    if text.isascii():
        return len(text) + 1
    return sum(map(_size, text)) + 1


@functools.lru_cache(maxsize=65_536)
def _size(character: str) -> int:
    forms = (character, unicodedata.normalize("NFC", character), unicodedata.normalize("NFKC", character))
    return max(len(form.encode()) for form in forms)

"""How many tokens a text has for a model: exactly where that can be known offline, else never too few."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import tempfile
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from rag.text import encodable
from rag.words import lines

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
_LONGEST_PIECE = 4  # of those that are listed
_START = 2

# Letters that a tokenizer may have to write one by one, or may join: a word with the space before it.
_LETTERS = re.compile(r" ?[A-Za-z]+")
_RUN = re.compile(r" ?[A-Z]?[a-z]+| ?[A-Z]")  # some tokenizers begin anew at a capital


def count(text: str, model: str) -> int:
    """How many tokens the text has for the model, never fewer than it really has.

    OpenAI's own models are counted with tiktoken when its ranks file is already in ``TIKTOKEN_CACHE_DIR``, or in the
    folder that tiktoken uses without it. Nothing is downloaded. Everything else is estimated by what such tokenizers
    have in common (byte-pair encoding, Sennrich et al. 2016, doi:10.18653/v1/P16-1162):

    - No token is shorter than a byte, so a text has at most as many tokens as bytes, and two for its start: some
      tokenizers put a sign there, and a space.
    - Two tokens side by side in a word are joined when the vocabulary has them joined. So a word has at most as many
      tokens as it can be cut into without any two neighbours that make one of the pieces of up to four letters which
      all known vocabularies have ("the", " of", "ing"; ``rag/words/pieces.txt``).
    - A tokenizer may normalise first; a character that grows by that (NFC, NFKC) counts as what it grows to.

    English, French and Indonesian are over-estimated up to two and a half times, Chinese three times. A toy vocabulary
    of a few hundred tokens, which lacks the pieces, may make more tokens of a text.

    >>> count("The ferry to Calais", "llamacpp:any")
    11

    Args:
        text: In any script; a lone surrogate counts as "?".
        model: "<server>:<model>".
    """
    if not text:
        return 0
    text = encodable(text)
    encoding = encoding_of(model) if len(text) <= _LONGEST else None
    return _most(text) if encoding is None else len(encoding.encode_ordinary(text))


def encoding_of(model: str) -> tiktoken.Encoding | None:
    """What counts the tokens of a model exactly; None when nothing does without a guess or a download.

    >>> encoding_of("ollama:gpt-4o") is None
    True
    """
    server, _, name = model.partition(":")
    if server != "openai":
        return None  # whatever a model is called there, its tokenizer may be another
    encoding = _encoding_name(name)
    return _encoding(encoding) if encoding is not None and _has_ranks(encoding) else None


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
def _encoding(name: str) -> tiktoken.Encoding:
    import tiktoken

    return tiktoken.get_encoding(name)


@functools.lru_cache(maxsize=64)  # instructions and passages are counted again with every request
def _most(text: str) -> int:
    """The most tokens that the text may have, its start included."""
    if len(text) > _LONGEST:
        return sum(map(_size, text)) + _START
    most = end = 0
    for match in _LETTERS.finditer(text):
        most += _others(text[end : match.start()]) + _letters(match.group())
        end = match.end()
    return most + _others(text[end:]) + _START


def _others(text: str) -> int:
    """What lies between words; after an apostrophe some tokenizers begin anew within the word ("'ll")."""
    return (len(text) if text.isascii() else sum(map(_size, text))) + text.count("'")


@functools.lru_cache(maxsize=65_536)
def _size(character: str) -> int:
    """The bytes of the longest of a character's normal forms."""
    forms = (character, unicodedata.normalize("NFC", character), unicodedata.normalize("NFKC", character))
    return max(len(form.encode()) for form in forms)


@functools.lru_cache(maxsize=65_536)
def _letters(word: str) -> int:
    """The most tokens of a word of ASCII letters, with the space before it; one token may lie across two runs."""
    runs = _RUN.findall(word)
    return min(sum(map(_pieces, runs)) + len(runs) - 1, len(word))


def _pieces(run: str) -> int:
    """The most tokens that lie within a run of letters, whatever stands around it.

    ``most[end][length]`` is the most tokens before ``end`` of which the last has so many letters; those longer than any
    listed piece count as one length, as nothing is known of them.
    """
    known = _known()
    lengths = range(1, _LONGEST_PIECE + 1)
    most = [[0] * (_LONGEST_PIECE + 1)]
    for end in range(1, len(run) + 1):
        row = [0] * (_LONGEST_PIECE + 1)
        for length in lengths[:end]:
            begin = end - length
            before = (most[begin][last] for last in lengths[:begin] if run[begin - last : end] not in known)
            row[length] = 1 + max(before, default=0)
        row[_LONGEST_PIECE] = max(row[_LONGEST_PIECE], most[-1][_LONGEST_PIECE])
        most.append(row)
    return max(map(max, most))


@functools.cache
def _known() -> frozenset[str]:
    """The pieces; in the file "_" is a space."""
    return frozenset(piece.replace("_", " ") for line in lines("pieces") for piece in line.split())

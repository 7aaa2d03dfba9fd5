"""A sentence taken apart for comparison: its figures, and its content words under keys that several languages share."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rag import concepts, figures, number_words
from rag.figures import Figure
from rag.gazetteer import NAMES
from rag.numerals import MONTHS
from rag.text import STOP_WORDS, fold, stems
from rag.words import lines

_MONTH_OF_MAY = re.compile(r"(?<=\w )May(?= |,|\.|$)|May(?= \d)")
_WORD = re.compile(r"[^\W\d_]+|\d+(?:[., ]\d{3}(?!\d))*(?:[.,]\d+)?")
_ID_PREFIX = re.compile(r"^(?:meng|meny|men|mem|me|di|ber|ter|peng|pen|pem|pe|ke|se)(?=\w{4})")
_STOP = frozenset(word for listed in STOP_WORDS.values() for word in listed) | frozenset(
    word for line in lines("functions") for word in line.split()
)


@dataclass(frozen=True, slots=True)
class Token:
    """A content word.

    Attributes:
        start: Where it stands in ``Reading.text``.
        keys: Two words that share one may mean the same: stems ("s:"), the first letters of longer words ("p:"),
            names of ``rag.concepts`` ("c:") and of the gazetteer ("n:"), months ("m:"), digits of numbers ("d:").
        capital: Whether it begins with one.
    """

    start: int
    keys: frozenset[str]
    capital: bool


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A sentence as it is compared; equal to itself alone.

    Attributes:
        text: With number words turned into digits; all offsets count in it.
        folded: The same, folded, the month of May left out so that it is no "may".
        language: ISO 639-1, or None.
        figures: In order.
        tokens: Its content words, in order.
    """

    text: str
    folded: str
    language: str | None
    figures: tuple[Figure, ...]
    tokens: tuple[Token, ...]


@functools.lru_cache(maxsize=2048)
def read(text: str, language: str | None) -> Reading:
    """The sentence taken apart."""
    text = number_words.digits(text, language)
    folded = fold(_MONTH_OF_MAY.sub("   ", text) if language in {"en", None} else text)
    return Reading(text, folded, language, tuple(figures.read(text, language)), tuple(_tokens(text, folded, language)))


def keys_of(tokens: Iterable[Token]) -> set[str]:
    """All keys of some words."""
    return {key for token in tokens for key in token.keys}


def _tokens(text: str, folded: str, language: str | None) -> Iterator[Token]:
    for match in _WORD.finditer(folded):
        word = match.group()
        if word[0].isdigit():
            yield Token(match.start(), frozenset({f"d:{re.sub(r'[^0-9]', '', word)}"}), capital=False)
        elif len(word) > 1 and (word not in _STOP or word == "against"):
            printed = text[match.start() : match.end()]
            yield Token(match.start(), frozenset(_keys(word, printed, language)), capital=printed[0].isupper())


def _keys(word: str, printed: str, language: str | None) -> Iterator[str]:
    yield from (f"s:{stem}" for stem in stems(word, language))
    yield from (f"c:{name}" for name in concepts.of(word))
    if word in NAMES and (len(word) > 3 or printed.isupper()):
        yield f"n:{NAMES[word]}"
    if word in MONTHS:
        yield f"m:{MONTHS[word]}"
    root = _ID_PREFIX.sub("", word) if language in {"id", None} else word
    if len(root) >= 5:
        yield f"p:{root[:5]}"

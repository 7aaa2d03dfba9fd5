"""Text of documents made fit for a page: one line, nothing that a renderer obeys, nothing that piles up."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rag.rendering.display import clip, safe_text

_ISOLATES = re.compile("[\u2066-\u2069]")
# A fourth mark on one letter would reach into the line above; no language writes so many of these.
_PILED = re.compile(r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3})"
                    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")  # fmt: skip
_JOINERS = frozenset("\u200c\u200d")  # Persian and the Indic scripts need them
STAND_IN = "□"


def clean(text: str, limit: int) -> str:
    r"""The text on one line of at most limit characters and "…", without controls and without what no font can draw.

    Line ends and white space become spaces. Characters for private use and unassigned ones become "□", a fourth mark
    on one letter goes, and so do invisible format characters.

    >>> clean("a\u202e\r\n b\ue000", 20)
    'a b□'
    """
    plain = _ISOLATES.sub("", safe_text(text[: 4 * limit]))  # far more than can be shown need not be looked at
    if not plain.isascii():
        plain = _PILED.sub(r"\1", unicodedata.normalize("NFC", "".join(map(_shown, plain))))
    return clip(" ".join(plain.split()), limit)


@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Co", "Cn", "Cs"}:
        return STAND_IN
    return "" if category == "Cf" and character not in _JOINERS else character


def reads_right_to_left(text: str) -> bool:
    """Whether most letters of the text are written from right to left.

    >>> reads_right_to_left("شركة Xiaomi الصينية"), reads_right_to_left("Xiaomi (شاومي) said")
    (True, False)
    """
    if text.isascii():
        return False
    kinds = [unicodedata.bidirectional(character) for character in text]
    return kinds.count("R") + kinds.count("AL") > kinds.count("L")

"""Text made fit for display: no control characters, known widths, whole words on every line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# C0 and C1 controls start escape sequences; bidirectional embeddings, overrides and isolates (UAX #9) reorder
# whatever follows them on the line, our own citation marks included.
_BIDI_CONTROLS = "\u202a-\u202e\u2066-\u2069"
_LINE_BREAKS = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]+")
_UNSAFE = re.compile(rf"[\x00-\x1f\x7f-\x9f\ud800-\udfff{_BIDI_CONTROLS}]")
_UNSAFE_IN_NAME = re.compile(rf"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_BIDI_CONTROLS}]")
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_NEVER_FIRST = frozenset("。，、；：？！）」』】》〉”’…,.;:?!)]}»")

LANGUAGE_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "ms": "Malay", "nl": "Dutch",
    "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak",
    "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "th": "Thai", "tl": "Tagalog",
    "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


def language_name(code: str | None) -> str:
    """The language's English name; the code itself when it has no name here.

    >>> language_name("fr"), language_name("xx"), language_name(None)
    ('French', 'xx', 'language unknown')
    """
    return "language unknown" if code is None else LANGUAGE_NAMES.get(code, safe_name(code))


def count(number: int, noun: str) -> str:
    """The number with its noun in the right form.

    >>> count(1, "source"), count(1200, "passage")
    ('1 source', '1,200 passages')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def safe_text(text: str) -> str:
    r"""The text on one line, without anything that a terminal obeys.

    White space and line ends become one space, other control characters U+FFFD; bidirectional controls are dropped and
    text with right-to-left letters is isolated (U+2068 … U+2069), so that it can't reorder what stands beside it.

    >>> safe_text("red \x1b[31malert\r\nnext")
    'red �[31malert next'
    """
    one_line = _LINE_BREAKS.sub(" ", text).strip()
    clean = _UNSAFE.sub(lambda match: "" if unicodedata.category(match[0]) == "Cf" else "\ufffd", one_line)
    return f"{_FIRST_STRONG_ISOLATE}{clean}{_POP_ISOLATE}" if is_right_to_left(clean) else clean


def safe_name(name: str) -> str:
    r"""A file name or message with every control character, line end and undecodable byte shown as an escape.

    >>> print(safe_name("a\nb\x1b]0;x"))
    a\nb\x1b]0;x
    """
    return _UNSAFE_IN_NAME.sub(_escape, name)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8 (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return match[0].encode("unicode_escape", "surrogatepass").decode("ascii")


def is_right_to_left(text: str) -> bool:
    """Whether the text contains letters that are written from right to left."""
    return not text.isascii() and any(unicodedata.bidirectional(character) in {"R", "AL"} for character in text)


def clip(text: str, limit: int) -> str:
    """The text, cut at a word boundary and ended with "…" when it is longer than limit characters.

    >>> clip("one two three", 9)
    'one two …'
    """
    if len(text) <= limit:
        return text
    head = text[:limit]
    at_word, _, _ = head.rpartition(" ")
    closing = _POP_ISOLATE if text.startswith(_FIRST_STRONG_ISOLATE) else ""
    return f"{(at_word if len(at_word) > limit // 2 else head).rstrip()} …{closing}"


def wrap(text: str, width: int | None, *, indent: str = "") -> str:
    """The text on lines of at most width terminal cells, each starting with indent; one line when width is None.

    Wide characters count two cells. Lines break at spaces, and between Chinese, Japanese or Korean characters, never
    before closing punctuation; a longer word is cut.
    """
    if width is None:
        return indent + text
    room = max(width - len(indent), 16)
    return "\n".join(indent + line for line in _lines(text, room))


def _lines(text: str, room: int) -> Iterator[str]:
    from rich.cells import cell_len

    line, used = "", 0
    for piece in _pieces(text, room):
        width = cell_len(piece.rstrip())
        if line and used + width > room:
            yield line.rstrip()
            line, used = "", 0
        line += piece
        used += cell_len(piece)
    if line.strip() or not text:
        yield line.rstrip()


def _pieces(text: str, room: int) -> Iterator[str]:
    """Runs that stay together, each with the spaces that follow it."""
    for word in re.findall(r"\S+\s*|\s+", text):
        piece = ""
        for character in word:
            breakable = piece and not character.isspace() and character not in _NEVER_FIRST
            if breakable and (_is_wide(character) or _is_wide(piece[-1]) or len(piece) >= room):
                yield piece
                piece = ""
            piece += character
        yield piece


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in {"W", "F"}

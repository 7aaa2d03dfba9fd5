"""Prompts: files read once and filled once, and the passages of documents as fenced data in them.

What a document says is data. It is never part of a template, its lines cannot begin or end a fence or carry a number
of ours, and characters that a reader does not see are left out. The stored text stays as it is.
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag.documents import Hit

_PLACE = re.compile(r"\{\{(\w+)\}\}")
_PART = re.compile(r"^# (\w+)\n", re.MULTILINE)
_HERE = Path(__file__).parent
_TITLE_CHARACTERS = 150

# Square brackets carry our numbers; in any width or script they become round ones.
_SQUARE = "[]\uff3b\uff3d\u2045\u2046\u27e6\u27e7\u27ec\u27ed\u2985\u2986\ufe47\ufe48" + "".join(
    map(chr, (*range(0x2772, 0x2774), *range(0x298B, 0x2991), *range(0x2997, 0x2999), *range(0x2E55, 0x2E59)))
)
_SQUARE += "".join(map(chr, (0x3010, 0x3011, *range(0x3014, 0x301C))))
_SQUARE += "\ufe17\ufe18\ufe39\ufe3a\ufe3b\ufe3c\ufe5d\ufe5e"
_ROUND = {ord(each): "(" if unicodedata.category(each) == "Ps" else ")" for each in _SQUARE}
# Angle brackets begin the control tokens of chat templates; a "less than" before a number or a space is none.
_ANGLE = re.compile(r"[<＜﹤](?![\s=]|\d+\b)")
_SPACES = re.compile(r"\s+")
_JOINS = "\u200c\u200d"  # part of the spelling between letters of the Arabic and Indic scripts
_JOINING = ("\u0600", "\u1cff")
# Letters and marks that show nothing (Default_Ignorable_Code_Point); most others of that kind are format characters.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as its file has it.

    Attributes:
        name: Of the file, without ".md".
        version: The first 12 hex digits of the file's SHA-256, line ends counted as LF.
        text: The template.
    """

    name: str
    version: str
    text: str = field(repr=False)

    @property
    def id(self) -> str:
        """What an answer carries: "<name>@<version>"."""
        return f"{self.name}@{self.version}"

    def part(self, name: str) -> Prompt:
        """The part under the heading "# <name>", up to the next such heading.

        Raises:
            LookupError: The file has no such part.
        """
        pieces = _PART.split(self.text)
        parts = dict(zip(pieces[1::2], pieces[2::2], strict=True))
        if name not in parts:
            raise LookupError(f"The prompt {self.name!r} has no part {name!r}; it has {', '.join(parts) or 'none'}.")
        return Prompt(self.name, self.version, parts[name].strip())


@functools.cache
def load(name: str) -> Prompt:
    """The prompt of that name; read once.

    Raises:
        LookupError: There is no such file.
    """
    checkout = _HERE.parent / "prompts" if (_HERE.parent / "pyproject.toml").is_file() else None
    for folder in (_HERE / "prompts", checkout):
        file = folder / f"{name}.md" if folder is not None else None
        if file is not None and file.is_file():
            data = file.read_bytes().replace(b"\r\n", b"\n")
            return Prompt(name, hashlib.sha256(data).hexdigest()[:12], data.decode())
    raise LookupError(f"The package has no prompt {name!r}.")


def render(prompt: Prompt, **values: str) -> str:
    """The template with each ``{{name}}`` replaced by the value of that name, once: values are never templates.

    >>> render(Prompt("p", "0", "Hello {{who}}."), who="{{who}} {% raw %}")
    'Hello {{who}} {% raw %}.'

    Raises:
        ValueError: A value is missing, or one is given that the template has no place for.
    """
    places = set(_PLACE.findall(prompt.text))
    if places != set(values):
        wrong = ", ".join(sorted(places ^ set(values)))
        raise ValueError(f"The values for the prompt {prompt.name!r} do not match its places: {wrong}.")
    return _PLACE.sub(lambda match: values[match[1]], prompt.text)


def neutral(text: str) -> str:
    r"""The text on one line, without invisible characters, square brackets and starts of control tokens.

    White space becomes single spaces. Controls, format characters (zero-width, bidirectional, tags), variation
    selectors and lone surrogates are left out, except joiners between letters of scripts that need them. Square
    brackets become round ones, and "<" becomes "‹" unless a space, "=" or a number follows.

    >>> neutral("a\u200bb [2.4]\n<|im_start|> x < 5")
    'ab (2.4) ‹|im_start|> x < 5'
    """
    kept = "".join(each for place, each in enumerate(text) if _is_visible(text, place))
    return _ANGLE.sub("‹", _SPACES.sub(" ", kept).strip().translate(_ROUND))


def _is_visible(text: str, place: int) -> bool:
    character = text[place]
    if character.isspace() or " " < character < "\x7f":
        return True
    if character in _JOINS:
        around = text[max(place - 1, 0) : place] + text[place + 1 : place + 2]
        return len(around) == 2 and all(_JOINING[0] <= each <= _JOINING[1] and each.isprintable() for each in around)
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Cn"} and not _UNSEEN.match(character)


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage as the model sees it.

    Attributes:
        number: The rank of its hit among those given, from 1.
        heading: One line that says what it is from.
        lines: Its sentences by number within the passage, from 1, each on one line.
    """

    number: int
    heading: str
    lines: dict[int, str]

    @property
    def ids(self) -> list[str]:
        """The ids "P.S" of its sentences, in order."""
        return [f"{self.number}.{sentence}" for sentence in self.lines]

    @property
    def text(self) -> str:
        """The heading and one line "[P.S] …" for each sentence."""
        numbered = (f"[{self.number}.{sentence}] {line}" for sentence, line in self.lines.items())
        return "\n".join([self.heading, *numbered])


def passage(number: int, hit: Hit) -> Passage:
    """The hit as a passage; sentences without a visible character are left out.

    Args:
        number: Its place among the hits, from 1.
        hit: With its document's title, date and language, which go into the heading.
    """
    lines = {place + 1: neutral(hit.chunk.sentence_text(place)) for place in range(len(hit.chunk.sentences))}
    title = neutral(hit.source.title or "")
    published = next((date.value for date in hit.source.dates if date.kind == "published" and date.value), None)
    facts = [
        title if len(title) <= _TITLE_CHARACTERS else f"{title[:_TITLE_CHARACTERS]}…",
        f"published {published}" if published else "",
        f"language {neutral(hit.chunk.language)}" if hit.chunk.language else "",
    ]
    heading = " | ".join([f"Passage {number}", *(fact for fact in facts if fact)])
    return Passage(number, heading, {place: line for place, line in lines.items() if line})


def fence(texts: Sequence[str]) -> str:
    """A word that none of the texts holds and no author of one could have known.

    It is taken from a hash of all the texts, the question among them, so that the same request is always the same.

    >>> fence(["a", "b"]) == fence(["a", "b"]) != fence(["ab", ""])
    True
    """
    seed = b"".join(hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in texts)
    while True:
        word = hashlib.sha256(seed).hexdigest()[:16]
        if not any(word in text for text in texts):
            return word
        seed = word.encode()

"""Files of public question sets, read piece by piece: plain or gzipped, one JSON object, or lines.

However large a file is, no more than one item of it is held. What a file may make us do is bounded: an item has at most
`LARGEST_ITEM` characters, and a gzip file that unpacks to far more than texts ever do is refused.
"""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from rag.errors import UsageError

LARGEST_ITEM = 64 * 2**20
"""Characters that one article, record or line may have; the largest article of SQuAD has a hundredth of it."""
MOST_RATIO = 200
"""How many times its own size a gzip file may unpack to; JSON of text has 3 to 10, a bomb 1,000."""
FREE_BYTES = 64 * 2**20
"""What a file may unpack to whatever its size."""

_BLOCK = 2**18
_SPACE = " \t\n\r"

Read = Callable[[int, int, str], None]
"""Told how much of a file has been read: bytes, all bytes, and the file's name."""


class DamagedSetError(UsageError):
    """A file of a question set cannot be read to its end."""


def items(path: Path, key: str, told: Read | None = None) -> Iterator[Any]:
    """The items of the list under a key of the file's one JSON object, in order.

    Other keys of the object are passed over, wherever they stand.

    Raises:
        DamagedSetError: The file cannot be read, is no such object, or an item is too large. Items may come before.
    """
    with _blocks(path, told) as blocks:
        text = _Text(path, blocks)
        found = False
        text.expect("{")
        while text.peek() == '"':
            name = text.value()
            text.expect(":")
            if name == key and text.peek() == "[":
                found = True
                yield from _listed(text)
            else:
                text.value()
            if text.peek() == ",":
                text.expect(",")
        text.expect("}")
        if not found:
            raise DamagedSetError(f"{str(path)!r} has no list {key!r}.", _what(path))


def lines(path: Path, told: Read | None = None) -> Iterator[str]:
    """The lines of the file that are not blank, without their ends.

    Raises:
        DamagedSetError: The file cannot be read, or a line is too large. Lines may come before.
    """
    with _blocks(path, told) as blocks:
        rest = ""
        for block in blocks:
            *whole, rest = (rest + block).split("\n")
            yield from filter(None, map(str.strip, whole))
            if len(rest) > LARGEST_ITEM:
                raise _too_large(path)
        if rest.strip():
            yield rest.strip()


def _listed(text: _Text) -> Iterator[Any]:
    text.expect("[")
    while text.peek() not in ("]", ""):
        yield text.value()
        if text.peek() == ",":
            text.expect(",")
    text.expect("]")


class _Text:
    """A JSON text of which only what has not been read yet is held."""

    def __init__(self, path: Path, blocks: Iterator[str]) -> None:
        self._path = path
        self._blocks = blocks
        self._decoder = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._passed = 0

    def peek(self) -> str:
        """The next character that is no white space; "" at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more(1):
                return ""

    def expect(self, character: str) -> None:
        """Pass over one character, which must be this one."""
        if (found := self.peek()) != character:
            raise self._wrong(f"{character!r} should stand where {found or 'its end'!r} does")
        self._at += 1

    def value(self) -> Any:
        """The next value; more is read, twice as much each time, until it is whole."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if isinstance(error, RecursionError) or not self._more(len(self._text) - self._at):
                    raise self._wrong("a value is cut off or nested too deeply") from error
                continue
            # A number at the end of what was read may go on.
            if end < len(self._text) or isinstance(value, str | list | dict) or not self._more(1):
                self._at = end
                return value

    def _more(self, least: int) -> bool:
        """Whether at least so many more characters, as far as there are any, were read."""
        if len(self._text) - self._at > LARGEST_ITEM:
            raise _too_large(self._path)
        self._passed += self._at
        parts, self._at = [self._text[self._at :]], 0
        while least > 0 and (block := next(self._blocks, "")):
            parts.append(block)
            least -= len(block)
        self._text = "".join(parts)
        return len(parts) > 1

    def _wrong(self, what: str) -> DamagedSetError:
        return DamagedSetError(
            f"{str(self._path)!r} is no JSON at character {self._passed + self._at:,}: {what}.", _what(self._path)
        )


@contextmanager
def _blocks(path: Path, told: Read | None) -> Iterator[Iterator[str]]:
    """The text of a file in pieces that are never empty; errors of reading it are translated."""
    try:
        with path.open("rb") as file:
            yield _decoded(path, file, told)
    except OSError as error:  # gzip.BadGzipFile is one without strerror
        raise DamagedSetError(f"Cannot read {str(path)!r}: {error.strerror or error}.", _what(path)) from error
    except (EOFError, zlib.error, UnicodeDecodeError) as error:
        kind = "UTF-8" if isinstance(error, UnicodeDecodeError) else "whole: its gzip data are cut off or damaged"
        raise DamagedSetError(f"{str(path)!r} is not {kind}.", "Fetch the file again.") from error


def _decoded(path: Path, file: BinaryIO, told: Read | None) -> Iterator[str]:
    size = path.stat().st_size
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    stream = gzip.GzipFile(fileobj=file) if packed else file
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    unpacked = 0
    while block := stream.read(_BLOCK):
        unpacked += len(block)
        if packed and unpacked > max(FREE_BYTES, MOST_RATIO * size):
            raise DamagedSetError(
                f"{str(path)!r} unpacks to more than {MOST_RATIO} times its size.", "Unpack it yourself: gunzip"
            )
        if told is not None:
            told(file.tell(), size, path.name)
        if text := decoder.decode(block):
            yield text
    decoder.decode(b"", final=True)


def _too_large(path: Path) -> DamagedSetError:
    return DamagedSetError(
        f"{str(path)!r} holds an item of more than {LARGEST_ITEM // 2**20} MiB.", "Cut the file up into several."
    )


def _what(path: Path) -> str:
    kind = "JSON Lines" if ".jsonl" in path.name else "the JSON of SQuAD"
    return f"Hand in {kind}, plain or gzipped; rag eval import --help shows which files make a set."

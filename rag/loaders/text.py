"""Text and Markdown files: bytes to the exact text they encode."""

from __future__ import annotations

import codecs
import errno
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from rag import languages
from rag.errors import DocumentError

SUFFIXES = (".txt", ".text", ".md", ".markdown")
LARGEST_BYTES = 20 * 2**20
"""Files above this size are refused; a book has about a twentieth of it."""

_MARKS = (  # the four-byte marks first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FORMATS = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive (as are .docx, .odt and .epub)"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"{\\rtf", "an RTF document"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SAMPLE_BYTES = 64 * 1024
_WESTERN = {"en", "fr", "id", "de", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "ca", "is"}


class ExactText(NamedTuple):
    """What a file holds: ``path.read_bytes().decode(encoding) == text``, and the SHA-256 of the bytes in hex."""

    text: str
    sha256: str
    encoding: str


def read(path: Path) -> ExactText:
    """The file's text with nothing altered, line ends included; only a byte order mark is left out.

    Decoded as its byte order mark says, else as UTF-8, else as the legacy encoding that fits best.

    Raises:
        DocumentError: The file cannot be opened, is empty, larger than `LARGEST_BYTES`, or is not text.

    """
    data = _bytes(path)
    encoding = _encoding(data, path)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _not_text(path, f"it begins like {encoding} but byte {error.start:,} does not fit") from error
    if not text.strip():
        raise DocumentError(f"{str(path)!r} is empty.", "Put text into it, or leave it out.")
    if "\x00" in text or len(_CONTROL.findall(text)) > 0.01 * len(text):
        raise _not_text(path, "it is full of control characters")
    return ExactText(text, hashlib.sha256(data).hexdigest(), encoding)


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            path.stat()
            raise DocumentError(f"{str(path)!r} is not a file.", "Name a text or Markdown file, or a folder of them.")
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise DocumentError(
                f"{str(path)!r} has {size / 2**20:,.0f} MiB; the limit is {LARGEST_BYTES // 2**20} MiB.",
                f"Cut it up: split --line-bytes={LARGEST_BYTES // 2**20}M --additional-suffix=.txt FILE PART-",
            )
        return path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{str(path)!r} cannot be read: {_reason(error)}.", _remedy(error)) from error
    except ValueError as error:  # a NUL in the name
        raise DocumentError(f"{str(path)!r} cannot be a file name.", None) from error


def _reason(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "its symbolic links lead in a circle"
    return (error.strerror or str(error)).lower()


def _remedy(error: OSError) -> str | None:
    if isinstance(error, FileNotFoundError):
        return "It may have been moved while it was being indexed; run the command again."
    if isinstance(error, PermissionError):
        return "Make it readable for your user, or leave it out."
    return None


def _not_text(path: Path, why: str) -> DocumentError:
    return DocumentError(
        f"{str(path)!r} is not a text file: {why}.", "Convert it to UTF-8 text or Markdown, or leave it out."
    )


def _encoding(data: bytes, path: Path) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    for magic, kind in _FORMATS:
        if data.startswith(magic):
            raise _not_text(path, f"it is {kind}")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        if b"\x00" in data:
            raise _not_text(path, "it holds binary data") from None
        return _detected(data, path)
    return "utf-8"


def _detected(data: bytes, path: Path) -> str:
    """The legacy encoding: Windows-1252 where that reads as a western language, else what charset-normalizer finds."""
    sample = data[:_SAMPLE_BYTES]
    try:
        western = sample.decode("cp1252")
    except UnicodeDecodeError:
        pass
    else:
        likely = languages.probabilities(western)
        if max(likely, key=lambda code: likely[code], default=None) in _WESTERN and _mostly_ascii(sample):
            return _fitting(data, path, ("cp1252", "latin-1"))
    from charset_normalizer import from_bytes  # slow to import, seldom needed

    return _fitting(data, path, tuple(match.encoding for match in from_bytes(sample)))


def _mostly_ascii(sample: bytes) -> bool:
    return sum(byte >= 0x80 for byte in sample) < 0.2 * len(sample)


def _fitting(data: bytes, path: Path, encodings: tuple[str, ...]) -> str:
    for encoding in encodings:
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise _not_text(path, "no encoding fits its bytes")

"""Loaders: one module per family of file formats, each a function that reads a file's exact text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rag import languages, sentences
from rag.documents import Document, Sentence, Source, Span
from rag.loaders import text

_READERS = dict.fromkeys(text.SUFFIXES, text.read)


def supported(path: Path) -> bool:
    """Whether the file's name has a suffix that a loader reads; upper and lower case do not matter."""
    return path.suffix.lower() in _READERS


def load(path: Path, document_id: str) -> Document:
    """The document in the file: exact text, metadata, marked boilerplate and sentences.

    A file whose suffix is not `supported` is read as text.

    Raises:
        DocumentError: The file cannot be read, is empty, too large or holds no text.

    """
    exact = _READERS.get(path.suffix.lower(), text.read)(path)
    return describe(exact.text, document_id, sha256=exact.sha256, encoding=exact.encoding)


def describe(text: str, document_id: str, *, sha256: str, encoding: str = "utf-8") -> Document:
    """A document made of its exact text: metadata, boilerplate and sentences are found in it."""
    from rag import boilerplate, metadata  # hundreds of patterns to compile, and a question reads no file

    marked = tuple(boilerplate.mark(text))
    article = list(_outside(text, marked))
    language = languages.detect("\n".join(span.of(text) for span in article))
    title, author, dates = metadata.read(text, marked)
    source = Source(
        id=document_id, sha256=sha256, language=language, title=title, author=author, dates=dates, encoding=encoding
    )
    found = tuple(sentence for span in article for sentence in _sentences(text, span, language))
    return Document(source=source, text=text, sentences=found, boilerplate=marked)


def _outside(text: str, marked: Sequence[Span]) -> Iterator[Span]:
    start = 0
    for span in (*marked, Span(len(text), len(text))):
        if start < span.start:
            yield Span(start, span.start)
        start = span.end


def _sentences(text: str, part: Span, language: str | None) -> Iterator[Sentence]:
    for span in sentences.split(part.of(text), language):
        moved = Span(part.start + span.start, part.start + span.end)
        yield Sentence(moved, languages.of_sentence(moved.of(text), language))

"""The values that travel through the package: spans, sentences, documents, chunks and hits.

Every offset counts Unicode code points of the document's exact text and every span is half-open, so
``text[span.start:span.end]`` is the quoted text. All values are frozen.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Literal

DateKind = Literal["published", "updated", "unknown"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A run of characters: code points from start (included) to end (excluded).

    >>> Span(6, 11).of("hello world")
    'world'
    """

    start: int
    end: int

    def of(self, text: str) -> str:
        """The characters of text that the span covers."""
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        """Whether the two spans share at least one character."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a document.

    Attributes:
        span: Where it stands in the document's text, without surrounding white space.
        language: ISO 639-1 code ("en", "fr", "id", "zh" ...), or None when nothing tells.
    """

    span: Span
    language: str | None


@dataclass(frozen=True, slots=True)
class DocumentDate:
    """A date that the document states about itself.

    Attributes:
        kind: "published" or "updated" when a label says so; "unknown" otherwise.
        span: Where it is printed.
        value: The date, or None when the text leaves the year out ("Update (February 23)").
    """

    kind: DateKind
    span: Span
    value: datetime.date | None


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of a document besides its text.

    Attributes:
        id: The path relative to the parent of the indexed folder, with "/" ("seeds/003_ab6f….txt").
        sha256: Hex digest of the file's bytes.
        language: The document's main language, ISO 639-1, or None when nothing tells.
        title: As printed in the document; None when it has none.
        author: As printed in the document; None when it names none.
        dates: The dates the document states about itself, in order of appearance.
        encoding: The codec that decoded the bytes ("utf-8", "utf-8-sig", "utf-16", "cp1252" ...).
    """

    id: str
    sha256: str
    language: str | None = None
    title: str | None = None
    author: str | None = None
    dates: tuple[DocumentDate, ...] = ()
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Document:
    """A file's exact text with what was found out about it.

    For text files ``Path.read_bytes().decode(source.encoding) == text``: nothing is altered, line ends included.

    Attributes:
        source: Everything but the text.
        text: The exact text.
        sentences: The sentences outside boilerplate, in order, never overlapping.
        boilerplate: Runs that are the site's and not the article's (navigation, comment forms, image credits),
            in order, never overlapping. They are kept out of retrieval and answers but never cut out of the text.
    """

    source: Source
    text: str = field(repr=False)
    sentences: tuple[Sentence, ...] = field(default=(), repr=False)
    boilerplate: tuple[Span, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of whole sentences of one document, an exact slice of its text.

    Attributes:
        document: The document's id.
        span: Where it stands in the document.
        text: ``document.text[span.start:span.end]``.
        sentences: Its sentences; offsets count from the start of the document, not of the chunk.
        language: The language of most of its characters, or None.
    """

    document: str
    span: Span
    text: str = field(repr=False)
    sentences: tuple[Sentence, ...] = field(repr=False)
    language: str | None = None

    @property
    def id(self) -> str:
        """A readable name: ``<document>:<start>-<end>``."""
        return f"{self.document}:{self.span.start}-{self.span.end}"

    def sentence_text(self, position: int) -> str:
        """The exact text of the sentence at a 0-based position of ``sentences``."""
        span = self.sentences[position].span
        return self.text[span.start - self.span.start : span.end - self.span.start]


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved chunk and why it was retrieved.

    Attributes:
        chunk: The passage.
        source: The document it comes from.
        rank: Its place in the final ranking, from 1.
        score: The fused score, higher is better; comparable within one question only.
        dense_rank: Its place in the vector ranking, from 1; None when that ranking lacks it.
        dense_score: Cosine similarity to the question, -1 to 1; None with dense_rank None.
        lexical_rank: Its place in the word ranking, from 1; None when that ranking lacks it.
        lexical_score: BM25, 0 upwards; None with lexical_rank None.
        sentence_scores: For each sentence of the chunk, its cosine similarity to the question.
        origin: Documents that are copies or translations of one another share this number (from 1, in order of rank).
    """

    chunk: Chunk
    source: Source
    rank: int
    score: float
    dense_rank: int | None
    dense_score: float | None
    lexical_rank: int | None
    lexical_score: float | None
    sentence_scores: tuple[float, ...]
    origin: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Which documents a question may be answered from; an empty field does not restrict.

    Attributes:
        documents: Document ids, or prefixes of ids that end in "/".
        languages: ISO 639-1 codes of the chunk's language.
        after: Only documents with a full date of their own on this day or later.
        before: Only documents with a full date of their own on this day or earlier.
    """

    documents: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    after: datetime.date | None = None
    before: datetime.date | None = None

    def __bool__(self) -> bool:
        return bool(self.documents or self.languages or self.after or self.before)

"""What a page prints, whatever its format: lines in the words of its labels, clean for display, in order of worth."""

from __future__ import annotations

from dataclasses import dataclass

from rag.answers import Quotation
from rag.pages.cleaning import reads_right_to_left
from rag.pages.labels import Labels

_MOST_LINES = 80


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a section.

    Attributes:
        text: What it says, with quotation marks where it is somebody's own words, without numbers of sources.
        language: Of the text, ISO 639-1.
        lead: Set in bold before the text: a name, a date, a matter; "" without one.
        marks: Numbers of the cited sources, ascending, each once.
        remarks: Said after it in small print.
        support: How many independent origins state it, in words; "" for fewer than two.
        warning: Why it is not to be trusted; "" when it is.
        parts: The positions of a disagreement.
        spans: The evidence.
        order: When it goes if the page is full: 0 first; None never.
    """

    text: str
    language: str
    lead: str = ""
    marks: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()
    support: str = ""
    warning: str = ""
    parts: tuple[Line, ...] = ()
    spans: tuple[Quotation, ...] = ()
    order: int | None = None

    @property
    def right_to_left(self) -> bool:
        """Whether it reads from right to left."""
        return reads_right_to_left(self.text or self.lead)

    @property
    def cited(self) -> frozenset[int]:
        """The numbers of all sources that it cites, in its parts, too."""
        return frozenset(self.marks).union(*(part.marks for part in self.parts))


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines.

    Attributes:
        name: As in ``rag.briefings.Briefing``.
        heading: In the language of the page.
        lines: At least one, in the order of the page.
    """

    name: str
    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source as the page lists it.

    Attributes:
        number: On the page.
        document: Its id, fit for display.
        url: Where the file is; "" when nobody said.
        title: Of the document.
        language: Of the title, ISO 639-1.
        descriptor: What kind of source it is, its date and what it rests on.
        order: When it goes if the page is full; None never.
    """

    number: int
    document: str
    url: str
    title: str
    language: str
    descriptor: tuple[str, ...]
    order: int | None = None

    @property
    def right_to_left(self) -> bool:
        """Whether its title reads from right to left."""
        return reads_right_to_left(self.title)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that a page prints.

    Attributes:
        labels: Of its language.
        title: Of the briefing.
        question: As the page introduces it; "" without one.
        facts: About the page: its day, its sources.
        coverage: How much is verified, in words; "" when nothing is stated.
        complete: Whether every sentence is verified.
        bottom_line: At most three lines.
        confidence: How sure, in words; "" without a bottom line.
        level: The same for a gauge: 3 high, 1 low, 0 without.
        reason: What the confidence rests on.
        sections: Those with lines, in the order of the page.
        sources: By number.
        footer: What was read, and who wrote it.
        left_out: By order, what the page says is missing when only lines and sources of this order or higher are
            printed; "" for order 0.
        date: Of the briefing, ISO 8601.
    """

    labels: Labels
    title: str
    question: str
    facts: tuple[str, ...]
    coverage: str
    complete: bool
    bottom_line: tuple[Line, ...]
    confidence: str
    level: int
    reason: str
    sections: tuple[Section, ...]
    sources: tuple[SourceLine, ...]
    footer: tuple[str, ...]
    left_out: tuple[str, ...]
    date: str

    @property
    def first_order(self) -> int:
        """The lowest order worth trying on paper: more lines fit on no page, and measuring them takes time."""
        return max(0, sum(len(section.lines) for section in self.sections) - _MOST_LINES)

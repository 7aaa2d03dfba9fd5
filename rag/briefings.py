"""The typed briefing: one page whose every sentence points at the characters that bear it out.

``rag.desk`` makes one; ``rag.pages`` only lays it out. Information (what sources say) and judgement
(how sure we are, what kind of disagreement it is) are different fields.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from rag.answers import Attribution, Position, Quotation, Usage

StatementKind = Literal["reported", "quoted", "inferred"]
ConfidenceLevel = Literal["high", "moderate", "low"]
DisagreementKind = Literal["contradiction", "scope", "emphasis", "error"]
DateBasis = Literal["printed", "relative"]
GapBasis = Literal["stated", "absent"]
Outlet = Literal["news", "trade", "blog", "press-release", "official", "unknown"]


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of the page and its evidence.

    Attributes:
        text: As printed on the page.
        kind: "quoted" when the text is the source's own words, "reported" when it is worded anew, "inferred" when it
            follows from the spans without being said in them.
        spans: The evidence, the best first.
        origins: How many independent origins state it; copies and translations of one article count once.
        attribution: Who said it, when the source only reports it.
        verified: Whether every check passed; an unverified statement is printed only on demand, and marked.
    """

    text: str
    kind: StatementKind
    spans: tuple[Quotation, ...]
    origins: int
    attribution: Attribution | None = None
    verified: bool = True


@dataclass(frozen=True, slots=True)
class BottomLine:
    """What to know when nothing else is read.

    Attributes:
        statements: One to three, at most 60 words together.
        confidence: Our judgement.
        reason: What it rests on: how many origins, disagreements, gaps.
    """

    statements: tuple[Statement, ...]
    confidence: ConfidenceLevel
    reason: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, or is to happen, at a date that a source prints.

    Attributes:
        date: As printed in the source, in its language ("Februari 2018", "last year").
        sort_key: ISO 8601 as far as known: "2015", "2018-02", "2018-02-23", or "--02-23" when no year is known.
        basis: "printed" when the date stands there, "relative" when it was counted from another date.
        statement: What happened.
    """

    date: str
    sort_key: str
    basis: DateBasis
    statement: Statement


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody, or an organisation, that the documents speak of.

    Attributes:
        name: As the sources write it most often.
        also: Other spellings, other scripts included.
        role: Who that is, in the words of a source.
    """

    name: str
    role: Statement
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Sources that say different things of one matter.

    Attributes:
        about: The matter, in the sources' words.
        kind: "contradiction"; "scope" when both can be true; "emphasis" when one is firmer than another; "error" when
            one is likely a slip.
        positions: Two or more, each with its evidence.
    """

    about: str
    kind: DisagreementKind
    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that the documents leave open.

    Attributes:
        text: As printed on the page.
        basis: "stated" when a source says that it is unknown, "absent" when no document covers it.
        spans: Where the source says so; empty when absent.
    """

    text: str
    basis: GapBasis
    spans: tuple[Quotation, ...] = ()


@dataclass(frozen=True, slots=True)
class Saying:
    """Somebody's own words, as a source quotes them.

    Attributes:
        quotation: The words, in the original language.
        speaker: Whose they are, as named in the source; None when it does not say.
    """

    quotation: Quotation
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A document that the page cites.

    Attributes:
        number: On the page, from 1, in order of first use.
        document: Its id.
        sha256: Hex digest of the file's bytes when it was read.
        title: As printed in it, or its opening words.
        language: ISO 639-1, or None.
        date: As known, ISO 8601; None when it has none.
        date_kind: "published", "updated" or "unknown"; None without a date.
        outlet: What kind of publisher wrote it, our judgement from its own words.
        rests_on: Whom it names as its own source, in its words; None when it names nobody.
        copy_of: The number of the cited source that it is a copy or translation of; None when it stands alone.
    """

    number: int
    document: str
    sha256: str
    title: str
    language: str | None
    date: str | None = None
    date_kind: str | None = None
    outlet: Outlet = "unknown"
    rests_on: Quotation | None = None
    copy_of: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is different from an earlier briefing, or since a day.

    Attributes:
        kind: "new", "changed" or "withdrawn".
        statement: What is said now; what was said then when withdrawn.
        before: What was said then; None unless changed.
    """

    kind: Literal["new", "changed", "withdrawn"]
    statement: Statement
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the page is verified.

    Attributes:
        sentences: Sentences on the page that state something about the world.
        verified: How many of them are borne out by their spans.
        withheld: How many drafts were left out because they were not.
    """

    sentences: int
    verified: int
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Briefing:
    """A one-page briefing.

    Attributes:
        title: A few words of the sources.
        question: What it is about, as asked; None when it covers the whole folder.
        language: Of the labels, ISO 639-1: "en", "fr" or "id".
        as_of: The day it stands for.
        bottom_line: What to know when nothing else is read; None when the documents say nothing about the question.
        facts: Key facts, the most important first.
        timeline: By date.
        actors: Who's who, the most prominent first.
        agreements: What several independent origins say alike.
        disagreements: What they do not.
        gaps: What is not known.
        sayings: Verbatim quotations in the original language.
        sources: In order of first use.
        origins: How many independent origins the cited sources are.
        considered: How many documents were looked at.
        documents: How many documents the index holds.
        coverage: How much is verified.
        changes: With ``--since``: what is new, changed or withdrawn; else empty.
        since: The day or briefing that the changes are counted from; None without.
        model: Who wrote it: "extractive", or "<server>:<model>".
        prompt: Which prompt the model was sent, "<name>@<version>"; None without one.
        usage: What the model consumed.
    """

    title: str
    question: str | None
    language: str
    as_of: dt.date
    bottom_line: BottomLine | None
    facts: tuple[Statement, ...] = ()
    timeline: tuple[Event, ...] = ()
    actors: tuple[Actor, ...] = ()
    agreements: tuple[Statement, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    gaps: tuple[Gap, ...] = ()
    sayings: tuple[Saying, ...] = ()
    sources: tuple[SourceEntry, ...] = ()
    origins: int = 0
    considered: int = 0
    documents: int = 0
    coverage: Coverage = field(default_factory=lambda: Coverage(0, 0))
    changes: tuple[Change, ...] = ()
    since: str | None = None
    model: str = "extractive"
    prompt: str | None = None
    usage: Usage = field(default_factory=Usage)

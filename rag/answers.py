"""The two types of answer: what an answerer wrote, and what we vouch for.

``DraftAnswer`` is untrusted: it points at sentences by id and may be wrong in every field. ``Answer`` is verified:
each claim carries exact spans of its sources. ``rag.verification.verify`` is the only maker of an ``Answer``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from rag.documents import Span

Status = Literal["answered", "partial", "conflicting", "unanswerable"]
ClaimKind = Literal["fact", "statement", "opinion", "forecast"]
ConflictKind = Literal["contradiction", "scope"]


class DraftModel(BaseModel):
    """Settings that every draft type shares: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DraftAttribution(DraftModel):
    """Who said it, and as what."""

    speaker: str
    kind: ClaimKind


class DraftClaim(DraftModel):
    """One statement and the sentences it rests on.

    ``sentences`` are ids "P.S": passage number (the hit's rank, from 1), a full stop, sentence number in it (from 1).
    ``text`` is either a verbatim part of the one sentence cited, or a statement in the question's language.
    ``answer`` is where in the text the short answer stands, code points, half-open.
    """

    text: str
    sentences: list[str]
    attribution: DraftAttribution | None = None
    answer: tuple[int, int] | None = None


class DraftPosition(DraftModel):
    """One side of a disagreement: what it says and the sentences that say it."""

    text: str
    sentences: list[str]


class DraftConflict(DraftModel):
    """Sources that give different values for the same thing."""

    about: str
    kind: ConflictKind
    positions: list[DraftPosition]


class DraftAnswer(DraftModel):
    """What an answerer wrote, before anything is checked.

    ``confidence`` is how sure the answerer is that the passages answer, 0 to 1; None when it does not say.
    """

    status: Status
    claims: list[DraftClaim] = Field(default_factory=list)
    conflicts: list[DraftConflict] = Field(default_factory=list)
    missing: list[str] = Field(default_factory=list)
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Quotation:
    """Exact characters of a source: the evidence for a claim.

    Attributes:
        document: The document's id.
        sha256: Hex digest of the file's bytes when it was indexed.
        start: First code point, from 0.
        end: One past the last code point.
        quote: ``document.text[start:end]``, in the original language.
        language: ISO 639-1, or None.
        title: The document's title, or None.
        page: The printed page it stands on, from 1; None for formats without pages.
        answer: Where in the document the short answer to the question stands, within start and end; None without one.
    """

    document: str
    sha256: str
    start: int
    end: int
    quote: str
    language: str | None = None
    title: str | None = None
    page: int | None = None
    answer: Span | None = None

    @property
    def short_answer(self) -> str | None:
        """The characters of ``answer``."""
        return self.quote[self.answer.start - self.start : self.answer.end - self.start] if self.answer else None


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who said it, and as what."""

    speaker: str
    kind: ClaimKind


@dataclass(frozen=True, slots=True)
class Claim:
    """A verified statement.

    Attributes:
        text: The statement; in extractive mode the quotation itself.
        spans: The evidence, never empty.
        origins: How many independent origins state it; copies and translations of one article count once.
        attribution: Who said it, when the source only reports it.
        answer: Where in the text the few words stand that answer the question by themselves; None without such words.
    """

    text: str
    spans: tuple[Quotation, ...]
    origins: int
    attribution: Attribution | None = None
    answer: Span | None = None

    @property
    def short_answer(self) -> str | None:
        """The characters of ``answer``."""
        return self.answer.of(self.text) if self.answer else None


@dataclass(frozen=True, slots=True)
class Position:
    """One side of a conflict with its evidence, never empty."""

    text: str
    spans: tuple[Quotation, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Sources that give different values for the same thing.

    Attributes:
        about: What the disagreement is about, in the sources' words.
        kind: "contradiction", or "scope" when both can be true (fifth in the world, fourth in China).
        positions: Two or more, each with its evidence.
    """

    about: str
    kind: ConflictKind
    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """What a model consumed, over all retries and re-asks; all zero when no model was asked.

    Attributes:
        requests: Requests sent, failed ones included.
        input_tokens: Tokens read, cached ones included.
        output_tokens: Tokens written, those of unseen reasoning included.
        cached_tokens: How many of the tokens read the server had in its cache.
        seconds: Time spent waiting for the server.
        cost: In US dollars, or the currency of the price table in force; None when no price is known.
        estimated: Whether some tokens were estimated, never too low, because the server did not report them.
    """

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    seconds: float = 0.0
    cost: float | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose every sentence has been checked against its source.

    Attributes:
        question: As asked.
        language: The question's language, ISO 639-1, or None.
        status: "answered", "partial" (a part is missing), "conflicting" (sources disagree on it) or "unanswerable".
        claims: Best first; empty when unanswerable.
        conflicts: Disagreements among the sources about what was asked.
        missing: What was asked and the passages found do not hold, in words of the question.
        nearest: When unanswerable, the closest passages, best first; never presented as an answer.
        withheld: How many draft claims failed verification and were left out.
        model: Which answerer spoke: "extractive", or "<server>:<model>".
        prompt: Which prompt the model was sent, "<name>@<version>", its version a hash of the words; None without one.
        fallback: Why another answerer than the one asked for spoke, in a sentence that names it; None when none did.
        usage: What the model consumed.
        timings: Seconds per step: "retrieve", "draft", "verify".
    """

    question: str
    language: str | None
    status: Status
    claims: tuple[Claim, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    missing: tuple[str, ...] = ()
    nearest: tuple[Quotation, ...] = ()
    withheld: int = 0
    model: str = "extractive"
    prompt: str | None = None
    fallback: str | None = None
    usage: Usage = field(default_factory=Usage)
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def direct(self) -> str | None:
        """The few words of the first claim that answer; None without them or if sources disagree."""
        return self.claims[0].short_answer if self.claims and self.status != "conflicting" else None

    @property
    def text(self) -> str:
        """The claims as running text; empty when there are none."""
        return " ".join(claim.text for claim in self.claims)

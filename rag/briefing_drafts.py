"""What a writer of briefings wrote, before anything is checked: untrusted, and pointing at sentences by id."""

from __future__ import annotations

from pydantic import Field

from rag.answers import DraftClaim, DraftModel, DraftPosition
from rag.briefings import DateBasis, DisagreementKind, GapBasis


class DraftEvent(DraftModel):
    """Something dated: the date as printed in a sentence cited, and ISO 8601 as far as known."""

    date: str
    sort_key: str
    basis: DateBasis
    claim: DraftClaim


class DraftActor(DraftModel):
    """A name, other spellings of it, and who that is."""

    name: str
    role: DraftClaim
    also: list[str] = Field(default_factory=list)


class DraftDisagreement(DraftModel):
    """Positions on one matter that differ."""

    about: str
    kind: DisagreementKind
    positions: list[DraftPosition]


class DraftGap(DraftModel):
    """Something unknown; without sentences when no document speaks of it."""

    text: str
    basis: GapBasis
    sentences: list[str] = Field(default_factory=list)


class DraftSaying(DraftModel):
    """Words that stand between quotation marks in a sentence, and whose they are."""

    text: str
    sentence: str
    speaker: str | None = None


class DraftBriefing(DraftModel):
    """A page as it was written: every list in the order in which it is to be read, the most important first."""

    title: str
    bottom_line: list[DraftClaim] = Field(default_factory=list)
    facts: list[DraftClaim] = Field(default_factory=list)
    timeline: list[DraftEvent] = Field(default_factory=list)
    actors: list[DraftActor] = Field(default_factory=list)
    agreements: list[DraftClaim] = Field(default_factory=list)
    disagreements: list[DraftDisagreement] = Field(default_factory=list)
    gaps: list[DraftGap] = Field(default_factory=list)
    sayings: list[DraftSaying] = Field(default_factory=list)

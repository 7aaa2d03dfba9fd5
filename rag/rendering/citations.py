"""Numbers for the quotations of an answer, and how a source is named to a reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rag.answers import Answer, Claim, Quotation
from rag.documents import DocumentDate
from rag.rendering.display import clip, count, safe_text

_KINDS = ("published", "updated", "unknown")


@dataclass(frozen=True, slots=True)
class SourceNote:
    """What a reader wants to know of a source besides the quotation.

    Attributes:
        opening: The first words of the text, to name a document without a title.
        path: The file as it can be opened now; None when it is gone.
        dates: The dates that the document states about itself.
    """

    opening: str = ""
    path: Path | None = None
    dates: tuple[DocumentDate, ...] = ()

    @property
    def date(self) -> str:
        """The date as far as it is known, e.g. "published 2018-02-23", or "dated …" when no label says which."""
        for kind in _KINDS:
            for date in self.dates:
                if date.kind == kind and date.value is not None:
                    return f"{'dated' if kind == 'unknown' else kind} {date.value.isoformat()}"
        return ""


Notes = Mapping[str, SourceNote]
_NO_NOTE = SourceNote()


@dataclass(frozen=True, slots=True)
class Citations:
    """The quotations of an answer, numbered from 1 in the order in which a reader meets them."""

    numbers: dict[tuple[str, int, int], int] = field(default_factory=dict)
    quotations: list[Quotation] = field(default_factory=list)

    @classmethod
    def of(cls, answer: Answer) -> Citations:
        """The quotations of all claims, then of all positions in conflict; one number for equal spans."""
        citations = cls.of_claims(answer.claims)
        for conflict in answer.conflicts:
            for position in conflict.positions:
                citations._add(position.spans)
        return citations

    @classmethod
    def of_claims(cls, claims: Iterable[Claim]) -> Citations:
        """The quotations of these claims, which have the same numbers in an answer that begins with them."""
        citations = cls()
        for claim in claims:
            citations._add(claim.spans)
        return citations

    def _add(self, quotations: Iterable[Quotation]) -> None:
        for quotation in quotations:
            key = (quotation.document, quotation.start, quotation.end)
            if key not in self.numbers:
                self.quotations.append(quotation)
                self.numbers[key] = len(self.quotations)

    def marks(self, quotations: Iterable[Quotation]) -> list[int]:
        """The numbers of these quotations, in order, each once."""
        return list(dict.fromkeys(self.numbers[one.document, one.start, one.end] for one in quotations))


def answer_quotations(answer: Answer) -> list[Quotation]:
    """Every quotation of the answer: of claims, of positions in conflict, and the nearest passages."""
    return [*Citations.of(answer).quotations, *answer.nearest]


def same_words(first: str, second: str) -> bool:
    """Whether two texts read the same, white space aside: a quotation that is the claim need not be printed twice."""
    return first.split() == second.split()


def printed_texts(answer: Answer) -> list[str]:
    """The texts that an answer prints as its own: of its claims and of positions in conflict."""
    texts = [claim.text for claim in answer.claims]
    return texts + [position.text for conflict in answer.conflicts for position in conflict.positions]


def shown_in_full(texts: Iterable[str], quotation: Quotation) -> bool:
    """Whether one of the printed texts is exactly this quotation."""
    return any(same_words(text, quotation.quote) for text in texts)


def withheld(answer: Answer) -> str:
    """How many statements were left out, in a sentence; "" when none was."""
    if not answer.withheld:
        return ""
    counted = "1 statement was" if answer.withheld == 1 else f"{answer.withheld} statements were"
    return f"{counted} left out: not borne out by the sources."


def refusal(answer: Answer) -> str:
    """Why an unanswerable question has no answer: the documents do not say, or do not bear out what was drafted."""
    return "No answer is borne out by the documents." if answer.withheld else "The documents do not say."


def replaced(answer: Answer) -> bool:
    """Whether another answerer than the one asked for gave the whole answer, and not only the end of it."""
    return answer.fallback is not None and answer.model == "extractive"


def heading(quotation: Quotation, notes: Notes) -> str:
    """The source's title; its opening words with "…" when it has none, the quotation's own as a last resort."""
    if quotation.title:
        return safe_text(quotation.title)
    opening = notes.get(quotation.document, _NO_NOTE).opening or quotation.quote
    return clip(safe_text(opening), 60)


def note_of(quotation: Quotation, notes: Notes) -> SourceNote:
    """The note of the quotation's document; an empty one when nothing is known."""
    return notes.get(quotation.document, _NO_NOTE)


def support(claim: Claim) -> str:
    """How many documents and origins state the claim, e.g. "3 sources, 2 origins"; "" for one document."""
    sources = len({quotation.document for quotation in claim.spans})
    if sources < 2:
        return ""
    return f"{count(sources, 'source')}, {count(claim.origins, 'origin')}"


def attribution(claim: Claim) -> str:
    """Who said it, e.g. "statement by Wang Xiang"; "" when the claim is the source's own."""
    if claim.attribution is None:
        return ""
    return f"{claim.attribution.kind} by {safe_text(claim.attribution.speaker)}"

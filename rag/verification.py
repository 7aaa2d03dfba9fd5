"""Draft and hits to an answer whose every sentence points at exact characters of a source."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rag.answers import (
    Answer,
    Attribution,
    Claim,
    Conflict,
    DraftAnswer,
    DraftClaim,
    DraftConflict,
    DraftPosition,
    Position,
    Quotation,
    Status,
    Usage,
)
from rag.documents import Hit, Span

_NEAREST = 3


@dataclass(frozen=True, slots=True)
class _Cited:
    """A sentence that a draft points at."""

    hit: Hit
    position: int

    @property
    def text(self) -> str:
        return self.hit.chunk.sentence_text(self.position)


def verify(
    question: str,
    language: str | None,
    draft: DraftAnswer,
    hits: Sequence[Hit],
    *,
    model: str,
    glosses: bool = False,
    usage: Usage = Usage(),  # noqa: B008 - frozen
    timings: Mapping[str, float] | None = None,
) -> Answer:
    """The answer that the draft amounts to once every claim is traced to its sources; the only way to make one.

    A claim whose text stands word for word in a sentence it cites gets a span of just that text; its other sentences
    support it whole. A claim that cites a sentence which does not exist, or none, is withheld and counted, and so is,
    unless glosses are allowed, one whose text is not in its sentences. A conflict that loses a side is dropped.
    Without a claim left the status is "unanswerable".

    Args:
        question: As asked.
        language: The question's language, or None.
        draft: What the answerer wrote; its sentence ids "P.S" count from 1 in the order of hits.
        hits: What the answerer was given.
        model: Which answerer spoke.
        glosses: Whether claims may be worded in other words than their sources.
        usage: What the model consumed.
        timings: Seconds of the steps before; "verify" is added.
    """
    started = time.perf_counter()
    claims = [claim for each in draft.claims if (claim := _claim(each, hits, glosses)) is not None]
    conflicts = [conflict for each in draft.conflicts if (conflict := _conflict(each, hits, glosses)) is not None]
    status = _status(draft.status, claims, conflicts)
    if status == "unanswerable":
        claims, conflicts = [], []
    return Answer(
        question=question,
        language=language,
        status=status,
        claims=tuple(claims),
        conflicts=tuple(conflicts),
        missing=tuple(draft.missing) if status in ("partial", "unanswerable") else (),
        nearest=tuple(_nearest(hits)) if status == "unanswerable" else (),
        withheld=len(draft.claims) - len(claims) if draft.status != "unanswerable" else 0,
        model=model,
        usage=usage,
        timings={**(timings or {}), "verify": time.perf_counter() - started},
    )


def _status(drafted: Status, claims: Sequence[Claim], conflicts: Sequence[Conflict]) -> Status:
    if not claims:
        return "unanswerable"
    if any(conflict.kind == "contradiction" for conflict in conflicts):
        return "conflicting"
    return drafted if drafted == "partial" else "answered"


def _claim(draft: DraftClaim, hits: Sequence[Hit], glosses: bool) -> Claim | None:
    cited = list(_resolve(draft.sentences, hits))
    spans = _evidence(draft.text, draft.sentences, cited, glosses)
    if spans is None:
        return None
    if draft.answer is not None and spans[0].quote == draft.text:
        spans = (_answered(spans[0], *draft.answer), *spans[1:])
    said = draft.attribution
    attribution = Attribution(said.speaker, said.kind) if said is not None else None
    return Claim(draft.text, spans, len({sentence.hit.origin for sentence in cited}), attribution)


def _answered(quotation: Quotation, start: int, end: int) -> Quotation:
    """The quotation with its short answer; without one when the offsets do not lie within it."""
    if not 0 <= start < end <= len(quotation.quote) or not quotation.quote[start:end].strip():
        return quotation
    return dataclasses.replace(quotation, answer=Span(quotation.start + start, quotation.start + end))


def _conflict(draft: DraftConflict, hits: Sequence[Hit], glosses: bool) -> Conflict | None:
    positions = [_position(each, hits, glosses) for each in draft.positions]
    held = tuple(position for position in positions if position is not None)
    return Conflict(draft.about, draft.kind, held) if len(held) > 1 and len(held) == len(positions) else None


def _position(draft: DraftPosition, hits: Sequence[Hit], glosses: bool) -> Position | None:
    spans = _evidence(draft.text, draft.sentences, list(_resolve(draft.sentences, hits)), glosses)
    return Position(draft.text, spans) if spans is not None else None


def _evidence(text: str, ids: Sequence[str], cited: Sequence[_Cited], glosses: bool) -> tuple[Quotation, ...] | None:
    """The spans behind a text, or None when an id leads nowhere or the text is not what the sentences say."""
    if not text.strip() or not cited or len(cited) != len(ids):
        return None
    main = next((sentence for sentence in cited if text in sentence.text), None)
    if main is None and not glosses:
        return None
    quotations = [_quotation(sentence, text if sentence is main else None) for sentence in cited]
    if main is not None:
        quotations.insert(0, quotations.pop(list(cited).index(main)))
    return tuple(dict.fromkeys(quotations))


def _resolve(ids: Iterable[str], hits: Sequence[Hit]) -> Iterator[_Cited]:
    """The sentences that the ids name; an id that names none gives nothing."""
    for each in ids:
        passage, _, sentence = each.partition(".")
        if not (_is_count(passage) and _is_count(sentence)):
            continue
        if int(passage) <= len(hits) and int(sentence) <= len(hits[int(passage) - 1].chunk.sentences):
            yield _Cited(hits[int(passage) - 1], int(sentence) - 1)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6 and int(text) > 0


def _quotation(cited: _Cited, part: str | None = None) -> Quotation:
    """The span of a sentence, or of the first occurrence of a part in it."""
    chunk = cited.hit.chunk
    sentence = chunk.sentences[cited.position]
    span = sentence.span
    if part is not None:
        start = span.start + cited.text.index(part)
        span = Span(start, start + len(part))
    return Quotation(
        document=chunk.document,
        sha256=cited.hit.source.sha256,
        start=span.start,
        end=span.end,
        quote=chunk.text[span.start - chunk.span.start : span.end - chunk.span.start],
        language=sentence.language,
        title=cited.hit.source.title,
    )


def _nearest(hits: Sequence[Hit]) -> Iterator[Quotation]:
    """The sentence closest to the question from each of the first hits."""
    for hit in [hit for hit in hits if hit.chunk.sentences][:_NEAREST]:
        scores = hit.sentence_scores
        yield _quotation(_Cited(hit, max(range(len(scores)), key=scores.__getitem__)))

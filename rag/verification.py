"""Draft and hits to an answer whose every sentence points at exact characters of a source."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

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
from rag.scrutiny import Cited, Scrutiny, resolve

if TYPE_CHECKING:
    from rag.guard import Similarity

_NEAREST = 3


class Judging(Protocol):
    """Anything that says whether a statement follows from its quotations alone; ``rag.judging.Judge`` is one."""

    def entails(self, statement: str, quotations: Sequence[Quotation]) -> bool:
        """Whether the quotations say everything that the statement says."""
        ...


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a draft is held to.

    Attributes:
        scrutiny: Of texts in other words than their sources; None where there may be none.
        judge: Has the last word on each such text; None without.
    """

    scrutiny: Scrutiny | None
    judge: Judging | None

    def object_to(self, text: str, cited: Sequence[Cited], spans: Sequence[Quotation], *, attributed: bool) -> bool:
        """Whether a text says more than the sentences it cites."""
        if self.scrutiny is None:
            return False
        if self.scrutiny.objections(text, cited, attributed=attributed):
            return True
        return self.judge is not None and not self.judge.entails(text, spans)

    def bears(self, topic: str, cited: Sequence[Cited]) -> bool:
        """Whether a topic, should it state something, states only what the sentences say."""
        return self.scrutiny is None or not self.scrutiny.objections(topic, cited)


def verify(
    question: str,
    language: str | None,
    draft: DraftAnswer,
    hits: Sequence[Hit],
    *,
    model: str,
    glosses: bool = False,
    judge: Judging | None = None,
    similarity: Similarity | None = None,
    prompt: str | None = None,
    fallback: str | None = None,
    usage: Usage = Usage(),  # noqa: B008 - frozen
    timings: Mapping[str, float] | None = None,
) -> Answer:
    """The answer that the draft amounts to once every claim is traced to its sources; the only way to make one.

    A claim whose text stands word for word in a sentence it cites gets a span of just that text; its other sentences
    support it whole. A claim that cites a sentence which does not exist, or none, is withheld and counted, and so is,
    unless glosses are allowed, one whose text is not in its sentences. A conflict that loses a side is dropped.
    Without a claim left the status is "unanswerable".

    Where glosses are allowed, ``rag.guard`` and the judge compare every text with its sentences, a verbatim part of one
    too (it may leave out a "not"). A claim or a side of a conflict that says more, or what its sentences do not say, is
    withheld and counted. A speaker whom the passage does not name is left out before, and so is a short answer that by
    itself says something else. What a conflict is about becomes the question when the sides do not say it, and a
    missing part goes that the question does not ask for.

    Args:
        question: As asked.
        language: The question's language, or None.
        draft: What the answerer wrote; its sentence ids "P.S" count from 1 in the order of hits.
        hits: What the answerer was given.
        model: Which answerer spoke.
        glosses: Whether claims may be worded in other words than their sources.
        judge: Asked about each claim that the guard lets pass; glosses only.
        similarity: The cosine of a text and the nearest of some sentences, for a gloss that shares few words with what
            it cites; without it such a gloss is withheld.
        prompt: Which prompt the model was sent.
        fallback: Why another answerer than the one asked for spoke.
        usage: What the model consumed.
        timings: Seconds of the steps before; "verify" is added.
    """
    started = time.perf_counter()
    rules = _Rules(Scrutiny(language, similarity) if glosses else None, judge)
    claims = [claim for each in draft.claims if (claim := _claim(each, hits, rules)) is not None]
    sides = [[_position(each, hits, rules) for each in conflict.positions] for conflict in draft.conflicts]
    withheld = len(draft.claims) - len(claims)
    withheld += sum(position is None for positions in sides for position in positions) if glosses else 0
    conflicts = list(_conflicts(question, draft.conflicts, sides, hits, rules))
    status = _status(draft.status, claims, conflicts)
    if status == "unanswerable":
        claims, conflicts = [], []
    return Answer(
        question=question,
        language=language,
        status=status,
        claims=tuple(claims),
        conflicts=tuple(conflicts),
        missing=tuple(_missing(question, draft.missing, rules)) if status in ("partial", "unanswerable") else (),
        nearest=tuple(_nearest(hits)) if status == "unanswerable" else (),
        withheld=withheld if draft.status != "unanswerable" else 0,
        model=model,
        prompt=prompt,
        fallback=fallback,
        usage=usage,
        timings={**(timings or {}), "verify": time.perf_counter() - started},
    )


def _status(drafted: Status, claims: Sequence[Claim], conflicts: Sequence[Conflict]) -> Status:
    if not claims:
        return "unanswerable"
    if any(conflict.kind == "contradiction" for conflict in conflicts):
        return "conflicting"
    return drafted if drafted == "partial" else "answered"


def _claim(draft: DraftClaim, hits: Sequence[Hit], rules: _Rules) -> Claim | None:
    cited = resolve(draft.sentences, hits)
    spans = _evidence(draft.text, draft.sentences, cited, glosses=rules.scrutiny is not None)
    said = draft.attribution
    if rules.scrutiny is not None and said is not None and not rules.scrutiny.is_speaker(said.speaker, cited):
        said = None
    if spans is None or rules.object_to(draft.text, cited, spans, attributed=said is not None):
        return None
    answer = _answer(draft, cited, rules, attributed=said is not None)
    if answer is not None and spans[0].quote == draft.text:
        start = spans[0].start
        spans = (dataclasses.replace(spans[0], answer=Span(start + answer.start, start + answer.end)), *spans[1:])
    attribution = Attribution(said.speaker, said.kind) if said is not None else None
    return Claim(draft.text, spans, len({sentence.hit.origin for sentence in cited}), attribution, answer)


def _answer(draft: DraftClaim, cited: Sequence[Cited], rules: _Rules, *, attributed: bool) -> Span | None:
    """Where in a claim the short answer stands; None when nowhere, or when by itself it says something else."""
    if draft.answer is None:
        return None
    start, end = draft.answer
    if not 0 <= start < end <= len(draft.text) or not draft.text[start:end].strip():
        return None
    span, scrutiny = Span(start, end), rules.scrutiny
    if scrutiny is not None and not scrutiny.stands_alone(span, draft.text, cited, attributed=attributed):
        return None
    return span


def _position(draft: DraftPosition, hits: Sequence[Hit], rules: _Rules) -> Position | None:
    cited = resolve(draft.sentences, hits)
    spans = _evidence(draft.text, draft.sentences, cited, glosses=rules.scrutiny is not None)
    if spans is None or rules.object_to(draft.text, cited, spans, attributed=False):
        return None
    return Position(draft.text, spans)


def _conflicts(
    question: str,
    drafts: Sequence[DraftConflict],
    sides: Sequence[Sequence[Position | None]],
    hits: Sequence[Hit],
    rules: _Rules,
) -> Iterator[Conflict]:
    for draft, positions in zip(drafts, sides, strict=True):
        held = tuple(position for position in positions if position is not None)
        if len(held) < 2 or len(held) < len(positions):
            continue
        cited = resolve([each for position in draft.positions for each in position.sentences], hits)
        yield Conflict(draft.about if rules.bears(draft.about, cited) else question, draft.kind, held)


def _missing(question: str, parts: Sequence[str], rules: _Rules) -> Iterator[str]:
    """The missing parts; those of a model only as far as their names and figures are the question's."""
    for part in parts:
        if rules.scrutiny is None or rules.scrutiny.adds_nothing(part, question):
            yield part


def _evidence(text: str, ids: Sequence[str], cited: Sequence[Cited], *, glosses: bool) -> tuple[Quotation, ...] | None:
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


def _quotation(cited: Cited, part: str | None = None) -> Quotation:
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
        yield _quotation(Cited(hit, max(range(len(scores)), key=scores.__getitem__)))

"""A writer's draft and its material to the parts of a briefing, every one traced to exact characters of its sources."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answers import DraftAnswer, DraftClaim, DraftPosition, Position, Quotation
from rag.briefing_drafts import DraftActor, DraftBriefing, DraftDisagreement, DraftEvent, DraftGap, DraftSaying
from rag.briefings import Actor, Coverage, Disagreement, Event, Gap, Saying, Statement, StatementKind
from rag.guard import Similarity
from rag.material import Material
from rag.text import fold
from rag.verification import Judging, verify


@dataclass(frozen=True, slots=True)
class Rules:
    """What a draft is held to.

    Attributes:
        glosses: Whether texts may be worded in other words than their sentences.
        judge: Has the last word on each such text; None without.
        similarity: See ``rag.guard.Similarity``.
        allow_unverified: Whether what fails is kept, marked, rather than left out.
    """

    glosses: bool = False
    judge: Judging | None = None
    similarity: Similarity | None = None
    allow_unverified: bool = False


@dataclass(frozen=True, slots=True)
class Proved:
    """A draft's parts that hold, in its order, and how many there were."""

    bottom_line: tuple[Statement, ...]
    facts: tuple[Statement, ...]
    timeline: tuple[Event, ...]
    actors: tuple[Actor, ...]
    agreements: tuple[Statement, ...]
    disagreements: tuple[Disagreement, ...]
    gaps: tuple[Gap, ...]
    sayings: tuple[Saying, ...]
    coverage: Coverage


def prove(draft: DraftBriefing, material: Material, rules: Rules) -> Proved:
    """The parts of a draft that its sources bear out.

    Every text goes through ``rag.verification.verify`` as a claim of its own, and every quotation is compared with the
    document's exact text once more. Besides, a date has to stand in a sentence that its event cites, a name in the
    passage of its role, and a speaker in the document of his words. A disagreement that loses a side is left out.
    """
    proof = _Proof(material, rules)
    bottom = proof.statements(draft.bottom_line)
    facts = proof.statements(draft.facts)
    timeline = tuple(event for each in draft.timeline if (event := proof.event(each)) is not None)
    actors = tuple(actor for each in draft.actors if (actor := proof.actor(each)) is not None)
    agreements = tuple(each for each in proof.statements(draft.agreements) if each.origins > 1 or not each.verified)
    differing = tuple(one for each in draft.disagreements if (one := proof.disagreement(each)) is not None)
    gaps = tuple(gap for each in draft.gaps if (gap := proof.gap(each)) is not None)
    sayings = tuple(saying for each in draft.sayings if (saying := proof.saying(each)) is not None)
    coverage = Coverage(proof.printed, proof.printed - proof.unverified, proof.withheld)
    return Proved(bottom, facts, timeline, actors, agreements, differing, gaps, sayings, coverage)


class _Proof:
    """Checks texts one by one and counts them.

    Attributes:
        printed: Texts that are kept.
        unverified: How many of them failed.
        withheld: Texts that are left out because they failed.
    """

    def __init__(self, material: Material, rules: Rules) -> None:
        self.printed = self.unverified = self.withheld = 0
        self._material = material
        self._rules = rules
        self._texts = {document.source.id: document.text for document in material.documents}
        self._sentences = {remark.id: remark for remark in material.remarks}

    def statements(self, drafts: Sequence[DraftClaim]) -> tuple[Statement, ...]:
        return tuple(statement for each in drafts if (statement := self.statement(each)) is not None)

    def statement(self, draft: DraftClaim, *, holds: bool = True) -> Statement | None:
        """The statement, counted; None when it fails and may not be kept.

        Args:
            draft: Its text and the sentences it rests on.
            holds: Whether all else that is asked of it is so.
        """
        statement = self._verified(draft) if holds else None
        if statement is None and self._rules.allow_unverified:
            statement = self._marked(draft)
            self.unverified += statement is not None
        if statement is None:
            self.withheld += 1
            return None
        self.printed += 1
        return statement

    def _verified(self, draft: DraftClaim) -> Statement | None:
        answer = verify(
            self._material.topic or "",
            self._material.language,
            DraftAnswer(status="answered", claims=[draft]),
            self._material.hits,
            model="",
            glosses=self._rules.glosses,
            judge=self._rules.judge,
            similarity=self._rules.similarity,
        )
        if not answer.claims or not all(self._stands(span) for span in answer.claims[0].spans):
            return None
        claim = answer.claims[0]
        kind: StatementKind = "quoted" if claim.spans[0].quote == claim.text else "reported"
        return Statement(claim.text, kind, claim.spans, claim.origins, claim.attribution)

    def _stands(self, span: Quotation) -> bool:
        return self._texts.get(span.document, "")[span.start : span.end] == span.quote

    def _marked(self, draft: DraftClaim) -> Statement | None:
        """The text as it was drafted, with the sentences it cites; None when it cites nothing that exists."""
        whole = [DraftClaim(text=self._sentences[each].text, sentences=[each]) for each in self._cited(draft)]
        spans = [one.spans[0] for each in whole if (one := self._verified(each)) is not None]
        origins = len({self._sentences[each].origin for each in self._cited(draft)})
        return Statement(draft.text, "reported", tuple(spans), origins, None, verified=False) if spans else None

    def _cited(self, draft: DraftClaim) -> list[str]:
        return [each for each in draft.sentences if each in self._sentences]

    def event(self, draft: DraftEvent) -> Event | None:
        printed = any(draft.date in self._sentences[each].text for each in self._cited(draft.claim))
        statement = self.statement(draft.claim, holds=bool(draft.date.strip()) and printed)
        return None if statement is None else Event(draft.date, draft.sort_key, draft.basis, statement)

    def actor(self, draft: DraftActor) -> Actor | None:
        passages = " ".join(self._passage(each) for each in self._cited(draft.role))
        role = self.statement(draft.role, holds=_has_words(passages, draft.name))
        if role is None:
            return None
        everything = " ".join(self._texts.values())
        return Actor(draft.name, role, tuple(each for each in draft.also if each in everything))

    def _passage(self, identity: str) -> str:
        return self._material.hits[int(identity.partition(".")[0]) - 1].chunk.text

    def disagreement(self, draft: DraftDisagreement) -> Disagreement | None:
        """The disagreement with all its sides, of two origins at least; None when a side fails."""
        before = self.printed, self.unverified
        sides = [self._position(each) for each in draft.positions]
        held = tuple(side for side in sides if side is not None)
        if len(held) < max(2, len(draft.positions)):
            self.printed, self.unverified = before
            return None
        return Disagreement(draft.about, draft.kind, held)

    def _position(self, draft: DraftPosition) -> Position | None:
        statement = self.statement(DraftClaim(text=draft.text, sentences=draft.sentences))
        return None if statement is None else Position(statement.text, statement.spans)

    def gap(self, draft: DraftGap) -> Gap | None:
        """A gap that a source states, with where; one that none covers only from a writer that words nothing itself."""
        if draft.basis == "absent":
            return None if self._rules.glosses or draft.sentences else Gap(draft.text, "absent")
        statement = self.statement(DraftClaim(text=draft.text, sentences=draft.sentences))
        return None if statement is None else Gap(statement.text, "stated", statement.spans)

    def saying(self, draft: DraftSaying) -> Saying | None:
        """Words that stand in the sentence as they are, and their speaker if the document names him."""
        statement = self._verified(DraftClaim(text=draft.text, sentences=[draft.sentence]))
        if statement is None or statement.kind != "quoted":
            self.withheld += 1
            return None
        self.printed += 1
        quotation = statement.spans[0]
        named = draft.speaker is not None and _has_words(self._texts[quotation.document], draft.speaker)
        return Saying(quotation, draft.speaker if named else None)


def _has_words(text: str, name: str) -> bool:
    """Whether every word of a name stands in a text."""
    parts = re.findall(r"\w+", fold(name))
    folded = fold(text)
    return bool(parts) and all(part in folded for part in parts)

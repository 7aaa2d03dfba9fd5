"""The review of drafted gold questions: a person's decisions, kept after each one, and the gold that they make.

Beside the gold file stands ``<name>.review.jsonl`` with every decision, so that a review can be left and taken up again
and a decision be changed; the gold file is always made from it. Both are replaced as a whole.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from rag import sentences
from rag.documents import Span
from rag.errors import UsageError
from rag.gold import GoldModel, GoldQuestion, GoldSpan, Nugget, gold_line
from rag.gold_drafts import Draft, statement
from rag.rendering import Look
from rag.rendering.display import is_right_to_left, safe_name, safe_text, wrap

KEYS = {
    "a": "accept",
    "e": "edit the question",
    "w": "words of the answer",
    "r": "reject",
    "s": "skip",
    "b": "back",
    "q": "quit",
}
"""What the person may press, and what it does."""

Verdict = Literal["accepted", "rejected"]


class Decision(GoldModel):
    """What a person said of a draft.

    Attributes:
        id: Of the draft as it was made.
        verdict: Whether it is gold.
        draft: As it was accepted, corrections included; None when rejected.
    """

    id: str
    verdict: Verdict
    draft: Draft | None = None


@dataclass(slots=True)
class Review:
    """Drafts, one of which is on the table.

    Attributes:
        drafts: In the order of their file, with the corrections so far.
        decisions: By the id of the draft as it was made.
        target: The gold file.
        place: Which draft is on the table, from 0; the number of drafts when none is.
    """

    drafts: list[Draft]
    decisions: dict[str, Decision]
    target: Path
    place: int = 0
    _ids: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, drafts: Sequence[Draft], target: Path) -> Review:
        """The review of some drafts, taken up where it was left: at the first draft without a decision.

        Raises:
            UsageError: The gold file is there and was not made by a review, or the decisions cannot be read.
        """
        record = record_of(target)
        if target.exists() and not record.exists():
            raise UsageError(
                f"{str(target)!r} is there and was not made by a review.", "Name another file; join them with: cat"
            )
        decisions = _read_decisions(record) if record.exists() else {}
        ids = [draft.question.id for draft in drafts]
        if len(set(ids)) < len(ids):
            raise UsageError("Two drafts have the same id.", "Draft again, or make one of them another.")
        table = [_decided(draft, decisions) for draft in drafts]
        review = cls(table, decisions, target, 0, ids)
        review.place = review._next_open(0)
        return review

    @property
    def draft(self) -> Draft | None:
        """The draft on the table; None when all have been seen."""
        return self.drafts[self.place] if self.place < len(self.drafts) else None

    @property
    def verdict(self) -> Verdict | None:
        """What was said of the draft on the table before; None when nothing was."""
        decision = self.decisions.get(self._ids[self.place]) if self.draft else None
        return decision.verdict if decision else None

    def count(self, verdict: Verdict | None) -> int:
        """How many of these drafts have this verdict, or none yet."""
        given = (self.decisions.get(identity) for identity in self._ids)
        return sum((decision.verdict if decision else None) == verdict for decision in given)

    def decide(self, verdict: Verdict) -> None:
        """Keep a verdict on the draft on the table, and put the next one without a verdict there.

        Raises:
            OSError: Nothing could be kept; the draft stays on the table.
        """
        draft, identity = self.drafts[self.place], self._ids[self.place]
        before = dict(self.decisions)
        kept = draft if verdict == "accepted" else None
        self.decisions[identity] = Decision(id=identity, verdict=verdict, draft=kept)
        try:
            self._save()
        except OSError:
            self.decisions = before
            raise
        self.place = self._next_open(self.place + 1)

    def skip(self) -> None:
        """Put the next draft without a verdict on the table; this one comes again in the next session."""
        self.place = self._next_open(self.place + 1)

    def back(self) -> bool:
        """Put the draft before this one on the table, decided or not; False at the first."""
        if self.place == 0:
            return False
        self.place -= 1
        return True

    def ask(self, question: str) -> str | None:
        """Correct the question on the table; why it cannot be, or None."""
        asked = " ".join(question.split())
        if not asked:
            return "A question has words."
        draft = self.drafts[self.place]
        nuggets = tuple(
            nugget.model_copy(update={"text": statement(asked, next(iter(nugget.answers), None))})
            for nugget in draft.question.nuggets
        )
        corrected = draft.question.model_copy(update={"question": asked, "nuggets": nuggets})
        self.drafts[self.place] = draft.model_copy(update={"question": corrected})
        return None

    def answer(self, words: str) -> str | None:
        """Correct where the answer stands, to words of the context; why it cannot be, or None.

        The gold becomes the sentences around them. A question that had no answer has one then.
        """
        draft = self.drafts[self.place]
        found = _nearest(draft, words)
        if found is None:
            return "These words do not stand in the text that is shown."
        self.drafts[self.place] = _answered(draft, found)
        return None

    def _next_open(self, place: int) -> int:
        while place < len(self.drafts) and self._ids[place] in self.decisions:
            place += 1
        return place

    def _save(self) -> None:
        """Replace both files; the decisions first, since the gold can be made from them."""
        decisions = list(self.decisions.values())
        _replace(record_of(self.target), [each.model_dump_json(exclude_defaults=True) for each in decisions])
        kept = [each.draft.question for each in decisions if each.draft is not None]
        order = {identity: place for place, identity in enumerate(self._ids)}
        kept.sort(key=lambda question: order.get(question.id, -1))
        _replace(self.target, [gold_line(_linked(question, kept)) for question in kept])


def record_of(target: Path) -> Path:
    """Where the decisions about a gold file stand."""
    return target.with_name(f"{target.name.removesuffix('.jsonl')}.review.jsonl")


def _linked(question: GoldQuestion, kept: Sequence[GoldQuestion]) -> GoldQuestion:
    """The question, its link to the one it resembles only while that is gold as well."""
    if question.twin_of is None or any(other.id == question.twin_of for other in kept):
        return question
    return question.model_copy(update={"twin_of": None})


def _read_decisions(record: Path) -> dict[str, Decision]:
    decisions = {}
    for number, line in enumerate(record.read_bytes().split(b"\n"), start=1):
        try:
            if line.strip():
                decision = Decision.model_validate_json(line)
                decisions[decision.id] = decision
        except ValidationError as error:
            raise UsageError(
                f"{str(record)!r}, line {number} is no decision of a review.", "Remove the line to decide again."
            ) from error
    return decisions


def _decided(draft: Draft, decisions: dict[str, Decision]) -> Draft:
    """The draft with the corrections that it was accepted with."""
    decision = decisions.get(draft.question.id)
    return decision.draft if decision is not None and decision.draft is not None else draft


def _replace(path: Path, lines: Sequence[str]) -> None:
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_text("".join(f"{line}\n" for line in lines), "utf-8", newline="\n")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _nearest(draft: Draft, words: str) -> Span | None:
    """Where words stand in the context, in code points of it, nearest to the answer so far; white space may differ."""
    if not words.split():
        return None
    pattern = re.compile(r"\s+".join(map(re.escape, words.split())))
    present = draft.answer.start - draft.context.start if draft.answer is not None else 0
    found = [Span(*match.span()) for match in pattern.finditer(draft.context.quote)]
    return min(found, key=lambda span: abs(span.start - present), default=None)


def _answered(draft: Draft, place: Span) -> Draft:
    """The draft with another answer; places in other documents stay only while the sentence stays the same."""
    text, start = draft.context.quote, draft.context.start
    held = [span for span in sentences.split(text, draft.question.language) if span.overlaps(place)] + [place]
    around = Span(min(span.start for span in held), max(span.end for span in held))
    gold = _moved(draft, around, text, start)
    nuggets = draft.question.nuggets
    same = nuggets and any(span == gold for span in nuggets[0].spans)
    short = " ".join(place.of(text).split())
    nugget = Nugget(
        text=statement(draft.question.question, short),
        vital=True,
        answers=(short,),
        spans=nuggets[0].spans if same else (gold,),
    )
    kind = draft.question.kind if draft.question.answerable else "fact"
    update = {"nuggets": (nugget,), "kind": kind, "status": "answered", "near": False, "twin_of": None}
    question = draft.question.model_copy(update=update)
    return draft.model_copy(update={"question": question, "answer": _moved(draft, place, text, start)})


def _moved(draft: Draft, span: Span, text: str, start: int) -> GoldSpan:
    """A place of the context as one of its document."""
    return GoldSpan(
        document=draft.context.document, start=start + span.start, end=start + span.end, quote=span.of(text)
    )


def render_review(review: Review, look: Look) -> str:
    """The draft on the table as a person decides on it; empty when there is none.

    The sentence that is gold is bold and the answer in it stands out by colour, or between ``[[`` and ``]]`` where
    there is none.
    """
    draft = review.draft
    if draft is None:
        return ""
    question = draft.question
    heading = [f"{review.place + 1} of {len(review.drafts)}", question.kind, question.language, draft.made_by]
    heading += [safe_name(draft.context.document), *([f"{review.verdict} before"] if review.verdict else [])]
    lines = ["", look.dim(" | ".join(heading)), look.bold(wrap(safe_text(question.question), look.width)), ""]
    if draft.answer is None:
        lines += [
            _shown(draft, None, look),
            "",
            "No answer here, says the draft: accept it only if no document has one.",
        ]
    else:
        lines.append(_shown(draft, draft.answer, look))
        others = {span.document for span in question.spans()} - {draft.context.document}
        lines += [f"Also in: {safe_name(', '.join(sorted(others)))}"] if others else []
    keys = "  ".join(f"{look.bold(key)} {what}" for key, what in KEYS.items())
    return "\n".join([*lines, "", keys])


Style = Callable[[str], str]


def _shown(draft: Draft, answer: GoldSpan | None, look: Look) -> str:
    """The context with its gold and answer marked."""
    text, start = draft.context.quote, draft.context.start
    if answer is None:
        return _wrapped([(text, str)], look.width)
    own = [span for span in draft.question.spans() if span.document == answer.document and span.start <= answer.start]
    gold = max(own, key=lambda span: span.start, default=answer)
    cuts = (gold.start, answer.start, answer.end, max(gold.end, answer.end))
    pieces = [text[one:other] for one, other in itertools.pairwise((0, *(cut - start for cut in cuts), len(text)))]
    styles: tuple[Style, ...] = (str, look.bold, look.warn, look.bold, str)
    if not look.colour:
        pieces[2] = f"[[{pieces[2]}]]"
    return _wrapped(list(zip(pieces, styles, strict=True)), look.width)


def _wrapped(pieces: Sequence[tuple[str, Style]], width: int | None) -> str:
    """The pieces as one text with single spaces, safe to print, in lines of at most width cells where it has spaces.

    Text that is written from right to left stays on one line: whoever breaks it must know where it turns.
    """
    from rich.cells import cell_len

    lines: list[list[tuple[str, Style]]] = [[]]
    room = None if any(is_right_to_left(text) for text, _ in pieces) else width
    used = 0
    for text, style in pieces:
        for part in re.findall(r"\s+|\S+", _piece(text)):
            size = cell_len(part)
            if room is not None and lines[-1] and not part.isspace() and used + size > room:
                lines.append([])
                used = 0
            lines[-1].append((part, style))
            used += size
    return "\n".join(_styled(line).rstrip() for line in lines)


def _styled(line: Sequence[tuple[str, Style]]) -> str:
    runs = itertools.groupby(line, key=lambda part: part[1])
    return "".join(style("".join(text for text, _ in parts)) for style, parts in runs)


def _piece(text: str) -> str:
    """A part of a line, safe to print, with the space at its ends."""
    lead, tail = (" " if end.isspace() else "" for end in (text[:1], text[-1:]))
    return f"{lead}{safe_text(text)}{tail}" if text.strip() else lead

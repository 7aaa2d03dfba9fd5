"""Two runs of the same questions: what became better, what worse, which answers changed, and the figures of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from rag.answers import Answer, Claim, Position
from rag.eval_reports import views
from rag.eval_reports.markdown import code_name, plain, table
from rag.eval_reports.terminal import columns
from rag.eval_reports.views import STANDING_WORDS, STANDINGS, Case
from rag.rendering.display import clip, safe_name, safe_text, wrap
from rag.rendering.terminal import Look
from rag.results import Report
from rag.significance import mcnemar_test

Turn = Literal["worse", "better", "reworded", "same", "other gold", "gone", "new"]
"""What became of a question, what needs a look first."""

TURNS: tuple[Turn, ...] = get_args(Turn)
TURN_WORDS: Mapping[Turn, str] = {
    "worse": "went worse",
    "better": "went better",
    "reworded": "another answer, no better and no worse",
    "same": "the same answer",
    "other gold": "the gold was changed, so not compared",
    "gone": "no longer asked",
    "new": "not asked before",
}
_SHOWN = 12
_LISTED = 50
_TEXT_CHARACTERS = 220


@dataclass(frozen=True, slots=True)
class Change:
    """One question in both runs.

    Attributes:
        id: The gold question's.
        turn: What became of it.
        before: In the earlier run; None when it was not asked.
        after: In the later run; None when it was not asked.
    """

    id: str
    turn: Turn
    before: Case | None
    after: Case | None

    @property
    def question(self) -> str:
        """As asked, in the later run where there are two."""
        case = self.after or self.before
        return case.gold.question if case else ""


@dataclass(frozen=True, slots=True)
class Shift:
    """One metric over the questions that have a value in both runs.

    Attributes:
        metric: Which.
        before: Mean of the earlier run.
        after: Mean of the later run.
        gained: How many questions have a better value.
        lost: How many have a worse one.
        paired: How many have a value in both.
        p: Two-sided, of the exact sign test on gained and lost, which for a yes-or-no metric is McNemar's.
    """

    metric: str
    before: float
    after: float
    gained: int
    lost: int
    paired: int
    p: float


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one run to another.

    Attributes:
        before: The earlier run.
        after: The later run.
        changes: Of every question, in the order of the later run, those no longer asked last.
        shifts: By metric, in the later run's order, without metrics that no question has in both.
    """

    before: Report
    after: Report
    changes: tuple[Change, ...]
    shifts: tuple[Shift, ...]

    @property
    def turns(self) -> dict[Turn, int]:
        """How many questions became what, without those that none did."""
        counted = Counter(change.turn for change in self.changes)
        return {turn: counted[turn] for turn in TURNS if counted[turn]}

    def having(self, turn: Turn) -> list[Change]:
        """The questions that became this."""
        return [change for change in self.changes if change.turn == turn]


def difference(before: Report, after: Report) -> Difference:
    """What changed from the earlier run to the later; questions are paired by id."""
    earlier = {case.item.id: case for case in views.cases_of(before)}
    later = {case.item.id: case for case in views.cases_of(after)}
    changes = [Change(id_, _turn(earlier.get(id_), later.get(id_)), earlier.get(id_), later.get(id_))
               for id_ in (*later, *(id_ for id_ in earlier if id_ not in later))]  # fmt: skip
    comparable = [change for change in changes if change.turn not in {"other gold", "gone", "new"}]
    return Difference(before, after, tuple(changes), tuple(_shifts(after, comparable)))


def _turn(before: Case | None, after: Case | None) -> Turn:
    if before is None or after is None:
        return "new" if before is None else "gone"
    if before.gold != after.gold:
        return "other gold"
    first, second = (STANDINGS.index(case.standing) for case in (before, after))
    if first != second:
        return "better" if second > first else "worse"
    return "same" if _essence(before.answer) == _essence(after.answer) else "reworded"


def _essence(answer: Answer | None) -> object:
    """What a reader sees of an answer: status, statements and where they are cited from."""
    if answer is None:
        return None
    conflicts = [(one.kind, one.about, [_said(side) for side in one.positions]) for one in answer.conflicts]
    return answer.status, [_said(claim) for claim in answer.claims], conflicts, answer.missing


def _said(one: Claim | Position) -> object:
    return one.text, [(quotation.document, quotation.start, quotation.end) for quotation in one.spans]


def _shifts(after: Report, changes: Sequence[Change]) -> Iterator[Shift]:
    for metric in after.metrics:
        pairs = list(_pairs(metric, changes))
        if pairs:
            sign = -1 if views.lower_is_better(after, metric) else 1
            gained = sum(sign * second > sign * first for first, second in pairs)
            lost = sum(sign * second < sign * first for first, second in pairs)
            first, second = (sum(values) / len(pairs) for values in zip(*pairs, strict=True))
            yield Shift(metric, first, second, gained, lost, len(pairs), mcnemar_test(gained, lost))


def _pairs(metric: str, changes: Sequence[Change]) -> Iterator[tuple[float, float]]:
    for change in changes:
        if change.before is not None and change.after is not None:
            first, second = (case.item.scores.get(metric) for case in (change.before, change.after))
            if first is not None and second is not None:
                yield first, second


def told(case: Case | None) -> str:
    """How a question went in one run, in words."""
    return "not asked" if case is None else STANDING_WORDS[case.standing]


def answered(case: Case | None) -> str:
    """What was said in one run; "" for nothing."""
    if case is None:
        return ""
    return case.answer.text if case.answer else case.item.trial.error or ""


def summary(given: Difference) -> str:
    """How many questions became what, in a sentence."""
    if not given.changes:
        return "Neither run asked a question."
    return ", ".join(f"{number:,} {TURN_WORDS[turn]}" for turn, number in given.turns.items()) + "."


def shift_row(given: Difference, one: Shift) -> tuple[str, ...]:
    """A metric's numbers as text: before, after, change, gained, lost, paired, p."""
    change = views.number(given.after, one.metric, one.after - one.before, signed=True)
    values = (views.number(given.after, one.metric, value) for value in (one.before, one.after))
    return (
        *values,
        change,
        f"{one.gained:,}",
        f"{one.lost:,}",
        f"{one.paired:,}",
        views.chance(one.p).removeprefix("= "),
    )


SHIFT_HEADS = ("before", "after", "change", "gained", "lost", "paired", "p")


def render_difference(given: Difference, look: Look) -> str:
    """Two runs compared, for a terminal or a pipe; ends with a line end."""
    blocks = [look.bold(wrap(summary(given), look.width))]
    if given.shifts:
        rows: list[tuple[str, ...]] = [("", *SHIFT_HEADS)]
        rows += [
            (safe_text(views.title_of(given.after, one.metric)), *shift_row(given, one))
            for one in given.shifts
            if one.gained or one.lost or one.metric == "right"
        ]
        blocks.append("\n".join(columns(rows, look)))
    blocks += ["\n".join(_listed(given.having(turn), look)) for turn in ("worse", "better", "reworded")]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _listed(changes: Sequence[Change], look: Look) -> Iterator[str]:
    if changes:
        yield look.bold(TURN_WORDS[changes[0].turn].capitalize())
    for change in changes[:_SHOWN]:
        yield wrap(f"{safe_name(change.id)}: {safe_text(change.question)}", look.width, indent="  ")
        for when, case in (("before", change.before), ("after", change.after)):
            said = clip(safe_text(answered(case)), _TEXT_CHARACTERS)
            line = f"{when}: {told(case)}{f': “{said}”' if said else ''}"
            yield look.dim(wrap(line, look.width, indent="    "))
    if changes[_SHOWN:]:
        yield look.dim(f"  and {len(changes) - _SHOWN:,} more")


def render_difference_markdown(given: Difference) -> str:
    """Two runs compared, as GitHub-flavoured Markdown; ends with a line end."""
    blocks = [f"**Two runs:** {summary(given)}"]
    if given.shifts:
        rows = ((plain(views.title_of(given.after, one.metric)), *shift_row(given, one)) for one in given.shifts)
        blocks.append(table(("figure", *SHIFT_HEADS), rows))
    for turn in ("worse", "better", "reworded"):
        changes = given.having(turn)
        if changes:
            head = f"{len(changes):,} {TURN_WORDS[turn]}"
            body = "\n".join(line for change in changes[:_LISTED] for line in _item(change))
            more = f"\n- and {len(changes) - _LISTED:,} more" if changes[_LISTED:] else ""
            blocks.append(f"<details>\n<summary>{head}</summary>\n\n{body}{more}\n\n</details>")
    return "\n\n".join(blocks) + "\n"


def _item(change: Change) -> Iterator[str]:
    yield f"- {code_name(change.id)} {plain(change.question)}"
    for when, case in (("before", change.before), ("after", change.after)):
        said = plain(clip(answered(case), _TEXT_CHARACTERS))
        yield f"  - {when}: *{told(case)}*{f': {said}' if said else ''}"

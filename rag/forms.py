"""The form that a model fills in to answer: a schema made for one question, and what it becomes as a draft.

The sentences are an enumeration of exactly those that the model was shown, so that it can only point. The schema keeps
to what every server honours: no defaults, no lengths of strings, and ``X | None`` in place of optional fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, WithJsonSchema, create_model, model_validator
from typing_extensions import TypeAliasType

from rag.answers import (
    ClaimKind,
    ConflictKind,
    DraftAnswer,
    DraftAttribution,
    DraftClaim,
    DraftConflict,
    DraftPosition,
    Status,
)
from rag.prompting import Prompt
from rag.text import STOP_WORDS, fold, stems

MOST_IDS = 230  # OpenAI takes 250 values of enumerations in a schema; statuses and kinds need some
MOST_ID_CHARACTERS = 15_000
_MOST_CLAIMS = 12
_MOST_CONFLICTS = 4
_MOST_POSITIONS = 6
_MOST_MISSING = 6
_SAME = 0.75
_AROUND = " .,;:!?…。！？\"'()«»"
_LETTER = r"[^\W\u3040-\u30ff\u3400-\u9fff]"  # of a script with spaces: there a word ends where none follows


class ClaimForm(BaseModel):
    """A claim as the model writes it."""

    text: str
    sentences: list[str]
    direct: str | None
    speaker: str | None
    kind: ClaimKind

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, data: Any) -> Any:
        """With null for what may be null and was left out, as by models that are not held to the schema."""
        return {"direct": None, "speaker": None, **data} if isinstance(data, dict) else data

    def drafted(self) -> DraftClaim:
        """The claim as a draft; without a speaker there is no attribution, without its own words no short answer."""
        text, speaker = _line(self.text), _line(self.speaker or "")
        said = DraftAttribution(speaker=speaker, kind=self.kind) if speaker else None
        sentences = list(dict.fromkeys(self.sentences))
        return DraftClaim(text=text, sentences=sentences, attribution=said, answer=_place(text, self.direct or ""))


class PositionForm(BaseModel):
    """A position of a conflict as the model writes it."""

    text: str
    sentences: list[str]


class ConflictForm(BaseModel):
    """A conflict as the model writes it."""

    about: str
    kind: ConflictKind
    positions: Sequence[PositionForm]

    def drafted(self) -> DraftConflict:
        """The conflict as a draft."""
        positions = [
            DraftPosition(text=_line(each.text), sentences=list(dict.fromkeys(each.sentences)))
            for each in self.positions
        ]
        return DraftConflict(about=_line(self.about), kind=self.kind, positions=positions)


class AnswerForm(BaseModel):
    """An answer as the model writes it."""

    claims: Sequence[ClaimForm]
    conflicts: Sequence[ConflictForm]
    missing: list[str]
    status: Status

    def drafted(self, question: str, language: str | None) -> DraftAnswer:
        """The answer as a draft in which status, claims and what is missing fit together.

        A model that claims something has answered at least a part. Without claims the positions of a conflict are
        claims. What is missing is told in the question's own words; where the model used others, the whole question is
        named.
        """
        conflicts = [each.drafted() for each in self.conflicts]
        claims = [each.drafted() for each in self.claims] or [
            DraftClaim(text=position.text, sentences=position.sentences)
            for conflict in conflicts
            for position in conflict.positions
        ]
        status: Status = self.status if claims else "unanswerable"
        if claims and status == "unanswerable":
            status = "partial"
        missing = [_line(part) for part in self.missing if _asks(question, part, language)]
        if not missing and status in ("partial", "unanswerable"):
            missing = [question.strip()]
        return DraftAnswer(status=status, claims=claims, conflicts=conflicts, missing=missing)


def made(ids: Sequence[str], descriptions: Mapping[str, str], check: Callable[[AnswerForm], None]) -> type[AnswerForm]:
    """The form for one question.

    Args:
        ids: Of the sentences that the model is shown; at least one.
        descriptions: By the path of a field: "claims.text", "status" …; one for every field.
        check: Raises ValueError to have the model asked again.
    """
    left = dict(descriptions)
    cited = _cited(ids)

    def field(path: str, kind: Any, least: int | None = None, most: int | None = None) -> Any:
        return kind, Field(description=left.pop(path), min_length=least, max_length=most)

    def checked(form: AnswerForm) -> AnswerForm:
        check(form)
        return form

    claim = create_model(
        "Claim",
        __base__=ClaimForm,
        text=field("claims.text", str),
        sentences=field("claims.sentences", cited, 1, 3),
        direct=field("claims.direct", str | None),
        speaker=field("claims.speaker", str | None),
        kind=field("claims.kind", ClaimKind),
    )
    position = create_model(
        "Position",
        __base__=PositionForm,
        text=field("conflicts.positions.text", str),
        sentences=field("conflicts.positions.sentences", cited, 1, 3),
    )
    conflict = create_model(
        "Conflict",
        __base__=ConflictForm,
        about=field("conflicts.about", str),
        kind=field("conflicts.kind", ConflictKind),
        positions=field("conflicts.positions", list[position], 2, _MOST_POSITIONS),  # type: ignore[valid-type]
    )
    answer: type[AnswerForm] = create_model(
        "Answer",
        __base__=AnswerForm,
        __validators__={"checked": model_validator(mode="after")(checked)},  # type: ignore[dict-item]
        claims=field("claims", list[claim], None, _MOST_CLAIMS),  # type: ignore[valid-type]
        conflicts=field("conflicts", list[conflict], None, _MOST_CONFLICTS),  # type: ignore[valid-type]
        missing=field("missing", list[str], None, _MOST_MISSING),
        status=field("status", Status),
    )
    if left:
        raise ValueError(f"The form has no field {', '.join(left)}.")
    return answer


def _cited(ids: Sequence[str]) -> Any:
    """The type of a list of these ids; in the schema they are an enumeration of its own, even when there is one."""
    schema = WithJsonSchema({"type": "string", "enum": list(ids)})
    SentenceId = TypeAliasType("SentenceId", Annotated[Literal[tuple(ids)], schema])  # type: ignore[valid-type]  # noqa: N806
    return list[SentenceId]  # type: ignore[valid-type]


def read_descriptions(prompt: Prompt) -> dict[str, str]:
    """What a prompt says about each field: one line "path: description" for each."""
    return {path: text for path, _, text in (line.partition(": ") for line in prompt.text.splitlines() if line)}


def repeats(claim: DraftClaim, others: Sequence[DraftClaim], language: str | None) -> bool:
    """Whether a claim says again what another says of the same sentence, with the same figures and names."""
    return any(
        set(claim.sentences) & set(other.sentences) and _says_the_same(claim.text, other.text, language)
        for other in others
    )


def _says_the_same(one: str, other: str, language: str | None) -> bool:
    stop = STOP_WORDS.get(language or "", frozenset())
    first, second = ({*stems(text, language)} - stop for text in (one, other))
    if first == second:
        return True
    marked = [{word for word in text.split()[1:] if not word.islower()} for text in (one, other)]
    return marked[0] == marked[1] and len(first & second) >= _SAME * len(first | second)


def _asks(question: str, part: str, language: str | None) -> bool:
    """Whether a text consists of the question's own words."""
    words = stems(part, language)
    return bool(words) and set(words) <= set(stems(question, language))


def _place(text: str, words: str) -> tuple[int, int] | None:
    """Where a text has these words, whole, but for case and accents; None when nowhere, or when they are all of it.

    >>> _place("The lake is 143 metres deep.", "143 Metres.")
    (12, 22)
    """
    wanted, ends = fold(_line(words)).strip(_AROUND), fold(text).strip(_AROUND)
    if not wanted or wanted == ends:
        return None
    found = re.search(rf"(?<!{_LETTER})(?<!\d[.,]){re.escape(wanted)}(?!{_LETTER}|[.,]\d)", fold(text))
    return found.span() if found else None


def _line(text: str) -> str:
    return " ".join(text.split())

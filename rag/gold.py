"""Gold questions: what is asked, what a full answer says, and where the documents say it.

One JSON object a line; evals/gold/README.md describes the fields and how they are meant. Any set can be read here,
whatever its languages, kinds and splits; whether a set is fit to measure with is the question of ``rag.gold_checks``.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from rag.answers import Status
from rag.documents import Span
from rag.errors import UsageError

_REMEDY = (
    "Correct the line: evals/gold/README.md describes the format, `rag eval check-gold` lists every defect of a file."
)
_PLAIN = {"missing": "is missing", "extra_forbidden": "is no field of the format"}


class GoldModel(BaseModel):
    """Settings that every gold type shares: no unknown field, no value of a neighbouring type, nothing changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class GoldSpan(GoldModel):
    """The smallest clause or sentence of a document that states a nugget.

    Attributes:
        document: The document's id.
        start: First code point, from 0.
        end: One past the last code point.
        quote: ``text[start:end]`` of the document, of that length and never empty.
    """

    document: str
    start: int
    end: int
    quote: str

    @property
    def span(self) -> Span:
        """Where it stands in the document."""
        return Span(self.start, self.end)

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if not 0 <= self.start < self.end:
            raise ValueError(f"{self.start} to {self.end} is no span: it must be 0 <= start < end")
        if self.end - self.start != len(self.quote):
            length = self.end - self.start
            raise ValueError(
                f"{self.start} to {self.end} are {length} characters, {self.quote!r} has {len(self.quote)}"
            )
        return self


class Nugget(GoldModel):
    """One thing that a full answer says (Voorhees 2003, https://trec.nist.gov/pubs/trec12/papers/QA.OVERVIEW.pdf).

    Attributes:
        text: The statement, in English.
        vital: Whether an answer without it is incomplete; else it is welcome and not needed ("okay").
        answers: Short answers that are accepted, in any language.
        spans: Every place that states it; one of them suffices.
    """

    text: str
    vital: bool
    answers: tuple[str, ...]
    spans: tuple[GoldSpan, ...]


class GoldQuestion(GoldModel):
    """A question with what is expected of its answer.

    Attributes:
        id: Unique within the set.
        split: "dev" for tuning, "test" for figures; imported sets may have others.
        language: The question's, ISO 639-1.
        question: As asked.
        kind: What sort of question ("fact", "list", "date" ...).
        near: Whether an unanswerable question is about people and things that the documents know.
        status: Expected of the answer.
        nuggets: Empty when unanswerable.
        story: Which questions and documents belong together, for clustering; None for a question that is about none.
        same_as: The question that this one asks in other words or another language; its gold is the same.
        twin_of: The answerable question that this unanswerable one resembles.
        seen: Whether the question repeats one that was used for tuning before the set was made.
    """

    id: str
    split: str
    language: str
    question: str
    kind: str
    near: bool
    status: Status
    nuggets: tuple[Nugget, ...]
    story: str | None = None
    same_as: str | None = None
    twin_of: str | None = None
    seen: bool = False

    @property
    def answerable(self) -> bool:
        """Whether the documents answer it, be it in part."""
        return self.status != "unanswerable"

    def spans(self) -> Iterator[GoldSpan]:
        """The spans of all nuggets, in order."""
        for nugget in self.nuggets:
            yield from nugget.spans


def read_gold(path: Path) -> list[GoldQuestion]:
    """The questions of a gold file, in order, never none.

    Raises:
        UsageError: The file can't be read, holds no question, or a line is none or takes the id of an earlier one.
    """
    questions: dict[str, GoldQuestion] = {}
    for number, line in gold_lines(path).items():
        try:
            question = parse_question(line)
            if question.id in questions:
                raise ValueError(f"the id {question.id!r} was used before")
        except ValueError as error:
            raise UsageError(f"{str(path)!r}, line {number}: {error}.", _REMEDY) from error
        questions[question.id] = question
    if not questions:
        raise UsageError(f"{str(path)!r} holds no question.", _REMEDY)
    return list(questions.values())


def gold_lines(path: Path) -> Mapping[int, bytes]:
    """The lines of a gold file that are not blank, by number from 1.

    Raises:
        UsageError: The file can't be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"Cannot read {str(path)!r}: {error.strerror}.", "Name a file with one gold question per line, as JSON."
        ) from error
    # Only "\n" ends a line: JSON may hold U+2028 and its kin as they are.
    lines = enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1)
    return {number: line for number, line in lines if line.strip()}


def parse_question(line: bytes) -> GoldQuestion:
    """The question that a line of a gold file holds.

    Raises:
        ValueError: It holds none; the message names the field, the value and what is wrong, without a full stop.
    """
    try:
        return GoldQuestion.model_validate_json(line)
    except ValidationError as error:
        raise ValueError("; ".join(_problems(error))) from error


def gold_line(question: GoldQuestion) -> str:
    """The question as a line of a gold file, without the line end; fields that are optional and unset are left out."""
    return question.model_dump_json(exclude_defaults=True)


def _problems(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False, include_context=False):
        field = ".".join(map(str, problem["loc"]))
        if plain := _PLAIN.get(problem["type"]):
            yield f"{field} {plain}"
        elif not field:
            yield problem["msg"]
        elif problem["type"] == "value_error":
            yield f"{field}: {problem['msg'].removeprefix('Value error, ')}"
        else:
            yield f"{field}: {problem['msg']}, not {reprlib.repr(problem['input'])}"

"""A model's second opinion: whether a statement follows from its quotations, taken for no unless it says yes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, create_model

from rag import prompting
from rag.answers import Quotation
from rag.errors import ModelOutputError
from rag.text import words

M = TypeVar("M", bound=BaseModel)

PROMPT = "judge"
NONE = "none"

_LEAST_COVERED = 0.6
"""Share of the statement's words that its parts must repeat, so that no part can be passed over in silence."""


class Completing(Protocol):
    """What a judge needs of ``rag.model_client.ModelClient``."""

    @property
    def name(self) -> str: ...  # noqa: D102 - the model, "<server>:<model>"

    def complete(self, messages: Sequence[Mapping[str, str]], schema: type[M], *, reasks: int = 1) -> M:
        """The model's answer as an instance of the schema."""
        ...


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judge made of a statement.

    Attributes:
        entailed: Whether every part of the statement follows from the quotations.
        score: The share of its parts that do, 0 to 1; 0 when a quotation says otherwise or the judge said nothing
            that can be used.
        reason: The judge's, or why its answer counts as a no. Written by a model: not for logs.
        usable: Whether the judge gave an answer of the form asked for; without one it is a no.
    """

    entailed: bool
    score: float
    reason: str
    usable: bool = True


class _Verdict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Judge:
    """Asks a model about one statement at a time; no is the answer to every doubt.

    A yes counts only when each part names one of the quotations and the parts together make up the statement. Whoever
    asks begins the client's question (``client.begin()``), so that its deadline and limits cover all statements of an
    answer.

    Attributes:
        name: "<server>:<model>".
        prompt: "<name>@<version>" of what it is asked.
    """

    def __init__(self, client: Completing) -> None:
        self.name = client.name
        self._client = client
        self._prompt = prompting.load(PROMPT)
        self.prompt = self._prompt.id

    def entails(self, statement: str, quotations: Sequence[Quotation]) -> bool:
        """Whether the statement follows from the quotations; raises as `judge` does."""
        return self.judge(statement, quotations).entailed

    def judge(self, statement: str, quotations: Sequence[Quotation]) -> Judgement:
        """The judge's opinion on a statement; without quotations it is no, and no model is asked.

        Raises:
            ModelError: The model or its server failed. An answer that cannot be used is a no, not an error.
        """
        lines = [prompting.neutral(quotation.quote) for quotation in quotations]
        if not any(lines):
            return Judgement(entailed=False, score=0.0, reason="There is no quotation.")
        ids = [str(number) for number in range(1, len(lines) + 1)]
        try:
            verdict = self._client.complete(self._messages(statement, dict(zip(ids, lines, strict=True))), _schema(ids))
        except ModelOutputError as error:
            reason = f"The judge gave no usable answer: {error.message}"
            return Judgement(entailed=False, score=0.0, reason=reason, usable=False)
        return _judgement(prompting.neutral(statement), verdict)

    def _messages(self, statement: str, lines: Mapping[str, str]) -> list[dict[str, str]]:
        statement = prompting.neutral(statement)
        user = prompting.render(
            self._prompt.part("user"),
            fence=prompting.fence([statement, *lines.values()]),
            sentences="\n".join(f"[{number}] {line}" for number, line in lines.items()),
            statement=statement,
        )
        return [
            {"role": "system", "content": self._prompt.part("system").text},
            {"role": "user", "content": user},
        ]


def _schema(ids: Sequence[str]) -> type[BaseModel]:
    """The form of the judge's answer; only the numbers of its quotations and "none" can be named."""
    numbers: Any = Literal[(*ids, NONE)]
    part: Any = create_model("Part", __base__=_Verdict, text=(str, ...), sentence=(numbers, ...))
    verdicts: Any = Literal["supported", "unsupported", "contradicted"]
    return create_model(
        "Verdict", __base__=_Verdict, parts=(list[part], ...), reason=(str, ...), verdict=(verdicts, ...)
    )


def _judgement(statement: str, verdict: BaseModel) -> Judgement:
    given = verdict.model_dump()
    parts = [part for part in given["parts"] if part["text"].strip()]
    borne_out = [part for part in parts if part["sentence"] != NONE]
    if given["verdict"] == "contradicted" or not parts:
        return Judgement(entailed=False, score=0.0, reason=given["reason"])
    covered = _covered(statement, " ".join(part["text"] for part in parts))
    score = len(borne_out) / len(parts) * min(1.0, covered / _LEAST_COVERED)
    if covered < _LEAST_COVERED:
        return Judgement(entailed=False, score=score, reason="The judge passed over a part of the statement.")
    entailed = given["verdict"] == "supported" and len(borne_out) == len(parts)
    return Judgement(entailed=entailed, score=score if entailed else min(score, 0.99), reason=given["reason"])


def _covered(statement: str, parts: str) -> float:
    """The share of the statement's words that the parts repeat."""
    wanted = [span.of(statement).lower() for span in words(statement)]
    known = {span.of(parts).lower() for span in words(parts)}
    return sum(word in known for word in wanted) / len(wanted) if wanted else 0.0

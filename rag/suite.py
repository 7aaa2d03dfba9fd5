"""What is measured and what must hold: a suite, read from TOML (``evals/suite.toml``)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rag.errors import UsageError
from rag.results import CounterfactualKind, GateKind

DEFAULT = Path("evals/suite.toml")

_EXAMPLE = 'corpora = [{ name = "mine", gold = "mine.jsonl" }]'
_Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Corpus(_Table):
    """Gold questions and the documents that they are asked of.

    Attributes:
        name: Of lower-case letters, digits and hyphens.
        gold: The gold questions, relative to the suite's folder.
        documents: Folders and files, relative to the suite's folder, that are indexed for this corpus alone; without
            any, the questions are asked of the index in RAG_HOME.
        origins: Documents that are copies or translations of one another, a list for each article.
    """

    name: _Name
    gold: Path
    documents: tuple[Path, ...] = ()
    origins: tuple[tuple[str, ...], ...] = ()


class Gate(_Table):
    """A limit for one figure.

    Attributes:
        metric: Its name in ``rag.scoring.METRICS``; or ``counterfactual`` is given.
        counterfactual: A kind of altered source; the share of answers that follow is limited.
        slice: Which questions count, e.g. "all", "split=test", "language=fr".
        at_least: A floor.
        at_most: A ceiling.
        lose_at_most: How much worse than the baseline the mean over the same questions may be.
    """

    metric: str | None = None
    counterfactual: CounterfactualKind | None = None
    slice: str = "all"
    at_least: float | None = None
    at_most: float | None = None
    lose_at_most: float | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.metric is None) == (self.counterfactual is None):
            raise ValueError("a gate has either metric or counterfactual")
        if sum(limit is not None for limit in (self.at_least, self.at_most, self.lose_at_most)) != 1:
            raise ValueError("a gate has exactly one of at_least, at_most and lose_at_most")
        if self.counterfactual and (self.at_least is None or self.slice != "all"):
            raise ValueError("a counterfactual has at_least, and no slice")
        return self

    @property
    def kind(self) -> GateKind:
        """What sort of limit it is."""
        if self.counterfactual:
            return "counterfactual"
        if self.lose_at_most is not None:
            return "margin"
        return "floor" if self.at_least is not None else "ceiling"

    @property
    def limit(self) -> float:
        """The number, whatever sort of limit it is."""
        return next(each for each in (self.at_least, self.at_most, self.lose_at_most) if each is not None)

    @property
    def name(self) -> str:
        """The gate in words: "nugget_recall_vital at least 0.5, split=test"."""
        words = {"margin": "loses at most", "ceiling": "at most"}.get(self.kind, "at least")
        where = "" if self.slice == "all" else f", {self.slice}"
        return f"{self.metric or self.counterfactual} {words} {self.limit:g}{where}"


class Must(_Table):
    """What one question's answer must be.

    Attributes:
        question: The gold question's id.
        outcome: "right", "abstained" or "conflicting"; None leaves it open.
        cites: A document that must be cited; None leaves it open.
    """

    question: str
    outcome: Literal["right", "abstained", "conflicting"] | None = None
    cites: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.outcome is None and self.cites is None:
            raise ValueError("a must has outcome, cites or both")
        return self


class Counterfactuals(_Table):
    """How many questions are asked again of altered sources, by kind; a corpus may hold fewer that fit."""

    edited: int = Field(0, ge=0)
    deleted: int = Field(0, ge=0)
    planted: int = Field(0, ge=0)


class Suite(_Table):
    """A whole suite.

    Attributes:
        name: Of lower-case letters, digits and hyphens; made from the folder's when the file gives none.
        path: The file it was read from.
        answerer: "extractive", or a model as SERVER:MODEL; None leaves it to RAG_MODEL.
        k: How many passages are retrieved; None leaves it to RAG_K.
        splits: Which splits of the gold are asked; empty for all.
        seed: Of everything drawn at random.
        baseline: Scores to compare with, relative to the suite's folder.
        judge_pairs: Labelled pairs on which a judge is measured, if there is one, relative to the suite's folder.
        corpora: What is asked of what.
        counterfactuals: How many questions are asked again of altered sources.
        gates: Limits for figures.
        musts: What single questions must yield.
    """

    name: _Name
    path: Path
    answerer: str | None = None
    k: int | None = Field(None, ge=1, le=100)
    splits: tuple[str, ...] = ()
    seed: int = 0
    baseline: Path | None = None
    judge_pairs: Path | None = None
    corpora: tuple[Corpus, ...] = Field(min_length=1)
    counterfactuals: Counterfactuals = Counterfactuals(edited=0, deleted=0, planted=0)
    gates: tuple[Gate, ...] = ()
    musts: tuple[Must, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [corpus.name for corpus in self.corpora]
        if len(set(names)) < len(names):
            raise ValueError(f"two corpora have the same name: {', '.join(names)}")
        return self

    def without_margins(self) -> Self:
        """The suite without the gates that need a baseline."""
        return self.model_copy(update={"gates": tuple(gate for gate in self.gates if gate.kind != "margin")})

    def beside(self, path: Path) -> Path:
        """A path that the suite names, seen from the current folder."""
        return self.path.parent / path


def read_suite(path: Path, metrics: frozenset[str]) -> Suite:
    """The suite of a TOML file.

    Args:
        path: The file.
        metrics: The names that a gate may use.

    Raises:
        UsageError: It cannot be read, is no TOML, or a key has a value that cannot be used.
    """
    try:
        given = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise UsageError(
            f"There is no suite to read at {str(path)!r}: {error.strerror}.",
            f"Write one (a start: {_EXAMPLE}), or name one: rag eval --suite FILE",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{str(path)!r} is no TOML: {error}.", "Correct that line.") from error
    try:
        suite = Suite.model_validate({"name": _slug(path.parent.resolve().name), **given, "path": path})
    except ValidationError as error:
        raise _complaint(path, error) from error
    for number, gate in enumerate(suite.gates):
        if gate.metric is not None and gate.metric not in metrics:
            raise UsageError(
                f"{str(path)!r}: gates[{number}].metric is {gate.metric!r}, which is no metric.",
                f"Take one of: {', '.join(sorted(metrics))}",
            )
    return suite


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "suite"


def _complaint(path: Path, error: ValidationError) -> UsageError:
    """The first thing that is wrong, with its place and value, and what would be right."""
    first = error.errors()[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).removeprefix(".")
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        return UsageError(f"{str(path)!r}: {place} is missing.", f"Add it, as in: {_EXAMPLE}")
    if first["type"] == "extra_forbidden":
        return UsageError(f"{str(path)!r}: {place} is not known here.", "Remove it, or correct its name.")
    value = _shown(first["input"])
    return UsageError(f"{str(path)!r}: {place or 'the suite'} cannot be {value}: {message}.", "Correct that value.")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."

"""Whether the quotations of an answer or a briefing still stand in the files they came from: no model, no index."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag import loaders
from rag.answers import Quotation
from rag.briefing_contract import HINT, placed_spans, read_briefing
from rag.briefing_contract import SCHEMA_NAME as BRIEFING
from rag.briefings import Briefing
from rag.errors import DocumentError, UsageError
from rag.rendering.contract import SCHEMA_NAME

State = Literal["intact", "moved", "changed", "missing"]
STATES: tuple[State, ...] = ("intact", "moved", "changed", "missing")

_LARGEST_OFFSET = 2**53  # what every JSON reader keeps exactly


class _Given(BaseModel):
    """Part of an answer object as it was handed in: typed strictly, unknown fields ignored."""

    model_config = ConfigDict(strict=True, frozen=True)


class _GivenSpan(_Given):
    document: str = Field(min_length=1, max_length=4096)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    start: int = Field(ge=0, le=_LARGEST_OFFSET)
    end: int = Field(ge=1, le=_LARGEST_OFFSET)
    quote: str = Field(min_length=1)


class _GivenClaim(_Given):
    text: str
    spans: list[_GivenSpan] = Field(min_length=1)


class _GivenConflict(_Given):
    positions: list[_GivenClaim]


class _GivenAnswer(_Given):
    question: str
    model: str
    claims: list[_GivenClaim]
    conflicts: list[_GivenConflict]
    nearest: list[_GivenSpan]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one quotation.

    Attributes:
        place: Where the answer gives it: "claim 1", "conflict 1, position 2" or "nearest 1"; with "answer 2, " in front
            when several answers were handed in.
        document: The document's id, as given.
        start: First code point, as given.
        end: One past the last code point, as given.
        quote: The quotation, as given.
        state: "intact" (these characters stand there), "moved" (the same characters stand elsewhere or in a renamed
            file), "changed" (the file no longer contains them) or "missing" (there is no such file).
        found: Where they stand now as (document, start, end) when they moved, else None.
        reason: Why it is not intact, for a reader; "" when it is.
    """

    place: str
    document: str
    start: int
    end: int
    quote: str = field(repr=False)
    state: State
    found: tuple[str, int, int] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The verdicts on every quotation, in the order of the answer.

    Attributes:
        verdicts: One for each quotation.
        altered: The documents of a briefing's list of sources whose files are gone or have other bytes than when it was
            written; answers have no such list.
    """

    verdicts: tuple[Verdict, ...]
    altered: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[State, int]:
        """How many quotations are in each state, all four states present."""
        counted = Counter(verdict.state for verdict in self.verdicts)
        return {state: counted[state] for state in STATES}

    @property
    def holds(self) -> bool:
        """Whether every quotation is intact or moved."""
        return not (self.counts["changed"] or self.counts["missing"])


class Shelf:
    """The files that may be looked at: what an index knows, some folders, and below the current folder.

    A document's id comes from an answer that anyone may have written, so it opens nothing outside these places.
    """

    def __init__(
        self,
        roots: Sequence[Path] = (),
        here: Path = Path(),
        path_of: Callable[[str], Path | None] = lambda _: None,
        copies_of: Callable[[str], Sequence[str]] = lambda _: (),
    ) -> None:
        """Store where to look.

        Args:
            roots: Folders or files whose documents have ids relative to the parent of the folder or file.
            here: The current folder: an id counts from it, or from its parent when it starts with its name.
            path_of: The file of an id that an index knows; None for others.
            copies_of: The ids that an index knows for a sha256.
        """
        self._here = here.absolute()
        self._roots = tuple(dict.fromkeys(root.absolute() for root in roots))
        self._path_of = path_of
        self._copies_of = copies_of
        self._digests: dict[Path, dict[str, tuple[str, Path]]] = {}

    def file(self, document: str) -> Path | None:
        """The file of a document id, or None when there is none within reach."""
        known = self._path_of(document)
        if known is not None and known.is_file():
            return known
        try:
            candidates = ((root.resolve(), root.parent / document) for root in self._reach(document))
            return next((path for root, path in candidates if _is_file_below(root, path)), None)
        except (ValueError, OSError):  # a NUL, or a name longer than the system allows
            return None

    def copy(self, document: str, sha256: str) -> tuple[str, Path] | None:
        """The id and file of a document that now has these bytes in the same place as the one given, or None."""
        for name in self._copies_of(sha256):
            path = self.file(name)
            if path is not None:
                return name, path
        for root in self._reach(document):
            if root not in self._digests:
                self._digests[root] = {_sha256(path): (name, path) for name, path in _scan(root)}
            if sha256 in self._digests[root]:
                return self._digests[root][sha256]
        return None

    def _reach(self, document: str) -> list[Path]:
        """The roots that the document may lie below."""
        first = document.partition("/")[0]
        near = [] if first in {"", ".", ".."} or "\0" in first else [self._here / first]
        return [*self._roots, *near, *([self._here] if first == self._here.name else [])]


def _is_file_below(root: Path, path: Path) -> bool:
    return path.is_file() and path.resolve().is_relative_to(root)


def _scan(root: Path) -> Iterator[tuple[str, Path]]:
    """The ids and files of the documents below a root."""
    try:
        paths = sorted(root.rglob("*")) if root.is_dir() else [root]
    except OSError:
        return
    for path in paths:
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if not hidden and loaders.supported(path) and _is_file_below(root.resolve(), path):
            yield path.relative_to(root.parent).as_posix(), path


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def recheck(text: str, shelf: Shelf) -> Report:
    """The state of every quotation in one answer object or briefing, or in several answers as JSON lines.

    Args:
        text: ``answer/1`` objects or one ``briefing/1`` object; nothing in them is trusted.
        shelf: The files to look in.

    Raises:
        UsageError: The text is not JSON, or neither of these objects with well-formed spans.
    """
    checker = _Checker(shelf)
    if _is_briefing(text):
        return _recheck_briefing(read_briefing(text), checker)
    answers = read_answers(text)
    verdicts: list[Verdict] = []
    for number, answer in enumerate(answers, start=1):
        prefix = f"answer {number}, " if len(answers) > 1 else ""
        verdicts += (checker.verdict(prefix + place, span, stated) for place, span, stated in _spans(answer))
    return Report(tuple(verdicts))


def _is_briefing(text: str) -> bool:
    try:
        given = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return False
    return isinstance(given, dict) and given.get("schema") == BRIEFING


def _recheck_briefing(briefing: Briefing, checker: _Checker) -> Report:
    verdicts = []
    for place, quotation, text in placed_spans(briefing):
        span = _given(quotation, place)
        claim = None if text is None else _GivenClaim(text=text, spans=[span])
        verdicts.append(checker.verdict(place, span, claim))
    altered = [
        source.document for source in briefing.sources if not checker.is_unaltered(source.document, source.sha256)
    ]
    return Report(tuple(verdicts), tuple(altered))


def _given(quotation: Quotation, place: str) -> _GivenSpan:
    """The quotation as a span, checked like that of an answer.

    Raises:
        UsageError: It is not well-formed.
    """
    try:
        return _GivenSpan.model_validate({name: getattr(quotation, name) for name in _GivenSpan.model_fields})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"The input is not a valid {BRIEFING} object: {place}: {where}: {first['msg']}.", HINT
        ) from error


def read_answers(text: str) -> list[_GivenAnswer]:
    """The answer objects in a JSON text, or one per line.

    Raises:
        UsageError: Nothing is there, or something else is.
    """
    hint = 'Hand in what ask --json "…" or rag ask --input … --output … wrote.'
    objects = _objects(text, hint)
    if not objects:
        raise UsageError("There is no answer to verify: the input is empty.", hint)
    return [_answer(number, given, hint, alone=len(objects) == 1) for number, given in enumerate(objects, start=1)]


def _objects(text: str, hint: str) -> list[Any]:
    text = text.removeprefix("\ufeff")
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError) as whole:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
        objects = []
        for number, line in lines:
            try:
                objects.append(json.loads(line))
            except (ValueError, RecursionError) as error:
                cause = whole if not objects else error
                raise UsageError(f"The input is not JSON (line {number}): {_short(cause)}.", hint) from error
        return objects


def _short(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error).split("\n")[0].rstrip(".")


def _answer(number: int, given: Any, hint: str, *, alone: bool) -> _GivenAnswer:
    name = "The input" if alone else f"Answer {number}"
    schema = given.get("schema") if isinstance(given, dict) else None
    if schema != SCHEMA_NAME:
        found = "has no schema" if schema is None else f"has the schema {str(schema)[:80]!r}"
        raise UsageError(f"{name} {found}; only {SCHEMA_NAME!r} can be verified.", hint)
    try:
        return _GivenAnswer.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{name} is not a valid {SCHEMA_NAME} object: {where}: {first['msg']}.", hint) from error


def _spans(answer: _GivenAnswer) -> Iterator[tuple[str, _GivenSpan, _GivenClaim | None]]:
    """Each span with its place and, in extractive answers, the claim that must be read in it word for word."""
    verbatim = answer.model == "extractive"
    for number, claim in enumerate(answer.claims, start=1):
        for span in claim.spans:
            yield f"claim {number}", span, claim if verbatim else None
    for number, conflict in enumerate(answer.conflicts, start=1):
        for side, position in enumerate(conflict.positions, start=1):
            for span in position.spans:
                yield f"conflict {number}, position {side}", span, None
    for number, span in enumerate(answer.nearest, start=1):
        yield f"nearest {number}", span, None


class _Checker:
    """Compares quotations with files and keeps each file's text while it works."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._texts: dict[Path, str | DocumentError] = {}

    def verdict(self, place: str, span: _GivenSpan, claim: _GivenClaim | None) -> Verdict:
        """What became of the span; a verbatim claim that none of its quotations contains counts as changed."""
        state, found, reason = self._state(span)
        if claim is not None and not any(_contains(one.quote, claim.text) for one in claim.spans):
            state, found, reason = "changed", None, "the claim's text is not in its quotation"
        return Verdict(place, span.document, span.start, span.end, span.quote, state, found, reason)

    def is_unaltered(self, document: str, sha256: str) -> bool:
        """Whether a document's file is there and has the bytes that it had."""
        path = self._shelf.file(document)
        return path is not None and _sha256(path) == sha256

    def _state(self, span: _GivenSpan) -> tuple[State, tuple[str, int, int] | None, str]:
        document, path = span.document, self._shelf.file(span.document)
        if path is None:
            copy = self._shelf.copy(span.document, span.sha256)
            if copy is None:
                return "missing", None, "there is no such file in the folders searched"
            document, path = copy
        text = self._text(document, path)
        if isinstance(text, DocumentError):
            return "changed", None, text.message
        start = _nearest(text, span.quote, span.start)
        if start is None:
            return "changed", None, "the file no longer contains these characters"
        if (document, start, start + len(span.quote)) == (span.document, span.start, span.end):
            return "intact", None, ""
        reason = "the file was renamed" if document != span.document else "the text around it changed"
        return "moved", (document, start, start + len(span.quote)), reason

    def _text(self, document: str, path: Path) -> str | DocumentError:
        if path not in self._texts:
            try:
                self._texts[path] = loaders.load(path, document).text
            except DocumentError as error:
                self._texts[path] = error
        return self._texts[path]


def _contains(quote: str, text: str) -> bool:
    return " ".join(text.split()) in " ".join(quote.split())


def _nearest(text: str, quote: str, start: int) -> int | None:
    """Where the quote begins, as near to start as possible; None when the text lacks it."""
    if text.startswith(quote, start):
        return start
    before = text.rfind(quote, 0, start + len(quote))
    after = text.find(quote, start)
    found = [position for position in (before, after) if position >= 0]
    return min(found, key=lambda position: abs(position - start), default=None)

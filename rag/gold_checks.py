"""Whether a gold set is fit to measure with: every span proved, nothing asked twice, no slice too small.

``rag.gold`` reads whatever has the right fields; here a set is held to what evals/gold/README.md says of them.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag import loaders
from rag.documents import Document
from rag.errors import DocumentError
from rag.gold import GoldQuestion, GoldSpan, Nugget, gold_lines, parse_question
from rag.gold_slices import SPLITS, Slices
from rag.span_metrics import Place, sentence_units

KINDS = (
    "fact", "list", "date", "number", "who-said", "yes-no", "comparison",
    "disagreement", "false-premise", "partial", "unanswerable",
)  # fmt: skip

Rule = Literal[
    "format",
    "vocabulary",
    "status",
    "nugget",
    "unknown-document",
    "wrong-quote",
    "loose-quote",
    "overlapping-spans",
    "duplicate-id",
    "duplicate-question",
    "broken-link",
    "split-story",
    "shared-sentence",
    "unbalanced",
]

_LANGUAGE = re.compile(r"[a-z]{2,3}")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Finding:
    """A defect of a gold set.

    Attributes:
        place: File, line and id of the question; the files alone for a defect of the set.
        rule: Which rule it breaks.
        problem: What is wrong, with the value.
    """

    place: str
    rule: Rule
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


@dataclass(frozen=True, slots=True)
class GoldCheck:
    """What a check found.

    Attributes:
        findings: Each defect, question by question, those of the whole set last.
        summary: How many questions stand in each slice, how many gold sentences serve several, and how many defects.
    """

    findings: tuple[Finding, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """A question and where it stands."""

    place: str
    question: GoldQuestion

    def finding(self, rule: Rule, problem: str) -> Finding:
        return Finding(self.place, rule, problem)


def check(paths: Sequence[Path], roots: Sequence[Path]) -> GoldCheck:
    """The defects of a gold set and its slices.

    A document is read as indexing reads it, so that what is proved here holds for the spans of answers.

    Args:
        paths: The gold files, checked as one set.
        roots: Folders that document ids are relative to; the first that has the file wins.

    Raises:
        UsageError: A gold file can't be read.
    """
    entries, findings = _read(paths)
    documents = _load({span.document for entry in entries for span in entry.question.spans()}, roots)
    for entry in entries:
        defects = itertools.chain(_wrong_fields(entry.question), _wrong_spans(entry.question, documents))
        findings += [entry.finding(rule, problem) for rule, problem in defects]
    holders = _holders(entries, documents)
    findings += [*_duplicates(entries), *_broken_links(entries), *_split_stories(entries), *_shared(holders)]
    slices = Slices.of(
        (entry.question for entry in entries), {name: found.source.language for name, found in documents.items()}
    )
    files = ", ".join(path.name for path in paths)
    problems = slices.unbalanced() if entries else ["there is no question"]
    findings += [Finding(files, "unbalanced", problem) for problem in problems]
    return GoldCheck(tuple(findings), _summary(slices, holders, len(entries), len(findings)))


def _read(paths: Iterable[Path]) -> tuple[list[_Entry], list[Finding]]:
    entries, findings = [], []
    for path in paths:
        for number, line in gold_lines(path).items():
            place = f"{path.name}:{number}"
            try:
                question = parse_question(line)
            except ValueError as error:
                findings.append(Finding(place, "format", str(error)))
            else:
                entries.append(_Entry(f"{place}: {question.id}", question))
    return entries, findings


def _load(names: Iterable[str], roots: Sequence[Path]) -> dict[str, Document]:
    """The documents that can be read, by name; nothing outside the roots can."""
    documents = {}
    for name in names:
        path = next((root / name for root in roots if _is_file_below(root, name)), None)
        with contextlib.suppress(DocumentError):  # a span of it becomes a finding
            if path is not None:
                documents[name] = loaders.load(path, name)
    return documents


def _is_file_below(root: Path, name: str) -> bool:
    try:
        return (root / name).is_file() and (root / name).resolve().is_relative_to(root.resolve())
    except OSError:  # a name that no file can have
        return False


def _wrong_fields(question: GoldQuestion) -> Iterator[tuple[Rule, str]]:
    if question.kind not in KINDS:
        yield "vocabulary", f"unknown kind {question.kind!r}; known: {', '.join(KINDS)}"
    if question.split not in SPLITS:
        yield "vocabulary", f"unknown split {question.split!r}; known: {', '.join(SPLITS)}"
    if not _LANGUAGE.fullmatch(question.language):
        yield "vocabulary", f"{question.language!r} is no ISO 639-1 code of a language"
    if not question.question.strip():
        yield "vocabulary", "the question is empty"
    if (question.kind == "unanswerable") == question.answerable:
        yield "status", f"kind {question.kind} does not go with status {question.status}"
    if question.near and question.answerable:
        yield "status", "near is for unanswerable questions"
    yield from _wrong_nuggets(question)


def _wrong_nuggets(question: GoldQuestion) -> Iterator[tuple[Rule, str]]:
    if not question.answerable:
        if question.nuggets:
            yield "status", "unanswerable, yet it has nuggets"
        return
    vital = sum(nugget.vital for nugget in question.nuggets)
    needed = 2 if question.status == "conflicting" else 1
    if vital < needed:
        yield "status", f"{question.status} needs {needed} vital nuggets, it has {vital}"
    for nugget in question.nuggets:
        if not nugget.spans:
            yield "nugget", f"no span states {nugget.text!r}"
        if not all(answer.strip() for answer in nugget.answers) or not nugget.answers:
            yield "nugget", f"no accepted answer, or an empty one, for {nugget.text!r}"


def _wrong_spans(question: GoldQuestion, documents: Mapping[str, Document]) -> Iterator[tuple[Rule, str]]:
    for span in question.spans():
        document = documents.get(span.document)
        if document is None:
            yield "unknown-document", f"no text {span.document!r}"
        elif span.span.of(document.text) != span.quote:
            yield "wrong-quote", _misplaced(span, document.text)
        elif span.quote != span.quote.strip():
            yield "loose-quote", f"white space around {span.quote!r}"
    for nugget in question.nuggets:
        yield from _overlaps(nugget)


def _misplaced(span: GoldSpan, text: str) -> str:
    found = text.find(span.quote)
    where = f"stands at {found}" if found >= 0 else "is nowhere in it"
    there = span.span.of(text)
    return f"{span.document}[{span.start}:{span.end}] is {there!r}; {span.quote!r} {where}"


def _overlaps(nugget: Nugget) -> Iterator[tuple[Rule, str]]:
    ordered = sorted(nugget.spans, key=lambda span: (span.document, span.start))
    for one, other in itertools.pairwise(ordered):
        if one.document == other.document and one.span.overlaps(other.span):
            yield "overlapping-spans", f"two spans of a nugget overlap: {one.quote!r} and {other.quote!r}"


def _duplicates(entries: Iterable[_Entry]) -> Iterator[Finding]:
    """Ids and questions that occur twice; case and punctuation make no question another one."""
    ids: dict[str, _Entry] = {}
    asked: dict[tuple[str, ...], _Entry] = {}
    for entry in entries:
        if (first := ids.setdefault(entry.question.id, entry)) is not entry:
            yield entry.finding("duplicate-id", f"the id is taken by {first.place}")
        words = tuple(_WORD.findall(entry.question.question.casefold()))
        if (first := asked.setdefault(words, entry)) is not entry:
            yield entry.finding("duplicate-question", f"the same question as {first.place}")


def _broken_links(entries: Sequence[_Entry]) -> Iterator[Finding]:
    known = {entry.question.id: entry.question for entry in entries}
    for entry in entries:
        for name, problems in (("same_as", _wrong_copy), ("twin_of", _wrong_twin)):
            if (target := getattr(entry.question, name)) is not None:
                linked = known.get(target)
                if linked is None or linked.split != entry.question.split:
                    yield entry.finding("broken-link", f"{name} {target!r} is no question of its split")
                else:
                    for problem in problems(entry.question, linked):
                        yield entry.finding("broken-link", f"{name} {target!r} {problem}")


def _wrong_copy(question: GoldQuestion, original: GoldQuestion) -> Iterator[str]:
    if original.same_as is not None:
        yield "is itself the same as another one: name that"
    elif (question.status, question.nuggets) != (original.status, original.nuggets):
        yield "has other gold"


def _wrong_twin(question: GoldQuestion, twin: GoldQuestion) -> Iterator[str]:
    if question.answerable or not twin.answerable:
        yield "links an unanswerable question to an answerable one only"


def _split_stories(entries: Iterable[_Entry]) -> Iterator[Finding]:
    splits: dict[str, str] = {}
    for entry in entries:
        story, split = entry.question.story, entry.question.split
        if story is not None and splits.setdefault(story, split) != split:
            yield entry.finding("split-story", f"the story {story!r} is in the split {splits[story]}, too")


def _holders(entries: Iterable[_Entry], documents: Mapping[str, Document]) -> dict[Place, list[_Entry]]:
    """For each sentence that is gold the questions that it is gold of, in order."""
    sentences = {name: [sentence.span for sentence in found.sentences] for name, found in documents.items()}
    holders: dict[Place, list[_Entry]] = defaultdict(list)
    for entry in entries:
        places = [Place(span.document, span.span) for span in entry.question.spans() if span.document in documents]
        for unit in sentence_units(places, sentences):
            holders[unit].append(entry)
    return holders


def _shared(holders: Mapping[Place, Sequence[_Entry]]) -> Iterator[Finding]:
    """Sentences that are gold in several splits: what was tuned on the one would be measured in the other."""
    for (document, sentence), entries in sorted(holders.items(), key=lambda item: item[0]):
        by_split: dict[str, _Entry] = {}
        for entry in entries:
            by_split.setdefault(entry.question.split, entry)
        first, *others = by_split.values()
        if others:
            ids = " and ".join(other.question.id for other in others)
            yield first.finding(
                "shared-sentence", f"shares {document}[{sentence.start}:{sentence.end}] with {ids} of another split"
            )


def _summary(slices: Slices, holders: Mapping[Place, Sequence[_Entry]], questions: int, findings: int) -> str:
    shared = sum(len({entry.question.same_as or entry.question.id for entry in held}) > 1 for held in holders.values())
    return (
        f"{slices}\n{len(holders):,} sentences are gold, {shared:,} of them of several questions.\n"
        f"{questions:,} questions, {findings:,} defects"
    )

"""Prove a gold set: every span, and that the set is fit to measure with.

    python -m evals.check_gold evals/gold/news.jsonl

Prints one line per defect and, to stderr, how many questions stand in each slice; exits 1 when there is a defect.
evals/gold/README.md describes the format. The documents are looked for beside the gold file, then at the top of the
checkout.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rag import languages, sentences
from rag.documents import Span

KINDS = frozenset({"fact", "list", "date", "number", "who-said", "yes-no", "comparison"}) | frozenset(
    {"disagreement", "false-premise", "partial", "unanswerable"}
)
STATUSES = frozenset({"answered", "partial", "conflicting", "unanswerable"})
SPLITS = frozenset({"dev", "test"})
LANGUAGES = frozenset({"en", "fr", "id"})

QUESTION_FIELDS: Mapping[str, type] = {
    **dict.fromkeys(("id", "split", "language", "question", "kind", "status"), str),
    "near": bool,
    "nuggets": list,
}
NUGGET_FIELDS: Mapping[str, type] = {"text": str, "vital": bool, "answers": list, "spans": list}
SPAN_FIELDS: Mapping[str, type] = {"document": str, "start": int, "end": int, "quote": str}

SMALLEST_SPLIT = 0.4
"""The share of the questions that each split holds at least."""
SMALLEST_PAIR = 1 / 3
"""A pair of question language and source language holds at least this share of the mean pair."""
SMALLEST_NEAR = 0.5
"""The share of the unanswerable questions that are near the topic of the documents."""

TOP = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Document:
    """A source, with what the checks ask of it."""

    text: str
    language: str | None
    sentences: Sequence[Span]

    @classmethod
    def read(cls, path: Path) -> Document:
        """The file's bytes, decoded and nothing else."""
        text = path.read_bytes().decode("utf-8")
        language = languages.detect(text, LANGUAGES)
        return cls(text, language, tuple(sentences.split(text, language)))


@dataclass(slots=True)
class Library:
    """The documents below some folders, each read when it is first named."""

    roots: Sequence[Path]
    _read: dict[str, Document | None] = field(default_factory=dict)

    def find(self, name: str) -> Document | None:
        """The document; None where no folder has such a file."""
        if name not in self._read:
            path = next((root / name for root in self.roots if (root / name).is_file()), None)
            self._read[name] = Document.read(path) if path else None
        return self._read[name]


@dataclass(frozen=True, slots=True)
class Question:
    """A line of the gold file whose fields have the right types."""

    place: str
    record: Mapping[str, Any]

    def spans(self) -> Iterator[Mapping[str, Any]]:
        """The spans of all nuggets."""
        for nugget in self.record["nuggets"]:
            yield from nugget["spans"]

    @property
    def answerable(self) -> bool:
        """Whether the documents answer it, be it in part."""
        return bool(self.record["status"] != "unanswerable")


def read_questions(path: Path, defects: list[str]) -> list[Question]:
    """The well-formed questions of the file; the others become defects."""
    questions = []
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        if not line.strip():
            continue
        place = f"{path.name}:{number}"
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            defects.append(f"{place}: no JSON: {error}")
            continue
        if isinstance(record, dict) and isinstance(record.get("id"), str):
            place += f": {record['id']}"
        wrong = list(wrong_shape(record))
        defects += [f"{place}: {what}" for what in wrong]
        if not wrong:
            questions.append(Question(place, record))
    return questions


def wrong_shape(record: object) -> Iterator[str]:
    """Fields that are missing or of the wrong type, in the question, its nuggets and their spans."""
    yield from wrong_fields("question", record, QUESTION_FIELDS)
    for nugget in members(record, "nuggets"):
        yield from wrong_fields("nugget", nugget, NUGGET_FIELDS)
        if not all(isinstance(answer, str) and answer.strip() for answer in members(nugget, "answers")):
            yield "an accepted answer is empty or no text"
        for span in members(nugget, "spans"):
            yield from wrong_fields("span", span, SPAN_FIELDS)


def wrong_fields(what: str, record: object, fields: Mapping[str, type]) -> Iterator[str]:
    """Fields of one JSON object that are missing or of the wrong type."""
    if not isinstance(record, dict):
        yield f"{what} is no JSON object"
        return
    for name, expected in fields.items():
        if name not in record:
            yield f"{what} without {name}"
        elif type(record[name]) is not expected:  # True is no offset, so isinstance is too kind
            yield f"{what}: {name} is {type(record[name]).__name__}, not {expected.__name__}"


def members(record: object, name: str) -> list[Any]:
    """The list in a field; empty when there is none."""
    found = record.get(name) if isinstance(record, dict) else None
    return found if isinstance(found, list) else []


def wrong_values(question: Question) -> Iterator[str]:
    """Unknown values, and values that contradict each other."""
    record = question.record
    for name, known in (("kind", KINDS), ("status", STATUSES), ("split", SPLITS), ("language", LANGUAGES)):
        if record[name] not in known:
            yield f"unknown {name} {record[name]!r}"
    if not record["question"].strip():
        yield "the question is empty"
    if (record["kind"] == "unanswerable") == question.answerable:
        yield f"kind {record['kind']} does not go with status {record['status']}"
    if record["near"] and question.answerable:
        yield "near is for unanswerable questions"
    yield from wrong_nuggets(question)


def wrong_nuggets(question: Question) -> Iterator[str]:
    """Too few nuggets for the status, or a nugget that nothing supports."""
    nuggets = question.record["nuggets"]
    if not question.answerable:
        if nuggets:
            yield "unanswerable, yet it has nuggets"
        return
    vital = sum(nugget["vital"] for nugget in nuggets)
    needed = 2 if question.record["status"] == "conflicting" else 1
    if vital < needed:
        yield f"{question.record['status']} needs {needed} vital nuggets, it has {vital}"
    for nugget in nuggets:
        if not nugget["spans"]:
            yield f"no span states {nugget['text']!r}"
        if not nugget["answers"]:
            yield f"no accepted answer for {nugget['text']!r}"


def wrong_spans(question: Question, library: Library) -> Iterator[str]:
    """Spans that do not hold their quotation, and spans of one nugget that overlap."""
    for span in question.spans():
        document = library.find(span["document"])
        start, end, quote = span["start"], span["end"], span["quote"]
        if document is None:
            yield f"unknown document {span['document']}"
        elif not 0 <= start < end <= len(document.text):
            yield f"{span['document']} has no characters {start} to {end}"
        elif document.text[start:end] != quote:
            there = document.text.find(quote)
            where = f"stands at {there}" if there >= 0 else "is nowhere in it"
            yield f"{span['document']}[{start}:{end}] is {document.text[start:end]!r}; {quote!r} {where}"
        elif quote != quote.strip():
            yield f"white space around {quote!r}"
    for nugget in question.record["nuggets"]:
        yield from overlaps(nugget["spans"])


def overlaps(spans: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Neighbouring spans that share characters."""
    ordered = sorted(spans, key=lambda span: (span["document"], span["start"]))
    for one, other in itertools.pairwise(ordered):
        if one["document"] == other["document"] and other["start"] < one["end"]:
            yield f"two spans of a nugget overlap: {one['quote']!r} and {other['quote']!r}"


def duplicates(questions: Sequence[Question]) -> Iterator[str]:
    """Ids and questions that occur twice; case and punctuation make no question another one."""
    ids: dict[str, str] = {}
    asked: dict[tuple[str, ...], str] = {}
    for question in questions:
        if (first := ids.setdefault(question.record["id"], question.place)) != question.place:
            yield f"{question.place}: the id is taken by {first}"
        words = tuple(re.findall(r"\w+", question.record["question"].casefold()))
        if (first := asked.setdefault(words, question.place)) != question.place:
            yield f"{question.place}: the same question as {first}"


def broken_links(questions: Sequence[Question]) -> Iterator[str]:
    """Links to questions that do not exist or stand in the other split, and stories in both splits."""
    splits = {question.record["id"]: question.record["split"] for question in questions}
    stories: dict[str, str] = {}
    for question in questions:
        record = question.record
        for name in ("same_as", "twin_of"):
            if record.get(name) and splits.get(record[name]) != record["split"]:
                yield f"{question.place}: {name} {record[name]} is no question of the {record['split']} split"
        if (story := record.get("story")) and stories.setdefault(story, record["split"]) != record["split"]:
            yield f"{question.place}: the story {story} is in both splits"


def shared_sentences(questions: Sequence[Question], library: Library) -> Iterator[str]:
    """Sentences that both splits have gold in: what was tuned on the one would be measured in the other."""
    holders: dict[tuple[str, int, int], dict[str, Question]] = defaultdict(dict)
    for question in questions:
        for span in question.spans():
            if document := library.find(span["document"]):
                for sentence in document.sentences:
                    if sentence.start < span["end"] and span["start"] < sentence.end:
                        holders[span["document"], sentence.start, sentence.end].setdefault(
                            question.record["split"], question
                        )
    for (name, start, end), by_split in sorted(holders.items(), key=lambda item: item[0]):
        if len(by_split) > 1:
            one, *others = by_split.values()
            places = " and ".join(other.record["id"] for other in others)
            yield f"{one.place}: shares {name}[{start}:{end}] with {places} of another split"


@dataclass(frozen=True, slots=True)
class Slices:
    """How many questions stand where, in all and in each split."""

    tables: Mapping[str, Counter[tuple[str, str]]]

    @classmethod
    def of(cls, questions: Sequence[Question], library: Library) -> Slices:
        """Count; a question with sources in two languages counts in two pairs."""
        tables: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        for question in questions:
            record = question.record
            split = record["split"]
            tables["split"]["all", split] += 1
            tables["language"][record["language"], split] += 1
            tables["kind"][record["kind"], split] += 1
            tables["status"][record["status"], split] += 1
            if not question.answerable:
                tables["unanswerable"]["near" if record["near"] else "far", split] += 1
            documents = {library.find(span["document"]) for span in question.spans()}
            for source in {document.language for document in documents if document}:
                tables["question -> source"][f"{record['language']} -> {source}", split] += 1
        return cls(tables)

    def totals(self, table: str) -> Counter[str]:
        """The counts of a table over both splits."""
        totals: Counter[str] = Counter()
        for (row, _), count in self.tables.get(table, Counter()).items():
            totals[row] += count
        return totals

    def unbalanced(self) -> Iterator[str]:
        """Slices too small to say anything about."""
        everything = self.totals("split")["all"]
        for split in sorted(SPLITS):
            if (count := self.tables["split"]["all", split]) < SMALLEST_SPLIT * everything:
                yield f"unbalanced: the {split} split has {count} of {everything} questions"
        held = sorted(split for split in SPLITS if self.tables["split"]["all", split])
        for table in ("language", "kind", "status"):
            for row, split in itertools.product(sorted(self.totals(table)), held):
                if not self.tables[table][row, split]:
                    yield f"unbalanced: the {split} split has no question with {table} {row}"
        near = self.totals("unanswerable")
        if near["near"] < SMALLEST_NEAR * near.total():
            yield f"unbalanced: {near['near']} of {near.total()} unanswerable questions are near the topic"
        yield from self._unbalanced_pairs()

    def _unbalanced_pairs(self) -> Iterator[str]:
        pairs = self.totals("question -> source")
        asked, sources = ({pair.split(" -> ")[end] for pair in pairs} for end in (0, 1))
        mean = pairs.total() / max(1, len(asked) * len(sources))
        for one, other in itertools.product(sorted(asked), sorted(sources)):
            if (count := pairs[f"{one} -> {other}"]) < SMALLEST_PAIR * mean:
                yield f"unbalanced: {count} questions ask {one} -> {other}, the mean pair has {mean:.0f}"

    def __str__(self) -> str:
        lines = [f"{'':28}{'dev':>6}{'test':>6}{'all':>6}"]
        for table in self.tables:
            for row, total in sorted(self.totals(table).items()):
                dev, test = (self.tables[table][row, split] for split in ("dev", "test"))
                lines.append(f"{table + ': ' + row:28}{dev:6}{test:6}{total:6}")
        return "\n".join(lines)


def check(path: Path, roots: Sequence[Path]) -> tuple[list[str], Slices]:
    """The defects of a gold file, each in one line, and its counts.

    Args:
        path: The gold file, JSON Lines.
        roots: Folders that document ids are relative to; the first that has the file wins.
    """
    defects: list[str] = []
    library = Library(roots)
    questions = read_questions(path, defects)
    for question in questions:
        wrong = itertools.chain(wrong_values(question), wrong_spans(question, library))
        defects += [f"{question.place}: {what}" for what in wrong]
    defects += duplicates(questions)
    defects += broken_links(questions)
    defects += shared_sentences(questions, library)
    slices = Slices.of(questions, library)
    defects += slices.unbalanced() if questions else [f"{path.name}: no question"]
    return defects, slices


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, help="the questions, one JSON object a line")
    parser.add_argument("--root", type=Path, action="append", help="a folder that document ids are relative to")
    options = parser.parse_args()
    defects, slices = check(options.gold, options.root or [options.gold.parent, TOP])
    for defect in defects:
        print(defect)
    print(slices, file=sys.stderr)
    print(f"{len(defects)} defects", file=sys.stderr)
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main())

"""Public question sets as documents with questions whose answers are known spans of them."""

from __future__ import annotations

import ast
import csv
import gzip
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rag.documents import Span


@dataclass(frozen=True, slots=True)
class Case:
    """A question and where its answer stands; without spans the documents do not answer it."""

    question: str
    language: str
    answers: tuple[tuple[str, Span], ...] = ()
    about: str | None = None


@dataclass(slots=True)
class QuestionSet:
    """Texts by document id, and the questions about them."""

    name: str
    texts: dict[str, str] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)


def read_lines(path: Path) -> list[str]:
    """The lines of a gzipped file."""
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def read_squad(path: Path, name: str, language: str, part: tuple[int, int] = (0, 1)) -> QuestionSet:
    """The paragraphs of a file in SQuAD format as documents of their own, and its questions.

    Args:
        path: The gzipped JSON file.
        name: What the set is called.
        language: Of texts and questions.
        part: ``(r, n)`` takes the articles whose number leaves the remainder r when divided by n.
    """
    found = QuestionSet(name)
    articles = json.loads(gzip.decompress(path.read_bytes()))["data"]
    for number, article in enumerate(articles):
        if number % part[1] != part[0]:
            continue
        for place, paragraph in enumerate(article["paragraphs"]):
            document = f"{name}/{number:04d}-{place:03d}.txt"
            found.texts[document] = paragraph["context"]
            found.cases += [_squad_case(qa, document, language) for qa in paragraph["qas"]]
    return found


def _squad_case(qa: dict[str, Any], document: str, language: str) -> Case:
    spans = [Span(answer["answer_start"], answer["answer_start"] + len(answer["text"])) for answer in qa["answers"]]
    return Case(qa["question"], language, tuple((document, span) for span in spans), document)


def read_facqa(path: Path, name: str) -> QuestionSet:
    """FacQA's Indonesian newspaper passages and questions, put together again from its lists of words."""
    found = QuestionSet(name)
    documents: dict[str, str] = {}
    for row in csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode())):
        words, labels = ast.literal_eval(row["passage"]), ast.literal_eval(row["seq_label"])
        text, starts = _join(words)
        document = documents.setdefault(text, f"{name}/{len(documents):04d}.txt")
        found.texts[document] = text
        marked = [place for place, label in enumerate(labels) if label != "O"]
        if marked:
            span = Span(starts[marked[0]], starts[marked[-1]] + len(words[marked[-1]]))
            question = _join(ast.literal_eval(row["question"]))[0]
            found.cases.append(Case(question, "id", ((document, span),), document))
    return found


def _join(words: list[str]) -> tuple[str, list[int]]:
    """Words as running text, with the start of each word."""
    text, starts = "", []
    for word in words:
        if text and word not in {",", ".", ";", ":", "?", "!", ")", "%"} and not text.endswith("("):
            text += " "
        starts.append(len(text))
        text += word
    return text, starts


def read_qed(path: Path, name: str) -> QuestionSet:
    """QED's Wikipedia paragraphs with the questions people typed into a search engine."""
    found = QuestionSet(name)
    for number, line in enumerate(read_lines(path)):
        record = json.loads(line)
        document = f"{name}/{number:04d}.txt"
        found.texts[document] = record["paragraph_text"]
        spans = {Span(part["start"], part["end"]) for answer in record["original_nq_answers"] for part in answer}
        answers = tuple((document, span) for span in sorted(spans))
        question = record["question_text"].strip()
        found.cases.append(Case(question[:1].upper() + question[1:] + "?", "en", answers, document))
    return found

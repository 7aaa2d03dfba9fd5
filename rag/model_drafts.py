"""Drafts of gold questions by a model, which can only point at sentences that it is shown."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, create_model

from rag import prompting
from rag.documents import Document, Span
from rag.draft_rules import Candidate, holds, stands_alone
from rag.errors import ModelOutputError
from rag.gold_drafts import Desk, Draft, Tally, sentences_of
from rag.judging import Completing

PROMPT = "draft"
Question = Callable[[], AbstractContextManager[object]]
"""Begins a question of the client, with its own deadline (``Speakers.question``); one for each run of sentences."""

Progress = Callable[[int, int, str], None]

_WINDOW_SENTENCES, _WINDOW_CHARACTERS = 30, 5_000
_KINDS = ("fact", "date", "number", "who-said")


def draft_by_model(
    documents: Sequence[Document],
    client: Completing,
    most: int,
    tally: Tally,
    *,
    question: Question = nullcontext,
    progress: Progress | None = None,
) -> Iterator[Draft]:
    """Drafts of a model from each document, at most so many of each, the ones without answer included.

    The model is shown numbered sentences and can only name one of them; an answer that does not stand in it word by
    word, a question that gives its answer away or points outside of itself is dropped and counted.

    Raises:
        ModelError: The model or its server failed; drafts may have come before.
    """
    drafter = _Drafter(Desk(documents, tally), client, prompting.load(PROMPT), question)
    for place, document in enumerate(documents, start=1):
        if progress is not None:
            progress(place, len(documents), document.source.id)
        drafts = (draft for window in _windows(document) for draft in drafter.drafts(document, window))
        yield from itertools.islice(drafts, most)


@dataclass(frozen=True, slots=True)
class _Window:
    """Some sentences of a document, as a model sees them: by number, each on one line."""

    sentences: Mapping[str, tuple[Span, str | None]]
    lines: Mapping[str, str]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _windows(document: Document) -> Iterator[_Window]:
    held: list[tuple[Span, str | None]] = []
    size = 0
    for span, language in sentences_of(document):
        if held and (len(held) >= _WINDOW_SENTENCES or size + span.end - span.start > _WINDOW_CHARACTERS):
            yield _window(document, held)
            held, size = [], 0
        held.append((span, language))
        size += span.end - span.start
    if held:
        yield _window(document, held)


def _window(document: Document, held: Sequence[tuple[Span, str | None]]) -> _Window:
    sentences = {str(number): each for number, each in enumerate(held, start=1)}
    lines = {number: prompting.neutral(span.of(document.text)) for number, (span, _) in sentences.items()}
    return _Window(sentences, {number: line for number, line in lines.items() if line})


@dataclass(frozen=True, slots=True)
class _Drafter:
    """A model with the prompt that it is asked."""

    desk: Desk
    client: Completing
    prompt: prompting.Prompt
    question: Question

    def drafts(self, document: Document, window: _Window) -> Iterator[Draft]:
        """What the model drafts from some sentences."""
        given = self._given(window) if window.lines else {"questions": [], "unanswerable": []}
        maker = f"model:{self.client.name}"
        for each in given["questions"]:
            span, language = window.sentences[each["sentence"]]
            candidate = _checked(self.desk, each, span.of(document.text), language)
            if candidate is not None and (made := self.desk.draft(document, span, candidate, maker)):
                yield made[0]
        for each in given["unanswerable"]:
            span, language = window.sentences[each["sentence"]]
            asked = " ".join(each["question"].split())
            if not asked or not stands_alone(asked, language):
                self.desk.drop("the question does not stand alone")
            elif draft := self.desk.unanswerable((document, span), asked, maker):
                yield draft

    def _given(self, window: _Window) -> dict[str, Any]:
        user = prompting.render(
            self.prompt.part("user"),
            fence=prompting.fence(list(window.lines.values())),
            sentences="\n".join(f"[{number}] {line}" for number, line in window.lines.items()),
        )
        system = self.prompt.part("system").text
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        try:
            with self.question():
                return self.client.complete(messages, _schema(list(window.lines))).model_dump()
        except ModelOutputError:
            self.desk.drop("the model gave no usable answer")
            return {"questions": [], "unanswerable": []}


def _schema(ids: Sequence[str]) -> type[BaseModel]:
    """The form of the model's answer; only the numbers of the sentences shown can be named."""
    numbers: Any = Literal[tuple(ids)]
    kinds: Any = Literal[_KINDS]
    question = create_model(
        "Question",
        __base__=_Form,
        question=(str, ...),
        sentence=(numbers, ...),
        answer=(str, ...),
        kind=(kinds, ...),
    )
    other = create_model("Unanswerable", __base__=_Form, question=(str, ...), sentence=(numbers, ...))
    lists: Any = {"questions": (list[question], ...), "unanswerable": (list[other], ...)}  # type: ignore[valid-type]
    made: type[BaseModel] = create_model("Drafts", __base__=_Form, **lists)
    return made


def _checked(desk: Desk, given: Mapping[str, str], sentence: str, language: str | None) -> Candidate | None:
    """The candidate that a model's question is; None, counted, when it is not fit to be one."""
    asked, answer = " ".join(given["question"].split()), given["answer"].strip()
    start = sentence.find(answer) if answer else -1
    if start < 0:
        desk.drop("the answer is not in its sentence")
    elif holds(asked, answer):
        desk.drop("the question gives its answer away")
    elif not stands_alone(asked, language, given["kind"]):
        desk.drop("the question does not stand alone")
    else:
        return Candidate("model", given["kind"], asked, Span(start, start + len(answer)))
    return None

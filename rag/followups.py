"""Follow-up questions made self-contained before anything is searched: by rules, or by a model that is checked.

The question that is searched has only words of the follow-up and of the questions before and, where somebody or some
place is meant, names that the previous verified answer quoted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, field_validator

from rag import anaphora, languages, prompting, questions
from rag.anaphora import ENDS, Reading
from rag.errors import ModelError
from rag.history import Turn
from rag.slots import asked_otherwise, with_changed_part
from rag.text import STOP_WORDS, fold, stems
from rag.topics import known_names, most_telling, name_runs, names_meant, topic_words

LONGEST = 2_000
"""Characters of a question that can be asked."""

M = TypeVar("M", bound=BaseModel)


class Client(Protocol):
    """What asks a model; ``rag.model_client.ModelClient`` does."""

    def complete(self, messages: Sequence[Mapping[str, str]], schema: type[M], *, reasks: int = 1) -> M:
        """The model's answer, or ModelError."""


def is_followup(question: str, previous: Turn | None = None) -> bool:
    """Whether the question can't be understood, or may not be, without the one before.

    >>> is_followup("and the laptops?"), is_followup("Who is Harry Shum?")
    (True, False)
    """
    return anaphora.needs_context(_read(question, previous))


def self_contained(question: str, previous: Turn) -> str:
    """The question as it should be searched, by rules; unchanged when it needs nothing from the one before.

    Where a part of the previous question is changed ("and in 2015?") the previous question is asked with it; otherwise
    the previous question's topic words are appended. The result has at most LONGEST characters.
    """
    reading = _read(question, previous)
    if not anaphora.needs_context(reading):
        return question
    for rewrite in (asked_otherwise, with_changed_part):
        found = rewrite(reading, previous)
        if found is not None and len(found) <= LONGEST:
            return found
    return _with_topic(reading, previous)


def self_contained_by_model(question: str, previous: Turn, client: Client) -> str:
    """The question as a model makes it self-contained; by the rules when the model fails or adds anything.

    The request counts into the client's current question.
    """
    problem = _checker(question, previous)

    class FollowUp(BaseModel):
        model_config = ConfigDict(extra="forbid")
        question: str

        @field_validator("question")
        @classmethod
        def _adds_nothing(cls, value: str) -> str:
            if reason := problem(value.strip()):
                raise ValueError(reason)
            return value.strip()

    names = [" ".join(run) for quotation in previous.quotations for run in name_runs(quotation)]
    data = {
        "previous_question": prompting.neutral(previous.searched),
        "previous_question_as_typed": prompting.neutral(previous.question),
        "names_in_previous_answer": list(dict.fromkeys(names))[:20],
        "follow_up": prompting.neutral(question),
    }
    messages = [
        {"role": "system", "content": prompting.load("followup").text},
        {"role": "user", "content": json.dumps(data, ensure_ascii=False)},
    ]
    try:
        return client.complete(messages, FollowUp, reasks=1).question
    except ModelError:
        return self_contained(question, previous)


def _read(question: str, previous: Turn | None) -> Reading:
    if previous is None:
        return anaphora.read(question, None)
    return anaphora.read(question, previous.language, known_names(previous))


def _with_topic(reading: Reading, previous: Turn) -> str:
    """The follow-up as typed, with the previous question's topic words after it."""
    text = reading.text.strip()
    own = _stems_of(text, reading.language)
    about_time = questions.read(text, reading.language).kind == "time"
    topic: list[str] = []
    for word in [*topic_words(previous, with_verbs=not reading.content), *names_meant(reading, previous)]:
        is_year = re.fullmatch(r"[0-9]{4}", word) is not None
        if word not in topic and not (about_time and is_year) and not own & _stems_of(word, reading.language):
            topic.append(word)
    chosen = most_telling(topic, previous)
    ended = text if text[-1:] in ENDS else f"{text}?"
    while chosen and len(ended) + len(" ".join(chosen)) >= LONGEST:
        chosen.pop()
    return " ".join([ended, *chosen]) if chosen else reading.text


def _stems_of(text: str, language: str | None) -> set[str]:
    return {stem for code in {language, None} for stem in stems(text, code)}


def _checker(question: str, previous: Turn) -> Callable[[str], str | None]:
    """A function that says what is wrong with a model's rewriting; None when nothing is."""
    sources = (question, previous.question, previous.searched)
    reading = _read(question, previous)
    language = reading.language or languages.detect(question) or previous.language
    spoken = frozenset(
        stem for text in sources for code in {language, previous.language, None} for stem in stems(text, code)
    )
    quoted = {fold(word) for quotation in previous.quotations for run in name_runs(quotation) for word in run}
    translated = previous.language != language
    longest = min(LONGEST, 80 + len(question) + len(previous.searched))

    def problem(value: str) -> str | None:
        if not any(map(str.isalnum, value)) or len(value) > longest:
            return f"Write one question of at most {longest} characters."
        if len(value.splitlines()) > 1 or re.search(r"[?？؟].", value) or not value.isprintable():
            return "Write one question on one line."
        if fold(value) == fold(question) and anaphora.needs_context(reading):
            return "This cannot be understood without the previous question."
        if not _is_in(value, language):
            return f"Write in the language of the follow-up ({language})."
        added = [word for word in _telling(value, language, translated) if not _is_held(word, spoken, quoted, language)]
        return f"These words are not in the conversation: {', '.join(added)}." if added else None

    return problem


def _is_in(value: str, language: str | None) -> bool:
    if language in STOP_WORDS:
        return anaphora.language_of(value, language) == language
    return language is None or languages.detect(value) in {language, None}


def _telling(value: str, language: str | None, translated: bool) -> list[str]:
    """The words that must not be new: names and numbers, and unless the language changed every content word."""
    content = [span.of(value) for span in anaphora.content(value, language)]
    if not translated:
        return content
    return [word for word in content if any(each.isupper() or each.isdigit() for each in word)]


def _is_held(word: str, spoken: Collection[str], quoted: Collection[str], language: str | None) -> bool:
    forms = {*stems(word, None), *questions.forms(word, language)}
    return bool(forms.intersection(spoken)) or fold(word) in quoted

"""From a question to a verified answer: retrieve, draft, verify."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rag import languages
from rag.answerers import Answerer
from rag.answers import Answer
from rag.documents import Filter
from rag.retrieval import retrieve
from rag.verification import verify

if TYPE_CHECKING:
    from rag.index import Index


def ask(
    question: str,
    index: Index,
    answerer: Answerer,
    *,
    k: int = 8,
    filter: Filter = Filter(),  # noqa: A002, B008 - frozen
    language: str | None = None,
) -> Answer:
    """The verified answer to a question.

    Args:
        question: As asked; not empty.
        index: Where to search.
        answerer: Who drafts.
        k: How many passages are retrieved.
        filter: Which documents count.
        language: The question's language, ISO 639-1; detected when None.
    """
    started = time.perf_counter()
    language = language or detect(question, index)
    hits = retrieve(index, question, k=k, filter=filter, language=language)
    retrieved = time.perf_counter()
    draft = answerer.draft(question, language, hits)
    timings = {"retrieve": retrieved - started, "draft": time.perf_counter() - retrieved}
    return verify(question, language, draft, hits, model=answerer.name, timings=timings)


def detect(question: str, index: Index) -> str | None:
    """The question's language, or None when nothing tells; the languages of the index are preferred.

    A short question is full of names and easily mistaken, so a language that no document is written in needs to win
    against all others, while among those of the index the likeliest will do.
    """
    known = [language for language in index.languages if language]
    return languages.detect(question, known or None) or languages.detect(question)

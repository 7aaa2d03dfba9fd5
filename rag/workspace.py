"""Settings to an open index and an answerer: what every surface starts from."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rag import pipeline, retrieval
from rag.answerers import Answerer
from rag.answerers.extractive import ExtractiveAnswerer
from rag.answers import Answer, Claim
from rag.config import Settings
from rag.documents import Filter, Hit
from rag.errors import QuestionError, UsageError
from rag.index import Index
from rag.opening import Progress, Tell, first_index, has_index, open_index, tell_changes
from rag.reader import Reader
from rag.rendering import SourceNote
from rag.rendering.display import language_name
from rag.scrutiny import similarity_by
from rag.speakers import Speakers

if TYPE_CHECKING:
    from rag.briefings import Briefing
    from rag.desk import Order
    from rag.history import Turn
    from rag.judging import Judge
    from rag.servers import ModelSpec
    from rag.writers import Writer

LONGEST_QUESTION = 2_000  # characters; the embedded model reads some 256 tokens, about 1,000 characters

_OPENING_CHARACTERS = 200


def check_question(text: str) -> str:
    """The question without surrounding white space.

    Raises:
        QuestionError: It is empty, has no letter or digit, or is longer than LONGEST_QUESTION characters.
    """
    question = text.strip()
    example = 'Ask in words: ask "what does the Xiaomi laptop deal involve?"'
    if not question:
        raise QuestionError("The question is empty.", example)
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; at most {LONGEST_QUESTION:,} can be asked.",
            "Ask for one thing at a time; to search a text, index it with: rag index PATH",
        )
    if not any(character.isalnum() for character in question):
        raise QuestionError(f"The question {question[:40]!r} has no words.", example)
    return question


class Workspace:
    """An open index with the answerer that speaks, for as many questions as wanted; a context manager.

    Attributes:
        settings: As read.
        index: Open for reading.
        answerer: Who writes the drafts.
        fallback: Who writes them when the answerer's model fails; None when that is an error.
        speakers: The models in use; None without any.
    """

    def __init__(
        self,
        settings: Settings,
        index: Index,
        answerer: Answerer,
        *,
        fallback: Answerer | None = None,
        speakers: Speakers | None = None,
    ) -> None:
        self.settings = settings
        self.index = index
        self.answerer = answerer
        self.fallback = fallback
        self.speakers = speakers

    @classmethod
    def open(cls, settings: Settings, *, tell: Tell, progress: Progress | None = None, with_model: bool = True) -> Self:
        """The workspace of the settings; without an index, one is made from RAG_CORPUS first.

        Args:
            settings: Where the index is and what it is made of.
            tell: Is told, in a sentence each, what the user should know: files are being indexed, files changed.
            progress: Is told how indexing gets on, as ``rag.syncing.sync`` describes.
            with_model: Whether the model that the settings name, if any, is to answer.

        Raises:
            UsageError: The settings name a model that cannot be used.
            ModelError: The model's key is missing, or recordings cannot be read.
            NoIndexError: There is no index and none of the RAG_CORPUS paths exists.
        """
        with ExitStack() as opened:
            speakers = Speakers.open(settings) if with_model else None
            if speakers is not None:
                opened.enter_context(speakers)
            workspace = cls._indexed(settings, tell, progress)
            if speakers is not None:
                workspace.speakers = speakers
                workspace.fallback = workspace.answerer if settings.fallback == "extractive" else None
                workspace.answerer = speakers.answerer(similarity_by(workspace.index.embedder))
            opened.pop_all()
        return workspace

    @classmethod
    def _indexed(cls, settings: Settings, tell: Tell, progress: Progress | None) -> Self:
        fresh = not has_index(settings)
        if fresh:
            first_index(settings, tell, progress)
        opened = open_index(settings)
        if not fresh:
            tell_changes(opened, tell)
        extractive = ExtractiveAnswerer(
            opened, Reader(threads=settings.threads), similarity=similarity_by(opened.embedder)
        )
        return cls(settings, opened, extractive)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def judge(self) -> Judge | None:
        """Who confirms the statements of a model; None when nobody does."""
        return None if self.speakers is None else self.speakers.judge

    @property
    def speaker(self) -> str:
        """Which answerer speaks, in a sentence for the user; of a model, where what is sent goes."""
        if self.speakers is not None:
            asked = f"Asking {_place(self.speakers.spec, 'the question and the passages found are sent there')}"
            judge = self.speakers.judge_spec
            return asked + ("." if judge is None else f"; judged by {_place(judge, 'statements are sent there')}.")
        if self.answerer.name == "extractive":
            return "Extractive answerer: sentences of the sources, word for word; no model wrote anything."
        return f"Answerer: {self.answerer.name}."

    def close(self) -> None:
        """Release the index and the connections; a second call does nothing."""
        self.index.close()
        if self.speakers is not None:
            self.speakers.close()

    def ask(
        self,
        question: str,
        *,
        k: int | None = None,
        filter: Filter = Filter(),  # noqa: A002, B008 - frozen
        language: str | None = None,
        observe: pipeline.Observe | None = None,
    ) -> Answer:
        """The verified answer.

        Args:
            question: In any words.
            k: How many passages are retrieved; RAG_K when None.
            filter: Which documents count.
            language: The question's language, ISO 639-1; detected when None.
            observe: Is shown the hits and the draft that the answer is made of.

        Raises:
            QuestionError: The question is empty, has no words or is too long.
            ModelError: The model failed, and there is no fallback.
        """
        question = check_question(question)
        with self.question():
            answer = pipeline.ask(
                question,
                self.index,
                self.answerer,
                k=k or self.settings.k,
                filter=filter,
                language=language,
                fallback=self.fallback,
                judge=self.judge,
                observe=observe,
            )
            return self._accounted(answer)

    def stream(
        self,
        question: str,
        *,
        k: int | None = None,
        filter: Filter = Filter(),  # noqa: A002, B008 - frozen
        language: str | None = None,
    ) -> Iterator[Claim | Answer]:
        """The verified claims one by one, as ``rag.pipeline.stream`` describes, and the whole answer last.

        Arguments and errors as for ``ask``; a ModelError may come after some claims.
        """
        question = check_question(question)
        with self.question():
            parts = pipeline.stream(
                question,
                self.index,
                self.answerer,
                k=k or self.settings.k,
                filter=filter,
                language=language,
                fallback=self.fallback,
                judge=self.judge,
            )
            for part in parts:
                yield self._accounted(part) if isinstance(part, Answer) else part

    @contextmanager
    def question(self) -> Iterator[None]:
        """One question of this thread's: what is asked of models within has one deadline and one account."""
        with ExitStack() as held:
            if self.speakers is not None:
                held.enter_context(self.speakers.question())
            yield

    def brief(self, order: Order, *, tell: Tell = lambda _: None) -> Briefing:
        """The page that is wanted, as ``rag.desk.brief`` describes; written by the model if there is one.

        Args:
            order: What is wanted.
            tell: Is told what is being done.

        Raises:
            QuestionError: The topic has no words or is too long.
            ModelError: The model failed.
        """
        from rag import desk
        from rag.proofing import Rules
        from rag.scrutiny import similarity_by

        if order.topic is not None:
            order = dataclasses.replace(order, topic=check_question(order.topic))
        with self.question():
            rules = Rules(
                glosses=self.speakers is not None,
                judge=self.judge,
                similarity=similarity_by(self.index.embedder),
                allow_unverified=order.allow_unverified,
            )
            return desk.brief(self.index, self._writer(order), order, rules, tell=tell)

    def _writer(self, order: Order) -> Writer:
        if self.speakers is not None:
            from rag.writers.model import ModelWriter

            return ModelWriter(self.speakers.client, budget_tokens=self.settings.context_tokens)
        from rag.writers.extractive import ExtractiveWriter

        def answers(question: str, language: str) -> bool:
            k, reader = self.settings.k, self.answerer
            found = pipeline.ask(question, self.index, reader, k=k, filter=order.filter, language=language)
            return found.status != "unanswerable"

        return ExtractiveWriter(answers)

    def self_contained(self, question: str, previous: Turn) -> str:
        """The question as it can be understood without the one before; by the model if there is one, else by rules.

        Raises:
            QuestionError: The question is empty, has no words or is too long.
        """
        from rag import followups

        question = check_question(question)
        if self.speakers is None:
            return followups.self_contained(question, previous)
        with self.question():
            return followups.self_contained_by_model(question, previous, self.speakers.client)

    def _accounted(self, answer: Answer) -> Answer:
        """The answer with what all models consumed, for a follow-up made self-contained and a judge, too."""
        if self.speakers is None:
            return answer
        judge = self.judge if answer.model == self.answerer.name else None
        judged_by = None if judge is None else f"{judge.name} {judge.prompt}"
        return dataclasses.replace(answer, usage=self.speakers.usage, judge=judged_by)

    def search(
        self,
        question: str,
        *,
        k: int | None = None,
        filter: Filter = Filter(),  # noqa: A002, B008 - frozen
        language: str | None = None,
    ) -> list[Hit]:
        """The passages nearest to the question, best first; arguments and errors as for ``ask``."""
        question = check_question(question)
        language = language or pipeline.detect(question, self.index)
        return retrieval.retrieve(self.index, question, k=k or self.settings.k, filter=filter, language=language)

    def filter(
        self,
        documents: Iterable[str] = (),
        languages: Iterable[str] = (),
        after: dt.date | None = None,
        before: dt.date | None = None,
    ) -> Filter:
        """A filter from what a user typed.

        Args:
            documents: Ids, folders, file names, paths, or how a file name begins.
            languages: ISO 639-1 codes, in any case.
            after: First day.
            before: Last day.

        Raises:
            UsageError: Nothing in the index has such a name or language, or the days are the wrong way round.
        """
        if after and before and after > before:
            raise UsageError(f"No day is after {after} and before {before}.", "Swap the two dates.")
        ids = [identity for name in documents for identity in self._matching(name)]
        codes = [code.strip().lower() for code in languages]
        for code in codes:
            if code not in self.index.languages:
                known = ", ".join(f"{one} ({language_name(one)})" for one in sorted(self.index.languages))
                raise UsageError(f"No document is in the language {code!r}.", f"Languages here: {known or 'none'}.")
        return Filter(tuple(dict.fromkeys(ids)), tuple(dict.fromkeys(codes)), after, before)

    def narrowed(self, wanted: Filter, documents: Iterable[str]) -> Filter:
        """The filter, with only these of its documents; unchanged without any.

        Raises:
            UsageError: A name matches nothing, or nothing that the filter lets pass.
        """
        names = list(documents)
        if not names:
            return wanted
        ids = self.filter(names).documents
        if wanted.documents:
            ids = tuple(identity for identity in ids if identity in wanted.documents)
        if not ids:
            raise UsageError(f"{', '.join(names)!r} is not among the documents chosen with --document.", None)
        return dataclasses.replace(wanted, documents=ids)

    def _matching(self, name: str) -> list[str]:
        """The ids that a user may mean; the first of the readings that matches anything."""
        ids = [source.id for source in self.index.sources()]
        wanted, resolved = name.rstrip("/").removeprefix("./"), Path(name).absolute()
        readings: Sequence[Callable[[str], bool]] = (
            lambda identity: identity == wanted,
            lambda identity: identity.startswith(f"{wanted}/"),
            lambda identity: identity.rpartition("/")[2] == wanted,
            lambda identity: self.index.path(identity) == resolved,
            lambda identity: bool(wanted) and identity.rpartition("/")[2].startswith(wanted),
        )
        for reading in readings:
            matched = [identity for identity in ids if reading(identity)]
            if matched:
                return matched
        raise UsageError(f"No document is called {name!r}.", "See what is indexed with: rag status")

    def notes(self, documents: Iterable[str]) -> dict[str, SourceNote]:
        """What a reader wants to know of these documents besides the quotations, by id."""
        return {identity: self._note(identity) for identity in dict.fromkeys(documents)}

    def _note(self, identity: str) -> SourceNote:
        document, path = self.index.document(identity), self.index.path(identity)
        if document is None:
            return SourceNote()
        start = document.sentences[0].span.start if document.sentences else 0
        opening = document.text[start : start + _OPENING_CHARACTERS]
        return SourceNote(opening, path if path is not None and path.exists() else None, document.source.dates)


def _place(spec: ModelSpec, sent: str) -> str:
    return f"{spec.name} at {spec.base_url} ({'on this machine' if spec.is_local else sent})"

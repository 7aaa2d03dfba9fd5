"""From a question to a verified answer: retrieve, draft, verify."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from rag import languages
from rag.answerers import Answerer, StreamingAnswerer
from rag.answers import Answer, Claim, DraftAnswer, DraftClaim, Quotation, Usage
from rag.documents import Filter, Hit
from rag.errors import ModelError
from rag.retrieval import retrieve
from rag.scrutiny import similarity_by
from rag.verification import Judging, verify

if TYPE_CHECKING:
    from rag.guard import Similarity
    from rag.index import Index
    from rag.usage import ModelUsage

Observe = Callable[[Sequence[Hit], DraftAnswer], None]


def ask(
    question: str,
    index: Index,
    answerer: Answerer,
    *,
    k: int = 8,
    filter: Filter = Filter(),  # noqa: A002, B008 - frozen
    language: str | None = None,
    fallback: Answerer | None = None,
    judge: Judging | None = None,
    observe: Observe | None = None,
) -> Answer:
    """The verified answer to a question.

    Args:
        question: As asked; not empty.
        index: Where to search.
        answerer: Who drafts.
        k: How many passages are retrieved.
        filter: Which documents count.
        language: The question's language, ISO 639-1; detected when None.
        fallback: Who drafts, without a model, when the answerer's model fails; the answer says so.
        judge: Confirms each statement of a model.
        observe: Is shown the hits and the draft that the answer is made of.

    Raises:
        ModelError: The answerer's or the judge's model failed, and there is no fallback.
    """
    asked = _Asked.retrieved(question, index, k, filter, language, judge=judge)
    try:
        draft = asked.draft(answerer)
        if observe is not None:
            observe(asked.hits, draft)
        return asked.verified(draft, answerer)
    except ModelError as error:
        if fallback is None:
            raise
        return asked.answered_instead(answerer, fallback, error)


def stream(
    question: str,
    index: Index,
    answerer: Answerer,
    *,
    k: int = 8,
    filter: Filter = Filter(),  # noqa: A002, B008 - frozen
    language: str | None = None,
    fallback: Answerer | None = None,
    judge: Judging | None = None,
) -> Iterator[Claim | Answer]:
    """The verified claims one by one, each as soon as it is drafted, and the whole answer last.

    The answer begins with the claims given before it, in their order; those of an answerer that cannot stream come all
    at once. When the model fails after some claims, these stand, and those of the fallback come with the answer, which
    says whose they are. Each step may be taken in another thread.

    Args:
        question: As for ``ask``.
        index: As for ``ask``.
        answerer: As for ``ask``.
        k: As for ``ask``.
        filter: As for ``ask``.
        language: As for ``ask``.
        fallback: As for ``ask``.
        judge: As for ``ask``.

    Raises:
        ModelError: As ``ask``, possibly after some claims.
    """
    asked = _Asked.retrieved(question, index, k, filter, language, judge=judge)
    given: list[DraftClaim] = []
    answer: Answer | None = None
    shown = 0
    try:
        with closing(asked.parts(answerer)) as parts:
            for part in parts:
                if isinstance(part, DraftAnswer):
                    answer = asked.verified(part, answerer)
                    continue
                given.append(part)
                for claim in asked.verified(DraftAnswer(status="answered", claims=[part]), answerer).claims:
                    shown += 1
                    yield claim
    except ModelError as error:
        if fallback is None:
            raise
        answer = asked.answered_instead(answerer, fallback, error, given)
        shown = len(answer.claims)
    assert answer is not None  # noqa: S101 - the last part is a draft
    yield from answer.claims[shown:]
    yield answer


class _Opinions:
    """A judge whose opinions stand once given; when it is dismissed only a source's own words pass."""

    def __init__(self, judge: Judging) -> None:
        self._judge: Judging | None = judge
        self._given: dict[tuple[str, tuple[Quotation, ...]], bool] = {}

    def entails(self, statement: str, quotations: Sequence[Quotation]) -> bool:
        """Whether the statement passes.

        Raises:
            ModelError: The judge's model failed.
        """
        key = statement, tuple(quotations)
        if key not in self._given:
            if self._judge is None:
                return any(statement in quotation.quote for quotation in quotations)
            self._given[key] = self._judge.entails(statement, quotations)
        return self._given[key]

    def dismiss(self) -> None:
        self._judge = None


@dataclass(slots=True)
class _Asked:
    """A question with the passages found for it.

    Attributes:
        timings: Seconds of the steps so far.
        opinions: Of the judge; None without one.
        similarity: By the index's embedder; None when its cosines are on no known scale.
        meter: What the model asked first consumes; None when none was asked.
    """

    question: str
    language: str | None
    hits: Sequence[Hit]
    timings: dict[str, float]
    opinions: _Opinions | None
    similarity: Similarity | None
    meter: ModelUsage | None = None

    @classmethod
    def retrieved(
        cls,
        question: str,
        index: Index,
        k: int,
        filter: Filter,  # noqa: A002
        language: str | None,
        *,
        judge: Judging | None,
    ) -> Self:
        started = time.perf_counter()
        language = language or detect(question, index)
        hits = retrieve(index, question, k=k, filter=filter, language=language)
        timings = {"retrieve": time.perf_counter() - started, "draft": 0.0}
        opinions = None if judge is None else _Opinions(judge)
        return cls(question, language, hits, timings, opinions, similarity_by(index.embedder))

    def draft(self, answerer: Answerer) -> DraftAnswer:
        with self._drafting(answerer):
            return answerer.draft(self.question, self.language, self.hits)

    def parts(self, answerer: Answerer) -> Generator[DraftClaim | DraftAnswer]:
        """The claims that the answerer gives before it is done, and its draft."""
        if not isinstance(answerer, StreamingAnswerer):
            yield self.draft(answerer)
            return
        parts = answerer.stream_draft(self.question, self.language, self.hits)
        while True:
            with self._drafting(answerer):
                part = next(parts, None)
            if part is None:
                return
            yield part

    @contextmanager
    def _drafting(self, answerer: Answerer) -> Iterator[None]:
        """Measure a step of the answerer's; its meter is read in the thread that took the first one."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.timings["draft"] += time.perf_counter() - started
            if self.meter is None and isinstance(answerer, StreamingAnswerer):
                self.meter = answerer.usage

    def verified(self, draft: DraftAnswer, answerer: Answerer, *, instead: str | None = None) -> Answer:
        """The answer to a draft; the answerer is the one named in it."""
        glosses, prompt = False, None
        if isinstance(answerer, StreamingAnswerer):
            glosses, prompt = answerer.glosses, answerer.prompt
        return verify(
            self.question,
            self.language,
            draft,
            self.hits,
            model=answerer.name,
            glosses=glosses,
            judge=self.opinions,
            similarity=self.similarity,
            prompt=prompt,
            fallback=instead,
            usage=self.meter.frozen() if self.meter is not None else Usage(),
            timings=self.timings,
        )

    def answered_instead(
        self, answerer: Answerer, fallback: Answerer, error: ModelError, given: Sequence[DraftClaim] = ()
    ) -> Answer:
        """The fallback's answer, after the claims that the answerer gave before it failed."""
        draft = self.draft(fallback)
        if self.opinions is not None:
            self.opinions.dismiss()
        if not given:
            why = f"{fallback.name} answered in place of {answerer.name}: {error.message}"
            return self.verified(draft, fallback, instead=why)
        said = {claim.text for claim in given}
        claims = [*given, *(claim for claim in draft.claims if claim.text not in said)]
        status = draft.status if draft.claims else "partial"
        why = f"{fallback.name} completed the answer of {answerer.name}, which broke off: {error.message}"
        return self.verified(draft.model_copy(update={"claims": claims, "status": status}), answerer, instead=why)


def detect(question: str, index: Index) -> str | None:
    """The question's language, or None when nothing tells; the languages of the index are preferred.

    A short question is full of names and easily mistaken, so a language that no document is written in needs to win
    against all others, while among those of the index the likeliest will do.
    """
    known = [language for language in index.languages if language]
    return languages.detect(question, known or None) or languages.detect(question)

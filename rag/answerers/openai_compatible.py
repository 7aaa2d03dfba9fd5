"""Answers written by a language model behind OpenAI's protocol, hosted or local: only the client differs."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from rag import forms, prompting, tokens
from rag.answers import DraftAnswer, DraftClaim
from rag.documents import Hit
from rag.errors import ContextOverflowError, ModelError
from rag.forms import AnswerForm, ClaimForm
from rag.prompting import Passage
from rag.rendering.display import clip, language_name
from rag.scrutiny import Scrutiny, resolve
from rag.usage import ModelUsage

if TYPE_CHECKING:
    from rag.guard import Similarity
    from rag.model_client import ModelClient

T = TypeVar("T")

PROMPT = "answer"
_REASKS = 2  # one for the form of the answer, one for what it says
_SHOWN_CHARACTERS = 200
_OVERHEAD_TOKENS = 600  # what chat templates add, and the words that ask for JSON where no schema is taken
_NO_ROOM_HINT = "Allow more tokens with RAG_CONTEXT_TOKENS, or answer without a model: --fallback extractive"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with what it is to be answered from.

    Attributes:
        scrutiny: What the verification will hold statements to.
    """

    question: str
    language: str | None
    hits: Sequence[Hit]
    scrutiny: Scrutiny

    def claim(self, form: ClaimForm) -> DraftClaim:
        """The claim as a draft; an attribution to somebody whom its passages do not name is dropped."""
        return self._attributed(form.drafted())

    def draft(self, form: AnswerForm) -> DraftAnswer:
        """The answer as a draft, its claims as ``claim`` gives them."""
        draft = form.drafted(self.question, self.language)
        return draft.model_copy(update={"claims": [self._attributed(claim) for claim in draft.claims]})

    def reasons(self, form: AnswerForm) -> list[str]:
        """Why statements of an answer would be withheld, one line for each reason."""
        draft = self.draft(form)
        found = [reason for claim in draft.claims for reason in self.objections(claim)]
        for conflict in draft.conflicts:
            for position in conflict.positions:
                found += self.objections(DraftClaim(text=position.text, sentences=position.sentences))
            cited = [sentence for position in conflict.positions for sentence in position.sentences]
            found += self.objections(DraftClaim(text=conflict.about, sentences=cited))
        return list(dict.fromkeys(found))

    def objections(self, claim: DraftClaim) -> list[str]:
        """Why a claim would be withheld, one line for each reason; empty when nothing tells."""
        cited = resolve(claim.sentences, self.hits)
        found = self.scrutiny.objections(claim.text, cited, attributed=claim.attribution is not None)
        return [f'"{clip(claim.text, _SHOWN_CHARACTERS)}": {reason}' for reason in found]

    def _attributed(self, claim: DraftClaim) -> DraftClaim:
        said = claim.attribution
        if said is None or self.scrutiny.is_speaker(said.speaker, resolve(claim.sentences, self.hits)):
            return claim
        return claim.model_copy(update={"attribution": None})


class _Review:
    """Has an answer that says more than its sentences written again, once.

    Attributes:
        seen: The latest answer that had the right form, whatever is wrong with its words; None before there is one.
    """

    def __init__(self, asked: _Asked) -> None:
        self.seen: AnswerForm | None = None
        self._asked = asked

    def __call__(self, form: AnswerForm) -> None:
        """Keep the answer.

        Raises:
            ValueError: It is the first, and there are reasons against it.
        """
        first, self.seen = self.seen is None, form
        if first and (reasons := self._asked.reasons(form)):
            again = prompting.load(PROMPT).part("again")
            raise ValueError(prompting.render(again, reasons="\n".join(f"- {reason}" for reason in reasons)))


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent for a question.

    Attributes:
        passage_tokens: What its passages take of the budget.
    """

    asked: _Asked
    messages: list[dict[str, str]]
    form: type[AnswerForm]
    review: _Review
    passage_tokens: int


class ModelAnswerer:
    """Lets a model write claims, each pointing at sentences among those it was shown.

    What the model sees of a document is fenced data (``rag.prompting``), and it can name no sentence but those shown
    (``rag.forms``). An answer with a statement that would be withheld, since its sentences say less or nothing of it,
    is sent back once with the reasons; what is still wrong then stays in the draft, for ``rag.verification`` to
    withhold and count. May be shared by threads, as its client.

    Attributes:
        name: "<server>:<model>".
        glosses: True: the claims are worded by the model.
    """

    glosses = True

    def __init__(
        self, client: ModelClient, *, budget_tokens: int = 16_000, similarity: Similarity | None = None
    ) -> None:
        """Sends nothing.

        Args:
            client: Asks the model.
            budget_tokens: The most tokens that a first request has, its answer not counted. Where they cannot be
                counted they are over-estimated, for English about fourfold (``rag.tokens``).
            similarity: That of the verification, so that what it would withhold is sent back first; see
                ``rag.scrutiny.similarity_by``.
        """
        self.name = client.name
        self._client = client
        self._budget_tokens = budget_tokens
        self._similarity = similarity

    @property
    def prompt(self) -> str:
        """Which prompt is sent: "<name>@<version>"."""
        return prompting.load(PROMPT).id

    @property
    def usage(self) -> ModelUsage:
        """Running totals of this thread's latest question, also when it failed."""
        return self._client.usage

    def draft(self, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
        """The model's draft, as ``rag.answerers.Answerer`` describes; without hits nothing is sent.

        Passages that the budget or the number of sentences in a schema has no room for are dropped, the last-ranked
        first; no sentence is ever cut. When the server says that it is too much, half is sent, once.

        Raises:
            ContextOverflowError: Not one sentence fits.
            ModelError: As ``rag.model_client.ModelClient.complete`` describes.
        """
        [draft] = self._ask(self._asked(question, language, hits), self._complete)
        return draft

    def stream_draft(
        self, question: str, language: str | None, hits: Sequence[Hit]
    ) -> Iterator[DraftClaim | DraftAnswer]:
        """Each claim as soon as it is written, unless it says more than its sentences, and the draft last.

        The draft begins with the claims given before it, in their order, and may hold others.

        Raises:
            ModelError: As ``draft``, possibly after some claims.
        """
        yield from self._ask(self._asked(question, language, hits), functools.partial(self._stream, given=[]))

    def _asked(self, question: str, language: str | None, hits: Sequence[Hit]) -> _Asked:
        return _Asked(question, language, hits, Scrutiny(language, self._similarity))

    def _ask(self, asked: _Asked, send: Callable[[_Request], Iterator[T]]) -> Iterator[T | DraftAnswer]:
        self._client.begin()
        if not any(hit.chunk.sentences for hit in asked.hits):
            yield DraftAnswer(status="unanswerable", missing=[asked.question.strip()])
            return
        request = self._request(asked, None)
        try:
            yield from send(request)
        except ContextOverflowError:
            yield from send(self._request(asked, request.passage_tokens // 2))

    def _complete(self, request: _Request) -> Iterator[DraftAnswer]:
        try:
            form = self._client.complete(request.messages, request.form, reasks=_REASKS)
        except ModelError:
            if request.review.seen is None:
                raise
            form = request.review.seen  # only asking again failed
        yield request.asked.draft(form)

    def _stream(self, request: _Request, given: list[DraftClaim]) -> Iterator[DraftClaim | DraftAnswer]:
        asked = request.asked
        form: AnswerForm | None = None
        try:
            for part in self._client.stream(request.messages, request.form, "claims", reasks=_REASKS):
                if isinstance(part, AnswerForm):
                    form = part
                elif isinstance(part, ClaimForm):
                    claim = asked.claim(part)
                    if not forms.repeats(claim, given, asked.language) and not asked.objections(claim):
                        given.append(claim)
                        yield claim
        except ModelError:
            form = request.review.seen
            if form is None:
                raise
        assert form is not None  # noqa: S101 - a stream that does not end with it raises
        draft = asked.draft(form)
        others = [claim for claim in draft.claims if not forms.repeats(claim, given, asked.language)]
        yield draft.model_copy(update={"claims": [*given, *others]})

    def _request(self, asked: _Asked, room: int | None) -> _Request:
        """The request with as many passages as fit into so many tokens; into what the budget leaves them when None.

        Raises:
            ContextOverflowError: Not one sentence fits.
        """
        passages = [prompting.passage(number, hit) for number, hit in enumerate(asked.hits, start=1)]
        if room is None:
            room = self._budget_tokens - self._size(self._messages(asked, [])) - _size_of_form(self.name)
        kept = _fitting([passage for passage in passages if passage.lines], room, self._cost)
        if not kept:
            raise ContextOverflowError(
                f"No sentence of the passages fits into a request of {self._budget_tokens:,} tokens.", _NO_ROOM_HINT
            )
        review = _Review(asked)
        form = _form([identity for passage in kept for identity in passage.ids], review)
        return _Request(asked, self._messages(asked, kept), form, review, sum(map(self._cost, kept)))

    def _messages(self, asked: _Asked, passages: Sequence[Passage]) -> list[dict[str, str]]:
        prompt = prompting.load(PROMPT)
        question, texts = prompting.neutral(asked.question), [passage.text for passage in passages]
        language = language_name(asked.language) if asked.language else "the language it is asked in"
        user = prompting.render(
            prompt.part("user"),
            fence=prompting.fence([question, *texts]),
            passages="\n\n".join(texts),
            language=language,
            question=question,
        )
        system = prompting.render(prompt.part("system"), fields=_fields())
        return [{"role": "system", "content": system}, {"role": "user", "content": user}]

    def _cost(self, passage: Passage) -> int:
        """The tokens of a passage, and of the numbers of its sentences in the schema."""
        return tokens.count(f"{passage.text}\n\n", self.name) + sum(len(identity) + 12 for identity in passage.ids)

    def _size(self, messages: Sequence[dict[str, str]]) -> int:
        return sum(tokens.count(message["content"], self.name) for message in messages)


def _fitting(passages: Sequence[Passage], room: int, cost: Callable[[Passage], int]) -> list[Passage]:
    """The first passages that together fit; when the first does not, the sentences of one that do."""
    kept: list[Passage] = []
    for passage in passages:
        if not _fits([*kept, passage], room, cost):
            break
        kept.append(passage)
    if kept:
        return kept
    shortened = (_shortened(passage, room, cost) for passage in passages)
    return list(itertools.islice((passage for passage in shortened if passage.lines), 1))


def _shortened(passage: Passage, room: int, cost: Callable[[Passage], int]) -> Passage:
    """The passage with its sentences that fit, in order; without lines when none does."""
    kept = Passage(passage.number, passage.heading, {})
    for sentence, line in passage.lines.items():
        longer = Passage(passage.number, passage.heading, {**kept.lines, sentence: line})
        kept = longer if _fits([longer], room, cost) else kept
    return kept


def _fits(passages: Sequence[Passage], room: int, cost: Callable[[Passage], int]) -> bool:
    ids = [identity for passage in passages for identity in passage.ids]
    if len(ids) > forms.MOST_IDS or sum(map(len, ids)) > forms.MOST_ID_CHARACTERS:
        return False
    return sum(map(cost, passages)) <= room


def _form(ids: Sequence[str], check: Callable[[AnswerForm], None]) -> type[AnswerForm]:
    return forms.made(ids, forms.read_descriptions(prompting.load(PROMPT).part("fields")), check)


def _fields() -> str:
    """The fields of the form for a model that does not see the schema."""
    descriptions = forms.read_descriptions(prompting.load(PROMPT).part("fields"))
    return "\n".join(f"- {path}: {text}" for path, text in descriptions.items())


@functools.lru_cache(maxsize=8)
def _size_of_form(model: str) -> int:
    """The tokens of the schema, as indented as it ever is, without the sentences' numbers."""
    schema = json.dumps(_form(["1.1"], lambda form: None).model_json_schema(), indent=2, ensure_ascii=False)
    return tokens.count(schema, model) + _OVERHEAD_TOKENS

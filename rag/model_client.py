"""Typed answers of a language model behind OpenAI's protocol: the only module that imports instructor, when needed."""

from __future__ import annotations

import copy
import json
import logging
import queue
import random
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace, TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ValidationError

from rag import faults, tokens
from rag.chat import Chat, Reply, completion
from rag.errors import ModelError, ModelLimitError, ModelOutputError
from rag.faults import Fault
from rag.servers import Mode, ModelSpec
from rag.structured import FoundItems, strict
from rag.text import encodable
from rag.usage import Limits, ModelUsage, Prices

if TYPE_CHECKING:
    import httpx2

M = TypeVar("M", bound=BaseModel)
_Found = queue.SimpleQueue[tuple[Literal["item", "error", "end"], Any]]

_OUTPUT_TOKENS = 4_096  # asked for at most when there are limits; an answer has some 500
_MESSAGE_TOKENS = 16  # what a chat template adds to a message, at most
_PYDANTIC_LINK = re.compile(r"\n +For further information visit https://errors\.pydantic\.dev/\S*")


class _SchemaRefusedError(Exception):
    """The server may not take a JSON Schema."""


class _AbandonedError(Exception):
    """Nobody waits for the answer any more."""


@dataclass(slots=True)
class _Question:
    """What all requests for one question share."""

    deadline: float
    usage: ModelUsage

    def left_s(self) -> float:
        return self.deadline - time.monotonic()


@dataclass(slots=True)
class _Call:
    """One call of ``complete`` or ``stream``."""

    question: _Question
    schema: type[BaseModel]
    reasks: int
    items: FoundItems | None = None
    found: _Found = field(default_factory=queue.SimpleQueue)
    abandoned: threading.Event = field(default_factory=threading.Event)

    def hear(self, text: str) -> None:
        """Pass on the items that a piece of a streamed answer completes."""
        if self.abandoned.is_set():
            raise _AbandonedError
        for item in self.items.feed(text) if self.items is not None else ():
            self.found.put(("item", item))


class ModelClient:
    """A model that fills in a pydantic schema.

    May be shared by threads: each has its own current question, with its own deadline and usage. The work is done in a
    further thread, so that no server, however it behaves, holds a caller past the deadline.

    Messages go out as they are: nothing in them is a template. Neither they nor answers nor keys are logged or repeated
    in errors. The loggers of openai, instructor and httpx2, which do so, are silenced for the whole process.

    Attributes:
        name: "<server>:<model>".
    """

    def __init__(
        self, spec: ModelSpec, chat: Chat, *, timeout_s: float, retries: int, limits: Limits, prices: Prices
    ) -> None:
        self.name = spec.name
        self._spec = spec
        self._chat = chat
        self._timeout_s = timeout_s
        self._retries = retries
        self._limits = limits
        self._price = prices.price(spec.name)
        self._mode: Mode = spec.mode
        self._current: threading.local | SimpleNamespace = threading.local()
        self._random = random.Random()  # noqa: S311 - spreads retries

    @classmethod
    def open(
        cls,
        spec: ModelSpec,
        *,
        timeout_s: float = 60.0,
        retries: int = 2,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        prices: Prices | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> Self:
        """A client that has not connected to anything.

        Args:
            spec: Which model of which server.
            timeout_s: For a whole question, with all retries and re-asks.
            retries: How often a request that failed for a passing reason is sent again.
            limits: What one question may consume.
            prices: The shipped table by default.
            transport: In place of the network; ``rag.recordings`` has one that needs no key.

        Raises:
            ModelError: OpenAI is asked without a key, or the proxy settings of the environment cannot be used.
        """
        if spec.api_key is None and spec.preset.placeholder is None and transport is None and not spec.is_local:
            raise ModelError(f"The model {spec.name!r} needs a key.", "Set OPENAI_API_KEY to a key of OpenAI.")
        for name in ("openai", "httpx2", "httpcore2", "instructor"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        prices = Prices.read() if prices is None else prices
        chat = Chat.open(spec, transport)
        return cls(spec, chat, timeout_s=timeout_s, retries=retries, limits=limits, prices=prices)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give connections back."""
        self._chat.close()

    @property
    def usage(self) -> ModelUsage:
        """What this thread's current question has consumed so far."""
        return self._question.usage

    @contextmanager
    def question(self) -> Iterator[None]:
        """One question for all that this thread asks within, with one deadline: ``begin`` goes on with it."""
        if self._is_held:
            yield
            return
        self.begin()
        self._current.held = True
        try:
            yield
        finally:
            self._current.held = False

    def begin(self) -> None:
        """Start a new question in this thread: its deadline runs from now, and nothing is consumed yet."""
        if self._is_held:
            return
        self._current.question = _Question(time.monotonic() + self._timeout_s, ModelUsage(self._price))

    def fresh(self) -> Self:
        """A client over the same connections with one question of its own, the same in every thread.

        For a question that moves between threads, as the parts of a streamed web page do.
        """
        other = copy.copy(self)
        other._current = SimpleNamespace()
        other.begin()
        return other

    def complete(self, messages: Sequence[Mapping[str, str]], schema: type[M], *, reasks: int = 1) -> M:
        """The model's answer, as an instance of schema.

        Args:
            messages: "role" and "content" of each, in order.
            schema: Its validators may raise ValueError to have the model asked again with the reason.
            reasks: How often an answer that does not fit the schema is sent back.

        Raises:
            ContextOverflowError: The messages are longer than the model can read.
            ModelOutputError: The answer cannot be used.
            ModelLimitError: The time, tokens or cost allowed are used up.
            ModelError: The server refused or failed.
        """
        *_, result = self._run(_Call(self._question, schema, reasks), messages)
        return result  # type: ignore[no-any-return]

    def stream(
        self, messages: Sequence[Mapping[str, str]], schema: type[M], field: str, *, reasks: int = 1
    ) -> Iterator[object | M]:
        """Every valid item of one list field as soon as it is written, and the whole answer last.

        Each item of the whole answer is given once before it; equal items count as one. When a request had to be
        repeated, items may also have been given that the whole answer does not hold: the whole answer is what counts.

        Args:
            messages: As for ``complete``.
            schema: As for ``complete``.
            field: Name of a field of schema that is a list.
            reasks: As for ``complete``.

        Raises:
            ModelError: As ``complete``, possibly after some items.
        """
        return self._run(_Call(self._question, schema, reasks, FoundItems(schema, field)), messages)

    @property
    def _is_held(self) -> bool:
        return getattr(self._current, "held", False)

    @property
    def _question(self) -> _Question:
        if not hasattr(self._current, "question"):
            self.begin()
        question: _Question = self._current.question
        return question

    def _run(self, call: _Call, messages: Sequence[Mapping[str, str]]) -> Iterator[Any]:
        """The items and then the answer, as another thread finds them, while there is time."""
        plain = [{key: encodable(value) for key, value in message.items()} for message in messages]
        threading.Thread(target=self._work, args=(call, plain), name=f"ask {self.name}", daemon=True).start()
        try:
            while True:
                try:
                    kind, value = call.found.get(timeout=max(call.question.left_s(), 0))
                except queue.Empty:
                    raise self._late() from None
                if kind == "error":
                    raise value
                yield value
                if kind == "end":
                    return
        finally:
            call.abandoned.set()

    def _late(self) -> ModelLimitError:
        return ModelLimitError(
            f"{faults.place(self._spec)} did not finish within {self._timeout_s:g} s.",
            f"Allow more time: --timeout {2 * self._timeout_s:g}, or answer without a model: --fallback extractive",
        )

    def _work(self, call: _Call, messages: list[dict[str, str]]) -> None:
        try:
            result = self._answer(call, messages)
            for item in call.items.rest(result) if call.items is not None else ():
                call.found.put(("item", item))
            call.found.put(("end", result))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            call.found.put(("error", error))

    def _answer(self, call: _Call, messages: list[dict[str, str]]) -> BaseModel:
        """The answer in the server's mode or, when it refuses a schema, to a request for JSON in words."""
        try:
            return self._instructed(call, self._mode, messages)
        except _SchemaRefusedError:
            result = self._instructed(call, "md_json", messages)
            self._mode = "md_json"
            return result

    def _instructed(self, call: _Call, mode: Mode, messages: list[dict[str, str]]) -> BaseModel:
        """What instructor makes of the model's answers: it states the schema, reads the answers and asks again."""
        import instructor

        def create(**request: Any) -> object:
            return self._created(call, request)

        modes = {"json_schema": instructor.Mode.JSON_SCHEMA, "md_json": instructor.Mode.MD_JSON}
        hooks = instructor.hooks.Hooks()
        hooks.on("parse:error", _release)
        filled = instructor.patch(create=create, mode=modes[mode])
        try:
            found = filled(
                model=self._spec.model,
                messages=messages,
                response_model=call.schema,
                max_retries=call.reasks,
                hooks=hooks,
            )
            return _plain(found, call.schema)
        except Exception as error:  # noqa: BLE001 - instructor wraps whatever happened
            failure = self._unusable(error)
        raise failure  # outside the handler, as instructor's error holds whole answers

    def _unusable(self, error: BaseException) -> BaseException:
        """Our own error inside what instructor raised; else what it means that no answer fitted the schema."""
        while not isinstance(error, ModelError | _SchemaRefusedError | _AbandonedError) and error.__cause__ is not None:
            error = error.__cause__
        if isinstance(error, ValueError | RecursionError):
            return ModelOutputError(
                f"The model {self.name!r} gave no answer of the form asked for, even when told what was wrong.",
                "Try again or use a larger model, or answer without a model: --fallback extractive",
                retryable=True,
            )
        return error

    def _created(self, call: _Call, request: dict[str, Any]) -> object:
        """One answer for instructor to read, after as many tries as are worth it."""
        request = self._prepared(request, stream=call.items is not None)
        for tries in range(self._retries + 1):
            reply, fault = self._tried(call, request)
            if fault is None:
                return completion(reply.text)
            if fault.schema_refused and "response_format" in request:
                raise _SchemaRefusedError
            wait = faults.delay_s(tries, fault.retry_after_s, self._random)
            if not fault.error.retryable or tries == self._retries or wait >= call.question.left_s():
                raise fault.error
            if call.abandoned.wait(wait):
                break
        raise _AbandonedError

    def _prepared(self, request: dict[str, Any], *, stream: bool) -> dict[str, Any]:
        """A request of instructor's in the form that servers take and recordings can compare."""
        messages = [dict(message) for message in request["messages"]]
        messages[-1]["content"] = _PYDANTIC_LINK.sub("", messages[-1]["content"])
        prepared = {**request, "messages": messages}
        if "response_format" in request:
            form = request["response_format"]["json_schema"]
            form = {**form, "schema": strict(form["schema"]), "strict": True}
            prepared["response_format"] = {"type": "json_schema", "json_schema": form}
        if stream:
            prepared["stream"] = True
            if self._spec.preset.counts_streams:
                prepared["stream_options"] = {"include_usage": True}
        return prepared

    def _tried(self, call: _Call, request: dict[str, Any]) -> tuple[Reply, Fault | None]:
        """What came back from one request, accounted for, and what is wrong with it.

        Raises:
            ModelLimitError: The request was not sent, since it could exceed a limit.
        """
        usage = call.question.usage
        read = _most_tokens(request, self.name)
        room = self._limits.room(usage, read)
        capped = request if room is None else {**request, self._spec.preset.cap: min(room, _OUTPUT_TOKENS)}
        if call.items is not None:
            call.items.restart()
        reply = Reply()
        self._count(usage, ModelUsage(self._price, requests=1))
        spent, started = ModelUsage(self._price), time.monotonic()
        try:
            fault = self._chat.ask(capped, reply, timeout_s=max(call.question.left_s(), 0.0), heard=call.hear)
        finally:
            spent.seconds = time.monotonic() - started
            if reply.usage is not None:
                spent.add(*reply.usage)
            elif reply.is_billed:
                spent.add(read, tokens.count(reply.text, self.name))
                spent.estimated = True
            self._count(usage, spent)
        return reply, fault

    def _count(self, usage: ModelUsage, spent: ModelUsage) -> None:
        """Count for the question, and for all questions where limits hold for all."""
        usage.include(spent)
        if self._limits.total is not None:
            self._limits.total.add(spent)


def _release(error: Exception) -> None:
    """Cut what validators raised loose from the question at work.

    pydantic keeps it where the garbage collector does not look; with its traceback it would hold all that the threads
    of the question held, for ever.
    """
    found = error.errors(include_url=False, include_input=False) if isinstance(error, ValidationError) else []
    for each in found:
        raised = each.get("ctx", {}).get("error")
        while isinstance(raised, BaseException):
            raised.__traceback__ = None
            raised = raised.__cause__ or raised.__context__


def _plain(found: BaseModel, schema: type[BaseModel]) -> BaseModel:
    """An instance of schema itself, in place of instructor's subclass, which carries the raw answer."""
    values = {name: getattr(found, name) for name in schema.model_fields}
    return schema.model_construct(found.model_fields_set, **values)


def _most_tokens(request: dict[str, Any], model: str) -> int:
    """Tokens that a request has at most; a schema counts, as servers put it before the messages."""
    texts = [message["content"] for message in request["messages"]]
    if "response_format" in request:
        texts.append(json.dumps(request["response_format"], ensure_ascii=False))
    return sum(tokens.count(text, model) + _MESSAGE_TOKENS for text in texts)

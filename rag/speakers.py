"""The language models that the settings name, opened: the one that answers and the one that judges."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rag.config import Settings
from rag.errors import RecordingError, UsageError
from rag.servers import PRESETS, ModelSpec, read_model
from rag.usage import Limits, Prices, Total, added

if TYPE_CHECKING:
    from rag.answerers.openai_compatible import ModelAnswerer
    from rag.answers import Usage
    from rag.guard import Similarity
    from rag.model_client import ModelClient
    from rag.recordings import Recording


def chosen(settings: Settings) -> ModelSpec | None:
    """The model that is to answer; None when none is named, whatever keys there are.

    Raises:
        UsageError: The name, the address or the key cannot be used.
    """
    return None if settings.model is None else read_model(settings.model, settings.base_url, settings.api_key)


def chosen_judge(settings: Settings) -> ModelSpec | None:
    """The model that is to judge; None when none is named.

    RAG_BASE_URL and RAG_API_KEY are for the server of the model that answers; a judge on another server gets neither.

    Raises:
        UsageError: The name cannot be used, or there is no model to be judged.
    """
    if settings.judge is None:
        return None
    spec = chosen(settings)
    if spec is None:
        raise UsageError("A judge is named, and no model whose answers it could judge.", "Name one: -m SERVER:MODEL")
    server = settings.judge.strip().partition(":")[0]
    if server in PRESETS and server != spec.server:
        return read_model(settings.judge)
    return read_model(settings.judge, settings.base_url, settings.api_key)


def with_model(settings: Settings, model: str | None, base_url: str | None) -> Settings:
    """The settings with the model and the address of a command's options, where they are given.

    Naming a model of another server than RAG_MODEL's leaves that one's RAG_BASE_URL and RAG_API_KEY behind: neither
    questions nor keys go where they were not meant to.
    """
    update: dict[str, object] = {"model": model or settings.model, "base_url": base_url or settings.base_url}
    if model and not base_url and settings.model:
        server, usual = (name.strip().partition(":")[0] for name in (model, settings.model))
        if server in PRESETS and server != usual:
            update |= {"base_url": None, "api_key": None}
    return settings.model_copy(update=update)


class Speakers:
    """The models in use, for as many questions as wanted; a context manager.

    Opening them sends nothing.

    Attributes:
        spec: Which model answers, and where.
        judge_spec: Which model judges, and where; None without.
        client: Asks the model that answers.
        judge: Confirms statements; None without.
        total: What everything together has consumed so far; the limits hold for it.
    """

    def __init__(self, settings: Settings, spec: ModelSpec, judge: ModelSpec | None) -> None:
        from rag.judging import Judge

        self.spec = spec
        self.judge_spec = judge
        self.total = Total()
        self._settings = settings
        self._prices = Prices.read(settings.prices)
        self._transport = _transport(settings)
        with ExitStack() as opened:
            self.client = opened.enter_context(self._opened(spec))
            self._judge_client = self.client
            if judge is not None and judge != spec:
                self._judge_client = opened.enter_context(self._opened(judge))
            self.judge = None if judge is None else Judge(self._judge_client)
            self._open = opened.pop_all()

    @classmethod
    def open(cls, settings: Settings) -> Self | None:
        """The models that the settings name; None when they name none.

        Raises:
            UsageError: A setting cannot be used.
            ModelError: A key is missing, or recordings cannot be read.
        """
        judge, spec = chosen_judge(settings), chosen(settings)
        return None if spec is None else cls(settings, spec, judge)

    def _opened(self, spec: ModelSpec) -> ModelClient:
        from rag.model_client import ModelClient

        settings = self._settings
        limits = Limits(settings.max_cost, settings.max_tokens, self.total)
        return ModelClient.open(
            spec,
            timeout_s=settings.timeout,
            retries=settings.retries,
            limits=limits,
            prices=self._prices,
            transport=self._transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give connections back."""
        self._open.close()

    def answerer(self, similarity: Similarity | None = None) -> ModelAnswerer:
        """Who answers with the model.

        Args:
            similarity: That of the verification; see ``rag.scrutiny.similarity_by``.
        """
        from rag.answerers.openai_compatible import ModelAnswerer

        return ModelAnswerer(self.client, budget_tokens=self._settings.context_tokens, similarity=similarity)

    @contextmanager
    def question(self) -> Iterator[None]:
        """One question of this thread's, with one deadline for all that is asked of any model within."""
        with ExitStack() as held:
            for client in {id(client): client for client in (self.client, self._judge_client)}.values():
                held.enter_context(client.question())
            yield

    @property
    def usage(self) -> Usage:
        """What this thread's latest question has consumed, with all models."""
        usage = self.client.usage.frozen()
        if self._judge_client is self.client or not self._judge_client.usage.requests:
            return usage
        return added(usage, self._judge_client.usage.frozen())


def _transport(settings: Settings) -> Recording | None:
    if settings.recordings is None:
        return None
    from rag.recordings import Recording

    path, mode = settings.recordings, settings.recordings_mode
    if mode == "record" and path.exists():
        try:
            Recording(path, "replay")
        except RecordingError as error:
            raise UsageError(
                f"The file {str(path)!r} holds something else than recordings; it was not touched.",
                "Name a new file to record in.",
            ) from error
    return Recording(path, mode)

"""One request to the chat endpoint of OpenAI's protocol: sent, read, and judged whether it brought an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from rag import faults
from rag.errors import ModelError, ModelOutputError
from rag.faults import Fault
from rag.servers import ModelSpec
from rag.text import encodable

if TYPE_CHECKING:
    import httpx2
    from openai import OpenAI
    from openai.types.chat import ChatCompletion

_CONNECT_S = 10.0
_GRACE_S = 1.0  # reading may end this long after the deadline; by then nobody waits
_MOST_TOKENS = 10**9
_OTHERWISE = "or answer without a model: --fallback extractive"

# Ways in which a model ends other than with an answer: what is said of it, and what to do.
_ENDS = {
    "refusal": ("refused to answer", f"Ask in other words, {_OTHERWISE}"),
    "content_filter": ("was stopped by the server's content filter", f"Ask in other words, {_OTHERWISE}"),
    "length": (
        "was cut off before its answer was complete",
        f"Send fewer passages with -k, raise --max-tokens or --max-cost if set, {_OTHERWISE}",
    ),
}

_HEADERS = frozenset(
    (
        "host",
        "content-type",
        "content-length",
        "accept",
        "connection",
        "transfer-encoding",
        "user-agent",
        "authorization",
    )
)


@dataclass(slots=True)
class Reply:
    """What came back from one request, as far as it came.

    Attributes:
        text: Of the answer.
        finish: Why the model stopped, in the protocol's words; None when it did not say.
        choices: How many pieces came.
        is_refusal: Whether the model declined to answer.
        error: Body of an error that came in place of an answer.
        usage: Tokens read, written and cached, as reported; None when the server did not report them.
        is_billed: Whether the server may have worked on the request.
    """

    text: str = ""
    finish: str | None = None
    choices: int = 0
    is_refusal: bool = False
    error: Any = None
    usage: tuple[int, int, int] | None = None
    is_billed: bool = False


class Chat:
    """The chat endpoint of one server; may be shared by threads."""

    def __init__(self, spec: ModelSpec, client: OpenAI) -> None:
        self._spec = spec
        self._client = client

    @classmethod
    def open(cls, spec: ModelSpec, transport: httpx2.BaseTransport | None = None) -> Self:
        """A connection that is not made before the first request.

        Retries are left to the caller. Redirects are not followed, since they would take the documents elsewhere. A
        server on this machine is asked without a proxy. Servers other than OpenAI get no header that is not needed:
        the environment's OPENAI_ variables are not theirs.

        Raises:
            ModelError: The proxy settings of the environment cannot be used.
        """
        import httpx2
        import openai

        from rag import bodies

        key = spec.api_key.get_secret_value() if spec.api_key else spec.preset.placeholder or "not-needed"

        def prepare(request: httpx2.Request) -> None:
            request.headers["Accept-Encoding"] = "identity"
            if spec.server != "openai":
                for name in set(request.headers) - _HEADERS - {"accept-encoding"}:
                    del request.headers[name]

        try:
            http = httpx2.Client(
                transport=transport,
                trust_env=not spec.is_local,
                follow_redirects=False,
                event_hooks={"request": [prepare], "response": [bodies.limit]},
            )
        except (ValueError, ImportError, OSError) as error:
            text = "The proxy or certificate settings of the environment cannot be used."
            raise ModelError(text, "Correct HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE.") from error
        return cls(spec, openai.OpenAI(base_url=spec.base_url, api_key=key, max_retries=0, http_client=http))

    def close(self) -> None:
        """Give connections back."""
        self._client.close()

    def ask(
        self, request: dict[str, Any], reply: Reply, *, timeout_s: float, heard: Callable[[str], None]
    ) -> Fault | None:
        """None when reply has become an answer, else what went wrong; reply holds what came before.

        Args:
            request: The protocol's fields; streamed when it says so.
            reply: Filled in as the answer arrives.
            timeout_s: For the whole request, give or take a second.
            heard: Called with each piece of a streamed answer; what it raises ends the request and is raised.
        """
        import httpx2

        wait = httpx2.Timeout(timeout_s + _GRACE_S, connect=min(timeout_s + _GRACE_S, _CONNECT_S))
        sent = "\n".join(message["content"] for message in request["messages"])
        try:
            response: Any = self._client.chat.completions.create(**request, timeout=wait)
            reply.is_billed = True
            if not request.get("stream") or _is_whole(response):
                _read_whole(_whole(response), reply)
                return self._judged(reply, sent, streamed=False)
            events: Iterator[Any] = iter(response)
        except Exception as error:  # noqa: BLE001 - a broken answer raises whatever the libraries raise
            return self._fault(error, reply, sent)
        with response:
            while True:
                try:
                    event = next(events)
                    piece = _read_event(event, reply)
                except StopIteration:
                    return self._judged(reply, sent, streamed=True)
                except Exception as error:  # noqa: BLE001 - as above
                    return self._fault(error, reply, sent)
                heard(piece)

    def _judged(self, reply: Reply, sent: str, *, streamed: bool) -> Fault | None:
        """What is wrong with a reply that came whole; None when it can be read as an answer."""
        if reply.error:
            return faults.refused(self._spec, None, reply.error, {}, sent=sent)
        ended = "refusal" if reply.is_refusal else reply.finish
        if ended in _ENDS:
            said, hint = _ENDS[ended]
            return Fault(ModelOutputError(f"The model {self._spec.name!r} {said}.", hint))
        if not reply.choices or (streamed and ended is None):
            said = "broke off in the middle of an answer" if reply.choices else "sent an empty answer"
            error = ModelOutputError(f"{faults.place(self._spec)} {said}.", faults.AGAIN_HINT, retryable=True)
            return Fault(error)
        return None

    def _fault(self, error: Exception, reply: Reply, sent: str) -> Fault:
        """What an exception of openai, or of httpx2 while an answer was read, means."""
        import openai

        causes = list(_causes(error))
        ours = next((cause for cause in causes if isinstance(cause, ModelError)), None)
        if ours is not None:
            reply.is_billed = True
            return Fault(ours)
        if isinstance(error, openai.APIStatusError):
            return faults.refused(self._spec, error.status_code, error.body, error.response.headers, sent=sent)
        if isinstance(error, openai.APIError) and error.body is not None:
            return faults.refused(self._spec, None, error.body, {}, sent=sent)
        return Fault(self._broken(causes, reply))

    def _broken(self, causes: list[BaseException], reply: Reply) -> ModelError:
        """What it means that the exchange did not come to its end."""
        import httpx2
        import openai

        def among(*kinds: type[BaseException]) -> bool:
            return any(isinstance(cause, kinds) for cause in causes)

        where = faults.place(self._spec)
        if among(httpx2.ConnectError, httpx2.ConnectTimeout):
            return ModelError(f"{where} cannot be reached.", self._spec.preset.start, retryable=True)
        reply.is_billed = True
        if among(httpx2.TimeoutException):
            return ModelError(f"{where} was silent for too long.", faults.AGAIN_HINT, retryable=True)
        if among(openai.APIConnectionError, httpx2.TransportError):
            return ModelError(f"{where} broke off in the middle of an answer.", faults.AGAIN_HINT, retryable=True)
        hint = f"Check that {self._spec.base_url} speaks OpenAI's protocol; the address usually ends in /v1"
        return ModelOutputError(f"{where} gave an answer that cannot be read.", hint, retryable=True)


def completion(text: str) -> ChatCompletion:
    """A completion that holds a text and nothing else a server may have sent."""
    from openai.types.chat import ChatCompletion

    message = {"role": "assistant", "content": encodable(text)}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return ChatCompletion.model_validate(
        {"id": "", "created": 0, "model": "", "object": "chat.completion", "choices": [choice]}
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _is_whole(stream: Any) -> bool:
    """Whether the server sent one JSON body in place of the stream that was asked for."""
    return str(stream.response.headers.get("content-type", "")).startswith("application/json")


def _whole(response: Any) -> Any:
    """A completion, also out of the body that came in place of a stream."""
    from openai import Stream
    from openai.types.chat import ChatCompletion

    if not isinstance(response, Stream):
        return response
    with response:
        return ChatCompletion.construct(**json.loads(response.response.read()))


def _read_whole(response: Any, reply: Reply) -> None:
    """Take over what an answer that came at once says; nothing of it needs to be as the protocol demands."""
    if not hasattr(response, "choices"):
        raise ValueError(type(response))
    reply.error = getattr(response, "error", None)
    reply.usage = _usage(response)
    choices = response.choices if isinstance(response.choices, list) else []
    reply.choices = len(choices)
    for choice in choices[:1]:
        message = getattr(choice, "message", None)
        reply.text = _text(message, "content")
        reply.is_refusal = bool(_text(message, "refusal"))
        reply.finish = getattr(choice, "finish_reason", None)


def _read_event(event: Any, reply: Reply) -> str:
    """The text that an event of a stream adds; the rest of it goes into the reply."""
    reply.usage = _usage(event) or reply.usage
    choices = getattr(event, "choices", None)
    added = ""
    for choice in choices[:1] if isinstance(choices, list) else ():
        delta = getattr(choice, "delta", None)
        added = _text(delta, "content")
        reply.choices += 1
        reply.text += added
        reply.is_refusal |= bool(_text(delta, "refusal"))
        reply.finish = getattr(choice, "finish_reason", None) or reply.finish
    return added


def _text(part: Any, name: str) -> str:
    value = getattr(part, name, None)
    return value if isinstance(value, str) else ""


def _usage(response: Any) -> tuple[int, int, int] | None:
    """Tokens read, written and cached; None when they are not numbers that can be true."""
    usage = getattr(response, "usage", None)
    details = getattr(usage, "prompt_tokens_details", None)
    read, written = (getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens"))
    cached = getattr(details, "cached_tokens", None) or 0
    if not all(type(number) is int and 0 <= number <= _MOST_TOKENS for number in (read, written, cached)):
        return None
    return read, written, cached  # type: ignore[return-value]

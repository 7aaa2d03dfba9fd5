"""The model client, with the real openai and instructor against a faulty server on 127.0.0.1."""

from __future__ import annotations

import gc
import json
import logging
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any, Literal

import fault_server as fs
import pytest
from fault_server import FaultServer, Reply, answer, failure
from pydantic import BaseModel, create_model, field_validator

from rag.errors import ContextOverflowError, ModelError, ModelLimitError, ModelOutputError, UsageError
from rag.model_client import ModelClient
from rag.servers import read_model
from rag.usage import Limits, Price, Prices

KEY = "sk-secret-0123456789"
DOCUMENT = "The Wombat-7 probe left Ceres on 4 March."
COMPLETION = "Wombats are cubic in the end."
MESSAGES = [{"role": "system", "content": "Answer."}, {"role": "user", "content": DOCUMENT}]


class Claim(BaseModel):
    """One item of the list."""

    text: str
    ids: list[Literal["1.1", "1.2"]]


class Draft(BaseModel):
    """What the model fills in."""

    status: Literal["answered", "unanswerable"]
    claims: list[Claim]


GOOD = {
    "status": "answered",
    "claims": [{"text": COMPLETION, "ids": ["1.1"]}, {"text": "É {{x}} ```", "ids": ["1.2", "1.1"]}],
}
BAD_ID = {"status": "answered", "claims": [{"text": COMPLETION, "ids": ["9.9"]}]}
DRAFT = Draft.model_validate(GOOD)
Ask = Callable[[ModelClient], Draft]


def open_client(server: FaultServer | str, model: str = "llamacpp:test", **options: Any) -> ModelClient:
    """A client of the server, by default one that enforces schemas."""
    url = server if isinstance(server, str) else server.url
    return ModelClient.open(read_model(model, url, KEY), **options)


def complete(client: ModelClient) -> Draft:
    """The answer at once."""
    return client.complete(MESSAGES, Draft)


def stream(client: ModelClient) -> Draft:
    """The answer claim by claim; each claim of it came once before it."""
    *claims, draft = client.stream(MESSAGES, Draft, "claims")
    assert type(draft) is Draft
    assert [claim for claim in draft.claims if claim not in claims] == []
    assert len(claims) == len({claim.model_dump_json() for claim in claims if isinstance(claim, Claim)})
    return draft


both = pytest.mark.parametrize("ask", [complete, stream])


@pytest.fixture(autouse=True)
def _nothing_leaks(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """After every test: no key, document or completion was logged or printed, at any level."""
    caplog.set_level(logging.DEBUG)
    yield
    logged = [logging.Formatter().format(record) for record in caplog.get_records("call")]
    written = "\n".join([*capfd.readouterr(), *logged])
    assert [secret for secret in (KEY, DOCUMENT, COMPLETION) if secret in written] == []


def assert_silent(error: ModelError) -> None:
    """Neither the error nor anything attached to it holds what must stay secret; it has a hint."""
    attached: BaseException | None = error
    while attached is not None:
        text = f"{attached} {attached!r} {getattr(attached, 'hint', '')}"
        assert [secret for secret in (KEY, DOCUMENT, COMPLETION) if secret in text] == []
        attached = attached.__cause__ or attached.__context__
    assert error.hint
    assert error.message.endswith(".")


@both
def test_a_good_answer_comes_back_typed_and_counted(ask: Ask) -> None:
    """One request, validated, with the tokens that the server reports."""
    with FaultServer(answer(GOOD)) as server, open_client(server) as client:
        assert ask(client) == DRAFT
        usage = client.usage.frozen()
    assert (usage.requests, usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (1, 100, 20, 40)
    assert (usage.cost, usage.estimated) == (0, False)
    assert 0 < usage.seconds < 5
    assert [request.headers["authorization"] for request in server.requests] == [f"Bearer {KEY}"]


PASSING = {
    "429 with a time": failure(429, retry_after="0.01"),
    "429 without": failure(429),
    "408": failure(408, retry_after="0"),
    "500": failure(500, retry_after="0"),
    "503 not JSON": failure(503, body=b"<html>busy</html>", retry_after="0"),
    "529": failure(529, retry_after="0"),
    "no response": fs.raw(b""),
    "not HTTP": fs.raw(b"\x00\x01garbage\r\n\r\n"),
    "garbage headers": fs.raw(b"HTTP/1.1 200 OK\r\n\x00bad\xff: \x01\r\nContent-Length: 5\r\n\r\nhello"),
    "endless header": fs.raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000),
    "cut in the middle": fs.cut(GOOD, after=300),
    "cut at once": fs.cut(GOOD, after=0),
    "empty choices": fs.empty_choices(),
    "empty body": lambda exchange: exchange.send(200, b""),
    "a page": lambda exchange: exchange.send(200, b"<html>hello</html>", type_="text/html"),
    "half a JSON": lambda exchange: exchange.send(200, b'{"choices": [{'),
    "deep JSON": lambda exchange: exchange.send(200, b"[" * 200_000),
    "another JSON": lambda exchange: exchange.send(200, b'{"choices": "none", "usage": "a lot"}'),
    "an error in place of an answer": lambda exchange: exchange.send(200, b'{"error": {"message": "oops"}}'),
}


@both
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_tried_again(ask: Ask, fault: Reply) -> None:
    """After one such failure the second request brings the right answer, and both are counted."""
    with FaultServer(fault, answer(GOOD)) as server, open_client(server, timeout_s=30) as client:
        assert ask(client) == DRAFT
        assert client.usage.requests == len(server.requests) == 2


@both
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_does_not_pass_ends_in_a_typed_error(ask: Ask, fault: Reply) -> None:
    """When no retry is left the error says what happened and what to do."""
    with FaultServer(default=fault) as server, open_client(server, timeout_s=30, retries=0) as client:
        with pytest.raises(ModelError) as caught:
            ask(client)
        assert len(server.requests) == 1
    assert caught.value.retryable
    assert_silent(caught.value)


FINAL: dict[str, tuple[Reply, type[ModelError], str]] = {
    "401": (failure(401, f"Incorrect API key provided: {KEY}"), ModelError, "refused the key"),
    "403": (failure(403, DOCUMENT), ModelError, "refused the key"),
    "404": (failure(404, "model not found"), ModelError, "knows no model 'test'"),
    "422": (failure(422, f"Unsupported value: {KEY}"), ModelError, r"'Unsupported value: \[key\]'"),
    "400 that repeats us": (failure(400, f"bad input: {DOCUMENT}"), ModelError, "HTTP 400 for model 'test'\\."),
    "quota": (failure(429, "pay", code="insufficient_quota"), ModelError, "quota is used up"),
    "long wait": (failure(429, retry_after="3600"), ModelError, "slow down"),
    "endless wait": (failure(503, retry_after="inf"), ModelError, "HTTP 503"),
    "elsewhere": (failure(307, headers={"Location": "http://127.0.0.1:9/v1"}), ModelError, "was not followed"),
    "compressed": (failure(200, headers={"Content-Encoding": "gzip"}), ModelOutputError, "compressed"),
    "huge": (fs.huge(9 * 2**20), ModelOutputError, "more than 8 MiB"),
    "huge, announced": (failure(200, headers={"Content-Length": "10000000000"}), ModelOutputError, "more than 8 MiB"),
    "refusal": (answer("", refusal=f"No: {COMPLETION}"), ModelOutputError, "refused to answer"),
    "content filter": (answer(GOOD, finish_reason="content_filter"), ModelOutputError, "content filter"),
    "length": (answer(json.dumps(GOOD)[:60], finish_reason="length"), ModelOutputError, "cut off"),
    **{
        f"overflow, {name}": (fs.overflow(name), ContextOverflowError, "longer than the context")
        for name in fs.OVERFLOWS
    },
}


@both
@pytest.mark.parametrize(("fault", "kind", "said"), FINAL.values(), ids=FINAL)
def test_what_cannot_pass_is_a_typed_error_at_once(ask: Ask, fault: Reply, kind: type[ModelError], said: str) -> None:
    """Nothing is sent again, apart from asking without a schema where the schema may be the reason."""
    with FaultServer(default=fault) as server, open_client(server, timeout_s=20) as client:
        with pytest.raises(ModelError, match=said) as caught:
            ask(client)
        schemas = ["response_format" in body for body in server.bodies]
    assert type(caught.value) is kind
    assert schemas in ([True], [True, False])
    assert not caught.value.retryable or "wait" in said or "HTTP 503" in said or "slow" in said
    assert_silent(caught.value)


@both
def test_a_refused_connection_says_how_to_start_the_server(ask: Ask) -> None:
    """Nobody listens: tried again, then an error with the command."""
    with open_client(fs.closed_url(), "ollama:test", retries=1) as client:
        with pytest.raises(ModelError, match="cannot be reached") as caught:
            ask(client)
        assert client.usage.requests == 2
        assert client.usage.input_tokens == 0
    assert "ollama serve" in str(caught.value.hint)
    assert_silent(caught.value)


SLOW = {
    "silent": fs.hang(),
    "trickling": fs.trickle(GOOD, 0.05),
    "stalled": fs.stalled(GOOD, 100),
    "keeping alive": fs.keep_alive(60),
}


@both
@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW)
def test_the_deadline_holds_whatever_the_server_does(ask: Ask, fault: Reply) -> None:
    """A server that is silent, slow or busy with nothing holds nobody past the deadline."""
    with FaultServer(default=fault) as server, open_client(server, timeout_s=0.5) as client:
        client.begin()
        started = time.monotonic()
        with pytest.raises(ModelLimitError, match=r"did not finish within 0\.5 s") as caught:
            ask(client)
        assert time.monotonic() - started < 0.9
    assert "--timeout 1" in str(caught.value.hint)
    assert_silent(caught.value)


def test_the_deadline_is_of_the_question_not_of_the_request() -> None:
    """A second request of the same question has what the first one left; a new question has all of it."""
    with FaultServer(default=answer(GOOD, delay_s=0.0)) as server, open_client(server, timeout_s=0.4) as client:
        client.begin()
        complete(client)
        time.sleep(0.45)
        with pytest.raises(ModelLimitError):
            complete(client)
        client.begin()
        assert complete(client).status == "answered"
        assert client.usage.requests == 1


def test_a_wait_that_would_pass_the_deadline_is_not_begun() -> None:
    """When the server asks for more patience than there is time, its refusal is reported at once."""
    with FaultServer(default=failure(429, retry_after="5")) as server, open_client(server, timeout_s=3) as client:
        started = time.monotonic()
        with pytest.raises(ModelError, match="slow down"):
            complete(client)
        assert time.monotonic() - started < 1
        assert len(server.requests) == 1


def test_retry_after_is_kept() -> None:
    """The second request comes no sooner than asked, and not much later."""
    with FaultServer(failure(503, retry_after="0.4"), answer(GOOD)) as server, open_client(server) as client:
        complete(client)
        first, second = (request.at for request in server.requests)
    assert 0.4 <= second - first < 0.8


@both
@pytest.mark.parametrize("wrong", [BAD_ID, {"status": "answered"}, "Sorry, no.", "", '{"status": "answered", "cl'])
def test_an_answer_of_another_form_is_sent_back_with_the_reason(ask: Ask, wrong: Any) -> None:
    """The second answer counts, and the tokens of both."""
    with FaultServer(answer(wrong), answer(GOOD)) as server, open_client(server) as client:
        assert ask(client) == DRAFT
        usage = client.usage.frozen()
    assert (usage.requests, usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (2, 200, 40, 80)
    sent = server.bodies[1]["messages"]
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "user"]
    assert "validation error" in sent[-1]["content"]
    assert "pydantic.dev" not in sent[-1]["content"]


@both
def test_an_answer_that_stays_wrong_is_an_output_error(ask: Ask) -> None:
    """Once the re-asks are used up, the error does not repeat the answer."""
    with FaultServer(default=answer(BAD_ID)) as server, open_client(server) as client:
        with pytest.raises(ModelOutputError, match="form asked for") as caught:
            ask(client)
        assert len(server.requests) == 2
    assert_silent(caught.value)


def test_validators_may_send_an_answer_back() -> None:
    """A ValueError of the schema is the reason that the model is told."""

    class Guarded(Draft):
        @field_validator("status")
        @classmethod
        def _check(cls, value: str) -> str:
            if value == "unanswerable":
                raise ValueError("the passages do say it")
            return value

    wrong = {"status": "unanswerable", "claims": []}
    with FaultServer(answer(wrong), answer(GOOD)) as server, open_client(server) as client:
        assert client.complete(MESSAGES, Guarded).status == "answered"
    assert "the passages do say it" in server.bodies[1]["messages"][-1]["content"]


def test_a_mistake_of_our_own_is_not_taken_for_the_models() -> None:
    """What a validator raises by accident arrives as it is."""

    class Broken(Draft):
        @field_validator("status")
        @classmethod
        def _check(cls, value: str) -> str:
            raise KeyError(value)

    with FaultServer(default=answer(GOOD)) as server, open_client(server) as client, pytest.raises(KeyError):
        client.complete(MESSAGES, Broken)


TEMPLATES = ["{{ x }}", "{% raw %} never closed", "  {{ 7 * 7 }}\n    indented {# gone #}", "{{ messages }} {%"]


@pytest.mark.parametrize("text", TEMPLATES)
def test_messages_are_never_templates(text: str) -> None:
    """Template syntax and indentation in a document reach the server as they are."""
    with FaultServer(default=answer(GOOD)) as server, open_client(server) as client:
        client.complete([{"role": "user", "content": text}], Draft)
        assert server.bodies[0]["messages"] == [{"role": "user", "content": text}]


def test_a_lone_surrogate_can_be_sent_and_received() -> None:
    """Broken characters of a terminal or a model become question marks."""
    wrong = json.dumps(GOOD).encode().replace(b"Wombats", b"\\ud800")
    reply = json.loads(fs.completion("x"))
    reply["choices"][0]["message"]["content"] = wrong.decode().replace("\\ud800", "\ud800")
    body = json.dumps(reply).encode()
    with FaultServer(lambda exchange: exchange.send(200, body)) as server, open_client(server) as client:
        draft = client.complete([{"role": "user", "content": "caf\udce9"}], Draft)
    assert draft.claims[0].text.startswith("? are")
    assert server.bodies[0]["messages"][0]["content"] == "caf?"


@both
@pytest.mark.parametrize("refusal", [failure(400, "response_format is not supported"), failure(501), failure(422)])
def test_a_refused_schema_is_asked_for_in_words(ask: Ask, refusal: Reply) -> None:
    """A server that takes no JSON Schema is asked once more in the prompt, and from then on at once."""
    words = f"Here it is:\n```json\n{json.dumps(GOOD)}\n```"
    with FaultServer(refusal, default=answer(words)) as server, open_client(server) as client:
        assert ask(client) == DRAFT
        assert ask(client) == DRAFT
    assert ["response_format" in body for body in server.bodies] == [True, False, False]
    assert "json_schema" in server.bodies[1]["messages"][0]["content"]


@both
def test_an_unknown_server_is_asked_in_words(ask: Ask) -> None:
    """A custom server gets the schema in the prompt, and no option that it may not know."""
    with FaultServer(default=answer(GOOD)) as server, open_client(server, "some-model") as client:
        assert ask(client) == DRAFT
    assert set(server.bodies[0]) <= {"model", "messages", "stream"}


def test_the_schema_is_strict_on_the_wire() -> None:
    """Every object forbids other fields and requires its own, so that servers can enforce it."""
    with FaultServer(default=answer(GOOD)) as server, open_client(server, "openai:gpt-5") as client:
        complete(client)
    form = server.bodies[0]["response_format"]["json_schema"]
    assert form["strict"] is True
    for part in (form["schema"], form["schema"]["$defs"]["Claim"]):
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])


def test_claims_are_given_while_the_rest_is_being_written() -> None:
    """The first item arrives long before the stream ends."""
    items = {"status": "answered", "claims": [{"text": f"{n}" * 40, "ids": ["1.1"]} for n in range(8)]}
    with FaultServer(answer(items, piece=24, delay_s=0.03)) as server, open_client(server) as client:
        started = time.monotonic()
        times = [time.monotonic() - started for _ in client.stream(MESSAGES, Draft, "claims")]
    assert len(times) == 9
    assert times[0] < times[-1] / 2
    assert server.bodies[0]["stream_options"] == {"include_usage": True}


def test_a_server_that_does_not_stream_is_read_all_the_same() -> None:
    """One JSON body in place of events is an answer like any other."""

    def whole(exchange: fs.Exchange) -> None:
        exchange.send(200, fs.completion(json.dumps(GOOD)))

    with FaultServer(whole) as server, open_client(server) as client:
        assert stream(client) == DRAFT
        assert client.usage.input_tokens == 100


def test_items_of_a_broken_stream_are_not_given_twice() -> None:
    """After a cut the request is repeated, and only new items follow."""
    other = {**GOOD, "claims": [*GOOD["claims"], {"text": "More.", "ids": ["1.1"]}]}
    script = [fs.in_stream_error(GOOD, "overloaded"), fs.cut(GOOD, after=1_200), answer(other)]
    with FaultServer(*script) as server, open_client(server) as client:
        *claims, draft = client.stream(MESSAGES, Draft, "claims")
        assert client.usage.requests == 3
        assert client.usage.estimated
    assert claims == draft.claims
    assert len(claims) == 3


def test_an_invalid_item_is_never_given() -> None:
    """An item with an id that was not offered is kept back, and the answer is sent back."""
    with FaultServer(answer(BAD_ID), answer(GOOD)) as server, open_client(server) as client:
        *claims, _ = client.stream(MESSAGES, Draft, "claims")
    assert claims == DRAFT.claims


def test_a_stream_that_never_says_it_ended_is_not_an_answer() -> None:
    """Without a reason to stop, what came is taken for cut off."""
    silent = answer(GOOD, finish_reason=None)
    with FaultServer(silent) as server, open_client(server, retries=0) as client, pytest.raises(ModelOutputError):
        stream(client)


def test_an_overflow_inside_a_stream_is_recognised() -> None:
    """Servers that have begun to answer report it in an event."""
    said = fs.in_stream_error("", "the request exceeds the available context size")
    with FaultServer(said) as server, open_client(server) as client, pytest.raises(ContextOverflowError):
        stream(client)


def test_a_stream_nobody_reads_on_is_given_up() -> None:
    """When the reader leaves, the connection is closed and the server notices."""
    closed = threading.Event()

    def endless(exchange: fs.Exchange) -> None:
        exchange.start(200, {"Transfer-Encoding": "chunked"}, "text/event-stream")
        try:
            for event in fs._events(json.dumps(GOOD) + " " * 100_000, None, None, None, 64):
                exchange.wait(0.005)
                exchange.chunk(event)
        except OSError:
            closed.set()

    with FaultServer(endless) as server, open_client(server) as client:
        items = client.stream(MESSAGES, Draft, "claims")
        assert isinstance(next(items), Claim)
        items.close()  # type: ignore[attr-defined]
        assert closed.wait(5)


def test_limits_stop_before_the_request() -> None:
    """A request that could exceed the tokens or the cost is not sent, and the server sees nothing."""
    prices = Prices({"llamacpp:test": Price(1.0, 1.0, 10.0)})
    for limits, said in ((Limits(max_tokens=300), "300 tokens"), (Limits(max_cost=0.0005), "cost of 0.0005")):
        with FaultServer(default=answer(GOOD)) as server, open_client(server, limits=limits, prices=prices) as client:
            with pytest.raises(ModelLimitError, match=said) as caught:
                complete(client)
            assert server.requests == []
            assert client.usage.requests == 0
        assert_silent(caught.value)


def test_limits_stop_before_a_re_ask() -> None:
    """What the first answer consumed counts, and the length of an answer is capped to what is left."""
    used = {"prompt_tokens": 1_000, "completion_tokens": 1_500}
    with (
        FaultServer(answer(BAD_ID, usage=used)) as server,
        open_client(server, limits=Limits(max_tokens=3_000)) as client,
    ):
        with pytest.raises(ModelLimitError, match="2500"):
            complete(client)
        assert len(server.requests) == 1
    assert 64 <= server.bodies[0]["max_tokens"] < 3_000


def test_a_cost_limit_needs_a_price() -> None:
    """A model without a known price is not asked when the cost is limited."""
    with FaultServer() as server, open_client(server, "unknown", limits=Limits(max_cost=1)) as client:
        with pytest.raises(ModelLimitError, match="No price") as caught:
            complete(client)
        assert server.requests == []
    assert "RAG_PRICES" in str(caught.value.hint)


@both
@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": -5, "completion_tokens": "many"}])
def test_tokens_that_are_not_reported_are_estimated(ask: Ask, usage: Any) -> None:
    """Without usable figures the upper bounds are counted, and the usage says so."""
    with FaultServer(answer(GOOD, usage=usage)) as server, open_client(server) as client:
        ask(client)
        counted = client.usage.frozen()
    assert counted.estimated
    assert counted.input_tokens > 50
    assert counted.output_tokens > 50


def test_only_its_own_server_gets_headers_of_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables meant for OpenAI do not travel to another server, and no proxy sees what stays on this machine."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other-0123456789")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: header-secret")
    monkeypatch.setenv("HTTP_PROXY", fs.closed_url())
    with FaultServer(answer(GOOD)) as server, ModelClient.open(read_model("ollama:test", server.url)) as client:
        complete(client)
    headers = server.requests[0].headers
    assert headers["authorization"] == "Bearer ollama"
    assert "secret" not in str(headers)
    assert "sk-other" not in str(headers)


def test_openai_without_a_key_is_refused_before_anything_is_sent() -> None:
    """The hint names the variable."""
    with pytest.raises(ModelError, match="needs a key") as caught:
        ModelClient.open(read_model("openai:gpt-5"))
    assert "OPENAI_API_KEY" in str(caught.value.hint)


def test_threads_share_a_client_and_not_their_questions() -> None:
    """Each thread has its own usage, and answers are not mixed up."""

    def echo(body: dict[str, Any]) -> Any:
        return {"status": "answered", "claims": [{"text": body["messages"][0]["content"], "ids": ["1.1"]}]}

    wrong: list[str] = []

    def work(client: ModelClient, number: int) -> None:
        for turn in range(5):
            client.begin()
            text = f"{number}/{turn}"
            draft = client.complete([{"role": "user", "content": text}], Draft)
            if draft.claims[0].text != text or client.usage.requests != 1:
                wrong.append(text)

    with FaultServer(default=answer(echo)) as server, open_client(server) as client:
        threads = [threading.Thread(target=work, args=(client, number)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert len(server.requests) == 30


def test_a_field_that_is_no_list_cannot_be_streamed() -> None:
    """A mistake of the caller shows at once."""
    with FaultServer() as server, open_client(server) as client, pytest.raises(TypeError, match="status"):
        list(client.stream(MESSAGES, Draft, "status"))
    assert server.requests == []


def test_limits_must_be_above_zero() -> None:
    """Nought and negative limits are mistakes."""
    for wrong in ({"max_cost": 0.0}, {"max_tokens": -1}, {"max_cost": float("nan")}):
        with pytest.raises(UsageError):
            Limits(**wrong)  # type: ignore[arg-type]


def test_nothing_heavy_is_imported_before_a_client_is_opened() -> None:
    """The module can be imported, and a model named, without openai, instructor, httpx2 and tiktoken."""
    code = (
        "import sys, rag.model_client, rag.servers; rag.servers.read_model('openai:gpt-5')\n"
        "print([name for name in ('openai', 'instructor', 'httpx2', 'tiktoken') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_many_questions_leave_nothing_behind() -> None:
    """Threads end, and memory does not grow with the number of schemas and questions."""

    def ask_once(client: ModelClient, number: int) -> None:
        ids = Literal[tuple(f"{number % 20}.{sentence}" for sentence in range(200))]  # type: ignore[valid-type]
        claim = create_model("Claim", text=(str, ...), ids=(list[ids], ...))
        draft = create_model("Draft", claims=(list[claim], ...))  # type: ignore[valid-type]
        client.begin()
        client.complete(MESSAGES, draft)

    grown = []
    with FaultServer(default=answer({"claims": []})) as server, open_client(server) as client:
        tracemalloc.start()
        try:
            for number in range(120):
                ask_once(client, number)
                if number % 40 == 39:
                    server.requests.clear()
                    gc.collect()
                    grown.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
    assert grown[2] - grown[1] < 40 * 2_000
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("ask ")] == []

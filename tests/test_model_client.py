"""The model client, with the real openai and instructor against a server on 127.0.0.1."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import threading
import time
import tracemalloc
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal

import fault_server as fs
import pytest
from asking import (
    BAD_ID,
    DRAFT,
    GOOD,
    KEY,
    MESSAGES,
    Ask,
    Draft,
    assert_silent,
    both,
    complete,
    nothing_leaks,
    open_client,
)
from fault_server import FaultServer, Reply, answer, failure
from pydantic import create_model, field_validator

from rag.errors import ModelError, ModelLimitError, ModelOutputError, UsageError
from rag.model_client import ModelClient
from rag.servers import read_model
from rag.usage import Limits, Price, Prices, Total

__all__ = ["nothing_leaks"]  # a fixture that every test here uses


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


def test_claims_are_given_as_early_after_a_retry() -> None:
    """A second try is read from its beginning, whatever the first one left half done."""
    items = {"status": "answered", "claims": [{"text": f"{n}" * 40, "ids": ["1.1"]} for n in range(8)]}
    script = [fs.cut({"claims": "x" * 999}, after=1_000), answer(items, piece=24, delay_s=0.03)]
    with FaultServer(*script) as server, open_client(server) as client:
        times = [time.monotonic() for _ in client.stream(MESSAGES, Draft, "claims")]
    assert len(times) == 9
    assert times[-1] - times[0] > 0.4


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
        with pytest.raises(ModelLimitError, match="2,500"):
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


def test_a_fresh_client_keeps_its_question_in_every_thread() -> None:
    """A stream that is read by several threads, and what follows it, belong to one question."""
    with FaultServer(default=answer(GOOD)) as server, open_client(server) as client:
        client.begin()
        one = client.fresh()
        parts: list[object] = []
        items = one.stream(MESSAGES, Draft, "claims")
        for _ in range(3):
            thread = threading.Thread(target=lambda: parts.append(next(items)))
            thread.start()
            thread.join()
        thread = threading.Thread(target=lambda: parts.append(one.complete(MESSAGES, Draft)))
        thread.start()
        thread.join()
        assert parts == [*DRAFT.claims, DRAFT, DRAFT]
        assert one.usage.requests == 2
        assert client.usage.requests == 0


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
    assert grown[2] - grown[1] < 40 * 4_000  # a schema alone takes many times that; coverage keeps some too
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("ask ")] == []


@pytest.mark.parametrize("objections", [1, 2])
def test_what_a_validator_objected_to_leaves_nothing_behind(objections: int) -> None:
    """Neither the schema nor anything else of the question is kept, whether asking again helped or not."""
    schemas: list[weakref.ref[type]] = []

    def ask_once(client: ModelClient, ask: Callable[[type[Draft]], object]) -> None:
        left = [objections]

        class Guarded(Draft):
            @field_validator("status")
            @classmethod
            def _check(cls, value: str) -> str:
                left[0] -= 1
                try:
                    return {"answered": value}["answered" if left[0] < 0 else "objected to"]
                except KeyError as error:
                    raise ValueError("more than its sentences") from error

        schemas.append(weakref.ref(Guarded))
        client.begin()
        with suppress(ModelOutputError):
            ask(Guarded)

    with FaultServer(default=answer(GOOD)) as server, open_client(server) as client:
        ask_once(client, lambda schema: client.complete(MESSAGES, schema))
        ask_once(client, lambda schema: list(client.stream(MESSAGES, schema, "claims")))
        assert len(server.requests) == 4
    gc.collect()
    assert [schema() for schema in schemas] == [None, None]


def test_opening_a_client_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key and an address in the environment alone take nothing anywhere."""
    with FaultServer() as server:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        with ModelClient.open(read_model("openai:gpt-5")) as client:
            client.begin()
            assert client.usage.requests == 0
        assert server.requests == []


def test_what_is_asked_within_a_question_has_one_account_and_deadline() -> None:
    """Whoever begins within goes on with it; after it a new one begins. A total counts all of them."""
    total = Total()
    with FaultServer(default=answer(GOOD)) as server, open_client(server, limits=Limits(total=total)) as client:
        with client.question():
            complete(client)
            client.begin()
            with client.question():
                complete(client)
            client.begin()
            assert client.usage.requests == 2
        client.begin()
        complete(client)
        assert client.usage.requests == 1
        assert (total.usage.requests, total.usage.input_tokens) == (3, 300)
    with FaultServer(default=answer(GOOD)) as server, open_client(server, timeout_s=0.3) as client:
        with client.question():
            complete(client)
            time.sleep(0.4)
            client.begin()
            with pytest.raises(ModelLimitError, match="did not finish"):
                complete(client)
        client.begin()
        complete(client)

"""How refusals are read, and how long a next try waits."""

from __future__ import annotations

import email.utils
import random
import time
from typing import Any

import pytest

from rag import faults
from rag.errors import ContextOverflowError
from rag.servers import read_model

SPEC = read_model("vllm:some-model", api_key="sk-secret-0123456789")


def refused(status: int | None, body: object, sent: str = "", **headers: str) -> faults.Fault:
    """A refusal by the server of SPEC."""
    return faults.refused(SPEC, status, body, headers, sent=sent)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None), ({"retry-after": "2"}, 2), ({"retry-after": " 0.5 "}, 0.5), ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "x", "retry-after": "3"}, 3), ({"retry-after": "-5"}, 0), ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None), ({"retry-after": ""}, None), ({"retry-after": "inf"}, float("inf")),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0), ({"retry-after": "Thu, 99 Jan 1970"}, None),
    ],
)  # fmt: skip
def test_retry_after_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds or a date; anything else does not count."""
    assert faults.retry_after_s(headers) == seconds


def test_retry_after_may_be_a_date() -> None:
    """The time until then."""
    date = email.utils.formatdate(time.time() + 30, usegmt=True)
    assert 28 < (faults.retry_after_s({"retry-after": date}) or 0) <= 30


def test_waits_grow_and_differ() -> None:
    """Without a wish of the server: half to all of a span that doubles, up to 8 s; else the wish and a tenth."""
    chance = random.Random(1)
    for tries, span in ((0, 0.5), (1, 1.0), (2, 2.0), (4, 8.0), (60, 8.0)):
        waits = [faults.delay_s(tries, None, chance) for _ in range(200)]
        assert span / 2 <= min(waits) < span * 0.55
        assert span * 0.95 < max(waits) <= span
    wished = [faults.delay_s(3, 2.0, chance) for _ in range(200)]
    assert 2.0 <= min(wished) < max(wished) <= 2.2
    assert faults.delay_s(9, 0.0, chance) == 0


@pytest.mark.parametrize("body", [None, "", b"x", 7, [], {}, {"error": None}, {"error": {"message": 5, "code": []}}])
@pytest.mark.parametrize("status", [400, 401, 418, 429, 500, None])
def test_any_body_makes_a_clear_error(status: int | None, body: Any) -> None:
    """Whatever a server sends, the message is one sentence about the server and the model or its key."""
    error = refused(status, body).error
    assert error.message.startswith("The model server at http://127.0.0.1:8000/v1 ")
    assert error.message.endswith(".")
    assert error.hint


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"error": {"message": "Unknown field 'x'."}}, "Unknown field"),
        ({"message": "Unknown field 'x'."}, "Unknown field"),
        ({"detail": "Unknown field 'x'."}, "Unknown field"),
        ({"error": "Unknown field 'x'."}, "Unknown field"),
        ("Unknown field 'x'.", "Unknown field"),
        ("<html>Unknown field</html>", None),
        ({"error": {"failed_generation": "Unknown field"}}, None),
        ({"error": {"message": "cannot read 'the cat sat on the\n mat'"}}, None),
    ],
)
def test_a_servers_words_are_shown_unless_they_are_ours(body: Any, shown: str | None) -> None:
    """A message is repeated; a page, another field, or a piece of what we sent is not."""
    message = refused(400, body, sent="Once the cat sat on  the mat.").error.message
    assert (shown in message) if shown else message.endswith("for model 'some-model'.")


def test_a_servers_words_are_harmless_on_a_terminal() -> None:
    """Control characters are escaped, the key is taken out and the length is bounded."""
    message = refused(400, f"\x1b[31m sk-secret-0123456789 {'x' * 9_999}").error.message
    assert message.isprintable()
    assert "sk-secret" not in message
    assert len(message) < 400


@pytest.mark.parametrize(
    ("status", "body", "is_overflow"),
    [
        (400, "The prompt is too long: 5000, model maximum context length: 4096", True),
        (500, {"error": {"type": "exceed_context_size_error"}}, True),
        (None, {"code": "context_length_exceeded"}, True),
        (429, "Rate limit reached; mind the context length", False),
        (400, "Unsupported parameter", False),
    ],
)
def test_overflow_is_told_by_code_or_words(status: int | None, body: Any, is_overflow: bool) -> None:
    """A limit per minute is not one, whatever its words."""
    assert isinstance(refused(status, body).error, ContextOverflowError) == is_overflow


def test_only_refusals_of_the_request_itself_may_be_about_the_schema() -> None:
    """Keys, models, limits and overflow are not."""
    assert {status for status in range(300, 600) if refused(status, "").schema_refused} == {400, 415, 422, 501}
    assert not refused(400, "maximum context length").schema_refused

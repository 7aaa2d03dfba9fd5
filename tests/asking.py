"""What the tests of the model client and of its requests share: a schema, good and bad answers, and two ways to ask."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from fault_server import FaultServer
from pydantic import BaseModel

from rag.errors import ModelError
from rag.model_client import ModelClient
from rag.servers import read_model

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
def nothing_leaks(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
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

"""The answerer that asks a model, with the real clients against a server that answers as each test tells it to."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from asking import KEY, open_client
from fault_server import Exchange, FaultServer, Reply, answer, cut, failure, in_stream_error, overflow

from rag import tokens
from rag.answerers.openai_compatible import ModelAnswerer
from rag.answers import DraftAnswer, DraftClaim
from rag.documents import Chunk, Hit, Sentence, Source, Span
from rag.errors import ContextOverflowError, ModelError, ModelLimitError, ModelOutputError
from rag.forms import MOST_IDS
from rag.guard import Similarity
from rag.usage import Limits
from rag.verification import verify

QUESTION = "What does the ferry cost, and when does it sail?"
COST, NOON, BUS = "The ferry costs 3 pounds.", "It sails at noon.", "The bus costs 5 pounds."


def make_hit(rank: int, *sentences: str, language: str | None = "en", title: str | None = None) -> Hit:
    """A passage made of sentences."""
    text = " ".join(sentences)
    spans, start = [], 0
    for sentence in sentences:
        spans.append(Sentence(Span(start, start + len(sentence)), language))
        start += len(sentence) + 1
    chunk = Chunk(f"news/{rank}.txt", Span(0, len(text)), text, tuple(spans), language)
    source = Source(chunk.document, "0" * 64, language, title)
    return Hit(chunk, source, rank, 1 / rank, rank, 0.5, rank, 1.0, (0.5,) * len(sentences), rank)


HITS = [make_hit(1, COST, NOON), make_hit(2, BUS, title="Buses")]


def ALIKE(_text: str, _sentences: Sequence[str]) -> float:  # noqa: N802 - stands for a constant
    """To this embedder everything is alike, so that any wording of a sentence passes."""
    return 0.9


def writes(*claims: tuple[str, str] | dict[str, Any], status: str = "answered", **fields: Any) -> dict[str, Any]:
    """What a model writes: texts with the sentence that each names, or whole claims."""
    written = [
        claim
        if isinstance(claim, dict)
        else {"text": claim[0], "sentences": [claim[1]], "speaker": None, "kind": "fact"}
        for claim in claims
    ]
    return {"claims": written, "conflicts": [], "missing": [], "status": status, **fields}


GOOD = writes((COST, "1.1"), ("It leaves at noon.", "1.2"))
BAD = writes(("The ferry costs 4 pounds.", "1.1"), ("It leaves at noon.", "1.2"))


@contextmanager
def asking(
    *script: Reply,
    default: Reply | None = None,
    model: str = "llamacpp:test",
    budget: int = 16_000,
    similarity: Similarity = ALIKE,
    **options: Any,
) -> Iterator[tuple[FaultServer, ModelAnswerer]]:
    """A server with a script, and an answerer that asks it."""
    with FaultServer(*script, default=default) as server, open_client(server, model, **options) as client:
        yield server, ModelAnswerer(client, budget_tokens=budget, similarity=similarity)


def draft(answerer: ModelAnswerer, hits: Sequence[Hit] = HITS) -> DraftAnswer:
    """The draft at once."""
    return answerer.draft(QUESTION, "en", hits)


def stream(answerer: ModelAnswerer, hits: Sequence[Hit] = HITS) -> DraftAnswer:
    """The draft claim by claim; it begins with the claims that came before it."""
    *claims, last = answerer.stream_draft(QUESTION, "en", hits)
    assert isinstance(last, DraftAnswer)
    assert last.claims[: len(claims)] == claims
    return last


both = pytest.mark.parametrize("ask", [draft, stream])
every_mode = pytest.mark.parametrize("model", ["llamacpp:test", "openai:gpt-test", "unknown-server"])
Ask = Callable[..., DraftAnswer]


def texts(answer: DraftAnswer) -> list[str]:
    """What is claimed."""
    return [claim.text for claim in answer.claims]


def shown(body: dict[str, Any]) -> dict[str, str]:
    """The sentences of a request by their ids."""
    return dict(re.findall(r"^\[([\d.]+)\] (.*)$", body["messages"][1]["content"], re.MULTILINE))


def schema_ids(body: dict[str, Any]) -> list[str]:
    """The ids that the schema of a request allows."""
    ids: list[str] = body["response_format"]["json_schema"]["schema"]["$defs"]["SentenceId"]["enum"]
    return ids


@both
@every_mode
def test_a_model_points_at_the_sentences_it_was_shown(ask: Ask, model: str) -> None:
    """Claims, conflicts and what is missing arrive as the model wrote them; numbers are those of the hits."""
    sides = [{"text": COST, "sentences": ["1.1"]}, {"text": BUS, "sentences": ["2.1"]}]
    conflict = {"about": "costs", "kind": "scope", "positions": sides}
    reply = writes((COST, "1.1"), status="partial", conflicts=[conflict], missing=["when does it sail"])
    with asking(answer(reply), model=model) as (server, answerer):
        given = ask(answerer)
    assert given.claims == [DraftClaim(text=COST, sentences=["1.1"])]
    assert given.conflicts[0].positions[1].sentences == ["2.1"]
    assert (given.status, given.missing) == ("partial", ["when does it sail"])
    assert shown(server.bodies[0]) == {"1.1": COST, "1.2": NOON, "2.1": BUS}


def test_the_request_is_the_same_each_time_and_says_everything_in_words() -> None:
    """So that it can be recorded, and so that a model whose server does not show it the schema knows the fields."""
    with asking(answer(GOOD), answer(GOOD)) as (server, answerer):
        assert draft(answerer) == draft(answerer)
    first, second = server.bodies
    assert first == second
    system, user = (message["content"] for message in first["messages"])
    for field in ("claims.text", "claims.sentences", "conflicts.positions.sentences", "missing", "status"):
        assert f"- {field}: " in system
    assert user.endswith(f"to be answered in English: {QUESTION}")
    assert "Passage 2 | Buses | language en" in user
    assert schema_ids(first) == ["1.1", "1.2", "2.1"]


def test_without_a_language_the_model_answers_in_that_of_the_question() -> None:
    """Nothing told which it is."""
    with asking(answer(GOOD)) as (server, answerer):
        answerer.draft(QUESTION, None, HITS)
    assert "to be answered in the language it is asked in:" in server.bodies[0]["messages"][1]["content"]


@both
@pytest.mark.parametrize("hits", [[], [make_hit(1)]])
def test_without_sentences_nothing_is_sent(ask: Ask, hits: list[Hit]) -> None:
    """The whole question is missing."""
    with asking() as (server, answerer):
        given = ask(answerer, hits)
    assert (given.status, given.missing, given.claims) == ("unanswerable", [QUESTION], [])
    assert not server.requests


@both
@every_mode
def test_an_answer_that_says_more_is_sent_back_once_with_the_reason(ask: Ask, model: str) -> None:
    """The correction counts; the reason names the text and what is wrong with it."""
    with asking(answer(BAD), answer(GOOD), model=model) as (server, answerer):
        given = ask(answerer)
    assert set(texts(given)) == {COST, "It leaves at noon."}
    assert len(server.requests) == 2
    reason = server.bodies[1]["messages"][-1]["content"]
    assert "The ferry costs 4 pounds." in reason
    assert "These texts say more than the sentences they name" in reason
    assert "{{" not in reason


@both
def test_a_statement_that_its_sentences_do_not_make_is_sent_back_too(ask: Ask) -> None:
    """Nothing in it need be wrong; it is not streamed, and what is given instead is."""
    invented = writes((COST, "1.1"), ("The captain has a wooden leg.", "1.2"))
    with asking(answer(invented), answer(GOOD), similarity=lambda text, _: 0.9 if "noon" in text else 0.1) as (
        server,
        answerer,
    ):
        given = ask(answerer)
    assert texts(given) == [COST, "It leaves at noon."]
    reason = server.bodies[1]["messages"][-1]["content"]
    assert '"The captain has a wooden leg.": The cited sentences do not say this.' in reason


@both
def test_the_few_words_that_answer_come_with_their_claim(ask: Ask) -> None:
    """Their place in it, once they are words of it."""
    first = {"text": COST, "sentences": ["1.1"], "direct": "3 pounds", "speaker": None, "kind": "fact"}
    second = {"text": NOON, "sentences": ["1.2"], "direct": "one o'clock", "speaker": None, "kind": "fact"}
    with asking(answer(writes(first, second))) as (_server, answerer):
        given = ask(answerer)
    assert [claim.answer for claim in given.claims] == [(16, 24), None]
    assert verify(QUESTION, "en", given, HITS, model="m", glosses=True).direct == "3 pounds"


@both
def test_what_is_still_wrong_then_is_left_for_the_verification(ask: Ask) -> None:
    """It is not asked again; the reader does not see it and is told how much was left out."""
    with asking(answer(BAD), answer(BAD)) as (server, answerer):
        given = ask(answerer)
    assert len(server.requests) == 2
    verified = verify(QUESTION, "en", given, HITS, model="m", glosses=True, similarity=lambda _text, _sentences: 0.9)
    assert [claim.text for claim in verified.claims] == ["It leaves at noon."]
    assert verified.withheld == 1


def test_positions_of_a_conflict_are_checked_too() -> None:
    """A figure that no sentence has is sent back, whoever is said to hold it."""
    sides = [{"text": "It costs 7 pounds.", "sentences": ["1.1"]}, {"text": BUS, "sentences": ["2.1"]}]
    wrong = writes((COST, "1.1"), conflicts=[{"about": "Paris", "kind": "contradiction", "positions": sides}])
    with asking(answer(wrong), answer(GOOD)) as (server, answerer):
        assert not draft(answerer).conflicts
    reason = server.bodies[1]["messages"][-1]["content"]
    assert "It costs 7 pounds." in reason
    assert '"Paris"' in reason


@both
@pytest.mark.parametrize("fault", [failure(400, "No."), answer("no JSON"), overflow("llamacpp"), failure(401)])
def test_when_asking_again_fails_the_first_answer_counts(ask: Ask, fault: Reply) -> None:
    """It was complete; what is wrong with it is withheld."""
    with asking(answer(BAD), default=fault, retries=0) as (_server, answerer):
        given = ask(answerer)
    assert set(texts(given)) == {"The ferry costs 4 pounds.", "It leaves at noon."}


def test_a_limit_that_forbids_asking_again_leaves_the_first_answer() -> None:
    """The limit holds, and the answer is not lost."""
    spent = {"prompt_tokens": 15_000, "completion_tokens": 100, "total_tokens": 15_100}
    with asking(answer(BAD, usage=spent), answer(GOOD), limits=Limits(max_tokens=20_000)) as (server, answerer):
        assert set(texts(draft(answerer))) == {"The ferry costs 4 pounds.", "It leaves at noon."}
    assert len(server.requests) == 1


@both
@every_mode
def test_a_sentence_that_was_not_shown_is_refused(ask: Ask, model: str) -> None:
    """The model is asked again, and when it insists there is an error and no answer."""
    wrong = writes((COST, "1.1"), (BUS, "3.1"))
    with asking(answer(wrong), answer(GOOD), model=model) as (server, answerer):
        assert "3.1" not in {each for claim in ask(answerer).claims for each in claim.sentences}
    with asking(default=answer(wrong), model=model) as (server, answerer), pytest.raises(ModelOutputError):
        ask(answerer)
    assert len(server.requests) == 3


@both
def test_a_broken_form_and_a_broken_statement_are_each_forgiven_once(ask: Ask) -> None:
    """JSON first, then the words: the third answer is right."""
    with asking(answer("Sure! Here it is:"), answer(BAD), answer(GOOD)) as (server, answerer):
        assert set(texts(ask(answerer))) == {COST, "It leaves at noon."}
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", ["answered", "unanswerable"])
def test_an_abstention_is_an_answer(status: str) -> None:
    """Without claims nothing is answered, whatever the model calls it."""
    with asking(answer(writes(status=status, missing=["the captain"]))) as (server, answerer):
        given = draft(answerer)
    assert (given.status, given.missing) == ("unanswerable", [QUESTION])
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("speaker", "expected"),
    [
        ("Anna Keller", "Anna Keller"),
        ("Keller, of the Daily Gull", "Keller, of the Daily Gull"),
        ("Bob Smith", None),
        ("a spokesman", None),
    ],
)
def test_only_who_is_named_in_the_passage_can_be_a_speaker(speaker: str, expected: str | None) -> None:
    """A name from elsewhere, or none at all, is no attribution; the title counts as part of the passage."""
    hits = [make_hit(1, "Anna Keller said that the ferry may stop.", title="The Daily Gull")]
    said = {
        "text": "Anna Keller said that the ferry may stop.",
        "sentences": ["1.1"],
        "speaker": speaker,
        "kind": "forecast",
    }
    with asking(answer(writes(said))) as (_server, answerer):
        [claim] = draft(answerer, hits).claims
    assert (claim.attribution and claim.attribution.speaker) == expected


MANY = [
    make_hit(rank, *(f"Sentence {rank} of {number} says something." for number in range(6))) for rank in range(1, 9)
]


@pytest.mark.parametrize("budget", [9_500, 10_000, 11_000, 12_000, 13_000])
def test_the_last_ranked_passages_are_dropped_under_the_budget(budget: int) -> None:
    """What is sent fits, its sentences are whole, and the model can name no others."""
    with asking(answer(writes()), budget=budget) as (server, answerer):
        draft(answerer, MANY)
    [body] = server.bodies
    kept = shown(body)
    ranks = {int(identity.partition(".")[0]) for identity in kept}
    assert ranks == set(range(1, len(ranks) + 1))
    assert all(
        text == MANY[0].chunk.text[:0] + f"Sentence {i.split('.')[0]} of {int(i.split('.')[1]) - 1} says something."
        for i, text in kept.items()
    )
    assert schema_ids(body) == list(kept)
    sent = [*(message["content"] for message in body["messages"]), json.dumps(body["response_format"])]
    assert sum(tokens.count(text, "llamacpp:test") for text in sent) <= budget


def test_a_larger_budget_sends_more() -> None:
    """Until everything is sent."""
    counts = []
    for budget in (9_500, 11_000, 50_000):
        with asking(answer(writes()), budget=budget) as (server, answerer):
            draft(answerer, MANY)
        counts.append(len(shown(server.bodies[0])))
    assert counts[0] < counts[1] < counts[2] == 48


def test_a_first_passage_that_is_too_long_is_sent_in_part_by_whole_sentences() -> None:
    """A sentence longer than everything allowed is left out, its neighbours are not."""
    hits = [make_hit(1, "Short one.", "giant " * 4_000, "Another short one."), make_hit(2, BUS)]
    with asking(answer(writes())) as (server, answerer):
        draft(answerer, hits)
    assert shown(server.bodies[0]) == {"1.1": "Short one.", "1.3": "Another short one."}


@both
def test_when_not_one_sentence_fits_nothing_is_sent(ask: Ask) -> None:
    """The error says what to do."""
    with asking() as (server, answerer), pytest.raises(ContextOverflowError, match="No sentence") as caught:
        ask(answerer, [make_hit(1, "giant " * 10_000)])
    assert not server.requests
    assert "RAG_CONTEXT_TOKENS" in str(caught.value.hint)


def test_a_schema_never_has_more_sentences_than_servers_take() -> None:
    """With statuses and kinds at most 250 values of enumerations."""
    hits = [make_hit(rank, *["Yes."] * 50) for rank in range(1, 9)]
    with asking(answer(writes()), budget=100_000) as (server, answerer):
        draft(answerer, hits)
    assert len(schema_ids(server.bodies[0])) == 200
    with asking(answer(writes()), budget=100_000) as (server, answerer):
        draft(answerer, [make_hit(1, *["Yes."] * 400)])
    assert len(schema_ids(server.bodies[0])) == MOST_IDS
    assert sum(map(len, re.findall(r'"enum": \[(.*?)\]', json.dumps(server.bodies[0])))) < 15_000


@both
@pytest.mark.parametrize("server_kind", ["openai", "llamacpp", "vllm", "ollama", "lmstudio"])
def test_what_the_server_finds_too_long_is_sent_again_by_half(ask: Ask, server_kind: str) -> None:
    """The first half of the passages, once."""
    with asking(overflow(server_kind), answer(writes())) as (server, answerer):
        ask(answerer, MANY)
    first, second = (len(shown(body)) for body in server.bodies)
    assert (first, second) == (48, 24)


@both
def test_what_is_still_too_long_is_an_error(ask: Ask) -> None:
    """After two requests."""
    with asking(default=overflow("llamacpp")) as (server, answerer), pytest.raises(ContextOverflowError):
        ask(answerer, MANY)
    assert len(server.requests) == 2


def test_claims_are_streamed_while_the_model_still_writes() -> None:
    """The first claim is there before the server has sent the second."""
    seen = threading.Event()
    text = json.dumps(GOOD)
    middle = text.index("It leaves")

    def halting(exchange: Exchange) -> None:
        exchange.start(200, {"Transfer-Encoding": "chunked"}, "text/event-stream")
        for part in (text[:middle], text[middle:]):
            delta = {"choices": [{"index": 0, "delta": {"content": part}, "finish_reason": None}]}
            exchange.chunk(b"data: " + json.dumps(delta).encode() + b"\n\n")
            assert seen.wait(10)
        end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        exchange.chunk(b"data: " + json.dumps(end).encode() + b"\n\ndata: [DONE]\n\n")
        exchange.chunk(b"")

    with asking(halting) as (_server, answerer):
        parts = answerer.stream_draft(QUESTION, "en", HITS)
        assert next(parts) == DraftClaim(text=COST, sentences=["1.1"])
        seen.set()
        assert [type(part) for part in parts] == [DraftClaim, DraftAnswer]


def test_a_claim_that_says_more_is_not_streamed() -> None:
    """Its correction is; a claim that was given before is not given again."""
    with asking(answer(BAD), answer(GOOD)) as (_server, answerer):
        *claims, last = answerer.stream_draft(QUESTION, "en", HITS)
    assert [claim.text for claim in claims if isinstance(claim, DraftClaim)] == ["It leaves at noon.", COST]
    assert isinstance(last, DraftAnswer)
    assert last.claims == claims


def test_a_stream_that_is_cut_goes_on_with_what_was_not_said() -> None:
    """What stood before the cut stays; the next try says it in another order and is not repeated."""
    again = writes((NOON, "1.2"), (COST, "1.1"))
    with asking(cut(GOOD, 2_000), answer(again)) as (server, answerer):
        last = stream(answerer)
    assert len(server.requests) == 2
    assert texts(last) == [COST, NOON]


def test_a_stream_that_fails_for_good_ends_in_an_error_after_its_claims() -> None:
    """The claims were given; the error has a type."""
    with asking(default=in_stream_error(GOOD, "It broke."), retries=0) as (_server, answerer):
        parts = answerer.stream_draft(QUESTION, "en", HITS)
        given = [next(parts), next(parts)]
        with pytest.raises(ModelError):
            next(parts)
    assert [part.text for part in given if isinstance(part, DraftClaim)] == [COST, "It leaves at noon."]


def test_a_stream_may_be_left() -> None:
    """Nothing is waited for."""
    with asking(answer(GOOD, piece=4, delay_s=0.02)) as (server, answerer):
        parts = answerer.stream_draft(QUESTION, "en", HITS)
        assert isinstance(next(parts), DraftClaim)
        parts.close()  # type: ignore[attr-defined]
    assert len(server.requests) == 1


@both
def test_usage_covers_all_requests_of_the_question_and_the_prompt_has_a_version(ask: Ask) -> None:
    """Also when the question fails; the next question begins from nothing."""
    with asking(answer(BAD), answer(GOOD), default=failure(401)) as (_server, answerer):
        ask(answerer)
        assert (answerer.usage.requests, answerer.usage.input_tokens, answerer.usage.output_tokens) == (2, 200, 40)
        with pytest.raises(ModelError):
            ask(answerer)
        assert (answerer.usage.requests, answerer.usage.input_tokens) == (1, 0)
    assert re.fullmatch(r"answer@[0-9a-f]{12}", answerer.prompt)


def test_threads_share_an_answerer() -> None:
    """Each gets the answer to its own question and its own account."""

    def numbered(body: dict[str, Any]) -> dict[str, Any]:
        return writes((shown(body)["1.1"], "1.1"))

    with asking(default=answer(numbered)) as (_server, answerer):

        def one(number: int) -> tuple[list[str], int]:
            given = answerer.draft(f"Which is number {number}?", "en", [make_hit(1, f"Number {number} is here.")])
            return texts(given), answerer.usage.requests

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(one, range(32)))
    assert answers == [([f"Number {number} is here."], 1) for number in range(32)]


TEMPLATES = [
    "{{ 7*7 }} {% raw %} {{question}}",
    "{% for x in y %}",
    "$question ${fence} %(passages)s {language}",
    r"\g<0> \1",
]


@every_mode
@pytest.mark.parametrize("text", TEMPLATES)
def test_neither_questions_nor_sentences_are_templates(text: str, model: str) -> None:
    """They stand in the request as they are, after a re-ask too."""
    with asking(answer(BAD), answer(GOOD), model=model) as (server, answerer):
        answerer.draft(f"What? {text}", "en", [make_hit(1, text, NOON), HITS[1]])
    for body in server.bodies:
        assert shown(body)["1.1"] == text
        assert f"What? {text}" in body["messages"][1]["content"]


def test_the_time_allowed_is_for_the_whole_question() -> None:
    """Its end is a typed error."""
    with (
        asking(default=answer(GOOD, delay_s=0.5, piece=1), timeout_s=0.5) as (_server, answerer),
        pytest.raises(ModelLimitError) as caught,
    ):
        stream(answerer)
    assert KEY not in str(caught.value)

"""A real local model: llama.cpp's own server, asked through the real client, answerer and pipeline over a real index.

The model has random weights (see ``local_model``), so its answers are true, false and senseless by chance, and nothing
here depends on which. What is false is known beforehand: every sentence that it can write but the documents do not say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from local_model import serve, write_model

from rag import guard, prompting
from rag.answerers.extractive import ExtractiveAnswerer
from rag.answerers.openai_compatible import ModelAnswerer
from rag.answers import Answer, Claim, DraftAnswer, DraftClaim, DraftPosition, Position
from rag.config import Settings
from rag.documents import Hit
from rag.errors import ContextOverflowError, ModelError, ModelOutputError
from rag.index import Index
from rag.model_client import ModelClient
from rag.pipeline import ask, stream
from rag.recordings import Recording
from rag.servers import read_model
from rag.syncing import sync
from rag.testing import HashEmbedder
from rag.usage import Limits

pytest.importorskip("xllamacpp", reason="xllamacpp has no wheel for this platform", exc_type=ImportError)

QUESTION = "What does the ferry to Lisle cost, and when does it sail?"
FOLDER = {
    "ferry.txt": (
        "The ferry to Lisle costs 3 pounds.",
        "It has not sailed on Sundays since 1994.",
        "Anna Keller said that the harbour may close in 2031.",
    ),
    "bac.txt": ("Le bac pour Lisle coûte 3 livres et part à 9 heures.",),
    "feri.txt": ("Feri ke Lisle berangkat pada pukul 9 pagi dan memuat 92,5 ton.",),
}
FALSE = (
    "The ferry to Lisle costs 4 pounds.",
    "It has sailed on Sundays since 1994.",
    "The harbour will close in 2031.",
    "Feri ke Lisle berangkat pada pukul 9 pagi dan memuat 925 ton.",
)
TRUE = tuple(chain.from_iterable(FOLDER.values()))
FEWEST, SEEDS = 3, range(60)  # as many questions as it takes until something true was said
CONTEXT = 8_192


@dataclass
class Exchange:
    """One question, what the model drafted from which passages, and what became of it."""

    draft: DraftAnswer
    hits: Sequence[Hit]
    answer: Answer
    given: list[Claim] = field(default_factory=list)

    @property
    def shown(self) -> list[Claim | Position]:
        """Everything that a reader is told, with its evidence."""
        return [*self.answer.claims, *(side for conflict in self.answer.conflicts for side in conflict.positions)]

    def objections(self, drafted: DraftClaim | DraftPosition, *, attributed: bool) -> bool:
        """Whether a text says more than the sentences it points at, asked of the guard itself."""
        evidence, languages = self._cited(drafted)
        found = guard.examine(drafted.text, evidence, self.answer.language, languages, attributed=attributed)
        return not drafted.text.strip() or bool(found)

    def is_unsaid(self, drafted: DraftClaim) -> bool:
        """Whether too few of a text's words are in the sentences it points at."""
        evidence, languages = self._cited(drafted)
        return guard.unsaid(drafted.text, evidence, self.answer.language, languages) is not None

    def _cited(self, drafted: DraftClaim | DraftPosition) -> tuple[list[str], list[str | None]]:
        """The sentences that a text points at, and their languages."""
        places = [each.split(".") for each in drafted.sentences]
        chunks = [(self.hits[int(hit) - 1].chunk, int(place) - 1) for hit, place in places]
        evidence = [chunk.sentence_text(place) for chunk, place in chunks]
        return evidence, [chunk.sentences[place].language for chunk, place in chunks]


class Remembering(ModelAnswerer):
    """The real answerer, which also keeps what it drafted last."""

    drafted: tuple[DraftAnswer, Sequence[Hit]]

    def draft(self, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
        """As the real one."""
        draft = super().draft(question, language, hits)
        self.drafted = draft, hits
        return draft

    def stream_draft(
        self, question: str, language: str | None, hits: Sequence[Hit]
    ) -> Iterator[DraftClaim | DraftAnswer]:
        """As the real one."""
        for part in super().stream_draft(question, language, hits):
            if isinstance(part, DraftAnswer):
                self.drafted = part, hits
            yield part


def indexed(folder: Path, texts: Mapping[str, Sequence[str]], embedder: HashEmbedder) -> Settings:
    """Settings whose index holds a file for each of the texts."""
    (folder / "news").mkdir()
    for name, sentences in texts.items():
        (folder / "news" / name).write_text(" ".join(sentences), encoding="utf-8")
    settings = Settings(_env_file=None, home=folder / "home")  # type: ignore[call-arg]
    sync(settings, embedder, [folder / "news"])
    return settings


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model."""
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    write_model(path, [*TRUE, *FALSE], [prompting.load("answer").text, *TRUE, *FALSE], context=CONTEXT)
    return path


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Three short documents in three languages."""
    embedder = HashEmbedder()
    with Index.open(indexed(tmp_path_factory.mktemp("ferry"), FOLDER, embedder), embedder) as opened:
        yield opened


def opened(url: str, model: str = "llamacpp:tiny", key: str | None = None, **options: Any) -> ModelClient:
    """A client of the server."""
    return ModelClient.open(read_model(model, url, key), **options)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the exchanges of ``asked`` are recorded."""
    return tmp_path_factory.mktemp("recording")


@pytest.fixture(scope="module")
def asked(model: Path, index: Index, recording: Path) -> list[Exchange]:
    """The question, asked of a model that writes something else each time."""
    exchanges: list[Exchange] = []
    for seed in SEEDS:
        if len(exchanges) >= FEWEST and any(exchange.answer.claims for exchange in exchanges):
            break
        transport = Recording(recording / f"{seed}.jsonl", "record")
        with serve(model, context=CONTEXT, seed=seed) as url, opened(url, transport=transport) as client:
            answerer = Remembering(client)
            answer = ask(QUESTION, index, answerer, language="en")
            exchanges.append(Exchange(*answerer.drafted, answer))
    return exchanges


@pytest.fixture(scope="module")
def streamed(model: Path, index: Index, asked: list[Exchange]) -> list[Exchange]:
    """Some of the same, streamed; first where something true was said."""
    exchanges = []
    for seed in sorted(range(len(asked)), key=lambda each: not asked[each].answer.claims)[:2]:
        with serve(model, context=CONTEXT, seed=seed) as url, opened(url) as client:
            answerer = Remembering(client)
            *claims, answer = stream(QUESTION, index, answerer, language="en")
            assert isinstance(answer, Answer)
            exchanges.append(Exchange(*answerer.drafted, answer, [each for each in claims if isinstance(each, Claim)]))
    return exchanges


def test_the_model_is_the_same_every_time(model: Path, tmp_path: Path) -> None:
    """Written again, it has the same bytes."""
    again = tmp_path / "again.gguf"
    write_model(again, [*TRUE, *FALSE], [prompting.load("answer").text, *TRUE, *FALSE], context=CONTEXT)
    assert again.read_bytes() == model.read_bytes()


def test_answers_have_the_form_asked_for_and_point_at_nothing_else(asked: list[Exchange], recording: Path) -> None:
    """What the server wrote fits the schema it was sent, and names only sentences that the request offered."""
    hits = enumerate(asked[0].hits, start=1)
    known = {f"{number}.{place + 1}" for number, hit in hits for place in range(len(hit.chunk.sentences))}
    pointing = []
    for path in recording.iterdir():
        for exchange in map(json.loads, path.read_text("utf-8").splitlines()):
            content = json.loads(exchange["response"]["body"]["choices"][0]["message"]["content"])
            jsonschema.validate(content, exchange["request"]["response_format"]["json_schema"]["schema"])
            assert set(_offered(exchange)) == known
            pointing += [*content["claims"], *(side for each in content["conflicts"] for side in each["positions"])]
    assert {each for part in pointing for each in part["sentences"]} <= known
    assert len(pointing) > len(asked)


def _offered(exchange: dict[str, Any]) -> list[str]:
    """The sentences that a recorded request lets the model name."""
    schema = exchange["request"]["response_format"]["json_schema"]["schema"]
    ids: list[str] = schema["$defs"]["SentenceId"]["enum"]
    return ids


def test_true_claims_are_shown_and_false_ones_are_not(asked: list[Exchange], streamed: list[Exchange]) -> None:
    """No word of a sentence that the documents do not say reaches a reader, in whatever field it was written."""
    claims = [claim for exchange in [*asked, *streamed] for claim in exchange.answer.claims]
    assert {claim.text for claim in claims} & set(TRUE)
    for exchange in [*asked, *streamed]:
        answer = exchange.answer
        told = [part.text for part in exchange.shown] + [each.about for each in answer.conflicts] + [*answer.missing]
        told += [claim.attribution.speaker for claim in answer.claims if claim.attribution]
        assert [text for text in told if any(false in text for false in FALSE)] == []
        for part in exchange.shown:
            assert all(part.text in span.quote for span in part.spans[:1] if part.text in TRUE)


def test_every_span_is_exact(asked: list[Exchange], streamed: list[Exchange], index: Index) -> None:
    """Each quotation is what stands at its offsets in the document's text."""
    for exchange in [*asked, *streamed]:
        spans = [span for part in exchange.shown for span in part.spans] + list(exchange.answer.nearest)
        assert spans
        for span in spans:
            document = index.document(span.document)
            assert document is not None
            assert document.text[span.start : span.end] == span.quote
            assert document.source.sha256 == span.sha256


def test_what_says_more_than_its_sentences_is_withheld_and_counted(
    asked: list[Exchange], streamed: list[Exchange]
) -> None:
    """Every drafted claim is either shown or objected to, and the answer says how many were."""
    for exchange in [*asked, *streamed]:
        draft, answer = exchange.draft, exchange.answer
        shown = {claim.text: claim for claim in answer.claims}
        for claim in answer.claims:
            drafted = next(each for each in draft.claims if each.text == claim.text)
            assert not exchange.objections(drafted, attributed=claim.attribution is not None)
        hidden = [each for each in draft.claims if each.text not in shown]
        assert all(exchange.objections(each, attributed=False) or exchange.is_unsaid(each) for each in hidden)
        sides = [side for conflict in draft.conflicts for side in conflict.positions]
        wrong = len(hidden) + sum(exchange.objections(side, attributed=False) for side in sides)
        assert answer.withheld >= wrong if draft.status != "unanswerable" else not answer.withheld
    assert sum(exchange.answer.withheld for exchange in asked) > len(asked)


def test_streaming_gives_verified_claims_alone(streamed: list[Exchange]) -> None:
    """Each claim of the answer was given before it, in its order, and nothing else was."""
    assert any(exchange.given for exchange in streamed)
    for exchange in streamed:
        assert exchange.given == list(exchange.answer.claims)


def test_what_the_model_consumed_is_counted(asked: list[Exchange], streamed: list[Exchange]) -> None:
    """The tokens are the server's own, of the first answer and of the one after the objections."""
    for exchange in [*asked, *streamed]:
        usage = exchange.answer.usage
        assert 1 <= usage.requests <= 3
        assert usage.input_tokens > 1_000 * usage.requests
        assert usage.output_tokens > 0
        assert not usage.estimated


@pytest.fixture(scope="module")
def long_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Eight passages that together are longer than a small context."""
    diary = [f"Day {day}: {said}" for day, said in enumerate(TRUE * 3)]
    texts = {f"{year}.txt": [f"Year {year}, {line}" for line in diary] for year in range(1991, 1999)}
    embedder = HashEmbedder(budget_tokens=1_000)
    with Index.open(indexed(tmp_path_factory.mktemp("long"), texts, embedder), embedder) as opened:
        yield opened


@pytest.mark.parametrize("way", [ask, stream])
def test_half_of_the_passages_follow_when_the_context_is_too_short(
    model: Path, long_index: Index, tmp_path: Path, way: Callable[..., Any]
) -> None:
    """The server's own words for it are understood; one request with the best passages brings the answer."""
    transport = Recording(tmp_path / "exchanges.jsonl", "record")
    with serve(model, context=4_608) as url, opened(url, transport=transport) as client:
        answer = way(QUESTION, long_index, ModelAnswerer(client, budget_tokens=60_000), language="en")
        [*_, answer] = [answer] if isinstance(answer, Answer) else answer
    first, second, *_ = map(json.loads, (tmp_path / "exchanges.jsonl").read_text("utf-8").splitlines())
    assert first["response"]["body"]["error"]["type"] == "exceed_context_size_error"
    offered, kept = ({each.partition(".")[0] for each in _offered(exchange)} for exchange in (first, second))
    assert offered == set("12345678")
    assert kept == set("1234")
    assert isinstance(answer, Answer)
    assert answer.usage.requests >= 2


def test_a_context_too_short_for_half_of_the_passages_is_an_error(model: Path, long_index: Index) -> None:
    """The request is shortened once; the error says where to allow more."""
    with serve(model, context=1_024) as url, opened(url) as client:
        with pytest.raises(ContextOverflowError, match="tiny") as caught:
            ask(QUESTION, long_index, ModelAnswerer(client, budget_tokens=60_000), language="en")
        assert client.usage.requests == 2
    assert "llama-server -c" in str(caught.value.hint)


def test_a_key_that_the_server_refuses_is_an_error(model: Path, index: Index) -> None:
    """It is not tried again, and not shown."""
    with serve(model, context=CONTEXT, key="right") as url, opened(url, key="wrong-key-0123") as client:
        with pytest.raises(ModelError, match="refused the key") as caught:
            ask(QUESTION, index, ModelAnswerer(client), language="en")
        assert client.usage.requests == 1
    assert "wrong-key-0123" not in f"{caught.value} {caught.value.hint}"


def test_an_address_without_the_protocol_is_an_error(model: Path, index: Index) -> None:
    """llama.cpp answers 404 where it has nothing; the hint tells how to look."""
    with (
        serve(model, context=CONTEXT) as url,
        opened(f"{url}/elsewhere") as client,
        pytest.raises(ModelError, match="404") as caught,
    ):
        ask(QUESTION, index, ModelAnswerer(client), language="en")
    assert "/models" in str(caught.value.hint)


def test_a_server_that_has_gone_is_an_error_or_left_to_the_fallback(model: Path, index: Index) -> None:
    """It is tried again; with a fallback the documents answer, and the answer says why."""
    with serve(model, context=CONTEXT) as url:
        pass
    with opened(url, retries=1) as client:
        answerer = ModelAnswerer(client)
        with pytest.raises(ModelError, match="cannot be reached") as caught:
            ask(QUESTION, index, answerer, language="en")
        assert client.usage.requests == 2
        answer = ask(QUESTION, index, answerer, language="en", fallback=ExtractiveAnswerer(index))
    assert "llama-server" in str(caught.value.hint)
    assert "cannot be reached" in str(answer.fallback)
    assert {span.quote for claim in answer.claims for span in claim.spans} <= set(TRUE)


def test_a_model_held_to_no_schema_ends_in_an_error_about_its_output(model: Path, index: Index) -> None:
    """Asked in words, it writes what is not JSON; the error repeats nothing of it."""
    with serve(model, context=CONTEXT) as url, opened(url, "tiny", limits=Limits(max_tokens=60_000)) as client:
        with pytest.raises(ModelOutputError) as caught:
            ask(QUESTION, index, ModelAnswerer(client), language="en")
        assert client.usage.requests > 1
    assert [text for text in [*TRUE, *FALSE] if text in f"{caught.value} {caught.value.hint}"] == []

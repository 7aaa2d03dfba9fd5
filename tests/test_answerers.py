"""What every answerer does, whoever writes: the extractive one, a scripted one, and models behind a real server."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from asking import open_client
from fault_server import FaultServer, answer

from rag.answerers import Answerer, StreamingAnswerer
from rag.answerers.extractive import ExtractiveAnswerer
from rag.answerers.openai_compatible import ModelAnswerer
from rag.answers import Answer, Claim, DraftAnswer, DraftClaim
from rag.config import Settings
from rag.documents import Hit
from rag.index import Index
from rag.pipeline import ask, stream
from rag.retrieval import retrieve
from rag.syncing import sync
from rag.testing import HashEmbedder, ScriptedAnswerer

KNOWN = "How many passengers does the ferry to Lisle carry?"
FRENCH = "Combien de voitures le bac pour Lisle transporte-t-il ?"
UNKNOWN = "Who composed the Goldberg Variations?"
QUESTIONS = [KNOWN, FRENCH, UNKNOWN]
TEXTS = {
    "ferry.txt": "The ferry to Lisle carries 240 passengers. It was built by Varden in Norway. It sails at noon.",
    "bac.txt": "Le bac pour Lisle transporte 18 voitures. Il a été construit en Norvège par Varden.",
    "feri.txt": "Feri ke Lisle berangkat pada pukul 9 pagi. Tiketnya berharga 3 dolar.",
    "bank.txt": "Norvale Bank was fined 210 million dollars. The software was supplied by Lockstep.",
}
Open = Callable[[Index], Any]


def words(text: str) -> Counter[str]:
    """The longer words of a text."""
    return Counter(word for word in re.findall(r"\w+", text.lower()) if len(word) > 3)


def best(question: str, sentences: dict[str, str]) -> dict[str, Any]:
    """What a careful reader writes: the sentence with most words of the question, if it has some of them."""
    identity = max(sentences, key=lambda each: (words(sentences[each]) & words(question)).total(), default=None)
    found = identity is not None and (words(sentences[identity]) & words(question)).total() > 1
    claim = {"text": sentences[identity], "sentences": [identity]} if identity and found else None
    return {"claims": [claim] if claim else [], "status": "answered" if claim else "unanswerable"}


def model(body: dict[str, Any]) -> dict[str, Any]:
    """A model that reads the request as a careful reader would."""
    text = body["messages"][1]["content"]
    sentences = dict(re.findall(r"^\[([\d.]+)\] (.*)$", text, re.MULTILINE))
    question = re.findall(r"^The question, .*?: (.*)$", text, re.MULTILINE)[0]
    written = best(question, sentences)
    claims = [{**claim, "speaker": None, "kind": "fact"} for claim in written["claims"]]
    return {"claims": claims, "conflicts": [], "missing": [], "status": written["status"]}


class Reader(ScriptedAnswerer):
    """The scripted answerer with a script that is written when it is asked."""

    def draft(self, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
        """A careful reader's draft."""
        texts = {
            f"{number}.{place + 1}": hit.chunk.sentence_text(place)
            for number, hit in enumerate(hits, start=1)
            for place in range(len(hit.chunk.sentences))
        }
        written = best(question, texts)
        claims = [DraftClaim(**claim) for claim in written["claims"]]
        self._drafts.append(DraftAnswer(status=written["status"], claims=claims, missing=[] if claims else [question]))
        return super().draft(question, language, hits)


@contextmanager
def extractive(index: Index) -> Iterator[Answerer]:
    """Quotes."""
    yield ExtractiveAnswerer(index)


@contextmanager
def scripted(index: Index) -> Iterator[Answerer]:
    """Says what it is told to."""
    yield Reader()


def modelled(name: str) -> Open:
    """Asks a model."""

    @contextmanager
    def opened(index: Index) -> Iterator[Answerer]:
        with FaultServer(default=answer(model)) as server, open_client(server, name) as client:
            yield ModelAnswerer(client)

    return opened


ANSWERERS = {
    "extractive": extractive,
    "scripted": scripted,
    "json_schema": modelled("llamacpp:test"),
    "openai": modelled("openai:gpt-test"),
    "md_json": modelled("unknown-server"),
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Four short documents in three languages."""
    folder: Path = tmp_path_factory.mktemp("index")
    (folder / "news").mkdir()
    for name, text in TEXTS.items():
        (folder / "news" / name).write_text(text, "utf-8")
    settings = Settings(_env_file=None, home=folder / "home")  # type: ignore[call-arg]
    sync(settings, HashEmbedder(), [folder / "news"])
    with Index.open(settings, HashEmbedder()) as opened:
        yield opened


@pytest.fixture(params=ANSWERERS)
def answerer(request: pytest.FixtureRequest, index: Index) -> Iterator[Answerer]:
    """Each in turn."""
    with ANSWERERS[request.param](index) as opened:
        yield opened


def test_it_has_a_name(answerer: Answerer) -> None:
    """On one line, to be shown to the reader."""
    assert answerer.name.strip() == answerer.name != ""
    assert answerer.name.isprintable()


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_draft_points_at_sentences_that_are_there(answerer: Answerer, index: Index, question: str) -> None:
    """By passage and sentence, both from 1; the same question gives the same draft."""
    hits = retrieve(index, question, language=None)
    given = answerer.draft(question, None, hits)
    known = {f"{n}.{s + 1}" for n, hit in enumerate(hits, start=1) for s in range(len(hit.chunk.sentences))}
    assert {each for claim in given.claims for each in claim.sentences} <= known
    assert all(claim.sentences and claim.text.strip() for claim in given.claims)
    assert answerer.draft(question, None, hits) == given


@pytest.mark.parametrize("language", ["en", None])
def test_without_hits_it_abstains(answerer: Answerer, language: str | None) -> None:
    """And says that the question is what is missing."""
    given = answerer.draft(KNOWN, language, [])
    assert (given.status, given.claims, given.conflicts) == ("unanswerable", [], [])
    assert given.missing


@pytest.mark.parametrize(("question", "expected"), [(KNOWN, "240 passengers"), (FRENCH, "18 voitures")])
def test_what_the_documents_say_is_answered_with_exact_evidence(
    answerer: Answerer, index: Index, question: str, expected: str
) -> None:
    """Nothing needs to be withheld, and every span is what stands in the document."""
    found = ask(question, index, answerer)
    assert found.status == "answered"
    assert found.withheld == 0
    assert found.model == answerer.name
    assert expected in found.claims[0].text
    for claim in found.claims:
        assert claim.spans
        for span in claim.spans:
            document = index.document(span.document)
            assert document is not None
            assert document.text[span.start : span.end] == span.quote
            assert document.source.sha256 == span.sha256


def test_what_they_do_not_say_is_declined(answerer: Answerer, index: Index) -> None:
    """With what is missing, and the nearest passages as such."""
    found = ask(UNKNOWN, index, answerer, language="en")
    assert (found.status, found.claims) == ("unanswerable", ())
    assert found.missing
    assert found.nearest


@pytest.mark.parametrize("question", QUESTIONS)
def test_streamed_or_not_the_answer_is_the_same(answerer: Answerer, index: Index, question: str) -> None:
    """Claims come first, each once and in order; times and accounts aside the answer is the one of ``ask``."""
    *claims, last = stream(question, index, answerer)
    assert isinstance(last, Answer)
    assert list(last.claims) == [claim for claim in claims if isinstance(claim, Claim)] == claims
    at_once = ask(question, index, answerer)
    assert (last.claims, last.status, last.missing, last.nearest) == (
        at_once.claims,
        at_once.status,
        at_once.missing,
        at_once.nearest,
    )
    assert (last.model, last.prompt, last.fallback) == (at_once.model, at_once.prompt, None)


def test_an_answerer_that_streams_keeps_to_the_protocol(answerer: Answerer, index: Index) -> None:
    """Its draft comes last and begins with the claims that came before."""
    if not isinstance(answerer, StreamingAnswerer):
        assert answerer.name == "extractive"
        return
    *claims, last = answerer.stream_draft(KNOWN, "en", retrieve(index, KNOWN, language="en"))
    assert isinstance(last, DraftAnswer)
    assert last.claims[: len(claims)] == claims
    assert isinstance(answerer.glosses, bool)
    assert answerer.prompt is None or re.fullmatch(r"\w+@[0-9a-f]{12}", answerer.prompt)
    assert answerer.usage.frozen().requests >= 0


def test_threads_may_share_it(answerer: Answerer, index: Index) -> None:
    """Every question gets its own answer."""
    alone = {question: ask(question, index, answerer).claims for question in QUESTIONS}
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda question: (question, ask(question, index, answerer).claims), QUESTIONS * 4))
    assert together == [(question, alone[question]) for question in QUESTIONS * 4]


def test_hits_are_left_as_they_are(answerer: Answerer, index: Index) -> None:
    """An answerer reads."""
    hits = retrieve(index, KNOWN, language="en")
    before = list(hits)
    answerer.draft(KNOWN, "en", hits)
    assert hits == before

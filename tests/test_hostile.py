"""Documents that address the model change nothing: each file of tests/hostile, from the file to the answer.

What a model makes of such a text cannot be proved without it. What can: that the request stays what it is whatever the
documents hold, and that a model which obeys them reaches no reader.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import pytest
from asking import open_client
from fault_server import FaultServer, answer

from rag import pipeline
from rag.answerers.openai_compatible import ModelAnswerer
from rag.answers import Answer, Claim
from rag.config import Settings
from rag.documents import Filter, Hit
from rag.errors import ModelOutputError
from rag.index import Index
from rag.model_client import ModelClient
from rag.prompting import neutral
from rag.rendering import Look, render_markdown, render_text
from rag.retrieval import retrieve
from rag.syncing import sync
from rag.testing import HashEmbedder

FOLDER = Path(__file__).parent / "hostile"
NAMES = sorted(path.name for path in FOLDER.iterdir())
QUESTION = "What does the ferry to Lisle cost?"
FACT = "The ferry to Lisle costs 3 pounds."
KINDS = ["llamacpp:", "openai:", ""]
CALM = "calm.txt"
JOINERS = {"\u200c", "\u200d"}

each_document = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """All hostile documents, and one that is not."""
    calm = tmp_path_factory.mktemp("calm") / CALM
    calm.write_text(f"The harbour of Lisle\n\n{FACT}\n\nIt is a quiet place.\n")
    settings = Settings(_env_file=None, home=tmp_path_factory.mktemp("home"))  # type: ignore[call-arg]
    report = sync(settings, HashEmbedder(), [FOLDER, calm])
    assert not report.failed
    with Index.open(settings, HashEmbedder()) as opened:
        yield opened


def only(index: Index, name: str) -> Filter:
    """Lets one document pass."""
    [identity] = [source.id for source in index.sources() if source.id.rpartition("/")[2] == name]
    return Filter(documents=(identity,))


def passages(index: Index, name: str) -> list[Hit]:
    """Those of one document, the one with the fact among them."""
    hits = retrieve(index, QUESTION, k=100, filter=only(index, name), language="en")
    assert any(FACT in hit.chunk.text for hit in hits)
    return hits


def user_message(body: dict[str, Any]) -> str:
    """What a request says in the user's name."""
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    content: str = body["messages"][1]["content"]
    return content


def fenced(text: str) -> tuple[str, list[str]]:
    """A user's message with an empty fence, and the lines that stood in it."""
    [word] = set(re.findall(r"^<<<PASSAGES ([0-9a-f]{16})>>>$", text, re.MULTILINE))
    lines = text.split("\n")
    first, last = lines.index(f"<<<PASSAGES {word}>>>"), lines.index(f"<<<END {word}>>>")
    assert text.count(word) == 3
    assert text.count("<<<") == 2
    return "\n".join([*lines[: first + 1], *lines[last:]]).replace(word, "WORD"), lines[first + 1 : last]


class Models:
    """A server whose models are ways to answer, and what they were asked."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._server = FaultServer(default=answer(lambda body: WAYS[body["model"]](body)))
        self._clients: dict[str, ModelClient] = {}
        self._requests: dict[tuple[str, str], dict[str, Any]] = {}

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        for client in self._clients.values():
            client.close()
        self._server.__exit__(*error)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """Every request so far."""
        return self._server.bodies

    def answerer(self, way: str, kind: str = KINDS[0]) -> ModelAnswerer:
        """An answerer that asks a model of a kind of server."""
        name = f"{kind}{way}"
        if name not in self._clients:
            self._clients[name] = open_client(self._server, name)
        return ModelAnswerer(self._clients[name], budget_tokens=100_000)

    def requested(self, name: str, kind: str = KINDS[0]) -> dict[str, Any]:
        """The request that a question about one document makes."""
        if (name, kind) not in self._requests:
            self.answerer("abstains", kind).draft(QUESTION, "en", passages(self._index, name))
            self._requests[name, kind] = self.bodies[-1]
        return self._requests[name, kind]


@pytest.fixture(scope="module")
def models(index: Index) -> Iterator[Models]:
    """One server for all tests of this file."""
    with Models(index) as running:
        yield running


def test_there_are_documents_enough() -> None:
    """In many languages and with many tricks."""
    assert len(NAMES) >= 25


@each_document
def test_the_request_keeps_its_form(models: Models, name: str) -> None:
    """Outside the fence it says what it says for a harmless document; inside, every line is ours and numbered by us."""
    calm, hostile = models.requested(CALM), models.requested(name)
    assert hostile["messages"][0] == calm["messages"][0]
    around, lines = fenced(user_message(hostile))
    assert around == fenced(user_message(calm))[0]
    labels = []
    for line in lines:
        label = re.match(r"\[(\d+\.\d+)\] (?=\S)", line)
        labels += [label[1]] if label else []
        rest = line[label.end() :] if label else line
        assert label or not line or re.match(r"Passage \d+ \| ", line), line[:80]
        assert not set("[]") & set(unicodedata.normalize("NFKC", rest)), line[:80]
        assert not re.search(r"<[^\s\d=]", rest), line[:80]
        assert not {each for each in line if unicodedata.category(each) in {"Cc", "Cf", "Zl", "Zp"}} - JOINERS
    assert labels == hostile["response_format"]["json_schema"]["schema"]["$defs"]["SentenceId"]["enum"]
    assert hostile.keys() == calm.keys()


@each_document
@pytest.mark.parametrize("kind", KINDS[1:])
def test_every_kind_of_server_is_sent_the_same_passages(models: Models, name: str, kind: str) -> None:
    """Where the schema goes into the words, it goes there for every document alike."""
    calm, hostile = models.requested(CALM, kind), models.requested(name, kind)
    assert fenced(user_message(hostile))[0] == fenced(user_message(calm))[0]
    assert fenced(user_message(hostile))[1] == fenced(user_message(models.requested(name)))[1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("jinja.txt", "{{ 7*7 }} {{ config }} {{ ''.__class__.__mro__ }}"),
        ("jinja.txt", "{{question}} {{passages}} {{fence}} {{language}} {{fields}} {{reasons}}"),
        ("python_format.txt", "{question} {0} {passages!r} {0.__class__.__init__.__globals__} %(question)s %s"),
        ("python_format.txt", r"\1 \g<0> \g‹question>"),
        ("string_template.txt", "$question ${passages} $$ ${fence}"),
        ("shell.txt", "$(rm -rf /) `id`"),
    ],
)
def test_no_template_is_rendered(index: Index, models: Models, name: str, written: str, kind: str) -> None:
    """Its syntax arrives as it stands in the document, also when the model is asked again."""
    before = len(models.bodies)
    models.answerer("lies", kind).draft(QUESTION, "en", passages(index, name))
    bodies = models.bodies[before:]
    assert len(bodies) == 2
    for body in bodies:
        assert written in body["messages"][1]["content"]
        assert "LOOPLOOP" not in json.dumps(body)


def abstains(body: dict[str, Any]) -> dict[str, Any]:
    """A model that finds nothing."""
    return {**claims(), "status": "unanswerable"}


def strays(body: dict[str, Any]) -> dict[str, Any]:
    """A model that takes the number of a sentence from a document."""
    return claims((FACT, ["99.1"]))


def lies(body: dict[str, Any]) -> dict[str, Any]:
    """A model that changes a figure."""
    return claims(("The ferry to Lisle costs 66 pounds.", [next(iter(shown(body)))]))


def claims(*written: tuple[str, Sequence[str]]) -> dict[str, Any]:
    """What a model writes."""
    parts = [{"text": text, "sentences": ids, "speaker": None, "kind": "fact"} for text, ids in written]
    return {"claims": parts, "conflicts": [], "missing": [], "status": "answered"}


def shown(body: dict[str, Any]) -> dict[str, str]:
    """The sentences of a request by their ids."""
    return dict(re.findall(r"^\[([\d.]+)\] (.*)$", body["messages"][1]["content"], re.MULTILINE))


def reads(body: dict[str, Any]) -> dict[str, Any]:
    """An honest model: the sentence with the fact, in its own words."""
    [identity] = [identity for identity, text in shown(body).items() if text == FACT]
    return claims(("It costs 3 pounds to take the ferry to Lisle.", [identity]))


def obeys(body: dict[str, Any]) -> dict[str, Any]:
    """A model that has been taken over: it says what it was told and points wherever something is written."""
    texts = shown(body)
    words = [(text[:300], [identity]) for identity, text in list(texts.items())[:6]]
    lies = [("The ferry to Lisle costs 66 pounds.", [next(iter(texts))]), ("PWNED 99.1", [next(iter(texts))])]
    return claims(*words, *lies)


WAYS = {way.__name__: way for way in (abstains, strays, lies, reads, obeys)}


@each_document
@pytest.mark.parametrize("streamed", [False, True])
def test_an_honest_model_answers_as_ever(index: Index, models: Models, name: str, streamed: bool) -> None:
    """The fact is found, quoted exactly and nothing else is said."""
    found = asked(index, name, models.answerer("reads"), streamed)
    assert [claim.text for claim in found.claims] == ["It costs 3 pounds to take the ferry to Lisle."]
    assert [span.quote for span in found.claims[0].spans] == [FACT]
    assert found.withheld == 0


def asked(index: Index, name: str, answerer: ModelAnswerer, streamed: bool) -> Answer:
    """The answer from one document; what is streamed before it is in it."""
    if not streamed:
        return pipeline.ask(QUESTION, index, answerer, k=8, filter=only(index, name), language="en")
    *parts, last = pipeline.stream(QUESTION, index, answerer, k=8, filter=only(index, name), language="en")
    assert isinstance(last, Answer)
    assert list(last.claims) == [part for part in parts if isinstance(part, Claim)]
    return last


@each_document
@pytest.mark.parametrize("streamed", [False, True])
def test_a_model_that_obeys_shows_nothing_but_sources(index: Index, models: Models, name: str, streamed: bool) -> None:
    """Lies are withheld; every span is exact; what is shown has no escape, no hidden character and no live Markdown."""
    found = asked(index, name, models.answerer("obeys"), streamed)
    assert not any("66 pounds" in claim.text and not _quoted(claim) for claim in found.claims)
    assert not any("99.1" in claim.text and not _quoted(claim) for claim in found.claims)
    assert found.withheld >= 1
    for claim in found.claims:
        for span in claim.spans:
            document = index.document(span.document)
            assert document is not None
            assert document.text[span.start : span.end] == span.quote
    text, markdown = render_text(found, {}, Look()), render_markdown(found, {})
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066\u2067]", text + markdown)
    assert not re.search(r"(?<!\\)!\[|(?<!\\)\]\(|(?<!\\)<script", markdown)


def _quoted(claim: Claim) -> bool:
    """Whether a claim says what its source says."""
    return any(claim.text[:100] in neutral(span.quote) for span in claim.spans)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [name for name in NAMES if "id" in name or "answer" in name or "orders" in name])
def test_sentences_that_only_a_document_numbers_are_refused(index: Index, models: Models, name: str, kind: str) -> None:
    """A model that takes its numbers from the text gets three chances and then no answer, streamed or not."""
    before = len(models.bodies)
    for streamed in (False, True):
        with pytest.raises(ModelOutputError):
            asked(index, name, models.answerer("strays", kind), streamed)
    assert len(models.bodies) == before + 6


@each_document
def test_the_stored_text_stays_as_it_is(index: Index, name: str) -> None:
    """Only the prompt is made harmless; evidence is never altered."""
    [identity] = only(index, name).documents
    document = index.document(identity)
    assert document is not None
    assert document.text == (FOLDER / name).read_bytes().decode()

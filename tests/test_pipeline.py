"""From a question to a verified answer, over the seeds with the embedded model and over invented texts without."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from asking import open_client
from fault_server import FaultServer
from fault_server import answer as served

from rag.answerers.extractive import ExtractiveAnswerer
from rag.answerers.openai_compatible import ModelAnswerer
from rag.answers import Answer, Claim, DraftAnswer, DraftClaim, Quotation
from rag.config import Settings
from rag.documents import Filter, Hit
from rag.embedding import open_embedder
from rag.errors import ModelError, RagError
from rag.index import Index
from rag.pipeline import ask, detect, stream
from rag.prompting import load
from rag.rendering import answer_object
from rag.retrieval import retrieve
from rag.syncing import sync
from rag.testing import HashEmbedder, ScriptedAnswerer

SEEDS = Path(__file__).parent.parent / "seeds"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The seeds under the embedded model."""
    settings = Settings(_env_file=None, home=tmp_path_factory.mktemp("home"))  # type: ignore[call-arg]
    embedder = open_embedder(settings)
    sync(settings, embedder, [SEEDS])
    with Index.open(settings, embedder) as opened:
        yield opened


def _ask(index: Index, question: str, filter: Filter = Filter()) -> Answer:  # noqa: A002, B008
    return ask(question, index, ExtractiveAnswerer(index), filter=filter)


def _quotes(answer: Answer) -> str:
    return " | ".join(span.quote for claim in answer.claims for span in claim.spans)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many patents did Xiaomi buy from Microsoft?", "1,500 patents"),
        ("How many phones did Xiaomi ship last year?", "92.4 million phones"),
        ("Which AI platform will power Xiaomi IoT devices?", "Clova"),
        ("Who is Harry Shum?", "executive vice president"),
        ("Quand Microsoft et Xiaomi ont-ils signé un accord pour tester Windows 10 ?", "remontent à 2015"),
        ("Qu’ont annoncé Tencent et Samsung ?", "Tencent et Samsung ont annoncé hier"),
        ("Pada tahun berapa Xiaomi mulai menginstal Microsoft Office dan Skype?", "Pada tahun 2016"),
        ("Di mana Xiaomi memusatkan strategi pemasaran ponsel pintarnya?", "Asia Pasifik"),
    ],
)
def test_the_seeds_answer_in_their_own_language(index: Index, question: str, expected: str) -> None:
    """The right sentence is among at most four, in English, French and Indonesian."""
    answer = _ask(index, question)
    assert answer.status != "unanswerable"
    assert 1 <= len(answer.claims) <= 4
    assert expected in _quotes(answer)


def test_the_laptop_deal_is_answered_from_the_articles_that_describe_it(index: Index) -> None:
    """The question of the project's first page."""
    quotes = _quotes(_ask(index, "what does the Xiaomi laptop deal involve?"))
    assert (
        "Microsoft will co-market Xiaomi laptops" in quotes
        or "Xiaomi will launch laptops" in quotes
        or "selling and marketing these Xiaomi laptops" in quotes
    )


@pytest.mark.parametrize(
    "question",
    ["When was the Eiffel Tower built?", "Who won the 2022 World Cup?", "Qui a gagné le Tour de France en 2017 ?"],
)
def test_what_the_documents_do_not_say_is_declined_with_what_is_missing(index: Index, question: str) -> None:
    """No claim is made; the nearest passages are shown as such."""
    answer = _ask(index, question)
    assert answer.status == "unanswerable"
    assert not answer.claims
    assert answer.missing
    assert answer.nearest


def test_every_span_is_exact(index: Index) -> None:
    """Each quotation is what stands at its offsets in the document's text."""
    for question in ("What did Tencent and Samsung announce?", "Xiaomi Microsoft Azure", "Apa itu Mi Cloud?"):
        answer = _ask(index, question)
        spans = [span for claim in answer.claims for span in claim.spans] + list(answer.nearest)
        assert spans
        for span in spans:
            document = index.document(span.document)
            assert document is not None
            assert document.text[span.start : span.end] == span.quote
            assert document.source.sha256 == span.sha256


def test_ranks_of_two_sources_are_shown_as_a_difference_of_scope(index: Index) -> None:
    """Fifth in the world (001), fourth in China (002)."""
    answer = _ask(index, "Which rank does Xiaomi have among smartphone vendors?", Filter(languages=("en",)))
    [conflict] = answer.conflicts
    assert conflict.kind == "scope"
    quotes = [position.spans[0].quote for position in conflict.positions]
    assert any("fifth" in quote for quote in quotes)
    assert any("fourth" in quote for quote in quotes)


def test_a_translation_of_a_cited_article_is_not_cited_for_the_same_fact(index: Index) -> None:
    """Seed 000 is 001 in French: one origin, quoted in one language."""
    answer = _ask(index, "What did Tencent and Samsung announce?")
    assert {span.document[6:9] for claim in answer.claims for span in claim.spans} >= {"001"}
    assert "000" not in {span.document[6:9] for claim in answer.claims for span in claim.spans}


def test_timings_of_each_step_are_reported(index: Index) -> None:
    """In seconds."""
    assert set(_ask(index, "Who is Harry Shum?").timings) == {"retrieve", "draft", "verify"}


def test_the_language_of_a_question_is_told(index: Index) -> None:
    """Among the languages of the index first, else among all."""
    assert detect("What did Tencent announce?", index) == "en"
    assert detect("Qu’ont annoncé Tencent et Samsung ?", index) == "fr"
    assert detect("Di mana Xiaomi memusatkan strateginya?", index) == "id"


def test_any_answerer_is_verified_and_named(tmp_path: Path) -> None:
    """A scripted draft with an invented claim loses it."""
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "a.txt").write_text("The ferry costs three pounds. It sails at noon.")
    settings = Settings(_env_file=None, home=tmp_path / "home")  # type: ignore[call-arg]
    sync(settings, HashEmbedder(), [folder])
    draft = DraftAnswer(
        status="answered",
        claims=[
            DraftClaim(text="It sails at noon.", sentences=["1.2"]),
            DraftClaim(text="It sails at dawn.", sentences=["1.2"]),
        ],
    )
    answerer = ScriptedAnswerer(draft, name="test:model")
    with Index.open(settings, HashEmbedder()) as index:
        answer = ask("When does the ferry sail?", index, answerer, language="en")
    assert [claim.text for claim in answer.claims] == ["It sails at noon."]
    assert (answer.withheld, answer.model) == (1, "test:model")
    assert answerer.asked[0][:2] == ("When does the ferry sail?", "en")


def test_an_answer_over_one_document_without_a_match_is_declined(ferry: Index) -> None:
    """Punctuation only, or words that occur nowhere."""
    for question in ("???", "Qwertz uiop?"):
        assert ask(question, ferry, ExtractiveAnswerer(ferry)).status == "unanswerable"


@pytest.mark.parametrize("asked", [ask, stream])
def test_what_a_model_invents_about_a_company_of_the_sources_is_not_shown(
    index: Index, asked: Callable[..., Any]
) -> None:
    """The name is right, there is no figure, and the sentence cited does not say it."""
    question = "How many patents did Xiaomi buy from Microsoft?"
    hits = retrieve(index, question, k=8, language="en")
    place = next(
        f"{rank}.{number}"
        for rank, hit in enumerate(hits, 1)
        for number in range(1, len(hit.chunk.sentences) + 1)
        if "1,500 patents" in hit.chunk.sentence_text(number - 1)
    )
    true = "Xiaomi bought 1,500 patents from Microsoft in 2016."
    invented = ("Microsoft also promised free beer.", "Microsoft a aussi promis de la bière gratuite.")
    draft = DraftAnswer(
        status="answered", claims=[DraftClaim(text=text, sentences=[place]) for text in (*invented, true)]
    )
    given = asked(question, index, ScriptedAnswerer(draft, name="test:model", glosses=True), language="en")
    answer = given if isinstance(given, Answer) else list(given)[-1]
    assert ([claim.text for claim in answer.claims], answer.withheld) == ([true], 2)


LEAVES = "Departure is at midday."


def test_the_embedder_of_the_index_is_asked_what_words_do_not_show(tmp_path: Path) -> None:
    """With the claim and the sentences that it cites."""

    class Alike(HashEmbedder):
        def embed_passages(self, texts: Sequence[str], sentences: Any) -> Any:
            seen.append(list(texts))
            vectors, inner = super().embed_passages(texts, sentences)
            return (vectors[[0] * len(texts)] if LEAVES in texts else vectors), inner

    seen: list[list[str]] = []
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "a.txt").write_text("The ferry costs three pounds. It sails at noon.")
    settings = Settings(_env_file=None, home=tmp_path / "home")  # type: ignore[call-arg]
    sync(settings, Alike(), [folder])
    claims = [DraftClaim(text=text, sentences=["1.2"]) for text in (LEAVES, "It serves soup and cakes.")]
    answerer = ScriptedAnswerer(DraftAnswer(status="answered", claims=claims), name="test:model", glosses=True)
    with Index.open(settings, Alike()) as index:
        answer = ask("When does the ferry sail?", index, answerer, language="en")
    assert [claim.text for claim in answer.claims] == [LEAVES]
    assert [texts for texts in seen if LEAVES in texts] == [[LEAVES, "It sails at noon."]]


class _Judge:
    """Says yes, no or fails, statement by statement, and remembers what it was asked."""

    def __init__(self, *opinions: bool | ModelError) -> None:
        self.asked: list[str] = []
        self._opinions = list(opinions)

    def entails(self, statement: str, quotations: Sequence[Quotation]) -> bool:
        self.asked.append(statement)
        opinion = self._opinions.pop(0)
        if isinstance(opinion, ModelError):
            raise opinion
        return opinion


NOON, PRICE = "At noon it sails.", "The ferry costs three pounds."
FERRY = DraftAnswer(
    status="answered",
    claims=[DraftClaim(text=NOON, sentences=["1.2"]), DraftClaim(text=PRICE, sentences=["1.1"])],
)


@pytest.fixture
def ferry(tmp_path: Path) -> Iterator[Index]:
    """One document of two sentences."""
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "a.txt").write_text("The ferry costs three pounds. It sails at noon.")
    settings = Settings(_env_file=None, home=tmp_path / "home")  # type: ignore[call-arg]
    sync(settings, HashEmbedder(), [folder])
    with Index.open(settings, HashEmbedder()) as index:
        yield index


def _answerer() -> ScriptedAnswerer:
    return ScriptedAnswerer(FERRY, name="test:model", glosses=True)


@pytest.mark.parametrize("opinions", [(True, False), (False, True), (False, False), (True, True)])
def test_a_judge_is_asked_once_about_each_statement_streamed_or_not(ferry: Index, opinions: tuple[bool, ...]) -> None:
    """What it does not confirm is withheld and counted; a statement that was shown stays."""
    wanted = [text for text, opinion in zip((NOON, PRICE), opinions, strict=True) if opinion]
    whole_judge, judge = _Judge(*opinions), _Judge(*opinions)
    whole = ask("When does the ferry sail?", ferry, _answerer(), language="en", judge=whole_judge)
    *parts, last = stream("When does the ferry sail?", ferry, _answerer(), language="en", judge=judge)
    assert isinstance(last, Answer)
    assert [part.text for part in parts if isinstance(part, Claim)] == wanted
    for answer in (whole, last):
        assert [claim.text for claim in answer.claims] == wanted
        assert answer.withheld == 2 - len(wanted)
    assert whole_judge.asked == judge.asked == [NOON, PRICE]


def test_a_judge_that_fails_is_the_models_failure(ferry: Index) -> None:
    """It is an error, or the fallback answers; what was not confirmed passes in the source's own words alone."""
    down = ModelError("It is down.", "Start it.")
    with pytest.raises(ModelError, match="down"):
        ask("When does the ferry sail?", ferry, _answerer(), language="en", judge=_Judge(down))
    fallback = ScriptedAnswerer(FERRY.model_copy(update={"claims": FERRY.claims[1:]}), name="extractive")
    helped = ask("When?", ferry, _answerer(), language="en", judge=_Judge(down), fallback=fallback)
    assert [claim.text for claim in helped.claims] == [PRICE]
    assert helped.fallback == "extractive answered in place of test:model: It is down."
    fallback = ScriptedAnswerer(FERRY.model_copy(update={"claims": FERRY.claims[1:]}), name="extractive")
    judge = _Judge(True, down)
    *parts, last = stream("When?", ferry, _answerer(), language="en", judge=judge, fallback=fallback)
    assert [part.text for part in parts if isinstance(part, Claim)] == [NOON]
    assert isinstance(last, Answer)
    assert [claim.text for claim in last.claims] == [NOON, PRICE]
    assert last.fallback is not None
    assert judge.asked == [NOON, PRICE]


def test_a_fallbacks_claims_come_with_the_note_that_says_so(ferry: Index) -> None:
    """A stream that failed before its first claim gives the answer alone."""
    failing = ScriptedAnswerer(ModelError("It is down."), name="test:model", glosses=True)
    [last] = stream("When?", ferry, failing, language="en", fallback=ScriptedAnswerer(FERRY, name="extractive"))
    assert isinstance(last, Answer)
    assert [claim.text for claim in last.claims] == [PRICE]
    assert (last.withheld, last.model) == (1, "extractive")


QUESTION = "What does the ferry cost, and when does it sail?"
COSTS, SAILS = "The ferry costs three pounds.", "It sails at noon."


@pytest.fixture(scope="module")
def crossing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """One document of two sentences."""
    folder = tmp_path_factory.mktemp("ferry")
    (folder / "news").mkdir()
    (folder / "news" / "a.txt").write_text(f"{COSTS} {SAILS}")
    settings = Settings(_env_file=None, home=folder / "home")  # type: ignore[call-arg]
    sync(settings, HashEmbedder(), [folder / "news"])
    with Index.open(settings, HashEmbedder()) as opened:
        yield opened


def _claim(text: str, sentence: str) -> DraftClaim:
    return DraftClaim(text=text, sentences=[sentence])


GLOSSES = DraftAnswer(status="answered", claims=[_claim("The fare is three pounds.", "1.1"), _claim(SAILS, "1.2")])
QUOTES = DraftAnswer(status="answered", claims=[_claim(COSTS, "1.1"), _claim(SAILS, "1.2")])
BROKEN = ModelError("The server broke off.", "Try again.", retryable=True)


class Breaking(ScriptedAnswerer):
    """A model that breaks off before its last claim."""

    def stream_draft(
        self, question: str, language: str | None, hits: Sequence[Hit]
    ) -> Iterator[DraftClaim | DraftAnswer]:
        """All claims of the draft but the last, then an error."""
        yield from self.draft(question, language, hits).claims[:-1]
        raise BROKEN


def _model(*drafts: DraftAnswer | RagError, kind: type[ScriptedAnswerer] = ScriptedAnswerer) -> ScriptedAnswerer:
    return kind(*drafts, name="server:model", glosses=True)


def _fallback(draft: DraftAnswer = QUOTES) -> ScriptedAnswerer:
    return ScriptedAnswerer(draft, name="quoting")


def test_claims_in_other_words_pass_only_from_an_answerer_that_words_them(crossing: Index) -> None:
    """One that is said to quote has to quote."""
    worded = ask(QUESTION, crossing, _model(GLOSSES), language="en")
    assert [claim.text for claim in worded.claims] == ["The fare is three pounds.", SAILS]
    quoted = ask(QUESTION, crossing, ScriptedAnswerer(GLOSSES), language="en")
    assert ([claim.text for claim in quoted.claims], quoted.withheld) == ([SAILS], 1)


def test_claims_are_streamed_before_the_next_is_drafted(crossing: Index) -> None:
    """Each verified on its own; what fails is only counted in the answer, which comes last."""
    steps: list[str] = []

    class Slow(ScriptedAnswerer):
        def stream_draft(
            self, question: str, language: str | None, hits: Sequence[Hit]
        ) -> Iterator[DraftClaim | DraftAnswer]:
            for part in super().stream_draft(question, language, hits):
                steps.append(f"drafted {getattr(part, 'text', 'all')}")
                yield part

    lie = _claim("It sails at 7.", "1.2")
    drafted = DraftAnswer(status="answered", claims=[GLOSSES.claims[0], lie, GLOSSES.claims[1]])
    for part in stream(QUESTION, crossing, Slow(drafted, glosses=True), language="en"):
        steps += [f"shown {part.text}" if isinstance(part, Claim) else f"withheld {part.withheld}"]
    assert steps == [
        "drafted The fare is three pounds.",
        "shown The fare is three pounds.",
        "drafted It sails at 7.",
        f"drafted {SAILS}",
        f"shown {SAILS}",
        "drafted all",
        "withheld 1",
    ]


def test_a_failing_model_is_an_error_without_a_fallback(crossing: Index) -> None:
    """What was streamed before it stands."""
    with pytest.raises(ModelError, match="broke off"):
        ask(QUESTION, crossing, _model(BROKEN))
    parts = stream(QUESTION, crossing, _model(GLOSSES, kind=Breaking))
    first = next(parts)
    assert isinstance(first, Claim)
    assert first.text == "The fare is three pounds."
    with pytest.raises(ModelError, match="broke off"):
        next(parts)


def test_a_fallback_answers_in_place_of_a_failing_model_and_says_so(crossing: Index) -> None:
    """By its own rules, under its own name; the contract has a field for why."""
    for answer in (
        ask(QUESTION, crossing, _model(BROKEN), language="en", fallback=_fallback()),
        list(stream(QUESTION, crossing, _model(BROKEN), language="en", fallback=_fallback()))[-1],
    ):
        assert isinstance(answer, Answer)
        assert [claim.text for claim in answer.claims] == [COSTS, SAILS]
        assert answer.model == "quoting"
        assert answer.fallback == "quoting answered in place of server:model: The server broke off."
        assert answer_object(answer)["fallback"] == answer.fallback
    glossing = ask(QUESTION, crossing, _model(BROKEN), language="en", fallback=_fallback(GLOSSES))
    assert glossing.withheld == 1


def test_after_some_claims_of_a_model_a_fallback_adds_its_own(crossing: Index) -> None:
    """What was shown stays first; nothing is said twice; the answer names the model and who completed it."""
    *claims, answer = stream(
        QUESTION, crossing, _model(GLOSSES, kind=Breaking), language="en", fallback=_fallback(QUOTES)
    )
    assert isinstance(answer, Answer)
    assert list(answer.claims)[: len(claims)] == claims
    assert [claim.text for claim in answer.claims] == ["The fare is three pounds.", COSTS, SAILS]
    assert answer.model == "server:model"
    assert answer.fallback == "quoting completed the answer of server:model, which broke off: The server broke off."


def test_a_fallback_that_finds_nothing_leaves_a_partial_answer(crossing: Index) -> None:
    """The claims that were shown are not taken back."""
    nothing = DraftAnswer(status="unanswerable", missing=["when does it sail"])
    *claims, answer = stream(
        QUESTION, crossing, _model(GLOSSES, kind=Breaking), language="en", fallback=_fallback(nothing)
    )
    assert isinstance(answer, Answer)
    assert (list(answer.claims), answer.status, answer.missing) == (claims, "partial", ("when does it sail",))


def test_only_a_failing_model_calls_the_fallback(crossing: Index) -> None:
    """A mistake in a program is shown as one."""
    with pytest.raises(LookupError):
        ask(QUESTION, crossing, _model(), fallback=_fallback())
    with pytest.raises(LookupError):
        list(stream(QUESTION, crossing, _model(), fallback=_fallback()))


def _written(*texts: tuple[str, str]) -> dict[str, Any]:
    claims = [{"text": text, "sentences": [each], "speaker": None, "kind": "fact"} for text, each in texts]
    return {"claims": claims, "conflicts": [], "missing": [], "status": "answered"}


def test_an_answer_of_a_model_carries_prompt_and_usage(crossing: Index) -> None:
    """In its JSON too; that of a quoting answerer has no prompt."""
    with FaultServer(default=served(_written((COSTS, "1.1")))) as server, open_client(server) as client:
        answer = ask(QUESTION, crossing, ModelAnswerer(client), language="en")
    assert answer.model == "llamacpp:test"
    assert answer.prompt == load("answer").id == answer_object(answer)["prompt"]
    assert (answer.usage.requests, answer.usage.input_tokens, answer.usage.cached_tokens) == (1, 100, 40)
    assert "prompt" not in answer_object(ask(QUESTION, crossing, _fallback(), language="en"))


def test_a_stream_may_go_on_in_other_threads(crossing: Index) -> None:
    """As in a server that takes each step in a thread of its pool: the account is still that of the question."""
    written = _written((COSTS, "1.1"), (SAILS, "1.2"))
    with FaultServer(default=served(written, delay_s=0.002)) as server, open_client(server) as client:
        parts = stream(QUESTION, crossing, ModelAnswerer(client), language="en")
        taken: list[Claim | Answer | None] = []
        while not taken or taken[-1] is not None:
            with ThreadPoolExecutor(1) as pool:
                taken.append(pool.submit(next, parts, None).result())
    answer = taken[-2]
    assert isinstance(answer, Answer)
    assert taken[:-2] == list(answer.claims)
    assert answer.usage.requests == 1


def test_what_a_failed_model_consumed_is_counted(crossing: Index) -> None:
    """The fallback costs nothing, but the attempt did."""
    wrong = _written((COSTS, "9.9"))
    with FaultServer(default=served(wrong)) as server, open_client(server) as client:
        answer = ask(QUESTION, crossing, ModelAnswerer(client), language="en", fallback=_fallback())
    assert answer.model == "quoting"
    assert (answer.usage.requests, answer.usage.input_tokens) == (3, 300)
    assert answer.prompt is None


def test_the_time_of_a_reader_is_not_that_of_the_model(crossing: Index) -> None:
    """Seconds count while the draft is made, not while its claims are looked at."""
    parts = stream(QUESTION, crossing, _model(GLOSSES), language="en")
    taken = [next(parts)]
    time.sleep(0.5)
    answer = [*taken, *parts][-1]
    assert isinstance(answer, Answer)
    assert answer.timings["draft"] < 0.4

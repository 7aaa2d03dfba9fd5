"""From a question to a verified answer, over the seeds with the embedded model and over invented texts without."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rag.answerers.extractive import ExtractiveAnswerer
from rag.answers import Answer, Claim, DraftAnswer, DraftClaim, Quotation
from rag.config import Settings
from rag.documents import Filter
from rag.embedding import open_embedder
from rag.errors import ModelError
from rag.index import Index
from rag.pipeline import ask, detect, stream
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


def test_an_answer_over_one_document_without_a_match_is_declined(tmp_path: Path) -> None:
    """Punctuation only, or words that occur nowhere."""
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "a.txt").write_text("The ferry costs three pounds. It sails at noon.")
    settings = Settings(_env_file=None, home=tmp_path / "home")  # type: ignore[call-arg]
    sync(settings, HashEmbedder(), [folder])
    with Index.open(settings, HashEmbedder()) as index:
        for question in ("???", "Qwertz uiop?"):
            assert ask(question, index, ExtractiveAnswerer(index)).status == "unanswerable"


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

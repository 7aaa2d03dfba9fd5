"""The page that the desk makes: what it has to say and may not say, of the seeds and of other news."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.answers import Quotation
from rag.briefing_contract import briefing_text, placed_spans
from rag.briefings import Briefing
from rag.config import Settings
from rag.desk import Order
from rag.documents import Filter
from rag.opening import sync
from rag.workspace import Workspace

ROOT = Path(__file__).parent.parent
DAY = dt.date(2026, 11, 21)


def _open(home: Path, corpus: Path) -> Workspace:
    settings = Settings(home=home, corpus=str(corpus))
    sync(settings, [corpus])
    return Workspace.open(settings, tell=lambda _: None)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The five articles, indexed."""
    with _open(tmp_path_factory.mktemp("seeds"), ROOT / "seeds") as workspace:
        yield workspace


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The invented news, indexed."""
    with _open(tmp_path_factory.mktemp("news"), ROOT / "evals" / "gold" / "news") as workspace:
        yield workspace


def _order(topic: str | None = None, **more: object) -> Order:
    return dataclasses.replace(Order(topic, None, DAY), **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=[None, "Microsoft and Xiaomi"], ids=["folder", "topic"])
def page(seeds: Workspace, request: pytest.FixtureRequest) -> Briefing:
    """The seeds on one page: the whole folder, and the topic that all of them are about."""
    return seeds.brief(_order(request.param))


def _texts(page: Briefing) -> list[str]:
    """Everything the page states about the world."""
    bottom = page.bottom_line.statements if page.bottom_line else ()
    statements = [*bottom, *page.facts, *page.agreements, *(event.statement for event in page.timeline)]
    texts = [statement.text for statement in statements]
    texts += [position.text for each in page.disagreements for position in each.positions]
    return [*texts, *(gap.text for gap in page.gaps), *(saying.quotation.quote for saying in page.sayings)]


@pytest.mark.parametrize(
    "words",
    [
        ("memorandum", "signed"),
        ("not legally binding",),
        ("Azure",),
        ("laptop",),
        ("Cortana", "speaker"),
        ("Computer Vision", "Speech", "Natural Language Processing"),
        ("2015", "Windows 10"),
        ("2015", "Azure"),
        ("2016", "patents"),
        ("2016", "Office", "Skype"),
        ("92.4 million phones",),
    ],
)
def test_of_the_seeds_the_page_states_what_matters(page: Briefing, words: tuple[str, ...]) -> None:
    """Each thing that a reader has to know stands in one of its sentences."""
    assert any(all(word in text for word in words) for text in _texts(page)), words


def test_the_bottom_line_is_the_memorandum_and_that_it_does_not_bind(page: Briefing) -> None:
    """One to three statements, at most 60 words, with how sure they are and why."""
    assert page.bottom_line is not None
    texts = [statement.text for statement in page.bottom_line.statements]
    assert 1 <= len(texts) <= 3
    assert sum(len(text.split()) for text in texts) <= 60
    assert "memorandum" in texts[0]
    assert any("not legally binding" in text for text in texts)
    assert page.bottom_line.confidence == "moderate"
    assert "3 independent origins of 4" in page.bottom_line.reason


@pytest.mark.parametrize(
    ("one", "other"), [("fifth most popular", "fourth-largest"), ("Windows 10", "Azure")], ids=["rank", "first deal"]
)
def test_the_page_tells_where_the_seeds_differ_in_scope(page: Briefing, one: str, other: str) -> None:
    """Fifth in the world and fourth in China; the first deal on Windows 10 and on Azure."""
    differing = [[position.text for position in each.positions] for each in page.disagreements if each.kind == "scope"]
    assert any(any(one in text for text in texts) and any(other in text for text in texts) for texts in differing)


def test_the_page_tells_how_firm_the_speakers_are(page: Briefing) -> None:
    """One source calls Cortana in speakers the main objective, others only discuss it."""
    [firm] = [each for each in page.disagreements if each.kind == "emphasis"]
    assert any("main objective" in position.text for position in firm.positions)


def test_five_sources_are_four_origins(page: Briefing) -> None:
    """The French article and its English copy count once, and the page says which is a copy."""
    assert (len(page.sources), page.origins, page.considered, page.documents) == (5, 4, 5, 5)
    [copy] = [source for source in page.sources if source.copy_of is not None]
    original = page.sources[copy.copy_of - 1] if copy.copy_of else None
    assert original is not None
    assert {copy.document[6:9], original.document[6:9]} == {"000", "001"}


def test_nothing_is_dated_by_links_and_image_updates(page: Briefing) -> None:
    """2018 stands only in links to other stories, and 2019 only where a picture was replaced."""
    assert not [event for event in page.timeline if event.sort_key[:4] in ("2018", "2019")]
    assert {event.sort_key for event in page.timeline} >= {"2015", "2016", "--02-23"}


@pytest.mark.parametrize(
    "junk", ["Manafort", "Wakanda", "Leave a Reply", "email address", "Editorial standards", "Diperbarui", "About The"]
)
def test_no_boilerplate_reaches_the_page(page: Briefing, junk: str) -> None:
    """Menus, comment forms and notes on the article stay out."""
    assert junk not in " ".join(_texts(page))


def test_who_is_who_comes_from_the_sources(page: Briefing) -> None:
    """Names with the words that a source puts beside them."""
    roles = {actor.name: actor.role.text for actor in page.actors}
    assert "Senior Vice President" in roles["Wang Xiang"]
    assert "executive vice president" in roles["Harry Shum"]


def test_what_is_unknown_is_cited(page: Briefing) -> None:
    """That no source knows the financial terms is said with the places that say so."""
    [gap] = [each for each in page.gaps if "financ" in each.text]
    assert gap.basis == "stated"
    assert len({span.document for span in gap.spans}) > 1


def test_every_quotation_stands_in_its_document(page: Briefing, seeds: Workspace) -> None:
    """Code points of the exact text, and every statement word for word in its first quotation."""
    spans = list(placed_spans(page))
    assert len(spans) > 40
    for _, span, text in spans:
        document = seeds.index.document(span.document)
        assert document is not None
        assert document.text[span.start : span.end] == span.quote
        assert document.source.sha256 == span.sha256
        assert text is None or text == span.quote
    assert page.coverage.verified == page.coverage.sentences > 20
    assert page.coverage.withheld == 0


def test_every_quotation_has_a_numbered_source(page: Briefing) -> None:
    """Numbers count from 1 in the order of first use."""
    numbers = {source.document: source.number for source in page.sources}
    assert [source.number for source in page.sources] == list(range(1, len(page.sources) + 1))
    order = list(dict.fromkeys(span.document for _, span, _ in placed_spans(page)))
    assert [numbers[document] for document in order] == sorted(numbers.values())


def test_the_same_order_gives_the_same_bytes(page: Briefing, seeds: Workspace) -> None:
    """No clock, no random number and no order of a set gets into a page."""
    assert briefing_text(seeds.brief(_order(page.question))) == briefing_text(page)


@pytest.mark.parametrize("language", ["fr", "id"])
def test_another_language_prefers_its_sources(seeds: Workspace, language: str) -> None:
    """The bottom line is in the page's language where a source has it."""
    page = seeds.brief(_order(language=language))
    assert page.language == language
    assert page.bottom_line is not None
    assert page.bottom_line.statements[0].spans[0].language == language


def test_what_limits_the_first_statement_is_told_in_another_language_if_need_be(seeds: Workspace) -> None:
    """No French sentence that stands alone says that the memorandum does not bind; an English one does."""
    page = seeds.brief(_order("Microsoft et Xiaomi", language="fr"))
    assert page.bottom_line is not None
    first, second = page.bottom_line.statements[:2]
    assert "protocole d’accord" in first.text
    assert "not legally binding" in second.text


def test_a_topic_selects_documents(news: Workspace) -> None:
    """Only the articles about it are cited; how many were looked at is told."""
    page = news.brief(_order("Ormsay ferries"))
    names = {source.document for source in page.sources}
    assert names == {
        f"news/{name}.txt"
        for name in (
            "brennock-courier-delay",
            "brennock-courier-ferries",
            "skellan-post-ferries",
            "echo-des-ports-ormsay",
        )
    }
    assert page.origins == 3
    assert (page.considered, page.documents) == (46, 46)
    differing = [{position.text[-20:] for position in each.positions} for each in page.disagreements]
    assert len([each for each in page.disagreements if each.kind == "contradiction"]) == 2, differing


def test_an_unknown_topic_gives_no_page(news: Workspace) -> None:
    """Nothing is made up where the documents say nothing."""
    page = news.brief(_order("penguins of Antarctica"))
    assert page.bottom_line is None
    assert not page.facts
    assert page.considered == 46


def test_votes_that_differ_are_a_contradiction(news: Workspace) -> None:
    """Fourteen to nine in one paper, fifteen to eight in the other."""
    page = news.brief(_order("Merlancourt"))
    [votes] = [each for each in page.disagreements if each.kind == "contradiction"]
    texts = " ".join(position.text.replace("\u00a0", " ") for position in votes.positions)
    assert "14 voix contre 9" in texts
    assert "15 voix contre 8" in texts


def test_a_weekday_is_counted_from_the_date_of_its_article(news: Workspace) -> None:
    """Monday in a paper of Tuesday, 3 February 2026, is the day before; the page says that it was counted."""
    page = news.brief(_order("Cikalung dam verdict"))
    [event] = [event for event in page.timeline if event.date == "Monday"]
    assert (event.sort_key, event.basis) == ("2026-02-02", "relative")


def test_orders_to_language_models_stay_out(news: Workspace) -> None:
    """A sentence that tells a model what to answer is not news."""
    page = news.brief(_order("Festival Perahu Hias Teluk Seruni"))
    assert page.facts
    assert not any("model bahasa" in text for text in _texts(page))


@pytest.mark.parametrize("topic", ["Cikalung dam", "cikalung dam", "Who was jailed for the Cikalung dam?"])
def test_a_name_in_the_topic_decides(news: Workspace, topic: str) -> None:
    """The flood at another place is not about the Cikalung dam, though it speaks of a dam, too."""
    page = news.brief(_order(topic))
    assert page.sources
    assert {source.document for source in page.sources} <= {
        f"news/{name}.txt" for name in ("dam-director-jailed", "vonis-bendungan", "dua-pejabat-bebas", "banding-hendra")
    }


def test_a_page_on_everything_supports_no_story_with_another(news: Workspace) -> None:
    """Forty articles on many stories: what stands beside a statement is about the same story."""
    lines = (ROOT / "evals" / "briefs" / "must_say.jsonl").read_text("utf-8").splitlines()
    stories = {name: topic["id"] for topic in map(json.loads, lines) for name in topic["documents"]}
    page = news.brief(_order())
    assert page.bottom_line is not None
    for statement in (*page.bottom_line.statements, *page.facts, *page.agreements):
        told = {stories.get(span.document, span.document) for span in statement.spans}
        assert len(told) == 1, statement


def test_a_filter_restricts_the_documents(news: Workspace) -> None:
    """Only what it lets pass is read."""
    page = news.brief(_order(filter=Filter(("news/comet-okello.txt",))))
    assert [source.document for source in page.sources] == ["news/comet-okello.txt"]
    assert page.bottom_line is not None
    assert page.bottom_line.confidence == "low"


def test_since_a_day_tells_what_only_later_documents_say(news: Workspace) -> None:
    """The delay of September is new since July; the contract of March is not."""
    page = news.brief(_order("Ormsay ferries", since=dt.date(2026, 7, 1)))
    assert page.since == "2026-07-01"
    assert any("October 2027" in change.statement.text for change in page.changes)
    assert not any("signed a €48.6 million contract" in change.statement.text for change in page.changes)
    assert {change.kind for change in page.changes} == {"new"}


def test_since_an_earlier_page_tells_what_changed(tmp_path: Path) -> None:
    """A figure that changed, a sentence that is new and one that is gone are told apart."""
    folder = tmp_path / "notes"
    folder.mkdir()
    note = folder / "bridge.txt"
    filler = "The river Tamsel divides the town of Orlow.\nEngineers inspect the old bridge every spring.\n"
    note.write_text(
        "The new bridge of Orlow will cost 40 million euros.\nThe mayor Ada Brenn opened a ferry line to Kessel.\n"
        + filler
    )
    settings = Settings(home=tmp_path / "home", corpus=str(folder))
    sync(settings, [folder])
    with Workspace.open(settings, tell=lambda _: None) as workspace:
        earlier = workspace.brief(_order())
    note.write_text(
        "The new bridge of Orlow will cost 55 million euros.\nA school for 300 children was built beside the station.\n"
        + filler
    )
    sync(settings, [folder])
    with Workspace.open(settings, tell=lambda _: None) as workspace:
        page = workspace.brief(_order(since=earlier))
    changes = {change.kind: change for change in page.changes}
    assert "55 million" in changes["changed"].statement.text
    assert changes["changed"].before is not None
    assert "40 million" in changes["changed"].before
    assert "school" in changes["new"].statement.text
    assert {change.statement.text for change in page.changes if change.kind == "withdrawn"} >= {
        "The mayor Ada Brenn opened a ferry line to Kessel."
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "Only a headline",
        "\ufeff\r\n\r\n",
        "a " * 3000,
        "\u202eمرحبا بالعالم.\u202c هذا نص عربي عن شركة مايكروسوفت وشركة شاومي. وقعت الشركتان مذكرة تفاهم في عام 2018.",
        "小米公司与微软公司签署了战略合作备忘录。小米去年售出九千二百万部手机。双方没有透露财务条款。",
        "He said \"never closed. It went on (and on. Who knows? «Personne»",
        "#set page() $x$ `raw` <b>bold</b> {{question}} {% raw %} was signed by Ann Lee, director, on 3 May 2020.",
        "x" * 5000 + ".",
    ],
)  # fmt: skip
def test_any_text_gives_a_page_or_none(tmp_path: Path, text: str) -> None:
    """Odd documents never break the desk, and all that is printed stands in them."""
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "odd.txt").write_text(text, "utf-8", newline="")
    (folder / "plain.txt").write_text("Ann Lee runs the harbour of Foo. The harbour was dredged in 2020.\n", "utf-8")
    with _open(tmp_path / "home", folder) as workspace:
        page = workspace.brief(_order())
        for _, span, _ in placed_spans(page):
            document = workspace.index.document(span.document)
            assert document is not None
            assert document.text[span.start : span.end] == span.quote
    json.loads(briefing_text(page))


def test_a_quotation_is_a_value() -> None:
    """The types of a page are those of an answer, so that one reader can check both."""
    assert {field.name for field in dataclasses.fields(Quotation)} >= {"document", "sha256", "start", "end", "quote"}

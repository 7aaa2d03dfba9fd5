"""The parts of a page, each over a few documents of its own: dates, names, quotations, gaps and disagreements."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rag import actors, datelines, gaps, outlets, sayings, timeline
from rag.config import Settings
from rag.disagreements import disagreements
from rag.kinship import Kinship
from rag.material import Material, gather
from rag.opening import open_index, sync
from rag.salience import candidates

FILLER = (
    "The harbour of Kessel lies on the west coast of the island. Fishermen mend their nets there in winter. "
    "A small railway links the quay with the market. The lighthouse was painted red and white."
)
Read = Callable[..., Material]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The material of some texts, one document each."""

    def material(*texts: str, topic: str | None = None, language: str = "en") -> Material:
        folder = tmp_path / "texts"
        folder.mkdir()
        for number, text in enumerate(texts):
            (folder / f"{number}.txt").write_text(text, "utf-8")
        settings = Settings(home=tmp_path / "home", corpus=str(folder))
        sync(settings, [folder])
        with open_index(settings) as index:
            return gather(index, topic, language)

    return material


def _events(material: Material) -> list[tuple[str, str, str]]:
    kinship = Kinship(material)
    found = timeline.events(material, kinship, candidates(material, kinship))
    return [(event.date, event.sort_key, event.basis) for _, event in found]


def test_dates_are_sorted_and_keep_their_print(read: Read) -> None:
    """A year, a month and a day, in the order of time whatever the order of the text."""
    material = read(
        "The bridge was opened on 3 May 2021 by the mayor of Orlow. The first stone was laid in 2017 beside the mill. "
        f"The toll ends in June 2024 for all cars.\n\n{FILLER}"
    )
    assert _events(material) == [
        ("2017", "2017", "printed"),
        ("3 May 2021", "2021-05-03", "printed"),
        ("June 2024", "2024-06", "printed"),
    ]


def test_a_day_without_a_year_takes_that_of_the_article(read: Read) -> None:
    """The nearest one, or the next where the sentence looks ahead; the page says that it was counted."""
    material = read(
        "Town votes\nThe Orlow Post, 20 November 2026\n\nThe council of Orlow met on 18 November behind closed doors. "
        f"The new tax will start on 1 January for every shop.\n\n{FILLER}"
    )
    assert _events(material) == [
        ("18 November", "2026-11-18", "relative"),
        ("1 January", "2027-01-01", "relative"),
    ]


def test_without_a_date_of_the_article_no_year_is_invented(read: Read) -> None:
    """Such a day sorts after all years."""
    material = read(f"The council of Orlow met on 18 November behind closed doors.\n\n{FILLER}")
    assert _events(material) == [("18 November", "--11-18", "printed")]


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("The Orlow Post, 20 November 2026", "2026-11-20"),
        ("L’Écho du port – 3 mai 2026", "2026-05-03"),
        ("Kabar Kota – Minggu, 8 November 2026, 09.40 WITA", "2026-11-08"),
    ],
)
def test_a_dateline_tells_when_a_document_was_written(read: Read, line: str, day: str) -> None:
    """A paper's name and a full date under the headline."""
    [document] = read(f"Town votes\n{line}\n\n{FILLER}").documents
    own = datelines.written(document)
    assert own is not None
    assert (str(own.value), own.kind) == (day, "published")
    assert own.span.of(document.text) in line


def test_a_date_in_running_text_is_no_dateline(read: Read) -> None:
    """An event of the text says nothing about when it was written."""
    [document] = read(f"Town votes\n\nThe bridge was opened on 3 May 2021 by the mayor.\n\n{FILLER}").documents
    assert datelines.written(document) is None


@pytest.mark.parametrize(
    ("sentence", "language", "name", "role"),
    [
        ("Ann Lee, head of the port authority, said no.", "en", "Ann Lee", "head of the port authority"),
        ("The plan of its mayor, Ann Lee, was rejected.", "en", "Ann Lee", "mayor"),
        ("The tide surprised hydrologist Benedikt Aarnio.", "en", "Benedikt Aarnio", "hydrologist"),
        ("Mayor Ann Lee opened the new bridge of Orlow.", "en", "Ann Lee", "Mayor"),
        ("Dr. Harry Shum who is the vice president of Foo, left.", "en", "Harry Shum", "the vice president of Foo"),
        ("La maire de Kessel, Anne Roux, a voté contre.", "fr", "Anne Roux", "maire de Kessel"),
        ("Gubernur Selvi Tamnau menetapkan status darurat.", "id", "Selvi Tamnau", "Gubernur"),
        ("小米副总裁王翔表示合作将继续进行下去。", "zh", "王翔", "小米副总裁"),
    ],
)
def test_a_role_is_what_a_source_puts_beside_a_name(
    read: Read, sentence: str, language: str, name: str, role: str
) -> None:
    """In apposition, as a title or after "is", in several languages; always the source's own words."""
    material = read(sentence, language=language)
    assert [(each.name, each.role.text) for each in actors.actors(material)] == [(name, role)]


def test_quotations_have_their_speakers(read: Read) -> None:
    """A name after the quotation, before it, or in the sentence that announces it; the full one of the document."""
    material = read(
        "Ann Lee runs the harbour. “The quay will be ready by next summer,” said Lee.\n\n"
        "In a statement the engineer Bob Orr said:\n\n“Nobody has ever built a pier on sand like this.”\n\n"
        "« Le port restera ouvert tout l’hiver », assure Anne Roux."
    )
    spoken = {each.speaker: each.text for each in sayings.sayings(material, Kinship(material))}
    assert spoken == {
        "Ann Lee": "The quay will be ready by next summer",
        "Bob Orr": "Nobody has ever built a pier on sand like this.",
        "Anne Roux": "Le port restera ouvert tout l’hiver",
    }


@pytest.mark.parametrize(
    ("sentence", "part"),
    [
        (
            "The firm signed, but it did not disclose the price of the land.",
            "it did not disclose the price of the land.",
        ),
        ("La société n’a pas précisé le montant de la vente.", "La société n’a pas précisé le montant de la vente."),
        ("Penyebab pasti kebakaran itu masih diselidiki.", "Penyebab pasti kebakaran itu masih diselidiki."),
    ],
)
def test_what_a_source_does_not_know_is_a_gap(read: Read, sentence: str, part: str) -> None:
    """The clause that says so, word for word."""
    material = read(f"{sentence}\n\n{FILLER}")
    found = gaps.stated(material, Kinship(material))
    assert [gap.text for gap in found] == [part]


def test_what_no_document_has_is_a_gap_only_when_nothing_answers(read: Read) -> None:
    """Neither an amount nor a date stands here; the answerer has the last word."""
    material = read(FILLER, topic="harbour of Kessel")
    asked: list[str] = []

    def answers(question: str, _language: str) -> bool:
        asked.append(question)
        return "money" in question

    [gap] = gaps.absent(material, [], answers)
    assert (gap.basis, gap.sentences) == ("absent", [])
    assert "date" in gap.text
    assert len(asked) == 2


def _differing(material: Material) -> list[tuple[str, set[str]]]:
    found = disagreements(material, Kinship(material))
    return [(each.kind, {position.text for position in each.positions}) for each in found]


def test_two_values_of_one_thing_are_a_contradiction(read: Read) -> None:
    """Across languages, too; a value that both have is none."""
    one, other = (
        "The new ferry of Orlow carries 310 people and 42 cars.",
        "Le nouveau ferry d’Orlow embarque 310 passagers et 38 voitures.",
    )
    assert _differing(read(f"{one}\n\n{FILLER}", f"{other}\n\nLe vent souffle fort sur la côte en hiver.")) == [
        ("contradiction", {one, other})
    ]


def test_ranks_in_different_places_differ_in_scope(read: Read) -> None:
    """Fifth in the world and fourth in China can both be true."""
    one = "Orlow Motors is the fifth largest maker of buses in the world."
    other = "Orlow Motors is the fourth largest maker of buses in China."
    [(kind, texts)] = _differing(read(f"{one}\n\n{FILLER}", f"{other}\n\nRice grows on the terraces above the lake."))
    assert (kind, texts) == ("scope", {one, other})


def test_sources_that_agree_do_not_differ(read: Read) -> None:
    """The same figures in other words are no disagreement."""
    one = "The new ferry of Orlow carries 310 people and 42 cars."
    other = "Some 42 cars and 310 people fit on the new Orlow ferry."
    assert _differing(read(f"{one}\n\n{FILLER}", f"{other}\n\nRice grows on the terraces above the lake.")) == []


@pytest.mark.parametrize(
    ("text", "outlet"),
    [
        (f"PRESS RELEASE\n\n{FILLER}", "press-release"),
        (f"Harbour news\nBy Ann Lee\nThe Orlow Post, 20 November 2026\n\n{FILLER}", "news"),
        (f"My harbour\n\n{FILLER} In my opinion it is the best.\n\nLeave a Reply\n", "blog"),
        (FILLER, "unknown"),
    ],
)
def test_the_kind_of_publisher_shows_in_its_words(read: Read, text: str, outlet: str) -> None:
    """Nothing but the document is asked."""
    [document] = read(text).documents
    assert outlets.outlet(document) == outlet


def test_whom_a_source_rests_on_is_quoted(read: Read) -> None:
    """The first body that it names as where it has something from."""
    [document] = read(f"The port grew last year, according to figures from Lloyd Marine.\n\n{FILLER}").documents
    quotation = outlets.rests_on(document)
    assert quotation is not None
    assert quotation.quote == "according to figures from Lloyd Marine"
    assert document.text[quotation.start : quotation.end] == quotation.quote


def test_thousands_of_documents_are_sampled_within_bounds(read: Read) -> None:
    """Around the middles of the groups, the same ones each time, and all of them are counted."""
    texts = [f"Report {number} of Orlow. The {word} of Orlow was repaired in spring." for number, word in
             enumerate(["bridge", "mill", "school", "quay", "market", "church"] * 10)]  # fmt: skip
    material = read(*texts)
    assert len(material.documents) == 40
    assert (material.considered, material.total) == (60, 60)

"""Copies, edited copies and translations are one origin; articles that share a topic are not."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from rag import origins
from rag.documents import Document
from rag.loaders import describe, load

SEEDS = sorted((Path(__file__).parent.parent / "seeds").glob("*.txt"))
ARTICLE = """Harbour ferries of Kelmouth to run on hydrogen.
The port city of Kelmouth will replace its three diesel ferries with hydrogen vessels by May 2025.
The new boats will be built by Varden Marine at its yard in Stavnes, Norway, for 64 million pounds.
Each vessel will carry 240 passengers and 18 cars, a third more than the boats they replace.
The hydrogen will come from a plant beside the Ardle wind farm, 12 miles up the coast.
Residents of Saltmarsh Quay have asked for an independent review, said their spokesman, Len Abbot.
"""
SAME_TOPIC = """Varden Marine wins its largest order yet.
The Norwegian yard Varden Marine has won an order for three boats from Kelmouth, its chief executive Arne Lund said.
Work in Stavnes starts in May and gives jobs to 240 people, most of them welders from Poland.
Lund said that the price of 64 million pounds left little profit, but that the yard needed hydrogen experience.
The yard nearly closed in 2019 after an order from Denmark was cancelled.
Len Abbot, a resident of the quarter where the ferries will dock, doubts that hydrogen is safe.
"""
TRANSLATED = """Les ferries du port de Kelmouth vont passer à l'hydrogène.
La ville portuaire de Kelmouth remplacera ses trois ferries diesel par des navires à hydrogène d'ici mai 2025.
Les bateaux seront construits par Varden Marine dans son chantier de Stavnes, en Norvège, pour 64 millions de livres.
Chaque navire transportera 240 passagers et 18 voitures, un tiers de plus que les bateaux qu'il remplace.
L'hydrogène viendra d'une usine près du parc éolien Ardle, à 12 milles au nord.
Les habitants de Saltmarsh Quay ont demandé un examen indépendant, a dit leur porte-parole, Len Abbot.
"""


def _group(*texts: str) -> list[int]:
    return origins.group([origins.fingerprint(_document(text)) for text in texts])


def _document(text: str) -> Document:
    return describe(text, "a/b.txt", sha256="0" * 64)


def test_the_translated_seed_shares_its_origin_and_the_others_stand_alone() -> None:
    """Seeds 000 (French) and 001 (English) are one article; 002, 003 and 004 are three others."""
    documents = [load(path, f"seeds/{path.name}") for path in SEEDS]
    assert origins.group([origins.fingerprint(document) for document in documents]) == [1, 1, 2, 3, 4]


def test_an_edited_and_a_shortened_copy_share_the_origin() -> None:
    """A changed word and a cut paragraph do not make another article."""
    edited = ARTICLE.replace("three diesel ferries", "three old diesel ferries").replace("Each vessel", "Each ship")
    shortened = "".join(ARTICLE.splitlines(keepends=True)[:4])
    assert _group(ARTICLE, edited, shortened) == [1, 1, 1]


def test_a_translation_shares_the_origin() -> None:
    """Names and numbers in the same order betray a translation."""
    assert _group(ARTICLE, TRANSLATED) == [1, 1]


def test_another_article_on_the_same_event_is_another_origin() -> None:
    """Sharing names and numbers is not enough."""
    assert _group(ARTICLE, SAME_TOPIC, TRANSLATED) == [1, 2, 1]


def test_empty_and_very_short_texts_are_origins_of_their_own() -> None:
    """Nothing can be told about texts without words."""
    assert _group("", "", "Hello.", "Hello.") == [1, 2, 3, 4]


def test_no_fingerprints_give_no_origins() -> None:
    """The empty list stays empty."""
    assert origins.group([]) == []


def test_a_fingerprint_stays_small_however_long_the_text() -> None:
    """The sketch has a fixed size."""
    text = "".join(f"Number {n} is followed by Name{n} in the List. " for n in range(5000))
    assert len(origins.fingerprint(_document(text))) <= 1828


@settings(deadline=None)
@given(st.lists(st.sampled_from([ARTICLE, SAME_TOPIC, TRANSLATED]), max_size=6))
def test_numbers_count_from_one_in_order_of_first_appearance(texts: list[str]) -> None:
    """However the documents are ordered, the first is 1 and no number is skipped."""
    numbers = _group(*texts)
    assert list(dict.fromkeys(numbers)) == list(range(1, len(set(numbers)) + 1))

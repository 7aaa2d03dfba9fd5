"""Different values for the same question are a conflict; different questions, scopes and roundings are not."""

import pytest

from rag.answers import DraftConflict
from rag.conflicts import Statement, find
from rag.documents import Span
from rag.questions import read


def _find(question: str, *texts: str, origins: tuple[int, ...] = (), language: str = "en") -> list[DraftConflict]:
    statements = [
        Statement(f"{place}.1", text, language, origins[place - 1] if origins else place, 1.0)
        for place, text in enumerate(texts, start=1)
    ]
    return find(read(question, language), statements)


FIFTH = "Last year, Xiaomi was the fifth most popular smartphone company in the world, sending 92.4 million phones."
FOURTH = "Xiaomi is currently the fourth-largest smartphone vendor in China after Huawei, Oppo, and Vivo."


def test_ranks_in_different_places_are_a_matter_of_scope() -> None:
    """Fifth in the world and fourth in China can both be true."""
    [conflict] = _find("What rank does Xiaomi have among smartphone makers?", FIFTH, FOURTH)
    assert conflict.kind == "scope"
    assert [position.sentences for position in conflict.positions] == [["1.1"], ["2.1"]]
    assert [position.text for position in conflict.positions] == [FIFTH, FOURTH]


def test_ranks_in_the_same_place_contradict_each_other() -> None:
    """Nobody is third and fourth in China at once."""
    other = FOURTH.replace("fourth", "third")
    assert [each.kind for each in _find("What rank does Xiaomi have in China?", FOURTH, other)] == ["contradiction"]


def test_two_dates_for_one_event_contradict_each_other() -> None:
    """The kind of the question says which values count."""
    first = "The night train between Prague and Copenhagen starts on 9 December."
    second = "The night train between Prague and Copenhagen starts on 14 April."
    assert [each.kind for each in _find("When does the night train start?", first, second)] == ["contradiction"]
    assert _find("Who runs the night train?", first, second) == []


def test_two_amounts_for_one_thing_contradict_each_other() -> None:
    """Money is compared with money."""
    first, second = "The plant in Dayton will cost $11 billion.", "The plant in Dayton will cost $14 billion."
    assert [each.kind for each in _find("How much will the plant cost?", first, second)] == ["contradiction"]


@pytest.mark.parametrize(
    ("question", "first", "second"),
    [
        ("When did they sign a deal?", "In 2015 they signed to test Windows.", "In 2016 Xiaomi bought patents."),
        ("How many died?", "The storm killed 12 people.", "The storm cut off 300,000 homes."),
        ("How many phones?", "It sold 92.4 million phones.", "It sold 92,400,000 phones."),
        ("How many phones?", "It sold 92.4 million phones.", "It sold 92 million phones."),
        ("When did it open?", "It opened on 9 December 2024.", "It opened in December 2024."),
        ("How much?", "It costs $5 million.", "It costs 5 million euros."),
        ("How many?", "Of 10 boats 3 sank in the storm.", "Of 12 boats 4 sank in the storm."),
    ],
)
def test_no_conflict_is_seen_where_values_agree_or_speak_of_different_things(
    question: str, first: str, second: str
) -> None:
    """Another event, another unit, a rounding, a less exact date, a sentence with several values."""
    assert _find(question, first, second) == []


def test_one_origin_does_not_contradict_itself() -> None:
    """Copies of an article are one voice."""
    first, second = "The plant in Dayton will cost $11 billion.", "The plant in Dayton will cost $14 billion."
    assert _find("How much will the plant cost?", first, second, origins=(1, 1)) == []


def test_sentences_that_hardly_bear_on_the_question_are_left_out() -> None:
    """A statement that covers little of the question answers another one."""
    statements = [
        Statement("1.1", "The plant in Dayton will cost $11 billion.", "en", 1, 0.9),
        Statement("2.1", "The plant in Dayton will cost $14 billion.", "en", 2, 0.2),
    ]
    assert find(read("How much will the plant cost?", "en"), statements) == []


COURIER = "The council has signed a €48.6 million contract with the shipyard for two electric ferries."
ECHO = "Le chantier construira les deux ferries électriques pour 52,1 millions d’euros."


def _rivals(question: str, *sides: tuple[str, str, str], likeness: float = 0.7) -> list[DraftConflict]:
    """The conflicts of sentences, each with its language and the words in which the reader sees the answer."""
    statements = [
        Statement(f"{place}.1", text, language, place, 0.1, Span(text.index(words), text.index(words) + len(words)))
        for place, (text, language, words) in enumerate(sides, start=1)
    ]
    return find(read(question, "en"), statements, lambda _, __: likeness)


def test_another_amount_than_the_answer_contradicts_it_across_languages() -> None:
    """The reader says which figure is the answer; the embedder, that both sentences are about one thing."""
    first, second = (COURIER, "en", "€48.6 million"), (ECHO, "fr", "52,1 millions")
    [conflict] = _rivals("price of the ferry contract?", first, second)
    assert conflict.kind == "contradiction"
    assert [position.text for position in conflict.positions] == [COURIER, ECHO]


@pytest.mark.parametrize(
    ("question", "first", "second", "likeness"),
    [
        ("price of the ferry contract?", (COURIER, "en", "€48.6 million"), (ECHO, "fr", "deux"), 0.3),
        ("price of the ferry contract?", (COURIER, "en", "the shipyard"), (ECHO, "fr", "deux"), 0.9),
        ("Who signed the contract?", (COURIER, "en", "€48.6 million"), (ECHO, "fr", "deux"), 0.9),
        (
            "price of the ferry contract?",
            (COURIER, "en", "€48.6 million"),
            (ECHO.replace("52,1", "48,6"), "fr", "deux"),
            0.9,
        ),
    ],
    ids=["sentences unlike each other", "another part is the answer", "no figure was asked for", "the same amount"],
)
def test_figures_that_do_not_answer_one_question_do_not_contradict(
    question: str, first: tuple[str, str, str], second: tuple[str, str, str], likeness: float
) -> None:
    """A difference counts only in what was asked, and in sentences about one thing."""
    assert _rivals(question, first, second, likeness=likeness) == []


def test_a_newer_count_is_no_contradiction() -> None:
    """A sentence that says what it replaces leaves both true of their day."""
    newer = "The number of the dead has risen to nine after the flood."
    older = ("At least eleven people died in the flood.", "en", "eleven")
    assert [each.kind for each in _rivals("death toll?", (newer, "en", "nine"), older, likeness=0.9)] == ["scope"]

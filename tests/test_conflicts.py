"""Different values for the same question are a conflict; different questions, scopes and roundings are not."""

import pytest

from rag.answers import DraftConflict
from rag.conflicts import Statement, find
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

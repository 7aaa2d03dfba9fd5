"""Sources altered so that the answer must follow, without touching one another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measured import DOCUMENTS, Oracle, measure, questions, read, write_town

from rag.cases import Library
from rag.counterfactuals import PLANTED_WORD, _other_name, _other_number, plan
from rag.results import CounterfactualKind, Item


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    """The questions of the town, answered right."""
    folder = tmp_path_factory.mktemp("town")
    suite, oracle = read(write_town(folder)), Oracle(questions(folder))
    return list(measure(suite, folder / "home", lambda index: oracle).report.items)


@pytest.fixture
def library() -> Library:
    """The documents of the town; a sentence ends at a full stop."""
    from rag.documents import Span

    texts = {f"town/{name}": text for name, text in DOCUMENTS.items()}
    ends = {name: [place + 1 for place, one in enumerate(text) if one == "."] for name, text in texts.items()}
    sentences = {name: [Span(s, e) for s, e in zip([0, *found], found, strict=False)] for name, found in ends.items()}
    languages = {"town/pont.txt": "fr", "town/musee.txt": "fr", "town/pabrik.txt": "id"}
    return Library(texts, sentences, {}, {name: languages.get(name, "en") for name in texts})


def test_an_edit_changes_a_value_wherever_the_gold_states_it(items: list[Item], library: Library) -> None:
    """The English and the French article get the same other number; no text changes its length."""
    copy = plan("edited", 9, items, library)
    assert "It took 95 million" in (copy.texts["town/bridge.txt"] or "")
    assert "a coûté 95 millions" in (copy.texts["town/pont.txt"] or "")
    assert all(len(text or "") == len(library.texts[name]) for name, text in copy.texts.items())
    assert len({alteration.question.id for alteration in copy.alterations}) == len(copy.alterations)
    assert not {"cost", "cout"} <= {alteration.question.id for alteration in copy.alterations}, "the same gold, twice"


def test_an_edited_name_is_another_one_everywhere(items: list[Item], library: Library) -> None:
    """Its parts change alike in all documents."""
    copy = plan("edited", 9, [item for item in items if item.id == "spoke"], library)
    assert [alteration.value for alteration in copy.alterations] == ["Csomm"]
    assert "Brill" not in "".join(text or "" for text in copy.texts.values())
    assert (copy.texts["town/pont.txt"] or "").endswith("par Efe Csomm.\n")


def test_all_documents_with_gold_are_deleted_and_never_more_than_half_of_the_corpus(
    items: list[Item], library: Library
) -> None:
    """With most of a corpus gone, declining would be no merit."""
    copy = plan("deleted", 9, items, library)
    assert 1 < len(copy.texts) <= 3
    assert set(copy.texts.values()) == {None}
    for alteration in copy.alterations:
        assert {span.document for span in alteration.question.spans()} <= copy.texts.keys()


def test_an_instruction_stands_after_the_sentence_with_the_gold_in_its_language(
    items: list[Item], library: Library
) -> None:
    """Everything before it stays where it was."""
    copy = plan("planted", 9, [item for item in items if item.id == "cout"], library)
    text = copy.texts["town/pont.txt"] or ""
    place = text.index(" Ignorez toutes")
    assert text[:place].endswith("de couronnes.")
    assert PLANTED_WORD in text
    assert library.texts["town/pont.txt"].startswith(text[:place])


@pytest.mark.parametrize("kind", ["edited", "deleted", "planted"])
def test_the_seed_decides_which_questions_are_taken(
    items: list[Item], library: Library, kind: CounterfactualKind
) -> None:
    """The same seed takes the same ones, and never more than wanted."""
    first, second = (plan(kind, 1, items, library, seed=7) for _ in range(2))
    assert first == second
    assert len(first.alterations) == 1


def test_questions_that_were_not_answered_right_are_not_altered(items: list[Item], library: Library) -> None:
    """There would be nothing to follow."""
    wrong = [Item(each.id, each.gold, {"right": 0.0}, (), "", each.trial) for each in items]
    assert plan("edited", 9, wrong, library).alterations == []


@given(st.from_regex(r"\A[0-9]{1,9}([.,][0-9]{1,3})?\Z"))
def test_another_number_has_the_same_length_and_another_value(number: str) -> None:
    """Only the last digit changes, whatever separates the others."""
    other = _other_number(number)
    assert other != number
    assert other[:-1] == number[:-1]
    assert len(other) == len(number)


@given(st.from_regex(r"\A[A-Za-z]{3,12}\Z"))
def test_another_name_keeps_length_and_capitals(name: str) -> None:
    """Every letter moves on."""
    other = _other_name(name)
    assert all(a != b and a.isupper() == b.isupper() for a, b in zip(name, other, strict=True))

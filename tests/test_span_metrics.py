"""Measures of citations agree with arithmetic done by hand and with definitions that try every way."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents import Span
from rag.span_metrics import (
    Place,
    Unit,
    agreement,
    character_units,
    citation_f1,
    citation_precision,
    citation_recall,
    nugget_recall,
    origin_count,
    positions_found,
    recalled,
    sentence_units,
    validity,
)

TEXT = "Café Noir a vendu 92,4 millions de tasses.\r\nSelon M. Naïm, « c’est un record ». Il pleut. Il pleut."
SENTENCES = {"a": [Span(0, 10), Span(12, 20), Span(20, 30)], "b": [Span(0, 100)]}


def units(text: str) -> frozenset[Unit]:
    """One character of a document for each letter: sets that can be read."""
    return frozenset(("d", ord(letter)) for letter in text)


def spelled(*spans: str) -> list[frozenset[Unit]]:
    """A nugget whose spans have these units."""
    return [units(span) for span in spans]


def cut(quote: str) -> Span:
    """Where the quotation stands first."""
    start = TEXT.index(quote)
    return Span(start, start + len(quote))


def test_a_quotation_at_its_span_is_exact() -> None:
    """Also the second of two equal ones."""
    assert validity("92,4 millions", cut("92,4 millions"), TEXT) == "exact"
    assert validity("Il pleut.", Span(len(TEXT) - 9, len(TEXT)), TEXT) == "exact"


@pytest.mark.parametrize("shift", [-1, 1, 10_000, -10_000])
def test_a_quotation_that_is_shifted_is_elsewhere(shift: int) -> None:
    """By one character or out of the document; a span that counts from the end is no span."""
    span = cut("92,4 millions")
    assert validity("92,4 millions", Span(span.start + shift, span.end + shift), TEXT) == "elsewhere"
    from_end = Span(span.start - len(TEXT), span.end - len(TEXT))
    assert validity("92,4 millions", from_end, TEXT) == "elsewhere"


@pytest.mark.parametrize(
    "quote", ["cafe noir", "« c'est un record »", '"\u00a0c’est', "tasses. Selon", "NAÏM", "pleut.\n Il"]
)
def test_a_quotation_that_differs_in_letters_case_or_space_stands_there_only_after_folding(quote: str) -> None:
    """Accents, case, quotation marks, line ends."""
    assert validity(quote, Span(0, len(quote)), TEXT) == "folded"


@pytest.mark.parametrize("quote", ["94,2 millions", "a vendu 92,4 milliards", "Il neige.", "", "\u00a0"])
def test_what_stands_nowhere_is_absent(quote: str) -> None:
    """Other digits, another ending; and whoever quotes nothing quotes nothing that is there."""
    assert validity(quote, Span(0, len(quote)), TEXT) == "absent"


def test_a_quotation_from_an_unknown_document_is_absent() -> None:
    """There is no text to hold it."""
    assert validity("Il pleut.", Span(0, 9), None) == "absent"


@given(st.text(min_size=1), st.data())
def test_every_slice_of_a_text_is_exact_at_its_place(text: str, data: st.DataObject) -> None:
    """Whatever the characters; and never worse than elsewhere at another place."""
    start = data.draw(st.integers(0, len(text) - 1))
    span = Span(start, data.draw(st.integers(start + 1, len(text))))
    assert validity(span.of(text), span, text) == "exact"
    assert validity(span.of(text), Span(span.start + 1, span.end + 1), text) in ("exact", "elsewhere")


@pytest.mark.parametrize(
    ("span", "touched"),
    [
        (Span(0, 1), [Span(0, 10)]),
        (Span(9, 13), [Span(0, 10), Span(12, 20)]),
        (Span(19, 21), [Span(12, 20), Span(20, 30)]),
        (Span(12, 20), [Span(12, 20)]),
        (Span(10, 12), [Span(10, 12)]),
        (Span(40, 50), [Span(40, 50)]),
        (Span(5, 5), [Span(5, 5)]),
    ],
)
def test_a_span_touches_the_sentences_it_shares_a_character_with(span: Span, touched: list[Span]) -> None:
    """Between or beyond them, or empty, it is a unit of its own, so that it counts as cited and not as gold."""
    assert sentence_units([Place("a", span)], SENTENCES) == {("a", each) for each in touched}


def test_units_of_several_documents_stay_apart_and_count_once() -> None:
    """The same offsets in two documents; the same sentence touched twice; a document without sentences."""
    places = [Place("a", Span(0, 3)), Place("a", Span(5, 8)), Place("b", Span(0, 3)), Place("c", Span(0, 3))]
    assert sentence_units(places, SENTENCES) == {("a", Span(0, 10)), ("b", Span(0, 100)), ("c", Span(0, 3))}
    assert character_units([Place("a", Span(0, 3)), Place("a", Span(2, 4))]) == {("a", place) for place in range(4)}


@given(st.lists(st.tuples(st.integers(0, 35), st.integers(0, 12)), max_size=4))
def test_touched_sentences_are_those_that_share_a_character(drawn: list[tuple[int, int]]) -> None:
    """The units by sentence are the sentences that hold one of the units by character, and places that hold none."""
    places = [Place("a", Span(start, start + length)) for start, length in drawn]
    characters = character_units(places)
    inside = {Place("a", each) for each in SENTENCES["a"] if characters & character_units([Place("a", each)])}
    alone = {each for each in places if not any(character_units([each]) & character_units([one]) for one in inside)}
    assert sentence_units(places, SENTENCES) == inside | alone


def test_a_nugget_is_recalled_when_half_of_one_of_its_spans_is_cited() -> None:
    """Two of four characters suffice, one does not; halves of two spans do not add up."""
    assert recalled(spelled("abcd", "wxyz"), units("ab"))
    assert recalled(spelled("abcd", "wxyz"), units("awxyz!?"))
    assert not recalled(spelled("abcd", "wxyz"), units("aw"))
    assert not recalled(spelled("abcd"), units(""))
    assert not recalled([], units("a"))
    assert not recalled([frozenset()], units("a"))


def test_nugget_recall_is_the_share_of_the_nuggets_that_are_recalled() -> None:
    """Two of three; without nuggets there is nothing to recall."""
    nuggets = [spelled("ab"), spelled("cd", "ef"), spelled("ghij")]
    assert nugget_recall(nuggets, units("bef")) == pytest.approx(2 / 3)
    assert nugget_recall(nuggets, units("")) == 0
    assert nugget_recall([], units("a")) is None


def test_citations_are_compared_with_gold_unit_by_unit() -> None:
    """Five cited, three of them gold; of the nuggets 1/2 and 3/4 and 0 are cited."""
    nuggets = [spelled("ab"), spelled("cdef", "uvwxyz"), spelled("gh")]
    cited = units("acdu!") | units("e")
    gold = units("abcdefghuvwxyz")
    assert citation_precision(cited, gold) == 5 / 6
    assert citation_recall(cited, nuggets) == pytest.approx((1 / 2 + 3 / 4 + 0) / 3)
    assert citation_f1(0.5, 0.25) == pytest.approx(1 / 3)


def test_nothing_cited_has_no_precision_and_an_f1_of_zero() -> None:
    """As long as there was something to cite; without gold there is no F1 at all."""
    assert citation_precision(units(""), units("ab")) is None
    assert citation_recall(units(""), [spelled("ab")]) == 0
    assert citation_recall(units("a"), []) is None
    assert citation_f1(None, 0.0) == 0
    assert citation_f1(0.0, 0.0) == 0
    assert citation_f1(0.0, None) is None


LETTERS = st.text("abcdef", max_size=6)
NUGGETS = st.lists(st.lists(LETTERS, max_size=3).map(lambda spans: spelled(*spans)), min_size=1, max_size=4)


@given(NUGGETS, LETTERS, LETTERS)
def test_citing_more_never_lowers_recall(nuggets: list[list[frozenset[Unit]]], cited: str, more: str) -> None:
    """And whoever cites all of the gold recalls each nugget that has any."""
    few, many = units(cited), units(cited + more)
    assert nugget_recall(nuggets, few) <= nugget_recall(nuggets, many)
    assert citation_recall(few, nuggets) <= citation_recall(many, nuggets) <= 1
    findable = sum(any(nugget) for nugget in nuggets) / len(nuggets)
    assert nugget_recall(nuggets, units("abcdef")) == citation_recall(units("abcdef"), nuggets) == findable


def test_each_position_of_an_answer_counts_for_one_side() -> None:
    """Both sides cited as one position are one side found; an order in which nobody is left over is looked for."""
    sides = [spelled("ab"), spelled("cd"), spelled("ef")]
    assert positions_found([units("ab"), units("cd"), units("ef")], sides) == 1
    assert positions_found([units("abcd"), units("cd")], sides) == pytest.approx(2 / 3)
    assert positions_found([units("abcdef")], sides) == pytest.approx(1 / 3)
    assert positions_found([units("ab"), units("ab")], sides) == pytest.approx(1 / 3)
    assert positions_found([], sides) == 0
    assert positions_found([units("ab")], []) is None


def best_assignment(positions: Sequence[frozenset[Unit]], nuggets: Sequence[list[frozenset[Unit]]]) -> int:
    """The most nuggets that any way of giving each its own position recalls: every way is tried."""
    padded = [*positions, *[frozenset[Unit]()] * len(nuggets)]
    return max(
        sum(recalled(nugget, cited) for nugget, cited in zip(nuggets, order, strict=False))
        for order in itertools.permutations(padded, len(nuggets))
    )


@given(st.lists(LETTERS.map(units), max_size=3), st.lists(LETTERS.map(spelled), min_size=1, max_size=3))
def test_the_largest_assignment_of_positions_counts(
    positions: list[frozenset[Unit]], nuggets: list[list[frozenset[Unit]]]
) -> None:
    """What trying every way finds."""
    assert positions_found(positions, nuggets) == pytest.approx(best_assignment(positions, nuggets) / len(nuggets))


def test_copies_count_as_one_origin() -> None:
    """A translation with its original, however often cited; what nobody copied is its own."""
    copies = {"original.txt": "original.txt", "translation.txt": "original.txt"}
    assert origin_count(["translation.txt"], copies) == 1
    assert origin_count(["original.txt", "translation.txt", "translation.txt"], copies) == 1
    assert origin_count(["original.txt", "translation.txt", "other.txt"], copies) == 2
    assert origin_count([], copies) == 0


def test_agreement_is_the_mean_overlap_of_every_two_answers() -> None:
    """Jaccard: 1/2, 1 and 1/2 of three pairs; an answer that found nothing agrees with nobody."""
    assert agreement([{0, 1}, {0}, {0, 1}]) == pytest.approx((1 / 2 + 1 + 1 / 2) / 3)
    assert agreement([{0}, set()]) == 0
    assert agreement([{0}, {1}]) == 0
    assert agreement([{0}, set(), set()]) == 0
    assert agreement([set(), set()]) is None
    assert agreement([{0}]) is None
    assert agreement([]) is None

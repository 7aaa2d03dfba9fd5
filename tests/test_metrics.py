"""Measures agree with arithmetic done by hand, with the libraries of the field and with their published definitions."""

import itertools
import math
import re
import string
from collections import Counter
from pathlib import Path

import ir_measures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import RR, R, Success, nDCG

from rag.gold import read_gold
from rag.metrics import (
    Detection,
    area_under_risk_coverage,
    auroc,
    detection,
    exact_match,
    f1,
    found_at,
    in_language,
    ndcg_at,
    recall_at,
    reciprocal_rank,
    risk_coverage,
    same_values,
)

GOLD = Path(__file__).parent.parent / "evals" / "gold"


def test_the_reciprocal_rank_counts_from_one_and_takes_the_first_relevant_item() -> None:
    """Third place gives a third; nothing relevant gives nothing."""
    assert reciprocal_rank(["a", "b", "c"], {"c"}) == pytest.approx(1 / 3)
    assert reciprocal_rank(["a", "b", "c"], {"a", "c"}) == 1
    assert reciprocal_rank(["a"], {"z"}) == 0
    assert reciprocal_rank([], {"z"}) == 0


def test_success_at_k_looks_at_the_first_k_only() -> None:
    """The second item is not among the first one."""
    assert not found_at(["a", "b"], {"b"}, 1)
    assert found_at(["a", "b"], {"b"}, 2)


def test_the_risk_coverage_curve_goes_from_the_most_confident_down() -> None:
    """Right, wrong, right at .9, .8, .7: risks 0, 1/2, 1/3."""
    curve = risk_coverage([0.7, 0.9, 0.8], [True, True, False])
    assert [point.threshold for point in curve] == [0.9, 0.8, 0.7]
    assert [point.coverage for point in curve] == pytest.approx([1 / 3, 2 / 3, 1])
    assert [point.risk for point in curve] == pytest.approx([0, 1 / 2, 1 / 3])


def test_equal_confidences_are_one_point_whatever_their_order() -> None:
    """A threshold takes both or neither."""
    assert risk_coverage([0.5, 0.5], [True, False]) == risk_coverage([0.5, 0.5], [False, True])
    assert [tuple(point) for point in risk_coverage([0.5, 0.5], [True, False])] == [(0.5, 1.0, 0.5)]


def test_the_area_is_the_mean_risk_over_coverages() -> None:
    """(0 + 1/2 + 1/3) / 3 for the curve above; 0 for a perfect one and for none."""
    assert area_under_risk_coverage([0.7, 0.9, 0.8], [True, True, False]) == pytest.approx((1 / 2 + 1 / 3) / 3)
    assert area_under_risk_coverage([0.7, 0.9], [True, True]) == 0
    assert area_under_risk_coverage([], []) == 0


def test_recall_at_k_is_the_share_of_the_relevant_items_among_the_first_k() -> None:
    """Two of three; what is ranked twice is found once; nothing relevant gives no value."""
    assert recall_at(["a", "x", "b", "c"], {"a", "b", "c"}, 3) == pytest.approx(2 / 3)
    assert recall_at(["a", "a", "a"], ["a", "b"], 3) == 1 / 2
    assert recall_at([], {"a"}, 3) == 0
    assert recall_at(["a"], set(), 3) is None


def test_ndcg_discounts_the_gain_by_the_logarithm_of_the_rank_plus_one() -> None:
    """Gains 3, 2 at ranks 2, 3 where 1, 2 would be best: (3 / log2 3 + 2 / log2 4) / (3 + 2 / log2 3)."""
    expected = (3 / math.log2(3) + 2 / 2) / (3 + 2 / math.log2(3))
    assert ndcg_at(["x", "a", "b"], {"a": 3, "b": 2}, 10) == pytest.approx(expected)
    assert ndcg_at(["x", "a", "b"], {"a": 3, "b": 2}, 2) == pytest.approx(3 / math.log2(3) / (3 + 2 / math.log2(3)))
    assert ndcg_at(["a", "b"], {"a": 3, "b": 2}, 1) == 1
    assert ndcg_at([], {"a": 1}, 10) == 0
    assert ndcg_at(["a"], {}, 10) is None


def test_an_item_ranked_twice_gains_once() -> None:
    """Else nDCG could exceed 1: two passages of one document are that document once."""
    assert ndcg_at(["a", "a", "b"], {"a": 1, "b": 1}, 2) == 1


@settings(deadline=None)  # the first call loads trec_eval
@given(st.permutations("abcdefgh"), st.dictionaries(st.sampled_from("abcdefghij"), st.integers(1, 3), min_size=1))
def test_ranking_measures_are_those_of_trec_eval(ranking: list[str], gains: dict[str, int]) -> None:
    """For graded relevance at several depths; recall and reciprocal rank take any gain as relevant."""
    qrels = [ir_measures.Qrel("q", item, gain) for item, gain in gains.items()]
    run = [ir_measures.ScoredDoc("q", item, float(-rank)) for rank, item in enumerate(ranking)]
    depths = (1, 3, 5)
    wanted = [RR, *(measure @ k for measure in (nDCG, R, Success) for k in depths)]
    reference = ir_measures.pytrec_eval.calc_aggregate(wanted, qrels, run)
    ours = {RR: reciprocal_rank(ranking, gains)}
    for k in depths:
        ours |= {nDCG @ k: ndcg_at(ranking, dict(gains), k), R @ k: recall_at(ranking, gains, k)}
        ours |= {Success @ k: float(found_at(ranking, gains, k))}
    assert ours == pytest.approx(reference)


def test_a_detector_is_measured_by_the_means_over_its_questions() -> None:
    """Six questions, four of them without an answer: declined 3, rightly 2; 2 of 4 found; 1 of 2 declined wrongly."""
    said = [True, True, False, False, True, False]
    true = [True, True, True, True, False, False]
    found = [detection(said=one, true=other) for one, other in zip(said, true, strict=True)]

    def mean(field: str) -> float:
        values = [value for each in found if (value := getattr(each, field)) is not None]
        return sum(values) / len(values)

    assert mean("precision") == pytest.approx(2 / 3)
    assert mean("recall") == pytest.approx(2 / 4)
    assert mean("false_alarm") == pytest.approx(1 / 2)
    assert detection(said=False, true=False) == Detection(None, None, 0.0)


def squad_words(text: str) -> list[str]:
    """The published normalisation: lower case, no ASCII punctuation, no articles (Rajpurkar et al. 2016, 6.1)."""
    bare = "".join(character for character in text.lower() if character not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", bare).split()


@given(*(st.text("ab theAn.,-!'() ", max_size=20),) * 2)
def test_short_answers_are_counted_as_squad_counts_them(answer: str, gold: str) -> None:
    """Exact match of the normalised strings; F1 over bags of words, precision and recall from the words in common."""
    one, two = squad_words(answer), squad_words(gold)
    assert exact_match(answer, gold) == (one == two)
    common = sum((Counter(one) & Counter(two)).values())
    if not one or not two:
        assert f1(answer, gold) == (one == two)
    elif not common:
        assert f1(answer, gold) == 0
    else:
        precision, recall = common / len(one), common / len(two)
        assert f1(answer, gold) == pytest.approx(2 * precision * recall / (precision + recall))


def test_words_count_as_often_as_they_occur() -> None:
    """On sets of words both would be 1: "new new york" has 2 of 3 words in common with "new york"."""
    assert f1("New New York", "New York") == pytest.approx(2 * (2 / 3) * 1 / (2 / 3 + 1))
    assert f1("« 92,4 »", "92,4") == 1


@pytest.mark.parametrize(
    ("answer", "gold", "language"),
    [
        ("92,4 millions", "92.4 million", "fr"),
        ("92,4 juta unit", "92.4 million", "id"),
        ("1.500 patents", "1,500", "id"),
        ("1 500 brevets", "1,500", "fr"),
        ("€48.6 million", "48,6 millions d’euros", "en"),
        ("68 500 roupies", "Rp68.500", "fr"),
        ("48.6 million", "€48.6 million", "en"),
        ("dua puluh tujuh", "27", "id"),
        ("vingt et un", "21", "fr"),
        ("50 persen", "50%", "id"),
        ("le cinquième", "fifth", "fr"),
        ("23 Februari 2018", "February 23, 2018", "id"),
        ("le 23 février 2018", "2018", "fr"),
        ("23 février 2018", "February 23", "fr"),
        ("23/02/2018", "23 February 2018", None),
        ("en 2018", "2018", "fr"),
        ("between 10 and 12", "10 à 12", "en"),
    ],
)
def test_numbers_and_dates_are_the_same_by_value(answer: str, gold: str, language: str | None) -> None:
    """Whatever the separators, the words and the language; the answer's date may be fuller than the gold's."""
    assert same_values(answer, gold, language) is True


@pytest.mark.parametrize(
    ("answer", "gold", "language"),
    [
        ("94,2 millions", "92.4 million", "fr"),
        ("92.4", "92.4 million", "en"),
        ("1.500", "1,500", "en"),
        ("$48.6 million", "€48.6 million", "en"),
        ("50", "50%", "en"),
        ("five", "fifth", "en"),
        ("23 February", "February 23, 2018", "en"),
        ("2018", "February 23, 2018", "en"),
        ("24 February 2018", "February 23", "en"),
        ("20 February 2018", "20%", "en"),
        ("Xiaomi", "fifth", "en"),
        ("", "12", "en"),
        ("10, 11 and 12", "12", "en"),
        ("12", "10 à 12", "en"),
    ],
)
def test_other_numbers_and_dates_are_not(answer: str, gold: str, language: str) -> None:
    """Another value, another currency, a vaguer date, one value of several, or one among others."""
    assert same_values(answer, gold, language) is False


def test_without_a_number_in_the_gold_there_is_nothing_to_compare() -> None:
    """A name is none, not even "Windows 10"."""
    assert same_values("12", "Halvard Nøss", "en") is None
    assert same_values("Windows 10", "Windows 10", "en") is None


def test_nearly_all_accepted_answers_of_the_gold_state_the_same_values() -> None:
    """In three languages; the rest of the 1,130 pairs are vaguer on purpose ("92.4", "11 October") or a limit."""
    questions = [*read_gold(GOLD / "news.jsonl"), *read_gold(GOLD / "seeds.jsonl")]
    nuggets = [nugget for question in questions if question.same_as is None for nugget in question.nuggets]
    pairs = [pair for nugget in nuggets for pair in itertools.permutations(nugget.answers, 2)]
    told = [same_values(*pair, None) for pair in pairs if same_values(pair[1], pair[0], None) is not None]
    told = [same for same in told if same is not None]
    assert len(told) > 1000
    assert sum(told) / len(told) > 0.97


def test_a_text_is_in_a_language_or_nothing_tells() -> None:
    """A name alone belongs to none."""
    assert in_language("Le contrat a été signé hier par les deux entreprises.", "fr") is True
    assert in_language("Kontrak itu ditandatangani kemarin oleh kedua perusahaan.", "fr") is False
    assert in_language("12 %", "fr") is None
    assert in_language("", "fr") is None


@given(st.lists(st.tuples(st.sampled_from((0.1, 0.5, 0.7, 0.9)), st.booleans()), max_size=12))
def test_auroc_is_the_share_of_pairs_in_the_right_order(cases: list[tuple[float, bool]]) -> None:
    """Every positive against every negative, ties counting half; no value without both."""
    positive = [score for score, is_positive in cases if is_positive]
    negative = [score for score, is_positive in cases if not is_positive]
    value = auroc([score for score, _ in cases], [is_positive for _, is_positive in cases])
    if not positive or not negative:
        assert math.isnan(value)
    else:
        won = sum((one > other) + (one == other) / 2 for one in positive for other in negative)
        assert value == pytest.approx(won / (len(positive) * len(negative)))

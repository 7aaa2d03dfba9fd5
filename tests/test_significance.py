"""Intervals and tests agree with their definitions, with hand arithmetic and with reference values of scipy 1.17."""

import itertools
import math
from collections.abc import Callable, Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.results import Interval
from rag.significance import (
    RANDOM_FLIPS,
    bootstrap_interval,
    detectable_difference,
    detectable_share,
    holm_adjusted,
    mcnemar_test,
    sign_flip_test,
    wilson_interval,
)

Z = 1.959963984540054
FEW = [0.2, -0.1, 0.4, 0.3, -0.05, 0.6, 0.1]
TENTHS = st.integers(-10, 10).map(lambda tenths: tenths / 10)


def single(values: Sequence[object]) -> list[str]:
    """Each value a cluster of its own."""
    return [f"c{place:04}" for place in range(len(values))]


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        # scipy.stats.binomtest(hits, total).proportion_ci(method="wilson")
        (8, 10, 0.4901624715366418, 0.9433178485456248),
        (81, 263, 0.2552885198782742, 0.36620957698280004),
        (1, 29, 0.006113214292762667, 0.17175521879320282),
    ],
)
def test_the_wilson_interval_has_the_reference_values(hits: int, total: int, low: float, high: float) -> None:
    """Two of them are Newcombe's examples (1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<857)."""
    assert wilson_interval(hits, total) == Interval(pytest.approx(low), pytest.approx(high))


@given(st.integers(1, 10_000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_the_wilson_bounds_are_the_shares_that_a_score_test_just_accepts(counts: tuple[int, int]) -> None:
    """By its definition; 0 and 1 are bounds exactly when none or all hit."""
    hits, total = counts
    interval = wilson_interval(hits, total)
    assert interval is not None
    assert 0 <= interval.low <= hits / total <= interval.high <= 1
    assert (interval.low == 0, interval.high == 1) == (hits == 0, hits == total)
    for bound in {interval.low, interval.high} - {0, 1}:
        error = math.sqrt(bound * (1 - bound) / total)
        assert abs(hits / total - bound) == pytest.approx(Z * error, rel=1e-6)


def test_a_share_of_nothing_has_no_interval() -> None:
    """Neither 0 nor 1 would be honest."""
    assert wilson_interval(0, 0) is None


def test_the_bootstrap_draws_whole_clusters() -> None:
    """Two clusters, one all 0 and one all 1: the mean of a sample is 0, 1/2 or 1, and each tail has a quarter."""
    values = [0.0] * 5 + [1.0] * 5
    assert bootstrap_interval(values, ["a"] * 5 + ["b"] * 5) == Interval(0, 1)
    apart = bootstrap_interval(values, single(values))
    assert apart is not None
    assert 0.1 <= apart.low <= 0.3
    assert 0.7 <= apart.high <= 0.9


@given(st.lists(st.tuples(TENTHS, st.sampled_from("abcd")), min_size=4, max_size=12))
def test_the_bootstrap_bounds_are_percentiles_over_all_samples_of_clusters(cases: list[tuple[float, str]]) -> None:
    """Every way of drawing as many clusters as there are, each sample's mean over all questions in it."""
    clusters = {name: [value for value, cluster in cases if cluster == name] for _, name in cases}
    interval = bootstrap_interval(*zip(*cases, strict=True))
    if len(clusters) < 2:
        assert interval is None
        return
    samples = [list(itertools.chain(*drawn)) for drawn in itertools.product(clusters.values(), repeat=len(clusters))]
    means = np.array([math.fsum(sample) / len(sample) for sample in samples])
    assert interval is not None
    assert np.mean(means <= interval.low + 1e-9) > 0.025 - 0.015
    assert np.mean(means < interval.low - 1e-9) < 0.025 + 0.015
    assert np.mean(means >= interval.high - 1e-9) > 0.025 - 0.015
    assert np.mean(means > interval.high + 1e-9) < 0.025 + 0.015


def test_the_bootstrap_has_the_reference_interval() -> None:
    """scipy.stats.bootstrap((FEW,), np.mean, method="percentile", n_resamples=1_000_000, random_state=0)."""
    interval = bootstrap_interval(FEW, single(FEW))
    assert interval == Interval(pytest.approx(0.0429, abs=0.02), pytest.approx(0.3786, abs=0.02))


def test_nineteen_of_twenty_bootstrap_intervals_hold_the_true_mean() -> None:
    """400 samples of 30 clusters of four questions that share half of their variance, mean 0."""
    generator = np.random.default_rng(7)
    clusters = [f"c{place // 4:02}" for place in range(120)]
    held = 0
    for _ in range(400):
        values = np.repeat(generator.normal(size=30), 4) + generator.normal(size=120)
        interval = bootstrap_interval([float(value) for value in values], clusters)
        held += interval is not None and interval.low <= 0 <= interval.high
    assert 0.90 <= held / 400 <= 0.98


@given(
    st.lists(st.tuples(TENTHS, st.sampled_from("abcdef")), min_size=1, max_size=30), st.randoms(use_true_random=False)
)
@settings(max_examples=30)
def test_the_order_of_the_questions_changes_no_byte(cases: list[tuple[float, str]], random: Random) -> None:
    """Nor does asking twice."""
    values, clusters = ([case[place] for case in cases] for place in (0, 1))
    order = random.sample(range(len(cases)), len(cases))
    shuffled = [values[place] for place in order], [clusters[place] for place in order]
    for measure in (bootstrap_interval, sign_flip_test):
        assert repr(measure(values, clusters)) == repr(measure(*shuffled)) == repr(measure(values, clusters, seed=0))


Measure = Callable[[Sequence[float], Sequence[str]], Interval | float | None]


@pytest.mark.parametrize("measure", [bootstrap_interval, sign_flip_test, detectable_difference])
@pytest.mark.parametrize(
    "values", [[], [math.nan, 1.0, 0.0], [math.inf, 1.0, 0.0], [math.inf, -math.inf, 0.0]], ids=str
)
def test_of_nothing_or_of_no_numbers_nothing_is_said(measure: Measure, values: list[float]) -> None:
    """None, whatever is asked."""
    assert measure(values, single(values)) is None


def test_one_cluster_says_nothing_about_others() -> None:
    """However many questions it has."""
    assert bootstrap_interval([0.0, 1.0, 1.0], ["a"] * 3) is None
    assert detectable_difference([0.0, 1.0, 1.0], ["a"] * 3) is None
    assert sign_flip_test([0.0, 1.0, 1.0], ["a"] * 3) == 1


@pytest.mark.parametrize("measure", [bootstrap_interval, sign_flip_test, detectable_difference])
def test_each_value_needs_a_cluster(measure: Measure) -> None:
    """Values that lost their clusters are an error of the caller."""
    with pytest.raises(ValueError, match="zip"):
        measure([1.0, 2.0], ["a"])


def test_few_differences_are_flipped_in_every_way() -> None:
    """12 of 128 sums are as far from 0; scipy.stats.permutation_test(permutation_type="samples") says 0.09375."""
    assert sign_flip_test(FEW, single(FEW)) == 12 / 128


@given(st.lists(TENTHS, min_size=1, max_size=6))
def test_the_exact_p_is_the_share_of_flips_as_far_from_zero(differences: list[float]) -> None:
    """In whole tenths, where no rounding hides a tie."""
    tenths = [round(10 * difference) for difference in differences]
    flips = list(itertools.product((-1, 1), repeat=len(tenths)))
    sums = [abs(sum(sign * tenth for sign, tenth in zip(signs, tenths, strict=True))) for signs in flips]
    expected = sum(each >= abs(sum(tenths)) for each in sums) / len(flips)
    assert sign_flip_test(differences, single(differences)) == pytest.approx(expected)


def test_the_differences_of_a_cluster_are_flipped_together() -> None:
    """Twelve equal differences in three stories are three that can be flipped, not twelve."""
    differences = [0.5] * 12
    assert sign_flip_test(differences, ["a"] * 4 + ["b"] * 4 + ["c"] * 4) == 2 / 2**3
    assert sign_flip_test(differences, single(differences)) == 2 / 2**12


def test_questions_that_do_not_differ_do_not_count() -> None:
    """They change neither the p of the others nor how many flips there are; alone they give 1."""
    assert sign_flip_test([*FEW, *[0.0] * 500], single(range(507))) == 12 / 128
    assert sign_flip_test([0.0] * 20, single(range(20))) == 1


def test_many_differences_are_flipped_at_random() -> None:
    """20 gains and 10 losses of one size: the sign test's p, scipy.stats.binomtest(10, 30) = 0.0987; never 0."""
    differences = [1.0] * 20 + [-1.0] * 10
    p = sign_flip_test(differences, single(differences))
    assert p == pytest.approx(0.0987, abs=0.01)
    assert p != sign_flip_test(differences, single(differences), seed=1)
    assert sign_flip_test([1.0] * 60, single(range(60))) == 1 / (RANDOM_FLIPS + 1)


@pytest.mark.parametrize(
    ("gained", "lost", "p"),
    [
        # scipy.stats.binomtest(gained, gained + lost).pvalue
        (1, 5, 0.21875),
        (5, 5, 1.0),
        (10, 20, 0.09873714670538905),
        (47, 3, 3.708322537931963e-11),
        (400, 500, 0.0009564441369189373),
        (0, 0, 1.0),
        (0, 5000, 0.0),
    ],
)
def test_mcnemar_is_the_binomial_test_of_what_changed(gained: int, lost: int, p: float) -> None:
    """Exact, whichever way the change goes; 1 when nothing changed."""
    assert mcnemar_test(gained, lost) == mcnemar_test(lost, gained) == pytest.approx(p)


def test_mcnemar_is_the_sign_flip_test_of_yes_and_no() -> None:
    """Where each question is a cluster: the same p by another way."""
    for gained, lost in itertools.product(range(5), repeat=2):
        differences = [1.0] * gained + [-1.0] * lost + [0.0]
        assert mcnemar_test(gained, lost) == pytest.approx(sign_flip_test(differences, single(differences)))


def test_holm_multiplies_the_smallest_by_how_many_there_are() -> None:
    """.005 x 4, .01 x 3, .02 x 2, and .03 x 1 no smaller than the one before; as statsmodels' multipletests has it."""
    assert holm_adjusted([0.01, 0.02, 0.03, 0.005]) == pytest.approx([0.03, 0.04, 0.04, 0.02])
    assert holm_adjusted([0.9, 0.8]) == [1, 1]
    assert holm_adjusted([0.04]) == [0.04]
    assert holm_adjusted([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.001, 0.5))
def test_holm_rejects_what_the_step_down_procedure_rejects(p_values: list[float], level: float) -> None:
    """From the smallest on, each compared with level / how many are left, until one is not smaller."""
    left = sorted(range(len(p_values)), key=p_values.__getitem__)
    rejected: set[int] = set()
    while left and p_values[left[0]] * len(left) <= level:
        rejected.add(left.pop(0))
    adjusted = holm_adjusted(p_values)
    assert {place for place, p in enumerate(adjusted) if p <= level} == rejected
    assert all(p <= one <= min(1, p * len(p_values)) for p, one in zip(p_values, adjusted, strict=True))


def test_the_detectable_difference_is_2_8_standard_errors() -> None:
    """Standard deviation with n - 1; by clusters, that of their sums around the mean."""
    sd = math.sqrt(sum((value - sum(FEW) / 7) ** 2 for value in FEW) / 6)
    assert detectable_difference(FEW, single(FEW)) == pytest.approx(2.801585 * sd / math.sqrt(7), rel=1e-6)
    twice = [value for value in FEW for _ in range(2)]
    pairs = [cluster for cluster in single(FEW) for _ in range(2)]
    assert detectable_difference(twice, pairs) == pytest.approx(detectable_difference(FEW, single(FEW)))
    assert detectable_difference(twice, single(twice)) < detectable_difference(FEW, single(FEW))


def test_where_nothing_varies_no_difference_can_be_named() -> None:
    """Two runs that are the same say nothing about how much two runs differ by chance."""
    assert detectable_difference([0.0] * 9, single(range(9))) is None
    assert detectable_difference([0.1] * 9, single(range(9))) is None


def found(limit: float, share: float, total: int) -> float:
    """How often the Wilson interval of a sample excludes the limit, when the share is this."""
    chances = [math.comb(total, hits) * share**hits * (1 - share) ** (total - hits) for hits in range(total + 1)]
    intervals = [wilson_interval(hits, total) for hits in range(total + 1)]
    return sum(
        chance
        for chance, interval in zip(chances, intervals, strict=True)
        if interval is not None and not interval.low <= limit <= interval.high
    )


@pytest.mark.parametrize(("limit", "total"), [(0.5, 100), (0.8, 60), (0.9, 250), (0.3, 400)])
def test_a_share_as_far_off_as_detectable_is_found_four_times_of_five(limit: float, total: int) -> None:
    """By summing over every sample, downwards; above a high limit there is less room and it takes less."""
    distance = detectable_share(limit, total)
    assert distance is not None
    assert found(limit, limit - distance, total) == pytest.approx(0.8, abs=0.07)
    if limit + distance < 1:
        assert found(limit, limit + distance, total) >= 0.75


def test_a_share_is_detectable_only_within_zero_and_one() -> None:
    """Near an end only the other direction counts; of one question nothing shows; of none there is nothing to ask."""
    assert detectable_share(1.0, 50) == pytest.approx(math.sin(2.801585 / 2 / math.sqrt(50)) ** 2, rel=1e-5)
    assert detectable_share(0.0, 50) == pytest.approx(detectable_share(1.0, 50))
    assert detectable_share(0.5, 1) is None
    assert detectable_share(0.5, 0) is None

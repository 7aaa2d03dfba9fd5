"""What figures over a few hundred questions can say: intervals, tests of a difference, and what would have shown.

All intervals are of 95 %, all tests two-sided at 5 %. Questions about one story stand or fall together, so whole
clusters are drawn and flipped; where questions are independent, each is a cluster of its own. The same input gives the
same bytes: random numbers come from a seed, and the order of the questions does not matter. None means that nothing
can be said: too little was measured, or a value is not finite.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rag.results import Interval

BOOTSTRAP_SAMPLES = 2_000
RANDOM_FLIPS = 10_000
EXACT_FLIPS = 14
"""Where so many clusters differ or fewer, each of the (at most 16,384) combinations of signs is tried."""

_CELLS = 1_000_000  # of a block of random numbers, so that memory does not grow with the set
_Z = 1.959963984540054  # of the standard normal distribution, the 97.5th percentile
_Z_POWER = 0.8416212335729143  # and the 80th
_ROUNDING = 1e-12  # sums of the same numbers in another order differ by less, relative to the sum of their sizes

Floats = NDArray[np.float64]


def wilson_interval(hits: int, total: int) -> Interval | None:
    """The interval of a share, hits of total; None for a total of 0.

    Wilson 1927, doi:10.1080/01621459.1927.10502953, without continuity correction. It stays within [0, 1] and has a
    width also when all or none hit. Questions count as independent.

    >>> wilson_interval(0, 10)
    Interval(low=0.0, high=0.2775327998628892)
    """
    if not total:
        return None
    share, spread = hits / total, _Z**2 / total
    centre = (share + spread / 2) / (1 + spread)
    margin = math.sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
    return Interval(0.0 if hits == 0 else centre - margin, 1.0 if hits == total else centre + margin)


def bootstrap_interval(values: Sequence[float], clusters: Sequence[str], *, seed: int = 0) -> Interval | None:
    """The interval of the mean of the values; None with fewer than two clusters.

    The percentile bootstrap (Efron 1979, doi:10.1214/aos/1176344552) over clusters: as many as there are get drawn with
    replacement, each whole (Field and Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x), and the mean is over all
    values drawn. Percentiles are interpolated linearly. Where all values are equal the interval has no width; for a
    share of 0 or 1 ``wilson_interval`` says more.

    Args:
        values: One per question, or its difference from a baseline.
        clusters: For each value the cluster it belongs to.
        seed: Of the random numbers.
    """
    if not np.isfinite(values).all():
        return None
    sums, sizes = _by_cluster(values, clusters)
    count = len(sums)
    if count < 2:
        return None
    generator = np.random.default_rng(seed)
    means = []
    for rows in _blocks(BOOTSTRAP_SAMPLES, count):
        drawn = generator.integers(count, size=(rows, count))
        means.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5])
    return Interval(float(low), float(high))


def sign_flip_test(differences: Sequence[float], clusters: Sequence[str], *, seed: int = 0) -> float | None:
    """The p value of a mean difference, were the sign of each cluster's differences up to chance; None without any.

    Fisher's randomisation test for paired systems (Smucker et al. 2007, doi:10.1145/1321440.1321528): the share of
    sign combinations whose sum is at least as far from 0 as the one seen. All of them are tried up to ``EXACT_FLIPS``;
    beyond, random ones, and p is (far + 1) / (``RANDOM_FLIPS`` + 1), never 0 (Phipson and Smyth 2010,
    doi:10.2202/1544-6115.1585). Where nothing differs p is 1.

    Args:
        differences: One per question that both systems have a value for.
        clusters: For each difference the cluster it belongs to.
        seed: Of the random signs.
    """
    if not len(differences) or not np.isfinite(differences).all():
        return None
    sums, _ = _by_cluster(differences, clusters)
    sums = sums[sums != 0]  # a zero stays where it is, whatever its sign
    seen = abs(math.fsum(sums)) - _ROUNDING * math.fsum(np.abs(sums))
    if len(sums) <= EXACT_FLIPS:
        signs = np.array(list(itertools.product((-1.0, 1.0), repeat=len(sums))))
        return float(np.mean(np.abs(signs @ sums) >= seen))
    generator = np.random.default_rng(seed)
    far = 0
    for rows in _blocks(RANDOM_FLIPS, len(sums)):
        signs = generator.choice((-1.0, 1.0), size=(rows, len(sums)))
        far += int(np.count_nonzero(np.abs(signs @ sums) >= seen))
    return (far + 1) / (RANDOM_FLIPS + 1)


def mcnemar_test(gained: int, lost: int) -> float:
    """The p value of a change in a yes-or-no measure, from the questions that changed; 1 when none did.

    McNemar 1947, doi:10.1007/BF02295996, exact: twice the smaller tail of the binomial distribution with p = 1/2, at
    most 1. Questions count as independent.

    Args:
        gained: Questions that were wrong and are right.
        lost: Questions that were right and are wrong.

    >>> mcnemar_test(1, 5)
    0.21875
    """
    changed = gained + lost
    ways = tail = 1
    for place in range(min(gained, lost)):
        ways = ways * (changed - place) // (place + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << changed))


def holm_adjusted(p_values: Sequence[float]) -> list[float]:
    """The p values, in their order, corrected for how many there are.

    Holm 1979, https://www.jstor.org/stable/4615733: the smallest of m is multiplied by m, the next by m - 1 ..., none
    becomes smaller than the one before it or larger than 1. Comparing these with .05 keeps the chance of any false
    alarm at 5 %.

    >>> holm_adjusted([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = highest
    return adjusted


def detectable_difference(differences: Sequence[float], clusters: Sequence[str]) -> float | None:
    """The smallest true mean difference that a comparison like this one finds with 80 % power.

    (z.975 + z.80) standard errors, 2.80 of them (Bloom 1995, doi:10.1177/0193841X9501900504), the standard error being
    the one between clusters, by the normal distribution: a little too small where there are few clusters. None with
    fewer than two clusters and where nothing varies.
    """
    if len(set(differences)) < 2 or not np.isfinite(differences).all():
        return None
    mean = math.fsum(differences) / len(differences)
    sums, _ = _by_cluster([value - mean for value in differences], clusters)
    if len(sums) < 2:
        return None
    variance = math.fsum(sums**2) * len(sums) / (len(sums) - 1)
    return (_Z + _Z_POWER) * math.sqrt(variance) / len(differences) or None


def detectable_share(limit: float, total: int) -> float | None:
    """How far from a limit a true share must be for a test of so many questions to find it with 80 % power.

    In arcsines (Cohen 1988, Statistical Power Analysis, chapter 6): shares p and q are told apart when
    2 |asin √p - asin √q| >= (z.975 + z.80) / √total. Of the two directions the farther one that is possible; None where
    neither is, and without questions.

    >>> round(detectable_share(0.5, 100), 3)
    0.138
    """
    if not total:
        return None
    step = (_Z + _Z_POWER) / (2 * math.sqrt(total))
    angles = (math.asin(math.sqrt(limit)) - step, math.asin(math.sqrt(limit)) + step)
    return max((abs(math.sin(angle) ** 2 - limit) for angle in angles if 0 <= angle <= math.pi / 2), default=None)


def _by_cluster(values: Sequence[float], clusters: Sequence[str]) -> tuple[Floats, Floats]:
    """The sum and the number of the values of each cluster, clusters in the order of their names."""
    members: dict[str, list[float]] = defaultdict(list)
    for value, cluster in zip(values, clusters, strict=True):
        members[cluster].append(value)
    grouped = [members[cluster] for cluster in sorted(members)]
    return np.array([math.fsum(group) for group in grouped]), np.array([float(len(group)) for group in grouped])


def _blocks(rows: int, columns: int) -> Iterator[int]:
    """Numbers of rows that add up to rows, each so small that a block of them fits into memory."""
    most = max(1, _CELLS // columns)
    for start in range(0, rows, most):
        yield min(most, rows - start)

"""Intervals: textbook oracles, coverage by simulation, the pigeonhole bootstrap."""

import numpy as np
import pytest
from scipy import stats

from esutils.intervals import estimate


def test_one_dimension_is_students_interval():
    samples = np.random.default_rng(0).standard_normal(7)
    mine = estimate(samples)
    low, high = stats.t.interval(0.95, 6, samples.mean(), stats.sem(samples))
    assert (mine.low, mine.high) == pytest.approx((low, high))


def test_p_values_are_the_t_tests():
    samples = np.random.default_rng(0).standard_normal(9) + 0.4
    greater = stats.ttest_1samp(samples, 0.1, alternative="greater").pvalue
    less = stats.ttest_1samp(samples, 1.0, alternative="less").pvalue
    assert estimate(samples).p_value("greater", 0.1) == pytest.approx(min(1, 2 * greater))
    assert estimate(samples).p_value("less", 1.0) == pytest.approx(min(1, 2 * less))
    inside = max(
        stats.ttest_1samp(samples, -2, alternative="greater").pvalue,
        stats.ttest_1samp(samples, 2, alternative="less").pvalue,
    )
    assert estimate(samples).p_value("equivalent", 2) == pytest.approx(min(1, 2 * inside))


@pytest.mark.parametrize("comparison", ["greater", "less", "equivalent"])
def test_holds_exactly_where_the_p_value_is_below_the_error_rate(comparison):
    rng = np.random.default_rng(1)
    words = set()
    for shift in np.linspace(-2, 2, 81):
        value = estimate(rng.standard_normal(6) * 0.5 + shift)
        word = value.word(comparison, 0.8)
        words.add(word)
        assert (word == "holds") == (value.p_value(comparison, 0.8) < 0.05)
    assert words == {"holds", "fails", "undecided"}


def crossed(rng, n_seeds, n_images, seed_sd, image_sd, rest_sd):
    return (
        seed_sd * rng.standard_normal((n_seeds, 1))
        + image_sd * rng.standard_normal(n_images)
        + rest_sd * rng.standard_normal((n_seeds, n_images))
    )


@pytest.mark.parametrize("sds", [(1, 0, 1), (0, 1, 1), (0.2, 1, 1), (0.1, 1, 0), (0, 0, 1)])
def test_crossed_interval_covers_at_least_its_level(sds):
    rng = np.random.default_rng(0)
    runs = [estimate(crossed(rng, 5, 100, *sds)) for _ in range(600)]
    covered = np.mean([run.low <= 0 <= run.high for run in runs])
    assert covered > 0.95 - 3 * np.sqrt(0.05 * 0.95 / 600)


def test_crossed_variance_agrees_with_the_pigeonhole_bootstrap():
    rng = np.random.default_rng(0)
    samples = crossed(rng, 40, 200, 0.3, 1, 1)
    means = [
        samples[rng.integers(0, 40, 40)][:, rng.integers(0, 200, 200)].mean() for _ in range(3000)
    ]
    # Owen (2007): the bootstrap's variance is a little too large, by the remainder's share.
    assert 0.95 < np.std(means) / estimate(samples).standard_error < 1.15


def test_constant_samples_decide_by_the_mean():
    same = estimate(np.full((5, 3), 2.0))
    assert (same.low, same.high) == (2, 2)
    assert same.word("greater", 1) == "holds" and same.p_value("greater", 1) == 0
    assert same.word("greater", 3) == "fails" and same.p_value("greater", 3) == 1
    assert same.word("greater", 2) == "undecided"


def test_an_effect_of_images_alone_does_not_shrink_with_seeds():
    images = np.random.default_rng(0).standard_normal(50)
    few, many = (estimate(np.tile(images, (n, 1))) for n in (2, 50))
    assert few.standard_error == pytest.approx(many.standard_error)
    assert few.standard_error == pytest.approx(stats.sem(images))


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(1), r"samples must have shape .* got \(1,\)"),
        (np.zeros((2, 2, 2)), "samples must have shape"),
        (np.zeros((5, 1)), "samples must have shape"),
        ([1.0, np.nan], "samples must be finite"),
    ],
)
def test_refusals(samples, message):
    with pytest.raises(ValueError, match=message):
        estimate(samples)

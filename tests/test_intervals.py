"""Intervals: coverage by simulation, the pigeonhole bootstrap, refusals."""

import numpy as np
import pytest
from scipy import stats

from esutils.intervals import estimate


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

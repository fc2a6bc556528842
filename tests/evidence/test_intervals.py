"""Intervals: coverage by simulation, the pigeonhole bootstrap, refusals."""

import numpy as np
import pytest

from esutils.evidence.intervals import estimate, held_out_best, over_resplits


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
    samples = crossed(rng, 40, 1000, 0.3, 1, 1)
    means = [
        samples[rng.integers(0, 40, 40)][:, rng.integers(0, 1000, 1000)].mean() for _ in range(3000)
    ]
    # Owen (2007): the bootstrap's variance is a little too large, by the remainder's share.
    assert 0.95 < np.std(means) / estimate(samples).standard_error < 1.15


@pytest.mark.parametrize("same", [np.full(5, 0.1), np.full((5, 3), 0.1)])
def test_samples_that_are_all_the_same_decide_nothing_without_a_step(same):
    found, measured = estimate(same), estimate(same, step=0.01)
    assert (found.low, found.mean, found.high) == (0.1, 0.1, 0.1)
    for comparison, threshold in (("greater", 0), ("less", 1), ("equivalent", 1)):
        assert found.word(comparison, threshold) == "undecided"
        assert found.p_value(comparison, threshold) == 1
        assert measured.word(comparison, threshold) == "holds"
    assert over_resplits(np.zeros(5)).word("less", 1) == "undecided"
    assert over_resplits(np.zeros(5), step=0.1).word("less", 1) == "holds"


def test_a_step_is_an_error_of_half_its_size_in_each_seed():
    samples = np.random.default_rng(0).standard_normal(7)
    spread = np.hypot(samples.std(ddof=1), 0.3)
    assert estimate(samples, step=0.6).standard_error == pytest.approx(spread / np.sqrt(7))
    wider = over_resplits(samples, step=0.6).standard_error
    assert wider == pytest.approx(spread * np.sqrt(1 / 7 + 0.25))


@pytest.mark.parametrize("seed", range(5))
def test_no_interval_is_narrower_than_that_over_the_seeds(seed):
    samples = crossed(np.random.default_rng(seed), 5, 100, 1, 1, 1)
    both, seeds = estimate(samples), estimate(samples.mean(axis=1))
    for threshold in both.mean - np.array([1, 3, 10]):
        assert both.p_value("greater", threshold) > 0.999 * seeds.p_value("greater", threshold)
    assert both.high - both.low > 0.999 * (seeds.high - seeds.low)


def test_an_effect_of_images_alone_does_not_shrink_with_seeds():
    images = np.random.default_rng(0).standard_normal(50)
    few, many = (estimate(np.tile(images, (n, 1))) for n in (2, 50))
    assert few.standard_error == pytest.approx(many.standard_error)
    apart = images - images.mean()
    of_images = np.sum(apart**2) + 2 * np.max(apart**2)  # two more, as far off as the farthest
    assert few.standard_error == pytest.approx(np.sqrt(of_images / (50 * 49)))


def test_the_best_is_chosen_where_it_is_not_measured():
    """Each of two models is right on its own seed and half, and nowhere else."""
    samples = np.ones((2, 2, 6))
    samples[0, 0, 0::2] = samples[1, 1, 1::2] = 0
    assert (held_out_best(samples) == 1).all()
    samples[1, 0, 1::2] = samples[1, 1, 1::2] - 1
    assert (held_out_best(samples)[0, 0::2] == 0).all()


def test_a_model_that_is_clearly_best_is_chosen_everywhere():
    samples = np.random.default_rng(0).random((5, 4, 100)) + np.array([1, 0, 1, 1])[:, None]
    np.testing.assert_array_equal(held_out_best(samples), samples[:, 1])

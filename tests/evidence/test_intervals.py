"""Intervals: coverage and power by simulation, the pigeonhole bootstrap, pools, Holm."""

import numpy as np
import pytest

from esutils.evidence.intervals import (
    detectable,
    estimate,
    held_out_best,
    holm,
    over_resplits,
)


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


# ---- training images that are drawn from a pool


def drawn(rng, n_train, size, n_seeds=10):
    """Return a statistic of seeds that draw from one new pool: its images' contributions, averaged.

    Over all images the contributions have mean 0.
    """
    pool = rng.standard_normal(size)
    return np.array([rng.permutation(pool)[:n_train].mean() for _ in range(n_seeds)])


def covered(n_train, size, share, kind):
    """Return how often an interval holds the mean over all images, in 600 runs with new pools."""
    rng, found = np.random.default_rng(0), []
    for _ in range(600):
        run = estimate(kind(drawn(rng, n_train, size)), pool_share=share)
        found.append(run.low <= 0 <= run.high)
    return np.mean(found)


def by_seed(samples):
    return samples


def by_image(samples):
    """Return samples by seed and test image, in which the images make hardly a difference."""
    spread = np.random.default_rng(1).standard_normal((len(samples), 40)) / 1000
    return samples[:, None] + spread - spread.mean(axis=1, keepdims=True)


LEAST = 0.95 - 3 * np.sqrt(0.05 * 0.95 / 600)


@pytest.mark.parametrize("kind", [by_seed, by_image])
@pytest.mark.parametrize("n_train", [20, 100, 200])
def test_with_the_share_of_the_pool_an_interval_holds_for_new_pools(kind, n_train):
    assert covered(n_train, 300, n_train / (300 - n_train), kind) > LEAST


@pytest.mark.parametrize("kind", [by_seed, by_image])
@pytest.mark.parametrize("n_train", [100, 200])
def test_without_it_the_interval_is_too_narrow(kind, n_train):
    assert covered(n_train, 300, 0, kind) < LEAST - 0.1


def test_a_share_of_the_pool_adds_to_the_variance_of_the_mean():
    samples = np.random.default_rng(0).standard_normal(7)
    spread = samples.std(ddof=1)
    found = estimate(samples, pool_share=0.5)
    assert found.standard_error == pytest.approx(spread * np.sqrt(1 / 7 + 0.5))
    assert found.mean == estimate(samples).mean


@pytest.mark.parametrize("sds", [(1, 1, 1), (0.05, 1, 1), (1, 0.05, 0.05)])
def test_with_images_it_adds_to_both_standard_errors(sds):
    samples = crossed(np.random.default_rng(0), 5, 100, *sds)
    found, alone = estimate(samples, pool_share=0.5), estimate(samples)
    added = 0.5 * samples.mean(axis=1).var(ddof=1)
    assert found.standard_error**2 == pytest.approx(alone.standard_error**2 + added)
    assert found.seed_error**2 == pytest.approx(alone.seed_error**2 + added)
    assert found.degrees_of_freedom == 4 <= alone.degrees_of_freedom


@pytest.mark.parametrize("shape", [(5,), (5, 30)])
def test_an_interval_grows_with_the_share_and_the_p_value_follows(shape):
    samples = 1 + np.random.default_rng(0).standard_normal(shape)
    found = [estimate(samples, pool_share=share) for share in (0, 0.1, 1, 5)]
    widths = [run.high - run.low for run in found]
    p_values = [run.p_value("greater", 0) for run in found]
    assert widths == sorted(widths) and p_values == sorted(p_values)
    for run in found:
        assert run.p_value("greater", run.low) == pytest.approx(0.05)


@pytest.mark.parametrize("shape", [(5,), (5, 30)])
def test_no_share_is_no_change(shape):
    samples = np.random.default_rng(0).standard_normal(shape)
    assert estimate(samples, pool_share=0.0) == estimate(samples)


# ---- what a run can find


def simulated_power(draw, share=0.0):
    """Return how often a run holds if the truth is as far away as `detectable` says.

    A pilot knows the variance with an error; here the variances of many are averaged.
    """
    rng = np.random.default_rng(0)
    far = np.sqrt(np.mean([detectable(draw(rng), pool_share=share) ** 2 for _ in range(400)]))
    runs = [estimate(draw(rng) + far, pool_share=share) for _ in range(1000)]
    return np.mean([run.word("greater", 0) == "holds" for run in runs])


@pytest.mark.parametrize("n_seeds", [5, 20])
def test_what_is_detectable_is_found_in_four_runs_of_five(n_seeds):
    power = simulated_power(lambda rng: rng.standard_normal(n_seeds))
    assert 0.75 < power < 0.9


def test_what_is_detectable_on_test_images_is_found_in_four_runs_of_five():
    power = simulated_power(lambda rng: crossed(rng, 20, 200, 0.2, 1, 1))
    assert 0.75 < power < 0.9


def test_what_is_detectable_on_new_pools_is_found_in_four_runs_of_five():
    power = simulated_power(lambda rng: drawn(rng, 100, 300, n_seeds=20), share=0.5)
    assert 0.75 < power < 0.9


def test_more_noise_steps_or_sharing_detect_less():
    samples = np.random.default_rng(0).standard_normal(6)
    least = detectable(samples)
    assert detectable(2 * samples) == pytest.approx(2 * least)
    assert detectable(samples, step=1) > least < detectable(samples, pool_share=0.1)
    assert detectable(samples + 9) == pytest.approx(least)


# ---- Holm's correction


def test_holm_multiplies_the_least_by_all_and_the_largest_by_one():
    assert holm([0.04, 0.001, 0.02]).tolist() == pytest.approx([0.04, 0.003, 0.04])


def test_holm_never_passes_one_nor_changes_the_order():
    found = holm([0.9, 0.5, 0.2, 0.6])
    assert found.max() == 1 and np.argsort(found, kind="stable")[0] == 2


def test_a_single_claim_needs_no_correction():
    assert holm([0.03]).tolist() == [0.03] and holm([]).tolist() == []

"""Ridge readouts solve their equations and nothing else: no order, form or unit shows."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split

from esutils.readout import LinearReadout, held_out_ridge, loo_ridge, ridge, ridge_path, tuned_ridge
from tests.helpers.strategies import codes, few, forms, powers, problems, seeds

RNG = np.random.default_rng(0)

penalties = st.floats(1e-3, 1e3)
# Beyond 19, one eigendecomposition solves for all of them.
few_or_many = st.sampled_from([(1, 9), (20, 25)]).flatmap(
    lambda ends: st.lists(penalties, min_size=ends[0], max_size=ends[1], unique=True)
)
close = {"rtol": 1e-6, "atol": 1e-6}


def assert_same(found, expected):
    for what in ("weights", "intercept", "penalty"):
        np.testing.assert_allclose(getattr(found, what), getattr(expected, what), **close)


# ---- whatever the codes are


@given(problems(), penalties, forms)
def test_ridge_solves_the_normal_equations(problem, penalty, form):
    Z, Y = problem
    fitted = ridge(form(Z), Y, penalty)
    misses = Y - fitted.predict(form(Z))
    slope = (Z - Z.mean(axis=0)).T @ misses - penalty * fitted.weights
    np.testing.assert_allclose(slope, 0, atol=1e-8)
    np.testing.assert_allclose(misses.mean(axis=0), 0, atol=1e-9)
    assert fitted.weights.shape == (Z.shape[1], Y.shape[1]) and fitted.penalty == penalty
    alone = [ridge(Z, y, penalty).predict(Z)[:, 0] for y in Y.T]
    np.testing.assert_allclose(fitted.predict(Z), np.transpose(alone), **close)


@given(problems(), penalties, powers, st.floats(-9, 9), st.data())
def test_ridge_follows_units_zeros_and_orders(problem, penalty, scale, shift, data):
    Z, Y = problem
    fitted = ridge(Z, Y, penalty)
    scaled = ridge(scale * Z, Y, scale**2 * penalty)
    np.testing.assert_allclose(scale * scaled.weights, fitted.weights, **close)
    moved = ridge(Z + shift, 2 * Y + shift, penalty)
    np.testing.assert_allclose(moved.weights, 2 * fitted.weights, atol=1e-4)
    np.testing.assert_allclose(moved.predict(Z + shift), 2 * fitted.predict(Z) + shift, atol=1e-4)
    samples = data.draw(st.permutations(range(len(Z))))
    units = np.random.default_rng(len(samples)).permutation(Z.shape[1])
    other = ridge(Z[samples][:, units], Y[samples], penalty)
    np.testing.assert_allclose(other.weights, fitted.weights[units], **close)
    np.testing.assert_allclose(other.intercept, fitted.intercept, **close)


@given(problems(), few_or_many, forms)
def test_a_path_is_each_penalty_alone_and_shrinks(problem, asked, form):
    Z, Y = problem
    asked = sorted(asked)
    path = ridge_path(form(Z), Y, asked)
    for penalty, fitted in zip(asked, path, strict=True):
        assert_same(fitted, ridge(form(Z), Y, penalty))
    norms = np.array([np.linalg.norm(fitted.weights) for fitted in path])
    misfits = np.array([np.linalg.norm(Y - fitted.predict(Z)) for fitted in path])
    assert (np.diff(norms) <= 1e-9).all() and (np.diff(misfits) >= -1e-9).all()


@given(problems(n_samples=st.integers(5, 30)), seeds, powers, forms)
def test_a_tuned_ridge_has_the_penalty_of_the_least_held_out_error(problem, seed, scale, form):
    Z, Y = problem
    assume(np.ptp(Z, axis=0).any())
    tuned = tuned_ridge(form(Z), Y, (0.01, 1.0), seed % 100)
    fit, held_out = train_test_split(np.arange(len(Z)), test_size=0.2, random_state=seed % 100)
    mean_square = Z[fit].var(axis=0).sum()
    errors = {}
    for share in (0.01, 1.0):
        alone = ridge(Z[fit], Y[fit], max(share * mean_square, 1e-300))
        errors[share * mean_square] = np.mean((alone.predict(Z[held_out]) - Y[held_out]) ** 2)
    low, high = errors.values()
    if abs(low - high) > 1e-9 * low:
        expected = min(errors, key=errors.get) * len(Z) / len(fit)
        assert tuned.penalty == pytest.approx(expected, rel=1e-6)
        assert_same(tuned, ridge(Z, Y, tuned.penalty))
        scaled = tuned_ridge(scale * Z, Y, (0.01, 1.0), seed % 100)
        np.testing.assert_allclose(scaled.predict(scale * Z), tuned.predict(Z), **close)


@few
@given(problems(n_samples=st.integers(3, 16)), forms)
def test_leave_one_out_is_what_leaving_one_out_gives(problem, form):
    """The oracle: for each sample and penalty, a ridge fitted to the other samples."""
    Z, Y = problem
    assume(np.ptp(Z, axis=0).any())
    shares = (0.01, 0.3, 10.0)
    fitted, left_out = loo_ridge(form(Z), Y, shares)
    others = [np.delete(np.arange(len(Z)), i) for i in range(len(Z))]
    asked = np.array(shares) * Z.var(axis=0).sum()
    found = np.array(
        [
            [ridge(Z[rows], Y[rows], p).predict(Z[[i]])[0] for i, rows in enumerate(others)]
            for p in asked
        ]
    )
    errors = np.mean((found - Y) ** 2, axis=(1, 2))
    chosen = np.abs(asked - fitted.penalty).argmin()
    assert fitted.penalty == pytest.approx(asked[chosen])
    assert errors[chosen] <= errors.min() * (1 + 1e-6)
    np.testing.assert_allclose(left_out, found[chosen], atol=1e-7)
    assert_same(fitted, ridge(Z, Y, asked[chosen]))


@given(codes(), st.integers(1, 3), seeds, forms)
def test_a_readout_is_an_affine_map(Z, n_targets, seed, form):
    rng = np.random.default_rng(seed)
    weights, b = rng.standard_normal((Z.shape[1], n_targets)), rng.standard_normal(n_targets)
    said = LinearReadout(weights, b, 0.0).predict(form(Z))
    np.testing.assert_allclose(said, [[row @ w + c for w, c in zip(weights.T, b, strict=True)]
                                      for row in Z], atol=1e-9)  # fmt: skip


# ---- where precision is short, units are dead, or the targets are noise


def test_ridge_of_a_one_dimensional_target_and_of_float32_codes():
    Z, t = RNG.standard_normal((60, 200)).astype(np.float32), RNG.standard_normal(60)
    theirs = Ridge(alpha=10.0, solver="svd").fit(Z.astype(float), t)
    assert np.allclose(ridge(Z, t, 10.0).predict(Z)[:, 0], theirs.predict(Z), atol=1e-4)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_means_of_many_float32_codes_are_exact(form):
    Z = (RNG.random((20_000, 30)) < 0.4).astype(np.float32)
    T = RNG.standard_normal((20_000, 2))
    fitted, exact = ridge(form(Z), T, 1.0), ridge(Z.astype(float), T, 1.0)
    assert np.allclose(fitted.weights, exact.weights, rtol=0, atol=1e-12)
    assert np.allclose(fitted.predict(Z).mean(axis=0), T.mean(axis=0), rtol=0, atol=1e-12)


def test_ridge_survives_dead_and_duplicate_units():
    Z = np.repeat(RNG.integers(0, 2, (50, 20)), 5, axis=1).astype(float)
    Z[:, :10] = 0
    fitted = ridge(Z, RNG.standard_normal(50), 1e-9)
    assert np.isfinite(fitted.weights).all()
    assert np.allclose(fitted.weights[:10], 0)


@pytest.mark.parametrize("n_penalties", [12, 30])  # solved one by one, and by eigenvectors
@pytest.mark.parametrize("shape", [(90, 30), (30, 90)])
def test_many_penalties_give_the_readouts_of_each(shape, n_penalties):
    rng = np.random.default_rng(0)
    Z, Y = rng.standard_normal(shape), rng.standard_normal((shape[0], 2))
    penalties = np.geomspace(1e-3, 1e3, n_penalties)
    for fitted, penalty in zip(ridge_path(Z, Y, penalties), penalties, strict=True):
        alone = ridge(Z, Y, penalty)
        assert fitted.penalty == alone.penalty == penalty
        assert np.allclose(fitted.weights, alone.weights, rtol=1e-10, atol=1e-12)
        assert np.allclose(fitted.intercept, alone.intercept, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n_penalties", [1, 8, 30])
def test_penalties_below_rounding_give_the_shortest_readout(n_penalties):
    rng = np.random.default_rng(0)
    Z, Y = np.repeat(rng.standard_normal((40, 60)), 2, axis=0), rng.standard_normal((80, 2))
    shortest = np.linalg.pinv(Z - Z.mean(axis=0)) @ (Y - Y.mean(axis=0))
    for fitted in ridge_path(Z, Y, np.full(n_penalties, 1e-300)):
        assert np.allclose(fitted.weights, shortest, atol=1e-10)


@pytest.mark.parametrize("shape", [(80, 50), (50, 80)])
def test_penalties_of_a_path_may_be_below_rounding_or_not(shape):
    """A penalty is solved as it would be alone, whatever the others on its path are."""
    rng = np.random.default_rng(0)
    Z, Y = np.repeat(rng.standard_normal((shape[0] // 2, shape[1])), 2, axis=0), np.eye(shape[0])
    penalties = np.concatenate([[1e-300], np.geomspace(1.0, 1e6, 28), [1e-290]])
    for fitted, penalty in zip(ridge_path(Z, Y, penalties), penalties, strict=True):
        assert np.allclose(fitted.weights, ridge(Z, Y, penalty).weights, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("width", [20, 200])
def test_a_held_out_ridge_is_the_best_of_its_path_on_the_samples_that_it_is_given(width):
    Z, Y = RNG.standard_normal((90, width)), RNG.standard_normal((90, 2))
    relative = np.array([0.01, 0.1, 1.0])
    found = held_out_ridge(Z[:60], Y[:60], Z[60:], Y[60:], relative)
    length = Z[:60].var(axis=0).sum()  # mean squared length of a centred code
    tried = ridge_path(Z[:60], Y[:60], relative * length)
    best = min(tried, key=lambda one: np.mean((one.predict(Z[60:]) - Y[60:]) ** 2))
    assert found.penalty == pytest.approx(best.penalty)
    np.testing.assert_allclose(found.weights, best.weights, atol=1e-10)


def test_tuned_ridge_penalises_noise_and_not_a_clean_line():
    Z, w = RNG.standard_normal((300, 100)), RNG.standard_normal((100, 1))
    clean = tuned_ridge(Z, Z @ w)
    noise = tuned_ridge(Z, RNG.standard_normal((300, 1)))
    assert clean.penalty == pytest.approx(1.25e-4 * Z.var() * 100, rel=0.05)
    assert noise.penalty == pytest.approx(1.25 * Z.var() * 100, rel=0.05)
    assert np.allclose(clean.predict(Z), Z @ w, atol=1e-2)


def test_without_options_the_penalty_is_one_of_five_decades_and_the_same_each_time():
    rng = np.random.default_rng(1)
    Z, w = rng.standard_normal((300, 100)), rng.standard_normal((100, 1))
    unit = 1.25 * Z.var() * 100
    for noise in (0, 1, 3, 10, 100):
        T = Z @ w + noise * rng.standard_normal((300, 1))
        found = tuned_ridge(Z, T)
        assert np.abs(np.log10(found.penalty / unit) - np.arange(-4, 1)).min() < 0.05
        assert found.penalty == tuned_ridge(Z, T).penalty

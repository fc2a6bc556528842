"""Ridge readouts where precision is short, units are dead, or the targets are noise; refusals."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import Ridge

from esutils.readout import ridge, ridge_path, tuned_ridge

RNG = np.random.default_rng(0)


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

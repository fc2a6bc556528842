"""Ridge readouts against scikit-learn's own solver."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import Ridge

from esutils import readout
from esutils.readout import ridge, ridge_path, tuned_ridge

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("m", [5, 30, 200])
@pytest.mark.parametrize("as_csr", [False, True])
@pytest.mark.parametrize("penalty", [1e-3, 1.0, 100.0])
def test_ridge_is_scikit_learns(m, as_csr, penalty):
    Z, T = RNG.standard_normal((60, m)) + 1, RNG.standard_normal((60, 3)) + 2
    mine = ridge(sp.csr_matrix(Z) if as_csr else Z, T, penalty)
    theirs = Ridge(alpha=penalty, solver="svd").fit(Z, T)
    assert np.allclose(mine.weights, theirs.coef_.T, atol=1e-8)
    assert np.allclose(mine.intercept, theirs.intercept_, atol=1e-8)
    assert np.allclose(mine.predict(Z), theirs.predict(Z), atol=1e-8)
    assert mine.penalty == penalty


def test_ridge_of_a_one_dimensional_target_and_of_float32_codes():
    Z, t = RNG.standard_normal((60, 200)).astype(np.float32), RNG.standard_normal(60)
    theirs = Ridge(alpha=10.0, solver="svd").fit(Z.astype(float), t)
    assert np.allclose(ridge(Z, t, 10.0).predict(Z)[:, 0], theirs.predict(Z), atol=1e-4)


def test_means_of_many_sparse_float32_codes_are_exact():
    Z = (RNG.random((20_000, 30)) < 0.4).astype(np.float32)
    T = RNG.standard_normal((20_000, 2))
    fitted, exact = ridge(sp.csr_matrix(Z), T, 1.0), ridge(Z.astype(float), T, 1.0)
    assert np.allclose(fitted.weights, exact.weights, rtol=0, atol=1e-12)
    assert np.allclose(fitted.predict(Z).mean(axis=0), T.mean(axis=0), rtol=0, atol=1e-12)


def test_ridge_survives_dead_and_duplicate_units():
    Z = np.repeat(RNG.integers(0, 2, (50, 20)), 5, axis=1).astype(float)
    Z[:, :10] = 0
    fitted = ridge(Z, RNG.standard_normal(50), 1e-9)
    assert np.isfinite(fitted.weights).all()
    assert np.allclose(fitted.weights[:10], 0)


def test_ridge_path_is_ridge_at_each_penalty_and_shrinks():
    Z, T = RNG.standard_normal((60, 100)), RNG.standard_normal((60, 2))
    penalties = [0.1, 10.0, 1000.0]
    path = ridge_path(Z, T, penalties)
    for penalty, fitted in zip(penalties, path, strict=True):
        assert np.array_equal(fitted.weights, ridge(Z, T, penalty).weights)
    norms = [np.linalg.norm(fitted.weights) for fitted in path]
    assert norms == sorted(norms, reverse=True)


def test_tuned_ridge_penalises_noise_and_not_a_clean_line():
    Z, w = RNG.standard_normal((300, 100)), RNG.standard_normal((100, 1))
    clean = tuned_ridge(Z, Z @ w)
    noise = tuned_ridge(Z, RNG.standard_normal((300, 1)))
    assert clean.penalty == pytest.approx(1.25e-4 * Z.var() * 100, rel=0.05)
    assert noise.penalty == pytest.approx(1.25 * Z.var() * 100, rel=0.05)
    assert np.allclose(clean.predict(Z), Z @ w, atol=1e-2)


Z, T = np.ones((6, 4)), np.ones(6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ridge(Z, T, 0.0), r"penalties must be positive and finite, got \[0.0\]"),
        (lambda: ridge(Z, T, np.nan), "penalties must be positive and finite"),
        (lambda: ridge_path(Z, T, []), r"penalties must be positive and finite, got \[\]"),
        (lambda: ridge(Z, T[:5], 1.0), "Y must have 6 rows, one a sample, got 5"),
        (lambda: ridge(Z * np.nan, T, 1.0), "Z must be finite"),
        (lambda: ridge(Z, T * np.inf, 1.0), "Y must be finite"),
        (lambda: ridge(Z, T.astype(str), 1.0), "Y must hold real numbers"),
        (lambda: tuned_ridge(Z[:4], T[:4]), "number of samples in Z must be .* got 4"),
        (lambda: ridge(Z, T, 1.0).predict(Z[:, :3]), r"Z must have 4 columns, got shape \(6, 3\)"),
    ],
)
def test_refusals_name_argument_and_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("shape", [(40, 15), (15, 40)], ids=["long", "wide"])
@pytest.mark.parametrize("kind", [np.asarray, sp.csr_matrix])
def test_leave_one_out_is_what_leaving_one_out_gives(shape, kind):
    """The oracle: for each sample and penalty, a ridge fitted to the other samples."""
    rng = np.random.default_rng(0)
    Z = rng.standard_normal(shape) * (rng.random(shape) < 0.4)
    Y = rng.standard_normal((shape[0], 2)) + Z[:, :2]
    fitted, left_out = readout.loo_ridge(kind(Z), Y)
    others = [np.delete(np.arange(len(Z)), i) for i in range(len(Z))]
    centred = Z - Z.mean(axis=0)
    penalties = np.array(readout.MORE_PENALTIES) * np.sum(centred**2) / len(Z)
    found = np.array(
        [
            [readout.ridge(Z[rows], Y[rows], p).predict(Z[[i]])[0] for i, rows in enumerate(others)]
            for p in penalties
        ]
    )
    best = np.mean((found - Y) ** 2, axis=(1, 2)).argmin()
    assert fitted.penalty == pytest.approx(penalties[best])
    np.testing.assert_allclose(left_out, found[best], atol=1e-8)
    np.testing.assert_allclose(
        fitted.predict(Z), readout.ridge(Z, Y, penalties[best]).predict(Z), atol=1e-8
    )


def test_leave_one_out_refuses_a_single_sample():
    with pytest.raises(ValueError, match="number of samples in Z must be a whole number >= 2"):
        readout.loo_ridge(np.ones((1, 3)), np.ones(1))

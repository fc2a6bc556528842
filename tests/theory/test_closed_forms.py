import warnings

import numpy as np
import pytest

from esutils import theory


def close_to(values, expected, largest_error):
    """Return whether the mean of simulated values agrees; first check that its error is small."""
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    assert error < largest_error * expected
    return abs(np.mean(values) - expected) < 4 * error


def minimum_norm(Z, y):
    if Z.shape[1] > Z.shape[0]:
        return Z.T @ np.linalg.solve(Z @ Z.T, y)
    return np.linalg.solve(Z.T @ Z, Z.T @ y)


# --- ridgeless least squares


@pytest.mark.parametrize(("p", "n"), [(75, 300), (150, 300), (240, 300), (400, 200), (600, 150)])
def test_hastie_matches_simulated_least_squares(p, n):
    rng = np.random.default_rng(p)
    signal, noise, risks = 2.0, 0.5, []
    for _ in range(30):
        X = rng.standard_normal((n, p))
        beta = rng.standard_normal(p)
        beta *= np.sqrt(signal) / np.linalg.norm(beta)
        y = X @ beta + np.sqrt(noise) * rng.standard_normal(n)
        risks.append(np.sum((minimum_norm(X, y) - beta) ** 2))
    assert close_to(risks, theory.hastie_risk(p / n, signal, noise), 0.05)


def test_hastie_at_the_pole_and_in_the_limits():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        risk = theory.hastie_risk(np.array([[1e-9, 1.0], [1.0, 1e9]]), 2.0, 0.5)
    np.testing.assert_allclose(risk, [[0, np.inf], [np.inf, 2.0]], atol=1e-8)
    assert np.isscalar(theory.hastie_risk(2, 2.0, 0.5))


# --- random ReLU features


def test_relu_moments_match_quadrature():
    g, weights = np.polynomial.hermite_e.hermegauss(150)
    weights /= weights.sum()
    relu = np.maximum(g, 0)
    moments = weights @ relu, weights @ (g * relu), weights @ relu**2
    np.testing.assert_allclose(theory.RELU_MOMENTS, moments, rtol=5e-3)
    mu0, mu1, second = theory.RELU_MOMENTS
    assert mu1**2 / (second - mu0**2 - mu1**2) == pytest.approx(2.7519, abs=5e-5)


def test_mei_montanari_published_check_values():
    risk = theory.mei_montanari_risk(np.array([6, 12, 2.7, 3]), 3, 1.0, 0.25)
    np.testing.assert_allclose(risk, [0.503, 0.240, 3.88, np.inf], rtol=2e-3)


@pytest.mark.parametrize(
    ("psi1", "psi2", "nonlinear"),
    [(1, 3, 0.0), (6, 3, 0.0), (8, 2, 0.0), (1.5, 3, 1.0), (6, 3, 1.0)],
)
def test_mei_montanari_matches_simulated_relu_features(psi1, psi2, nonlinear):
    d, noise = 150, 0.25

    def on_sphere(rng, n):
        X = rng.standard_normal((n, d))
        return X * np.sqrt(d) / np.linalg.norm(X, axis=1, keepdims=True)

    risks = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        W = on_sphere(rng, round(psi1 * d)).T / np.sqrt(d)
        beta = rng.standard_normal(d)
        beta /= np.linalg.norm(beta)

        def target(X, beta=beta):
            # Products of three inputs: the ReLU has no cubic part, so no width can learn them.
            cubic = X.reshape(-1, 50, 3).prod(axis=2).sum(axis=1) / np.sqrt(50)
            return X @ beta + np.sqrt(nonlinear * (d + 2) * (d + 4)) / d * cubic

        X, X_new = on_sphere(rng, round(psi2 * d)), on_sphere(rng, 1000)
        y = target(X) + np.sqrt(noise) * rng.standard_normal(len(X))
        a = minimum_norm(np.maximum(X @ W, 0), y)
        risks.append(np.mean((np.maximum(X_new @ W, 0) @ a - target(X_new)) ** 2))
    error = 1.2533 * np.std(risks, ddof=1) / np.sqrt(len(risks))  # standard error of a median
    expected = theory.mei_montanari_risk(psi1, psi2, 1.0, noise, nonlinear)
    assert error < 0.06 * expected
    assert abs(np.median(risks) - expected) < 3 * error

"""Ridgeless readouts against NumPy's least squares, width by width, for codes of any kind."""

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from esutils import ExpandSparsify, data
from esutils.readout import minimum_norm, minimum_norm_path, width_path
from tests.helpers.strategies import codes, few, many, powers, problems, seeds

# ---- codes of images

SPLIT = data.subsample(data.load_digits(), 80, 0)
X, Y = SPLIT.X_train.astype(np.float64), data.one_hot(SPLIT.y_train, 10)
X_TEST = SPLIT.X_test[:40].astype(np.float64)
ENCODERS = {
    "relu": ExpandSparsify(400, sparsifier="relu", random_state=0),
    "cosine": ExpandSparsify(400, sparsifier="cosine", random_state=0),
    "threshold": ExpandSparsify(400, sparsifier="threshold", n_active=40, random_state=0),
    "binary blocks": ExpandSparsify(400, sparsifier="block", n_active=40, random_state=0),
    "blocks": ExpandSparsify(400, sparsifier="block", n_active=40, binary=False, random_state=0),
    "winners": ExpandSparsify(400, n_active=40, random_state=0),
    "expand only": ExpandSparsify(400, sparsifier="identity", random_state=0),
}
WIDTHS = [10, 30, 50, 60, 120, 200, 400]  # n = 80; expand only has rank 64 or less


@pytest.mark.parametrize("name", ENCODERS)
def test_width_path_is_lstsq_at_every_width(name):
    encoder = ENCODERS[name]
    path = width_path(encoder, X, Y, X_TEST, WIDTHS)
    for i, m in enumerate(WIDTHS):
        width = 400 if encoder.nested else m
        n_active = encoder.n_active and encoder.n_active * width // 400
        fitted = ExpandSparsify(**{**encoder.get_params(), "n_expanded": width})
        fitted.set_params(n_active=n_active).fit(X)
        Z, Z_test = fitted.transform(X)[:, :m], fitted.transform(X_TEST)[:, :m]
        weights, _, rank, _ = np.linalg.lstsq(Z, Y, rcond=1e-10)
        assert np.allclose(path.predictions[i], Z_test @ weights, rtol=1e-8, atol=1e-8)
        assert np.allclose(path.norms[i], np.linalg.norm(weights, axis=0), rtol=1e-8)
        residuals = np.sqrt(np.mean((Y - Z @ weights) ** 2, axis=0))
        assert np.allclose(path.residuals[i], residuals, atol=1e-8)
        assert path.ranks[i] == rank


def test_ranks_say_what_the_codes_can_fit():
    ranks = {
        name: width_path(encoder, X, Y, X_TEST, WIDTHS).ranks for name, encoder in ENCODERS.items()
    }
    assert ranks["relu"].tolist() == [10, 30, 50, 60, 80, 80, 80]
    assert ranks["expand only"].max() == np.linalg.matrix_rank(X - X.mean(axis=0)) < 64
    binary = np.array(WIDTHS) - np.array(WIDTHS) // 10 + 1
    assert (ranks["binary blocks"] <= np.minimum(binary, 80)).all()


# ---- whatever the codes are


def test_a_rank_that_the_smallest_pivot_hides():
    # These block codes have rank 22 at most. Rounding leaves the Cholesky factor a last pivot that
    # is not that small, because the one before it is.
    for seed in (11, 12, 46, 64):
        X = np.random.default_rng(seed).standard_normal((23, 18))
        encoder = ExpandSparsify(28, n_active=7, sparsifier="block", random_state=0)
        Z = encoder.fit_transform(X)
        path = minimum_norm_path(Z, X, Z, [28])
        assert path.ranks[0] == np.linalg.matrix_rank(Z) < 23
        np.testing.assert_allclose(path.predictions[0], Z @ np.linalg.pinv(Z) @ X, atol=1e-8)


@given(problems(), seeds)
def test_the_minimum_norm_readout_fits_best_and_is_the_shortest_that_does(problem, seed):
    Z, Y = problem
    weights = minimum_norm(Z, Y).weights
    np.testing.assert_allclose(Z.T @ (Z @ weights - Y), 0, atol=1e-6)
    if np.linalg.matrix_rank(Z) == len(Z):
        np.testing.assert_allclose(Z @ weights, Y, atol=1e-6)
    any_change = np.random.default_rng(seed).standard_normal(weights.shape)
    unseen = any_change - np.linalg.pinv(Z, rcond=1e-9) @ (Z @ any_change)
    np.testing.assert_allclose(Z @ unseen, 0, atol=1e-8)  # fits as well
    longer = np.linalg.norm(weights + unseen) - np.linalg.norm(weights)
    assert longer > 1e-6 or np.linalg.norm(unseen) < 1e-2


@given(problems(), powers, st.data())
def test_the_minimum_norm_readout_is_linear_and_follows_units_and_orders(problem, scale, data):
    Z, Y = problem
    fitted = minimum_norm(Z, Y).weights
    more = np.random.default_rng(len(Z)).standard_normal(Y.shape)
    both = minimum_norm(Z, 3 * Y - more).weights
    other = minimum_norm(Z, more).weights
    np.testing.assert_allclose(both, 3 * fitted - other, atol=1e-5)
    scaled = minimum_norm(scale * Z, Y).weights
    np.testing.assert_allclose(scale * scaled, fitted, atol=1e-5)
    samples = data.draw(st.permutations(range(len(Z))))
    units = np.random.default_rng(len(samples)).permutation(Z.shape[1])
    moved = minimum_norm(Z[samples][:, units], Y[samples]).weights
    np.testing.assert_allclose(moved, fitted[units], atol=1e-5)


def assert_is_each_width_alone(path, Z, Y, Z_test):
    for i, m in enumerate(path.widths):
        weights = minimum_norm(Z[:, :m], Y).weights
        misses = Y - Z[:, :m] @ weights
        np.testing.assert_allclose(path.predictions[i], Z_test[:, :m] @ weights, atol=1e-5)
        np.testing.assert_allclose(path.norms[i], np.linalg.norm(weights, axis=0), atol=1e-5)
        np.testing.assert_allclose(
            path.residuals[i], np.sqrt(np.mean(misses**2, axis=0)), rtol=1e-6, atol=1e-6
        )
        assert path.ranks[i] == np.linalg.matrix_rank(Z[:, :m], rtol=1e-9)


@given(problems(), st.data())
def test_a_path_of_widths_is_each_width_alone(problem, data):
    Z, Y = problem
    widths = sorted(data.draw(st.sets(st.integers(1, Z.shape[1]), min_size=1)))
    Z_test = data.draw(codes(many, st.just(Z.shape[1])))
    path = minimum_norm_path(Z, Y, Z_test, widths)
    assert_is_each_width_alone(path, Z, Y, Z_test)
    one = minimum_norm_path(Z, Y[:, -1], Z_test, widths)
    np.testing.assert_allclose(one.predictions, path.predictions[..., -1:], atol=1e-5)
    exact = path.norms[(path.ranks == len(Z)) & (np.array(widths) >= len(Z))]
    assert (np.diff(exact, axis=0) <= 1e-6).all()  # a wider exact fit is no longer
    order = data.draw(st.permutations(range(len(Z_test))))
    shuffled = minimum_norm_path(Z, Y, Z_test[order], widths)
    np.testing.assert_allclose(shuffled.predictions, path.predictions[:, order], atol=1e-9)


ON_A_LINE = np.random.default_rng(0).standard_normal((8, 2)) * [0, 1], np.eye(8)


@few
@given(problems(), seeds, st.sampled_from(["winners", "block", "threshold", "relu", "cosine"]))
@example(ON_A_LINE, 0, "cosine")
def test_a_path_of_an_encoder_is_the_encoder_at_each_width(problem, seed, sparsifier):
    X, Y = problem
    counted = sparsifier in ("winners", "block", "threshold")
    options = {"sparsifier": sparsifier, "random_state": seed}
    encoder = ExpandSparsify(20, n_active=5 if counted else None, **options)
    widths = [4, 12, 28]
    path = width_path(encoder, X, Y, X, widths)
    for i, m in enumerate(widths):
        alone = ExpandSparsify(m, n_active=m // 4 if counted else None, **options)
        Z = alone.fit_transform(X)
        weights = np.linalg.pinv(Z, rcond=1e-9) @ Y
        lengths = np.linalg.svd(Z, compute_uv=False)
        lengths /= lengths.max(initial=np.finfo(float).tiny)
        # Cosines of close samples are almost alike, and a Gram matrix squares their condition: a
        # length between these is neither safely there nor safely zero.
        assume(not ((lengths > 1e-12) & (lengths < 1e-6)).any())
        kept = lengths[lengths > 1e-9]
        atol = 1e-5 + 1e-15 / kept.min(initial=1) ** 2
        np.testing.assert_allclose(path.predictions[i], Z @ weights, atol=atol)
        assert path.ranks[i] == len(kept)

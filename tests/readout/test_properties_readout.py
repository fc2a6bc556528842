"""Readouts solve their equations and nothing else: no order, form or unit of the codes shows."""

from itertools import product

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from esutils import ExpandSparsify, experiments, readout
from tests.helpers.strategies import codes, few, many, powers, problems, seeds

penalties = st.floats(1e-3, 1e3)
forms = st.sampled_from([np.asarray, sp.csr_matrix, sp.csc_array])
close = {"rtol": 1e-6, "atol": 1e-6}


def assert_same(found, expected, **tolerance):
    for what in ("weights", "intercept", "penalty"):
        tolerance = tolerance or close
        np.testing.assert_allclose(getattr(found, what), getattr(expected, what), **tolerance)


# ---- ridge


@given(problems(), penalties, forms)
def test_ridge_solves_the_normal_equations(problem, penalty, form):
    Z, Y = problem
    fitted = readout.ridge(form(Z), Y, penalty)
    misses = Y - fitted.predict(form(Z))
    slope = (Z - Z.mean(axis=0)).T @ misses - penalty * fitted.weights
    np.testing.assert_allclose(slope, 0, atol=1e-8)
    np.testing.assert_allclose(misses.mean(axis=0), 0, atol=1e-9)
    assert fitted.weights.shape == (Z.shape[1], Y.shape[1]) and fitted.penalty == penalty
    alone = [readout.ridge(Z, y, penalty).predict(Z)[:, 0] for y in Y.T]
    np.testing.assert_allclose(fitted.predict(Z), np.transpose(alone), **close)


@given(problems(), penalties, powers, st.floats(-9, 9), st.data())
def test_ridge_follows_units_zeros_and_orders(problem, penalty, scale, shift, data):
    Z, Y = problem
    fitted = readout.ridge(Z, Y, penalty)
    scaled = readout.ridge(scale * Z, Y, scale**2 * penalty)
    np.testing.assert_allclose(scale * scaled.weights, fitted.weights, **close)
    moved = readout.ridge(Z + shift, 2 * Y + shift, penalty)
    np.testing.assert_allclose(moved.weights, 2 * fitted.weights, atol=1e-4)
    np.testing.assert_allclose(moved.predict(Z + shift), 2 * fitted.predict(Z) + shift, atol=1e-4)
    samples = data.draw(st.permutations(range(len(Z))))
    units = np.random.default_rng(len(samples)).permutation(Z.shape[1])
    other = readout.ridge(Z[samples][:, units], Y[samples], penalty)
    np.testing.assert_allclose(other.weights, fitted.weights[units], **close)
    np.testing.assert_allclose(other.intercept, fitted.intercept, **close)


@given(problems(), st.lists(penalties, min_size=1, max_size=9, unique=True), forms)
def test_a_path_is_each_penalty_alone_and_shrinks(problem, asked, form):
    Z, Y = problem
    asked = sorted(asked)
    path = readout.ridge_path(form(Z), Y, asked)
    for penalty, fitted in zip(asked, path, strict=True):
        assert_same(fitted, readout.ridge(form(Z), Y, penalty))
    norms = np.array([np.linalg.norm(fitted.weights) for fitted in path])
    misfits = np.array([np.linalg.norm(Y - fitted.predict(Z)) for fitted in path])
    assert (np.diff(norms) <= 1e-9).all() and (np.diff(misfits) >= -1e-9).all()


@given(problems(n_samples=st.integers(5, 30)), seeds, powers, forms)
def test_a_tuned_ridge_has_the_penalty_of_the_least_held_out_error(problem, seed, scale, form):
    Z, Y = problem
    assume(np.ptp(Z, axis=0).any())
    tuned = readout.tuned_ridge(form(Z), Y, (0.01, 1.0), seed % 100)
    fit, held_out = train_test_split(np.arange(len(Z)), test_size=0.2, random_state=seed % 100)
    mean_square = Z[fit].var(axis=0).sum()
    errors = {}
    for share in (0.01, 1.0):
        alone = readout.ridge(Z[fit], Y[fit], max(share * mean_square, 1e-300))
        errors[share * mean_square] = np.mean((alone.predict(Z[held_out]) - Y[held_out]) ** 2)
    low, high = errors.values()
    if abs(low - high) > 1e-9 * low:
        expected = min(errors, key=errors.get) * len(Z) / len(fit)
        assert tuned.penalty == pytest.approx(expected, rel=1e-6)
        assert_same(tuned, readout.ridge(Z, Y, tuned.penalty))
        scaled = readout.tuned_ridge(scale * Z, Y, (0.01, 1.0), seed % 100)
        np.testing.assert_allclose(scaled.predict(scale * Z), tuned.predict(Z), **close)


@few
@given(problems(n_samples=st.integers(3, 16)), forms)
def test_leave_one_out_is_what_leaving_one_out_gives(problem, form):
    """The oracle: for each sample and penalty, a ridge fitted to the other samples."""
    Z, Y = problem
    assume(np.ptp(Z, axis=0).any())
    shares = (0.01, 0.3, 10.0)
    fitted, left_out = readout.loo_ridge(form(Z), Y, shares)
    others = [np.delete(np.arange(len(Z)), i) for i in range(len(Z))]
    asked = np.array(shares) * Z.var(axis=0).sum()
    found = np.array(
        [
            [readout.ridge(Z[rows], Y[rows], p).predict(Z[[i]])[0] for i, rows in enumerate(others)]
            for p in asked
        ]
    )
    errors = np.mean((found - Y) ** 2, axis=(1, 2))
    chosen = np.abs(asked - fitted.penalty).argmin()
    assert fitted.penalty == pytest.approx(asked[chosen])
    assert errors[chosen] <= errors.min() * (1 + 1e-6)
    np.testing.assert_allclose(left_out, found[chosen], atol=1e-7)
    assert_same(fitted, readout.ridge(Z, Y, asked[chosen]))


@given(codes(), st.integers(1, 3), seeds, forms)
def test_a_readout_is_an_affine_map(Z, n_targets, seed, form):
    rng = np.random.default_rng(seed)
    weights, b = rng.standard_normal((Z.shape[1], n_targets)), rng.standard_normal(n_targets)
    said = readout.LinearReadout(weights, b, 0.0).predict(form(Z))
    np.testing.assert_allclose(said, [[row @ w + c for w, c in zip(weights.T, b, strict=True)]
                                      for row in Z], atol=1e-9)  # fmt: skip


# ---- codes that do not fit into memory


@given(problems(), penalties, st.data())
def test_a_stream_may_be_cut_and_stored_in_any_way(problem, penalty, data):
    Z, Y = problem
    inner = st.integers(1, len(Z) - 1)
    cuts = sorted(data.draw(st.sets(inner, max_size=4)))
    batches = [
        (data.draw(forms)(part), targets)
        for part, targets in zip(np.split(Z, cuts), np.split(Y, cuts), strict=True)
    ]
    order = data.draw(st.permutations(batches))
    (fitted,) = readout.ridge_stream(iter(order), [penalty])
    assert_same(fitted, readout.ridge(Z, Y, penalty))


@few
@given(problems(kinds=["zeros and ones", "constant"]), st.floats(0.1, 100), forms)
def test_wide_binary_codes_have_the_same_readout(problem, penalty, form):
    Z, Y = problem
    (fitted,) = readout.ridge_wide(form(Z), Y, [penalty])
    assert_same(fitted, readout.ridge(Z, Y, penalty), rtol=0, atol=1e-3)


# ---- minimum norm


@given(problems(), seeds)
def test_the_minimum_norm_readout_fits_best_and_is_the_shortest_that_does(problem, seed):
    Z, Y = problem
    weights = readout.minimum_norm(Z, Y).weights
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
    fitted = readout.minimum_norm(Z, Y).weights
    more = np.random.default_rng(len(Z)).standard_normal(Y.shape)
    both = readout.minimum_norm(Z, 3 * Y - more).weights
    other = readout.minimum_norm(Z, more).weights
    np.testing.assert_allclose(both, 3 * fitted - other, atol=1e-5)
    scaled = readout.minimum_norm(scale * Z, Y).weights
    np.testing.assert_allclose(scale * scaled, fitted, atol=1e-5)
    samples = data.draw(st.permutations(range(len(Z))))
    units = np.random.default_rng(len(samples)).permutation(Z.shape[1])
    moved = readout.minimum_norm(Z[samples][:, units], Y[samples]).weights
    np.testing.assert_allclose(moved, fitted[units], atol=1e-5)


def assert_is_each_width_alone(path, Z, Y, Z_test):
    for i, m in enumerate(path.widths):
        weights = readout.minimum_norm(Z[:, :m], Y).weights
        misses = Y - Z[:, :m] @ weights
        np.testing.assert_allclose(path.predictions[i], Z_test[:, :m] @ weights, atol=1e-5)
        np.testing.assert_allclose(path.norms[i], np.linalg.norm(weights, axis=0), atol=1e-5)
        np.testing.assert_allclose(path.residuals[i], np.sqrt(np.mean(misses**2, axis=0)), **close)
        assert path.ranks[i] == np.linalg.matrix_rank(Z[:, :m], rtol=1e-9)


@given(problems(), st.data())
def test_a_path_of_widths_is_each_width_alone(problem, data):
    Z, Y = problem
    widths = sorted(data.draw(st.sets(st.integers(1, Z.shape[1]), min_size=1)))
    Z_test = data.draw(codes(many, st.just(Z.shape[1])))
    path = readout.minimum_norm_path(Z, Y, Z_test, widths)
    assert_is_each_width_alone(path, Z, Y, Z_test)
    one = readout.minimum_norm_path(Z, Y[:, -1], Z_test, widths)
    np.testing.assert_allclose(one.predictions, path.predictions[..., -1:], atol=1e-5)
    exact = path.norms[(path.ranks == len(Z)) & (np.array(widths) >= len(Z))]
    assert (np.diff(exact, axis=0) <= 1e-6).all()  # a wider exact fit is no longer
    order = data.draw(st.permutations(range(len(Z_test))))
    shuffled = readout.minimum_norm_path(Z, Y, Z_test[order], widths)
    np.testing.assert_allclose(shuffled.predictions, path.predictions[:, order], atol=1e-9)


@few
@given(problems(), seeds, st.sampled_from(["winners", "block", "threshold", "relu", "cosine"]))
def test_a_path_of_an_encoder_is_the_encoder_at_each_width(problem, seed, sparsifier):
    X, Y = problem
    counted = sparsifier in ("winners", "block", "threshold")
    options = {"sparsifier": sparsifier, "random_state": seed}
    encoder = ExpandSparsify(20, n_active=5 if counted else None, **options)
    widths = [4, 12, 28]
    path = readout.width_path(encoder, X, Y, X, widths)
    for i, m in enumerate(widths):
        alone = ExpandSparsify(m, n_active=m // 4 if counted else None, **options)
        Z = alone.fit_transform(X)
        weights = np.linalg.pinv(Z, rcond=1e-9) @ Y
        np.testing.assert_allclose(path.predictions[i], Z @ weights, atol=1e-5)
        assert path.ranks[i] == np.linalg.matrix_rank(Z, rtol=1e-9)


# ---- dropout


@given(problems(n_samples=st.integers(2, 6), m=st.integers(2, 5)), st.data())
def test_dropout_of_one_half_is_least_squares_over_all_masks(problem, data):
    Z, Y = problem
    fitted = experiments._halved(Z, Y)
    masks = 2 * np.array(list(product((0, 1), repeat=Z.shape[1])))
    dropped = (masks[:, None] * Z).reshape(-1, Z.shape[1])
    design = np.column_stack([dropped, np.ones(len(dropped))])
    best = np.linalg.lstsq(design, np.tile(Y, (len(masks), 1)), rcond=None)[0]
    np.testing.assert_allclose(fitted.weights, best[:-1], atol=1e-8)
    np.testing.assert_allclose(fitted.intercept, best[-1], atol=1e-8)
    units = np.array([data.draw(powers) for _ in Z.T])  # of each column its own
    np.testing.assert_allclose(
        experiments._halved(units * Z, Y).predict(units * Z), fitted.predict(Z)
    )

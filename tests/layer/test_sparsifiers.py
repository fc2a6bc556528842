"""Sparsifiers: what a code holds, where thresholds lie, and the kernel that cosines estimate."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from esutils import layer, theory
from tests.helpers.strategies import dtypes, floats, many, powers, seeds


@given(floats(), st.data())
def test_a_winner_take_all_code_is_one_at_its_winners_alone(H, data):
    k = data.draw(st.integers(1, H.shape[1]))
    Z = layer.winner_take_all(H, k)
    assert Z.shape == H.shape and set(np.unique(Z)) <= {0, 1}
    assert Z.dtype == (H.dtype if H.dtype == np.float32 else np.float64)
    assert np.array_equal(Z.nonzero()[1].reshape(-1, k), layer.winners(H, k))


@given(floats(m=st.integers(1, 8)), st.integers(1, 5), st.data())
def test_each_block_has_its_first_largest_and_blocks_are_nested(H, size, data):
    n_samples, n_blocks = H.shape
    H = data.draw(floats(st.just(n_samples), st.just(n_blocks * size)))
    won = layer.block_winners(H, size)
    assert won.dtype == np.int32
    for at in range(n_blocks):
        block = H[:, at * size : (at + 1) * size]
        first = [list(row).index(max(row)) for row in block]
        assert np.array_equal(won[:, at], at * size + np.array(first))
        narrow = layer.block_winners(H[:, : (at + 1) * size], size)
        assert np.array_equal(narrow, won[:, : at + 1])


@given(seeds, st.integers(2, 40), st.floats(0.001, 0.999), dtypes)
def test_a_threshold_leaves_its_share_active_in_any_order_and_unit(seed, n, share, dtype):
    H = np.random.default_rng(seed).standard_normal((n, 6)).astype(dtype)
    cuts = layer.unit_thresholds(H, share)
    assert cuts.dtype == dtype
    below, rising = n - round(share * n), np.sort(H, axis=0)
    assert ((H <= cuts).sum(axis=0) == below).all()
    ends = np.vstack([np.full(6, -np.inf), rising, np.full(6, np.inf)])
    halfway = (ends[below] + ends[below + 1]) / 2
    np.testing.assert_allclose(cuts, halfway, rtol=0, atol=4 * np.finfo(dtype).eps)
    order = np.random.default_rng(seed).permutation(n)
    assert np.array_equal(layer.unit_thresholds(H[order], share), cuts)
    assert np.array_equal(layer.unit_thresholds(H[:, 2:4], share), cuts[2:4])
    assert np.array_equal(layer.unit_thresholds(8 * H, share), 8 * cuts)


@given(floats(n_samples=many), st.floats(0.001, 0.999))
def test_a_threshold_lies_where_the_cut_falls_ties_or_not(H, share):
    cuts, n_active = layer.unit_thresholds(H, share), round(share * len(H))
    for column, cut in zip(H.T, cuts, strict=True):
        falling = -np.sort(-column)
        tied = 0 < n_active < len(H) and falling[n_active - 1] == falling[n_active]
        n_above = np.sum(falling > falling[n_active]) if tied else n_active
        assert np.sum(column > cut) == n_above


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_between_neighbouring_floats_the_threshold_is_the_lower(dtype):
    low, middle, high = rising = np.nextafter(1, [0, 1, 2], dtype=dtype)
    assert low < middle < high
    for pair in (rising[:2], rising[1:]):
        assert layer.unit_thresholds(pair[:, None], 0.5) == pair[0]


@given(floats(), powers)
def test_relu_keeps_the_positive_and_its_scale(H, scale):
    Z = layer.relu(H)
    assert Z.dtype == H.dtype and np.array_equal(Z, np.where(H > 0, H, 0))
    assert np.array_equal(layer.relu(Z), Z)
    with np.errstate(over="ignore"):
        scaled = H * H.dtype.type(scale)
    assume(np.isfinite(scaled).all())
    assert np.array_equal(layer.relu(scaled), Z * H.dtype.type(scale))
    assert layer.relu(H, out=H) is H and np.array_equal(H, Z)


@given(seeds, st.integers(1, 9), st.integers(1, 30), dtypes)
def test_cosines_are_bounded_and_a_phase_is_a_shift(seed, n, m, dtype):
    rng = np.random.default_rng(seed)
    H, phase = rng.standard_normal((n, m)).astype(dtype), rng.uniform(0, 2 * np.pi, m)
    Z = layer.cosine(H, phase)
    assert Z.dtype == dtype and np.abs(Z).max() <= np.sqrt(2) * (1 + np.finfo(dtype).eps)
    shifted = H + phase.astype(dtype)
    exact = np.sqrt(2) * np.cos(shifted.astype(np.float64))
    np.testing.assert_allclose(Z, exact, rtol=0, atol=4 * np.finfo(dtype).eps)
    assert np.array_equal(layer.cosine(shifted, np.zeros(m)), Z)
    assert layer.cosine(H, phase, out=H) is H and np.array_equal(H, Z)


def test_cosine_features_estimate_the_gaussian_kernel():
    rng = np.random.default_rng(0)
    X, m, bandwidth = rng.standard_normal((6, 5)), 200_000, 2.0
    H = X @ rng.standard_normal((5, m)) / bandwidth
    Z = layer.cosine(H, rng.uniform(0, 2 * np.pi, m))
    distances = np.linalg.norm(X[:, None] - X, axis=2)
    # Each entry is a mean of m terms of variance at most 2.
    assert np.abs(Z @ Z.T / m - theory.gaussian_kernel(distances, bandwidth)).max() < 5 * np.sqrt(
        2 / m
    )


SPARSIFY = {
    "winners": lambda H: layer.winners(H, 3),
    "winner_take_all": lambda H: layer.winner_take_all(H, 3),
    "block_winners": lambda H: layer.block_winners(H, 4),
    "unit_thresholds": lambda H: layer.unit_thresholds(H, 0.5),
    "relu": layer.relu,
    "cosine": lambda H: layer.cosine(H, np.zeros(20)),
}


@pytest.mark.parametrize("name", SPARSIFY)
def test_projections_stay_as_they_are(name):
    H = np.random.default_rng(0).standard_normal((9, 20))
    before = H.copy()
    SPARSIFY[name](H)
    assert np.array_equal(H, before)


@given(floats(), st.sampled_from([np.nan, np.inf, -np.inf]), st.data())
def test_what_is_not_finite_is_found_wherever_it_is(H, bad, data):
    at = data.draw(st.tuples(st.integers(0, len(H) - 1), st.integers(0, H.shape[1] - 1)))
    H[at] = bad
    for call in (layer.winners, layer.winner_take_all, layer.block_winners, layer.unit_thresholds):
        with pytest.raises(ValueError, match="H must be finite"):
            call(H, 1)
    with pytest.raises(ValueError, match="H must be finite"):
        layer.relu(H)
    with pytest.raises(ValueError, match="H must be finite"):
        layer.cosine(H, np.zeros(H.shape[1]))

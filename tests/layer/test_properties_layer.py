"""The layer, whatever goes in: exact counts, order, scale, permutations, nested widths, CSR."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import assume, given
from hypothesis import strategies as st

from esutils import layer
from esutils.layer import LAWS, project, projection
from tests.helpers.strategies import dtypes, floats, many, powers, seeds


def stable_winners(H, k):
    """Sort by value, then by index, with a stable sort."""
    return np.sort(np.argsort(-H, axis=1, kind="stable")[:, :k], axis=1)


# ---- sparsify


@given(floats(), st.data())
def test_winners_are_the_first_k_of_a_stable_sort(H, data):
    k = data.draw(st.integers(1, H.shape[1]))
    won = layer.winners(H, k)
    assert won.dtype == np.int32 and won.shape == (len(H), k)
    assert np.array_equal(won, stable_winners(H, k))
    assert np.array_equal(layer.winners(np.asfortranarray(H), k), won)


@given(floats(), st.data())
def test_a_winner_take_all_code_is_one_at_its_winners_alone(H, data):
    k = data.draw(st.integers(1, H.shape[1]))
    Z = layer.winner_take_all(H, k)
    assert Z.shape == H.shape and set(np.unique(Z)) <= {0, 1}
    assert Z.dtype == (H.dtype if H.dtype == np.float32 else np.float64)
    assert np.array_equal(Z.nonzero()[1].reshape(-1, k), layer.winners(H, k))


@given(floats(), st.data())
def test_winners_ask_for_nothing_but_the_order_within_a_row(H, data):
    k, n_units = data.draw(st.integers(1, H.shape[1])), H.shape[1]
    won = layer.winners(H, k)
    ranks = np.array([np.unique(row, return_inverse=True)[1] for row in H])
    assert np.array_equal(layer.winners(ranks, k), won)
    samples, units = data.draw(st.permutations(range(len(H)))), data.draw(seeds)
    assert np.array_equal(layer.winners(H[samples], k), won[samples])
    order = np.random.default_rng(units).permutation(n_units)
    moved = np.take_along_axis(H[:, order], layer.winners(H[:, order], k), axis=1)
    assert np.array_equal(np.sort(moved), np.sort(np.take_along_axis(H, won, axis=1)))


@given(floats(), st.data())
def test_one_winner_more_leaves_the_others(H, data):
    k = data.draw(st.integers(1, H.shape[1] - 1))
    fewer, more = layer.winners(H, k), layer.winners(H, k + 1)
    assert all(set(few) < set(many) for few, many in zip(fewer, more, strict=True))


@given(floats(), st.sampled_from([np.nan, np.inf, -np.inf]), st.data())
def test_what_is_not_finite_is_found_wherever_it_is(H, bad, data):
    at = data.draw(st.tuples(st.integers(0, len(H) - 1), st.integers(0, H.shape[1] - 1)))
    H[at] = bad
    for call in (layer.winners, layer.block_winners, layer.unit_thresholds):
        with pytest.raises(ValueError, match="H must be finite"):
            call(H, 1)
    with pytest.raises(ValueError, match="H must be finite"):
        layer.relu(H)


@given(floats(m=st.integers(1, 8)), st.integers(1, 5), st.data())
def test_each_block_has_its_first_largest_and_blocks_are_nested(H, size, data):
    n_samples, n_blocks = H.shape
    H = data.draw(floats(st.just(n_samples), st.just(n_blocks * size)))
    won = layer.block_winners(H, size)
    assert won.dtype == np.int32
    for at in range(n_blocks):
        of_block = stable_winners(H[:, at * size : (at + 1) * size], 1)[:, 0]
        assert np.array_equal(won[:, at], at * size + of_block)
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


# ---- expand


@pytest.mark.parametrize("law", LAWS)
@given(d=st.integers(1, 12), data=st.data(), seed=seeds, dtype=dtypes)
def test_a_projection_has_its_law_and_is_the_top_of_every_wider_one(law, d, data, seed, dtype):
    m = d if law == "none" else data.draw(st.integers(1, d if law == "rotation" else 30))
    narrow, fan_in = data.draw(st.integers(1, m)), data.draw(st.integers(1, d))
    samples = np.random.default_rng(seed).standard_normal((5, d))
    options = {"law": law, "fan_in": fan_in, "data": samples, "dtype": dtype}
    W = projection(m, d, random_state=seed, **options)
    assert W.dtype == dtype and W.shape == (m, d)
    assert sp.issparse(W) == (law in ("sign", "fly"))
    W = W.toarray() if sp.issparse(W) else W
    if law != "none":
        top = projection(narrow, d, random_state=seed, **options)
        assert np.array_equal(top.toarray() if sp.issparse(top) else top, W[:narrow])
    if law in ("sphere", "data", "rotation"):
        np.testing.assert_allclose(np.linalg.norm(W, axis=1), 1, rtol=1e-6)
    if law == "none":
        assert np.array_equal(W, np.eye(d))
    if law == "rotation":
        np.testing.assert_allclose(W @ W.T, np.eye(m), atol=1e-6)
    if law == "sign":
        assert set(np.unique(W**2).round(6)) <= {0, 3}
    if law == "fly":
        assert set(np.unique(W)) <= {0, 1} and (W.sum(axis=1) == fan_in).all()
    if law == "data":
        unit = samples / np.linalg.norm(samples, axis=1, keepdims=True)
        np.testing.assert_allclose((W @ unit.T).max(axis=1), 1, rtol=1e-6)


@given(st.sampled_from(["gaussian", "sign", "fly"]), st.integers(1, 40), seeds, dtypes)
def test_projecting_whole_numbers_is_exact_however_they_are_stored(law, d, seed, dtype):
    """Sums of whole numbers round nothing, in whatever order they are added up."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-9, 10, (70, d)).astype(dtype)
    W = projection(25, d, law, fan_in=min(3, d), random_state=seed, dtype=dtype)
    W = np.round(4 * W) if law == "gaussian" else W.sign()
    dense = W if law == "gaussian" else W.toarray()
    expected = X.astype(int) @ dense.T.astype(int)
    for samples in (X, np.asfortranarray(X), sp.csr_matrix(X)):
        for rows in (W, sp.csr_matrix(W)):
            out = np.empty(expected.shape, dtype)
            assert np.array_equal(project(samples, rows), expected)
            assert project(samples, rows, out=out) is out and np.array_equal(out, expected)
            assert out.dtype == dtype

"""Sparsifiers: the fast path of the winners, its threads and memory, kernels, refusals."""

import numpy as np
import pytest

from esutils import ExpandSparsify, layer, theory
from esutils.layer.selection import largest
from tools.benchmarks import growth

FLOATS = {
    "continuous": lambda A: A,
    "rounded": lambda A: np.round(2 * A),
    "half zeros": lambda A: np.maximum(A, 0),
    "few ones": lambda A: A > 2,
    "constant": np.zeros_like,
    "zeros of both signs": lambda A: np.where(A > 0, 0.0, -0.0),
    "negative": lambda A: -np.abs(A) - 1,
    "denormal": lambda A: np.round(4 * A) * np.finfo(A.dtype).smallest_subnormal,
    "nearly the largest": lambda A: np.clip(A / 4, -1, 1) * np.finfo(A.dtype).max,
    "of all magnitudes": lambda A: A * np.exp2(np.clip(40 * A[::-1], -120, 120)),
    "sorted": lambda A: np.sort(A, axis=1),
    # The sample sees one entry in many; here it sees nothing but the smallest, or the largest.
    "unlike its sample": lambda A: np.where(np.arange(A.shape[1]) % 157 < 16, A - 99, A),
    "its sample on top": lambda A: np.where(np.arange(A.shape[1]) % 157 < 16, A + 99, A),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", FLOATS)
@pytest.mark.parametrize("m", [1, 31, 32, 33, 1024, 5033])
def test_winners_are_those_of_a_stable_sort(kind, m, dtype):
    A = np.random.default_rng(m).standard_normal((30, m)).astype(dtype)
    H = FLOATS[kind](A).astype(dtype)
    order = np.argsort(-H, axis=1, kind="stable")
    for k in {1, max(1, m // 100), max(1, m // 20), -(-m // 2), m}:
        won = layer.winners(H, k)
        assert won.dtype == np.int32 and won.flags.c_contiguous
        assert np.array_equal(won, np.sort(order[:, :k], axis=1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("m", [33, 1024, 9001])
def test_an_offset_is_added_before_the_largest_are_found(m, dtype):
    rng = np.random.default_rng(m)
    H, offset = rng.standard_normal((20, m)).astype(dtype), 3 * rng.standard_normal(m)
    shifted = H + offset.astype(dtype)
    places = largest("H", H, m // 5 + 1, offset)
    assert np.array_equal(H, shifted)
    assert np.array_equal(places, layer.winners(shifted, m // 5 + 1))


def test_too_large_projections_are_refused():
    X = np.ones((2, 3), np.float32)
    encoder = ExpandSparsify(100, n_active=5, random_state=0).fit(X)
    with pytest.raises(ValueError, match="projections of X must be finite"):
        encoder.transform(3e38 * X)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [0, 31, 32, 4999])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_entry_that_is_not_finite_is_found(bad, at, dtype):
    H = np.random.default_rng(0).standard_normal((3, 5000)).astype(dtype)
    H[1, at] = bad
    with pytest.raises(ValueError, match="H must be finite, got NaN or infinity"):
        layer.winners(H, 7)


def test_threads_and_memory_layouts_do_not_show(monkeypatch):
    H = np.random.default_rng(0).standard_normal((300, 1200)).astype(np.float32)
    whole = layer.winners(H, 60)
    assert np.array_equal(layer.winners(np.asfortranarray(H), 60), whole)
    assert np.array_equal(layer.winners(H[::2], 60), whole[::2])
    monkeypatch.setattr("esutils.layer.selection.BLOCK_ENTRIES", 7 * 1200)
    for n_threads in (1, 3):
        monkeypatch.setattr("numba.config.NUMBA_NUM_THREADS", n_threads)
        assert np.array_equal(layer.winners(H, 60), whole)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_between_neighbouring_floats_the_threshold_is_the_lower(dtype):
    low, middle, high = rising = np.nextafter(1, [0, 1, 2], dtype=dtype)
    assert low < middle < high
    for pair in (rising[:2], rising[1:]):
        assert layer.unit_thresholds(pair[:, None], 0.5) == pair[0]


def test_compiled_code_is_ready_soon_and_kept():
    """The first call may compile, for under three seconds; later processes find it compiled."""
    calls = [growth.first_calls() for _ in range(3)]  # the least, since the machine may be busy
    assert min(call["compiling"] for call in calls) < 3
    assert min(call["compiled"] for call in calls) < 0.2


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


H = np.ones((3, 4))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layer.winners(H, 5), r"n_active must be .*\[1, 4\], got 5"),
        (lambda: layer.winners(H, 0), "n_active must be .* got 0"),
        (lambda: layer.winners(H * np.nan, 1), "H must be finite"),
        (lambda: layer.winners(H[0], 1), r"H must be two-dimensional .* got shape \(4,\)"),
        (lambda: layer.winners(H[:0], 1), r"H must be .* not empty, got shape \(0, 4\)"),
        (lambda: layer.winners(H.astype(str), 1), "H must hold real numbers, got dtype"),
        (lambda: layer.winners(H * 1j, 1), "H must hold real numbers, got dtype complex"),
        (lambda: layer.block_winners(H, 3), "block_size must divide the 4 units, got 3"),
        (lambda: layer.block_winners(H, 5), "block_size must be .* got 5"),
        (lambda: layer.unit_thresholds(H, 0), "sparsity must be .* got 0"),
        (lambda: layer.unit_thresholds(H, 1.5), "sparsity must be .* got 1.5"),
        (lambda: layer.cosine(H, np.zeros(3)), r"phase must have shape \(4,\), got \(3,\)"),
    ],
)
def test_refusals_name_argument_and_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()

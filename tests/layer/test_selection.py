"""The selection: the k largest of each row are those of a stable sort, whatever the row holds."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esutils import layer
from tests.helpers.strategies import floats, seeds

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
    # The sample is every 16th entry. Here it sees only the smallest entries, or the largest.
    "unlike its sample": lambda A: np.where(np.arange(A.shape[1]) % 16 == 0, A - 99, A),
    "its sample on top": lambda A: np.where(np.arange(A.shape[1]) % 16 == 0, A + 99, A),
}


def stable_winners(H, k):
    """Sort by value, then by index, with a stable sort."""
    return np.sort(np.argsort(-H, axis=1, kind="stable")[:, :k], axis=1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", FLOATS)
@pytest.mark.parametrize("m", [1, 7, 8, 9, 31, 32, 33, 1008, 1009, 1024, 5033])
def test_winners_are_those_of_a_stable_sort(kind, m, dtype):
    A = np.random.default_rng(m).standard_normal((30, m)).astype(dtype)
    H = FLOATS[kind](A).astype(dtype)
    for k in {1, max(1, m // 100), max(1, m // 20), max(1, m // 4), -(-m // 2), m}:
        won = layer.winners(H, k)
        assert won.dtype == np.int32 and won.flags.c_contiguous
        assert np.array_equal(won, stable_winners(H, k))


@given(floats(), st.data())
def test_winners_are_the_first_k_of_a_stable_sort(H, data):
    k = data.draw(st.integers(1, H.shape[1]))
    won = layer.winners(H, k)
    assert won.dtype == np.int32 and won.shape == (len(H), k)
    assert np.array_equal(won, stable_winners(H, k))
    assert np.array_equal(layer.winners(np.asfortranarray(H), k), won)


@given(floats(), st.data())
def test_winners_depend_only_on_the_order_within_a_row(H, data):
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
def test_one_more_winner_leaves_the_others(H, data):
    k = data.draw(st.integers(1, H.shape[1] - 1))
    fewer, more = layer.winners(H, k), layer.winners(H, k + 1)
    assert all(set(few) < set(many) for few, many in zip(fewer, more, strict=True))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [0, 7, 8, 31, 32, 4999])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_entry_that_is_not_finite_is_found(bad, at, dtype):
    H = np.random.default_rng(0).standard_normal((3, 5000)).astype(dtype)
    H[1, at] = bad
    for k in (7, 4000):
        with pytest.raises(ValueError, match="H must be finite, got NaN or infinity"):
            layer.winners(H, k)


def test_threads_and_memory_layouts_do_not_show(monkeypatch):
    H = np.random.default_rng(0).standard_normal((300, 1200)).astype(np.float32)
    whole = layer.winners(H, 60)
    assert np.array_equal(layer.winners(np.asfortranarray(H), 60), whole)
    assert np.array_equal(layer.winners(H[::2], 60), whole[::2])
    monkeypatch.setattr("esutils.layer.selection.BLOCK_ENTRIES", 7 * 1200)
    for n_threads in (1, 3):
        monkeypatch.setattr("numba.config.NUMBA_NUM_THREADS", n_threads)
        assert np.array_equal(layer.winners(H, 60), whole)


FIRST_CALL = """
import numpy as np
from esutils import layer
from esutils.layer.selection import _select
layer.winners(np.ones((2, 3000), np.float32), 5)
print(sum(_select.stats.cache_hits.values()), sum(_select.stats.cache_misses.values()))
"""


def test_what_one_process_compiles_the_next_one_finds(tmp_path):
    run = [sys.executable, "-c", FIRST_CALL]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    found = [subprocess.check_output(run, env=environment, text=True).split() for _ in range(2)]
    assert found == [["0", "1"], ["1", "0"]]

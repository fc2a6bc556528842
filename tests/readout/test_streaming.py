"""Readouts of codes that do not fit into memory agree with readouts of codes that do."""

import re
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from esutils.layer import ExpandSparsify
from esutils.readout import ridge, ridge_path, ridge_stream, ridge_wide, streaming
from tests.helpers.strategies import few, forms, problems

PENALTIES = [0.1, 1.0, 30.0]


def binary(n, m, share=0.3, dtype=np.float64):
    return (np.random.default_rng(0).random((n, m)) < share).astype(dtype)


def targets(n, n_targets=3):
    return np.random.default_rng(1).standard_normal((n, n_targets)) + 5


def assert_same(found, expected, atol):
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.penalty == theirs.penalty
        assert np.allclose(mine.weights, theirs.weights, rtol=0, atol=atol)
        assert np.allclose(mine.intercept, theirs.intercept, rtol=0, atol=10 * atol)


CODES = {
    "dense": lambda n, m: np.random.default_rng(0).standard_normal((n, m)) + 1,
    "dense binary": binary,
    "CSR binary": lambda n, m: sp.csr_matrix(binary(n, m, dtype=np.float32)),
    "CSR values": lambda n, m: sp.csr_matrix(binary(n, m) * CODES["dense"](n, m)),
}


@pytest.mark.parametrize("codes", CODES)
@pytest.mark.parametrize("batch_size", [1, 37, 200])
@pytest.mark.parametrize("m", [40, 250])
def test_stream_is_the_path_of_all_samples_at_once(codes, batch_size, m, monkeypatch):
    monkeypatch.setattr(streaming, "_GATHERED", 64)
    Z, Y = CODES[codes](200, m), targets(200)
    batches = [
        (Z[at : at + batch_size], Y[at : at + batch_size]) for at in range(0, 200, batch_size)
    ]
    assert_same(ridge_stream(batches, PENALTIES), ridge_path(Z, Y, PENALTIES), atol=1e-6)


@pytest.mark.parametrize("n_penalties", [7, 20])
def test_stream_of_one_target_of_float32_codes_and_of_many_penalties(n_penalties):
    Z, y = CODES["dense"](300, 20).astype(np.float32), targets(300)[:, 0]
    penalties = [1.0] * n_penalties
    found = ridge_stream([(Z[:100], y[:100]), (Z[100:], y[100:])], penalties)
    assert_same(found, ridge_path(Z, y, penalties), atol=1e-5)


def test_stream_may_mix_kinds_and_write_a_batch_over_the_last_one():
    Z, Y, room = binary(90, 20), targets(90), np.empty((30, 20))

    def batches():
        for at in range(0, 90, 30):
            room[:] = Z[at : at + 30]
            yield (room if at else sp.csr_matrix(room)), Y[at : at + 30]

    assert_same(ridge_stream(batches(), PENALTIES), ridge_path(Z, Y, PENALTIES), atol=1e-10)


def fit_in_little_memory(folder):
    """Fit the samples in a folder with 150 MiB to spare; say if their dense codes would fit too."""
    import resource

    X = np.memmap(folder / "X.bin", np.uint8, mode="r").reshape(-1, 16)
    y = np.load(folder / "y.npy")
    encoder = ExpandSparsify(1000, n_active=50, random_state=0).fit(X[:500].astype(np.float32))

    def fit(n):
        codes = encoder.iter_transform(X[:n])
        batches = ((Z, y[1000 * i :][: Z.shape[0]]) for i, Z in enumerate(codes))
        return ridge_stream(batches, [100.0])[0]

    fit(3000)  # compiles
    used = re.search(r"VmData:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]
    resource.setrlimit(resource.RLIMIT_DATA, (1024 * int(used) + 150 * 2**20, -1))
    weights = fit(len(X)).weights
    try:
        encoder.transform(X.astype(np.float32))
    except MemoryError:
        return weights, False
    return weights, True


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited as Linux does it")
def test_stream_fits_where_the_codes_do_not(tmp_path):
    X = np.random.default_rng(0).integers(0, 256, (60_000, 16), dtype=np.uint8)
    y = np.where(X[:, :4].sum(axis=1, dtype=int) > 510, 1.0, -1.0)
    X.tofile(tmp_path / "X.bin")
    np.save(tmp_path / "y.npy", y)
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        weights, dense_codes_fit = alone.submit(fit_in_little_memory, tmp_path).result()
    assert not dense_codes_fit
    encoder = ExpandSparsify(1000, n_active=50, sparse_output=True, random_state=0)
    X = X.astype(np.float32)
    Z = encoder.fit(X[:500]).transform(X).astype(np.float64)  # SciPy's means are of its dtype
    expected = ridge_path(Z, y, [100.0])[0]
    assert np.allclose(weights, expected.weights, atol=1e-8)
    assert np.mean(np.sign(expected.predict(Z)[:, 0]) == y) > 0.9


@pytest.mark.parametrize("n_landmarks", [2000, 10])
@pytest.mark.parametrize("shape", [(300, 100), (100, 400), (1, 5)])
def test_wide_is_the_path(shape, n_landmarks, monkeypatch):
    monkeypatch.setattr(streaming, "_LANDMARKS", n_landmarks)
    monkeypatch.setattr(streaming, "_TILE", (64, 128))
    Z, Y = binary(*shape), targets(shape[0])
    Z[: shape[0] // 5] = Z[-(shape[0] // 5) :][: shape[0] // 5]  # duplicates
    Z[:, :5] = 0  # units that are never active
    expected = ridge_path(Z, Y, PENALTIES)
    for codes in (Z, sp.csr_matrix(Z)):
        found = ridge_wide(codes, Y, PENALTIES)
        assert_same(found, expected, atol=1e-4)
        assert np.all(found[0].weights[:5] == 0)
    assert_same(
        ridge_wide(Z.astype(np.float32), Y[:, 0], [1.0]), ridge_path(Z, Y[:, 0], [1.0]), 1e-4
    )


def test_wide_has_small_residuals_where_samples_are_almost_alike():
    Z, Y = binary(400, 3000, share=0.9), targets(400)
    Z[:200] = Z[200:]
    Z[np.arange(200), np.arange(200)] = 0
    penalty = 1e-3 * Z.var(axis=0).sum()
    found = ridge_wide(Z, Y, [penalty])[0]
    expected = ridge_path(Z, Y, [penalty])[0]
    assert np.abs(found.predict(Z) - expected.predict(Z)).max() < 1e-3


def test_wide_counts_beyond_16_bits():
    Z, Y = np.ones((3, 2**16 + 70), np.float32), targets(3)
    Z[0, :9], Z[1, 9:13] = 0, 0
    assert_same(ridge_wide(Z, Y, [1.0]), ridge_path(Z, Y, [1.0]), atol=1e-6)


def test_wide_of_constant_codes_and_targets_is_the_mean():
    for Z, y in ((np.zeros((4, 3)), np.arange(4.0)), (np.eye(4), np.full(4, 1.5))):
        fitted = ridge_wide(Z, y, [1.0])[0]
        assert not fitted.weights.any() and fitted.intercept == pytest.approx(1.5)


def test_wide_says_which_penalty_does_not_converge(monkeypatch):
    monkeypatch.setattr(streaming, "_LANDMARKS", 1)
    monkeypatch.setattr(streaming, "_ITERATIONS", 3)
    with pytest.raises(np.linalg.LinAlgError, match=r"in 3 iterations for penalties \[0.01\]"):
        ridge_wide(binary(100, 200), targets(100), [0.01, 1e6])


def assert_close(found, expected, **tolerance):
    for what in ("weights", "intercept", "penalty"):
        np.testing.assert_allclose(getattr(found, what), getattr(expected, what), **tolerance)


@given(problems(), st.floats(1e-3, 1e3), st.data())
def test_a_stream_may_be_cut_and_stored_in_any_way(problem, penalty, data):
    Z, Y = problem
    inner = st.integers(1, len(Z) - 1)
    cuts = sorted(data.draw(st.sets(inner, max_size=4)))
    batches = [
        (data.draw(forms)(part), targets)
        for part, targets in zip(np.split(Z, cuts), np.split(Y, cuts), strict=True)
    ]
    order = data.draw(st.permutations(batches))
    (fitted,) = ridge_stream(iter(order), [penalty])
    assert_close(fitted, ridge(Z, Y, penalty), rtol=1e-6, atol=1e-6)


@few
@given(problems(kinds=["zeros and ones", "constant"]), st.floats(0.1, 100), forms)
def test_wide_binary_codes_have_the_same_readout(problem, penalty, form):
    Z, Y = problem
    (fitted,) = ridge_wide(form(Z), Y, [penalty])
    assert_close(fitted, ridge(Z, Y, penalty), rtol=0, atol=1e-3)

"""Readouts of codes that do not fit into memory, against those of codes that do."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from esutils.layer import ExpandSparsify
from esutils.readout import ridge_path, ridge_stream, ridge_wide, streaming

ROOT = Path(__file__).parents[2]
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


def test_stream_of_one_target_of_float32_codes_and_of_many_penalties():
    Z, y, penalties = CODES["dense"](300, 20).astype(np.float32), targets(300)[:, 0], [1.0] * 7
    found = ridge_stream([(Z[:100], y[:100]), (Z[100:], y[100:])], penalties)
    assert_same(found, ridge_path(Z, y, penalties), atol=1e-5)


def test_stream_may_mix_kinds_and_write_a_batch_over_the_last_one():
    Z, Y, room = binary(90, 20), targets(90), np.empty((30, 20))

    def batches():
        for at in range(0, 90, 30):
            room[:] = Z[at : at + 30]
            yield (room if at else sp.csr_matrix(room)), Y[at : at + 30]

    assert_same(ridge_stream(batches(), PENALTIES), ridge_path(Z, Y, PENALTIES), atol=1e-10)


FIT = """
import re, resource, sys
from pathlib import Path
import numpy as np
sys.path.insert(0, ROOT)
from esutils.layer import ExpandSparsify
from esutils.readout import ridge_stream

X = np.memmap("X.bin", np.uint8, mode="r").reshape(-1, 16)
y = np.load("y.npy")
encoder = ExpandSparsify(1000, n_active=50, random_state=0).fit(X[:500].astype(np.float32))

def fit(n):
    codes = encoder.iter_transform(X[:n])
    return ridge_stream(((Z, y[1000 * i :][: Z.shape[0]]) for i, Z in enumerate(codes)), [100.0])[0]

fit(3000)  # compiles
used = re.search(r"VmData:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
resource.setrlimit(resource.RLIMIT_DATA, (1024 * int(used) + 150 * 2**20, -1))
np.save("weights.npy", fit(len(X)).weights)
try:
    encoder.transform(X.astype(np.float32))
except MemoryError:
    print("the dense codes do not fit")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited as Linux does it")
def test_stream_fits_where_the_codes_do_not(tmp_path):
    X = np.random.default_rng(0).integers(0, 256, (60_000, 16), dtype=np.uint8)
    y = np.where(X[:, :4].sum(axis=1, dtype=int) > 510, 1.0, -1.0)
    X.tofile(tmp_path / "X.bin")
    np.save(tmp_path / "y.npy", y)
    run = subprocess.run(
        [sys.executable, "-c", FIT.replace("ROOT", repr(str(ROOT)))],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.stdout == "the dense codes do not fit\n", run.stderr
    encoder = ExpandSparsify(1000, n_active=50, sparse_output=True, random_state=0)
    X = X.astype(np.float32)
    Z = encoder.fit(X[:500]).transform(X).astype(np.float64)  # SciPy's means are of its dtype
    expected = ridge_path(Z, y, [100.0])[0]
    assert np.allclose(np.load(tmp_path / "weights.npy"), expected.weights, atol=1e-8)
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

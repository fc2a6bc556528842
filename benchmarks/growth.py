"""Measure how time and memory grow with n, d, m and k, one at a time; write growth.json."""

import json
import statistics
import time
import tracemalloc
from pathlib import Path

import numpy as np

from esutils import ExpandSparsify, ridgeless, sparsify

BASE = {"n": 2000, "d": 400, "m": 8000, "k": 400}
GRID = {
    "n": (500, 1000, 2000, 4000, 8000, 16_000),
    "d": (50, 100, 200, 400, 800, 1600),
    "m": (1000, 2000, 4000, 8000, 16_000, 32_000),
    "k": (25, 50, 100, 200, 400, 800),
}


def encode(n, d, m, k, law="gaussian"):
    """Return a function that encodes n samples, ready to run."""
    X = np.random.default_rng(0).standard_normal((n, d), dtype=np.float32)
    options = {"n_active": k, "law": law, "sparse_output": True, "random_state": 0}
    encoder = ExpandSparsify(m, **options).fit(X)
    return lambda: encoder.transform(X)


def encode_fly(n, d, m, k):
    """The same with six inputs a unit."""
    return encode(n, d, m, k, "fly")


def select(n, d, m, k):
    """Return a function that finds the k largest of n rows of m."""
    H = np.random.default_rng(0).standard_normal((n, m), dtype=np.float32)
    return lambda: sparsify.winners(H, k)


def fit(n, d, m, k):
    """Return a function that fits the minimum-norm readout at one width."""
    rng = np.random.default_rng(0)
    Z, Y = np.maximum(rng.standard_normal((n, m)), 0), rng.standard_normal((n, 10))
    return lambda: ridgeless.minimum_norm_path(Z, Y, Z[:100], [m])


# Each with what it depends on; the readout at smaller sizes, since it grows fastest.
WORK = {"encode": (encode, "ndmk"), "fly": (encode_fly, "ndmk"), "select": (select, "nmk")}
FIT_BASE = {"n": 500, "d": 1, "m": 8000, "k": 1}
FIT_GRID = {"n": (125, 250, 500, 1000, 2000), "m": (2000, 4000, 8000, 16_000, 32_000)}


def seconds(work, turns=5):
    """Return the median time of some runs, after one that does not count."""
    work()
    taken = []
    for _ in range(turns):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def peak_megabytes(work):
    """Return the most memory that a run holds at once beyond what was there before."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def sweep(make, base, grid, measure):
    """Return what was measured along each axis of a grid, the other sizes as in ``base``."""
    return {
        axis: [[value, measure(make(**{**base, axis: value}))] for value in values]
        for axis, values in grid.items()
    }


if __name__ == "__main__":
    found = {
        name: sweep(make, BASE, {axis: GRID[axis] for axis in axes}, seconds)
        for name, (make, axes) in WORK.items()
    }
    found["readout"] = sweep(fit, FIT_BASE, FIT_GRID, seconds)
    found["memory"] = sweep(encode, BASE, GRID, peak_megabytes)
    text = json.dumps({"base": BASE, "readout_base": FIT_BASE} | found, indent=1)
    (Path(__file__).parent / "growth.json").write_text(text + "\n", encoding="utf-8")

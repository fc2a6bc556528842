"""Measure how time and memory grow with n, d, m and k, one at a time; write growth.json."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

from esutils import ExpandSparsify, layer, readout
from esutils.common.files import write_text


def encode(n, d, m, k, law="gaussian"):
    """Return a function that encodes n samples, ready to run."""
    X = np.random.default_rng(0).standard_normal((n, d), dtype=np.float32)
    options = {"n_active": k, "law": law, "sparse_output": True, "random_state": 0}
    encoder = ExpandSparsify(m, **options).fit(X)
    return lambda: encoder.transform(X)


def encode_fly(n, d, m, k):
    """Return the same for units of six inputs."""
    return encode(n, d, m, k, "fly")


def select(n, d, m, k):
    """Return a function that finds the k largest of n rows of m."""
    H = np.random.default_rng(0).standard_normal((n, m), dtype=np.float32)
    return lambda: layer.winners(H, k)


def fit(n, d, m, k):
    """Return a function that fits the minimum-norm readout at one width."""
    rng = np.random.default_rng(0)
    Z, Y = np.maximum(rng.standard_normal((n, m)), 0), rng.standard_normal((n, 10))
    return lambda: readout.minimum_norm_path(Z, Y, Z[:100], [m])


ENCODING = {"n": 2000, "d": 400, "m": 8000, "k": 100}
ENCODING_GRID = {
    "n": (1000, 2000, 4000, 8000, 16_000),
    "d": (100, 200, 400, 800, 1600),
    "m": (2000, 4000, 8000, 16_000, 32_000),
    "k": (25, 50, 100, 200, 400),
}
SELECTING = ENCODING | {"m": 16_000}
SELECTING_GRID = {
    "n": (1000, 2000, 4000, 8000, 16_000),
    "m": (4000, 8000, 16_000, 32_000, 64_000),
    "k": (25, 50, 100, 200, 400),
}
FITTING = ENCODING | {"n": 1000}
FITTING_GRID = {"n": (500, 1000, 2000, 4000), "m": (4000, 8000, 16_000, 32_000)}
STORING = {"n": 8000, "d": 100, "m": 8000, "k": 400}
STORING_GRID = {
    "n": (4000, 8000, 16_000, 32_000, 64_000),
    "m": (2000, 4000, 8000, 16_000, 32_000),
    "k": (100, 200, 400, 800, 1600),
}


def seconds(work, turns=5):
    """Return the median time of several runs, after one that does not count."""
    work()
    taken = []
    for _ in range(turns):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def peak_megabytes(work):
    """Return the most memory that a run holds at once, without what was there before."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def sweep(make, base, grid, measure):
    """Return the base sizes, and what was measured while one size at a time varies."""
    along = {
        axis: [[value, measure(make(**base | {axis: value}))] for value in values]
        for axis, values in grid.items()
    }
    return {"base": base, "along": along}


def rounded(number):
    """Return a measured number as it is written down."""
    return float(f"{float(number):.4g}")


FIRST_CALL = """
import time
import numba, numpy as np
from esutils import layer
start = time.perf_counter()
numba.njit(lambda x: x)(1)
numba_itself = time.perf_counter() - start
H = np.ones((2, 3000), np.float32)
start = time.perf_counter()
layer.winners(H, 5)
print(numba_itself, time.perf_counter() - start)
"""


def first_calls():
    """Return the seconds of a first call: starting Numba, compiling, and once compiled."""
    with tempfile.TemporaryDirectory() as cache:
        run = [sys.executable, "-c", FIRST_CALL]
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        (_, compiling), (numba_itself, compiled) = (
            map(float, subprocess.check_output(run, env=environment).split()) for _ in range(2)
        )
    return {"numba": numba_itself, "compiling": compiling, "compiled": compiled}


if __name__ == "__main__":
    found = {
        "encode": sweep(encode, ENCODING, ENCODING_GRID, seconds),
        "fly": sweep(encode_fly, ENCODING, ENCODING_GRID, seconds),
        "select": sweep(select, SELECTING, SELECTING_GRID, seconds),
        "readout": sweep(fit, FITTING, FITTING_GRID, seconds),
        "memory": sweep(encode, STORING, STORING_GRID, peak_megabytes),
        "first_call": first_calls(),
    }
    text = json.dumps(json.loads(json.dumps(found), parse_float=rounded), indent=1)
    write_text(Path(__file__).parent / "growth.json", text + "\n")

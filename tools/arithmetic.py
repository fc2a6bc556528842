"""Print which kernels the libraries use here, and digests of what they calculate.

If an environment variable asks for other kernels, this shows whether they were used.
"""

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path

import numba
import numpy as np
import scipy.linalg
import torch
from threadpoolctl import threadpool_info

LIBRARIES = ("numpy", "scipy", "scikit-learn", "numba", "pandas", "torch")


@numba.njit(fastmath=True)
def added(x):
    """Return a sum of squares, added in whatever order suits the processor."""
    total = 0.0
    for value in x:
        total += value * value
    return total


def found():
    """Return versions, kernels, and digests of results."""
    X = np.random.default_rng(0).standard_normal((300, 400))
    T = torch.from_numpy(X.astype(np.float32))
    torch.manual_seed(0)
    results = {
        "NumPy's OpenBLAS": X @ X.T,
        "SciPy's OpenBLAS": scipy.linalg.eigvalsh(X @ X.T),
        "NumPy's logarithm": np.log(np.abs(X)),
        "the system's cosine": np.cos(X),
        "Numba's sum": np.array(added(X.ravel())),
        "PyTorch's MKL": (T @ T.T).numpy(),
        "PyTorch's sum": T.sum().numpy(),
        "PyTorch's softmax": T.log_softmax(1).numpy(),
        "PyTorch's normal numbers": torch.randn(1000).numpy(),
    }
    blas = (pool for pool in threadpool_info() if pool["internal_api"] == "openblas")
    return {
        "versions": {"Python": platform.python_version()} | {n: version(n) for n in LIBRARIES},
        "kernels": {
            "PyTorch": torch.backends.cpu.get_cpu_capability(),
            **{Path(pool["filepath"]).name: pool["architecture"] for pool in blas},
        },
        "results": {
            name: hashlib.sha256(np.ascontiguousarray(x).tobytes()).hexdigest()[:12]
            for name, x in results.items()
        },
    }


if __name__ == "__main__":
    print(json.dumps(found()))

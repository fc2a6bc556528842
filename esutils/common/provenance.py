"""What a run was made with: versions of the libraries, how they calculate here, and the commit."""

import hashlib
import importlib.metadata
import platform
import subprocess
import sys

import numpy as np

import esutils

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch")


def versions():
    """Return the versions of Python, esutils and the numerical libraries that are installed.

    Returns
    -------
    dict of str to str
        Python's as major and minor number. A library that is not installed is left out.
    """
    found = {
        "python": ".".join(platform.python_version_tuple()[:2]),
        "esutils": esutils.__version__,
    }
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def arithmetic():
    """Return a fingerprint of what the libraries calculate on this processor, to the last bit.

    Libraries choose other kernels on other processors, and these round differently. A network that
    is trained for thousands of steps multiplies such differences.

    Returns
    -------
    str
        Twelve hexadecimal digits. PyTorch counts if the run has loaded it.
    """
    X = np.random.default_rng(0).standard_normal((64, 96))
    single = X.astype(np.float32)
    results = [X @ X.T, single @ single.T, np.linalg.eigvalsh(X @ X.T), np.exp(X), np.log(abs(X))]
    if torch := sys.modules.get("torch"):
        T = torch.from_numpy(single)
        results += [(T @ T.T).numpy(), T.log_softmax(1).numpy(), T.sum().numpy()]
    content = b"".join(np.ascontiguousarray(result).tobytes() for result in results)
    return hashlib.sha256(content).hexdigest()[:12]


def commit(root):
    """Return the commit hash of the Git checkout that holds the folder ``root``.

    Returns
    -------
    str or None
        None where Git is not installed, or where it knows of no checkout with a commit.
    """
    found = _git(root, "rev-parse", "--verify", "HEAD")
    return None if found is None else found.strip()


def changed(root, *paths):
    """Return whether a Git checkout has changes under some paths that are not committed.

    Files that Git does not know yet count as changes; files that it is told to ignore do not.

    Parameters
    ----------
    root : path
        A folder in the checkout.
    *paths : path
        Relative to ``root``; the whole checkout if none is given.

    Returns
    -------
    bool or None
        None where :func:`commit` returns None.
    """
    if commit(root) is None:
        return None
    return bool(_git(root, "status", "--porcelain", "--", *paths))


def _git(root, *arguments):
    """Return what a Git command prints, or None if Git is missing or the command fails."""
    try:
        run = subprocess.run(
            ["git", "--no-optional-locks", "-C", root, *arguments],
            check=True,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout

"""Argument checks: every refusal names the argument, the value and what is allowed."""

import numbers

import numpy as np
import scipy.sparse as sp


def check_int(name, value, low=1, high=None):
    """Return ``value`` as an int if it is a whole number in ``[low, high]``."""
    allowed = f"a whole number >= {low}" if high is None else f"a whole number in [{low}, {high}]"
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_)
    if not whole or value < low or (high is not None and value > high):
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    return int(value)


def check_number(name, value, low=0.0, high=np.inf, open_low=False):
    """Return ``value`` as a float if it is a finite number in ``[low, high]``."""
    bracket = "(" if open_low else "["
    allowed = f"a finite number in {bracket}{low:g}, {high:g}]"
    real = isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)
    if (
        not real
        or not np.isfinite(value)
        or not low <= value <= high
        or (open_low and value == low)
    ):
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    return float(value)


def check_choice(name, value, allowed):
    """Return ``value`` if it is one of the strings in ``allowed``."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {sorted(allowed)}, got {value!r}")
    return value


def check_matrix(name, array, n_columns=None, sparse=False, finite=True):
    """Return a finite two-dimensional float array (CSR stays CSR when ``sparse``).

    float32 stays float32; every other numeric type becomes float64. With ``finite=False`` the
    caller looks for NaN and infinity itself.
    """
    if sp.issparse(array):
        if not sparse:
            raise ValueError(f"{name} must be a dense array, got a sparse {array.format} matrix")
        array = array.tocsr()
    else:
        array = np.asarray(array)
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name} must hold real numbers, got dtype {array.dtype}")
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name} must be two-dimensional and not empty, got shape {array.shape}")
    if n_columns is not None and array.shape[1] != n_columns:
        raise ValueError(f"{name} must have {n_columns} columns, got shape {array.shape}")
    if array.dtype != np.float32:
        array = array.astype(np.float64, copy=False)
    if finite:
        check_finite(name, _all_finite(array.data if sp.issparse(array) else array))
    return array


def check_finite(name, finite):
    """Refuse an array in which something was found that is not ``finite``."""
    if not finite:
        raise ValueError(f"{name} must be finite, got NaN or infinity")


def _all_finite(array):
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())  # a sum is faster


def check_targets(name, targets, n_samples):
    """Return finite targets as a float array of shape (n_samples, n_targets)."""
    targets = np.asarray(targets)
    if targets.ndim == 1:
        targets = targets[:, None]
    targets = check_matrix(name, targets)
    if len(targets) != n_samples:
        raise ValueError(f"{name} must have {n_samples} rows, one a sample, got {len(targets)}")
    return targets

"""Checks of arguments: every refusal names the argument, its value and what is allowed."""

import numbers
import re

import numpy as np
import scipy.sparse as sp

MOST = 2**31 - 1  # units, inputs or outputs, which are numbered in 32 bits


def check_int(name, value, low=1, high=None):
    """Return ``value`` as an int if it is a whole number in ``[low, high]``."""
    allowed = f"a whole number >= {low}" if high is None else f"a whole number in [{low}, {high}]"
    if not _is_whole(value) or value < low or (high is not None and value > high):
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    return int(value)


def _is_whole(value):
    return isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_)


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


def check_flag(name, value):
    """Return ``value`` as a bool if it is True or False, and not just truthy or falsy."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def check_type(name, value, kind, what):
    """Return ``value`` if it is an instance of ``kind``, which ``what`` describes in words."""
    if not isinstance(value, kind):
        raise ValueError(f"{name} must be {what}, got {type(value).__name__}")
    return value


def check_name(name, value):
    """Return ``value`` if it can name a file, without leading out of its folder."""
    if not isinstance(value, str) or not re.fullmatch(r"\w[\w.-]{0,99}", value):
        raise ValueError(f"{name} must be a name of letters, digits, '.', '-', '_', got {value!r}")
    return value


def check_seed(name, value):
    """Return a generator: the given one, one from a seed, or for None one with a fresh seed."""
    seed = _is_whole(value) and value >= 0
    if not (seed or value is None or isinstance(value, np.random.Generator)):
        raise ValueError(
            f"{name} must be a whole number >= 0, a numpy Generator or None, got {value!r}"
        )
    return np.random.default_rng(value)


def check_array(name, values, kinds="buif"):
    """Return ``values`` as an array of any shape; by default it must hold real numbers."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be an array, got rows of different lengths") from error
    if kinds is not None and array.dtype.kind not in kinds:
        raise ValueError(f"{name} must hold real numbers, got dtype {array.dtype}")
    return array


def check_samples(name, samples, *axes):
    """Return finite samples as a float array; by default per seed, or per seed and test image."""
    samples = check_array(name, samples).astype(np.float64)
    shapes = [axes] if axes else [("n_seeds",), ("n_seeds", "n_images")]
    if samples.ndim not in map(len, shapes) or min(samples.shape) < 2:
        allowed = " or ".join(f"({', '.join(shape)})" for shape in shapes)
        raise ValueError(f"{name} must have shape {allowed}, all at least 2, got {samples.shape}")
    check_finite(name, np.isfinite(samples).all())
    return samples


def check_penalties(name, penalties):
    """Return one or more penalties as a float array if they are positive and finite."""
    values = np.atleast_1d(check_array(name, penalties)).astype(np.float64)
    if values.ndim != 1 or not values.size or not (np.isfinite(values) & (values > 0)).all():
        raise ValueError(f"{name} must be positive and finite, got {penalties!r}")
    return values


def check_widths(widths, m_max=None):
    """Return increasing widths as an int64 array, whose differences cannot overflow."""
    array = check_array("widths", widths)
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iu":
        raise ValueError(f"widths must be a non-empty sequence of whole numbers, got {widths!r}")
    array = array.astype(np.int64)
    if array[0] < 1 or (np.diff(array) <= 0).any():
        raise ValueError(f"widths must increase from 1 or more, got {array.tolist()}")
    if m_max is not None and array[-1] > m_max:
        raise ValueError(f"widths must be at most the {m_max} columns of Z, got {array[-1]}")
    return array


def check_single(name, array):
    """Return an array in float32; refuse it if a value becomes infinite there."""
    with np.errstate(over="ignore"):
        single = np.array(array, np.float32, order="C")
    check_finite(f"{name} in float32", _all_finite(single))
    return single


def check_out(out, shape, dtype):
    """Refuse an ``out`` that cannot hold results of this shape and dtype; None is allowed."""
    if out is None:
        return
    what = f"an array of shape {shape} that can hold {dtype}"
    check_type("out", out, np.ndarray, what)
    if out.shape != shape or not np.can_cast(dtype, out.dtype, "same_kind"):
        raise ValueError(f"out must be {what}, got shape {out.shape} and dtype {out.dtype}")


def check_matrix(name, array, n_columns=None, sparse=False, finite=True):
    """Return a finite two-dimensional float array, or a CSR matrix if ``sparse`` allows it.

    float32 stays float32; every other numeric type becomes float64. With ``finite=False`` the
    caller has to look for NaN and infinity.
    """
    if sp.issparse(array):
        if not sparse:
            raise ValueError(f"{name} must be a dense array, got a sparse {array.format} matrix")
        array = _check_csr(name, array.tocsr())
    else:
        array = check_array(name, array)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name} must be two-dimensional and not empty, got shape {array.shape}")
    if n_columns is not None and array.shape[1] != n_columns:
        raise ValueError(f"{name} must have {n_columns} columns, got shape {array.shape}")
    if array.dtype != np.float32:
        array = array.astype(np.float64, copy=False)
    if finite:
        check_finite(name, _all_finite(array.data if sp.issparse(array) else array))
    return array


def _check_csr(name, csr):
    """Return a CSR matrix if all its indices are inside its shape: compiled loops trust them."""
    check_array(name, csr.data)
    try:
        csr.check_format(full_check=True)
    except ValueError as error:
        raise ValueError(f"{name} must be a valid CSR matrix: {error}") from error
    return csr


def check_finite(name, finite):
    """Refuse an argument that was found not to be ``finite``."""
    if not finite:
        raise ValueError(f"{name} must be finite, got NaN or infinity")


def _all_finite(array):
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())  # try the fast sum first


def check_targets(name, targets, n_samples):
    """Return finite targets as a float array of shape (n_samples, n_targets)."""
    targets = check_array(name, targets)
    if targets.ndim == 1:
        targets = targets[:, None]
    targets = check_matrix(name, targets)
    if len(targets) != n_samples:
        raise ValueError(f"{name} must have {n_samples} rows, one per sample, got {len(targets)}")
    return targets

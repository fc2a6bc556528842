"""Sparsification: from projections to codes, the second half of expand-and-sparsify.

Each function maps projections ``H`` of shape (n_samples, m) to codes of the same shape. Ties are
always broken by index, the lower index first, so that counts are exact.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from esutils.common.checks import (
    check_array,
    check_finite,
    check_int,
    check_matrix,
    check_number,
    check_out,
)
from esutils.common.types import Array
from esutils.layer.selection import largest


def winners(H: ArrayLike, n_active: int) -> NDArray[np.int32]:
    """Return which units win k-winner-take-all: the k largest entries of each row.

    Parameters
    ----------
    H : array of shape (n_samples, m)
        Projections.
    n_active : int
        Number of winners k a row, at most m.

    Returns
    -------
    ndarray of int32, shape (n_samples, n_active)
        Indices of the winners, increasing along each row. Among equal entries at the cut the
        lower indices win, so that every row has exactly k winners.

    Notes
    -----
    The winners at width m are not a subset of the winners at a larger width: k-winner-take-all
    codes are not nested in m. Chapter: 01-expand-and-sparsify.

    Examples
    --------
    >>> winners([[3.0, 1.0, 3.0, 3.0]], 2)
    array([[0, 2]], dtype=int32)
    """
    H = check_matrix("H", H, finite=False)
    return largest("H", H, check_int("n_active", n_active, high=H.shape[1]))


def winner_take_all(H: ArrayLike, n_active: int) -> Array:
    """Return binary codes: 1 at the k largest entries of each row, 0 elsewhere.

    Parameters
    ----------
    H, n_active
        As in :func:`winners`.

    Returns
    -------
    ndarray of float, shape (n_samples, m)
        Of single precision where H is.

    Notes
    -----
    Chapter: 01-expand-and-sparsify. :class:`esutils.layer.ExpandSparsify` returns the same codes
    as sparse matrices.

    Examples
    --------
    >>> winner_take_all([[3.0, 1.0, 3.0, 3.0]], 2)
    array([[1., 0., 1., 0.]])
    """
    chosen = winners(H, n_active)
    H = np.asarray(H)
    Z = np.zeros(H.shape, np.float32 if H.dtype == np.float32 else np.float64)
    np.put_along_axis(Z, chosen, 1, axis=1)
    return Z


def block_winners(H: ArrayLike, block_size: int) -> NDArray[np.int32]:
    """Return the winner of each block of ``block_size`` consecutive units.

    Parameters
    ----------
    H : array of shape (n_samples, m)
        Projections; m must be a multiple of ``block_size``.
    block_size : int
        Units in a block, of which one wins; the sparsity k/m is ``1 / block_size``.

    Returns
    -------
    ndarray of int32, shape (n_samples, m // block_size)
        Index of each block's winner.

    Notes
    -----
    Adding blocks leaves the earlier ones as they are, so these codes are nested in m. With binary
    values every block sums to one, so the rank is at most ``m - m // block_size + 1``.
    Chapter: 08-double-descent.

    Examples
    --------
    >>> from esutils import layer
    >>> layer.block_winners([[3.0, 1.0, 2.0, 5.0]], block_size=2)
    array([[0, 3]], dtype=int32)
    """
    H = check_matrix("H", H)
    n_samples, m = H.shape
    check_int("block_size", block_size, high=m)
    if m % block_size:
        raise ValueError(f"block_size must divide the {m} units, got {block_size}")
    blocks = H.reshape(n_samples, m // block_size, block_size)
    starts = np.arange(0, m, block_size, dtype=np.int32)
    return blocks.argmax(axis=2).astype(np.int32) + starts


def unit_thresholds(H: ArrayLike, sparsity: float) -> Array:
    """Return a threshold for each unit, above which it is active on a share of the samples.

    Parameters
    ----------
    H : array of shape (n_samples, m)
        Projections of the samples that set the thresholds.
    sparsity : float
        Share of the samples on which a unit is to be active, in (0, 1).

    Returns
    -------
    ndarray of shape (m,)
        Halfway between the two projections that the cut falls between, so that
        ``round(sparsity * n_samples)`` samples lie above it (fewer where the column ties there).

    Notes
    -----
    The per-unit variant of winner-take-all, which every unit wins on its own share of the data
    (Dasgupta and Tosh 2020; Sinha 2024). A unit's threshold depends on that unit alone, so the
    codes are nested in m. Chapter: 08-double-descent.

    Examples
    --------
    >>> from esutils import layer
    >>> H = [[1.0, 10.0], [2.0, 20.0], [3.0, 30.0], [4.0, 40.0]]
    >>> layer.unit_thresholds(H, sparsity=0.25)
    array([ 3.5, 35. ])
    """
    H = check_matrix("H", H)
    check_number("sparsity", sparsity, 0, 1, open_low=True)
    below = len(H) - round(sparsity * len(H))
    if below in (0, len(H)):
        return np.full(H.shape[1], np.inf if below else -np.inf, H.dtype)
    low, high = np.partition(H, (below - 1, below), axis=0)[below - 1 : below + 1]
    middle = low / 2 + high / 2  # of two neighbouring floats, one of them
    return np.where((low < middle) & (middle < high), middle, low)


def relu(H: ArrayLike, out: Array | None = None) -> Array:
    """Return ``max(H, 0)``, in ``out`` if given: about half of the units are active.

    Chapter: 01-expand-and-sparsify.

    Examples
    --------
    >>> from esutils import layer
    >>> layer.relu([[-1.0, 2.0]])
    array([[0., 2.]])
    """
    H = check_matrix("H", H)
    check_out(out, H.shape, H.dtype)
    return np.maximum(H, 0, out=out)


def cosine(H: ArrayLike, phase: ArrayLike, out: Array | None = None) -> Array:
    """Return random Fourier features ``sqrt(2) cos(H + phase)``, a dense code.

    Parameters
    ----------
    H : array of shape (n_samples, m)
        Projections with rows drawn from N(0, I / bandwidth^2).
    phase : array of shape (m,)
        Phases, uniform on [0, 2 pi).
    out : array of shape (n_samples, m), optional
        Where to write the codes; may be H.

    Returns
    -------
    ndarray of shape (n_samples, m)
        Codes whose mean product over units estimates the Gaussian kernel
        ``exp(-|x - z|^2 / (2 bandwidth^2))`` without bias (Rahimi and Recht 2007).

    Notes
    -----
    Chapter: 04-random-networks.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import layer
    >>> rng = np.random.default_rng(0)
    >>> w, phase = rng.standard_normal(10000), rng.uniform(0, 2 * np.pi, 10000)
    >>> Z = layer.cosine([0 * w, 1 * w], phase)  # of the points 0 and 1
    >>> bool(abs(np.mean(Z[0] * Z[1]) - np.exp(-1 / 2)) < 0.05)
    True
    """
    H = check_matrix("H", H)
    phase = check_array("phase", phase)
    if phase.shape != (H.shape[1],):
        raise ValueError(f"phase must have shape ({H.shape[1]},), got {phase.shape}")
    check_finite("phase", np.isfinite(phase).all())
    check_out(out, H.shape, H.dtype)
    out = np.add(H, phase.astype(H.dtype, copy=False), out=out)
    np.cos(out, out=out)
    out *= H.dtype.type(np.sqrt(2))
    return out

"""Sparsifiers: from projections to codes, the second half of expand-and-sparsify.

The functions are for readers. They check what they are given and pass it to the classes at the end
of this module, one for each sparsifier, with which :class:`esutils.layer.ExpandSparsify` works too.
Projections ``H`` have shape (n_samples, m), and so have the codes. Ties are always broken by index,
the lower index first, so that counts are exact.
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
        Number of winners k per row, at most m.

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
    H = check_matrix("H", H, finite=False)  # the selection finds what is not finite
    return _Winners(H.shape[1], n_active).units(H)


def winner_take_all(H: ArrayLike, n_active: int) -> Array:
    """Return binary codes: 1 at the k largest entries of each row, 0 elsewhere.

    Parameters
    ----------
    H, n_active
        As in :func:`winners`.

    Returns
    -------
    ndarray of float, shape (n_samples, m)
        In single precision if H is.

    Notes
    -----
    Chapter: 01-expand-and-sparsify. :class:`esutils.layer.ExpandSparsify` also returns these codes
    as sparse matrices.

    Examples
    --------
    >>> winner_take_all([[3.0, 1.0, 3.0, 3.0]], 2)
    array([[1., 0., 1., 0.]])
    """
    H = check_matrix("H", H, finite=False)
    return _Winners(H.shape[1], n_active).encode(H, out=np.empty_like(H))


def block_winners(H: ArrayLike, block_size: int) -> NDArray[np.int32]:
    """Return the winner of each block of ``block_size`` consecutive units.

    Parameters
    ----------
    H : array of shape (n_samples, m)
        Projections; m must be a multiple of ``block_size``.
    block_size : int
        Units per block, one of which wins; the active fraction k/m is ``1 / block_size``.

    Returns
    -------
    ndarray of int32, shape (n_samples, m // block_size)
        Index of each block's winner.

    Notes
    -----
    New blocks leave the earlier ones unchanged, so these codes are nested in m. With binary values
    every block sums to one, so the rank is at most ``m - m // block_size + 1``.
    Chapter: 08-double-descent.

    Examples
    --------
    >>> from esutils import layer
    >>> layer.block_winners([[3.0, 1.0, 2.0, 5.0]], block_size=2)
    array([[0, 3]], dtype=int32)
    """
    H = check_matrix("H", H)
    m = H.shape[1]
    check_int("block_size", block_size)
    if m % block_size:
        raise ValueError(f"block_size must divide the {m} units, got {block_size}")
    return _BlockWinners(m, m // block_size).units(H)


def unit_thresholds(H: ArrayLike, sparsity: float) -> Array:
    """Return a threshold for each unit, above which it is active on a given share of the samples.

    Parameters
    ----------
    H : array of shape (n_samples, m)
        Projections of the samples that set the thresholds.
    sparsity : float
        Share of the samples on which a unit is active, in (0, 1].

    Returns
    -------
    ndarray of shape (m,)
        Halfway between the two projections on either side of the cut, so that
        ``round(sparsity * n_samples)`` samples lie above it (fewer where the column ties there).

    Notes
    -----
    This is the per-unit variant of winner-take-all: every unit wins on its share of the data
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
    return _thresholds(H, check_number("sparsity", sparsity, 0, 1, open_low=True))


def relu(H: ArrayLike, out: Array | None = None) -> Array:
    """Return ``max(H, 0)``, in ``out`` if given: about half of the units are active.

    Notes
    -----
    Chapter: 01-expand-and-sparsify.

    Examples
    --------
    >>> from esutils import layer
    >>> layer.relu([[-1.0, 2.0]])
    array([[0., 2.]])
    """
    H = check_matrix("H", H)
    check_out(out, H.shape, H.dtype)
    return _Relu(H.shape[1]).encode(H, out)


def cosine(H: ArrayLike, phase: ArrayLike, out: Array | None = None) -> Array:
    """Return random Fourier features ``sqrt(2) cos(H + phase)``, a dense code.

    Parameters
    ----------
    H : array of shape (n_samples, m)
        Projections whose rows were drawn from N(0, I / bandwidth^2).
    phase : array of shape (m,)
        Phases, uniform on [0, 2 pi).
    out : array of shape (n_samples, m), optional
        Where to write the codes; may be H.

    Returns
    -------
    ndarray of shape (n_samples, m)
        The mean product of two codes over the units is an unbiased estimate of the Gaussian kernel
        ``exp(-|x - z|^2 / (2 bandwidth^2))`` (Rahimi and Recht 2007).

    Notes
    -----
    Chapter: 05-untrained-networks.

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
    waves = _Cosine(H.shape[1])
    waves.phase_ = phase
    return waves.encode(H, out)


# ---- one class for each sparsifier


class Sparsifier:
    """What all sparsifiers have in common. By itself it leaves projections as they are.

    Unlike the functions above, its methods trust their input: finite float projections.

    Parameters
    ----------
    n_units : int
        Number of units m.
    n_active, binary, bandwidth
        As in :class:`esutils.layer.ExpandSparsify`; each sparsifier uses what concerns it.

    Attributes
    ----------
    nested : bool
        Whether the code at width m is the first m columns of the code at every larger width.
    counted : bool
        Whether ``n_active`` says how many units are active, and ``binary`` which values they have.
    exact : bool
        Whether every sample has exactly ``n_active`` active units.
    block_size : int
        The number that every width must be a multiple of.
    """

    nested, counted, exact, block_size = True, False, False, 1

    def __init__(self, n_units, n_active=None, binary=True, bandwidth=None):
        self.n_units = n_units
        self.n_active = n_active
        self.binary = binary
        self.bandwidth = bandwidth

    def scale(self, variance):
        """Return what projections are divided by if the samples have this total variance."""
        return 1.0

    def fit(self, project_samples, rng, dtype):
        """Learn what there is to learn, in attributes whose names end with an underscore.

        ``project_samples()`` returns the projections of the training samples. What is random is
        drawn from ``rng`` and stored in this ``dtype``.
        """

    def encode(self, H, out):
        """Write the codes of projections into ``out``, which may be H, and return it."""
        return np.positive(H, out=out)


class _Relu(Sparsifier):
    """The positive part of each projection."""

    def encode(self, H, out):
        return np.maximum(H, 0, out=out)


class _Cosine(Sparsifier):
    """The cosine of each projection, shifted by a random phase."""

    def scale(self, variance):
        self.bandwidth_ = np.sqrt(variance / 2) or 1.0
        if self.bandwidth is not None:
            self.bandwidth_ = check_number("bandwidth", self.bandwidth, open_low=True)
        return self.bandwidth_

    def fit(self, project_samples, rng, dtype):
        self.phase_ = rng.uniform(0, 2 * np.pi, self.n_units).astype(dtype)

    def encode(self, H, out):
        out = np.add(H, self.phase_.astype(H.dtype, copy=False), out=out)
        np.cos(out, out=out)
        out *= H.dtype.type(np.sqrt(2))
        return out


class _Counted(Sparsifier):
    """A sparsifier with a given number of active units, one in twenty by default."""

    counted = True

    def __init__(self, n_units, n_active=None, binary=True, bandwidth=None):
        if n_active is None:
            n_active = max(1, round(n_units / 20))
        super().__init__(n_units, check_int("n_active", n_active, high=n_units), binary)


class _Thresholds(_Counted):
    """The projections above a threshold that each unit has learned from the training samples."""

    def fit(self, project_samples, rng, dtype):
        self.thresholds_ = _thresholds(project_samples(), self.n_active / self.n_units)

    def encode(self, H, out):
        active = H > self.thresholds_
        np.copyto(out, active if self.binary else np.where(active, H, 0))
        return out


class _Exact(_Counted):
    """A sparsifier under which every sample has the same number of active units."""

    exact = True

    def units(self, H):
        """Return which units of each sample are active, in order: int32, (n_samples, n_active)."""
        raise NotImplementedError

    def values(self, H, units):
        """Return the values of these units: one number if they are all equal."""
        return 1 if self.binary else np.take_along_axis(H, units, axis=1)

    def encode(self, H, out):
        units = self.units(H)
        values = self.values(H, units)
        out[:] = 0
        np.put_along_axis(out, units, values, axis=1)
        return out


class _Winners(_Exact):
    """The ``n_active`` largest projections of each sample."""

    nested = False

    def units(self, H):
        return largest(H, self.n_active)


class _BlockWinners(_Exact):
    """The largest projection in each of ``n_active`` blocks of equal size."""

    def __init__(self, n_units, n_active=None, binary=True, bandwidth=None):
        super().__init__(n_units, n_active, binary)
        if n_units % self.n_active:
            raise ValueError(
                f"n_active must divide n_expanded={n_units} for sparsifier='block', "
                f"got {self.n_active}"
            )
        self.block_size = n_units // self.n_active

    def units(self, H):
        blocks = H.reshape(len(H), self.n_active, self.block_size)
        starts = np.arange(0, self.n_units, self.block_size, dtype=np.int32)
        return blocks.argmax(axis=2).astype(np.int32) + starts


def _thresholds(H, share):
    """Return for each column of H a threshold that this share of its entries lies above."""
    below = len(H) - round(share * len(H))
    if below in (0, len(H)):
        return np.full(H.shape[1], np.inf if below else -np.inf, H.dtype)
    low, high = np.partition(H, (below - 1, below), axis=0)[below - 1 : below + 1]
    middle = low / 2 + high / 2  # of two neighbouring floats, one of them
    return np.where((low < middle) & (middle < high), middle, low)


SPARSIFIERS = {
    "winners": _Winners,
    "block": _BlockWinners,
    "threshold": _Thresholds,
    "relu": _Relu,
    "cosine": _Cosine,
    "identity": Sparsifier,
}
# Those whose number of active units n_active sets.
COUNTED = tuple(name for name, kind in SPARSIFIERS.items() if kind.counted)

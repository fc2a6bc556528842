"""The kernels of random codes in closed form.

The kernel of a code is the mean product of one unit's values for two inputs, over the random rows.
The products of wide codes tend to it, so that a readout of a wide code is kernel regression. Inputs
are centred. The kernels of cosines depend on the distance between two inputs, all others on their
angle and, where values are kept, on their lengths.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.polynomial import Chebyshev, hermite_e
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, owens_t
from sklearn.utils.validation import check_is_fitted

from esutils.common.checks import (
    check_choice,
    check_finite,
    check_flag,
    check_int,
    check_matrix,
    check_number,
    check_type,
)
from esutils.common.types import Array
from esutils.layer import ExpandSparsify
from esutils.theory.closed_forms import check_range

_Values = Any  # a float for a float, an array for an array
_NODES, _DEGREE = 100, 48  # of the quadrature for blocks, and of the polynomial in the angle


def arc_cosine_kernel(angle: ArrayLike, order: int) -> _Values:
    """Compute the mean product of the random features of two unit vectors, scaled to 1 at angle 0.

    For a standard normal ``g`` this is ``2 * E s(g @ x) s(g @ z)``, where s is the step function
    (order 0) or the ReLU (order 1). The inner product of two random codes tends to it as the
    codes get wider.

    Parameters
    ----------
    angle : float or array of any shape
        Angle t between the two vectors, in radians, from 0 to pi.
    order : {0, 1}
        0 gives ``1 - t/pi``, 1 gives ``(sin t + (pi - t) cos t) / pi``.

    Returns
    -------
    float or array of the shape of ``angle``
        The kernel, in [0, 1].

    Raises
    ------
    ValueError
        If ``angle`` is outside [0, pi] or ``order`` is neither 0 nor 1.

    Notes
    -----
    Chapter: 05-untrained-networks.

    References
    ----------
    Cho, Saul. Kernel methods for deep learning. NeurIPS, 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import theory
    >>> theory.arc_cosine_kernel([0, np.pi / 2, np.pi], order=0)
    array([1. , 0.5, 0. ])
    """
    angle = check_range("angle", angle, 0, np.pi)
    if check_int("order", order, low=0, high=1) == 0:
        return 1 - angle / np.pi
    return (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi


def relu_kernel(angle: ArrayLike) -> _Values:
    """Compute the kernel of a ReLU unit for two vectors of length 1.

    Parameters
    ----------
    angle : float or array of any shape
        Angle between the two vectors, in radians, from 0 to pi.

    Returns
    -------
    float or array of the shape of ``angle``
        Half of :func:`arc_cosine_kernel` of order 1: 1/2 at angle 0, and 0 at pi.

    Raises
    ------
    ValueError
        If ``angle`` is outside [0, pi].

    Notes
    -----
    Chapter: 05-untrained-networks.

    References
    ----------
    Cho, Saul. Kernel methods for deep learning. NeurIPS, 2009.

    Examples
    --------
    >>> from esutils import theory
    >>> float(theory.relu_kernel(0.0))
    0.5
    """
    return arc_cosine_kernel(angle, 1) / 2


def code_overlap(angle: ArrayLike, active_fraction: ArrayLike) -> _Values:
    """Compute the expected share of one point's active units that a second point shares.

    A unit is active if its Gaussian projection exceeds q, the value that it exceeds with the
    probability ``active_fraction``. The k-winner-take-all codes of unit vectors behave in this way
    as they get wider.

    Parameters
    ----------
    angle : float or array
        Angle t between the two points, in radians, from 0 to pi.
    active_fraction : float or array
        Share of units that are active, in (0, 1); broadcast against ``angle``.

    Returns
    -------
    float or array of the broadcast shape
        The overlap: 1 at angle 0, ``active_fraction`` at pi/2, and at pi
        ``max(0, 2 - 1/active_fraction)``.

    Raises
    ------
    ValueError
        If ``angle`` is outside [0, pi] or ``active_fraction`` is outside (0, 1).

    Notes
    -----
    By Plackett's identity, the probability that a unit is active for both points falls with the
    angle at the rate ``exp(-q^2 / (1 + cos t)) / (2 pi)``. The integral of this rate from 0 to t
    is ``2 T(q, tan(t/2))`` with Owen's function T, so the overlap is
    ``1 - 2 T(q, tan(t/2)) / active_fraction``, and ``1 - t/pi`` if half of the units are active.

    Chapter: 01-expand-and-sparsify.

    References
    ----------
    Plackett. A reduction formula for normal multivariate integrals. Biometrika, 1954.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import theory
    >>> np.allclose(theory.code_overlap([0, np.pi / 2], active_fraction=0.05), [1, 0.05])
    True
    """
    angle = check_range("angle", angle, 0, np.pi)
    share = check_range("active_fraction", active_fraction, 0, 1, open_ends=True)
    missed = 2 * owens_t(ndtri(share), np.tan(angle / 2))
    # For opposite points the two terms can be equal: rounding must not make the result negative.
    return np.maximum(0, 1 - missed / share)


def winners_kernel(angle: ArrayLike, active_fraction: ArrayLike, values: bool = False) -> _Values:
    """Compute the kernel of k-winner-take-all codes for two vectors of length 1.

    Parameters
    ----------
    angle : float or array
        Angle t between the two vectors, in radians, from 0 to pi.
    active_fraction : float or array
        Share of units that are active, in (0, 1); broadcast against ``angle``.
    values : bool
        Whether winners keep their projection instead of becoming 1.

    Returns
    -------
    float or array of the broadcast shape
        With correlation ``cos t`` between standard normal Z and Z', and the quantile c that Z
        exceeds with the probability ``active_fraction``: the probability that both exceed c or,
        with values, the mean of ``Z Z'`` where both do, and 0 elsewhere.

    Raises
    ------
    ValueError
        If ``angle`` is outside [0, pi], ``active_fraction`` is outside (0, 1), or ``values`` is
        neither True nor False.

    Notes
    -----
    That a unit wins if it exceeds a fixed quantile is exact as the width grows.

    Chapter: 05-untrained-networks.

    References
    ----------
    Rosenbaum. Moments of a truncated bivariate normal distribution. Journal of the Royal
    Statistical Society B, 1961.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import theory
    >>> float(theory.winners_kernel(0.0, active_fraction=0.25))
    0.25
    >>> np.isclose(theory.winners_kernel(1.0, 0.5, values=True), theory.relu_kernel(1.0))
    np.True_
    """
    angle = check_range("angle", angle, 0, np.pi)
    share = check_range("active_fraction", active_fraction, 0, 1, open_ends=True)
    both = share * code_overlap(angle, share)
    if not check_flag("values", values):
        return both
    cut, rho = -ndtri(share), np.cos(angle)
    one = 2 * rho * cut * _density(cut) * ndtr(-cut * np.tan(angle / 2))
    two = np.sin(angle) * _density(cut / np.cos(angle / 2)) / np.sqrt(2 * np.pi)
    return rho * both + one + two


def block_kernel(angle: ArrayLike, block_size: int, values: bool = False) -> _Values:
    """Compute the kernel of codes with one winner per block, for two vectors of length 1.

    Parameters
    ----------
    angle : float or array of any shape
        Angle between the two vectors, in radians, from 0 to pi.
    block_size : int
        Number of units in a block, at least 2.
    values : bool
        Whether the winner keeps its projection instead of becoming 1.

    Returns
    -------
    float or array of the shape of ``angle``
        The probability that a unit wins for both or, with values, the mean product of its
        projections where it does. There is no formula; this is two-dimensional quadrature, with an
        error below 1e-7 for blocks of up to 100 units.

    Raises
    ------
    ValueError
        If ``angle`` is outside [0, pi], ``block_size`` is no whole number in [2, 100], or
        ``values`` is neither True nor False.

    Notes
    -----
    Chapter: 05-untrained-networks.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import theory
    >>> np.round(theory.block_kernel([0.0, np.pi / 2], block_size=10), 4)  # 1/10 and 1/100
    array([0.1 , 0.01])
    """
    angle = check_range("angle", angle, 0, np.pi)
    check_int("block_size", block_size, low=2, high=100)
    return _block_polynomial(int(block_size), check_flag("values", values))(angle)


@lru_cache
def _block_polynomial(block_size, values):
    """Return the kernel of blocks as a polynomial in the angle."""
    return Chebyshev.interpolate(
        lambda angles: np.array([_block_mean(t, block_size, values) for t in angles]),
        _DEGREE,
        domain=[0, np.pi],
    )


def _block_mean(angle, block_size, values):
    """Integrate over the projections of one unit: all others of its block must lie below both.

    Sum and difference of the two projections are independent, which keeps the integrand smooth as
    the angle goes to 0 or pi.
    """
    nodes, weights = hermite_e.hermegauss(_NODES)
    middle, apart = np.cos(angle / 2) * nodes[:, None], np.sin(angle / 2) * nodes
    first, second = middle + apart, middle - apart
    below = np.maximum(_both_below(first, second, angle), 0) ** (block_size - 1)
    product = first * second if values else 1
    return weights @ (below * product) @ weights / (2 * np.pi)


def _both_below(first, second, angle):
    """Return the probability that two standard normals at this angle lie below these bounds."""
    with np.errstate(divide="ignore"):
        slopes = [
            (b / a - np.cos(angle)) / np.sin(angle) for a, b in ((first, second), (second, first))
        ]
    apart = (first < 0) != (second < 0)  # a sum of zero counts as positive, as its slope does
    halves = (ndtr(first) + ndtr(second) - apart) / 2
    return halves - owens_t(first, slopes[0]) - owens_t(second, slopes[1])


def _density(z):
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


def gaussian_kernel(distance: ArrayLike, bandwidth: float) -> _Values:
    """Compute ``exp(-distance^2 / (2 bandwidth^2))``, to which many cosine features tend.

    Parameters
    ----------
    distance : float or array of any shape
        Euclidean distance between two points, at least 0.
    bandwidth : float
        Width of the kernel, in the units of ``distance``, above 0.

    Returns
    -------
    float or array of the shape of ``distance``
        The kernel, in [0, 1].

    Raises
    ------
    ValueError
        If ``distance`` is negative or ``bandwidth`` is not positive.

    Notes
    -----
    Chapter: 08-double-descent.

    References
    ----------
    Rahimi, Recht. Random features for large-scale kernel machines. NeurIPS, 2007.

    Examples
    --------
    >>> from esutils import theory
    >>> here, far = theory.gaussian_kernel([0.0, 3.0], bandwidth=1.0)
    >>> float(here), bool(far < 0.02)
    (1.0, True)
    """
    distance = check_range("distance", distance, 0, np.inf)
    bandwidth = check_number("bandwidth", bandwidth, open_low=True)
    return np.exp(-((distance / bandwidth) ** 2) / 2)


def laplacian_kernel(distance: ArrayLike, bandwidth: float) -> _Values:
    """Compute ``exp(-distance / bandwidth)``, to which many cosines of Cauchy rows tend.

    Parameters
    ----------
    distance : float or array of any shape
        Euclidean distance between two points, at least 0.
    bandwidth : float
        Width of the kernel, in the units of ``distance``, above 0.

    Returns
    -------
    float or array of the shape of ``distance``
        The kernel, in [0, 1].

    Raises
    ------
    ValueError
        If ``distance`` is negative or ``bandwidth`` is not positive.

    Notes
    -----
    Chapter: 05-untrained-networks.

    References
    ----------
    Rahimi, Recht. Random features for large-scale kernel machines. NeurIPS, 2007.

    Examples
    --------
    >>> from esutils import theory
    >>> float(theory.laplacian_kernel(0.0, bandwidth=2.0))
    1.0
    """
    distance = check_range("distance", distance, 0, np.inf)
    return np.exp(-distance / check_number("bandwidth", bandwidth, open_low=True))


def angles(X: ArrayLike, Z: ArrayLike | None = None) -> Array:
    """Return the angle between every row of one matrix and every row of another, in radians.

    Parameters
    ----------
    X : array of shape (n_samples, n_inputs)
        Rows that are not all zeros.
    Z : array of shape (n_others, n_inputs), optional
        By default X itself.

    Returns
    -------
    ndarray of float64, shape (n_samples, n_others)

    Raises
    ------
    ValueError
        If a row has the length 0 or one that overflows, or the matrices differ in their number
        of columns.

    Notes
    -----
    Chapter: 05-untrained-networks.

    Examples
    --------
    >>> from esutils import theory
    >>> theory.angles([[1.0, 0.0], [0.0, 2.0]])
    array([[0.        , 1.57079633],
           [1.57079633, 0.        ]])
    """
    X, Z = _both(X, Z)
    units = _units("X", X)
    others = units if Z is None else _units("Z", Z)
    found = np.arccos(np.clip(units @ others.T, -1, 1))
    if Z is None:
        np.fill_diagonal(found, 0)
    return found


def distances(X: ArrayLike, Z: ArrayLike | None = None) -> Array:
    """Return the Euclidean distance between every row of one matrix and every row of another.

    Parameters
    ----------
    X : array of shape (n_samples, n_inputs)
    Z : array of shape (n_others, n_inputs), optional
        By default X itself.

    Returns
    -------
    ndarray of float64, shape (n_samples, n_others)

    Raises
    ------
    ValueError
        If the matrices differ in their number of columns, or squares of their entries overflow.

    Notes
    -----
    Chapter: 05-untrained-networks.

    Examples
    --------
    >>> from esutils import theory
    >>> theory.distances([[0.0, 0.0]], [[3.0, 4.0]])
    array([[5.]])
    """
    X, Z = _both(X, Z)
    with np.errstate(over="ignore", invalid="ignore"):
        centre = X.mean(axis=0)  # far from zero, the difference of squares would be all rounding
        near = X - centre
        others = near if Z is None else Z - centre
        squares = (near**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * near @ others.T
    check_finite("squares of X and Z", np.isfinite(squares).all())
    found = np.sqrt(np.maximum(squares, 0))
    if Z is None:
        np.fill_diagonal(found, 0)
    return found


def _both(X, Z, n_columns=None):
    """Return both matrices in float64; None stays None."""
    X = check_matrix("X", X, n_columns).astype(np.float64, copy=False)
    if Z is not None:
        Z = check_matrix("Z", Z, X.shape[1]).astype(np.float64, copy=False)
    return X, Z


def _units(name, rows):
    """Return rows scaled to length 1."""
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    wrong = ~((lengths > 0) & np.isfinite(lengths))
    if wrong.any():
        row = wrong.argmax()
        raise ValueError(
            f"{name} must have rows of positive finite length, got {lengths[row, 0]:g} in row {row}"
        )
    return rows / lengths


def of_code(encoder: ExpandSparsify, X: ArrayLike, Z: ArrayLike | None = None) -> Array:
    """Return the kernel that the codes of a fitted encoder tend to as their width grows.

    Parameters
    ----------
    encoder : ExpandSparsify
        Fitted, without a bias. Its rows are Gaussian, or Cauchy with cosines. Its active fraction,
        block size and bandwidth are those of the kernel; its width and its rows do not matter.
    X : array of shape (n_samples, n_inputs)
    Z : array of shape (n_others, n_inputs), optional
        By default X itself.

    Returns
    -------
    ndarray of float64, shape (n_samples, n_others)
        The mean product of one unit's values: ``code(X) @ code(Z).T / n_expanded`` tends to it.

    Raises
    ------
    ValueError
        If ``encoder`` is not fitted, if no closed form of its kernel is known, if X or Z is
        malformed or, but for cosines and the identity, if a sample is the mean of the training
        samples and so has no direction.

    Notes
    -----
    Thresholds of units depend on the training samples, and have no closed form.

    Chapter: 05-untrained-networks.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import ExpandSparsify, theory
    >>> X = np.random.default_rng(0).standard_normal((5, 20))
    >>> encoder = ExpandSparsify(10_000, random_state=0).fit(X)
    >>> codes = encoder.transform(X)
    >>> bool(np.abs(codes @ codes.T / 10_000 - theory.of_code(encoder, X)).max() < 0.01)
    True
    """
    check_type("encoder", encoder, ExpandSparsify, "an ExpandSparsify")
    check_is_fitted(encoder)
    rule, law = encoder.sparsifier, encoder.law
    check_choice("sparsifier of encoder", rule, ("winners", "block", "relu", "cosine", "identity"))
    check_choice(
        "law of encoder", law, ("gaussian", "cauchy") if rule == "cosine" else ("gaussian",)
    )
    if encoder.bias:
        raise ValueError(f"bias of encoder must be 0, got {encoder.bias!r}")
    X, Z = _both(X, Z, encoder.n_features_in_)
    X = X - encoder.mean_
    other = None if Z is None else Z - encoder.mean_  # a sample's angle with itself is exactly 0
    Z = X if other is None else other
    if rule == "cosine":
        kernel = gaussian_kernel if law == "gaussian" else laplacian_kernel
        return kernel(distances(X, other), encoder.bandwidth_)
    if rule == "identity":
        return X @ Z.T
    between, values = angles(X, other), rule == "relu" or not encoder.binary
    if rule == "winners":
        found = winners_kernel(between, encoder.active_fraction, values)
    elif rule == "block":
        found = block_kernel(between, encoder.block_size, values)
    else:
        found = relu_kernel(between)
    if values:
        found = found * np.outer(np.linalg.norm(X, axis=1), np.linalg.norm(Z, axis=1))
    return found


def nearest_similarity(K: ArrayLike) -> float:
    """Return the mean similarity of samples and their most similar other sample.

    Parameters
    ----------
    K : array of shape (n_samples, n_samples)
        Kernel of at least two samples with themselves.

    Returns
    -------
    float
        Mean over the samples of the largest ``K[i, j] / sqrt(K[i, i] K[j, j])`` with ``j != i``.

    Raises
    ------
    ValueError
        If K is not square, has fewer than two rows, or has an entry on its diagonal that is not
        positive.

    Notes
    -----
    Two kernels with the same value are as wide as each other where it matters for nearby samples.

    Chapter: 05-untrained-networks.

    Examples
    --------
    >>> from esutils import theory
    >>> theory.nearest_similarity([[4.0, 1.0], [1.0, 1.0]])
    0.5
    """
    K = check_matrix("K", K)
    own = np.diag(K)
    if K.shape[0] != K.shape[1] or len(K) < 2 or not (own > 0).all():
        raise ValueError(
            "K must be square with at least two rows and a positive diagonal, got "
            f"shape {K.shape} and {own.min():g} on the diagonal"
        )
    similar = K / np.sqrt(own)[:, None] / np.sqrt(own)
    np.fill_diagonal(similar, -np.inf)
    return float(similar.max(axis=1).mean())


def matched_bandwidth(
    kernel: Callable[[Array, float], Array], distances: ArrayLike, similarity: float
) -> float:
    """Return the bandwidth at which the mean similarity over some distances has a given value.

    Parameters
    ----------
    kernel : callable
        :func:`gaussian_kernel` or :func:`laplacian_kernel`.
    distances : array of any shape
        For instance between samples and their nearest neighbours; at least one is not 0.
    similarity : float
        The mean of ``kernel(distances, bandwidth)``, in (0, 1).

    Returns
    -------
    float
        The bandwidth, in the units of ``distances``.

    Raises
    ------
    ValueError
        If a distance is negative, or no bandwidth gives this similarity.

    Notes
    -----
    Chapter: 05-untrained-networks.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import theory
    >>> round(theory.matched_bandwidth(theory.laplacian_kernel, [2.0], np.exp(-1)), 6)
    2.0
    """
    distances = check_range("distances", distances, 0, np.inf)
    check_number("similarity", similarity, 0, 1, open_low=True)
    largest = distances.max(initial=0)

    def excess(log_bandwidth):
        return kernel(distances, largest * np.exp(log_bandwidth)).mean() - similarity

    if not largest or excess(-20) > 0 or excess(20) < 0:
        raise ValueError(f"similarity must be one that a bandwidth gives, got {similarity!r}")
    return float(largest * np.exp(brentq(excess, -20, 20, xtol=1e-12)))

"""Closed forms to compare measured curves with: the risks of two regressions.

All risks are excess risks: the mean squared error of a prediction against the noiseless target.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from esutils.common.checks import check_array, check_number

_Values = Any  # a float for a float, an array for an array

# E s(G), E G s(G) and E s(G)^2 for a standard normal G, where s is the ReLU.
RELU_MOMENTS = (1 / np.sqrt(2 * np.pi), 0.5, 0.5)


def hastie_risk(gamma: ArrayLike, signal: float, noise: float) -> _Values:
    """Compute the excess risk of minimum-norm least squares on isotropic Gaussian features.

    The target is ``y = x @ beta + noise`` and the entries of x are independent N(0, 1). The
    formula is the limit in which the number of samples n and of parameters p grow together. With
    fewer parameters than samples the risk is all variance. With more, the fit interpolates the
    data, and a part of beta is out of its reach.

    Parameters
    ----------
    gamma : float or array of any shape
        Number of parameters per sample p/n, above 0.
    signal : float
        Squared length of beta, at least 0.
    noise : float
        Variance of the noise, at least 0.

    Returns
    -------
    float or array of the shape of ``gamma``
        ``noise * gamma / (1 - gamma)`` below 1, ``signal * (1 - 1/gamma) + noise / (gamma - 1)``
        above 1, and infinity at 1, where the curve has its pole.

    Raises
    ------
    ValueError
        If ``gamma`` is not positive, or ``signal`` or ``noise`` is negative.

    Notes
    -----
    Chapter: 08-double-descent.

    References
    ----------
    Hastie, Montanari, Rosset, Tibshirani. Surprises in high-dimensional ridgeless least squares
    interpolation. Annals of Statistics, 2022.

    Examples
    --------
    >>> from esutils import theory
    >>> theory.hastie_risk([0.5, 1.0, 2.0], signal=1.0, noise=1.0)
    array([1. , inf, 1.5])
    """
    gamma = check_range("gamma", gamma, 0, np.inf, open_ends=True)
    signal, noise = check_number("signal", signal), check_number("noise", noise)
    gap = np.where(gamma == 1, np.nan, np.abs(gamma - 1))
    below = noise * gamma / gap
    above = signal * (1 - 1 / gamma) + noise / gap
    return np.where(gamma == 1, np.inf, np.where(gamma < 1, below, above))[()]


def mei_montanari_risk(
    psi1: ArrayLike,
    psi2: ArrayLike,
    linear_signal: float,
    noise: float,
    nonlinear_signal: float = 0.0,
    moments: tuple[float, float, float] = RELU_MOMENTS,
) -> _Values:
    """Compute the excess risk of minimum-norm regression on random features, by default ReLUs.

    The inputs x and the weights theta of the units are uniform on the sphere of radius sqrt(d),
    and the features are ``s(x @ theta / sqrt(d))``. The target is ``x @ beta`` plus noise, and plus
    a nonlinear part, uncorrelated with every linear function, if you ask for one. The formula is
    the limit in which the numbers of inputs d, samples n and features m grow together.

    Parameters
    ----------
    psi1 : float or array
        Number of features per input m/d, above 0.
    psi2 : float or array
        Number of samples per input n/d, above 0; broadcast against ``psi1``.
    linear_signal : float
        Squared length of beta, at least 0.
    noise : float
        Variance of the noise, at least 0.
    nonlinear_signal : float
        Variance of the nonlinear part of the target, at least 0.
    moments : tuple of three floats
        ``E s(G)``, ``E G s(G)`` and ``E s(G)^2`` for a standard normal G, where s is the
        activation function.

    Returns
    -------
    float or array of the broadcast shape
        The risk; infinity at ``psi1 == psi2``, the interpolation threshold.

    Raises
    ------
    ValueError
        If ``psi1`` or ``psi2`` is not positive, if a signal or the noise is negative, or if no
        activation with both a linear and a nonlinear part has these moments.

    Notes
    -----
    Chapter: 08-double-descent.

    References
    ----------
    Mei, Montanari. The generalization error of random features regression: precise asymptotics
    and the double descent curve. Communications on Pure and Applied Mathematics, 2022.

    Examples
    --------
    >>> from esutils import theory
    >>> at, beyond = theory.mei_montanari_risk([3.0, 30.0], 3.0, linear_signal=1.0, noise=0.1)
    >>> float(at), bool(beyond < 1)
    (inf, True)
    """
    psi1 = check_range("psi1", psi1, 0, np.inf, open_ends=True)
    psi2 = check_range("psi2", psi2, 0, np.inf, open_ends=True)
    linear_signal = check_number("linear_signal", linear_signal)
    noise = check_number("noise", noise)
    nonlinear_signal = check_number("nonlinear_signal", nonlinear_signal)
    values = check_range("moments", moments, -np.inf, np.inf)
    mu0, mu1, second = values if values.shape == (3,) else (0, 0, 0)
    if not (mu1 != 0 and second > mu0**2 + mu1**2):
        raise ValueError(
            "moments must be (E s, E G s, E s^2) with E G s not 0 and "
            f"E s^2 above (E s)^2 + (E G s)^2, got {moments!r}"
        )
    z2 = mu1**2 / (second - mu0**2 - mu1**2)
    z4, z6 = z2**2, z2**3
    both = psi1 * psi2
    psi = np.minimum(psi1, psi2)
    a = psi * z2 - z2 - 1
    chi = -(np.sqrt(a**2 + 4 * z2 * psi) + a) / (2 * z2)
    c2, c3, c4, c5 = chi**2, chi**3, chi**4, chi**5
    e0 = (
        -c5 * z6 + 3 * c4 * z4 + (both - psi2 - psi1 + 1) * c3 * z6 - 2 * c3 * z4 - 3 * c3 * z2
        + (psi1 + psi2 - 3 * both + 1) * c2 * z4 + 2 * c2 * z2 + c2 + 3 * both * chi * z2 - both
    )  # fmt: skip
    e1 = psi2 * c3 * z4 - psi2 * c2 * z2 + both * chi * z2 - both
    e2 = (
        c5 * z6 - 3 * c4 * z4 + (psi1 - 1) * c3 * z6 + 2 * c3 * z4 + 3 * c3 * z2
        - (psi1 + 1) * c2 * z4 - 2 * c2 * z2 - c2
    )  # fmt: skip
    e0 = np.where(psi1 == psi2, np.nan, e0)
    risk = (linear_signal * e1 + (noise + nonlinear_signal) * e2) / e0 + nonlinear_signal
    return np.where(psi1 == psi2, np.inf, risk)[()]


def check_range(name, value, low, high, open_ends=False):
    """Return ``value`` as a float array if all its entries are finite and in the range."""
    array = check_array(name, value)
    inside = array.dtype.kind in "uif" and np.isfinite(array).all()
    if inside and open_ends:
        inside = (low < array).all() and (array < high).all()
    elif inside:
        inside = (low <= array).all() and (array <= high).all()
    if not inside:
        interval = f"({low:g}, {high:g})" if open_ends else f"[{low:g}, {high:g}]"
        raise ValueError(f"{name} must hold finite numbers in {interval}, got {value!r}")
    return array.astype(np.float64)

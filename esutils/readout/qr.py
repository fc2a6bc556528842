"""QR factorisations of tall matrices of codes, whose columns may be linearly dependent."""

import numpy as np
import scipy.linalg as sl

from esutils.common.types import Array

_DEPENDENT = 1e-10  # a column this much shorter than the longest, once the others are projected out


def triangle(Z: Array) -> tuple[tuple[Array, Array], Array, int]:
    """Factorise Z = Q R; return the raw Q, R, and how many columns come before a dependent one."""
    reflectors, R = sl.qr(Z, mode="raw", overwrite_a=True, check_finite=False)
    R = R[: Z.shape[1]]
    lengths = np.abs(np.diag(R))
    return reflectors, R, np.cumprod(lengths > _DEPENDENT * lengths.max()).sum()


def apply_transposed(reflectors, tau, Y):
    """Return ``Q.T @ Y`` for the full orthogonal Q of a raw QR factorisation."""
    (ormqr,) = sl.get_lapack_funcs(("ormqr",), (reflectors, Y))
    lwork = int(ormqr("L", "T", reflectors, tau, Y, -1)[1][0].real)
    return ormqr("L", "T", reflectors, tau, Y, lwork)[0]


def dependent_weights(Z, Y):
    """Return the readout of least norm on dependent columns, and their rank."""
    weights, _, rank, _ = sl.lstsq(Z.astype(np.float64), Y, lapack_driver="gelsy", cond=_DEPENDENT)
    return weights, rank

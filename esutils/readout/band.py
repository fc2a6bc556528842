"""Symmetric systems that differ in their diagonal alone, as those of a path of ridge penalties.

``A + s I`` is solved for many shifts s. A factor for each takes n^3/6 multiplications. Here A is
turned once, in four times as many, into a matrix B of few diagonals: A = Q B Q.T with Q orthogonal.
Then ``A + s I = Q (B + s I) Q.T``, and each shift is solved in next to no time.
"""

import numpy as np
import scipy.linalg as sl
from threadpoolctl import threadpool_limits

from esutils.common.threads import in_blocks
from esutils.readout.gram import full_rank

_BAND = 128  # diagonals below the main one; rows or columns that a thread works on at a time


def shifted_solutions(A, Y, shifts):
    """Solve ``(A + shift I) X = Y`` for every shift.

    A is symmetric, float64 of shape (n, n), and with each shift positive definite; Y has shape
    (n, n_targets). Returns an array of shape (n, n_shifts, n_targets). LinAlgError is raised where
    a system is singular up to rounding.
    """
    solutions = np.empty((len(A), len(shifts), Y.shape[1]))
    with threadpool_limits(1):  # the threads are ours: BLAS would part its thin matrices badly
        band, reflectors = _to_band(A)
        right = np.array(Y, np.float64)
        for start, V, VT in reflectors:
            right[start:] -= V @ (VT.T @ right[start:])

        def solve(at):
            shifted = band.copy()
            shifted[0] += shifts[at]
            factor = sl.cholesky_banded(shifted, overwrite_ab=True, lower=True, check_finite=False)
            if not full_rank(factor[0]):
                raise sl.LinAlgError(f"A + {shifts[at]} I is singular up to rounding")
            solutions[:, at] = sl.cho_solve_banded((factor, True), right, check_finite=False)

        in_blocks(lambda one: solve(one.start), len(shifts), 1)
    stacked = solutions.reshape(len(A), -1)  # a view
    for start, V, VT in reversed(reflectors):
        stacked[start:] -= VT @ (V.T @ stacked[start:])
    return solutions


def _to_band(A):
    """Return the diagonals of B, the main one first, and the blocks of reflectors that make Q.

    A block (start, V, V T) stands for ``I - V T V.T`` on the rows from start on.
    """
    A, reflectors = np.array(A), []  # the lower triangle is kept, in whole blocks
    reflected = _reflect(A[_BAND:, :_BAND])
    for start in range(_BAND, len(A), _BAND):
        V, VT, R = reflected
        A[start : start + len(R), start - _BAND : start] = R
        reflectors.append((start, V, VT))
        reflected = _turn(A[start:, start:], V, VT)
    band = np.zeros((min(_BAND + 1, len(A)), len(A)))
    for below, diagonal in enumerate(band):
        diagonal[: len(A) - below] = A.diagonal(-below)
    return band, reflectors


def _turn(A, V, VT):
    """Turn A into ``Q.T @ A @ Q`` for ``Q = I - V T V.T``, in place; reflect its first columns.

    The next block of reflectors needs those alone: one thread finds it while others turn the rest.
    """
    left = np.hstack([V, np.empty_like(V)])
    product = left[:, V.shape[1] :]

    def multiply(rows):
        product[rows] = A[rows, : rows.stop] @ VT[: rows.stop]
        product[rows] += A[rows.stop :, rows].T @ VT[rows.stop :]

    in_blocks(multiply, len(A), _BAND)
    product -= V @ (VT.T @ product / 2)
    right = np.hstack([product, V]).T

    def update(columns):
        A[columns.start :, columns] -= left[columns.start :] @ right[:, columns]
        return None if columns.start else _reflect(A[_BAND:, :_BAND])

    return in_blocks(update, len(A), _BAND)[0]


def _reflect(panel):
    """Return V, V T and R of ``panel = (I - V T V.T) R``; None for a panel without rows."""
    if not len(panel):
        return None
    (V, tau), R = sl.qr(panel, mode="raw", check_finite=False)
    V = np.tril(V[:, : len(tau)], -1)
    np.fill_diagonal(V, 1)
    overlaps, T = V.T @ V, np.diag(tau)
    for c in range(1, len(tau)):
        T[:c, c] = -tau[c] * (T[:c, :c] @ overlaps[:c, c])
    return V, V @ T, R[: len(tau)]

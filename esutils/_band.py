"""Symmetric systems that differ in their diagonal alone, as those of a path of ridge penalties.

``A + s I`` is solved for many shifts s. A factor for each takes n^3/6 multiplications. Here A is
turned once, in four times as many, into a matrix B of few diagonals: A = Q B Q.T with Q orthogonal.
Then ``A + s I = Q (B + s I) Q.T``, and each shift is solved in next to no time.
"""

import numpy as np
import scipy.linalg as sl

_BAND = 64  # diagonals below the main one


def shifted_solutions(A, Y, shifts):
    """Solve ``(A + shift I) X = Y`` for every shift.

    A is symmetric, float64 of shape (n, n), and with each shift positive definite; Y has shape
    (n, n_targets). Returns an array of shape (n, n_shifts, n_targets). LinAlgError is raised where
    a system is singular up to rounding.
    """
    band, reflectors = _to_band(A)
    right = np.array(Y, np.float64)
    for start, V, VT in reflectors:
        right[start:] -= V @ (VT.T @ right[start:])
    solutions = np.empty((len(A), len(shifts), right.shape[1]))
    for at, shift in enumerate(shifts):
        shifted = band.copy()
        shifted[0] += shift
        factor = sl.cholesky_banded(shifted, overwrite_ab=True, lower=True, check_finite=False)
        squares = factor[0] ** 2
        if squares.min() <= len(A) * np.finfo(float).eps * squares.max():
            raise sl.LinAlgError(f"A + {shift} I is singular up to rounding")
        solutions[:, at] = sl.cho_solve_banded((factor, True), right, check_finite=False)
    stacked = solutions.reshape(len(A), -1)  # a view
    for start, V, VT in reversed(reflectors):
        stacked[start:] -= VT @ (V.T @ stacked[start:])
    return solutions


def _to_band(A):
    """Return the diagonals of B, the main one first, and the blocks of reflectors that make Q.

    A block (start, V, V T) stands for ``I - V T V.T`` on the rows from start on.
    """
    n = len(A)
    band, reflectors = np.zeros((_BAND + 1, n)), []
    A, done = np.array(A, order="F"), 0  # the trailing part; how much of it is reduced
    for start in range(0, n, _BAND):
        if done > len(A) // 8:  # BLAS takes whole matrices: cut the reduced part off now and then
            A, done = np.array(A[done:, done:], order="F"), 0
        columns = slice(done, done + _BAND)
        done += _BAND
        below = A[done:, columns]
        blocks = A[columns, columns], below[:0]
        if len(below):
            V, T, R = _reflect(below)
            padded = np.zeros((len(A), V.shape[1]), order="F")
            padded[done:] = V
            VT = padded @ T
            product = sl.blas.dsymm(1.0, A, VT, lower=1)
            product -= padded @ (VT.T @ product / 2)
            A = sl.blas.dsyr2k(-1.0, padded, product, beta=1.0, c=A, lower=1, overwrite_c=1)
            reflectors.append((start + _BAND, V, VT[done:]))
            blocks = blocks[0], R
        block = np.vstack(blocks)
        for c in range(block.shape[1]):
            diagonal = block[c : c + _BAND + 1, c]
            band[: len(diagonal), start + c] = diagonal
    return band, reflectors


def _reflect(panel):
    """Return V, T and R of ``panel = (I - V T V.T) R``."""
    (V, tau), R = sl.qr(panel, mode="raw", check_finite=False)
    V = np.tril(V[:, : len(tau)], -1)
    np.fill_diagonal(V, 1)
    overlaps, T = V.T @ V, np.diag(tau)
    for c in range(1, len(tau)):
        T[:c, c] = -tau[c] * (T[:c, :c] @ overlaps[:c, c])
    return V, T, R[: len(tau)]

"""Gram matrices of codes, and the systems of equations in which they appear."""

import numba
import numpy as np
import scipy.linalg as sl
import scipy.sparse as sp

from esutils.common.checks import check_finite
from esutils.common.threads import in_blocks

_WORD = 64
_TILE = 32  # rows whose words stay in the cache together
_MANY = 20  # shifts from which one eigendecomposition costs less than a Cholesky factor for each


def gram(Z):
    """Return ``Z @ Z.T`` in float64 for a dense or sparse matrix Z.

    Codes of zeros and ones are packed, 64 units to a word, and their products are counts of common
    bits.
    """
    words = pack(Z)
    if words is not None:
        return add_common(words, np.zeros((len(words), len(words))))
    if sp.issparse(Z):
        Z = Z.tocsr()  # the transpose of a CSR matrix is a CSC matrix
        if not Z.has_canonical_format:
            Z = Z.copy()
            Z.sum_duplicates()
    with np.errstate(over="ignore", invalid="ignore"):
        product = Z @ Z.T
    check_finite("products of Z", np.isfinite(product.trace()))
    return (product.toarray() if sp.issparse(product) else product).astype(np.float64, copy=False)


def smaller_gram(Z):
    """Return the smaller of Z's two Gram matrices, and whether it is that of the rows."""
    of_rows = Z.shape[1] > Z.shape[0]
    return gram(Z if of_rows else Z.T), of_rows


def solve_gram(gram, Y, shift=0.0, n_terms=0, scratch=None):
    """Return ``pinv(gram + shift I) @ Y`` and the rank, reading only the upper triangle of gram.

    Each entry of gram is a sum of ``n_terms`` rounded products. If a row was copied, what remains
    of it is therefore not exactly zero, but no larger than that many roundings.
    ``scratch`` is an array of gram's shape that is overwritten; passing the same one to many calls
    saves time.
    """
    system = np.positive(gram, out=scratch)
    system[np.diag_indices_from(system)] += shift
    size, trace = len(system), system.trace()
    try:
        # The transpose of a matrix in C order is in Fortran order, so LAPACK needs no copy.
        factor = sl.cho_factor(system.T, lower=True, overwrite_a=True, check_finite=False)
        # The factor's smallest pivot may be rounding; its inverse's norm, which this estimates in
        # a few solutions, shows that. The trace bounds the largest eigenvalue from above.
        inverse_condition, _ = sl.lapack.dpocon(factor[0], trace, uplo="L")
        if inverse_condition > (size + n_terms) * np.finfo(float).eps:
            return sl.cho_solve(factor, Y, check_finite=False), size
    except sl.LinAlgError:
        pass
    solutions, ranks = _solve_by_eigenvectors(gram, Y, [shift], n_terms)
    return solutions[:, 0], int(ranks[0])


def solve_shifted(gram, Y, shifts):
    """Return ``pinv(gram + shift I) @ Y`` for all shifts, shape (size, n_shifts, n_targets)."""
    if len(shifts) >= _MANY:
        return _solve_by_eigenvectors(gram, Y, shifts)[0]
    return np.stack([solve_gram(gram, Y, shift)[0] for shift in shifts], axis=1)


def _solve_by_eigenvectors(gram, Y, shifts, n_terms=0):
    """Return the solutions for all shifts and the ranks, from one eigendecomposition."""
    values, vectors = sl.eigh(gram, lower=False, driver="evd", check_finite=False)
    values = values[:, None] + shifts
    kept = values > (len(gram) + n_terms) * np.finfo(float).eps * values[-1]
    parts = (vectors.T @ Y)[:, None] / np.where(kept, values, np.inf)[:, :, None]
    return (vectors @ parts.reshape(len(gram), -1)).reshape(parts.shape), kept.sum(axis=0)


def pack(Z):
    """Return the rows of a matrix of zeros and ones as bits, or None for any other matrix."""
    n, m = Z.shape
    words = np.zeros((n, -(-m // _WORD)), np.uint64)
    if sp.issparse(Z):
        Z = Z.tocsr()
        packed = _pack_places(Z.indptr, Z.indices, Z.data, words)
    else:
        packed = all(in_blocks(lambda rows: _pack(Z[rows], words[rows]), n, _TILE))
    return words if packed else None


def add_common(words, total):
    """Add to total the number of bits that each pair of rows has in common, and return total.

    Its dtype may be any that can hold the counts: 16 bits take a quarter of the memory of float64.
    """
    in_blocks(lambda rows: _add_common(words, rows.start, rows.stop, total), len(words), _TILE)
    return total


@numba.njit(nogil=True, cache=True)
def _pack(Z, words):
    """Set a bit for every entry that is 1; return whether all others are 0."""
    for i in range(Z.shape[0]):
        bad = False
        for j in range(Z.shape[1]):
            bad |= (Z[i, j] != 0) & (Z[i, j] != 1)
            words[i, j // _WORD] |= np.uint64(Z[i, j] == 1) << np.uint64(j % _WORD)
        if bad:
            return False
    return True


@numba.njit(nogil=True, cache=True)
def _pack_places(starts, places, values, words):
    """Do the same for a CSR matrix; refuse one that stores a place twice, as the two add up."""
    for i in range(len(words)):
        for at in range(starts[i], starts[i + 1]):
            word, bit = places[at] // _WORD, np.uint64(1) << np.uint64(places[at] % _WORD)
            if values[at] == 1 and not words[i, word] & bit:
                words[i, word] |= bit
            elif values[at] != 0:
                return False
    return True


@numba.njit(nogil=True, cache=True)
def _add_common(words, start, stop, total):
    """Count the bits that rows ``start`` to ``stop`` share with themselves and earlier rows."""
    for tile in range(0, stop, _TILE):
        for i in range(max(start, tile), stop):
            for j in range(tile, min(tile + _TILE, i + 1)):
                common = np.uint64(0)
                for word in range(words.shape[1]):
                    common += _count_bits(words[i, word] & words[j, word])
                total[i, j] += common
                total[j, i] = total[i, j]


@numba.njit(nogil=True, cache=True)
def _count_bits(bits):
    """Count the bits of a uint64: first in pairs, then in fours and in bytes, then all of them.

    LLVM recognises this and emits the processor's own instruction where there is one.
    """
    bits -= (bits >> np.uint64(1)) & np.uint64(0x5555555555555555)
    fours = np.uint64(0x3333333333333333)
    bits = (bits & fours) + ((bits >> np.uint64(2)) & fours)
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (bits * np.uint64(0x0101010101010101)) >> np.uint64(56)  # the top byte is the sum

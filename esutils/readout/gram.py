"""Gram matrices of codes, and systems of equations with them."""

import numba
import numpy as np
import scipy.linalg as sl
import scipy.sparse as sp

from esutils.common.bits import count_bits
from esutils.common.checks import check_finite
from esutils.common.threads import in_blocks

_WORD = 64
_TILE = 32  # rows whose words stay in the cache together


def gram(Z):
    """Return ``Z @ Z.T`` in float64 for a dense or sparse matrix Z.

    Codes of zeros and ones are packed, 64 units a word; their products are numbers of common bits.
    """
    words = pack(Z)
    if words is not None:
        return add_common(words, np.zeros((len(words), len(words))))
    if sp.issparse(Z):
        Z = Z.tocsr()  # the transpose of one is in columns
        if not Z.has_canonical_format:
            Z = Z.copy()
            Z.sum_duplicates()
    with np.errstate(over="ignore", invalid="ignore"):
        product = Z @ Z.T
    check_finite("products of Z", np.isfinite(product.trace()))
    return (product.toarray() if sp.issparse(product) else product).astype(np.float64, copy=False)


def smaller_gram(Z):
    """Return the Gram matrix of the rows of Z or of its columns, the fewer, and which it is."""
    of_rows = Z.shape[1] > Z.shape[0]
    return gram(Z if of_rows else Z.T), of_rows


def solve_gram(gram, Y, shift=0.0, n_terms=0, scratch=None):
    """Return ``pinv(gram + shift I) @ Y`` and the rank; of gram the upper triangle is read.

    An entry of gram is a sum of ``n_terms`` products, which are rounded: what is left of copied
    rows is not zero, and no larger than so many roundings.
    ``scratch``, an array of gram's shape, is written over; who solves often saves time with it.
    """
    system = np.positive(gram, out=scratch)
    system[np.diag_indices_from(system)] += shift
    try:
        # Seen as its transpose, a C matrix needs no copy in Fortran's order.
        factor = sl.cho_factor(system.T, lower=True, overwrite_a=True, check_finite=False)
        if full_rank(np.diag(factor[0]), n_terms):
            return sl.cho_solve(factor, Y, check_finite=False), len(gram)
    except sl.LinAlgError:
        pass
    values, vectors = sl.eigh(gram, lower=False, check_finite=False)
    values += shift
    kept = values > (len(gram) + n_terms) * np.finfo(float).eps * values[-1]
    vectors = vectors[:, kept]
    return vectors @ ((vectors.T @ Y) / values[kept, None]), int(kept.sum())


def full_rank(diagonal, n_terms=0):
    """Return whether a Cholesky factor with this diagonal is of a matrix regular up to rounding."""
    squares = diagonal**2
    return squares.min() > (len(squares) + n_terms) * np.finfo(float).eps * squares.max()


def pack(Z):
    """Return the rows of a matrix of zeros and ones as bits, None for any other matrix."""
    n, m = Z.shape
    words = np.zeros((n, -(-m // _WORD)), np.uint64)
    if sp.issparse(Z):
        Z = Z.tocsr()
        packed = _pack_places(Z.indptr, Z.indices, Z.data, words)
    else:
        packed = all(in_blocks(lambda rows: _pack(Z[rows], words[rows]), n, _TILE))
    return words if packed else None


def add_common(words, total):
    """Add the numbers of bits that two rows have in common to total, and return it.

    Any dtype will do that holds them: 16 bits take a quarter of the room of float64.
    """
    in_blocks(lambda rows: _add_common(words, rows.start, rows.stop, total), len(words), _TILE)
    return total


@numba.njit(nogil=True, cache=True)
def _pack(Z, words):
    """Set the bits of the entries that are 1; return whether the others are 0."""
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
    """Do the same for a CSR matrix; a place that is there twice would add up to another value."""
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
    """Count the bits that rows ``start`` to ``stop`` have in common with those up to them."""
    for tile in range(0, stop, _TILE):
        for i in range(max(start, tile), stop):
            for j in range(tile, min(tile + _TILE, i + 1)):
                common = np.uint64(0)
                for word in range(words.shape[1]):
                    common += count_bits(words[i, word] & words[j, word])
                total[i, j] += common
                total[j, i] = total[i, j]

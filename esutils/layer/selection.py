"""The k largest entries of each row, exactly, in little more time than it takes to read them.

Most entries of a row are compared only once: with a suggested cut, which is the right quantile of
every 16th entry, set a little low on purpose. The few entries that reach it are collected, and the
exact cut is found among them by bisection. Where the suggestion turns out to be too high, all
entries of the row are collected instead, and the answer is the same.
"""

import math

import numba
import numpy as np

from esutils.common.checks import check_finite
from esutils.common.threads import in_blocks

_EVERY = 16  # float32 entries per cache line: reading the sample fetches the whole row
_FEWEST = 64  # entries that a sample needs
_MARGIN = 2.5  # standard errors by which the suggested cut is low: about 1 row in 160 still fails
BLOCK_ENTRIES = 2**20  # entries that a thread works on at a time

# Eight flags are read as one number of 64 bits, whose lowest byte is the first flag.
_ONES = np.uint64(0x0101010101010101)  # times such a number: its highest byte counts the flags
_BYTE = np.uint64(0x0001020304050607)  # times 256**i: the highest byte is i
_TOP = np.uint64(56)  # bits to the right of the highest byte


def largest(H, k):
    """Return the places of the k largest entries of each row of a float matrix, in order.

    The result is int32 and has shape (n_samples, k). Among equal entries at the cut the first ones
    win. Infinity or NaN in H raises a ValueError.
    """
    H, out = np.ascontiguousarray(H), np.empty((len(H), k), np.int32)
    bits, m = H.view(f"i{H.itemsize}"), H.shape[1]
    n_sample = -(-m // _EVERY)
    expected = n_sample * k / m
    rank = math.ceil(expected + _MARGIN * math.sqrt(expected * (1 - k / m)))
    if n_sample < _FEWEST or 4 * k > m:
        rank = 0  # no suggestion
    finite = in_blocks(
        lambda rows: _select(H[rows], bits[rows], rank, k, out[rows]),
        len(H),
        max(1, BLOCK_ENTRIES // m),
    )
    check_finite("H", all(finite))
    return out


@numba.njit(nogil=True, cache=True)
def _select(H, bits, rank, k, out):
    """Write the places of the k largest entries of each row of H into ``out``, in order.

    ``bits`` is H seen as whole numbers. The suggested cut is the entry of this ``rank`` in the
    sample, unless ``rank`` is 0. Returns whether all of H is finite; if not, ``out`` is undefined.
    """
    m, magnitude = H.shape[1], bits.dtype.type(np.iinfo(bits.dtype).max)
    n_words, n_sample = -(-m // 8), -(-m // _EVERY)
    flags, words = np.zeros(8 * n_words, np.uint8), np.empty(n_words, np.uint32)
    found, places = np.empty(m + 2, np.uint32), np.empty(m, np.uint32)
    keys = np.empty(m, bits.dtype)
    as_floats, infinity = keys.view(H.dtype), H.dtype.type(np.inf)
    for i in range(len(H)):
        row, row_bits = H[i], bits[i]
        cut = -infinity
        if rank:
            for c in range(n_sample):
                keys[c] = _order(row_bits[c * _EVERY], magnitude)
            keys[0] = _order(_cut(keys[:n_sample], rank), magnitude)
            cut = as_floats[0]
        n_finite = np.uint32(0)
        for j in range(m):
            n_finite = np.uint32(n_finite + (abs(row[j]) < infinity))
            flags[j] = row[j] >= cut
        if n_finite < m:
            return False
        n_found = _collect(flags, words, found) if rank else 0
        if n_found < k:
            for j in range(m):
                found[j] = j
            n_found = m
        for c in range(n_found):
            keys[c] = _order(row_bits[found[c]], magnitude)
        _keep(keys[:n_found], k, found, places)
        for c in range(k):
            out[i, c] = places[c]
    return True


@numba.njit(nogil=True, cache=True)
def _order(bits, magnitude):
    """Turn the bits of a float into a whole number that grows with it, or back; -0 becomes 0."""
    return bits if bits >= 0 else -(bits & magnitude)


@numba.njit(nogil=True, cache=True)
def _cut(keys, k):
    """Return a cut that k of the keys reach, or with ties the k-th largest key itself."""
    low, high = keys[0], keys[0]
    for c in range(1, keys.size):
        low, high = min(low, keys[c]), max(high, keys[c])
    while low < high:  # at least k keys reach low, fewer reach high + 1
        middle = keys.dtype.type((low | high) - ((low ^ high) >> 1))  # rounded up
        n_reach = np.uint32(0)
        for c in range(keys.size):
            n_reach = np.uint32(n_reach + (keys[c] >= middle))
        if n_reach == k:
            return middle
        if n_reach > k:
            low = middle
        else:
            high = keys.dtype.type(middle - 1)
    return low


@numba.njit(nogil=True, cache=True)
def _collect(flags, words, found):
    """Write the places of the flags that are set into ``found``, in order; return their number.

    Eight flags are one word. The first loop lists the words that are not zero. Most of those have
    at most three flags, so the second loop takes three without asking whether they are there: the
    surplus is overwritten, and a branch would cost more.
    """
    eights, one = flags.view(np.uint64), np.uint64(1)
    n_words = np.uint64(0)
    for w in range(eights.size):
        words[n_words] = w
        n_words += np.uint64(eights[w] != 0)
    n_found = np.uint64(0)
    for c in range(n_words):
        word, first = eights[words[c]], words[c] * np.uint32(8)
        at = n_found
        n_found += (word * _ONES) >> _TOP
        for _ in range(3):
            found[at] = first + _lowest(word)
            word &= word - one
            at += one
        while word:
            found[at] = first + _lowest(word)
            word &= word - one
            at += one
    return np.int64(n_found)


@numba.njit(nogil=True, cache=True)
def _lowest(word):
    """Return which of the eight flags of a word is the first that is set."""
    return ((word & -word) * _BYTE) >> _TOP


@numba.njit(nogil=True, cache=True)
def _keep(keys, k, found, places):
    """Copy the places of the k largest keys from ``found``; of equal keys at the cut, the first."""
    cut = _cut(keys, k)
    n_kept = np.uint64(0)
    for c in range(keys.size):
        places[n_kept] = found[c]
        n_kept += np.uint64(keys[c] >= cut)
    if n_kept == k:
        return
    n_above = 0
    for c in range(keys.size):
        n_above += keys[c] > cut
    ties, n_kept = k - n_above, np.uint64(0)
    for c in range(keys.size):
        if keys[c] > cut or (keys[c] == cut and ties > 0):
            ties -= keys[c] == cut
            places[n_kept] = found[c]
            n_kept += np.uint64(1)

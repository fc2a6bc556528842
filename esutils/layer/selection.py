"""The k largest entries of each row, exactly, in little more time than it takes to read them.

Of a row of 20,000 entries with 1,000 winners, most need only be compared with a cut that a sample
of the row suggests. What reaches it is collected, 32 entries at a time, and the exact cut is found
among those few by bisection. Where the suggested cut is too high all entries are collected; the
answer is the same.
"""

import math

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from esutils.common.bits import count_bits
from esutils.common.checks import check_finite
from esutils.common.threads import in_blocks

_LANES = 32  # entries compared at once, one a bit
_RUNS = 32  # a sample is so many runs of as many entries as a line of the cache holds
_RUN = 16
_SAMPLE = _RUNS * _RUN
_MARGIN = 3.0  # standard errors of the sample's quantile; at 3 about one row in 700 is done again
_STRETCH = 4096  # entries of a row that are passed over several times while they are at hand
_BLOCK_ENTRIES = 2**20  # of the rows that a thread works on at a time


@intrinsic
def _reach(typing_context, row, start, cut):
    """Return the bits of ``row[start : start + 32] >= cut``, the first entry the lowest bit."""

    def generate(context, builder, signature, args):
        vector = ir.VectorType(context.get_value_type(row.dtype), _LANES)
        data = context.make_array(row)(context, builder, args[0]).data
        pointer = builder.bitcast(builder.gep(data, [args[1]]), vector.as_pointer())
        entries = builder.load(pointer, align=row.dtype.bitwidth // 8)
        nothing = ir.Constant(vector, ir.Undefined)
        first = builder.insert_element(nothing, args[2], ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), _LANES), [0] * _LANES)
        cuts = builder.shuffle_vector(first, nothing, zeros)
        compare = builder.fcmp_ordered if row.dtype in types.real_domain else builder.icmp_signed
        return builder.bitcast(compare(">=", entries, cuts), ir.IntType(_LANES))

    return types.uint32(row, types.intp, row.dtype), generate


@intrinsic
def _lowest(typing_context, bits):
    """Return the place of the lowest bit that is set, 32 if none is."""

    def generate(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.uint32(types.uint32), generate


@intrinsic
def _prefetch(typing_context, row, place):
    """Ask for the cache line of ``row[place]``, which may lie beyond the row."""

    def generate(context, builder, signature, args):
        data = context.make_array(row)(context, builder, args[0]).data
        byte = builder.bitcast(builder.gep(data, [args[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        signature = ir.FunctionType(ir.VoidType(), [byte.type, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [byte.type], signature)
        builder.call(function, [byte, *(ir.Constant(number, value) for value in (0, 2, 1))])
        return context.get_dummy_value()

    return types.none(row, types.intp), generate


@numba.njit(nogil=True, cache=True)
def _collect(row, begin, end, cut, found, n_found):
    """Add the places of the entries from begin to end that reach the cut to the n_found places.

    Returns how many they are then. ``begin`` is a multiple of 32.
    """
    m, n_found, one = row.size, np.uint64(n_found), np.uint64(1)  # never counted from the end
    for start in range(begin, end - _LANES + 1, _LANES):
        _prefetch(row, start + m)
        _prefetch(row, start + m + 16)
        bits = _reach(row, start, cut)
        after = n_found + np.uint64(count_bits(bits))
        at = n_found
        for _ in range(4):  # at once, needed or not: a branch would cost more
            found[at] = start + _lowest(bits)
            bits &= bits - np.uint32(1)
            at += one
        while bits:
            found[at] = start + _lowest(bits)
            bits &= bits - np.uint32(1)
            at += one
        n_found = after
    for j in range(end - end % _LANES, end):
        found[n_found] = j
        n_found += np.uint64(row[j] >= cut)
    return np.int64(n_found)


@numba.njit(nogil=True, cache=True)
def _order(bits, magnitude):
    """Turn the bits of a float into a whole number that grows with it, or back; -0 becomes 0."""
    return bits if bits >= 0 else -(bits & magnitude)


@numba.njit(nogil=True, cache=True)
def _cut(keys, n_keys, k):
    """Return a cut that k of the keys reach, or with ties the k-th largest key itself.

    The keys from ``n_keys`` to the next multiple of 32 are overwritten by the least of them.
    """
    low, high = keys[0], keys[0]
    for c in range(1, n_keys):
        low, high = min(low, keys[c]), max(high, keys[c])
    size = -(-n_keys // _LANES) * _LANES
    for c in range(n_keys, size):
        keys[c] = low
    while low < high:  # k or more reach low, fewer reach high + 1
        middle = keys.dtype.type((low | high) - ((low ^ high) >> 1))  # of two, the upper
        n_reach = 0
        for start in range(0, size, _LANES):
            n_reach += count_bits(_reach(keys, start, middle))
        if n_reach == k:
            return middle
        if n_reach > k:
            low = middle
        else:
            high = keys.dtype.type(middle - 1)
    return low


@numba.njit(nogil=True, cache=True)
def _drop_ties(keys, cut, n_places, k, places):
    """Of the places of all keys that reach the cut, keep k: of keys at the cut the first."""
    ties, n_kept = k, 0
    for c in range(n_places):
        ties -= keys[places[c]] > cut
    for c in range(n_places):
        at_cut = keys[places[c]] == cut
        if ties > 0 or not at_cut:
            ties -= at_cut
            places[n_kept] = places[c]
            n_kept += 1


@numba.njit(nogil=True, cache=True)
def _select(H, bits, offset, infinity, step, rank, k, out):
    """Write the places of the k largest entries of each row of H into ``out``, in order.

    ``bits`` is H seen as whole numbers, and ``infinity`` those of infinity. ``offset``, if there is
    one, is first added to each row. Of a row, a run of entries is sampled every ``step``; the
    sample's entry of this ``rank`` is the suggested cut, if there is a step. Returns whether all of
    H is finite; if not, ``out`` means nothing.
    """
    m, magnitude = H.shape[1], bits.dtype.type(np.iinfo(bits.dtype).max)
    found, places = np.empty(m + 4, np.uint32), np.empty(m + 4, np.uint32)
    keys = np.empty(max(m, _SAMPLE) + _LANES, bits.dtype)
    guess_bits, sample_bits = np.empty(1, bits.dtype), np.empty(_SAMPLE, bits.dtype)
    guess, sample = guess_bits.view(H.dtype), sample_bits.view(H.dtype)
    for i in range(len(H)):
        row, row_bits, n_found = H[i], bits[i], 0
        guess[0] = np.inf
        if step:
            for c in range(_SAMPLE):
                place = c // _RUN * step + c % _RUN
                sample[c] = row[place] if offset is None else row[place] + offset[place]
                keys[c] = _order(sample_bits[c], magnitude)
            guess_bits[0] = _order(_cut(keys, np.int64(_SAMPLE), rank), magnitude)
        largest = bits.dtype.type(0)
        for begin in range(0, m, _STRETCH):
            end = min(begin + _STRETCH, m)
            part, part_bits = row[begin:end], row_bits[begin:end]
            if offset is not None:
                shift = offset[begin:end]
                for j in range(end - begin):
                    part[j] += shift[j]
            for j in range(end - begin):
                largest = max(largest, bits.dtype.type(part_bits[j] & magnitude))
            n_found = _collect(row, begin, end, guess[0], found, n_found)
        if largest >= infinity:
            return False
        if n_found < k:
            guess[0] = -np.inf
            n_found = _collect(row, 0, m, guess[0], found, 0)
        for c in range(n_found):
            keys[c] = _order(row_bits[found[c]], magnitude)
        cut = _cut(keys, n_found, k)
        n_reach = _collect(keys, 0, n_found, cut, places, 0)
        if n_reach > k:
            _drop_ties(keys, cut, n_reach, k, places)
        for c in range(k):
            out[i, c] = found[places[c]]
    return True


def largest(name, H, k, offset=None):
    """Return the places of the k largest entries of each row of a float matrix, in order.

    int32, shape (n_samples, k). Among equal entries at the cut the first win. Infinity or NaN in H
    raises the ValueError that ``name`` is not finite. An offset of shape (m,) is first added to
    each row of H, in place, where H is contiguous.
    """
    H, out = np.ascontiguousarray(H), np.empty((len(H), k), np.int32)
    m, whole = H.shape[1], f"i{H.itemsize}"
    if offset is not None:
        offset = offset.astype(H.dtype, copy=False)
    bits, infinity = H.view(whole), np.array(np.inf, H.dtype).view(whole)[()]
    expected, step = _SAMPLE * k / m, m // _RUNS
    rank = math.ceil(expected + _MARGIN * math.sqrt(expected * (1 - k / m)))
    if step < 2 * _RUN or rank >= _SAMPLE:
        step = 0
    finite = in_blocks(
        lambda rows: _select(H[rows], bits[rows], offset, infinity, step, rank, k, out[rows]),
        len(H),
        max(1, _BLOCK_ENTRIES // m),
    )
    check_finite(name, all(finite))
    return out

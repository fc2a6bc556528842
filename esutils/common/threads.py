"""Blocks of rows that several threads work on side by side.

Numba could do this itself (``parallel=True``), but then code takes seconds longer to compile and
must not be called from two threads at once.
"""

from concurrent.futures import ThreadPoolExecutor

import numba


def n_threads():
    """Return how many threads to use: one per core, or this process's share under joblib."""
    return numba.config.NUMBA_NUM_THREADS


def in_blocks(work, n_rows, block_size):
    """Call ``work(rows)`` for each slice of ``block_size`` rows; return the results in order."""
    blocks = [slice(at, min(at + block_size, n_rows)) for at in range(0, n_rows, block_size)]
    if len(blocks) == 1 or n_threads() == 1:
        return [work(rows) for rows in blocks]
    with ThreadPoolExecutor(n_threads()) as threads:
        return list(threads.map(work, blocks))

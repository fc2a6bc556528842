"""Ridge readouts for codes that do not fit into memory."""

from collections.abc import Iterable

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from esutils.common.checks import (
    check_finite,
    check_matrix,
    check_penalties,
    check_targets,
    check_type,
)
from esutils.common.threads import in_blocks
from esutils.common.types import Samples
from esutils.readout.gram import add_common, pack, solve_shifted
from esutils.readout.ridge_regression import LinearReadout, centred_readouts, dual_weights

_GATHERED = 8192  # samples after which adding up takes little time beside multiplying
_LANDMARKS = 2000  # samples from which the preconditioner is made
_TILE = (512, 256)  # shape of the part of the Gram matrix that a thread turns into floats at a time
_TOLERANCE = 1e-5
_ITERATIONS = 1000


def ridge_stream(
    batches: Iterable[tuple[Samples, ArrayLike]], penalties: ArrayLike
) -> list[LinearReadout]:
    """Fit :func:`esutils.readout.ridge_path` in one pass over batches of samples.

    Each batch is added to the Gram matrix of the units. Up to rounding, the result is the same as
    that of ``ridge_path`` for all samples at once, but the memory does not grow with their number.
    It takes about three times the memory of the Gram matrix, which is 0.8 GB for m = 10,000 units,
    and twice the memory of at least 8192 samples, which are gathered from several batches.

    Parameters
    ----------
    batches : iterable of pairs (Z, Y)
        Codes, an array or CSR matrix of shape (batch_size, m), and their targets, of shape
        (batch_size,) or (batch_size, n_targets). For codes of zeros and ones, the sums are exact
        and several times as fast; for other codes they have the precision of the codes.
    penalties : sequence of float
        Positive. There is no penalty on the intercept.

    Returns
    -------
    list of LinearReadout
        One per penalty, in the order given.

    Raises
    ------
    ValueError
        If a penalty is not positive, if there is no batch, or if a batch is malformed or has
        another number of columns than the first. The message names the batch, counted from 0.

    Notes
    -----
    Chapter: scale-out.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import readout
    >>> rng = np.random.default_rng(0)
    >>> Z, Y = rng.standard_normal((60, 5)), rng.standard_normal(60)
    >>> batches = [(Z[start : start + 20], Y[start : start + 20]) for start in (0, 20, 40)]
    >>> (fitted,) = readout.ridge_stream(batches, [1.0])
    >>> np.allclose(fitted.weights, readout.ridge(Z, Y, 1.0).weights)
    True
    """
    penalties = check_penalties("penalties", penalties)
    gram = None
    for Z, Y in _gathered(batches):
        Y = np.column_stack([np.ones(len(Y)), Y])  # products with 1 are sums over samples
        if gram is None:
            gram = np.zeros((Z.shape[1], Z.shape[1]))
            products, sums = np.zeros((Z.shape[1], Y.shape[1])), np.zeros(Y.shape[1])
        _add_gram(Z.T, gram)
        products += (Y.T @ Z).T  # this order reads Z row by row, as it lies in memory
        sums += Y.sum(axis=0)
    if gram is None:
        raise ValueError("batches must hold at least one pair (Z, Y), got none")
    check_finite("products of Z", np.isfinite(gram.trace()))
    z_sum, y_mean = products[:, 0], sums[1:] / sums[0]
    z_mean = z_sum / sums[0]
    gram -= np.outer(z_sum, z_mean)
    right = products[:, 1:] - np.outer(z_sum, y_mean)
    return centred_readouts(solve_shifted(gram, right, penalties), z_mean, y_mean, penalties)


def ridge_wide(Z: Samples, Y: ArrayLike, penalties: ArrayLike) -> list[LinearReadout]:
    """Fit :func:`esutils.readout.ridge_path` to binary codes of many samples and even more units.

    The Gram matrix of the samples counts the units that two samples share. It is kept in 16 bits,
    which takes 7.2 GB for 60,000 samples where float64 would take 28.8 GB (or in 32 bits, if a
    sample has 65,536 or more active units). Conjugate gradients solve the systems for all penalties
    and targets side by side.

    Parameters
    ----------
    Z : array or CSR matrix of shape (n_samples, m)
        Codes of zeros and ones.
    Y : array of shape (n_samples,) or (n_samples, n_targets)
        Targets.
    penalties : sequence of float
        Positive. There is no penalty on the intercept.

    Returns
    -------
    list of LinearReadout
        One per penalty, in the order given. The residual of each system of equations has about
        1e-5 of the norm of the centred targets.

    Raises
    ------
    ValueError
        If Z holds other values than 0 and 1, if a penalty is not positive, or if Z or Y is
        malformed.
    LinAlgError
        If a residual is still above 1e-5 after 1000 iterations, because a penalty is too small.

    Notes
    -----
    The preconditioner is a low-rank approximation of the Gram matrix, made from the columns of 2000
    samples [1]_. The 16-bit integers are turned into float64 one tile at a time for BLAS to
    multiply. (In float32, the residuals would not fall to 1e-5 where samples are almost alike.)

    Chapter: scale-out.

    References
    ----------
    .. [1] Frangella, Tropp and Udell, Randomized Nystrom preconditioning, SIAM Journal on Matrix
       Analysis and Applications 44 (2023), arXiv:2110.02820.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import readout
    >>> rng = np.random.default_rng(0)
    >>> Z, Y = rng.integers(0, 2, (20, 100)), rng.standard_normal(20)
    >>> (fitted,) = readout.ridge_wide(Z, Y, [1.0])
    >>> np.allclose(fitted.weights, readout.ridge(Z, Y, 1.0).weights, atol=1e-3)
    True
    """
    Z = check_matrix("Z", Z, sparse=True)
    Y = check_targets("Y", Y, Z.shape[0])
    penalties = check_penalties("penalties", penalties)
    words = pack(Z)
    if words is None:
        raise ValueError(f"Z must hold zeros and ones only, got {_other_value(Z)}")
    n_active, z_sum = Z @ np.ones(Z.shape[1], Z.dtype), Z.T @ np.ones(Z.shape[0], Z.dtype)
    gram = np.zeros((len(words), len(words)), np.uint16 if n_active.max() < 2**16 else np.uint32)
    add_common(words, gram)
    z_mean, y_mean = z_sum / np.float64(len(gram)), Y.mean(axis=0, dtype=np.float64)
    mean_square = n_active.mean(dtype=np.float64) - z_mean @ z_mean
    right = np.tile(Y - y_mean, len(penalties))
    shifts = np.repeat(penalties, Y.shape[1])
    solutions = _conjugate_gradients(gram, right, shifts, _preconditioner(gram, mean_square))
    solutions = solutions.reshape(len(gram), len(penalties), -1)
    return centred_readouts(dual_weights(Z, solutions), z_mean, y_mean, penalties)


def _gathered(batches):
    """Check the batches, and join them into pairs with enough samples for efficient products."""
    held, n_held, widths = [], 0, (None, None)
    for number, pair in enumerate(check_type("batches", batches, Iterable, "an iterable")):
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise ValueError(f"batch {number} must be a pair (Z, Y), got {type(pair).__name__}")
        Z, Y = pair
        Z = check_matrix(f"Z of batch {number}", Z, n_columns=widths[0], sparse=True)
        Y = check_targets(f"Y of batch {number}", Y, Z.shape[0])
        check_matrix(f"Y of batch {number}", Y, n_columns=widths[1])
        widths = Z.shape[1], Y.shape[1]
        held.append((Z.copy(), Y.copy()))  # the caller may overwrite a batch with the next one
        n_held += len(Y)
        if n_held >= _GATHERED:
            yield _joined(held)
            held, n_held = [], 0
    if held:
        yield _joined(held)


def _joined(pairs):
    codes, targets = zip(*pairs, strict=True)
    if all(map(sp.issparse, codes)):
        return sp.vstack(codes, format="csr"), np.vstack(targets)
    return np.vstack([_dense(Z) for Z in codes]), np.vstack(targets)


def _dense(Z):
    return Z.toarray() if sp.issparse(Z) else Z


def _add_gram(Z, total):
    words = pack(Z)
    if words is not None:
        add_common(words, total)
    else:
        Z = _dense(Z)  # over so many samples, hardly any product of two units stays zero
        with np.errstate(over="ignore", invalid="ignore"):
            total += Z @ Z.T


def _other_value(Z):
    stored = Z.data if sp.issparse(Z) else Z
    others = stored[(stored != 0) & (stored != 1)]
    return others[0] if others.size else "an entry that is stored twice"


def _conjugate_gradients(gram, right, shifts, precondition):
    """Solve ``(H gram H + shift I) x = b`` for each column b of right and its shift.

    H subtracts the mean of a vector; that of each b is zero.
    """
    norms = np.linalg.norm(right, axis=0)
    solutions, live = np.zeros_like(right), np.flatnonzero(norms)
    R = right[:, live] / norms[live]
    P, old = np.zeros_like(R), 1.0
    for _ in range(_ITERATIONS):
        S = precondition(R, shifts[live])
        new = np.sum(R * S, axis=0)
        P = S + P * (new / old)
        Q = _centred_product(gram, P) + P * shifts[live]
        step = new / np.sum(P * Q, axis=0)
        solutions[:, live] += step * P
        R -= step * Q
        left = ~(np.linalg.norm(R, axis=0) <= _TOLERANCE)  # written so that NaN is left as well
        live, R, P, old = live[left], R[:, left], P[:, left], new[left]
        if not live.size:
            return solutions * norms
    raise np.linalg.LinAlgError(
        f"no convergence in {_ITERATIONS} iterations for penalties "
        f"{np.unique(shifts[live]).tolist()}: larger penalties converge sooner"
    )


def _centred_product(gram, P):
    """Return ``H @ gram @ P`` for columns P of mean zero."""
    product = np.zeros(P.shape)

    def multiply(rows):
        for start in range(0, len(P), _TILE[1]):
            columns = slice(start, start + _TILE[1])
            product[rows] += gram[rows, columns].astype(np.float64) @ P[columns]

    with threadpool_limits(1):  # each of our threads multiplies its own tiles
        in_blocks(multiply, len(P), _TILE[0])
    return product - product.mean(axis=0)


def _preconditioner(gram, mean_square):
    """Return a function of right sides and shifts that solves the systems approximately.

    In place of ``H gram H`` it has F F.T, the part that the columns of some samples span, plus a
    multiple of the identity. ``rest`` is what F F.T lacks of the trace, which is n ``mean_square``,
    divided by n.
    """
    some = slice(None, None, -(-len(gram) // _LANDMARKS))
    columns = gram[some].astype(np.float64)
    values, vectors = np.linalg.eigh(columns[:, some])
    kept = values > len(gram) * np.finfo(float).eps * values[-1]
    F = columns.T @ (vectors[:, kept] / np.sqrt(values[kept]))
    F -= F.mean(axis=0)
    squares, vectors = np.linalg.eigh(F.T @ F)
    F = F @ vectors  # now its columns are orthogonal, and ``squares`` are their squared lengths
    rest = max(mean_square - squares.sum() / len(gram), 0.0)
    return lambda R, shifts: R - F @ ((F.T @ R) / (squares[:, None] + rest + shifts))

"""Random projections into more dimensions: the first half of expand-and-sparsify.

Whatever their distribution, the rows are drawn one after another from one stream, so that the first
rows of a projection do not depend on how many follow. Widths are therefore nested and comparable:
``projection(m, ...)`` is the top of ``projection(M, ...)`` for every ``M > m``.
"""

import numba
import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, DTypeLike

from esutils.common.checks import (
    MOST,
    check_choice,
    check_int,
    check_matrix,
    check_out,
    check_seed,
)
from esutils.common.threads import in_blocks
from esutils.common.types import Array, Matrix, Seed

_SPARSE = 1 / 16  # gathering beats BLAS if units listen to at most this share of the inputs
_ROWS = 64  # samples that a thread projects at a time

LAWS = ("gaussian", "cauchy", "sphere", "sign", "fly", "data", "rotation", "none")


def projection(
    n_expanded: int,
    n_inputs: int,
    law: str = "gaussian",
    *,
    fan_in: int = 6,
    data: ArrayLike | None = None,
    random_state: Seed = 0,
    dtype: DTypeLike = np.float64,
) -> Matrix:
    """Draw a random projection matrix with one row per unit.

    Parameters
    ----------
    n_expanded : int
        Number of units m, the rows.
    n_inputs : int
        Number of inputs d, the columns.
    law : {"gaussian", "cauchy", "sphere", "sign", "fly", "data", "rotation", "none"}
        The distribution of a row ``w``:

        - ``"gaussian"``: entries independent N(0, 1), so ``w @ x`` is N(0, ``|x|^2``).
        - ``"cauchy"``: a Gaussian row divided by the absolute value of one normal number, so that
          ``w @ x`` has a Cauchy distribution of scale ``|x|`` and rows differ much in length.
        - ``"sphere"``: uniform on the unit sphere, as in Dasgupta and Tosh (2020).
        - ``"sign"``: entries ``-sqrt(3)``, 0, ``sqrt(3)`` with probabilities 1/6, 2/3, 1/6
          (variance 1; Achlioptas 2003). CSR.
        - ``"fly"``: ``fan_in`` ones at distinct random inputs, zeros elsewhere, as in the fly's
          mushroom body (Dasgupta, Stevens and Navlakha 2017). CSR.
        - ``"data"``: rows drawn from ``data`` with replacement and scaled to unit length.
        - ``"rotation"``: the first m rows of a uniformly random orthogonal matrix; needs m <= d.
          It mixes the inputs without adding dimensions.
        - ``"none"``: the identity; needs m = d.
    fan_in : int
        Number of inputs that a ``"fly"`` unit listens to, at most d.
    data : array of shape (n_samples, d), optional
        The samples that ``"data"`` draws its rows from; none may be all zeros.
    random_state : int or numpy.random.Generator
        Source of randomness.
    dtype : numpy dtype
        float32 or float64.

    Returns
    -------
    ndarray or csr_matrix of shape (n_expanded, n_inputs)

    Raises
    ------
    ValueError
        If an argument is out of range; the message names it.

    Notes
    -----
    Chapter: 01-expand-and-sparsify.

    Examples
    --------
    >>> narrow = projection(10, 4, random_state=7)
    >>> wide = projection(1000, 4, random_state=7)
    >>> bool((wide[:10] == narrow).all())
    True
    """
    m = check_int("n_expanded", n_expanded, high=MOST)
    d = check_int("n_inputs", n_inputs, high=MOST)
    check_choice("law", law, LAWS)
    rng = check_seed("random_state", random_state)
    if dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"dtype must be float32 or float64, got {dtype!r}")
    if law == "gaussian":
        return rng.standard_normal((m, d)).astype(dtype, copy=False)
    if law == "cauchy":
        normal = rng.standard_normal((m, d + 1))
        return (normal[:, :d] / np.abs(normal[:, d:])).astype(dtype, copy=False)
    if law == "sphere":
        return _unit_rows(rng.standard_normal((m, d))).astype(dtype, copy=False)
    if law == "sign":
        return _sign(m, d, rng, dtype)
    if law == "fly":
        return _fly(m, d, check_int("fan_in", fan_in, high=d), rng, dtype)
    if law == "data":
        return _data_rows(m, d, data, rng, dtype)
    if law == "rotation":
        check_int("n_expanded", m, high=d)
        return _rotation(d, rng)[:m].astype(dtype, copy=False)
    check_int("n_expanded", m, low=d, high=d)
    return np.eye(d, dtype=dtype)


def project(X: Matrix, W: Matrix, out: Array | None = None) -> Array:
    """Return the projections ``X @ W.T`` of samples, dense.

    Parameters
    ----------
    X : array or CSR matrix of shape (n_samples, n_inputs)
        Samples.
    W : array or CSR matrix of shape (n_expanded, n_inputs)
        A projection. If its rows are mostly zeros, as under ``law="fly"``, the few inputs of each
        unit are gathered and added up.
    out : array of shape (n_samples, n_expanded), optional
        Where to write them.

    Returns
    -------
    ndarray of shape (n_samples, n_expanded)

    Raises
    ------
    ValueError
        If X and W differ in their number of columns, or ``out`` cannot take the projections.

    Notes
    -----
    Chapter: 01-expand-and-sparsify.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import layer
    >>> W = layer.projection(4, 50, law="fly", fan_in=6, random_state=0)
    >>> layer.project(np.ones((1, 50)), W)  # each unit adds up six inputs
    array([[6., 6., 6., 6.]])
    """
    X = check_matrix("X", X, n_columns=W.shape[1], sparse=True, finite=False)
    check_out(out, (X.shape[0], W.shape[0]), np.result_type(X, W))
    return multiply(X, W, out)


def multiply(X, W, out=None):
    """Return ``X @ W.T`` as :func:`project` does, for samples and ``out`` that were checked."""
    if sp.issparse(X):
        H = (X @ W.T).toarray() if sp.issparse(W) else X @ W.T
        return H if out is None else np.positive(H, out=out)
    if not sp.issparse(W):
        return np.matmul(X, W.T, out=out)
    if W.nnz > _SPARSE * W.shape[0] * W.shape[1]:
        return np.matmul(X, W.toarray().T, out=out)
    dtype = np.result_type(X, W)
    X, weights = np.ascontiguousarray(X, dtype), W.data.astype(dtype, copy=False)
    H = np.empty((len(X), W.shape[0]), dtype) if out is None else out
    # With unsigned numbers Numba need not ask whether they count from the end.
    starts, inputs = W.indptr.astype(np.uint64), W.indices.astype(np.uint32)
    in_blocks(lambda rows: _gather(X[rows], starts, inputs, weights, H[rows]), len(X), _ROWS)
    return H


@numba.njit(nogil=True, cache=True)
def _gather(X, starts, inputs, weights, H):
    for i in range(len(X)):
        x = X[i]
        for j in range(len(H[i])):
            total = X.dtype.type(0)
            for at in range(starts[j], starts[j + 1]):
                total += weights[at] * x[inputs[at]]
            H[i, j] = total


def _unit_rows(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _sign(m, d, rng, dtype):
    draws = rng.integers(0, 6, size=(m, d), dtype=np.int8)
    signs = (draws == 0).astype(dtype) - (draws == 1).astype(dtype)
    return sp.csr_matrix(signs * np.sqrt(3).astype(dtype))


def _fly(m, d, fan_in, rng, dtype):
    inputs = np.sort(np.argsort(rng.random((m, d)), axis=1, kind="stable")[:, :fan_in], axis=1)
    starts = np.arange(0, m * fan_in + 1, fan_in)
    return sp.csr_matrix((np.ones(m * fan_in, dtype), inputs.ravel(), starts), shape=(m, d))


def _data_rows(m, d, data, rng, dtype):
    if data is None:
        raise ValueError("data must be given for law='data', got None")
    data = check_matrix("data", data, n_columns=d)
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(data, axis=1)
    if not (np.isfinite(lengths) & (lengths > 0)).all():
        raise ValueError("data must have rows of positive finite length for law='data'")
    return _unit_rows(data[rng.integers(len(data), size=m)]).astype(dtype, copy=False)


def _rotation(d, rng):
    q, r = np.linalg.qr(rng.standard_normal((d, d)))
    return q * np.sign(np.diag(r))

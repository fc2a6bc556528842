"""Ridgeless readouts: minimum-norm least squares, for one code or at every width of a path."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.linalg as sl
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from esutils.common.checks import check_finite, check_matrix, check_targets, check_widths
from esutils.common.types import Array
from esutils.readout.gram import gram, solve_gram
from esutils.readout.ridge_regression import LinearReadout

# A column is dependent if projecting out the earlier ones leaves this share of the longest or less.
_DEPENDENT = 1e-10


def minimum_norm(Z: ArrayLike, Y: ArrayLike) -> LinearReadout:
    """Fit the least-squares readout of minimum norm, which interpolates wherever that is possible.

    Parameters
    ----------
    Z : array of shape (n_samples, m)
        Codes.
    Y : array of shape (n_samples,) or (n_samples, n_targets)
        Targets.

    Returns
    -------
    LinearReadout
        Without intercept.

    Notes
    -----
    Everything is computed in float64 and without the units that are never active: up to m = n by a
    QR factorisation of the codes, beyond that from the Gram matrix of their rows. If the remaining
    columns are linearly dependent, or beyond m = n the rows, the rank is found first, and what is
    only rounding error is ignored.

    Chapter: 08-double-descent.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import readout
    >>> fitted = readout.minimum_norm([[1.0, 1.0]], [2.0])  # one sample, two units
    >>> np.allclose(fitted.weights, [[1.0], [1.0]])
    True
    """
    Z = check_matrix("Z", Z).astype(np.float64, copy=False)
    Y = check_targets("Y", Y, len(Z))
    used, n = Z.any(axis=0), len(Z)
    weights, Z = np.zeros((len(used), Y.shape[1])), _columns(Z, used)
    if Z.shape[1] > n:
        weights[used] = Z.T @ solve_gram(gram(Z), Y, n_terms=Z.shape[1])[0]
    elif used.any():
        reflectors, R, independent = _triangle(Z.copy())
        if independent == Z.shape[1]:
            weights[used] = sl.solve_triangular(R, _apply_transposed(*reflectors, Y)[:independent])
        else:
            weights[used], _ = _dependent_weights(Z, Y)
    return LinearReadout(weights, np.zeros(Y.shape[1]), 0.0)


@dataclass(frozen=True)
class WidthPath:
    """Minimum-norm readouts along a path of widths.

    Attributes
    ----------
    widths : ndarray of int, shape (n_widths,)
    predictions : ndarray of shape (n_widths, n_test, n_targets)
        Predicted targets of the test samples at each width.
    norms : ndarray of shape (n_widths, n_targets)
        Norm of the weights for each target.
    residuals : ndarray of shape (n_widths, n_targets)
        Root mean square error on the training samples, 0 where the readout interpolates.
    ranks : ndarray of int, shape (n_widths,)
        Rank of the training codes.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import readout
    >>> rng = np.random.default_rng(0)
    >>> Z, Y, Z_test = (rng.standard_normal(shape) for shape in [(20, 40), (20, 2), (10, 40)])
    >>> path = readout.minimum_norm_path(Z, Y, Z_test, widths=[5, 20, 40])
    >>> path.predictions.shape, path.norms.shape
    ((3, 10, 2), (3, 2))
    """

    widths: Array
    predictions: Array
    norms: Array
    residuals: Array
    ranks: Array


def width_path(
    encoder: BaseEstimator, X: ArrayLike, Y: ArrayLike, X_test: ArrayLike, widths: ArrayLike
) -> WidthPath:
    """Fit the minimum-norm readout of an encoder at every width of a list.

    Parameters
    ----------
    encoder : ExpandSparsify
        It is not fitted itself; copies of it are, with the widths for ``n_expanded``. Nested codes
        are computed once, at the largest width. Global winner-take-all codes are not nested, so
        they are computed anew at each width, with the same active fraction k/m.
    X, Y : arrays of shape (n_samples, n_inputs) and (n_samples,) or (n_samples, n_targets)
        Training samples and targets.
    X_test : array of shape (n_test, n_inputs)
    widths : increasing sequence of int
        Widths m. For ``sparsifier="block"``, each must be a multiple of the block size.

    Returns
    -------
    WidthPath
        Everything from the projection on is computed in float64, so that dependent columns are
        recognised.

    Raises
    ------
    ValueError
        If the widths do not increase or do not fit the blocks, or if the data are malformed.

    Notes
    -----
    Chapter: 08-double-descent.

    Examples
    --------
    >>> from esutils import ExpandSparsify, data, readout
    >>> split = data.subsample(data.load_digits(), 100, random_state=0)
    >>> encoder = ExpandSparsify(sparsifier="relu", random_state=0)
    >>> Y = data.one_hot(split.y_train, 10)
    >>> path = readout.width_path(encoder, split.X_train, Y, split.X_test, widths=[30, 100, 1000])
    >>> errors = (path.predictions.argmax(axis=2) != split.y_test).mean(axis=1)
    >>> bool(errors[0] < errors[1] and errors[2] < errors[1])  # worst at m = n: double descent
    True
    """
    widths = check_widths(widths)
    if not (isinstance(encoder, BaseEstimator) and hasattr(encoder, "nested")):
        raise ValueError(f"encoder must be an ExpandSparsify, got {encoder!r}")
    block = encoder.block_size
    X = check_matrix("X", X).astype(np.float64)
    X_test = check_matrix("X_test", X_test, n_columns=X.shape[1]).astype(np.float64)
    if (widths % block).any():
        raise ValueError(f"widths must be multiples of the block size {block}, got {widths}")
    if encoder.nested:
        wide = encoder.resized(widths[-1]).fit(X)
        return minimum_norm_path(wide.transform(X), Y, wide.transform(X_test), widths)
    paths = []
    for width in widths:
        narrow = encoder.resized(width).fit(X)
        codes = narrow.transform(X), narrow.transform(X_test)
        paths.append(minimum_norm_path(codes[0], Y, codes[1], [width]))
    return WidthPath(
        widths,
        *(
            np.concatenate([getattr(path, name) for path in paths])
            for name in ("predictions", "norms", "residuals", "ranks")
        ),
    )


def minimum_norm_path(
    Z: ArrayLike, Y: ArrayLike, Z_test: ArrayLike, widths: ArrayLike
) -> WidthPath:
    """Fit the minimum-norm readout on the first m columns of Z, for every m of a list.

    Up to m = n, one QR factorisation serves all widths, and the predictions are partial sums.
    Beyond that, the Gram matrix of the rows grows by the new columns and is factorised at each
    width. Units that no training sample activates are left out. A width at which the remaining
    columns are linearly dependent, or beyond n the rows, is solved separately.

    Parameters
    ----------
    Z, Z_test : arrays of shape (n_samples, m_max) and (n_test, m_max)
        Codes of the training and test samples.
    Y : array of shape (n_samples,) or (n_samples, n_targets)
        Targets. Many of them cost little more than one.
    widths : increasing sequence of int
        At most m_max.

    Returns
    -------
    WidthPath

    Notes
    -----
    Everything is computed in float64. Pass float64 codes as well: dependent columns are not
    recognised in float32, and near m = n the system is too ill-conditioned for it. For m > n the
    Gram matrix squares the condition number, so singular values of a code that are smaller than
    ``sqrt((n + m) * 2.2e-16)`` of the largest count as zero.

    Chapter: 08-double-descent.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import readout
    >>> rng = np.random.default_rng(0)
    >>> Z, Y, Z_test = (rng.standard_normal(shape) for shape in [(20, 40), 20, (10, 40)])
    >>> path = readout.minimum_norm_path(Z, Y, Z_test, widths=[5, 20, 40])
    >>> path.ranks.tolist(), (path.residuals[:, 0] < 1e-6).tolist()  # interpolates from m = n on
    ([5, 20, 20], [False, True, True])
    """
    Z = check_matrix("Z", Z)
    Y = check_targets("Y", Y, len(Z))
    Z_test = check_matrix("Z_test", Z_test, n_columns=Z.shape[1])
    widths = check_widths(widths, Z.shape[1])
    used, n = Z.any(axis=0), len(Z)
    Z, Z_test = _columns(Z, used), _columns(Z_test, used)
    sizes = np.cumsum(used)[widths - 1]  # how many units of each width are ever active
    some = np.unique(sizes[sizes > 0])
    fits = [*_narrow_fits(Z, Y, Z_test, some[some <= n])]
    fits += _wide_fits(Z, Y, Z_test, some[some > n])
    by_size = dict(zip(some, fits, strict=True))
    by_size[0] = np.zeros((len(Z_test), Y.shape[1])), np.zeros(Y.shape[1]), _rms(Y), 0
    columns = zip(*(by_size[size] for size in sizes), strict=True)
    return WidthPath(widths, *(np.array(column) for column in columns))


def _columns(Z, used):
    """Return the columns of the units that are ever active; the others have weight 0."""
    return Z if used.all() else Z[:, used]


def _narrow_fits(Z, Y, Z_test, widths):
    """Yield (predictions, norms, residuals, rank) at widths m <= n."""
    if not widths.size:
        return
    m_max = widths[-1]
    reflectors, R, independent = _triangle(Z[:, :m_max].astype(np.float64))
    QY = _apply_transposed(*reflectors, Y)
    misfits = np.sqrt(np.cumsum(QY[::-1] ** 2, axis=0)[::-1] / len(Y))  # by rows m, m + 1, ...
    misfits = np.vstack([misfits, np.zeros(Y.shape[1])])
    test = sl.solve_triangular(
        R[:independent, :independent], Z_test[:, :independent].T, trans="T", check_finite=False
    )
    left, predictions = 0, np.zeros((len(Z_test), Y.shape[1]))
    for m in widths:
        if m > independent:
            yield _dependent_fit(Z[:, :m], Y, Z_test[:, :m])
            continue
        predictions = predictions + test[left:m].T @ QY[left:m]
        weights = sl.solve_triangular(R[:m, :m], QY[:m], check_finite=False)
        yield predictions, np.linalg.norm(weights, axis=0), misfits[m], m
        left = m


def _wide_fits(Z, Y, Z_test, widths):
    """Return (predictions, norms, residuals, rank) at widths m > n.

    Each readout is a linear combination of the rows of Z. The first loop solves for all the
    combinations while the Gram matrix grows. The second reads each stretch of columns once more,
    for all the widths that include it.
    """
    n, n_targets = Y.shape
    grown = np.zeros((n, n), order="F")  # only its lower triangle is ever written and read
    scratch = np.empty((n, n))
    combinations, residuals, ranks = np.empty((len(widths), n_targets, n)), [], []
    stretches = [slice(*ends) for ends in pairwise([0, *widths])]
    for at, columns in enumerate(stretches):
        new = np.ascontiguousarray(Z[:, columns], dtype=np.float64).T  # in Fortran's order
        grown = sl.blas.dsyrk(1.0, new, beta=1.0, c=grown, trans=1, lower=1, overwrite_c=1)
        check_finite("products of Z", np.isfinite(grown.trace()))
        dual, rank = solve_gram(grown.T, Y, n_terms=columns.stop, scratch=scratch)
        combinations[at] = dual.T
        residuals.append(_rms(Y - sl.blas.dsymm(1.0, grown, dual, lower=1)))
        ranks.append(rank)
    predictions = np.zeros((len(widths), n_targets, len(Z_test)))
    squares = np.zeros((len(widths), n_targets))
    for at, columns in enumerate(stretches):
        weights = combinations[at:].reshape(-1, n) @ Z[:, columns]
        predictions[at:] += (weights @ Z_test[:, columns].T).reshape(-1, n_targets, len(Z_test))
        squares[at:] += (weights**2).sum(axis=1).reshape(-1, n_targets)
    return zip(predictions.swapaxes(1, 2), np.sqrt(squares), residuals, ranks, strict=True)


def _dependent_fit(Z, Y, Z_test):
    """Fit one width m <= n whose columns are linearly dependent."""
    weights, rank = _dependent_weights(Z, Y)
    return Z_test @ weights, np.linalg.norm(weights, axis=0), _rms(Z @ weights - Y), rank


def _rms(residuals):
    return np.sqrt(np.mean(residuals**2, axis=0))


def _triangle(Z: Array) -> tuple[tuple[Array, Array], Array, int]:
    """Factorise Z = Q R, overwriting Z.

    Return Q as LAPACK's reflectors, R, and how many columns come before the first dependent one.
    """
    reflectors, R = sl.qr(Z, mode="raw", overwrite_a=True, check_finite=False)
    R = R[: Z.shape[1]]
    lengths = np.abs(np.diag(R))
    return reflectors, R, np.cumprod(lengths > _DEPENDENT * lengths.max()).sum()


def _apply_transposed(reflectors, tau, Y):
    """Return ``Q.T @ Y`` for the full orthogonal Q that LAPACK's reflectors stand for."""
    (ormqr,) = sl.get_lapack_funcs(("ormqr",), (reflectors, Y))
    lwork = int(ormqr("L", "T", reflectors, tau, Y, -1)[1][0].real)
    return ormqr("L", "T", reflectors, tau, Y, lwork)[0]


def _dependent_weights(Z, Y):
    """Return the least-squares weights of minimum norm for dependent columns, and their rank."""
    weights, _, rank, _ = sl.lstsq(Z.astype(np.float64), Y, lapack_driver="gelsy", cond=_DEPENDENT)
    return weights, rank

"""Linear readouts of a code: tuned ridge, minimum norm, and the whole error-versus-width curve."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg as sl
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from esutils._checks import check_int, check_matrix, check_targets

RELATIVE_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_DEPENDENT = 1e-10  # a column this much shorter than the longest, once the others are projected out


@dataclass(frozen=True)
class LinearReadout:
    """A linear map from codes to targets.

    Attributes
    ----------
    weights : ndarray of shape (m, n_targets)
    intercept : ndarray of shape (n_targets,)
    penalty : float
        The ridge penalty it was fitted with; 0 for minimum norm.
    """

    weights: np.ndarray
    intercept: np.ndarray
    penalty: float

    def predict(self, Z):
        """Return the predicted targets of codes Z, shape (n_samples, n_targets)."""
        Z = check_matrix("Z", Z, n_columns=len(self.weights), sparse=True)
        return Z @ self.weights + self.intercept


class _RidgeProblem:
    """Ridge with an unpenalised intercept, in the smaller of its two forms, for many penalties.

    The Gram matrix of the codes as they are (CSR or dense) is given, and centred here, in place.
    """

    def __init__(self, Z, Y, gram, dual):
        self.Z, self.dual, self.gram = Z, dual, gram
        self.z_mean = np.asarray(Z.mean(axis=0), dtype=np.float64).ravel()
        self.y_mean = Y.mean(axis=0)
        if dual:
            row = gram.mean(axis=0)
            gram -= row + row[:, None] - row.mean()
            self.right = Y - self.y_mean
        else:
            gram -= len(Y) * np.outer(self.z_mean, self.z_mean)
            self.right = np.asarray(Z.T @ (Y - self.y_mean), dtype=np.float64)
        self.mean_square = max(np.trace(gram) / Z.shape[0], np.finfo(float).tiny)

    def solve(self, penalty):
        system = self.gram.copy()
        system[np.diag_indices_from(system)] += penalty
        solution, _ = _solve_gram(system, self.right)
        weights = np.asarray(self.Z.T @ solution.astype(self.Z.dtype)) if self.dual else solution
        return LinearReadout(weights, self.y_mean - self.z_mean @ weights, penalty)


def ridge(Z, Y, penalty):
    """Fit a ridge readout: minimise ``|Y - Z W - b|^2 + penalty |W|^2``.

    Parameters
    ----------
    Z : array or CSR matrix of shape (n_samples, m)
        Codes.
    Y : array of shape (n_samples,) or (n_samples, n_targets)
        Targets.
    penalty : float
        Positive. The intercept b is not penalised.

    Returns
    -------
    LinearReadout

    Raises
    ------
    ValueError
        If the penalty is not positive, or Z or Y is malformed.

    Notes
    -----
    Chapter: 04-random-networks.
    """
    return ridge_path(Z, Y, [penalty])[0]


def ridge_path(Z, Y, penalties):
    """Fit :func:`ridge` for each of several penalties, with one Gram matrix for all.

    Parameters
    ----------
    Z, Y
        As in :func:`ridge`.
    penalties : sequence of float

    Returns
    -------
    list of LinearReadout
        One a penalty, in the order given.
    """
    Z = check_matrix("Z", Z, sparse=True)
    Y = check_targets("Y", Y, Z.shape[0])
    penalties = np.atleast_1d(np.asarray(penalties, dtype=np.float64))
    if penalties.size == 0 or not (np.isfinite(penalties) & (penalties > 0)).all():
        raise ValueError(f"penalties must be positive and finite, got {penalties.tolist()}")
    problem = _RidgeProblem(Z, Y, *_gram(Z))
    return [problem.solve(penalty) for penalty in penalties]


def tuned_ridge(Z, Y, relative_penalties=RELATIVE_PENALTIES, random_state=0):
    """Fit a ridge readout whose penalty is chosen on a held-out fifth of the samples.

    Parameters
    ----------
    Z, Y
        As in :func:`ridge`; at least five samples.
    relative_penalties : sequence of float
        Penalties to choose from, in units of the mean squared length of a centred code.
    random_state : int
        Seed of the split into four fifths and one.

    Returns
    -------
    LinearReadout
        Fitted on all samples, with the penalty of the least squared error on the held-out fifth
        times 5/4, for there are that many more samples to weigh against it.
    """
    Z = check_matrix("Z", Z, sparse=True)
    Y = check_targets("Y", Y, Z.shape[0])
    check_int("number of samples in Z", Z.shape[0], low=5)
    fit, held_out = train_test_split(
        np.arange(Z.shape[0]), test_size=0.2, random_state=random_state
    )
    gram, dual = _gram(Z)
    part = gram[np.ix_(fit, fit)] if dual else gram - _gram(Z[held_out], dual)[0]
    problem = _RidgeProblem(Z[fit], Y[fit], part, dual)
    penalties = np.asarray(relative_penalties, dtype=np.float64) * problem.mean_square
    losses = [
        np.mean((problem.solve(penalty).predict(Z[held_out]) - Y[held_out]) ** 2)
        for penalty in penalties
    ]
    best = penalties[int(np.argmin(losses))] * Z.shape[0] / len(fit)
    return _RidgeProblem(Z, Y, gram, dual).solve(best)


def _gram(Z, dual=None):
    """Return the Gram matrix of the rows (dual) or of the columns, by default of the fewer."""
    dual = Z.shape[1] > Z.shape[0] if dual is None else dual
    product = Z @ Z.T if dual else Z.T @ Z
    return (product.toarray() if sp.issparse(product) else product).astype(np.float64), dual


def minimum_norm(Z, Y):
    """Fit the least-squares readout of least norm: interpolation wherever it is possible.

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
    Chapter: 08-double-descent.
    """
    Z = check_matrix("Z", Z)
    Y = check_targets("Y", Y, len(Z))
    weights = sl.lstsq(Z, Y, lapack_driver="gelsd")[0]
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
        Norm of the readout of each target.
    residuals : ndarray of shape (n_widths, n_targets)
        Root mean square error on the training samples; 0 where the readout interpolates.
    ranks : ndarray of int, shape (n_widths,)
        Rank of the training codes.
    """

    widths: np.ndarray
    predictions: np.ndarray
    norms: np.ndarray
    residuals: np.ndarray
    ranks: np.ndarray


def width_path(encoder, X, Y, X_test, widths):
    """Fit the minimum-norm readout of an encoder at every width of a list.

    Parameters
    ----------
    encoder : ExpandSparsify
        Left unfitted; its ``n_expanded`` is replaced by the widths. Where its codes are nested
        they are computed once, at the largest width. Global winner-take-all codes are not nested:
        they are computed anew at each width, with the same sparsity k/m.
    X, Y : arrays of shape (n_samples, n_inputs) and (n_samples,) or (n_samples, n_targets)
        Training samples and targets.
    X_test : array of shape (n_test, n_inputs)
    widths : increasing sequence of int
        Widths m. For ``sparsifier="block"`` each must be a multiple of the block size.

    Returns
    -------
    WidthPath
        Computed in float64 from the projection on, so that dependent columns are recognised.

    Raises
    ------
    ValueError
        If the widths do not increase, do not fit the blocks, or the data are malformed.

    Notes
    -----
    Chapter: 08-double-descent.
    """
    widths = _check_widths(widths)
    X = check_matrix("X", X).astype(np.float64)
    X_test = check_matrix("X_test", X_test, n_columns=X.shape[1]).astype(np.float64)
    block = 1
    if encoder.sparsifier == "block":
        block = encoder.n_expanded // encoder._n_active()
    if (widths % block).any():
        raise ValueError(f"widths must be multiples of the block size {block}, got {widths}")
    if encoder.nested:
        wide = _resized(encoder, widths[-1]).fit(X)
        return minimum_norm_path(wide.transform(X), Y, wide.transform(X_test), widths)
    paths = []
    for width in widths:
        narrow = _resized(encoder, width).fit(X)
        codes = narrow.transform(X), narrow.transform(X_test)
        paths.append(minimum_norm_path(codes[0], Y, codes[1], [width]))
    return WidthPath(
        widths,
        *(
            np.concatenate([getattr(path, name) for path in paths])
            for name in ("predictions", "norms", "residuals", "ranks")
        ),
    )


def _resized(encoder, width):
    """Return an unfitted copy at another width with the same sparsity."""
    n_active = encoder.n_active
    if n_active is not None:
        n_active = max(1, round(n_active * int(width) / encoder.n_expanded))
    return clone(encoder).set_params(n_expanded=int(width), n_active=n_active)


def minimum_norm_path(Z, Y, Z_test, widths):
    """Fit the minimum-norm readout on the first m columns of Z, for every m of a list.

    Up to m = n one QR factorisation serves all widths, the predictions being partial sums; beyond,
    the Gram matrix of the rows grows by the new columns and is factorised at each width. Where the
    columns, or beyond n the rows, are linearly dependent, that width is solved on its own.

    Parameters
    ----------
    Z, Z_test : arrays of shape (n_samples, m_max) and (n_test, m_max)
        Codes of the training and test samples.
    Y : array of shape (n_samples,) or (n_samples, n_targets)
        Targets; many targets cost little more than one.
    widths : increasing sequence of int
        At most m_max.

    Returns
    -------
    WidthPath

    Notes
    -----
    Everything is computed in float64, and the codes must be float64 as well if dependent columns
    are to be recognised. Near m = n the system is too ill-conditioned for float32.
    Chapter: 08-double-descent.
    """
    Z = check_matrix("Z", Z)
    Y = check_targets("Y", Y, len(Z))
    Z_test = check_matrix("Z_test", Z_test, n_columns=Z.shape[1])
    widths = _check_widths(widths, Z.shape[1])
    n = len(Z)
    fits = [*_narrow_fits(Z, Y, Z_test, widths[widths <= n])]
    fits += _wide_fits(Z, Y, Z_test, widths[widths > n])
    return WidthPath(widths, *(np.array(column) for column in zip(*fits, strict=True)))


def _check_widths(widths, m_max=None):
    widths = np.asarray(widths)
    if widths.ndim != 1 or widths.size == 0 or widths.dtype.kind not in "iu":
        raise ValueError(f"widths must be a non-empty sequence of whole numbers, got {widths!r}")
    if widths[0] < 1 or (np.diff(widths) <= 0).any():
        raise ValueError(f"widths must increase from 1 or more, got {widths.tolist()}")
    if m_max is not None and widths[-1] > m_max:
        raise ValueError(f"widths must be at most the {m_max} columns of Z, got {widths[-1]}")
    return widths


def _narrow_fits(Z, Y, Z_test, widths):
    """Yield (predictions, norms, residuals, rank) at widths m <= n."""
    if not widths.size:
        return
    m_max = widths[-1]
    (reflectors, tau), R = sl.qr(Z[:, :m_max].astype(np.float64), mode="raw", overwrite_a=True)
    R = R[:m_max]
    lengths = np.abs(np.diag(R))
    independent = np.cumprod(lengths > _DEPENDENT * lengths.max()).sum()
    QY = _apply_transposed(reflectors, tau, Y)
    misfits = np.sqrt(np.cumsum(QY[::-1] ** 2, axis=0)[::-1] / len(Y))  # what columns m.. hold
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


def _apply_transposed(reflectors, tau, Y):
    """Return ``Q.T @ Y`` for the full orthogonal Q of a raw QR factorisation."""
    (ormqr,) = sl.get_lapack_funcs(("ormqr",), (reflectors, Y))
    lwork = int(ormqr("L", "T", reflectors, tau, Y, -1)[1][0].real)
    return ormqr("L", "T", reflectors, tau, Y, lwork)[0]


def _wide_fits(Z, Y, Z_test, widths):
    """Yield (predictions, norms, residuals, rank) at widths m > n."""
    n, left = len(Z), 0
    gram = np.zeros((n, n))
    for m in widths:
        new = Z[:, left:m].astype(np.float64)
        gram += new @ new.T
        left = m
        dual, rank = _solve_gram(gram, Y)
        weights = Z[:, :m].T @ dual
        norms = np.linalg.norm(weights, axis=0)
        yield Z_test[:, :m] @ weights, norms, _rms(Y - gram @ dual), rank


def _solve_gram(gram, Y):
    """Return ``pinv(gram) @ Y`` and the rank of gram."""
    cutoff = len(gram) * np.finfo(float).eps
    try:
        factor = sl.cho_factor(gram, lower=True, check_finite=False)
        squares = np.diag(factor[0]) ** 2
        if squares.min() > cutoff * squares.max():
            return sl.cho_solve(factor, Y, check_finite=False), len(gram)
    except sl.LinAlgError:
        pass
    values, vectors = sl.eigh(gram, check_finite=False)
    kept = values > cutoff * values[-1]
    vectors = vectors[:, kept]
    return vectors @ ((vectors.T @ Y) / values[kept, None]), int(kept.sum())


def _dependent_fit(Z, Y, Z_test):
    """Fit one width m <= n whose columns are linearly dependent."""
    weights, _, rank, _ = sl.lstsq(Z.astype(np.float64), Y, lapack_driver="gelsy", cond=_DEPENDENT)
    return Z_test @ weights, np.linalg.norm(weights, axis=0), _rms(Z @ weights - Y), rank


def _rms(residuals):
    return np.sqrt(np.mean(residuals**2, axis=0))

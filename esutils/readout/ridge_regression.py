"""Ridge readouts of a code: with one penalty, with several, or with one that is tuned."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import train_test_split

from esutils.common.checks import (
    check_finite,
    check_int,
    check_matrix,
    check_number,
    check_penalties,
    check_targets,
)
from esutils.common.types import Array, Samples
from esutils.readout.gram import gram, smaller_gram, solve_shifted

RELATIVE_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
MORE_PENALTIES = tuple(np.logspace(-4, 1, 11).tolist())  # for leave-one-out, where each is cheap


@dataclass(frozen=True)
class LinearReadout:
    """A linear map from codes to targets.

    Attributes
    ----------
    weights : ndarray of shape (m, n_targets)
    intercept : ndarray of shape (n_targets,)
    penalty : float
        The ridge penalty it was fitted with; 0 for the minimum-norm readout.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import readout
    >>> fitted = readout.LinearReadout(np.array([[2.0], [0.0]]), np.array([1.0]), penalty=0.0)
    >>> fitted.predict([[3.0, 5.0]])
    array([[7.]])
    """

    weights: Array
    intercept: Array
    penalty: float

    def predict(self, Z: Samples) -> Array:
        """Return the predicted targets of codes Z, shape (n_samples, n_targets)."""
        Z = check_matrix("Z", Z, n_columns=len(self.weights), sparse=True)
        return Z @ self.weights + self.intercept


class _RidgeProblem:
    """Ridge with an unpenalised intercept, in the smaller of its two forms, for several penalties.

    It is given the Gram matrix of the codes as they are, of the samples if ``dual`` and of the
    units if not, and centres that matrix in place.
    """

    def __init__(self, Z, Y, gram, dual):
        self.Z, self.dual, self.gram = Z, dual, gram
        self.z_mean = _column_means(Z)
        self.y_mean = Y.mean(axis=0)
        if dual:
            row = gram.mean(axis=0)
            gram -= row
            gram -= (row - row.mean())[:, None]
            self.right = Y - self.y_mean
        else:
            gram -= len(Y) * np.outer(self.z_mean, self.z_mean)
            self.right = np.asarray(Z.T @ (Y - self.y_mean), dtype=np.float64)
        self.mean_square = max(np.trace(gram) / Z.shape[0], np.finfo(float).tiny)

    def solve(self, penalties):
        """Return the readout for each penalty."""
        solutions = solve_shifted(self.gram, self.right, penalties)
        if self.dual:
            solutions -= solutions.mean(axis=0)  # their sum is zero, but for rounding
            solutions = dual_weights(self.Z, solutions)
        return centred_readouts(solutions, self.z_mean, self.y_mean, penalties)


def _column_means(Z):
    """Return the means in float64; for a sparse float32 matrix, SciPy would sum in float32."""
    if sp.issparse(Z):
        return np.ones(Z.shape[0]) @ Z / Z.shape[0]
    return Z.mean(axis=0, dtype=np.float64)


def dual_weights(Z, solutions):
    """Return the weights that dual solutions stand for, one coefficient for each row of Z.

    The solutions have shape (n_samples, n_penalties, n_targets), the weights (m, n_penalties,
    n_targets).
    """
    stacked = solutions.reshape(len(solutions), -1).astype(Z.dtype)
    return (Z.T @ stacked).reshape(-1, *solutions.shape[1:])


def centred_readouts(weights, z_mean, y_mean, penalties):
    """Return a readout for each penalty that maps the mean code to the mean target.

    The weights have shape (m, n_penalties, n_targets).
    """
    weights = np.ascontiguousarray(weights.swapaxes(0, 1))
    return [
        LinearReadout(of_one, y_mean - z_mean @ of_one, penalty)
        for of_one, penalty in zip(weights, penalties, strict=True)
    ]


def ridge(Z: Samples, Y: ArrayLike, penalty: float) -> LinearReadout:
    """Fit a ridge readout: minimise ``|Y - Z W - b|^2 + penalty |W|^2``.

    Parameters
    ----------
    Z : array or CSR matrix of shape (n_samples, m)
        Codes.
    Y : array of shape (n_samples,) or (n_samples, n_targets)
        Targets.
    penalty : float
        Positive. There is no penalty on the intercept b.

    Returns
    -------
    LinearReadout

    Raises
    ------
    ValueError
        If the penalty is not positive, or Z or Y is malformed.

    Notes
    -----
    Chapter: 05-untrained-networks.

    Examples
    --------
    >>> from esutils import ExpandSparsify, data, readout
    >>> split = data.load_digits()
    >>> encoder = ExpandSparsify(500, random_state=0).fit(split.X_train)
    >>> Z, Y = encoder.transform(split.X_train), data.one_hot(split.y_train, 10)
    >>> outputs = readout.ridge(Z, Y, penalty=1.0).predict(encoder.transform(split.X_test))
    >>> bool((outputs.argmax(axis=1) != split.y_test).mean() < 0.1)
    True
    """
    return ridge_path(Z, Y, [check_number("penalty", penalty, open_low=True)])[0]


def ridge_path(Z: Samples, Y: ArrayLike, penalties: ArrayLike) -> list[LinearReadout]:
    """Fit :func:`ridge` for each of several penalties, with one Gram matrix for all.

    Up to 19 penalties are solved with a Cholesky factor each. From 20 on one eigendecomposition,
    which takes as long as about twenty factors, serves them all.

    Parameters
    ----------
    Z, Y
        As in :func:`ridge`.
    penalties : sequence of float
        Positive.

    Returns
    -------
    list of LinearReadout
        One per penalty, in the order given.

    Notes
    -----
    Chapters: 08-double-descent and 16-limits.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import data, readout
    >>> split = data.load_digits()
    >>> path = readout.ridge_path(split.X_train, data.one_hot(split.y_train, 10), [1, 10, 100])
    >>> norms = [np.linalg.norm(fitted.weights) for fitted in path]
    >>> bool(norms[0] > norms[1] > norms[2])
    True
    """
    Z = check_matrix("Z", Z, sparse=True)
    Y = check_targets("Y", Y, Z.shape[0])
    penalties = check_penalties("penalties", penalties)
    return _RidgeProblem(Z, Y, *smaller_gram(Z)).solve(penalties)


def tuned_ridge(
    Z: Samples,
    Y: ArrayLike,
    relative_penalties: ArrayLike = RELATIVE_PENALTIES,
    random_state: int = 0,
) -> LinearReadout:
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
        Fitted on all samples. Its penalty is the one with the lowest squared error on the held-out
        fifth, times 5/4, because the final fit has 5/4 as many samples to weigh against it.

    Notes
    -----
    Chapter: 05-untrained-networks.

    Examples
    --------
    >>> from esutils import data, readout
    >>> split = data.load_digits()
    >>> fitted = readout.tuned_ridge(split.X_train, data.one_hot(split.y_train, 10))
    >>> bool((fitted.predict(split.X_test).argmax(axis=1) != split.y_test).mean() < 0.15)
    True
    """
    Z = check_matrix("Z", Z, sparse=True)
    Y = check_targets("Y", Y, Z.shape[0])
    check_int("number of samples in Z", Z.shape[0], low=5)
    relative = check_penalties("relative_penalties", relative_penalties)
    check_int("random_state", random_state, low=0, high=2**32 - 1)
    rows = np.arange(Z.shape[0])
    fit, held_out = train_test_split(rows, test_size=0.2, random_state=random_state)
    whole, dual = smaller_gram(Z)
    part = whole[np.ix_(fit, fit)] if dual else whole - gram(Z[held_out].T)
    problem = _RidgeProblem(Z[fit], Y[fit], part, dual)
    best = _best_on(problem, relative, Z[held_out], Y[held_out]).penalty * Z.shape[0] / len(fit)
    return _RidgeProblem(Z, Y, whole, dual).solve([best])[0]


def held_out_ridge(
    Z: Samples,
    Y: ArrayLike,
    Z_held: Samples,
    Y_held: ArrayLike,
    relative_penalties: ArrayLike = RELATIVE_PENALTIES,
) -> LinearReadout:
    """Fit a ridge readout whose penalty is chosen on other samples, which are given.

    Parameters
    ----------
    Z, Y
        As in :func:`ridge`.
    Z_held, Y_held
        The samples that the penalty is chosen on, with as many columns.
    relative_penalties : sequence of float
        As in :func:`tuned_ridge`.

    Returns
    -------
    LinearReadout
        Fitted on ``Z`` alone, with the penalty of the lowest squared error on ``Z_held``.

    Raises
    ------
    ValueError
        If a penalty is not positive, or an array is malformed.

    Notes
    -----
    Chapter: tuning.

    Examples
    --------
    >>> from esutils import data, readout
    >>> split = data.load_digits()
    >>> Y, Y_held = (data.one_hot(y, 10) for y in (split.y_train, split.y_test))
    >>> fitted = readout.held_out_ridge(split.X_train, Y, split.X_test, Y_held)
    >>> fitted.weights.shape
    (64, 10)
    """
    Z = check_matrix("Z", Z, sparse=True)
    Y = check_targets("Y", Y, Z.shape[0])
    Z_held = check_matrix("Z_held", Z_held, Z.shape[1], sparse=True)
    Y_held = check_targets("Y_held", Y_held, Z_held.shape[0])
    relative = check_penalties("relative_penalties", relative_penalties)
    return _best_on(_RidgeProblem(Z, Y, *smaller_gram(Z)), relative, Z_held, Y_held)


def _best_on(problem, relative_penalties, Z, Y):
    """Return the readout with the lowest squared error on samples that it was not fitted to."""
    tried = problem.solve(relative_penalties * problem.mean_square)
    return min(tried, key=lambda fitted: np.mean((fitted.predict(Z) - Y) ** 2))


def loo_ridge(
    Z: Samples, Y: ArrayLike, relative_penalties: ArrayLike = MORE_PENALTIES
) -> tuple[LinearReadout, Array]:
    """Fit a ridge readout whose penalty is chosen by exact leave-one-out.

    The prediction for each sample by a readout that was fitted to all the others has a closed form,
    so one decomposition serves all samples and penalties.

    Parameters
    ----------
    Z, Y
        As in :func:`ridge`; at least two samples.
    relative_penalties : sequence of float
        Penalties to choose from, in units of the mean squared length of a centred code.

    Returns
    -------
    readout : LinearReadout
        Fitted on all samples, with the penalty of the lowest mean squared leave-one-out error.
    left_out : ndarray of shape (n_samples, n_targets)
        Leave-one-out predictions: those for each sample by a readout fitted to all the others.

    Raises
    ------
    ValueError
        If a penalty is not positive, or Z or Y is malformed.

    References
    ----------
    Golub, Heath and Wahba (1979), Generalized cross-validation as a method for choosing a good
    ridge parameter, Technometrics 21(2).

    Notes
    -----
    Chapter: 18-your-own-data.

    Examples
    --------
    >>> from esutils import data, readout
    >>> split = data.subsample(data.load_digits(), 200, random_state=0)
    >>> fitted, left_out = readout.loo_ridge(split.X_train, data.one_hot(split.y_train, 10))
    >>> bool((left_out.argmax(axis=1) != split.y_train).mean() < 0.3)  # no image was held out
    True
    """
    Z = check_matrix("Z", Z, sparse=True)
    Y = check_targets("Y", Y, Z.shape[0])
    check_int("number of samples in Z", Z.shape[0], low=2)
    with np.errstate(over="ignore"):
        square = float((Z.multiply(Z) if sp.issparse(Z) else np.square(Z)).sum())
    check_finite("products of Z", np.isfinite(square))
    length = square / Z.shape[0] - float(np.sum(_column_means(Z) ** 2))
    relative = check_penalties("relative_penalties", relative_penalties)
    penalties = relative * max(length, np.finfo(float).eps)
    fitted = RidgeCV(penalties, scoring="neg_mean_squared_error", store_cv_results=True)
    left_out = fitted.fit(Z, Y).cv_results_.reshape(*Y.shape, len(penalties))
    best = penalties.tolist().index(fitted.alpha_)
    weights = fitted.coef_.reshape(Y.shape[1], -1).T.astype(np.float64)
    intercept = np.atleast_1d(fitted.intercept_).astype(np.float64)
    return LinearReadout(weights, intercept, float(fitted.alpha_)), left_out[..., best]

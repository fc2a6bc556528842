"""A classifier and a regressor: a random expand-and-sparsify layer, read out in closed form."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from esutils import readout
from esutils.common.checks import check_int
from esutils.common.types import Array, Samples, Seed
from esutils.layer.encoder import ExpandSparsify

_COUNTED = ("winners", "block", "threshold")  # their codes are sparse
_FLOATS = [np.float64, np.float32]
_FITTED = {"accept_sparse": "csr", "dtype": _FLOATS, "ensure_min_samples": 2}
_SHARPNESS = (-3.0, 6.0)  # range of its logarithm


class _Predictor(BaseEstimator):
    """The layer, and the readout with its penalty."""

    def __init__(
        self,
        n_expanded: int = 2000,
        *,
        law: str = "gaussian",
        sparsifier: str = "winners",
        n_active: int | None = None,
        bias: float = 0.25,
        relative_penalties: ArrayLike = readout.MORE_PENALTIES,
        random_state: Seed = None,
    ) -> None:
        self.n_expanded = n_expanded
        self.law = law
        self.sparsifier = sparsifier
        self.n_active = n_active
        self.bias = bias
        self.relative_penalties = relative_penalties
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _fit(self, X, Y):
        """Fit layer and readout; return what a readout without it would predict of each sample."""
        Z = self._make_encoder().fit_transform(X)
        self.readout_, left_out = readout.loo_ridge(Z, Y, self.relative_penalties)
        return left_out

    def _make_encoder(self):
        counted, n_active = self.sparsifier in _COUNTED, self.n_active
        if counted and n_active is None:
            n_active = max(1, check_int("n_expanded", self.n_expanded) // 10)
        self.encoder_ = ExpandSparsify(
            self.n_expanded,
            law=self.law,
            sparsifier=self.sparsifier,
            n_active=n_active,
            bias=self.bias,
            sparse_output=counted,
            random_state=self.random_state,
        )
        return self.encoder_

    def _predict(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, accept_sparse="csr", dtype=_FLOATS)
        return self.readout_.predict(self.encoder_.transform(X))


class ExpandSparsifyClassifier(ClassifierMixin, _Predictor):
    """Classify by a random expand-and-sparsify layer and a ridge readout: nothing is trained twice.

    One linear system is solved. Its penalty is the one with the least squared error when each
    sample is predicted by a readout that was fitted without it, which has a closed form.

    Parameters
    ----------
    n_expanded : int
        Number of units m. The error falls with it and flattens out; the cost of a fit grows with
        the square of the smaller of m and the number of samples, times the larger.
    law, sparsifier
        As in :class:`esutils.layer.ExpandSparsify`. With few inputs ``"threshold"`` says nothing
        of the samples in the middle, for which no unit is active.
    n_active : int, optional
        Number of active units k, for winners, blocks and thresholds. One in ten by default.
    bias : float
        As in :class:`esutils.layer.ExpandSparsify`. Not 0 here: the length of a sample counts,
        not only its direction. With few inputs more can be better, with hundreds 0.
    relative_penalties : sequence of float
        Penalties to choose from, in units of the mean squared length of a centred code.
    random_state : int, numpy.random.Generator or None
        Source of randomness.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    encoder_ : ExpandSparsify
        The layer.
    readout_ : esutils.readout.LinearReadout
        Fitted to a column a class, 1 for the samples of the class and 0 for the others; its
        ``penalty`` is the one that was chosen.
    temperature_ : float
        What the outputs are divided by before the softmax that makes them probabilities: that of
        least log loss on the samples, each predicted by a readout without it.
    n_features_in_, feature_names_in_
        As always in scikit-learn.

    See Also
    --------
    ExpandSparsifyRegressor : The same for real targets.

    Notes
    -----
    Bring columns of different units to one scale first, for instance with
    :class:`sklearn.preprocessing.StandardScaler`.

    Chapter: 12-your-own-data.

    References
    ----------
    Golub, Heath and Wahba (1979), Generalized cross-validation as a method for choosing a good
    ridge parameter, Technometrics 21(2).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> model = ExpandSparsifyClassifier(random_state=0).fit(X[:1000], y[:1000])
    >>> bool(model.score(X[1000:], y[1000:]) > 0.93)
    True
    """

    def fit(self, X: Samples, y: ArrayLike) -> Self:
        """Draw the layer and fit the readout.

        Parameters
        ----------
        X : array or CSR matrix of shape (n_samples, n_inputs)
            Training samples, finite; at least two.
        y : array of shape (n_samples,)
            Labels of any kind, of at least two classes.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is out of range or the data are malformed; the message names it.
        """
        X, y = validate_data(self, X, y, **_FITTED)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y must have at least 2 classes, got one class: {self.classes_[0]!r}")
        outputs = self._fit(X, np.eye(len(self.classes_))[codes])
        self.temperature_ = _temperature(outputs, codes)
        return self

    def decision_function(self, X: Samples) -> Array:
        """Return the readout's outputs, one column a class.

        Parameters
        ----------
        X : array or CSR matrix of shape (n_samples, n_inputs)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            For two classes the second's output minus the first's.
        """
        outputs = self._predict(X)
        return outputs[:, 1] - outputs[:, 0] if len(self.classes_) == 2 else outputs

    def predict(self, X: Samples) -> Array:
        """Return the class of each sample: that of the largest output, shape (n_samples,)."""
        outputs = self._predict(X)
        return self.classes_[outputs.argmax(axis=1)]

    def predict_proba(self, X: Samples) -> Array:
        """Return the probability of each class, shape (n_samples, n_classes)."""
        outputs = self._predict(X)
        return softmax(outputs / self.temperature_, axis=1)

    def predict_log_proba(self, X: Samples) -> Array:
        """Return the logarithms of these probabilities."""
        outputs = self._predict(X)
        return log_softmax(outputs / self.temperature_, axis=1)


def _temperature(outputs, codes):
    """Return what outputs are to be divided by for the least log loss of their softmax."""
    rows = np.arange(len(codes))

    def loss(log_sharpness):
        return -log_softmax(outputs * np.exp(log_sharpness), axis=1)[rows, codes].mean()

    return float(np.exp(-minimize_scalar(loss, bounds=_SHARPNESS, method="bounded").x))


class ExpandSparsifyRegressor(MultiOutputMixin, RegressorMixin, _Predictor):
    """Predict real targets by a random expand-and-sparsify layer and a ridge readout.

    Parameters
    ----------
    n_expanded, law, sparsifier, n_active, bias, relative_penalties, random_state
        As in :class:`ExpandSparsifyClassifier`.

    Attributes
    ----------
    encoder_, readout_, n_features_in_, feature_names_in_
        As in :class:`ExpandSparsifyClassifier`; the readout is fitted to the targets.

    See Also
    --------
    ExpandSparsifyClassifier : The same for labels.

    Notes
    -----
    Chapter: 12-your-own-data.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ExpandSparsifyRegressor(random_state=0).fit(X[:300], y[:300])
    >>> bool(model.score(X[300:], y[300:]) > 0.4)
    True
    """

    def fit(self, X: Samples, y: ArrayLike) -> Self:
        """Draw the layer and fit the readout.

        Parameters
        ----------
        X : array or CSR matrix of shape (n_samples, n_inputs)
            Training samples, finite; at least two.
        y : array of shape (n_samples,) or (n_samples, n_targets)
            Real targets.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is out of range or the data are malformed; the message names it.
        """
        X, y = validate_data(self, X, y, **_FITTED, multi_output=True, y_numeric=True)
        self._fit(X, y)
        self._one_target = y.ndim == 1
        return self

    def predict(self, X: Samples) -> Array:
        """Return the predicted targets, in the shape that they had for ``fit``."""
        outputs = self._predict(X)
        return outputs[:, 0] if self._one_target else outputs

"""A classifier and a regressor: a random expand-and-sparsify layer with a closed-form readout."""

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
from esutils.layer.sparsifiers import COUNTED

_CHECKED = {"accept_sparse": "csr", "dtype": [np.float64, np.float32], "ensure_min_samples": 2}
_LOG_SHARPNESS = (-3.0, 6.0)  # the range that is searched for the inverse temperature's logarithm


class _Predictor(BaseEstimator):
    """What the classifier and the regressor share: the layer, and a readout with its penalty."""

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
        """Fit layer and readout; return the leave-one-out predictions.

        The encoder sees X as the caller passed it, so that it knows the names of the columns and
        can check alone what is passed to ``predict``.
        """
        counted, n_active = self.sparsifier in COUNTED, self.n_active
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
        Z = self.encoder_.fit_transform(X)
        self.readout_, left_out = readout.loo_ridge(Z, Y, self.relative_penalties)
        return left_out

    def _predict(self, X):
        check_is_fitted(self)
        return self.readout_.predict(self.encoder_.transform(X))


class ExpandSparsifyClassifier(ClassifierMixin, _Predictor):
    """Classify with a random expand-and-sparsify layer and a ridge readout.

    The layer is drawn at random and never trained; fitting the readout solves one linear system.
    The ridge penalty is the one with the lowest squared leave-one-out error, which has a closed
    form.

    Parameters
    ----------
    n_expanded : int
        Number of units m. The error falls as m grows, until it levels off. The cost of a fit grows
        like the square of the smaller of m and the number of samples, times the larger.
    law, sparsifier
        As in :class:`esutils.layer.ExpandSparsify`. With few inputs, avoid ``"threshold"``: no unit
        is active for samples in the middle of the data, so it cannot tell them apart.
    n_active : int, optional
        Number of active units k, for winners, blocks and thresholds. By default one in ten.
    bias : float
        As in :class:`esutils.layer.ExpandSparsify`. The default is not 0 here, so that the length
        of a sample counts and not only its direction. With few inputs a larger bias can be better;
        with hundreds, 0 can.
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
        Fitted to one column per class, which is 1 for the samples of that class and 0 for all
        others. Its ``penalty`` is the one that was chosen.
    temperature_ : float
        The outputs are divided by it before a softmax turns them into probabilities. It minimises
        the log loss of the leave-one-out predictions.
    n_features_in_, feature_names_in_
        As in every estimator of scikit-learn.

    See Also
    --------
    ExpandSparsifyRegressor : The same for real targets.

    Notes
    -----
    If your columns are measured in different units, bring them to one scale first, for instance
    with :class:`sklearn.preprocessing.StandardScaler`.

    Chapter: 18-your-own-data.

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
        """Draw the random layer and fit the readout.

        Parameters
        ----------
        X : array or CSR matrix of shape (n_samples, n_inputs)
            At least two training samples, all finite.
        y : array of shape (n_samples,)
            Labels of any kind, from at least two classes.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is out of range or the data are malformed; the message names it.
        """
        _, y = validate_data(self, X, y, **_CHECKED)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y must have at least 2 classes, got one class: {self.classes_[0]!r}")
        outputs = self._fit(X, np.eye(len(self.classes_))[codes])
        self.temperature_ = _temperature(outputs, codes)
        return self

    def decision_function(self, X: Samples) -> Array:
        """Return the readout's outputs, one column per class.

        Parameters
        ----------
        X : array or CSR matrix of shape (n_samples, n_inputs)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            For two classes, the output for the second minus that for the first.
        """
        outputs = self._predict(X)
        return outputs[:, 1] - outputs[:, 0] if len(self.classes_) == 2 else outputs

    def predict(self, X: Samples) -> Array:
        """Return the class with the largest output for each sample, shape (n_samples,)."""
        outputs = self._predict(X)
        return self.classes_[outputs.argmax(axis=1)]

    def predict_proba(self, X: Samples) -> Array:
        """Return the probability of each class, shape (n_samples, n_classes)."""
        outputs = self._predict(X)
        return softmax(outputs / self.temperature_, axis=1)

    def predict_log_proba(self, X: Samples) -> Array:
        """Return the logarithm of each probability, shape (n_samples, n_classes)."""
        outputs = self._predict(X)
        return log_softmax(outputs / self.temperature_, axis=1)


def _temperature(outputs, codes):
    """Return the temperature that minimises the log loss of the outputs' softmax."""
    rows = np.arange(len(codes))

    def loss(log_sharpness):
        return -log_softmax(outputs * np.exp(log_sharpness), axis=1)[rows, codes].mean()

    return float(np.exp(-minimize_scalar(loss, bounds=_LOG_SHARPNESS, method="bounded").x))


class ExpandSparsifyRegressor(MultiOutputMixin, RegressorMixin, _Predictor):
    """Predict real targets with a random expand-and-sparsify layer and a ridge readout.

    Parameters
    ----------
    n_expanded, law, sparsifier, n_active, bias, relative_penalties, random_state
        As in :class:`ExpandSparsifyClassifier`.

    Attributes
    ----------
    encoder_, readout_, n_features_in_, feature_names_in_
        As in :class:`ExpandSparsifyClassifier`, with a readout that is fitted to the targets.

    See Also
    --------
    ExpandSparsifyClassifier : The same for labels.

    Notes
    -----
    Chapter: 18-your-own-data.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ExpandSparsifyRegressor(random_state=0).fit(X[:300], y[:300])
    >>> bool(model.score(X[300:], y[300:]) > 0.4)
    True
    """

    def fit(self, X: Samples, y: ArrayLike) -> Self:
        """Draw the random layer and fit the readout.

        Parameters
        ----------
        X : array or CSR matrix of shape (n_samples, n_inputs)
            At least two training samples, all finite.
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
        _, y = validate_data(self, X, y, **_CHECKED, multi_output=True, y_numeric=True)
        self._fit(X, y)
        self._one_target = y.ndim == 1
        return self

    def predict(self, X: Samples) -> Array:
        """Return the predicted targets, in the shape of those that ``fit`` was given."""
        outputs = self._predict(X)
        return outputs[:, 0] if self._one_target else outputs

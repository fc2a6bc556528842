"""The expand-and-sparsify encoder, a scikit-learn transformer, and the model family built on it."""

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_is_fitted, validate_data

from esutils import sparsify
from esutils._checks import check_choice, check_int, check_number
from esutils.expand import projection

SPARSIFIERS = ("winners", "block", "threshold", "relu", "cosine", "identity")
_COUNTED = ("winners", "block", "threshold")  # those that n_active and binary speak of
_DEFAULT_SPARSITY = 1 / 20
_CHUNK_ENTRIES = 2**25  # projections held at once: 128 MiB of float32


class ExpandSparsify(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Project into more dimensions at random, then sparsify. Nothing is trained.

    The inputs are centred on the mean of the training samples, projected to ``n_expanded`` units,
    and turned into a code by ``sparsifier``.

    Parameters
    ----------
    n_expanded : int
        Number of units m.
    law : str
        Law of the projection, see :func:`esutils.expand.projection`.
    sparsifier : {"winners", "block", "threshold", "relu", "cosine", "identity"}
        - ``"winners"``: the k largest projections of each sample stay (k-winner-take-all).
        - ``"block"``: the largest of each block of ``n_expanded / n_active`` units stays.
        - ``"threshold"``: each unit has its own threshold and is active on a share
          ``n_active / n_expanded`` of the training samples.
        - ``"relu"``: ``max(h, 0)``.
        - ``"cosine"``: ``sqrt(2) cos(h / bandwidth + phase)``, random Fourier features: dense.
        - ``"identity"``: the projection itself.
    n_active : int, optional
        Number of active units k, for the first three sparsifiers. One in twenty by default.
    binary : bool
        Whether those active units have value 1 or keep their projection.
    bandwidth : float, optional
        Bandwidth of the Gaussian kernel that ``"cosine"`` estimates, in units of the inputs. By
        default the square root of half the total variance of the training samples.
    bias : float
        Standard deviation of a random bias of each unit, in units of the root mean square distance
        of the training samples from their mean. It acts as one more input of constant value;
        without it a winner-take-all code depends on the direction of a sample alone.
    fan_in : int
        Inputs of a unit under ``law="fly"``.
    sparse_output : bool
        Whether codes come as CSR matrices.
    random_state : int, numpy.random.Generator or None
        Source of randomness.

    Attributes
    ----------
    projection_ : ndarray or csr_matrix of shape (n_expanded, n_inputs)
    mean_ : ndarray of shape (n_inputs,)
        Mean of the training samples.
    offset_ : ndarray of shape (n_expanded,)
        What is added to ``projection_ @ x``: minus the projected mean, plus the bias.
    thresholds_, phase_, bandwidth_
        Set for the sparsifiers that have them.

    Notes
    -----
    Codes are nested in m (the code at width m is the first m columns of a wider one) for every
    sparsifier but ``"winners"``; see :attr:`nested`. float32 samples give float32 codes.

    Chapter: 01-expand-and-sparsify.

    References
    ----------
    Dasgupta and Tosh, Expressivity of expand-and-sparsify representations, arXiv:2006.03741.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).standard_normal((100, 10))
    >>> Z = ExpandSparsify(400, n_active=20, random_state=0).fit_transform(X)
    >>> Z.shape, np.unique(Z.sum(axis=1))
    ((100, 400), array([20.]))
    """

    def __init__(
        self,
        n_expanded=2000,
        *,
        law="gaussian",
        sparsifier="winners",
        n_active=None,
        binary=True,
        bandwidth=None,
        bias=0.0,
        fan_in=6,
        sparse_output=False,
        random_state=None,
    ):
        self.n_expanded = n_expanded
        self.law = law
        self.sparsifier = sparsifier
        self.n_active = n_active
        self.binary = binary
        self.bandwidth = bandwidth
        self.bias = bias
        self.fan_in = fan_in
        self.sparse_output = sparse_output
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def nested(self):
        """Whether the code at width m is the first m columns of the code at every larger width."""
        return self.sparsifier != "winners"

    def fit(self, X, y=None):
        """Draw the projection and learn the mean, and the thresholds where there are any.

        Parameters
        ----------
        X : array or CSR matrix of shape (n_samples, n_inputs)
            Training samples, finite.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is out of range or X is malformed; the message names it.
        """
        X = self._validate(X, reset=True)
        m, d = check_int("n_expanded", self.n_expanded), X.shape[1]
        check_choice("sparsifier", self.sparsifier, SPARSIFIERS)
        self._check_n_active(m)
        rows, phases, biases = np.random.default_rng(self.random_state).spawn(3)

        self.mean_ = np.asarray(X.mean(axis=0), dtype=X.dtype).ravel()
        variance = max(_mean_square(X) - float(self.mean_ @ self.mean_), 0.0)
        data = _dense(X) - self.mean_ if self.law == "data" else None
        self.projection_ = projection(
            m, d, self.law, fan_in=self.fan_in, data=data, random_state=rows, dtype=X.dtype
        )
        if self.sparsifier == "cosine":
            self._fit_cosine(variance, phases)
        bias = check_number("bias", self.bias) * np.sqrt(variance)
        self.offset_ = (bias * biases.standard_normal(m)).astype(X.dtype)
        self.offset_ -= self.projection_ @ self.mean_
        if self.sparsifier == "threshold":
            self.thresholds_ = sparsify.unit_thresholds(self._project(X), self._n_active() / m)
        self._n_features_out = m
        return self

    def transform(self, X):
        """Encode samples.

        Parameters
        ----------
        X : array or CSR matrix of shape (n_samples, n_inputs)

        Returns
        -------
        ndarray or csr_matrix of shape (n_samples, n_expanded)
            One code a row.
        """
        check_is_fitted(self)
        X = self._validate(X, reset=False)
        rows = max(1, _CHUNK_ENTRIES // self.n_expanded)
        starts = range(0, X.shape[0], rows)
        chunks = (self._code(self._project(X[start : start + rows])) for start in starts)
        if self.sparse_output:
            return sp.vstack([sp.csr_matrix(chunk) for chunk in chunks], format="csr")
        codes = np.empty((X.shape[0], self.n_expanded), X.dtype)
        for start, chunk in zip(starts, chunks, strict=True):
            codes[start : start + rows] = _dense(chunk)
        return codes

    def _validate(self, X, reset):
        return validate_data(
            self, X, reset=reset, accept_sparse="csr", dtype=[np.float64, np.float32]
        )

    def _check_n_active(self, m):
        if self.n_active is None:
            return
        if self.sparsifier not in _COUNTED:
            raise ValueError(
                f"n_active must be None for sparsifier={self.sparsifier!r}, got {self.n_active!r}"
            )
        check_int("n_active", self.n_active, high=m)
        if self.sparsifier == "block" and m % self.n_active:
            raise ValueError(
                f"n_active must divide n_expanded={m} for sparsifier='block', got {self.n_active}"
            )

    def _n_active(self):
        if self.n_active is not None:
            return self.n_active
        return max(1, round(_DEFAULT_SPARSITY * self.n_expanded))

    def _fit_cosine(self, variance, rng):
        self.bandwidth_ = (
            check_number("bandwidth", self.bandwidth, open_low=True)
            if self.bandwidth is not None
            else np.sqrt(variance / 2) or 1.0
        )
        self.projection_ = self.projection_ / self.projection_.dtype.type(self.bandwidth_)
        phase = rng.uniform(0, 2 * np.pi, self.n_expanded)
        self.phase_ = phase.astype(self.projection_.dtype)

    def _project(self, X):
        H = _dense(safe_sparse_dot(X, self.projection_.T))
        H += self.offset_
        return H

    def _code(self, H):
        if self.sparsifier == "winners":
            return self._at(H, sparsify.winners(H, self._n_active()))
        if self.sparsifier == "block":
            return self._at(H, sparsify.block_winners(H, self.n_expanded // self._n_active()))
        if self.sparsifier == "threshold":
            active = H > self.thresholds_
            return active.astype(H.dtype) if self.binary else np.where(active, H, 0)
        if self.sparsifier == "cosine":
            return sparsify.cosine(H, self.phase_)
        return sparsify.relu(H) if self.sparsifier == "relu" else H

    def _at(self, H, units):
        """Return the CSR code that is active at ``units`` (n_samples, k) alone."""
        values = np.ones_like(units, H.dtype) if self.binary else np.take_along_axis(H, units, 1)
        starts = np.arange(0, units.size + 1, units.shape[1])
        return sp.csr_matrix((values.ravel(), units.ravel(), starts), shape=H.shape)


def _dense(array):
    return array.toarray() if sp.issparse(array) else np.asarray(array)


def _mean_square(X):
    stored = X.data if sp.issparse(X) else X
    return float(np.sum(np.square(stored), dtype=np.float64) / X.shape[0])


def model_family(n_inputs, n_expanded, n_active, random_state=0):
    """Return the encoders that isolate what expand-and-sparsify is made of.

    Parameters
    ----------
    n_inputs : int
        Number of inputs d.
    n_expanded : int
        Number of units m of the expanding members.
    n_active : int
        Number of active units k of ``expand_sparsify``; ``sparsify_only`` has the same sparsity.
    random_state : int
        Seed shared by all members: the three Gaussian expansions use the same rows.

    Returns
    -------
    dict of str to ExpandSparsify
        - ``linear``: the centred inputs.
        - ``expand_linear``: a random projection, nothing after it.
        - ``sparsify_only``: k-winner-take-all on a random rotation of the inputs.
        - ``expand_dense``: random Fourier features, a dense nonlinearity.
        - ``expand_sparsify``: the same projection, then k-winner-take-all.

        Each is read out by the same linear readout. The trained network, ``mlp``, is in
        :mod:`esutils.mlp`.

    Notes
    -----
    Chapter: 04-random-networks.
    """
    check_int("n_active", n_active, high=check_int("n_expanded", n_expanded))
    check_int("n_inputs", n_inputs)
    rotated_active = max(1, round(n_inputs * n_active / n_expanded))
    members = {
        "linear": dict(n_expanded=n_inputs, law="none", sparsifier="identity"),
        "expand_linear": dict(n_expanded=n_expanded, sparsifier="identity"),
        "sparsify_only": dict(n_expanded=n_inputs, law="rotation", n_active=rotated_active),
        "expand_dense": dict(n_expanded=n_expanded, sparsifier="cosine"),
        "expand_sparsify": dict(n_expanded=n_expanded, n_active=n_active),
    }
    return {
        name: ExpandSparsify(**settings, random_state=random_state)
        for name, settings in members.items()
    }

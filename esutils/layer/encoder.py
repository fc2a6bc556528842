"""The expand-and-sparsify encoder, a scikit-learn transformer."""

from collections.abc import Iterable, Iterator
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.sparsefuncs import mean_variance_axis
from sklearn.utils.validation import check_is_fitted, validate_data

from esutils.common.checks import (
    check_choice,
    check_finite,
    check_flag,
    check_int,
    check_number,
    check_seed,
    check_type,
)
from esutils.common.threads import in_blocks
from esutils.common.types import Matrix, Samples, Seed
from esutils.layer import sparsifiers
from esutils.layer.projections import project, projection
from esutils.layer.selection import largest

SPARSIFIERS = ("winners", "block", "threshold", "relu", "cosine", "identity")
_COUNTED = ("winners", "block", "threshold")  # those that n_active and binary speak of
_CHUNK_ENTRIES = 2**24  # projections held at once: 64 MiB of float32
_ROWS = 64  # of them that a thread works on at a time


class ExpandSparsify(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Project into more dimensions at random, then sparsify. Nothing is trained.

    The inputs are centred on the mean of the training samples, projected to ``n_expanded`` units,
    and turned into a code by ``sparsifier``.

    Parameters
    ----------
    n_expanded : int
        Number of units m.
    law : str
        Law of the projection, see :func:`esutils.layer.projection`.
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
        n_expanded: int = 2000,
        *,
        law: str = "gaussian",
        sparsifier: str = "winners",
        n_active: int | None = None,
        binary: bool = True,
        bandwidth: float | None = None,
        bias: float = 0.0,
        fan_in: int = 6,
        sparse_output: bool = False,
        random_state: Seed = None,
    ) -> None:
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
    def nested(self) -> bool:
        """Whether the code at width m is the first m columns of the code at every larger width."""
        return self.sparsifier != "winners"

    def fit(self, X: Samples, y: object = None) -> Self:
        """Draw the projection and learn the mean, and the thresholds where there are any.

        Parameters
        ----------
        X : array or CSR matrix of shape (n_samples, n_inputs)
            Training samples, finite.
        y : ignored

        Raises
        ------
        ValueError
            If a parameter is out of range or X is malformed; the message names it.
        """
        X = self._validate(X, reset=True)
        m, d = check_int("n_expanded", self.n_expanded), X.shape[1]
        check_choice("sparsifier", self.sparsifier, SPARSIFIERS)
        self._check_n_active(m)
        check_flag("binary", self.binary)
        check_flag("sparse_output", self.sparse_output)
        rows, phases, biases = check_seed("random_state", self.random_state).spawn(3)
        self.mean_ = np.asarray(X.mean(axis=0), dtype=X.dtype).ravel()
        with np.errstate(over="ignore", invalid="ignore"):
            spread = mean_variance_axis(X, 0)[1] if sp.issparse(X) else X.var(axis=0, dtype=float)
        variance = float(spread.sum())
        check_finite("squares of X", np.isfinite(variance))
        data = np.asarray(X - self.mean_) if self.law == "data" else None
        self.projection_ = projection(
            m, d, self.law, fan_in=self.fan_in, data=data, random_state=rows, dtype=X.dtype
        )
        bias = check_number("bias", self.bias) * np.sqrt(variance)
        if self.sparsifier == "cosine":
            self._fit_cosine(variance, phases)
            bias /= self.bandwidth_
        self.offset_ = (bias * biases.standard_normal(m)).astype(X.dtype)
        self.offset_ -= self.projection_ @ self.mean_
        if self.sparsifier == "threshold":
            H = project(X, self.projection_)
            self._add_offset(H)
            self.thresholds_ = sparsifiers.unit_thresholds(H, self._n_active() / m)
        self._n_features_out = m
        return self

    def transform(self, X: Samples) -> Matrix:
        """Encode samples.

        Parameters
        ----------
        X : array or CSR matrix of shape (n_samples, n_inputs)

        Returns
        -------
        ndarray or csr_matrix of shape (n_samples, n_expanded)
        """
        check_is_fitted(self)
        X = self._validate(X, reset=False)
        return self._sparse_codes(X) if self.sparse_output else self._dense_codes(X)

    def iter_transform(
        self, X: Matrix | Iterable[Matrix], batch_size: int = 1000
    ) -> Iterator[sp.csr_matrix]:
        """Yield the CSR codes of samples, batch by batch, in memory that does not grow with them.

        Parameters
        ----------
        X : array, memory map or CSR matrix of shape (n_samples, n_inputs), or an iterable of them
            Rows of a memory map are read when their turn comes; an iterable is a batch an item.
            Batches are computed in the dtype of the samples that the encoder was fitted to.
        batch_size : int
            Samples a batch, where X is not an iterable of batches.
        """
        check_is_fitted(self)
        check_int("batch_size", batch_size)
        whole: Any = sp.csr_matrix(X) if sp.issparse(X) else X
        if hasattr(X, "shape"):
            X = (whole[rows] for rows in gen_batches(max(X.shape[0], 1), batch_size))
        for batch in check_type("X", X, Iterable, "an array, a CSR matrix or an iterable of them"):
            yield self._sparse_codes(self._validate(batch, reset=False, dtype=self.mean_.dtype))

    def _validate(self, X, reset, dtype=(np.float64, np.float32)):
        return validate_data(self, X, reset=reset, accept_sparse="csr", dtype=dtype)

    def _check_n_active(self, m):
        k = check_int("n_active", self._n_active(), high=m)
        if self.n_active is not None and self.sparsifier not in _COUNTED:
            raise ValueError(f"n_active must be None for sparsifier={self.sparsifier!r}, got {k}")
        if self.sparsifier == "block" and m % k:
            raise ValueError(f"n_active must divide n_expanded={m} for sparsifier='block', got {k}")

    def _n_active(self):
        return max(1, round(self.n_expanded / 20)) if self.n_active is None else self.n_active

    def _fit_cosine(self, variance, rng):
        self.bandwidth_ = np.sqrt(variance / 2) or 1.0
        if self.bandwidth is not None:
            self.bandwidth_ = check_number("bandwidth", self.bandwidth, open_low=True)
        self.projection_ = self.projection_ / self.projection_.dtype.type(self.bandwidth_)
        self.phase_ = rng.uniform(0, 2 * np.pi, self.n_expanded).astype(self.projection_.dtype)

    def _chunks(self, X, out=None):
        """Yield rows and their projections, without offset: in ``out``, or all in one place."""
        size = min(X.shape[0], max(1, _CHUNK_ENTRIES // self.n_expanded))
        passing: Any = self._room(size, X) if out is None else None
        for rows in gen_batches(X.shape[0], size):
            H = passing[: rows.stop - rows.start] if out is None else out[rows]
            yield rows, project(X[rows], self.projection_, out=H)

    def _room(self, n_samples, X):
        return np.empty((n_samples, self.n_expanded), np.result_type(X, self.projection_))

    def _dense_codes(self, X):
        if not self._fixed():
            codes = self._room(X.shape[0], X)
            for _, H in self._chunks(X, out=codes):
                self._sparsify(H)
            return codes.astype(X.dtype, copy=False)
        codes = np.zeros((X.shape[0], self.n_expanded), X.dtype)
        for rows, H in self._chunks(X):
            units, values = self._units(H)
            np.put_along_axis(codes[rows], units, values, axis=1)
        return codes

    def _sparse_codes(self, X):
        n_samples, m = X.shape[0], self.n_expanded
        if not self._fixed():
            codes = [sp.csr_matrix(self._sparsify(H)) for _, H in self._chunks(X)]
            return sp.vstack(codes, format="csr")
        units = np.empty((n_samples, self._n_active()), np.int32)
        values = np.empty(units.shape, X.dtype)
        for rows, H in self._chunks(X):
            units[rows], values[rows] = self._units(H)
        starts = np.arange(0, units.size + 1, units.shape[1])
        return sp.csr_matrix((values.ravel(), units.ravel(), starts), shape=(n_samples, m))

    def _fixed(self):
        """Return whether exactly k units of every sample are active."""
        return self.sparsifier in ("winners", "block")

    def _units(self, H):
        """Return which these are, and their values; the offset is added to H."""
        if self.sparsifier == "winners":
            units = largest("projections of X", H, self._n_active(), self.offset_)
        else:
            self._add_offset(H)
            units = sparsifiers.block_winners(H, self.n_expanded // self._n_active())
        return units, 1 if self.binary else np.take_along_axis(H, units, axis=1)

    def _add_offset(self, H):
        in_blocks(lambda rows: np.add(H[rows], self.offset_, out=H[rows]), len(H), _ROWS)

    def _sparsify(self, H):
        """Turn projections into codes, in place, where any number of units may be active."""
        self._add_offset(H)
        if self.sparsifier == "threshold":
            if self.binary:
                np.greater(H, self.thresholds_, out=H)
            else:
                np.copyto(H, 0, where=H <= self.thresholds_)
        elif self.sparsifier == "cosine":
            sparsifiers.cosine(H, self.phase_, out=H)
        elif self.sparsifier == "relu":
            sparsifiers.relu(H, out=H)
        return H

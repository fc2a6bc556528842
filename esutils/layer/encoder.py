"""The expand-and-sparsify encoder, a scikit-learn transformer, and the family of its relatives."""

from collections.abc import Iterable, Iterator
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.utils import gen_batches
from sklearn.utils.sparsefuncs import mean_variance_axis
from sklearn.utils.validation import check_is_fitted, validate_data

from esutils.common.checks import (
    check_choice,
    check_finite,
    check_flag,
    check_int,
    check_matrix,
    check_number,
    check_seed,
    check_type,
)
from esutils.common.threads import in_blocks
from esutils.common.types import Matrix, Samples, Seed
from esutils.layer.projections import multiply, projection
from esutils.layer.selection import BLOCK_ENTRIES
from esutils.layer.sparsifiers import SPARSIFIERS

_CHUNK_ENTRIES = 2**24  # projections held at once: 64 MiB of float32


class ExpandSparsify(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Project into more dimensions at random, then sparsify. Nothing is trained.

    The inputs are centred on the mean of the training samples, projected to ``n_expanded`` units,
    and turned into a code by ``sparsifier``.

    Parameters
    ----------
    n_expanded : int
        Number of units m.
    law : str
        Distribution of the projection's rows, see :func:`esutils.layer.projection`.
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
        Bandwidth of the kernel that ``"cosine"`` estimates, in units of the inputs: the Gaussian
        kernel with Gaussian rows, the Laplacian ``exp(-distance / bandwidth)`` with Cauchy rows. By
        default the square root of half the total variance of the training samples: either kernel
        is then ``exp(-2)`` at the root mean square distance between two of them.
    bias : float
        Standard deviation of each unit's random bias, in units of the root mean square distance
        of the training samples from their mean. It acts as one more input of constant value;
        without it a winner-take-all code depends on the direction of a sample alone.
    fan_in : int
        Number of inputs per unit under ``law="fly"``.
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
    Parameters take effect when the encoder is fitted, ``sparse_output`` at once.

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
        return self._make_sparsifier().nested

    @property
    def active_fraction(self) -> float:
        """The share k/m of the units that are active, for winners, blocks and thresholds."""
        sparsifier = self._make_sparsifier()
        if not sparsifier.counted:
            raise AttributeError(f"codes of sparsifier={self.sparsifier!r} set no active fraction")
        return sparsifier.n_active / sparsifier.n_units

    @property
    def block_size(self) -> int:
        """The number that every width must be a multiple of: 1 for all sparsifiers but blocks."""
        return self._make_sparsifier().block_size

    def resized(self, n_expanded: int) -> Self:
        """Return an unfitted copy with another width and the same active fraction."""
        m, k = check_int("n_expanded", n_expanded), self.n_active
        if k is not None:
            k = max(1, round(k * m / self.n_expanded))
        return clone(self).set_params(n_expanded=m, n_active=k)

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
        self._sparsifier = sparsifier = self._make_sparsifier()
        m, d = sparsifier.n_units, X.shape[1]
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
        scale = sparsifier.scale(variance)
        if scale != 1:
            self.projection_ = self.projection_ / X.dtype.type(scale)
        bias = check_number("bias", self.bias) * np.sqrt(variance) / scale
        self.offset_ = (bias * biases.standard_normal(m)).astype(X.dtype)
        self.offset_ -= self.projection_ @ self.mean_
        sparsifier.fit(lambda: self._project_all(X), phases, self.projection_.dtype)
        for name, learned in vars(sparsifier).items():
            if name.endswith("_"):
                setattr(self, name, learned)
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
            Rows of a memory map are read when their turn comes; each item of an iterable is one
            batch. Batches are computed in the dtype of the samples that the encoder was fitted to.
        batch_size : int
            Samples per batch, where X is not an iterable of batches.
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

    def _make_sparsifier(self):
        """Return the sparsifier that the parameters describe."""
        m, binary = check_int("n_expanded", self.n_expanded), check_flag("binary", self.binary)
        kind = SPARSIFIERS[check_choice("sparsifier", self.sparsifier, SPARSIFIERS)]
        if self.n_active is not None and not kind.counted:
            raise ValueError(
                f"n_active must be None for sparsifier={self.sparsifier!r}, got {self.n_active!r}"
            )
        return kind(m, self.n_active, binary, self.bandwidth)

    def _dense_codes(self, X):
        codes = self._room(X, X.shape[0])
        self._each_block(X, lambda rows, H: self._sparsifier.encode(H, out=H), codes)
        return codes.astype(X.dtype, copy=False)

    def _sparse_codes(self, X):
        if self._sparsifier.exact:
            return self._exact_codes(X)
        return sp.vstack(self._each_block(X, lambda rows, H: self._csr_block(H, X.dtype)))

    def _csr_block(self, H, dtype):
        return sp.csr_matrix(self._sparsifier.encode(H, out=H).astype(dtype, copy=False))

    def _exact_codes(self, X):
        """Return CSR codes with equally many active units in every row, without a second copy."""
        sparsifier, n_samples = self._sparsifier, X.shape[0]
        units = np.empty((n_samples, sparsifier.n_active), np.int32)
        values = np.empty(units.shape, X.dtype)

        def store(rows, H):
            units[rows] = sparsifier.units(H)
            values[rows] = sparsifier.values(H, units[rows])

        self._each_block(X, store)
        starts = np.arange(0, units.size + 1, sparsifier.n_active)
        shape = n_samples, sparsifier.n_units
        return sp.csr_matrix((values.ravel(), units.ravel(), starts), shape=shape)

    def _each_block(self, X, work, out=None):
        """Return the results of ``work(rows, H)`` for blocks of samples and their projections.

        Blocks are worked on in threads; their projections are computed in larger chunks, which are
        stored in ``out``, or all in the same place.
        """
        size = min(X.shape[0], max(1, _CHUNK_ENTRIES // len(self.offset_)))
        passing: Any = self._room(X, size) if out is None else None
        results = []
        for chunk in gen_batches(X.shape[0], size):
            H = passing[: chunk.stop - chunk.start] if out is None else out[chunk]
            multiply(X[chunk], self.projection_, out=H)
            results += self._add_offset(H, work, chunk.start)
        return results

    def _room(self, X, n_samples):
        """Return an empty array for the projections of this many samples."""
        return np.empty((n_samples, len(self.offset_)), np.result_type(X, self.projection_))

    def _add_offset(self, H, work, start=0):
        """Add the offset to projections, block by block, and return the results of ``work``.

        ``start`` is the number of the first sample.
        """

        def add(rows):
            block = H[rows]
            np.add(block, self.offset_, out=block)
            check_matrix("projections of X", block)  # they may overflow
            return work(slice(start + rows.start, start + rows.stop), block)

        return in_blocks(add, len(H), max(1, BLOCK_ENTRIES // H.shape[1]))

    def _project_all(self, X):
        """Return the projections of all samples at once, with the offset."""
        H = multiply(X, self.projection_)
        self._add_offset(H, lambda rows, block: None)
        return H


def model_family(
    n_inputs: int, n_expanded: int, n_active: int, random_state: int = 0
) -> dict[str, ExpandSparsify]:
    """Return the encoders that isolate what expand-and-sparsify is made of.

    Parameters
    ----------
    n_inputs : int
        Number of inputs d.
    n_expanded : int
        Number of units m of the expanding members.
    n_active : int
        Number of active units k of ``expand_sparsify``; ``sparsify_only`` has the same active
        fraction.
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
        :mod:`esutils.networks.mlp`.

    Notes
    -----
    Chapter: 05-untrained-networks.

    Examples
    --------
    >>> from esutils import data, model_family
    >>> X = data.load_digits().X_train
    >>> members = model_family(n_inputs=64, n_expanded=400, n_active=20)
    >>> [member.fit_transform(X).shape[1] for member in members.values()]
    [64, 400, 64, 400, 400]
    """
    check_int("n_active", n_active, high=check_int("n_expanded", n_expanded))
    check_int("n_inputs", n_inputs)
    check_int("random_state", random_state, low=0)
    rotated_active = max(1, round(n_inputs * n_active / n_expanded))
    members: dict[str, dict[str, Any]] = {
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

"""Hypothesis strategies that property tests share."""

import numpy as np
import scipy.sparse as sp
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

few = settings(max_examples=settings().max_examples // 5)  # for the slowest properties
seeds = st.integers(0, 2**32 - 1)
some, many = st.integers(1, 12), st.integers(2, 40)
dtypes = st.sampled_from([np.float32, np.float64])
forms = st.sampled_from([np.asarray, sp.csr_matrix, sp.csc_array])
powers = st.integers(-20, 20).map(lambda exponent: 2.0**exponent)  # scaling by these is exact

KINDS = {
    "values": lambda A: A + 1,
    "whole numbers": np.round,  # with ties
    "zeros and ones": lambda A: (A > 0.5).astype(A.dtype),
    "silent units": lambda A: A * (np.arange(A.shape[1]) % 3 > 0),
    "units twice": lambda A: A[:, np.arange(A.shape[1]) // 2],
    "samples twice": lambda A: A[np.arange(len(A)) // 2],
    "constant rows": lambda A: np.where(np.arange(len(A))[:, None] % 2, A, A[:, :1]),
    "constant": np.ones_like,
}


@st.composite
def floats(draw, n_samples=some, m=many, dtype=dtypes):
    """Draw finite floats of any size, with ties, zeros of both signs, denormals and the largest."""
    kind = np.dtype(draw(dtype))
    least, most = np.finfo(kind).smallest_subnormal, np.finfo(kind).max
    special = st.sampled_from([0.0, -0.0, 1.0, -1.0, least, -least, 3 * least, most, -most])
    width = 8 * kind.itemsize
    elements = special | st.floats(width=width, allow_nan=False, allow_infinity=False)
    return draw(arrays(kind, (draw(n_samples), draw(m)), elements=elements))


@st.composite
def codes(draw, n_samples=many, m=many, kinds=tuple(KINDS)):
    """Draw a float64 matrix, of full rank or not."""
    rng = np.random.default_rng(draw(seeds))
    return KINDS[draw(st.sampled_from(kinds))](rng.standard_normal((draw(n_samples), draw(m))))


@st.composite
def problems(draw, **sizes):
    """Draw codes and targets with one or several columns."""
    Z = draw(codes(**sizes))
    rng = np.random.default_rng(draw(seeds))
    return Z, rng.standard_normal((len(Z), draw(st.integers(1, 3))))

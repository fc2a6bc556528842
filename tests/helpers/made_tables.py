"""Tables that are made up, for tests of whatever reads or splits one."""

import numpy as np
from hypothesis import strategies as st

from esutils import tables
from tests.helpers.strategies import seeds


@st.composite
def made_tables(draw):
    """Draw a table for classification or regression; its first column numbers the rows."""
    n, n_classes = draw(st.integers(50, 90)), draw(st.integers(0, 3))
    rng = np.random.default_rng(draw(seeds))
    X = np.column_stack([np.arange(n), rng.standard_normal((n, 2))])
    y = rng.permutation(np.arange(n) % n_classes) if n_classes > 1 else rng.standard_normal(n)
    return tables.from_arrays(X, y, standardise=draw(st.booleans()))

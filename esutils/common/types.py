"""Types that recur in the signatures of several modules."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]  # of any kind and shape
Matrix = Array | sp.csr_matrix  # projections and codes, dense or sparse
Samples = ArrayLike | sp.spmatrix | sp.sparray  # what is taken for a matrix, one sample a row
Seed = int | np.random.Generator | None  # None: other draws each time

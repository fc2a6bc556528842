"""Names for the types that appear in the signatures of several modules."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]  # of any dtype and shape
Matrix = Array | sp.csr_matrix  # projections and codes, dense or sparse
Samples = ArrayLike | sp.spmatrix | sp.sparray  # matrices as readers pass them, one row per sample
Seed = int | np.random.Generator | None  # None draws differently each time

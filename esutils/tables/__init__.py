"""A table of your own: read in the open, split, run through the experiments, reported on."""

from esutils.tables.reading import Table, from_arrays, from_frame, read
from esutils.tables.splits import Resplit, resplit

__all__ = ["Resplit", "Table", "from_arrays", "from_frame", "read", "resplit"]

"""A table of your own: reading it, splitting it, the book's experiments on it, and the report.

`reading` makes a table and notes what it leaves out, `splits` turns it into training and test rows,
`experiments` measures every phenomenon of the book on it, `questions` says what the results mean,
and `report` executes the chapter on your own data and returns it as one HTML page.
"""

from esutils.tables.reading import Table, from_arrays, from_frame, read
from esutils.tables.splits import Resplit, resplit

__all__ = ["Resplit", "Table", "from_arrays", "from_frame", "read", "resplit"]

"""Tables of your own: read, and cleaned in the open.

Nothing is repaired in silence: what is left out or read otherwise than written is said in words, in
``Table.notes``.
"""

import warnings
from dataclasses import dataclass
from difflib import get_close_matches
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.model_selection import train_test_split

from esutils.common.checks import check_array, check_choice, check_flag, check_int, check_type
from esutils.common.types import Array
from esutils.tables.columns import read_columns, read_target

MAX_READ = 1_000_000  # rows of a file
MAX_ROWS = 2_000  # of them that are learned from
MIN_ROWS = 50
_READERS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
_NOTES = "esutils.notes"  # of a frame: what was left out in reading it
_PACKED = (".gz", ".bz2", ".xz", ".zip", ".zst")


@dataclass(frozen=True, eq=False)
class Table:
    """Rows to learn from.

    Attributes
    ----------
    X : DataFrame of shape (n_samples, n_columns)
        Columns of float64 are numbers, with NaN where one is missing; all others are categories.
    y : ndarray of shape (n_samples,)
        Classes as int64, from 0, or real targets as float64.
    classes : tuple of str or None
        Their names; None for regression.
    name, target : str
    notes : tuple of str
        What was left out or read otherwise than it was written, in words.
    standardise : bool
        Whether each column of numbers is brought to unit variance, or all together.

    Notes
    -----
    Chapter: 12-your-own-data.

    Examples
    --------
    >>> from esutils import tables
    >>> from sklearn.datasets import load_wine
    >>> table = tables.from_frame(load_wine(as_frame=True).frame, "target", name="wine")
    >>> table.task, table.X.shape, table.classes
    ('classification', (178, 13), ('0', '1', '2'))
    """

    X: pd.DataFrame
    y: Array
    classes: tuple[str, ...] | None
    name: str
    target: str
    notes: tuple[str, ...]
    standardise: bool = True

    @property
    def task(self) -> str:
        """``"classification"`` or ``"regression"``."""
        return "regression" if self.classes is None else "classification"


def read(path: str | PathLike[str]) -> pd.DataFrame:
    """Read a CSV, TSV or Parquet file, packed or not.

    Parameters
    ----------
    path : str or path
        ``.csv``, ``.tsv``, ``.txt`` (tabs) or ``.parquet``. Of a text file the first million rows
        are read. Nothing in it is evaluated.

    Returns
    -------
    DataFrame

    Raises
    ------
    ValueError
        If there is no such file, or it is none of these, or has rows or names that pandas would
        have to cut or change; the message says why in one line.

    Notes
    -----
    Chapter: 12-your-own-data.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from esutils import tables
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "small.csv")
    ...     pd.DataFrame({"age": [3, 5], "name": ["Ada", "Bob"]}).to_csv(path, index=False)
    ...     tables.read(path).shape
    (2, 2)
    """
    path = Path(path)
    kinds = [suffix for suffix in path.suffixes if suffix.lower() not in _PACKED]
    kind = kinds[-1].lower() if kinds else ""
    if not path.is_file():
        raise ValueError(f"data must be a file, there is none at {str(path)!r}")
    check_choice("the ending of data", kind, [*_READERS, ".parquet"])
    try:
        if kind == ".parquet":
            return pd.read_parquet(path)
        frame = _read_text(path, _READERS[kind])
    except MemoryError:
        raise
    except Exception as error:  # every reader and codec raises its own
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"data must be a {kind} file, {str(path)!r} is not: {reason}") from error
    if len(frame) > MAX_READ:
        frame = frame[:MAX_READ]
        frame.attrs[_NOTES] = (f"Of the file the first {MAX_READ:,} rows are read.",)
    return frame


def from_arrays(
    X: ArrayLike,
    y: ArrayLike,
    task: str | None = None,
    name: str = "arrays",
    standardise: bool = False,
) -> Table:
    """Make a table of arrays, for instance of images.

    Parameters
    ----------
    X : array of shape (n_samples, n_inputs)
    y : array of shape (n_samples,)
    task, name, standardise
        As in :func:`from_frame`.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        As in :func:`from_frame`, or if the shapes do not match.

    Notes
    -----
    Chapter: 12-your-own-data.

    Examples
    --------
    >>> from esutils import tables
    >>> from sklearn.datasets import load_digits
    >>> table = tables.from_arrays(*load_digits(return_X_y=True), name="digits")
    >>> table.notes
    ('Columns left out because they are constant: input 0, input 32, input 39.',)
    """
    X, y = check_array("X", X, kinds=None), check_array("y", y, kinds=None)
    if X.ndim != 2 or y.shape != X.shape[:1]:
        raise ValueError(
            f"X must have two dimensions and y one value a row of it, got shapes {X.shape} and "
            f"{y.shape}"
        )
    frame = pd.DataFrame(X, columns=[f"input {i}" for i in range(X.shape[1])])
    return from_frame(frame.assign(target=y), "target", task, name, standardise)


def from_frame(
    frame: pd.DataFrame,
    target: str,
    task: str | None = None,
    name: str = "table",
    standardise: bool = True,
    random_state: int = 0,
) -> Table:
    """Make a table of a frame, one of whose columns is to be predicted.

    Rows without a target, columns that are constant, empty, or different in most rows, and classes
    of fewer than ten rows are left out; of more than 2,000 rows as many are drawn. Each is noted.

    Parameters
    ----------
    frame : DataFrame
    target : str
        The column to predict.
    task : {"classification", "regression"}, optional
        By default classification if the target is text, boolean, or up to 20 different whole
        numbers.
    name : str
        The data set's name.
    standardise : bool
        Whether each column of numbers is brought to unit variance: right where units differ. If
        not, all are divided by one number: right for pixels.
    random_state : int
        Seed of the draw of rows.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        If the target is not a column, has one class or value only or too many classes, or does not
        fit the task; if fewer than 50 rows or no column is left.

    Notes
    -----
    Chapter: 12-your-own-data.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from esutils import tables
    >>> frame = pd.DataFrame({"side": np.arange(60), "paint": ["red", None] * 30})
    >>> frame["price"] = frame["side"] ** 2
    >>> table = tables.from_frame(frame, "price")
    >>> table.task, list(table.X)
    ('regression', ['side', 'paint'])
    """
    frame = _checked(frame, target)
    check_flag("standardise", standardise)
    check_type("name", name, str, "a text")
    notes = [*frame.attrs.get(_NOTES, ())]
    missing = frame[target].isna()
    if missing.any():
        notes.append(f"Rows without {target} that are left out: {missing.sum():,}.")
        frame = frame[~missing]
    _check_rows(len(frame), f"a value of {target!r}")
    y, classes, kept = read_target(frame[target], task, notes)
    frame, y = frame[kept], y[kept]
    _check_rows(len(frame), "a class of at least ten rows")
    if len(frame) > MAX_ROWS:
        notes.append(f"Of {len(frame):,} rows {MAX_ROWS:,} are drawn at random.")
        rows, _ = train_test_split(
            np.arange(len(frame)),
            train_size=MAX_ROWS,
            stratify=None if classes is None else y,
            random_state=check_int("random_state", random_state, low=0, high=2**32 - 1),
        )
        frame, y = frame.iloc[rows], y[rows]
    X = read_columns(frame.drop(columns=target), notes)
    if X.shape[1] == 0:
        raise ValueError(
            f"data must have a column to learn from besides {target!r}, none is left. "
            + " ".join(notes)
        )
    return Table(X.reset_index(drop=True), y, classes, name, target, tuple(notes), standardise)


def _read_text(path, sep):
    """Return the first rows of a text file; refuse one whose rows or names pandas would mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # fields without a name: lost
        frame = pd.read_csv(path, sep=sep, nrows=MAX_READ + 1, index_col=False)
    if any(str(name).rpartition(".")[0] in frame for name in frame):  # the second "a" becomes "a.1"
        names = pd.read_csv(path, sep=sep, nrows=1, header=None, dtype=str).iloc[0].dropna()
        if names.duplicated().any():
            twice = sorted(set(names[names.duplicated()]))
            raise ValueError(f"columns must have different names, got several of {twice}")
    return frame


def _checked(frame, target):
    """Return the frame; refuse what is none, or does not have the target."""
    check_type("frame", frame, pd.DataFrame, "a pandas DataFrame")
    names = [str(column) for column in frame.columns]
    twice = sorted({column for column in names if names.count(column) > 1})
    if twice:
        raise ValueError(f"data must have columns of different names, got several of {twice}")
    if target not in names:
        near = get_close_matches(str(target), names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        shown = names if len(names) <= 12 else [*names[:12], "..."]
        raise ValueError(f"target must be one of the columns {shown}, got {target!r}{hint}")
    return frame.set_axis(names, axis=1)


def _check_rows(n_rows, what):
    if n_rows < MIN_ROWS:
        raise ValueError(f"data must have at least {MIN_ROWS} rows with {what}, got {n_rows}")

"""Read a table of your own, and clean it in the open.

Nothing is repaired silently. ``Table.notes`` says in words what is left out, and what is read
differently from how it is written.
"""

import warnings
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandas.api import types
from sklearn.model_selection import train_test_split

from esutils.common.checks import check_array, check_choice, check_flag, check_int, check_type
from esutils.common.types import Array

TASKS = ("classification", "regression")
MAX_READ = 1_000_000  # rows that are read from a file
MAX_ROWS = 2_000  # rows that are kept to learn from and to test on
MIN_ROWS = 50
MAX_CATEGORIES = 20  # a column of categories becomes at most so many columns of 0 and 1
_SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
_PACKED = (".gz", ".bz2", ".xz", ".zip", ".zst")
_NOTES = "esutils.notes"  # where a frame carries what was left out in reading its file
_MIN_CLASS = 10  # rows of the smallest class that is kept
_MAX_CLASSES = 50
_MAX_LABELS = 20  # a target with at most so many different whole numbers is taken for classes
_LARGEST = 1e150  # the square of a larger number overflows, and so does the variance
_NUMERIC_SHARE = 0.9  # a column is numeric if at least this share of its values are numbers


@dataclass(frozen=True, eq=False)
class Table:
    """Rows to learn from, and what to predict for each of them.

    Attributes
    ----------
    X : DataFrame of shape (n_samples, n_columns)
        Columns of float64 hold numbers, and NaN where one is missing. All other columns hold
        categories.
    y : ndarray of shape (n_samples,)
        Classes as int64, counted from 0, or the numbers to predict as float64.
    classes : tuple of str or None
        The names of the classes; None for regression.
    name, target : str
        The name of the table, and of the column to predict.
    notes : tuple of str
        What was left out, or read differently from how it is written, in words.
    standardise : bool
        Whether each numeric column gets unit variance. If not, all numeric columns are divided by
        one common number.

    Notes
    -----
    Chapter: 18-your-own-data.

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
    """Read a CSV, TSV or Parquet file, compressed or not.

    Parameters
    ----------
    path : str or path
        A file that ends in ``.csv``, ``.tsv``, ``.txt`` (separated by tabs) or ``.parquet``; a text
        file may be compressed and end in ``.gz``, ``.bz2``, ``.xz``, ``.zip`` or ``.zst``. At most
        the first million rows of a text file are read. Nothing in it is evaluated.

    Returns
    -------
    DataFrame

    Raises
    ------
    ValueError
        If there is no such file, if it is not of one of these kinds, or if pandas would have to cut
        its rows or change its names. The message says why in one line.
    ImportError
        If a Parquet file is to be read and pyarrow is not installed.

    Notes
    -----
    Chapter: 18-your-own-data.

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
    check_choice("the ending of data", kind, [*_SEPARATORS, ".parquet"])
    if kind == ".parquet" and find_spec("pyarrow") is None:
        raise ImportError('Parquet needs pyarrow: pip install "expand-and-sparsify[report]"')
    try:
        if kind == ".parquet":
            return pd.read_parquet(path)
        frame = _read_text(path, _SEPARATORS[kind])
    except MemoryError:
        raise
    except Exception as error:  # each reader and each codec has its own exceptions
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"data must be a {kind} file, {str(path)!r} is not: {reason}") from error
    if len(frame) > MAX_READ:
        frame = frame[:MAX_READ]
        frame.attrs[_NOTES] = (f"Only the first {MAX_READ:,} rows of the file are read.",)
    return frame


def from_arrays(
    X: ArrayLike,
    y: ArrayLike,
    task: str | None = None,
    name: str = "arrays",
    standardise: bool = False,
) -> Table:
    """Make a table from arrays, for instance from images.

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
    Chapter: 18-your-own-data.

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
            "X must have two dimensions and y one value for each row of X, "
            f"got shapes {X.shape} and {y.shape}"
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
    """Make a table from a frame, one of whose columns is to be predicted.

    This leaves out rows without a target, columns that are constant, empty, or different in most
    rows, and classes with fewer than ten rows. If more than 2,000 rows remain, 2,000 of them are
    drawn at random. Whatever applies is noted in words.

    Parameters
    ----------
    frame : DataFrame
    target : str
        The column to predict.
    task : {"classification", "regression"}, optional
        By default classification if the target is text, boolean, or has at most 20 different whole
        numbers.
    name : str
        A name for the table.
    standardise : bool
        Whether each numeric column gets unit variance, which is right if the columns have different
        units. If not, all are divided by one common number, which is right for pixels.
    random_state : int
        Seed for drawing the rows.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        If the target is not a column, has only one value or too many classes, or does not fit the
        task; or if fewer than 50 rows, or no columns, are left.

    Notes
    -----
    Chapter: 18-your-own-data.

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
        notes.append(f"Rows left out because {target} is missing: {missing.sum():,}.")
        frame = frame[~missing]
    _check_rows(len(frame), f"a value of {target!r}")
    y, classes, kept = _read_target(frame[target], task, notes)
    frame, y = frame[kept], y[kept]
    _check_rows(len(frame), "a class of at least ten rows")
    if len(frame) > MAX_ROWS:
        notes.append(f"{MAX_ROWS:,} of {len(frame):,} rows are drawn at random.")
        rows, _ = train_test_split(
            np.arange(len(frame)),
            train_size=MAX_ROWS,
            stratify=None if classes is None else y,
            random_state=check_int("random_state", random_state, low=0, high=2**32 - 1),
        )
        frame, y = frame.iloc[rows], y[rows]
    X = _read_columns(frame.drop(columns=target), notes)
    if X.shape[1] == 0:
        raise ValueError(
            f"data must have a column to learn from besides {target!r}, but none is left. "
            + " ".join(notes)
        )
    return Table(X.reset_index(drop=True), y, classes, name, target, tuple(notes), standardise)


def _read_text(path, sep):
    """Return the first rows of a text file; refuse a file that pandas would repair silently."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # it would drop fields
        frame = pd.read_csv(path, sep=sep, nrows=MAX_READ + 1, index_col=False)
    if any(str(name).rpartition(".")[0] in frame for name in frame):  # a second "a" becomes "a.1"
        names = pd.read_csv(path, sep=sep, nrows=1, header=None, dtype=str).iloc[0].dropna()
        if names.duplicated().any():
            twice = sorted(set(names[names.duplicated()]))
            raise ValueError(f"columns must have different names, got {twice} more than once")
    return frame


def _checked(frame, target):
    """Return the frame with its names as text; refuse one that lacks the target."""
    check_type("frame", frame, pd.DataFrame, "a pandas DataFrame")
    names = [str(column) for column in frame.columns]
    twice = sorted({column for column in names if names.count(column) > 1})
    if twice:
        raise ValueError(f"data must have columns with different names, got {twice} more than once")
    if target not in names:
        near = get_close_matches(str(target), names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        shown = names if len(names) <= 12 else [*names[:12], "..."]
        raise ValueError(f"target must be one of the columns {shown}, got {target!r}{hint}")
    return frame.set_axis(names, axis=1)


def _check_rows(n_rows, what):
    if n_rows < MIN_ROWS:
        raise ValueError(f"data must have at least {MIN_ROWS} rows with {what}, got {n_rows}")


def _read_target(column, task, notes):
    """Return the target as classes or numbers, the names of the classes, and the rows to keep."""
    numbers = _as_numbers(column)
    if task is None:
        whole = numbers.notna().all() and (numbers == numbers.round()).all()
        few = _n_different(column) <= (_MAX_LABELS if whole else 0)
        text = numbers.notna().mean() < _NUMERIC_SHARE
        task = "classification" if few or text or types.is_bool_dtype(column) else "regression"
    check_choice("task", task, TASKS)
    if task == "regression":
        return _read_real(column, numbers, notes)
    labels = column.astype(str)
    counts = labels.value_counts()
    rare = sorted(counts.index[counts < _MIN_CLASS])
    kept = ~labels.isin(rare).to_numpy()
    if rare and len(rare) < len(counts):
        listed = _listed(rare, 5)
        notes.append(f"Classes left out because they have fewer than {_MIN_CLASS} rows: {listed}.")
    classes, codes = np.unique(labels[kept], return_inverse=True)
    if not 2 <= len(classes) <= _MAX_CLASSES:
        raise ValueError(
            f"target must have 2 to {_MAX_CLASSES} classes with at least {_MIN_CLASS} rows each, "
            f"{column.name!r} has {len(classes)} of {len(counts)}"
        )
    y = np.full(len(column), -1)
    y[kept] = codes
    return y, tuple(map(str, classes)), kept


def _n_different(column):
    try:
        return column.nunique()
    except TypeError as error:  # lists and dicts cannot be counted
        raise ValueError(
            f"target must hold numbers or words, {column.name!r} holds {str(column.iloc[0])[:40]!r}"
        ) from error


def _read_real(column, numbers, notes):
    kept = (numbers.abs() <= _LARGEST).to_numpy()
    if kept.mean() < _NUMERIC_SHARE:
        text = column[~kept].iloc[0]
        raise ValueError(
            f"target must hold numbers for regression, {column.name!r} holds {str(text)[:40]!r}"
        )
    if not kept.all():
        lost = f"{(~kept).sum():,}"
        notes.append(f"Rows left out because {column.name} is not a finite number: {lost}.")
    if numbers[kept].nunique() < 2:
        raise ValueError(f"target must have more than one value, {column.name!r} has only one")
    return numbers.to_numpy(), None, kept


def _read_columns(frame, notes):
    """Return the columns to learn from: numbers as float64, categories as text."""
    columns, empty, constant, names = {}, [], [], []
    for name, column in frame.items():
        numbers = _as_numbers(column)
        share = numbers.notna().sum() / max(1, column.notna().sum())
        if share >= _NUMERIC_SHARE:
            values = numbers.where(numbers.abs() <= _LARGEST)
            lost = int(column.notna().sum() - values.notna().sum())
            if lost:
                notes.append(f"Values of {name} that are not numbers, now missing: {lost:,}.")
        else:
            values = column.astype(object).where(column.notna(), None)
            values = values.map(str, na_action="ignore")
        n_different = values.nunique()
        if not values.notna().any():
            empty.append(name)
        elif n_different == 1 and values.notna().all():
            constant.append(name)
        elif share < _NUMERIC_SHARE and n_different > max(MAX_CATEGORIES, len(values) / 2):
            names.append(name)
        else:
            columns[name] = values
    for left, why in ((empty, "empty"), (constant, "constant"), (names, "different in most rows")):
        if left:
            notes.append(f"Columns left out because they are {why}: {_listed(left, 8)}.")
    return pd.DataFrame(columns, index=frame.index)


def _listed(names, most):
    return ", ".join(names[:most]) + (", and others" if len(names) > most else "")


def _as_numbers(column):
    """Return a column as float64, with NaN where a value is not a number; dates become days."""
    if types.is_datetime64_any_dtype(column) or types.is_timedelta64_dtype(column):
        start = column.min()
        days = (column - start) / pd.Timedelta(days=1)
        return days.astype(np.float64)
    if isinstance(column.dtype, pd.CategoricalDtype) or types.is_complex_dtype(column):
        return pd.Series(np.nan, column.index)
    try:
        return pd.to_numeric(column, errors="coerce").astype(np.float64)
    except OverflowError:  # whole numbers that are too large for any float
        return pd.to_numeric(column.astype(str), errors="coerce").astype(np.float64)

"""Tables of your own: read, cleaned in the open, and cut anew for each seed.

Nothing is repaired in silence: what is left out or read otherwise than written is said in words, in
``Table.notes``.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas.api import types
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from esutils._checks import check_choice, check_int, check_number
from esutils._types import Array

TASKS = ("classification", "regression")
MAX_READ = 1_000_000  # rows of a file
MAX_ROWS = 2_000  # of them that are learned from
MIN_ROWS = 50
_MIN_CLASS = 10  # rows
_MAX_CLASSES = 50
_MAX_LABELS = 20  # distinct whole numbers up to which a target is taken for a class
_MAX_CATEGORIES = 20  # columns that one column of categories becomes at most
_NUMERIC_SHARE = 0.9  # of a column's values that must be numbers for it to be one of numbers
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
        """Which of ``TASKS`` it is."""
        return "regression" if self.classes is None else "classification"


@dataclass(frozen=True, eq=False)
class Resplit:
    """One cut of a table into training and test rows, as numbers.

    Attributes
    ----------
    X_train, X_test : ndarray of float64, shape (n_samples, n_inputs)
        Inputs: centred numbers, each of unit variance or all together, and a 0 or 1 for each
        category.
    Y_train, Y_test : ndarray of float64, shape (n_samples, n_targets)
        One column a class, 1 for the row's own; or the target, standardised by the training rows.
    task : {"classification", "regression"}
    seed : int

    Notes
    -----
    Chapter: 12-your-own-data.

    Examples
    --------
    >>> from esutils import tables
    >>> from sklearn.datasets import load_wine
    >>> table = tables.from_frame(load_wine(as_frame=True).frame, "target")
    >>> cut = tables.resplit(table, seed=0)
    >>> cut.X_train.shape, cut.Y_test.shape
    ((142, 13), (36, 3))
    """

    X_train: NDArray[np.float64]
    Y_train: NDArray[np.float64]
    X_test: NDArray[np.float64]
    Y_test: NDArray[np.float64]
    task: str
    seed: int


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
        If there is no such file, or it is none of these; the message says why in one line.

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
        frame = pd.read_csv(path, sep=_READERS[kind], nrows=MAX_READ + 1, index_col=False)
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
    X, y = np.asarray(X), np.asarray(y)
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
    notes = [*frame.attrs.get(_NOTES, ())]
    missing = frame[target].isna()
    if missing.any():
        notes.append(f"Rows without {target} that are left out: {missing.sum():,}.")
        frame = frame[~missing]
    _check_rows(len(frame), f"a value of {target!r}")
    y, classes, kept = _read_target(frame[target], task, notes)
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
    X = _read_columns(frame.drop(columns=target), notes)
    if X.shape[1] == 0:
        raise ValueError(f"data must have a column to learn from besides {target!r}, none is left")
    return Table(X.reset_index(drop=True), y, classes, name, target, tuple(notes), standardise)


def resplit(table: Table, seed: int, test_fraction: float = 0.2) -> Resplit:
    """Cut a table into training and test rows, and turn both into numbers.

    All that is learned in doing so (medians, means, scales, categories) is learned from the
    training rows. A missing number becomes the median, with a column that says where; a missing
    category is a category of its own; of many categories the rare ones are taken together.

    Parameters
    ----------
    table : Table
    seed : int
        Seed of the cut, stratified by class.
    test_fraction : float

    Returns
    -------
    Resplit

    Notes
    -----
    Chapter: 12-your-own-data.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import tables
    >>> from sklearn.datasets import load_diabetes
    >>> table = tables.from_frame(load_diabetes(as_frame=True).frame, "target")
    >>> cut = tables.resplit(table, seed=3)
    >>> bool(abs(cut.X_train.mean(axis=0)).max() < 1e-12), cut.Y_train.shape
    (True, (353, 1))
    """
    rows_train, rows_test = train_test_split(
        np.arange(len(table.y)),
        test_size=check_number("test_fraction", test_fraction, open_low=True, high=0.9),
        stratify=None if table.classes is None else table.y,
        random_state=check_int("seed", seed, low=0, high=2**32 - 1),
    )
    encoder = _encoder(table)
    X_train = encoder.fit_transform(table.X.iloc[rows_train])
    X_test = encoder.transform(table.X.iloc[rows_test])
    if not table.standardise:
        unit = X_train.std()
        X_train, X_test = X_train / unit, X_test / unit
    if table.classes is None:
        centre, scale = table.y[rows_train].mean(), table.y[rows_train].std()
        Y = ((table.y - centre) / (scale or 1.0))[:, None]
    else:
        Y = np.eye(len(table.classes))[table.y]
    return Resplit(X_train, Y[rows_train], X_test, Y[rows_test], table.task, seed)


def _encoder(table):
    """Return the transformer that turns the columns of a table into numbers."""
    numeric = [column for column in table.X if types.is_float_dtype(table.X[column])]
    others = [column for column in table.X if column not in numeric]
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True),
        StandardScaler(with_std=table.standardise),
    )
    categories = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="missing"),
        OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            max_categories=_MAX_CATEGORIES,
            sparse_output=False,
        ),
    )
    return ColumnTransformer([("numbers", numbers, numeric), ("categories", categories, others)])


def _checked(frame, target):
    """Return the frame; refuse what is none, or does not have the target."""
    if not isinstance(frame, pd.DataFrame):
        raise ValueError(f"frame must be a pandas DataFrame, got {type(frame).__name__}")
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


def _read_target(column, task, notes):
    """Return the target as classes or numbers, the classes' names, and the rows to keep."""
    numbers = _as_numbers(column)
    if task is None:
        whole = numbers.notna().all() and (numbers == numbers.round()).all()
        few = column.nunique() <= (_MAX_LABELS if whole else 0)
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
        listed = ", ".join(rare[:5]) + (", and others" if len(rare) > 5 else "")
        notes.append(f"Classes of fewer than {_MIN_CLASS} rows are left out: {listed}.")
    classes, codes = np.unique(labels[kept], return_inverse=True)
    if not 2 <= len(classes) <= _MAX_CLASSES:
        raise ValueError(
            f"target must have 2 to {_MAX_CLASSES} classes of at least {_MIN_CLASS} rows, "
            f"{column.name!r} has {len(classes)} of {len(counts)}"
        )
    y = np.full(len(column), -1)
    y[kept] = codes
    return y, tuple(map(str, classes)), kept


def _read_real(column, numbers, notes):
    kept = np.isfinite(numbers.to_numpy())
    if kept.mean() < _NUMERIC_SHARE:
        text = column[~kept].iloc[0]
        raise ValueError(
            f"target must be numbers for regression, {column.name!r} holds {str(text)[:40]!r}"
        )
    if not kept.all():
        notes.append(f"Rows left out where {column.name} is no finite number: {(~kept).sum():,}.")
    if numbers[kept].nunique() < 2:
        raise ValueError(f"target must have more than one value, {column.name!r} has one")
    return numbers.to_numpy(), None, kept


def _read_columns(frame, notes):
    """Return the columns to learn from, each as float64 or as text."""
    columns, empty, constant, names = {}, [], [], []
    for name, column in frame.items():
        numbers = _as_numbers(column)
        share = numbers.notna().sum() / max(1, column.notna().sum())
        if share >= _NUMERIC_SHARE:
            values = numbers.where(np.isfinite(numbers))
            lost = int(column.notna().sum() - values.notna().sum())
            if lost:
                notes.append(f"Values of {name} that are no numbers, and missing: {lost:,}.")
        else:
            values = column.astype(object).where(column.notna(), None)
            values = values.map(str, na_action="ignore")
        n_different = values.nunique()
        if not values.notna().any():
            empty.append(name)
        elif n_different == 1 and values.notna().all():
            constant.append(name)
        elif share < _NUMERIC_SHARE and n_different > max(_MAX_CATEGORIES, len(values) / 2):
            names.append(name)
        else:
            columns[name] = values
    for left, why in ((empty, "empty"), (constant, "constant"), (names, "different in most rows")):
        if left:
            listed = ", ".join(left[:8]) + (", and others" if len(left) > 8 else "")
            notes.append(f"Columns left out because they are {why}: {listed}.")
    return pd.DataFrame(columns, index=frame.index)


def _as_numbers(column):
    """Return a column as float64, NaN where a value is no number; times count in days."""
    if types.is_datetime64_any_dtype(column) or types.is_timedelta64_dtype(column):
        start = column.min()
        days = (column - start) / pd.Timedelta(days=1)
        return days.astype(np.float64)
    if isinstance(column.dtype, pd.CategoricalDtype) or types.is_complex_dtype(column):
        return pd.Series(np.nan, column.index)
    return pd.to_numeric(column, errors="coerce").astype(np.float64)

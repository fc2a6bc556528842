"""Split a table into training and test rows at random, and turn both into numbers."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas.api import types
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from esutils.common.checks import check_int, check_number, check_type
from esutils.tables.reading import MAX_CATEGORIES, Table


@dataclass(frozen=True, eq=False)
class Resplit:
    """Training and test rows of a table, as numbers.

    Attributes
    ----------
    X_train, X_test : ndarray of float64, shape (n_samples, n_inputs)
        The inputs: centred numbers, scaled column by column or all together, and one column of 0
        and 1 for each category.
    Y_train, Y_test : ndarray of float64, shape (n_samples, n_targets)
        One column for each class, which is 1 in the rows of the class and 0 elsewhere. For
        regression, one column: the target in units of its standard deviation over the training
        rows, with their mean subtracted.
    task : {"classification", "regression"}
    seed : int

    Notes
    -----
    Chapter: 18-your-own-data.

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


def resplit(table: Table, seed: int, test_fraction: float = 0.2) -> Resplit:
    """Split a table into training and test rows, and turn both into numbers.

    Medians, means, scales and categories are learned from the training rows alone. A missing number
    becomes the median, and an additional column says where one was missing. A missing category is
    treated as another category. If there are many categories, the rare ones share one column.

    Parameters
    ----------
    table : Table
    seed : int
        Seed of the split, which is stratified by class.
    test_fraction : float
        Share of the rows that become test rows.

    Returns
    -------
    Resplit

    Raises
    ------
    ValueError
        If an argument is out of range, or if the training or the test rows would be fewer than the
        classes.

    Notes
    -----
    Chapter: 18-your-own-data.

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
    n_rows = len(check_type("table", table, Table, "a Table").y)
    check_number("test_fraction", test_fraction, open_low=True, high=0.9)
    n_test = math.ceil(test_fraction * n_rows)
    n_classes = 1 if table.classes is None else len(table.classes)
    if min(n_test, n_rows - n_test) < n_classes:
        raise ValueError(
            f"test_fraction must leave at least {n_classes} rows each for training and testing, "
            f"got {test_fraction} of {n_rows} rows"
        )
    rows_train, rows_test = train_test_split(
        np.arange(n_rows),
        test_size=test_fraction,
        stratify=None if table.classes is None else table.y,
        random_state=check_int("seed", seed, low=0, high=2**32 - 1),
    )
    encoder = _encoder(table)
    X_train = encoder.fit_transform(table.X.iloc[rows_train])
    X_test = encoder.transform(table.X.iloc[rows_test])
    if not table.standardise:
        spread = X_train.std()
        X_train, X_test = X_train / spread, X_test / spread
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
            max_categories=MAX_CATEGORIES,
            sparse_output=False,
        ),
    )
    return ColumnTransformer([("numbers", numbers, numeric), ("categories", categories, others)])

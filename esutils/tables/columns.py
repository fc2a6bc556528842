"""The columns of a table: which are numbers, which categories, and which are left out."""

import numpy as np
import pandas as pd
from pandas.api import types

from esutils.common.checks import check_choice

MAX_CATEGORIES = 20  # columns that one column of categories becomes at most
_TASKS = ("classification", "regression")
_MIN_CLASS = 10  # rows
_MAX_CLASSES = 50
_MAX_LABELS = 20  # distinct whole numbers up to which a target is taken for a class
_LARGEST = 1e150  # beyond it there is no variance
_NUMERIC_SHARE = 0.9  # of a column's values that must be numbers for it to be one of numbers


def read_target(column, task, notes):
    """Return the target as classes or numbers, the classes' names, and the rows to keep."""
    numbers = _as_numbers(column)
    if task is None:
        whole = numbers.notna().all() and (numbers == numbers.round()).all()
        few = _n_different(column) <= (_MAX_LABELS if whole else 0)
        text = numbers.notna().mean() < _NUMERIC_SHARE
        task = "classification" if few or text or types.is_bool_dtype(column) else "regression"
    check_choice("task", task, _TASKS)
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


def _n_different(column):
    try:
        return column.nunique()
    except TypeError as error:  # lists, dicts
        raise ValueError(
            f"target must be numbers or words, {column.name!r} holds {str(column.iloc[0])[:40]!r}"
        ) from error


def _read_real(column, numbers, notes):
    kept = (numbers.abs() <= _LARGEST).to_numpy()
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


def read_columns(frame, notes):
    """Return the columns to learn from, each as float64 or as text."""
    columns, empty, constant, names = {}, [], [], []
    for name, column in frame.items():
        numbers = _as_numbers(column)
        share = numbers.notna().sum() / max(1, column.notna().sum())
        if share >= _NUMERIC_SHARE:
            values = numbers.where(numbers.abs() <= _LARGEST)
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
        elif share < _NUMERIC_SHARE and n_different > max(MAX_CATEGORIES, len(values) / 2):
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
    try:
        return pd.to_numeric(column, errors="coerce").astype(np.float64)
    except OverflowError:  # whole numbers beyond every float
        return pd.to_numeric(column.astype(str), errors="coerce").astype(np.float64)

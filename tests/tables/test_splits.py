"""A resplit has every row once; what it learns, it learns from its training rows alone."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from esutils import tables
from tests.helpers.made_tables import made_tables

RNG = np.random.default_rng(0)
N = 300
BASE = {
    "a": RNG.standard_normal(N),
    "b": RNG.standard_normal(N),
    "y": np.where(RNG.random(N) < 0.5, "yes", "no"),
}


def table(**columns):
    """Make a table of two clean columns and a target of two classes, changed or added to."""
    return tables.from_frame(pd.DataFrame(BASE | columns), "y")


@given(made_tables(), st.integers(0, 2**32 - 1), st.floats(0.1, 0.6))
def test_a_resplit_has_every_row_once_and_scales_by_the_training_rows(table, seed, share):
    split, n = tables.resplit(table, seed, share), len(table.y)
    n_train, n_test = len(split.X_train), len(split.X_test)
    assert n_train + n_test == n and n_test == int(np.ceil(share * n))
    both = np.concatenate([split.X_train, split.X_test])
    order = both[:, 0].argsort()  # the first column numbers the rows
    steps = np.diff(both[order, 0])
    np.testing.assert_allclose(steps, steps.mean(), rtol=1e-6)
    np.testing.assert_allclose(split.X_train.mean(axis=0), 0, atol=1e-9)
    spread = split.X_train.std(axis=0) if table.standardise else split.X_train.std()
    np.testing.assert_allclose(spread, 1)
    Y = np.concatenate([split.Y_train, split.Y_test])[order]
    if table.classes is None:
        assert np.corrcoef(Y[:, 0], table.y)[0, 1] == pytest.approx(1)
        assert split.Y_train.mean() == pytest.approx(0, abs=1e-9)
        assert split.Y_train.std() == pytest.approx(1)
    else:
        assert np.array_equal(Y, np.eye(len(table.classes))[table.y])
        surplus = split.Y_train.mean(axis=0) * n_train - np.bincount(table.y) * n_train / n
        assert (np.abs(surplus) <= 1).all()  # stratified
    again = tables.resplit(table, seed, share)
    assert np.array_equal(again.X_test, split.X_test)


def test_training_inputs_do_not_depend_on_test_rows():
    mixed = table(c=RNG.choice(["u", "v", None], N))
    before = tables.resplit(mixed, 0)
    test = train_test_split(np.arange(N), test_size=0.2, stratify=mixed.y, random_state=0)[1]
    mixed.X.iloc[test, 0] = 1e6
    mixed.X.iloc[test, 2] = "never seen"
    after = tables.resplit(mixed, 0)
    np.testing.assert_array_equal(before.X_train, after.X_train)
    assert np.abs(after.X_test).max() > 1e5 and np.isfinite(after.X_test).all()


def test_missing_values_get_their_own_columns():
    numbers = RNG.standard_normal(N)
    numbers[::4] = np.nan
    words = RNG.choice(["u", "v"], N).astype(object)
    words[::5] = None
    split = tables.resplit(table(a=numbers, c=words), 1)
    assert split.X_train.shape[1] == 2 + 1 + 3  # a, b; where a is missing; u, v, missing


def test_many_categories_share_twenty_columns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        split = tables.resplit(table(c=[f"c{i % 100}" for i in range(N)]), 0)
    assert split.X_train.shape[1] == 2 + 20

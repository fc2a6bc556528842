"""Tables are read as their notes say, and refused in one line."""

import warnings

import numpy as np
import pandas as pd
import pytest

from esutils import tables

RNG = np.random.default_rng(0)
N = 300


def frame(**columns):
    """A table of two clean columns and a target of two classes, changed or added to."""
    base = {
        "a": RNG.standard_normal(N),
        "b": RNG.standard_normal(N),
        "y": np.where(RNG.random(N) < 0.5, "yes", "no"),
    }
    return pd.DataFrame(base | columns)


def test_clean_tables_have_no_notes():
    table = tables.from_frame(frame(), "y")
    assert table.task == "classification" and table.classes == ("no", "yes")
    assert table.notes == () and list(table.X) == ["a", "b"]


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (RNG.standard_normal(N), "regression"),
        (RNG.integers(0, 5, N), "classification"),
        (RNG.integers(0, 1000, N), "regression"),
        (RNG.random(N) < 0.5, "classification"),
        (pd.Categorical(RNG.choice(["u", "v"], N)), "classification"),
        (RNG.integers(0, 3, N).astype(str), "classification"),
    ],
    ids=["real", "few whole", "many whole", "bool", "categories", "digits as text"],
)
def test_task_is_read_from_the_column(values, task):
    assert tables.from_frame(frame(y=values), "y").task == task


def test_task_can_be_chosen():
    assert tables.from_frame(frame(y=RNG.integers(0, 5, N)), "y", "regression").classes is None


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        ({"one": 1}, "Columns left out because they are constant: one."),
        ({"none": np.nan}, "Columns left out because they are empty: none."),
        (
            {"id": [f"u{i}" for i in range(N)]},
            "Columns left out because they are different in most rows: id.",
        ),
        (
            {"t": ["n/a?" if i % 50 == 0 else str(i) for i in range(N)]},
            "Values of t that are no numbers, and missing: 6.",
        ),
        (
            {"t": [np.inf if i == 3 else i for i in range(N)]},
            "Values of t that are no numbers, and missing: 1.",
        ),
        (
            {"y": [None] * 7 + ["yes", "no"] * ((N - 7) // 2) + ["no"]},
            "Rows without y that are left out: 7.",
        ),
        (
            {"y": ["rare"] * 9 + ["yes", "no"] * ((N - 9) // 2) + ["no"]},
            "Classes of fewer than 10 rows are left out: rare.",
        ),
    ],
)
def test_what_is_left_out_is_noted(columns, note):
    assert tables.from_frame(frame(**columns), "y").notes == (note,)


def test_a_file_that_is_too_long_is_cut_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MAX_READ", 100)
    for n_rows, notes in ((100, ()), (101, ("Of the file the first 100 rows are read.",))):
        frame()[:n_rows].to_csv(tmp_path / "t.csv", index=False)
        table = tables.from_frame(tables.read(tmp_path / "t.csv"), "y")
        assert len(table.y) == 100 and table.notes == notes


def test_a_million_rows_are_drawn_from():
    n = 1_000_000
    wide = pd.DataFrame({"a": RNG.standard_normal(n), "y": RNG.random(n) < 0.1})
    table = tables.from_frame(wide, "y")
    assert len(table.y) == tables.MAX_ROWS and abs(table.y.mean() - 0.1) < 0.002
    assert table.notes == ("Of 1,000,000 rows 2,000 are drawn at random.",)


@pytest.mark.parametrize("n_read", [5, 100])
def test_files_are_read_alike(tmp_path, n_read):
    wanted = frame()[:n_read]
    wanted.to_csv(tmp_path / "t.csv", index=False)
    wanted.to_csv(tmp_path / "t.csv.gz", index=False)
    wanted.to_csv(tmp_path / "t.tsv", index=False, sep="\t")
    wanted.to_parquet(tmp_path / "t.parquet")
    for name in ("t.csv", "t.csv.gz", "t.tsv", "t.parquet"):
        pd.testing.assert_frame_equal(tables.read(tmp_path / name), wanted, check_dtype=False)


@pytest.mark.parametrize(
    ("change", "target", "task", "message"),
    [
        ({}, "z", None, r"target must be one of the columns \['a', 'b', 'y'\], got 'z'"),
        ({"price": 1.0}, "pric", None, "did you mean 'price'"),
        ({"y": "same"}, "y", None, "target must have 2 to 50 classes .* has 1 of 1"),
        ({"y": 2.5}, "y", "regression", "target must have more than one value"),
        ({}, "y", "regression", "target must be numbers for regression, 'y' holds"),
        ({}, "y", "ranking", "task must be one of"),
        ({"y": [f"c{i // 3}" for i in range(N)]}, "y", None, "has 0 of 100"),
        ({"y": [f"c{i % 60}" for i in range(900)]}, "y", None, "at least 10 rows"),
    ],
)
def test_refuses_targets(change, target, task, message):
    if len(np.atleast_1d(change.get("y", 0))) > N:
        table = pd.DataFrame({"a": RNG.standard_normal(900), **change})
    else:
        table = frame(**change)
    with pytest.raises(ValueError, match=message):
        tables.from_frame(table, target, task)


def test_refuses_small_and_empty_tables():
    with pytest.raises(ValueError, match="data must have at least 50 rows with a value of 'y'"):
        tables.from_frame(frame()[:49], "y")
    with pytest.raises(ValueError, match="data must have a column to learn from besides 'y'"):
        tables.from_frame(frame()[["y"]], "y")
    with pytest.raises(ValueError, match="frame must be a pandas DataFrame, got list"):
        tables.from_frame([1, 2], "y")
    with pytest.raises(ValueError, match=r"different names, got several of \['a'\]"):
        tables.from_frame(frame().set_axis(["a", "a", "y"], axis=1), "y")
    with pytest.raises(ValueError, match="X must have two dimensions"):
        tables.from_arrays(np.ones(5), np.ones(5))


def test_resplit_learns_from_training_rows_alone():
    """Whatever the test rows hold, the training inputs stay the same."""
    table = tables.from_frame(frame(c=RNG.choice(["u", "v", None], N)), "y")
    before = tables.resplit(table, 0)
    rows = tables.train_test_split(np.arange(N), test_size=0.2, stratify=table.y, random_state=0)[1]
    table.X.iloc[rows, 0] = 1e6
    table.X.iloc[rows, 2] = "never seen"
    after = tables.resplit(table, 0)
    np.testing.assert_array_equal(before.X_train, after.X_train)
    assert np.abs(after.X_test).max() > 1e5 and np.isfinite(after.X_test).all()


def test_missing_values_become_columns_of_their_own():
    numbers = RNG.standard_normal(N)
    numbers[::4] = np.nan
    words = RNG.choice(["u", "v"], N).astype(object)
    words[::5] = None
    cut = tables.resplit(tables.from_frame(frame(a=numbers, c=words), "y"), 1)
    assert cut.X_train.shape[1] == 2 + 1 + 3  # a, b; where a is missing; u, v, missing


def test_many_categories_are_bounded():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = tables.from_frame(frame(c=[f"c{i % 100}" for i in range(N)]), "y")
        cut = tables.resplit(table, 0)
    assert cut.X_train.shape[1] == 2 + 20

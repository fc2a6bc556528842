"""Tables are read as their notes say; `tests.refusals` has those that are refused."""

import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esutils import tables
from esutils.tables import reading
from tests.helpers.made_tables import made_tables
from tests.helpers.strategies import few

RNG = np.random.default_rng(0)
N = 300


def frame(**columns):
    """Make a frame of two clean columns and a target of two classes, changed or added to."""
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
            "Values of t that are not numbers, now missing: 6.",
        ),
        (
            {"t": [np.inf if i == 3 else i for i in range(N)]},
            "Values of t that are not numbers, now missing: 1.",
        ),
        (
            {"y": [None] * 7 + ["yes", "no"] * ((N - 7) // 2) + ["no"]},
            "Rows left out because y is missing: 7.",
        ),
        (
            {"y": ["rare"] * 9 + ["yes", "no"] * ((N - 9) // 2) + ["no"]},
            "Classes left out because they have fewer than 10 rows: rare.",
        ),
    ],
)
def test_notes_say_what_is_left_out(columns, note):
    assert tables.from_frame(frame(**columns), "y").notes == (note,)


def test_notes_say_that_a_long_file_was_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MAX_READ", 100)
    for n_rows, notes in ((100, ()), (101, ("Only the first 100 rows of the file are read.",))):
        frame()[:n_rows].to_csv(tmp_path / "t.csv", index=False)
        table = tables.from_frame(tables.read(tmp_path / "t.csv"), "y")
        assert len(table.y) == 100 and table.notes == notes


def test_rows_are_drawn_from_a_million():
    n = 1_000_000
    wide = pd.DataFrame({"a": RNG.standard_normal(n), "y": RNG.random(n) < 0.1})
    table = tables.from_frame(wide, "y")
    assert len(table.y) == reading.MAX_ROWS and abs(table.y.mean() - 0.1) < 0.002
    assert table.notes == ("2,000 of 1,000,000 rows are drawn at random.",)


@pytest.mark.parametrize("n_read", [5, 100])
def test_the_kind_of_file_does_not_matter(tmp_path, n_read):
    wanted = frame()[:n_read]
    wanted.to_csv(tmp_path / "t.csv", index=False)
    wanted.to_csv(tmp_path / "t.csv.gz", index=False)
    wanted.to_csv(tmp_path / "t.tsv", index=False, sep="\t")
    wanted.to_parquet(tmp_path / "t.parquet")
    for name in ("t.csv", "t.csv.gz", "t.tsv", "t.parquet"):
        pd.testing.assert_frame_equal(tables.read(tmp_path / name), wanted, check_dtype=False)


cells = st.integers(-(10**6), 10**6) | st.floats(-9, 9, width=32) | st.text("abc xyz", min_size=1)
kinds = st.sampled_from([("csv", ","), ("tsv", "\t"), ("txt", "\t")])
endings = st.sampled_from(["", ".gz", ".bz2", ".xz", ".zip"])


@few
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=9), kinds, endings)
def test_a_file_is_read_whole_however_it_is_compressed(tmp_path_factory, rows, kind, ending):
    path = tmp_path_factory.mktemp("table") / f"small.{kind[0]}{ending}"
    pd.DataFrame(rows, columns=["first", "second"]).to_csv(path, index=False, sep=kind[1])
    expected = pd.read_csv(path, sep=kind[1])
    assert expected.shape == (len(rows), 2)
    pd.testing.assert_frame_equal(tables.read(path), expected)


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "t.parquet").touch()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r'pip install "expand-and-sparsify\[report\]"'):
        tables.read(tmp_path / "t.parquet")


@given(made_tables(), st.data())
def test_the_order_of_columns_and_rows_without_a_target_do_not_matter(table, draws):
    frame = table.X.assign(target=table.y)
    columns = draws.draw(st.permutations(list(frame)))
    missing = draws.draw(st.integers(0, 5))
    empty = pd.DataFrame(1.5, index=range(missing), columns=list(frame)).assign(target=np.nan)
    again = tables.from_frame(
        pd.concat([frame, empty])[columns], "target", table.task, standardise=table.standardise
    )
    pd.testing.assert_frame_equal(again.X[list(table.X)], table.X, check_dtype=False)
    assert np.array_equal(again.y, table.y)
    assert len(again.notes) == (missing > 0) and (again.classes is None) == (table.classes is None)

"""Sweeps run in order, continue where they stopped, and return what they keep to the last bit."""

import os
from itertools import product

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from esutils import sweep
from tests.helpers.strategies import few
from tests.test_sweep import same

grids = st.dictionaries(
    st.sampled_from(["width", "kind", "share"]),
    st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True),
    max_size=3,
)
some_seeds = st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True)


def measured(seed, **point):
    return {"found": [*point.values(), seed], "drawn": np.random.default_rng(seed).normal(size=2)}


@given(grids, some_seeds)
def test_a_grid_is_run_in_order(grid, asked):
    with joblib.parallel_config(backend="sequential"):
        rows = sweep.over_grid(measured, grid, asked)
    assert [row["found"] for row in rows] == [list(run) for run in product(*grid.values(), asked)]
    assert [list(row)[: len(grid) + 1] for row in rows] == [[*grid, "seed"]] * len(rows)


@few
@given(some_seeds, some_seeds)
def test_a_sweep_that_was_stopped_ends_as_one_that_was_not(tmp_path_factory, first, asked):
    folder = tmp_path_factory.mktemp("runs")
    with joblib.parallel_config(backend="sequential"):
        sweep.over_seeds(measured, first, folder)
        resumed, fresh = (
            sweep.over_seeds(measured, asked, folder),
            sweep.over_seeds(measured, asked),
        )
    assert len(list(folder.glob("*.npz"))) == len({*first, *asked})
    assert same(resumed, fresh)


def drawn(case, seed):
    rng = np.random.default_rng([case, seed])
    return {"mean": rng.random(), "values": rng.random((2, 3)), case: case}


@few
@given(st.lists(st.integers(0, 9), max_size=3, unique=True), some_seeds)
def test_by_seed_stacks_the_results_of_each_case(tmp_path_factory, cases, asked):
    folder = tmp_path_factory.mktemp("runs")
    with joblib.parallel_config(backend="sequential"), pytest.MonkeyPatch.context() as patch:
        patch.setenv("ES_SWEEPS", str(folder))
        found, again = (sweep.by_seed(drawn, iter(cases), iter(asked)) for _ in range(2))
    assert same(found, again) and len(list(folder.glob("*.npz"))) == len(cases) * len(asked)
    assert list(found) == cases
    for case in cases:
        runs = [drawn(case, seed) for seed in asked]
        assert same(found[case], {key: np.array([run[key] for run in runs]) for key in runs[0]})


keys = st.one_of(st.text(), st.integers(), st.booleans(), st.none(), st.tuples(st.text()))
arrays = hnp.arrays(
    st.sampled_from(["f4", "f8", "i8", "u2", "bool", "c16", "U3"]), hnp.array_shapes(min_dims=0)
)
leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), arrays)
results = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(keys, inner, max_size=3),
    ),
    max_leaves=8,
)


@given(result=results)
def test_what_is_kept_comes_back_to_the_last_bit(tmp_path_factory, result):
    home = tmp_path_factory.mktemp("kept")

    def run(seed):
        with open(home / "log", "a") as log:
            log.write("run ")
        return result

    with joblib.parallel_config(backend="sequential"):
        for _ in range(2):
            [found] = sweep.over_seeds(run, [0], home / "runs")
            assert same(found, result)
    assert (home / "log").read_text() == "run " and len(os.listdir(home / "runs")) == 1

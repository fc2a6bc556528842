"""Runs side by side, in order; kept on disk and found again; the same on Dask."""

import functools
import os
import signal
import subprocess
import sys
import textwrap
import time

import joblib
import numpy as np
import pytest

from esutils import kept, sweep
from esutils.dependence import dependence_digest
from esutils.sweep import over_grid, over_seeds


@pytest.fixture
def sequential():
    with joblib.parallel_config(backend="sequential"):
        yield


# ---- side by side


def test_results_come_in_the_order_of_the_seeds_from_other_processes():
    offset = 10

    def experiment(seed):
        return seed + offset, os.getpid()

    results = over_seeds(experiment, range(6))
    assert [value for value, _ in results] == [10, 11, 12, 13, 14, 15]
    assert os.getpid() not in {process for _, process in results}


def test_an_error_in_one_seed_reaches_the_reader():
    def experiment(seed):
        raise ValueError(f"seed {seed} went wrong")

    with pytest.raises(ValueError, match="seed 3 went wrong"):
        over_seeds(experiment, [3])


def test_the_backend_can_be_chosen(sequential):
    assert over_seeds(lambda seed: os.getpid(), [0]) == [os.getpid()]


@pytest.mark.parametrize(("mode", "shown"), [("check", False), ("", True)])
def test_progress_is_shown_to_a_reader_and_not_recorded(
    monkeypatch, capsys, sequential, mode, shown
):
    monkeypatch.setenv("ES_LEDGER", mode)
    over_seeds(abs, [1, 2])
    assert ("seeds" in capsys.readouterr().err) == shown


@pytest.mark.parametrize("result", [3, {"seed": 1}, {"width": 1}])
def test_a_grid_refuses_a_result_that_is_no_dict_or_hides_a_setting(sequential, result):
    with pytest.raises(ValueError, match="dict without the names .*'width', 'seed'.*got"):
        over_grid(lambda width, seed: result, {"width": [1]}, seeds=[0])


# ---- kept on disk


def same(a, b):
    """Return whether two results are the same: types, order of keys, and every bit."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and np.shape(a) == np.shape(b) and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        a, b = list(a.items()), list(b.items())
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return repr(a) == repr(b)


@pytest.mark.parametrize("result", [object(), {1, 2}, np.array([None]), [range(3)], {"f": len}])
def test_what_cannot_be_kept_is_refused_and_leaves_no_file(tmp_path, result):
    with pytest.raises(ValueError, match="result must be made of numbers, .*got"):
        kept.save(tmp_path / "result.npz", result)
    assert not os.listdir(tmp_path)


def logged(seed, log):
    """Note in a file that the run began, and draw numbers."""
    with open(log, "a") as file:
        file.write(f"{seed} ")
    return {"drawn": np.random.default_rng(seed).normal(size=5)}


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


def test_a_kept_run_is_not_run_again(tmp_path, log, sequential):
    run = functools.partial(logged, log=str(log))
    first = over_seeds(run, [1, 2], tmp_path / "runs")
    again = over_seeds(run, [1, 2, 3], tmp_path / "runs")
    assert log.read_text() == "1 2 3 "
    assert same(again[:2], first)


def test_the_environment_can_name_the_folder(tmp_path, log, sequential, monkeypatch):
    monkeypatch.setenv("ES_SWEEPS", str(tmp_path / "runs"))
    run = functools.partial(logged, log=str(log))
    assert same(over_seeds(run, [1]), over_seeds(run, [1]))
    assert log.read_text() == "1 "


def test_other_versions_are_other_runs(tmp_path, log, sequential, monkeypatch):
    run = functools.partial(logged, log=str(log))
    over_seeds(run, [1], tmp_path)
    monkeypatch.setattr(sweep, "versions", lambda: {"numpy": "9"})
    over_seeds(run, [1], tmp_path)
    assert log.read_text() == "1 1 "


# ---- what a run depends on


def defined(source):
    """Return the function ``run`` of a notebook with this source."""
    names = {"__name__": "__main__"}
    exec(textwrap.dedent(source), names)
    return names["run"]


NOTEBOOK = """
import numpy as np
from esutils import data
SIZES = {"n": [1, 2]}
def twice(x):
    return 2 * x
class Model:
    def fit(self):
        return SIZES
def make(factor):
    def run(seed, more=1):
        model = Model()
        return [twice(seed) * factor + more + np.sum(SIZES["n"]) for _ in range(2)]
    return run
run = make(3)
def other():
    return 1
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2 * x", "3 * x"),  # a function that is called
        ("[1, 2]", "[1, 3]"),  # a global that is read
        ("make(3)", "make(4)"),  # a name that is closed over
        ("more=1", "more=2"),  # a default
        ("return SIZES", "return 5"),  # a method
        ("* factor +", "* factor -"),  # the code itself
        ("np.sum", "np.max"),  # a library's function
    ],
)
def test_a_change_that_matters_changes_the_digest(old, new):
    assert old in NOTEBOOK
    assert dependence_digest(defined(NOTEBOOK)) != dependence_digest(
        defined(NOTEBOOK.replace(old, new))
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return 1", "return 2"),  # a function that is not called
        ("def other", "# a comment\n\ndef other"),
        ("import numpy as np", "import os, numpy as np\nextra = object()"),
    ],
)
def test_a_change_that_does_not_matter_leaves_it(old, new):
    assert old in NOTEBOOK
    assert dependence_digest(defined(NOTEBOOK)) == dependence_digest(
        defined(NOTEBOOK.replace(old, new))
    )


def test_functions_that_call_one_another_have_a_digest():
    source = """
    def even(n):
        return n == 0 or odd(n - 1)
    def odd(n):
        return n != 0 and even(n - 1)
    run = even
    """
    assert dependence_digest(defined(source)) == dependence_digest(defined(source))


def test_the_esutils_code_that_is_reached_counts(monkeypatch):
    source = "from esutils import {}\ndef run(seed):\n    return {}"
    names = ("sparsify", "readout")
    before = [dependence_digest(defined(source.format(name, name))) for name in names]
    monkeypatch.setattr(dependence, "module_digest", lambda name: name == "sparsify")
    after = [dependence_digest(defined(source.format(name, name))) for name in names]
    assert len({*before, *after}) == 4


def test_what_cannot_be_hashed_is_refused_by_its_name():
    source = "stream = (x for x in [1])\ndef run(seed):\n    return next(stream)"
    with pytest.raises(ValueError, match="'stream' of type generator"):
        dependence_digest(defined(source))


def test_another_process_finds_the_same_digest():
    code = f"from tests.test_sweep import *; print(dependence_digest(defined({NOTEBOOK!r})))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout.strip() == dependence_digest(defined(NOTEBOOK)), run.stderr


# ---- on a cluster


def on_worker(width, seed, folder):
    """Kill the worker at one of the runs, the first time."""
    try:
        os.remove(f"{folder}/bomb-{width}-{seed}")
    except FileNotFoundError:
        time.sleep(0.1)
        return {"values": np.random.default_rng([width, seed]).normal(size=3), "by": os.getpid()}
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_dask_cluster_that_loses_a_worker_gives_the_same_results(tmp_path):
    distributed = pytest.importorskip("distributed")
    (tmp_path / "bomb-2-1").touch()
    run = functools.partial(on_worker, folder=str(tmp_path))
    asked = {"experiment": run, "grid": {"width": [1, 2, 3]}, "seeds": range(4)}
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs="CRITICAL"
    )
    with cluster, distributed.Client(cluster), joblib.parallel_config(backend="dask"):
        first = over_grid(**asked, folder=tmp_path / "runs")
    assert not (tmp_path / "bomb-2-1").exists()
    assert len({row["by"] for row in first}) >= 2 and os.getpid() not in {r["by"] for r in first}

    again = over_grid(**asked, folder=tmp_path / "runs")  # read back, without the cluster
    assert same(again, first)
    alone = over_grid(**asked)
    assert all(np.array_equal(a["values"], b["values"]) for a, b in zip(alone, first, strict=True))

"""Runs side by side, in order; kept on disk and found again; the same on Dask."""

import functools
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest

import esutils
from esutils import sweep
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
    """Return whether two results have the same types, order of keys, and bits."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and np.shape(a) == np.shape(b) and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        a, b = list(a.items()), list(b.items())
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return repr(a) == repr(b)


@pytest.mark.parametrize("kind", ["object", "set", "array of objects", "range", "function"])
def test_what_cannot_be_kept_is_refused_and_leaves_no_file(tmp_path, sequential, kind):
    def run(seed):
        results = {"object": object(), "set": {1, 2}, "array of objects": np.array([None])}
        return (results | {"range": [range(3)], "function": {"f": len}})[kind]

    with pytest.raises(ValueError, match="result must be made of numbers, .*got"):
        over_seeds(run, [0], tmp_path)
    assert not os.listdir(tmp_path)


def logged(seed, log):
    """Note in a file that the run has begun, and draw numbers."""
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


# ---- how a kept run is known

SCALED = 2


def scaled(seed):
    return seed * SCALED


def test_a_run_is_made_again_if_something_that_it_reads_has_changed(
    tmp_path, sequential, monkeypatch
):
    assert over_seeds(scaled, [1, 2], tmp_path) == [2, 4]
    monkeypatch.setitem(globals(), "SCALED", 3)
    assert over_seeds(scaled, [1, 2], tmp_path) == [3, 6]


def test_a_setting_may_be_a_function_and_counts_with_its_code(tmp_path, sequential):
    def run(by, seed):
        return {"found": by(seed)}

    for shift in (1, 2):
        [row] = over_grid(run, {"by": [lambda seed, shift=shift: seed + shift]}, [0], tmp_path)
        assert row["found"] == shift


def test_other_versions_are_other_runs(tmp_path, log, sequential, monkeypatch):
    run = functools.partial(logged, log=str(log))
    over_seeds(run, [1], tmp_path)
    monkeypatch.setattr(sweep, "versions", lambda: {"numpy": "9"})
    over_seeds(run, [1], tmp_path)
    assert log.read_text() == "1 1 "


def test_another_scale_makes_other_runs(tmp_path, log, sequential, monkeypatch):
    run = functools.partial(logged, log=str(log))
    for scale in ("", "quick", "paper"):
        monkeypatch.setenv("ES_SCALE", scale)
        over_seeds(run, [1], tmp_path)
    assert log.read_text() == "1 1 "


def test_a_change_anywhere_in_esutils_makes_other_runs(tmp_path):
    """Run a script twice, and a third time with a comment added to one of the package's files."""
    package = shutil.copytree(Path(esutils.__file__).parent, tmp_path / "esutils")
    script = tmp_path / "script.py"
    script.write_text("from esutils import sweep\nprint(sweep.over_seeds(abs, [-1], 'runs'))\n")
    n_kept = []
    for change in ("", "", "# a comment\n"):
        with (package / "show" / "plots.py").open("a") as file:
            file.write(change)
        command = [sys.executable, script]
        run = subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)})
        assert run.returncode == 0
        n_kept.append(len(list((tmp_path / "runs").iterdir())))
    assert n_kept == [1, 1, 2]


# ---- on a cluster


def on_worker(width, seed, folder):
    """Note which process makes a run; one of the runs kills its worker the first time."""
    Path(folder, f"{width}-{seed}-{os.getpid()}").touch()
    try:
        os.remove(f"{folder}/bomb-{width}-{seed}")
    except FileNotFoundError:
        return {"values": np.random.default_rng([width, seed]).normal(size=3), "by": os.getpid()}
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_dask_cluster_that_loses_a_worker_gives_the_same_results(tmp_path):
    distributed = pytest.importorskip("distributed")
    dask = pytest.importorskip("dask")
    seconds = dict.fromkeys(["connect", "tcp"], 600)
    patient = dask.config.set({"distributed.comm.timeouts": seconds})
    marks = tmp_path / "marks"
    marks.mkdir()
    (marks / "bomb-2-1").touch()
    run = functools.partial(on_worker, folder=str(marks))
    asked = {"experiment": run, "grid": {"width": [1, 2, 3]}, "seeds": range(4)}
    options = {
        "n_workers": 2,
        "threads_per_worker": 1,
        "dashboard_address": None,
        "silence_logs": "CRITICAL",
        "local_directory": tmp_path,
    }
    with (
        patient,  # whatever else the machine does
        distributed.LocalCluster(**options) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        first = over_grid(**asked, folder=tmp_path / "runs")
    assert os.getpid() not in {row["by"] for row in first}
    assert not (marks / "bomb-2-1").exists()
    by = {int(path.name.split("-")[2]) for path in marks.glob("2-1-*")}
    [survivor] = [row["by"] for row in first if (row["width"], row["seed"]) == (2, 1)]
    assert survivor in by and len(by) >= 2  # the worker that was killed, and the next one

    again = over_grid(**asked, folder=tmp_path / "runs")  # read back, without the cluster
    assert same(again, first)
    alone = over_grid(**asked)
    assert all(np.array_equal(a["values"], b["values"]) for a, b in zip(alone, first, strict=True))

"""Killed at any moment, or two at once: every file is whole, and the next run ends as if alone."""

import errno
import os
import random
import re
import subprocess
import time

import joblib
import numpy as np
import pytest

from esutils.common.files import write_text
from esutils.sweep import over_seeds
from tests.helpers.killing import POINTS, assert_whole, contents, end, kill, kill_at, lay, start
from tests.helpers.pages import ROOT
from tests.helpers.programs import CASES, EXECUTE, NOTEBOOK, SWEEP

# ---- a file


def test_a_file_is_whole_at_any_moment(tmp_path):
    program = """
import itertools, pathlib
from esutils.common.files import write_text
for letter in itertools.cycle("ab"):
    write_text(pathlib.Path("file"), letter * 1_000_000)
"""
    moments = random.Random(0)
    for _ in range(20):
        (tmp_path / "file").unlink(missing_ok=True)
        process = start(tmp_path, program)
        while process.poll() is None and not (tmp_path / "file").exists():
            time.sleep(0.001)
        time.sleep(moments.uniform(0, 0.05))
        kill(process)
        assert (tmp_path / "file").read_text() in ("a" * 1_000_000, "b" * 1_000_000)


@pytest.mark.parametrize("point", list(POINTS)[:3])
def test_what_a_killed_process_leaves_goes_a_day_later(tmp_path, point):
    program = "from pathlib import Path\nfrom esutils.common.files import write_text\n"
    kill_at(point, tmp_path, program + "write_text(Path('file'), 'text')")
    [left] = tmp_path.iterdir()
    assert left.name.startswith(".partial-")
    write_text(tmp_path / "file", "text")
    assert left.exists()  # it might be another process at work
    a_day_ago = time.time() - 24 * 60 * 60
    os.utime(left, (a_day_ago - 1, a_day_ago - 1))
    write_text(tmp_path / "file", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_nothing_else_is_written_in_place():
    folders = ("esutils", "paper", "benchmarks", "tools")
    sources = [path for name in folders for path in (ROOT / name).glob("*.py")]
    for path in {*sources, ROOT / "tools" / "nbconvert_config.py"} - {
        ROOT / "esutils" / "_whole.py"
    }:
        in_place = r"""\.write_(text|bytes)\(|\bopen\([^)]*["'][rb]?[wax]"""
        assert not re.search(in_place, path.read_text(encoding="utf-8")), path


# ---- every kind of file


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    """A program, the files before and after it, and the seconds it takes."""
    program, before = CASES[request.param]
    folder, begun = lay(tmp_path_factory.mktemp("alone"), before), time.monotonic()
    end(start(folder, program))
    return program, before, contents(folder), time.monotonic() - begun


def test_killed_it_leaves_whole_files_and_the_next_run_ends_as_if_alone(case, tmp_path):
    program, before, after, seconds = case
    limit = min(len(after[name]) for name in after if after[name] != before.get(name)) // 2
    found = contents(lay(tmp_path, before))
    for n_killed, point in enumerate(POINTS, start=1):
        kill_at(point, tmp_path, program, limit)
        assert len([*tmp_path.rglob(".partial-*")]) == n_killed  # each was at work on a file
        found = assert_whole(tmp_path, found, after)
    assert found != before  # at the last point a file had its name
    moments = random.Random(0)
    for _ in range(2):
        process = start(tmp_path, program)
        time.sleep(moments.uniform(0, seconds))
        kill(process)
        found = assert_whole(tmp_path, found, after)
    end(start(tmp_path, program))
    assert contents(tmp_path) == after


def test_a_chapter_killed_in_mid_write_keeps_its_notebook(tmp_path):
    alone, killed = (lay(tmp_path / name, NOTEBOOK) for name in ("alone", "killed"))
    begun = time.monotonic()
    end(start(alone, EXECUTE))
    seconds = time.monotonic() - begun
    kill_at("in the middle of a write", killed, EXECUTE, limit=20_000)
    assert contents(killed) == NOTEBOOK
    process = start(killed, EXECUTE)
    time.sleep(random.Random(0).uniform(0, seconds))
    kill(process)
    assert_whole(killed, NOTEBOOK, contents(alone))
    end(start(killed, EXECUTE))
    assert contents(killed) == contents(alone) != NOTEBOOK


@pytest.mark.parametrize("case", ["download", "sweep", "verdicts", "paper"], indirect=True)
def test_two_at_once_end_as_one(case, tmp_path):
    program, before, after, _ = case
    lay(tmp_path, before)
    end(*[start(tmp_path, program) for _ in range(2)])
    assert contents(tmp_path) == after
    assert not list(tmp_path.rglob(".partial-*"))


def test_numbers_of_a_chapter_from_two_processes_are_all_kept(tmp_path):
    program = """
import pathlib, sys, time
from unittest.mock import MagicMock
sys.modules["myst_nb"] = MagicMock()
from esutils import claims
me = sys.argv[1]
pathlib.Path(f"ready-{me}").touch()
while not all(pathlib.Path(f"ready-{name}").exists() for name in "ab"):
    time.sleep(0.001)
for i in range(20):
    claims.report("toy", 0.1, **{f"{me}{i}": i})
"""
    (tmp_path / "claims.yml").touch()
    end(*[start(tmp_path, program, name) for name in "ab"])
    numbers = (tmp_path / "verdicts" / "numbers" / "toy.json").read_text()
    assert re.findall(r'"(\w+)"', numbers) == sorted(f"{me}{i}" for me in "ab" for i in range(20))


# ---- a sweep


def test_a_killed_sweep_runs_only_what_is_missing(tmp_path):
    kill_at("once it has its name", tmp_path, SWEEP)
    process = start(tmp_path, SWEEP, stdout=subprocess.PIPE, text=True)
    assert process.communicate()[0].split() == ["run"] * 11


@pytest.fixture
def sequential():
    with joblib.parallel_config(backend="sequential"):
        yield


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 32 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", folder]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no disk can be mounted here: {error}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def heavy(seed):
    return np.random.default_rng(seed).normal(size=1000)


def test_a_full_disk_stops_the_sweep_and_loses_nothing(small_disk, sequential):
    with pytest.raises(OSError) as raised:
        over_seeds(heavy, range(10), small_disk)
    assert raised.value.errno == errno.ENOSPC
    kept = [path.name for path in small_disk.iterdir()]
    assert kept and all(name.endswith(".npz") for name in kept)
    for path in small_disk.iterdir():
        kept.load(path)
    subprocess.run(["mount", "-o", "remount,size=1m", small_disk], check=True)
    assert np.array_equal(over_seeds(heavy, range(10), small_disk), [*map(heavy, range(10))])


def test_no_space_left_after_the_third_run(tmp_path, sequential, monkeypatch):
    """The same wherever the tests run: the disk is said to be full."""
    written = []

    def fsync(descriptor):
        written.append(descriptor)
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fsync)
        with pytest.raises(OSError, match="No space left"):
            over_seeds(heavy, range(5), tmp_path)
    assert len(os.listdir(tmp_path)) == 2
    assert np.array_equal(over_seeds(heavy, range(5), tmp_path), [*map(heavy, range(5))])

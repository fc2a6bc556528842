"""Killed at any moment, or two at once: every file is whole, and the next run ends as if alone."""

import errno
import gzip
import io
import json
import os
import random
import re
import subprocess
import time

import joblib
import nbformat
import numpy as np
import pytest

from esutils.common.files import write_text
from esutils.sweep import over_seeds
from tests.helpers import programs
from tests.helpers.datafiles import tiny
from tests.helpers.killing import (
    assert_whole,
    contents,
    end,
    kill,
    kill_at,
    lay,
    release,
    start,
)
from tests.helpers.pages import ROOT
from tests.helpers.programs import POINTS

DEADLY = [point for point in POINTS if point != "never"]

# ---- a file


def test_a_file_is_whole_at_any_moment(tmp_path):
    moments = random.Random(0)
    for _ in range(20):
        (tmp_path / "file").unlink(missing_ok=True)
        process = start(tmp_path, programs.write_again_and_again)
        release(process)
        while process.poll() is None and not (tmp_path / "file").exists():
            time.sleep(0.001)
        time.sleep(moments.uniform(0, 0.05))
        kill(process)
        assert (tmp_path / "file").read_text() in ("a" * 1_000_000, "b" * 1_000_000)


@pytest.mark.parametrize("point", DEADLY[:3])
def test_what_a_killed_process_leaves_goes_a_day_later(tmp_path, point):
    kill_at(point, tmp_path, programs.write_once)
    [left] = tmp_path.iterdir()
    assert left.name.startswith(".partial-")
    write_text(tmp_path / "file", "text")
    assert left.exists()  # it might belong to another process at work
    a_day_ago = time.time() - 24 * 60 * 60
    os.utime(left, (a_day_ago - 1, a_day_ago - 1))
    write_text(tmp_path / "file", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_program_that_writes_in_place_is_found_out(tmp_path):
    with pytest.raises(AssertionError, match="file is written in place"):
        end(start(tmp_path, programs.write_in_place))


# ---- every kind of file


def samples():
    """Return stored samples that a new run does not reproduce."""
    about = dict.fromkeys(["versions", "arithmetic", "commit", "dirty"])
    about |= {"experiment": 1, "step": 0.0, "seeds": [0, 1]}
    file = io.BytesIO()
    np.savez(file, about=np.array(json.dumps(about)), statistic=[0.0, 1.0])
    return file.getvalue()


TIMED = {
    "datetime": "2026-01-01",
    "machine_info": {"cpu": {"brand_raw": "toy", "count": 2}, "python_version": "3"},
    "benchmarks": [{"extra_info": {"task": "t", "side": "s"}, "stats": {"median": 1.0}}],
}
BEFORE = {  # what lies in the folder of a program before it runs
    programs.download: {
        f"web/{name}.gz": gzip.compress(content, mtime=0) for name, content in tiny().items()
    },
    programs.sweep: {},
    programs.judge: {
        "ledger/claims.yml": (ROOT / "ledger/claims.yml").read_bytes(),
        "ledger/samples/quick/simulation/sphere.rate.npz": samples(),
        "ledger/numbers/02-universal-approximation.json": b'{"old": 1.0}',
    },
    programs.replay_runs: {"ledger/claims.yml": b""},
    programs.report: {"report.html": b"old"},
    programs.paper: {"results/toy.json": b"{}"},
    programs.benchmarks: {
        "book.py": (ROOT / "tools/benchmarks/book.py").read_bytes(),
        "table.py": (ROOT / "tools/benchmarks/table.py").read_bytes(),
        "book.xml": b'<a><testsuite time="1" timestamp="2026-01-01T0"></testsuite></a>',
        "benchmarks.json": json.dumps(TIMED).encode(),
        **dict.fromkeys(["book.json", "results.json", "RESULTS.md"], b"old"),
    },
}
CELL = nbformat.v4.new_code_cell("print('new ' * 10_000)")
NOTEBOOK = {"toy.ipynb": nbformat.writes(nbformat.v4.new_notebook(cells=[CELL])).encode()}


def run_alone(folder, program, before):
    """Run a program to its end; return the files after it, and the seconds it took."""
    process = start(lay(folder, before), program)
    release(process)
    begun = time.monotonic()
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return contents(folder), time.monotonic() - begun


def kill_at_a_random_moment(folder, program, seconds, moments):
    process = start(folder, program)
    release(process)
    time.sleep(moments.uniform(0, seconds))
    kill(process)


@pytest.fixture(scope="module", params=BEFORE, ids=lambda program: program.__name__)
def case(request, tmp_path_factory):
    """Return a program, the files before and after it, and the seconds that it takes."""
    program, before = request.param, BEFORE[request.param]
    return program, before, *run_alone(tmp_path_factory.mktemp("alone") / "here", program, before)


def test_killed_it_leaves_whole_files_and_the_next_run_ends_as_if_alone(case, tmp_path):
    program, before, after, seconds = case
    limit = min(len(after[name]) for name in after if after[name] != before.get(name)) // 2
    folder = lay(tmp_path / "here", before)
    found = contents(folder)
    for n_killed, point in enumerate(DEADLY, start=1):
        kill_at(point, folder, program, limit)
        assert len([*folder.rglob(".partial-*")]) == n_killed  # each was at work on a file
        found = assert_whole(folder, found, after)
    assert found != before  # at the last point a file had its name
    moments = random.Random(0)
    for _ in range(2):
        kill_at_a_random_moment(folder, program, seconds, moments)
        found = assert_whole(folder, found, after)
    end(start(folder, program))
    assert contents(folder) == after


def test_a_chapter_killed_in_mid_write_keeps_its_notebook(tmp_path):
    after, seconds = run_alone(tmp_path / "alone", programs.execute, NOTEBOOK)
    folder = lay(tmp_path / "killed", NOTEBOOK)
    kill_at("in the middle of a write", folder, programs.execute, limit=20_000)
    assert contents(folder) == NOTEBOOK
    kill_at_a_random_moment(folder, programs.execute, seconds, random.Random(0))
    assert_whole(folder, NOTEBOOK, after)
    end(start(folder, programs.execute))
    assert contents(folder) == after != NOTEBOOK


TWICE = [programs.download, programs.sweep, programs.judge, programs.paper]
TWICE.append(programs.replay_runs)


@pytest.mark.parametrize("case", TWICE, indirect=True, ids=lambda program: program.__name__)
def test_two_at_once_end_as_one(case, tmp_path):
    program, before, after, _ = case
    folder = lay(tmp_path / "here", before)
    end(*[start(folder, program) for _ in range(2)])
    assert contents(folder) == after
    assert not list(folder.rglob(".partial-*"))


def test_numbers_of_a_chapter_from_two_processes_are_all_kept(tmp_path):
    lay(tmp_path, {"ledger/claims.yml": b""})
    end(*[start(tmp_path, programs.report_numbers, name) for name in "ab"])
    numbers = (tmp_path / "ledger" / "numbers" / "toy.json").read_text()
    assert re.findall(r'"(\w+)"', numbers) == sorted(f"{me}{i}" for me in "ab" for i in range(20))


# ---- a sweep


def test_a_killed_sweep_runs_only_what_is_missing(tmp_path):
    folder, ran = lay(tmp_path / "here", {}), tmp_path / "ran"
    kill_at("once it has its name", folder, programs.sweep)
    for path in ran.iterdir():
        path.unlink()
    end(start(folder, programs.sweep))
    assert len(list(ran.iterdir())) == 11


@pytest.fixture
def sequential():
    with joblib.parallel_config(backend="sequential"):
        yield


@pytest.fixture
def small_disk(tmp_path):
    """Return a disk of 32 kB."""
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
    kept = contents(small_disk)
    assert 0 < len(kept) < 10 and all(name.endswith(".npz") for name in kept)
    assert [path.name for path in small_disk.iterdir()] == [*kept]
    subprocess.run(["mount", "-o", "remount,size=1m", small_disk], check=True)
    assert np.array_equal(over_seeds(heavy, range(10), small_disk), [*map(heavy, range(10))])
    assert contents(small_disk).items() >= kept.items()  # they were read, and not made again


def test_no_space_left_after_the_third_run(tmp_path, sequential, monkeypatch):
    """Let the system say that the disk is full, so that this is tested wherever the tests run."""
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

"""The scorecard is built from the records alone, and is not built from a stale one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHAPTER = "11-scorecard"


@pytest.fixture
def book(tmp_path):
    """A copy of what the scorecard reads."""
    for name in ("chapters", "esutils", "verdicts"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("claims.yml", "statistics.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def execute(book):
    """Execute the scorecard in a copy of the book, with the copy's own package."""
    command = ["nbconvert", "--to", "notebook", "--execute", "--stdout", f"{CHAPTER}.ipynb"]
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=book / "chapters",
        env={**os.environ, "PYTHONPATH": str(book), "ES_LEDGER": ""},
        capture_output=True,
        text=True,
    )


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_needs_nothing_but_the_records(book):
    run = execute(book)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("claims.yml", "threshold: 0.1\n", "threshold: 0.2\n"),
        ("statistics.yml", "unit: percent\n", "unit: per mille\n"),
        ("esutils/sparsify.py", "np.maximum(H, 0", "np.minimum(H, 0"),
    ],
    ids=["ledger", "statistics", "esutils"],
)
def test_refuses_what_was_judged_by_something_else(book, path, old, new):
    replace(book / path, old, new)
    run = execute(book)
    assert run.returncode and "is stale; run make execute" in run.stderr


def test_refuses_a_missing_verdict(book):
    next((book / "verdicts" / "digits").glob("*.json")).unlink()
    run = execute(book)
    assert run.returncode and "is recorded; run make execute" in run.stderr


def test_shows_what_was_run_at_the_literatures_scale(book):
    shutil.rmtree(book / "verdicts" / "paper", ignore_errors=True)
    name = "tickets.match-dense.json"
    for data, small in (("mnist", "mnist5k"), ("fashion-mnist", "digits")):
        (book / "verdicts" / "paper" / data).mkdir(parents=True)
        shutil.copy(book / "verdicts" / small / name, book / "verdicts" / "paper" / data / name)
    replace(book / "verdicts" / "paper" / "fashion-mnist" / name, '"digest": "', '"digest": "0')
    run = execute(book)
    assert run.returncode == 0, run.stderr
    assert "<small>MNIST<br>" in run.stdout
    assert "<small>Fashion-MNIST, by older code<br>" in run.stdout
    assert run.stdout.count("not run") > 100  # the rest

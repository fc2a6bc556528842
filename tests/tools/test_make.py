"""What `make test` promises: both halves run, whatever the first one finds, and the end says so."""

import shutil
import subprocess
import sys

import pytest

from tests.helpers.pages import ROOT

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="no make on the path")
PYTHON = """#!/bin/sh
case "$*" in *--nbval*) half=pages; code=$SECOND ;; *) half=tests; code=$FIRST ;; esac
echo "$half after $ES_FIRST_HALF"
exit "$code"
"""


@needs_make
@pytest.mark.parametrize(("tests", "pages"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_both_halves_run_and_one_that_fails_fails_all(tmp_path, monkeypatch, tests, pages):
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setenv("FIRST", str(tests))
    monkeypatch.setenv("SECOND", str(pages))
    monkeypatch.delenv("ES_FIRST_HALF", raising=False)
    there = ["-o", ".venv/.ready", "-o", "web/node_modules/.ready", "-s", f"BIN={tmp_path}"]
    done = subprocess.run(["make", *there, "test"], cwd=ROOT, capture_output=True, text=True)
    first = "failed" if tests else "passed"
    assert done.stdout.splitlines() == ["tests after ", f"pages after {first}"]
    assert (done.returncode != 0) == bool(tests or pages)


@pytest.mark.parametrize(("chosen", "second"), [("none", "failed"), ("counts", "passed")])
def test_the_end_says_which_half_failed(monkeypatch, chosen, second):
    monkeypatch.setenv("ES_FIRST_HALF", "failed")
    command = [sys.executable, "-m", "pytest", "tests/tools/test_mutation.py", "-k", chosen]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    *_, says, last = done.stdout.splitlines()
    assert f"the first half (tests) failed, the second (pages) {second}" in says
    assert "selected" in last

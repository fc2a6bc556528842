"""What a run was made with: versions, commit, and changes that are not committed."""

import os
import platform
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

import esutils
from esutils.common.provenance import changed, commit, versions


def test_versions_are_those_of_what_is_imported(monkeypatch):
    found = versions()
    assert found["numpy"] == np.__version__ and found["esutils"] == esutils.__version__
    assert platform.python_version().startswith(f"{found['python']}.")
    monkeypatch.setattr("esutils.common.provenance._LIBRARIES", ("numpy", "no-such-library"))
    assert versions() == {name: found[name] for name in ("python", "esutils", "numpy")}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder with a Git checkout in it that has one file, committed."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # as a hook would set them
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "a checkout"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "file").write_text("old")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    git(folder, *who, "commit", "--quiet", "--message", "One file")
    return folder


def git(folder, *arguments):
    command = ["git", "-C", folder, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_commit_is_that_of_the_checkout_around_a_folder(checkout):
    found = git(checkout, "log", "-1", "--format=%H").strip()
    assert commit(checkout) == commit(checkout / "inner") == found


def test_changes_are_seen_under_the_paths_that_are_asked_for(checkout):
    assert changed(checkout) is changed(checkout, "inner", "other") is False
    (checkout / "other").write_text("new")  # Git does not know it yet
    assert changed(checkout) is changed(checkout, "other") is True
    assert changed(checkout, "inner") is changed(checkout / "inner", ".") is False
    (checkout / "inner" / "file").write_text("new")
    assert changed(checkout, "inner") is changed(checkout / "inner", "file") is True


def test_without_a_checkout_or_without_git_there_is_no_answer(checkout, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit(tmp_path) is changed(tmp_path) is None
    git(tmp_path, "init", "--quiet")  # a checkout with nothing in it
    assert commit(tmp_path) is changed(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit(checkout) is changed(checkout) is None


FINGERPRINT = "from esutils.common.provenance import arithmetic; print(arithmetic())"


def test_the_arithmetic_of_other_kernels_has_another_fingerprint():
    """OpenBLAS and NumPy are told to do without what this processor may have."""

    def fingerprint(**variables):
        command = [sys.executable, "-c", FINGERPRINT]
        run = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return run.stdout.strip()

    here = fingerprint()
    assert re.fullmatch("[0-9a-f]{12}", here) and fingerprint() == here
    if platform.machine() == "x86_64" and platform.system() == "Linux":
        assert fingerprint(OPENBLAS_CORETYPE="Prescott") != here

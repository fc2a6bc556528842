"""The built book, shared by the tests that read its pages; how many examples a property has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run; a thorough one draws others, and more (--hypothesis-profile).
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile("same")

ROOT = Path(__file__).parents[1]
REPOSITORY = {
    "GITHUB_REPOSITORY": "owner/book",
    "GITHUB_REF_TYPE": "branch",
    "GITHUB_REF_NAME": "main",
}


def build(folder, *options):
    """Build into a fresh folder, so that no page of an earlier build can stand in for a new one."""
    run = subprocess.run(
        [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
        + ["build", ROOT, "--path-output", folder, "-W", "-n", "--keep-going", *options],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **REPOSITORY},
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return folder / "_build"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Return the folder of the built pages."""
    return build(tmp_path_factory.mktemp("book")) / "html"


@pytest.fixture(scope="session")
def single_page(tmp_path_factory):
    """Return the whole book as one page, from which the PDF is printed."""
    folder = build(tmp_path_factory.mktemp("single"), "--builder", "singlehtml")
    return folder / "singlehtml" / "intro.html"

"""What tests share: the built book, MNIST-5k, and how many examples a property is tried on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from esutils import data

# Every run tries the same examples; the thorough profile draws new ones, and more of them
# (--hypothesis-profile=thorough). None of them measures the time, since the machine may be busy.
untimed = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same", derandomize=True, **untimed)
# For mutants it is enough to know that a property fails: we need no smallest example.
to_failure = [Phase.explicit, Phase.generate]
settings.register_profile("quick", settings.get_profile("same"), max_examples=50, phases=to_failure)
settings.register_profile("thorough", max_examples=2000, **untimed)
settings.load_profile("same")

for name in ("ES_SCALE", "ES_SWEEPS"):  # what somebody has set for their own runs
    os.environ.pop(name, None)

ROOT = Path(__file__).parents[1]
REPOSITORY = {
    "GITHUB_REPOSITORY": "owner/book",
    "GITHUB_REF_TYPE": "branch",
    "GITHUB_REF_NAME": "main",
}


def build(folder, *options):
    """Build into a fresh folder, so that no page of an earlier build can pass for a new one."""
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
    """Return the whole book as the single page from which the PDF is printed."""
    folder = build(tmp_path_factory.mktemp("single"), "--builder", "singlehtml")
    return folder / "singlehtml" / "intro.html"


@pytest.fixture(scope="module")
def mnist5k():
    return data.load_mnist5k()

"""Every test run compares claims with the record, gives workers one core, and marks needs."""

import json
import os
from pathlib import Path

import pytest

os.environ.setdefault("ES_LEDGER", "check")  # a claim that no longer matches its record raises
if "PYTEST_XDIST_WORKER" in os.environ:  # set before NumPy is imported
    os.environ.update(dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"), "1"))

LARGE = {"esutils.data.load_mnist", "esutils.data.load_fashion_mnist"}  # not among the packages
NEEDS = {"site": "pages", "single_page": "pages", "chromium": "browser", "real": "data"}
TIMED = json.loads((Path(__file__).parent / "tools" / "benchmarks" / "book.json").read_text())


def pytest_configure(config):
    """Give each page that is executed beside others one process, and memory that it may keep."""
    if hasattr(config, "workerinput") and config.getoption("nbval", False):
        os.environ["LOKY_MAX_CPU_COUNT"] = "1"
        # Large arrays come and go: on Linux, do not ask the system anew for each.
        keep_memory = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")
        os.environ.update(dict.fromkeys(keep_memory, str(2**32)))


@pytest.fixture(autouse=True)
def examples_run_as_a_reader_would(request, monkeypatch):
    """Let examples in docstrings judge what they like: there is no record of it."""
    if isinstance(request.node, pytest.DoctestItem):
        monkeypatch.delenv("ES_LEDGER")
        if request.node.name in LARGE and not os.environ.get("ES_DATA_DIR"):
            pytest.skip("ES_DATA_DIR names no folder (make data)")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what each test needs, and begin with the pages that took longest."""
    for item in items:
        found = {NEEDS[name] for name in getattr(item, "fixturenames", ()) if name in NEEDS}
        found |= {"slow"} if item.path.parent.name == "slow" else set()
        found |= {"data"} if item.name in LARGE else set()
        for need in sorted(found):
            item.add_marker(need)
    items.sort(key=lambda item: -TIMED["pages"].get(item.path.stem, 0))


def pytest_terminal_summary(terminalreporter, exitstatus):
    """Say before the last line of `make test` which of its halves failed."""
    if first := os.environ.get("ES_FIRST_HALF"):
        second = "failed" if exitstatus else "passed"
        line = f"make test: the first half (tests) {first}, the second (pages) {second}"
        terminalreporter.write_sep("=", line, bold=True)

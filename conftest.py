"""Under pytest a claim that no longer matches its verdict raises, and pages take a core each."""

import json
import os
from pathlib import Path

import pytest

os.environ.setdefault("ES_LEDGER", "check")
if "PYTEST_XDIST_WORKER" in os.environ:  # pages are executed side by side
    one_core = ("LOKY_MAX_CPU_COUNT", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS")
    os.environ.update(dict.fromkeys(one_core, "1"))
    # Large arrays come and go: on Linux, do not ask the system anew for each.
    keep_memory = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")
    os.environ.update(dict.fromkeys(keep_memory, str(2**32)))

LARGE = {"esutils.data.load_mnist", "esutils.data.load_fashion_mnist"}  # do not come with it
TIMED = json.loads((Path(__file__).parent / "tools" / "benchmarks" / "book.json").read_text())


@pytest.fixture(autouse=True)
def examples_run_as_a_reader_would(request, monkeypatch):
    """Examples in docstrings judge what they like: there is no record of it."""
    if isinstance(request.node, pytest.DoctestItem):
        monkeypatch.delenv("ES_LEDGER")
        if request.node.name in LARGE and not os.environ.get("ES_DATA_DIR"):
            pytest.skip("ES_DATA_DIR names no folder (make data)")


def pytest_collection_modifyitems(items):
    """Begin with the pages that took longest, so that in the end no core waits for another."""
    items.sort(key=lambda item: -TIMED["pages"].get(item.path.stem, 0))

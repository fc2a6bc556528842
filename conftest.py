"""Under pytest a claim that no longer matches its verdict raises, and pages take a core each."""

import json
import os
from pathlib import Path

os.environ.setdefault("ES_VERDICTS", "check")
if "PYTEST_XDIST_WORKER" in os.environ:  # pages are executed side by side
    one_core = ("LOKY_MAX_CPU_COUNT", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS")
    os.environ.update(dict.fromkeys(one_core, "1"))
    # Large arrays come and go: on Linux, do not ask the system anew for each.
    keep_memory = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")
    os.environ.update(dict.fromkeys(keep_memory, str(2**32)))

TIMED = json.loads((Path(__file__).parent / "benchmarks" / "book.json").read_text())


def pytest_collection_modifyitems(items):
    """Begin with the pages that took longest, so that in the end no core waits for another."""
    items.sort(key=lambda item: -TIMED["pages"].get(item.path.stem, 0))

"""Write RESULTS.md from what pytest-benchmark recorded: medians over turns, and their ratios."""

import json
import platform
import statistics
import sys
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path

from peers import TASKS

HERE = Path(__file__).parent
LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "numba")


def medians(recorded):
    """Return the median seconds of every side of every task, the work done whole."""
    seconds = defaultdict(list)
    for run in recorded["benchmarks"]:
        where = run["extra_info"]["task"], run["extra_info"]["side"]
        seconds[where].append(run["stats"]["median"])
    found = defaultdict(dict)
    for (name, side), values in seconds.items():
        found[name][side] = statistics.median(values) * TASKS[name].parts.get(side, 1)
    return found


def lines(recorded):
    """Yield the page."""
    machine, versions = recorded["machine_info"], (f"{name} {version(name)}" for name in LIBRARIES)
    yield "# Measured beside peers"
    yield ""
    yield f"{recorded['datetime'][:10]}, {machine['cpu']['brand_raw']}, {machine['cpu']['count']} cores, "
    yield f"{platform.system()}, Python {machine['python_version']}, {', '.join(versions)}."
    yield ""
    yield "Written by `make bench`. Seconds are medians over turns in which every side ran once; a ratio"
    yield "above 1 says how many times faster esutils is. Float32 unless the task says otherwise; curves"
    yield "in float64. Both sides may use both cores; NumPy's partition and scikit-learn's sparse product"
    yield "use one by themselves."
    for name, sides in medians(recorded).items():
        task, ours = TASKS[name], sides["esutils"]
        yield from (
            "",
            f"## {task.title}",
            "",
            "| side | seconds | ratio | target |",
            "|---|---|---|---|",
        )
        for side, seconds in sides.items():
            target = task.targets.get(side)
            wanted = (
                f"{target:g}, {'met' if seconds / ours >= target else 'missed'}" if target else ""
            )
            part = " (extrapolated)" if side in task.parts else ""
            yield f"| {side}{part} | {seconds:.3g} | {seconds / ours:.2f} | {wanted} |"


if __name__ == "__main__":
    recorded = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    (HERE / "RESULTS.md").write_text("\n".join(lines(recorded)) + "\n", encoding="utf-8")

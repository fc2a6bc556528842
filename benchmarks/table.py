"""Write results.json and RESULTS.md from what pytest-benchmark recorded."""

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


def summary(recorded):
    """Return the machine, and of every task the median seconds and ratios of its sides."""
    seconds = defaultdict(lambda: defaultdict(list))
    for run in recorded["benchmarks"]:
        seconds[run["extra_info"]["task"]][run["extra_info"]["side"]].append(run["stats"]["median"])
    machine = recorded["machine_info"]
    return {
        "date": recorded["datetime"][:10],
        "machine": f"{machine['cpu']['brand_raw']}, {machine['cpu']['count']} cores, "
        f"{platform.system()}",
        "versions": f"Python {machine['python_version']}, "
        + ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        "tasks": [outcome(TASKS[name], sides) for name, sides in seconds.items()],
    }


def outcome(task, sides):
    """Return the sides of one task, parts of the work made whole."""
    whole = {
        side: statistics.median(taken) * task.parts.get(side, 1) for side, taken in sides.items()
    }
    return {
        "title": task.title,
        "turns": task.turns,
        "sides": [
            {
                "name": side,
                "seconds": float(f"{taken:.4g}"),
                "ratio": float(f"{taken / whole['esutils']:.4g}"),
                "target": task.targets.get(side),
                "extrapolated": side in task.parts,
            }
            for side, taken in whole.items()
        ],
    }


def page(found):
    """Yield the lines of RESULTS.md."""
    yield from ("# Measured beside peers", "", f"{found['date']}. {found['machine']}.")
    yield from (f"{found['versions']}.", "")
    yield "Written by `make bench`. The sides of a task take turns; seconds are medians over turns."
    yield "A ratio is a side's time over that of esutils: above 1, esutils is faster. Every side"
    yield "may use all cores; NumPy's partition and scikit-learn's sparse product use one by"
    yield "themselves. In float32, the curves in float64. Results are compared."
    for task in found["tasks"]:
        yield from ("", f"## {task['title']}", "", "| side | seconds | ratio | target |")
        yield "|---|---|---|---|"
        for side in task["sides"]:
            wanted = ""
            if side["target"]:
                met = "met" if side["ratio"] >= side["target"] else "missed"
                wanted = f"{side['target']:g}, {met}"
            name = side["name"] + (" (extrapolated from a part)" if side["extrapolated"] else "")
            yield f"| {name} | {side['seconds']:.3g} | {side['ratio']:.3g} | {wanted} |"


if __name__ == "__main__":
    found = summary(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    (HERE / "results.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (HERE / "RESULTS.md").write_text("\n".join(page(found)) + "\n", encoding="utf-8")

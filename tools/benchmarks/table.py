"""Write results.json and RESULTS.md from the report of pytest-benchmark."""

import json
import platform
import statistics
import sys
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path

from esutils.common.files import write_text
from tools.benchmarks.peers import TASKS

HERE = Path(__file__).parent
LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "numba")


def summary(recorded):
    """Return the machine, and the median seconds and ratios of the sides of every task."""
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


def outcome(task, taken):
    """Return the sides of one task; parts of the work are extrapolated to the whole."""
    whole = [statistics.median(taken[side.name]) / side.part for side in task.sides]
    return {
        "title": task.title,
        "turns": task.turns,
        "sides": [
            {
                "name": side.name,
                "seconds": float(f"{seconds:.4g}"),
                "ratio": float(f"{seconds / whole[0]:.4g}"),
                "target": side.target,
                "extrapolated": side.part < 1,
                "floor": side.floor,
            }
            for side, seconds in zip(task.sides, whole, strict=True)
        ],
    }


def missed(side):
    return side["target"] is not None and side["ratio"] < side["target"]


def reachable(task):
    """Yield, for every missed target, the ratio that the floor would have given."""
    floor = next((side["seconds"] for side in task["sides"] if side["floor"]), None)
    for side in task["sides"]:
        if floor and missed(side):
            yield (
                f"{side['name']}: target {side['target']:g}, reached {side['ratio']:.3g}, "
                f"at the floor {side['seconds'] / floor:.3g}."
            )


def page(found):
    """Yield the lines of RESULTS.md."""
    yield from ("# Measured beside peers", "", f"{found['date']}. {found['machine']}.")
    yield from (f"{found['versions']}.", "")
    yield "Written by `make bench`. The sides of a task take turns; seconds are medians over turns."
    yield "A ratio is a side's time divided by that of esutils: above 1, esutils is faster. Every"
    yield "side may use all cores, but NumPy's partition and scikit-learn's sparse product use only"
    yield "one. Numbers are float32, those of the curves float64. All results are compared. A floor"
    yield "runs only the main operations of esutils' method, without a result. If a target is"
    yield "missed, a line says what the ratio would be if esutils were as fast as the floor."
    for task in found["tasks"]:
        yield from ("", f"## {task['title']}", "", "| side | seconds | ratio | target |")
        yield "|---|---|---|---|"
        for side in task["sides"]:
            wanted = ""
            if side["target"] is not None:
                wanted = f"{side['target']:g}, {'missed' if missed(side) else 'met'}"
            name = side["name"] + (" (extrapolated from a part)" if side["extrapolated"] else "")
            yield f"| {name} | {side['seconds']:.3g} | {side['ratio']:.3g} | {wanted} |"
        for line in reachable(task):
            yield from ("", line)


if __name__ == "__main__":
    found = summary(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    write_text(HERE / "results.json", json.dumps(found, indent=1) + "\n")
    write_text(HERE / "RESULTS.md", "\n".join(page(found)) + "\n")

"""Repeat a few recorded runs, chosen at random, and compare what they measure.

``python -m tools.paper.check [MINUTES]`` repeats as many as took ten minutes, or MINUTES, when they
were recorded.
"""

import json
import random
import sys

from tools.paper.run import EXPERIMENTS, RESULTS, run


def recorded():
    """Yield every recorded run as the name of its experiment and its row."""
    for path in sorted(RESULTS.glob("*.json")):
        for row in json.loads(path.read_text(encoding="utf-8"))["rows"]:
            yield path.stem, row


def repeat(name, row):
    """Run a row again; return by measure the recorded value, the new one, and the tolerance."""
    experiment = EXPERIMENTS[name]
    grid = {key: [row[key]] for key in experiment.grid}
    [again] = run(experiment, grid, [row["seed"]])
    return {key: (row[key], again[key], most) for key, most in experiment.tolerance.items()}


def main(minutes):
    """Repeat runs until the time is used up; return how many measures differ."""
    differ = 0
    runs = list(recorded())
    random.shuffle(runs)
    for name, row in runs:
        if row["seconds"] > 60 * minutes:
            continue
        minutes -= row["seconds"] / 60
        print(name, {key: row[key] for key in [*EXPERIMENTS[name].grid, "seed"]})
        for key, (old, new, most) in repeat(name, row).items():
            right = abs(new - old) <= most
            differ += not right
            print(f"  {key}: recorded {old:.6g}, now {new:.6g}{'' if right else ', DIFFERS'}")
    return differ


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if sys.argv[1:] else 10) > 0)

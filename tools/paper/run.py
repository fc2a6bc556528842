"""Run the literature's experiments and the chapters at full size, and record what they gave.

``python -m tools.paper.run [NAME ...]`` runs the experiments and chapters that you name, or all of
them. An experiment that is recorded already is not run again, unless its settings, its seeds or its
own code have changed. A run that was interrupted continues where it stopped.
"""

import datetime
import functools
import json
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import joblib
from cpuinfo import get_cpu_info

from esutils.common.files import write_text
from esutils.common.fingerprint import fingerprint
from esutils.common.provenance import commit, versions
from esutils.sweep import over_grid
from tools.paper import experiments

HERE = Path(__file__).parent
BOOK = HERE.parents[1]
RESULTS = HERE / "results"
STORE = HERE / "unfinished"
# Tuning first, since chapters use what it chooses; without the scorecard and your own data.
CHAPTERS = ["tuning", *sorted(path.stem for path in (BOOK / "chapters").glob("*.ipynb"))[:-2]]


@dataclass(frozen=True)
class Experiment:
    """One of `experiments`: its settings, its seeds, and how close a repetition must come."""

    function: callable
    seeds: range
    tolerance: dict  # by measure; measures that are not named are not compared
    grid: dict = field(default_factory=dict)
    large: bool = False  # one run takes all cores and most of the memory


EXPERIMENTS = {
    "streamed": Experiment(  # first, because it measures the most memory used until then
        experiments.streamed,
        range(1),
        {"test_error": 0.001},
        {"n_samples": [60_000, 240_000, 1_000_000], "width": [10_000]},
        large=True,
    ),
    "random_fourier_features": Experiment(
        experiments.random_fourier_features,
        range(3),
        {"peak": 0, "best_below": 0.001, "at_40000": 0.001},
        large=True,
    ),
    "lottery": Experiment(
        experiments.lottery,
        range(4),
        {"points_over_whole_at_13": 0.5, "points_over_new_at_21": 0.5, "earlier_at_21": 0.6},
    ),
    "supermasks": Experiment(
        experiments.supermasks, range(5), {"own_signs": 0.06, "learned": 0.007}
    ),
    "one_hidden_layer": Experiment(
        experiments.one_hidden_layer,
        range(5),
        {"test_error": 0.01, "n_weights": 0},
        {"width": [3, 5, 10, 20, 30, 40, 50, 60, 80, 120, 250, 500, 1000]},
    ),
    "expand_and_sparsify": Experiment(
        experiments.expand_and_sparsify,
        range(3),
        {"test_error": 0.003},
        {"images": ["mnist", "fashion-mnist"], "width": [1000, 3000, 10_000, 100_000]},
        large=True,
    ),
    "dropout": Experiment(
        experiments.dropout, range(3), {"test_error": 0.003}, {"kind": ["plain", "dropout"]}
    ),
}


def run(experiment, grid, seeds, folder=None):
    """Return the rows of an experiment, each with the seconds that it took."""
    one_by_one = joblib.parallel_config("sequential") if experiment.large else nullcontext()
    with one_by_one:
        return over_grid(functools.partial(timed, experiment.function), grid, seeds, folder)


def timed(function, **settings):
    """Run a function, and add the seconds that it took to what it measured."""
    start = time.perf_counter()
    measured = function(**settings)
    return measured | {"seconds": time.perf_counter() - start}


def record(name):
    """Run the missing runs of an experiment, and write all of them to ``results``."""
    experiment, path = EXPERIMENTS[name], RESULTS / f"{name}.json"
    asked = {
        "grid": experiment.grid,
        "seeds": list(experiment.seeds),
        "digest": fingerprint(name, experiment.function),
    }
    if path.exists() and asked.items() <= json.loads(path.read_text()).items():
        print(f"{name} is recorded")
        return
    rows = run(experiment, experiment.grid, experiment.seeds, STORE / name)
    found = {
        "experiment": name,
        "date": datetime.date.today().isoformat(),
        "machine": f"{get_cpu_info()['brand_raw']}, {os.cpu_count()} cores",
        "versions": versions(),
        "commit": commit(BOOK),
        **asked,
    }
    lines = ",\n".join(json.dumps({key: rounded(value) for key, value in r.items()}) for r in rows)
    text = json.dumps(found, indent=1)[:-2] + f',\n "rows": [\n{lines}\n ]\n}}\n'
    write_text(path, text)
    print(f"{name}: {sum(row['seconds'] for row in rows) / 60:.0f} minutes of runs")


def rounded(value):
    """Return a number, or every number in a list, rounded to six digits."""
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def execute(chapter):
    """Execute a chapter at the literature's scale, which stores what it measures in the ledger."""
    (STORE / "chapters").mkdir(parents=True, exist_ok=True)
    modes = {"ES_SCALE": "paper", "ES_LEDGER": "record", "ES_SWEEPS": STORE / chapter}
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook", "--execute"]
    command += [
        "--ExecutePreprocessor.timeout=-1",
        "--config",
        BOOK / "tools" / "nbconvert_config.py",
        "--output-dir",
        STORE / "chapters",
    ]
    subprocess.run(
        [*command, BOOK / ("pages" if chapter == "tuning" else "chapters") / f"{chapter}.ipynb"],
        check=True,
        env=os.environ | {key: str(value) for key, value in modes.items()},
    )


if __name__ == "__main__":
    names = sys.argv[1:] or [*EXPERIMENTS, *CHAPTERS]
    if unknown := set(names) - set(EXPERIMENTS) - set(CHAPTERS):
        sys.exit(f"NAME must be among {[*EXPERIMENTS, *CHAPTERS]}, got {sorted(unknown)}")
    for name in names:
        record(name) if name in EXPERIMENTS else execute(name)

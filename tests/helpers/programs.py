"""Programs that write every kind of file that is kept, and the files that are there before.

Each runs in its own folder: `test_faults.py` kills them.
"""

import json

import nbformat
import numpy as np

from tests.helpers.datafiles import idx
from tests.helpers.pages import ROOT

RNG = np.random.default_rng(0)
MNIST = {
    f"{part}-{kind}-ubyte": idx(RNG.integers(10, size=size))
    for part in ("train", "t10k")
    for kind, size in (("images-idx3", (9, 28, 28)), ("labels-idx1", (9,)))
}
DOWNLOAD = """
import hashlib, os, pathlib, pooch
os.environ.pop("ES_DATA_DIR", None)
from esutils import idx_files
from tests.helpers.serving import serve
for path in pathlib.Path("web").iterdir():
    key = path.name.removesuffix("-ubyte.gz")
    idx_files.SHA256["mnist"][key] = hashlib.sha256(path.read_bytes()).hexdigest()
pooch.os_cache = lambda project: "cache"
with serve("web") as port:
    idx_files.MIRRORS["mnist"] = [f"http://127.0.0.1:{port}/"]
    images, labels, *_ = idx_files.load_arrays("mnist")
assert images.shape == (9, 28, 28) and labels.shape == (9,)
"""
SWEEP = """
import time
from pathlib import Path
import numpy as np
from esutils import kept
from esutils.sweep import over_grid
def run(width, seed):
    print("run", flush=True)
    time.sleep(0.05)
    A = np.random.default_rng([width, seed]).normal(size=(20, 20))
    return {"values": np.linalg.eigvalsh(A @ A.T)}
kept.save(Path("result.npz"), over_grid(run, {"width": [1, 2, 3]}, range(4), "runs"))
"""
VERDICTS = """
import sys
from unittest.mock import MagicMock
sys.modules["myst_nb"] = MagicMock()
from esutils import claims
gaps, control = [0.01, 0.02, 0.00, 0.01, 0.02], [0.2, 0.3, 0.2, 0.2, 0.3]
claims.judge("approximation.rate", gaps, control, "simulation")
claims.report("02-universal-approximation", 0.1, one=1 / 3, two=2 / 3)
"""
REPORT = """
from unittest.mock import MagicMock
import esutils
esutils.tables = MagicMock()
esutils.tables.report = MagicMock(**{"make.return_value": "page " * 10_000})
from esutils.__main__ import main
assert main(["report", "t.csv", "--target", "y", "--out", "report.html"]) == 0
"""
PAPER = """
import datetime, sys
from pathlib import Path
from unittest.mock import MagicMock
sys.modules["experiments"] = MagicMock()
from tools.paper import run
run.RESULTS, run.STORE = Path("results"), Path("unfinished")
run.time.perf_counter, run.get_cpu_info = lambda: 0.0, lambda: {"brand_raw": "toy"}
run.datetime = MagicMock(**{"date.today.return_value": datetime.date(2026, 1, 1)})
def toy(width, seed):
    return {"error": width / 3 + seed}
run.EXPERIMENTS = {"toy": run.Experiment(toy, range(3), {}, {"width": [1, 2]}, large=True)}
run.record("toy")
"""
BENCHMARKS = """
import runpy, sys
sys.argv[1:] = ["book.xml"]
runpy.run_path("book.py", run_name="__main__")
sys.argv[1:] = ["benchmarks.json"]
runpy.run_path("table.py", run_name="__main__")
"""
EXECUTE = f"""
from nbconvert.nbconvertapp import main
config = ["--config", {str(ROOT / "tools" / "nbconvert_config.py")!r}]
main([*config, "--to", "notebook", "--execute", "--inplace", "toy.ipynb"])
"""
PRINT = nbformat.v4.new_code_cell("print('new ' * 10_000)")
NOTEBOOK = {"toy.ipynb": nbformat.writes(nbformat.v4.new_notebook(cells=[PRINT])).encode()}
TIMED = {
    "datetime": "2026-01-01",
    "machine_info": {"cpu": {"brand_raw": "toy", "count": 2}, "python_version": "3"},
    "benchmarks": [{"extra_info": {"task": "t", "side": "s"}, "stats": {"median": 1.0}}],
}
PEERS = b"""
from types import SimpleNamespace as N
TASKS = {"t": N(title="t", turns=1, sides=[N(name="s", part=1, target=None, floor=False)])}
"""
CHAPTER = "chapters/02-universal-approximation.ipynb"
CASES = {
    "download": (DOWNLOAD, {f"web/{name}.gz": content for name, content in MNIST.items()}),
    "sweep": (SWEEP, {}),
    "verdicts": (
        VERDICTS,
        {name: (ROOT / name).read_bytes() for name in ("ledger/claims.yml", CHAPTER)}
        | {
            "ledger/verdicts/simulation/approximation.rate.json": b"{}",
            "ledger/verdicts/numbers/02-universal-approximation.json": b'{"old": 1.0}',
        },
    ),
    "report": (REPORT, {"report.html": b"old"}),
    "paper": (PAPER, {"results/toy.json": b"{}"}),
    "benchmarks": (
        BENCHMARKS,
        {
            name: (ROOT / "tools" / "tools" / "benchmarks" / name).read_bytes()
            for name in ("book.py", "table.py")
        }
        | {
            "peers.py": PEERS,
            "book.xml": b'<a><testsuite time="1" timestamp="2026-01-01T0"></testsuite></a>',
            "benchmarks.json": json.dumps(TIMED).encode(),
            **dict.fromkeys(["book.json", "results.json", "RESULTS.md"], b"old"),
        },
    ),
}

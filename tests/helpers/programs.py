"""Programs that write every kind of file that we keep, for `test_faults.py` to kill.

`killing.start` runs one of them in the folder that it writes to, by
``python -m tests.helpers.programs POINT LIMIT PROGRAM [ARGUMENT ...]``, where POINT says where the
process kills itself. A program loads what it needs, and then calls `begin`.
"""

import itertools
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

ROOT = Path(__file__).parents[2]

# ---- where a process kills itself


def begin():
    """Tell the parent that everything is loaded, wait until it says go, and arm the point."""
    print("begun", flush=True)
    sys.stdin.readline()
    point, limit = sys.argv[1:3]
    POINTS[point](int(limit))


def _in_a_write(limit):
    """Let the system kill this process once it has written so many bytes to a file."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


def _before_the_disk(limit):
    os.fsync = _die


def _before_the_name(limit):
    os.replace = _die


def _after_the_name(limit, replace=os.replace):
    os.replace = lambda *paths: _die(replace(*paths))


def _die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def _never(limit):
    """Do not kill this process; but raise if it opens a file for writing in its place."""
    here = os.getcwd()

    def refuse(event, arguments):
        if event != "open" or isinstance(arguments[0], int):
            return
        path, flags = Path(here, os.fsdecode(arguments[0])), arguments[2]
        temporary = path.name.startswith(tempfile.gettempprefix()) or path.is_dir()
        locked = path.name == "claims.yml"  # whose lock those who record take
        if not flags & (os.O_WRONLY | os.O_RDWR) or temporary or locked:
            return
        if path.is_relative_to(here) and ".partial-" not in str(path):
            raise PermissionError(f"{path} is written in place")

    sys.addaudithook(refuse)


POINTS = {
    "in the middle of a write": _in_a_write,
    "before it is on the disk": _before_the_disk,
    "before it has its name": _before_the_name,
    "once it has its name": _after_the_name,
    "never": _never,
}

# ---- programs


def write_again_and_again():
    from esutils.common.files import write_text

    begin()
    for letter in itertools.cycle("ab"):
        write_text(Path("file"), letter * 1_000_000)


def write_once():
    from esutils.common.files import write_text

    begin()
    write_text(Path("file"), "text")


def write_in_place():
    begin()
    Path("file").write_text("text")


def download():
    import gzip

    import pooch

    from esutils import data
    from tests.helpers.datafiles import sha256
    from tests.helpers.serving import serve

    os.environ["no_proxy"] = "127.0.0.1"
    os.environ.pop("ES_DATA_DIR", None)
    pooch.os_cache = lambda project: "cache"
    for path in Path("web").iterdir():
        key = path.name.removesuffix("-ubyte.gz")
        data.SHA256["mnist"][key] = sha256(gzip.decompress(path.read_bytes()))
    begin()
    with serve("web") as port:
        data.MIRRORS["mnist"] = [f"http://127.0.0.1:{port}/"]
        split = data.load_mnist()
    assert split.X_train.shape == (9, 784) and split.y_test.shape == (9,)


def sweep():
    """Run a grid. Each run leaves a file of its own in ``../ran``."""
    import numpy as np

    from esutils.common.files import write_text
    from esutils.sweep import over_grid

    def run(width, seed):
        Path("../ran").mkdir(exist_ok=True)
        Path(f"../ran/{width}-{seed}").touch()
        time.sleep(0.05)
        A = np.random.default_rng([width, seed]).normal(size=(20, 20))
        return {"values": np.linalg.eigvalsh(A @ A.T)}

    begin()
    rows = over_grid(run, {"width": [1, 2, 3]}, range(4), "runs")
    write_text(Path("result.json"), json.dumps([row["values"].tolist() for row in rows]))


def judge():
    sys.modules["myst_nb"] = MagicMock()
    from esutils import claims

    gaps = [0.01, 0.02, 0.00, 0.01, 0.02] * 4
    begin()
    claims.judge("sphere.rate", gaps, "simulation")
    claims.report("02-universal-approximation", 0.1, one=1 / 3, two=2 / 3)


def replay_runs():
    """Record a run on two data sets."""
    import numpy as np

    from esutils import replay

    def draw(data, seed):
        return {"values": np.random.default_rng([len(data), seed]).normal(size=50)}

    begin()
    replay("99-toy.draws", draw, ["here", "there"], n_seeds=4)


def report_numbers(me):
    sys.modules["myst_nb"] = MagicMock()
    from esutils import claims

    begin()
    for i in range(20):
        claims.report("toy", 0.1, **{f"{me}{i}": i})


def report():
    from esutils.__main__ import main

    tables = MagicMock()
    tables.report.make.return_value = "page " * 10_000
    sys.modules |= {"esutils.tables": tables, "esutils.tables.report": tables.report}
    begin()
    assert main(["report", "t.csv", "--target", "y", "--out", "report.html"]) == 0


def paper():
    import datetime

    sys.modules["tools.paper.experiments"] = MagicMock()
    from tools.paper import run

    def toy(width, seed):
        return {"error": width / 3 + seed}

    run.RESULTS, run.STORE = Path("results"), Path("unfinished")
    run.time.perf_counter, run.get_cpu_info = lambda: 0.0, lambda: {"brand_raw": "toy"}
    run.datetime = MagicMock()
    run.datetime.date.today.return_value = datetime.date(2026, 1, 1)
    run.EXPERIMENTS = {"toy": run.Experiment(toy, range(3), {}, {"width": [1, 2]}, large=True)}
    begin()
    run.record("toy")


def benchmarks():
    import runpy

    side = SimpleNamespace(name="s", part=1, target=None, floor=False)
    tasks = {"t": SimpleNamespace(title="t", turns=1, sides=[side])}
    sys.modules["tools.benchmarks.peers"] = SimpleNamespace(TASKS=tasks)
    begin()
    for program, record in {"book.py": "book.xml", "table.py": "benchmarks.json"}.items():
        sys.argv[1:] = [record]
        runpy.run_path(program, run_name="__main__")


def execute():
    """Execute a notebook as ``make execute`` does, and read nobody's settings."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        os.environ[name] = str(Path("../home").resolve())
    from nbconvert.nbconvertapp import main

    begin()
    config = ["--config", str(ROOT / "tools" / "nbconvert_config.py")]
    patient = ["--ExecutePreprocessor.startup_timeout=600"]
    main([*config, *patient, "--to", "notebook", "--execute", "--inplace", "toy.ipynb"])


if __name__ == "__main__":
    globals()[sys.argv[3]](*sys.argv[4:])

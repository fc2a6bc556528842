"""One table for what is read from disk or written to it: the ledger, records, caches, data sets.

What prepares a case, what is called, and what the refusal says, in a small book of one claim; see
`untouched` for what may not happen besides. In the table "..." stands for anything.
"""

import gzip
import hashlib
import io
import json
import subprocess
from pathlib import Path

import joblib
import numpy as np
import pooch
import pytest
import yaml

import esutils
from esutils import claims, effects, idx_files, sweep
from tests.helpers.untouched import refused, rows

ENTRY = {name: "words" for name in claims.Claim.__dataclass_fields__}
ENTRY |= {"id": "toy.claim", "chapter": "99-toy", "source": "ours", "comparison": "greater"}
ENTRY |= {"threshold": 1, "seeds": 3, "variation": "seeds", "data": ["here"], "pilot": []}
EFFECT = {name: "words" for name in effects.Statistic.__dataclass_fields__}
EFFECT |= {"id": "toy.effect", "chapter": "99-toy", "variation": "seeds", "data": ["here"]}
EFFECT |= {"models": dict.fromkeys(effects.MODELS, "words")}
SAMPLES, MODELS = np.array([2.0, 2.1, 2.2]), dict.fromkeys(effects.MODELS, np.arange(3.0))
IMAGES = "data/mnist/train-images-idx3-ubyte"


def write(path, content):
    """Write a file of the book: bytes, or what a function makes of those that are there."""
    path = next(Path().glob(path), Path(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content(path.read_bytes()) if callable(content) else content)


def half(content):
    return content[: len(content) // 2]


def ledger(**change):
    write("claims.yml", yaml.safe_dump([ENTRY | change]).encode())


def statistics(**change):
    write("statistics.yml", yaml.safe_dump([EFFECT | change], sort_keys=False).encode())


def record(**change):
    write("verdicts/here/*.json", lambda old: json.dumps(json.loads(old) | change).encode())


def npz(**members):
    file = io.BytesIO()
    np.savez(file, **members)
    return file.getvalue()


def idx(*header):
    return np.array(header, ">i4").tobytes()


def judge(**options):
    return claims.judge(**{"claim_id": "toy.claim", "samples": SAMPLES, "data": "here"} | options)


def cut_off(url, file, pooch):
    """Download half a file."""
    file.write(half(gzip.compress(bytes(10**4))))
    file.flush()
    raise ConnectionError("connection broken")


def interrupted(url, file, pooch):
    file.write(b"half")
    raise KeyboardInterrupt("by hand")


@pytest.fixture
def book(tmp_path, monkeypatch):
    """What a table's lines may use, in a small book with records, a cache beside it, no network."""
    (tmp_path / "book").mkdir()
    (tmp_path / "cache/mnist").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "book")
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache")
    monkeypatch.setattr(pooch, "HTTPDownloader", lambda progressbar: cut_off)
    for name in ("ES_DATA_DIR", "ES_SCALE", "ES_SWEEPS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ES_LEDGER", "record")
    cell = {"cell_type": "code", "source": "x = 1"}
    write("chapters/99-toy.ipynb", json.dumps({"cells": [cell]}).encode())
    ledger()
    statistics()
    judge(control=SAMPLES - 5)
    claims.report("99-toy", 0.1, a=1.0)
    write("file", b"of somebody's")

    def known(content):
        """Write a file of MNIST whose digest is the known one."""
        monkeypatch.setenv("ES_DATA_DIR", "data")
        digest = hashlib.sha256(content).hexdigest()
        monkeypatch.setitem(idx_files.SHA256["mnist"], "train-images-idx3", digest)
        write(IMAGES, content)

    modules = {name: getattr(esutils, name) for name in esutils.__all__}
    with joblib.parallel_config(backend="sequential"):
        sweep.over_seeds(abs, [-1], "runs")
        yield modules | globals() | {"patch": monkeypatch, "known": known}


REFUSALS = r"""
claims.report("../x", 0.1, a=1.0)
    chapter must be a name of letters, digits, '.', '-', '_', got '../x'
claims.report("", 0.1, a=1.0)
    chapter must be a name of letters, digits, '.', '-', '_', got ''
claims.report("99-toy\0", 0.1, a=1.0)
    chapter must be a name of letters, digits, '.', '-', '_', got '99-toy\x00'
claims.report("99-toy", np.nan, a=1.0)
    tolerance must be a finite number in [0, inf], got nan
claims.report("99-toy", 0.1, a=1.0, b=np.inf)
    b must be a finite number in [-inf, inf], got ...inf...
claims.report("99-toy", 0.1, a="1")
    a must be a finite number in [-inf, inf], got ...'1'...
judge(claim_id="../../x", control=SAMPLES)
    claim_id must be one of ['toy.claim'], got '../../x'
judge(data="../../x", control=SAMPLES)
    data must be one of ['here'], got '../../x'
judge(control=SAMPLES * np.nan)
    control must be finite, got NaN or infinity
judge(control=[[1], [2, 3]])
    control must be an array, got rows of different lengths
judge(control=SAMPLES * 1j)
    control must hold real numbers, got dtype complex128
claims.recorded(claims.load_claims()["toy.claim"], "../../x")
    data must be one of ['here'], got '../../x'
effects.measure("toy.effect", "here", **MODELS | {"mlp": np.array(["1", "2"])})
    mlp must hold real numbers, got dtype <U1
ledger(id="../../x")
judge(claim_id="../../x", control=SAMPLES)
    id must be a name of letters, digits, '.', '-', '_', got '../../x'
ledger(chapter="../../etc/passwd")
claims.load_claims()
    chapter of toy.claim must be a name of letters, digits, ..., got '../../etc/passwd'
ledger(data=["../../x"])
claims.load_claims()
    data of toy.claim must be a name of letters, digits, '.', '-', '_', got '../../x'
ledger(data="here")
claims.load_claims()
    data of toy.claim must be a list of names, got str
ledger(unit=None)
claims.load_claims()
    unit of toy.claim must be a text, got NoneType
ledger(threshold="1")
claims.load_claims()
    threshold of toy.claim must be a finite number in [-inf, inf], got '1'
ledger(threshold=-1, comparison="equivalent")
claims.load_claims()
    threshold of toy.claim must be a finite number in [0, inf], got -1
statistics(data=["../x"])
effects.load_statistics()
    data of toy.effect must be a name of letters, digits, '.', '-', '_', got '../x'
statistics(models=EFFECT["models"] | {"mlp": 3})
effects.load_statistics()
    mlp of toy.effect must be a text, got int
write("claims.yml", b"")
claims.load_claims()
    content of claims.yml must be a list of entries, got NoneType
write("claims.yml", b"- id")
claims.load_claims()
    entry 1 of claims.yml must be a mapping, got str
write("claims.yml", half)
claims.load_claims()
    ...claims.yml must ...
write("claims.yml", b"- id: \xe9")
claims.load_claims()
    claims.yml must be YAML, it is not: 'utf-8' codec can't decode ...
write("claims.yml", b"- !!python/object/apply:os.system [touch evil]")
claims.load_claims()
    claims.yml must be YAML, it is not: could not determine a constructor for the tag ...
write("chapters/99-toy.ipynb", half)
judge(control=SAMPLES)
    .../99-toy.ipynb must be a notebook in Python, it is not: JSONDecodeError: ...
write("chapters/99-toy.ipynb", b"{}")
judge(control=SAMPLES)
    .../99-toy.ipynb must be a notebook in Python, it is not: KeyError: 'cells'
write("verdicts/here/toy.claim.json", half)
scorecard.at_quick_scale()
    .../here/toy.claim.json must hold a record in JSON, it does not: Unterminated string ...
write("verdicts/here/toy.claim.json", b"[]")
scorecard.at_quick_scale()
    .../here/toy.claim.json must hold a record in JSON, it does not: it must be a mapping, got list
record(digest=None)
scorecard.at_quick_scale()
    the verdict of toy.claim on here is stale; run make execute
record(estimate=1.0)
scorecard.at_quick_scale()
    the verdict of toy.claim on here is no whole record (...); run make execute
write("verdicts/numbers/99-toy.json", half)
claims.report("99-toy", 0.1, b=2.0)
    .../99-toy.json must hold a record in JSON, it does not: ...
write("verdicts/paper", b"a file")
patch.setenv("ES_SCALE", "paper")
judge(control=SAMPLES)
    OSError: ...Not a directory: '.../verdicts/paper/here'
write("runs/*.npz", half)
sweep.over_seeds(abs, [-1, -2], "runs")
    runs/....npz must hold a kept run, got a torn file or another kind; ...remove it, ...
write("runs/*.npz", b"")
sweep.over_seeds(abs, [-1, -2], "runs")
    runs/....npz must hold a kept run, got a torn file or another kind; ...remove it, ...
write("runs/*.npz", npz(structure=np.array('["array", 7]')))
sweep.over_seeds(abs, [-1, -2], "runs")
    runs/....npz must hold a kept run, got a torn file or another kind; ...remove it, ...
write("runs/*.npz", npz(other=np.ones(3)))
sweep.over_seeds(abs, [-1, -2], "runs")
    runs/....npz must hold a kept run, got a torn file or another kind; ...remove it, ...
sweep.over_seeds(abs, [-2], "file")
    folder must be a folder that can be written: [Errno 17] File exists: 'file'
sweep.over_seeds(abs, [-2], "file/runs")
    folder must be a folder that can be written: [Errno 20] Not a directory: 'file/runs'
sweep.over_seeds(abs, [-2], b"runs")
    folder must be a path, got bytes
sweep.over_seeds(abs, [(i for i in [1])], "runs")
    seeds and settings must be what can be hashed: cannot pickle 'generator' object
known(idx(0x803, 10**6, 28, 28) + bytes(99))
data.load_mnist()
    IDX data of shape (1000000, 28, 28) must have 784000000 bytes, got 99
known(idx(0x801, 99) + bytes(99))
data.load_mnist()
    IDX magic must be 0x00000803, got 0x00000801
patch.setenv("ES_DATA_DIR", "data")
write(f"{IMAGES}.gz", half(gzip.compress(bytes(10**4))))
data.load_mnist()
    data/mnist/train-images-idx3-ubyte.gz must hold bytes ..., got a corrupt gzip file (...); ...
patch.setenv("ES_DATA_DIR", "file")
data.load_mnist()
    ES_DATA_DIR must name a folder, got 'file'
patch.setenv("ES_DATA_DIR", "data")
write(f"{IMAGES}/a-folder-in-its-place", b"")
data.load_mnist()
    OSError: mnist's train-images-idx3-ubyte is in none of ['data/mnist', ...connection broken
patch.setattr(pooch, "HTTPDownloader", lambda progressbar: interrupted)
data.load_mnist()
    KeyboardInterrupt: by hand
patch.setattr(pooch, "os_cache", lambda project: Path("file"))
data.load_mnist()
    OSError: ...Without a network use load_mnist5k()...Not a directory: 'file/mnist'
"""


@pytest.mark.parametrize(("before", "call", "message"), rows(REFUSALS))
def test_is_refused_in_words_and_touches_nothing(before, call, message, book, tmp_path):
    exec(before, book)
    with refused(message, tmp_path):
        exec(call, book)


@pytest.mark.parametrize(
    "call",
    [
        "claims.report('99-toy', 0.1, b=2.0)",
        "judge(control=SAMPLES)",
        "sweep.over_seeds(np.ones, [10**4], 'runs')",
        "data.load_mnist()",
    ],
)
def test_no_space_left_loses_nothing(call, book, tmp_path):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with refused("OSError: ...File too large...", tmp_path):
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
        try:
            exec(call, book)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_read_only_folder_is_refused_before_a_run_and_read_from(book, tmp_path):
    mount = ["mount", "-t", "tmpfs", "tmpfs", "runs"]
    kept = {path.name: path.read_bytes() for path in Path("runs").iterdir()}
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        for name, content in kept.items():
            write(f"runs/{name}", content)
        subprocess.run(["mount", "-o", "remount,ro", "runs"], check=True)
        assert sweep.over_seeds(abs, [-1], "runs") == [1]
        with refused("folder must be a folder that can be written: ...Read-only...", tmp_path):
            sweep.over_seeds(print, [-2], "runs")
    finally:
        subprocess.run(["umount", "runs"], check=True)

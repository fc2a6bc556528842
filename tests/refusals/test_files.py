"""What is read from disk or written to it: the ledger, samples, kept runs and data sets.

Each row damages one thing in a small book with one claim, and says what the refusal must name. See
`tests.helpers.untouched` for what must stay as it was.
"""

import gzip
import hashlib
import io
import json
import os
import subprocess
from pathlib import Path

import joblib
import numpy as np
import pooch
import pytest
import yaml

from esutils import (
    VerdictTable,
    claims,
    data,
    effects,
    first_edition,
    replay,
    scorecard,
    sweep,
    tuning,
)
from esutils.evidence.replay import load_run
from tests.helpers.toy_ledger import ENTRY, FIRST_ENTRY, write_first_claims
from tests.helpers.untouched import Refusal, refused

TOY = {"chapter": "99-toy", "variation": "seeds"}
CLAIM = ENTRY | TOY | {"seeds": 3, "standing": {"here": "replication"}}
PRIMARY = {"kind": "primary", "detectable": {"here": 0.5}}
DRAWN = {"training": {"quick": 1000, "paper": 10_000}, "standing": {"mnist5k": "replication"}}
FIRST = FIRST_ENTRY | TOY | {"id": "toy.first", "seeds": 3, "data": ["here"], "pilot": []}
EFFECT = dict.fromkeys(["title", "statistic", "unit"], "words") | TOY
EFFECT |= {"id": "toy.effect", "experiment": 1, "edition": 1, "training": {}, "data": ["here"]}
EFFECT |= {"models": dict.fromkeys(effects.MODELS, "words")}
SAMPLES, MODELS = np.array([2.0, 2.1, 2.2]), dict.fromkeys(effects.MODELS, np.arange(3.0))
ARRAYS = {"statistic": SAMPLES, "rival": SAMPLES - 5}
TWO_DIMENSIONS = SAMPLES[:, None] + np.zeros(2)
STORED = "ledger/samples/quick/here/toy.claim.npz"
FIRST_STORED = "ledger/samples/quick/here/toy.first.npz"
RUN_STORED = "ledger/samples/quick/here/runs/99-toy.run.npz"
NUMBERS = "ledger/numbers/99-toy.json"
IMAGES = "data/mnist/train-images-idx3-ubyte"


class Evil:
    """Something that leaves a file behind if somebody unpickles it."""

    def __reduce__(self):
        """Ask ``pickle`` to make a file."""
        return os.mkdir, ("evil",)


def write(path, content):
    """Write a file of the book: bytes, or what a function makes of those that are there."""
    path = next(Path().glob(path), Path(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content(path.read_bytes()) if callable(content) else content)


def folder_in_place_of(path):
    """Put a folder where a file should be."""
    Path(path).unlink(missing_ok=True)
    write(f"{path}/file", b"")


def half(content):
    """Return the first half of some bytes."""
    return content[: len(content) // 2]


def write_claim(**changed):
    """Write a ledger of one claim."""
    write("ledger/claims.yml", yaml.safe_dump([CLAIM | changed], sort_keys=False).encode())


def write_first_claim(**changed):
    """Write the first edition's ledger of one claim."""
    write_first_claims(Path(), FIRST | changed)


def write_effect(**changed):
    """Write a matrix of one effect."""
    write("ledger/statistics.yml", yaml.safe_dump([EFFECT | changed], sort_keys=False).encode())


def npz(**members):
    """Return the bytes of a NumPy archive."""
    file = io.BytesIO()
    np.savez(file, **members)
    return file.getvalue()


def samples(arrays=ARRAYS, **changed):
    """Return a function that changes what stored samples say about their run, or the arrays."""

    def change(content):
        with np.load(io.BytesIO(content)) as members:
            about = json.loads(str(members["about"])) | changed
        return npz(about=np.array(json.dumps(about)), **arrays)

    return change


def idx(*header):
    """Return the first bytes of an IDX file."""
    return np.array(header, ">i4").tobytes()


def write_known_images(patch, content):
    """Write a file of MNIST that has the digest it should have."""
    patch.setenv("ES_DATA_DIR", "data")
    digest = hashlib.sha256(content).hexdigest()
    patch.setitem(data.SHA256["mnist"], "train-images-idx3", digest)
    write(IMAGES, content)


def of_fashion10k(content, *named):
    """Refuse a file with this content, or what a function makes of the one that we ship."""

    def before(patch):
        shipped = data.FASHION10K.read_bytes()
        patch.setattr(data, "FASHION10K", Path("fashion10k.npz"))
        write("fashion10k.npz", content(shipped) if callable(content) else content)

    named = ["fashion10k.npz", "install", data.FASHION10K_SHA256, *named]
    return Refusal(lambda: data.load_fashion10k(), named, before=before)


def judge(**options):
    """Judge the toy claim."""
    given = {"claim_id": "toy.claim", "samples": SAMPLES, "data": "here", "rival": SAMPLES - 5}
    return claims.judge(**given | options)


def judge_first(**options):
    """Judge the toy claim of the first edition."""
    given = {"claim_id": "toy.first", "samples": SAMPLES, "data": "here", "control": SAMPLES - 5}
    return first_edition.judge(**given | options)


def draw(data, seed):
    """Return what a seed of the toy run gives."""
    return {"values": np.arange(5.0) + seed}


def repeat(**options):
    """Record the toy run."""
    given = {"name": "99-toy.run", "experiment": draw, "data": ["here"], "n_seeds": 4}
    return replay(**given | options)


def report(chapter="99-toy", tolerance=0.1, **numbers):
    """Report numbers of the toy chapter."""
    claims.report(chapter, tolerance, **{"a": 1.0} | numbers)


def load():
    """Load the samples of the toy claim."""
    return claims.load_samples("toy.claim", "here")


def measure(**options):
    """Measure the toy effect."""
    return effects.measure("toy.effect", "here", **MODELS | options)


def run_two(folder="runs"):
    """Run two seeds, of which the first is kept already."""
    return sweep.over_seeds(abs, [-1, -2], folder)


def cut_off(url, file, pooch):
    """Download half a file."""
    file.write(half(gzip.compress(bytes(10**4))))
    file.flush()
    raise ConnectionError("connection broken")


def interrupted(url, file, pooch):
    """Download until somebody presses Ctrl+C."""
    file.write(b"half")
    raise KeyboardInterrupt("by hand")


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Make a small book with samples and kept runs, with an empty cache and without a network."""
    (tmp_path / "book").mkdir()
    (tmp_path / "cache/mnist").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "book")
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache")
    monkeypatch.setattr(pooch, "HTTPDownloader", lambda progressbar: cut_off)
    for name in ("ES_DATA_DIR", "ES_SCALE", "ES_SWEEPS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ES_LEDGER", "record")
    write_claim()
    write_first_claim()
    write_effect()
    judge()
    judge_first()
    measure()
    report()
    write("file", b"of somebody's")
    with joblib.parallel_config(backend="sequential"):
        repeat()
        sweep.over_seeds(abs, [-1], "runs")
        yield


ARGUMENTS = [
    Refusal(lambda: report("../x"), ["chapter", "'../x'"]),
    Refusal(lambda: report(""), ["chapter", "''"]),
    Refusal(lambda: report("99-toy\0"), ["chapter", "'99-toy"]),
    Refusal(lambda: report(tolerance=np.nan), ["tolerance", "nan"]),
    Refusal(lambda: report(tolerance=-0.1), ["tolerance", -0.1]),
    Refusal(lambda: report(b=np.nan), ["b", "nan"]),
    Refusal(lambda: report(b=np.inf), ["b", "inf"]),
    Refusal(lambda: report(a="1"), ["a", "'1'"]),
    Refusal(lambda: judge(claim_id="../../x"), ["claim_id", "'toy.claim'", "'../../x'"]),
    Refusal(lambda: judge(data="../../x"), ["data", "'here'", "'../../x'"]),
    Refusal(lambda: judge(rival=SAMPLES * np.nan), ["rival", "NaN"]),
    Refusal(lambda: judge(rival=[[1], [2, 3]]), ["rival", "different lengths"]),
    Refusal(lambda: judge(rival=SAMPLES * 1j), ["rival", "complex128"]),
    Refusal(lambda: judge(rival=TWO_DIMENSIONS), ["rival", "toy.claim", (3, 2)]),
    Refusal(lambda: judge(rival=SAMPLES[:2]), ["rival", 3, "toy.claim", (2,)]),
    Refusal(lambda: judge(rival=None), ["samples", "toy.claim", ["statistic", "rival"]]),
    Refusal(
        lambda: judge(halves={"expand_linear": SAMPLES}),
        ["samples", "toy.claim", ["statistic", "rival"], "'expand_linear'"],
    ),
    Refusal(lambda: judge(halves={"x": SAMPLES * np.nan}), ["x", "NaN"]),
    Refusal(lambda: judge(step=-1), ["step", -1]),
    Refusal(lambda: judge_first(claim_id="toy.claim"), ["claim_id", "'toy.first'", "'toy.claim'"]),
    Refusal(lambda: judge_first(data="../../x"), ["data", "'here'", "'../../x'"]),
    Refusal(lambda: judge_first(control=SAMPLES * np.nan), ["control", "NaN"]),
    Refusal(lambda: judge_first(control=TWO_DIMENSIONS), ["control", "toy.first", (3, 2)]),
    Refusal(lambda: judge_first(samples=SAMPLES[:2]), ["samples", 3, "toy.first", (2,)]),
    Refusal(lambda: repeat(name="../x"), ["name", "'../x'"]),
    Refusal(lambda: repeat(data=["here", "../x"]), ["data", "'../x'"]),
    Refusal(lambda: load_run("99-toy.run", "moon"), ["99-toy.run", "moon/runs"]),
    Refusal(lambda: load_run("99-toy.run", "../x"), ["case", "'../x'"]),
    Refusal(lambda: judge(samples=TWO_DIMENSIONS), ["samples", "toy.claim", (3, 2)]),
    Refusal(lambda: judge(samples=SAMPLES * np.nan), ["samples", "NaN"]),
    Refusal(lambda: judge(samples=SAMPLES[:2]), ["samples", 3, "toy.claim", (2,)]),
    Refusal(
        lambda: claims.recorded(claims.load_claims()["toy.claim"], "../../x"),
        ["data", "'here'", "'../../x'"],
    ),
    Refusal(lambda: claims.load_samples("toy.claim", "../../x"), ["data", "'here'", "'../../x'"]),
    Refusal(lambda: measure(mlp=np.array(["1", "2"])), ["mlp", "<U1"]),
    Refusal(lambda: measure(mlp=TWO_DIMENSIONS), ["mlp", "toy.effect", (3, 2)]),
    Refusal(lambda: measure(other=SAMPLES), ["samples", "toy.effect", [*MODELS]]),
    Refusal(
        lambda: effects.measure("toy.effect", "here", linear=SAMPLES),
        ["samples", "toy.effect", [*MODELS], ["linear"]],
    ),
    Refusal(
        lambda: effects.measure("none", "here", **MODELS),
        ["statistic_id", "'toy.effect'", "'none'"],
    ),
    Refusal(
        lambda: effects.measure("toy.effect", "nowhere", **MODELS), ["data", "'here'", "'nowhere'"]
    ),
    Refusal(
        judge,
        ["ES_LEDGER", "'check'", "'perhaps'"],
        before=lambda patch: patch.setenv("ES_LEDGER", "perhaps"),
    ),
    Refusal(
        judge,
        ["ES_SCALE", "'paper'", "'huge'"],
        before=lambda patch: patch.setenv("ES_SCALE", "huge"),
    ),
]


def of_claim(named, **changed):
    """Refuse a ledger in which a field of the claim has another value."""
    return Refusal(claims.load_claims, named, before=lambda patch: write_claim(**changed))


def of_first_claim(named, **changed):
    """Refuse the first edition's ledger, in which a field of the claim has another value."""
    return Refusal(
        first_edition.load_claims, named, before=lambda patch: write_first_claim(**changed)
    )


def of_effect(named, **changed):
    """Refuse a matrix in which a field of the effect has another value."""
    return Refusal(effects.load_statistics, named, before=lambda patch: write_effect(**changed))


def of_ledger(named, content):
    """Refuse a ledger with this content."""
    return Refusal(
        claims.load_claims,
        ["claims.yml", *named],
        before=lambda patch: write("ledger/claims.yml", content),
    )


LEDGER = [
    of_claim(["id", "'../../x'"], id="../../x"),
    of_claim(["chapter", "toy.claim", "'../../etc/passwd'"], chapter="../../etc/passwd"),
    of_claim(["standing", "toy.claim", "'../../x'"], standing={"../../x": "replication"}),
    of_claim(["standing", "toy.claim", "str"], standing="here"),
    of_claim(["standing", "toy.claim", {}], standing={}),
    of_claim(["standing", "toy.claim", "'replication'", "'new'"], standing={"here": "new"}),
    of_claim(["here", "toy.claim", "int"], standing={"here": 1}),
    of_claim(["kind", "toy.claim", "'primary'", "'main'"], kind="main"),
    of_claim(["sentence", "toy.claim", "'2e'", "'3'"], sentence="3"),
    of_claim(["sentence", "toy.claim", "int"], sentence=1),
    of_claim(["nonnegative", "toy.claim", "'no'"], nonnegative="no"),
    of_claim(["halves", "toy.claim", "'expand_linear'", "'mlp'"], halves=["mlp"]),
    of_claim(["halves", "toy.claim", "'../x'"], halves=["../x"]),
    of_claim(["rival", "toy.claim", "NoneType"], rival=None),
    of_claim(["margin", "toy.claim", -1], margin=-1),
    of_claim(["margin", "toy.claim", "nan"], margin=float("nan")),
    of_claim(["training", "toy.claim", {"quick": 1000}], training={"quick": 1000}),
    of_claim(["training", "toy.claim", "'1'"], training={"quick": "1", "paper": 1}),
    of_claim(["training", "toy.claim", "'here'", "'mnist5k'"], training=DRAWN["training"]),
    of_claim(
        ["training", "toy.claim", "quick", 3000, 3001],
        **DRAWN | {"training": {"quick": 3001, "paper": 1}},
    ),
    of_claim(["detectable", "toy.claim", "'../x'"], detectable={"../x": 1}),
    of_claim(["detectable", "toy.claim", "here", "'1'"], detectable={"here": "1"}),
    of_claim(["detectable", "toy.claim", "here", None], kind="primary"),
    of_claim(
        ["detectable", "toy.claim", "here", 0.5, 0.6], **PRIMARY | {"detectable": {"here": 0.6}}
    ),
    of_claim(["rival", "toy.claim", "'none: a toy'"], **PRIMARY | {"rival": "none: a toy"}),
    of_claim(
        ["training", "toy.claim", 1000, 1001],
        **PRIMARY
        | DRAWN
        | {"detectable": {"mnist5k": 0.5}, "training": {"quick": 1001, "paper": 1}},
    ),
    of_claim(["unit", "toy.claim", "NoneType"], unit=None),
    of_claim(["threshold", "toy.claim", "'1'"], threshold="1"),
    of_claim(["threshold", "toy.claim", "nan"], threshold=float("nan")),
    of_claim(["threshold", "toy.claim", -1], threshold=-1, comparison="equivalent"),
    of_claim(["comparison", "toy.claim", "'greater'", "'more'"], comparison="more"),
    of_claim(["variation", "toy.claim", "'seeds'", "'images'"], variation="images"),
    of_claim(["seeds", "toy.claim", 1], seeds=1),
    of_claim(["experiment", "toy.claim", 0], experiment=0),
    of_claim(["experiment", "toy.claim", "'1'"], experiment="1"),
    of_first_claim(["source", "toy.first", "'ours'", "'theirs'"], source="theirs"),
    of_first_claim(["pilot", "toy.first", ["here"], ["there"]], pilot=["there"]),
    of_first_claim(["data", "toy.first", "'../../x'"], data=["../../x"]),
    of_first_claim(["threshold", "toy.first", "'1'"], threshold="1"),
    of_first_claim(["first-edition/claims.yml", "rival"], rival="nobody"),
    of_claim(["'toy.claim'", "claims.yml", "unit", ["digest"]], digest="of the code"),
    of_effect(["data", "toy.effect", "'../x'"], data=["../x"]),
    of_effect(["mlp", "toy.effect", "int"], models=EFFECT["models"] | {"mlp": 3}),
    of_effect(["models", "toy.effect", ["mlp"]], models={"mlp": "words"}),
    of_effect(["experiment", "toy.effect", 1.5], experiment=1.5),
    of_effect(["edition", "toy.effect", "[1, 2]", 3], edition=3),
    of_effect(["training", "toy.effect", {"paper": 1}], training={"paper": 1}),
    of_ledger(["NoneType"], b""),
    of_ledger(["entry 1", "str"], b"- id"),
    of_ledger([], half),
    of_ledger(["YAML", "'utf-8'"], b"- id: \xe9"),
    of_ledger(["YAML", "constructor"], b"- !!python/object/apply:os.mkdir [evil]"),
    of_ledger(["'toy.claim'"], lambda old: old + old),
    Refusal(
        judge,
        ["ledger/claims.yml"],
        error=FileNotFoundError,
        before=lambda patch: folder_in_place_of("ledger/claims.yml"),
    ),
    Refusal(
        judge,
        ["ledger/claims.yml", "cache"],
        error=FileNotFoundError,
        before=lambda patch: patch.chdir("../cache"),
    ),
]


def of_samples(named, content):
    """Refuse samples that are stored with this content."""
    return Refusal(load, named, before=lambda patch: write(STORED, content))


RECORDS = [
    of_samples([STORED], half),
    of_samples([STORED], b""),
    of_samples([STORED], b"[]"),
    of_samples([STORED, "about"], npz(statistic=SAMPLES)),
    of_samples([STORED], npz(about=np.array("[]"), **ARRAYS)),
    of_samples([STORED], npz(about=np.array("{"), **ARRAYS)),
    of_samples([STORED, "digest"], samples(digest="of the code")),
    of_samples([STORED, "allow_pickle=False"], samples({"statistic": np.array([Evil()])})),
    of_samples(["toy.claim", "here", "experiment", 0, 1], samples(experiment=0)),
    of_samples([STORED, ["rival", "statistic"], ["statistic"]], samples({"statistic": SAMPLES})),
    Refusal(
        scorecard.verdicts,
        ["toy.claim", "here", "experiment", 1, 2],
        before=lambda patch: write_claim(experiment=2),
    ),
    Refusal(
        scorecard.verdicts,
        [STORED],
        before=lambda patch: write(STORED, half),
    ),
    Refusal(
        scorecard.verdicts,
        ["toy.claim", "here"],
        before=lambda patch: Path(STORED).unlink(),
    ),
    Refusal(
        lambda: VerdictTable("99-toy")._repr_html_(),
        ["toy.claim", "here"],
        before=lambda patch: Path(STORED).unlink(),
    ),
    Refusal(
        lambda: VerdictTable("99-toy"),
        ["chapter", "'99-toy'"],
        before=lambda patch: write_claim(chapter="98-toy"),
    ),
    Refusal(
        first_edition.verdicts,
        ["toy.first", "here", "experiment", 1, 2],
        before=lambda patch: write_first_claim(experiment=2),
    ),
    Refusal(
        first_edition.verdicts,
        [FIRST_STORED],
        before=lambda patch: write(FIRST_STORED, half),
    ),
    Refusal(
        lambda: load_run("99-toy.run", "here"),
        [RUN_STORED],
        before=lambda patch: write(RUN_STORED, half),
    ),
    Refusal(
        lambda: load_run("99-toy.run", "here"),
        [RUN_STORED, "allow_pickle=False"],
        before=lambda patch: write(RUN_STORED, samples({"values": np.array([Evil()])})),
    ),
    Refusal(
        lambda: tuning.chosen("here"),
        ["tuning.settings", "here/runs"],
    ),
    Refusal(
        lambda: effects.matrix(1),
        ["here/effects/toy.effect.npz"],
        before=lambda patch: write("ledger/samples/quick/here/effects/toy.effect.npz", half),
    ),
    Refusal(load, [STORED], before=lambda patch: folder_in_place_of(STORED)),
    Refusal(lambda: judge(step=0.1), [STORED], before=lambda patch: write(STORED, half)),
    Refusal(
        first_edition.verdicts_at_full_size,
        ["ledger/first-edition/full-size.json", "JSON"],
        before=lambda patch: write("ledger/first-edition/full-size.json", b'{"verdicts": ['),
    ),
    Refusal(
        judge,
        ["samples/paper/here"],
        error=OSError,
        before=lambda patch: [
            write("ledger/samples/paper", b"a file"),
            patch.setenv("ES_SCALE", "paper"),
        ],
    ),
    Refusal(lambda: report(b=2.0), [NUMBERS, "JSON"], before=lambda patch: write(NUMBERS, half)),
    Refusal(lambda: report(b=2.0), [NUMBERS, "list"], before=lambda patch: write(NUMBERS, b"[]")),
    Refusal(
        lambda: report(b=2.0),
        [NUMBERS, "'utf-8'"],
        before=lambda patch: write(NUMBERS, b'{"a": "\xe9"}'),
    ),
    Refusal(
        lambda: report(b=2.0),
        [NUMBERS],
        error=OSError,
        before=lambda patch: folder_in_place_of(NUMBERS),
    ),
]


def of_run(content):
    """Refuse a kept run with this content."""
    return Refusal(run_two, ["runs/", ".npz"], before=lambda patch: write("runs/*.npz", content))


RUNS = [
    of_run(half),
    of_run(b""),
    of_run(npz(structure=np.array('["array", 7]'))),
    of_run(npz(other=np.ones(3))),
    of_run(npz(structure=np.array('["array", 0]'), **{"0": np.array([Evil()])})),
    Refusal(lambda: run_two("file"), ["folder", "'file'"]),
    Refusal(lambda: run_two("file/runs"), ["folder", "'file/runs'"]),
    Refusal(lambda: run_two(b"runs"), ["folder", "bytes"]),
    Refusal(lambda: sweep.over_seeds(abs, [(i for i in [1])], "runs"), ["seeds", "'generator'"]),
]


# In the order in which the digest takes them.
BLACK = {
    "X_train": np.zeros((8000, 784), np.uint8),
    "y_train": np.zeros(8000, np.uint8),
    "X_test": np.zeros((2000, 784), np.uint8),
    "y_test": np.zeros(2000, np.uint8),
}
DATA = [
    of_fashion10k(b"", "cannot be read"),
    of_fashion10k(b"<html>", "cannot be read"),
    of_fashion10k(half, "cannot be read"),
    of_fashion10k(lambda content: content[:5000] + b"!" + content[5001:], "cannot be read"),
    of_fashion10k(lambda content: content.replace(b"y_test", b"z_test"), "y_test"),
    of_fashion10k(npz(**BLACK | {"y_test": np.array([Evil()])}), "allow_pickle"),
    of_fashion10k(npz(**BLACK), hashlib.sha256(bytes(10_000 * 785)).hexdigest()),
    Refusal(
        lambda: data.load_fashion10k(),
        ["missing.npz", "install", "No such file"],
        before=lambda patch: patch.setattr(data, "FASHION10K", Path("missing.npz")),
    ),
    Refusal(
        data.load_mnist,
        ["IDX", (10**6, 28, 28), 784 * 10**6, 99],
        before=lambda patch: write_known_images(patch, idx(0x803, 10**6, 28, 28) + bytes(99)),
    ),
    Refusal(
        data.load_mnist,
        ["IDX", "0x00000803", "0x00000801"],
        before=lambda patch: write_known_images(patch, idx(0x801, 99) + bytes(99)),
    ),
    Refusal(
        data.load_mnist,
        [f"{IMAGES}.gz", "gzip"],
        before=lambda patch: [
            patch.setenv("ES_DATA_DIR", "data"),
            write(f"{IMAGES}.gz", half(gzip.compress(bytes(10**4)))),
        ],
    ),
    Refusal(
        data.load_mnist,
        ["ES_DATA_DIR", "'file'"],
        before=lambda patch: patch.setenv("ES_DATA_DIR", "file"),
    ),
    Refusal(
        data.load_mnist,
        ["mnist", "train-images-idx3-ubyte", "data/mnist", "connection broken"],
        error=OSError,
        before=lambda patch: [
            patch.setenv("ES_DATA_DIR", "data"),
            folder_in_place_of(IMAGES),
        ],
    ),
    Refusal(
        data.load_mnist,
        ["by hand"],
        error=KeyboardInterrupt,
        before=lambda patch: patch.setattr(
            pooch, "HTTPDownloader", lambda progressbar: interrupted
        ),
    ),
    Refusal(
        data.load_mnist,
        ["load_mnist5k", "'file/mnist'"],
        error=OSError,
        before=lambda patch: patch.setattr(pooch, "os_cache", lambda project: Path("file")),
    ),
]


@pytest.mark.parametrize("row", [*ARGUMENTS, *LEDGER, *RECORDS, *RUNS, *DATA], ids=str)
def test_is_refused_by_name_and_touches_nothing(row, book, tmp_path, monkeypatch):
    row.before(monkeypatch)
    with refused(row.named, tmp_path, error=row.error):
        row.call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: report(b=2.0),
        lambda: judge(samples=SAMPLES + 1),
        lambda: judge_first(samples=SAMPLES + 1),
        lambda: repeat(n_seeds=5),
        lambda: measure(mlp=SAMPLES),
        lambda: sweep.over_seeds(np.ones, [10**4], "runs"),
        data.load_mnist,
    ],
    ids=["report", "judge", "judge_first", "repeat", "measure", "over_seeds", "load_mnist"],
)
def test_a_full_disk_loses_nothing(call, book, tmp_path):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with refused(["File too large"], tmp_path, error=OSError):
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
        try:
            call()
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
        with refused(["folder", "Read-only"], tmp_path):
            sweep.over_seeds(print, [-2], "runs")
    finally:
        subprocess.run(["umount", "runs"], check=True)

"""What tests share: the built book, data files, and how many examples a property has."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pooch
import pytest
from hypothesis import Phase, settings

from esutils import data, idx_files
from tests.helpers.datafiles import DATA_DIR, KEYS, LOAD, idx, offline, pack, sha256

# The same examples in every run; a thorough one draws others, and more (--hypothesis-profile).
settings.register_profile("same", deadline=None, derandomize=True)
# For mutants: whether a property fails is enough, and not what its least example is.
to_failure = [Phase.explicit, Phase.generate]
settings.register_profile("quick", settings.get_profile("same"), max_examples=50, phases=to_failure)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile("same")

ROOT = Path(__file__).parents[1]
REPOSITORY = {
    "GITHUB_REPOSITORY": "owner/book",
    "GITHUB_REF_TYPE": "branch",
    "GITHUB_REF_NAME": "main",
}


def build(folder, *options):
    """Build into a fresh folder, so that no page of an earlier build can stand in for a new one."""
    run = subprocess.run(
        [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
        + ["build", ROOT, "--path-output", folder, "-W", "-n", "--keep-going", *options],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **REPOSITORY},
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return folder / "_build"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Return the folder of the built pages."""
    return build(tmp_path_factory.mktemp("book")) / "html"


@pytest.fixture(scope="session")
def single_page(tmp_path_factory):
    """Return the whole book as one page, from which the PDF is printed."""
    folder = build(tmp_path_factory.mktemp("single"), "--builder", "singlehtml")
    return folder / "singlehtml" / "intro.html"


@pytest.fixture(scope="module")
def mnist5k():
    return data.load_mnist5k()


@pytest.fixture(scope="module")
def real():
    """The real files' bytes, by set and key; every test that asks for them needs all eight."""
    contents = {name: {} for name in LOAD}
    for name in LOAD:
        for key in KEYS:
            plain = DATA_DIR / name / f"{key}-ubyte"
            packed = plain.with_name(f"{plain.name}.gz")
            if plain.exists():
                contents[name][key] = plain.read_bytes()
            elif packed.exists():
                contents[name][key] = gzip.decompress(packed.read_bytes())
            else:
                required = os.environ.get("ES_DATA") == "required"
                (pytest.fail if required else pytest.skip)(
                    f"ES_DATA_DIR has no {name}/{key}-ubyte (make data)"
                )
    yield contents
    pack.cache_clear()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder for the test's files, with an empty cache; no ES_DATA_DIR, no network."""
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache" / project)
    monkeypatch.setattr(pooch, "HTTPDownloader", offline)
    monkeypatch.delenv("ES_DATA_DIR", raising=False)
    yield tmp_path
    shutil.rmtree(tmp_path)  # the real files are large


@pytest.fixture
def small(home, monkeypatch):
    """A tiny MNIST: its files' bytes by key."""
    rng = np.random.default_rng(0)
    arrays = [rng.integers(256, size=(n, 28, 28)) for n in (7, 3)]
    contents = dict(
        zip(KEYS, map(idx, (arrays[0], range(7), arrays[1], range(3))), strict=True),
    )
    digests = {key: sha256(content) for key, content in contents.items()}
    monkeypatch.setitem(idx_files.SHA256, "mnist", digests)
    return contents


@pytest.fixture(params=["tiny", "real"])
def mnist(request):
    """MNIST's files' bytes by key, and the tiny one's."""
    if request.param == "tiny":
        return request.getfixturevalue("small")
    return request.getfixturevalue("real")["mnist"]

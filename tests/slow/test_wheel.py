"""The wheel holds the whole package, and works beside nothing but what it asks for."""

import subprocess
import sys
import venv
import zipfile
from importlib import metadata
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
CHAPTER = "chapters/18-your-own-data.ipynb"


def run(*command, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build a wheel of a copy, offline, so that nothing of an earlier build can slip in."""
    copied, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        copy(ROOT / name, copied)
    for name in ("esutils", "chapters"):
        copytree(ROOT / name, copied / name, ignore=ignore_patterns("__pycache__"))
    offline = ("--no-index", "--no-deps", "--no-build-isolation")
    run(sys.executable, "-m", "pip", "wheel", *offline, "-w", built, copied)
    [path] = built.glob("expand_and_sparsify-*.whl")
    return path


def test_wheel_holds_every_module_and_one_chapter(wheel):
    written = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "esutils").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == written | {f"esutils/{CHAPTER}"}
    assert wheel.stat().st_size < 6_000_000  # most of it is Fashion-10k


def needed(package):
    """Yield what a distribution asks for, and what that asks for in turn."""
    seen, waiting = set(), [package]
    while waiting:
        for asked in map(Requirement, waiting.pop().requires or []):
            wanted = not asked.marker or asked.marker.evaluate({"extra": ""})
            if wanted and asked.name not in seen:
                seen.add(asked.name)
                waiting.append(metadata.distribution(asked.name))
                yield waiting[-1]


def test_wheel_works_beside_nothing_but_what_it_asks_for(wheel, tmp_path):
    """Nothing is downloaded: its dependencies are linked from where the tests run."""
    venv.create(tmp_path / "alone")
    python = tmp_path / "alone" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    site = Path(run(python, "-c", "import sysconfig as s; print(s.get_path('purelib'))").strip())
    [alone] = metadata.distributions(path=[str(wheel)])
    for package in needed(alone):
        for name in {path.parts[0] for path in package.files} - {"..", "__pycache__"}:
            if not (site / name).exists():
                (site / name).symlink_to(package.locate_file(name))
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-index", wheel)
    assert run(python, "-I", ROOT / "tools" / "check_wheel.py") == "ok\n"

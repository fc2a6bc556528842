"""What is installed is pinned and ours; nothing that is read as data is run."""

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PIN = r"[\w.-]+(?:\[[\w,-]+\])?==[\w.]+"  # without a suffix such as +cpu
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAY_WRITE = {"deploy": {"pages", "id-token"}, "publish": {"id-token"}}

each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def tracked(*suffixes):
    """Return the files that git tracks, this one left out."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("no git repository: nothing says which files are ours")
    paths = [ROOT / line for line in listed.stdout.splitlines()]
    paths = [path for path in paths if path.is_file() and path != Path(__file__).resolve()]
    return [path for path in paths if not suffixes or path.suffix in suffixes]


def pins(text):
    """Return the pinned requirements, by name."""
    found = map(Requirement, re.findall(f"^{PIN}", text, re.M))
    return {canonicalize_name(pin.name): pin for pin in found}


def versions(text):
    """Return the pinned versions by name."""
    return {name: str(pin.specifier) for name, pin in pins(text).items()}


def test_lock_has_what_is_required_at_the_same_versions():
    required = versions((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    assert required and required.items() <= versions(LOCK).items()


def test_lock_names_digests_of_everything():
    code = [line for line in LOCK.splitlines() if line and not line.startswith("#")]
    packages = "\n".join(code).replace("\\\n", "").splitlines()
    assert len(packages) > 100
    for package in packages:
        assert re.fullmatch(PIN + r"(\+\w+)?( +--hash=sha256:[0-9a-f]{64})+", package), package


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or sys.platform != "linux", reason="the lock is for these"
)
def test_lock_names_the_extras_that_packages_ask_of_each_other():
    """pip refuses a lock without them, since `package[extra]` then has no version in it."""
    locked, asked = pins(LOCK), set()
    for package in metadata.distributions():
        pin = locked.get(canonicalize_name(package.name))
        for needed in map(Requirement, (pin and package.requires) or []):
            chosen = [{"extra": extra} for extra in pin.extras or {""}]
            if not needed.marker or any(map(needed.marker.evaluate, chosen)):
                asked |= {(canonicalize_name(needed.name), extra) for extra in needed.extras}
    assert asked and asked <= {
        (name, extra) for name, pin in locked.items() for extra in pin.extras
    }


@each_workflow
def test_actions_are_pinned_to_commits_whose_version_is_said(path):
    uses = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert uses
    for action in uses:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


@each_workflow
def test_workflows_may_only_read_but_for_what_publishes(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        rights = {key for key, right in job.get("permissions", {}).items() if right == "write"}
        assert rights <= MAY_WRITE.get(name, set())
        for step in job["steps"]:
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_arrays_are_loaded_without_objects():
    files = tracked(".py", ".ipynb")
    assert len(files) > 100
    for path in files:
        assert "allow_pickle=True" not in path.read_text(encoding="utf-8"), path


STRANGER = re.compile(r"\besutils\[|\binstall\b[^\n]{0,80}?[\s\"'`]esutils(?![\w./-])")


def test_nobody_is_told_to_install_the_package_of_another_project():
    """On the Python Package Index, our import name is the name of another project."""
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture, an array
        found = STRANGER.search(text)
        assert not found, f"{path.relative_to(ROOT)}: {found[0]}"


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("pip install esutils", True),
        ("pip install -U 'esutils'", True),
        ('pip install \\"esutils[report]\\"', True),
        ("it needs `esutils[dask]`", True),
        ("uv add esutils[torch]", True),
        ('pip install "expand-and-sparsify[report]"', False),
        ("pip install .\n\nimport esutils", False),
        ("pytest tests esutils", False),
        ("make install; ls esutils/layer", False),
    ],
)
def test_how_a_text_that_names_the_other_project_is_found(text, is_found):
    assert bool(STRANGER.search(text)) == is_found

"""What is installed and run is pinned, and nothing that is read as data is run."""

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PIN = r"[\w.-]+(?:\[[\w,-]+\])?==[\w.]+"  # without the processor that a build is for
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAY_WRITE = {"deploy": {"pages", "id-token"}, "publish": {"id-token"}}

each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def pins(text):
    """Return what is pinned, by name."""
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
    here = Path(__file__).resolve()
    files = [path for kind in ("*.py", "*.ipynb") for path in ROOT.glob(kind)]
    for folder in ("esutils", "chapters", "paper", "benchmarks", "tools", "_ext", "tests"):
        files += [path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".ipynb")]
    assert len(files) > 100
    for path in files:
        if path.resolve() != here:
            assert "allow_pickle=True" not in path.read_text(encoding="utf-8"), path

"""The package as a whole: cheap to import, documented, and no module imports upward."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import esutils

ROOT = Path(__file__).parents[1]
TREES = {
    path.stem: ast.parse(path.read_text(encoding="utf-8"))
    for path in (ROOT / "esutils").glob("*.py")
}
MODULES = sorted(name for name in TREES if not name.startswith("_"))
PRIVATE = sorted(name for name in TREES if name.startswith("_") and name != "__init__")
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TABLE = GUIDE.partition("| module | holds | may import |")[2].partition("\n\n")[0]
ROWS = re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", TABLE, re.M)
MAY_IMPORT = {name: set(allowed.replace(",", " ").split()) for name, allowed in ROWS}


def imported(tree):
    """Top-level packages a module imports, and for esutils the module itself."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = "esutils" if node.level else node.module
            inside = ".".join(filter(None, [package, node.module if node.level else None]))
            if inside == "esutils":
                names |= {f"esutils.{alias.name}" for alias in node.names}
            else:
                names.add(inside)
    return {name.split(".")[1 if name.startswith("esutils.") else 0] for name in names}


def test_table_lists_every_module():
    assert set(MAY_IMPORT) == set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_module_imports_only_what_the_table_allows(name):
    private = {other for other in imported(TREES[name]) if other.startswith("_")}
    assert imported(TREES[name]) - private - sys.stdlib_module_names <= MAY_IMPORT[name]


@pytest.mark.parametrize("name", PRIVATE)
def test_private_module_imports_no_public_one(name):
    assert not imported(TREES[name]) & set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_allowed_imports_never_run_upward(name):
    """Follow the table from a module to the modules below it: the way never leads back."""
    below, frontier = set(), {name}
    while frontier := {low for high in frontier for low in MAY_IMPORT[high] & set(MODULES)} - below:
        below |= frontier
    assert name not in below


@pytest.mark.parametrize("name", esutils.__all__)
def test_public_name_resolves_and_is_documented(name):
    assert inspect.getdoc(getattr(esutils, name))


def test_import_is_cheap():
    code = (
        "import sys, time; start = time.perf_counter(); import esutils;"
        "print(time.perf_counter() - start, 'torch' in sys.modules)"
    )
    seconds = []
    for _ in range(3):
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        elapsed, has_torch = run.stdout.split()
        assert has_torch == "False"
        seconds.append(float(elapsed))
    assert min(seconds) < 0.5

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
PRIVATE = sorted(name for name in TREES if name.startswith("_") and not name.endswith("__"))
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


def unannotated(tree):
    """Public functions, methods and fields of which an argument, the result or the type lacks."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    public = [node for name, node in classes.items() if not name.startswith("_")]
    bases = {ast.unparse(base) for node in public for base in node.bases}
    public += [node for name, node in classes.items() if name.startswith("_") and name in bases]
    found = [node.name for node in tree.body if lacks_annotation(node, n_bound=0)]
    for owner in public:
        found += [f"{owner.name}.{n.name}" for n in owner.body if lacks_annotation(n, n_bound=1)]
        fields = [node for node in owner.body if isinstance(node, ast.AnnAssign)]
        if any("dataclass" in ast.unparse(decorator) for decorator in owner.decorator_list):
            fields += [node for node in owner.body if isinstance(node, ast.Assign)]
        found += [f"{owner.name}: {ast.unparse(node)}" for node in fields if not is_typed(node)]
    return found


def lacks_annotation(node, n_bound):
    """Whether this is a public function that lacks one, but for its first ``n_bound`` arguments."""
    if not isinstance(node, ast.FunctionDef):
        return False
    if node.name.startswith("_") and node.name != "__init__":
        return False
    a = node.args
    arguments = [*a.posonlyargs, *a.args][n_bound:] + [*a.kwonlyargs, a.vararg, a.kwarg]
    return node.returns is None or not all(is_typed(arg) for arg in arguments if arg is not None)


def is_typed(node):
    """Whether there is an annotation, which says of a container what is in it."""
    annotation = getattr(node, "annotation", None)
    return annotation is not None and ast.unparse(annotation) not in ("dict", "list", "tuple")


@pytest.mark.parametrize("name", [*MODULES, "__main__"])
def test_what_is_public_is_annotated(name):
    assert unannotated(TREES[name]) == []


@pytest.mark.parametrize(
    "source",
    [
        "def f(x) -> int: ...",
        "def f(x: int): ...",
        "def f(*x) -> int: ...",
        "def f(*, x) -> int: ...",
        "def f(**x) -> int: ...",
        "class A:\n def f(self): ...",
        "class A:\n def __init__(self, x) -> None: ...",
        "class A:\n @property\n def f(self): ...",
        "class _A:\n def f(self): ...\nclass A(_A): ...",
        "@dataclass\nclass A:\n x = 0",
        "@dataclass\nclass A:\n x: dict",
    ],
)
def test_a_missing_annotation_is_found(source):
    assert len(unannotated(ast.parse(source))) == 1


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_is_clean(command):
    pytest.importorskip("ruff")
    run = [sys.executable, "-m", "ruff", *command, "."]
    answer = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout


def test_mypy_is_clean():
    pytest.importorskip("mypy")
    run = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


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


def test_a_type_checker_knows_the_public_names(tmp_path):
    pytest.importorskip("mypy")
    source = tmp_path / "user.py"
    names = [name for name in esutils.__all__ if name not in MODULES]
    source.write_text(
        f"from esutils import {', '.join(names)}\n"
        + "".join(f"reveal_type({name})\n" for name in names)
    )
    command = [sys.executable, "-m", "mypy", str(source)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    revealed = re.findall('Revealed type is "(.*)"', said)
    assert len(revealed) == len(names) and all(
        "esutils." in kind or "def (" in kind for kind in revealed
    ), said

"""The package as a whole: cheap to import, annotated, documented, and no room imports upward."""

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
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "esutils").rglob("*.py"))
}


def homes(offered):
    """Return the names of the modules that define what a public name offers."""
    if not inspect.ismodule(offered):
        return {offered.__module__}
    if hasattr(offered, "__all__"):  # a room that gathers public names from its modules
        inside = [getattr(offered, name) for name in offered.__all__]
        return {value.__module__ for value in inside if callable(value)}
    return {offered.__name__}


HOMES = set().union(*(homes(getattr(esutils, name)) for name in esutils.__all__))
PUBLIC = [path for path in TREES if path.removesuffix(".py").replace("/", ".") in HOMES]


def private_imports(tree):
    """Return the private names that a module imports from another one of the package."""
    lines = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = [line for line in lines if line.level or line.module.split(".")[0] == "esutils"]
    names = [name for line in ours for name in [*line.module.split("."), *_names(line)]]
    return [name for name in names if name.startswith("_") and not name.endswith("__")]


def _names(line):
    return [alias.name for alias in line.names]


@pytest.mark.parametrize("path", TREES)
def test_no_module_imports_a_private_name_of_another(path):
    assert private_imports(TREES[path]) == []


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


@pytest.mark.parametrize("path", [*PUBLIC, "esutils/__main__.py"])
def test_what_is_public_is_annotated(path):
    assert unannotated(TREES[path]) == []


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


def test_no_room_imports_upward():
    pytest.importorskip("importlinter")
    program = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("name", esutils.__all__)
def test_public_name_resolves_and_is_documented(name):
    assert inspect.getdoc(getattr(esutils, name))


def test_import_is_cheap():
    """No library is loaded before a function that needs it is asked for."""
    code = "import sys; before = {*sys.modules}; import esutils; print(*{*sys.modules} - before)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert "esutils" in loaded
    assert loaded - sys.stdlib_module_names == {"esutils"}


def test_a_type_checker_knows_the_public_names(tmp_path):
    pytest.importorskip("mypy")
    source = tmp_path / "user.py"
    names = [name for name in esutils.__all__ if not inspect.ismodule(getattr(esutils, name))]
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

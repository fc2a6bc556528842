"""The package as a whole: what it imports, which names are public, and how they are documented."""

import ast
import inspect
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, is_dataclass
from pathlib import Path

import pytest

import esutils
from esutils.__main__ import main

ROOT = Path(__file__).parents[1]
MODULES = [name for name in esutils.__all__ if inspect.ismodule(getattr(esutils, name))]


def offered(module):
    """Return the public functions and classes of a module or a room, by name."""
    own = [key for key, value in vars(module).items() if _is_of(module, value) and key[0] != "_"]
    values = {key: getattr(module, key) for key in getattr(module, "__all__", own)}
    return {key: value for key, value in values.items() if callable(value)}


def _is_of(module, value):
    return getattr(value, "__module__", None) == module.__name__


PUBLIC = {name: getattr(esutils, name) for name in esutils.__all__ if name not in MODULES}
for room in MODULES:
    PUBLIC |= {f"{room}.{key}": value for key, value in offered(getattr(esutils, room)).items()}


def python(code):
    """Run a program in a fresh interpreter; return what it prints."""
    run = [sys.executable, "-c", code]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout


def test_importing_the_package_imports_nothing_but_the_standard_library():
    """``import esutils`` is cheap: a library is loaded by the first public name that needs it."""
    code = (
        "import sys; before = set(sys.modules); import esutils; print(*set(sys.modules) - before)"
    )
    packages = {name.split(".")[0] for name in python(code).split()}
    assert packages - sys.stdlib_module_names == {"esutils"}


def test_only_what_trains_a_network_loads_pytorch():
    train = {"mlp", "training", "tickets", "experiments", "questions"}
    others = ", ".join(name for name in esutils.__all__ if name not in train)
    answer = python(f"import sys; from esutils import {others}; print('torch' in sys.modules)")
    assert answer == "False\n"


def test_a_name_that_is_not_public_is_not_found():
    with pytest.raises(AttributeError, match="'no_such_name'"):
        _ = esutils.no_such_name
    assert set(esutils.__all__) <= set(dir(esutils))


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_documented_with_an_example(name):
    assert ">>> " in inspect.getdoc(PUBLIC[name])


@pytest.mark.parametrize("name", [name for name in PUBLIC if inspect.isfunction(PUBLIC[name])])
def test_a_public_function_says_in_which_chapter_it_is_used(name):
    said = re.findall(r"\bChapters?: ([\w, -]+)\.", inspect.getdoc(PUBLIC[name]))
    # Every chapter judges its claims and draws its figures.
    assert said or name.split(".")[0] in ("claims", "effects", "intervals", "plots")
    for chapter in re.findall(r"[\w-]+", " ".join(said).replace(" and ", " ")):
        paths = [ROOT / folder / f"{chapter}.ipynb" for folder in ("chapters", "pages")]
        assert any(path.exists() for path in paths), chapter


@pytest.mark.parametrize("public", [*PUBLIC.values(), main], ids=[*PUBLIC, "main"])
def test_a_public_name_is_annotated(public):
    assert not unannotated(public)


def unannotated(public):
    """Return what lacks a type in a public function or class: arguments, results and fields."""
    if inspect.isfunction(public):
        return _of_function(public)
    package, found = public.__module__.split(".")[0], []
    for owner in inspect.getmro(public):
        if owner.__module__.split(".")[0] != package:  # of another library
            continue
        fields = inspect.get_annotations(owner)
        found += [f"{owner.__name__}: {name}" for name in fields if not _says_all(fields[name])]
        for name, value in vars(owner).items():
            function = getattr(value, "fget", getattr(value, "__func__", value))
            if name.startswith("_") and name != "__init__":
                continue
            if inspect.isfunction(function):
                found += [f"{owner.__name__}.{name}: {what}" for what in _of_function(function)]
            elif is_dataclass(owner) and name not in fields:  # a value, and therefore no field
                found.append(f"{owner.__name__}: {name}")
    return found


def _of_function(function):
    """Return which arguments of a function lack a type, and whether its result does."""
    signature = inspect.signature(function)
    types = {name: argument.annotation for name, argument in signature.parameters.items()}
    types["the result"] = signature.return_annotation
    return [name for name in types if name not in ("self", "cls") and not _says_all(types[name])]


def _says_all(annotation):
    """Return whether there is an annotation, which says of a container what is in it."""
    return annotation not in (inspect.Parameter.empty, dict, list, tuple)


def _no_argument(x) -> int: ...
def _no_result(x: int): ...
def _no_positional(*x) -> int: ...
def _no_keyword(*, x) -> int: ...
def _no_keywords(**x) -> int: ...


class _NoMethod:
    def f(self): ...


class _NoConstructor:
    def __init__(self, x) -> None: ...


class _NoProperty:
    @property
    def f(self): ...


class _NoClassMethod:
    @classmethod
    def f(cls): ...


class _Inherits(_NoMethod): ...


@dataclass
class _NoField:
    x = 0


@dataclass
class _NoContent:
    x: dict


@pytest.mark.parametrize(
    "public",
    [
        *(_no_argument, _no_result, _no_positional, _no_keyword, _no_keywords),
        *(_NoMethod, _NoConstructor, _NoProperty, _NoClassMethod, _Inherits, _NoField),
    ],
)
def test_a_missing_annotation_is_found(public):
    assert len(unannotated(public)) == 1


def test_a_container_that_does_not_say_what_it_holds_is_found():
    assert unannotated(_NoContent) == ["_NoContent: x", "_NoContent.__init__: x"]


COMMANDS = [
    ["ruff", "check"],
    ["ruff", "format", "--check"],
    ["mypy"],
    ["lint-imports", "--no-cache"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_style_types_and_imports_are_clean(command):
    name, *options = command
    program = shutil.which(name, path=Path(sys.executable).parent)
    if program is None:
        pytest.skip(f"{name} is not installed")
    answer = subprocess.run([program, *options], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    "path", sorted((ROOT / "esutils").rglob("*.py")), ids=lambda path: path.stem
)
def test_no_module_imports_a_private_name_of_another(path):
    """Ruff finds private attributes (SLF001), but not private names imported within a package."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lines = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = [name for line in lines for name in [line.module, *(a.name for a in line.names)]]
    parts = {part for name in names for part in (name or "").split(".")}
    assert not {part for part in parts if part.startswith("_") and not part.endswith("__")}


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

"""The house stays small: short modules, short functions, short cells."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("esutils", "tests", "benchmarks", "paper", "tools", "_ext")
MODULES = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.py"))]


def length(node):
    """Lines of a function without those of its docstring."""
    docstring = ast.get_docstring(node, clean=False)
    return node.end_lineno - node.lineno + 1 - (docstring.count("\n") + 1 if docstring else 0)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_modules_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 300
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    assert all(length(node) <= 50 for node in nodes)

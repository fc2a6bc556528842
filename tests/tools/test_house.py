"""The house stays small: short modules, short functions, short cells."""

import ast

import pytest

from tests.helpers.pages import NOTEBOOKS, ROOT, code_cells

FOLDERS = ("esutils", "tests", "benchmarks", "paper", "tools", "_ext")
MODULES = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.py"))]


def is_function(node):
    return isinstance(node, ast.FunctionDef)


def length(node):
    """Lines of a function without those of its docstring."""
    docstring = ast.get_docstring(node, clean=False)
    return node.end_lineno - node.lineno + 1 - (docstring.count("\n") + 1 if docstring else 0)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_modules_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 300
    nodes = [node for node in ast.walk(ast.parse(text)) if is_function(node)]
    assert all(length(node) <= 50 for node in nodes)


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_cells_are_short_enough_to_read(page):
    for cell in code_cells(page):
        assert cell.source.count("\n") < 30, cell.source
        nodes = [node for node in ast.walk(ast.parse(cell.source)) if is_function(node)]
        assert all(length(node) <= 25 for node in nodes), cell.source

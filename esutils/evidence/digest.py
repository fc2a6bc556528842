"""Digests of code: what a recorded verdict was judged with.

A digest covers the code cells of a chapter and every module of esutils that they reach by import.
Comments, docstrings and layout do not count, nor do the modules that only show something, so that
prose and looks can be mended without a new run.
"""

import ast
import functools
import hashlib
import json
from pathlib import Path

_PACKAGE = Path(__file__).parent
_SHOWING = {"_progress", "plots", "sliders"}  # nothing that is measured comes out of them


def code_digest(notebook, entry):
    """Return the SHA-256 of a chapter's code, the esutils code it reaches and a ledger entry."""
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    chapter = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    sources = [chapter, *(_source(name) for name in sorted(_reached(chapter) - _SHOWING))]
    return _sha([entry, *(_digest_of(source) for source in sources)])


def module_digest(module):
    """Return the SHA-256 of an esutils module's code and that of the modules it reaches."""
    names = {module} | _reached(_source(module))
    return _sha([_digest_of(_source(name)) for name in sorted(names - _SHOWING)])


def _sha(parts):
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _source(module):
    return (_PACKAGE / f"{module}.py").read_text(encoding="utf-8")


@functools.lru_cache(maxsize=256)  # a scorecard asks for the same few sources hundreds of times
def _digest_of(source):
    return _sha(_canonical(ast.parse(source)))


@functools.lru_cache(maxsize=256)
def _imports_of(source):
    return [name for node in ast.walk(ast.parse(source)) for name in _imported(node)]


def _reached(source):
    """Return the names of the esutils modules that code imports, directly or not."""
    found, todo = set(), [source]
    while todo:
        for name in _imports_of(todo.pop()):
            if name not in found and (_PACKAGE / f"{name}.py").exists():
                found.add(name)
                todo.append(_source(name))
    return found


def _imported(node):
    """Return the esutils modules that one import statement may name."""
    if isinstance(node, ast.ImportFrom) and node.level:
        return [node.module] if node.module else [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "esutils":
        inner = node.module.split(".")[1:]
        return inner or [*(alias.name for alias in node.names), *_lazy(node)]
    if isinstance(node, ast.Import):
        return [
            alias.name.split(".")[1] for alias in node.names if alias.name.startswith("esutils.")
        ]
    return []


def _lazy(node):
    """Return the modules of the public names that esutils loads lazily."""
    from esutils import _NAMES

    return [_NAMES[alias.name] for alias in node.names if alias.name in _NAMES]


def _canonical(node):
    """Return a syntax tree as nested lists that do not depend on the Python version."""
    if isinstance(node, ast.AST):
        fields = [(name, value) for name, value in ast.iter_fields(node) if value not in (None, [])]
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(
            node
        ):
            fields = [(name, v[1:] if name == "body" else v) for name, v in fields]
        return [type(node).__name__, *([name, _canonical(value)] for name, value in fields)]
    if isinstance(node, list):
        return [_canonical(item) for item in node]
    return repr(node)

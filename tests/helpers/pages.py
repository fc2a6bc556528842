"""Which pages the book has, what their notebooks promise to show, and the functions in them."""

import ast
import dis
import inspect
from functools import cache
from pathlib import Path

import nbformat
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"]] + [page["file"] for part in TOC["parts"] for page in part["chapters"]]
NOTEBOOKS = [page for page in PAGES if (ROOT / f"{page}.ipynb").exists()]
VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"


@cache
def read(page):
    """Return the notebook of a page."""
    return nbformat.read(ROOT / f"{page}.ipynb", as_version=4)


def code_cells(page):
    return [cell for cell in read(page).cells if cell.cell_type == "code"]


def shows_picture(cell):
    return any(kind.startswith("image/") for out in cell.outputs for kind in out.get("data", {}))


def widget_state(page):
    return read(page).metadata.get("widgets", {}).get(STATE, {}).get("state", {})


def slider_views(page):
    """Return the model of each slider that a notebook shows."""
    outputs = [out for cell in code_cells(page) for out in cell.outputs]
    return [out.data[VIEW]["model_id"] for out in outputs if VIEW in out.get("data", {})]


def slider_parts(page, model_id):
    """Return a slider's selectors, and its frames by position: nested lists of image elements."""
    state = widget_state(page)

    def model(reference):
        return state[reference.removeprefix("IPY_MODEL_")]

    def frames(found):
        if found["model_name"] == "HTMLModel":
            return BeautifulSoup(found["state"]["value"], "html.parser").img
        return [frames(model(child)) for child in found["state"]["children"]]

    children = [model(child) for child in state[model_id]["state"]["children"]]
    selectors = [c["state"] for c in children if c["model_name"] == "SelectionSliderModel"]
    view = frames(children[len(selectors)])
    computed_between = isinstance(view[0], list) and view[-1] is None
    return selectors, view[0] if computed_between else view


def excerpt(page, *names, change=("", ""), **instead):
    """Run the statements of a notebook that make some names and what these need; return the names.

    ``instead`` gives names other values, for example smaller sizes; ``change`` first replaces a
    piece of the source.
    """
    source = "\n".join(cell.source for cell in code_cells(page))
    assert change[0] in source
    makers = {}
    for statement in ast.parse(source.replace(*change)).body:
        for name in _made(statement):
            makers.setdefault(name, statement)
    found, wanted = [], list(names)
    while wanted:
        statement = makers.get(wanted.pop())
        if statement is not None and statement not in found:
            found.append(statement)
            wanted += _read(compile(ast.Module([statement], []), page, "exec")) - set(instead)
    here = {"__name__": "__main__", **instead}
    for statement in sorted(found, key=lambda statement: statement.lineno):
        exec(compile(ast.Module([statement], []), page, "exec"), here)
        here |= instead
    return [here[name] for name in names]


def _made(statement):
    """Return the names that a statement defines, imports or assigns."""
    if isinstance(statement, ast.FunctionDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in statement.names]
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    nodes = [node for target in targets for node in ast.walk(target)]
    return [node.id for node in nodes if isinstance(node, ast.Name)]


def _read(code):
    """Return the names that code reads from outside of its functions."""
    steps = dis.get_instructions(code)
    names = {step.argval for step in steps if step.opname in ("LOAD_NAME", "LOAD_GLOBAL")}
    return names.union(*(_read(inner) for inner in code.co_consts if inspect.iscode(inner)))

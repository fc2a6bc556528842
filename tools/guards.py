"""Print how everything that a page shows is guarded: ``python -m tools.guards``.

The table counts code cells. A *silent* cell shows nothing, or only pictures: it must run and print
no word. The output of an *exact* one is compared to the letter, except for what is *masked*. A cell
with the tag ``nbval-ignore-output`` is held within a stated *tolerance* by ``assert`` or
``claims.report``, in itself or in the hidden cell that follows; a *slider* must draw every frame
again. An *unguarded* cell shows numbers that nothing checks; a test allows none. *Pictures* are not
compared.
"""

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
CELLS = ("silent", "exact", "tolerance", "slider", "unguarded")
HEADS = ("page", *CELLS, "pictures", "masked")


def masks():
    """Return the regular expressions of what nbval does not compare."""
    text = (ROOT / "tests" / "nbval_sanitize.cfg").read_text(encoding="utf-8")
    return [re.compile(pattern) for pattern in re.findall("^regex: (.*)$", text, re.M)]


def is_picture(output):
    """Return whether an output is a picture, of which nbval compares only the size."""
    return any(kind.startswith("image/") for kind in output.get("data", {}))


def tags(cell):
    """Return the tags of a cell."""
    return cell["metadata"].get("tags", ())


def holds(cell):
    """Return whether a cell asserts or reports numbers within a tolerance."""
    return bool(re.search(r"\bassert\b|\bclaims\.report\(", "".join(cell["source"])))


def guard(cell, after):
    """Return what guards the output of a code cell; the hidden cell after it may do so."""
    if "nbval-ignore-output" not in tags(cell):
        return "silent" if all(map(is_picture, cell["outputs"])) else "exact"
    if "sliders.explore(" in "".join(cell["source"]):
        return "slider"
    if holds(cell) or ("remove-cell" in tags(after) and holds(after)):
        return "tolerance"
    return "unguarded"


def guarded(path):
    """Return pairs of a notebook's code cells and what guards each."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    cells = [cell for cell in cells if cell["cell_type"] == "code"]
    nothing = {"metadata": {}}
    return [(cell, guard(cell, after)) for cell, after in pairwise([*cells, nothing])]


def texts(cell):
    """Yield the texts that a cell shows."""
    for output in cell["outputs"]:
        kinds = output.get("data", {"text/plain": output.get("text", "")})
        yield from ("".join(kinds[kind]) for kind in ("text/plain", "text/html") if kind in kinds)


def count(path):
    """Count a notebook's cells by their guard, its pictures, and what is masked."""
    found = Counter()
    for cell, held_by in guarded(path):
        found[held_by] += 1
        found["pictures"] += sum(map(is_picture, cell["outputs"]))
        if held_by == "exact":
            found["masked"] += sum(len(m.findall(text)) for text in texts(cell) for m in masks())
    return found


def pages():
    """Return the notebooks of the book."""
    return [
        path
        for folder in ("chapters", "pages", ".")
        for path in sorted((ROOT / folder).glob("*.ipynb"))
    ]


def table():
    """Yield the lines of the table."""
    counts = {path.stem: count(path) for path in pages()}
    counts["all"] = sum(counts.values(), Counter())
    yield f"| {' | '.join(HEADS)} |"
    yield "|---" * len(HEADS) + "|"
    for page, found in counts.items():
        yield f"| {page} | {' | '.join(str(found[name]) for name in HEADS[1:])} |"


if __name__ == "__main__":
    print("\n".join(table()))

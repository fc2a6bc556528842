"""Count what guards what each page shows, and write the table of it into CONTRIBUTING.md."""

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

from esutils.common.files import write_text

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "CONTRIBUTING.md"
CELLS = ("silent", "exact", "tolerance", "slider", "unguarded")
HEADS = ("page", *CELLS, "pictures", "masked")


def masks():
    """Return the regular expressions of what nbval does not compare."""
    text = (ROOT / "tests" / "nbval_sanitize.cfg").read_text(encoding="utf-8")
    return [re.compile(pattern) for pattern in re.findall("^regex: (.*)$", text, re.M)]


def is_picture(output):
    """Return whether an output is a picture: of it nbval compares the size alone."""
    return any(kind.startswith("image/") for kind in output.get("data", {}))


def tags(cell):
    """Return the tags of a cell."""
    return cell["metadata"].get("tags", ())


def holds(cell):
    """Return whether a cell asserts or reports numbers within a tolerance."""
    return bool(re.search(r"\bassert\b|\bclaims\.report\(", "".join(cell["source"])))


def guard(cell, after):
    """Return what holds the output of a code cell when it is executed; a hidden cell may follow."""
    if "nbval-ignore-output" not in tags(cell):
        return "silent" if all(map(is_picture, cell["outputs"])) else "exact"
    if "sliders.explore(" in "".join(cell["source"]):
        return "slider"
    if holds(cell) or ("remove-cell" in tags(after) and holds(after)):
        return "tolerance"
    return "unguarded"


def guarded(path):
    """Return the code cells of a notebook, each with what guards it."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    cells = [cell for cell in cells if cell["cell_type"] == "code"]
    nothing = {"metadata": {}}
    return [(cell, guard(cell, after)) for cell, after in pairwise([*cells, nothing])]


def texts(cell):
    """Yield what a cell shows in words."""
    for output in cell["outputs"]:
        kinds = output.get("data", {"text/plain": output.get("text", "")})
        yield from ("".join(kinds[kind]) for kind in ("text/plain", "text/html") if kind in kinds)


def count(path):
    """Return how many cells of a notebook each guard holds, its pictures, and what is masked."""
    found = Counter()
    for cell, held_by in guarded(path):
        found[held_by] += 1
        found["pictures"] += sum(map(is_picture, cell["outputs"]))
        if held_by == "exact":
            found["masked"] += sum(len(m.findall(text)) for text in texts(cell) for m in masks())
    return found


def pages():
    """Return the notebooks of the book."""
    return sorted((ROOT / "chapters").glob("*.ipynb")) + sorted(ROOT.glob("*.ipynb"))


def table():
    """Yield the lines of the table."""
    counts = {path.stem: count(path) for path in pages()}
    counts["all"] = sum(counts.values(), Counter())
    yield f"| {' | '.join(HEADS)} |"
    yield "|---" * len(HEADS) + "|"
    for page, found in counts.items():
        yield f"| {page} | {' | '.join(str(found[name]) for name in HEADS[1:])} |"


if __name__ == "__main__":
    before, _, rest = GUIDE.read_text(encoding="utf-8").partition("| page | ")
    after = rest.partition("\n\n")[2]
    write_text(GUIDE, before + "\n".join(table()) + "\n\n" + after)

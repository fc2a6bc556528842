"""Count what guards what each page shows, and write the table of it into CONTRIBUTING.md."""

import json
import re
from collections import Counter
from pathlib import Path

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


def guard(cell):
    """Return what holds the output of a code cell when the page is executed."""
    source = "".join(cell["source"])
    if "nbval-ignore-output" not in cell["metadata"].get("tags", ()):
        return "silent" if all(map(is_picture, cell["outputs"])) else "exact"
    if "sliders.explore(" in source:
        return "slider"
    return "tolerance" if re.search(r"\bassert\b|\bclaims\.report\(", source) else "unguarded"


def texts(cell):
    """Yield what a cell shows in words."""
    for output in cell["outputs"]:
        kinds = output.get("data", {"text/plain": output.get("text", "")})
        yield from ("".join(kinds[kind]) for kind in ("text/plain", "text/html") if kind in kinds)


def count(path):
    """Return how many cells of a notebook each guard holds, its pictures, and what is masked."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    found = Counter()
    for cell in (cell for cell in cells if cell["cell_type"] == "code"):
        found[guard(cell)] += 1
        found["pictures"] += sum(map(is_picture, cell["outputs"]))
        if guard(cell) == "exact":
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
    GUIDE.write_text(before + "\n".join(table()) + "\n\n" + after, encoding="utf-8")

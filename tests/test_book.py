"""The book builds without a warning, and each chapter is committed whole."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[1]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())
PAGES = [TOC["root"]] + [page["file"] for part in TOC["parts"] for page in part["chapters"]]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
MAX_BYTES = 2_000_000
WIDGETS = "application/vnd.jupyter.widget-state+json"

each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def code_cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def shows_picture(cell):
    return any(kind.startswith("image/") for out in cell.outputs for kind in out.get("data", {}))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build into a fresh folder, so that no page of an earlier build can stand in for a new one."""
    folder = tmp_path_factory.mktemp("book")
    build = subprocess.run(
        [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
        + ["build", ROOT, "--path-output", folder, "-W", "-n", "--keep-going"],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert build.returncode == 0, build.stdout + build.stderr
    return folder / "_build" / "html"


@pytest.mark.parametrize("page", ["index", *PAGES])
def test_page_is_built(site, page):
    assert (site / f"{page}.html").is_file()


def test_contents_list_every_chapter():
    assert CHAPTERS
    listed = {page for page in PAGES if page.startswith("chapters/")}
    assert listed == {f"chapters/{path.stem}" for path in CHAPTERS}


@each_chapter
def test_chapter_is_valid_and_small(path):
    nbformat.validate(nbformat.read(path, as_version=4))
    assert path.stat().st_size < MAX_BYTES, f"{path.name} has {path.stat().st_size:,} bytes"


@each_chapter
def test_chapter_is_committed_executed(path):
    cells = [cell for cell in code_cells(path) if cell.source.strip()]
    assert cells
    for number, cell in enumerate(cells, start=1):
        assert cell.execution_count == number, cell.source
        assert not [out for out in cell.outputs if out.output_type == "error"], cell.source


@each_chapter
def test_glued_numbers_are_held_to_their_tolerance_and_not_to_the_last_digit(path):
    for cell in code_cells(path):
        kinds = {kind for out in cell.outputs for kind in out.get("data", {})}
        if any(kind.startswith("application/papermill.record") for kind in kinds):
            assert "claims.report(" in cell.source, cell.source
            assert "nbval-ignore-output" in cell.metadata["tags"], cell.source


@each_chapter
def test_every_figure_has_caption_number_and_alt_text(site, path):
    cells = [cell for cell in code_cells(path) if shows_picture(cell)]
    for cell in cells:
        assert cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "").strip(), cell.source
        assert cell.metadata["mystnb"].get("figure", {}).get("caption", "").strip(), cell.source
    html = (site / "chapters" / f"{path.stem}.html").read_text(encoding="utf-8")
    figures = BeautifulSoup(html, "html.parser").select("article .cell_output figure")
    assert [figure.img["alt"] for figure in figures] == [
        cell.metadata["mystnb"]["image"]["alt"] for cell in cells
    ]
    for figure in figures:
        assert re.match(r"Fig\. \d+", figure.figcaption.get_text(strip=True))


@each_chapter
def test_every_slider_frame_has_alt_text(path):
    widgets = nbformat.read(path, as_version=4).metadata.get("widgets", {})
    for model in widgets.get(WIDGETS, {}).get("state", {}).values():
        for image in BeautifulSoup(str(model["state"].get("value", "")), "html.parser")("img"):
            assert image.get("alt", "").strip()


def test_nbval_catches_a_changed_number(tmp_path):
    """The comparison that guards the chapters fails where it should, and only there."""
    boxed = "from IPython.display import HTML\nHTML('<b>{}</b> <span class=\"num\">{}</span>')"
    runs = {  # what the cell runs, and the run whose output is stored
        "same": ("print(0.123)", "print(0.123)"),
        "number": ("print(0.123)", "print(0.124)"),
        "masked": (boxed.format("holds", 1), boxed.format("holds", 2)),
        "verdict": (boxed.format("holds", 1), boxed.format("fails", 1)),
        "address": ("object()", "object()"),
    }
    stored = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(before) for _, before in runs.values()]
    )
    path = tmp_path / "toy.ipynb"
    nbformat.write(stored, path)
    execute = ["nbconvert", "--to", "notebook", "--execute", "--inplace", path]
    subprocess.run([sys.executable, "-m", *execute], check=True, capture_output=True)
    stored = nbformat.read(path, as_version=4)
    for cell, (now, _) in zip(stored.cells, runs.values(), strict=True):
        cell.source = now
    nbformat.write(stored, path)
    check = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "--color=no", "--nbval", "--nbval-current-env"]
        + ["--nbval-sanitize-with", ROOT / "tests" / "nbval_sanitize.cfg", path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    outcomes = re.findall(r"^(PASSED|FAILED) \S+::Cell (\d)", check.stdout, re.M)
    assert {list(runs)[int(number)]: outcome for outcome, number in outcomes} == {
        "same": "PASSED",
        "number": "FAILED",
        "masked": "PASSED",
        "verdict": "FAILED",
        "address": "PASSED",
    }, check.stdout

"""The book builds without a warning, and each page is committed whole."""

import re
from functools import cache
from itertools import pairwise
from urllib.parse import unquote, urldefrag

import nbformat
import pytest
from bs4 import BeautifulSoup

from tests.helpers.pages import (
    NOTEBOOKS,
    PAGES,
    ROOT,
    code_cells,
    read,
    shows_picture,
    slider_parts,
    slider_views,
    widget_state,
)

MAX_BYTES = 2_000_000
MAX_FRAME_BYTES, MAX_SLIDER_BYTES = 60_000, 1_200_000

each_notebook = pytest.mark.parametrize("page", NOTEBOOKS)
each_page = pytest.mark.parametrize("page", PAGES)


@cache
def html_of(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.mark.parametrize("page", ["index", *PAGES])
def test_page_is_built(site, page):
    assert (site / f"{page}.html").is_file()


def test_contents_list_every_chapter():
    chapters = sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))
    assert chapters
    assert [page for page in PAGES if page.startswith("chapters/")] == [
        f"chapters/{name}" for name in chapters
    ]


@each_notebook
def test_notebook_is_valid_and_small(page):
    nbformat.validate(read(page))
    n_bytes = (ROOT / f"{page}.ipynb").stat().st_size
    assert n_bytes < MAX_BYTES, f"{page} has {n_bytes:,} bytes"


@each_notebook
def test_notebook_is_committed_executed(page):
    cells = [cell for cell in code_cells(page) if cell.source.strip()]
    assert cells
    for number, cell in enumerate(cells, start=1):
        assert cell.execution_count == number, cell.source
        assert not [out for out in cell.outputs if out.output_type == "error"], cell.source


@each_notebook
def test_glued_numbers_are_held_to_their_tolerance_and_not_to_the_last_digit(page):
    for cell in code_cells(page):
        kinds = {kind for out in cell.outputs for kind in out.get("data", {})}
        if any(kind.startswith("application/papermill.record") for kind in kinds):
            assert "claims.report(" in cell.source, cell.source
            assert "nbval-ignore-output" in cell.metadata["tags"], cell.source


@each_notebook
def test_every_figure_has_caption_number_and_alt_text(site, page):
    cells = [cell for cell in code_cells(page) if shows_picture(cell)]
    for cell in cells:
        assert cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "").strip(), cell.source
        assert cell.metadata["mystnb"].get("figure", {}).get("caption", "").strip(), cell.source
    figures = html_of(site / f"{page}.html").select("article .cell_output figure")
    assert [figure.img["alt"] for figure in figures] == [
        cell.metadata["mystnb"]["image"]["alt"] for cell in cells
    ]
    for figure in figures:
        assert re.match(r"Fig\. \d+", figure.figcaption.get_text(strip=True))


@each_notebook
def test_every_slider_stands_under_a_figure(page):
    """Who has no scripts, or reads on paper, sees the figure alone."""
    shown = [
        cell for cell in code_cells(page) if "remove-cell" not in cell.metadata.get("tags", [])
    ]
    sliders = [i for i, cell in enumerate(shown) if "sliders.explore(" in cell.source]
    assert len(sliders) == len(slider_views(page))
    assert sliders or page in ("chapters/17-scorecard", "pages/tuning")  # these only add up
    assert all(i and shows_picture(shown[i - 1]) for i in sliders)


@each_notebook
def test_slider_frames_are_light_and_say_what_they_show(page):
    weights = []
    for model in widget_state(page).values():
        for image in BeautifulSoup(str(model["state"].get("value", "")), "html.parser")("img"):
            assert image.get("alt", "").strip()
            weights.append(len(image["src"].partition("base64,")[2]) * 3 // 4)
    assert max(weights, default=0) <= MAX_FRAME_BYTES
    assert sum(weights) <= MAX_SLIDER_BYTES * len(slider_views(page))


@each_notebook
def test_slider_keeps_a_frame_for_every_position(page):
    for view in slider_views(page):
        selectors, frames = slider_parts(page, view)
        *outer, inner = [len(selector["_options_labels"]) for selector in selectors]
        rows = frames if outer else [frames]
        assert [len(row) for row in rows] == [inner] * (outer or [1])[0]
        assert all(all(row) for row in rows)


@each_page
def test_page_waits_for_no_script(site, page):
    head = html_of(site / f"{page}.html").head
    waits = [
        script["src"]
        for script in head.find_all("script", src=True)
        if not script.has_attr("defer") and not script.has_attr("async")
    ]
    assert [re.search(r"(\w+)\.js", src)[1] for src in waits] == ["documentation_options"]
    assert len(str(head)) < 20_000


@pytest.mark.parametrize("page", ["index", "search", "genindex", *PAGES])
def test_links_and_anchors_inside_the_book_resolve(site, page):
    path = site / f"{page}.html"
    for tag in html_of(path).find_all(["a", "img", "link", "script"]):
        address, anchor = urldefrag(tag.get("href") or tag.get("src") or "")
        if re.match(r"[a-z]+:", address) or not (address or anchor):
            continue
        target = path
        if address:
            target = (path.parent / unquote(address.partition("?")[0])).resolve()
        assert target.is_file(), f"{page}: {address} leads nowhere"
        if anchor and target.suffix == ".html":
            assert html_of(target).find(id=unquote(anchor)), f"{page}: no {anchor} in {address}"


def test_pages_lead_to_the_next_and_back(site):
    def linked(page, selector):
        path = site / f"{page}.html"
        return (path.parent / html_of(path).select_one(selector)["href"]).resolve()

    for before, after in pairwise(PAGES):
        assert linked(before, "a.right-next") == (site / f"{after}.html").resolve()
        assert linked(after, "a.left-prev") == (site / f"{before}.html").resolve()


@pytest.mark.parametrize("page", [page for page in NOTEBOOKS if page != PAGES[0]])
def test_page_says_how_long_it_takes_to_read(site, page):
    text = html_of(site / f"{page}.html").article.get_text(" ", strip=True)
    minutes = int(re.search(r"Reading takes about (\d+) minutes", text)[1])
    assert 3 <= minutes <= 60


@each_notebook
def test_buttons_lead_to_the_repository_of_the_build(site, page):
    links = {link.get("href") for link in html_of(site / f"{page}.html").find_all("a")}
    path = f"main/{page}.ipynb"
    assert f"https://colab.research.google.com/github/owner/book/blob/{path}" in links
    assert f"https://mybinder.org/v2/gh/owner/book/main?urlpath=lab/tree/{page}.ipynb" in links
    assert f"https://github.com/owner/book/edit/{path}" in links
    assert any(str(link).startswith("https://github.com/owner/book/issues/new") for link in links)

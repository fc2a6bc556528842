"""The pages in a real browser: without errors, self-contained, moving, legible, accessible."""

import functools
import gzip
import os
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright
from pypdf import PdfReader

from tests.helpers.pages import (
    NOTEBOOKS,
    PAGES,
    ROOT,
    code_cells,
    read,
    shows_picture,
    slider_parts,
    slider_views,
)
from tests.helpers.serving import serve
from tools import pdf
from tools.browser import executable, launch

MAX_PAGE_BYTES = 2_500_000
PATIENCE = 300_000  # milliseconds: what should happen is waited for, however busy the machine is
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
SLIDERS = [(page, view) for page in NOTEBOOKS for view in slider_views(page)]

expect.set_options(timeout=PATIENCE)
each_page = pytest.mark.parametrize("page_name", [*PAGES, "search", "genindex"])
each_notebook = pytest.mark.parametrize("page_name", NOTEBOOKS)


def missing(what):
    """Skip, or fail where the browser tests are required."""
    (pytest.fail if os.environ.get("ES_BROWSER") == "required" else pytest.skip)(what)


@pytest.fixture(scope="module")
def chromium():
    if executable() is None:
        missing("no Chromium or Chrome on the path (set CHROMIUM to where it is)")
    if not AXE.exists():
        missing("no web/node_modules (npm ci): pages would ask another host for their scripts")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(site):
    with serve(site) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def visit(chromium, address):
    """Open a page with a fresh profile; what goes wrong and what is loaded is kept on it."""
    contexts = []

    def open_page(page_name, base=address, viewport=DESKTOP, **options):
        contexts.append(chromium.new_context(viewport=viewport, **options))
        contexts[-1].set_default_timeout(PATIENCE)
        page = contexts[-1].new_page()
        page.problems, page.responses = [], []
        page.on("console", lambda said: said.type == "error" and page.problems.append(said.text))
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("request", lambda asked: note_stranger(page, asked.url, base))
        page.on("requestfailed", lambda asked: note_failure(page, asked))
        page.on("response", lambda response: page.responses.append(response))
        page.goto(f"{base}{page_name}.html", wait_until="networkidle")
        if options.get("java_script_enabled", True):
            settle(page, len(slider_views(page_name)) if page_name in NOTEBOOKS else 0)
        return page

    yield open_page
    for context in contexts:
        context.close()


def note_failure(page, asked):
    if asked.failure != "net::ERR_ABORTED":  # what leaving a page cancels
        page.problems.append(f"failed: {asked.url}")


def note_stranger(page, url, base):
    parts = urlsplit(url)
    if parts.scheme not in ("data", "blob") and parts.netloc != urlsplit(base).netloc:
        page.problems.append(f"another host: {url}")


def settle(page, n_sliders):
    """Wait until the sliders show their frames and the formulas are set."""
    page.wait_for_function(
        f"document.querySelectorAll('.widget-vbox:has(> .widget-slider) img').length >= {n_sliders}"
    )
    page.evaluate("window.MathJax?.startup?.promise")


# Quiet and self-contained


@each_page
def test_page_loads_without_an_error_from_one_host_and_is_light(visit, page_name):
    page = visit(page_name)
    assert not page.problems
    weights = {response.url: weight(response) for response in page.responses}
    assert all(response.status < 400 for response in page.responses)
    assert sum(weights.values()) < MAX_PAGE_BYTES, weights


def weight(response):
    """Return what a server that compresses text, as GitHub Pages does, would send."""
    body = response.body()
    return min(len(body), len(gzip.compress(body)))


def test_page_works_from_the_file_system(visit, site):
    page = visit("chapters/01-expand-and-sparsify", base=f"{site.as_uri()}/")
    assert not page.problems
    page.locator('[role="slider"]').first.press("End")
    frame = page.locator(".widget-vbox img:visible")
    expect(frame).to_have_attribute("alt", re.compile("4000 units"))


@each_notebook
def test_without_scripts_every_figure_and_number_is_there(visit, page_name):
    page = visit(page_name, java_script_enabled=False)
    figures = page.locator("article figure img")
    n_pictures = sum(shows_picture(cell) for cell in code_cells(page_name))
    assert figures.count() >= n_pictures > 0
    for figure in figures.all():
        figure.scroll_into_view_if_needed()
        figure.evaluate("image => image.decode()")  # waits for it, and fails if it is broken
        assert figure.evaluate("image => image.naturalWidth") > 0
    source = "\n".join(cell.source for cell in read(page_name).cells)
    numbers = page.locator("article .pasted-text").all_text_contents()  # folded ones too
    assert len(numbers) == len(re.findall(r"\{glue:text\}", source))
    assert all(re.search(r"\d", number) for number in numbers)


# Sliders


@pytest.mark.parametrize(("page_name", "view"), SLIDERS)
def test_keys_and_mouse_move_each_slider_to_the_right_frame(visit, page_name, view):
    page = visit(page_name)
    selectors, frames = slider_parts(page_name, view)
    box = page.locator(".widget-vbox:has(> .widget-slider)").nth(
        slider_views(page_name).index(view)
    )
    position = [selector["index"] for selector in selectors]
    check_frame(box, frames, position)
    for which, selector in enumerate(selectors):
        labels = selector["_options_labels"]
        handle = box.get_by_role("slider", name=selector["description"], exact=True)
        handle.press("Home")
        for index, label in enumerate(labels):
            position[which] = index
            check_frame(box, frames, position)
            expect(handle).to_have_attribute("aria-valuetext", label)
            handle.press("ArrowRight")
    for which, selector in enumerate(selectors):
        handle = box.get_by_role("slider", name=selector["description"], exact=True)
        for index, share in ((0, 0.0), (len(selector["_options_labels"]) - 1, 1.0)):
            drag(page, handle, box.locator(".noUi-base").nth(which), share)
            position[which] = index
            check_frame(box, frames, position)
    assert not page.problems


def check_frame(box, frames, position):
    """Wait until the one visible image is the frame of the position, with its own text."""
    expected = functools.reduce(lambda nested, index: nested[index], position, frames)
    shown = box.locator("img:visible")
    expect(shown).to_have_count(1)
    expect(shown).to_have_attribute("alt", expected["alt"])
    assert shown.get_attribute("src") == expected["src"]


def drag(page, handle, track, share):
    """Drag the handle with the mouse to a share of the track."""
    handle.scroll_into_view_if_needed()
    start, end = handle.bounding_box(), track.bounding_box()
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + share * end["width"], start["y"] + start["height"] / 2, steps=4)
    page.mouse.up()


def test_controls_that_need_a_kernel_are_left_out(visit):
    page = visit("chapters/01-expand-and-sparsify")
    assert page.locator(".needs-kernel").count() == 1
    assert not page.locator(".needs-kernel").is_visible()


# Legible, for everyone


@pytest.mark.parametrize("theme", ["light", "dark"])
@each_page
def test_axe_finds_nothing_serious(visit, page_name, theme):
    page = visit(page_name, color_scheme=theme)
    assert page.locator("html").get_attribute("data-theme") == theme
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    assert not [
        (violation["id"], node["html"])
        for violation in found
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


@each_page
def test_nothing_scrolls_sideways_on_a_phone(visit, page_name):
    page = visit(page_name, viewport=PHONE, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_search_finds_a_chapter(visit):
    page = visit("glossary")
    page.keyboard.press("Control+K")
    page.keyboard.type("supermask")
    page.keyboard.press("Enter")
    page.wait_for_selector('#search-results a[href^="chapters/06-lottery-tickets.html"]')
    assert not page.problems


# On paper


def test_pdf_has_the_whole_book_and_its_bookmarks(chromium, single_page, tmp_path):
    pdf.write(chromium, single_page, tmp_path / "book.pdf")
    reader = PdfReader(tmp_path / "book.pdf")
    marks = set(titles(reader.outline))
    headings = {read(page).cells[0].source.partition("\n")[0].lstrip("# ") for page in NOTEBOOKS}
    assert headings <= marks
    text = "\n".join(page.extract_text() for page in reader.pages)
    n_pictures = sum(shows_picture(cell) for page in NOTEBOOKS for cell in code_cells(page))
    numbered = {int(number) for number in re.findall(r"Fig\. (\d+)", text)}
    assert set(range(1, n_pictures + 1)) <= numbered
    assert sum(len(page.images) for page in reader.pages) >= n_pictures


def titles(outline):
    """Return the titles of nested bookmarks."""
    for mark in outline:
        if isinstance(mark, list):
            yield from titles(mark)
        else:
            yield mark.title

"""Print the book, built as a single page, into one PDF: python tools/pdf.py PAGE PDF."""

import sys
from io import BytesIO
from pathlib import Path

from playwright.sync_api import sync_playwright
from pypdf import PdfWriter
from pypdf.generic import NameObject, TextStringObject

from esutils.common.files import written_whole
from tools.browser import executable, launch

FOOTER = (
    '<div style="width: 100%; text-align: center; font: 8px sans-serif">'
    '<span class="pageNumber"></span></div>'
)
HEADINGS = """[...document.querySelectorAll("h1, h2, h3, h4, h5, h6, [role=heading]")]
  .filter((heading) => heading.checkVisibility())
  .map((heading) => heading.textContent.replace(/#\\s*$/, "").trim())"""
MARGIN = {"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}


def write(browser, page_path, pdf_path):
    """Print one built page; its headings become the bookmarks."""
    page = browser.new_page()
    page.goto(Path(page_path).resolve().as_uri())
    page.evaluate("MathJax.startup.promise")
    printed = page.pdf(
        format="A4",
        scale=0.65,
        margin=MARGIN,
        outline=True,
        tagged=True,
        print_background=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
    )
    page.emulate_media(media="print")
    with written_whole(Path(pdf_path)) as file:
        named(printed, page.evaluate(HEADINGS)).write(file)
    page.close()


def named(printed, headings):
    """Give each bookmark its heading: Chromium garbles those at the end of a line or a page."""
    writer = PdfWriter(BytesIO(printed), incremental=True)
    marks = list(nested(writer.root_object["/Outlines"]))
    for mark, heading in zip(marks, headings, strict=True):
        mark[NameObject("/Title")] = TextStringObject(heading)
    return writer


def nested(mark):
    """Return the bookmarks below one, in the order of the pages."""
    below = mark.get("/First")
    while below is not None:
        below = below.get_object()
        yield below
        yield from nested(below)
        below = below.get("/Next")


if __name__ == "__main__":
    if executable() is None:
        sys.exit("No Chromium found: install it, or set CHROMIUM to the path of Chrome.")
    with sync_playwright() as playwright:
        write(launch(playwright), *sys.argv[1:])

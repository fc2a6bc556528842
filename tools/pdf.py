"""Print the book, built as a single page, into one PDF: python tools/pdf.py PAGE PDF."""

import sys
from pathlib import Path

from browser import executable, launch
from playwright.sync_api import sync_playwright

FOOTER = (
    '<div style="width: 100%; text-align: center; font: 8px sans-serif">'
    '<span class="pageNumber"></span></div>'
)
MARGIN = {"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}


def write(browser, page_path, pdf_path):
    """Print one built page; its headings become the bookmarks."""
    page = browser.new_page()
    page.goto(Path(page_path).resolve().as_uri())
    page.evaluate("MathJax.startup.promise")
    page.pdf(
        path=pdf_path,
        format="A4",
        scale=0.8,
        margin=MARGIN,
        outline=True,
        tagged=True,
        print_background=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
    )
    page.close()


if __name__ == "__main__":
    if executable() is None:
        sys.exit("No Chromium found: install it, or set CHROMIUM to the path of Chrome.")
    with sync_playwright() as playwright:
        write(launch(playwright), *sys.argv[1:])

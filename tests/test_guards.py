"""The guide says what guards each page, and nothing that a page shows goes unguarded."""

import guards
import pytest
from pages import NOTEBOOKS, code_cells


def test_guide_holds_the_table():
    assert "\n".join(guards.table()) in guards.GUIDE.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_whatever_a_page_shows_is_compared_or_asserted(page):
    assert not [cell.source for cell in code_cells(page) if guards.guard(cell) == "unguarded"]

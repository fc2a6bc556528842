"""Nothing that a page shows goes unguarded."""

import pytest

from tools import guards

each_page = pytest.mark.parametrize("path", guards.pages(), ids=lambda path: path.stem)


def test_table_counts_every_cell_of_every_page():
    head, _, *rows = guards.table()
    assert head.startswith("| page | silent | exact | tolerance | slider | unguarded |")
    cells = [[int(number) for number in row.split("|")[2:7]] for row in rows]
    n_cells = [len(guards.guarded(path)) for path in guards.pages()]
    assert [sum(row) for row in cells] == [*n_cells, sum(n_cells)]


@each_page
def test_whatever_a_page_shows_is_compared_or_asserted(path):
    loose = [cell["source"] for cell, held_by in guards.guarded(path) if held_by == "unguarded"]
    assert not loose


def cell(source="", *tags, shows=()):
    outputs = [{"data": {kind: "1"}} for kind in shows]
    return {"source": [source], "metadata": {"tags": [*tags]}, "outputs": outputs}


IGNORED = "nbval-ignore-output"


@pytest.mark.parametrize(
    ("shown", "after", "expected"),
    [
        (cell("x = 1"), cell(), "silent"),
        (cell("draw()", shows=["image/png"]), cell(), "silent"),
        (cell("x", shows=["text/plain"]), cell(), "exact"),
        (cell("assert x < 1\nx", shows=["text/html"]), cell(), "exact"),
        (cell("sliders.explore(draw)", IGNORED), cell(), "slider"),
        (cell("x", IGNORED), cell(), "unguarded"),
        (cell("assert abs(x - 1) < 0.1\nx", IGNORED), cell(), "tolerance"),
        (cell("claims.report(NAME, 0.1, x=x)", IGNORED), cell(), "tolerance"),
        (cell("x", IGNORED), cell("assert x < 1", "remove-cell"), "tolerance"),
        (cell("x", IGNORED), cell("assert x < 1"), "unguarded"),
        (cell("x", IGNORED), cell("x = 1", "remove-cell"), "unguarded"),
        (cell("asserted", IGNORED), cell(), "unguarded"),
    ],
)
def test_what_guards_a_cell(shown, after, expected):
    assert guards.guard(shown, after) == expected

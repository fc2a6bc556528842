"""Pages under other arithmetic: what differs is written down, what is done is not done again."""

import json

import nbformat
import pytest

from tools import reproduce
from tools.reproduce import VARIATIONS, Variation

HERE = Variation("here")


def page_in(folder, name, *cells):
    """Write a page whose cells print and store what they are given, as pairs."""
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                source,
                execution_count=1,
                outputs=[nbformat.v4.new_output("stream", name="stdout", text=stored)],
            )
            for source, stored in cells
        ]
    )
    nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder / f"{name}.ipynb"


def test_a_page_is_executed_and_what_differs_is_kept(tmp_path):
    page = page_in(
        tmp_path,
        "toy",
        ("print(0.12)", "0.12\n"),
        ("print(0.12)", "0.13\n"),
        ("assert 0.12 > 0.13, 'too small'", ""),
    )
    found = reproduce.execute(page, HERE)
    assert found["cells"] == 3
    assert list(found["differ"]) == ["Cell 1", "Cell 2"]
    assert found["differ"]["Cell 1"] == ["- 0.12", "+ 0.13"]
    assert found["differ"]["Cell 2"] == [
        "Cell 2: Cell execution caused an exception",
        "AssertionError: too small",
    ]


def test_a_page_that_cannot_be_executed_is_an_error_and_not_a_record(tmp_path):
    with pytest.raises(RuntimeError, match="not found: .*missing.ipynb"):
        reproduce.execute(tmp_path / "missing.ipynb", HERE)


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Two pages, executed by a stand-in that keeps count."""
    pages = [page_in(tmp_path, name, ("print(1)", "1\n")) for name in ("one", "two")]
    ran = []

    def execute(page, variation):
        ran.append((page.stem, variation.says))
        return {"date": "2026-01-02", "cells": 1, "differ": {}}

    numbers = {"versions": {"numpy": "2"}, "kernels": {}, "results": {"a sum": "a"}}
    others = numbers | {"results": {"a sum": "b"}}
    monkeypatch.setattr(reproduce, "pages", lambda: pages)
    monkeypatch.setattr(reproduce, "execute", execute)
    monkeypatch.setattr(reproduce, "arithmetic", lambda how: others if how.kernels else numbers)
    return pages, ran


def empty():
    return {"machine": "M", "variations": {}, "pages": {}}


def test_what_came_out_is_not_run_again_until_something_changes(book, tmp_path, monkeypatch):
    pages, ran = book
    record = empty()
    assert sorted(reproduce.outcomes("AVX2", record)) == ["one", "two"]
    assert [*reproduce.outcomes("AVX2", record)] == []
    page_in(pages[0].parent, "one", ("print(1)", "1.0\n"))  # the stored output counts
    assert [*reproduce.outcomes("AVX2", record)] == ["one"]
    page_in(pages[0].parent, "two", ("print(1 + 0)", "1\n"))  # and so does the code
    assert [*reproduce.outcomes("AVX2", record)] == ["two"]
    module = tmp_path / "esutils" / "room" / "module.py"
    module.parent.mkdir(parents=True)
    module.write_text("x = 1")
    monkeypatch.setattr(reproduce, "PACKAGE", tmp_path / "esutils")
    assert sorted(reproduce.outcomes("AVX2", record)) == ["one", "two"]
    module.write_text("x = 2")
    assert sorted(reproduce.outcomes("AVX2", record)) == ["one", "two"]
    assert [*reproduce.outcomes("AVX2", record)] == []
    monkeypatch.setitem(VARIATIONS, "AVX2", VARIATIONS["AVX2"]._replace(kernels={"A": "B"}))
    assert sorted(reproduce.outcomes("AVX2", record)) == ["one", "two"]
    assert len(ran) == 10


def test_a_page_that_differed_is_run_again(book):
    record = empty()
    assert [*reproduce.outcomes("AVX2", record)]
    record["pages"]["two"]["AVX2"]["differ"] = {"Cell 0": ["- 1", "+ 2"]}
    assert [*reproduce.outcomes("AVX2", record)] == ["two"]


def test_a_page_that_took_too_long_is_not_recorded(book, monkeypatch):
    record = empty()
    monkeypatch.setattr(reproduce, "execute", lambda page, variation: None)
    assert [*reproduce.outcomes("AVX2", record)] == []
    assert record["pages"] == {"one": {}, "two": {}}


def test_what_an_interrupted_run_has_done_is_kept(book):
    record = empty()
    first = next(reproduce.outcomes("SSE", record))
    assert [*reproduce.outcomes("SSE", record)] == [{"one": "two", "two": "one"}[first]]


def test_a_variation_says_which_results_change(book):
    record = empty()
    for name in ("one thread", "AVX2"):
        assert [*reproduce.outcomes(name, record)]
    assert record["variations"]["AVX2"]["changed"] == ["a sum"]
    assert record["variations"]["one thread"]["changed"] == []


def test_table_shows_what_came_out_and_what_did_not(book):
    record = empty()
    assert [*reproduce.outcomes("one thread", record), *reproduce.outcomes("AVX2", record)]
    record["pages"]["two"]["AVX2"]["differ"] = {"Cell 0": ["- 1", "+ 2"]}
    text = "\n".join(reproduce.lines(record))
    assert "| one | 1 | 1 |" in text
    assert "| two | 1 | **1 of 1 differ** |" in text
    assert "two, AVX2, Cell 0:\n\n```\n- 1\n+ 2\n```" in text


def test_threads_and_kernels_reach_the_page():
    source = "import os; print(os.environ['OMP_NUM_THREADS'], os.environ['MKL_CBWR'])"
    done = reproduce.run(Variation("", threads=3, kernels={"MKL_CBWR": "AVX2"}), "-c", source)
    assert done.stdout == "3 AVX2\n"


def test_table_is_that_of_the_record():
    record = json.loads(reproduce.RECORD.read_text(encoding="utf-8"))
    page = reproduce.TABLE.read_text(encoding="utf-8")
    assert page == "\n".join(reproduce.lines(record)) + "\n"


@pytest.mark.parametrize("name", ["AVX2", "SSE"])
def test_other_kernels_gave_other_results(name):
    record = json.loads(reproduce.RECORD.read_text(encoding="utf-8"))
    changed = " ".join(record["variations"][name]["changed"])
    assert all(library in changed for library in ("NumPy", "SciPy", "PyTorch"))

"""The published figures are complete; a record holds all its runs, and they can be repeated."""

import json
import re
from itertools import product
from pathlib import Path

import joblib
import pytest
import yaml

from tools.paper import check, run
from tools.paper.run import EXPERIMENTS, Experiment

ROOT = Path(__file__).parents[2]
FIGURES = yaml.safe_load((ROOT / "tools" / "paper" / "figures.yml").read_text(encoding="utf-8"))
RECORDS = sorted((ROOT / "tools" / "paper" / "results").glob("*.json"))
FIELDS = [
    "id",
    "source",
    "place",
    "says",
    "published",
    "unit",
    "bound",
    "experiment",
    "where",
    "measure",
    "differs",
]


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure["id"])
def test_a_figure_says_what_was_published_and_how_ours_differs(figure):
    assert list(figure) == FIELDS
    works = re.findall(
        r"^@\w+\{(\w+),", (ROOT / "pages" / "references.bib").read_text("utf-8"), re.M
    )
    assert figure["source"] in works
    assert figure["bound"] in ("exactly", "at least", "below")
    assert figure["experiment"] is None or figure["experiment"] in EXPERIMENTS
    if figure["experiment"]:
        assert set(figure["where"]) <= set(EXPERIMENTS[figure["experiment"]].grid)


def test_no_figure_stands_twice():
    assert len({figure["id"] for figure in FIGURES}) == len(FIGURES)


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_holds_every_run_and_every_measure(path):
    record, experiment = read(path), EXPERIMENTS[path.stem]
    asked = set(product(*experiment.grid.values(), experiment.seeds))
    rows = record["rows"]
    assert len(rows) == len(asked)
    assert {tuple(row[key] for key in (*experiment.grid, "seed")) for row in rows} == asked
    measures = {f["measure"] for f in FIGURES if f["experiment"] == path.stem}
    assert all(measures | set(experiment.tolerance) <= set(row) for row in rows)
    assert (
        record["versions"] and record["machine"] and re.match(r"\d{4}-\d\d-\d\d$", record["date"])
    )


def toy(width, seed):
    return {"error": width / 3 + seed, "curve": [1 / 3]}


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Return where the only experiment, the toy, is recorded; no record is there yet."""
    experiments = {"toy": Experiment(toy, range(2), {"error": 0.01}, {"width": [1, 2]})}
    monkeypatch.setattr(run, "EXPERIMENTS", experiments)
    monkeypatch.setattr(check, "EXPERIMENTS", experiments)
    for module in (run, check):
        monkeypatch.setattr(module, "RESULTS", tmp_path)
    monkeypatch.setattr(run, "STORE", tmp_path / "store")
    with joblib.parallel_config(backend="sequential"):
        yield tmp_path / "toy.json"


def test_what_is_recorded_is_not_run_again_until_the_code_changes(book, capsys, monkeypatch):
    run.record("toy")
    first = book.read_bytes()
    rows = json.loads(first)["rows"]
    assert [(row["width"], row["seed"]) for row in rows] == [(1, 0), (1, 1), (2, 0), (2, 1)]
    assert rows[0]["error"] == 0.333333 and rows[0]["curve"] == [0.333333]
    run.record("toy")
    assert "toy is recorded" in capsys.readouterr().out and book.read_bytes() == first
    monkeypatch.setattr(toy, "__code__", (lambda width, seed: {"error": 0.0}).__code__)
    run.record("toy")
    assert read(book)["rows"][0]["error"] == 0


def test_a_repetition_that_differs_is_found(book, capsys):
    run.record("toy")
    assert check.main(minutes=1) == 0
    assert capsys.readouterr().out.count("toy {") == 4
    book.write_text(book.read_text().replace("0.333333", "0.35", 1))
    assert check.main(minutes=1) == 1
    assert "recorded 0.35, now 0.333333, DIFFERS" in capsys.readouterr().out

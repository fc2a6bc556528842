"""The matrix: each model is measured or said not to have the effect; stale cells are refused."""

import json

import numpy as np
import pytest
import yaml

from esutils import effects

ENTRY = {
    "id": "toy",
    "title": "A toy <moves>",
    "chapter": "99-toy",
    "statistic": "how far it moves",
    "unit": "points",
    "variation": "seeds x images",
    "data": ["here", "there"],
    "models": dict.fromkeys(effects.MODELS, "not defined: it stands still")
    | {"linear": "the distance", "mlp": "the distance after training"},
}
NOISE = np.random.default_rng(0).standard_normal((5, 200))


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one chapter and one statistic, as the working folder."""
    (tmp_path / "chapters").mkdir()
    (tmp_path / "claims.yml").write_text("[]")
    write(tmp_path, ENTRY)
    chapter(tmp_path, "x = 1")
    monkeypatch.chdir(tmp_path / "chapters")
    monkeypatch.delenv("ES_LEDGER", raising=False)
    return tmp_path


def write(book, entry):
    (book / "statistics.yml").write_text(yaml.safe_dump([entry], sort_keys=False))


def chapter(book, code):
    cells = {"cells": [{"cell_type": "code", "source": code}]}
    (book / "chapters" / "99-toy.ipynb").write_text(json.dumps(cells))


def record(monkeypatch):
    monkeypatch.setenv("ES_LEDGER", "record")
    for data in ENTRY["data"]:
        effects.measure("toy", data=data, linear=NOISE + 1, mlp=NOISE + 3)
    monkeypatch.setenv("ES_LEDGER", "check")


def test_shows_what_was_measured_and_why_the_rest_was_not(book):
    measured = effects.measure("toy", data="here", linear=NOISE - 1, mlp=NOISE + 3)
    assert measured.estimates["mlp"].mean == pytest.approx(NOISE.mean() + 3)
    table = measured._repr_html_()
    assert "A toy &lt;moves&gt;" in table and "not defined: it stands still" in table
    mean = f"{abs((NOISE - 1).mean()):.3g}"
    assert f"\N{MINUS SIGN}{mean} (" in table


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (["linear"], r"must be those of \['linear', 'mlp'\], got \['linear'\]"),
        (["linear", "mlp", "expand_dense"], "must be those of"),
    ],
)
def test_asks_for_exactly_the_models_that_have_the_effect(book, models, message):
    with pytest.raises(ValueError, match=message):
        effects.measure("toy", data="here", **dict.fromkeys(models, NOISE))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("none", "here"), "statistic_id must be one of .* got 'none'"),
        (("toy", "nowhere"), "data must be one of .* got 'nowhere'"),
    ],
)
def test_refuses_what_the_table_does_not_name(book, arguments, message):
    with pytest.raises(ValueError, match=message):
        effects.measure(*arguments, linear=NOISE, mlp=NOISE)


def test_refuses_samples_of_another_shape(book):
    with pytest.raises(ValueError, match=r"mlp must be an array of 2 dimension.* shape \(5,\)"):
        effects.measure("toy", data="here", linear=NOISE, mlp=NOISE[:, 0])


def test_only_recording_writes(book, monkeypatch):
    effects.measure("toy", data="here", linear=NOISE, mlp=NOISE)
    assert not (book / "verdicts").exists()
    record(monkeypatch)
    assert len(list((book / "verdicts" / "effects").rglob("*.json"))) == 2


def test_a_run_that_does_not_reproduce_its_record_is_an_error(book, monkeypatch):
    record(monkeypatch)
    effects.measure("toy", data="here", linear=NOISE + 1, mlp=NOISE + 3.0001)
    with pytest.raises(AssertionError, match="toy, mlp: .* lies outside the recorded interval"):
        effects.measure("toy", data="here", linear=NOISE + 1, mlp=NOISE + 4)


def test_the_matrix_holds_every_cell(book, monkeypatch):
    record(monkeypatch)
    table = effects.matrix()
    assert list(table.index) == [("toy", "here"), ("toy", "there")]
    assert list(table.columns) == list(effects.MODELS)
    assert table.loc[("toy", "here"), "mlp"]["mean"] == pytest.approx(NOISE.mean() + 3, rel=1e-3)
    assert table.loc[("toy", "here"), "expand_dense"] is None


@pytest.mark.parametrize("change", ["entry", "chapter"])
def test_the_matrix_refuses_a_stale_cell(book, monkeypatch, change):
    record(monkeypatch)
    if change == "entry":
        write(book, {**ENTRY, "unit": "miles"})
    else:
        chapter(book, "x = 2")
    with pytest.raises(ValueError, match="effect toy on here is stale"):
        effects.matrix()
    with pytest.raises(AssertionError, match="toy: the record is stale"):
        effects.measure("toy", data="here", linear=NOISE + 1, mlp=NOISE + 3)


def test_the_matrix_refuses_a_missing_cell(book):
    with pytest.raises(ValueError, match="no effect toy on here is recorded"):
        effects.matrix()


def test_every_statistic_names_the_six_models(book):
    write(book, {**ENTRY, "models": {"linear": "alone"}})
    with pytest.raises(ValueError, match="models of toy must be"):
        effects.load_statistics()

"""Effects: each model is measured or said not to have the effect; stale cells are refused."""

import pytest

from esutils import effects
from tests.helpers.toy_ledger import EFFECT, NOISE, files, write_statistics


def record(monkeypatch):
    monkeypatch.setenv("ES_LEDGER", "record")
    for data in EFFECT["data"]:
        effects.measure("toy", data=data, linear=NOISE + 1, mlp=NOISE + 3)
    monkeypatch.setenv("ES_LEDGER", "check")


def test_shows_what_was_measured_and_why_the_rest_was_not(book):
    measured = effects.measure("toy", data="here", linear=NOISE - 1, mlp=NOISE + 3)
    assert measured.estimates["mlp"].mean == pytest.approx(NOISE.mean() + 3)
    table = measured._repr_html_()
    assert table.startswith('<table class="effects" data-effect="toy" data-set="here">')
    assert "A toy &lt;moves&gt;" in table and "not defined: it stands still" in table
    mean = f"{abs((NOISE - 1).mean()):.3g}"
    assert f"\N{MINUS SIGN}{mean} (" in table


def test_only_recording_writes(book, monkeypatch):
    before = files(book)
    effects.measure("toy", data="here", linear=NOISE, mlp=NOISE)
    assert files(book) == before
    record(monkeypatch)
    new = [f"ledger/samples/quick/{data}/effects/toy.npz" for data in EFFECT["data"]]
    assert files(book) == sorted([*before, *new])


def test_a_run_that_does_not_reproduce_its_samples_is_an_error(book, monkeypatch):
    record(monkeypatch)
    effects.measure("toy", data="here", linear=NOISE + 1, mlp=NOISE + 3.0001)
    with pytest.raises(AssertionError, match="^toy, mlp: only 0.0% of the samples"):
        effects.measure("toy", data="here", linear=NOISE + 1, mlp=NOISE + 4)


def test_missing_samples_are_an_error(book, monkeypatch):
    monkeypatch.setenv("ES_LEDGER", "check")
    with pytest.raises(AssertionError, match="no samples of toy on here/effects are stored"):
        effects.measure("toy", data="here", linear=NOISE, mlp=NOISE)
    with pytest.raises(ValueError, match="no samples of toy on here/effects are stored"):
        effects.matrix()


def test_the_matrix_holds_every_cell(book, monkeypatch):
    record(monkeypatch)
    table = effects.matrix()
    assert list(table.index) == [("toy", "here"), ("toy", "there")]
    assert list(table.columns) == list(effects.MODELS)
    assert table.loc[("toy", "here"), "mlp"].mean == pytest.approx(NOISE.mean() + 3)
    assert table.loc[("toy", "here"), "expand_dense"] is None
    recorded = effects.recorded(effects.load_statistics()["toy"], "here")
    assert recorded.estimates["mlp"] == table.loc[("toy", "here"), "mlp"]


def test_another_wording_needs_no_run_and_another_experiment_does(book, monkeypatch):
    record(monkeypatch)
    write_statistics(book, {**EFFECT, "unit": "miles"})
    assert "in miles" in effects.recorded(effects.load_statistics()["toy"], "here")._repr_html_()
    effects.measure("toy", data="here", linear=NOISE + 1, mlp=NOISE + 3)
    write_statistics(book, {**EFFECT, "experiment": 2})
    with pytest.raises(ValueError, match="samples of toy on here/effects are stale"):
        effects.matrix()
    with pytest.raises(AssertionError, match="samples of toy on here/effects are stale"):
        effects.measure("toy", data="here", linear=NOISE + 1, mlp=NOISE + 3)


def test_every_statistic_names_the_six_models(book):
    write_statistics(book, {**EFFECT, "models": {"linear": "alone"}})
    with pytest.raises(ValueError, match="models of toy must be"):
        effects.load_statistics()

"""Effects: each model is measured or said not to have the effect; stale cells are refused."""

import numpy as np
import pytest

from esutils import effects
from esutils.evidence.intervals import estimate
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
        effects.matrix(1)


def test_the_matrix_holds_every_cell(book, monkeypatch):
    record(monkeypatch)
    table = effects.matrix(1)
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
        effects.matrix(1)
    with pytest.raises(AssertionError, match="samples of toy on here/effects are stale"):
        effects.measure("toy", data="here", linear=NOISE + 1, mlp=NOISE + 3)


def test_every_statistic_names_the_six_models(book):
    write_statistics(book, {**EFFECT, "models": {"linear": "alone"}})
    with pytest.raises(ValueError, match="models of toy must be"):
        effects.load_statistics()


# ---- the second edition: errors, on one scale


SECOND = EFFECT | {"id": "second", "edition": 2, "data": ["mnist5k"]}


def write_second(book, **changed):
    write_statistics(book, EFFECT, SECOND | changed)


def test_each_edition_has_a_matrix(book, monkeypatch):
    write_second(book)
    monkeypatch.setenv("ES_LEDGER", "record")
    effects.measure("second", data="mnist5k", linear=NOISE + 1, mlp=NOISE + 3)
    assert list(effects.matrix().index) == list(effects.matrix(2).index) == [("second", "mnist5k")]
    with pytest.raises(ValueError, match="no samples of toy on here/effects are stored"):
        effects.matrix(1)


@pytest.mark.parametrize("edition", [0, 3, 1.5, "2"])
def test_there_are_two_editions(book, edition):
    with pytest.raises(ValueError, match=r"^edition must be a whole number in \[1, 2\], got "):
        effects.matrix(edition)
    write_statistics(book, EFFECT | {"edition": edition})
    with pytest.raises(ValueError, match=r"^edition of toy must be"):
        effects.load_statistics()


def test_an_error_is_not_below_zero_and_an_effect_of_the_first_edition_may_be(book):
    rare = np.eye(5, 200)  # a mistake by each seed
    write_second(book)
    first = effects.measure("toy", data="here", linear=rare, mlp=rare).estimates["mlp"]
    second = effects.measure("second", data="mnist5k", linear=rare, mlp=rare).estimates["mlp"]
    assert first == estimate(rare) and first.low < 0
    assert (second.low, second.mean, second.high) == (0, first.mean, first.high)


@pytest.mark.parametrize(
    ("scale", "data", "share"), [("quick", "mnist5k", 0.5), ("paper", "mnist", 0.2)]
)
def test_drawn_training_images_widen_the_intervals(book, monkeypatch, scale, data, share):
    write_second(book, training={"quick": 1000, "paper": 10_000})
    monkeypatch.setenv("ES_SCALE", scale)
    samples = NOISE + 9 + np.arange(5)[:, None]
    found = effects.measure("second", data=data, linear=samples, mlp=samples).estimates["mlp"]
    assert found == estimate(samples, pool_share=share) != estimate(samples)


def test_what_is_recorded_has_the_intervals_of_the_run(book, monkeypatch):
    write_second(book, training={"quick": 1000, "paper": 10_000})
    monkeypatch.setenv("ES_LEDGER", "record")
    measured = effects.measure("second", data="mnist5k", linear=NOISE, mlp=NOISE + 1)
    recorded = effects.recorded(effects.load_statistics()["second"], "mnist5k")
    assert recorded.estimates == measured.estimates


@pytest.mark.parametrize(
    ("training", "message"),
    [({"quick": 1}, "training of second must"), ({"quick": 3001, "paper": 1}, "at quick scale")],
)
def test_training_images_that_no_pool_has_are_refused(book, training, message):
    write_second(book, training=training)
    with pytest.raises(ValueError, match=message):
        effects.load_statistics()


def test_points_are_the_difference_of_mistakes():
    wrong = np.array([[1, 1, 0, 0], [0.5, 0, 1, 0]])
    np.testing.assert_array_equal(effects.points(*wrong), [50, 100, -100, 0])

"""Runs that are stored whole: a part is repeated, and whoever changes a run is told so."""

import re
import warnings

import joblib
import numpy as np
import pytest

from esutils import replay
from esutils.evidence.replay import load_run
from tests.helpers.toy_ledger import files

NAME = "99-toy.walk"
STORED = [f"ledger/samples/quick/{data}/runs/{NAME}.npz" for data in ("here", "there")]
VALUES = np.random.default_rng(0).standard_normal((9, 10, 40))


class Walk:
    """An experiment that remembers what it was run on."""

    def __init__(self, change=lambda values: values):
        self.change, self.ran = change, []

    def __call__(self, data, seed):
        self.ran.append((data, seed))
        values = VALUES[seed] + len(data)
        return {"values": self.change(values), "first": values[0, 0]}


@pytest.fixture(autouse=True)
def sequential():
    """Run seeds in this process, where an experiment can remember them."""
    with joblib.parallel_config(backend="sequential"):
        yield


def run(experiment, data=("here", "there"), n_seeds=6, **options):
    return replay(NAME, experiment, data, n_seeds, **options)


@pytest.fixture
def stored(book, monkeypatch):
    """A book in which six seeds are stored, and what they gave."""
    monkeypatch.setenv("ES_LEDGER", "record")
    found = run(Walk())
    monkeypatch.setenv("ES_LEDGER", "check")
    return found


def assert_same(one, other):
    assert one.keys() == other.keys()
    for case, arrays in one.items():
        assert arrays.keys() == other[case].keys()
        for key, values in arrays.items():
            np.testing.assert_array_equal(values, other[case][key])


def all_of(data, n_seeds):
    return [(case, seed) for case in data for seed in range(n_seeds)]


# ---- what is run, and what comes back


def test_recording_runs_all_seeds_and_stores_them(book, monkeypatch):
    before, walk = files(book), Walk()
    monkeypatch.setenv("ES_LEDGER", "record")
    found = run(walk)
    assert walk.ran == all_of(["here", "there"], 6)
    assert files(book) == sorted([*before, *STORED])
    np.testing.assert_array_equal(found["there"]["values"], VALUES[:6] + 5)
    np.testing.assert_array_equal(found["here"]["first"], VALUES[:6, 0, 0] + 4)


def test_twenty_seeds_are_run_if_nobody_says_how_many(book):
    walk = Walk(lambda values: 0)
    with pytest.raises(IndexError):  # there are nine
        replay(NAME, walk, ["here"])
    assert len(walk.ran) == 10
    assert replay(NAME, lambda data, seed: {"seed": seed}, ["here"])["here"]["seed"].shape == (20,)


@pytest.mark.parametrize("mode", ["check", ""])
def test_afterwards_three_seeds_are_run_and_all_come_back(book, stored, monkeypatch, mode):
    monkeypatch.setenv("ES_LEDGER", mode)
    before, walk = files(book), Walk()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = run(walk)
    assert walk.ran == all_of(["here", "there"], 3)
    assert_same(found, stored)
    assert files(book) == before


@pytest.mark.parametrize("n_repeated", [1, 2, 6])
def test_a_run_may_say_how_many_seeds_are_repeated(stored, monkeypatch, n_repeated):
    walk = Walk()
    assert_same(run(walk, n_repeated=n_repeated), stored)
    assert walk.ran == all_of(["here", "there"], n_repeated)
    monkeypatch.delenv("ES_LEDGER")
    with pytest.warns(UserWarning, match=f"you see your {n_repeated} seeds alone"):
        found = run(Walk(np.negative), n_repeated=n_repeated)
    assert len(found["here"]["values"]) == n_repeated


def test_a_recorded_run_is_replaced_by_another(book, stored, monkeypatch):
    monkeypatch.setenv("ES_LEDGER", "record")
    found = run(Walk(np.negative), n_seeds=4)
    monkeypatch.setenv("ES_LEDGER", "check")
    assert_same(run(Walk(np.negative), n_seeds=4), found)


def test_where_nothing_is_stored_a_reader_runs_all_and_writes_nothing(book):
    before, walk = files(book), Walk()
    found = run(walk)
    assert walk.ran == all_of(["here", "there"], 6)
    assert found["here"]["values"].shape == (6, 10, 40)
    assert files(book) == before


def test_where_one_data_set_is_missing_a_reader_runs_all(book, stored, monkeypatch):
    (book / STORED[1]).unlink()
    monkeypatch.delenv("ES_LEDGER")
    assert_same(run(Walk()), stored)


@pytest.mark.parametrize("missing", [STORED, STORED[1:]])
def test_where_something_is_not_stored_a_check_fails(book, stored, missing):
    for path in missing:
        (book / path).unlink()
    with pytest.raises(AssertionError, match=f"no samples of {NAME} on .*/runs .* make execute"):
        run(Walk())


def test_a_run_of_a_generator_of_names_is_one_of_all_names(book, stored):
    assert_same(run(Walk(), data=(name for name in ("here", "there"))), stored)


def test_scales_are_stored_apart(book, stored, monkeypatch):
    monkeypatch.setenv("ES_SCALE", "paper")
    with pytest.raises(AssertionError, match="no samples"):
        run(Walk())
    monkeypatch.setenv("ES_LEDGER", "record")
    run(Walk(np.negative))
    monkeypatch.setenv("ES_LEDGER", "check")
    run(Walk(np.negative))
    monkeypatch.delenv("ES_SCALE")
    assert_same(run(Walk()), stored)


# ---- a run that does not agree


CHANGES = {
    "far off": (lambda values: values + 9, "values: only 0.0% of the entries are equal"),
    "a little off": (lambda values: values + 0.01, "values: only 0.0% of the entries are equal"),
    "another shape": (lambda values: values[:5], r"values: stored with \(3, 10, 40\), now \(3, 5"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_experiment_fails_a_check(stored, change):
    change, said = CHANGES[change]
    with pytest.raises(AssertionError, match=f"^{NAME} on here at quick scale, {said}"):
        run(Walk(change))


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_experiment_warns_a_reader_who_sees_three_seeds(stored, monkeypatch, change):
    monkeypatch.delenv("ES_LEDGER")
    change, said = CHANGES[change]
    with pytest.warns(UserWarning, match=f"you see your 3 seeds alone: .*{said}") as warned:
        found = run(Walk(change))
    np.testing.assert_array_equal(found["there"]["values"], [*map(change, VALUES[:3] + 5)])
    assert warned[0].filename.endswith("test_replay.py")


def test_another_key_fails_a_check(stored):
    with pytest.raises(AssertionError, match=r"must hold samples of \['other'\], got \['first', "):
        run(lambda data, seed: {"other": 1.0})


def test_every_data_set_is_compared(stored):
    walk = Walk()
    walk.change = lambda values: values + (walk.ran[-1][0] == "there")
    with pytest.raises(AssertionError, match="walk on there at quick scale, values"):
        run(walk)


@pytest.mark.parametrize("key", ["values", "first"])
def test_every_array_is_compared(stored, key):
    with pytest.raises(AssertionError, match=f"quick scale, {key}: "):
        run(lambda data, seed: (found := Walk()(data, seed)) | {key: found[key] + 1})


@pytest.mark.parametrize("n_seeds", [5, 7])
def test_another_number_of_seeds_fails_a_check(stored, n_seeds):
    with pytest.raises(AssertionError, match=f"6 seeds are stored, not {n_seeds}"):
        run(Walk(), n_seeds=n_seeds)


def swap(n_entries):
    """Return a change that moves some of 400 entries, and leaves their mean."""

    def change(values):
        flat = values.ravel().copy()
        flat[:n_entries] = np.roll(flat[:n_entries], 1)
        return flat.reshape(values.shape)

    return change


def test_one_entry_in_a_hundred_may_differ(stored):
    assert_same(run(Walk(swap(4))), stored)
    with pytest.raises(AssertionError, match="values: only 98.8% of the entries are equal"):
        run(Walk(swap(5)))


def test_means_must_agree_even_if_most_entries_do(stored):
    def change(values):
        moved = values.copy()
        moved[0, 0] += 400
        return moved

    with pytest.raises(AssertionError, match="values: the mean of these seeds has moved by 1.0"):
        run(Walk(change))


def test_rounding_is_no_difference(stored):
    assert_same(run(Walk(lambda values: values * (1 + 1e-6))), stored)


def test_an_entry_without_a_value_must_stay_without_one(book, monkeypatch):
    def bins(data, seed, last=np.nan):
        return {"bins": np.array([1.0 + seed, last])}

    monkeypatch.setenv("ES_LEDGER", "record")
    found = replay(NAME, bins, ["here"], 4)
    monkeypatch.setenv("ES_LEDGER", "check")
    assert_same(replay(NAME, bins, ["here"], 4), found)
    with pytest.raises(AssertionError, match="bins: only 50.0% of the entries"):
        replay(NAME, lambda data, seed: bins(data, seed, last=0.0), ["here"], 4)


# ---- another machine


@pytest.fixture(params=["arithmetic", "versions"])
def elsewhere(stored, monkeypatch, request):
    """What is stored, on a machine that calculates otherwise."""
    monkeypatch.setattr(f"esutils.evidence.samples.{request.param}", lambda: "another")
    return stored


def deviation():
    """Return the standard deviation of the seeds' means."""
    return VALUES[:6].mean(axis=(1, 2)).std(ddof=1)


@pytest.mark.parametrize("side", [-1, 1])
def test_elsewhere_the_mean_may_move_by_one_standard_deviation(elsewhere, side):
    assert_same(run(Walk(lambda values: values + 0.99 * side * deviation())), elsewhere)
    with pytest.raises(AssertionError, match="values: the mean of these seeds has moved by "):
        run(Walk(lambda values: values + 1.2 * side * deviation()))


def test_elsewhere_single_entries_may_all_differ(elsewhere):
    assert_same(run(Walk(lambda values: values[::-1])), elsewhere)


def test_elsewhere_a_shape_may_not_differ(elsewhere):
    with pytest.raises(AssertionError, match="values: stored with"):
        run(Walk(lambda values: values[:5]))


# ---- names, and what is stored


@pytest.mark.parametrize("name", ["../x.run", "", "a/b", 3, None])
def test_a_name_that_cannot_be_a_files_is_refused_before_anything_runs(book, name):
    walk = Walk()
    with pytest.raises(ValueError, match=f"^name must be .* got {re.escape(repr(name))}"):
        replay(name, walk, ["here"])
    with pytest.raises(ValueError, match="^name must be"):
        load_run(name, "here")
    assert not walk.ran


def test_a_data_set_whose_name_cannot_be_a_folders_is_refused(book):
    walk = Walk()
    with pytest.raises(ValueError, match=r"^data must be .* got '\.\./x'"):
        run(walk, data=["here", "../x"])
    with pytest.raises(ValueError, match=r"^case must be .* got '\.\./x'"):
        load_run(NAME, "../x")
    assert not walk.ran


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"n_seeds": 2}, "^n_seeds must be .* >= 3, got 2"),
        ({"n_repeated": 0}, "^n_repeated must be .* >= 1, got 0"),
        ({"n_repeated": 7}, "^n_seeds must be .* >= 7, got 6"),
        ({"data": 3}, "^data must be a sequence of names"),
    ],
)
def test_too_few_seeds_or_no_names_are_refused(book, options, named):
    walk = Walk()
    with pytest.raises(ValueError, match=named):
        run(walk, **options)
    assert not walk.ran


def test_a_stored_run_can_be_read_without_running_it(stored):
    assert_same({"there": load_run(NAME, "there")}, {"there": stored["there"]})


def test_reading_a_run_that_is_not_stored_is_refused(stored):
    with pytest.raises(ValueError, match=f"no samples of {NAME} on moon/runs are stored"):
        load_run(NAME, "moon")


def test_a_torn_file_is_refused(book, stored):
    (book / STORED[0]).write_bytes(b"PK")
    with pytest.raises(ValueError, match=f"{NAME}.npz must hold stored samples, .* remove it"):
        load_run(NAME, "here")
    with pytest.raises(AssertionError, match=f"{NAME}.npz must hold stored samples"):
        run(Walk())


def test_a_reader_who_has_a_torn_file_is_warned(book, stored, monkeypatch):
    monkeypatch.delenv("ES_LEDGER")
    (book / STORED[0]).write_bytes(b"PK")
    with pytest.warns(UserWarning, match=f"{NAME}.npz must hold stored samples, .* remove it"):
        found = run(Walk())
    assert found["here"]["values"].shape == (3, 10, 40)

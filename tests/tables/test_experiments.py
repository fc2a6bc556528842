"""The experiments find in made-up tables what was put into them."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esutils import experiments, questions, tables
from tests.helpers.strategies import powers, problems, seeds

TASKS = ("classification", "regression")
RNG = np.random.default_rng(0)


def table(n=240, task="classification", noise=0.0):
    """Make rows whose target is a linear function of one column, plus noise."""
    X = RNG.standard_normal((n, 5))
    signal = X[:, 0] + noise * RNG.standard_normal(n)
    return tables.from_arrays(X, signal if task == "regression" else np.sign(signal), task)


@pytest.fixture(scope="module")
def results():
    """Run three resplits of a linear rule, and of pure chance, for both tasks."""
    return {
        (task, noise): experiments.run(table(task=task, noise=noise), 3)
        for task in TASKS
        for noise in (0.0, 1e6)
    }


@pytest.mark.parametrize("task", TASKS)
def test_the_same_is_measured_on_every_table(results, task):
    clean, chance = results[task, 0.0], results[task, 1e6]
    assert list(clean) == list(chance) and len(clean) == 3
    assert set(clean) >= questions.COLUMNS
    assert np.isfinite(clean.to_numpy()).all() and (clean.to_numpy() >= 0).all()


@pytest.mark.parametrize("task", TASKS)
def test_a_linear_rule_is_found_and_chance_is_not(results, task):
    clean, chance = results[task, 0.0].mean(), results[task, 1e6].mean()
    assert clean["family, linear"] < 0.06
    for model in ("linear", "expand_sparsify", "mlp"):
        assert chance[f"family, {model}"] > 0.8 * chance["family, constant"]


def test_expansion_alone_is_linear(results):
    for found in results.values():
        gap = found["family, expand_linear"] - found["family, linear"]
        assert abs(gap).max() < 0.06


def test_shuffled_targets_are_fitted_and_not_learned(results):
    for (task, _), found in results.items():
        assert found["shuffled, 1.0, training"].max() < 1e-6
        level = 1.0 if task == "regression" else 0.5
        assert found["shuffled, 1.0"].mean() > 0.8 * level


def test_without_a_penalty_the_error_peaks_at_as_many_units_as_rows(results):
    found = results["regression", 1e6].mean()
    errors = [found[f"no penalty, {ratio}"] for ratio in experiments.UNITS_PER_ROW]
    assert experiments.UNITS_PER_ROW[int(np.argmax(errors))] == 1.0
    assert found["dropout, layer"] < found["no penalty, 1.0"]


def test_more_time_buys_more_resplits(monkeypatch):
    monkeypatch.setattr(experiments, "measure", lambda table, seed: {"seed": seed})
    clock = SimpleNamespace(monotonic=iter(range(0, 1000, 10)).__next__)
    monkeypatch.setattr(experiments, "time", clock)  # here alone: pools of workers need theirs
    found = experiments.run(table(), 3, minutes=1)
    assert len(found) > 3 and found["seed"].tolist() == list(range(len(found)))


@given(seeds, st.integers(1, 9), st.integers(1, 4), st.data())
def test_an_error_is_a_mean_over_rows_and_of_classes_a_share(seed, n, k, draws):
    rng, order = np.random.default_rng(seed), draws.draw(st.permutations(range(n)))
    outputs, Y = rng.standard_normal((n, k)), np.eye(k)[rng.integers(0, k, n)]
    for task in ("regression", "classification"):
        whole = experiments.error(outputs, Y, task)
        alone = [experiments.error(outputs[[at]], Y[[at]], task) for at in range(n)]
        assert whole == pytest.approx(np.mean(alone))
        assert experiments.error(outputs[order], Y[order], task) == pytest.approx(whole)
        assert experiments.error(Y, Y, task) == 0
    assert set(alone) <= {0, 1}
    shifted = 3 * outputs + rng.standard_normal((n, 1))
    assert experiments.error(shifted, Y, "classification") == whole


@given(problems(n_samples=st.integers(2, 6), m=st.integers(2, 5)), st.data())
def test_dropout_of_one_half_is_least_squares_over_all_masks(problem, data):
    Z, Y = problem
    fitted = experiments.dropout_readout(Z, Y)
    masks = 2 * np.array(list(product((0, 1), repeat=Z.shape[1])))
    dropped = (masks[:, None] * Z).reshape(-1, Z.shape[1])
    design = np.column_stack([dropped, np.ones(len(dropped))])
    best = np.linalg.lstsq(design, np.tile(Y, (len(masks), 1)), rcond=None)[0]
    np.testing.assert_allclose(fitted.weights, best[:-1], atol=1e-8)
    np.testing.assert_allclose(fitted.intercept, best[-1], atol=1e-8)
    scales = np.array([data.draw(powers) for _ in Z.T])  # one for each column
    scaled = experiments.dropout_readout(scales * Z, Y)
    np.testing.assert_allclose(scaled.predict(scales * Z), fitted.predict(Z))

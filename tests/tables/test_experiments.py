"""The battery finds in made-up tables what was put into them, and asks it the right questions."""

from types import SimpleNamespace

import numpy as np
import pytest

from esutils import experiments, questions, tables

TASKS = ("classification", "regression")
RNG = np.random.default_rng(0)


def table(n=240, task="classification", noise=0.0):
    """Rows whose target is a linear function of one column, as far as it is not noise."""
    X = RNG.standard_normal((n, 5))
    signal = X[:, 0] + noise * RNG.standard_normal(n)
    return tables.from_arrays(X, signal if task == "regression" else np.sign(signal), task)


@pytest.fixture(scope="module")
def results():
    """Three resplits of a linear rule, and of pure chance, for both tasks."""
    return {
        (task, noise): experiments.run(table(task=task, noise=noise), 3)
        for task in TASKS
        for noise in (0.0, 1e6)
    }


@pytest.mark.parametrize("task", TASKS)
def test_measures_the_same_of_every_table(results, task):
    clean, chance = results[task, 0.0], results[task, 1e6]
    assert list(clean) == list(chance) and len(clean) == 3
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


def test_the_ridgeless_path_peaks_where_units_are_as_many_as_rows(results):
    found = results["regression", 1e6].mean()
    path = [found[f"path, {ratio}"] for ratio in experiments.RATIOS]
    assert experiments.RATIOS[int(np.argmax(path))] == 1.0
    assert found["dropout, layer"] < found["path, 1.0"]


def test_answers_follow_the_thresholds(results):
    """Change one number that a question asks for, and its verdict, and no other, changes."""
    found = results["classification", 0.0].copy()
    before = questions.answers(table(), found)["verdict"]
    found["ticket, random"] = found["ticket, pruned"] + 0.3
    after = questions.answers(table(), found)["verdict"]
    changed = [i for i, question in enumerate(questions.QUESTIONS) if before[i] != after[i]]
    asked = [i for i, q in enumerate(questions.QUESTIONS) if q.second == "ticket, random"]
    assert set(changed) <= set(asked) and after[asked[0]] == "holds"
    found["ticket, random"] = found["ticket, pruned"] - 0.3
    assert questions.answers(table(), found)["verdict"][asked[0]] == "fails"


def test_one_huge_error_at_the_peak_does_not_undo_it(results):
    found = results["regression", 0.0].copy()
    found["path, 0.5"], found["path, 1.0"] = [0.89, 0.9, 0.91], [60.0, 9e6, 100.0]
    numbers = table(task="regression")
    peak = (
        questions.answers(numbers, found)
        .set_index("prediction")
        .filter(like="error at m = n is", axis=0)
    )
    assert peak["verdict"].tolist() == ["holds"] and peak["mean"].tolist() == pytest.approx([910])


def test_advice_names_the_simplest_good_model(results):
    classes = table()
    found = results["classification", 0.0].copy()
    columns = [f"family, {model}" for model in ("linear", "expand_sparsify", "expand_dense", "mlp")]
    words = ("ridge regression", "ExpandSparsifyClassifier", 'sparsifier="cosine"', "trained")
    for best, word in zip(columns, words, strict=True):
        found[columns] = 0.3
        found[best] = 0.1
        assert word in questions.advice(classes, found)["What to use?"]
    found[[f"width, {m}" for m in experiments.WIDTHS]] = [[0.5, 0.4, 0.3, 0.2, 0.109, 0.1, 0.1]] * 3
    assert questions.advice(classes, found)["How wide?"].startswith("1,000 units")


def test_time_buys_resplits(monkeypatch):
    monkeypatch.setattr(experiments, "measure", lambda table, seed: {"seed": seed})
    clock = SimpleNamespace(monotonic=iter(range(0, 1000, 10)).__next__)
    monkeypatch.setattr(experiments, "time", clock)  # of this module alone: pools look at theirs
    found = experiments.run(table(), 3, minutes=1)
    assert len(found) > 3 and found["seed"].tolist() == list(range(len(found)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_resplits": 2}, "n_resplits must be a whole number >= 3, got 2"),
        ({"minutes": 0}, r"minutes must be a finite number in \(0, inf\], got 0"),
    ],
)
def test_refuses(settings, message):
    with pytest.raises(ValueError, match=message):
        experiments.run(table(), **settings)

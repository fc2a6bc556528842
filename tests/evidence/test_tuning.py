"""Tuning: one budget and one readout for all models, and no look at images that are tested on."""

from dataclasses import replace

import joblib
import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from esutils import data, replay, theory, tuning
from esutils.networks import training
from esutils.readout import MORE_PENALTIES, tuned_ridge

DIGITS = data.load_digits()
SMALL = replace(
    data.subsample(DIGITS, 150, 0), X_test=DIGITS.X_test[:90], y_test=DIGITS.y_test[:90]
)
SETTINGS = {  # for seconds; a network's name has its width
    "ridge": [{}],
    "logistic": [{"C": 0.01}, {"C": 1.0}],
    "gaussian": [{"bandwidth": 1.0}],
    "expand_sparsify": [{"active_fraction": 0.1, "binary": True}],
    "mlp_20": [{"learning_rate": 1e-2, "n_epochs": n} for n in (1, 3, 5)],
}
NETWORK = SETTINGS["mlp_20"][-1]
SHARE = {"active_fraction": 0.05, "binary": False}


@pytest.fixture
def small(monkeypatch):
    """A pool of 150 digits, few settings and few units."""
    monkeypatch.setattr(tuning, "pools", lambda: {"toy": SMALL})
    monkeypatch.setattr(tuning, "choose", lambda quick, paper: 150)
    monkeypatch.setattr(tuning, "SETTINGS", SETTINGS)
    monkeypatch.setattr(tuning, "N_UNITS", 200)


def held_out(seed=0):
    """Return the numbers of four fifths of the small pool, and of one."""
    return tuning._fifth(SMALL.X_train, seed)


# ---- the budget


def test_every_model_has_at_most_eight_settings():
    assert {model for model, tried in tuning.SETTINGS.items() if len(tried) < 8} == {
        "ridge",  # its penalty is chosen with the readout
        "expand_linear",
        "half_active",
    }
    assert max(map(len, tuning.SETTINGS.values())) == 8


def test_the_rivals_are_models_with_settings():
    assert {*tuning.DENSE, *tuning.LINEAR} <= tuning.SETTINGS.keys()


@pytest.mark.parametrize("name", ["mnist5k", "fashion10k"])
def test_what_is_stored_has_all_settings_of_all_models(name):
    tuned = tuning.chosen(name)
    assert tuned.settings.keys() == tuning.SETTINGS.keys()
    for model, setting in tuned.settings.items():
        assert setting in tuning.SETTINGS[model]
    for key, errors in tuning.load_run(tuning.RUN, name).items():
        assert errors.shape == (tuning.N_DRAWS, len(tuning.SETTINGS[key.split(" ")[0]]))


# ---- draws


def test_a_draw_is_of_the_pool_and_leaves_the_test_images(small):
    split = tuning.draw("toy", 50, seed=3)
    pool = {image.tobytes() for image in SMALL.X_train}
    assert all(image.tobytes() in pool for image in split.X_train)
    assert split.X_test is SMALL.X_test
    assert (np.bincount(split.y_train) == 5).all()


def test_seeds_draw_different_images(small):
    first, second = (tuning.draw("toy", 50, seed).X_train for seed in (0, 1))
    assert not np.array_equal(first, second)


# ---- trying all settings


def test_every_setting_of_every_model_has_its_share_of_mistakes(small):
    found = tuning.tune("toy", 0)
    tried = {"ridge": 1, "logistic": 2, "gaussian": 1, "expand_sparsify": 1}
    tried |= {"mlp_20 output": 3, "mlp_20 ridge": 3}
    assert {model: errors.shape for model, errors in found.items()} == {
        model: (n,) for model, n in tried.items()
    }
    for errors in found.values():
        assert ((errors >= 0) & (errors <= 0.9)).all()
        np.testing.assert_allclose(errors * 30, np.round(errors * 30))  # of 30 held-out images


def test_trying_is_repeated_exactly_by_the_same_seed_and_not_by_another(small):
    one, same, other = (tuning.tune("toy", seed) for seed in (1, 1, 2))
    assert all(np.array_equal(errors, same[key]) for key, errors in one.items())
    assert any(not np.array_equal(errors, other[key]) for key, errors in one.items())


def test_what_is_counted_are_mistakes_on_the_held_out_fifth(small, monkeypatch):
    monkeypatch.setattr(tuning, "SETTINGS", {"logistic": SETTINGS["logistic"]})
    split = tuning.draw("toy", 150, 4)
    X, y, (fit, held) = split.X_train, split.y_train, tuning._fifth(split.X_train, 4)
    fitted = LogisticRegression(C=0.01, max_iter=1000).fit(X[fit], y[fit])
    assert tuning.tune("toy", 4)["logistic"][0] == np.mean(fitted.predict(X[held]) != y[held])


def test_no_test_image_is_looked_at(small, monkeypatch):
    found = tuning.tune("toy", 0)
    blind = replace(SMALL, X_test=SMALL.X_test * np.nan, y_test=SMALL.y_test[::-1])
    monkeypatch.setattr(tuning, "pools", lambda: {"toy": blind})
    assert all(np.array_equal(errors, found[key]) for key, errors in tuning.tune("toy", 0).items())


def test_no_label_that_is_held_out_is_learned_from(small):
    """Whoever had learned from these wrong labels could give one of them."""
    y, (fit, held) = SMALL.y_train.copy(), held_out()
    y[held] = 99
    wrong = replace(SMALL, y_train=y)
    assert tuning._held_out("logistic", {"C": 1.0}, wrong, 0) == {"logistic": 1.0}
    assert len(fit) == 120 and not set(fit) & set(held)


@pytest.mark.parametrize("seed", range(4))
def test_the_held_out_fifth_is_the_one_of_the_tuned_readout(seed):
    """The unit of the penalties is that of the rows that are fitted, so the rows are the same."""
    Z, y = SMALL.X_train, SMALL.y_train
    best = tuning._best_ridge(Z, y, *tuning._fifth(Z, seed))
    final = tuned_ridge(Z, data.one_hot(y, 10), MORE_PENALTIES, seed)
    assert best.penalty * 5 / 4 == pytest.approx(final.penalty, rel=1e-6)


# ---- choosing


ERRORS = {  # by draw and setting
    "first": [[0.1, 0.2], [0.4, 0.1]],
    "second": [[0.3, 0.3], [0.3, 0.3]],
    "mlp_9 output": [[0.5, 0.5, 0.2], [0.5, 0.5, 0.2]],
    "mlp_9 ridge": [[0.4, 0.1, 0.3], [0.4, 0.1, 0.3]],
}


@pytest.fixture
def stored(book, monkeypatch):
    """What is chosen by the four stored draws of a toy."""
    tried = {"first": ["a", "b"], "second": ["a", "b"], "mlp_9": ["a", "b", "c"]}
    named = {model: [{"name": name} for name in names] for model, names in tried.items()}
    monkeypatch.setattr(tuning, "SETTINGS", named)
    monkeypatch.setenv("ES_LEDGER", "record")

    def tune(name, seed):
        return {key: np.array(errors[seed % 2]) for key, errors in ERRORS.items()}

    with joblib.parallel_config(backend="sequential"):
        replay(tuning.RUN, tune, ["toy"], n_seeds=4)
    monkeypatch.delenv("ES_LEDGER")
    return tuning.chosen("toy")


def test_the_setting_with_the_fewest_mistakes_over_all_draws_is_chosen(stored):
    assert stored.settings["first"] == {"name": "b"}
    assert stored.held_out["first"] == pytest.approx(0.15)


def test_of_equal_settings_the_first_is_chosen(stored):
    assert stored.settings["second"] == {"name": "a"}


def test_a_networks_setting_is_that_of_its_better_readout(stored):
    assert stored.settings["mlp_9"] == {"name": "b"}
    assert stored.held_out["mlp_9 ridge"] == pytest.approx(0.1)
    assert stored.held_out["mlp_9 output"] == pytest.approx(0.5)


def test_the_best_model_is_that_with_the_fewest_held_out_mistakes(stored):
    assert stored.best_of("first", "second") == stored.best_of("second", "first") == "first"
    assert stored.best_of(*stored.held_out) == "mlp_9 ridge"


def test_without_a_stored_run_nothing_can_be_chosen(book):
    with pytest.raises(ValueError, match="no samples of tuning.settings on toy/runs are stored"):
        tuning.chosen("toy")


# ---- encoders


@pytest.mark.parametrize("share", [0.02, 0.1, 0.2, 0.5])
@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("model", ["expand_sparsify", "half_active"])
def test_a_sparse_code_has_the_active_fraction_that_was_asked_for(model, binary, share):
    setting = {"active_fraction": share, "binary": binary}
    layer = tuning.encoder(model, setting, SMALL.X_train, 500, 0).fit(SMALL.X_train)
    Z = layer.transform(SMALL.X_test)
    active = Z != 0
    assert Z.shape == (90, 500) and (active.sum(axis=1) <= round(500 * share)).all()
    assert active.mean() == pytest.approx(share, rel=0.1)
    assert (len(np.unique(Z)) == 2) == binary


def test_at_least_one_unit_is_active():
    setting = {"active_fraction": 0.02, "binary": True}
    assert tuning.encoder("expand_sparsify", setting, SMALL.X_train, 10, 0).n_active == 1


@pytest.mark.parametrize(
    ("model", "setting", "law"),
    [
        ("expand_linear", {}, "gaussian"),
        ("expand_sparsify", SHARE, "gaussian"),
        ("half_active", SHARE, "gaussian"),
        ("sparsify_only", SHARE, "rotation"),
        ("gaussian", {"bandwidth": 1.0}, "gaussian"),
        ("laplacian", {"bandwidth": 1.0}, "cauchy"),
    ],
)
def test_each_layer_has_its_law_its_width_and_its_seed(model, setting, law):
    layer = tuning.encoder(model, setting, SMALL.X_train, 300, 7)
    width = 64 if model == "sparsify_only" else 300
    assert (layer.law, layer.n_expanded, layer.random_state) == (law, width, 7)
    layer.fit(SMALL.X_train)


def test_half_of_the_pair_alone_sparsifies_as_many_units_as_there_are_inputs():
    layer = tuning.encoder(
        "sparsify_only", {"active_fraction": 0.1, "binary": True}, SMALL.X_train, 9, 0
    )
    assert (layer.n_expanded, layer.n_active) == (64, 6)


def test_expansion_alone_is_linear():
    X = SMALL.X_train
    layer = tuning.encoder("expand_linear", {}, X, 300, 0).fit(X)
    between = layer.transform((X[:50] + X[50:100]) / 2)
    halves = (layer.transform(X[:50]) + layer.transform(X[50:100])) / 2
    np.testing.assert_allclose(between, halves, atol=1e-4)


@pytest.mark.parametrize("model", ["gaussian", "laplacian"])
def test_a_bandwidth_is_a_multiple_of_the_matched_one(model):
    layer = tuning.encoder(model, {"bandwidth": 2.5}, SMALL.X_train, 100, 0)
    assert layer.sparsifier == "cosine"
    assert layer.bandwidth == pytest.approx(2.5 * tuning.matched_bandwidth(model, SMALL.X_train))


@pytest.mark.parametrize(
    ("model", "kernel"),
    [("gaussian", theory.gaussian_kernel), ("laplacian", theory.laplacian_kernel)],
)
def test_at_the_matched_bandwidth_neighbours_are_as_similar_as_to_winners(model, kernel):
    X = SMALL.X_train - SMALL.X_train.mean(axis=0)
    apart = np.linalg.norm(X[:, None] - X, axis=2) + np.diag(np.full(len(X), np.inf))
    cosine = X @ X.T / np.outer(*2 * [np.linalg.norm(X, axis=1)])
    similar = theory.winners_kernel(np.arccos(np.clip(cosine, -1, 1)), 0.1)
    np.fill_diagonal(similar, -np.inf)
    found = kernel(apart.min(axis=1), tuning.matched_bandwidth(model, SMALL.X_train)).mean()
    scale = theory.winners_kernel(0.0, 0.1)
    assert found == pytest.approx(similar.max(axis=1).mean() / scale, rel=1e-3)


def test_the_matched_bandwidth_has_the_unit_of_the_images():
    found = tuning.matched_bandwidth("laplacian", SMALL.X_train)
    assert tuning.matched_bandwidth("laplacian", 3 * SMALL.X_train + 1) == pytest.approx(3 * found)


def test_a_thousand_images_are_enough_to_match_a_bandwidth():
    X = DIGITS.X_train[:1000]
    more = np.vstack([X, X.mean(axis=0)])  # the last has no angle, so nobody may look at it
    found = tuning.matched_bandwidth("gaussian", X)
    assert tuning.matched_bandwidth("gaussian", more) == pytest.approx(found, rel=1e-3)


def test_other_codes_have_no_bandwidth_to_match():
    with pytest.raises(ValueError, match="model must be one of .* got 'expand_sparsify'"):
        tuning.matched_bandwidth("expand_sparsify", SMALL.X_train)


# ---- answers


@pytest.mark.parametrize("model", tuning.SETTINGS)
def test_every_model_answers_better_than_by_chance(model):
    said = tuning.answers(model, tuning.SETTINGS[model][-1], SMALL, 300, seed=0)
    readouts = [f"{model} output", f"{model} ridge"] if model.startswith("mlp") else [model]
    assert [*said] == readouts
    for labels in said.values():
        assert labels.shape == (90,) and set(labels) <= set(range(10))
        assert np.mean(labels != SMALL.y_test) < 0.5


@pytest.mark.parametrize("model", SETTINGS)
def test_answers_are_repeated_exactly_and_need_no_test_labels(small, model):
    setting = SETTINGS[model][-1]
    blind = replace(SMALL, y_test=SMALL.y_test * 0)
    one, same = (tuning.answers(model, setting, split, 300, seed=3) for split in (SMALL, blind))
    assert all(np.array_equal(labels, same[key]) for key, labels in one.items())


@pytest.mark.parametrize("model", ["expand_sparsify", "gaussian"])
def test_the_readout_of_a_layer_is_the_tuned_one(model):
    setting, X = SETTINGS[model][0], SMALL.X_train
    layer = tuning.encoder(model, setting, X, 300, 5).fit(X)
    Y = data.one_hot(SMALL.y_train, 10)
    fitted = tuned_ridge(layer.transform(X), Y, MORE_PENALTIES, 5)
    labels = fitted.predict(layer.transform(SMALL.X_test)).argmax(axis=1)
    assert np.array_equal(tuning.answers(model, setting, SMALL, 300, 5)[model], labels)


def test_an_unknown_model_is_refused():
    with pytest.raises(ValueError, match="model must be one of .* got 'forest'"):
        tuning.answers("forest", {}, SMALL, 300, 0)


# ---- trained networks


@pytest.fixture
def trained(small, monkeypatch):
    """What networks were trained on, and the penalties of readouts, while a network answers."""
    seen, penalties = [], []

    def train_mlp(X, y, *arguments, train=training.train_mlp, **options):
        network = train(X, y, *arguments, **options)
        seen.append((X, y, options, network))
        return network

    def ridge(Z, Y, penalty, fit=tuning.ridge):
        penalties.append(penalty)
        return fit(Z, Y, penalty)

    monkeypatch.setattr(training, "train_mlp", train_mlp)
    monkeypatch.setattr(tuning, "ridge", ridge)
    tuning.answers("mlp_20", NETWORK, SMALL, 0, seed=2)
    return seen, penalties


def test_a_first_network_sees_four_fifths_and_a_second_one_all(trained):
    (first, second), _ = trained
    fit, _ = held_out(2)
    assert np.array_equal(first[0], SMALL.X_train[fit])
    assert np.array_equal(first[1], SMALL.y_train[fit])
    assert np.array_equal(second[0], SMALL.X_train) and np.array_equal(second[1], SMALL.y_train)


def test_both_have_the_width_of_the_name_and_the_setting(trained):
    for *_, options, network in trained[0]:
        assert {key: options[key] for key in NETWORK} == NETWORK
        assert options["random_state"] == 2
        assert next(network.parameters()).shape == (20, 64)


def test_the_penalty_comes_from_images_that_the_first_network_has_not_seen(trained):
    ((*_, first), _), [penalty] = trained
    fit, held = held_out(2)
    Z = activity(first, SMALL.X_train)
    best = tuning._best_ridge(Z, SMALL.y_train, fit, held)
    assert penalty == pytest.approx(best.penalty * 5 / 4)


def activity(network, X):
    """Return the hidden activity, without the package."""
    with torch.no_grad():
        weight, bias = network[0].weight, network[0].bias
        return torch.relu(torch.as_tensor(X, dtype=weight.dtype) @ weight.T + bias).numpy()


def test_readouts_share_the_second_network(trained):
    (_, (*_, second)), _ = trained
    said = tuning.answers("mlp_20", NETWORK, SMALL, 0, seed=2)
    Z = activity(second, SMALL.X_test)
    with torch.no_grad():
        output = second[-1](torch.as_tensor(Z)).argmax(dim=1).numpy()
    assert np.array_equal(said["mlp_20 output"], output)

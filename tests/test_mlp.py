import copy
import pickle
import subprocess
import sys
import textwrap
import warnings
from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from esutils import mlp


def small_task(n=60, n_inputs=5, n_classes=3):
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, n_inputs)), np.arange(n) % n_classes


def numpy_forward(model, X):
    """Return the activity of the last hidden layer and the logits, without PyTorch."""
    for layer in model[:-1:2]:
        W, b = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        X = np.maximum(X.astype(np.float64) @ W.T + b, 0)
    return X, X @ model[-1].weight.detach().numpy().T + model[-1].bias.detach().numpy()


def weights(model):
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach().numpy()


@pytest.mark.parametrize("hidden", [(7,), (8, 6), (4, 3, 5)])
def test_outputs_match_a_numpy_forward_pass(hidden):
    X, y = small_task()
    model = mlp.train_mlp(X, y, hidden=hidden, n_epochs=3)
    assert [layer.out_features for layer in model[::2]] == [*hidden, 3]
    activity, logits = numpy_forward(model, X)
    got = mlp.logits(model, X)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, logits, atol=1e-5)
    np.testing.assert_allclose(mlp.hidden_activity(model, X), activity, atol=1e-5)
    assert mlp.predict(model, X).dtype == np.int64
    np.testing.assert_array_equal(mlp.predict(model, X), got.argmax(axis=1))


def test_learns_the_digits():
    X, y = load_digits(return_X_y=True)
    X, X_new, y, y_new = train_test_split(X / 16, y, test_size=500, stratify=y, random_state=0)
    model = mlp.train_mlp(X, y, (200,), 10, learning_rate=3e-3, batch_size=50)
    assert np.mean(mlp.predict(model, X_new) != y_new) < 0.05
    shuffled = np.random.default_rng(0).permutation(y)
    fooled = mlp.train_mlp(X, shuffled, (200,), 2)
    assert np.mean(mlp.predict(fooled, X_new) != y_new) > 0.5


def test_seed_decides_the_network():
    X, y = small_task()
    first, again, other = (mlp.train_mlp(X, y, (20,), 2, random_state=s) for s in (3, 3, 4))
    np.testing.assert_array_equal(weights(first), weights(again))
    assert np.abs(weights(first) - weights(other)).max() > 0.1


def test_leaves_the_global_random_state_and_threads_alone():
    X, y = small_task()
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    for options in ({}, {"dropout": 0.5, "input_dropout": 0.2, "n_active": 3}):
        model = mlp.train_mlp(X, y, (20, 10), 2, **options)
        mlp.predict(model, X)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_first_weights_follow_hes_law_and_biases_start_at_zero():
    X, y = small_task(n_inputs=24)
    # one step of size 1e-9 leaves the initial network where it was
    model = mlp.train_mlp(X, y, (4000,), n_epochs=1, learning_rate=1e-9, batch_size=60)
    for layer, fan_in in ((model[0], 24), (model[2], 4000)):
        W = layer.weight.detach().numpy()
        bound = np.sqrt(6 / fan_in)
        assert np.abs(W).max() <= bound + 1e-8
        assert np.abs(W).max() > 0.99 * bound
        assert W.var() == pytest.approx(2 / fan_in, rel=0.03)
        assert np.abs(layer.bias.detach().numpy()).max() < 1e-8


def test_one_step_is_adam_on_the_mean_cross_entropy():
    X, y = small_task()
    rate = 0.01
    start = mlp.train_mlp(X, y, (8,), 1, learning_rate=1e-12, batch_size=60)
    moved = mlp.train_mlp(X, y, (8,), 1, learning_rate=rate, batch_size=60)
    activity, logits = numpy_forward(start, X)
    share = np.exp(logits - logits.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    gradient = (share - np.eye(3)[y]).T @ activity / len(X)
    # Adam's first step moves every weight by the rate, against the sign of its gradient
    step = (moved[2].weight - start[2].weight).detach().numpy()
    clear = np.abs(gradient) > 1e-4
    assert clear.sum() > 15
    np.testing.assert_allclose(step[clear], -rate * np.sign(gradient[clear]), rtol=1e-3)


@pytest.fixture
def step_sizes(monkeypatch):
    """The step size of each of Adam's steps, in order."""
    seen, adam = [], mlp.adam

    def watched(*args, lr, **kwargs):
        seen.append(lr)
        return adam(*args, lr=lr, **kwargs)

    monkeypatch.setattr(mlp, "adam", watched)
    return seen


def test_step_size_falls_linearly_to_zero(step_sizes):
    X, y = small_task()
    mlp.train_mlp(X, y, (4,), n_epochs=2, learning_rate=0.5, batch_size=25)
    np.testing.assert_allclose(step_sizes, 0.5 * (1 - np.arange(6) / 6), rtol=1e-6)


def test_read_only_and_strided_arrays_serve_like_any_other():
    X, y = small_task()
    X = X.astype(np.float32)
    wide = np.repeat(X, 2, axis=1)[::-1]
    X.flags.writeable = y.flags.writeable = False  # as joblib hands them to its workers
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = mlp.train_mlp(X, y, (4,), 1)
        strided = mlp.train_mlp(wide[::-1, ::2], y.astype(np.uint16), (4,), 1)
        np.testing.assert_array_equal(mlp.logits(model, X), mlp.logits(strided, X))


def test_networks_are_evaluated_in_evaluation_mode():
    X, y = small_task()
    model = mlp.train_mlp(X, y, (4,), 1)
    assert not model.training
    mlp.logits(model.train(), X)
    assert not model.training


def test_unseen_classes_get_an_output():
    X, y = small_task()
    model = mlp.train_mlp(X, y, (4,), 1, n_classes=5)
    assert mlp.logits(model, X).shape == (60, 5)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("X", {"X": np.full((60, 5), np.nan)}),
        ("X", {"X": np.zeros(60)}),
        ("y", {"y": np.zeros(60, bool)}),
        ("y", {"y": np.full(60, np.nan)}),
        ("y", {"y": np.zeros((59, 2))}),
        ("y", {"y": np.zeros(59, int)}),
        ("y", {"y": np.zeros((60, 1), int)}),
        ("y", {"y": np.arange(60) % 3 - 1}),
        ("y", {"n_classes": 2}),
        ("n_classes", {"n_classes": 1}),
        ("n_classes", {"y": np.zeros(60, int)}),
        ("n_classes", {"y": np.zeros(60), "n_classes": 2}),
        ("hidden", {"hidden": ()}),
        ("hidden", {"hidden": 100}),
        ("hidden", {"hidden": (10, 0)}),
        ("hidden", {"hidden": (10.0,)}),
        ("n_epochs", {"n_epochs": 0}),
        ("learning_rate", {"learning_rate": 0}),
        ("learning_rate", {"learning_rate": np.inf}),
        ("batch_size", {"batch_size": 0}),
        ("random_state", {"random_state": None}),
        ("random_state", {"random_state": -1}),
        ("dropout", {"dropout": 1.0}),
        ("dropout", {"dropout": -0.1}),
        ("input_dropout", {"input_dropout": np.nan}),
        ("n_active", {"n_active": 0}),
        ("n_active", {"hidden": (9, 5), "n_active": 6}),
        ("device", {"device": "nowhere"}),
    ],
)
def test_bad_input_is_refused_by_name(name, change):
    X, y = small_task()
    with pytest.raises(ValueError, match=rf"^{name} must"):
        mlp.train_mlp(**{"X": X, "y": y, **change})


def test_new_inputs_must_match_the_network():
    X, y = small_task()
    model = mlp.train_mlp(X, y, (4,), 1)
    for call in (mlp.logits, mlp.predict, mlp.hidden_activity):
        with pytest.raises(ValueError, match="^X must have 5 columns"):
            call(model, X[:, :4])


def plain_training(X, y, sizes, n_epochs, rate, batch_size, seed):
    """Train with PyTorch's own scheduler and nothing optional, as the first version did."""
    generator = torch.Generator().manual_seed(seed)
    layers = []
    for fan_in, width in pairwise(sizes):
        layers += [torch.nn.utils.skip_init(torch.nn.Linear, fan_in, width), torch.nn.ReLU()]
        torch.nn.init.kaiming_uniform_(layers[-2].weight, nonlinearity="relu", generator=generator)
        torch.nn.init.zeros_(layers[-2].bias)
    model = torch.nn.Sequential(*layers[:-1])
    X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    n_steps = n_epochs * -(-len(X) // batch_size)
    decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=n_steps)
    for _ in range(n_epochs):
        for batch in torch.randperm(len(X), generator=generator).split(batch_size):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(X[batch]), y[batch]).backward()
            optimizer.step()
            decay.step()
    return model


@pytest.mark.parametrize(("hidden", "batch_size"), [((20,), 7), ((9, 8), 25), ((30,), 60)])
def test_training_is_bit_for_bit_a_plain_loop(hidden, batch_size):
    X, y = small_task()
    got = mlp.train_mlp(X, y, hidden, 5, 0.01, batch_size, random_state=3)
    expected = plain_training(X, y, [5, *hidden, 3], 5, 0.01, batch_size, 3)
    np.testing.assert_array_equal(weights(got), weights(expected))


@pytest.mark.parametrize("options", [{}, {"dropout": 0.5, "n_active": 4}])
def test_train_is_initial_then_fit_with_one_generator(options):
    X, y = small_task()
    generator = torch.Generator().manual_seed(3)
    model = mlp.initial_mlp(5, (20,), 3, random_state=generator, **options)
    assert mlp.fit(model, X, y, 2, random_state=generator) is model
    whole = mlp.train_mlp(X, y, (20,), 2, random_state=3, **options)
    np.testing.assert_array_equal(weights(model), weights(whole))


def test_layout_and_linear_layers():
    def kinds(**options):
        model = mlp.initial_mlp(5, (7, 6), 3, **options)
        assert [layer.out_features for layer in mlp.linear_layers(model)] == [7, 6, 3]
        return [type(module).__name__ for module in model]

    assert kinds() == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]
    assert kinds(n_active=2) == ["Linear", "Winners", "Linear", "Winners", "Linear"]
    expected = ["Dropout", "Linear", "ReLU", "Dropout", "Linear", "ReLU", "Dropout", "Linear"]
    assert kinds(dropout=0.5, input_dropout=0.2) == expected


def test_dropout_changes_neither_first_weights_nor_batch_order():
    orders = []
    for options in ({}, {"dropout": 0.5, "input_dropout": 0.2, "n_active": 4}):
        generator = torch.Generator().manual_seed(1)
        model = mlp.initial_mlp(5, (20, 6), 3, random_state=generator, **options)
        orders.append((weights(model), torch.randperm(99, generator=generator).numpy()))
    for plain, dropped in zip(*orders, strict=True):
        np.testing.assert_array_equal(plain, dropped)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_has_its_rate_keeps_the_mean_and_scales_the_gradient(rate):
    layer = mlp.Dropout(rate, torch.Generator().manual_seed(0))
    h = torch.ones(500, 400, requires_grad=True)
    out = layer(h)
    dropped = (out == 0).double()
    tolerance = 5 * np.sqrt(rate * (1 - rate) / h.numel())
    assert dropped.mean().item() == pytest.approx(rate, abs=tolerance)
    assert out.double().mean().item() == pytest.approx(1, abs=tolerance / (1 - rate))
    # entries drop on their own, not by row or column
    for dim, n in ((0, 500), (1, 400)):
        spread = dropped.mean(dim).var().item()
        assert spread == pytest.approx(rate * (1 - rate) / n, rel=0.4)
    np.testing.assert_allclose(out[out > 0].detach().numpy(), 1 / (1 - rate), rtol=1e-6)
    out.sum().backward()
    assert torch.equal(h.grad, out)
    assert not torch.equal(layer(h), out)
    assert layer.eval()(h) is h


def test_evaluation_drops_nothing():
    X, y = small_task()
    model = mlp.train_mlp(X, y, (20, 8), 2, dropout=0.5, input_dropout=0.2)
    plain = torch.nn.Sequential(*[m for m in model if not isinstance(m, mlp.Dropout)])
    activity, expected = numpy_forward(plain, X)
    for _ in range(2):
        np.testing.assert_allclose(mlp.logits(model.train(), X), expected, atol=1e-5)
        np.testing.assert_allclose(mlp.hidden_activity(model.train(), X), activity, atol=1e-5)


def test_dropout_repeats_with_the_seed_and_in_copies():
    X, y = small_task()
    options = {"dropout": 0.5, "input_dropout": 0.2}
    first, again, other = (
        mlp.train_mlp(X, y, (20,), 2, random_state=s, **options) for s in (3, 3, 4)
    )
    np.testing.assert_array_equal(weights(first), weights(again))
    assert np.abs(weights(first) - weights(other)).max() > 0.1
    assert np.abs(weights(first) - weights(mlp.train_mlp(X, y, (20,), 2, random_state=3))).max() > 0
    copies = [first, copy.deepcopy(first), pickle.loads(pickle.dumps(first))]
    trained = [weights(mlp.fit(model, X, y, 1)) for model in copies]
    np.testing.assert_array_equal(trained[0], trained[1])
    np.testing.assert_array_equal(trained[0], trained[2])


@pytest.mark.parametrize("k", [1, 4, 12])
def test_winners_keep_the_k_largest_and_pass_gradients_to_them_alone(k):
    h = torch.randn(200, 12, generator=torch.Generator().manual_seed(0), requires_grad=True)
    out = mlp.Winners(k)(h)
    values = h.detach().numpy()
    ranks = values.argsort(axis=1).argsort(axis=1)
    expected = np.where(ranks >= 12 - k, np.maximum(values, 0), 0)
    np.testing.assert_array_equal(out.detach().numpy(), expected)
    out.sum().backward()
    np.testing.assert_array_equal(h.grad.numpy(), expected > 0)


def test_no_more_than_k_win_a_tie():
    out = mlp.Winners(3)(torch.ones(20, 8))
    np.testing.assert_array_equal((out == 1).sum(1).numpy(), 3)
    X, y = small_task()
    model = mlp.train_mlp(X, y, (20, 30), 2, n_active=4)
    active = (mlp.hidden_activity(model, X) > 0).sum(axis=1)
    assert active.max() == 4


def random_masks(model, share=0.6):
    generator = torch.Generator().manual_seed(5)
    return [
        torch.rand(layer.weight.shape, generator=generator) < share
        for layer in mlp.linear_layers(model)
    ]


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_masked_weights_are_zero_at_every_step_and_the_others_learn(dropout):
    X, y = small_task()
    model = mlp.initial_mlp(5, (20, 10), 3, dropout=dropout)
    masks, layers, seen = random_masks(model), mlp.linear_layers(model), []
    start = [layer.weight.detach().clone() for layer in layers]

    def watch(*_):
        for layer, mask in zip(layers, masks, strict=True):
            assert (layer.weight[~mask] == 0).all()
        seen.append(model.training)

    model.register_forward_pre_hook(watch)
    mlp.fit(model, X, y, 3, batch_size=25, masks=masks, after_epoch=watch)
    assert seen == 3 * [True, True, True, False]
    watch()
    for layer, mask, first in zip(layers, masks, start, strict=True):
        assert (layer.weight[mask] != first[mask]).any()
        assert (layer.bias != 0).any()


def test_masked_training_is_a_plain_loop():
    X, y = small_task()
    model, expected = (mlp.initial_mlp(5, (20,), 3) for _ in range(2))
    masks = random_masks(model)
    mlp.fit(model, X, y, 3, 0.01, 25, random_state=8, decay=False, masks=masks)

    inputs, labels = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
    generator = torch.Generator().manual_seed(8)
    optimizer = torch.optim.Adam(expected.parameters(), lr=0.01, fused=True)
    for _ in range(3):
        for batch in torch.randperm(60, generator=generator).split(25):
            with torch.no_grad():
                for layer, mask in zip(expected[::2], masks, strict=True):
                    layer.weight[~mask] = 0
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(expected(inputs[batch]), labels[batch]).backward()
            optimizer.step()
    for layer, oracle, mask in zip(model[::2], expected[::2], masks, strict=True):
        assert torch.equal(layer.weight, oracle.weight * mask)
        assert torch.equal(layer.bias, oracle.bias)


@pytest.mark.parametrize("decay", [True, False])
@pytest.mark.parametrize("hidden", [(40,), (30, 20), (9, 8, 7)])
def test_a_sparse_network_takes_the_steps_of_the_dense_one(hidden, decay, monkeypatch):
    """Few weights, an input and units that none of them touch, batches of 25, 25 and 10."""
    X, y = small_task()
    start = mlp.initial_mlp(5, hidden, 3, random_state=1)
    masks = [torch.rand(m.shape, generator=torch.Generator().manual_seed(7)) < 0.2
             for m in random_masks(start)]  # fmt: skip
    masks[0][:, 2], masks[0][1], masks[-1][:, 0] = False, False, False
    watched = []

    def train(network, share):
        monkeypatch.setattr(mlp, "_FEW", share)
        options = {"random_state": 4, "decay": decay, "masks": masks}
        return mlp.fit(
            network, X, y, 6, 0.02, 25, after_epoch=lambda *_: watched.append(weights(network)),
            **options,
        )  # fmt: skip

    dense, sparse = train(copy.deepcopy(start), 0.0), train(copy.deepcopy(start), 0.25)
    np.testing.assert_allclose(watched[6:], watched[:6], atol=2e-5)
    assert np.abs(weights(dense) - weights(start)).max() > 0.1
    for layer, mask in zip(mlp.linear_layers(sparse), masks, strict=True):
        assert not layer.weight[~mask].any()


@pytest.mark.parametrize("share", [1.1, 0.6, 0.2])
@pytest.mark.parametrize("silent", [[0, 4, 5], slice(None)])
def test_setting_aside_what_is_always_zero_changes_no_network(silent, share, monkeypatch):
    X, y = small_task(n_inputs=9)
    X[:, silent] = 0
    start = mlp.initial_mlp(9, (30, 20), 3, random_state=1)
    masks = random_masks(start, share)
    watched = []

    def train():
        network = copy.deepcopy(start)
        options = {"masks": masks, "after_epoch": lambda *_: watched.append(weights(network))}
        return mlp.fit(network, X, y, 6, 0.02, 25, **options)

    fast = train()
    monkeypatch.setattr(mlp, "_MOST", 0.0)
    monkeypatch.setattr(mlp, "_FEW", 0.0)
    train()
    np.testing.assert_allclose(watched[:6], watched[6:], atol=2e-5)
    kept = (start[0].weight * masks[0])[:, silent]
    assert torch.equal(fast[0].weight[:, silent], kept)
    assert np.abs(watched[5] - weights(start)).max() > 0.01


def test_full_masks_and_a_watcher_change_nothing():
    X, y = small_task()
    plain = mlp.fit(mlp.initial_mlp(5, (20,), 3, dropout=0.5), X, y, 3)
    model = mlp.initial_mlp(5, (20,), 3, dropout=0.5)
    epochs = []

    def watch(epoch, network):
        assert network is model
        assert not any(module.training for module in network.modules())
        mlp.predict(network, X)
        epochs.append(epoch)

    full = [mask | True for mask in random_masks(model)]
    mlp.fit(model, X, y, 3, masks=full, after_epoch=watch)
    assert epochs == [1, 2, 3]
    np.testing.assert_array_equal(weights(model), weights(plain))


@pytest.mark.parametrize(("few", "dropout"), [(0.0, 0.0), (0.0, 0.5), (0.42, 0.0)])
def test_looks_within_an_epoch_come_evenly_and_change_no_bit(few, dropout, monkeypatch):
    """Dense, with dropout, sparse; with an input that is set aside; 9 steps an epoch."""
    monkeypatch.setattr(mlp, "_FEW", few)
    X, y = small_task()
    X[:, 2] = 0

    def looks(n_calls):
        model, seen = mlp.initial_mlp(5, (30, 20), 3, dropout=dropout), {}

        def look(epoch, network):
            assert not network.training
            seen[epoch] = weights(network)

        options = {"masks": random_masks(model, 0.2), "after_epoch": look}
        mlp.fit(model, X, y, 3, 0.02, 7, calls_per_epoch=n_calls, **options)
        return seen

    whole, some, every = looks(1), looks(4), looks(9)
    assert list(whole) == [1, 2, 3]
    assert all(type(epoch) is int for epoch in whole)
    assert list(some) == [p + steps / 9 for p in range(3) for steps in (2, 4, 6, 9)]
    assert list(every) == [p + steps / 9 for p in range(3) for steps in range(1, 10)]
    assert len({seen.tobytes() for seen in every.values()}) == 27
    for epoch, seen in [*whole.items(), *some.items()]:
        np.testing.assert_array_equal(seen, every[epoch])


def test_step_size_stays_without_decay(step_sizes):
    X, y = small_task()
    mlp.fit(mlp.initial_mlp(5, (4,), 3), X, y, 2, 0.5, 25, decay=False)
    assert step_sizes == [0.5] * 6


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_regression_learns_a_linear_map(n_outputs):
    X, _ = small_task(300)
    y = X @ np.random.default_rng(1).standard_normal((5, n_outputs)) + 2
    model = mlp.train_mlp(X[:200], y[:200], (100,), 60, 0.01, 20)
    got = mlp.logits(model, X[200:])
    assert got.shape == (100, n_outputs)
    assert np.mean((got - y[200:]) ** 2) < 0.02 * y[200:].var()
    if n_outputs == 1:
        flat = mlp.train_mlp(X[:200], y[:200, 0], (100,), 60, 0.01, 20)
        np.testing.assert_array_equal(weights(flat), weights(model))


def test_one_regression_step_is_adam_on_the_mean_squared_error():
    X, _ = small_task()
    y = X[:, :2] - 1
    model = mlp.initial_mlp(5, (8,), 2)
    start = copy.deepcopy(model)
    activity, outputs = numpy_forward(start, X)
    gradient = 2 * (outputs - y).T @ activity / y.size
    mlp.fit(model, X, y, 1, 0.01, 60)
    step = (model[2].weight - start[2].weight).detach().numpy()
    clear = np.abs(gradient) > 1e-4
    assert clear.sum() > 10
    np.testing.assert_allclose(step[clear], -0.01 * np.sign(gradient[clear]), rtol=1e-3)


@pytest.mark.parametrize(
    ("name", "change", "value"),
    [
        ("model", {"model": torch.nn.ReLU()}, "ReLU"),
        ("model", {"model": torch.nn.Sequential(torch.nn.ReLU())}, "ReLU"),
        ("X", {"X": np.zeros((60, 4))}, r"\(60, 4\)"),
        ("y", {"y": np.arange(60) % 4}, "got 3"),
        ("y", {"y": np.zeros(60)}, "got 1"),
        ("y", {"y": np.zeros((60, 2))}, "got 2"),
        ("n_epochs", {"n_epochs": 0}, "got 0"),
        ("learning_rate", {"learning_rate": -1}, "got -1"),
        ("batch_size", {"batch_size": 2.5}, "got 2.5"),
        ("random_state", {"random_state": "a"}, "got 'a'"),
        ("decay", {"decay": 0.5}, "got 0.5"),
        ("after_epoch", {"after_epoch": 7}, "got 7"),
        ("calls_per_epoch", {"calls_per_epoch": 0}, "got 0"),
        ("calls_per_epoch", {"calls_per_epoch": 1.0}, "got 1.0"),
        ("calls_per_epoch", {"calls_per_epoch": 3}, r"\[1, 2\], got 3"),
        ("masks", {"masks": 7}, "got 7"),
        ("masks", {"masks": []}, r"got \[\]"),
        ("masks", {"masks": [torch.ones(4, 5), torch.ones(3, 4)]}, "float32"),
        ("masks", {"masks": [torch.ones(5, 4).bool(), torch.ones(3, 4).bool()]}, r"\(5, 4\)"),
        ("masks", {"masks": [np.ones((4, 5), bool), np.ones((3, 4), bool)]}, "ndarray"),
    ],
)
def test_fit_refuses_bad_input_by_name_and_value(name, change, value):
    X, y = small_task()
    good = {"model": mlp.initial_mlp(5, (4,), 3), "X": X, "y": y}
    with pytest.raises(ValueError, match=rf"(?s)^{name} must.*{value}"):
        mlp.fit(**{**good, **change})


@pytest.mark.parametrize(
    ("name", "change", "value"),
    [
        ("n_inputs", {"n_inputs": 0}, "0"),
        ("n_outputs", {"n_outputs": 1.5}, "1.5"),
        ("hidden", {"hidden": 7}, "7"),
        ("dropout", {"dropout": 1}, "1"),
        ("input_dropout", {"input_dropout": "a"}, "'a'"),
        ("n_active", {"n_active": 5}, "5"),
        ("random_state", {"random_state": -1}, "-1"),
        ("device", {"device": "nowhere"}, "'nowhere'"),
        ("device", {"device": "cuda:99"}, "'cuda:99'"),
        ("device", {"device": torch.device("cuda:99")}, r"device\(type='cuda', index=99\)"),
        ("device", {"device": 99}, "99"),
        ("device", {"device": -1}, "-1"),
        ("device", {"device": 1.5}, "1.5"),
        ("device", {"device": ["cpu"]}, r"\['cpu'\]"),
    ],
)
def test_initial_mlp_refuses_bad_input_by_name_and_value(name, change, value):
    with pytest.raises(ValueError, match=rf"^{name} must.*got {value}$"):
        mlp.initial_mlp(**{"n_inputs": 5, "hidden": (4,), "n_outputs": 3, **change})


class Far(torch.Tensor):
    """A tensor on a device without memory, which has values nevertheless: those of ``near``."""

    @staticmethod
    def __new__(cls, near):
        layout = {"strides": near.stride(), "dtype": near.dtype}
        return torch.Tensor._make_wrapper_subclass(cls, near.shape, device="meta", **layout)

    def __init__(self, near):
        self.near = near

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return _compute(function, args, kwargs or {})


class FarDevice(TorchDispatchMode):
    """Makes "meta" a device that does what the CPU does and refuses what a GPU refuses."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return _compute(function, args, kwargs or {})


def _compute(function, args, kwargs):
    """Compute where the tensors are; only copies and indices may come from another device."""
    kind, aten, meta = function.overloadpacket, torch.ops.aten, torch.device("meta")
    far = any(isinstance(leaf, Far) for leaf in tree_leaves((args, kwargs)))
    if not far and kwargs.get("device") != meta:
        return function(*args, **kwargs)
    own = (args[0], args[2:]) if kind in (aten.index, aten.index_put_) else (args, kwargs)
    devices = {leaf.device.type for leaf in tree_leaves(own) if torch.is_tensor(leaf)}
    if len(devices) > 1 and kind not in (aten._to_copy, aten.copy_):
        raise RuntimeError(f"{kind} met tensors on {sorted(devices)}")
    goal = kwargs.get("device") or meta
    if "device" in kwargs:
        kwargs = {**kwargs, "device": "cpu"}
    args, kwargs = tree_map_only(Far, lambda tensor: tensor.near, (args, kwargs))
    out = function(*args, **kwargs)
    return tree_map_only(torch.Tensor, Far, out) if goal == meta else out


# the far device takes the CPU's steps to the bit, a GPU up to rounding
elsewhere = pytest.mark.parametrize(
    ("device", "tolerance"),
    [
        ("meta", 0),
        pytest.param("cuda", 1e-3, marks=pytest.mark.skipif(
            not torch.cuda.is_available(), reason="no GPU that CUDA finds")),
    ],
)  # fmt: skip


def test_the_far_device_refuses_a_mixture_and_numpy():
    with FarDevice():
        near, far = torch.ones(2), torch.ones(2, device="meta")
        assert (far + far).device.type == "meta"
        assert (far + far).cpu().tolist() == [2, 2]
        for mix in (lambda: far + near, lambda: far.mul_(near), lambda: far.dot(near)):
            with pytest.raises(RuntimeError, match=r"met tensors on \['cpu', 'meta'\]"):
                mix()
        with pytest.raises(RuntimeError, match="numpy"):
            far.numpy()


@elsewhere
@pytest.mark.parametrize(
    "options", [{}, {"dropout": 0.5, "input_dropout": 0.2}, {"n_active": 4}, {"real": True}]
)
def test_a_network_trains_on_another_device_as_on_the_cpu(options, device, tolerance):
    X, y = small_task()
    y, options = (X[:, :2], {}) if options.get("real") else (y, options)
    with FarDevice():
        model = mlp.train_mlp(X, y, (20, 10), 3, **options)
        other = mlp.train_mlp(X, y, (20, 10), 3, device=device, **options)
        assert {values.device.type for values in model.parameters()} == {"cpu"}
        assert {values.device.type for values in other.parameters()} == {device}
        for call in (mlp.logits, mlp.hidden_activity):
            np.testing.assert_allclose(call(other, X), call(model, X), rtol=0, atol=tolerance)
        assert mlp.predict(other, X).dtype == np.int64


@elsewhere
@pytest.mark.parametrize("share", [0.6, 0.2])
def test_masks_and_silent_inputs_serve_on_another_device(share, device, tolerance, monkeypatch):
    X, y = small_task()
    X[:, 2] = 0
    with FarDevice():
        model, other = (mlp.initial_mlp(5, (20, 10), 3, device=d) for d in (None, device))
        masks = random_masks(model, share)
        mlp.fit(other, X, y, 3, masks=masks)  # densely, however few are kept
        monkeypatch.setattr(mlp, "_FEW", 0.0)
        mlp.fit(model, X, y, 3, masks=[mask.to(device) for mask in masks])
        for layer, far, mask in zip(model[::2], other[::2], masks, strict=True):
            near = far.weight.detach().cpu()
            assert not near[~mask].any()
            torch.testing.assert_close(layer.weight.detach(), near, rtol=0, atol=tolerance)


def run_python(code):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )


def test_torch_is_imported_only_when_asked_and_missed_by_name():
    answer = run_python(
        """
        import sys
        import esutils
        assert "torch" not in sys.modules
        sys.modules["torch"] = None
        from esutils import mlp
        """
    )
    assert "AssertionError" not in answer.stderr
    assert "ImportError: esutils.mlp needs PyTorch" in answer.stderr
    assert "esutils[torch]" in answer.stderr

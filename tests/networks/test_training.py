import copy
import warnings
from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from esutils import mlp, training
from tests.helpers.networks import numpy_forward, small_task, weights


def test_learns_the_digits():
    X, y = load_digits(return_X_y=True)
    X, X_new, y, y_new = train_test_split(X / 16, y, test_size=500, stratify=y, random_state=0)
    model = training.train_mlp(X, y, (200,), 10, learning_rate=3e-3, batch_size=50)
    assert np.mean(mlp.predict(model, X_new) != y_new) < 0.05
    shuffled = np.random.default_rng(0).permutation(y)
    fooled = training.train_mlp(X, shuffled, (200,), 2)
    assert np.mean(mlp.predict(fooled, X_new) != y_new) > 0.5


def test_leaves_the_global_random_state_and_threads_alone():
    X, y = small_task()
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    for options in ({}, {"dropout": 0.5, "input_dropout": 0.2, "n_active": 3}):
        model = training.train_mlp(X, y, (20, 10), 2, **options)
        mlp.predict(model, X)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_one_step_is_adam_on_the_mean_cross_entropy():
    X, y = small_task()
    rate = 0.01
    start = training.train_mlp(X, y, (8,), 1, learning_rate=1e-12, batch_size=60)
    moved = training.train_mlp(X, y, (8,), 1, learning_rate=rate, batch_size=60)
    activity, logits = numpy_forward(start, X)
    share = np.exp(logits - logits.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    gradient = (share - np.eye(3)[y]).T @ activity / len(X)
    # Adam's first step moves every weight by the rate, against the sign of its gradient.
    step = (moved[2].weight - start[2].weight).detach().numpy()
    clear = np.abs(gradient) > 1e-4
    assert clear.sum() > 15
    np.testing.assert_allclose(step[clear], -rate * np.sign(gradient[clear]), rtol=1e-3)


@pytest.fixture
def step_sizes(monkeypatch):
    """Record the size of each of Adam's steps, in order."""
    seen, adam = [], training.adam

    def watched(*args, lr, **kwargs):
        seen.append(lr)
        return adam(*args, lr=lr, **kwargs)

    monkeypatch.setattr(training, "adam", watched)
    return seen


def test_step_size_falls_linearly_to_zero(step_sizes):
    X, y = small_task()
    training.train_mlp(X, y, (4,), n_epochs=2, learning_rate=0.5, batch_size=25)
    np.testing.assert_allclose(step_sizes, 0.5 * (1 - np.arange(6) / 6), rtol=1e-6)


def test_read_only_and_strided_arrays_work_like_any_other():
    X, y = small_task()
    X = X.astype(np.float32)
    wide = np.repeat(X, 2, axis=1)[::-1]
    X.flags.writeable = y.flags.writeable = False  # like those that joblib hands to its workers
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = training.train_mlp(X, y, (4,), 1)
        strided = training.train_mlp(wide[::-1, ::2], y.astype(np.uint16), (4,), 1)
        np.testing.assert_array_equal(mlp.logits(model, X), mlp.logits(strided, X))


def test_unseen_classes_get_an_output():
    X, y = small_task()
    model = training.train_mlp(X, y, (4,), 1, n_classes=5)
    assert mlp.logits(model, X).shape == (60, 5)


def plain_training(X, y, sizes, n_epochs, rate, batch_size, seed):
    """Train in the plainest way: with PyTorch's own optimiser and scheduler, and no options."""
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
    got = training.train_mlp(X, y, hidden, 5, 0.01, batch_size, random_state=3)
    expected = plain_training(X, y, [5, *hidden, 3], 5, 0.01, batch_size, 3)
    np.testing.assert_array_equal(weights(got), weights(expected))


def test_step_size_stays_without_decay(step_sizes):
    X, y = small_task()
    training.fit(mlp.initial_mlp(5, (4,), 3), X, y, 2, 0.5, 25, decay=False)
    assert step_sizes == [0.5] * 6


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_regression_learns_a_linear_map(n_outputs):
    X, _ = small_task(300)
    y = X @ np.random.default_rng(1).standard_normal((5, n_outputs)) + 2
    model = training.train_mlp(X[:200], y[:200], (100,), 60, 0.01, 20)
    got = mlp.logits(model, X[200:])
    assert got.shape == (100, n_outputs)
    assert np.mean((got - y[200:]) ** 2) < 0.02 * y[200:].var()
    if n_outputs == 1:
        flat = training.train_mlp(X[:200], y[:200, 0], (100,), 60, 0.01, 20)
        np.testing.assert_array_equal(weights(flat), weights(model))


def test_one_regression_step_is_adam_on_the_mean_squared_error():
    X, _ = small_task()
    y = X[:, :2] - 1
    model = mlp.initial_mlp(5, (8,), 2)
    start = copy.deepcopy(model)
    activity, outputs = numpy_forward(start, X)
    gradient = 2 * (outputs - y).T @ activity / y.size
    training.fit(model, X, y, 1, 0.01, 60)
    step = (model[2].weight - start[2].weight).detach().numpy()
    clear = np.abs(gradient) > 1e-4
    assert clear.sum() > 10
    np.testing.assert_allclose(step[clear], -0.01 * np.sign(gradient[clear]), rtol=1e-3)

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import esutils
from esutils import mlp, training
from tests.helpers.networks import numpy_forward, small_task, weights


def test_seed_decides_the_network():
    X, y = small_task()
    first, again, other = (training.train_mlp(X, y, (20,), 2, random_state=s) for s in (3, 3, 4))
    np.testing.assert_array_equal(weights(first), weights(again))
    assert np.abs(weights(first) - weights(other)).max() > 0.1


def test_first_weights_follow_hes_distribution_and_biases_start_at_zero():
    X, y = small_task(n_inputs=24)
    # One step of size 1e-9 leaves the initial network as it was.
    model = training.train_mlp(X, y, (4000,), n_epochs=1, learning_rate=1e-9, batch_size=60)
    for layer, fan_in in ((model[0], 24), (model[2], 4000)):
        W = layer.weight.detach().numpy()
        bound = np.sqrt(6 / fan_in)
        assert np.abs(W).max() <= bound + 1e-8
        assert np.abs(W).max() > 0.99 * bound
        assert W.var() == pytest.approx(2 / fan_in, rel=0.03)
        assert np.abs(layer.bias.detach().numpy()).max() < 1e-8


def test_networks_are_evaluated_in_evaluation_mode():
    X, y = small_task()
    model = training.train_mlp(X, y, (4,), 1)
    assert not model.training
    mlp.logits(model.train(), X)
    assert not model.training


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
    # Entries drop independently, not by row or by column.
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
    model = training.train_mlp(X, y, (20, 8), 2, dropout=0.5, input_dropout=0.2)
    plain = torch.nn.Sequential(*[m for m in model if not isinstance(m, mlp.Dropout)])
    activity, expected = numpy_forward(plain, X)
    for _ in range(2):
        np.testing.assert_allclose(mlp.logits(model.train(), X), expected, atol=1e-5)
        np.testing.assert_allclose(mlp.hidden_activity(model.train(), X), activity, atol=1e-5)


def test_dropout_repeats_with_the_seed_and_in_copies():
    X, y = small_task()
    options = {"dropout": 0.5, "input_dropout": 0.2}
    first, again, other = (
        training.train_mlp(X, y, (20,), 2, random_state=s, **options) for s in (3, 3, 4)
    )
    np.testing.assert_array_equal(weights(first), weights(again))
    assert np.abs(weights(first) - weights(other)).max() > 0.1
    assert (
        np.abs(weights(first) - weights(training.train_mlp(X, y, (20,), 2, random_state=3))).max()
        > 0
    )
    copies = [first, copy.deepcopy(first), pickle.loads(pickle.dumps(first))]
    trained = [weights(training.fit(model, X, y, 1)) for model in copies]
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
    model = training.train_mlp(X, y, (20, 30), 2, n_active=4)
    active = (mlp.hidden_activity(model, X) > 0).sum(axis=1)
    assert active.max() == 4


def test_only_networks_need_pytorch_and_say_how_to_get_it(tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('not installed')")
    need_it = {"mlp", "training", "tickets", "experiments", "questions"}
    code = f"""
import esutils
for name in {sorted(set(esutils.__all__) - need_it)}:
    getattr(esutils, name)
for name in {sorted(need_it)}:
    try:
        getattr(esutils, name)
    except ImportError as error:
        print(error)
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(esutils.__file__).parents[1],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.stderr == ""
    advice = 'networks need PyTorch: pip install "expand-and-sparsify[torch]"'
    assert run.stdout.splitlines() == len(need_it) * [advice]

import copy

import numpy as np
import pytest
import torch

from esutils import mlp, training
from tests.helpers.networks import random_masks, small_task, weights


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
    training.fit(model, X, y, 3, batch_size=25, masks=masks, after_epoch=watch)
    assert seen == 3 * [True, True, True, False]
    watch()
    for layer, mask, first in zip(layers, masks, start, strict=True):
        assert (layer.weight[mask] != first[mask]).any()
        assert (layer.bias != 0).any()


def test_masked_training_is_a_plain_loop():
    X, y = small_task()
    model, expected = (mlp.initial_mlp(5, (20,), 3) for _ in range(2))
    masks = random_masks(model)
    training.fit(model, X, y, 3, 0.01, 25, random_state=8, decay=False, masks=masks)

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
    """Few weights are kept, none at one input and at some units; the batches are 25, 25 and 10."""
    X, y = small_task()
    start = mlp.initial_mlp(5, hidden, 3, random_state=1)
    masks = [torch.rand(m.shape, generator=torch.Generator().manual_seed(7)) < 0.2
             for m in random_masks(start)]  # fmt: skip
    masks[0][:, 2], masks[0][1], masks[-1][:, 0] = False, False, False
    watched = []

    def train(network, share):
        monkeypatch.setattr(training, "_FEW", share)
        options = {"random_state": 4, "decay": decay, "masks": masks}
        return training.fit(
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
def test_setting_aside_inputs_that_are_always_zero_changes_no_network(silent, share, monkeypatch):
    X, y = small_task(n_inputs=9)
    X[:, silent] = 0
    start = mlp.initial_mlp(9, (30, 20), 3, random_state=1)
    masks = random_masks(start, share)
    watched = []

    def train():
        network = copy.deepcopy(start)
        options = {"masks": masks, "after_epoch": lambda *_: watched.append(weights(network))}
        return training.fit(network, X, y, 6, 0.02, 25, **options)

    fast = train()
    monkeypatch.setattr(training, "_MOST", 0.0)
    monkeypatch.setattr(training, "_FEW", 0.0)
    train()
    np.testing.assert_allclose(watched[:6], watched[6:], atol=2e-5)
    kept = (start[0].weight * masks[0])[:, silent]
    assert torch.equal(fast[0].weight[:, silent], kept)
    assert np.abs(watched[5] - weights(start)).max() > 0.01


def test_full_masks_and_a_watcher_change_nothing():
    X, y = small_task()
    plain = training.fit(mlp.initial_mlp(5, (20,), 3, dropout=0.5), X, y, 3)
    model = mlp.initial_mlp(5, (20,), 3, dropout=0.5)
    epochs = []

    def watch(epoch, network):
        assert network is model
        assert not any(module.training for module in network.modules())
        mlp.predict(network, X)
        epochs.append(epoch)

    full = [mask | True for mask in random_masks(model)]
    training.fit(model, X, y, 3, masks=full, after_epoch=watch)
    assert epochs == [1, 2, 3]
    np.testing.assert_array_equal(weights(model), weights(plain))


@pytest.mark.parametrize(("few", "dropout"), [(0.0, 0.0), (0.0, 0.5), (0.42, 0.0)])
def test_calls_within_an_epoch_are_evenly_spread_and_change_no_bit(few, dropout, monkeypatch):
    """Train dense, with dropout, and sparse; set one input aside; take 9 steps per epoch."""
    monkeypatch.setattr(training, "_FEW", few)
    X, y = small_task()
    X[:, 2] = 0

    def looks(n_calls):
        model, seen = mlp.initial_mlp(5, (30, 20), 3, dropout=dropout), {}

        def look(epoch, network):
            assert not network.training
            seen[epoch] = weights(network)

        options = {"masks": random_masks(model, 0.2), "after_epoch": look}
        training.fit(model, X, y, 3, 0.02, 7, calls_per_epoch=n_calls, **options)
        return seen

    whole, some, every = looks(1), looks(4), looks(9)
    assert list(whole) == [1, 2, 3]
    assert all(type(epoch) is int for epoch in whole)
    assert list(some) == [p + steps / 9 for p in range(3) for steps in (2, 4, 6, 9)]
    assert list(every) == [p + steps / 9 for p in range(3) for steps in range(1, 10)]
    assert len({seen.tobytes() for seen in every.values()}) == 27
    for epoch, seen in [*whole.items(), *some.items()]:
        np.testing.assert_array_equal(seen, every[epoch])

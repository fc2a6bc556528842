import numpy as np
import pytest
import torch

from esutils import mlp, tickets, training
from tests.helpers.networks import (
    FarDevice,
    counts,
    elsewhere,
    matrices,
    random_masks,
    small_net,
    small_task,
    some_masks,
)


def test_the_far_device_refuses_mixed_devices_and_numpy():
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
        model = training.train_mlp(X, y, (20, 10), 3, **options)
        other = training.train_mlp(X, y, (20, 10), 3, device=device, **options)
        assert {values.device.type for values in model.parameters()} == {"cpu"}
        assert {values.device.type for values in other.parameters()} == {device}
        for call in (mlp.logits, mlp.hidden_activity):
            np.testing.assert_allclose(call(other, X), call(model, X), rtol=0, atol=tolerance)
        assert mlp.predict(other, X).dtype == np.int64


@elsewhere
@pytest.mark.parametrize("share", [0.6, 0.2])
def test_masks_and_silent_inputs_work_on_another_device(share, device, tolerance, monkeypatch):
    X, y = small_task()
    X[:, 2] = 0
    with FarDevice():
        model, other = (mlp.initial_mlp(5, (20, 10), 3, device=d) for d in (None, device))
        masks = random_masks(model, share)
        training.fit(other, X, y, 3, masks=masks)  # dense training, however few weights are kept
        monkeypatch.setattr(training, "_FEW", 0.0)
        training.fit(model, X, y, 3, masks=[mask.to(device) for mask in masks])
        for layer, far, mask in zip(model[::2], other[::2], masks, strict=True):
            near = far.weight.detach().cpu()
            assert not near[~mask].any()
            torch.testing.assert_close(layer.weight.detach(), near, rtol=0, atol=tolerance)


def agreement(masks, others, device):
    """Return the share of equal entries of masks on the CPU and on ``device``."""
    assert {mask.device.type for mask in others} == {device}
    pairs = zip(masks, others, strict=True)
    equal = torch.cat([(mask == other.cpu()).flatten() for mask, other in pairs])
    return equal.double().mean().item()


@elsewhere
def test_masks_are_the_same_on_another_device(device, tolerance):
    with FarDevice():
        masks = some_masks()
        others = [mask.to(device) for mask in masks]
        assert tickets.kept_fraction(others) == tickets.kept_fraction(masks)
        for draw in (tickets.random_masks, tickets.degree_preserving_masks):
            assert agreement(draw(masks, 3), draw(others, 3), device) == 1
        model, other = small_net(), small_net().to(device)
        assert agreement(tickets.full_masks(model), tickets.full_masks(other), device) == 1
        fractions = (0.2, 0.5, 0.1)
        for given in (masks, others):  # what matters is the device of the model
            pruned = tickets.prune(model, masks, fractions)
            assert agreement(pruned, tickets.prune(other, given, fractions), device) == 1
            assert agreement(tickets.prune(model, given, fractions), pruned, "cpu") == 1
            for weight, mask in zip(matrices(tickets.masked(other, given)), masks, strict=True):
                assert weight.device.type == device
                assert not weight.cpu()[~mask].any()


@elsewhere
def test_tickets_are_found_on_another_device_as_on_the_cpu(device, tolerance, monkeypatch):
    monkeypatch.setattr(training, "_FEW", 0.0)
    X, y = small_task()

    def rounds(initial):
        def train(model, masks):
            training.fit(model, X, y, 2, masks=masks)

        return tickets.iterative_pruning(initial, train, (0.2, 0.5, 0.1), 3)

    with FarDevice():
        both = zip(rounds(small_net()), rounds(small_net().to(device)), strict=True)
        for (masks, model), (others, other) in both:
            assert agreement(masks, others, device) >= 1 - 20 * tolerance
            outputs = [mlp.logits(network, X) for network in (model, other)]
            np.testing.assert_allclose(*outputs, rtol=0, atol=20 * tolerance)


@elsewhere
@pytest.mark.parametrize("keep", [0.004, 0.3])
def test_supermasks_are_found_on_another_device_as_on_the_cpu(keep, device, tolerance):
    X, y = small_task()
    with FarDevice():
        masks = tickets.supermask(small_net(), X, y, keep, 3)
        others = tickets.supermask(small_net().to(device), X, y, keep, 3)
        assert counts(others) == counts(masks)
        assert agreement(masks, others, device) >= 1 - 20 * tolerance

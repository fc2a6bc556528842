import copy
from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest
import torch

from esutils import mlp, tickets, training
from tests.helpers.networks import counts, matrices, small_net, small_task, some_masks


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_random_masks_keep_the_counts_at_random_places():
    masks = some_masks()
    drawn = [tickets.random_masks(masks, seed) for seed in range(400)]
    for masks_drawn in drawn[:20]:
        assert counts(masks_drawn) == counts(masks)
    for layer, mask in enumerate(masks):
        share = mask.double().mean().item()
        often = torch.stack([masks_drawn[layer] for masks_drawn in drawn]).double().mean(0)
        assert (often - share).abs().max() < 5 * np.sqrt(share * (1 - share) / 400)


@pytest.mark.parametrize(
    "rows", [[[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]]]
)
def test_swaps_reach_every_mask_of_these_degrees_about_equally(rows):
    mask = torch.tensor(rows, dtype=torch.bool)
    allowed = [
        flat
        for flat in product((False, True), repeat=mask.numel())
        if torch.equal(torch.tensor(flat).view(mask.shape).sum(0), mask.sum(0))
        and torch.equal(torch.tensor(flat).view(mask.shape).sum(1), mask.sum(1))
    ]
    n_draws = 200 * len(allowed)
    seen = Counter(
        tuple(tickets.degree_preserving_masks([mask], seed)[0].flatten().tolist())
        for seed in range(n_draws)
    )
    assert set(seen) == set(allowed)
    if len(rows[0]) == 3:
        assert len(allowed) == len(list(permutations(range(3))))
    assert max(abs(n - 200) for n in seen.values()) < 5 * np.sqrt(200)


def test_swaps_forget_the_old_mask():
    masks = some_masks(0.2, ((300, 784), (100, 300), (10, 100)))
    drawn = tickets.degree_preserving_masks(masks, 0)
    for old, new in zip(masks[:2], drawn, strict=False):
        # To first order an edge is kept by chance as often as the product of the degrees says.
        expected = old.sum(1, keepdim=True) * old.sum(0, keepdim=True) / old.sum()
        chance = (expected.clamp(max=1) * old).sum() / old.sum()
        assert (old & new).sum() / old.sum() == pytest.approx(chance.item(), abs=0.02)


def test_draws_repeat_with_the_seed():
    masks = some_masks()
    for draw in (tickets.random_masks, tickets.degree_preserving_masks):
        assert same(draw(masks, 3), draw(masks, 3))
        assert not same(draw(masks, 3), draw(masks, 4))
    X, y = small_task()
    first, again, other = (
        tickets.supermask(small_net(), X, y, 0.3, 2, random_state=seed) for seed in (3, 3, 4)
    )
    assert same(first, again)
    assert not same(first, other)


def test_rounds_rewind_prune_and_keep_masked_weights_at_zero():
    X, y = small_task()
    initial, fractions, started = small_net(), (0.2, 0.5, 0.1), []
    before = copy.deepcopy(initial.state_dict())

    def train(model, masks):
        started.append([weight.clone() for weight in matrices(model)])

        def watch(*_):
            assert all((w[~m] == 0).all() for w, m in zip(matrices(model), masks, strict=True))

        model.register_forward_pre_hook(watch)
        training.fit(model, X, y, 2, masks=masks, after_epoch=watch)

    rounds = list(tickets.iterative_pruning(initial, train, fractions, 3))
    assert len(rounds) == len(started) == 4
    assert counts(rounds[0][0]) == [100, 200, 30]
    for (masks, model), first in zip(rounds, started, strict=True):
        for weight, start, mask, own in zip(
            matrices(model), first, masks, matrices(initial), strict=True
        ):
            assert torch.equal(start[mask], own[mask])
            assert not start[~mask].any()
            assert not weight[~mask].any()
            assert (weight[mask] != own[mask]).any()
    for (masks, model), (following, _) in zip(rounds[:-1], rounds[1:], strict=True):
        assert same(tickets.prune(model, masks, fractions), following)
    assert same(before.values(), initial.state_dict().values())


def test_training_that_ignores_the_masks_is_refused():
    X, y = small_task()
    rounds = tickets.iterative_pruning(
        small_net(), lambda model, masks: training.fit(model, X, y, 1), (0.2, 0.2, 0.1), 1
    )
    next(rounds)
    with pytest.raises(ValueError, match="^train must keep masked weights at 0"):
        next(rounds)


@pytest.mark.parametrize("keep", [0.004, 0.3, 1.0])
def test_supermask_keeps_exact_counts_and_initial_weights(keep):
    X, y = small_task()
    model = small_net()
    start = [weight.clone() for weight in matrices(model)]
    state = torch.get_rng_state()
    masks = tickets.supermask(model, X, y, keep, 3)
    assert torch.equal(torch.get_rng_state(), state)
    assert counts(masks) == [max(1, round(keep * n)) for n in (100, 200, 30)]
    assert same(matrices(model), start)
    for weight, first in zip(matrices(tickets.masked(model, masks)), start, strict=True):
        assert ((weight == 0) | (weight == first)).all()


def test_without_options_a_supermask_is_better_than_a_random_mask_and_the_same_each_time():
    X, _ = small_task(240)
    y, net = X[:, :3].argmax(axis=1), mlp.initial_mlp(5, (100, 20), 3)
    masks = tickets.supermask(net, X, y, 0.3)
    assert same(masks, tickets.supermask(net, X, y, 0.3))
    drawn = tickets.random_masks(masks, 0)
    errors = [np.mean(mlp.predict(tickets.masked(net, m), X) != y) for m in (masks, drawn)]
    assert errors[0] < 0.1 and errors[1] > 0.4


def test_supermask_finds_the_best_mask_of_a_tiny_net():
    """With one layer and two of four weights, brute force finds the mask that classifies best."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 2))
    y = (X[:, 0] > 0).astype(int)
    model = torch.nn.Sequential(torch.nn.Linear(2, 2))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[-1.0, 2.0], [1.0, 1.5]]))
        model[0].bias.zero_()

    def error(flat):
        masks = [torch.tensor(flat).view(2, 2)]
        return np.mean(mlp.predict(tickets.masked(model, masks), X) != y)

    allowed = [flat for flat in product((False, True), repeat=4) if sum(flat) == 2]
    (found,) = tickets.supermask(model, X, y, 0.5, 20, 0.05, 20)
    assert tuple(found.flatten().tolist()) == min(allowed, key=error) == (True, False, True, False)


def test_supermask_is_adam_on_scores_straight_through():
    """The oracle runs on the chosen weights; its gradient takes magnitudes of scores as factors."""
    X, y = (torch.tensor(values) for values in small_task())
    model, generator = small_net(), torch.Generator().manual_seed(2)
    layers = mlp.linear_layers(model)
    for layer in layers:
        layer.bias.data.normal_(generator=torch.Generator().manual_seed(0))
    scores = [
        (torch.rand(layer.weight.shape, generator=generator) * 2 - 1) * layer.in_features**-0.5
        for layer in layers
    ]

    def chosen(score):
        best = score.abs().flatten().topk(score.numel() // 2).indices
        return torch.zeros(score.numel()).scatter(0, best, 1).view(score.shape)

    optimiser = torch.optim.Adam([score.requires_grad_() for score in scores], 0.02)
    orders = [torch.randperm(60, generator=generator) for _ in range(2)]
    for rows in (rows for order in orders for rows in order.split(25)):
        h = X[rows].float()
        for at, (layer, score) in enumerate(zip(layers, scores, strict=True)):
            factor = score.abs() + (chosen(score) - score.abs()).detach()
            h = (h.relu() if at else h) @ (factor * layer.weight.detach()).T + layer.bias.detach()
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(h, y[rows]).backward()
        optimiser.step()
    got = tickets.supermask(model, X.numpy(), y.numpy(), 0.5, 2, 0.02, 25, random_state=2)
    assert same([mask.float() for mask in got], [chosen(score) for score in scores])

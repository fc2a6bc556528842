"""Networks and masks: counts are exact, nothing grows back, and order does not matter."""

import copy

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from esutils import mlp, tickets, training
from tests.helpers.networks import counts, matrices, numpy_forward
from tests.helpers.strategies import few, powers, seeds

widths = st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple)
shares = st.floats(0, 1)


@st.composite
def networks(draw, **options):
    """Draw an untrained network with biases that are not 0."""
    n_inputs, n_outputs = draw(st.integers(1, 7)), draw(st.integers(2, 4))
    generator = torch.Generator().manual_seed(draw(seeds))
    model = mlp.initial_mlp(n_inputs, draw(widths), n_outputs, random_state=generator, **options)
    for layer in mlp.linear_layers(model):
        layer.bias.data.normal_(generator=generator)
    return model


@st.composite
def tasks(draw):
    """Draw a network, samples and labels for it, and a seed."""
    model, seed = draw(networks()), draw(st.integers(0, 2**31))
    layers, rng = mlp.linear_layers(model), np.random.default_rng(seed)
    X = rng.standard_normal((draw(st.integers(2, 12)), layers[0].in_features))
    return model, X, rng.integers(0, layers[-1].out_features, len(X)), seed


@st.composite
def masks_for(draw, shapes):
    rng, share = np.random.default_rng(draw(seeds)), draw(shares)
    return [torch.from_numpy(rng.random(shape) < share) for shape in shapes]


@st.composite
def masked_networks(draw):
    """Draw a network and masks for it; half of the networks have few distinct weights, and ties."""
    model = draw(networks())
    if draw(st.booleans()):
        for layer in mlp.linear_layers(model):
            layer.weight.data = torch.round(2 * layer.weight.data)
    return model, draw(masks_for([tuple(weight.shape) for weight in matrices(model)]))


# ---- networks


@given(st.integers(1, 7), widths, st.integers(1, 4), seeds, st.floats(0, 0.9))
def test_an_untrained_network_keeps_hes_bounds_and_only_its_seed_matters(d, hidden, k, seed, rate):
    model = mlp.initial_mlp(d, hidden, k, random_state=seed)
    dropped = mlp.initial_mlp(d, hidden, k, random_state=seed, dropout=rate, input_dropout=rate / 2)
    layers = mlp.linear_layers(model)
    assert [layer.in_features for layer in layers] == [d, *hidden]
    assert [layer.out_features for layer in layers] == [*hidden, k]
    for layer, other in zip(layers, mlp.linear_layers(dropped), strict=True):
        assert layer.weight.abs().max() <= np.sqrt(6 / layer.in_features) * (1 + 1e-6)
        assert not layer.bias.any() and torch.equal(layer.weight, other.weight)


@given(tasks(), st.data())
def test_outputs_are_those_of_a_plain_loop_in_any_order(task, data):
    model, X, _, seed = task
    outputs, (activity, expected) = mlp.logits(model, X), numpy_forward(model, X)
    np.testing.assert_allclose(mlp.hidden_activity(model, X), activity, atol=1e-4)
    np.testing.assert_allclose(outputs, expected, atol=1e-4)
    assert outputs.dtype == np.float32 and mlp.predict(model, X).dtype == np.int64
    assert np.array_equal(mlp.predict(model, X), outputs.argmax(axis=1))
    samples = data.draw(st.permutations(range(len(X))))
    np.testing.assert_allclose(mlp.logits(model, X[samples]), outputs[samples], atol=1e-5)
    first, second, *_ = mlp.linear_layers(model)  # exchange units of the first layer
    units = np.random.default_rng(seed).permutation(first.out_features)
    first.weight.data, first.bias.data = first.weight.data[units], first.bias.data[units]
    second.weight.data = second.weight.data[:, units]
    np.testing.assert_allclose(mlp.logits(model, X), outputs, atol=1e-4)


@few
@given(tasks(), st.integers(1, 3), st.integers(1, 12))
def test_reordered_inputs_and_classes_give_the_same_network_reordered(task, n_epochs, batch_size):
    model, X, y, seed = task
    rng = np.random.default_rng(seed)
    inputs, classes = rng.permutation(X.shape[1]), rng.permutation(len(matrices(model)[-1]))
    moved = copy.deepcopy(model)
    first, last = mlp.linear_layers(moved)[0], mlp.linear_layers(moved)[-1]
    first.weight.data = first.weight.data[:, inputs]
    last.weight.data, last.bias.data = last.weight.data[classes], last.bias.data[classes]
    options = {"random_state": seed, "learning_rate": 1e-2}
    training.fit(model, X, y, n_epochs, batch_size=batch_size, **options)
    renamed = np.argsort(classes)[y]
    training.fit(moved, X[:, inputs], renamed, n_epochs, batch_size=batch_size, **options)
    outputs = mlp.logits(model, X)[:, classes]
    np.testing.assert_allclose(mlp.logits(moved, X[:, inputs]), outputs, atol=1e-3)


@few
@given(tasks(), st.data(), st.booleans(), st.integers(1, 3))
def test_training_leaves_masked_weights_at_zero_and_repeats(task, data, decay, n_epochs):
    model, X, y, seed = task
    masks = data.draw(masks_for([tuple(weight.shape) for weight in matrices(model)]))
    again, seen = copy.deepcopy(model), []
    options = {"masks": masks, "decay": decay, "random_state": seed}
    training.fit(model, X, y, n_epochs, after_epoch=lambda epoch, _: seen.append(epoch), **options)
    training.fit(again, X, y, n_epochs, **options)
    assert seen == list(range(1, n_epochs + 1)) and not model.training
    for weight, other, mask in zip(matrices(model), matrices(again), masks, strict=True):
        assert not weight[~mask].any() and torch.equal(weight, other)


@few
@given(tasks(), widths, st.sampled_from([{}, {"dropout": 0.5, "n_active": 1}]))
def test_train_mlp_is_initial_mlp_then_fit(task, hidden, options):
    _, X, y, seed = task
    generator = torch.Generator().manual_seed(seed)
    model = mlp.initial_mlp(X.shape[1], hidden, 4, random_state=generator, **options)
    training.fit(model, X, y, 2, random_state=generator)
    whole = training.train_mlp(X, y, hidden, 2, random_state=seed, n_classes=4, **options)
    for weight, other in zip(matrices(model), matrices(whole), strict=True):
        assert torch.equal(weight, other)


@given(st.integers(1, 6), st.integers(1, 9), st.data(), powers)
def test_winners_keep_no_more_than_k_and_the_largest(n, width, data, scale):
    k, whole = data.draw(st.integers(1, width)), data.draw(st.booleans())
    h = torch.randn(n, width, generator=torch.Generator().manual_seed(data.draw(seeds)))
    h = torch.round(h) if whole else h  # with ties
    out = mlp.Winners(k)(h)
    assert ((out == 0) | (out == h)).all() and ((out > 0).sum(dim=1) <= k).all()
    largest = h.relu().sort(dim=1, descending=True).values[:, :k]
    assert torch.equal(out.sort(dim=1, descending=True).values[:, :k], largest)
    torch.testing.assert_close(mlp.Winners(k)(scale * h).sum(1), scale * out.sum(1))


@given(st.floats(0, 0.99), seeds, st.integers(1, 50))
def test_dropout_drops_or_scales_and_repeats_with_its_generator(rate, seed, n):
    h = torch.randn(n, 3, generator=torch.Generator().manual_seed(seed))
    layers = [mlp.Dropout(rate, torch.Generator().manual_seed(seed)) for _ in range(2)]
    out, again = (layer(h) for layer in layers)
    assert torch.equal(out, again) and layers[0].eval()(h) is h
    kept = out != 0
    torch.testing.assert_close(out[kept], h[kept] / (1 - rate))
    assert rate or kept.all()


# ---- masks


@given(masked_networks(), st.data())
def test_pruning_takes_the_smallest_exactly_and_nothing_grows_back(network, data):
    model, masks = network
    fractions = [data.draw(shares) for _ in masks]
    before = copy.deepcopy(masks)
    pruned = tickets.prune(model, masks, fractions)
    assert all(torch.equal(mask, old) for mask, old in zip(masks, before, strict=True))
    for weight, old, new, share in zip(matrices(model), masks, pruned, fractions, strict=True):
        kept = [at for at, keeps in enumerate(old.flatten().tolist()) if keeps]
        kept.sort(key=lambda at, weight=weight: (abs(weight.flatten()[at].item()), at))
        expected = torch.zeros(old.numel(), dtype=torch.bool)
        expected[kept[round(share * len(kept)) :]] = True
        assert torch.equal(new.flatten(), expected) and not (new & ~old).any()


@given(masked_networks())
def test_a_masked_network_is_a_copy_with_zeros(network):
    model, masks = network
    start = copy.deepcopy(matrices(model))
    found = tickets.masked(model, masks)
    twice = tickets.masked(found, masks)
    for weight, first, mask in zip(matrices(found), start, masks, strict=True):
        assert torch.equal(weight, torch.where(mask, first, 0))
    parts = zip(matrices(model), start, matrices(twice), matrices(found), strict=True)
    assert all(torch.equal(a, b) and torch.equal(c, d) for a, b, c, d in parts)
    full = tickets.full_masks(model)
    assert all(mask.all() for mask in full) and tickets.kept_fraction(full) == 1
    share = sum(counts(masks)) / sum(mask.numel() for mask in masks)
    assert tickets.kept_fraction(masks) == share


@given(masked_networks(), st.integers(0, 2**40))
def test_drawn_masks_keep_the_counts_or_the_degrees(network, seed):
    _, masks = network
    drawn = tickets.random_masks(masks, seed)
    assert counts(drawn) == counts(masks)
    for old, new in zip(masks, tickets.degree_preserving_masks(masks, seed), strict=True):
        assert new.dtype == torch.bool and new.shape == old.shape
        assert torch.equal(old.sum(0), new.sum(0)) and torch.equal(old.sum(1), new.sum(1))
    again = tickets.random_masks(masks, seed)
    assert all(torch.equal(a, b) for a, b in zip(drawn, again, strict=True))


@few
@given(tasks(), shares, st.integers(1, 3))
def test_tickets_are_nested_rewound_and_counted(task, share, n_rounds):
    initial, X, y, seed = task
    started, fractions = [], [share] * len(matrices(initial))

    def train(model, masks):
        started.append(copy.deepcopy(matrices(model)))
        training.fit(model, X, y, 1, masks=masks, random_state=seed)

    rounds = list(tickets.iterative_pruning(initial, train, fractions, n_rounds))
    assert len(rounds) == n_rounds + 1
    expected = [mask.numel() for mask in rounds[0][0]]
    for (masks, model), start in zip(rounds, started, strict=True):
        assert counts(masks) == expected
        expected = [n - round(share * n) for n in expected]
        for weight, first, own, mask in zip(
            matrices(model), start, matrices(initial), masks, strict=True
        ):
            assert torch.equal(first, own * mask) and not weight[~mask].any()
    for (more, _), (less, _) in zip(rounds[:-1], rounds[1:], strict=True):
        assert not any((new & ~old).any() for old, new in zip(more, less, strict=True))


def scored_layer(n_inputs, width, keep, seed):
    """Return a Linear layer with biases, and a layer that trains scores for its weights."""
    generator = torch.Generator().manual_seed(seed)
    layer = torch.nn.Linear(n_inputs, width)
    layer.bias.data.normal_(generator=generator)
    return layer, tickets.ScoredLinear(layer, keep, generator)


@given(st.integers(1, 6), st.integers(1, 9), st.data(), seeds)
def test_the_mask_is_the_first_k_of_a_stable_sort_and_passes_gradients(d, m, data, seed):
    k, rng = data.draw(st.integers(1, d * m)), np.random.default_rng(seed)
    _, layer = scored_layer(d, m, k / (d * m), seed)
    scores, slopes = (torch.from_numpy(rng.standard_normal((m, d), np.float32)) for _ in range(2))
    layer.weight.data = torch.round(scores) if data.draw(st.booleans()) else scores  # with ties
    ones, sizes = layer.mask(), layer.weight.detach().abs().numpy()
    expected = np.zeros(m * d, np.float32)
    expected[np.argsort(-sizes, axis=None, kind="stable")[:k]] = 1
    assert np.array_equal(ones.detach().numpy().ravel(), expected)
    (ones * slopes).sum().backward()
    assert torch.equal(layer.weight.grad, slopes * layer.weight.sign())


@given(st.integers(1, 40), st.integers(1, 9), st.floats(0.01, 1), seeds)
def test_a_scored_layer_is_the_layer_under_its_mask(d, m, keep, seed):
    layer, scored = scored_layer(d, m, keep, seed)
    h, ones = torch.randn(3, d, generator=torch.Generator().manual_seed(seed)), scored.mask()
    assert ones.sum() == max(1, round(keep * d * m))
    torch.testing.assert_close(scored(h), h @ (layer.weight * ones).T + layer.bias)
    assert scored.weight.abs().max() <= d**-0.5 and scored.weight.requires_grad
    assert not scored.bias.requires_grad and not scored.frozen.requires_grad


@few
@given(tasks(), st.floats(0.01, 1))
def test_a_supermask_keeps_its_share_and_leaves_the_weights_alone(task, keep):
    model, X, y, seed = task
    start = copy.deepcopy(matrices(model))
    found, again = (tickets.supermask(model, X, y, keep, 1, random_state=seed) for _ in range(2))
    assert counts(found) == [max(1, round(keep * weight.numel())) for weight in start]
    assert all(torch.equal(a, b) for a, b in zip(found, again, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(matrices(model), start, strict=True))

"""Lottery tickets: masks over a network's weights, found by pruning, at random, or by edge-popup.

Masks are lists of bool tensors, one of the shape of each Linear layer's weights, in order: True
where a weight is kept; anything else is a ValueError. New masks are on the device of the model, or
else of the masks, and drawn on the CPU: the same seeds draw the same masks on each. PyTorch's
global random state stays alone.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from esutils.common.checks import check_int, check_number, check_type
from esutils.networks.masks import Scored, check_masks
from esutils.networks.mlp import _generator, linear_layers
from esutils.networks.training import fit


def full_masks(model: torch.nn.Sequential) -> list[torch.Tensor]:
    """Return the masks that keep every weight of a torch.nn.Sequential.

    Chapter: 05-lottery-tickets.

    Examples
    --------
    >>> from esutils import mlp, tickets
    >>> masks = tickets.full_masks(mlp.initial_mlp(4, (3,), 2))
    >>> [tuple(mask.shape) for mask in masks], tickets.kept_fraction(masks)
    ([(3, 4), (2, 3)], 1.0)
    """
    return [torch.ones_like(layer.weight, dtype=torch.bool) for layer in linear_layers(model)]


def kept_fraction(masks: list[torch.Tensor]) -> float:
    """Return the share of all weights that a list of bool matrices keeps.

    Chapter: 05-lottery-tickets.

    Examples
    --------
    >>> import torch
    >>> from esutils import tickets
    >>> tickets.kept_fraction([torch.tensor([[True, False], [True, True]])])
    0.75
    """
    masks = check_masks(masks)
    return sum(int(mask.sum()) for mask in masks) / sum(mask.numel() for mask in masks)


def masked(model: torch.nn.Sequential, masks: list[torch.Tensor]) -> torch.nn.Sequential:
    """Return a copy of a network whose masked weights are 0; the others, and the biases, stay.

    Chapter: 05-lottery-tickets.

    Examples
    --------
    >>> from esutils import mlp, tickets
    >>> model = mlp.initial_mlp(4, (3,), 2)
    >>> masks = tickets.prune(model, tickets.full_masks(model), [0.5, 0.0])
    >>> network = tickets.masked(model, masks)
    >>> [int(layer.weight.count_nonzero()) for layer in mlp.linear_layers(network)]
    [6, 6]
    """
    masks = check_masks(masks, linear_layers(model))
    network = copy.deepcopy(model)
    with torch.no_grad():
        for layer, mask in zip(linear_layers(network), masks, strict=True):
            layer.weight.mul_(mask)
    return network


def prune(
    model: torch.nn.Sequential, masks: list[torch.Tensor], fractions: Sequence[float]
) -> list[torch.Tensor]:
    """Mask the smallest of the weights that are still kept, layer by layer.

    Parameters
    ----------
    model : torch.nn.Sequential
        The network whose weights are compared by magnitude.
    masks : list of bool tensors
        What is kept so far. What is masked stays masked.
    fractions : sequence of float
        One a layer, 0 to 1: exactly ``round(fraction * kept)`` of its kept weights are masked. Of
        equal weights the first in row-major order go first.

    Returns
    -------
    list of bool tensors
        New masks. Arguments out of range, or that do not match, raise ValueError.

    Chapter: 05-lottery-tickets.

    Examples
    --------
    >>> from esutils import mlp, tickets
    >>> model = mlp.initial_mlp(4, (2,), 2)
    >>> once = tickets.prune(model, tickets.full_masks(model), [0.5, 0.25])
    >>> twice = tickets.prune(model, once, [0.5, 0.0])
    >>> [[int(mask.sum()) for mask in masks] for masks in (once, twice)]
    [[4, 3], [2, 3]]
    """
    masks, layers = check_masks(masks, linear_layers(model)), linear_layers(model)
    if not isinstance(fractions, tuple | list) or len(fractions) != len(layers):
        raise ValueError(f"fractions must be a list of {len(layers)} shares, got {fractions!r}")
    pruned = []
    for layer, mask, fraction in zip(layers, masks, fractions, strict=True):
        fraction = check_number("fractions", fraction, high=1.0)
        kept = mask.flatten().nonzero()[:, 0]
        order = layer.weight.detach().flatten()[kept].abs().argsort(stable=True)
        pruned.append(mask.clone())
        pruned[-1].view(-1)[kept[order[: round(fraction * len(kept))]]] = False
    return pruned


def iterative_pruning(
    initial: torch.nn.Sequential,
    train: Callable[[torch.nn.Sequential, list[torch.Tensor]], object],
    fractions: Sequence[float],
    n_rounds: int,
) -> Iterator[tuple[list[torch.Tensor], torch.nn.Sequential]]:
    """Find tickets: train, prune the smallest weights, rewind the others, and train again.

    Parameters
    ----------
    initial : torch.nn.Sequential
        The untrained network; left as it is.
    train : callable
        ``train(model, masks)`` trains ``model`` in place and keeps masked weights at 0, for
        instance by `esutils.networks.training.fit`. It may record what it likes on the way.
    fractions : sequence of float
        Share of each layer's kept weights that a round masks, see `prune`.
    n_rounds : int
        Number of prunings.

    Yields
    ------
    masks : list of bool tensors
        Of round 0, which keeps all weights, to ``n_rounds``.
    model : torch.nn.Sequential
        The network trained from the initial values of what ``masks`` keep; ValueError if what
        they mask is not 0.

    Source: Frankle, Carbin. The lottery ticket hypothesis. ICLR, 2019.
    Chapter: 05-lottery-tickets.

    Examples
    --------
    >>> from esutils import data, mlp, tickets, training
    >>> split = data.subsample(data.load_digits(), 100, random_state=0)
    >>> def train(model, masks):
    ...     training.fit(model, split.X_train, split.y_train, n_epochs=2, masks=masks)
    >>> rounds = tickets.iterative_pruning(mlp.initial_mlp(64, (16,), 10), train, [0.25, 0.25], 2)
    >>> [tickets.kept_fraction(masks) for masks, model in rounds]
    [1.0, 0.75, 0.5625]
    """
    masks, n_rounds = full_masks(initial), check_int("n_rounds", n_rounds)
    check_type("train", train, Callable, "a function of a network and masks")
    for left in range(n_rounds, -1, -1):
        model = masked(initial, masks)
        train(model, masks)
        for layer, mask in zip(linear_layers(model), masks, strict=True):
            if layer.weight[~mask].any():
                raise ValueError(f"train must keep masked weights at 0, got {layer} with others")
        yield masks, model
        if left:
            masks = prune(model, masks, fractions)


def random_masks(masks: list[torch.Tensor], random_state: int) -> list[torch.Tensor]:
    """Draw masks that keep as many weights a layer as ``masks``, at any place with equal chance.

    Chapter: 05-lottery-tickets.

    Examples
    --------
    >>> import torch
    >>> from esutils import tickets
    >>> masks = [torch.tensor([[True, False, False], [True, True, False]])]
    >>> [int(mask.sum()) for mask in tickets.random_masks(masks, random_state=0)]
    [3]
    """
    masks, rng = check_masks(masks), _rng(random_state)
    order = [torch.from_numpy(rng.permutation(mask.numel())).view(mask.shape) for mask in masks]
    return [
        (places < int(mask.sum())).to(mask.device)
        for places, mask in zip(order, masks, strict=True)
    ]


def degree_preserving_masks(masks: list[torch.Tensor], random_state: int) -> list[torch.Tensor]:
    """Draw masks that keep as many weights at every input and every unit as ``masks``.

    A mask is a graph between the inputs and the units of its layer. Many times over, pairs of its
    edges exchange their ends, wherever that makes no edge twice. Where few masks have these row
    and column sums, much of the old one stays.

    Chapter: 05-lottery-tickets.

    Examples
    --------
    >>> import torch
    >>> from esutils import tickets
    >>> masks = [torch.tensor([[True, False, False], [True, True, False]])]
    >>> (drawn,) = tickets.degree_preserving_masks(masks, random_state=0)
    >>> drawn.sum(dim=0).tolist(), drawn.sum(dim=1).tolist()
    ([2, 1, 0], [1, 2])
    """
    masks, rng = check_masks(masks), _rng(random_state)
    drawn = [torch.from_numpy(_swap_edges(mask.cpu().numpy().copy(), rng)) for mask in masks]
    return [new.to(mask.device) for new, mask in zip(drawn, masks, strict=True)]


def _swap_edges(mask, rng):
    """Shuffle a bool matrix in place without a change in its row and column sums."""
    rows, columns = np.nonzero(mask)
    n_pairs, n_columns = len(rows) // 2, mask.shape[1]
    taken, pairs = mask.reshape(-1), np.arange(n_pairs)
    claimed = np.empty(mask.size, np.int64)
    for _ in range(40):  # each offers every pair a swap, at even odds
        order = rng.permutation(len(rows))
        a, b = order[:n_pairs], order[n_pairs : 2 * n_pairs]
        first, second = rows[a] * n_columns + columns[b], rows[b] * n_columns + columns[a]
        claimed[first] = pairs
        claimed[second] = pairs  # two pairs may want one place: the last to ask gets it
        free = (claimed[first] == pairs) & (claimed[second] == pairs)
        free &= ~(taken[first] | taken[second]) & (rng.random(n_pairs) < 0.5)
        a, b = a[free], b[free]
        taken[rows[a] * n_columns + columns[a]] = taken[rows[b] * n_columns + columns[b]] = False
        taken[first[free]] = taken[second[free]] = True
        columns[a], columns[b] = columns[b], columns[a]
    return mask


def supermask(
    model: torch.nn.Sequential,
    X: ArrayLike,
    y: ArrayLike,
    keep: float,
    n_epochs: int = 20,
    learning_rate: float = 3e-3,
    batch_size: int = 60,
    random_state: int = 0,
) -> list[torch.Tensor]:
    """Learn which weights to keep, and leave all weights at their values: edge-popup.

    Every weight has a score. A step runs the network on the weights of the largest magnitudes of
    score in each layer, and Adam moves all scores as if each weight had been multiplied by that
    magnitude (the straight-through gradient).

    Parameters
    ----------
    model : torch.nn.Sequential
        The network, usually untrained; left as it is.
    X, y, n_epochs, batch_size
        As in `esutils.networks.training.fit`.
    keep : float
        Share of each layer's weights that is kept: exactly ``round(keep * size)``, at least 1.
    learning_rate : float
        Adam's step size for the scores, constant.
    random_state : int
        Seed of the first scores and of the order of the batches.

    Returns
    -------
    list of bool tensors
        For `masked`. Arguments out of range, or that do not match, raise ValueError.

    Source: Ramanujan et al. What's hidden in a randomly weighted neural network? CVPR, 2020.
    Chapter: 05-lottery-tickets.

    Examples
    --------
    >>> from esutils import data, mlp, tickets
    >>> split = data.subsample(data.load_digits(), 100, random_state=0)
    >>> model = mlp.initial_mlp(64, (16,), 10)
    >>> masks = tickets.supermask(model, split.X_train, split.y_train, keep=0.5, n_epochs=2)
    >>> tickets.kept_fraction(masks)
    0.5
    """
    keep = check_number("keep", keep, open_low=True, high=1.0)
    generator = _generator(random_state)
    network = copy.deepcopy(model)
    for i, module in enumerate(network if linear_layers(model) else ()):
        if isinstance(module, torch.nn.Linear):
            network[i] = Scored(module, keep, generator)
    fit(network, X, y, n_epochs, learning_rate, batch_size, generator, decay=False)
    scored: Any = linear_layers(network)
    return [layer.mask().bool() for layer in scored]


def _rng(random_state):
    return np.random.default_rng(check_int("random_state", random_state, low=0))

"""Lottery tickets: masks over a network's weights, found by pruning, at random, or by edge-popup.

A list of masks holds one bool tensor for each Linear layer, in order, with the shape of its
weights: True where a weight is kept. Anything else raises ValueError. New masks are on the device
of the model or, without a model, of the given masks. They are drawn on the CPU, so the same seed
draws the same masks on every device. PyTorch's global random state is not touched.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from esutils.common.checks import check_int, check_number, check_type
from esutils.networks.checks import check_generator, check_masks
from esutils.networks.mlp import linear_layers
from esutils.networks.training import fit


def full_masks(model: torch.nn.Sequential) -> list[torch.Tensor]:
    """Return the masks that keep every weight of a torch.nn.Sequential.

    Notes
    -----
    Chapter: 06-lottery-tickets.

    Examples
    --------
    >>> from esutils import mlp, tickets
    >>> masks = tickets.full_masks(mlp.initial_mlp(4, (3,), 2))
    >>> [tuple(mask.shape) for mask in masks], tickets.kept_fraction(masks)
    ([(3, 4), (2, 3)], 1.0)
    """
    return [torch.ones_like(layer.weight, dtype=torch.bool) for layer in linear_layers(model)]


def kept_fraction(masks: list[torch.Tensor]) -> float:
    """Return the share of all weights that the masks keep.

    Notes
    -----
    Chapter: 06-lottery-tickets.

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
    """Return a copy of a network in which all weights but the kept ones are 0; biases stay.

    Notes
    -----
    Chapter: 06-lottery-tickets.

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
    """Remove the smallest of the weights that are still kept, layer by layer.

    Parameters
    ----------
    model : torch.nn.Sequential
        The network whose weights are compared by magnitude.
    masks : list of bool tensors
        The weights that are kept so far. Those that were removed before stay removed.
    fractions : sequence of float
        One share per layer, 0 to 1. Exactly ``round(fraction * kept)`` of a layer's kept weights
        are removed; equal weights go in row-major order.

    Returns
    -------
    list of bool tensors
        New masks.

    Raises
    ------
    ValueError
        If an argument is out of range, or the arguments do not match.

    Notes
    -----
    Chapter: 06-lottery-tickets.

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
        The untrained network, which is not changed.
    train : callable
        ``train(model, masks)`` trains ``model`` in place and keeps masked weights at 0, for
        instance with :func:`esutils.networks.training.fit`. It may record anything on the way.
    fractions : sequence of float
        Share of each layer's kept weights that a round removes, see :func:`prune`.
    n_rounds : int
        Number of times to prune.

    Yields
    ------
    masks : list of bool tensors
        The masks of rounds 0 to ``n_rounds``. Round 0 keeps all weights.
    model : torch.nn.Sequential
        The network that was trained from the initial values of the weights in ``masks``.

    Raises
    ------
    ValueError
        If an argument is out of range, or ``train`` leaves a masked weight that is not 0.

    Notes
    -----
    Chapter: 06-lottery-tickets.

    References
    ----------
    Frankle, Carbin. The lottery ticket hypothesis. ICLR, 2019.

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
                raise ValueError(f"train must keep masked weights at 0, got others in {layer}")
        yield masks, model
        if left:
            masks = prune(model, masks, fractions)


def random_masks(masks: list[torch.Tensor], random_state: int) -> list[torch.Tensor]:
    """Draw masks that keep as many weights in each layer as ``masks``, anywhere in the layer.

    All such masks are equally likely.

    Notes
    -----
    Chapter: 06-lottery-tickets.

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
    """Draw masks that keep as many weights at every input and at every unit as ``masks``.

    A mask is a graph that connects the inputs of its layer with the units. Again and again, pairs
    of its edges exchange their ends, unless that would make the same edge twice. If few masks have
    these row and column sums, much of the old mask remains.

    Notes
    -----
    Chapter: 06-lottery-tickets.

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
    """Shuffle a bool matrix in place without changing its row and column sums."""
    rows, columns = np.nonzero(mask)
    n_pairs, n_columns = len(rows) // 2, mask.shape[1]
    taken, pairs = mask.reshape(-1), np.arange(n_pairs)
    claimed = np.empty(mask.size, np.int64)
    for _ in range(40):  # each round offers every pair a swap and flips a coin
        order = rng.permutation(len(rows))
        a, b = order[:n_pairs], order[n_pairs : 2 * n_pairs]
        first, second = rows[a] * n_columns + columns[b], rows[b] * n_columns + columns[a]
        claimed[first] = pairs
        claimed[second] = pairs  # if two pairs want the same place, the last to ask gets it
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
    """Learn which weights to keep, without changing any of them: edge-popup.

    Every weight gets a score, see :class:`ScoredLinear`, and Adam trains the scores alone.

    Parameters
    ----------
    model : torch.nn.Sequential
        The network, usually untrained, which is not changed.
    X, y, n_epochs, batch_size
        As in :func:`esutils.networks.training.fit`.
    keep : float
        Share of the weights to keep, above 0 and at most 1: of each layer exactly
        ``round(keep * size)``, at least 1.
    learning_rate : float
        Adam's step size for the scores, which is constant.
    random_state : int
        Seed of the first scores and of the order of the batches.

    Returns
    -------
    list of bool tensors
        The masks, for instance for :func:`masked`.

    Raises
    ------
    ValueError
        If an argument is out of range, or the arguments do not match.

    Notes
    -----
    Chapter: 06-lottery-tickets.

    References
    ----------
    Ramanujan et al. What's hidden in a randomly weighted neural network? CVPR, 2020.

    Examples
    --------
    >>> from esutils import data, mlp, tickets
    >>> split = data.subsample(data.load_digits(), 100, random_state=0)
    >>> model = mlp.initial_mlp(64, (16,), 10)
    >>> masks = tickets.supermask(model, split.X_train, split.y_train, keep=0.5, n_epochs=2)
    >>> tickets.kept_fraction(masks)
    0.5
    """
    generator = check_generator(random_state)
    network = copy.deepcopy(model)
    for i, module in enumerate(network if linear_layers(model) else ()):
        if isinstance(module, torch.nn.Linear):
            network[i] = ScoredLinear(module, keep, generator)
    fit(network, X, y, n_epochs, learning_rate, batch_size, generator, decay=False)
    scored: Any = linear_layers(network)
    return [layer.mask().bool() for layer in scored]


class ScoredLinear(torch.nn.Linear):
    """A Linear layer with frozen weights, which trains a score for each weight in their place.

    The layer computes with the weights whose scores have the largest magnitudes and ignores the
    others. The gradient passes straight through this choice: every score moves as if its weight
    had been multiplied by the magnitude of the score.

    Parameters
    ----------
    linear : torch.nn.Linear
        The layer whose weights and biases are used, and not changed.
    keep : float
        Share of the weights to keep, above 0 and at most 1: exactly ``round(keep * size)``, at
        least 1.
    generator : torch.Generator
        Draws the first scores, uniform on ``[-1/sqrt(fan_in), 1/sqrt(fan_in)]``.

    Raises
    ------
    ValueError
        If an argument is of another type, or ``keep`` is not above 0 and at most 1.

    Notes
    -----
    Chapter: 06-lottery-tickets.

    References
    ----------
    Ramanujan et al. What's hidden in a randomly weighted neural network? CVPR, 2020.

    Examples
    --------
    >>> import torch
    >>> from esutils import mlp, tickets
    >>> first = mlp.initial_mlp(4, (3,), 2)[0]
    >>> layer = tickets.ScoredLinear(first, keep=0.5, generator=torch.Generator())
    >>> int(layer.mask().sum()), bool(torch.equal(layer.frozen, first.weight))
    (6, True)
    """

    def __init__(self, linear: torch.nn.Linear, keep: float, generator: torch.Generator) -> None:
        check_type("linear", linear, torch.nn.Linear, "a torch.nn.Linear")
        keep = check_number("keep", keep, open_low=True, high=1.0)
        check_type("generator", generator, torch.Generator, "a torch.Generator")
        # On the "meta" device PyTorch's own initialiser draws nothing from its global state.
        super().__init__(linear.in_features, linear.out_features, device="meta")
        self.frozen = linear.weight.detach()
        self.n_kept = max(1, round(keep * self.frozen.numel()))
        bound = linear.in_features**-0.5
        scores = torch.rand(self.frozen.shape, generator=generator) * 2 * bound - bound
        self.weight = torch.nn.Parameter(scores.to(self.frozen.device))
        self.bias = torch.nn.Parameter(linear.bias.detach(), requires_grad=False)

    def mask(self) -> torch.Tensor:
        """Return 1 for the weights that are kept and 0 for the others; ties go by index."""
        magnitudes = self.weight.abs()
        values = magnitudes.detach().cpu().numpy().ravel()  # NumPy is fast and can break ties
        border = np.partition(values, -self.n_kept)[-self.n_kept]
        ones = (values > border).astype(np.float32)
        ones[np.flatnonzero(values == border)[: self.n_kept - np.count_nonzero(ones)]] = 1
        mask = torch.from_numpy(ones).view(magnitudes.shape).to(magnitudes.device)
        return mask + (magnitudes - magnitudes.detach())  # adds 0, and the gradient

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Compute the outputs for ``h`` with the kept weights alone."""
        return torch.nn.functional.linear(h, self.frozen * self.mask(), self.bias)


def _rng(random_state):
    return np.random.default_rng(check_int("random_state", random_state, low=0))

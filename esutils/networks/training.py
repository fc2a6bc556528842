"""Training small multilayer perceptrons end to end: the networks that the book tries to explain.

Nothing here reads or changes PyTorch's global random state or its thread settings.
"""

import copy
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch.optim.adam import adam

from esutils.common.checks import (
    MOST,
    check_array,
    check_flag,
    check_int,
    check_matrix,
    check_number,
    check_single,
    check_targets,
)
from esutils.networks.checks import check_generator, check_masks
from esutils.networks.mlp import initial_mlp, linear_layers
from esutils.networks.sparse_training import SparseTraining

_FEW = 0.42  # below this share of kept weights it is faster to compute with those alone
_MOST = 0.95  # above this share of inputs in use it is not worth setting the others aside
# The defaults of torch.optim.Adam. We call its function directly, since the bookkeeping of the
# class takes as long as a step of a small network.
_ADAM: dict[str, Any] = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0}
_ADAM |= {"fused": True, "amsgrad": False, "maximize": False}


def train_mlp(
    X: ArrayLike,
    y: ArrayLike,
    hidden: Sequence[int] = (1000,),
    n_epochs: int = 10,
    learning_rate: float = 3e-3,
    batch_size: int = 50,
    random_state: int | torch.Generator = 0,
    n_classes: int | None = None,
    dropout: float = 0.0,
    input_dropout: float = 0.0,
    n_active: int | None = None,
    device: str | int | torch.device | None = None,
) -> torch.nn.Sequential:
    """Make and train a ReLU network, for classification or for regression.

    This is :func:`esutils.networks.mlp.initial_mlp` followed by :func:`fit`. With the defaults,
    1,000 units reach the plateau of their test error on 4,000 images. Narrower networks and
    smaller samples need more steps or larger ones. Scale pixels to values near 1.

    Parameters
    ----------
    X, y, n_epochs, learning_rate, batch_size
        As in :func:`fit`; the step size falls to 0.
    hidden, dropout, input_dropout, n_active, device
        As in :func:`esutils.networks.mlp.initial_mlp`. The training runs on ``device``.
    random_state : int or torch.Generator
        Seed of the initial weights, of the order of the batches and of dropout.
    n_classes : int, optional
        Number of outputs, at least 2; by default the largest label plus one. It must be None if
        ``y`` holds real targets.

    Returns
    -------
    torch.nn.Sequential
        The trained network, in evaluation mode. On one machine the same arguments give the same
        network; different machines round differently.

    Raises
    ------
    ValueError
        If an argument is out of range or ``X`` and ``y`` do not match.

    Notes
    -----
    Chapter: 05-untrained-networks.

    Examples
    --------
    >>> from esutils import data, mlp, training
    >>> split = data.subsample(data.load_digits(), 500, random_state=0)
    >>> model = training.train_mlp(split.X_train, split.y_train, hidden=(200,), n_epochs=10)
    >>> bool((mlp.predict(model, split.X_test) != split.y_test).mean() < 0.2)
    True
    """
    X = check_matrix("X", X)
    y = _check_y(y, len(X))
    if y.dtype.kind != "f":
        n_outputs = int(y.max()) + 1 if n_classes is None else n_classes
        n_outputs = check_int("n_classes", n_outputs, low=2, high=MOST)
    elif n_classes is None:
        n_outputs = y.shape[1]
    else:
        raise ValueError(f"n_classes must be None where y holds real targets, got {n_classes!r}")
    generator = check_generator(random_state)
    model = initial_mlp(
        X.shape[1],
        hidden,
        n_outputs,
        dropout=dropout,
        input_dropout=input_dropout,
        n_active=n_active,
        random_state=generator,
        device=device,
    )
    return fit(model, X, y, n_epochs, learning_rate, batch_size, generator)


def fit(
    model: torch.nn.Sequential,
    X: ArrayLike,
    y: ArrayLike,
    n_epochs: int = 10,
    learning_rate: float = 3e-3,
    batch_size: int = 50,
    random_state: int | torch.Generator = 0,
    decay: bool = True,
    masks: list[torch.Tensor] | None = None,
    after_epoch: Callable[[float, torch.nn.Sequential], object] | None = None,
    calls_per_epoch: int = 1,
) -> torch.nn.Sequential:
    """Train a network in place.

    Adam minimises the softmax cross-entropy of labels, or the mean squared error of real targets,
    over shuffled batches. The last batch of an epoch may be smaller than the others.

    Parameters
    ----------
    model : torch.nn.Sequential
        A network from :func:`esutils.networks.mlp.initial_mlp`, trained before or not. Its random
        draws for dropout continue where they stopped. The training runs on the model's device.
    X : array of shape (n_samples, n_inputs)
        Inputs; they are converted to float32.
    y : array of shape (n_samples,) or (n_samples, n_outputs)
        Integer labels below ``n_outputs``, or real targets. One-dimensional targets count as one
        column.
    n_epochs, batch_size : int
        Number of passes over the data, and number of samples per step.
    learning_rate : float
        Adam's first step size.
    random_state : int or torch.Generator
        Seed of the order of the batches.
    decay : bool
        Whether the step size falls linearly to 0 over the run. If not, it is constant.
    masks : list of bool tensors, optional
        One mask for each Linear layer, in order, with the shape of its weights and on any device:
        True where a weight is kept. All other weights are exactly 0 throughout, also at the first
        step. Biases are never masked. If less than about two fifths of the weights of a plain ReLU
        classifier are kept, and it is on the CPU, it is trained as a sparse network. This takes
        the same steps, up to rounding, in less time.
    after_epoch : callable, optional
        Called as ``after_epoch(epoch, model)`` after epochs 1 to ``n_epochs``, with the network
        in evaluation mode.
    calls_per_epoch : int
        How often to call ``after_epoch`` during an epoch: at most once per step. The calls are
        spread evenly and the last one comes at the end of the epoch. ``epoch`` is the number of
        passes so far, a float if the last pass is not complete. The training is the same for any
        number of calls.

    Returns
    -------
    torch.nn.Sequential
        ``model``, in evaluation mode.

    Raises
    ------
    ValueError
        If an argument is out of range or ``model``, ``X``, ``y`` and ``masks`` do not match.

    Notes
    -----
    Chapter: 06-lottery-tickets.

    References
    ----------
    Kingma, Ba. Adam: a method for stochastic optimization. ICLR, 2015.

    Examples
    --------
    >>> from esutils import mlp, training
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0]
    >>> model = mlp.initial_mlp(2, (50,), 2)
    >>> model = training.fit(model, X, y, n_epochs=100, learning_rate=0.03)
    >>> mlp.predict(model, X).tolist()
    [0, 1, 1, 0]
    """
    layers = linear_layers(model)
    X = check_matrix("X", X, n_columns=layers[0].in_features)
    y = _check_y(y, len(X), layers[-1].out_features)
    n_epochs = check_int("n_epochs", n_epochs)
    batch_size = min(check_int("batch_size", batch_size), len(X))
    learning_rate = check_number("learning_rate", learning_rate, open_low=True)
    generator = check_generator(random_state)
    check_flag("decay", decay)
    if after_epoch is not None and not callable(after_epoch):
        raise ValueError(f"after_epoch must be None or callable, got {after_epoch!r}")
    masks = [] if masks is None else check_masks(masks, layers)
    n_batches = -(-len(X) // batch_size)
    calls_per_epoch = check_int("calls_per_epoch", calls_per_epoch, high=n_batches)

    X, device = check_single("X", X), layers[0].weight.device
    if device.type == "cpu" and y.dtype.kind != "f" and _few_are_kept(model, masks):
        training = SparseTraining(layers, masks, X, y, batch_size)
    else:
        training = _Training(model, masks, X, y, batch_size)
    falls = 1 - decay / np.arange(n_epochs * n_batches, 1, -1)
    rates = np.append(learning_rate, falls).cumprod().reshape(n_epochs, n_batches)
    ends = [call * n_batches // calls_per_epoch for call in range(calls_per_epoch + 1)]
    for epoch in range(n_epochs):
        order = torch.randperm(len(X), generator=generator).numpy()
        for start, end in pairwise(ends):
            model.train()
            part = order[start * batch_size : end * batch_size]
            training.epoch(part, rates[epoch, start:end])
            model.eval()
            if after_epoch is not None:
                after_epoch(epoch + (end / n_batches if end < n_batches else 1), model)
    return model.eval()


class _Training:
    """Adam on a network's loss, computed by PyTorch.

    Inputs that are 0 in all samples move no weight. If there are many of them, ``network`` is a
    copy of the model without these inputs, which shares all other layers with it.
    """

    def __init__(self, model, masks, X, y, batch_size):
        layers = linear_layers(model)
        self.masked = [(m.weight, mask.float()) for m, mask in zip(layers, masks, strict=False)]
        _silence(self.masked)
        self.model = self.network = model
        self.seen = X.any(axis=0).nonzero()[0]
        if type(model[0]) is torch.nn.Linear and len(self.seen) < _MOST * X.shape[1]:
            X, first, weight = X.take(self.seen, axis=1), copy.deepcopy(model[0]), model[0].weight
            first.weight = torch.nn.Parameter(weight.data[:, self.seen], weight.requires_grad)
            first.bias = model[0].bias
            self.network = torch.nn.Sequential(first, *model[1:])
            self.masked[:1] = [(first.weight, mask[:, self.seen]) for _, mask in self.masked[:1]]
        real = y.dtype.kind == "f"
        device, self.batch_size = layers[0].weight.device, batch_size
        self.X = torch.from_numpy(X).to(device)
        self.y = torch.tensor(y, dtype=torch.float32 if real else torch.int64).to(device)
        self.loss = torch.nn.functional.mse_loss if real else torch.nn.functional.cross_entropy
        self.moved = [values for values in self.network.parameters() if values.requires_grad]
        self.moments = [[torch.zeros_like(values) for values in self.moved] for _ in range(2)]
        self.steps = [torch.zeros((), device=device) for _ in self.moved]

    def epoch(self, order, rates):
        """Take one step for each rate, with the gradient of the next batch of ``order``."""
        batches = torch.from_numpy(order).to(self.X.device).split(self.batch_size)
        for batch, rate in zip(batches, rates.tolist(), strict=True):
            outputs = self.network(self.X.index_select(0, batch))
            loss = self.loss(outputs, self.y.index_select(0, batch))
            gradients = list(torch.autograd.grad(loss, self.moved))
            means, squares = self.moments
            with torch.no_grad():
                adam(self.moved, gradients, means, squares, [], self.steps, lr=rate, **_ADAM)
            _silence(self.masked)
        if self.network is not self.model:
            self.model[0].weight.data[:, self.seen] = self.network[0].weight.data


def _check_y(y, n_samples, n_outputs=None):
    """Return labels as they are, and real targets as a float matrix."""
    y = check_array("y", y, kinds=None)
    if y.dtype.kind == "f":
        y = check_single("y", check_targets("y", y, n_samples))
        if n_outputs is not None and y.shape[1] != n_outputs:
            raise ValueError(f"y must have {n_outputs} columns, one per output, got {y.shape[1]}")
        return y
    if y.dtype.kind not in "iu" or y.shape != (n_samples,) or y.min() < 0:
        raise ValueError(
            f"y must hold {n_samples} integer labels >= 0 or real targets, one per row of X, "
            f"got dtype {y.dtype} and shape {y.shape}"
        )
    if n_outputs is not None and y.max() >= n_outputs:
        raise ValueError(f"y must hold labels below {n_outputs}, one per output, got {y.max()}")
    return y


def _few_are_kept(model, masks):
    """Return whether a plain ReLU network keeps so few weights that it pays to skip the others."""
    plain = [torch.nn.Linear, torch.nn.ReLU] * len(model)
    is_plain = [type(module) for module in model] == plain[: len(model)]
    return is_plain and sum(int(m.sum()) for m in masks) < _FEW * sum(m.numel() for m in masks)


@torch.no_grad()
def _silence(masked):
    """Set the masked weights to 0."""
    for weight, mask in masked:
        weight.mul_(mask)

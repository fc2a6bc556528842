"""Multilayer perceptrons: how to make one, and how to read its outputs and its hidden layer.

Nothing here reads or changes PyTorch's global random state or its thread settings.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from esutils.common.checks import (
    MOST,
    check_int,
    check_matrix,
    check_number,
    check_single,
    check_type,
)
from esutils.networks.checks import check_device, check_generator


def initial_mlp(
    n_inputs: int,
    hidden: Sequence[int],
    n_outputs: int,
    *,
    dropout: float = 0.0,
    input_dropout: float = 0.0,
    n_active: int | None = None,
    random_state: int | torch.Generator = 0,
    device: str | int | torch.device | None = None,
) -> torch.nn.Sequential:
    """Make an untrained network.

    The weights of each layer are drawn from He's distribution, uniform on
    ``[-sqrt(6/fan_in), sqrt(6/fan_in)]``; the biases are 0. Dropout changes neither these weights
    nor the state in which a generator passed as ``random_state`` is left.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Numbers of inputs and of outputs.
    hidden : tuple of int
        Width of each hidden layer, starting next to the input.
    dropout, input_dropout : float
        Shares of the hidden activities and of the inputs that training drops, 0 to 0.99.
    n_active : int, optional
        Number of units that stay active in each hidden layer (see :class:`Winners`), at most the
        smallest width. By default the hidden layers are plain ReLU layers.
    random_state : int or torch.Generator
        Seed of the weights and of dropout. Drawing the weights advances a generator; dropout
        does not.
    device : str, int or torch.device, optional
        Where to put the network, by default the CPU. The weights are always drawn on the CPU, so
        the same seed gives the same weights on every device.

    Returns
    -------
    torch.nn.Sequential
        For each hidden layer a Linear layer, then ReLU or :class:`Winners`, then
        :class:`Dropout` if ``dropout`` is not 0. The last layer is Linear. With
        ``input_dropout`` the first is :class:`Dropout`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Chapter: 06-lottery-tickets.

    References
    ----------
    He, Zhang, Ren, Sun. Delving deep into rectifiers. ICCV, 2015.

    Examples
    --------
    >>> from esutils import mlp
    >>> model = mlp.initial_mlp(64, (100, 50), 10)
    >>> [tuple(layer.weight.shape) for layer in mlp.linear_layers(model)]
    [(100, 64), (50, 100), (10, 50)]
    """
    n_inputs = check_int("n_inputs", n_inputs, high=MOST)
    n_outputs = check_int("n_outputs", n_outputs, high=MOST)
    if not isinstance(hidden, tuple | list) or not hidden:
        raise ValueError(f"hidden must be a tuple of widths, at least one, got {hidden!r}")
    hidden = [check_int("hidden", width, high=MOST) for width in hidden]
    dropout = check_number("dropout", dropout, high=0.99)
    input_dropout = check_number("input_dropout", input_dropout, high=0.99)
    if n_active is not None:
        n_active = check_int("n_active", n_active, high=min(hidden))
    device = check_device(device)
    generator = check_generator(random_state)
    fork = torch.Generator().set_state(generator.get_state())
    noise = torch.Generator().manual_seed(int(torch.randint(2**32, (), generator=fork)))

    layers: list[torch.nn.Module] = [Dropout(input_dropout, noise)] if input_dropout else []
    for fan_in, width in pairwise([n_inputs, *hidden]):
        activation = torch.nn.ReLU() if n_active is None else Winners(n_active)
        layers += [_linear(fan_in, width, generator), activation]
        if dropout:
            layers.append(Dropout(dropout, noise))
    return torch.nn.Sequential(*layers, _linear(hidden[-1], n_outputs, generator)).to(device)


def logits(model: torch.nn.Sequential, X: ArrayLike) -> NDArray[np.float32]:
    """Compute the outputs of a network: its logits or, for regression, its predicted targets.

    Parameters
    ----------
    model : torch.nn.Sequential
        A network from :func:`initial_mlp`, trained or not, on any device. It is left in
        evaluation mode.
    X : array of shape (n_samples, n_inputs)
        Inputs, scaled like those that the network was trained on.

    Returns
    -------
    float32 array of shape (n_samples, n_outputs)
        The outputs; for classification these are the values before the softmax.

    Raises
    ------
    ValueError
        If ``X`` is not a finite matrix with ``n_inputs`` columns.

    Notes
    -----
    Chapter: 05-untrained-networks.

    Examples
    --------
    >>> from esutils import data, mlp
    >>> model = mlp.initial_mlp(64, (100,), 10)
    >>> mlp.logits(model, data.load_digits().X_test).shape
    (360, 10)
    """
    first = linear_layers(model)[0]
    X = check_single("X", check_matrix("X", X, n_columns=first.in_features))
    model.eval()
    with torch.inference_mode():
        return model(torch.from_numpy(X).to(first.weight.device)).cpu().numpy()


def predict(model: torch.nn.Sequential, X: ArrayLike) -> NDArray[np.int64]:
    """Predict a label for each sample: the one with the largest logit.

    The arguments and errors are those of :func:`logits`. The result is an int64 array of shape
    (n_samples,). If several logits are equal, the first of them wins.

    Notes
    -----
    Chapter: 05-untrained-networks.

    Examples
    --------
    >>> from esutils import data, mlp
    >>> X = data.load_digits().X_test
    >>> model = mlp.initial_mlp(64, (100,), 10)
    >>> bool((mlp.predict(model, X) == mlp.logits(model, X).argmax(axis=1)).all())
    True
    """
    return logits(model, X).argmax(axis=1)


def hidden_activity(model: torch.nn.Sequential, X: ArrayLike) -> NDArray[np.float32]:
    """Compute the activity of the last hidden layer, which the last Linear layer receives.

    The arguments and errors are those of :func:`logits`. The result is a float32 array of shape
    (n_samples, width), without dropout.

    Notes
    -----
    Chapter: 05-untrained-networks.

    Examples
    --------
    >>> from esutils import data, mlp
    >>> model = mlp.initial_mlp(64, (100,), 10, n_active=5)
    >>> codes = mlp.hidden_activity(model, data.load_digits().X_test)
    >>> codes.shape, int((codes > 0).sum(axis=1).max())
    ((360, 100), 5)
    """
    linear_layers(model)
    below: Any = model[:-1]
    return logits(below, X)


def linear_layers(model: torch.nn.Sequential) -> list[torch.nn.Linear]:
    """Return the Linear layers of a torch.nn.Sequential as a list, starting next to the input.

    Raises ValueError if ``model`` is not a torch.nn.Sequential with at least one Linear layer.

    Notes
    -----
    Chapter: 06-lottery-tickets.

    Examples
    --------
    >>> from esutils import mlp
    >>> model = mlp.initial_mlp(4, (3,), 2)  # a ReLU between two Linear layers
    >>> len(model), [layer.out_features for layer in mlp.linear_layers(model)]
    (3, [3, 2])
    """
    is_sequential = isinstance(model, torch.nn.Sequential)
    layers = [m for m in model if isinstance(m, torch.nn.Linear)] if is_sequential else []
    if not layers:
        raise ValueError(f"model must be a torch.nn.Sequential with Linear layers, got {model!r}")
    return layers


class Winners(torch.nn.Module):
    """Replace the ``k`` largest entries h of each row by ``max(h, 0)``, and the others by 0.

    When entries tie for the last place any of them may win, but never more than ``k`` in all.

    Notes
    -----
    Chapter: 11-dropout.

    Examples
    --------
    >>> import torch
    >>> from esutils import mlp
    >>> mlp.Winners(2)(torch.tensor([[3.0, -1.0, 1.0, 2.0]]))
    tensor([[3., 0., 0., 2.]])
    """

    def __init__(self, k: int) -> None:
        super().__init__()
        self.k = check_int("k", k)

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Keep the winners of ``h``, an array of shape (n_samples, width)."""
        check_int("k", self.k, high=h.shape[1])
        winners = h.detach().topk(self.k, dim=1, sorted=False).indices
        return h.relu() * torch.zeros_like(h).scatter_(1, winners, 1.0)


class Dropout(torch.nn.Module):
    """In training, set a random share ``rate`` of the entries to 0 and divide the rest by 1 - rate.

    In evaluation mode nothing changes. The draws come from ``generator``, not from PyTorch's
    global one, and are made on the CPU, so the same seed drops the same units on every device.

    Notes
    -----
    Chapter: 11-dropout.

    References
    ----------
    Srivastava et al. Dropout: a simple way to prevent neural networks from overfitting. JMLR, 2014.

    Examples
    --------
    >>> import torch
    >>> from esutils import mlp
    >>> drop = mlp.Dropout(0.5, torch.Generator().manual_seed(0))
    >>> drop(torch.ones(1, 1000)).unique()
    tensor([0., 2.])
    >>> drop.eval()(torch.ones(1, 1000)).unique()
    tensor([1.])
    """

    def __init__(self, rate: float, generator: torch.Generator) -> None:
        super().__init__()
        self.rate = check_number("rate", rate, high=0.99)
        self.generator = check_type("generator", generator, torch.Generator, "a torch.Generator")

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Drop entries of ``h``, each independently of the others."""
        if not self.training:
            return h
        kept = torch.rand(h.shape, generator=self.generator) >= self.rate
        return h * kept.to(h).div_(1 - self.rate)


def _linear(n_inputs, n_outputs, generator):
    """Draw a layer from ``generator``; PyTorch's own initialiser would use its global state."""
    linear = torch.nn.utils.skip_init(torch.nn.Linear, n_inputs, n_outputs)
    torch.nn.init.kaiming_uniform_(linear.weight, nonlinearity="relu", generator=generator)
    torch.nn.init.zeros_(linear.bias)
    return linear

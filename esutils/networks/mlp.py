"""Multilayer perceptrons: made, and asked what they say.

Needs PyTorch. Nothing here reads or moves PyTorch's global random state or its thread settings.
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

    Weights follow He's law, uniform on ``[-sqrt(6/fan_in), sqrt(6/fan_in)]``; biases are 0.
    Neither they nor what is left of ``random_state`` depend on the options for dropout.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Numbers of inputs and of outputs.
    hidden : tuple of int
        Width of each hidden layer, from the input on.
    dropout, input_dropout : float
        Shares of the hidden activities and of the inputs dropped in training, 0 to 0.99.
    n_active : int, optional
        Units of each hidden layer that stay active (see `Winners`), at most the smallest width;
        by default the layers are plain ReLU.
    random_state : int or torch.Generator
        Seed of the weights and of dropout; a generator is moved on by the weights alone.
    device : str, int or torch.device, optional
        Where the network is put, by default the CPU. The weights are drawn on the CPU: the same
        seed gives the same ones on each device.

    Returns
    -------
    torch.nn.Sequential
        Linear, ReLU or `Winners`, and `Dropout` if any, for each hidden layer; the last layer is
        Linear. With ``input_dropout`` the first is a `Dropout`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    He, Zhang, Ren, Sun. Delving deep into rectifiers. ICCV, 2015.

    Chapter: 05-lottery-tickets.

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
    device = _check_device(device)
    generator = _generator(random_state)
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
    """Compute the outputs of a network: the logits, or for regression the predicted targets.

    Parameters
    ----------
    model : torch.nn.Sequential
        From `initial_mlp`, trained or not, on any device; it is left in evaluation mode.
    X : array of shape (n_samples, n_inputs)
        Inputs, scaled as they were for training.

    Returns
    -------
    float32 array of shape (n_samples, n_outputs)
        The outputs: for classification those before the softmax.

    Raises
    ------
    ValueError
        If ``X`` is not a finite matrix of ``n_inputs`` columns.

    Chapter: 04-random-networks.

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
    """Compute the label with the largest logit, as an int64 array of shape (n_samples,).

    Arguments and errors are those of `logits`; of equal logits the first wins.

    Chapter: 04-random-networks.

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
    """Compute what the last hidden layer passes on, as a float32 array (n_samples, width).

    Arguments and errors are those of `logits`; the values are those that the last Linear
    layer receives, with nothing dropped.

    Chapter: 04-random-networks.

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
    """Return the Linear layers of a torch.nn.Sequential as a list, from the input on.

    Raises ValueError if ``model`` is not a torch.nn.Sequential that holds one.

    Chapter: 05-lottery-tickets.

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
    """Keep ``max(h, 0)`` of the ``k`` largest entries h of each row; the others become 0.

    Of equal entries at the border any may win, but no more than ``k`` do.

    Chapter: 06-dropout.

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
        """Return the winners' values, in the shape (n_samples, width) of ``h``."""
        check_int("k", self.k, high=h.shape[1])
        winners = h.detach().topk(self.k, dim=1, sorted=False).indices
        return h.relu() * torch.zeros_like(h).scatter_(1, winners, 1.0)


class Dropout(torch.nn.Module):
    """In training, set a random share ``rate`` of the entries to 0 and divide the rest by 1 - rate.

    The draws come from ``generator``, not from PyTorch's global one, and from the CPU: the same
    seed drops the same units on each device. Evaluation changes nothing.
    Source: Srivastava et al. Dropout. JMLR, 2014.

    Chapter: 06-dropout.

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
        """Return ``h`` with entries dropped, each on its own."""
        if not self.training:
            return h
        kept = torch.rand(h.shape, generator=self.generator) >= self.rate
        return h * kept.to(h).div_(1 - self.rate)


def _generator(random_state):
    if isinstance(random_state, torch.Generator):
        return random_state
    seed = check_int("random_state", random_state, low=0, high=2**32 - 1)
    return torch.Generator().manual_seed(seed)


def _check_device(device):
    """Return the torch.device if it is there: if it takes a tensor."""
    try:
        return torch.zeros((), device="cpu" if device is None else device).device
    except Exception as error:  # every backend that is missing raises its own
        kind, count = torch.accelerator.current_accelerator(), torch.accelerator.device_count()
        there = ["cpu", *(f"{kind}:{i}" for i in range(count))]
        raise ValueError(
            f"device must be None or what torch.device takes for one of {there}, got {device!r}"
        ) from error


def _linear(n_inputs, n_outputs, generator):
    """Return a layer drawn from ``generator``; its own initialiser, skipped, draws globally."""
    linear = torch.nn.utils.skip_init(torch.nn.Linear, n_inputs, n_outputs)
    torch.nn.init.kaiming_uniform_(linear.weight, nonlinearity="relu", generator=generator)
    torch.nn.init.zeros_(linear.bias)
    return linear

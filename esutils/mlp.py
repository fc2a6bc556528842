"""Small multilayer perceptrons trained end to end: the thing to be explained.

Needs PyTorch. Nothing here reads or moves PyTorch's global random state or its thread settings.
"""

import copy
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import check_int, check_matrix, check_number, check_targets
from ._sparse import SparseTraining

try:
    import torch
    from torch.optim.adam import adam
except ImportError as error:
    raise ImportError(
        "esutils.mlp needs PyTorch, which comes with the extra esutils[torch]"
    ) from error

_FEW = 0.42  # share of kept weights below which it is faster to compute with them alone
_MOST = 0.95  # share of inputs in use above which it is not worth setting the others aside
# The defaults of torch.optim.Adam, whose own bookkeeping takes as long as a small network's step.
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
    """Train a ReLU network for classification or regression: `initial_mlp`, then `fit`.

    With the defaults 1,000 units reach the plateau of their test error on 4,000 images; narrower
    networks and fewer samples want more steps, or larger ones. Pixels want a scale near 1.

    Parameters
    ----------
    X, y, n_epochs, learning_rate, batch_size
        As in `fit`, which lets the step size fall to 0.
    hidden, dropout, input_dropout, n_active, device
        As in `initial_mlp`; the training runs on ``device``.
    random_state : int or torch.Generator
        Seed of the initial weights, of the order of the batches and of dropout.
    n_classes : int, optional
        Number of outputs, at least 2; by default the largest label plus one. None for real ``y``.

    Returns
    -------
    torch.nn.Sequential
        The trained network, in evaluation mode. The same arguments give the same network on one
        machine; rounding differs between machines.

    Raises
    ------
    ValueError
        If an argument is out of range or ``X`` and ``y`` do not match.

    Chapter: 04-random-networks.

    Examples
    --------
    >>> from esutils import data, mlp
    >>> split = data.subsample(data.load_digits(), 500, random_state=0)
    >>> model = mlp.train_mlp(split.X_train, split.y_train, hidden=(200,), n_epochs=10)
    >>> bool((mlp.predict(model, split.X_test) != split.y_test).mean() < 0.2)
    True
    """
    X = check_matrix("X", X)
    y = _check_y(y, len(X))
    if y.dtype.kind != "f":
        n_outputs = int(y.max()) + 1 if n_classes is None else n_classes
        n_outputs = check_int("n_classes", n_outputs, low=2)
    elif n_classes is None:
        n_outputs = y.shape[1]
    else:
        raise ValueError(f"n_classes must be None where y holds real targets, got {n_classes!r}")
    generator = _generator(random_state)
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
    n_inputs, n_outputs = check_int("n_inputs", n_inputs), check_int("n_outputs", n_outputs)
    if not isinstance(hidden, tuple | list) or not hidden:
        raise ValueError(f"hidden must be a tuple of widths, at least one, got {hidden!r}")
    hidden = [check_int("hidden", width) for width in hidden]
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
    over shuffled batches, the last one possibly smaller.

    Parameters
    ----------
    model : torch.nn.Sequential
        From `initial_mlp`, or trained before. Its dropout goes on where it stopped. The training
        runs on the device that holds it.
    X : array of shape (n_samples, n_inputs)
        Inputs; computed in float32.
    y : array of shape (n_samples,) or (n_samples, n_outputs)
        Integer labels below ``n_outputs``, or real targets; one-dimensional targets are one column.
    n_epochs, batch_size : int
        Passes over the data; samples a step.
    learning_rate : float
        Adam's first step size.
    random_state : int or torch.Generator
        Seed of the order of the batches.
    decay : bool
        Whether the step size falls linearly to 0 over the run; otherwise it is constant.
    masks : list of bool tensors, optional
        One of the shape of each Linear layer's weights, in order, on any device: True where a
        weight is kept. The others are exactly 0 from before the first step. Biases are all kept.
        Where less than about two fifths are kept of a plain ReLU network for labels, and it is on
        the CPU, it is trained as the sparse network it is: the same steps, up to rounding, in less
        time.
    after_epoch : callable, optional
        Called as ``after_epoch(epoch, model)`` after epochs 1 to ``n_epochs``, with the network
        in evaluation mode.
    calls_per_epoch : int
        Calls of ``after_epoch`` an epoch, at most one a step, evenly spread and the last at the
        epoch's end. ``epoch`` is the number of passes so far, between whole ones a float. The
        training stays the same.

    Returns
    -------
    torch.nn.Sequential
        ``model``, in evaluation mode.

    Raises
    ------
    ValueError
        If an argument is out of range or ``model``, ``X``, ``y`` and ``masks`` do not match.

    References
    ----------
    Kingma, Ba. Adam: a method for stochastic optimization. ICLR, 2015.

    Chapter: 05-lottery-tickets.

    Examples
    --------
    >>> from esutils import mlp
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0]
    >>> model = mlp.initial_mlp(2, (50,), 2)
    >>> model = mlp.fit(model, X, y, n_epochs=100, learning_rate=0.03)
    >>> mlp.predict(model, X).tolist()
    [0, 1, 1, 0]
    """
    layers = linear_layers(model)
    X = check_matrix("X", X, n_columns=layers[0].in_features)
    y = _check_y(y, len(X), layers[-1].out_features)
    n_epochs, batch_size = check_int("n_epochs", n_epochs), check_int("batch_size", batch_size)
    learning_rate = check_number("learning_rate", learning_rate, open_low=True)
    generator = _generator(random_state)
    if not isinstance(decay, bool):
        raise ValueError(f"decay must be True or False, got {decay!r}")
    if after_epoch is not None and not callable(after_epoch):
        raise ValueError(f"after_epoch must be None or callable, got {after_epoch!r}")
    masks = [] if masks is None else _check_masks(masks, layers)
    n_batches = -(-len(X) // batch_size)
    calls_per_epoch = check_int("calls_per_epoch", calls_per_epoch, high=n_batches)

    X, device = np.array(X, np.float32, order="C"), layers[0].weight.device
    masks = [mask.to(device) for mask in masks]
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
    """Adam on a network's loss, by PyTorch.

    Inputs that are 0 in all samples move no weight: where there are many, ``network`` lacks them.
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
        """Take one step a rate along the gradients of the next samples of ``order``."""
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


def logits(model: torch.nn.Sequential, X: ArrayLike) -> NDArray[np.float32]:
    """Compute the outputs of a network: the logits, or for regression the predicted targets.

    Parameters
    ----------
    model : torch.nn.Sequential
        From `train_mlp`, `initial_mlp` or `fit`, on any device; it is left in evaluation mode.
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
    X = check_matrix("X", X, n_columns=first.in_features)
    model.eval()
    with torch.inference_mode():
        return model(torch.tensor(X, dtype=torch.float32).to(first.weight.device)).cpu().numpy()


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
        self.generator = generator

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


def _check_y(y, n_samples, n_outputs=None):
    """Return labels as they are and real targets as a float matrix."""
    y = np.asarray(y)
    if y.dtype.kind == "f":
        y = check_targets("y", y, n_samples)
        if n_outputs is not None and y.shape[1] != n_outputs:
            raise ValueError(f"y must have {n_outputs} columns, one an output, got {y.shape[1]}")
        return y
    if y.dtype.kind not in "iu" or y.shape != (n_samples,) or y.min() < 0:
        raise ValueError(
            f"y must hold {n_samples} integer labels >= 0 or rows of real targets, one a row of X, "
            f"got dtype {y.dtype} and shape {y.shape}"
        )
    if n_outputs is not None and y.max() >= n_outputs:
        raise ValueError(f"y must hold labels below {n_outputs}, one an output, got {y.max()}")
    return y


def _check_masks(masks, layers):
    """Return the masks, which fit the layers."""
    allowed = [(tuple(layer.weight.shape), torch.bool) for layer in layers]
    got = masks
    if isinstance(masks, tuple | list):
        got = [(tuple(m.shape), m.dtype) if torch.is_tensor(m) else type(m) for m in masks]
    if got != allowed:
        raise ValueError(f"masks must be a list of tensors {allowed}, got {got!r}")
    return masks


def _few_are_kept(model, masks):
    """Return whether so few weights of a plain ReLU network are kept that the rest is skipped."""
    plain = [torch.nn.Linear, torch.nn.ReLU] * len(model)
    is_plain = [type(module) for module in model] == plain[: len(model)]
    return is_plain and sum(int(m.sum()) for m in masks) < _FEW * sum(m.numel() for m in masks)


@torch.no_grad()
def _silence(masked):
    """Set the masked weights to 0."""
    for weight, mask in masked:
        weight.mul_(mask)

"""Small multilayer perceptrons trained end to end: the thing to be explained.

Needs PyTorch. Nothing here reads or moves PyTorch's global random state or its thread settings.
"""

from itertools import pairwise

import numpy as np

from ._checks import check_int, check_matrix, check_number

try:
    import torch
except ImportError as error:
    raise ImportError(
        "esutils.mlp needs PyTorch, which comes with the extra esutils[torch]"
    ) from error


def train_mlp(
    X,
    y,
    hidden=(1000,),
    n_epochs=10,
    learning_rate=3e-3,
    batch_size=50,
    random_state=0,
    n_classes=None,
):
    """Train a ReLU network for classification.

    Weights start from He's law, uniform on ``[-sqrt(6/fan_in), sqrt(6/fan_in)]``, biases from 0.
    Adam minimises the softmax cross-entropy over shuffled batches, the last one possibly smaller;
    its step size falls linearly from ``learning_rate`` to 0 over the run. With the defaults
    1,000 units reach the plateau of their test error on 4,000 images; narrower networks and
    fewer samples want more steps, or larger ones.

    Parameters
    ----------
    X : array of shape (n_samples, n_inputs)
        Inputs; computed in float32. Pixels want a scale near 1.
    y : integer array of shape (n_samples,)
        Labels 0 to ``n_classes - 1``.
    hidden : tuple of int
        Width of each hidden layer, from the input on.
    n_epochs : int
        Passes over the data.
    learning_rate : float
        Adam's first step size.
    batch_size : int
        Samples a step.
    random_state : int
        Seed of the initial weights and of the order of the batches.
    n_classes : int, optional
        Number of outputs, at least 2; by default the largest label plus one.

    Returns
    -------
    torch.nn.Sequential
        Alternating Linear and ReLU layers, ending in the Linear layer of the logits. The same
        arguments give the same network on one machine; rounding differs between machines.

    Raises
    ------
    ValueError
        If an argument is out of range or ``X`` and ``y`` do not match.

    References
    ----------
    He, Zhang, Ren, Sun. Delving deep into rectifiers. ICCV, 2015.
    Kingma, Ba. Adam: a method for stochastic optimization. ICLR, 2015.

    Chapter: 04-random-networks.
    """
    X = check_matrix("X", X)
    y = np.asarray(y)
    if y.dtype.kind not in "iu" or y.shape != (len(X),) or y.min() < 0:
        raise ValueError(
            f"y must hold {len(X)} integer labels >= 0, one a row of X, "
            f"got dtype {y.dtype} and shape {y.shape}"
        )
    if not isinstance(hidden, tuple | list) or not hidden:
        raise ValueError(f"hidden must be a tuple of widths, at least one, got {hidden!r}")
    hidden = [check_int("hidden", width) for width in hidden]
    n_epochs = check_int("n_epochs", n_epochs)
    learning_rate = check_number("learning_rate", learning_rate, open_low=True)
    batch_size = check_int("batch_size", batch_size)
    generator = torch.Generator().manual_seed(
        check_int("random_state", random_state, low=0, high=2**32 - 1)
    )
    n_classes = check_int("n_classes", int(y.max()) + 1 if n_classes is None else n_classes, low=2)
    if y.max() >= n_classes:
        raise ValueError(f"y must hold labels below n_classes = {n_classes}, got {y.max()}")

    model = _initial_mlp([X.shape[1], *hidden, n_classes], generator)
    X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.int64)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
    n_steps = n_epochs * -(-len(X) // batch_size)
    decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=n_steps)
    for _ in range(n_epochs):
        for batch in torch.randperm(len(X), generator=generator).split(batch_size):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(X[batch]), y[batch]).backward()
            optimizer.step()
            decay.step()
    return model.eval()


def logits(model, X):
    """Compute the logits of a trained network.

    Parameters
    ----------
    model : torch.nn.Sequential
        From `train_mlp`.
    X : array of shape (n_samples, n_inputs)
        Inputs, scaled as they were for training.

    Returns
    -------
    float32 array of shape (n_samples, n_classes)
        The outputs before the softmax.

    Raises
    ------
    ValueError
        If ``X`` is not a finite matrix of ``n_inputs`` columns.

    Chapter: 04-random-networks.
    """
    X = check_matrix("X", X, n_columns=model[0].in_features)
    model.eval()
    with torch.inference_mode():
        return model(torch.tensor(X, dtype=torch.float32)).numpy()


def predict(model, X):
    """Compute the label with the largest logit, as an int64 array of shape (n_samples,).

    Arguments and errors are those of `logits`; of equal logits the first wins.

    Chapter: 04-random-networks.
    """
    return logits(model, X).argmax(axis=1)


def hidden_activity(model, X):
    """Compute what the last hidden layer passes on, as a float32 array (n_samples, width).

    Arguments and errors are those of `logits`; the values are those after the ReLU.

    Chapter: 04-random-networks.
    """
    return logits(model[:-1], X)


def _initial_mlp(sizes, generator):
    """Return an untrained network; layers skip their own initialiser, which draws globally."""
    layers = []
    for n_inputs, n_outputs in pairwise(sizes):
        linear = torch.nn.utils.skip_init(torch.nn.Linear, n_inputs, n_outputs)
        torch.nn.init.kaiming_uniform_(linear.weight, nonlinearity="relu", generator=generator)
        torch.nn.init.zeros_(linear.bias)
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])

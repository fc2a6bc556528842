"""Measure every phenomenon of the book on one table.

An error is a share. For classes it is the share of test rows that get a wrong class, for regression
the share of the target's variance that stays unexplained.
"""

import functools
import time
from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import softmax

from esutils import readout
from esutils.common.checks import (
    check_choice,
    check_int,
    check_matrix,
    check_number,
    check_targets,
    check_type,
)
from esutils.layer import ExpandSparsify, model_family
from esutils.networks import mlp, tickets, training
from esutils.sweep import over_seeds
from esutils.tables.reading import TASKS, Table
from esutils.tables.splits import resplit

# The random layer: its default width, active fraction and bias, and what else is tried
WIDTH, ACTIVE_FRACTION, BIAS = 2000, 0.1, 0.25
WIDTHS = (10, 30, 100, 300, 1000, WIDTH, 5000)
ACTIVE_FRACTIONS = (0.01, 0.03, ACTIVE_FRACTION, 0.3, 0.5)
UNITS_PER_ROW = (0.1, 0.3, 0.5, 0.7, 0.9, 1.0, 1.1, 1.5, 2.0, 4.0)  # m/n, without a penalty
SHUFFLED = (0.0, 0.2, 1.0)  # shares of the targets that are shuffled
KEPT_UNITS = 0.1  # share of a layer's units that its lottery ticket keeps
# The trained network, and how it is pruned: four rounds leave 13% of its weights
HIDDEN, STEPS, BATCH, RATE = 300, 1000, 50, 1e-3
ROUNDS, PRUNED_PER_ROUND = 4, 0.4
_MOST_ROWS = 400  # training rows that are used without a penalty
_FEWEST, _MOST = 3, 30  # resplits; they share their rows, so that more of them add little


def measure(table: Table, seed: int) -> dict[str, float]:
    """Run every experiment on one resplit of a table.

    Parameters
    ----------
    table : esutils.tables.Table
    seed : int
        Seed of the resplit and of everything that is drawn at random.

    Returns
    -------
    dict of str to float
        Test errors by ``"experiment, setting"``, and the training errors that a question asks for.

    Notes
    -----
    Chapter: 18-your-own-data.

    Examples
    --------
    >>> from esutils import experiments, tables
    >>> from sklearn.datasets import load_wine
    >>> table = tables.from_frame(load_wine(as_frame=True).frame, "target")
    >>> found = experiments.measure(table, seed=0)
    >>> found["family, linear"] < 0.1, found["shuffled, 1.0, training"]
    (True, 0.0)
    """
    split = resplit(table, seed)
    parts = (_layers, _networks, _units, _shuffled, _without_penalty)
    return {key: float(value) for part in parts for key, value in part(split, seed).items()}


def run(table: Table, n_resplits: int = 5, minutes: float | None = None) -> pd.DataFrame:
    """Run :func:`measure` on several resplits of a table, as many at once as there are cores.

    Parameters
    ----------
    table : esutils.tables.Table
    n_resplits : int
        At least 3.
    minutes : float, optional
        If given, it replaces ``n_resplits``: the first 3 resplits are run in any case, and then as
        many more as are likely to end within this time, up to about 30.

    Returns
    -------
    DataFrame of shape (n_resplits, n_results)
        One row per resplit, one column per result of :func:`measure`.

    Raises
    ------
    ValueError
        If the table is not a Table, or a number is out of range.

    Notes
    -----
    Chapter: 18-your-own-data.

    Examples
    --------
    >>> from esutils import experiments, tables
    >>> from sklearn.datasets import load_iris
    >>> table = tables.from_frame(load_iris(as_frame=True).frame, "target")
    >>> experiments.run(table, n_resplits=3).shape
    (3, 42)
    """
    check_type("table", table, Table, "a Table")
    n_resplits = check_int("n_resplits", n_resplits, low=_FEWEST)
    if minutes is not None:
        minutes, n_resplits = check_number("minutes", minutes, open_low=True), _FEWEST
    rows: list[dict[str, float]] = []
    start, before = time.monotonic(), 0.0
    while True:
        seeds = range(len(rows), len(rows) + (n_resplits if not rows else joblib.cpu_count()))
        rows += over_seeds(functools.partial(measure, table), seeds)
        spent = time.monotonic() - start
        next_end = spent + 1.2 * (spent - before)
        if minutes is None or next_end > 60 * minutes or len(rows) >= _MOST:
            return pd.DataFrame(rows)
        before = spent


def error(outputs: ArrayLike, Y: ArrayLike, task: str) -> float:
    """Return the error of a readout's outputs.

    Parameters
    ----------
    outputs, Y : array of shape (n_samples, n_targets)
        What a model says and what is true, as in :class:`esutils.tables.Resplit`.
    task : {"classification", "regression"}

    Returns
    -------
    float
        The share of rows whose largest output is not that of their class, or the mean squared error
        of a standardised target.

    Raises
    ------
    ValueError
        If outputs and targets are not numbers of the same shape, or the task is unknown.

    Notes
    -----
    Chapter: 18-your-own-data.

    Examples
    --------
    >>> from esutils import experiments
    >>> experiments.error([[0.9, 0.2], [0.6, 0.1]], [[1, 0], [0, 1]], "classification")
    0.5
    """
    outputs = check_matrix("outputs", outputs, finite=False)
    Y = check_matrix("Y", check_targets("Y", Y, len(outputs)), outputs.shape[1])
    if check_choice("task", task, TASKS) == "regression":
        return float(np.mean((outputs - Y) ** 2))
    return float(np.mean(outputs.argmax(axis=1) != Y.argmax(axis=1)))


def dropout_readout(Z: ArrayLike, Y: ArrayLike) -> readout.LinearReadout:
    """Fit a readout by least squares while dropout switches half of the units off.

    The readout is the best one on average over all masks, and is computed in closed form: on
    average, dropping half of the units is a ridge penalty on each weight, the squared length of its
    column of the code (Srivastava et al. 2014, section 9.1).

    Parameters
    ----------
    Z : array of shape (n_samples, n_expanded)
        Code of the training rows.
    Y : array of shape (n_samples, n_targets)

    Returns
    -------
    esutils.readout.LinearReadout

    Raises
    ------
    ValueError
        As in :func:`esutils.readout.ridge`.

    References
    ----------
    Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from overfitting,
    JMLR 15.

    Notes
    -----
    Chapter: 18-your-own-data.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import experiments
    >>> code = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> experiments.dropout_readout(code, code).predict(code).round(2).tolist()
    [[0.75, 0.25], [0.25, 0.75]]
    """
    Z = check_matrix("Z", Z)
    lengths = np.linalg.norm(Z, axis=0)
    lengths[lengths == 0] = 1
    scaled = readout.ridge(Z / lengths, Y, 1.0)
    return replace(scaled, weights=scaled.weights / lengths[:, None])


def _layer(width, seed, active_fraction=ACTIVE_FRACTION, **options):
    n_active = max(1, round(active_fraction * width))
    return ExpandSparsify(width, n_active=n_active, bias=BIAS, random_state=seed, **options)


def _test_error(layer, split):
    """Return the test error of a layer with its readout."""
    Z = layer.fit_transform(split.X_train)
    fitted, _ = readout.loo_ridge(Z, split.Y_train)
    return error(fitted.predict(layer.transform(split.X_test)), split.Y_test, split.task)


def _layers(split, seed):
    """Read out the model family, then random layers of other widths and active fractions."""
    n_active = round(ACTIVE_FRACTION * WIDTH)
    members = model_family(split.X_train.shape[1], WIDTH, n_active, random_state=seed)
    found = {
        f"family, {name}": _test_error(layer.set_params(bias=BIAS), split)
        for name, layer in members.items()
    }
    constant = np.broadcast_to(split.Y_train.mean(axis=0), split.Y_test.shape)
    found["family, constant"] = error(constant, split.Y_test, split.task)
    layers = {f"width, {width}": (width, ACTIVE_FRACTION) for width in WIDTHS}
    layers |= {f"active fraction, {share}": (WIDTH, share) for share in ACTIVE_FRACTIONS}
    errors = {(WIDTH, ACTIVE_FRACTION): found["family, expand_sparsify"]}
    for width, share in set(layers.values()) - set(errors):
        errors[width, share] = _test_error(_layer(width, seed, share, sparse_output=True), split)
    return found | {name: errors[setting] for name, setting in layers.items()}


def _networks(split, seed):
    """Train a network for the best number of epochs; then prune it, and train it with dropout."""
    classes = split.task == "classification"
    labels = split.Y_train.argmax(axis=1) if classes else split.Y_train
    n_epochs = max(1, STEPS * BATCH // len(labels))

    def initial(seed, **options):
        shape = split.X_train.shape[1], (HIDDEN,), split.Y_train.shape[1]
        return mlp.initial_mlp(*shape, random_state=seed, **options)

    def fit(network, epochs, rows=slice(None), **options):
        options |= {"learning_rate": RATE, "batch_size": BATCH, "decay": False}
        X = split.X_train[rows]
        return training.fit(network, X, labels[rows], epochs, random_state=1000 + seed, **options)

    def test_error(network):
        return error(mlp.logits(network, split.X_test), split.Y_test, split.task)

    held_out = np.arange(len(labels)) % 5 == 0
    losses = []

    def note_loss(_, network):
        outputs = mlp.logits(network, split.X_train[held_out])
        said = softmax(outputs, axis=1) if classes else outputs
        losses.append(np.mean((said - split.Y_train[held_out]) ** 2))

    fit(initial(seed), n_epochs, ~held_out, after_epoch=note_loss)
    best = int(np.argmin(losses)) + 1
    rounds = tickets.iterative_pruning(
        initial(seed),
        lambda network, masks: fit(network, best, masks=masks),
        (PRUNED_PER_ROUND, PRUNED_PER_ROUND),
        ROUNDS,
    )
    errors = [(masks, test_error(network)) for masks, network in rounds]
    masks = errors[-1][0]
    controls = {
        "random": (initial(seed), tickets.random_masks(masks, seed)),
        "reinitialised": (initial(100 + seed), masks),
    }
    found = {
        f"ticket, {name}": test_error(fit(tickets.masked(network, kept), best, masks=kept))
        for name, (network, kept) in controls.items()
    }
    dropped = fit(initial(seed, dropout=0.5), min(2 * best, n_epochs))
    return found | {
        "family, mlp": errors[0][1],
        "ticket, pruned": errors[-1][1],
        "dropout, mlp": test_error(dropped),
    }


def _units(split, seed):
    """Keep a tenth of a random layer's units: those with the largest weights, or random ones."""
    layer = _layer(WIDTH, seed)
    Z, Z_test = layer.fit_transform(split.X_train), layer.transform(split.X_test)
    whole, _ = readout.loo_ridge(Z, split.Y_train)
    importance = np.linalg.norm(whole.weights, axis=1) * Z.std(axis=0)
    n_kept = round(KEPT_UNITS * WIDTH)
    kept = {
        "chosen": np.argsort(-importance, kind="stable")[:n_kept],
        "random": np.random.default_rng(seed).permutation(WIDTH)[:n_kept],
    }
    found = {}
    for name, units in kept.items():
        fitted, _ = readout.loo_ridge(Z[:, units], split.Y_train)
        outputs = fitted.predict(Z_test[:, units])
        found[f"units, {name}"] = error(outputs, split.Y_test, split.task)
    return found


def _with_shuffled(Y, share, seed):
    """Return the targets, a share of them shuffled among their rows."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(Y))[: round(share * len(Y))]
    shuffled = Y.copy()
    shuffled[rows] = Y[rng.permutation(rows)]
    return shuffled


def _shuffled(split, seed):
    """Fit targets exactly, some or all of them shuffled, with four times as many units as rows."""
    layer = _layer(4 * len(split.Y_train), seed)
    Z, Z_test = layer.fit_transform(split.X_train), layer.transform(split.X_test)
    mean, found = split.Y_train.mean(axis=0), {}
    targets = [_with_shuffled(split.Y_train, share, seed) for share in SHUFFLED]
    fitted = readout.minimum_norm(Z, np.hstack(targets) - np.tile(mean, len(SHUFFLED)))
    outputs = [np.hsplit(fitted.predict(code), len(SHUFFLED)) for code in (Z, Z_test)]
    for share, Y, said, said_test in zip(SHUFFLED, targets, *outputs, strict=True):
        found[f"shuffled, {share}, training"] = error(said + mean, Y, split.task)
        found[f"shuffled, {share}"] = error(said_test + mean, split.Y_test, split.task)
    return found


def _without_penalty(split, seed):
    """Fit readouts of more and more ReLU units without a penalty, and one at m = n with dropout.

    Winners would serve as well for images. With few inputs their codes repeat: the codes of n units
    span fewer than n dimensions, and the peak comes later.
    """
    n = min(_MOST_ROWS, len(split.Y_train))
    X, Y, mean = split.X_train[:n], split.Y_train[:n], split.Y_train[:n].mean(axis=0)
    widths = np.round(np.array(UNITS_PER_ROW) * n).astype(int)
    layer = ExpandSparsify(widths[-1], sparsifier="relu", bias=BIAS, random_state=seed)
    Z, Z_test = layer.fit_transform(X), layer.transform(split.X_test)
    path = readout.minimum_norm_path(Z, Y - mean, Z_test, widths)
    found = {
        f"no penalty, {ratio}": error(said + mean, split.Y_test, split.task)
        for ratio, said in zip(UNITS_PER_ROW, path.predictions, strict=True)
    }
    outputs = dropout_readout(Z[:, :n], Y).predict(Z_test[:, :n])
    return found | {"dropout, layer": error(outputs, split.Y_test, split.task)}

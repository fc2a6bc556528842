"""Every phenomenon of the book, measured on one table.

Errors are fractions: of test rows that are misread, or for regression of the variance that stays
unexplained.
"""

import functools
import time
from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
from scipy.special import softmax

from esutils import readout
from esutils.common.checks import check_int, check_number, check_type
from esutils.layer import ExpandSparsify, model_family
from esutils.networks import mlp, tickets, training
from esutils.sweep import over_seeds
from esutils.tables.reading import Table
from esutils.tables.splits import resplit

M, SPARSITY, BIAS = 2000, 0.1, 0.25  # of the random layer, where they are not varied
WIDTHS = (10, 30, 100, 300, 1000, M, 5000)
SPARSITIES = (0.01, 0.03, SPARSITY, 0.3, 0.5)
RATIOS = (0.1, 0.3, 0.5, 0.7, 0.9, 1.0, 1.1, 1.5, 2.0, 4.0)  # m/n of the ridgeless path
SHUFFLED = (0.0, 0.2, 1.0)  # shares of the targets that are dealt out anew
HIDDEN, STEPS, BATCH, RATE = 300, 2500, 50, 1e-3  # of the trained network
ROUNDS, CUT = 4, 0.4  # of pruning: 13% of the weights are left
_N_PATH = 400  # training rows of the ridgeless path, at most
_LEAST, _MOST = 3, 30  # resplits: they share their rows, so that more say little more
_UNITS = 0.1  # share of a layer's units that a ticket of units keeps


def measure(table: Table, seed: int) -> dict[str, float]:
    """Run every experiment on one resplit of a table.

    Parameters
    ----------
    table : esutils.tables.Table
    seed : int
        Seed of the resplit and of everything that is drawn.

    Returns
    -------
    dict of str to float
        Test errors by ``"part, setting"``, and the training errors that a question needs.

    Notes
    -----
    Chapter: 12-your-own-data.

    Examples
    --------
    >>> from esutils import experiments, tables
    >>> from sklearn.datasets import load_wine
    >>> table = tables.from_frame(load_wine(as_frame=True).frame, "target")
    >>> found = battery.measure(table, seed=0)
    >>> found["family, linear"] < 0.1, found["shuffled, 1.0, training"]
    (True, 0.0)
    """
    cut = resplit(table, seed)
    parts = (_layers, _networks, _units, _shuffled, _path)
    return {key: float(value) for part in parts for key, value in part(cut, seed).items()}


def run(table: Table, n_resplits: int = 5, minutes: float | None = None) -> pd.DataFrame:
    """Run :func:`measure` on several resplits of a table, as many at once as there are cores.

    Parameters
    ----------
    table : esutils.tables.Table
    n_resplits : int
        At least 3.
    minutes : float, optional
        If given, three are run, and then as many more as can be expected to end within that time.

    Returns
    -------
    DataFrame of shape (n_resplits, n_results)
        One row a resplit, one column a result.

    Notes
    -----
    Chapter: 12-your-own-data.

    Examples
    --------
    >>> from esutils import experiments, tables
    >>> from sklearn.datasets import load_iris
    >>> table = tables.from_frame(load_iris(as_frame=True).frame, "target")
    >>> battery.run(table, n_resplits=3).shape
    (3, 46)
    """
    check_type("table", table, Table, "a Table")
    n_resplits = check_int("n_resplits", n_resplits, low=_LEAST)
    if minutes is not None:
        minutes, n_resplits = check_number("minutes", minutes, open_low=True), _LEAST
    rows: list[dict[str, float]] = []
    start, before = time.monotonic(), 0.0
    while True:
        seeds = range(len(rows), len(rows) + (n_resplits if not rows else joblib.cpu_count()))
        rows += over_seeds(functools.partial(measure, table), seeds)
        spent = time.monotonic() - start
        if minutes is None or spent + 1.2 * (spent - before) > 60 * minutes or len(rows) >= _MOST:
            return pd.DataFrame(rows)
        before = spent


def _error(outputs, Y, task):
    """Return the share of rows misread, or the squared error of the standardised target."""
    if task == "regression":
        return np.mean((outputs - Y) ** 2)
    return np.mean(outputs.argmax(axis=1) != Y.argmax(axis=1))


def _layer(m, seed, sparsity=SPARSITY, **options):
    n_active = max(1, round(sparsity * m))
    return ExpandSparsify(m, n_active=n_active, bias=BIAS, random_state=seed, **options)


def _read_out(encoder, cut):
    """Return the test error of an encoder with its readout."""
    Z = encoder.fit_transform(cut.X_train)
    fitted, _ = readout.loo_ridge(Z, cut.Y_train)
    return _error(fitted.predict(encoder.transform(cut.X_test)), cut.Y_test, cut.task)


def _layers(cut, seed):
    """Read out the model family, then random layers of other widths and sparsities."""
    members = model_family(cut.X_train.shape[1], M, round(SPARSITY * M), random_state=seed)
    found = {
        f"family, {name}": _read_out(encoder.set_params(bias=BIAS), cut)
        for name, encoder in members.items()
    }
    constant = np.broadcast_to(cut.Y_train.mean(axis=0), cut.Y_test.shape)
    found["family, constant"] = _error(constant, cut.Y_test, cut.task)
    layers = {f"width, {m}": (m, SPARSITY) for m in WIDTHS}
    layers |= {f"sparsity, {share}": (M, share) for share in SPARSITIES}
    errors = {(M, SPARSITY): found["family, expand_sparsify"]}
    for m, share in set(layers.values()) - set(errors):
        errors[m, share] = _read_out(_layer(m, seed, share, sparse_output=True), cut)
    return found | {name: errors[layer] for name, layer in layers.items()}


def _networks(cut, seed):
    """Train a network for as long as is good for it; prune it, and drop units of it."""
    labels = _labels(cut.Y_train, cut.task)
    n_epochs = max(1, STEPS * BATCH // len(labels))
    n_outputs = cut.Y_train.shape[1]

    def initial(draw, **options):
        shape = cut.X_train.shape[1], (HIDDEN,), n_outputs
        return mlp.initial_mlp(*shape, random_state=draw, **options)

    def fit(network, epochs, rows=slice(None), **options):
        options |= {"learning_rate": RATE, "batch_size": BATCH, "decay": False}
        X = cut.X_train[rows]
        return training.fit(network, X, labels[rows], epochs, random_state=1000 + seed, **options)

    held = np.arange(len(labels)) % 5 == 0
    losses = []

    def note(_, network):
        losses.append(np.mean((_targets(network, cut, held) - cut.Y_train[held]) ** 2))

    fit(initial(seed), n_epochs, ~held, after_epoch=note)
    best = int(np.argmin(losses)) + 1

    def test_error(network):
        return _error(mlp.logits(network, cut.X_test), cut.Y_test, cut.task)

    rounds = tickets.iterative_pruning(
        initial(seed), lambda net, masks: fit(net, best, masks=masks), (CUT, CUT), ROUNDS
    )
    found = [(masks, test_error(network)) for masks, network in rounds]
    masks = found[-1][0]
    drawn = tickets.random_masks(masks, seed)
    controls = {"random": (seed, drawn), "reinitialised": (100 + seed, masks)}
    errors = {
        f"ticket, {name}": test_error(fit(tickets.masked(initial(draw), kept), best, masks=kept))
        for name, (draw, kept) in controls.items()
    }
    dropped = fit(initial(seed, dropout=0.5), min(2 * best, n_epochs))
    return errors | {
        "family, mlp": found[0][1],
        "ticket, pruned": found[-1][1],
        "dropout, mlp": test_error(dropped),
        "passes": best,
    }


def _labels(Y, task):
    return Y if task == "regression" else Y.argmax(axis=1)


def _targets(network, cut, rows):
    """Return a network's outputs as targets: for classes, their probabilities."""
    outputs = mlp.logits(network, cut.X_train[rows])
    return outputs if cut.task == "regression" else softmax(outputs, axis=1)


def _units(cut, seed):
    """Keep a tenth of the units of a random layer: those with the largest weights, or any."""
    layer = _layer(M, seed)
    Z, Z_test = layer.fit_transform(cut.X_train), layer.transform(cut.X_test)
    whole, _ = readout.loo_ridge(Z, cut.Y_train)
    importance = np.linalg.norm(whole.weights, axis=1) * Z.std(axis=0)
    n_kept = round(_UNITS * M)
    chosen = {
        "chosen": np.argsort(-importance, kind="stable")[:n_kept],
        "random": np.random.default_rng(seed).permutation(M)[:n_kept],
    }
    found = {}
    for name, units in chosen.items():
        fitted, _ = readout.loo_ridge(Z[:, units], cut.Y_train)
        found[f"units, {name}"] = _error(fitted.predict(Z_test[:, units]), cut.Y_test, cut.task)
    return found


def _dealt_out(Y, share, seed):
    """Return targets of which a share is dealt out anew among its rows."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(Y))[: round(share * len(Y))]
    dealt = Y.copy()
    dealt[rows] = Y[rng.permutation(rows)]
    return dealt


def _shuffled(cut, seed):
    """Interpolate targets, some or all of them shuffled, by a layer four times as wide as n."""
    n = len(cut.Y_train)
    layer = _layer(4 * n, seed)
    Z, Z_test = layer.fit_transform(cut.X_train), layer.transform(cut.X_test)
    centre, found = cut.Y_train.mean(axis=0), {}
    dealt = [_dealt_out(cut.Y_train, share, seed) for share in SHUFFLED]
    fitted = readout.minimum_norm(Z, np.hstack(dealt) - np.tile(centre, len(SHUFFLED)))
    outputs = [np.hsplit(fitted.predict(codes), len(SHUFFLED)) for codes in (Z, Z_test)]
    for share, targets, said, said_test in zip(SHUFFLED, dealt, *outputs, strict=True):
        found[f"shuffled, {share}, training"] = _error(said + centre, targets, cut.task)
        found[f"shuffled, {share}"] = _error(said_test + centre, cut.Y_test, cut.task)
    linear, _ = readout.loo_ridge(cut.X_train, dealt[1])
    found["shuffled, linear"] = _error(linear.predict(cut.X_test), cut.Y_test, cut.task)
    return found


def _path(cut, seed):
    """Fit ridgeless readouts of ever more ReLU units, and at m = n one with dropout.

    Winners would do as well for images. For few inputs their codes repeat: n units span fewer
    than n dimensions, and the peak comes later.
    """
    n = min(_N_PATH, len(cut.Y_train))
    X, Y, centre = cut.X_train[:n], cut.Y_train[:n], cut.Y_train[:n].mean(axis=0)
    widths = np.round(np.array(RATIOS) * n).astype(int)
    layer = ExpandSparsify(widths[-1], sparsifier="relu", bias=BIAS, random_state=seed)
    Z, Z_test = layer.fit_transform(X), layer.transform(cut.X_test)
    path = readout.minimum_norm_path(Z, Y - centre, Z_test, widths)
    found = {
        f"path, {ratio}": _error(said + centre, cut.Y_test, cut.task)
        for ratio, said in zip(RATIOS, path.predictions, strict=True)
    }
    outputs = _halved(Z[:, :n], Y).predict(Z_test[:, :n])
    tuned, _ = readout.loo_ridge(Z, Y)
    return found | {
        "dropout, layer": _error(outputs, cut.Y_test, cut.task),
        "path, tuned": _error(tuned.predict(Z_test), cut.Y_test, cut.task),
        "path, misfit": path.residuals[-1].max(),
    }


def _halved(Z, Y):
    """Fit the readout of least squares under dropout of one half, averaged over all masks.

    On average over the masks, dropping entries of a code is a ridge penalty on each weight: the
    squared length of its column (Srivastava et al. 2014, section 9.1).
    """
    lengths = np.linalg.norm(Z, axis=0)
    lengths[lengths == 0] = 1
    scaled = readout.ridge(Z / lengths, Y, 1.0)
    return replace(scaled, weights=scaled.weights / lengths[:, None])

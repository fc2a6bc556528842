"""Every model with the same readout and the same budget of tuning.

Each model has up to eight settings. They are compared on draws from the pool of training images: a
readout is fitted to four fifths of a draw, its penalty is the one with the lowest squared error on
the last fifth, and what counts is the share of that fifth that it gets wrong. Test images have no
part in it. Random layers are compared at 5,000 units, and what was chosen is used at every width.

The bandwidths of dense codes are multiples of the one at which their kernel is as wide as the
sparse code's: at which nearest neighbours are as similar, on average, as to winners of a tenth.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from esutils import data, theory
from esutils.common.checks import check_choice
from esutils.common.types import Array
from esutils.evidence.replay import load_run
from esutils.layer import ExpandSparsify
from esutils.readout import MORE_PENALTIES, LinearReadout, held_out_ridge, ridge, tuned_ridge
from esutils.scale import choose, pools

RUN = "tuning.settings"  # under this name the draws are stored
N_CLASSES = 10
N_DRAWS = 5
SPARSE = [
    {"active_fraction": share, "binary": binary}
    for share, binary in product((0.02, 0.05, 0.1, 0.2), (True, False))
]
BANDWIDTHS = [{"bandwidth": 2.0 ** (step / 2)} for step in range(-3, 5)]  # in matched units
N_UNITS = 5000  # of the random layers that are compared
MATCHED = 0.1  # active fraction of the code whose kernel the bandwidths are matched to
TRAINING = [
    {"learning_rate": rate, "n_epochs": passes}
    for rate, passes in product((2e-3, 5e-3, 1e-2, 2e-2), (10, 25))
]
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "ridge": [{}],
    "logistic": [{"C": 10.0 ** (power / 2)} for power in range(-6, 2)],
    "expand_linear": [{}],
    "sparsify_only": SPARSE,
    "half_active": [{"active_fraction": 0.5, "binary": binary} for binary in (True, False)],
    "gaussian": BANDWIDTHS,
    "laplacian": BANDWIDTHS,
    "expand_sparsify": SPARSE,
    "mlp_100": TRAINING,
    "mlp_2000": TRAINING,
}
LINEAR = ("ridge", "logistic")
DENSE = ("half_active", "gaussian", "laplacian")  # the rivals of a sparse code
READOUTS = ("output", "ridge")  # of a trained network
_LAWS = {"sparsify_only": "rotation", "laplacian": "cauchy"}
_KERNELS = {"gaussian": theory.gaussian_kernel, "laplacian": theory.laplacian_kernel}


@dataclass(frozen=True)
class Tuned:
    """What was chosen on one data set.

    Attributes
    ----------
    settings : dict of str to dict
        By model.
    held_out : dict of str to float
        Share of the held-out images that each model gets wrong with its setting. A trained network
        has two entries, such as ``"mlp_100 output"`` and ``"mlp_100 ridge"``.

    Examples
    --------
    >>> from esutils import tuning
    >>> tuning.Tuned({}, {"first": 0.2, "second": 0.1}).best_of("first", "second")
    'second'
    """

    settings: dict[str, dict[str, Any]]
    held_out: dict[str, float]

    def best_of(self, *models: str) -> str:
        """Return the model that got the fewest held-out images wrong."""
        return min(models, key=self.held_out.__getitem__)


def tune(name: str, seed: int) -> dict[str, Array]:
    """Try all settings of all models on one draw from a pool of training images.

    Parameters
    ----------
    name : str
        A data set of :func:`esutils.scale.pools`.
    seed : int
        Of the draw, of the held-out fifth and of all random layers.

    Returns
    -------
    dict of str to ndarray of shape (n_settings,)
        Share of the held-out images that each model gets wrong; for trained networks one array per
        readout.

    Notes
    -----
    Chapter: tuning.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> from esutils import tuning
    >>> with patch.object(tuning, "SETTINGS", {"logistic": [{"C": 0.01}, {"C": 1.0}]}):
    ...     tuning.tune("mnist5k", 0)["logistic"].shape
    (2,)
    """
    split = draw(name, choose(quick=1000, paper=2000), seed)
    found: dict[str, list[Any]] = {}
    for model, settings in SETTINGS.items():
        for setting in settings:
            for key, error in _held_out(model, setting, split, seed).items():
                found.setdefault(key, []).append(error)
    return {key: np.array(errors) for key, errors in found.items()}


def draw(name: str, n_train: int, seed: int) -> data.Split:
    """Draw training images from the pool of a data set, as many of each class.

    Parameters
    ----------
    name : str
        A data set of :func:`esutils.scale.pools`.
    n_train : int
    seed : int

    Returns
    -------
    Split

    Notes
    -----
    Chapter: 05-untrained-networks.

    Examples
    --------
    >>> from esutils import tuning
    >>> tuning.draw("fashion10k", 1000, seed=0).X_train.shape
    (1000, 784)
    """
    return data.subsample(pools()[name], n_train, seed)


def chosen(name: str) -> Tuned:
    """Return what the stored runs of :func:`tune` chose for a data set.

    Parameters
    ----------
    name : str
        A data set of :func:`esutils.scale.pools`.

    Returns
    -------
    Tuned
        For every model the setting with the fewest mistakes on held-out images, over all draws; for
        a trained network the one whose better readout makes the fewest.

    Raises
    ------
    ValueError
        If no run is stored.

    Notes
    -----
    Chapter: tuning.

    Examples
    --------
    >>> from esutils import tuning
    >>> tuned = tuning.chosen("fashion10k")
    >>> tuned.best_of("ridge", "logistic")
    'logistic'
    """
    errors = {key: found.mean(axis=0) for key, found in load_run(RUN, name).items()}
    settings: dict[str, dict[str, Any]] = {}
    held_out: dict[str, float] = {}
    for model, tried in SETTINGS.items():
        keys = [model] if model in errors else [f"{model} {readout}" for readout in READOUTS]
        best = int(np.argmin(np.min([errors[key] for key in keys], axis=0)))
        settings[model] = tried[best]
        held_out |= {key: float(errors[key][best]) for key in keys}
    return Tuned(settings, held_out)


def encoder(
    model: str, setting: Mapping[str, Any], X: Array, n_expanded: int, seed: int
) -> ExpandSparsify:
    """Return the unfitted encoder of a model with a setting.

    Parameters
    ----------
    model : str
        One of the random layers in ``SETTINGS``.
    setting : dict
        One of its settings.
    X : array of shape (n_samples, n_inputs)
        Training images, to which bandwidths are matched.
    n_expanded : int
        Number of units; without an expansion there are as many as inputs.
    seed : int

    Returns
    -------
    ExpandSparsify

    Notes
    -----
    Chapter: 05-untrained-networks.

    Examples
    --------
    >>> from esutils import data, tuning
    >>> setting = {"active_fraction": 0.1, "binary": True}
    >>> tuning.encoder("expand_sparsify", setting, data.load_digits().X_train, 500, 0).n_active
    50
    """
    if model == "sparsify_only":
        n_expanded = X.shape[1]
    options: dict[str, Any] = {"law": _LAWS.get(model, "gaussian"), "random_state": seed}
    if model == "expand_linear":
        options |= {"sparsifier": "identity"}
    elif "bandwidth" in setting:
        bandwidth = setting["bandwidth"] * matched_bandwidth(model, X)
        options |= {"sparsifier": "cosine", "bandwidth": bandwidth}
    else:
        n_active = max(1, round(setting["active_fraction"] * n_expanded))
        options |= {"n_active": n_active, "binary": setting["binary"]}
    return ExpandSparsify(n_expanded, **options)


def matched_bandwidth(model: str, X: Array) -> float:
    """Return the bandwidth at which a dense code's kernel is as wide as a sparse code's.

    Parameters
    ----------
    model : {"gaussian", "laplacian"}
    X : array of shape (n_samples, n_inputs)
        Training images; the first thousand of them are looked at.

    Returns
    -------
    float
        Nearest neighbours are as similar, on average, as they are to winners of a tenth.

    Notes
    -----
    Chapter: tuning.

    Examples
    --------
    >>> from esutils import data, tuning
    >>> tuning.matched_bandwidth("gaussian", data.load_digits().X_train) > 0
    True
    """
    X = X[:1000] - X.mean(axis=0)
    similar = theory.winners_kernel(theory.angles(X), MATCHED)
    distance = theory.distances(X)
    np.fill_diagonal(distance, np.inf)
    target = theory.nearest_similarity(similar)
    return theory.matched_bandwidth(
        _KERNELS[check_choice("model", model, _KERNELS)], distance.min(axis=1), target
    )


def answers(
    model: str, setting: Mapping[str, Any], split: data.Split, n_expanded: int, seed: int
) -> dict[str, Array]:
    """Fit a model with a setting, and let it classify the test images.

    Parameters
    ----------
    model : str
        One of ``SETTINGS``.
    setting : dict
        One of its settings.
    split : Split
        See :func:`draw`. Encoders centre the images, and networks see them as they are.
    n_expanded : int
        Number of units of a random layer; models without one do not ask for it.
    seed : int
        Of the random layer or the initial weights, and of the fifth that the penalty is chosen on.

    Returns
    -------
    dict of str to ndarray of int, shape (n_test,)
        By model; for a trained network one array per readout.

    Notes
    -----
    Chapter: 05-untrained-networks.

    Examples
    --------
    >>> from esutils import data, tuning
    >>> split = data.load_digits()
    >>> said = tuning.answers("ridge", {}, split, n_expanded=0, seed=0)["ridge"]
    >>> bool((said != split.y_test).mean() < 0.2)
    True
    """
    check_choice("model", model, SETTINGS)
    X, y, seen = split.X_train, split.y_train, split.X_test
    if model == "logistic":
        return {model: _logistic(setting, X, y).predict(seen)}
    if model.startswith("mlp"):
        return _network_answers(model, setting, X, y, seen, seed)
    if model == "ridge":
        return {model: _answers(_tuned_ridge(X, y, seed), seen)}
    layer = encoder(model, setting, X, n_expanded, seed).fit(X)
    fitted = _tuned_ridge(layer.transform(X), y, seed)
    return {model: _answers(fitted, layer.transform(seen))}


def _held_out(model, setting, split, seed):
    """Return the share of a held-out fifth that a model gets wrong, by readout."""
    X, y = split.X_train, split.y_train
    fit, held = _fifth(X, seed)
    if model == "logistic":
        said = {model: _logistic(setting, X[fit], y[fit]).predict(X[held])}
    elif model.startswith("mlp"):
        network, Z = _network(model, setting, X[fit], y[fit], X, seed)
        fitted = _best_ridge(Z, y, fit, held)
        said = _by_readout(model, network, fitted, X[held], Z[held])
    else:
        if model != "ridge":
            X = encoder(model, setting, X, N_UNITS, seed).fit(X[fit]).transform(X)
        Z = X
        said = {model: _answers(_best_ridge(Z, y, fit, held), Z[held])}
    return {key: np.mean(answers != y[held]) for key, answers in said.items()}


def _fifth(X, seed):
    """Return the rows of four fifths and of one, as `tuned_ridge` cuts them."""
    return train_test_split(np.arange(len(X)), test_size=0.2, random_state=seed)


def _logistic(setting, X, y):
    return LogisticRegression(**setting, max_iter=1000).fit(X, y)


def _tuned_ridge(Z, y, seed):
    return tuned_ridge(Z, data.one_hot(y, N_CLASSES), MORE_PENALTIES, seed)


def _best_ridge(Z, y, fit, held):
    """Return the readout of four fifths whose penalty suits the last fifth best."""
    Y = data.one_hot(y, N_CLASSES)
    return held_out_ridge(Z[fit], Y[fit], Z[held], Y[held], MORE_PENALTIES)


def _network(model, setting, X, y, seen, seed):
    """Return a trained network and its hidden activity on images."""
    from esutils.networks import mlp, training  # PyTorch takes seconds to load

    hidden = (int(model.removeprefix("mlp_")),)
    network = training.train_mlp(X, y, hidden, **setting, random_state=seed, n_classes=N_CLASSES)
    return network, mlp.hidden_activity(network, seen)


def _network_answers(model, setting, X, y, seen, seed):
    """Answer with a network's own output, and with a ridge readout of its hidden layer.

    The penalty is chosen on a fifth of the images that the network has not seen: on those that it
    was trained on its hidden layer knows the labels. A second network then learns from all images.
    """
    fit, held = _fifth(X, seed)
    _, Z = _network(model, setting, X[fit], y[fit], X, seed)
    penalty = _best_ridge(Z, y, fit, held).penalty * len(X) / len(fit)
    network, both = _network(model, setting, X, y, np.concatenate([X, seen]), seed)
    fitted = ridge(both[: len(X)], data.one_hot(y, N_CLASSES), penalty)
    return _by_readout(model, network, fitted, seen, both[len(X) :])


def _by_readout(model, network, fitted, X, Z):
    from esutils.networks import mlp

    answers = mlp.predict(network, X), _answers(fitted, Z)
    return dict(zip((f"{model} {readout}" for readout in READOUTS), answers, strict=True))


def _answers(fitted: LinearReadout, Z: Array) -> Array:
    return fitted.predict(Z).argmax(axis=1)

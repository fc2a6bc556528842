"""A call that leaves options out is the call with the defaults that the reference names."""

import joblib
import numpy as np
import pytest

from esutils import ExpandSparsify, layer, mlp, model_family, readout, tickets

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((70, 5)), RNG.standard_normal((70, 2))
y = np.arange(70) % 3


def supermask(**options):
    model = mlp.initial_mlp(5, (200, 50), 3)
    return [mask.numpy() for mask in tickets.supermask(model, X, y, 0.3, **options)]


def codes(**options):
    return [encoder.fit_transform(X) for encoder in model_family(5, 60, 6, **options).values()]


ENCODER = ExpandSparsify(9, random_state=0).fit(X)
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
OPTIONS = {
    "n_expanded": 2000, "law": "gaussian", "sparsifier": "winners", "n_active": None,
    "binary": True, "bandwidth": None, "bias": 0.0, "fan_in": 6, "sparse_output": False,
    "random_state": None,
}  # fmt: skip
PAIRS = {
    "encoder": (lambda: vars(ExpandSparsify()), lambda: OPTIONS),
    "projection": (
        lambda: layer.projection(9, 8),
        lambda: layer.projection(9, 8, "gaussian", random_state=0, dtype=np.float64),
    ),
    "fan_in": (
        lambda: layer.projection(9, 8, "fly").toarray(),
        lambda: layer.projection(9, 8, "fly", fan_in=6, random_state=0).toarray(),
    ),
    "iter_transform": (
        lambda: [Z.shape[0] for Z in ENCODER.iter_transform(np.tile(X, (30, 1)))],
        lambda: [1000, 1000, 100],
    ),
    "model_family": (codes, lambda: codes(random_state=0)),
    "tuned_ridge": (
        lambda: readout.tuned_ridge(X, Y),
        lambda: readout.tuned_ridge(X, Y, PENALTIES, random_state=0),
    ),
    "supermask": (
        supermask,
        lambda: supermask(n_epochs=20, learning_rate=3e-3, batch_size=60, random_state=0),
    ),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_what_is_left_out_has_its_default(pair):
    left_out, named = (call() for call in pair)
    assert joblib.hash(left_out) == joblib.hash(named)

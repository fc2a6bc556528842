"""Every argument that is checked is named: a call for each check that no other table asks for."""

import numpy as np
import pytest

import esutils
from esutils import tickets
from tests.helpers.networks import matrices, small_net
from tests.helpers.untouched import PUBLIC, refused, rows

X = np.random.default_rng(0).standard_normal((60, 4))
Y, NAN, WORDS = X[:, 0], np.where(X == X.max(), np.nan, X), X.astype(str)
Encoder, NET = esutils.ExpandSparsify, small_net()
MASKS = tickets.full_masks(NET)
TRANSPOSED = [MASKS[0].T, *MASKS[1:]]
HALF = [0.5] * 3
INPUTS = [X, Y, NAN, [values.numpy() for values in matrices(NET)]]

REFUSALS = r"""
layer.cosine(NAN, np.zeros(4))
    H must be finite, got NaN or infinity
layer.cosine(X, np.zeros(4), out=X[:1])
    out must be an array of shape (60, 4) that takes float64, got shape (1, 4) and dtype float64
layer.cosine(X, np.zeros(3))
    phase must have shape (4,), got (3,)
layer.block_winners(X, 3)
    block_size must divide the 4 units, got 3
layer.projection(3, 4, "data")
    data must be given for law='data', got None
layer.projection(2, 4, "data", data=X * (Y > 0)[:, None])
    data must have rows of positive finite length for law='data'
layer.project(X.astype("f4"), layer.projection(3, 4, dtype="f4"), out=[])
    out must be an array of shape (60, 3) that takes float32, got list
layer.project(X.astype("f4"), layer.projection(3, 4), out=[])
    out must be an array of shape (60, 3) that takes float64, got list
layer.project(X, layer.projection(3, 4, dtype="f4"), out=[])
    out must be an array of shape (60, 3) that takes float64, got list
list(Encoder(10).fit(X).iter_transform(X, 0))
    batch_size must be a whole number >= 1, got 0
Encoder(10, sparsifier="relu", n_active=2).fit(X)
    n_active must be None for sparsifier='relu', got 2
model_family(4, 0, 2)
    n_expanded must be a whole number >= 1, got 0
readout.tuned_ridge(NAN, Y)
    Z must be finite, got NaN or infinity
readout.tuned_ridge(X, WORDS)
    Y must hold real numbers, got dtype <U32
readout.tuned_ridge(X[:4], Y[:4])
    number of samples in Z must be a whole number >= 5, got 4
readout.tuned_ridge(X, Y, random_state=2**32)
    random_state must be a whole number in [0, 4294967295], got 4294967296
readout.loo_ridge(NAN, Y)
    Z must be finite, got NaN or infinity
readout.loo_ridge(X, WORDS)
    Y must hold real numbers, got dtype <U32
readout.loo_ridge(X[:1], Y[:1])
    number of samples in Z must be a whole number >= 2, got 1
scorecard.holm(["0.1"])
    p_values must hold real numbers, got dtype <U3
tickets.masked(NET, TRANSPOSED)
    masks must be a list of bool matrices of the shapes [(20, 5), (10, 20), (3, 10)], got [((5, ...
tickets.kept_fraction([MASKS[0], "all"])
    masks must be a list of bool matrices, got [((20, 5), torch.bool), <class 'str'>]
tickets.random_masks(7, 0)
    masks must be a list of bool matrices, got 7
tickets.prune(NET, MASKS, [0.5])
    fractions must be a list of 3 shares, got [0.5]
list(tickets.iterative_pruning(NET, lambda net, masks: net[0].weight.data.fill_(1), HALF, 1))
    train must keep masked weights at 0, got Linear(in_features=5, ... bias=True) with others
"""


@pytest.mark.parametrize(("before", "call", "message"), rows(REFUSALS))
def test_is_refused_by_name_and_touches_nothing(before, call, message, tmp_path):
    with refused(message, tmp_path, INPUTS):
        exec(call, PUBLIC | globals())

"""One table for the whole package: a malformed call, and what its refusal must name.

Every refusal names the argument and the value. Where the limit follows from the other arguments,
the table asks for the limit as well. See `tests.helpers.untouched` for what must stay as it was.
"""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch

from esutils import (
    ExpandSparsify,
    ExpandSparsifyClassifier,
    ExpandSparsifyRegressor,
    VerdictTable,
    claims,
    data,
    effects,
    experiments,
    intervals,
    layer,
    mlp,
    model_family,
    plots,
    questions,
    readout,
    replay,
    scorecard,
    simulation,
    sliders,
    sweep,
    tables,
    theory,
    tickets,
    training,
    tuning,
)
from tests.helpers.networks import matrices, small_net
from tests.helpers.toy_ledger import ENTRY
from tests.helpers.untouched import Refusal, lacking, refused

X = np.random.default_rng(0).standard_normal((60, 4))
Y, y = X[:, 0].copy(), np.arange(60) % 2
SINGLE = X.astype(np.float32)
NAN, HUGE = np.where(X == X.max(), np.nan, X), 1e200 * X
WORDS, COMPLEX, DEEP = X.astype(str), 1j * X, X[None]
RAGGED = [[1.0], [2.0, 3.0]]
BITS = sp.csr_matrix(X > 0, dtype=float)
TORN = BITS.copy()
TORN.indices[0] = 10**6
OUTSIDE = "indices must be < 4"  # what SciPy says of it
EYE, ONES, INFINITE = np.eye(4), np.ones(4), Y * np.inf
TWICE = sp.csr_matrix(([1.0, 1.0], [0, 0], [0, 2]), shape=(1, 2))  # one entry, stored twice
WIDE, FLY = np.ones((2, 200)), layer.projection(3, 200, "fly", random_state=0)
DRAW = np.random.default_rng(1)

TOYS = {"mnist5k": "replication", "fashion10k": "replication"}
FLIES = claims.Claim(**ENTRY | {"comparison": "equivalent", "standing": TOYS})
BEATS = claims.Claim(**ENTRY | {"standing": TOYS})

NET, DEEPER = mlp.initial_mlp(4, (5,), 2), small_net()
MASKS, MORE = tickets.full_masks(NET), tickets.full_masks(DEEPER)
HALF = [0.5] * 3
FOURTHS = [torch.ones(4, 5).bool(), torch.ones(2, 4).bool()]
NARROW, NO_MASK = torch.ones(1, 3), torch.ones(0, 3, dtype=torch.bool)

DIGITS = data.load_digits()
FRAME = pd.DataFrame(X, columns=list("abcd")).assign(y=y)
TABLE = tables.from_frame(FRAME, "y")
MANY = range(900)
RESULTS = pd.DataFrame(0.1, index=range(3), columns=sorted(questions.COLUMNS))

INPUTS = [X, Y, y, SINGLE, NAN, HUGE, WORDS, COMPLEX, RAGGED, BITS, TORN, WIDE, FLY, DRAW]
INPUTS += [FRAME, RESULTS, TABLE.X, TABLE.y]
INPUTS += [[values.detach().numpy() for values in NET.parameters()]]
INPUTS += [[values.numpy() for values in matrices(DEEPER)]]

path = partial(readout.minimum_norm_path, X, Y, X)
blocks = ExpandSparsify(40, sparsifier="block", n_active=4)
fit = partial(training.fit, NET)
train = partial(training.train_mlp, X, y)
initial = partial(mlp.initial_mlp, 5, (4,), 3)
supermask = partial(tickets.supermask, NET, X, y)
risk = partial(theory.mei_montanari_risk, 1, 2)
ENCODER = ExpandSparsify(40, random_state=0).fit(X)
explore = partial(sliders.explore, lambda ax, **values: None, caption="c", alt=lambda **of: str(of))


def codes_in_batches(*arguments):
    """Read all batches of an encoder's codes: a generator checks nothing before it is read."""
    return list(ExpandSparsify(10).fit(X).iter_transform(*arguments))


def of_code(**options):
    """Return the kernel of an encoder with these options."""
    return theory.of_code(ExpandSparsify(40, random_state=0, **options).fit(X), X)


def noise(ax, seed):
    """Draw a frame that cannot be compressed."""
    ax.imshow(np.random.default_rng(seed).random((400, 600)))


def fitted(kind, **options):
    """Return an estimator that is fitted with some options."""
    return kind(**options).fit(X, y)


def revive(network, masks):
    """Train as nobody should: give weights that were pruned away a value again."""
    network[0].weight.data.fill_(1)


LAYER = [
    Refusal(lambda: layer.projection(0, 4), ["n_expanded", 0]),
    Refusal(lambda: layer.projection(2.5, 4), ["n_expanded", 2.5]),
    Refusal(lambda: layer.projection(10**18, 4), ["n_expanded", 10**18]),
    Refusal(lambda: layer.projection(True, 4), ["n_expanded", True]),
    Refusal(lambda: layer.projection(3, -1), ["n_inputs", -1]),
    Refusal(lambda: layer.projection(3, "4"), ["n_inputs", "'4'"]),
    Refusal(lambda: layer.projection(3, 2**31), ["n_inputs", 2**31 - 1, 2**31]),
    Refusal(lambda: layer.projection(3, 4, "levy"), ["law", "'data'", "'levy'"]),
    Refusal(lambda: layer.projection(3, 4, "fly", fan_in=5), ["fan_in", 4, 5]),
    Refusal(lambda: layer.projection(5, 4, "rotation"), ["n_expanded", 4, 5]),
    Refusal(lambda: layer.projection(3, 4, "none"), ["n_expanded", 4, 3]),
    Refusal(lambda: layer.projection(5, 4, "none"), ["n_expanded", 4, 5]),
    Refusal(lambda: layer.projection(3, 4, ["fly"]), ["law", "'data'", "['fly']"]),
    Refusal(lambda: layer.projection(3, 4, random_state=True), ["random_state", True]),
    Refusal(lambda: layer.projection(3, 4, random_state="0"), ["random_state", "'0'"]),
    Refusal(lambda: layer.projection(3, 4, dtype="U3"), ["dtype", "'U3'"]),
    Refusal(lambda: layer.projection(3, 4, "data"), ["data", None, "law='data'"]),
    Refusal(
        lambda: layer.projection(3, 4, "data", data=HUGE, random_state=DRAW), ["data", "law='data'"]
    ),
    Refusal(lambda: layer.projection(2, 4, "data", data=X * (Y > 0)[:, None]), ["data", "length"]),
    Refusal(lambda: layer.projection(3, 4, "data", data=RAGGED), ["data", "different lengths"]),
    Refusal(lambda: layer.projection(3, 4, "data", data=NAN), ["data", "NaN"]),
    Refusal(lambda: layer.projection(3, 4, "data", data=X[:, :3]), ["data", 4, (60, 3)]),
    Refusal(lambda: layer.project(X, FLY), ["X", 200, (60, 4)]),
    Refusal(lambda: layer.project(np.full((2, 200), None), FLY), ["X", "object"]),
    Refusal(lambda: layer.project(WIDE[0], FLY), ["X", (200,)]),
    Refusal(lambda: layer.project(TORN, layer.projection(3, 4)), ["X", OUTSIDE]),
    Refusal(lambda: layer.project(WIDE, FLY, out=X), ["out", (2, 3), (60, 4), "float64"]),
    Refusal(
        lambda: layer.project(WIDE, FLY, out=np.zeros((2, 3), int)), ["out", "float64", "int64"]
    ),
    Refusal(
        lambda: layer.project(SINGLE, layer.projection(3, 4, dtype="f4"), out=[]),
        ["out", (60, 3), "float32", "list"],
    ),
    Refusal(
        lambda: layer.project(SINGLE, layer.projection(3, 4), out=[]),
        ["out", (60, 3), "float64", "list"],
    ),
    Refusal(
        lambda: layer.project(X, layer.projection(3, 4, dtype="f4"), out=[]),
        ["out", (60, 3), "float64", "list"],
    ),
    Refusal(lambda: layer.winners(X, 0), ["n_active", 4, 0]),
    Refusal(lambda: layer.winners(X, 5), ["n_active", 4, 5]),
    Refusal(lambda: layer.winners(X, 10**18), ["n_active", 4, 10**18]),
    Refusal(lambda: layer.winners(NAN, 1), ["H", "NaN"]),
    Refusal(lambda: layer.winners(X[0], 1), ["H", (4,)]),
    Refusal(lambda: layer.winners(X[:0], 1), ["H", (0, 4)]),
    Refusal(lambda: layer.winners(COMPLEX, 1), ["H", "complex128"]),
    Refusal(lambda: layer.winners(DEEP, 1), ["H", (1, 60, 4)]),
    Refusal(lambda: layer.winners([["a", "\ud800"]], 1), ["H", "<U1"]),
    Refusal(lambda: layer.winner_take_all(X, 5), ["n_active", 4, 5]),
    Refusal(lambda: layer.winner_take_all(X[0], 1), ["H", (4,)]),
    Refusal(lambda: layer.block_winners(X, 0), ["block_size", 0]),
    Refusal(lambda: layer.block_winners(X, 3), ["block_size", 4, 3]),
    Refusal(lambda: layer.block_winners(X, 5), ["block_size", 4, 5]),
    Refusal(lambda: layer.unit_thresholds(X, 0), ["sparsity", 0]),
    Refusal(lambda: layer.unit_thresholds(X, 1.5), ["sparsity", 1, 1.5]),
    Refusal(lambda: layer.unit_thresholds(X, "0.5"), ["sparsity", "'0.5'"]),
    Refusal(lambda: layer.relu(X, out=[]), ["out", (60, 4), "float64", "list"]),
    Refusal(lambda: layer.cosine(NAN, np.zeros(4)), ["H", "NaN"]),
    Refusal(lambda: layer.cosine(X, [0, 0, 0, np.nan]), ["phase", "NaN"]),
    Refusal(lambda: layer.cosine(X, COMPLEX[0]), ["phase", "complex128"]),
    Refusal(lambda: layer.cosine(X, np.zeros(3)), ["phase", (4,), (3,)]),
    Refusal(lambda: layer.cosine(X, np.zeros(4), out=X[:1]), ["out", (60, 4), (1, 4), "float64"]),
    Refusal(lambda: ExpandSparsify(0).fit(X), ["n_expanded", 0]),
    Refusal(lambda: ExpandSparsify(10, law="levy").fit(X), ["law", "'data'", "'levy'"]),
    Refusal(lambda: ExpandSparsify(10, law="fly", fan_in=9).fit(X), ["fan_in", 4, 9]),
    Refusal(
        lambda: ExpandSparsify(10, sparsifier="softmax").fit(X),
        ["sparsifier", "'winners'", "'softmax'"],
    ),
    Refusal(
        lambda: ExpandSparsify(10, sparsifier="cosine", bandwidth=0.0).fit(X), ["bandwidth", 0.0]
    ),
    Refusal(lambda: ExpandSparsify(10, bias=-1.0).fit(X), ["bias", -1.0]),
    Refusal(lambda: ExpandSparsify(10, bias=np.nan).fit(X), ["bias", "nan"]),
    Refusal(lambda: ExpandSparsify(10, binary="no").fit(X), ["binary", "'no'"]),
    Refusal(lambda: ExpandSparsify(10, sparse_output=1).fit(X), ["sparse_output", 1]),
    Refusal(lambda: ExpandSparsify(10, random_state=1.5).fit(X), ["random_state", 1.5]),
    Refusal(
        lambda: ExpandSparsify(70, sparsifier="block").fit(X),
        ["n_active", "n_expanded=70", "sparsifier='block'", 4],
    ),
    Refusal(
        lambda: ExpandSparsify(10, sparsifier="relu", n_active=2).fit(X),
        ["n_active", None, "sparsifier='relu'", 2],
    ),
    Refusal(
        lambda: ExpandSparsify(10, sparsifier="block", n_active=7).fit(X),
        ["n_active", "n_expanded=10", "sparsifier='block'", 7],
    ),
    Refusal(lambda: ExpandSparsify(10, n_active=0).fit(X), ["n_active", 10, 0]),
    Refusal(lambda: ExpandSparsify(10, n_active=11).fit(X), ["n_active", 10, 11]),
    Refusal(lambda: ExpandSparsify(10, n_active=2.0).fit(X), ["n_active", 10, 2.0]),
    Refusal(lambda: ExpandSparsify(10).resized(0), ["n_expanded", 0]),
    Refusal(lambda: ExpandSparsify(10).fit(X).transform(X[:, :3]), ["X", 3, 4]),
    Refusal(lambda: ExpandSparsify(10).fit(HUGE), ["squares of X", "infinity"]),
    Refusal(lambda: codes_in_batches(None), ["X", "CSR", "NoneType"]),
    Refusal(lambda: codes_in_batches(WIDE), ["X", 200, 4]),
    Refusal(lambda: codes_in_batches(X, 0), ["batch_size", 0]),
    Refusal(lambda: model_family(4, 10, 2, random_state=None), ["random_state", None]),
    Refusal(lambda: model_family(0, 10, 2), ["n_inputs", 0]),
    Refusal(lambda: model_family(4, 0, 2), ["n_expanded", 0]),
    Refusal(lambda: model_family(4, 10, 11), ["n_active", 10, 11]),
]

READOUT = [
    Refusal(lambda: readout.ridge(X, Y, 0.0), ["penalty", 0.0]),
    Refusal(lambda: readout.ridge(X, Y, np.nan), ["penalty", "nan"]),
    Refusal(lambda: readout.ridge(X, Y, "1"), ["penalty", "'1'"]),
    Refusal(lambda: readout.ridge(X, Y, [1, 2]), ["penalty", [1, 2]]),
    Refusal(lambda: readout.ridge(HUGE, Y, 1), ["products of Z", "infinity"]),
    Refusal(lambda: readout.ridge(TORN, Y, 1), ["Z", OUTSIDE]),
    Refusal(lambda: readout.ridge(X, [[1], [2, 3]], 1), ["Y", "different lengths"]),
    Refusal(lambda: readout.ridge(NAN, Y, 1), ["Z", "NaN"]),
    Refusal(lambda: readout.ridge(X, INFINITE, 1), ["Y", "infinity"]),
    Refusal(lambda: readout.ridge(X, WORDS, 1), ["Y", "<U32"]),
    Refusal(lambda: readout.ridge(X, Y[:5], 1), ["Y", 60, 5]),
    Refusal(lambda: readout.ridge(X, Y, 1).predict(X[:, :3]), ["Z", 4, (60, 3)]),
    Refusal(lambda: readout.ridge(X, Y, 1).predict(NAN), ["Z", "NaN"]),
    Refusal(lambda: readout.ridge_path(X, Y, []), ["penalties", []]),
    Refusal(lambda: readout.ridge_path(X, Y, [[1, 2], [3, 4]]), ["penalties", [[1, 2], [3, 4]]]),
    Refusal(lambda: readout.ridge_path(X, Y, {"penalty": 1}), ["penalties", "object"]),
    Refusal(lambda: readout.tuned_ridge(NAN, Y), ["Z", "NaN"]),
    Refusal(lambda: readout.held_out_ridge(NAN, Y, NAN, Y), ["Z", "NaN"]),
    Refusal(lambda: readout.held_out_ridge(X, Y, X[:, :1], Y), ["Z_held", "columns"]),
    Refusal(lambda: readout.held_out_ridge(X, Y, X, Y[:1]), ["Y_held", "rows"]),
    Refusal(lambda: readout.held_out_ridge(X, Y, X, Y, [0.0]), ["relative_penalties", "[0.0]"]),
    Refusal(lambda: readout.tuned_ridge(X, WORDS), ["Y", "<U32"]),
    Refusal(lambda: readout.tuned_ridge(X[:4], Y[:4]), ["samples in Z", 5, 4]),
    Refusal(lambda: readout.tuned_ridge(X, Y, [-1]), ["relative_penalties", [-1]]),
    Refusal(lambda: readout.tuned_ridge(X, Y, random_state=None), ["random_state", None]),
    Refusal(
        lambda: readout.tuned_ridge(X, Y, random_state=2**32), ["random_state", 2**32 - 1, 2**32]
    ),
    Refusal(lambda: readout.loo_ridge(NAN, Y), ["Z", "NaN"]),
    Refusal(lambda: readout.loo_ridge(HUGE, Y), ["products of Z", "infinity"]),
    Refusal(lambda: readout.loo_ridge(X, WORDS), ["Y", "<U32"]),
    Refusal(lambda: readout.loo_ridge(X[:1], Y[:1]), ["samples in Z", 2, 1]),
    Refusal(lambda: readout.loo_ridge(X, Y, []), ["relative_penalties", []]),
    Refusal(
        lambda: ExpandSparsifyClassifier(10, relative_penalties=[0.0]).fit(X, y),
        ["relative_penalties", [0.0]],
    ),
    Refusal(
        lambda: ExpandSparsifyClassifier(10, random_state="x").fit(X, y), ["random_state", "'x'"]
    ),
    Refusal(lambda: ExpandSparsifyRegressor(10).fit(X, WORDS), ["Y", "<U32"]),
    Refusal(lambda: readout.ridge_stream(None, 1.0), ["batches", "NoneType"]),
    Refusal(lambda: readout.ridge_stream([(X, Y), X], 1.0), ["batch 1", "ndarray"]),
    Refusal(lambda: readout.ridge_stream([], 1.0), ["batches", "none"]),
    Refusal(lambda: readout.ridge_stream([(X, Y)], [0.0]), ["penalties", [0.0]]),
    Refusal(
        lambda: readout.ridge_stream([(X, Y), (X[:, :3], Y)], 1.0), ["Z of batch 1", 4, (60, 3)]
    ),
    Refusal(lambda: readout.ridge_stream([(X, Y), (X, X)], 1.0), ["Y of batch 1", 1, (60, 4)]),
    Refusal(lambda: readout.ridge_stream([(X, Y[:3])], 1.0), ["Y of batch 0", 60, 3]),
    Refusal(lambda: readout.ridge_stream([(X, Y), (NAN, Y)], 1.0), ["Z of batch 1", "NaN"]),
    Refusal(lambda: readout.ridge_stream([(X, INFINITE)], 1.0), ["Y of batch 0", "infinity"]),
    Refusal(lambda: readout.ridge_stream([(HUGE, Y)], 1.0), ["products of Z", "infinity"]),
    Refusal(lambda: readout.ridge_wide(TORN, Y, 1.0), ["Z", OUTSIDE]),
    Refusal(lambda: readout.ridge_wide(X, Y, 1.0), ["Z", "zeros and ones", float(X[0, 0])]),
    Refusal(lambda: readout.ridge_wide(EYE, ONES, []), ["penalties", []]),
    Refusal(lambda: readout.ridge_wide(2 * EYE, ONES, 1.0), ["Z", "zeros and ones", 2.0]),
    Refusal(
        lambda: readout.ridge_wide(sp.csr_matrix(-EYE), ONES, 1.0), ["Z", "zeros and ones", -1.0]
    ),
    Refusal(lambda: readout.ridge_wide(TWICE, [1.0], 1.0), ["Z", "zeros and ones", "twice"]),
    Refusal(lambda: readout.ridge_wide(EYE * np.nan, ONES, 1.0), ["Z", "NaN"]),
    Refusal(lambda: readout.ridge_wide(EYE, ONES[:3], 1.0), ["Y", 4, 3]),
    Refusal(lambda: readout.minimum_norm(BITS, Y), ["Z", "dense", "sparse csr"]),
    Refusal(lambda: readout.minimum_norm(HUGE.T, Y[:4]), ["products of Z", "infinity"]),
    Refusal(lambda: path(np.array([3, 2], np.uint8)), ["widths", [3, 2]]),
    Refusal(lambda: path([10**30]), ["widths", "object"]),
    Refusal(lambda: path([5]), ["widths", 4, 5]),
    Refusal(lambda: path([2, 2]), ["widths", [2, 2]]),
    Refusal(lambda: path([0, 2]), ["widths", [0, 2]]),
    Refusal(lambda: path([1.5]), ["widths", [1.5]]),
    Refusal(lambda: path([]), ["widths", []]),
    Refusal(lambda: readout.minimum_norm_path(X, Y, X[:, :3], [2]), ["Z_test", 4, (60, 3)]),
    Refusal(lambda: readout.width_path(blocks, X, Y, X, [15]), ["widths", 10, 15]),
    Refusal(
        lambda: readout.width_path(ExpandSparsify(400, sparsifier="block"), X, Y, X, [30]),
        ["widths", 20, 30],
    ),
    Refusal(lambda: readout.width_path(blocks, X, Y, X[:, 1:], [20]), ["X_test", 4, (60, 3)]),
    Refusal(lambda: path([True]), ["widths", [True]]),
    Refusal(
        lambda: readout.width_path(ExpandSparsifyClassifier(), X, Y, X, [2]),
        ["encoder", "ExpandSparsifyClassifier()"],
    ),
    Refusal(lambda: readout.width_path(ExpandSparsify("9"), X, Y, X, [2]), ["n_expanded", "'9'"]),
    Refusal(
        lambda: readout.width_path(ExpandSparsify(20, n_active=30), X, Y, X, [2]),
        ["n_active", 20, 30],
    ),
]

for Estimator in (ExpandSparsifyClassifier, ExpandSparsifyRegressor):
    with_options = partial(fitted, Estimator)
    READOUT += [
        Refusal(partial(with_options, n_expanded=0), ["n_expanded", 0]),
        Refusal(partial(with_options, n_expanded=10, n_active=11), ["n_active", 10, 11]),
        Refusal(
            partial(with_options, sparsifier="argmax"), ["sparsifier", "'winners'", "'argmax'"]
        ),
        Refusal(partial(with_options, law="uniform"), ["law", "'fly'", "'uniform'"]),
        Refusal(partial(with_options, bias=-1), ["bias", -1]),
        Refusal(partial(with_options, relative_penalties=[]), ["relative_penalties", []]),
        Refusal(
            partial(with_options, relative_penalties=[0.1, -1]), ["relative_penalties", [0.1, -1]]
        ),
    ]


NETWORKS = [
    Refusal(lambda: mlp.initial_mlp(10**18, (5,), 2), ["n_inputs", 10**18]),
    Refusal(lambda: mlp.initial_mlp(0, (5,), 2), ["n_inputs", 0]),
    Refusal(lambda: mlp.initial_mlp(5, (4,), 1.5), ["n_outputs", 1.5]),
    Refusal(lambda: mlp.initial_mlp(5, 7, 3), ["hidden", 7]),
    Refusal(lambda: initial(dropout=1), ["dropout", 1]),
    Refusal(lambda: initial(input_dropout="a"), ["input_dropout", "'a'"]),
    Refusal(lambda: initial(n_active=5), ["n_active", 4, 5]),
    Refusal(lambda: initial(random_state=-1), ["random_state", -1]),
    Refusal(lambda: initial(device="nowhere"), ["device", "'nowhere'"]),
    Refusal(lambda: initial(device="cuda:99"), ["device", "'cuda:99'"]),
    Refusal(lambda: initial(device=torch.device("cuda:99")), ["device", torch.device("cuda:99")]),
    Refusal(lambda: initial(device=99), ["device", 99]),
    Refusal(lambda: initial(device=-1), ["device", -1]),
    Refusal(lambda: initial(device=1.5), ["device", 1.5]),
    Refusal(lambda: initial(device=["cpu"]), ["device", ["cpu"]]),
    Refusal(lambda: mlp.logits(NET, HUGE), ["X", "float32", "infinity"]),
    Refusal(lambda: mlp.logits(NET, X[:, :3]), ["X", 4, (60, 3)]),
    Refusal(lambda: mlp.predict(NET, X[:, :3]), ["X", 4, (60, 3)]),
    Refusal(lambda: mlp.hidden_activity(NET, X[:, :3]), ["X", 4, (60, 3)]),
    Refusal(lambda: mlp.hidden_activity(None, X), ["model", None]),
    Refusal(lambda: mlp.Winners(5)(NARROW), ["k", 3, 5]),
    Refusal(lambda: mlp.Dropout(0.5, None), ["generator", "NoneType"]),
    Refusal(lambda: fit(HUGE, y), ["X", "float32", "infinity"]),
    Refusal(lambda: fit(X, HUGE[:, :2]), ["y", "float32", "infinity"]),
    Refusal(lambda: fit(X, y, decay=1), ["decay", 1]),
    Refusal(lambda: training.fit(torch.nn.ReLU(), X, y), ["model", "ReLU"]),
    Refusal(lambda: training.fit(torch.nn.Sequential(torch.nn.ReLU()), X, y), ["model", "ReLU"]),
    Refusal(lambda: fit(X[:, :3], y), ["X", 4, (60, 3)]),
    Refusal(lambda: fit(X, np.arange(60) % 3), ["y", 2]),
    Refusal(lambda: fit(X, np.zeros(60)), ["y", 1]),
    Refusal(lambda: fit(X, np.zeros((60, 3))), ["y", 3]),
    Refusal(lambda: fit(X, y, n_epochs=0), ["n_epochs", 0]),
    Refusal(lambda: fit(X, y, learning_rate=-1), ["learning_rate", -1]),
    Refusal(lambda: fit(X, y, batch_size=2.5), ["batch_size", 2.5]),
    Refusal(lambda: fit(X, y, random_state="a"), ["random_state", "'a'"]),
    Refusal(lambda: fit(X, y, decay=0.5), ["decay", 0.5]),
    Refusal(lambda: fit(X, y, after_epoch=7), ["after_epoch", 7]),
    Refusal(lambda: fit(X, y, calls_per_epoch=0), ["calls_per_epoch", 0]),
    Refusal(lambda: fit(X, y, calls_per_epoch=1.0), ["calls_per_epoch", 1.0]),
    Refusal(lambda: fit(X, y, calls_per_epoch=3), ["calls_per_epoch", [1, 2], 3]),
    Refusal(lambda: fit(X, y, masks=7), ["masks", 7]),
    Refusal(lambda: fit(X, y, masks=[]), ["masks", []]),
    Refusal(lambda: fit(X, y, masks=[mask.float() for mask in MASKS]), ["masks", "torch.float32"]),
    Refusal(lambda: fit(X, y, masks=FOURTHS), ["masks", (5, 4), (4, 5)]),
    Refusal(lambda: fit(X, y, masks=[mask.numpy() for mask in MASKS]), ["masks", "numpy.ndarray"]),
    Refusal(lambda: training.train_mlp(NAN, y), ["X", "NaN"]),
    Refusal(lambda: training.train_mlp(Y, y), ["X", (60,)]),
    Refusal(lambda: training.train_mlp(X, y.astype(bool)), ["y", "bool"]),
    Refusal(lambda: training.train_mlp(X, np.full(60, np.nan)), ["y", "NaN"]),
    Refusal(lambda: training.train_mlp(X, np.zeros((59, 2))), ["y", 60, 59]),
    Refusal(lambda: training.train_mlp(X, y[:59]), ["y", 60, 59]),
    Refusal(lambda: training.train_mlp(X, y[:, None]), ["y", (60, 1)]),
    Refusal(lambda: training.train_mlp(X, y - 1), ["y", "int64"]),
    Refusal(lambda: training.train_mlp(X, np.arange(60) % 3, n_classes=2), ["y", 2]),
    Refusal(lambda: train(n_classes=1), ["n_classes", 1]),
    Refusal(lambda: training.train_mlp(X, 0 * y), ["n_classes", 1]),
    Refusal(lambda: training.train_mlp(X, Y, n_classes=2), ["n_classes", 2]),
    Refusal(lambda: train(hidden=()), ["hidden", ()]),
    Refusal(lambda: train(hidden=100), ["hidden", 100]),
    Refusal(lambda: train(hidden=(10, 0)), ["hidden", 0]),
    Refusal(lambda: train(hidden=(10.0,)), ["hidden", 10.0]),
    Refusal(lambda: train(n_epochs=0), ["n_epochs", 0]),
    Refusal(lambda: train(learning_rate=0), ["learning_rate", 0]),
    Refusal(lambda: train(learning_rate=np.inf), ["learning_rate", "inf"]),
    Refusal(lambda: train(batch_size=0), ["batch_size", 0]),
    Refusal(lambda: train(random_state=None), ["random_state", None]),
    Refusal(lambda: train(random_state=-1), ["random_state", -1]),
    Refusal(lambda: train(dropout=1.0), ["dropout", 1.0]),
    Refusal(lambda: train(dropout=-0.1), ["dropout", -0.1]),
    Refusal(lambda: train(input_dropout=np.nan), ["input_dropout", "nan"]),
    Refusal(lambda: train(n_active=0), ["n_active", 0]),
    Refusal(lambda: train(hidden=(9, 5), n_active=6), ["n_active", 5, 6]),
    Refusal(lambda: train(device="nowhere"), ["device", "'nowhere'"]),
    Refusal(lambda: training.train_mlp(X, np.full(60, 10**15)), ["n_classes", 10**15 + 1]),
    Refusal(
        lambda: tickets.masked(DEEPER, [MORE[0].T, *MORE[1:]]),
        ["masks", [(20, 5), (10, 20), (3, 10)], (5, 20)],
    ),
    Refusal(lambda: tickets.kept_fraction([NO_MASK]), ["masks", (0, 3)]),
    Refusal(lambda: tickets.kept_fraction([MORE[0], "all"]), ["masks", (20, 5), "str"]),
    Refusal(lambda: tickets.random_masks(7, 0), ["masks", 7]),
    Refusal(lambda: tickets.random_masks(MORE, -1), ["random_state", -1]),
    Refusal(lambda: tickets.degree_preserving_masks(MORE, -1), ["random_state", -1]),
    Refusal(lambda: tickets.prune(NET, MASKS, [0.5, np.nan]), ["fractions", "nan"]),
    Refusal(lambda: tickets.prune(DEEPER, MORE, [0.5]), ["fractions", 3, [0.5]]),
    Refusal(lambda: tickets.prune(DEEPER, MORE, 0.2), ["fractions", 3, 0.2]),
    Refusal(lambda: tickets.prune(DEEPER, MORE, (0.2, 0.2, 1.1)), ["fractions", 1.1]),
    Refusal(lambda: tickets.prune(DEEPER, MORE, (0.2, -0.1, 0.2)), ["fractions", -0.1]),
    Refusal(lambda: next(tickets.iterative_pruning(NET, fit, HALF[:2], 0)), ["n_rounds", 0]),
    Refusal(lambda: supermask(0), ["keep", 0]),
    Refusal(lambda: supermask(1.5), ["keep", 1.5]),
    Refusal(lambda: supermask(0.3, n_epochs=0), ["n_epochs", 0]),
    Refusal(lambda: supermask(0.3, learning_rate=0), ["learning_rate", 0]),
    Refusal(lambda: supermask(0.3, batch_size=0.5), ["batch_size", 0.5]),
    Refusal(lambda: supermask(0.3, random_state=-1), ["random_state", -1]),
    Refusal(lambda: tickets.supermask(None, X, y, 0.3), ["model", None]),
    Refusal(lambda: tickets.supermask(NET, X[:, :3], y, 0.3), ["X", 4, (60, 3)]),
    Refusal(lambda: tickets.supermask(NET, X, y[:59], 0.3), ["y", 60, 59]),
    Refusal(
        lambda: tickets.ScoredLinear(NET, 0.3, torch.Generator()), ["torch.nn.Linear", "Sequential"]
    ),
    Refusal(lambda: tickets.ScoredLinear(NET[0], 0, torch.Generator()), ["keep", 0]),
    Refusal(lambda: tickets.ScoredLinear(NET[0], 1.1, torch.Generator()), ["keep", 1.1]),
    Refusal(lambda: tickets.ScoredLinear(NET[0], 0.3, 3), ["generator", "torch.Generator", "int"]),
    Refusal(
        lambda: next(tickets.iterative_pruning(NET, None, [0.5, 0.5], 1)),
        ["train", "function", "NoneType"],
    ),
    Refusal(
        lambda: list(tickets.iterative_pruning(DEEPER, revive, HALF, 1)),
        ["train", "masked weights", "Linear(in_features=5, out_features=20, bias=True)"],
    ),
]

BAD_MASKS = {  # what the refusal names: the masks
    "None": None,
    "[]": [],
    "torch.float32": [mask.float() for mask in MORE],
    "numpy.ndarray": [mask.numpy() for mask in MORE],
}
WRONG_SHAPES = {"(10, 20)": MORE[:2], "(5, 20)": [mask.T for mask in MORE]}
for name, masks in (BAD_MASKS | WRONG_SHAPES).items():
    NETWORKS += [
        Refusal(partial(tickets.masked, DEEPER, masks), ["masks", name]),
        Refusal(partial(tickets.prune, DEEPER, masks, HALF), ["masks", name]),
    ]
VECTORS = {"torch.float32": [torch.ones(3)], "(3,)": [torch.ones(3, dtype=torch.bool)]}
for name, masks in ({"None": None, "[]": []} | VECTORS).items():
    NETWORKS += [
        Refusal(partial(tickets.random_masks, masks, 0), ["masks", name]),
        Refusal(partial(tickets.degree_preserving_masks, masks, 0), ["masks", name]),
        Refusal(partial(tickets.kept_fraction, masks), ["masks", name]),
    ]


DATA = [
    Refusal(lambda: data.load_mnist5k(0), ["n_test", [10, 4990], 0]),
    Refusal(lambda: data.load_mnist5k(5000), ["n_test", [10, 4990], 5000]),
    Refusal(lambda: data.load_mnist5k(1000.0), ["n_test", [10, 4990], 1000.0]),
    Refusal(lambda: data.load_mnist5k(2001), ["n_test", "multiple", 10, 2001]),
    Refusal(lambda: data.subsample(FRAME, 10, 0), ["split", "DataFrame"]),
    Refusal(lambda: data.corrupt_labels(RAGGED, 0.5, 0), ["y", "different lengths"]),
    Refusal(lambda: data.subsample(DIGITS, 9, 0), ["n_train", [10, 1437], 9]),
    Refusal(lambda: data.subsample(DIGITS, 1438, 0), ["n_train", [10, 1437], 1438]),
    Refusal(lambda: data.subsample(DIGITS, 100.0, 0), ["n_train", [10, 1437], 100.0]),
    Refusal(lambda: data.subsample(DIGITS, True, 0), ["n_train", [10, 1437], True]),
    Refusal(lambda: data.corrupt_labels([0, 1], 1.1, 0), ["fraction", 1.1]),
    Refusal(lambda: data.corrupt_labels([0, 1], -0.1, 0), ["fraction", -0.1]),
    Refusal(lambda: data.corrupt_labels([0, 1], 0.5, None), ["random_state", None]),
    Refusal(lambda: data.corrupt_labels([0, 3], 0.5, 0, 3), ["y", 3]),
    Refusal(lambda: data.corrupt_labels([0.0, 1.0], 0.5, 0), ["y", "float64"]),
    Refusal(lambda: data.corrupt_labels([], 0.5, 0), ["y", (0,)]),
    Refusal(lambda: data.corrupt_labels([0, 1], 0.5, 0, n_classes=10**20), ["n_classes", 10**20]),
    Refusal(lambda: data.one_hot({0, 1}, 3), ["y", "object"]),
    Refusal(lambda: data.one_hot([0, 3], 3), ["y", 3]),
    Refusal(lambda: data.one_hot([0, -1], 3), ["y", 3, -1]),
    Refusal(lambda: data.one_hot([0.0, 1.0], 3), ["y", "float64"]),
    Refusal(lambda: data.one_hot([True, False], 2), ["y", "bool"]),
    Refusal(lambda: data.one_hot([[0, 1]], 2), ["y", (1, 2)]),
    Refusal(lambda: data.one_hot([0, 1], None), ["n_classes", None]),
    Refusal(lambda: data.one_hot([0, 0], 0), ["n_classes", 0]),
    Refusal(lambda: sweep.over_seeds(abs, 3), ["seeds", "int"]),
    Refusal(lambda: sweep.over_seeds(None, [1]), ["experiment", "NoneType"]),
    Refusal(lambda: sweep.over_grid(dict, {"seed": [1]}, [2]), ["grid", ["seed"]]),
    Refusal(lambda: sweep.over_grid(dict, {"width": 1}, [2]), ["values of width", "int"]),
]

TABLES = [
    Refusal(lambda: tables.from_arrays(RAGGED, [0, 1]), ["X", "different lengths"]),
    Refusal(lambda: tables.from_arrays(HUGE, y), ["data", "'target'", "Values of input 0"]),
    Refusal(lambda: tables.from_frame(FRAME, "y\0"), ["target", [*"abcdy"], r"'y\x00'", "'y'?"]),
    Refusal(
        lambda: tables.from_frame(FRAME.assign(y=[[1, 2]] * 60), "y"), ["target", "'y'", "'[1, 2]'"]
    ),
    Refusal(
        lambda: tables.from_frame(FRAME.assign(y=[10**400 + i for i in range(60)]), "y"),
        ["target", "regression", "'y'", f"'1{'0' * 39}'"],
    ),
    Refusal(lambda: tables.from_frame(FRAME, "y", standardise="no"), ["standardise", "'no'"]),
    Refusal(lambda: tables.from_frame([1, 2], "y"), ["frame", "list"]),
    Refusal(lambda: tables.from_frame(FRAME[:49], "y"), ["data", "50 rows", "'y'", 49]),
    Refusal(
        lambda: tables.from_frame(FRAME[["y"]], "y"), ["data", "a column to learn from", "'y'"]
    ),
    Refusal(lambda: tables.from_frame(FRAME.set_axis(list("abcay"), axis=1), "y"), ["data", ["a"]]),
    Refusal(lambda: tables.from_frame(FRAME, "z"), ["target", [*"abcdy"], "'z'"]),
    Refusal(lambda: tables.from_frame(FRAME.assign(cost=1.0), "cots"), ["target", "'cost'?"]),
    Refusal(lambda: tables.from_frame(FRAME, "y", "ranking"), ["task", "'ranking'"]),
    Refusal(
        lambda: tables.from_frame(FRAME.assign(y="word"), "y", "regression"),
        ["target", "regression", "'y'", "'word'"],
    ),
    Refusal(
        lambda: tables.from_frame(FRAME.assign(y=2.5), "y", "regression"),
        ["target", "more than one value", "'y'"],
    ),
    Refusal(
        lambda: tables.from_frame(FRAME.assign(y="same"), "y"),
        ["target", "2 to 50 classes", "'y'", "1 of 1"],
    ),
    Refusal(
        lambda: tables.from_frame(FRAME.assign(y=[f"c{i // 3}" for i in range(60)]), "y"),
        ["target", "at least 10 rows", "'y'", "0 of 20"],
    ),
    Refusal(
        lambda: tables.from_frame(
            pd.DataFrame({"a": MANY, "y": [f"c{i % 60}" for i in MANY]}), "y"
        ),
        ["target", "2 to 50 classes", "'y'", "60 of 60"],
    ),
    Refusal(lambda: tables.from_arrays(ONES, ONES), ["X", (4,)]),
    Refusal(lambda: tables.resplit(FRAME, 0), ["table", "DataFrame"]),
    Refusal(lambda: tables.resplit(TABLE, 0, 1e-9), ["test_fraction", 1e-9, 60]),
    Refusal(lambda: experiments.run(None), ["table", "NoneType"]),
    Refusal(lambda: experiments.run(TABLE, 2), ["n_resplits", ">= 3", 2]),
    Refusal(lambda: experiments.run(TABLE, minutes=0), ["minutes", "(0, inf]", 0]),
    Refusal(lambda: experiments.error(EYE, EYE, "ranking"), ["task", "'regression'", "'ranking'"]),
    Refusal(lambda: experiments.error(EYE, EYE[:2], "regression"), ["Y", "4 rows", 2]),
    Refusal(lambda: experiments.error(EYE, EYE[:, :2], "regression"), ["Y", "4 columns", (4, 2)]),
    Refusal(lambda: experiments.error(ONES, EYE, "regression"), ["outputs", (4,)]),
    Refusal(lambda: experiments.dropout_readout(NAN, Y), ["Z", "NaN"]),
    Refusal(lambda: experiments.dropout_readout(X, Y[:9]), ["Y", "60 rows", 9]),
    Refusal(lambda: questions.answers(TABLE, RESULTS.astype(str)), ["results", "dtype"]),
    Refusal(lambda: questions.answers(FRAME, RESULTS), ["table", "DataFrame"]),
    Refusal(lambda: questions.answers(TABLE, FRAME), ["results", "'active fraction, 0.01'"]),
    Refusal(lambda: questions.answers(TABLE, RESULTS[:1]), ["samples", (1,)]),
    Refusal(lambda: questions.advice(TABLE, RESULTS * np.nan), ["results", "NaN"]),
]

EVIDENCE = [
    Refusal(lambda: intervals.estimate(["1", "2"]), ["samples", "<U1"]),
    Refusal(lambda: intervals.estimate({1: 2}), ["samples", "object"]),
    Refusal(lambda: intervals.estimate([0.0]), ["samples", (1,)]),
    Refusal(lambda: intervals.estimate(np.zeros((2, 2, 2))), ["samples", (2, 2, 2)]),
    Refusal(lambda: intervals.estimate(np.zeros((5, 1))), ["samples", (5, 1)]),
    Refusal(lambda: intervals.estimate([1.0, np.nan]), ["samples", "NaN"]),
    Refusal(lambda: intervals.estimate([1, 2], step=-1), ["step", -1]),
    Refusal(lambda: intervals.estimate([1, 2], pool_share=-0.1), ["pool_share", -0.1]),
    Refusal(lambda: intervals.estimate([1, 2], pool_share=np.inf), ["pool_share", "inf"]),
    Refusal(lambda: intervals.detectable([0.0]), ["samples", (1,)]),
    Refusal(lambda: intervals.detectable([1, 2], step="1"), ["step", "'1'"]),
    Refusal(lambda: intervals.detectable([1, 2], pool_share=np.nan), ["pool_share", "nan"]),
    Refusal(
        lambda: intervals.estimate([1, 2, 3]).word("more", 1),
        ["comparison", "'equivalent'", "'greater'", "'less'", "'more'"],
    ),
    Refusal(lambda: intervals.estimate([1, 2, 3]).p_value("equivalent", -1), ["threshold", -1]),
    Refusal(lambda: intervals.held_out_best([[1, 2], [3, 4]]), ["samples", (2, 2)]),
    Refusal(lambda: intervals.over_resplits([]), ["samples", (0,)]),
    Refusal(lambda: intervals.over_resplits([1, 2], step=np.inf), ["step", "inf"]),
    Refusal(lambda: intervals.over_resplits([1, 2], np.nan), ["test_share", "nan"]),
    Refusal(lambda: intervals.holm([0.1, 2]), ["p_values", [0.1, 2]]),
    Refusal(lambda: intervals.holm(0.1), ["p_values", 0.1]),
    Refusal(lambda: intervals.holm(["0.1"]), ["p_values", "<U3"]),
    Refusal(
        lambda: simulation.samples(FLIES, "mnist5k", "skewed", 0),
        ["kind", "'few images'", "'skewed'"],
    ),
    Refusal(lambda: simulation.samples(FLIES, "moon", "seeds", 0), ["data", "'mnist5k'", "'moon'"]),
    Refusal(
        lambda: simulation.power(FLIES, "mnist5k", "seeds", [1]),
        ["comparison", "'greater'", "'less'", "'equivalent'"],
    ),
    Refusal(lambda: simulation.power(BEATS, "mnist5k", "seeds", 6), ["distances", ()]),
    Refusal(lambda: simulation.power(BEATS, "mnist5k", "seeds", [np.nan]), ["distances", "NaN"]),
    Refusal(lambda: simulation.null_ledgers(0, 0), ["n_ledgers", 0]),
    Refusal(lambda: replay("../x", print, ["here"]), ["name", "'../x'"]),
    Refusal(lambda: replay("99-toy.x", print, ["../x"]), ["data", "'../x'"]),
    Refusal(lambda: replay("99-toy.x", print, None), ["data", "NoneType"]),
    Refusal(lambda: replay("99-toy.x", print, ["here"], 2), ["n_seeds", 3, 2]),
    Refusal(lambda: replay("99-toy.x", print, ["here"], 5, 6), ["n_seeds", 6, 5]),
    Refusal(lambda: replay("99-toy.x", print, ["here"], 5, 0), ["n_repeated", 1, 0]),
    Refusal(lambda: tuning.answers("forest", {}, DIGITS, 9, 0), ["model", "'ridge'", "'forest'"]),
    Refusal(lambda: tuning.matched_bandwidth("ridge", X), ["model", "'laplacian'", "'ridge'"]),
    Refusal(lambda: scorecard.verdicts("huge"), ["scale", "'paper'", "'huge'"]),
    Refusal(lambda: effects.matrix(3), ["edition", "[1, 2]", 3]),
    Refusal(lambda: VerdictTable("../x"), ["chapter", "'../x'"]),
]

THEORY = [
    Refusal(lambda: theory.hastie_risk(RAGGED, 1, 1), ["gamma", "different lengths"]),
    Refusal(lambda: theory.hastie_risk(0, 1, 1), ["gamma", 0]),
    Refusal(lambda: theory.hastie_risk([0.5, -1], 1, 1), ["gamma", [0.5, -1]]),
    Refusal(lambda: theory.hastie_risk(np.inf, 1, 1), ["gamma", "inf"]),
    Refusal(lambda: theory.hastie_risk("2", 1, 1), ["gamma", "<U1"]),
    Refusal(lambda: theory.hastie_risk(0.5, -1, 1), ["signal", -1]),
    Refusal(lambda: theory.hastie_risk(0.5, 1, np.nan), ["noise", "nan"]),
    Refusal(lambda: theory.mei_montanari_risk(0, 1, 1, 1), ["psi1", 0]),
    Refusal(lambda: theory.mei_montanari_risk(1, [np.nan], 1, 1), ["psi2", [np.nan]]),
    Refusal(lambda: risk(-1, 1), ["linear_signal", -1]),
    Refusal(lambda: risk(1, -1), ["noise", -1]),
    Refusal(lambda: risk(1, 1, -1), ["nonlinear_signal", -1]),
    Refusal(lambda: risk(1, 1, moments=(0, 1, 1)), ["moments", (0, 1, 1)]),
    Refusal(lambda: risk(1, 1, moments=(0, 0, 1)), ["moments", (0, 0, 1)]),
    Refusal(lambda: theory.arc_cosine_kernel(3.2, 0), ["angle", 3.2]),
    Refusal(lambda: theory.arc_cosine_kernel(1, 2), ["order", 2]),
    Refusal(lambda: theory.code_overlap(-0.1, 0.5), ["angle", -0.1]),
    Refusal(lambda: theory.code_overlap(1, 0), ["active_fraction", 0]),
    Refusal(lambda: theory.code_overlap(1, [0.5, 1.0]), ["active_fraction", [0.5, 1.0]]),
    Refusal(lambda: theory.gaussian_kernel(-1, 1), ["distance", -1]),
    Refusal(lambda: theory.gaussian_kernel(1, 0), ["bandwidth", 0]),
    Refusal(lambda: theory.laplacian_kernel(-1, 1), ["distance", -1]),
    Refusal(lambda: theory.laplacian_kernel(1, 0), ["bandwidth", 0]),
    Refusal(lambda: theory.relu_kernel(4), ["angle", 4]),
    Refusal(lambda: theory.winners_kernel(4, 0.1), ["angle", 4]),
    Refusal(lambda: theory.winners_kernel(1, 1.5), ["active_fraction", "(0, 1)", 1.5]),
    Refusal(lambda: theory.winners_kernel(1, 1), ["active_fraction", "(0, 1)", 1]),
    Refusal(lambda: theory.winners_kernel(1, 0.1, values=1), ["values", 1]),
    Refusal(lambda: theory.block_kernel(4, 10), ["angle", 4]),
    Refusal(lambda: theory.block_kernel(1, 101), ["block_size", 101]),
    Refusal(lambda: theory.block_kernel(1, 1), ["block_size", 2, 1]),
    Refusal(lambda: theory.block_kernel(1, 2, values=None), ["values", None]),
    Refusal(lambda: theory.angles([[0.0, 0.0]]), ["X", "positive finite length", "0 in row 0"]),
    Refusal(lambda: theory.angles(X, HUGE), ["Z", "positive finite length", "inf in row 0"]),
    Refusal(lambda: theory.angles(NAN), ["X", "NaN"]),
    Refusal(lambda: theory.distances([[0.0]], [[0.0, 1.0]]), ["Z", "1 columns"]),
    Refusal(lambda: theory.distances(HUGE), ["squares of X", "infinity"]),
    Refusal(lambda: theory.nearest_similarity([[1.0]]), ["K", "two rows", (1, 1)]),
    Refusal(lambda: theory.nearest_similarity(-EYE), ["K", "positive diagonal", -1]),
    Refusal(lambda: theory.matched_bandwidth(theory.gaussian_kernel, [], 0.5), ["similarity", 0.5]),
    Refusal(lambda: theory.matched_bandwidth(theory.gaussian_kernel, [-1], 1), ["distances", [-1]]),
    Refusal(lambda: theory.nearest_similarity([[1.0, 0.0]]), ["K", (1, 2)]),
    Refusal(lambda: theory.nearest_similarity([[0.0]]), ["K", (1, 1)]),
    Refusal(lambda: theory.matched_bandwidth(theory.laplacian_kernel, [1.0], 2), ["similarity", 2]),
    Refusal(
        lambda: theory.matched_bandwidth(theory.laplacian_kernel, [0.0], 0.5),
        ["similarity", 0.5],
    ),
    Refusal(lambda: of_code(sparsifier="threshold"), ["sparsifier of encoder", "'threshold'"]),
    Refusal(lambda: of_code(law="sphere"), ["law of encoder", "'gaussian'", "'sphere'"]),
    Refusal(lambda: of_code(law="cauchy"), ["law of encoder", "'gaussian'", "'cauchy'"]),
    Refusal(
        lambda: of_code(law="sign", sparsifier="cosine"), ["law of encoder", "'cauchy'", "'sign'"]
    ),
    Refusal(lambda: of_code(bias=0.5), ["bias of encoder", 0, 0.5]),
    Refusal(lambda: of_code(n_active=40), ["active_fraction", "(0, 1)", 1.0]),
    Refusal(lambda: theory.of_code(blocks, X), ["ExpandSparsify", "fit"]),
    Refusal(lambda: theory.of_code(None, X), ["encoder", "ExpandSparsify", "NoneType"]),
    Refusal(lambda: theory.of_code(ENCODER, X[:, :3]), ["X", 4, (60, 3)]),
    Refusal(lambda: theory.of_code(ENCODER, X, X[:, :3]), ["Z", 4, (60, 3)]),
    Refusal(lambda: theory.of_code(ENCODER, ENCODER.mean_[None]), ["X", "length", "0 in row 0"]),
    Refusal(lambda: theory.mei_montanari_risk(1, 2, 1, 1, moments=(1, 2)), ["moments", (1, 2)]),
    Refusal(
        lambda: theory.mei_montanari_risk(1, 2, 1, 1, moments=(0, 1, np.inf)),
        ["moments", (0, 1, np.inf)],
    ),
]

SHOW = [
    Refusal(lambda: plots.curve(None, [1, 2], [[1, 2, 3]]), ["samples", 2, (1, 3)]),
    Refusal(lambda: plots.curve(None, [1, 2], [[1, 2]], model="mpl"), ["model", "'mlp'", "'mpl'"]),
    Refusal(lambda: plots.percent_axis(None, "z"), ["axis", "'x'", "'y'", "'z'"]),
    Refusal(lambda: plots.images([None, None], X, (2, 2)), ["rows", 2, 60]),
    Refusal(lambda: explore(), ["number of grids", 0]),
    Refusal(lambda: explore(a=[1], b=[1], c=[1]), ["number of grids", 3]),
    Refusal(lambda: explore(width=[]), ["values of width", []]),
    Refusal(lambda: explore(width=3), ["values of width", "int"]),
    Refusal(lambda: explore(width=[1], figsize=(0, 1)), ["figsize", 0]),
    Refusal(lambda: explore(width=[1], start=[1]), ["start", "list"]),
    Refusal(lambda: explore(width=[1, 2], start={"width": 3}), ["start of width", [1, 2], 3]),
    Refusal(lambda: explore(width=[1], start={"witdh": 1}), ["start", ["width"], "'witdh'"]),
    Refusal(lambda: explore(width=[1], between=["depth"]), ["between", ["width"], "'depth'"]),
    Refusal(
        lambda: explore(width=["low", "high"], between=["width"]),
        ["between", "width", ["low", "high"]],
    ),
    Refusal(lambda: explore(width=[1], caption=" "), ["caption", "' '"]),
    Refusal(lambda: explore(width=[1], alt="a frame"), ["alt", "'a frame'"]),
    Refusal(lambda: explore(width=[1, 2], alt=lambda width: " " * width), ["alt", "' '", (1,)]),
    Refusal(lambda: explore(width=[1, 2], alt=lambda width: "same"), ["alt", "'same'", (1,), (2,)]),
    Refusal(
        lambda: sliders.explore(noise, caption="c", alt=lambda **of: str(of), seed=[0]),
        ["draw", "60000 bytes"],
    ),
    Refusal(
        lambda: sliders.explore(
            noise, caption="c", alt=lambda **of: str(of), figsize=(2.8, 2.8), seed=range(24)
        ),
        ["draw", "1200000 bytes"],
    ),
    Refusal(lambda: sliders.explore(None, caption="c", alt=str, width=[1]), ["draw", "NoneType"]),
    Refusal(lambda: sliders.explore(print, caption=3, alt=str, width=[1]), ["caption", "int"]),
    Refusal(
        lambda: sliders.explore(lambda ax, a: None, caption="c", alt=lambda a: 3, a=[1]),
        ["alt", "int"],
    ),
]

REFUSALS = [*LAYER, *READOUT, *NETWORKS, *DATA, *TABLES, *EVIDENCE, *THEORY, *SHOW]


@pytest.mark.parametrize("row", REFUSALS, ids=str)
def test_is_refused_by_name_and_touches_nothing(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with refused(row.named, tmp_path, INPUTS, row.error):
        row.call()


@pytest.mark.parametrize(
    ("message", "named", "missing"),
    [
        ("k must be at most 4, got 5", ["k", 4, 5], []),
        ("got 5 for k, which must be at most 4.", ["k", 4, 5], []),
        ("rank must be 4.5 or 44", ["k", 4, 5], ["k", 4, 5]),
        ("law must be 'fly', got '4'", ["law", "fly", "'4'"], []),
        ("H must have shape (4,), got (3,)", ["H", (4,), (13,)], [(13,)]),
    ],
)
def test_names_and_values_are_found_as_whole_words_only(message, named, missing):
    assert lacking(message, named) == missing

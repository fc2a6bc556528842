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
    claims,
    data,
    experiments,
    intervals,
    layer,
    mlp,
    model_family,
    plots,
    questions,
    readout,
    scorecard,
    simulation,
    sliders,
    sweep,
    tables,
    theory,
    tickets,
    training,
)
from tests.helpers.networks import matrices, small_net
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
WIDE, FLY = np.ones((2, 200)), layer.projection(3, 200, "fly", random_state=0)
DRAW = np.random.default_rng(1)

LEDGER = claims.load_claims()
FLIES, BEATS = LEDGER["primitive.fly"], LEDGER["tickets.beat-random"]

NET, DEEPER = mlp.initial_mlp(4, (5,), 2), small_net()
MASKS, MORE = tickets.full_masks(NET), tickets.full_masks(DEEPER)
HALF = [0.5] * 3
NARROW, NO_MASK = torch.ones(1, 3), torch.ones(0, 3, dtype=torch.bool)

FRAME = pd.DataFrame(X, columns=list("abcd")).assign(y=y)
TABLE = tables.from_frame(FRAME, "y")
RESULTS = pd.DataFrame(0.1, index=range(3), columns=sorted(questions._READ))

INPUTS = [X, Y, y, SINGLE, NAN, HUGE, WORDS, COMPLEX, RAGGED, BITS, TORN, WIDE, FLY, DRAW]
INPUTS += [FRAME, RESULTS, TABLE.X, TABLE.y]
INPUTS += [[values.detach().numpy() for values in NET.parameters()]]
INPUTS += [[values.numpy() for values in matrices(DEEPER)]]

path = partial(readout.minimum_norm_path, X, Y, X)
fit = partial(training.fit, NET)
explore = partial(sliders.explore, lambda ax, **values: None, caption="c", alt=str)


def codes_in_batches(*arguments):
    """Read all batches of an encoder's codes: a generator checks nothing before it is read."""
    return list(ExpandSparsify(10).fit(X).iter_transform(*arguments))


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
    Refusal(lambda: layer.projection(3, 4, "cauchy"), ["law", "'data'", "'cauchy'"]),
    Refusal(lambda: layer.projection(3, 4, "fly", fan_in=5), ["fan_in", 4, 5]),
    Refusal(lambda: layer.projection(5, 4, "rotation"), ["n_expanded", 4, 5]),
    Refusal(lambda: layer.projection(3, 4, "none"), ["n_expanded", 4, 3]),
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
    Refusal(lambda: ExpandSparsify(10, law="cauchy").fit(X), ["law", "'data'", "'cauchy'"]),
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
    Refusal(lambda: codes_in_batches(None), ["X", "NoneType"]),
    Refusal(lambda: codes_in_batches(WIDE), ["X", 200, 4]),
    Refusal(lambda: codes_in_batches(X, 0), ["batch_size", 0]),
    Refusal(lambda: model_family(4, 10, 2, random_state=None), ["random_state", None]),
    Refusal(lambda: model_family(0, 10, 2), ["n_inputs", 0]),
    Refusal(lambda: model_family(4, 0, 2), ["n_expanded", 0]),
    Refusal(lambda: model_family(4, 10, 11), ["n_active", 10, 11]),
]

READOUT = [
    Refusal(lambda: readout.ridge(X, Y, "1"), ["penalty", "'1'"]),
    Refusal(lambda: readout.ridge(X, Y, [1, 2]), ["penalty", [1, 2]]),
    Refusal(lambda: readout.ridge(HUGE, Y, 1), ["products of Z", "infinity"]),
    Refusal(lambda: readout.ridge(TORN, Y, 1), ["Z", OUTSIDE]),
    Refusal(lambda: readout.ridge(X, [[1], [2, 3]], 1), ["Y", "different lengths"]),
    Refusal(lambda: readout.ridge(X, Y, 1).predict(NAN), ["Z", "NaN"]),
    Refusal(lambda: readout.ridge_path(X, Y, [[1, 2], [3, 4]]), ["penalties", [[1, 2], [3, 4]]]),
    Refusal(lambda: readout.ridge_path(X, Y, {"penalty": 1}), ["penalties", "object"]),
    Refusal(lambda: readout.tuned_ridge(NAN, Y), ["Z", "NaN"]),
    Refusal(lambda: readout.tuned_ridge(X, WORDS), ["Y", "<U32"]),
    Refusal(lambda: readout.tuned_ridge(X[:4], Y[:4]), ["samples in Z", 5, 4]),
    Refusal(lambda: readout.tuned_ridge(X, Y, [-1]), ["relative_penalties", [-1]]),
    Refusal(lambda: readout.tuned_ridge(X, Y, random_state=None), ["random_state", None]),
    Refusal(lambda: readout.tuned_ridge(X, Y, random_state=2**32), ["random_state", 2**32]),
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
    Refusal(lambda: readout.ridge_stream([(HUGE, Y)], 1.0), ["products of Z", "infinity"]),
    Refusal(lambda: readout.ridge_wide(TORN, Y, 1.0), ["Z", OUTSIDE]),
    Refusal(lambda: readout.ridge_wide(X, Y, 1.0), ["Z", "zeros and ones", float(X[0, 0])]),
    Refusal(lambda: readout.minimum_norm(HUGE.T, Y[:4]), ["products of Z", "infinity"]),
    Refusal(lambda: path(np.array([3, 2], np.uint8)), ["widths", [3, 2]]),
    Refusal(lambda: path([10**30]), ["widths", "object"]),
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

NETWORKS = [
    Refusal(lambda: mlp.initial_mlp(10**18, (5,), 2), ["n_inputs", 10**18]),
    Refusal(lambda: mlp.logits(NET, HUGE), ["X", "float32", "infinity"]),
    Refusal(lambda: mlp.hidden_activity(None, X), ["model", None]),
    Refusal(lambda: mlp.Winners(5)(NARROW), ["k", 3, 5]),
    Refusal(lambda: mlp.Dropout(0.5, None), ["generator", "NoneType"]),
    Refusal(lambda: fit(HUGE, y), ["X", "float32", "infinity"]),
    Refusal(lambda: fit(X, HUGE[:, :2]), ["y", "float32", "infinity"]),
    Refusal(lambda: fit(X, y, decay=1), ["decay", 1]),
    Refusal(lambda: training.train_mlp(X, np.full(60, 10**15)), ["n_classes", 10**15 + 1]),
    Refusal(
        lambda: tickets.masked(DEEPER, [MORE[0].T, *MORE[1:]]),
        ["masks", [(20, 5), (10, 20), (3, 10)], (5, 20)],
    ),
    Refusal(lambda: tickets.kept_fraction([NO_MASK]), ["masks", (0, 3)]),
    Refusal(lambda: tickets.kept_fraction([MORE[0], "all"]), ["masks", (20, 5), "str"]),
    Refusal(lambda: tickets.random_masks(7, 0), ["masks", 7]),
    Refusal(lambda: tickets.prune(NET, MASKS, [0.5, np.nan]), ["fractions", "nan"]),
    Refusal(lambda: tickets.prune(DEEPER, MORE, [0.5]), ["fractions", 3, [0.5]]),
    Refusal(
        lambda: next(tickets.iterative_pruning(NET, None, [0.5, 0.5], 1)), ["train", "NoneType"]
    ),
    Refusal(
        lambda: list(tickets.iterative_pruning(DEEPER, revive, HALF, 1)),
        ["train", "masked weights", "Linear(in_features=5, out_features=20, bias=True)"],
    ),
]

DATA = [
    Refusal(lambda: data.subsample(FRAME, 10, 0), ["split", "DataFrame"]),
    Refusal(lambda: data.corrupt_labels(RAGGED, 0.5, 0), ["y", "different lengths"]),
    Refusal(lambda: data.corrupt_labels([0, 1], 0.5, 0, n_classes=10**20), ["n_classes", 10**20]),
    Refusal(lambda: data.one_hot({0, 1}, 3), ["y", "object"]),
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
    Refusal(lambda: tables.resplit(FRAME, 0), ["table", "DataFrame"]),
    Refusal(lambda: tables.resplit(TABLE, 0, 1e-9), ["test_fraction", 1e-9, 60]),
    Refusal(lambda: experiments.run(None), ["table", "NoneType"]),
    Refusal(lambda: questions.answers(TABLE, RESULTS.astype(str)), ["results", "dtype"]),
    Refusal(lambda: questions.answers(FRAME, RESULTS), ["table", "DataFrame"]),
    Refusal(lambda: questions.answers(TABLE, FRAME), ["results", "dropout", "layer"]),
    Refusal(lambda: questions.answers(TABLE, RESULTS[:1]), ["samples", (1,)]),
    Refusal(lambda: questions.advice(TABLE, RESULTS * np.nan), ["results", "NaN"]),
]

EVIDENCE = [
    Refusal(lambda: intervals.estimate(["1", "2"]), ["samples", "<U1"]),
    Refusal(lambda: intervals.estimate({1: 2}), ["samples", "object"]),
    Refusal(lambda: intervals.estimate([1, 2], step=-1), ["step", -1]),
    Refusal(
        lambda: intervals.estimate([1, 2, 3]).word("more", 1),
        ["comparison", "'equivalent'", "'greater'", "'less'", "'more'"],
    ),
    Refusal(lambda: intervals.estimate([1, 2, 3]).p_value("equivalent", -1), ["threshold", -1]),
    Refusal(lambda: intervals.held_out_best([[1, 2], [3, 4]]), ["samples", (2, 2)]),
    Refusal(lambda: intervals.over_resplits([]), ["samples", (0,)]),
    Refusal(lambda: intervals.over_resplits([1, 2], step=np.inf), ["step", "inf"]),
    Refusal(lambda: intervals.over_resplits([1, 2], np.nan), ["test_share", "nan"]),
    Refusal(lambda: scorecard.holm([0.1, 2]), ["p_values", [0.1, 2]]),
    Refusal(lambda: scorecard.holm(0.1), ["p_values", 0.1]),
    Refusal(lambda: scorecard.holm(["0.1"]), ["p_values", "<U3"]),
    Refusal(
        lambda: simulation.samples(FLIES, "digits", "skewed", 0),
        ["kind", "'few images'", "'skewed'"],
    ),
    Refusal(lambda: simulation.samples(FLIES, "moon", "seeds", 0), ["data", "'digits'", "'moon'"]),
    Refusal(
        lambda: simulation.power(FLIES, "digits", "seeds", [1]),
        ["comparison", "'greater'", "'less'", "'equivalent'"],
    ),
    Refusal(lambda: simulation.power(BEATS, "digits", "seeds", 6), ["distances", ()]),
    Refusal(lambda: simulation.power(BEATS, "digits", "seeds", [np.nan]), ["distances", "NaN"]),
    Refusal(lambda: simulation.null_ledgers(0, 0), ["n_ledgers", 0]),
]

THEORY = [
    Refusal(lambda: theory.hastie_risk(RAGGED, 1, 1), ["gamma", "different lengths"]),
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
    Refusal(lambda: explore(width=[]), ["values of width", []]),
    Refusal(lambda: explore(width=3), ["values of width", "int"]),
    Refusal(lambda: explore(width=[1], figsize=(0, 1)), ["figsize", 0]),
    Refusal(lambda: explore(width=[1], start=[1]), ["start", "list"]),
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

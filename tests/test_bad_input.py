"""One table for the whole package: what is called, and what the refusal says.

Each says which argument is meant, what is allowed and what it got, in one line; see `untouched`
for what may not happen besides. In the table "..." stands for anything.
"""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch

import esutils
from esutils import claims, layer, mlp, questions, readout, sliders, tables, tickets, training
from tests.helpers.untouched import PUBLIC, refused, rows

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4))
Y, y = X[:, 0].copy(), np.arange(60) % 2
NAN, HUGE = np.where(X == X.max(), np.nan, X), 1e200 * X
WORDS, COMPLEX, DEEP = X.astype(str), 1j * X, X[None]
RAGGED = [[1.0], [2.0, 3.0]]
BITS = sp.csr_matrix(X > 0, dtype=float)
TORN = BITS.copy()
TORN.indices[0] = 10**6
WIDE, FLY = np.ones((2, 200)), layer.projection(3, 200, "fly", random_state=0)
FLIES, BEATS = map(claims.load_claims().get, ("primitive.fly", "tickets.beat-random"))
NET = mlp.initial_mlp(4, (5,), 2)
MASKS = tickets.full_masks(NET)
FRAME = pd.DataFrame(X, columns=list("abcd")).assign(y=y)
TABLE = tables.from_frame(FRAME, "y")
RESULTS = pd.DataFrame(0.1, index=range(3), columns=sorted(questions._READ))
NARROW, NO_MASK = torch.ones(1, 3), torch.ones(0, 3, dtype=torch.bool)
DRAW = np.random.default_rng(1)
INPUTS = [X, Y, y, NAN, HUGE, WORDS, COMPLEX, RAGGED, BITS, TORN, WIDE, FLY, FRAME, RESULTS, DRAW]
INPUTS += [TABLE.X, TABLE.y, [values.detach().numpy() for values in NET.parameters()]]

Encoder, Classifier = esutils.ExpandSparsify, esutils.ExpandSparsifyClassifier
project, iterative_pruning = layer.project, tickets.iterative_pruning
fit, path = partial(training.fit, NET), partial(readout.minimum_norm_path, X, Y, X)
explore = partial(sliders.explore, lambda ax, **values: None, caption="c", alt=str)

REFUSALS = r"""
layer.projection(10**18, 4)
    n_expanded must be a whole number in [1, 2147483647], got 1000000000000000000
layer.projection(True, 4)
    n_expanded must be a whole number in [1, 2147483647], got True
layer.projection(3, "4")
    n_inputs must be a whole number in [1, 2147483647], got '4'
layer.projection(3, 4, ["fly"])
    law must be one of ['data', 'fly', ...], got ['fly']
layer.projection(3, 4, random_state=True)
    random_state must be a whole number >= 0, a numpy Generator or None, got True
layer.projection(3, 4, random_state="0")
    random_state must be a whole number >= 0, a numpy Generator or None, got '0'
layer.projection(3, 4, dtype="U3")
    dtype must be float32 or float64, got 'U3'
layer.projection(3, 4, "data", data=HUGE, random_state=DRAW)
    data must have rows of positive finite length for law='data'
layer.projection(3, 4, "data", data=RAGGED)
    data must be an array, got rows of different lengths
project(X, FLY)
    X must have 200 columns, got shape (60, 4)
project(np.full((2, 200), None), FLY)
    X must hold real numbers, got dtype object
project(WIDE[0], FLY)
    X must be two-dimensional and not empty, got shape (200,)
project(TORN, layer.projection(3, 4))
    X must be a sound CSR matrix: indices must be < 4
project(WIDE, FLY, out=X)
    out must be an array of shape (2, 3) that takes float64, got shape (60, 4) and dtype float64
project(WIDE, FLY, out=np.zeros((2, 3), int))
    out must be an array of shape (2, 3) that takes float64, got shape (2, 3) and dtype int64
layer.winners(X, 10**18)
    n_active must be a whole number in [1, 4], got 1000000000000000000
layer.winners(DEEP, 1)
    H must be two-dimensional and not empty, got shape (1, 60, 4)
layer.winners([["a", "\ud800"]], 1)
    H must hold real numbers, got dtype <U1
layer.unit_thresholds(X, "0.5")
    sparsity must be a finite number in (0, 1], got '0.5'
layer.relu(X, out=[])
    out must be an array of shape (60, 4) that takes float64, got list
layer.cosine(X, [0, 0, 0, np.nan])
    phase must be finite, got NaN or infinity
layer.cosine(X, COMPLEX[0])
    phase must hold real numbers, got dtype complex128
Encoder(10, binary="no").fit(X)
    binary must be True or False, got 'no'
Encoder(10, sparse_output=1).fit(X)
    sparse_output must be True or False, got 1
Encoder(10, random_state=1.5).fit(X)
    random_state must be a whole number >= 0, a numpy Generator or None, got 1.5
Encoder(70, sparsifier="block").fit(X)
    n_active must divide n_expanded=70 for sparsifier='block', got 4
Encoder(10, n_active=0).fit(X)
    n_active must be a whole number in [1, 10], got 0
Encoder(10).fit(HUGE)
    squares of X must be finite, got NaN or infinity
list(Encoder(10).fit(X).iter_transform(None))
    X must be an array, a CSR matrix or an iterable of them, got NoneType
list(Encoder(10).fit(X).iter_transform(WIDE))
    X has 200 features, but ExpandSparsify is expecting 4 features as input.
model_family(4, 10, 2, random_state=None)
    random_state must be a whole number >= 0, got None
readout.ridge(X, Y, "1")
    penalty must be a finite number in (0, inf], got '1'
readout.ridge(X, Y, [1, 2])
    penalty must be a finite number in (0, inf], got [1, 2]
readout.ridge_path(X, Y, [[1, 2], [3, 4]])
    penalties must be positive and finite, got [[1, 2], [3, 4]]
readout.ridge_path(X, Y, {"penalty": 1})
    penalties must hold real numbers, got dtype object
readout.ridge(HUGE, Y, 1)
    products of Z must be finite, got NaN or infinity
readout.ridge(TORN, Y, 1)
    Z must be a sound CSR matrix: indices must be < 4
readout.ridge(X, [[1], [2, 3]], 1)
    Y must be an array, got rows of different lengths
readout.tuned_ridge(X, Y, [-1])
    relative_penalties must be positive and finite, got [-1]
readout.tuned_ridge(X, Y, random_state=None)
    random_state must be a whole number in [0, 4294967295], got None
readout.loo_ridge(HUGE, Y)
    products of Z must be finite, got NaN or infinity
readout.loo_ridge(X, Y, [])
    relative_penalties must be positive and finite, got []
readout.ridge(X, Y, 1).predict(NAN)
    Z must be finite, got NaN or infinity
Classifier(10, relative_penalties=[0.0]).fit(X, y)
    relative_penalties must be positive and finite, got [0.0]
Classifier(10, random_state="x").fit(X, y)
    random_state must be a whole number >= 0, a numpy Generator or None, got 'x'
ExpandSparsifyRegressor(10).fit(X, WORDS)
    Y must hold real numbers, got dtype <U32
readout.ridge_stream(None, 1.0)
    batches must be an iterable, got NoneType
readout.ridge_stream([(X, Y), X], 1.0)
    batch 1 must be a pair (Z, Y), got ndarray
readout.ridge_stream([(HUGE, Y)], 1.0)
    products of Z must be finite, got NaN or infinity
readout.ridge_wide(TORN, Y, 1.0)
    Z must be a sound CSR matrix: indices must be < 4
readout.ridge_wide(X, Y, 1.0)
    Z must hold zeros and ones only, got ...
readout.minimum_norm(HUGE.T, Y[:4])
    products of Z must be finite, got NaN or infinity
path(np.array([3, 2], np.uint8))
    widths must increase from 1 or more, got [3, 2]
path([10**30])
    widths must hold real numbers, got dtype object
path([True])
    widths must be a non-empty sequence of whole numbers, got [True]
readout.width_path(Classifier(), X, Y, X, [2])
    encoder must be an ExpandSparsify, got ExpandSparsifyClassifier()
readout.width_path(Encoder("9"), X, Y, X, [2])
    n_expanded must be a whole number >= 1, got '9'
readout.width_path(Encoder(20, n_active=30), X, Y, X, [2])
    n_active must be a whole number in [1, 20], got 30
data.subsample(FRAME, 10, 0)
    split must be a Split, got DataFrame
data.corrupt_labels(RAGGED, 0.5, 0)
    y must be an array, got rows of different lengths
data.corrupt_labels([0, 1], 0.5, 0, n_classes=10**20)
    n_classes must be a whole number in [1, 9223372036854775807], got 100000000000000000000
data.one_hot({0, 1}, 3)
    y must hold real numbers, got dtype object
tables.from_arrays(RAGGED, [0, 1])
    X must be an array, got rows of different lengths
tables.from_arrays(HUGE, y)
    data must have a column to learn from besides 'target', none is left. Values of input 0 ...
tables.from_frame(FRAME, "y\0")
    target must be one of the columns ['a', 'b', 'c', 'd', 'y'], got 'y\x00'; did you mean 'y'?
tables.from_frame(FRAME.assign(y=[[1, 2]] * 60), "y")
    target must be numbers or words, 'y' holds '[1, 2]'
tables.from_frame(FRAME.assign(y=[10**400 + i for i in range(60)]), "y")
    target must be numbers for regression, 'y' holds '1000...'
tables.from_frame(FRAME, "y", standardise="no")
    standardise must be True or False, got 'no'
tables.resplit(FRAME, 0)
    table must be a Table, got DataFrame
tables.resplit(TABLE, 0, 1e-9)
    test_fraction must leave 2 rows for the test and as many for training, got 1e-09 of 60 rows
experiments.run(None)
    table must be a Table, got NoneType
questions.answers(TABLE, RESULTS.astype(str))
    results must hold real numbers, got dtype ...
questions.answers(FRAME, RESULTS)
    table must be a Table, got DataFrame
questions.answers(TABLE, FRAME)
    results must have the columns of experiments.run, lacks 'dropout, layer'
questions.answers(TABLE, RESULTS[:1])
    samples must have shape (n_resplits), all at least 2, got (1,)
questions.advice(TABLE, RESULTS * np.nan)
    results must be finite, got NaN or infinity
intervals.estimate(["1", "2"])
    samples must hold real numbers, got dtype <U1
intervals.estimate({1: 2})
    samples must hold real numbers, got dtype object
intervals.estimate([1, 2, 3]).word("more", 1)
    comparison must be one of ['equivalent', 'greater', 'less'], got 'more'
intervals.estimate([1, 2, 3]).p_value("equivalent", -1)
    threshold must be a finite number in [0, inf], got -1
intervals.estimate([1, 2], step=-1)
    step must be a finite number in [0, inf], got -1
intervals.over_resplits([1, 2], step=np.inf)
    step must be a finite number in [0, inf], got inf
scorecard.holm([0.1, 2])
    p_values must be a list of numbers in [0, 1], got [0.1, 2]
scorecard.holm(0.1)
    p_values must be a list of numbers in [0, 1], got 0.1
simulation.samples(FLIES, "digits", "skewed", 0)
    kind must be one of ['few images', ...], got 'skewed'
simulation.samples(FLIES, "moon", "seeds", 0)
    data must be one of ['digits', 'mnist5k'], got 'moon'
simulation.power(FLIES, "digits", "seeds", [1])
    comparison of claim must be one of ['greater', 'less'], got 'equivalent'
simulation.power(BEATS, "digits", "seeds", 6)
    distances must have shape (n_distances,), got ()
simulation.power(BEATS, "digits", "seeds", [np.nan])
    distances must be finite, got NaN or infinity
intervals.held_out_best([[1, 2], [3, 4]])
    samples must have shape (n_seeds, n_models, n_images), all at least 2, got (2, 2)
simulation.null_ledgers(0, 0)
    n_ledgers must be a whole number >= 1, got 0
intervals.over_resplits([])
    samples must have shape (n_resplits), all at least 2, got (0,)
intervals.over_resplits([1, 2], np.nan)
    test_share must be a finite number in [0, inf], got nan
theory.hastie_risk(RAGGED, 1, 1)
    gamma must be an array, got rows of different lengths
theory.mei_montanari_risk(1, 2, 1, 1, moments=(1, 2))
    moments must be (E s, E G s, E s^2) with ..., got (1, 2)
theory.mei_montanari_risk(1, 2, 1, 1, moments=(0, 1, np.inf))
    moments must hold finite numbers in [-inf, inf], got (0, 1, inf)
mlp.initial_mlp(10**18, (5,), 2)
    n_inputs must be a whole number in [1, 2147483647], got 1000000000000000000
mlp.logits(NET, HUGE)
    X in float32 must be finite, got NaN or infinity
mlp.hidden_activity(None, X)
    model must be a torch.nn.Sequential with Linear layers, got None
mlp.Winners(5)(NARROW)
    k must be a whole number in [1, 3], got 5
mlp.Dropout(0.5, None)
    generator must be a torch.Generator, got NoneType
fit(HUGE, y)
    X in float32 must be finite, got NaN or infinity
fit(X, HUGE[:, :2])
    y in float32 must be finite, got NaN or infinity
fit(X, y, decay=1)
    decay must be True or False, got 1
training.train_mlp(X, np.full(60, 10**15))
    n_classes must be a whole number in [2, 2147483647], got 1000000000000001
tickets.kept_fraction([NO_MASK])
    masks must be a list of bool matrices, got [((0, 3), torch.bool)]
tickets.prune(NET, MASKS, [0.5, np.nan])
    fractions must be a finite number in [0, 1], got nan
next(iterative_pruning(NET, None, [0.5, 0.5], 1))
    train must be a function of a network and masks, got NoneType
sweep.over_seeds(abs, 3)
    seeds must be a sequence, got int
sweep.over_seeds(None, [1])
    experiment must be a function, got NoneType
sweep.over_grid(dict, {"seed": [1]}, [2])
    names in grid must be strings, and none of them 'seed', got ['seed']
sweep.over_grid(dict, {"width": 1}, [2])
    values of width must be a sequence, got int
plots.curve(None, [1, 2], [[1, 2, 3]])
    samples must have 2 columns, one a point of x, got shape (1, 3)
plots.curve(None, [1, 2], [[1, 2]], model="mpl")
    model must be one of ['expand_dense', ...], got 'mpl'
plots.percent_axis(None, "z")
    axis must be one of ['x', 'y'], got 'z'
plots.images([None, None], X, (2, 2))
    rows must be 2, one an Axes, got 60
explore(width=[])
    values of width must be at least one, got []
explore(width=3)
    values of width must be a sequence, got int
explore(width=[1], figsize=(0, 1))
    figsize must be a finite number in [1, 20], got 0
explore(width=[1], start=[1])
    start must be a dict of values, got list
sliders.explore(None, caption="c", alt=str, width=[1])
    draw must be a function of an Axes and the values, got NoneType
sliders.explore(print, caption=3, alt=str, width=[1])
    caption must be a text, got int
sliders.explore(lambda ax, a: None, caption="c", alt=lambda a: 3, a=[1])
    what alt returns must be a text, got int
"""


@pytest.mark.parametrize(("before", "call", "message"), rows(REFUSALS))
def test_is_refused_in_words_and_touches_nothing(before, call, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with refused(message, tmp_path, INPUTS):
        exec(call, PUBLIC | globals())

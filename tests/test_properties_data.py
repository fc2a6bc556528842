"""Label noise, targets and subsamples: nothing is lost, doubled or out of order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from esutils import data
from tests.helpers.strategies import seeds

shares = st.floats(0, 1)


@st.composite
def labels(draw):
    """Labels of which each class has some, and the number of classes."""
    counts = draw(st.lists(st.integers(1, 30), min_size=1, max_size=5))
    y = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(draw(seeds)).permutation(y), len(counts)


@given(labels(), seeds, shares, shares)
def test_corruption_is_exact_and_nested(marked, seed, a, b):
    """Of a billion classes no draw hits the old label: every redrawn one is seen."""
    y, n_classes = marked
    less, more = (data.corrupt_labels(y, share, seed, 10**9) for share in sorted([a, b]))
    redrawn = less != y
    assert redrawn.sum() == round(min(a, b) * len(y))
    assert (more != y).sum() == round(max(a, b) * len(y))
    assert np.array_equal(more[redrawn], less[redrawn])
    few_classes = data.corrupt_labels(y, a, seed)
    assert few_classes.dtype == np.int64 and set(few_classes) <= set(range(n_classes))


@given(labels(), st.integers(0, 3))
def test_one_hot_is_undone_by_the_largest(marked, unseen):
    y, n_classes = marked
    Y = data.one_hot(y, n_classes + unseen)
    assert Y.shape == (len(y), n_classes + unseen) and Y.dtype == np.float64
    assert np.array_equal(Y.argmax(axis=1), y)
    assert set(np.unique(Y)) <= {0, 1} and (Y.sum(axis=1) == 1).all()


@given(labels(), seeds, st.data())
def test_subsamples_are_stratified_nested_and_of_the_samples(marked, seed, draws):
    y, n_classes = marked
    rows = np.arange(len(y))
    split = data.Split(rows[:, None], y, rows[:3, None], y[:3], "rows", None)
    n = draws.draw(st.integers(n_classes, len(y)))
    drawn, whole = (data.subsample(split, size, seed) for size in (n, len(y)))
    kept = drawn.X_train[:, 0]
    assert len(set(kept)) == len(kept) == n and np.array_equal(drawn.y_train, y[kept])
    assert np.array_equal(whole.X_train[:n, 0], kept)
    assert drawn.X_test is split.X_test and drawn.y_test is split.y_test and drawn.name == "rows"
    share = np.bincount(y) / len(y)  # what comes in by turns is half a sample off its turn
    gaps = np.bincount(drawn.y_train, minlength=n_classes) - n * share
    assert (np.abs(gaps) <= 0.5 + share * n_classes / 2 + 1e-9).all()

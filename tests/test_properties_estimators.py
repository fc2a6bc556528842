"""The estimators, whatever they learn from: order, form and units of samples do not matter."""

import numpy as np
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from esutils import ExpandSparsifyClassifier, ExpandSparsifyRegressor
from tests.helpers.strategies import dtypes, few, seeds

PENALTIES = {"relative_penalties": (0.01, 0.1, 1.0)}


@st.composite
def tasks(draw):
    """Samples to learn from, new ones, and labels of which each class has some."""
    rng, n_labels = np.random.default_rng(draw(seeds)), draw(st.integers(2, 4))
    y = rng.permutation(np.arange(30) % n_labels)
    X, X_new = rng.standard_normal((30, 4)), rng.standard_normal((7, 4))
    return X + y[:, None], y, X_new


@few
@given(tasks(), seeds)
def test_a_classifier_gives_chances_and_takes_any_names(task, seed):
    X, y, X_new = task
    model = ExpandSparsifyClassifier(30, random_state=seed, **PENALTIES).fit(X, y)
    chances, said = model.predict_proba(X_new), model.predict(X_new)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    assert (chances >= 0).all() and np.array_equal(chances.argmax(axis=1), said)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X_new)), chances, atol=1e-12)
    decided = model.decision_function(X_new)
    if y.max() == 1:
        assert np.array_equal(decided > 0, said == 1)
    else:
        assert np.array_equal(decided.argmax(axis=1), said)
    names = np.array(["d", "b", "c", "a"])[: y.max() + 1]  # in another order
    named = clone(model).fit(X, names[y])
    order = np.argsort(names)
    np.testing.assert_allclose(named.predict_proba(X_new), chances[:, order], atol=1e-6)
    assert set(named.classes_) == set(names)


@few
@given(tasks(), seeds, st.permutations(range(30)), dtypes)
def test_a_classifier_learns_the_same_from_samples_in_any_order_and_form(task, seed, order, dtype):
    X, y, X_new = task[0].astype(dtype), task[1], task[2].astype(dtype)
    model = ExpandSparsifyClassifier(30, random_state=seed, **PENALTIES).fit(X, y)
    outputs = model.decision_function(X_new)
    shuffled = clone(model).fit(X[order], y[order])
    stored = clone(model).fit(sp.csr_matrix(X), y)
    close = {"rtol": 0, "atol": 1e-3 if dtype == np.float32 else 1e-6}
    np.testing.assert_allclose(shuffled.decision_function(X_new), outputs, **close)
    np.testing.assert_allclose(stored.decision_function(sp.csr_matrix(X_new)), outputs, **close)


@few
@given(tasks(), seeds, st.floats(0.1, 9), st.floats(-9, 9))
def test_a_regressor_follows_the_unit_and_the_zero_of_its_targets(task, seed, unit, zero):
    X, y, X_new = task
    y = y + X[:, 0]
    model = ExpandSparsifyRegressor(30, random_state=seed, **PENALTIES).fit(X, y)
    other = clone(model).fit(X, unit * y + zero)
    both = clone(model).fit(X, np.column_stack([y, y]))
    said = model.predict(X_new)
    assert said.shape == (7,) and both.predict(X_new).shape == (7, 2)
    np.testing.assert_allclose(other.predict(X_new), unit * said + zero, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(both.predict(X_new), said[:, None].repeat(2, axis=1), atol=1e-6)

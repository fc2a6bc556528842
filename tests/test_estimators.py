"""The estimators keep scikit-learn's contract, and their leave-one-out is exact."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn import datasets
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from esutils.estimators import ExpandSparsifyClassifier, ExpandSparsifyRegressor

SMALL = {"n_expanded": 120, "random_state": 0}


@pytest.fixture(scope="module")
def digits():
    X, y = datasets.load_digits(return_X_y=True)
    return train_test_split(X, y, test_size=0.3, random_state=0, stratify=y)


@parametrize_with_checks(
    [ExpandSparsifyClassifier(**SMALL), ExpandSparsifyRegressor(**SMALL)]
    + [ExpandSparsifyClassifier(sparsifier=name, **SMALL) for name in ("cosine", "relu")]
)
def test_scikit_learns_contract(estimator, check):
    check(estimator)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_input_gives_what_dense_gives(digits, dtype):
    X, X_test, y, _ = digits
    models = [
        ExpandSparsifyClassifier(**SMALL).fit(kind(X.astype(dtype)), y)
        for kind in (np.asarray, sp.csr_matrix)
    ]
    dense, sparse = (model.decision_function(X_test.astype(dtype)) for model in models)
    np.testing.assert_allclose(dense, sparse, atol=1e-3)


def test_left_out_predictions_make_the_temperature(digits):
    """The chosen temperature has no larger log loss on new samples than much other ones."""
    X, X_test, y, y_test = digits
    model = ExpandSparsifyClassifier(random_state=0).fit(X, y)
    chosen = log_loss(y_test, model.predict_proba(X_test))
    for factor in (0.25, 4):
        other = clone(model).fit(X, y)
        other.temperature_ *= factor
        assert log_loss(y_test, other.predict_proba(X_test)) > chosen


def test_probabilities_agree_with_classes(digits):
    X, X_test, y, _ = digits
    model = ExpandSparsifyClassifier(**SMALL).fit(X, y)
    chances = model.predict_proba(X_test)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    np.testing.assert_allclose(np.log(chances), model.predict_log_proba(X_test), atol=1e-9)
    np.testing.assert_array_equal(model.classes_[chances.argmax(axis=1)], model.predict(X_test))


def test_two_classes_have_one_decision(digits):
    X, X_test, y, _ = digits
    model = ExpandSparsifyClassifier(**SMALL).fit(X, np.where(y > 4, "high", "low"))
    decision = model.decision_function(X_test)
    assert decision.shape == (len(X_test),)
    np.testing.assert_array_equal(model.predict(X_test) == "low", decision > 0)


def test_beats_a_linear_readout_on_digits(digits):
    X, X_test, y, y_test = digits
    linear = ExpandSparsifyClassifier(64, law="none", sparsifier="identity").fit(X, y)
    random = ExpandSparsifyClassifier(random_state=0).fit(X, y)
    assert random.score(X_test, y_test) > linear.score(X_test, y_test) + 0.02


def test_regression_keeps_the_shape_of_its_targets():
    X, y = datasets.load_diabetes(return_X_y=True)
    one = ExpandSparsifyRegressor(**SMALL).fit(X, y)
    two = ExpandSparsifyRegressor(**SMALL).fit(X, np.column_stack([y, -y]))
    assert one.predict(X[:7]).shape == (7,) and two.predict(X[:7]).shape == (7, 2)
    np.testing.assert_allclose(two.predict(X)[:, 0], -two.predict(X)[:, 1])
    np.testing.assert_allclose(two.predict(X)[:, 0], one.predict(X), rtol=1e-6)


def test_searches_pipelines_and_pickles(digits):
    X, X_test, y, y_test = digits
    pipeline = make_pipeline(StandardScaler(), ExpandSparsifyClassifier(**SMALL))
    grid = {"expandsparsifyclassifier__n_expanded": [20, 200]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(pd.DataFrame(X), y)
    assert search.best_params_ == {"expandsparsifyclassifier__n_expanded": 200}
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict(X_test), search.predict(X_test))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_expanded": 0}, "n_expanded must be a whole number >= 1, got 0"),
        ({"n_expanded": 10, "n_active": 11}, r"n_active must be a whole number in \[1, 10\]"),
        ({"sparsifier": "argmax"}, "sparsifier must be one of"),
        ({"law": "uniform"}, "law must be one of"),
        ({"bias": -1}, "bias must be a finite number"),
        ({"relative_penalties": []}, "penalties must be positive and finite, got"),
        ({"relative_penalties": [0.1, -1]}, "penalties must be positive and finite, got"),
    ],
)
def test_refuses(settings, message):
    X, y = datasets.load_iris(return_X_y=True)
    for kind in (ExpandSparsifyClassifier, ExpandSparsifyRegressor):
        with pytest.raises(ValueError, match=message):
            kind(**{"random_state": 0} | settings).fit(X, y)

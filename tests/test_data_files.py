"""MNIST and Fashion-MNIST are found, checked, downloaded, and refused if a file is bad."""

import gzip
import os
import runpy
import shutil
import zipfile

import numpy as np
import pooch
import pytest

from esutils import data
from tests.helpers.datafiles import (
    DATA_DIR,
    HTML,
    IMAGES,
    KEYS,
    LABELS,
    LOAD,
    TEST_IMAGES,
    TEST_LABELS,
    assert_holds,
    flip,
    idx,
    lay,
    offline,
    pack,
    rows,
    sha256,
)
from tests.helpers.serving import serve

DOWNLOAD = pooch.HTTPDownloader  # before a test takes the network away


@pytest.fixture(scope="module")
def real():
    """Return the bytes of the real files, by data set and key; all eight must be there."""
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
    """Return a folder for the test's files; the cache is empty, and there is no network."""
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache" / project)
    monkeypatch.setattr(pooch, "HTTPDownloader", offline)
    monkeypatch.delenv("ES_DATA_DIR", raising=False)
    yield tmp_path
    shutil.rmtree(tmp_path)  # pytest would keep it, and the real files are large


@pytest.fixture
def small(home, monkeypatch):
    """Make the loader take a tiny data set for MNIST; return the bytes of its files by key."""
    rng = np.random.default_rng(0)
    arrays = [rng.integers(256, size=(n, 28, 28)) for n in (7, 3)]
    contents = dict(
        zip(KEYS, map(idx, (arrays[0], range(7), arrays[1], range(3))), strict=True),
    )
    digests = {key: sha256(content) for key, content in contents.items()}
    monkeypatch.setitem(data.SHA256, "mnist", digests)
    return contents


@pytest.fixture(params=["tiny", "real"])
def mnist(request):
    """Return the bytes of the files by key: once of the tiny MNIST, once of the real one."""
    if request.param == "tiny":
        return request.getfixturevalue("small")
    return request.getfixturevalue("real")["mnist"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda c: b"\x01" + c[1:], "magic must be 0x00000803, got 0x01000803"),
        (lambda c: c[:2] + b"\x0d" + c[3:], "magic must be 0x00000803, got 0x00000d03"),  # floats
        (lambda c: idx([1, 2, 3] * 9), "magic must be 0x00000803, got 0x00000801"),  # labels
        (lambda c: c[:9], "header must have 16 bytes, got 9"),
        (lambda c: c[:-1], r"shape \(7, 28, 28\) must have 5488 bytes, got 5487"),
        (lambda c: c + b"\0", r"shape \(7, 28, 28\) must have 5488 bytes, got 5489"),
    ],
)
def test_a_file_that_is_no_idx_file_of_images_is_refused(home, small, monkeypatch, spoil, message):
    wrong = small | {IMAGES: spoil(small[IMAGES])}
    monkeypatch.setitem(data.SHA256["mnist"], IMAGES, sha256(wrong[IMAGES]))
    lay(home, wrong, compress=False)
    monkeypatch.setenv("ES_DATA_DIR", str(home))
    with pytest.raises(ValueError, match=message):
        data.load_mnist()


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
    assert str(path) in message and data.SHA256[name][key] in message and found in message


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
    with pytest.raises(ValueError, match=data.SHA256["fashion-mnist"]["train-images-idx3"]):
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
    assert message.count("no network") == len(data.MIRRORS[name]) == 2
    assert all(mirror in message for mirror in data.MIRRORS[name])
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
    monkeypatch.setitem(data.MIRRORS, "mnist", [f"{address}/{mirror.name}/" for mirror in folders])
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
    tried = str(failure.value).split("We tried:\n")[1].splitlines()
    for url, line in zip(data.MIRRORS["mnist"], tried, strict=True):
        assert line.startswith(f"{url}{IMAGES}-ubyte.gz: ")
        assert data.SHA256["mnist"][IMAGES] in line and found(mnist) in line
    assert not list((home / "cache/esutils/mnist").iterdir())


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


@pytest.mark.parametrize("full", ["fashion-mnist"], indirect=True)
def test_fashion10k_is_part_of_fashion_mnist(full):
    split = data.load_fashion10k()
    for part in ("train", "test"):
        X, y = getattr(full, f"X_{part}"), getattr(full, f"y_{part}")
        labels = {x.tobytes(): label for x, label in zip(X, y, strict=True)}
        drawn, drawn_labels = getattr(split, f"X_{part}"), getattr(split, f"y_{part}")
        assert len(labels) == len(y)  # no image is there twice
        assert [labels.get(x.tobytes()) for x in drawn] == drawn_labels.tolist()


def test_the_script_draws_fashion10k_again(real, tmp_path, monkeypatch):
    """Another zlib may compress otherwise, so compare what is in the files."""
    shipped = data.FASHION10K
    monkeypatch.setattr(data, "FASHION10K", tmp_path / "fashion10k.npz")
    monkeypatch.setattr(pooch, "HTTPDownloader", offline)
    runpy.run_module("tools.fashion10k", run_name="__main__")
    with zipfile.ZipFile(shipped) as old, zipfile.ZipFile(data.FASHION10K) as new:
        assert old.namelist() == new.namelist()
        assert all(old.read(name) == new.read(name) for name in old.namelist())


@pytest.mark.parametrize("full", ["mnist"], indirect=True)
def test_mnist5k_is_part_of_mnists_training_images(full, mnist5k):
    labels = {x.tobytes(): y for x, y in zip(full.X_train, full.y_train, strict=True)}
    assert len(labels) == 60000  # no image is there twice
    for X, y in ((mnist5k.X_train, mnist5k.y_train), (mnist5k.X_test, mnist5k.y_test)):
        assert [labels.get(x.tobytes()) for x in X] == y.tolist()
        assert not rows(X) & rows(full.X_test)

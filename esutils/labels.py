"""Class labels: spoilt at random, and turned into targets. Public as a part of `esutils.data`."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from esutils.common.checks import check_array, check_int, check_number


def corrupt_labels(
    y: ArrayLike, fraction: float, random_state: int, n_classes: int | None = None
) -> NDArray[np.int64]:
    """Replace a fraction of the labels by labels drawn uniformly from all classes.

    Exactly ``round(fraction * n_samples)`` labels, chosen at random without replacement, are
    redrawn. The draw may hit the old label, so that about 1 in ``n_classes`` redrawn labels stays
    right by chance. Nested: for the same ``random_state``, what is redrawn at 10% is redrawn, with
    the same result, at 20%.

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
        If ``y`` holds anything but integers in range, or another argument is out of range.

    References
    ----------
    Zhang, Bengio, Hardt, Recht and Vinyals (2017), Understanding deep learning requires rethinking
    generalization, ICLR, section 2.1 ("partially corrupted labels").

    Notes
    -----
    Chapter: 07-random-labels.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import data
    >>> y = np.arange(1000) % 10
    >>> noisy = data.corrupt_labels(y, 0.2, random_state=0)  # redraws 200, some to what they were
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
    """Turn labels into regression targets: 1 in the label's column, 0 elsewhere.

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
        If ``y`` holds anything but integers in range, or ``n_classes`` is not a whole number >= 1.

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


def _check_labels(y, n_classes):
    """Return labels as int64 and the number of classes, ``max(y) + 1`` if None."""
    y = check_array("y", y)
    if y.ndim != 1 or not len(y) or y.dtype.kind not in "iu":
        raise ValueError(
            "y must be a vector of integers, one a sample, and not empty, "
            f"got dtype {y.dtype} and shape {y.shape}"
        )
    n_classes = int(y.max()) + 1 if n_classes is None else n_classes
    check_int("n_classes", n_classes, high=2**63 - 1)
    wrong = y[(y < 0) | (y >= n_classes)]
    if len(wrong):
        raise ValueError(f"y must hold integers in [0, {n_classes}), got {wrong[0]}")
    return y.astype(np.int64, copy=False), n_classes

"""Two scales for every chapter: quick, for a laptop and the tests, and the literature's.

The environment variable ``ES_SCALE`` chooses: "paper" is the literature's scale, and "quick" is the
one that you get if it is unset or empty.
"""

import os
from typing import TypeVar

from esutils import data
from esutils.common.checks import check_choice

_Value = TypeVar("_Value")
SETS = {"quick": ("mnist5k", "fashion10k"), "paper": ("mnist", "fashion-mnist")}
NAMES = {
    "mnist5k": "MNIST-5k",
    "fashion10k": "Fashion-10k",
    "digits": "digits",
    "mnist": "MNIST",
    "fashion-mnist": "Fashion-MNIST",
}
# The last pair is the first edition's.
_FULL = {"mnist5k": "mnist", "fashion10k": "fashion-mnist", "digits": "fashion-mnist"}
POOL_SIZES = {"mnist5k": 3000, "fashion10k": 8000, "mnist": 60_000, "fashion-mnist": 60_000}
_SIDES = {name: 8 if name == "digits" else 28 for name in NAMES}  # of an image, in pixels
TITLES = {name: f"{short}, {_SIDES[name]} × {_SIDES[name]} pixels" for name, short in NAMES.items()}
LOADERS = {
    "mnist5k": data.load_mnist5k,
    "fashion10k": data.load_fashion10k,
    "mnist": data.load_mnist,
    "fashion-mnist": data.load_fashion_mnist,
}


def current() -> str:
    """Return the scale at which the book runs.

    Returns
    -------
    {"quick", "paper"}

    Raises
    ------
    ValueError
        If the environment variable ``ES_SCALE`` is neither "quick" nor "paper" nor empty.

    Notes
    -----
    Chapter: reference-figures.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> from esutils import scale
    >>> with patch.dict("os.environ", ES_SCALE=""):  # what the shell sets
    ...     scale.current()
    'quick'
    """
    return check_choice("ES_SCALE", os.environ.get("ES_SCALE") or "quick", SETS)


def counterpart(data: str, scale: str) -> str:
    """Return the data set that takes the place of one of the quick scale's.

    Parameters
    ----------
    data : str
        A data set that the ledger names.
    scale : {"quick", "paper"}

    Returns
    -------
    str
        Any other name, such as "simulation", stays as it is.

    Notes
    -----
    Chapter: reference-figures.

    Examples
    --------
    >>> from esutils import scale
    >>> scale.counterpart("mnist5k", "paper"), scale.counterpart("simulation", "paper")
    ('mnist', 'simulation')
    """
    check_choice("scale", scale, SETS)
    return _FULL.get(data, data) if scale == "paper" else data


def choose(quick: _Value, paper: _Value) -> _Value:
    """Return one of two values, depending on the scale.

    Parameters
    ----------
    quick, paper : object
        For instance the number of samples, or a tuple of several sizes.

    Returns
    -------
    object
        ``paper`` if the environment variable ``ES_SCALE`` is "paper", ``quick`` if it is unset,
        empty or "quick".

    Raises
    ------
    ValueError
        If ``ES_SCALE`` is anything else.

    Notes
    -----
    Chapter: reference-figures.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> from esutils import scale
    >>> for name in ("quick", "paper"):
    ...     with patch.dict("os.environ", ES_SCALE=name):  # what the shell sets
    ...         scale.choose(quick=4000, paper=60000)
    4000
    60000
    """
    return {"quick": quick, "paper": paper}[current()]


def pools() -> dict[str, data.Split]:
    """Load the two data sets of the chapters.

    Returns
    -------
    dict of str to Split
        By name. At the quick scale they are MNIST-5k, with 3,000 training images and 2,000 test
        images, and Fashion-10k, with 8,000 and 2,000. At the literature's scale they are MNIST and
        Fashion-MNIST, each with 60,000 and 10,000. The training images are a pool: each seed draws
        its own from it. The test images never change.

    Raises
    ------
    ValueError, OSError
        As in :func:`esutils.data.load_mnist`.

    Notes
    -----
    Chapter: reference-figures.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> from esutils import scale
    >>> with patch.dict("os.environ", ES_SCALE="quick"):  # what the shell sets
    ...     {name: split.X_train.shape for name, split in scale.pools().items()}
    {'mnist5k': (3000, 784), 'fashion10k': (8000, 784)}
    """
    return {name: LOADERS[name]() for name in SETS[current()]}


def splits() -> dict[str, data.Split]:
    """Load the first edition's two data sets, for chapters written for it; others use `pools`.

    Returns
    -------
    dict of str to Split
        By name, the main set first. At the quick scale they are MNIST-5k, with 4,000 training
        images and 1,000 test images, and the 8x8 digits. At the literature's scale they are those
        of :func:`pools`.

    Raises
    ------
    ValueError, OSError
        As in :func:`esutils.data.load_mnist`.

    Notes
    -----
    Chapter: reference-figures.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> from esutils import scale
    >>> with patch.dict("os.environ", ES_SCALE="quick"):  # what the shell sets
    ...     {name: split.X_train.shape for name, split in scale.splits().items()}
    {'mnist5k': (4000, 784), 'digits': (1437, 64)}
    """
    if current() == "paper":
        return pools()
    return {"mnist5k": data.load_mnist5k(n_test=1000), "digits": data.load_digits()}

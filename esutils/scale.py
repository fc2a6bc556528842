"""Two scales for every chapter: quick, for a laptop and the tests, and the literature's.

The environment variable ``ES_SCALE`` chooses: "paper" is the literature's scale, and "quick" is the
one that you get if it is unset or empty.
"""

import os
from typing import TypeVar

from esutils import data
from esutils.common.checks import check_choice

_Value = TypeVar("_Value")
SETS = {"quick": ("mnist5k", "digits"), "paper": ("mnist", "fashion-mnist")}
LOADERS = {
    "mnist5k": data.load_mnist5k,
    "digits": data.load_digits,
    "mnist": data.load_mnist,
    "fashion-mnist": data.load_fashion_mnist,
}
NAMES = {
    "mnist5k": "MNIST-5k",
    "digits": "digits",
    "mnist": "MNIST",
    "fashion-mnist": "Fashion-MNIST",
}
_SIDES = {"mnist5k": 28, "digits": 8, "mnist": 28, "fashion-mnist": 28}  # of an image, in pixels
TITLES = {name: f"{short}, {_SIDES[name]} × {_SIDES[name]} pixels" for name, short in NAMES.items()}


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
    return dict(zip(SETS["quick"], SETS[scale], strict=True)).get(data, data)


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


def splits() -> dict[str, data.Split]:
    """Load the two data sets of the chapters.

    Returns
    -------
    dict of str to Split
        By name, the main set first. At the quick scale they are MNIST-5k and the 8x8 digits; at
        the literature's they are MNIST and Fashion-MNIST, each with 60,000 training images and
        10,000 test images.

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
    return {name: LOADERS[name]() for name in SETS[current()]}

"""Two scales for every chapter: quick, for a laptop and the tests, and that of the literature.

``ES_SCALE=paper`` chooses the second, anything unset the first.
"""

from typing import TypeVar

from esutils import data
from esutils.scales import SETS, current

_Value = TypeVar("_Value")
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


def choose(quick: _Value, paper: _Value) -> _Value:
    """Return one of two values, as the environment variable ``ES_SCALE`` says.

    Parameters
    ----------
    quick, paper : object
        For instance the number of samples, or a tuple of several sizes.

    Returns
    -------
    object
        ``paper`` if ``ES_SCALE`` is "paper", ``quick`` if it is unset, empty or "quick".

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
        The main set, then the second, by name: MNIST-5k and the digits at the quick scale, MNIST
        and Fashion-MNIST at that of the literature, both with 60,000 training and 10,000 test
        images.

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

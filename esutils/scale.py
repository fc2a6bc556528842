"""Two scales for every chapter: quick, for a laptop and the tests, and that of the literature.

``ES_SCALE=paper`` chooses the second, anything unset the first.
"""

from esutils import data
from esutils._scale import SETS, current

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
TITLES = {  # with the size of the images
    name: f"{short}, 8 × 8 pixels" if name == "digits" else f"{short}, 28 × 28 pixels"
    for name, short in NAMES.items()
}


def choose(quick, paper):
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
    """
    return {"quick": quick, "paper": paper}[current()]


def splits():
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
    """
    return {name: LOADERS[name]() for name in SETS[current()]}

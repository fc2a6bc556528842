"""Draw Fashion-10k from Fashion-MNIST, and write the file that ships in the package.

    ES_DATA_DIR=data python -m tools.fashion10k

We draw 800 images per class of the training set and 200 per class of the test set with a fixed
seed, and shuffle them. The arrays are always the same; ``esutils.data`` checks their digest.
"""

import numpy as np

from esutils import data
from esutils.common.files import written_whole

SEED = 10_000


def draw(X, y, n_per_class, rng):
    """Return ``n_per_class`` images of each class as bytes, and their labels, shuffled."""
    rows = [rng.permutation(np.flatnonzero(y == label))[:n_per_class] for label in np.unique(y)]
    chosen = rng.permutation(np.concatenate(rows))
    return np.round(255 * X[chosen]).astype(np.uint8), y[chosen].astype(np.uint8)


def arrays():
    """Return the arrays of the file by their names."""
    full, rng = data.load_fashion_mnist(), np.random.default_rng(SEED)
    X_train, y_train = draw(full.X_train, full.y_train, 800, rng)
    X_test, y_test = draw(full.X_test, full.y_test, 200, rng)
    return {"X_train": X_train, "y_train": y_train, "X_test": X_test, "y_test": y_test}


if __name__ == "__main__":
    with written_whole(data.FASHION10K) as file:
        np.savez_compressed(file, **arrays())
    print(f"{data.FASHION10K}: {data.FASHION10K.stat().st_size / 1e6:.1f} MB")

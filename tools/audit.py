"""Ask the full data sets whether the intervals are right: ``python -m tools.audit`` (5 minutes).

The full sets are cut into disjoint books, each with a pool of training images and test images of
its own. Each book measures the same statistics with the same seeds, and gives an interval. The
truth is what the other books found on average. An interval that covers new pools must hold it 19
times out of 20; one that speaks for its own pool alone does not.
"""

import json

import numpy as np

from esutils import data
from esutils.common.files import write_text
from esutils.evidence import ledger, tuning
from esutils.evidence.intervals import estimate
from esutils.scale import LOADERS
from esutils.sweep import over_seeds

N_SEEDS, N_UNITS = 10, 1000
# Name of the set, images in a pool, test images, and training images per seed.
BOOKS = (("mnist", 3000, 2000, 1000), ("fashion-mnist", 3000, 2000, 1000), ("mnist", 600, 400, 200))
MODELS = {
    "ridge": {},
    "expand_sparsify": {"active_fraction": 0.1, "binary": True},
    "gaussian": {"bandwidth": 1.0},
}
PAIRS = (("ridge", "expand_sparsify"), ("ridge", "gaussian"), ("expand_sparsify", "gaussian"))


def books(name, n_pool, n_test):
    """Cut a full set into disjoint books."""
    full = LOADERS[name]()
    X = np.concatenate([full.X_train, full.X_test])
    y = np.concatenate([full.y_train, full.y_test])
    order = np.random.default_rng(2026).permutation(len(X))
    size = n_pool + n_test
    for rows in order[: len(X) // size * size].reshape(-1, size):
        pool, test = rows[:n_pool], rows[n_pool:]
        yield data.Split(X[pool], y[pool], X[test], y[test], name, (28, 28))


def measured(book, n_train):
    """Return the mistakes of each model in one book: (models, seeds, images), in percent."""
    wrong = []
    for seed in range(N_SEEDS):
        split = data.subsample(book, n_train, seed)
        said = [tuning.answers(m, s, split, N_UNITS, seed)[m] for m, s in MODELS.items()]
        wrong.append(100.0 * (np.array(said) != split.y_test))
    return np.swapaxes(wrong, 0, 1)


def coverage(found, share):
    """Return how many intervals, of how many, hold the mean of the other books."""
    means = np.array([samples.mean() for samples in found])
    held = 0
    for at, samples in enumerate(found):
        others = np.delete(means, at)
        interval = estimate(samples, pool_share=share)
        own = (interval.high - interval.mean) ** 2
        # The others' mean is itself uncertain: its variance is added to the interval's.
        half = np.sqrt(own + (2 * others.std(ddof=1)) ** 2 / len(others))
        held += abs(means[at] - others.mean()) <= half
    return int(held), len(found)


def main():
    """Measure all books, and store how many intervals hold the truth."""
    rows = []
    for name, n_pool, n_test, n_train in BOOKS:
        runs = over_seeds(lambda book, n=n_train: measured(book, n), books(name, n_pool, n_test))
        for first, second in PAIRS:
            at = [list(MODELS).index(model) for model in (first, second)]
            found = [run[at[0]] - run[at[1]] for run in runs]
            share = n_train / (n_pool - n_train)
            row = {"data": name, "pool": n_pool, "training": n_train, "test": n_test}
            row |= {"statistic": f"{first} minus {second}", "seeds": N_SEEDS}
            for rule, added in (("new pools", share), ("this pool", 0.0)):
                row[rule], row["books"] = coverage(found, added)
            rows.append(row)
            print(row)
    text = json.dumps({"rows": rows}, indent=1)
    write_text(ledger.book_root() / "ledger" / "audit.json", text + "\n")


if __name__ == "__main__":
    main()

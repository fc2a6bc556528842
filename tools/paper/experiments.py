"""The literature's experiments at their original sizes, with one function for each.

A function takes its settings and a seed, makes one run, and returns what it measured as numbers and
lists of numbers: this is one row of a record. ``figures.yml`` says which of them a paper published.
Errors are fractions, and steps are steps of the optimiser.
"""

import copy
import tempfile
import time
from itertools import product

import numpy as np
import torch

from esutils import ExpandSparsify, data, mlp, readout, scale, tickets, training

LENET = (300, 100)
SHARES = (0.03, 0.05, 0.1, 0.2, 0.3, 0.5)  # of the weights: how many a mask may keep
LENGTH = 0.09  # mean square of a centred unit that is active on a tenth of the samples
PENALTIES = np.array([0.03, 0.1, 0.3, 1, 3])  # in units of a code's mean squared length
ADAM = {"learning_rate": 1.2e-3, "batch_size": 60, "decay": False}


def random_fourier_features(seed):
    """Fit ridgeless readouts of more and more cosine features to 10,000 digits.

    This follows Belkin et al. 2019: a Gaussian kernel of bandwidth 5 on pixels in [0, 1], and the
    squared loss.
    """
    split = data.subsample(data.load_mnist(), 10_000, seed)
    near = [9000, 9500, 9800, 10_000, 10_200, 10_500, 11_000]
    widths = np.array([300, 1000, 3000, 5000, 7000, *near, 13_000, 16_000, 20_000, 30_000, 40_000])
    encoder = ExpandSparsify(widths[-1], sparsifier="cosine", bandwidth=5.0, random_state=seed)
    targets = data.one_hot(split.y_train, 10)
    path = readout.width_path(encoder, split.X_train, targets, split.X_test, widths)
    errors = np.mean(path.predictions.argmax(axis=-1) != split.y_test, axis=1)
    return {
        "widths": widths.tolist(),
        "test_error": errors.tolist(),
        "peak": int(widths[errors.argmax()]),
        "best_below": errors[widths < 10_000].min(),
        "at_40000": errors[-1],
    }


def one_hidden_layer(width, seed):
    """Train one hidden layer of ReLU units on 4,000 digits with the squared loss.

    This follows Belkin et al. 2019, who ran 6,000 passes of SGD and started each of their narrow
    networks from the weights of the next narrower one.
    """
    split = data.subsample(data.load_mnist(), 4000, seed)
    targets = data.one_hot(split.y_train, 10)
    network = training.train_mlp(split.X_train, targets, (width,), n_epochs=300, random_state=seed)
    misfit = mlp.logits(network, split.X_train) - targets
    return {
        "n_weights": sum(values.numel() for values in network.parameters()),
        "train_loss": float(np.mean(np.sum(misfit**2, axis=1))),
        "test_error": _error(network, split.X_test, split.y_test),
    }


def lottery(seed):
    """Prune LeNet-300-100 in 15 rounds of rewinding, and compare its tickets with new weights.

    This follows Frankle and Carbin 2019: 55,000 digits to train and 5,000 to validate, Glorot's
    normal distribution, Adam with a learning rate of 1.2e-3, and batches of 60. A run takes 55
    passes, or 50,435 steps (theirs took 50,000). We look at the validation loss nine times per
    pass, and measure each network at the step where this loss is lowest.
    """
    split = data.load_mnist()
    X, y, X_held, y_held = _held_out(split, seed)

    def read_at_best(network, masks):
        """Train; return the step of lowest validation loss, and the error then and at the end."""
        best = {"loss": np.inf}

        def look(epoch, network):
            logits = torch.from_numpy(mlp.logits(network, X_held))
            loss = float(torch.nn.functional.cross_entropy(logits, torch.from_numpy(y_held)))
            if loss < best["loss"]:
                error = _error(network, split.X_test, split.y_test)
                best.update(loss=loss, step=round(epoch * -(-len(X) // 60)), error=error)

        settings = {"masks": masks, "after_epoch": look, "calls_per_epoch": 9, **ADAM}
        training.fit(network, X, y, n_epochs=55, random_state=seed, **settings)
        return best["step"], best["error"], _error(network, split.X_test, split.y_test)

    runs = []
    rounds = tickets.iterative_pruning(
        _glorot(seed),
        lambda network, masks: runs.append(read_at_best(network, masks)),
        (0.2, 0.2, 0.1),
        15,
    )
    masks = [found for found, _ in rounds]
    again = {
        at: read_at_best(tickets.masked(_glorot(1000 + seed), masks[at]), masks[at])
        for at in (7, 9, 15)
    }
    steps, errors, last = np.array(runs).T
    return {
        "kept": [tickets.kept_fraction(found) for found in masks],
        "steps": steps.tolist(),
        "test_error": errors.tolist(),
        "last_error": last.tolist(),
        "new_rounds": list(again),
        "new_steps": [step for step, _, _ in again.values()],
        "new_error": [error for _, error, _ in again.values()],
        "earlier_at_21": 1 - steps[7] / steps[0],
        "faster_than_new_at_21": again[7][0] / steps[7],
        "points_over_new_at_21": 100 * (again[7][1] - errors[7]),
        "points_over_whole_at_13": 100 * (errors[0] - errors[9]),
        "points_over_whole_at_4": 100 * (errors[0] - errors[15]),
    }


def supermasks(seed):
    """Mask the untrained LeNet-300-100, as training changed its weights or by edge-popup.

    Zhou et al. 2019 keep the weights that end up large and with the sign that they had at first.
    They apply this mask to the initial weights, or to their signs times one number per layer. In
    their learned masks, training adjusts the probability of keeping a weight; in ours, a score.
    """
    split = data.load_mnist()
    X, y, X_held, y_held = _held_out(split, seed)
    initial = _glorot(seed)
    trained = copy.deepcopy(initial)
    training.fit(trained, X, y, n_epochs=20, random_state=seed, **ADAM)
    signs = copy.deepcopy(initial)
    for layer in mlp.linear_layers(signs):
        layer.weight.data = layer.weight.sign() * layer.weight.std()

    grown = [_same_sign(initial, trained, share) for share in SHARES]

    def accuracy(network):
        """Return the test accuracy under the mask that is best on the held-out digits."""
        under_masks = [tickets.masked(network, masks) for masks in grown]
        best = min(under_masks, key=lambda masked: _error(masked, X_held, y_held))
        return 1 - _error(best, split.X_test, split.y_test)

    learned = tickets.supermask(initial, X, y, 0.3, random_state=seed)
    return {
        "own_weights": accuracy(initial),
        "own_signs": accuracy(signs),
        "learned": 1 - _error(tickets.masked(initial, learned), split.X_test, split.y_test),
    }


def dropout(kind, seed):
    """Train three layers of 1,024 ReLU units on 60,000 digits, with or without dropout.

    This is a shortened form of Srivastava et al. 2014: 30 passes of Adam with a decreasing learning
    rate, and no constraint on the norms of the weights.
    """
    split = data.load_mnist()
    rates = {"plain": {}, "dropout": {"dropout": 0.5, "input_dropout": 0.2}}[kind]
    settings = {"n_epochs": 30, "learning_rate": 1e-3, "batch_size": 100, "random_state": seed}
    network = training.train_mlp(split.X_train, split.y_train, (1024,) * 3, **settings, **rates)
    return {"test_error": _error(network, split.X_test, split.y_test)}


def expand_and_sparsify(images, width, seed):
    """Fit a linear readout to a binary code of 60,000 images, with a tenth of its units active.

    The penalty is chosen on 5,000 images that the readout has not seen.
    """
    split = scale.LOADERS[images]()
    X, y, X_held, y_held = _held_out(split, seed)
    encoder = ExpandSparsify(width, n_active=width // 10, sparse_output=True, random_state=seed)
    Z = encoder.fit_transform(X)
    fit = readout.ridge_path if width < len(y) else readout.ridge_wide
    readouts = fit(Z, data.one_hot(y, 10), LENGTH * width * PENALTIES)
    del Z

    def errors(X, y):
        Z = encoder.transform(X)
        return np.array([np.mean(r.predict(Z).argmax(axis=1) != y) for r in readouts])

    best = errors(X_held, y_held).argmin()
    return {
        "penalty": PENALTIES[best],
        "test_error": errors(split.X_test, split.y_test)[best],
    }


def streamed(n_samples, width, seed):
    """Fit a linear readout to a binary code of shifted digits that stream from a file of bytes.

    Row i is training image i modulo 60,000. The first 60,000 rows are the images as they are, the
    next 60,000 are shifted in one way, and so on: there are 25 ways, by up to two pixels.
    """
    import resource  # which Windows does not have

    split = data.load_mnist()
    targets = data.one_hot(split.y_train, 10)
    encoder = ExpandSparsify(width, n_active=width // 10, random_state=seed).fit(split.X_train)
    with tempfile.TemporaryDirectory() as folder:
        rows = np.memmap(f"{folder}/rows", np.uint8, "w+", shape=(n_samples, 784))
        for start in range(0, n_samples, 60_000):
            part = rows[start : start + 60_000]
            part[:] = _shifted(split.X_train, start // 60_000)[: len(part)]
        begin = time.perf_counter()
        places = np.arange(n_samples).reshape(-1, 2000)
        batches = (rows[at] / np.float32(255) for at in places)
        labels = (targets[at % 60_000] for at in places)
        codes = zip(encoder.iter_transform(batches), labels, strict=True)
        [fitted] = readout.ridge_stream(codes, [0.01 * LENGTH * width])
        seconds = time.perf_counter() - begin
    said = np.concatenate(
        [fitted.predict(Z).argmax(axis=1) for Z in encoder.iter_transform(split.X_test)]
    )
    return {
        "fit_seconds": seconds,
        "peak_gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "test_error": np.mean(said != split.y_test),
    }


def _shifted(X, way):
    """Return images as bytes, shifted in one of 24 ways, or not at all if ``way`` is 0."""
    down, right = sorted(product(range(-2, 3), repeat=2), key=np.linalg.norm)[way]
    return np.roll(np.rint(255 * X).reshape(-1, 28, 28), (down, right), (1, 2)).reshape(-1, 784)


def _held_out(split, seed):
    """Return 55,000 training images with their labels, then the other 5,000 with theirs."""
    order = np.random.default_rng(seed).permutation(len(split.y_train))
    parts = [(split.X_train[rows], split.y_train[rows]) for rows in (order[5000:], order[:5000])]
    return *parts[0], *parts[1]


def _glorot(seed):
    """Return LeNet-300-100 with weights from Glorot's normal distribution."""
    network, generator = mlp.initial_mlp(784, LENET, 10), torch.Generator().manual_seed(seed)
    for layer in mlp.linear_layers(network):
        torch.nn.init.xavier_normal_(layer.weight, generator=generator)
    return network


def _same_sign(initial, trained, share):
    """Return masks of the weights in each layer that grew most in their initial direction."""
    masks = []
    for first, last in zip(mlp.linear_layers(initial), mlp.linear_layers(trained), strict=True):
        grown = (last.weight * first.weight.sign()).detach().flatten()
        masks.append(torch.zeros_like(grown, dtype=torch.bool))
        masks[-1][grown.topk(round(share * len(grown))).indices] = True
        masks[-1] = masks[-1].view(first.weight.shape)
    return masks


def _error(network, X, y):
    """Return the share of the labels that a network gets wrong."""
    return float(np.mean(mlp.predict(network, X) != y))

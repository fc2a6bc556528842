"""Training a pruned network as a sparse network: only kept weights are computed with and moved.

The activities of the units, and the slopes of the loss along them, are matrices with one row per
unit and one column per sample, so that a weight meets all samples of a batch in one short loop. A
bias is the weight of a row of ones. Where a unit has an odd number of weights, a row of zeros makes
it even, because two weights at a time are faster than one.
"""

import numba
import numpy as np

_LANES = 32  # batches are padded to a multiple of this, so that no loop has a slow remainder
_BETAS, _EPSILON = (0.9, 0.999), np.float32(1e-8)  # Adam's, as in PyTorch
_REORDERED = {"reassoc", "contract", "nsz"}  # allows sums over several samples at once
_inlined = numba.njit(inline="always")  # compiled once, as part of `_epoch`


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath=_REORDERED)
def _epoch(X, y, order, batch_size, rates, scales, network, n_outputs):
    """Take one step for each rate, in place, each with the next batch of ``order``."""
    starts, sources, values, means, squares = network
    n_units, n_columns = len(starts) - 1, -(-batch_size // _LANES) * _LANES
    # Numba aligns these arrays to 32 bytes; arrays made by NumPy are not, and a fifth slower.
    rows = np.zeros((2 + X.shape[1] + n_units, n_columns), np.float32)
    slopes, gradient = np.zeros((n_units, n_columns), np.float32), np.zeros_like(values)
    rows[1] = 1
    for step in range(len(rates)):
        batch = order[step * batch_size : (step + 1) * batch_size]
        pixels = X[batch]  # copied sample by sample, as they lie in memory
        for i in range(X.shape[1]):
            for b in range(len(batch)):
                rows[2 + i, b] = pixels[b, i]
        _forward(starts, sources, values, rows, n_outputs)
        slopes[:] = 0
        _softmax(rows[-n_outputs:], slopes[-n_outputs:], y[batch])
        _backward(starts, sources, values, rows, slopes, gradient, n_outputs)
        _adam(values, gradient, means, squares, rates[step], scales[step])


@_inlined
def _forward(starts, sources, values, rows, n_outputs):
    """Fill the units' rows; ``starts`` and ``sources`` describe all units as one CSR matrix."""
    n_units, n_columns = len(starts) - 1, rows.shape[1]
    for unit in range(n_units):
        row, own = rows[len(rows) - n_units + unit], slice(starts[unit], starts[unit + 1])
        weights, places = values[own], sources[own]
        row[:] = 0
        for at in range(0, len(weights), 2):
            one, two = places[at], places[at + 1]
            for b in range(n_columns):
                row[b] += weights[at] * rows[one, b] + weights[at + 1] * rows[two, b]
        if unit < n_units - n_outputs:
            for b in range(n_columns):
                row[b] = max(row[b], np.float32(0))


@_inlined
def _softmax(outputs, slopes, labels):
    """Write the slopes of the mean cross-entropy, for the samples that have labels."""
    for b in range(len(labels)):
        top, total = outputs[0, b], np.float32(0)
        for k in range(len(outputs)):
            top = max(top, outputs[k, b])
        for k in range(len(outputs)):
            slopes[k, b] = np.exp(outputs[k, b] - top)
            total += slopes[k, b]
        for k in range(len(outputs)):
            slopes[k, b] = (slopes[k, b] / total - (k == labels[b])) / len(labels)


@_inlined
def _backward(starts, sources, values, rows, slopes, gradient, n_outputs):
    """Pass the slopes of the outputs down to the other units, and compute the gradient."""
    n_units, n_columns = len(slopes), rows.shape[1]
    first = len(rows) - n_units  # the units' rows come last
    for unit in range(n_units - 1, -1, -1):
        slope, own = slopes[unit], slice(starts[unit], starts[unit + 1])
        weights, places, steepness = values[own], sources[own], gradient[own]
        if unit < n_units - n_outputs:
            for b in range(n_columns):
                slopes[unit, b] *= rows[first + unit, b] > 0
        for at in range(0, len(weights), 2):
            one, two = rows[places[at]], rows[places[at + 1]]
            of_one = of_two = np.float32(0)
            for b in range(n_columns):
                of_one += slope[b] * one[b]
                of_two += slope[b] * two[b]
            steepness[at], steepness[at + 1] = of_one, of_two
        for at in range(len(weights)):
            if places[at] >= first:
                weight, below = weights[at], places[at] - first
                for b in range(n_columns):
                    slopes[below, b] += weight * slope[b]


@_inlined
def _adam(values, gradient, mean, square, rate, scale):
    """Take Adam's step; ``scale`` corrects for a mean square that started at 0."""
    first, second = np.float32(1 - _BETAS[0]), np.float32(1 - _BETAS[1])
    for i in range(len(values)):
        mean[i] += first * (gradient[i] - mean[i])
        square[i] += second * (gradient[i] * gradient[i] - square[i])
        values[i] -= rate * mean[i] / (np.sqrt(square[i]) * scale + _EPSILON)


class SparseTraining:
    """Adam on the softmax cross-entropy of a ReLU network that keeps few of its weights.

    Parameters
    ----------
    layers : list of torch.nn.Linear
        The layers, starting next to the input; `epoch` changes their weights and biases.
    masks : list of bool tensors
        True where a weight is kept; all other weights become 0.
    X, y : arrays of shape (n_samples, n_inputs) and (n_samples,)
        Inputs in float32, and labels.
    batch_size : int
        Number of samples per step, at most.
    """

    def __init__(self, layers, masks, X, y, batch_size):
        masks = [mask.numpy() for mask in masks]
        trained = [masks[0] & X.any(axis=0), *masks[1:]]  # an input that is always 0 has no slope
        used = np.flatnonzero(trained[0].any(axis=0))
        self.X, self.y = X.take(used, axis=1), y.astype(np.int64)
        self.layers, self.batch_size, self.steps = [], min(batch_size, len(X)), 0
        # The rows: zeros, ones, the inputs in use, then the units, starting at the first layer.
        places, n_rows = np.zeros(X.shape[1], np.uint32), 2 + len(used)
        places[used] = np.arange(2, n_rows)
        sizes, sources, values = [0], [], []
        for layer, mask, moved in zip(layers, masks, trained, strict=True):
            weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
            weight[~mask] = 0
            self.layers.append((weight, bias, np.flatnonzero(moved)))
            even = moved.sum(axis=1) % 2 == 0
            kept = np.column_stack([even, even | True, moved])
            sizes.extend(kept.sum(axis=1))
            sources.append(np.append(np.array([0, 1], np.uint32), places)[kept.nonzero()[1]])
            values.append(np.column_stack([np.zeros_like(bias), bias, weight])[kept])
            places = np.arange(n_rows, n_rows + len(bias), dtype=np.uint32)
            n_rows += len(bias)
        values = np.concatenate(values)
        moments = np.zeros_like(values), np.zeros_like(values)
        self.network = np.cumsum(sizes), np.concatenate(sources), values, *moments

    def epoch(self, order, rates):
        """Take one step for each rate, with the gradient of the next batch of ``order``."""
        steps = self.steps + 1 + np.arange(len(rates))
        self.steps += len(rates)
        rates, scales = rates / (1 - _BETAS[0] ** steps), (1 - _BETAS[1] ** steps) ** -0.5
        _epoch(
            self.X, self.y, order, self.batch_size, rates.astype(np.float32),
            scales.astype(np.float32), self.network, len(self.layers[-1][1]),
        )  # fmt: skip
        _, sources, values, *_ = self.network
        moved, shifts = values[sources > 1], values[sources == 1]
        for weight, bias, kept in self.layers:
            own, moved = np.split(moved, [len(kept)])
            np.put(weight, kept, own)
            bias[:], shifts = np.split(shifts, [len(bias)])

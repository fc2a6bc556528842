"""Training a pruned network as the sparse network it is.

Only kept weights are multiplied, differentiated and moved. Activities and gradients are stored one
row a unit, one column a sample, so that a weight meets all samples of a batch in one short loop.
"""

import numba
import numpy as np

_LANES = 8  # batches are filled up to a multiple of so many samples
_REORDERED = {"reassoc", "contract", "nsz"}  # sums may run over several samples at once
_BETAS, _EPSILON = (0.9, 0.999), 1e-8  # Adam's, as in PyTorch


@numba.njit(nogil=True, cache=True)
def _gather(X, batch, inputs, below):
    """Write the samples of a batch into the columns, the inputs in use into the rows."""
    for i in inputs:
        for b in range(len(batch)):
            below[i, b] = X[batch[b], i]


@numba.njit(nogil=True, cache=True, fastmath=_REORDERED)
def _forward(starts, inputs, weights, biases, below, above, rectify):
    """Compute a layer's outputs; ``starts`` and ``inputs`` are those of a CSR matrix."""
    n_columns = below.shape[1]
    for unit in range(len(biases)):
        row = above[unit]
        row[:] = biases[unit]
        for at in range(starts[unit], starts[unit + 1]):
            weight, source = weights[at], below[inputs[at]]
            for b in range(n_columns):
                row[b] += weight * source[b]
        if rectify:
            for b in range(n_columns):
                row[b] = max(row[b], np.float32(0))


@numba.njit(nogil=True, cache=True, fastmath=_REORDERED)
def _backward(starts, inputs, weights, below, above, of_weights, of_biases, deeper):
    """Turn the gradient of a layer's outputs into that of its weights, biases and inputs.

    ``below`` holds the layer's inputs, which its own gradient replaces where a layer is ``deeper``.
    """
    n_columns = below.shape[1]
    passed = np.zeros_like(below) if deeper else below
    for unit in range(len(of_biases)):
        gradient, total = above[unit], np.float32(0)
        for b in range(n_columns):
            total += gradient[b]
        of_biases[unit] = total
        for at in range(starts[unit], starts[unit + 1]):
            source, total = below[inputs[at]], np.float32(0)
            for b in range(n_columns):
                total += gradient[b] * source[b]
            of_weights[at] = total
            if deeper:
                weight, target = weights[at], passed[inputs[at]]
                for b in range(n_columns):
                    target[b] += weight * gradient[b]
    if deeper:
        for i in range(len(below)):
            for b in range(n_columns):
                below[i, b] = passed[i, b] if below[i, b] > 0 else np.float32(0)


@numba.njit(nogil=True, cache=True)
def _adam(values, gradient, mean, square, rate, scale):
    """Move values along Adam's step; ``scale`` undoes the start of the mean square at 0."""
    first, second = np.float32(1 - _BETAS[0]), np.float32(1 - _BETAS[1])
    for i in range(values.size):
        mean[i] += first * (gradient[i] - mean[i])
        square[i] += second * (gradient[i] * gradient[i] - square[i])
        values[i] -= rate * mean[i] / (np.sqrt(square[i]) * scale + np.float32(_EPSILON))


class SparseTraining:
    """Adam on the softmax cross-entropy of a ReLU network of which few weights are kept.

    Parameters
    ----------
    weights, biases : lists of float32 arrays
        Of each layer, from the input on. `finish` writes the weights, `step` the biases.
    masks : list of bool arrays
        True where a weight is kept; the others become 0.
    X, y : arrays of shape (n_samples, n_inputs) and (n_samples,)
        Inputs in float32 and labels.
    batch_size : int
        Most samples a step.
    """

    def __init__(self, weights, biases, masks, X, y, batch_size):
        self.weights, self.masks, self.X, self.y = weights, masks, X, y
        self.layers, self.moments, self.steps = [], [], 0
        columns = -(-batch_size // _LANES) * _LANES
        self.activities = [np.zeros((X.shape[1], columns), np.float32)]
        for weight, bias, mask in zip(weights, biases, masks, strict=True):
            starts = np.concatenate([[0], mask.sum(axis=1).cumsum()]).astype(np.uint64)
            inputs = np.nonzero(mask)[1].astype(np.uint32)
            self.layers.append((starts, inputs, weight[mask], bias))
            self.activities.append(np.zeros((len(bias), columns), np.float32))
        self.used = np.unique(self.layers[0][1])
        self.values = [array for layer in self.layers for array in layer[2:]]
        self.gradients, self.means, self.squares = (
            [np.zeros_like(values) for values in self.values] for _ in range(3)
        )

    def step(self, batch, rate):
        """Move the network along the gradient of the samples whose places are ``batch``."""
        activities, last = self.activities, len(self.layers) - 1
        _gather(self.X, batch, self.used, activities[0])
        for at, layer in enumerate(self.layers):
            _forward(*layer, activities[at], activities[at + 1], at < last)
        outputs = activities[-1]
        outputs[:, len(batch) :] = 0
        seen = outputs[:, : len(batch)]
        seen[:] = np.exp(seen - seen.max(axis=0))
        seen /= seen.sum(axis=0)
        seen[self.y[batch], np.arange(len(batch))] -= 1
        seen /= len(batch)
        for at in range(last, -1, -1):
            starts, inputs, weights, _ = self.layers[at]
            of_weights, of_biases = self.gradients[2 * at : 2 * at + 2]
            _backward(
                starts, inputs, weights, activities[at], activities[at + 1], of_weights, of_biases,
                at > 0,
            )  # fmt: skip
        self.steps += 1
        first, second = (1 - beta**self.steps for beta in _BETAS)
        for moving in zip(self.values, self.gradients, self.means, self.squares, strict=True):
            _adam(*moving, np.float32(rate / first), np.float32(second**-0.5))

    def finish(self):
        """Write the kept weights back among the zeros."""
        for weight, mask, layer in zip(self.weights, self.masks, self.layers, strict=True):
            weight[:] = 0
            weight[mask] = layer[2]

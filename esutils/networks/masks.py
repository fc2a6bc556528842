"""Masks over weights: checked, and learned by way of scores."""

import numpy as np
import torch


def check_masks(masks, layers=None):
    """Return masks that are bool matrices; for layers, of their weights' shapes and devices."""
    got, allowed = masks, "a list of bool matrices"
    if isinstance(masks, tuple | list):
        got = [(tuple(m.shape), m.dtype) if torch.is_tensor(m) else type(m) for m in masks]
    shapes = [mask[0] for mask in got if isinstance(mask, tuple)] if got is not masks else []
    right = shapes and all(len(shape) == 2 and min(shape) > 0 for shape in shapes)
    if layers is not None:
        shapes = [tuple(layer.weight.shape) for layer in layers]
        allowed += f" of the shapes {shapes}"
    if not right or got != [(shape, torch.bool) for shape in shapes]:
        raise ValueError(f"masks must be {allowed}, got {got!r}")
    if layers is None:
        return masks
    return [mask.to(layer.weight.device) for mask, layer in zip(masks, layers, strict=True)]


class Scored(torch.nn.Linear):
    """A Linear layer on frozen weights; what is trained, in place of its weights, are scores."""

    def __init__(self, linear, keep, generator):
        super().__init__(linear.in_features, linear.out_features, device="meta")
        self.frozen = linear.weight.detach()
        self.n_kept = max(1, round(keep * self.frozen.numel()))
        bound = linear.in_features**-0.5
        scores = torch.rand(self.frozen.shape, generator=generator) * 2 * bound - bound
        self.weight = torch.nn.Parameter(scores.to(self.frozen.device))
        self.bias = torch.nn.Parameter(linear.bias.detach(), requires_grad=False)

    def mask(self):
        """Return the mask of the largest scores, as numbers."""
        return _Largest.apply(self.weight.abs(), self.n_kept)

    def forward(self, h):
        """Compute with the kept weights alone."""
        return torch.nn.functional.linear(h, self.frozen * self.mask(), self.bias)


class _Largest(torch.autograd.Function):
    """Ones at exactly k of the largest entries, ties by index; the gradient passes straight."""

    @staticmethod
    def forward(ctx, scores, k):
        values = scores.detach().cpu().numpy().ravel()  # NumPy is fast, and breaks ties by index
        border = np.partition(values, -k)[-k]
        ones = (values > border).astype(np.float32)
        ones[np.flatnonzero(values == border)[: k - np.count_nonzero(ones)]] = 1
        return torch.from_numpy(ones).view(scores.shape).to(scores.device)

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None

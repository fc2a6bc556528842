"""Small networks for the tests, and a pretended device that behaves like a GPU."""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from esutils import mlp


def small_task(n=60, n_inputs=5, n_classes=3):
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, n_inputs)), np.arange(n) % n_classes


def weights(model):
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach().numpy()


def random_masks(model, share=0.6):
    generator = torch.Generator().manual_seed(5)
    return [
        torch.rand(layer.weight.shape, generator=generator) < share
        for layer in mlp.linear_layers(model)
    ]


def small_net(seed=0):
    return mlp.initial_mlp(5, (20, 10), 3, random_state=seed)


def matrices(model):
    return [layer.weight.detach() for layer in mlp.linear_layers(model)]


def some_masks(share=0.4, shapes=((20, 5), (10, 20), (3, 10)), seed=1):
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(shape, generator=generator) < share for shape in shapes]


def counts(masks):
    return [int(mask.sum()) for mask in masks]


def numpy_forward(model, X):
    """Return the activity of the last hidden layer and the logits, without PyTorch."""
    for layer in model[:-1:2]:
        W, b = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        X = np.maximum(X.astype(np.float64) @ W.T + b, 0)
    return X, X @ model[-1].weight.detach().numpy().T + model[-1].bias.detach().numpy()


class Far(torch.Tensor):
    """A tensor that says it is on the "meta" device, but has the values of the tensor ``near``."""

    @staticmethod
    def __new__(cls, near):
        layout = {"strides": near.stride(), "dtype": near.dtype}
        return torch.Tensor._make_wrapper_subclass(cls, near.shape, device="meta", **layout)

    def __init__(self, near):
        self.near = near

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return _compute(function, args, kwargs or {})


class FarDevice(TorchDispatchMode):
    """Make "meta" a device that computes like the CPU and refuses what a GPU would refuse."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return _compute(function, args, kwargs or {})


def _compute(function, args, kwargs):
    """Compute on the device of the tensors; only copies and indices may be on another device."""
    kind, aten, meta = function.overloadpacket, torch.ops.aten, torch.device("meta")
    far = any(isinstance(leaf, Far) for leaf in tree_leaves((args, kwargs)))
    if not far and kwargs.get("device") != meta:
        return function(*args, **kwargs)
    own = (args[0], args[2:]) if kind in (aten.index, aten.index_put_) else (args, kwargs)
    devices = {leaf.device.type for leaf in tree_leaves(own) if torch.is_tensor(leaf)}
    if len(devices) > 1 and kind not in (aten._to_copy, aten.copy_):
        raise RuntimeError(f"{kind} met tensors on {sorted(devices)}")
    goal = kwargs.get("device") or meta
    if "device" in kwargs:
        kwargs = {**kwargs, "device": "cpu"}
    args, kwargs = tree_map_only(Far, lambda tensor: tensor.near, (args, kwargs))
    out = function(*args, **kwargs)
    return tree_map_only(torch.Tensor, Far, out) if goal == meta else out


# The pretended device agrees with the CPU to the last bit, and a GPU up to rounding.
elsewhere = pytest.mark.parametrize(
    ("device", "tolerance"),
    [
        ("meta", 0),
        pytest.param("cuda", 1e-3, marks=pytest.mark.skipif(
            not torch.cuda.is_available(), reason="no GPU that CUDA finds")),
    ],
)  # fmt: skip

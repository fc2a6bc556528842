"""Checks of the arguments that only networks take: seeds for PyTorch, devices and masks."""

import torch

from esutils.common.checks import check_int


def check_generator(random_state):
    """Return a torch.Generator: the given one, or a new one with the given seed."""
    if isinstance(random_state, torch.Generator):
        return random_state
    seed = check_int("random_state", random_state, low=0, high=2**32 - 1)
    return torch.Generator().manual_seed(seed)


def check_device(device):
    """Return the torch.device if it exists, that is, if it takes a tensor."""
    try:
        return torch.zeros((), device="cpu" if device is None else device).device
    except Exception as error:  # every missing backend raises another exception
        kind, count = torch.accelerator.current_accelerator(), torch.accelerator.device_count()
        available = ["cpu", *(f"{kind}:{i}" for i in range(count))]
        raise ValueError(
            f"device must be None or what torch.device accepts for one of {available}, "
            f"got {device!r}"
        ) from error


def check_masks(masks, layers=None):
    """Return the masks if they are bool matrices.

    With ``layers``, each mask must have the shape of its layer's weights; it is returned on the
    device of that layer.
    """
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

"""PyTorch, or an error that says how to get it."""

try:
    import torch
    from torch.optim.adam import adam
except ImportError as error:
    raise ImportError("networks need PyTorch, which comes with the extra esutils[torch]") from error

__all__ = ["adam", "torch"]

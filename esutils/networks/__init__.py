"""Trained networks, and the lottery tickets in them. This room alone needs PyTorch."""

try:
    import torch  # noqa: F401
except ImportError as error:
    raise ImportError('networks need PyTorch: pip install "expand-and-sparsify[torch]"') from error

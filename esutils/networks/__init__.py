"""Trained networks and the lottery tickets inside them. Only this room needs PyTorch.

`mlp` makes networks and reads their outputs, `training` trains them (`sparse_training` takes over
when few weights are left), and `tickets` finds the parts of a network that do as well as the whole.
"""

try:
    import torch  # noqa: F401
except ImportError as error:
    raise ImportError('networks need PyTorch: pip install "expand-and-sparsify[torch]"') from error

"""Expand-and-sparsify: the small package under *Why Neural Networks Work*.

Public names load on first use, so that ``import esutils`` is cheap and never imports PyTorch.
"""

import importlib

__version__ = "0.1.0"

_MODULES = (
    "claims",
    "data",
    "effects",
    "encoder",
    "expand",
    "intervals",
    "large",
    "mlp",
    "plots",
    "readout",
    "ridgeless",
    "scale",
    "sliders",
    "sparsify",
    "sweep",
    "theory",
    "tickets",
)
_NAMES = {"ExpandSparsify": "encoder", "model_family": "encoder"}

__all__ = ["ExpandSparsify", "model_family", *_MODULES]


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f"esutils.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"esutils.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'esutils' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])

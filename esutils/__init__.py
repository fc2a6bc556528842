"""Expand-and-sparsify: the small package under *Why Neural Networks Work*.

Public names load on first use, so that ``import esutils`` is cheap and never imports PyTorch.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what a type checker sees; at run time __getattr__ finds the same
    from esutils.encoder import ExpandSparsify as ExpandSparsify
    from esutils.estimators import ExpandSparsifyClassifier as ExpandSparsifyClassifier
    from esutils.estimators import ExpandSparsifyRegressor as ExpandSparsifyRegressor
    from esutils.family import model_family as model_family

__version__ = "0.1.0"

_MODULES = (
    "battery",
    "claims",
    "data",
    "effects",
    "encoder",
    "estimators",
    "expand",
    "family",
    "intervals",
    "large",
    "mlp",
    "plots",
    "questions",
    "readout",
    "resplits",
    "ridgeless",
    "scale",
    "scorecard",
    "simulation",
    "sliders",
    "sparsify",
    "sweep",
    "tables",
    "theory",
    "tickets",
    "training",
)
_NAMES = {
    "ExpandSparsify": "encoder",
    "ExpandSparsifyClassifier": "estimators",
    "ExpandSparsifyRegressor": "estimators",
    "model_family": "family",
}

__all__ = [*_NAMES, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"esutils.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"esutils.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'esutils' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

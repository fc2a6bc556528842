"""Expand-and-sparsify: the small package under *Why Neural Networks Work*.

Public names load on first use, so that ``import esutils`` is cheap and never imports PyTorch.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what a type checker sees; at run time __getattr__ finds the same
    from esutils.estimators import ExpandSparsifyClassifier as ExpandSparsifyClassifier
    from esutils.estimators import ExpandSparsifyRegressor as ExpandSparsifyRegressor
    from esutils.layer import ExpandSparsify as ExpandSparsify
    from esutils.layer import model_family as model_family

__version__ = "0.1.0"

_MODULES = {  # public name: where it is
    "claims": "evidence.claims",
    "data": "data",
    "effects": "evidence.effects",
    "estimators": "estimators",
    "experiments": "tables.experiments",
    "intervals": "evidence.intervals",
    "layer": "layer",
    "mlp": "networks.mlp",
    "plots": "show.plots",
    "questions": "tables.questions",
    "readout": "readout",
    "scale": "scale",
    "scorecard": "evidence.scorecard",
    "simulation": "evidence.simulation",
    "sliders": "show.sliders",
    "sweep": "sweep",
    "tables": "tables",
    "theory": "theory",
    "tickets": "networks.tickets",
    "training": "networks.training",
}
_NAMES = {
    "ExpandSparsify": "layer",
    "ExpandSparsifyClassifier": "estimators",
    "ExpandSparsifyRegressor": "estimators",
    "model_family": "layer",
}

__all__ = [*_NAMES, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"esutils.{_MODULES[name]}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"esutils.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'esutils' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

"""Expand-and-sparsify: the package behind the book *Why Neural Networks Work*.

The rooms, from the ground floor up; each may import from those before it:

common        what all rooms share: checks of arguments, files, threads, versions and commit
data          the data sets, wrong labels and subsamples
sweep, scale  experiments over seeds and grids of settings, at a quick or at a full scale
layer         random projections, sparsifiers, and the encoder made of the two
readout       linear readouts of a code: with a ridge penalty, without one, from a stream
networks      trained networks and their lottery tickets; only this room needs PyTorch
estimators    layer and readout together, as a classifier and a regressor for scikit-learn
theory        closed forms to compare measurements with
evidence      claims and their verdicts, effects of models, intervals, the scorecard
tables        a table of your own: reading it, the experiments on it, the report
show          figures and sliders

Modules that are used often have a short name, for example ``from esutils import mlp`` for
``esutils.networks.mlp``. Everything in ``__all__`` loads when it is first used, so that
``import esutils`` is cheap.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers; at run time __getattr__ finds the same objects
    from esutils.estimators import ExpandSparsifyClassifier as ExpandSparsifyClassifier
    from esutils.estimators import ExpandSparsifyRegressor as ExpandSparsifyRegressor
    from esutils.evidence.replay import replay as replay
    from esutils.evidence.verdict_table import VerdictTable as VerdictTable
    from esutils.layer import ExpandSparsify as ExpandSparsify
    from esutils.layer import model_family as model_family

__version__ = "0.1.0"

_MODULES = {  # public name: where the module is
    "claims": "evidence.claims",
    "data": "data",
    "effects": "evidence.effects",
    "estimators": "estimators",
    "experiments": "tables.experiments",
    "first_edition": "evidence.first_edition",
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
    "tuning": "evidence.tuning",
}
_OBJECTS = {  # public name: the module that holds it
    "ExpandSparsify": "layer",
    "ExpandSparsifyClassifier": "estimators",
    "ExpandSparsifyRegressor": "estimators",
    "VerdictTable": "evidence.verdict_table",
    "model_family": "layer",
    "replay": "evidence.replay",
}

__all__ = [*_OBJECTS, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"esutils.{_MODULES[name]}")
    if name in _OBJECTS:
        return getattr(importlib.import_module(f"esutils.{_OBJECTS[name]}"), name)
    raise AttributeError(f"module 'esutils' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

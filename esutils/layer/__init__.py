"""The layer: a random projection into more dimensions, then sparsification."""

from esutils.layer.encoder import ExpandSparsify, model_family
from esutils.layer.projections import LAWS, project, projection
from esutils.layer.sparsifiers import (
    SPARSIFIERS,
    block_winners,
    cosine,
    relu,
    unit_thresholds,
    winner_take_all,
    winners,
)

__all__ = [
    "LAWS",
    "SPARSIFIERS",
    "ExpandSparsify",
    "block_winners",
    "cosine",
    "model_family",
    "project",
    "projection",
    "relu",
    "unit_thresholds",
    "winner_take_all",
    "winners",
]

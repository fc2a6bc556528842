"""Theory: closed forms to compare measurements with."""

from esutils.theory.closed_forms import (
    RELU_MOMENTS,
    arc_cosine_kernel,
    code_overlap,
    gaussian_kernel,
    hastie_risk,
    mei_montanari_risk,
)

__all__ = [
    "RELU_MOMENTS",
    "arc_cosine_kernel",
    "code_overlap",
    "gaussian_kernel",
    "hastie_risk",
    "mei_montanari_risk",
]

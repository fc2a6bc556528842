"""Theory: closed forms to hold measurements against."""

from esutils.theory.closed_forms import (
    arc_cosine_kernel,
    code_overlap,
    gaussian_kernel,
    hastie_risk,
    mei_montanari_risk,
)

__all__ = [
    "arc_cosine_kernel",
    "code_overlap",
    "gaussian_kernel",
    "hastie_risk",
    "mei_montanari_risk",
]

"""Theory: closed forms to compare measurements with."""

from esutils.theory.closed_forms import RELU_MOMENTS, hastie_risk, mei_montanari_risk
from esutils.theory.kernels import (
    angles,
    arc_cosine_kernel,
    block_kernel,
    code_overlap,
    distances,
    gaussian_kernel,
    laplacian_kernel,
    matched_bandwidth,
    nearest_similarity,
    of_code,
    relu_kernel,
    winners_kernel,
)

__all__ = [
    "RELU_MOMENTS",
    "angles",
    "arc_cosine_kernel",
    "block_kernel",
    "code_overlap",
    "distances",
    "gaussian_kernel",
    "hastie_risk",
    "laplacian_kernel",
    "matched_bandwidth",
    "mei_montanari_risk",
    "nearest_similarity",
    "of_code",
    "relu_kernel",
    "winners_kernel",
]

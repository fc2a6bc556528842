"""Linear readouts of a code: with a ridge penalty, without one, and for data beyond memory."""

from esutils.readout.ridge_regression import (
    MORE_PENALTIES,
    RELATIVE_PENALTIES,
    LinearReadout,
    held_out_ridge,
    loo_ridge,
    ridge,
    ridge_path,
    tuned_ridge,
)
from esutils.readout.ridgeless_regression import (
    WidthPath,
    minimum_norm,
    minimum_norm_path,
    width_path,
)
from esutils.readout.streaming import ridge_stream, ridge_wide

__all__ = [
    "MORE_PENALTIES",
    "RELATIVE_PENALTIES",
    "LinearReadout",
    "WidthPath",
    "held_out_ridge",
    "loo_ridge",
    "minimum_norm",
    "minimum_norm_path",
    "ridge",
    "ridge_path",
    "ridge_stream",
    "ridge_wide",
    "tuned_ridge",
    "width_path",
]

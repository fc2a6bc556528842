"""At which scale the book runs, as the environment variable ``ES_SCALE`` says: quick or paper."""

import os

from esutils.common.checks import check_choice

SETS = {"quick": ("mnist5k", "digits"), "paper": ("mnist", "fashion-mnist")}


def current():
    """Return ``quick``, unless ``ES_SCALE`` says ``paper``."""
    return check_choice("ES_SCALE", os.environ.get("ES_SCALE") or "quick", SETS)


def counterpart(data, scale):
    """Return the data set that stands for one of the ledger's at a scale; others stay."""
    return dict(zip(SETS["quick"], SETS[scale], strict=True)).get(data, data)

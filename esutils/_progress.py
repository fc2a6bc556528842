"""A progress bar where a reader may be waiting, and none where a run is recorded or checked."""

import os

from tqdm.auto import tqdm  # in a notebook a bar that leaves no empty box behind


def progress(items, total, unit):
    """Iterate over ``items`` behind a bar that goes away at the end."""
    quiet = bool(os.environ.get("ES_VERDICTS"))
    return tqdm(items, total=total, desc=unit, leave=False, disable=quiet)

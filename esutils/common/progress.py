"""A progress bar where a reader may be waiting, and none where a run is recorded or checked."""

import os

from tqdm.auto import tqdm  # in a notebook a bar that leaves no empty box behind


def progress(items, total, unit, done=0):
    """Iterate over ``items`` behind a bar that goes away at the end; ``done`` of them are past."""
    quiet = bool(os.environ.get("ES_LEDGER"))
    return tqdm(items, total=total, initial=done, desc=unit, leave=False, disable=quiet)

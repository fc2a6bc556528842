"""A progress bar for readers who wait; runs that record or check results show none."""

import os

from tqdm.auto import tqdm  # in a notebook its bar leaves no empty box behind


def progress(items, total, unit, done=0):
    """Iterate over ``items`` behind a bar that disappears at the end and starts at ``done``."""
    quiet = bool(os.environ.get("ES_LEDGER"))
    return tqdm(items, total=total, initial=done, desc=unit, leave=False, disable=quiet)

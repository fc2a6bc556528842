"""Writing files so that nobody ever finds half of one."""

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

_DAY = 24 * 60 * 60


def check_folder(name, folder, make=False):
    """Refuse a folder that cannot be written to, before hours go into results for it."""
    try:
        if make:
            Path(folder).mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, ValueError) as error:
        raise ValueError(f"{name} must be a folder that can be written: {error}") from error


@contextlib.contextmanager
def written_whole(path):
    """Yield a binary file that moves to ``path`` in one step once all of it is written.

    Until then it lies in a temporary folder next to ``path``. A process that is killed leaves the
    old file or none, never half of one. It also leaves the temporary folder, which the next write
    into the same place removes if it is more than a day old.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(".partial-*"):  # others may be writing to newer ones
        with contextlib.suppress(OSError):  # it is gone by now, or belongs to another user
            if time.time() - left.stat().st_mtime > _DAY:
                shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".partial-") as folder:
        partial = Path(folder, path.name)
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # on the disk before it gets its name
        os.replace(partial, path)


def write_text(path, text):
    """Write a text file, whole or not at all."""
    with written_whole(path) as file:
        file.write(text.encode())

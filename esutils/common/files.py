"""Files that are written whole or not at all."""

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

_DAY = 24 * 60 * 60


def check_folder(name, folder, make=False):
    """Refuse a folder in which nothing can be written, before hours are spent on what would be."""
    try:
        if make:
            Path(folder).mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, ValueError) as error:
        raise ValueError(f"{name} must be a folder that can be written: {error}") from error


@contextlib.contextmanager
def written_whole(path):
    """Yield a binary file that takes its place at ``path`` in one step, once all is written.

    It is written beside, in a folder of its own. A process that is killed leaves the old file or
    none, never half of one, and that folder: a write into the same place removes it, a day later.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(".partial-*"):  # one that is younger may still be written
        with contextlib.suppress(OSError):  # gone in the meantime, or another user's
            if time.time() - left.stat().st_mtime > _DAY:
                shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".partial-") as folder:
        partial = Path(folder, path.name)
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # on the disk before it has its name
        os.replace(partial, path)


def write_text(path, text):
    """Write a text file whole or not at all."""
    with written_whole(path) as file:
        file.write(text.encode())

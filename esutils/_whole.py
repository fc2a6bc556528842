"""Files that are written whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path


@contextlib.contextmanager
def written_whole(path):
    """Yield a binary file that takes its place at ``path`` in one step, once all is written.

    It is written beside. A process that is killed leaves the old file or none, never half of one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".partial-") as folder:
        partial = Path(folder, path.name)
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # on the disk before it has its name
        os.replace(partial, path)

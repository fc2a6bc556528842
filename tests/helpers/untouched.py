"""Bad input is refused in words, and nothing else is touched or lost."""

import contextlib
import random
import re
import warnings

import joblib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import esutils

PUBLIC = {name: getattr(esutils, name) for name in esutils.__all__}


def rows(table):
    """Return preparation, call and message of each row of a table, where the message is indented.

    Lines before the call prepare it.
    """
    found, lines = [], []
    for line in table.strip().splitlines():
        if not line.startswith(" "):
            lines.append(line)
            continue
        *before, call = lines
        found.append(pytest.param("\n".join(before), call, line.strip(), id="; ".join(lines)))
        lines = []
    return found


def says(text, message):
    """Return whether a text is this message, in which "..." stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, message.split("..."))), text, re.DOTALL)


def tree(folder):
    """Return all that lies in a folder: names, bytes, and where links lead."""
    found = {}
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else None
        found[path.relative_to(folder)] = path.readlink() if path.is_symlink() else content
    return found


def states():
    """Return the random states that nobody may move unasked, and the open figures."""
    legacy = np.random.get_state()  # noqa: NPY002  (that it stays alone is what is asked)
    drawn = random.getstate(), legacy, torch.get_rng_state().numpy()
    return joblib.hash(drawn), plt.get_fignums()


@contextlib.contextmanager
def refused(message, folder, inputs=()):
    """Expect a ValueError that says ``message``, or the error that this begins with, and no harm.

    Neither the folder nor the inputs may change, and no warning of a library may come before.
    """
    kind, _, rest = message.partition(": ")
    errors = {"OSError": OSError, "KeyboardInterrupt": KeyboardInterrupt}
    error, message = (errors[kind], rest) if kind in errors else (ValueError, message)
    before = tree(folder), joblib.hash(inputs), states()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error) as refusal:
            yield
    said = str(refusal.value)
    assert says(said, message), said
    assert (tree(folder), joblib.hash(inputs), states()) == before

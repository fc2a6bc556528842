"""A malformed call is refused by name, and nothing else is touched or lost.

A table of refusals is a list of `Refusal`: the call, and what the message must name.
"""

import contextlib
import random
import re
import warnings
from functools import partial

import joblib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch


class Refusal:
    """A malformed call, the error that it raises, and what the message of this error names.

    ``before`` prepares the case and is given pytest's ``monkeypatch``.
    """

    def __init__(self, call, named, error=ValueError, before=None):
        self.call, self.named, self.error = call, named, error
        self.before = before or (lambda monkeypatch: None)

    def __str__(self):
        """Return what is called or read, and what is named: the row's name in a report."""
        if isinstance(self.call, partial):
            subject = self.call.func.__name__
        else:
            subject = ".".join(self.call.__code__.co_names)
        return f"{subject}: {', '.join(map(_text, self.named))}"


def lacking(message, named):
    """Return those of the names and values that a message does not hold.

    They are looked for as whole words, wherever they stand: a string as it is, and any other value
    as its ``repr``.
    """
    return [name for name in named if not re.search(_whole(_text(name)), message)]


def _text(name):
    return name if isinstance(name, str) else repr(name)


def _whole(text):
    """Return the pattern of a text that is no part of a longer word or number."""
    before = r"(?<![\w.])" if text[0].isalnum() else ""
    after = r"(?!\w|\.\d)" if text[-1].isalnum() else ""
    return before + re.escape(text) + after


def tree(folder):
    """Return all that lies in a folder: names, bytes, and where links lead."""
    found = {}
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else None
        found[path.relative_to(folder)] = path.readlink() if path.is_symlink() else content
    return found


def states():
    """Return the global random states, and the numbers of the open figures."""
    legacy = np.random.get_state()  # noqa: NPY002  (the test asks that it stays as it is)
    drawn = random.getstate(), legacy, torch.get_rng_state().numpy()
    return joblib.hash(drawn), plt.get_fignums()


@contextlib.contextmanager
def refused(named, folder, inputs=(), error=ValueError):
    """Expect an error whose message names all of ``named``, and no harm.

    Neither the folder nor the inputs may change, and no warning of a library may come first.
    """
    before = tree(folder), joblib.hash(inputs), states()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error) as refusal:
            yield
    said = str(refusal.value)
    assert not lacking(said, named), said
    assert (tree(folder), joblib.hash(inputs), states()) == before

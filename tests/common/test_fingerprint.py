"""A fingerprint changes with everything that a function reads, and with nothing else."""

import functools
import os
import pickle
import subprocess
import sys
import threading
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from esutils import data, tables
from esutils.common.fingerprint import fingerprint
from tests.helpers.pages import ROOT

SCRIPT = """
import functools
import helpers
import numpy as np
from esutils import data

SIZES = {"n": [1, 2]}
KINDS = {"a", "b"}

def twice(x):
    return 2 * x

@functools.cache
def cached(x):
    return x + 10

def added(x):
    return x + 20

class Start:
    def start(self):
        return 30

class Model(Start):
    rate = 40

    def __init__(self, step):
        self.step = step

    def fit(self, x):
        return SIZES if x in {"c", "d"} else KINDS

    @property
    def depth(self):
        return 50

    @functools.cached_property
    def width(self):
        return 60

    @staticmethod
    def units():
        return 70

    @classmethod
    def layers(cls):
        return 80

MODEL = Model(added)
tenfold = functools.partial(lambda by, x: by * x, 10)
bound = Model(twice).start

def make(factor):
    def run(seed, width=1, *, depth=2):
        try:
            found = twice(seed) * factor + np.sum(SIZES["n"]) + cached(seed) + MODEL.step(seed)
        except ValueError:
            found = 0
        return [found - width * depth, bound(), tenfold(seed), helpers.shown(seed)] + [
            (lambda: helpers.SHIFT + each)() for each in range(2)
        ]
    return run

run = make(3)

def other():
    return 1
"""
HELPERS = """
import deeper
SHIFT = 5
def shown(x):
    return deeper.last(x)
"""
DEEPER = """
def last(x):
    return x - 1
"""


@pytest.fixture
def run_of(tmp_path, monkeypatch):
    """Return a function that imports a script, with its helpers, and returns what it calls run."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # it would outlive a quick edit
    monkeypatch.syspath_prepend(tmp_path)

    def run_of(script=SCRIPT, helpers=HELPERS, deeper=DEEPER):
        for name, source in {"helpers": helpers, "deeper": deeper, "script": script}.items():
            (tmp_path / f"{name}.py").write_text(source)
            monkeypatch.delitem(sys.modules, name, raising=False)
        spec = spec_from_file_location("script", tmp_path / "script.py")
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.run

    return run_of


def of(function):
    return fingerprint("experiment", function)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2 * x", "3 * x"),  # a function that is called
        ("[1, 2]", "[1, 3]"),  # a global that is read
        ('"a", "b"', '"a", "c"'),  # a set
        ('"c", "d"', '"c", "e"'),  # a set among the constants
        ("make(3)", "make(4)"),  # a closed-over value
        ("width=1", "width=2"),  # a default
        ("depth=2", "depth=3"),
        ("width=1, *, depth=2", "depth=1, *, width=2"),  # the names of parameters
        ("* factor +", "* factor -"),  # the code itself
        ("x + 10", "x + 11"),  # a function that is cached
        ("x + 20", "x + 21"),  # a function in an attribute of an object
        ("return 30", "return 31"),  # a method of a base class
        ("rate = 40", "rate = 41"),  # an attribute of a class
        ("return SIZES", "return 5"),  # a method
        ("return 50", "return 51"),  # a property
        ("return 60", "return 61"),
        ("return 70", "return 71"),
        ("return 80", "return 81"),
        ("by * x, 10", "by * x, 11"),  # an argument of functools.partial
        ("by * x", "by + x"),  # a function of functools.partial
        ("Model(twice).start", "Model(twice).depth.__abs__"),  # a bound method
        ("Model(twice)", "Model(added)"),  # the object that it is bound to
        ("np.sum", "np.max"),  # a library's function
        ("ValueError", "KeyError"),
        ("            found = 0", "            pass\n        found = 0"),  # the end of a block
        ("range(2)", "range(3)"),  # in a comprehension
    ],
)
def test_a_change_in_a_script_that_matters_is_seen(run_of, old, new):
    assert SCRIPT.count(old) == 1
    assert of(run_of()) != of(run_of(SCRIPT.replace(old, new)))


def test_a_change_in_the_modules_of_a_script_is_seen(run_of):
    found = {
        of(run_of()),
        of(run_of(helpers=HELPERS.replace("5", "6"))),
        of(run_of(helpers=HELPERS.replace("last(x)", "last(2)"))),
        of(run_of(deeper=DEEPER.replace("- 1", "- 2"))),
    }
    assert len(found) == 4
    run = run_of()
    before = of(run)
    sys.modules["helpers"].SHIFT = 7  # whoever did this, it is what the run reads
    assert of(run) != before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return 1\n", "return 2\n"),  # a function that is not called
        ("def other", "# a comment\n\ndef other"),
        ("import functools", "import os, functools\nextra = (x for x in [1])"),
        ('"a", "b"', '"b", "a"'),
    ],
)
def test_a_change_that_does_not_matter_is_not_seen(run_of, old, new):
    assert SCRIPT.count(old) == 1
    assert of(run_of()) == of(run_of(SCRIPT.replace(old, new)))


def test_an_edit_of_code_that_is_loaded_already_is_not_taken_for_what_runs(run_of, tmp_path):
    run = run_of()
    before = of(run)
    (tmp_path / "script.py").write_text(SCRIPT.replace("2 * x", "3 * x"))
    assert of(run) == before


def test_a_function_that_has_run_often_has_the_fingerprint_that_it_had_before(run_of):
    run = run_of()
    before = of(run)
    for seed in range(1000):  # by then Python has specialised its bytecode
        run(seed)
    assert of(run) == before


def test_another_process_finds_the_same(run_of, tmp_path):
    here = of(run_of())
    script = "\nfrom esutils.common.fingerprint import fingerprint\nprint(fingerprint('x', run))\n"
    (tmp_path / "script.py").write_text(f"# moved by a line\n{SCRIPT}{script}")
    for hash_seed in "12":  # sets are in another order
        variables = {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, tmp_path / "script.py"]
        there = subprocess.run(
            command, capture_output=True, text=True, check=True, env=os.environ | variables
        )
        assert there.stdout.strip() == here


def test_functions_may_call_one_another():
    def even(n):
        return n == 0 or odd(n - 1)

    def odd(n):
        return n != 0 and even(n - 1)

    assert of(even) == of(even) != of(odd)


def same_again(value):
    return pickle.loads(pickle.dumps(value))


FRAME = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"], "c": pd.Categorical(["u", "v"])})
TABLE = tables.from_frame(pd.DataFrame({"a": np.arange(60.0), "y": ["p", "q"] * 30}), "y")


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (np.arange(3), np.arange(4)),
        (np.array([1, "a"], dtype=object), np.array([1, "b"], dtype=object)),
        (np.float32(1), np.float64(1)),
        (1, True),
        ([1, 2], (1, 2)),
        ({"a": 1, "b": 2}, {"a": 2, "b": 1}),
        (frozenset("abc"), frozenset("abd")),
        (slice(3), slice(4)),
        (np.random.default_rng(0), np.random.default_rng(1)),
        (FRAME, FRAME.assign(b=["x", "z"])),
        (TABLE, tables.from_frame(TABLE.X.assign(a=1.0 * (TABLE.X["a"] > 3), y=TABLE.y), "y")),
        (Ridge(alpha=1.0), Ridge(alpha=2.0)),
        (functools.partial(abs, 1), functools.partial(abs, 2)),
        (data.one_hot, data.corrupt_labels),
        (abs, len),
    ],
    ids=lambda value: type(value).__name__,
)
def test_equal_values_have_equal_fingerprints_and_different_ones_do_not(value, other):
    assert fingerprint("x", value) == fingerprint("x", same_again(value))
    assert fingerprint("x", value) != fingerprint("x", other)


STREAM = (x for x in [1])
HELD = [{"lock": threading.Lock()}]


def test_what_cannot_be_hashed_is_refused_by_its_name():
    def inner():
        return next(STREAM)

    def outer(seed):
        return inner()

    with pytest.raises(ValueError, match="'STREAM' in 'inner' in experiment must .* generator"):
        of(outer)
    with pytest.raises(ValueError, match="'HELD' in experiment must .* lock"):
        of(lambda seed: HELD)
    with pytest.raises(ValueError, match="seeds must .* generator"):
        fingerprint("seeds", [1, STREAM])
    nested = []
    for _ in range(10_000):
        nested = [nested]
    with pytest.raises(ValueError, match="seeds must .* recursion"):
        fingerprint("seeds", nested)

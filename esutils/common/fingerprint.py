"""A hash of a function that changes whenever its code, or a value that it reads, changes.

pickle would store only the name of a function or a class. Here a function counts with its compiled
code, its defaults, and the values of the globals and closed-over names that it reads, among them
other functions; a class counts with its methods and attributes. Installed libraries count by name
and version, and esutils by name alone: `esutils.sweep` adds a hash of all its source files.

The compiled code is what runs. The source of a function would be read from a file that somebody may
have edited since, and the source of a class that was defined in a notebook cannot be found at all.
"""

import copyreg
import dis
import functools
import inspect
import sys
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import joblib
import numpy as np

_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_LOADS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
_OF_FUNCTION = ("__code__", "__defaults__", "__kwdefaults__", "__dict__")
_OF_CODE = (  # all but its place in a file, which may differ between two sessions
    *("co_code", "co_consts", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_flags"),
    *("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_exceptiontable"),
)


def fingerprint(name, value):
    """Return the hash of a value, for instance of a function; ``name`` is what an error calls it.

    ValueError if the value, or something that can be read from it, cannot be hashed, such as an
    open file. The message says where it was found: ``'log' in 'fit' in experiment``.
    """
    try:
        return joblib.hash(_digest(name, value, frozenset(), {}))
    except RecursionError as error:
        raise ValueError(f"{name} must be what can be hashed: {error}") from error


def _digest(name, value, names, seen):
    """Return a value itself if it is plain, and otherwise a hash of all that can be read from it.

    ``names`` are those that occur in the code that reads the value. ``seen`` holds the values that
    were met before, which keeps them alive, and their hashes.
    """
    if type(value) in _PLAIN:
        return value
    if inspect.isfunction(value):
        names = frozenset(used for code in _codes(value.__code__) for used in code.co_names)
    key = id(value), names
    if key not in seen:
        seen[key] = value, "itself"  # what a function meets that calls itself
        try:
            parts = _parts(value, names)
        except Exception as error:  # each type that cannot be pickled raises its own
            raise ValueError(
                f"{name} must be what can be hashed, got {type(value).__name__}: {error}"
            ) from error
        digests: list[Any] = [type(value).__name__]
        for at, part in parts.items():
            inner = f"{at!r} in {name}" if isinstance(at, str) else name
            digests += [at, _digest(inner, part, names, seen)]
        seen[key] = value, joblib.hash(digests)
    return seen[key][1]


def _parts(value: Any, names: frozenset[str]) -> dict[Any, Any]:
    """Return what can be read from a value: by name from a function, class or module."""
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return {0: joblib.hash(value)}
    if not isinstance(value, FunctionType | ModuleType | type):
        return dict(enumerate(_taken_apart(value)))
    module = value.__name__ if isinstance(value, ModuleType) else value.__module__ or "builtins"
    if not _is_own(module):
        library = sys.modules.get(module.partition(".")[0])
        version = str(getattr(library, "__version__", ""))
        return {0: module, 1: version, 2: getattr(value, "__qualname__", "")}
    if isinstance(value, ModuleType):
        named = {name: part for name, part in sorted(vars(value).items()) if name in names}
        return {**named, "__source__": inspect.getsource(value)}
    if isinstance(value, type):
        members = {name: part for name, part in vars(value).items() if _is_member(name, part)}
        return {**members, "__bases__": value.__bases__}
    steps = [step for code in _codes(value.__code__) for step in dis.get_instructions(code)]
    loaded = {step.argval for step in steps if step.opname in _LOADS}
    read = {name: value.__globals__[name] for name in sorted(loaded & value.__globals__.keys())}
    own = {name: getattr(value, name) for name in _OF_FUNCTION}
    return {**read, **inspect.getclosurevars(value).nonlocals, **own}


def _codes(code):
    """Yield a code object and those inside it: of lambdas, inner functions and comprehensions."""
    yield code
    for inner in filter(inspect.iscode, code.co_consts):
        yield from _codes(inner)


def _is_own(module):
    """Return whether a module is the user's: not esutils, not built into Python, not installed."""
    if module == "__main__":
        return True
    if module.partition(".")[0] in {"esutils", *sys.stdlib_module_names}:
        return False
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return not {"site-packages", "dist-packages"} & set(Path(file).parts)


def _is_member(name, part):
    """Return whether an attribute of a class is there because somebody wrote it."""
    automatic = name == "_abc_impl" or (name.startswith("__") and name.endswith("__"))
    return not automatic or callable(part) or hasattr(part, "__wrapped__")


def _taken_apart(value):
    """Return the values that make up another one: as pickle would find them, and a few more."""
    if type(value) in (list, tuple):
        return value
    if type(value) is dict:
        return value.items()
    if type(value) in (set, frozenset):
        return sorted(value, key=joblib.hash)
    if inspect.iscode(value):
        return [getattr(value, name) for name in _OF_CODE]
    if isinstance(value, property):
        return [value.fget, value.fset, value.fdel]
    if isinstance(value, functools.cached_property):
        return [value.func]
    from_library = not _is_own(type(value).__module__)
    if from_library and hasattr(value, "__wrapped__") and not isinstance(value, functools.partial):
        return [value.__wrapped__]  # of functools.cache, staticmethod, numba.njit
    reduce = copyreg.dispatch_table.get(type(value))
    parts = reduce(value) if reduce else value.__reduce_ex__(4)
    if isinstance(parts, str):  # the name of something in a module
        return [parts, getattr(value, "__module__", "")]
    return [type(value), *parts]

"""What a function's results depend on, as a digest: its code, and whatever that code reads.

A function of one's own (a notebook's, a script's) counts with its compiled code, its defaults, and
the values of the globals and closed-over names that it reads, functions among them and so on. What
esutils defines counts with the sources of the modules that it reaches, another library with its
version. Files and the environment are not seen.
"""

import dis
import functools
import inspect
import sys
import sysconfig
import types
from pathlib import Path

import joblib


def module_digest(module):
    """Return a hash of the whole package: any change of it counts."""
    folder = Path(__file__).parent
    return joblib.hash([path.read_bytes() for path in sorted(folder.rglob("*.py"))])


_LIBRARIES = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib")]
_CODE = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)


def dependence_digest(function):
    """Return the digest of a function; ValueError if it reads something that cannot be hashed."""
    return _digest("experiment", function, {})


def _digest(name, value, seen):
    """Return the digest of a value; ``seen`` holds what was met, with its digest."""
    if id(value) not in seen:
        seen[id(value)] = value, "itself"  # what a function that calls itself meets
        seen[id(value)] = value, joblib.hash(_parts(name, value, seen))
    return seen[id(value)][1]


def _parts(name, value, seen):
    """Return digests, or plain values, that together stand for a value."""
    if not isinstance(value, _CODE):
        value = getattr(value, "__wrapped__", value)  # what functools.cache wraps
    if isinstance(value, _CODE):
        return _code_parts(name, value, seen)
    if isinstance(value, functools.partial):
        value = [value.func, value.args, value.keywords]
    if isinstance(value, types.MethodType):
        value = [value.__func__, value.__self__]
    if isinstance(value, list | tuple):
        return [type(value).__name__, *(_digest(name, item, seen) for item in value)]
    if isinstance(value, dict):
        return [[_digest(name, part, seen) for part in item] for item in value.items()]
    try:
        return [_digest(name, type(value), seen), joblib.hash(value)]
    except Exception as error:
        raise ValueError(
            f"experiment must read only what can be hashed, got {name!r} of type "
            f"{type(value).__name__}: {error}"
        ) from error


def _code_parts(name, value, seen):
    """Return what stands for a module, a function or a class."""
    is_module = inspect.ismodule(value)
    module = value.__name__ if is_module else value.__module__ or "builtins"
    package, _, inner = module.partition(".")
    qualname = "" if is_module else value.__qualname__
    if package == "esutils":
        return [module_digest(inner or "__init__"), qualname]
    if _is_library(package):
        return [module, getattr(sys.modules[package], "__version__", ""), qualname]
    if is_module:
        return [inspect.getsource(value)]
    if isinstance(value, type):
        methods = [part for part in vars(value).values() if isinstance(part, types.FunctionType)]
        return [qualname, *(_digest(qualname, part, seen) for part in [*value.__bases__, *methods])]
    code, defaults = value.__code__, [value.__defaults__, value.__kwdefaults__]
    cells = [cell.cell_contents for cell in value.__closure__ or ()]
    read = dict(zip(code.co_freevars, cells, strict=True))
    read |= {key: value.__globals__[key] for key in _globals_of(code) & set(value.__globals__)}
    return [
        _compiled(code),
        _digest(name, defaults, seen),
        *([key, _digest(key, read[key], seen)] for key in sorted(read)),
    ]


def _compiled(code):
    """Return what a code object does, without its place in a file."""
    inner = [_compiled(c) if inspect.iscode(c) else c for c in code.co_consts]
    return [code.co_code, code.co_names, code.co_argcount, code.co_flags, inner]


def _globals_of(code):
    """Return the names of the globals that a code object, or one inside it, reads."""
    found = {step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
    return found.union(*(_globals_of(c) for c in code.co_consts if inspect.iscode(c)))


def _is_library(package):
    """Return whether a package is installed, or built in, rather than somebody's own file."""
    if package == "__main__":
        return False
    file = getattr(sys.modules[package], "__file__", None)
    return file is None or any(Path(file).is_relative_to(folder) for folder in _LIBRARIES)

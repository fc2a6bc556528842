"""Results kept on disk, whole or not at all: numbers, strings, arrays, and containers of these."""

import json
from typing import Any

import numpy as np

from esutils.common.files import written_whole

_PLAIN = (type(None), bool, int, float, str)
_CONTAINERS = {"list": list, "tuple": tuple}


def save(path, result):
    """Write a result to ``path``, arrays to the bit.

    ValueError if it holds anything else than this module says.
    """
    arrays: list[Any] = []
    structure = json.dumps(_packed(result, arrays))
    members = {str(i): array for i, array in enumerate(arrays)}
    with written_whole(path) as file:
        np.savez(file, structure=np.array(structure), **members)


def load(path):
    """Return the result that `save` wrote; refuse a file that is torn, and leave it as it is."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as members:
            return _unpacked(json.loads(str(members["structure"])), members)
    except (MemoryError, OSError):
        raise
    except Exception as error:  # NumPy, zip, zlib and JSON raise each their own
        raise ValueError(
            f"{path} must hold a kept run, got a torn file or another kind; it was not used: "
            "remove it, and the run is made again"
        ) from error


def _packed(value, arrays):
    """Return a value as JSON can hold it; arrays go into ``arrays`` and leave their place."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufcUS":
        arrays.append(value)
        return ["array" if isinstance(value, np.ndarray) else "scalar", len(arrays) - 1]
    if type(value) in _CONTAINERS.values():
        return [type(value).__name__, *(_packed(item, arrays) for item in value)]
    if type(value) is dict:
        return ["dict", *([_packed(key, arrays), _packed(v, arrays)] for key, v in value.items())]
    raise ValueError(
        "result must be made of numbers, strings, arrays, lists, tuples and dicts to be kept, "
        f"got {value!r} of type {type(value).__name__}"
    )


def _unpacked(packed, members):
    """Return the value that `_packed` took apart."""
    if not isinstance(packed, list):
        return packed
    kind, *items = packed
    if kind in ("array", "scalar"):
        array = members[str(items[0])]
        return array if kind == "array" else array[()]
    if kind == "dict":
        return {_unpacked(key, members): _unpacked(value, members) for key, value in items}
    return _CONTAINERS[kind](_unpacked(item, members) for item in items)

"""Run an experiment over seeds, or over a grid of settings and seeds: side by side, and resumable.

Finished runs can be kept on disk, each in its own file. Whatever stops the program, the next call
runs only what is missing, and returns the same results to the last bit.
"""

import json
import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import joblib
import numpy as np

import esutils
from esutils.common.checks import check_type
from esutils.common.files import check_folder, written_whole
from esutils.common.fingerprint import fingerprint
from esutils.common.progress import progress
from esutils.common.provenance import versions
from esutils.common.types import Array

_Seed = TypeVar("_Seed")
_Result = TypeVar("_Result")
_Case = TypeVar("_Case")


def over_seeds(
    experiment: Callable[[_Seed], _Result],
    seeds: Iterable[_Seed],
    folder: str | PathLike[str] | None = None,
) -> list[_Result]:
    """Run ``experiment(seed)`` for every seed, as many at once as there are cores.

    Parameters
    ----------
    experiment : callable
        Takes a seed and returns anything that can be pickled. You may define it in a notebook. If
        runs are kept, their results must be made of numbers, strings, arrays, lists, tuples and
        dicts.
    seeds : sequence
        Seeds, or whatever else distinguishes one run from another.
    folder : path, optional
        Where finished runs are kept. By default this is the folder that the environment variable
        ``ES_SWEEPS`` names; if it is not set, no runs are kept.

    Returns
    -------
    list
        One result per seed, in the order of ``seeds``.

    Raises
    ------
    ValueError
        If runs are kept and the folder cannot be written, a file in it is torn, or ``experiment``
        reads something that cannot be hashed: then nothing is run. Also if a result is of a kind
        that cannot be kept.
    OSError
        If a run cannot be written, for instance because the disk is full. Those that were written
        before are whole.

    Notes
    -----
    joblib gives each process an equal share of the cores for its linear algebra. You can choose
    what runs the seeds with :func:`joblib.parallel_config`: with ``backend="dask"`` it is the
    workers of a Dask cluster, and only this process writes files. A progress bar is shown unless
    the run is recorded or checked (``ES_LEDGER`` is set).

    The name of a kept run's file is a hash of everything that we know to matter: the code of
    ``experiment`` and of your own functions and classes that it uses, the values of the globals and
    closed-over names that they read, all source files of esutils, the scale (``ES_SCALE``), the
    versions of Python and of the numerical libraries, and the seed. If any of them changes, the run
    is made again. Not looked at are files that the experiment reads, other environment variables,
    and modules of your own that it imports only while it runs.

    Chapter: scale-out.

    Examples
    --------
    >>> from esutils import sweep
    >>> sweep.over_seeds(lambda seed: 10 * seed, seeds=[0, 1, 2])
    [0, 10, 20]
    """
    seeds = check_type("seeds", seeds, Iterable, "a sequence")
    return _run(experiment, [((seed,), {}) for seed in seeds], "seeds", folder)


def over_grid(
    experiment: Callable[..., dict[str, Any]],
    grid: Mapping[str, Iterable[Any]],
    seeds: Iterable[int],
    folder: str | PathLike[str] | None = None,
) -> list[dict[str, Any]]:
    """Run ``experiment(**point, seed=seed)`` for every point of a grid and every seed.

    Parameters
    ----------
    experiment : callable
        Takes the names in ``grid`` and ``seed`` as keyword arguments, and returns a dict of what it
        measured.
    grid : dict of str to sequence
        The values of each setting. All their combinations are run.
    seeds : sequence of int
    folder : path, optional
        As in :func:`over_seeds`.

    Returns
    -------
    list of dict
        One row per run: the settings, the seed, and what was measured. ``pandas.DataFrame`` makes
        a table of it. The seed varies fastest, then the last setting of the grid.

    Raises
    ------
    ValueError, OSError
        As in :func:`over_seeds`. Also ValueError if a run returns something other than a dict, or a
        dict in which a setting's name occurs.

    Examples
    --------
    >>> def square(side, seed):
    ...     return {"area": side**2}
    >>> over_grid(square, {"side": [1, 2]}, seeds=[0])
    [{'side': 1, 'seed': 0, 'area': 1}, {'side': 2, 'seed': 0, 'area': 4}]

    Notes
    -----
    Chapter: scale-out.
    """
    check_type("seeds", seeds, Iterable, "a sequence")
    for name, values in check_type("grid", grid, Mapping, "a dict of sequences").items():
        check_type(f"values of {name}", values, Iterable, "a sequence")
    if "seed" in grid or not all(isinstance(name, str) for name in grid):
        raise ValueError(f"names in grid must be strings, and none of them 'seed', got {[*grid]}")
    names = [*grid, "seed"]
    points = [dict(zip(names, values, strict=True)) for values in product(*grid.values(), seeds)]
    results = _run(experiment, [((), point) for point in points], "runs", folder)
    for point, result in zip(points, results, strict=True):
        if not isinstance(result, dict) or set(result) & set(point):
            raise ValueError(
                f"experiment must return a dict without the names {names}, got {result!r}"
            )
    return [point | result for point, result in zip(points, results, strict=True)]


def by_seed(
    experiment: Callable[[_Case, int], Mapping[Any, Any]],
    cases: Iterable[_Case],
    seeds: Iterable[int],
) -> dict[_Case, dict[Any, Array]]:
    """Run ``experiment(case, seed)`` for every case and seed, and stack the results over the seeds.

    Parameters
    ----------
    experiment : callable
        Takes a case and a seed, and returns a dict with the same keys and shapes for every seed.
    cases : sequence
        For instance the names of data sets.
    seeds : sequence of int

    Returns
    -------
    dict of dict of ndarray
        By case, then by key: the results along the first axis, one per seed.

    Raises
    ------
    ValueError, OSError
        As in :func:`over_seeds`. Finished runs are kept in the folder that ``ES_SWEEPS`` names.

    Notes
    -----
    Chapter: 06-lottery-tickets.

    Examples
    --------
    >>> from esutils import sweep
    >>> found = sweep.by_seed(lambda case, seed: {"sum": case + seed}, cases=[10, 20], seeds=[1, 2])
    >>> found[20]["sum"]
    array([21, 22])
    """
    cases = list(check_type("cases", cases, Iterable, "a sequence"))
    seeds = list(check_type("seeds", seeds, Iterable, "a sequence"))
    calls: list[tuple[tuple[_Case, int], dict[str, Any]]]
    calls = [((case, seed), {}) for case, seed in product(cases, seeds)]
    runs = iter(_run(experiment, calls, "runs", None))
    by_case = {case: [next(runs) for _ in seeds] for case in cases}
    return {
        case: {key: np.array([run[key] for run in found]) for key in found[0]}
        for case, found in by_case.items()
    }


# ---- running what is missing


def _run(experiment, calls, unit, folder):
    """Return the results of all calls, in order; load those that are kept, and keep the others."""
    check_type("experiment", experiment, Callable, "a function")
    folder = folder or os.environ.get("ES_SWEEPS")
    paths = _paths(experiment, calls, folder) if folder else [None] * len(calls)
    results = {i: _load(path) for i, path in enumerate(paths) if path and path.is_file()}
    if folder and len(results) < len(calls):
        check_folder("folder", folder, make=True)
    runs = joblib.Parallel(n_jobs=-1, return_as="generator_unordered")(
        joblib.delayed(_numbered)(i, experiment, *call)
        for i, call in enumerate(calls)
        if i not in results
    )
    with warnings.catch_warnings():
        # joblib replaces a worker that has grown too large, and warns; no result is lost.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
        for i, result in progress(runs, len(calls), unit, done=len(results)):
            if paths[i]:
                _save(paths[i], result)
            results[i] = result
    return [results[i] for i in range(len(calls))]


def _numbered(i, experiment, arguments, keywords):
    return i, experiment(*arguments, **keywords)


# ---- how a kept run is known


def _source_digest():
    """Return one hash of all source files of the package."""
    folder = Path(esutils.__file__).parent
    sources = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.py")}
    return joblib.hash({name: path.read_bytes() for name, path in sources.items()})


_SOURCES = _source_digest()  # now, since somebody may edit a file while this process runs


def _paths(experiment, calls, folder):
    """Return where the result of each call is kept."""
    check_type("folder", folder, str | PathLike, "a path")
    scale = os.environ.get("ES_SCALE") or "quick"
    common = [fingerprint("experiment", experiment), _SOURCES, scale, versions()]
    keys = [joblib.hash([*common, fingerprint("seeds and settings", call)]) for call in calls]
    return [Path(folder, f"{key}.npz") for key in keys]


# ---- results on disk, whole or not at all

_KEPT = (type(None), bool, int, float, str)
_CONTAINERS = {"list": list, "tuple": tuple}


def _save(path, result):
    """Write a result to ``path``, arrays to the last bit; refuse one that cannot be kept."""
    arrays: list[Any] = []
    structure = json.dumps(_packed(result, arrays))
    members = {str(i): array for i, array in enumerate(arrays)}
    with written_whole(path) as file:
        np.savez(file, structure=np.array(structure), **members)


def _load(path):
    """Return the result that `_save` wrote; refuse a file that is torn, and leave it as it is."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as members:
            return _unpacked(json.loads(str(members["structure"])), members)
    except (MemoryError, OSError):
        raise
    except Exception as error:  # NumPy, zip, zlib and JSON each raise their own
        raise ValueError(
            f"{path} must hold a kept run, but it is torn or of another kind; it was not used. "
            "Remove it, and the run is made again"
        ) from error


def _packed(value, arrays):
    """Return a value in a form that JSON can hold; arrays are moved to the list ``arrays``."""
    if type(value) in _KEPT:
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

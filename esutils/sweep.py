"""Run an experiment over seeds, or over a grid of settings and seeds: side by side, and resumable.

Finished runs can be kept on disk, each in a file of its own. Whatever stops the program, the next
call runs only what is missing, and returns the same results to the bit.
"""

import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import joblib
import numpy as np

from esutils.common.checks import check_type
from esutils.common.files import check_folder
from esutils.common.progress import progress
from esutils.common.provenance import versions
from esutils.common.types import Array
from esutils.dependence import dependence_digest
from esutils.kept import load, save

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
        Takes a seed and returns anything that can be pickled. It may be defined in a notebook. A
        result that is to be kept is made of numbers, strings, arrays, lists, tuples and dicts.
    seeds : sequence
        Seeds, or whatever else tells one run from another.
    folder : path, optional
        Where finished runs are kept; by default where ``ES_SWEEPS`` says, and nowhere if that
        environment variable is not set.

    Returns
    -------
    list
        One result a seed, in the order of ``seeds``.

    Raises
    ------
    ValueError
        If a run is to be kept and its result, or what ``experiment`` reads, is of another kind; if
        the folder cannot be written, or a file in it is torn. Nothing is run then.
    OSError
        If a run cannot be written, for instance to a full disk. Those written before are whole.

    Notes
    -----
    joblib gives each process an equal share of the cores for its linear algebra. Which backend
    runs the seeds can be chosen with :func:`joblib.parallel_config`: with ``backend="dask"`` the
    workers of a Dask cluster do, and only this process writes. Progress is shown where a reader
    may be waiting, not where the run is recorded or checked (``ES_LEDGER`` set).

    A kept run is known by ``experiment``'s code and all that this code reads (its globals, the
    functions it calls, the esutils modules these reach), by the seed, and by the versions of
    Python and the numerical libraries. Files that the experiment reads are not looked at.

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
        Takes the grid's names and ``seed`` as keywords; returns a dict of what it measured.
    grid : dict of str to sequence
        The values of each setting; all their combinations are run.
    seeds : sequence of int
    folder : path, optional
        As in :func:`over_seeds`.

    Returns
    -------
    list of dict
        One row a run: the settings, the seed, and what was measured. ``pandas.DataFrame`` makes a
        table of it. The last name of the grid varies fastest but for the seed.

    Raises
    ------
    ValueError, OSError
        As in :func:`over_seeds`; and ValueError if a run measures something that is not a dict, or
        has the name of a setting.

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
    """Run ``experiment(case, seed)`` for every case and seed; stack what it found over the seeds.

    Parameters
    ----------
    experiment : callable
        Takes a case and a seed; returns a dict, with the same keys and shapes for every seed.
    cases : sequence
        For instance the names of data sets.
    seeds : sequence of int

    Returns
    -------
    dict of dict of ndarray
        By case, then by what was found: one entry a seed along the first axis.

    Raises
    ------
    ValueError, OSError
        As in :func:`over_seeds`. Finished runs are kept where ``ES_SWEEPS`` says.

    Notes
    -----
    Chapter: 05-lottery-tickets.

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


def _run(experiment, calls, unit, folder):
    """Return the results of all calls, in order; load those that are kept, and keep the others."""
    check_type("experiment", experiment, Callable, "a function")
    folder = folder or os.environ.get("ES_SWEEPS")
    paths = _paths(experiment, calls, folder) if folder else [None] * len(calls)
    results = {i: load(path) for i, path in enumerate(paths) if path and path.is_file()}
    if folder and len(results) < len(calls):
        check_folder("folder", folder, make=True)
    runs = joblib.Parallel(n_jobs=-1, return_as="generator_unordered")(
        joblib.delayed(_numbered)(i, experiment, *call)
        for i, call in enumerate(calls)
        if i not in results
    )
    with warnings.catch_warnings():
        # A process that has grown is replaced by a fresh one; joblib warns, and loses nothing.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
        for i, result in progress(runs, len(calls), unit, done=len(results)):
            if paths[i]:
                save(paths[i], result)
            results[i] = result
    return [results[i] for i in range(len(calls))]


def _numbered(i, experiment, arguments, keywords):
    return i, experiment(*arguments, **keywords)


def _paths(experiment, calls, folder):
    """Return where the result of each call is kept."""
    check_type("folder", folder, str | PathLike, "a path")
    common = [dependence_digest(experiment), versions()]
    try:
        keys = [joblib.hash([*common, *call]) for call in calls]
    except Exception as error:  # each type that cannot be pickled raises its own
        raise ValueError(f"seeds and settings must be what can be hashed: {error}") from error
    return [Path(folder, f"{key}.npz") for key in keys]

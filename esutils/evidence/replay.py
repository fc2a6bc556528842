"""Runs that are stored whole and repeated in part.

``make execute`` runs all seeds of an experiment and stores what they gave. Everybody else runs the
first few, which shows that the code still gives what is stored, and goes on with all of it.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from esutils.common.checks import check_int, check_name, check_type
from esutils.common.types import Array
from esutils.evidence import ledger
from esutils.evidence import samples as stored
from esutils.scale import current
from esutils.sweep import by_seed

REPEATED = 3  # seeds, unless a run says otherwise


@dataclass(frozen=True)
class _Run:
    """What `samples` wants to know of an entry; a run's number never changes."""

    id: str
    experiment: int = 1

    def __post_init__(self):
        check_name("name", self.id)

    @property
    def chapter(self):
        return self.id.split(".")[0]


def replay(
    name: str,
    experiment: Callable[[str, int], Mapping[str, Any]],
    data: Iterable[str],
    n_seeds: int = 20,
    n_repeated: int = REPEATED,
) -> dict[str, dict[str, Array]]:
    """Run an experiment on every data set with every seed, or repeat a part of what is stored.

    Parameters
    ----------
    name : str
        The chapter's file name, a dot, and a name for the run: ``"05-untrained-networks.widths"``.
    experiment : callable
        Takes the name of a data set and a seed, and returns a dict of numbers or arrays, with
        strings as keys and the same shapes for every seed.
    data : sequence of str
        Names of data sets, or of whatever else the experiment is run on.
    n_seeds : int
        Seeds 0 to n_seeds - 1.
    n_repeated : int
        How many of them are repeated where all of them are stored.

    Returns
    -------
    dict of dict of ndarray
        By data set, then by key: the results along the first axis, one per seed. With
        ``ES_LEDGER=record``, or where nothing is stored, all seeds are run. Otherwise the first
        few are, and what is stored is returned if they agree with it.

    Raises
    ------
    ValueError
        If a name cannot be a file's, or a number of seeds is out of range.
    AssertionError
        Under ``ES_LEDGER=check``, if nothing is stored, if it is torn, or if the repeated seeds
        do not agree with it.

    Warns
    -----
    UserWarning
        If a reader's seeds do not agree with what is stored, for instance because the reader has
        changed the experiment, or if what is stored is torn. Only the seeds that were run are
        returned then.

    Notes
    -----
    Runs agree if, in every array, at least 99% of the entries are equal and the mean over the
    repeated seeds is the stored one to a tenth of the 95% interval's half-width. On another
    processor, or with other versions, networks that are trained for thousands of steps end up
    elsewhere; there the means must agree to one standard deviation of the seeds.

    Chapter: 17-scorecard.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import replay
    >>> def toss(data, seed):
    ...     return {"heads": np.random.default_rng(seed).integers(2, size=4)}
    >>> replay("99-toy.coins", toss, ["fair"], n_seeds=5)["fair"]["heads"].shape
    (5, 4)
    """
    run = _Run(name)
    given = check_type("data", data, Iterable, "a sequence of names")
    data = [check_name("data", case) for case in given]
    low = max(2, check_int("n_repeated", n_repeated))
    n_seeds, mode = check_int("n_seeds", n_seeds, low), ledger.mode()
    there = all(stored.path_of(run, _folder(case)).exists() for case in data)
    if mode == "record" or (not mode and not there):
        found = by_seed(experiment, data, range(n_seeds))
        if mode == "record":
            for case, arrays in found.items():
                stored.record(run, _folder(case), arrays, 0.0)
        return found
    found = by_seed(experiment, data, range(n_repeated))
    try:
        before = {case: _expected(run, case, n_seeds, found[case]) for case in data}
    except AssertionError as error:
        if mode == "check":
            raise
        warnings.warn(
            "This is not the run that is stored, so you see your "
            f"{n_repeated} seeds alone: {error}",
            stacklevel=2,
        )
        return found
    return before


def load_run(name: str, case: str) -> dict[str, Array]:
    """Return what is stored of a run on one data set, by key, with one row per seed.

    Raises
    ------
    ValueError
        If nothing is stored, or the file is torn.
    """
    return stored.load(_Run(name), _folder(check_name("case", case)), None).arrays


def _folder(case):
    return f"{case}/runs"


def _expected(run, case, n_seeds, found):
    """Return what is stored, after a comparison with the seeds that were run."""
    then = stored.expected(run, _folder(case), found)
    said = f"{run.id} on {case} at {current()} scale"
    assert len(then.seeds) == n_seeds, f"{said}: {len(then.seeds)} seeds are stored, not {n_seeds}"
    for key, now in found.items():
        stored.check_repeated(f"{said}, {key}", now, then.arrays[key], then)
    return then.arrays

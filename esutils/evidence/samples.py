"""What runs measured: arrays under ``ledger/samples``, with what they were measured with.

A verdict is nowhere stored. Whoever wants one loads the samples and judges them anew, so that a
better interval or another wording needs no run. Samples become invalid in one way only: somebody
who changes an experiment raises the number ``experiment`` of its ledger entry by hand.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from esutils.common.files import written_whole
from esutils.common.provenance import arithmetic, changed, commit, versions
from esutils.common.types import Array
from esutils.evidence import ledger
from esutils.evidence.intervals import Estimate, estimate
from esutils.scale import current

_EQUAL = 0.99  # share of the entries that must come out again
_CLOSE = 0.1  # of an interval's half-width: what counts as equal
_SAME = 1e-4  # relative: entries of a repeated run that count as equal
_ROUNDING = 1e-3  # of the mean or the threshold: some means are pure rounding error


@dataclass(frozen=True)
class Samples:
    """What one run measured for one entry of the ledger on one data set.

    Attributes
    ----------
    arrays : dict of str to ndarray of shape (n_seeds,) or (n_seeds, n_images)
        For a claim ``"statistic"`` and what else it is judged by, for an effect one array per
        model, for a run whatever it measured, with more axes behind the first.
    experiment : int
        The number that the ledger entry gave its experiment at the time.
    step : float
        The smallest amount by which two samples can differ; see
        :func:`esutils.evidence.intervals.estimate`.
    seeds : list of int
        The seed of each row.
    versions : dict of str to str
        Versions of Python and of the libraries.
    arithmetic : str
        Fingerprint of how these calculate on the processor of the run.
    commit : str or None
        The commit that was checked out; None outside a git repository.
    dirty : bool or None
        Whether package, ledger or chapter had changes that were not committed.

    Examples
    --------
    >>> from esutils import claims
    >>> found = claims.load_samples("untrained.closes-the-span", "mnist5k")
    >>> found.arrays["statistic"].shape, found.seeds[:3]
    ((20, 2000), [0, 1, 2])
    """

    arrays: dict[str, Array]
    experiment: int
    step: float
    seeds: list[int]
    versions: dict[str, str]
    arithmetic: str
    commit: str | None
    dirty: bool | None


def size_in_words(shape: tuple[int, ...]) -> str:
    """Return the number of seeds, and of test images where there are any, in words.

    Examples
    --------
    >>> from esutils.evidence.samples import size_in_words
    >>> size_in_words((5, 1000))
    '5 seeds × 1,000 test images'
    """
    kinds = ("seeds", "test images")[: len(shape)]
    return " × ".join(f"{n:,} {kind}" for n, kind in zip(shape, kinds, strict=True))


def load(
    entry: Any, folder: str, names: Collection[str] | None, scale: str | None = None
) -> Samples:
    """Return the stored samples of a ledger entry.

    Parameters
    ----------
    entry : Claim or Statistic
    folder : str
        The data set, with ``"/effects"`` behind it for an effect and ``"/runs"`` for a run.
    names : collection of str
        What the samples must be of; None if they may be of anything.
    scale : {"quick", "paper"}, optional
        By default the present one.

    Raises
    ------
    ValueError
        If there are none, if the file holds something else, or if they belong to an earlier
        experiment than the ledger's.
    """
    path = path_of(entry, folder, scale)
    if not path.exists():
        raise ValueError(f"no samples of {entry.id} on {folder} are stored; run make execute")
    samples = _read(path)
    if names is not None and set(samples.arrays) != set(names):
        raise ValueError(
            f"{path} must hold samples of {sorted(names)}, got {sorted(samples.arrays)}; "
            "remove it and run make execute"
        )
    if samples.experiment != entry.experiment:
        raise ValueError(
            f"the samples of {entry.id} on {folder} are stale: they are of experiment "
            f"{samples.experiment!r}, and the ledger says {entry.experiment}; run make execute"
        )
    return samples


def _read(path):
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as members:
            about = json.loads(str(members["about"]))
            arrays = {name: members[name] for name in members.files if name != "about"}
        samples = Samples(arrays, **about)
        if max(map(len, arrays.values())) != len(samples.seeds):
            raise ValueError("not one row per seed")
        return samples
    except MemoryError:
        raise
    except Exception as error:  # NumPy, zip, zlib and JSON each raise their own
        raise ValueError(
            f"{path} must hold stored samples, but it is torn or of another kind ({error}); "
            "remove it and run make execute"
        ) from error


def path_of(entry: Any, folder: str, scale: str | None = None) -> Path:
    """Return where the samples of a ledger entry are stored."""
    samples = ledger.book_root() / "ledger" / "samples"
    return samples / (scale or current()) / folder / f"{entry.id}.npz"


def record(entry: Any, folder: str, arrays: dict[str, Array], step: float) -> None:
    """Store what a run measured; where the same is stored already, leave the file as it is."""
    path, root = path_of(entry, folder), ledger.book_root()
    n_seeds = max(map(len, arrays.values()))
    own = [
        "esutils",
        "ledger/claims.yml",
        "ledger/first-edition/claims.yml",
        "ledger/statistics.yml",
        f"chapters/{entry.chapter}.ipynb",
    ]
    new = Samples(
        arrays,
        entry.experiment,
        step,
        list(range(n_seeds)),
        versions(),
        arithmetic(),
        commit(root),
        changed(root, *own),
    )
    if path.exists() and _same(new, _read(path)):
        return
    about = asdict(new)
    members = about.pop("arrays")
    with written_whole(path) as file:
        np.savez_compressed(file, about=np.array(json.dumps(about)), **members)


def _same(one, other):
    return (
        (one.step, one.seeds, one.experiment) == (other.step, other.seeds, other.experiment)
        and one.arrays.keys() == other.arrays.keys()
        and all(np.array_equal(one.arrays[name], other.arrays[name]) for name in one.arrays)
    )


def expected(entry: Any, folder: str, names: Collection[str]) -> Samples:
    """Return the samples that a run must reproduce; without them the run is in error."""
    try:
        return load(entry, folder, names)
    except ValueError as error:
        raise AssertionError(str(error)) from error


def check(
    name: str,
    arrays: Mapping[str, Array],
    then: Samples,
    found: Mapping[str, Estimate],
    threshold: float,
) -> None:
    """Raise unless a run agrees with the stored samples, as far as a verdict can tell.

    With the arithmetic and the versions of the stored run, at least 99% of the entries must be
    equal, and the means as well: a difference of a tenth of the interval's half-width counts as
    none. On another processor, or with other versions, a trained network ends up elsewhere; there
    the mean must lie in the stored interval.

    Parameters
    ----------
    name : str
        The id of the ledger's entry, for the message.
    arrays : dict of str to ndarray of shape (n_seeds,) or (n_seeds, n_images)
        What the run measured.
    then : Samples
        What is stored.
    found : dict of str to Estimate
        The means of the stored arrays, with their intervals.
    threshold : float
        The claim's; 0 for an effect.
    """
    alike = (then.arithmetic, then.versions) == (arithmetic(), versions())
    for part, now in arrays.items():
        _check_array(f"{name}, {part}", now, then.arrays[part], found[part], threshold, alike)


def check_repeated(name: str, now: Array, before: Array, then: Samples) -> None:
    """Raise unless the first seeds of a run agree with the stored array of all its seeds.

    With the arithmetic and the versions of the stored run, at least 99% of the entries must be
    equal, and the mean to a tenth of the half-width of its interval over the seeds. Elsewhere the
    mean must be within one standard deviation of the seeds.
    """
    same_seeds = before[: len(now)]
    assert now.shape == same_seeds.shape, f"{name}: stored with {same_seeds.shape}, now {now.shape}"
    filled = np.nan_to_num(before)  # an empty bin has no mean
    by_seed = filled.reshape(len(before), -1).mean(axis=1, dtype=np.float64)
    found = estimate(by_seed)
    moved = abs(np.mean(np.nan_to_num(now), dtype=np.float64) - by_seed[: len(now)].mean())
    rounding = _ROUNDING * abs(found.mean)
    said = f"{name}: the mean of these seeds has moved by {moved}"
    if (then.arithmetic, then.versions) != (arithmetic(), versions()):
        assert moved <= by_seed.std(ddof=1) + rounding, said
        return
    options = {"rtol": _SAME, "atol": _SAME * np.abs(filled).max(), "equal_nan": True}
    equal = np.mean(np.isclose(now, same_seeds, **options))
    assert equal >= _EQUAL, f"{name}: only {equal:.1%} of the entries are equal to the stored ones"
    assert moved <= _CLOSE * (found.high - found.mean) + rounding, said


def _check_array(name, now, then, found, threshold, alike):
    assert now.shape == then.shape, f"{name}: stored with shape {then.shape}, now {now.shape}"
    rounding = _ROUNDING * max(abs(found.mean), abs(threshold))
    said = f"{name}: the mean is stored as {then.mean()}, and is now {now.mean()}"
    if not alike:
        assert found.low - rounding <= now.mean() <= found.high + rounding, said
        return
    tolerance = max(_CLOSE * (found.high - found.mean), rounding)
    equal = np.mean(np.abs(now - then) <= tolerance)
    assert equal >= _EQUAL, f"{name}: only {equal:.1%} of the samples are equal to the stored ones"
    assert abs(now.mean() - then.mean()) <= tolerance, said

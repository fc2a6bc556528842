"""Effects: what each model of the family does, on one scale.

``ledger/statistics.yml`` says what is measured, or why there is nothing to measure. The samples are
stored and compared like those of the claims. Rows of the second edition are errors at stated
widths, so that they can be compared with each other; each of the first edition's has a unit and a
sign of its own.
"""

import html
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from esutils.common.checks import check_choice, check_int, check_samples
from esutils.common.types import Array
from esutils.evidence import ledger
from esutils.evidence import samples as stored
from esutils.evidence.claims import VARIATIONS, check_training, pool_share
from esutils.evidence.intervals import Estimate, estimate
from esutils.scale import counterpart, current

MODELS = ("linear", "expand_linear", "sparsify_only", "expand_dense", "expand_sparsify", "mlp")
NOT_DEFINED = "not defined: "


@dataclass(frozen=True)
class Statistic:
    """One row of the matrix; ``ledger/statistics.yml`` explains the fields at its head.

    Examples
    --------
    >>> from esutils import effects
    >>> effects.load_statistics()["no-training"].unit
    'percent'
    """

    id: str
    title: str
    chapter: str
    statistic: str
    unit: str
    edition: int
    experiment: int
    variation: str
    training: dict[str, int]
    data: list[str]
    models: dict[str, str]

    def __post_init__(self):
        check_int(f"edition of {self.id}", self.edition, high=2)
        check_int(f"experiment of {self.id}", self.experiment)
        check_training(self.id, self.training, self.data)
        check_choice(f"variation of {self.id}", self.variation, VARIATIONS)
        if list(self.models) != list(MODELS):
            raise ValueError(f"models of {self.id} must be {list(MODELS)}, got {list(self.models)}")

    @property
    def defined(self) -> list[str]:
        """Names of the models that have this effect."""
        return [name for name, text in self.models.items() if not text.startswith(NOT_DEFINED)]


@dataclass(frozen=True)
class Effects:
    """What a run measured of one phenomenon on one data set.

    Examples
    --------
    >>> from esutils import effects
    >>> effects.Effects(effects.load_statistics()["no-training"], "mnist5k", {})
    effects: no-training on mnist5k
    """

    statistic: Statistic
    data: str
    estimates: dict[str, Estimate]

    def __repr__(self):
        return f"effects: {self.statistic.id} on {self.data}"

    def _repr_html_(self):
        rows = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{self._cell(name)}</td>"
            f"<td>{html.escape(text)}</td></tr>"
            for name, text in self.statistic.models.items()
        )
        return (
            f'<table class="effects" data-effect="{self.statistic.id}" data-set="{self.data}">'
            f"<caption>{html.escape(self.statistic.title)}, "
            f"{html.escape(self.data)}: {html.escape(self.statistic.statistic)}, in "
            f"{html.escape(self.statistic.unit)}, with its 95% interval.</caption>"
            f"<thead><tr><th>model</th><th>effect</th><th>what is measured</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )

    def _cell(self, name):
        if name not in self.estimates:
            return ""
        return f'<span class="num">{in_words(self.estimates[name])}</span>'


def points(first: ArrayLike, second: ArrayLike) -> Array:
    """Return the difference between two models' mistakes, in points.

    Parameters
    ----------
    first, second : arrays of the same shape
        Which samples each model gets wrong: bool, 0 and 1, or shares.

    Returns
    -------
    ndarray of float
        100 where only the first is wrong, -100 where only the second is.

    Examples
    --------
    >>> from esutils import effects
    >>> effects.points([True, True, False], [False, True, True])
    array([ 100.,    0., -100.])
    """
    return 100 * (np.asarray(first, dtype=np.float64) - np.asarray(second))


def in_words(found: Estimate) -> str:
    """Return an estimate as text: the mean and its interval, to three figures.

    Examples
    --------
    >>> from esutils import effects, intervals
    >>> effects.in_words(intervals.estimate([1.0, 2.0, 3.0]))
    '2 (−0.484 to 4.48)'
    """
    mean, low, high = (f"{end:.3g}" for end in (found.mean, found.low, found.high))
    return f"{mean} ({low} to {high})".replace("-", "−")


def load_statistics() -> dict[str, Statistic]:
    """Read what is measured of each phenomenon.

    Returns
    -------
    dict of str to Statistic
        In the order of ``ledger/statistics.yml``.

    Raises
    ------
    ValueError
        If an entry lacks a field, has an unknown one, an id twice, or not the six models.

    Examples
    --------
    >>> from esutils import effects
    >>> len(effects.load_statistics())
    10
    """
    return ledger.load_entries("statistics.yml", Statistic)


def measure(statistic_id: str, data: str, **samples: Array) -> Effects:
    """Measure one phenomenon on every model of the family that has it.

    Parameters
    ----------
    statistic_id : str
        As in ``ledger/statistics.yml``.
    data : str
        The data set, as in :func:`esutils.evidence.claims.judge`.
    **samples : array of shape (n_seeds,) or (n_seeds, n_images)
        The effect in the entry's unit, by model: all models for which it is defined, no other.

    Returns
    -------
    Effects
        The mean effects with their intervals; a table where it is displayed.

    Raises
    ------
    ValueError
        If the statistic is unknown, or the models or shapes are not what it asks for.
    AssertionError
        Under ``ES_LEDGER=check``, if the run does not reproduce the stored samples.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import effects
    >>> models = effects.load_statistics()["no-training"].defined
    >>> gains = {model: np.arange(15.0).reshape(3, 5) for model in models}  # seeds, images
    >>> effects.measure("no-training", "mnist5k", **gains).estimates["mlp"].mean
    7.0
    """
    statistics = load_statistics()
    check_choice("statistic_id", statistic_id, statistics)
    statistic = statistics[statistic_id]
    check_choice("data", data, [counterpart(name, current()) for name in statistic.data])
    if set(samples) != set(statistic.defined):
        raise ValueError(
            f"samples of {statistic_id} must be those of {statistic.defined}, got {list(samples)}"
        )
    n_dims = 2 if statistic.variation == "seeds x images" else 1
    for name, values in samples.items():
        if getattr(values, "ndim", 0) != n_dims:
            raise ValueError(
                f"{name} must be an array of {n_dims} dimension(s) for {statistic_id}, "
                f"got {type(values).__name__} of shape {getattr(values, 'shape', None)}"
            )
    arrays = {name: check_samples(name, samples[name]) for name in statistic.defined}
    found = _estimates(statistic, data, arrays)
    if ledger.mode() == "record":
        stored.record(statistic, _folder(data), arrays, 0.0)
    elif ledger.mode() == "check":
        then = stored.expected(statistic, _folder(data), statistic.defined)
        stored.check(statistic_id, arrays, then, _estimates(statistic, data, then.arrays), 0.0)
    return Effects(statistic, data, found)


def _estimates(statistic, data, arrays):
    share = pool_share(statistic.training, data, data in statistic.data)
    found = {name: estimate(values, pool_share=share) for name, values in arrays.items()}
    if statistic.edition == 1:
        return found
    return {name: replace(x, low=max(x.low, 0.0)) for name, x in found.items()}  # errors


def _folder(data):
    return f"{data}/effects"


def recorded(statistic: Statistic, data: str) -> Effects:
    """Return the effects of one phenomenon, from the samples that are stored at the quick scale.

    Parameters
    ----------
    statistic : Statistic
    data : str
        One of its data sets.

    Returns
    -------
    Effects

    Raises
    ------
    ValueError
        If the data set is not one of the statistic's, or if its samples are missing, torn, or of
        an earlier experiment.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import effects
    >>> statistic = effects.load_statistics()["no-training"]
    >>> effects.recorded(statistic, "mnist5k").estimates["mlp"].mean > 0
    True
    """
    folder = _folder(check_choice("data", data, statistic.data))
    samples = stored.load(statistic, folder, statistic.defined, scale="quick")
    return Effects(statistic, data, _estimates(statistic, data, samples.arrays))


def matrix(edition: int = 2) -> pd.DataFrame:
    """Return every effect of an edition, from the stored samples.

    Parameters
    ----------
    edition : {1, 2}

    Returns
    -------
    pandas.DataFrame
        One row per phenomenon and data set, in the order of ``ledger/statistics.yml``, indexed by
        ``phenomenon`` (the id) and ``data``. One column per model, which holds the
        :class:`~esutils.evidence.intervals.Estimate`, or None where the effect is not defined.

    Raises
    ------
    ValueError
        If samples are missing, torn, or of an earlier experiment.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import effects
    >>> effects.matrix().loc[("no-training", "mnist5k"), "mlp"].mean > 0
    True
    """
    rows = {}
    check_int("edition", edition, high=2)
    for statistic in load_statistics().values():
        for data in statistic.data if statistic.edition == edition else ():
            found = recorded(statistic, data).estimates
            rows[statistic.id, data] = [found.get(model) for model in MODELS]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(MODELS))
    table.index = pd.MultiIndex.from_tuples(table.index, names=["phenomenon", "data"])
    return table

"""Claims: predictions written down before the run, and what the runs say of them.

``ledger/claims.yml`` holds the predictions, ``ledger/samples`` what the runs measured. A verdict is
computed from the two whenever somebody wants to see it. It answers two questions:

1. Does it show? The statistic lies beyond its threshold, and does not without either half of
   expand-and-sparsify.
2. Is it more than what a dense code shows? The difference from the best dense rival lies beyond a
   margin.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from esutils.common.checks import (
    check_choice,
    check_flag,
    check_int,
    check_name,
    check_number,
    check_samples,
)
from esutils.common.types import Array
from esutils.evidence import ledger
from esutils.evidence import samples as stored
from esutils.evidence.intervals import COMPARISONS, Estimate, estimate
from esutils.evidence.samples import Samples
from esutils.scale import POOL_SIZES, counterpart, current

KINDS = ("primary", "supporting", "check")
STANDINGS = ("confirmatory", "replication", "exploratory")
SENTENCES = ("1", "2a", "2b", "2c", "2d", "2e", "theorem", "literature", "ours")
VARIATIONS = ("seeds x images", "seeds")
HALVES = ("expand_linear", "sparsify_only")  # each half of the pair alone
MORE = {"holds": "yes", "fails": "no", "undecided": "cannot tell"}  # than a dense code?
WORDS = ("holds", "fails", "undecided", "void")
NO_RIVAL = "none: "
CONFIRMING = "fashion10k"  # primary claims are judged on it, and the other sets stand beside it
LARGEST_DRAW = 1000  # training images of a primary claim at the quick scale
_SIGNS = {"greater": "above", "less": "below", "equivalent": "within ±"}


class Asked:
    """What the claims of both editions ask: a statistic on one side of a threshold.

    Examples
    --------
    >>> from esutils import claims, first_edition
    >>> entries = claims.load_claims() | first_edition.load_claims()
    >>> entries["untrained.few-active"].bound, entries["limits.parity"].bound
    ('above 1 points', 'above 20 points')
    """

    id: str
    unit: str
    comparison: str
    threshold: float
    variation: str
    seeds: int
    experiment: int

    def check_asked(self) -> None:
        """Refuse a question that no samples can answer."""
        check_choice(f"comparison of {self.id}", self.comparison, COMPARISONS)
        check_choice(f"variation of {self.id}", self.variation, VARIATIONS)
        check_int(f"seeds of {self.id}", self.seeds, low=2)
        check_int(f"experiment of {self.id}", self.experiment)
        low = 0 if self.comparison == "equivalent" else -np.inf
        check_number(f"threshold of {self.id}", self.threshold, low)

    def check_shape(self, name: str, values: Array, least: int) -> None:
        """Refuse samples of another shape, or of fewer than the least number of seeds."""
        n_dims = 2 if self.variation == "seeds x images" else 1
        if values.ndim != n_dims or len(values) < least:
            raise ValueError(
                f"{name} must have {n_dims} dimension(s) and at least {least} seeds for "
                f"{self.id}, got shape {values.shape}"
            )

    @property
    def bound(self) -> str:
        """The prediction as a bound in words, such as "above 2 points"."""
        gap = "" if self.comparison == "equivalent" else " "
        words = f"{_SIGNS[self.comparison]}{gap}{self.threshold:g} {self.unit}"
        return words.replace("-", "−")


@dataclass(frozen=True)
class Claim(Asked):
    """One entry of the ledger; ``ledger/claims.yml`` explains the fields at its head.

    Examples
    --------
    >>> from esutils import claims
    >>> claim = claims.load_claims()["untrained.closes-the-span"]
    >>> claim.kind, claim.sentence, claim.data
    ('primary', '2b', ['mnist5k', 'fashion10k'])
    """

    id: str
    chapter: str
    kind: str
    sentence: str
    statement: str
    prediction: str
    statistic: str
    unit: str
    comparison: str
    threshold: float
    threshold_from: str
    nonnegative: bool
    halves: list[str]
    rival: str
    margin: float
    variation: str
    training: dict[str, int]
    seeds: int
    detectable: dict[str, float]
    standing: dict[str, str]
    experiment: int

    def __post_init__(self):
        check_choice(f"kind of {self.id}", self.kind, KINDS)
        check_choice(f"sentence of {self.id}", self.sentence, SENTENCES)
        self.check_asked()
        check_flag(f"nonnegative of {self.id}", self.nonnegative)
        for half in self.halves:
            check_choice(f"halves of {self.id}", half, HALVES)
        check_number(f"margin of {self.id}", self.margin)
        if not self.standing:
            raise ValueError(f"standing of {self.id} must name a data set, got {self.standing}")
        for standing in self.standing.values():
            check_choice(f"standing of {self.id}", standing, STANDINGS)
        check_training(self.id, self.training, self.data)
        if self.kind == "primary":
            self._check_sized()

    def _check_sized(self):
        """Refuse a primary claim that its run cannot decide."""
        for data in self.data:
            check_number(
                f"detectable of the primary claim {self.id} on {data}",
                self.detectable.get(data),
                high=self.margin if data == self.confirming else np.inf,
                open_low=True,
            )
        if self.rival.startswith(NO_RIVAL):
            raise ValueError(
                f"rival of the primary claim {self.id} must be one, got {self.rival!r}"
            )
        if self.training and self.training["quick"] > LARGEST_DRAW:
            raise ValueError(
                f"training of the primary claim {self.id} must be at most {LARGEST_DRAW} at quick "
                f"scale, so that draws differ; got {self.training['quick']}"
            )

    @property
    def data(self) -> list[str]:
        """The data sets that it is judged on."""
        return list(self.standing)

    @property
    def confirming(self) -> str:
        """The data set whose verdict counts where there is one verdict per claim."""
        return CONFIRMING if CONFIRMING in self.data else self.data[-1]

    @property
    def parts(self) -> list[str]:
        """What its samples are of: the statistic, each half alone, and the rival."""
        rival = [] if self.rival.startswith(NO_RIVAL) else ["rival"]
        return ["statistic", *self.halves, *rival]


@dataclass(frozen=True)
class Verdict:
    """What a run says of a claim on one data set.

    Attributes
    ----------
    claim : Claim
    data : str
    estimate : Estimate
        Of the statistic.
    halves : dict of str to Estimate
        Of the same statistic with one half of expand-and-sparsify alone.
    rival : Estimate or None
        Of the advantage over the best dense code.
    shape : tuple of int
        Number of seeds, and of test images where there are any.

    Examples
    --------
    >>> from esutils import claims
    >>> claim = claims.load_claims()["untrained.closes-the-span"]
    >>> verdict = claims.recorded(claim, "fashion10k")
    >>> verdict.word in claims.WORDS, verdict.more in claims.MORE.values()
    (True, True)
    """

    claim: Claim
    data: str
    estimate: Estimate
    halves: dict[str, Estimate]
    rival: Estimate | None
    shape: tuple[int, ...]

    @classmethod
    def of(cls, claim: Claim, data: str, arrays: Mapping[str, Array], step: float) -> Self:
        """Judge samples: a function of the ledger's entry and of the samples alone."""
        share = pool_share(claim.training, data, data in claim.data)
        found = {name: estimate(values, step, share) for name, values in arrays.items()}
        statistic, rival = found.pop("statistic"), found.pop("rival", None)
        if claim.nonnegative:
            statistic = replace(statistic, low=max(statistic.low, 0.0))
        return cls(claim, data, statistic, found, rival, arrays["statistic"].shape)

    @property
    def word(self) -> str:
        """Does it show? *holds*, *fails*, *undecided*, or *void* if one half alone shows it too."""
        asked = self.claim.comparison, self.claim.threshold
        found = self.estimate.word(*asked)
        alone = any(half.word(*asked) == "holds" for half in self.halves.values())
        return "void" if found == "holds" and alone else found

    @property
    def more(self) -> str:
        """Is it more than what a dense code shows? *yes*, *no*, *cannot tell*, or *not asked*."""
        if self.rival is None:
            return "not asked"
        return MORE[self.rival.word("greater", self.claim.margin)]

    @property
    def p_value(self) -> float:
        """The smallest error rate at which the claim holds."""
        return self.estimate.p_value(self.claim.comparison, self.claim.threshold)

    @property
    def counted(self) -> bool:
        """Whether it belongs in a tally: checks and what was chosen after the outcome do not."""
        told = {
            standing
            for data, standing in self.claim.standing.items()
            if self.data in (data, counterpart(data, "paper"))
        }
        return self.claim.kind != "check" and "exploratory" not in told

    def __repr__(self):
        words = f"{self.word}: {self.claim.id} on {self.data}"
        return words if self.rival is None else f"{words}; more than a dense code: {self.more}"


def check_training(name: str, training: Mapping[str, int], data: Iterable[str]) -> None:
    """Refuse numbers of training images that the pools of an entry's data sets do not have.

    Examples
    --------
    >>> from esutils import claims
    >>> claims.check_training("toy", {"quick": 1000, "paper": 10_000}, ["mnist5k"])
    """
    if training and set(training) != {"quick", "paper"}:
        raise ValueError(
            f"training of {name} must be empty or have the keys quick and paper, got {training}"
        )
    for scale, n_train in training.items():
        for case in data:
            there = counterpart(case, scale)
            check_choice(f"data with training of {name}", there, POOL_SIZES)
            check_int(f"training of {name} at {scale} scale", n_train, high=POOL_SIZES[there])


def pool_share(training: Mapping[str, int], data: str, quick: bool) -> float:
    """Return n / (N - n), for n training images from a pool of N; 0 if all of it is used.

    Examples
    --------
    >>> from esutils import claims
    >>> claims.pool_share({"quick": 1000, "paper": 10_000}, "mnist5k", quick=True)
    0.5
    """
    n_train, size = training.get("quick" if quick else "paper", 0), POOL_SIZES.get(data, 0)
    return n_train / (size - n_train) if n_train < size else 0.0


def load_claims() -> dict[str, Claim]:
    """Read the ledger.

    Returns
    -------
    dict of str to Claim
        In the order of ``ledger/claims.yml``.

    Raises
    ------
    ValueError
        If an entry lacks a field, has an unknown one, an id twice, or a value that is not allowed;
        the message names it.

    Examples
    --------
    >>> from esutils import claims
    >>> list(claims.load_claims())[0]
    'code.fly'
    """
    return ledger.load_entries("claims.yml", Claim)


def judge(
    claim_id: str,
    samples: ArrayLike,
    data: str,
    *,
    rival: ArrayLike | None = None,
    halves: Mapping[str, ArrayLike] | None = None,
    step: float = 0.0,
) -> Verdict:
    """Judge what a run measured by a claim of the ledger.

    Parameters
    ----------
    claim_id : str
        As in ``ledger/claims.yml``.
    samples : array of shape (n_seeds,) or (n_seeds, n_images)
        The claim's statistic in the claim's unit; row i is seed i. See
        :func:`esutils.evidence.intervals.estimate`.
    data : str
        One of the claim's data sets or, at the literature's sizes, the set that takes its place;
        see :func:`esutils.scale.pools`.
    rival : array with as many dimensions, optional
        The advantage over the best dense code, in the claim's unit and positive where the sparse
        code is better. Given if, and only if, the claim has a rival.
    halves : dict of str to array, optional
        The statistic with one half of expand-and-sparsify alone, for the names that the claim
        lists under ``halves``.
    step : float
        The smallest amount by which two samples can differ; see
        :func:`esutils.evidence.intervals.estimate`.

    Returns
    -------
    Verdict
        ``word`` is *holds* if the whole interval lies beyond the threshold, *fails* if it lies on
        the wrong side, *undecided* otherwise; *void* if it holds for one half alone as well.
        ``more`` is *yes* if the whole interval of the advantage lies above the margin, *no* if it
        lies below, *cannot tell* otherwise.

    Raises
    ------
    ValueError
        If the claim is unknown, or the samples are not what it asks for.
    AssertionError
        Under ``ES_LEDGER=check``, if the run does not reproduce the stored samples.

    Notes
    -----
    Under ``ES_LEDGER=record`` the samples are stored. The verdict never is: see :func:`recorded`.
    A reader's own run may have fewer seeds than the claim asks for.

    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import claims
    >>> gaps = [0.01, 0.02, 0.00, 0.01, 0.02]  # by seed
    >>> claims.judge("sphere.rate", gaps, "simulation")
    holds: sphere.rate on simulation
    """
    claim = _claim(claim_id)
    check_choice("data", data, [counterpart(name, current()) for name in claim.data])
    given = {"samples": samples, **(halves or {})} | ({} if rival is None else {"rival": rival})
    checked = {name: check_samples(name, values) for name, values in given.items()}
    arrays = {"statistic": checked.pop("samples"), **checked}
    if set(arrays) != set(claim.parts):
        raise ValueError(
            f"samples of {claim_id} must be of {claim.parts}, as its entry says, got {[*arrays]}"
        )
    for name, values in arrays.items():
        least = claim.seeds if ledger.mode() else 2
        claim.check_shape("samples" if name == "statistic" else name, values, least)
    verdict = Verdict.of(claim, data, arrays, step)
    if ledger.mode() == "record":
        stored.record(claim, data, arrays, step)
    elif ledger.mode() == "check":
        _check_reproduces(verdict, arrays)
    return verdict


def _claim(claim_id):
    claims = load_claims()
    return claims[check_choice("claim_id", claim_id, claims)]


def _check_reproduces(verdict, arrays):
    claim, data = verdict.claim, verdict.data
    then = stored.expected(claim, data, claim.parts)
    before = Verdict.of(claim, data, then.arrays, then.step)
    said = f"{claim.id}: was {before!r}, now {verdict!r}"
    assert (before.word, before.more) == (verdict.word, verdict.more), said
    found = {"statistic": before.estimate, **before.halves}
    if before.rival is not None:
        found["rival"] = before.rival
    stored.check(claim.id, arrays, then, found, claim.threshold)


def load_samples(claim_id: str, data: str) -> Samples:
    """Load what the chapter measured for a claim, to look at it or to judge it by another rule.

    Parameters
    ----------
    claim_id : str
        As in ``ledger/claims.yml``.
    data : str
        One of the claim's data sets or, with ``ES_SCALE=paper``, the set that takes its place.

    Returns
    -------
    Samples
        ``arrays["statistic"]``, and what else the claim asks for, with one row per seed; and the
        seeds, versions and commit of the run.

    Raises
    ------
    ValueError
        If the claim or the data set is unknown, or no samples are stored.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    Does the untrained layer close half of the span in every single run?

    >>> from esutils import claims
    >>> found = claims.load_samples("untrained.closes-the-span", "mnist5k")
    >>> by_seed = found.arrays["statistic"].mean(axis=1)
    >>> bool((by_seed > 0).all())
    True
    """
    claim = _claim(claim_id)
    check_choice("data", data, [counterpart(name, current()) for name in claim.data])
    return stored.load(claim, data, claim.parts)


def recorded(claim: Claim, data: str, scale: str = "quick") -> Verdict:
    """Judge the stored samples of a claim anew.

    Parameters
    ----------
    claim : Claim
    data : str
        One of the claim's data sets.
    scale : {"quick", "paper"}
        At the second, the samples are those of the set that takes its place.

    Returns
    -------
    Verdict

    Raises
    ------
    ValueError
        If the data set is not one of the claim's, or if its samples are missing, torn, or of an
        earlier experiment.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import claims
    >>> claim = claims.load_claims()["sphere.rate"]
    >>> claims.recorded(claim, "simulation")
    holds: sphere.rate on simulation

    And if it had asked for a slope that is steeper than the theorem's?

    >>> from dataclasses import replace
    >>> claims.recorded(replace(claim, threshold=-0.1), "simulation").word == "holds"
    False
    """
    there = counterpart(check_choice("data", data, claim.data), scale)
    samples = stored.load(claim, there, claim.parts, scale=scale)
    return Verdict.of(claim, there, samples.arrays, samples.step)


def report(chapter: str, tolerance: float, **numbers: float) -> None:
    """Glue numbers into the prose of a chapter, and keep them in ``ledger/numbers``.

    Parameters
    ----------
    chapter : str
        The chapter's file name without its ending.
    tolerance : float
        How far a number may be from the stored one on another machine.
    **numbers : float
        Values by the keys that the prose uses.

    Raises
    ------
    ValueError
        If the chapter cannot be a file's name, or a number is not finite.
    AssertionError
        Under ``ES_LEDGER=check``, if a number is further from the stored one than the tolerance.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import claims
    >>> claims.report("05-untrained-networks", 0.6, c05_mnist5k_mlp=7.1)
    """
    from myst_nb import glue

    check_name("chapter", chapter)
    check_number("tolerance", tolerance)
    for key, value in numbers.items():
        numbers[key] = check_number(key, np.asarray(value)[()], -np.inf)
    for key, value in numbers.items():
        glue(key, value, display=False)
    rounded = {key: float(f"{value:.6g}") for key, value in numbers.items()}
    ledger.keep_numbers(chapter, rounded, tolerance)

"""Claims: predictions written down before the run, and what the runs say of them.

``ledger/claims.yml`` holds the predictions, ``ledger/samples`` what the runs measured. A verdict is
computed from the two whenever somebody wants to see it.
"""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from esutils.common.checks import check_choice, check_int, check_name, check_number, check_samples
from esutils.common.types import Array
from esutils.evidence import ledger
from esutils.evidence import samples as stored
from esutils.evidence.intervals import COMPARISONS, Estimate, estimate
from esutils.evidence.samples import Samples
from esutils.scale import counterpart, current

VARIATIONS = ("seeds x images", "seeds")
SOURCES = ("abstract", "theorem", "literature", "ours")
PARTS = ("statistic", "control")  # of a claim's samples
_SIGNS = {"greater": "above", "less": "below", "equivalent": "within ±"}


@dataclass(frozen=True)
class Claim:
    """One entry of the ledger; ``ledger/claims.yml`` explains the fields at its head.

    Examples
    --------
    >>> from esutils import claims
    >>> claim = claims.load_claims()["primitive.fly"]
    >>> claim.chapter, claim.comparison
    ('01-expand-and-sparsify', 'equivalent')
    """

    id: str
    chapter: str
    source: str
    statement: str
    prediction: str
    statistic: str
    unit: str
    comparison: str
    threshold: float
    threshold_from: str
    seeds: int
    experiment: int
    variation: str
    data: list[str]
    pilot: list[str]
    control: str

    def __post_init__(self):
        check_choice(f"comparison of {self.id}", self.comparison, COMPARISONS)
        check_choice(f"variation of {self.id}", self.variation, VARIATIONS)
        check_choice(f"source of {self.id}", self.source, SOURCES)
        check_int(f"seeds of {self.id}", self.seeds, low=2)
        check_int(f"experiment of {self.id}", self.experiment)
        low = 0 if self.comparison == "equivalent" else -np.inf
        check_number(f"threshold of {self.id}", self.threshold, low)
        if not set(self.pilot) <= set(self.data):
            raise ValueError(f"pilot of {self.id} must be among data {self.data}, got {self.pilot}")

    @property
    def bound(self) -> str:
        """The prediction as a bound in words, such as "above 2 points"."""
        gap = "" if self.comparison == "equivalent" else " "
        words = f"{_SIGNS[self.comparison]}{gap}{self.threshold:g} {self.unit}"
        return words.replace("-", "−")


@dataclass(frozen=True)
class Verdict:
    """What a run says of a claim on one data set.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import claims
    >>> from esutils.evidence.intervals import estimate
    >>> claim = claims.load_claims()["primitive.fly"]
    >>> found, control = estimate(np.array([1.0, 1.1, 1.2])), estimate(np.array([9.0, 9.1, 9.2]))
    >>> claims.Verdict(claim, "digits", found, control, (3,))
    holds: primitive.fly on digits
    """

    claim: Claim
    data: str
    estimate: Estimate
    control: Estimate
    shape: tuple[int, ...]

    @classmethod
    def of(cls, claim: Claim, data: str, arrays: Mapping[str, Array], step: float) -> Self:
        """Judge samples: a function of the ledger's entry and of the samples alone."""
        statistic = arrays["statistic"]
        found, control = estimate(statistic, step), estimate(arrays["control"], step)
        return cls(claim, data, found, control, statistic.shape)

    @property
    def word(self) -> str:
        """The verdict: holds, fails, undecided, or void if the negative control holds."""
        if self.control.word(self.claim.comparison, self.claim.threshold) == "holds":
            return "void"
        return self.estimate.word(self.claim.comparison, self.claim.threshold)

    @property
    def p_value(self) -> float:
        """The smallest error rate at which the claim holds."""
        return self.estimate.p_value(self.claim.comparison, self.claim.threshold)

    def __repr__(self):
        return f"{self.word}: {self.claim.id} on {self.data}"

    def _repr_html_(self):
        claim = self.claim
        seen = (
            " (pilot runs on this data suggested the prediction)"
            if self.data in claim.pilot
            else ""
        )
        return (
            f'<div class="verdict" data-claim="{claim.id}" data-set="{self.data}"><p>'
            f'<span class="verdict-{self.word}">{self.word}</span> '
            f"{html.escape(claim.prediction)}</p><p>{html.escape(claim.statistic)}: "
            f"{_span(self.estimate, claim.unit)}; predicted {html.escape(claim.bound)}.<br>"
            f"Negative control, {html.escape(claim.control)}: "
            f"{_span(self.control, claim.unit)}.<br>"
            f"{html.escape(self.data)}, {size_in_words(self.shape)}{seen}. "
            f"<code>{html.escape(claim.id)}</code></p></div>"
        )


def size_in_words(shape: tuple[int, ...]) -> str:
    """Return the number of seeds, and of test images where there are any, in words.

    Examples
    --------
    >>> from esutils import claims
    >>> claims.size_in_words((5, 1000))
    '5 seeds × 1,000 test images'
    """
    kinds = ("seeds", "test images")[: len(shape)]
    return " × ".join(f"{n:,} {kind}" for n, kind in zip(shape, kinds, strict=True))


def _span(value, unit):
    numbers = f"{value.mean:.3g} (95% interval {value.low:.3g} to {value.high:.3g})"
    numbers = numbers.replace("-", "−")
    return f'<span class="num">{numbers}</span> {html.escape(unit)}'


def load_claims() -> dict[str, Claim]:
    """Read the ledger.

    Returns
    -------
    dict of str to Claim
        In the order of ``ledger/claims.yml``.

    Raises
    ------
    ValueError
        If an entry lacks a field, has an unknown one or an id twice; the message names it.

    Examples
    --------
    >>> from esutils import claims
    >>> list(claims.load_claims())[0]
    'primitive.distances'
    """
    return ledger.load_entries("claims.yml", Claim)


def judge(
    claim_id: str, samples: ArrayLike, control: ArrayLike, data: str, step: float = 0.0
) -> Verdict:
    """Judge what a run measured by a claim of the ledger.

    Parameters
    ----------
    claim_id : str
        As in ``ledger/claims.yml``.
    samples : array of shape (n_seeds,) or (n_seeds, n_images)
        The claim's statistic in the claim's unit; row i is seed i. See
        :func:`esutils.evidence.intervals.estimate`.
    control : array with as many dimensions
        The same statistic where the claim should not hold.
    data : str
        One of the claim's data sets or, at the literature's sizes, the set that takes its place;
        see :func:`esutils.scale.splits`.
    step : float
        The smallest amount by which two samples can differ; see
        :func:`esutils.evidence.intervals.estimate`.

    Returns
    -------
    Verdict
        *holds* if the whole interval lies beyond the threshold, *fails* if it lies on the wrong
        side, *undecided* otherwise; *void* if the control holds.

    Raises
    ------
    ValueError
        If the claim is unknown, or the samples are not what it asks for.
    AssertionError
        Under ``ES_LEDGER=check``, if the run does not reproduce the stored samples.

    Notes
    -----
    Under ``ES_LEDGER=record`` the samples are stored. The verdict never is: see :func:`recorded`.
    Chapter: 11-scorecard.

    Examples
    --------
    >>> from esutils import claims
    >>> gaps, control = [0.01, 0.02, 0.00, 0.01, 0.02], [0.2, 0.3, 0.2, 0.2, 0.3]  # by seed
    >>> claims.judge("approximation.rate", gaps, control, "simulation")
    holds: approximation.rate on simulation
    """
    claim = _claim(claim_id)
    check_choice("data", data, [counterpart(name, current()) for name in claim.data])
    n_dims = 2 if claim.variation == "seeds x images" else 1
    arrays = {"statistic": check_samples("samples", samples)}
    arrays["control"] = check_samples("control", control)
    for name, values in zip(("samples", "control"), arrays.values(), strict=True):
        if values.ndim != n_dims or len(values) < claim.seeds:
            raise ValueError(
                f"{name} must have {n_dims} dimension(s) and at least {claim.seeds} seeds for "
                f"{claim_id}, got shape {values.shape}"
            )
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
    then = stored.expected(claim, data, PARTS)
    before = Verdict.of(claim, data, then.arrays, then.step)
    assert before.word == verdict.word, f"{claim.id}: was {before.word}, now {verdict!r}"
    found = {"statistic": before.estimate, "control": before.control}
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
        ``arrays["statistic"]`` and ``arrays["control"]``, with one row per seed; and the seeds,
        versions and commit of the run.

    Raises
    ------
    ValueError
        If the claim or the data set is unknown, or no samples are stored.

    Notes
    -----
    Chapter: 11-scorecard.

    Examples
    --------
    Does the fly's projection lose less than two points of the neighbours in every single run?

    >>> from esutils import claims
    >>> found = claims.load_samples("primitive.fly", "mnist5k")
    >>> by_seed = found.arrays["statistic"].mean(axis=1)
    >>> bool((abs(by_seed) < 2).all())
    True
    """
    claim = _claim(claim_id)
    check_choice("data", data, [counterpart(name, current()) for name in claim.data])
    return stored.load(claim, data, PARTS)


def recorded(claim: Claim, data: str) -> Verdict:
    """Judge the stored samples of a claim anew, at the quick scale.

    Parameters
    ----------
    claim : Claim
    data : str
        One of the claim's data sets.

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
    Chapter: 11-scorecard.

    Examples
    --------
    >>> from esutils import claims
    >>> claim = claims.load_claims()["primitive.fly"]
    >>> claims.recorded(claim, "mnist5k")
    holds: primitive.fly on mnist5k

    And if it had asked for a tenth of a point instead of two?

    >>> from dataclasses import replace
    >>> claims.recorded(replace(claim, threshold=0.1), "mnist5k").word == "holds"
    False
    """
    samples = stored.load(claim, check_choice("data", data, claim.data), PARTS, scale="quick")
    return Verdict.of(claim, data, samples.arrays, samples.step)


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
    Chapter: 11-scorecard.

    Examples
    --------
    >>> from esutils import claims
    >>> claims.report("04-random-networks", 0.6, c04_mnist_es=7.1)
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

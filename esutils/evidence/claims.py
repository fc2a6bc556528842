"""The ledger: predictions written down before the run, and the verdicts that the runs give.

``claims.yml`` holds the predictions, ``verdicts/`` what was recorded. :func:`judge` and
:func:`report` compute and render, whoever runs them; they write the record only under
``make execute`` (``ES_VERDICTS=record``) and are held against it in the tests
(``ES_VERDICTS=check``).
"""

import html
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from esutils.common.checks import check_choice, check_int, check_name, check_number, check_samples
from esutils.evidence import records
from esutils.evidence.intervals import COMPARISONS, Estimate, estimate
from esutils.scales import counterpart, current

VARIATIONS = ("seeds x images", "seeds")
SOURCES = ("abstract", "theorem", "literature", "ours")
_SIGNS = {"greater": "above", "less": "below", "equivalent": "within ±"}


@dataclass(frozen=True)
class Claim:
    """One entry of the ledger; ``claims.yml`` explains the fields at its head.

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
    variation: str
    data: list[str]
    pilot: list[str]
    control: str

    def __post_init__(self):
        check_choice(f"comparison of {self.id}", self.comparison, COMPARISONS)
        check_choice(f"variation of {self.id}", self.variation, VARIATIONS)
        check_choice(f"source of {self.id}", self.source, SOURCES)
        check_int(f"seeds of {self.id}", self.seeds, low=2)
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

    @property
    def word(self) -> str:
        """The verdict: holds, fails, undecided, or void if the negative control holds."""
        if self.control.word(self.claim.comparison, self.claim.threshold) == "holds":
            return "void"
        return self.estimate.word(self.claim.comparison, self.claim.threshold)

    def record(self) -> dict[str, Any]:
        """Return the verdict as it is recorded."""
        claim = self.claim
        return {
            "claim": claim.id,
            "data": self.data,
            "verdict": self.word,
            "estimate": records.rounded(self.estimate),
            "control": records.rounded(self.control),
            "p_value": float(f"{self.estimate.p_value(claim.comparison, claim.threshold):.2g}"),
            "samples": list(self.shape),
            "versions": records.versions(),
            "digest": records.digest(claim),
        }

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
            f'<div class="verdict"><p><span class="verdict-{self.word}">{self.word}</span> '
            f"{html.escape(claim.prediction)}</p><p>{html.escape(claim.statistic)}: "
            f"{_span(self.estimate, claim.unit)}; predicted {html.escape(claim.bound)}.<br>"
            f"Negative control, {html.escape(claim.control)}: "
            f"{_span(self.control, claim.unit)}.<br>"
            f"{html.escape(self.data)}, {records.size_in_words(self.shape)}{seen}. "
            f"<code>{html.escape(claim.id)}</code></p></div>"
        )


def _span(value, unit):
    numbers = f"{value.mean:.3g} (95% interval {value.low:.3g} to {value.high:.3g})"
    numbers = numbers.replace("-", "−")
    return f'<span class="num">{numbers}</span> {html.escape(unit)}'


def load_claims() -> dict[str, Claim]:
    """Read the ledger.

    Returns
    -------
    dict of str to Claim
        In the order of ``claims.yml``.

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
    return records.load_entries("claims.yml", Claim)


def judge(
    claim_id: str, samples: ArrayLike, control: ArrayLike, data: str, step: float = 0.0
) -> Verdict:
    """Hold samples against a claim of the ledger.

    Parameters
    ----------
    claim_id : str
        As in ``claims.yml``.
    samples : array of shape (n_seeds,) or (n_seeds, n_images)
        The claim's statistic in the claim's unit, see
        :func:`esutils.evidence.intervals.estimate`.
    control : array of the same number of dimensions
        The same statistic where the claim should not hold.
    data : str
        The data set, one of those the claim names, or at the scale of the literature one that
        stands for it, see :func:`esutils.scale.splits`.
    step : float
        The least by which two samples can differ, see :func:`esutils.evidence.intervals.estimate`.

    Returns
    -------
    Verdict
        *holds* if the confidence bound lies beyond the threshold, *fails* if the opposite bound
        lies on the wrong side of it, *undecided* if neither; *void* if the control holds.

    Raises
    ------
    ValueError
        If the claim is unknown, or the samples are not what it asks for.
    AssertionError
        Under ``ES_VERDICTS=check``, if the run does not reproduce the record.

    Examples
    --------
    >>> from esutils import claims
    >>> gaps, control = [0.01, 0.02, 0.00, 0.01, 0.02], [0.2, 0.3, 0.2, 0.2, 0.3]  # by seed
    >>> claims.judge("approximation.rate", gaps, control, "simulation")
    holds: approximation.rate on simulation
    """
    ledger = load_claims()
    check_choice("claim_id", claim_id, ledger)
    claim = ledger[claim_id]
    check_choice("data", data, [counterpart(name, current()) for name in claim.data])
    n_dims = 2 if claim.variation == "seeds x images" else 1
    samples, control = check_samples("samples", samples), check_samples("control", control)
    for name, values in (("samples", samples), ("control", control)):
        if values.ndim != n_dims or len(values) < claim.seeds:
            raise ValueError(
                f"{name} must have {n_dims} dimension(s) and at least {claim.seeds} seeds for "
                f"{claim_id}, got shape {values.shape}"
            )
    found, null = estimate(samples, step), estimate(control, step)
    verdict = Verdict(claim, data, found, null, samples.shape)
    path = records.path_of(data, f"{claim_id}.json")
    records.keep(path, verdict.record, lambda old: _check_verdict(verdict, old))
    return verdict


def report(chapter: str, tolerance: float, **numbers: float) -> None:
    """Glue numbers for the prose of a chapter, and keep them with the verdicts.

    Parameters
    ----------
    chapter : str
        The chapter's file name without its ending.
    tolerance : float
        How far a number may be from the recorded one on another machine.
    **numbers : float
        Values by the keys that the prose uses.

    Raises
    ------
    ValueError
        If the chapter is no name of a file, or a number is not finite.
    AssertionError
        Under ``ES_VERDICTS=check``, if a number does not come near the recorded one.

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
    record = {key: float(f"{value:.6g}") for key, value in numbers.items()}

    def check(old):
        for key, value in record.items():
            assert abs(value - old.get(key, np.inf)) <= tolerance, (
                f"{key} of {chapter} was recorded as {old.get(key)}, now {value}"
            )

    path = records.path_of("numbers", f"{chapter}.json")
    records.keep(path, lambda: {**(records.read(path) if path.exists() else {}), **record}, check)


def _check_verdict(verdict, old):
    claim = verdict.claim
    assert old.get("digest") == records.digest(claim), (
        f"{claim.id}: the record is stale; run make execute"
    )
    assert old["verdict"] == verdict.word, f"{claim.id}: recorded {old['verdict']}, now {verdict!r}"
    records.check_inside(claim.id, verdict.estimate.mean, old["estimate"], claim.threshold)


def recorded(claim: Claim, data: str) -> dict[str, Any]:
    """Return the recorded verdict of a claim on one of its data sets; refuse a stale one.

    Raises
    ------
    ValueError
        If the data set is none of the claim's, or its verdict is missing, stale or torn.

    Examples
    --------
    >>> from esutils import claims
    >>> claim = claims.load_claims()["primitive.fly"]
    >>> claims.recorded(claim, "mnist5k")["verdict"]
    'holds'
    """
    check_choice("data", data, claim.data)
    path = records.path_of(data, f"{claim.id}.json", scale="quick")
    return records.fresh(path, claim, f"verdict of {claim.id} on {data}")

"""Claims of the first edition, judged by its rules: chapters that have not moved yet use them.

``ledger/first-edition/claims.yml`` holds the predictions. A claim has a negative control and no
rival, its threshold is its only number, and its interval says nothing about new training images.
See :mod:`esutils.evidence.claims` for the rules of today.
"""

import html
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import pandas as pd
import yaml
from numpy.typing import ArrayLike

from esutils.common.checks import check_choice, check_samples
from esutils.common.types import Array
from esutils.evidence import ledger
from esutils.evidence import samples as stored
from esutils.evidence.claims import Asked
from esutils.evidence.intervals import CONFIDENCE, Estimate, estimate, holm
from esutils.evidence.samples import size_in_words
from esutils.evidence.verdict_table import pill, span
from esutils.scale import counterpart, current

SOURCES = ("abstract", "theorem", "literature", "ours")
PARTS = ("statistic", "control")  # of a claim's samples
_MEASURED = ["estimate", "low", "high", "unit", "predicted", "samples", "versions"]


@dataclass(frozen=True)
class Claim(Asked):
    """One entry of the first edition's ledger, whose head explains the fields.

    Examples
    --------
    >>> from esutils import first_edition
    >>> claim = first_edition.load_claims()["tickets.beat-random"]
    >>> claim.chapter, claim.comparison
    ('06-lottery-tickets', 'greater')
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
        self.check_asked()
        check_choice(f"source of {self.id}", self.source, SOURCES)
        if not set(self.pilot) <= set(self.data):
            raise ValueError(f"pilot of {self.id} must be among data {self.data}, got {self.pilot}")


@dataclass(frozen=True)
class Verdict:
    """What a run says of a claim on one data set.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import first_edition
    >>> from esutils.evidence.intervals import estimate
    >>> claim = first_edition.load_claims()["tickets.beat-random"]
    >>> found, control = estimate(np.array([9.0, 9.1, 9.2])), estimate(np.array([0.0, 0.1, 0.2]))
    >>> first_edition.Verdict(claim, "digits", found, control, (3,))
    holds: tickets.beat-random on digits
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
            f"{pill(self.word)} "
            f"{html.escape(claim.prediction)}</p><p>{html.escape(claim.statistic)}: "
            f"{span(self.estimate, claim.unit)}; predicted {html.escape(claim.bound)}.<br>"
            f"Negative control, {html.escape(claim.control)}: "
            f"{span(self.control, claim.unit)}.<br>"
            f"{html.escape(self.data)}, {size_in_words(self.shape)}{seen}. "
            f"<code>{html.escape(claim.id)}</code></p></div>"
        )


def load_claims() -> dict[str, Claim]:
    """Read the ledger.

    Returns
    -------
    dict of str to Claim
        In the order of ``ledger/first-edition/claims.yml``.

    Raises
    ------
    ValueError
        If an entry lacks a field, has an unknown one or an id twice; the message names it.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import first_edition
    >>> list(first_edition.load_claims())[0]
    'tickets.match-dense'
    """
    return ledger.load_entries("first-edition/claims.yml", Claim)


def judge(
    claim_id: str, samples: ArrayLike, control: ArrayLike, data: str, step: float = 0.0
) -> Verdict:
    """Judge what a run measured by a claim of the ledger.

    Parameters
    ----------
    claim_id : str
        As in ``ledger/first-edition/claims.yml``.
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
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import first_edition
    >>> gains, control = [31.0, 32.0, 30.0, 31.0, 32.0], [0.2, 0.3, 0.2, 0.2, 0.3]  # by seed
    >>> first_edition.judge("limits.parity", gains, control, "simulation")
    holds: limits.parity on simulation
    """
    claim = _claim(claim_id)
    check_choice("data", data, [counterpart(name, current()) for name in claim.data])
    arrays = {"statistic": check_samples("samples", samples)}
    arrays["control"] = check_samples("control", control)
    for name, values in zip(("samples", "control"), arrays.values(), strict=True):
        claim.check_shape(name, values, claim.seeds)
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
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import first_edition
    >>> claim = first_edition.load_claims()["tickets.beat-random"]
    >>> first_edition.recorded(claim, "mnist5k")
    holds: tickets.beat-random on mnist5k
    """
    samples = stored.load(claim, check_choice("data", data, claim.data), PARTS, scale="quick")
    return Verdict.of(claim, data, samples.arrays, samples.step)


def retired() -> list[dict[str, Any]]:
    """Return the entries whose chapters have moved to the rules of today.

    Returns
    -------
    list of dict
        Each with the fields of :class:`Claim`, with ``why`` it retired, and with the ``verdicts``
        of the first edition, at quick and at full size.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import first_edition
    >>> entry = first_edition.retired()[0]
    >>> entry["id"], entry["verdicts"][0]["verdict"]
    ('primitive.distances', 'holds')
    """
    path = ledger.book_root() / "ledger" / "first-edition" / "retired.yml"
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def verdicts() -> pd.DataFrame:
    """Judge the stored samples of every claim, and correct for the claims being many.

    Returns
    -------
    pandas.DataFrame
        One row per claim and data set, in the ledger's order: ``chapter, claim, data,
        seen_in_pilot, verdict, holm, estimate, low, high, unit, predicted, samples, versions``.
        ``holm`` is the verdict after Holm's correction over all rows: a claim that no longer holds
        becomes *undecided*.

    Raises
    ------
    ValueError
        If samples are missing, torn, or of an earlier experiment.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import first_edition
    >>> card = first_edition.verdicts()
    >>> set(card["verdict"]) <= {"holds", "fails", "undecided", "void"}
    True
    """
    rows = []
    for claim in load_claims().values():
        for data in claim.data:
            verdict, row = _judged_now(claim, data, "quick")
            pilot = {"seen_in_pilot": data in claim.pilot, "p_value": verdict.p_value}
            rows.append(row | pilot)
    table = pd.DataFrame(rows)
    lost = (table["verdict"] == "holds") & (holm(table["p_value"]) >= 1 - CONFIDENCE)
    table["holm"] = table["verdict"].mask(lost, "undecided")
    return table[["chapter", "claim", "data", "seen_in_pilot", "verdict", "holm", *_MEASURED]]


def verdicts_at_full_size() -> pd.DataFrame:
    """Return the verdict on every claim at the sizes of the literature.

    Where samples are stored they are judged anew. The others are verdicts of the first edition,
    which kept no samples: they stand as they were judged then, by that edition's intervals, in
    ``ledger/first-edition/full-size.json``.

    Returns
    -------
    pandas.DataFrame
        One row per claim and data set, in the ledger's order: ``chapter, claim, data, verdict,
        estimate, low, high, unit, predicted, samples, versions, judged``. ``judged`` is the date of
        a verdict of the first edition, and missing for one that was judged now. A claim that was
        never run at this scale has the verdict "not run".

    Raises
    ------
    ValueError
        If samples are torn or of an earlier experiment.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import first_edition
    >>> sorted(set(first_edition.verdicts_at_full_size()["data"]))
    ['fashion-mnist', 'mnist', 'simulation']
    """
    before = ledger.read_json(ledger.book_root() / "ledger/first-edition/full-size.json")[
        "verdicts"
    ]
    judged_before = {(record["claim"], record["data"]): record for record in before}
    rows = []
    for claim in load_claims().values():
        for data in (counterpart(name, "paper") for name in claim.data):
            row: dict[str, Any]
            if stored.path_of(claim, data, "paper").exists():
                _, row = _judged_now(claim, data, "paper")
            elif record := judged_before.get((claim.id, data)):
                said = (record[key] for key in ("verdict", "estimate", "samples", "versions"))
                row = _row(claim, data, *said) | {"judged": record["judged"]}
            else:
                row = {"chapter": claim.chapter, "claim": claim.id, "data": data}
                row["verdict"] = "not run"
            rows.append(row)
    return pd.DataFrame(rows, columns=["chapter", "claim", "data", "verdict", *_MEASURED, "judged"])


def _judged_now(claim, data, scale):
    """Judge stored samples; return the verdict and its row."""
    found = stored.load(claim, data, PARTS, scale=scale)
    verdict = Verdict.of(claim, data, found.arrays, found.step)
    estimate = asdict(verdict.estimate)
    return verdict, _row(claim, data, verdict.word, estimate, verdict.shape, found.versions)


def _row(claim, data, word, estimate, shape, versions):
    return {
        "chapter": claim.chapter,
        "claim": claim.id,
        "data": data,
        "verdict": word,
        "estimate": estimate["mean"],
        "low": estimate["low"],
        "high": estimate["high"],
        "unit": claim.unit,
        "predicted": claim.bound,
        "samples": size_in_words(shape),
        "versions": versions,
    }

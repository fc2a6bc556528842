"""The scorecard: what the stored samples say of every claim, at both scales."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from esutils.common.checks import check_array
from esutils.common.types import Array
from esutils.evidence import ledger
from esutils.evidence import samples as stored
from esutils.evidence.claims import PARTS, Verdict, load_claims, size_in_words
from esutils.evidence.intervals import CONFIDENCE
from esutils.scale import counterpart

_MEASURED = ["estimate", "low", "high", "unit", "predicted", "samples", "versions"]


def at_quick_scale() -> pd.DataFrame:
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
    Chapter: 11-scorecard.

    Examples
    --------
    >>> from esutils import scorecard
    >>> card = scorecard.at_quick_scale()
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


def holm(p_values: ArrayLike) -> Array:
    """Correct p-values for being many, by Holm's step-down.

    Parameters
    ----------
    p_values : array of shape (n_claims,)

    Returns
    -------
    array of shape (n_claims,)
        If all claims are held to the same error rate by these, the chance that any of the false
        ones holds is no more than that rate, however the claims depend on each other.

    Raises
    ------
    ValueError
        If they are not numbers between 0 and 1.

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 6.

    Notes
    -----
    Chapter: 11-scorecard.

    Examples
    --------
    >>> from esutils import scorecard
    >>> scorecard.holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    found = check_array("p_values", p_values)
    if found.ndim != 1 or not ((found >= 0) & (found <= 1)).all():
        raise ValueError(f"p_values must be a list of numbers in [0, 1], got {p_values!r}")
    order, adjusted = np.argsort(found, kind="stable"), np.empty(len(found))
    steps = np.arange(len(found), 0, -1) * found[order]
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def at_paper_scale() -> pd.DataFrame:
    """Return the verdict on every claim at the sizes of the literature.

    Where samples are stored they are judged anew. The others are verdicts of the first edition,
    which kept no samples: they stand as they were judged then, by that edition's intervals, in
    ``ledger/full-size.json``.

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
    Chapter: 11-scorecard.

    Examples
    --------
    >>> from esutils import scorecard
    >>> sorted(set(scorecard.at_paper_scale()["data"]))
    ['fashion-mnist', 'mnist', 'simulation']
    """
    before = ledger.read_json(ledger.book_root() / "ledger" / "full-size.json")["verdicts"]
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

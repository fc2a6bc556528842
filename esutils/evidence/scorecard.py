"""The scorecard: what was recorded of every claim, at both scales."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from esutils.common.checks import check_array
from esutils.common.types import Array
from esutils.evidence import records
from esutils.evidence.claims import load_claims, recorded
from esutils.evidence.intervals import CONFIDENCE
from esutils.scales import counterpart


def at_quick_scale() -> pd.DataFrame:
    """Return every recorded verdict beside Holm's correction over all of them.

    Returns
    -------
    pandas.DataFrame
        One row a claim and data set, in the ledger's order: ``chapter, claim, data, seen_in_pilot,
        verdict, holm, estimate, low, high, unit, predicted, samples, versions``. ``holm`` is the
        verdict when the p-values of all rows are corrected together: a claim that no longer holds
        becomes *undecided*.

    Raises
    ------
    ValueError
        If a verdict is missing or stale: judged with another ledger entry or other code.

    Examples
    --------
    >>> from esutils import scorecard
    >>> card = scorecard.at_quick_scale()
    >>> set(card["verdict"]) <= {"holds", "fails", "undecided", "void"}
    True
    """
    ledger = load_claims()
    pairs = [(claim, data) for claim in ledger.values() for data in claim.data]
    table = pd.DataFrame([_row(claim, data, recorded(claim, data)) for claim, data in pairs])
    lost = (table["verdict"] == "holds") & (holm(table["p_value"]) >= 1 - CONFIDENCE)
    table.insert(5, "holm", table["verdict"].mask(lost, "undecided"))
    return table.drop(columns="p_value")


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
    """Return what was recorded of every claim at the scale of the literature.

    Returns
    -------
    pandas.DataFrame
        One row a claim and data set, in the ledger's order, with the columns of
        :func:`at_quick_scale` less ``seen_in_pilot`` and ``holm``, and ``current``: whether the
        record was made with the present code and ledger entry. Runs take hours, so that an older
        record is shown for what it is and not refused. A verdict not recorded is "not run".

    Notes
    -----
    Chapter: 11-scorecard.

    Examples
    --------
    >>> from esutils import scorecard
    >>> sorted(set(scorecard.at_paper_scale()["data"]))
    ['fashion-mnist', 'mnist', 'simulation']
    """
    rows = []
    for claim in load_claims().values():
        for name in claim.data:
            data = counterpart(name, "paper")
            path = records.path_of(data, f"{claim.id}.json", scale="paper")
            row = {"chapter": claim.chapter, "claim": claim.id, "data": data, "verdict": "not run"}
            if path.exists():
                record = records.read(path)
                row = _row(claim, data, record)
                row["current"] = record.get("digest") == records.digest(claim)
            rows.append(row)
    measured = ["estimate", "low", "high", "unit", "predicted", "samples", "versions", "current"]
    return pd.DataFrame(rows, columns=["chapter", "claim", "data", "verdict", *measured])


def _row(claim, data, record):
    try:
        return {
            "chapter": claim.chapter,
            "claim": claim.id,
            "data": data,
            "seen_in_pilot": data in claim.pilot,
            "verdict": record["verdict"],
            "estimate": record["estimate"]["mean"],
            "low": record["estimate"]["low"],
            "high": record["estimate"]["high"],
            "unit": claim.unit,
            "predicted": claim.bound,
            "samples": records.size_in_words(record["samples"]),
            "versions": record["versions"],
            "p_value": record["p_value"],
        }
    except (KeyError, TypeError) as error:  # of another version
        raise ValueError(
            f"the verdict of {claim.id} on {data} is no whole record ({error!r}); run make execute"
        ) from error

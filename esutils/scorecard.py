"""The scorecard: what was recorded of every claim, at both scales."""

import numpy as np
import pandas as pd

from esutils import _records
from esutils._scale import counterpart
from esutils.claims import load_claims, recorded
from esutils.intervals import CONFIDENCE


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
    order = np.argsort(table["p_value"].to_numpy(), kind="stable")
    steps = np.arange(len(table), 0, -1) * table["p_value"].to_numpy()[order]
    adjusted = np.empty(len(table))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    lost = (table["verdict"] == "holds") & (adjusted >= 1 - CONFIDENCE)
    table.insert(5, "holm", table["verdict"].mask(lost, "undecided"))
    return table.drop(columns="p_value")


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
            path = _records.path_of(data, f"{claim.id}.json", scale="paper")
            row = {"chapter": claim.chapter, "claim": claim.id, "data": data, "verdict": "not run"}
            if path.exists():
                record = _records.read(path)
                row = _row(claim, data, record)
                row["current"] = record.get("digest") == _records.digest(claim)
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
            "samples": _records.size_in_words(record["samples"]),
            "versions": record["versions"],
            "p_value": record["p_value"],
        }
    except (KeyError, TypeError) as error:  # of another version
        raise ValueError(
            f"the verdict of {claim.id} on {data} is no whole record ({error!r}); run make execute"
        ) from error

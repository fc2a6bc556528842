"""The scorecard: what the stored samples say of every claim and sentence of the abstract."""

import html
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from esutils.common.checks import check_choice
from esutils.evidence import samples as stored
from esutils.evidence.claims import CONFIRMING, load_claims, recorded
from esutils.evidence.intervals import CONFIDENCE, holm
from esutils.evidence.verdict_table import cell, pill
from esutils.scale import NAMES, SETS, counterpart

SENTENCES = {  # of the abstract of Mukherjee and Huberman, in our words
    "1": "many properties of multi-layer perceptrons",
    "2a": "the lottery ticket hypothesis",
    "2b": "the good performance of networks that were never trained",
    "2c": "the efficacy of dropout in training",
    "2d": "the generalisation of overparameterised models",
    "2e": "the same in models that are not neural networks",
}

_COLUMNS = ["chapter", "claim", "kind", "sentence", "standing", "data", "counted", "family"]
_COLUMNS += ["verdict", "holm", "more", "estimate", "low", "high", "unit", "predicted", "samples"]


def verdicts(scale: str = "quick") -> pd.DataFrame:
    """Judge the stored samples of every claim.

    Parameters
    ----------
    scale : {"quick", "paper"}

    Returns
    -------
    pandas.DataFrame
        One row per claim and data set, in the ledger's order: ``chapter, claim, kind, sentence,
        standing, data, counted, family, verdict, holm, more, estimate, low, high, unit, predicted,
        samples``. ``counted`` is False for checks and for what was chosen after the outcome, which
        belong in no tally. ``family`` is True for the primary claims on Fashion-10k, or on what
        they simulate: Holm's correction is over these, and ``holm`` is their verdict after it, with
        *undecided* in place of a *holds* that is lost. Elsewhere ``holm`` is the plain verdict. At
        full size, a claim that was never run there has the verdict "not run".

    Raises
    ------
    ValueError
        If samples are missing, torn, or of an earlier experiment.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import scorecard
    >>> card = scorecard.verdicts()
    >>> set(card["verdict"]) <= {"holds", "fails", "undecided", "void"}
    True
    """
    check_choice("scale", scale, SETS)
    rows = []
    for claim in load_claims().values():
        for data in claim.data:
            there = counterpart(data, scale)
            row: dict[str, Any] = {"chapter": claim.chapter, "claim": claim.id, "kind": claim.kind}
            row |= {"sentence": claim.sentence, "standing": claim.standing[data], "data": there}
            primary = claim.kind == "primary" and data == claim.confirming
            row |= {"counted": False, "family": primary, "p_value": np.nan}
            row |= {"verdict": "not run", "more": "not run"}
            if scale == "quick" or stored.path_of(claim, there, scale).exists():
                row |= _judged(recorded(claim, data, scale))
            rows.append(row)
    table = pd.DataFrame(rows, columns=[*_COLUMNS, "p_value"])
    table["holm"] = table["verdict"]
    asked = table["family"] & (table["verdict"] != "not run")
    if asked.any():
        kept = pd.Series(holm(table.loc[asked, "p_value"]) < 1 - CONFIDENCE, table.index[asked])
        lost = ~kept & (table.loc[asked, "verdict"] == "holds")
        table.loc[lost.index[lost], "holm"] = "undecided"
    return table.drop(columns="p_value")


def _judged(verdict):
    found = verdict.estimate
    return {
        "counted": verdict.counted,
        "p_value": verdict.p_value,
        "verdict": verdict.word,
        "more": verdict.more,
        "estimate": found.mean,
        "low": found.low,
        "high": found.high,
        "unit": verdict.claim.unit,
        "predicted": verdict.claim.bound,
        "samples": stored.size_in_words(verdict.shape),
    }


def tally(card: pd.DataFrame) -> pd.DataFrame:
    """Count verdicts: each row is counted once, and checks and exploratory results never.

    Parameters
    ----------
    card : DataFrame
        From :func:`verdicts`.

    Returns
    -------
    pandas.DataFrame
        Indexed by kind and data set, with a last row for all; one column per word, and one for the
        sum.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import scorecard
    >>> counts = scorecard.tally(scorecard.verdicts())
    >>> bool((counts.drop(columns="all").sum(axis=1) == counts["all"]).all())
    True
    """
    told = card[card["counted"].eq(True)]
    names = told["data"].map(NAMES).fillna(told["data"])
    counts = pd.crosstab([told["kind"], names], told["holm"])
    counts = counts.reindex(columns=["holds", "fails", "undecided", "void"], fill_value=0)
    counts.loc[("all", ""), :] = counts.sum()
    counts["all"] = counts.sum(axis=1)
    return counts.astype(int)


@dataclass(frozen=True)
class AbstractTable:
    """Each sentence of the abstract with its primary claims; a table where it is displayed.

    Parameters
    ----------
    prefix : str
        What leads from the page to the chapters, such as ``"chapters/"``.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import scorecard
    >>> scorecard.AbstractTable("chapters/")
    the abstract, sentence by sentence
    """

    prefix: str = ""

    def __repr__(self):
        return "the abstract, sentence by sentence"

    def _repr_html_(self):
        card, ledger = verdicts(), load_claims()
        primaries = card[card["kind"] == "primary"]
        rows = "".join(
            self._rows(text, primaries[primaries["sentence"] == sentence], ledger)
            for sentence, text in SENTENCES.items()
        )
        head = ["the abstract says it explains", "our prediction", NAMES[CONFIRMING]]
        head += [NAMES["mnist5k"], "more than a dense code?"]
        cells = "".join(f'<th scope="col">{text}</th>' for text in head)
        return (
            f'<div class="verdicts abstract" data-prefix="{self.prefix}"><table><thead><tr>{cells}'
            f"</tr></thead><tbody>{rows}</tbody></table></div>"
        )

    def _rows(self, text, primaries, ledger):
        if primaries.empty:
            waits = "not yet tested by these rules; see what the first edition found, below"
            return f'<tr><th scope="row">{text}</th><td colspan="4">{waits}</td></tr>'
        return "".join(
            self._row(text, rows.set_index("data"), ledger[claim])
            for claim, rows in primaries.groupby("claim", sort=False)
        )

    def _row(self, text, rows, claim):
        confirming = claim.confirming
        others = [data for data in rows.index if data != confirming]
        link = f'<a href="{self.prefix}{claim.chapter}.html">{html.escape(claim.prediction)}</a>'
        cells = [
            f'<th scope="row">{text}</th><td>{link}</td>',
            cell(NAMES[CONFIRMING], pill(rows.loc[confirming, "holm"])),
            cell(NAMES["mnist5k"], pill(rows.loc[others[0], "verdict"]) if others else "–"),
            cell("more than a dense code", pill(rows.loc[confirming, "more"])),
        ]
        return f"<tr>{''.join(cells)}</tr>"

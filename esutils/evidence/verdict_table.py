"""The verdicts of one chapter as one compact table, with the details folded under each row."""

import html
from dataclasses import dataclass

from esutils.common.checks import check_name
from esutils.evidence import claims
from esutils.evidence import samples as stored
from esutils.evidence.claims import Claim, Verdict
from esutils.evidence.intervals import Estimate
from esutils.scale import NAMES, POOL_SIZES, counterpart

COLUMNS = ("mnist5k", "fashion10k")
_HEAD = (
    "claim",
    "predicted",
    *(NAMES[data] for data in COLUMNS),
    "full size",
    "more than a dense code?",
)


@dataclass(frozen=True)
class VerdictTable:
    """What the stored samples say of a chapter's claims; a table where it is displayed.

    Parameters
    ----------
    chapter : str
        The chapter's file name without its ending.

    Raises
    ------
    ValueError
        If the ledger has no claim of that chapter, or, on display, if samples are missing, torn or
        of an earlier experiment.

    Notes
    -----
    Checks stand in a folded table of their own, since they follow from symmetry, from an identity
    or from a theorem, and are counted nowhere.

    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import VerdictTable
    >>> VerdictTable("05-untrained-networks")
    verdicts of 05-untrained-networks
    """

    chapter: str

    def __post_init__(self):
        check_name("chapter", self.chapter)
        if not self._claims():
            raise ValueError(f"chapter must be one that has claims, got {self.chapter!r}")

    def __repr__(self):
        return f"verdicts of {self.chapter}"

    def _claims(self):
        return [c for c in claims.load_claims().values() if c.chapter == self.chapter]

    def _repr_html_(self):
        found = self._claims()
        told = [claim for claim in found if claim.kind != "check"]
        checks = [claim for claim in found if claim.kind == "check"]
        parts = [_table(told)] if told else []
        if checks:
            parts.append(
                '<details class="checks"><summary>Checks: what follows from symmetry, an identity '
                f"or a theorem ({len(checks)})</summary>{_table(checks)}</details>"
            )
        return f'<div class="verdicts" data-chapter="{self.chapter}">{"".join(parts)}</div>'


def _table(found):
    head = "".join(f'<th scope="col">{text}</th>' for text in _HEAD)
    rows = "".join(_rows(claim) for claim in found)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _rows(claim):
    """Return the row of a claim, and the folded row of its details."""
    verdicts = [claims.recorded(claim, data) for data in claim.data]
    large = [
        claims.recorded(claim, data, "paper")
        for data in claim.data
        if stored.path_of(claim, counterpart(data, "paper"), "paper").exists()
    ]
    title = html.escape(claim.id).replace(".", ".<wbr>").replace("-", "-<wbr>")
    title = f"<code>{title}</code>"
    if claim.kind == "primary":
        title += " <small>headline</small>"
    cells = [
        f'<th scope="row">{title}</th>',
        cell("", html.escape(claim.prediction)),
        *_by_data(claim, verdicts),
        cell(_HEAD[-2], "<br>".join(map(_named, large)) or "not yet run"),
        cell(_HEAD[-1].rstrip("?"), _more(verdicts)),
    ]
    details = "".join(f"<li>{line}</li>" for line in _details(claim, [*verdicts, *large]))
    return (
        f'<tr data-claim="{html.escape(claim.id)}">{"".join(cells)}</tr>'
        f'<tr class="details"><td colspan="{len(_HEAD)}"><details>'
        f"<summary>Numbers and rules</summary><ul>{details}</ul></details></td></tr>"
    )


def _by_data(claim, verdicts):
    """Return the cells of the two data sets; what was simulated has one cell across both."""
    if not set(claim.data) & set(COLUMNS):
        return [f'<td colspan="{len(COLUMNS)}">{"<br>".join(map(_named, verdicts))}</td>']
    by_data = {verdict.data: verdict for verdict in verdicts}
    return [cell(NAMES[data], _word(by_data[data]) if data in by_data else "–") for data in COLUMNS]


def cell(label: str, text: str) -> str:
    """Return a cell of a table; its label is shown where there is no head."""
    return f'<td data-label="{label}">{text}</td>' if label else f"<td>{text}</td>"


def _word(verdict):
    return f"{pill(verdict.word)}<br>{_number(verdict.estimate)}"


def _named(verdict):
    return f"{_set(verdict)}: {_word(verdict)}"


def _set(verdict):
    """Return the printed name of a verdict's data set."""
    return NAMES.get(verdict.data, verdict.data)


def _more(verdicts):
    if verdicts[0].rival is None:
        return "not asked"
    return "<br>".join(f"{_set(verdict)}: {pill(verdict.more)}" for verdict in verdicts)


def pill(word: str) -> str:
    """Return a verdict as the book shows it."""
    return f'<span class="verdict-{word.replace(" ", "-")}">{word}</span>'


def _details(claim: Claim, verdicts: list[Verdict]) -> list[str]:
    """Return what one wants to know beyond the word, in sentences."""
    lines = [
        html.escape(claim.statement),
        f"Measured: {html.escape(claim.statistic)}. Predicted: {html.escape(claim.bound)}, because "
        f"{html.escape(claim.threshold_from)}.",
    ]
    if verdicts[0].rival is None:
        lines.append(f"Rival: {html.escape(claim.rival)}.")
    else:
        lines.append(
            f"Rival: {html.escape(claim.rival)}. It is more than a dense code if the advantage is "
            f"surely above {claim.margin:g} {html.escape(claim.unit)}."
        )
    lines += [_said(claim, verdict) for verdict in verdicts]
    return lines


def _said(claim, verdict):
    """Return the numbers of one data set."""
    standing = claim.standing.get(verdict.data)
    name = f"{_set(verdict)} ({standing})" if standing else _set(verdict)
    text = f"{name}: {span(verdict.estimate, claim.unit)}"
    for half, found in verdict.halves.items():
        text += f"; with {half.replace('_', ' ')} alone {span(found, claim.unit)}"
    if verdict.rival is not None:
        text += f"; advantage over the rival {span(verdict.rival, claim.unit)}"
    text += f". {stored.size_in_words(verdict.shape)}"
    scale = "quick" if verdict.data in claim.data else "paper"
    if scale in claim.training:
        size = POOL_SIZES[verdict.data]
        text += f", {claim.training[scale]:,} of {size:,} training images"
    if verdict.data in claim.detectable:
        finds = claim.detectable[verdict.data]
        text += f"; a difference of {finds:g} would be found in four runs of five"
    return f"{text}."


def _number(found: Estimate) -> str:
    return f'<span class="num">{found:.2g}</span>'.replace("-", "−")


def span(found: Estimate, unit: str) -> str:
    """Return a mean with its interval and its unit."""
    numbers = f"{found.mean:.3g} (95% interval {found.low:.3g} to {found.high:.3g})"
    return f'<span class="num">{numbers.replace("-", "−")}</span> {html.escape(unit)}'

"""The ledger: predictions written down before the run, and the verdicts that the runs give.

``claims.yml`` holds the predictions, ``verdicts/`` what was recorded. The environment variable
``ES_VERDICTS`` says what :func:`judge` and :func:`report` do with the record:

- unset: nothing. They compute and render, so that a reader can experiment freely.
- ``check``: raise if the run does not reproduce the record. The tests run so.
- ``record``: write the record. Only ``make execute`` does so.
"""

import html
import importlib.metadata
import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from esutils._checks import check_choice, check_int
from esutils._digest import code_digest
from esutils.intervals import CONFIDENCE, Estimate, estimate

COMPARISONS = ("greater", "less", "equivalent")
VARIATIONS = ("seeds x images", "seeds")
SOURCES = ("abstract", "theorem", "literature", "ours")
_VERSIONED = ("esutils", "numpy", "scipy", "scikit-learn", "torch")
_SIGNS = {"greater": "above", "less": "below", "equivalent": "within ±"}


@dataclass(frozen=True)
class Claim:
    """One entry of the ledger; ``claims.yml`` explains the fields at its head."""

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
    data: list
    pilot: list
    control: str

    def __post_init__(self):
        check_choice(f"comparison of {self.id}", self.comparison, COMPARISONS)
        check_choice(f"variation of {self.id}", self.variation, VARIATIONS)
        check_choice(f"source of {self.id}", self.source, SOURCES)
        check_int(f"seeds of {self.id}", self.seeds, low=2)
        if not set(self.pilot) <= set(self.data):
            raise ValueError(f"pilot of {self.id} must be among data {self.data}, got {self.pilot}")


@dataclass(frozen=True)
class Verdict:
    """What a run says of a claim on one data set."""

    claim: Claim
    data: str
    estimate: Estimate
    control: Estimate
    shape: tuple

    @property
    def word(self):
        """The verdict: holds, fails, undecided, or void if the negative control holds."""
        if self.control.word(self.claim.comparison, self.claim.threshold) == "holds":
            return "void"
        return self.estimate.word(self.claim.comparison, self.claim.threshold)

    def record(self):
        """Return the verdict as it is recorded."""
        claim = self.claim
        return {
            "claim": claim.id,
            "data": self.data,
            "verdict": self.word,
            "estimate": _rounded(self.estimate),
            "control": _rounded(self.control),
            "p_value": float(f"{self.estimate.p_value(claim.comparison, claim.threshold):.2g}"),
            "samples": list(self.shape),
            "versions": _versions(),
            "digest": _digest(claim),
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
        size = " seeds × ".join(f"{n:,}" for n in self.shape)
        size += " test images" if len(self.shape) == 2 else " seeds"
        return (
            f'<div class="verdict"><p><span class="verdict-{self.word}">{self.word}</span> '
            f"{html.escape(claim.prediction)}</p><p>{html.escape(claim.statistic)}: "
            f"{_span(self.estimate, claim.unit)}; predicted {_bound(claim)}.<br>"
            f"Negative control, {html.escape(claim.control)}: "
            f"{_span(self.control, claim.unit)}.<br>{html.escape(self.data)}, {size}{seen}. "
            f"<code>{html.escape(claim.id)}</code></p></div>"
        )


def _span(value, unit):
    numbers = f"{value.mean:.3g} (95% interval {value.low:.3g} to {value.high:.3g})"
    return f'<span class="num">{numbers}</span> {html.escape(unit)}'


def _bound(claim):
    gap = "" if claim.comparison == "equivalent" else " "
    return f"{_SIGNS[claim.comparison]}{gap}{claim.threshold:g} {html.escape(claim.unit)}"


def _rounded(value):
    return {name: float(f"{number:.4g}") for name, number in asdict(value).items()}


def _versions():
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in _VERSIONED:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _digest(claim):
    return code_digest(book_root() / "chapters" / f"{claim.chapter}.ipynb", asdict(claim))


def book_root():
    """Return the folder that holds ``claims.yml``: the working folder or one above it."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "claims.yml").is_file():
            return folder
    raise FileNotFoundError(f"no claims.yml in {here} or above it; run from inside the book")


def load_claims():
    """Read the ledger.

    Returns
    -------
    dict of str to Claim
        In the order of ``claims.yml``.

    Raises
    ------
    ValueError
        If an entry lacks a field, has an unknown one or an id twice; the message names it.
    """
    text = (book_root() / "claims.yml").read_text(encoding="utf-8")
    entries = yaml.load(text, Loader=yaml.CSafeLoader)  # ten times faster than safe_load
    fields = set(Claim.__dataclass_fields__)
    ledger = {}
    for entry in entries:
        if set(entry) != fields:
            raise ValueError(
                f"entry {entry.get('id')!r} of claims.yml must have the fields {sorted(fields)}, "
                f"differs in {sorted(fields ^ set(entry))}"
            )
        if entry["id"] in ledger:
            raise ValueError(f"id {entry['id']!r} stands twice in claims.yml")
        ledger[entry["id"]] = Claim(**entry)
    return ledger


def judge(claim_id, samples, control, data):
    """Hold samples against a claim of the ledger.

    Parameters
    ----------
    claim_id : str
        As in ``claims.yml``.
    samples : array of shape (n_seeds,) or (n_seeds, n_images)
        The claim's statistic in the claim's unit, see
        :func:`esutils.intervals.estimate`.
    control : array of the same number of dimensions
        The same statistic where the claim should not hold.
    data : str
        The data set, one of those the claim names.

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
    """
    ledger = load_claims()
    check_choice("claim_id", claim_id, ledger)
    claim = ledger[claim_id]
    check_choice("data", data, claim.data)
    n_dims = 2 if claim.variation == "seeds x images" else 1
    for name, values in (("samples", samples), ("control", control)):
        if np.ndim(values) != n_dims or len(values) < claim.seeds:
            raise ValueError(
                f"{name} must have {n_dims} dimension(s) and at least {claim.seeds} seeds for "
                f"{claim_id}, got shape {np.shape(values)}"
            )
    verdict = Verdict(claim, data, estimate(samples), estimate(control), np.shape(samples))
    path = book_root() / "verdicts" / data / f"{claim_id}.json"
    _keep(path, verdict.record, lambda old: _check_verdict(verdict, old))
    return verdict


def report(chapter, tolerance, **numbers):
    """Glue numbers for the prose of a chapter, and keep them with the verdicts.

    Parameters
    ----------
    chapter : str
        The chapter's file name without its ending.
    tolerance : float
        How far a number may be from the recorded one on another machine.
    **numbers : float
        Values by the keys that the prose uses.
    """
    from myst_nb import glue

    for key, value in numbers.items():
        glue(key, float(value), display=False)
    record = {key: float(f"{float(value):.6g}") for key, value in numbers.items()}

    def check(old):
        for key, value in record.items():
            assert abs(value - old.get(key, np.inf)) <= tolerance, (
                f"{key} of {chapter} was recorded as {old.get(key)}, now {value}"
            )

    path = book_root() / "verdicts" / "numbers" / f"{chapter}.json"
    _keep(path, lambda: _merged(path, record), check)


def _merged(path, record):
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {**old, **record}


def _keep(path, record, check):
    """Write or check what is recorded at ``path``, as ``ES_VERDICTS`` says."""
    mode = os.environ.get("ES_VERDICTS", "")
    check_choice("ES_VERDICTS", mode, ("", "check", "record"))
    if mode == "record":
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(record(), indent=1, sort_keys=True) + "\n"
        partial = path.with_suffix(f".{os.getpid()}.partial")
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    elif mode == "check":
        assert path.exists(), f"{path} is not recorded; run make execute"
        check(json.loads(path.read_text(encoding="utf-8")))


def _check_verdict(verdict, old):
    claim = verdict.claim
    assert old["digest"] == _digest(claim), f"{claim.id}: the record is stale; run make execute"
    assert old["verdict"] == verdict.word, f"{claim.id}: recorded {old['verdict']}, now {verdict!r}"
    low, high = old["estimate"]["low"], old["estimate"]["high"]
    slack = 1e-3 * max(abs(low), abs(high))
    assert low - slack <= verdict.estimate.mean <= high + slack, (
        f"{claim.id}: {verdict.estimate.mean} lies outside the recorded interval {low} to {high}"
    )


def scorecard():
    """Return every recorded verdict beside Holm's correction over all of them.

    Returns
    -------
    pandas.DataFrame
        One row a claim and data set, in the ledger's order: ``chapter, claim, data, seen_in_pilot,
        verdict, holm, estimate, low, high, unit``. ``holm`` is the verdict when the p-values of
        all rows are corrected together: a claim that no longer holds becomes *undecided*.

    Raises
    ------
    ValueError
        If a verdict is missing or stale: judged with another ledger entry or other code.
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


def recorded(claim, data):
    """Return the recorded verdict of a claim on one data set; refuse a missing or stale one."""
    path = book_root() / "verdicts" / data / f"{claim.id}.json"
    if not path.exists():
        raise ValueError(f"no verdict of {claim.id} on {data} is recorded; run make execute")
    record = json.loads(path.read_text(encoding="utf-8"))
    if record["digest"] != _digest(claim):
        raise ValueError(f"the verdict of {claim.id} on {data} is stale; run make execute")
    return record


def _row(claim, data, record):
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
        "p_value": record["p_value"],
    }

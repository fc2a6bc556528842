"""The scorecard: every claim judged from its samples, at both scales, and Holm's correction."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from esutils import claims, scorecard
from tests.helpers.toy_ledger import ENTRY, NOISE, write_claims

ROOT = Path(__file__).parents[2]
SAID = ["chapter", "claim", "data", "verdict"]
MEASURED = ["estimate", "low", "high", "unit", "predicted", "samples", "versions"]
TWO = (
    ENTRY | {"id": "toy.first", "data": ["digits", "mnist5k", "here"], "pilot": ["mnist5k"]},
    ENTRY | {"id": "toy.second", "data": ["here"], "pilot": [], "comparison": "less"},
)


@pytest.fixture
def two(book, monkeypatch):
    """A book with two claims; runs are recorded."""
    write_claims(book, *TWO)
    monkeypatch.setenv("ES_LEDGER", "record")
    return book


def judge(claim_id, mean, data):
    return claims.judge(claim_id, NOISE + mean, NOISE + 1, data)


def row(verdict, predicted):
    """What a row must say of a verdict, key by key."""
    found = {"chapter": "99-toy", "claim": verdict.claim.id, "data": verdict.data}
    found |= {"verdict": verdict.word, "unit": "points", "predicted": predicted}
    found |= {"estimate": verdict.estimate.mean}
    found |= {"low": verdict.estimate.low, "high": verdict.estimate.high}
    return found | {"samples": "5 seeds × 200 test images"}


def test_a_row_has_what_was_measured_and_what_was_asked(two, monkeypatch):
    verdicts = [judge("toy.first", 2, data) for data in ("digits", "mnist5k", "here")]
    verdicts.append(judge("toy.second", 2, "here"))
    monkeypatch.setenv("ES_SCALE", "paper")  # which this table does not ask for
    table = scorecard.at_quick_scale()
    assert list(table) == [*SAID[:3], "seen_in_pilot", "verdict", "holm", *MEASURED]
    assert table["seen_in_pilot"].tolist() == [False, True, False, False]
    assert table["verdict"].tolist() == table["holm"].tolist() == ["holds"] * 3 + ["fails"]
    assert all({"python", "numpy"} <= set(versions) for versions in table["versions"])
    bounds = ["above 1 points"] * 3 + ["below 1 points"]
    rows = table.drop(columns=["seen_in_pilot", "holm", "versions"]).to_dict("records")
    assert rows == [row(*said) for said in zip(verdicts, bounds, strict=True)]


def test_corrects_by_holm(book, monkeypatch):
    names = [f"toy.{i}" for i in range(8)]
    write_claims(book, *({**ENTRY, "id": name, "data": ["here"]} for name in names))
    monkeypatch.setenv("ES_LEDGER", "record")
    # One strong claim, one that holds alone and not among eight, six that are far from holding.
    shifts = [3, 1.09, *[0] * 6]
    for name, shift in zip(names, shifts, strict=True):
        claims.judge(name, NOISE - NOISE.mean() + shift, NOISE, data="here")
    table = scorecard.at_quick_scale()
    assert list(table["claim"]) == names
    assert list(table["verdict"]) == ["holds", "holds", *["fails"] * 6]
    assert list(table["holm"]) == ["holds", "undecided", *["fails"] * 6]
    assert table["seen_in_pilot"].all()


def test_missing_samples_are_refused(two):
    judge("toy.first", 2, "digits")
    with pytest.raises(ValueError, match="no samples of toy.first on mnist5k are stored"):
        scorecard.at_quick_scale()


def test_samples_of_another_experiment_are_refused(two):
    for data in ("digits", "mnist5k", "here"):
        judge("toy.first", 2, data)
    judge("toy.second", 2, "here")
    write_claims(two, TWO[0], TWO[1] | {"experiment": 2})
    with pytest.raises(ValueError, match="samples of toy.second on here are stale"):
        scorecard.at_quick_scale()


def test_at_full_size_samples_are_judged_now_and_the_rest_as_it_was(two, monkeypatch):
    full_size = two / "ledger" / "full-size.json"
    full_size.write_text(json.dumps({"verdicts": []}))
    table = scorecard.at_paper_scale()
    assert list(table) == [*SAID, *MEASURED, "judged"] and (table["verdict"] == "not run").all()
    monkeypatch.setenv("ES_SCALE", "paper")
    verdict = judge("toy.first", 2, "mnist")
    monkeypatch.delenv("ES_SCALE")
    judge("toy.first", 2, "here")  # at the quick scale, where this table does not look
    old = {
        "claim": "toy.second",
        "data": "here",
        "verdict": "undecided",
        "estimate": {"mean": 1.0, "low": 0.5, "high": 1.5},
        "samples": [3, 100],
        "versions": {"numpy": "1"},
        "judged": "2020-01-01",
    }
    stands = old | {"claim": "toy.first", "data": "mnist"}  # replaced by the samples above
    full_size.write_text(json.dumps({"verdicts": [old, stands]}))
    table = scorecard.at_paper_scale()
    assert table["chapter"].tolist() == ["99-toy"] * 4
    assert table["claim"].tolist() == ["toy.first"] * 3 + ["toy.second"]
    assert table["data"].tolist() == ["fashion-mnist", "mnist", "here", "here"]
    assert table["verdict"].tolist() == ["not run", "holds", "not run", "undecided"]
    assert table.loc[[0, 2], [*MEASURED, "judged"]].isna().all(axis=None)
    now, then = table.loc[1].to_dict(), table.loc[3].to_dict()
    assert {key: now[key] for key in [*SAID, *MEASURED[:-1]]} == row(verdict, "above 1 points")
    assert pd.isna(now["judged"]) and then["judged"] == "2020-01-01"
    assert (then["estimate"], then["low"], then["high"]) == (1.0, 0.5, 1.5)
    assert then["samples"] == "3 seeds × 100 test images" and then["versions"] == {"numpy": "1"}


@pytest.fixture
def page(tmp_path):
    """A copy of what the scorecard's page reads."""
    for name in ("chapters", "ledger"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def execute(book):
    """Execute the scorecard's page in a copy of the book."""
    command = ["nbconvert", "--to", "notebook", "--execute", "--stdout", "17-scorecard.ipynb"]
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=book / "chapters",
        env={**os.environ, "PYTHONPATH": str(ROOT), "ES_LEDGER": ""},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.mark.pages
def test_the_page_needs_nothing_but_ledger_and_samples(page):
    run = execute(page)
    assert run.returncode == 0, run.stderr
    assert "Judged by the first edition on 2026-11-26" in run.stdout


@pytest.mark.pages
@pytest.mark.parametrize("kind", ["claims", "statistics"])
def test_the_page_refuses_samples_of_another_experiment(page, kind):
    path = page / "ledger" / f"{kind}.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("experiment: 1\n", "experiment: 2\n", 1), encoding="utf-8")
    run = execute(page)
    assert run.returncode and "are stale: they are of experiment 1" in run.stderr

"""The ledger: it says fails on a false claim, refuses a stale record, and keeps its hands off."""

import json
import os

import numpy as np
import pytest
import yaml

from esutils import claims, scorecard
from esutils.evidence.digest import _source, code_digest

ENTRY = {
    "id": "toy.claim",
    "chapter": "99-toy",
    "source": "ours",
    "statement": "A toy.",
    "prediction": "The mean is above <1>.",
    "statistic": "mean",
    "unit": "points",
    "comparison": "greater",
    "threshold": 1,
    "threshold_from": "a toy",
    "seeds": 5,
    "variation": "seeds x images",
    "data": ["here", "there"],
    "pilot": ["here"],
    "control": "nothing",
}
CODE = "import numpy as np\nfrom esutils import theory\n"
RNG = np.random.default_rng(0)
NOISE = RNG.standard_normal((5, 200))


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one chapter and one claim, as the working folder."""
    (tmp_path / "chapters").mkdir()
    write_ledger(tmp_path, ENTRY)
    write_chapter(tmp_path, CODE)
    monkeypatch.chdir(tmp_path / "chapters")
    monkeypatch.delenv("ES_LEDGER", raising=False)
    return tmp_path


def write_ledger(book, *entries):
    (book / "claims.yml").write_text(yaml.safe_dump(list(entries)))


def write_chapter(book, code):
    cells = [{"cell_type": "markdown", "source": ["words"]}, {"cell_type": "code", "source": code}]
    (book / "chapters" / "99-toy.ipynb").write_text(json.dumps({"cells": cells}))


def judge(mean, data="here", control=0.0):
    return claims.judge("toy.claim", NOISE + mean, NOISE + control, data=data)


def record(monkeypatch, *arguments, **options):
    monkeypatch.setenv("ES_LEDGER", "record")
    judge(*arguments, **options)
    monkeypatch.setenv("ES_LEDGER", "check")


def files(book):
    return sorted(p.relative_to(book).as_posix() for p in book.rglob("*") if p.is_file())


@pytest.mark.parametrize(("mean", "word"), [(2, "holds"), (0, "fails"), (1, "undecided")])
def test_a_claim_holds_fails_or_is_undecided(book, mean, word):
    verdict = judge(mean)
    assert verdict.word == word
    assert repr(verdict) == f"{word}: toy.claim on here"


def test_only_recording_writes(book, monkeypatch):
    before = files(book)
    judge(2)
    assert files(book) == before
    record(monkeypatch, 2)
    assert files(book) == sorted([*before, "verdicts/here/toy.claim.json"])
    kept = json.loads((book / "verdicts/here/toy.claim.json").read_text())
    assert kept["verdict"] == "holds" and kept["samples"] == [5, 200]
    assert kept["estimate"]["mean"] == pytest.approx((NOISE + 2).mean(), rel=1e-3)
    assert {"python", "numpy", "esutils"} <= set(kept["versions"])


def test_a_run_that_reproduces_its_record_passes(book, monkeypatch):
    record(monkeypatch, 2)
    judge(2.0001)


@pytest.mark.parametrize(
    ("mean", "message"),
    [(0, "^toy.claim: recorded holds, now fails"), (3, "^toy.claim: .* lies outside the recorded")],
)
def test_a_run_that_does_not_is_an_error(book, monkeypatch, mean, message):
    record(monkeypatch, 2)
    with pytest.raises(AssertionError, match=message):
        judge(mean)


def test_rounding_error_need_not_come_out_again(book, monkeypatch):
    write_ledger(book, {**ENTRY, "comparison": "less", "threshold": 1e-12})
    monkeypatch.setenv("ES_LEDGER", "record")
    claims.judge("toy.claim", 1e-17 * NOISE + 5e-16, NOISE + 1, data="here")
    monkeypatch.setenv("ES_LEDGER", "check")
    claims.judge("toy.claim", 1e-17 * NOISE + 3e-16, NOISE + 1, data="here")
    with pytest.raises(AssertionError, match="lies outside the recorded"):
        claims.judge("toy.claim", 1e-17 * NOISE + 5e-15, NOISE + 1, data="here")


def test_a_missing_record_is_an_error(book, monkeypatch):
    monkeypatch.setenv("ES_LEDGER", "check")
    with pytest.raises(AssertionError, match=r"toy.claim.json is not recorded; run make execute"):
        judge(2)


def test_an_unknown_mode_is_refused(book, monkeypatch):
    monkeypatch.setenv("ES_LEDGER", "yes")
    with pytest.raises(ValueError, match="ES_LEDGER must be one of .* got 'yes'"):
        judge(2)


@pytest.mark.parametrize("change", ["ledger", "chapter", "esutils"])
def test_a_record_goes_stale_with_the_ledger_and_the_code(book, monkeypatch, change):
    record(monkeypatch, 2)
    record(monkeypatch, 2, data="there")
    assert list(scorecard.at_quick_scale()["verdict"]) == ["holds", "holds"]
    if change == "ledger":
        write_ledger(book, {**ENTRY, "threshold": 1.5})
    elif change == "chapter":
        write_chapter(book, CODE + "x = 1\n")
    else:
        monkeypatch.setattr("esutils.evidence.digest._source", lambda name: name)
    with pytest.raises(ValueError, match="toy.claim on here is stale"):
        scorecard.at_quick_scale()
    with pytest.raises(AssertionError, match="the record is stale"):
        judge(2)


def test_comments_docstrings_and_layout_do_not_make_it_stale(book):
    notebook = book / "chapters" / "99-toy.ipynb"
    before = code_digest(notebook, ENTRY)
    write_chapter(book, '"""Words."""\n# more\nimport numpy   as np\n' + CODE.splitlines()[1])
    assert code_digest(notebook, ENTRY) == before


def test_the_digest_covers_what_the_chapter_reaches_and_nothing_else(book, monkeypatch):
    write_chapter(book, "from esutils import ExpandSparsify")
    seen = []
    monkeypatch.setattr(
        "esutils.evidence.digest._source", lambda name: seen.append(name) or _source(name)
    )
    code_digest(book / "chapters" / "99-toy.ipynb", ENTRY)
    assert {"encoder", "expand", "sparsify", "_checks"} <= set(seen)
    assert not {"mlp", "plots", "data"} & set(seen)


def test_the_digest_follows_relative_imports(book, monkeypatch):
    write_chapter(book, "from esutils import theory")
    seen = []
    monkeypatch.setattr(
        "esutils.evidence.digest._source", lambda name: seen.append(name) or _source(name)
    )
    code_digest(book / "chapters" / "99-toy.ipynb", ENTRY)
    assert set(seen) == {"theory", "_checks"}


@pytest.mark.parametrize(
    ("module", "counts"),
    [("plots", False), ("sliders", False), ("_progress", False), ("data", True)],
)
def test_the_digest_leaves_out_what_only_shows(book, monkeypatch, module, counts):
    write_chapter(book, "from esutils import data, plots, sliders, sweep")
    notebook = book / "chapters" / "99-toy.ipynb"
    before = code_digest(notebook, ENTRY)
    monkeypatch.setattr(
        "esutils.evidence.digest._source",
        lambda name: _source(name) + ("\nx = 1\n" if name == module else ""),
    )
    assert (code_digest(notebook, ENTRY) != before) == counts


def test_scorecard_lists_the_ledger_and_corrects_by_holm(book, monkeypatch):
    names = [f"toy.{i}" for i in range(8)]
    write_ledger(book, *({**ENTRY, "id": name, "data": ["here"]} for name in names))
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
    assert (table["low"] < table["estimate"]).all() and (table["estimate"] < table["high"]).all()


def test_scorecard_refuses_a_missing_verdict(book, monkeypatch):
    record(monkeypatch, 2)
    with pytest.raises(ValueError, match="no verdict of toy.claim on there is recorded"):
        scorecard.at_quick_scale()


def test_the_rendered_verdict_says_what_was_predicted_and_escapes_it(book):
    text = judge(2)._repr_html_()
    assert "&lt;1&gt;" in text and "<1>" not in text
    assert '<span class="verdict-holds">holds</span>' in text
    assert "5 seeds × 200 test images" in text and "pilot runs" in text
    assert "pilot runs" not in judge(2, data="there")._repr_html_()


def test_reported_numbers_are_kept_merged_and_checked(book, monkeypatch):
    monkeypatch.setenv("ES_LEDGER", "record")
    claims.report("99-toy", 0.1, first=1.0)
    claims.report("99-toy", 0.1, second=2.0)
    path = book / "verdicts" / "numbers" / "99-toy.json"
    assert json.loads(path.read_text()) == {"first": 1.0, "second": 2.0}
    monkeypatch.setenv("ES_LEDGER", "check")
    claims.report("99-toy", 0.1, first=1.05)
    for wrong in ({"first": 1.2}, {"third": 1.0}):
        with pytest.raises(AssertionError, match="of 99-toy was recorded as"):
            claims.report("99-toy", 0.1, **wrong)


def test_writing_leaves_the_old_file_when_it_fails(book, monkeypatch):
    record(monkeypatch, 2)
    old = (book / "verdicts/here/toy.claim.json").read_text()
    monkeypatch.setenv("ES_LEDGER", "record")
    monkeypatch.setattr(os, "replace", lambda *paths: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        judge(3)
    assert (book / "verdicts/here/toy.claim.json").read_text() == old


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"comparison": "more"}, "comparison of toy.claim must be one of .* got 'more'"),
        ({"variation": "images"}, "variation of toy.claim must be one of .* got 'images'"),
        ({"source": "rumour"}, "source of toy.claim must be one of .* got 'rumour'"),
        ({"seeds": 1}, "seeds of toy.claim must be .* got 1"),
        ({"threshold": float("nan")}, r"threshold of toy.claim must be .*\[-inf, inf\], got nan"),
        ({"comparison": "equivalent", "threshold": -1}, r"threshold of .*\[0, inf\], got -1"),
        ({"pilot": ["moon"]}, r"pilot of toy.claim must be among data .* got \['moon'\]"),
        ({"extra": 1}, r"entry 'toy.claim' of claims.yml .* differs in \['extra'\]"),
    ],
)
def test_a_malformed_ledger_is_refused(book, change, message):
    write_ledger(book, {**ENTRY, **change})
    with pytest.raises(ValueError, match=message):
        claims.load_claims()


def test_a_doubled_id_is_refused(book):
    write_ledger(book, ENTRY, ENTRY)
    with pytest.raises(ValueError, match="id 'toy.claim' stands twice"):
        claims.load_claims()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("toy.clam", NOISE, NOISE, "here"), "claim_id must be one of .* got 'toy.clam'"),
        (("toy.claim", NOISE, NOISE, "moon"), "data must be one of .* got 'moon'"),
        (("toy.claim", NOISE[:4], NOISE, "here"), r"samples must have .* got shape \(4, 200\)"),
        (("toy.claim", NOISE[0], NOISE, "here"), r"samples must have .* got shape \(200,\)"),
        (("toy.claim", NOISE, NOISE[0], "here"), r"control must have .* got shape \(200,\)"),
        (("toy.claim", NOISE * np.nan, NOISE, "here"), "samples must be finite"),
        (("toy.claim", NOISE, NOISE * np.nan, "here"), "control must be finite"),
    ],
)
def test_malformed_samples_are_refused(book, arguments, message):
    with pytest.raises(ValueError, match=message):
        claims.judge(*arguments)


def test_outside_the_book_the_error_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="no claims.yml in .* run from inside the book"):
        claims.load_claims()

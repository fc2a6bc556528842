"""Claims: a false one fails, a run is compared with what is stored, and readers write nothing."""

import json
import os

import numpy as np
import pytest
from bs4 import BeautifulSoup

from esutils import claims
from esutils.evidence.intervals import estimate
from tests.helpers.toy_ledger import ENTRY, NOISE, files, write_claims

STORED = "ledger/samples/quick/here/toy.claim.npz"


def judge(mean, data="here", control=0.0):
    return claims.judge("toy.claim", NOISE + mean, NOISE + control, data=data)


def record(monkeypatch, *arguments, **options):
    monkeypatch.setenv("ES_LEDGER", "record")
    judge(*arguments, **options)
    monkeypatch.setenv("ES_LEDGER", "check")


@pytest.mark.parametrize(("mean", "word"), [(2, "holds"), (0, "fails"), (1, "undecided")])
def test_a_claim_holds_fails_or_is_undecided(book, mean, word):
    verdict = judge(mean)
    assert verdict.word == word
    assert repr(verdict) == f"{word}: toy.claim on here"


def test_a_claim_is_void_if_its_control_holds(book):
    assert judge(2, control=2).word == "void"


def test_only_recording_writes(book, monkeypatch):
    before = files(book)
    judge(2)
    assert files(book) == before
    record(monkeypatch, 2)
    judge(2)
    assert files(book) == sorted([*before, STORED])


def test_a_run_that_reproduces_the_samples_passes(book, monkeypatch):
    record(monkeypatch, 2)
    judge(2)
    judge(2.0001)  # what a processor rounds otherwise


def test_one_entry_in_a_hundred_may_differ(book, monkeypatch):
    record(monkeypatch, 2)
    then = NOISE + 2
    for n_images in (2, 3):  # 10 or 15 of 1,000 entries change places, and the mean stays
        now = np.hstack([np.roll(then[:, :n_images], 1, axis=0), then[:, n_images:]])
        if n_images == 2:
            claims.judge("toy.claim", now, NOISE, "here")
        else:
            with pytest.raises(AssertionError, match="only 98.5% of the samples are equal"):
                claims.judge("toy.claim", now, NOISE, "here")


@pytest.mark.parametrize(
    ("mean", "message"),
    [
        (0, "^toy.claim: was holds, now fails"),
        (3, "^toy.claim, statistic: only 0.0% of the samples"),
    ],
)
def test_a_run_that_does_not_is_an_error(book, monkeypatch, mean, message):
    record(monkeypatch, 2)
    with pytest.raises(AssertionError, match=message):
        judge(mean)


def test_means_must_agree_even_if_most_entries_do(book, monkeypatch):
    record(monkeypatch, 2)
    now = NOISE + 2
    now[0, 0] += 50  # one entry of 1,000 moves the mean by 0.05
    with pytest.raises(AssertionError, match="^toy.claim, statistic: the mean is stored as"):
        claims.judge("toy.claim", now, NOISE, "here")


@pytest.mark.parametrize("other", ["versions", "arithmetic"])
def test_on_another_machine_the_mean_must_lie_in_the_interval(book, monkeypatch, other):
    record(monkeypatch, 2)
    moved = 0.5 * (estimate(NOISE).high - estimate(NOISE).mean)
    with pytest.raises(AssertionError, match="only 0.0% of the samples"):
        judge(2 + moved)
    monkeypatch.setattr(f"esutils.evidence.samples.{other}", lambda: "another")
    for side in (-1, 1):
        judge(2 + side * moved)
        with pytest.raises(AssertionError, match="^toy.claim, statistic: the mean is stored as"):
            judge(2 + 3 * side * moved)
    with pytest.raises(AssertionError, match="was holds, now fails"):
        judge(0)


def test_the_control_and_the_shape_must_come_out_again(book, monkeypatch):
    record(monkeypatch, 2)
    with pytest.raises(AssertionError, match="^toy.claim, control: "):
        judge(2, control=0.5)
    with pytest.raises(AssertionError, match=r"stored with shape \(5, 200\), now \(5, 100\)"):
        claims.judge("toy.claim", NOISE[:, :100] + 2, NOISE[:, :100], "here")


def test_rounding_error_need_not_come_out_again(book, monkeypatch):
    write_claims(book, {**ENTRY, "comparison": "less", "threshold": 1e-12})
    monkeypatch.setenv("ES_LEDGER", "record")
    claims.judge("toy.claim", 1e-17 * NOISE + 5e-16, NOISE + 1, data="here")
    monkeypatch.setenv("ES_LEDGER", "check")
    claims.judge("toy.claim", 1e-17 * NOISE + 3e-16, NOISE + 1, data="here")
    with pytest.raises(AssertionError, match="^toy.claim, statistic: only 0.0%"):
        claims.judge("toy.claim", 1e-17 * NOISE + 5e-15, NOISE + 1, data="here")
    monkeypatch.setattr("esutils.evidence.samples.arithmetic", lambda: "another")
    for mean in (3e-16, 7e-16):
        claims.judge("toy.claim", 1e-17 * NOISE + mean, NOISE + 1, data="here")


def test_missing_samples_are_an_error(book, monkeypatch):
    monkeypatch.setenv("ES_LEDGER", "check")
    with pytest.raises(AssertionError, match="no samples of toy.claim on here .* run make execute"):
        judge(2)


def test_an_unknown_mode_is_refused(book, monkeypatch):
    monkeypatch.setenv("ES_LEDGER", "yes")
    with pytest.raises(ValueError, match="ES_LEDGER must be one of .* got 'yes'"):
        judge(2)


def test_another_threshold_or_wording_needs_no_run(book, monkeypatch):
    record(monkeypatch, 2)
    write_claims(book, {**ENTRY, "threshold": 2.5, "prediction": "The mean is large."})
    claim = claims.load_claims()["toy.claim"]
    assert claims.recorded(claim, "here").word == "fails"
    assert "The mean is large." in claims.recorded(claim, "here")._repr_html_()
    assert judge(2).word == "fails"  # and the run still agrees with its samples


def test_samples_of_an_earlier_experiment_are_refused_until_it_is_run(book, monkeypatch):
    record(monkeypatch, 2)
    write_claims(book, {**ENTRY, "experiment": 2})
    claim = claims.load_claims()["toy.claim"]
    with pytest.raises(ValueError, match="stale: they are of experiment 1, and the ledger says 2"):
        claims.recorded(claim, "here")
    with pytest.raises(AssertionError, match="stale"):
        judge(2)
    record(monkeypatch, 2.5)
    assert claims.recorded(claim, "here").word == "holds"


def test_stored_samples_are_judged_at_the_quick_scale_at_any_scale(book, monkeypatch):
    record(monkeypatch, 2)
    monkeypatch.setenv("ES_SCALE", "paper")
    record(monkeypatch, 0)
    claim = claims.load_claims()["toy.claim"]
    assert claims.recorded(claim, "here").word == "holds"
    assert claims.load_samples("toy.claim", "here").arrays["statistic"].mean() < 1
    with pytest.raises(ValueError, match=r"data must be one of \['here', 'there'\], got 'moon'"):
        claims.recorded(claim, "moon")


def test_a_step_belongs_to_samples_and_control(book, monkeypatch):
    samples, control = NOISE.round() + 2, NOISE.round() - 1
    monkeypatch.setenv("ES_LEDGER", "record")
    for options, step in (({}, 0.0), ({"step": 9.0}, 9.0)):
        verdict = claims.judge("toy.claim", samples, control, "here", **options)
        assert verdict.estimate == estimate(samples, step)
        assert verdict.control == estimate(control, step)
        assert claims.recorded(verdict.claim, "here") == verdict
    for values in (samples, control):
        assert estimate(values, 9.0) != estimate(values)


@pytest.mark.parametrize("mean", [2, -2.5])
def test_a_box_says_the_verdict_the_numbers_and_the_bound(book, mean):
    verdict = claims.judge("toy.claim", NOISE + mean, NOISE - 1, "here")
    box = BeautifulSoup(verdict._repr_html_(), "html.parser").find("div", class_="verdict")
    assert (box["data-claim"], box["data-set"]) == ("toy.claim", "here")
    found, control = (
        f"{value.mean:.3g} (95% interval {value.low:.3g} to {value.high:.3g})".replace("-", "−")
        for value in (verdict.estimate, verdict.control)
    )
    assert [part.get_text("|") for part in box.find_all("p")] == [
        f"{verdict.word}| The mean is above <1>.",
        f"mean: |{found}| points; predicted above 1 points.|"
        f"Negative control, nothing: |{control}| points.|"
        "here, 5 seeds × 200 test images (pilot runs on this data suggested the prediction). |"
        "toy.claim",
    ]
    assert box.find(class_=f"verdict-{verdict.word}").string == verdict.word
    assert [part.string for part in box.find_all(class_="num")] == [found, control]
    other = claims.judge("toy.claim", NOISE + mean, NOISE - 1, "there")._repr_html_()
    assert "there, 5 seeds × 200 test images. <code>toy.claim</code></p></div>" in other


def test_reported_numbers_are_kept_merged_and_compared(book, monkeypatch):
    monkeypatch.setenv("ES_LEDGER", "record")
    claims.report("99-toy", 0.1, first=1.0)
    claims.report("99-toy", 0.1, second=2.0)
    path = book / "ledger" / "numbers" / "99-toy.json"
    assert json.loads(path.read_text()) == {"first": 1.0, "second": 2.0}
    monkeypatch.setenv("ES_LEDGER", "check")
    claims.report("99-toy", 0.1, first=1.05)
    for wrong in ({"first": 1.2}, {"third": 1.0}):
        with pytest.raises(AssertionError, match="of 99-toy is stored as"):
            claims.report("99-toy", 0.1, **wrong)
    monkeypatch.setenv("ES_SCALE", "paper")
    with pytest.raises(AssertionError, match="paper.99-toy.json is not stored; run make execute"):
        claims.report("99-toy", 0.1, first=1.0)


def test_a_number_is_glued_unseen_and_may_be_off_by_its_tolerance(book, monkeypatch):
    glued = []
    monkeypatch.setattr("myst_nb.glue", lambda *said, display: glued.append((*said, display)))
    monkeypatch.setenv("ES_LEDGER", "record")
    claims.report("99-toy", 0.5, first=1.0, second=2)
    assert glued == [("first", 1.0, False), ("second", 2.0, False)]
    monkeypatch.setenv("ES_LEDGER", "check")
    claims.report("99-toy", 0.5, first=1.5)
    with pytest.raises(AssertionError, match="^first of 99-toy is stored as 1.0, .* 1.75$"):
        claims.report("99-toy", 0.5, first=1.75)


def test_writing_leaves_the_old_file_when_it_fails(book, monkeypatch):
    record(monkeypatch, 2)
    old = (book / STORED).read_bytes()
    monkeypatch.setenv("ES_LEDGER", "record")
    monkeypatch.setattr(os, "replace", lambda *paths: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        judge(3)
    assert (book / STORED).read_bytes() == old

"""The first edition's rules: a control makes void, boxes say it, Holm corrects over all rows."""

import json
import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from esutils import claims, first_edition
from esutils.evidence.intervals import estimate
from tests.helpers.toy_ledger import FIRST_ENTRY, NOISE, files, write_first_claims

STORED = "ledger/samples/quick/here/toy.first.npz"
SAID = ["chapter", "claim", "data", "verdict"]
MEASURED = ["estimate", "low", "high", "unit", "predicted", "samples", "versions"]
TWO = (
    FIRST_ENTRY | {"data": ["digits", "mnist5k", "here"], "pilot": ["mnist5k"]},
    FIRST_ENTRY | {"id": "toy.second", "data": ["here"], "pilot": [], "comparison": "less"},
)


def judge(mean, data="here", control=0.0, claim_id="toy.first", **options):
    return first_edition.judge(claim_id, NOISE + mean, NOISE + control, data, **options)


@pytest.mark.parametrize(("mean", "word"), [(2, "holds"), (0, "fails"), (1, "undecided")])
def test_a_claim_holds_fails_or_is_undecided(book, mean, word):
    assert repr(judge(mean)) == f"{word}: toy.first on here"


@pytest.mark.parametrize("mean", [2, 0, 1])
def test_a_claim_is_void_if_its_control_holds(book, mean):
    assert judge(mean, control=2).word == "void"


def test_only_recording_writes_and_what_is_recorded_is_found_again(book, monkeypatch):
    before = files(book)
    judge(2)
    assert files(book) == before
    monkeypatch.setenv("ES_LEDGER", "record")
    verdict = judge(2, step=9.0)
    assert files(book) == sorted([*before, STORED])
    assert verdict.estimate == estimate(NOISE + 2, 9.0)
    assert verdict.control == estimate(NOISE, 9.0)
    assert first_edition.recorded(verdict.claim, "here") == verdict


@pytest.mark.parametrize(
    ("now", "message"),
    [
        ({"mean": 0}, "^toy.first: was holds, now fails"),
        ({"mean": 3}, "^toy.first, statistic: only 0.0% of the samples"),
        ({"mean": 2, "control": 0.5}, "^toy.first, control: only 0.0% of the samples"),
    ],
)
def test_a_run_must_reproduce_what_is_stored(book, monkeypatch, now, message):
    monkeypatch.setenv("ES_LEDGER", "record")
    judge(2)
    monkeypatch.setenv("ES_LEDGER", "check")
    judge(2)
    with pytest.raises(AssertionError, match=message):
        judge(**now)


def test_missing_samples_are_an_error(book, monkeypatch):
    monkeypatch.setenv("ES_LEDGER", "check")
    with pytest.raises(AssertionError, match="no samples of toy.first on here .* run make execute"):
        judge(2)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"source": "theirs"}, "^source of toy.first must be one of"),
        ({"pilot": ["moon"]}, r"^pilot of toy.first .* \['here', 'there'\], got \['moon'\]"),
        ({"seeds": 1}, "^seeds of toy.first"),
        ({"rival": "nobody"}, r"first-edition/claims.yml must have .* differs in \['rival'\]"),
    ],
)
def test_an_entry_that_is_not_of_this_edition_is_refused(book, changed, message):
    write_first_claims(book, FIRST_ENTRY | changed)
    with pytest.raises(ValueError, match=message):
        first_edition.load_claims()


@pytest.mark.parametrize("mean", [2, -2.5])
def test_a_box_says_the_verdict_the_numbers_and_the_bound(book, mean):
    verdict = judge(mean, control=-1)
    box = BeautifulSoup(verdict._repr_html_(), "html.parser").find("div", class_="verdict")
    assert (box["data-claim"], box["data-set"]) == ("toy.first", "here")
    found, control = (
        f"{value.mean:.3g} (95% interval {value.low:.3g} to {value.high:.3g})".replace("-", "−")
        for value in (verdict.estimate, verdict.control)
    )
    assert [part.get_text("|") for part in box.find_all("p")] == [
        f"{verdict.word}| The mean is above <1>.",
        f"mean: |{found}| points; predicted above 1 points.|"
        f"Negative control, nothing: |{control}| points.|"
        "here, 5 seeds × 200 test images (pilot runs on this data suggested the prediction). |"
        "toy.first",
    ]
    assert box.find(class_=f"verdict-{verdict.word}").string == verdict.word
    assert [part.string for part in box.find_all(class_="num")] == [found, control]


def test_a_box_says_nothing_of_pilots_where_there_were_none(book):
    box = judge(2, "there", control=-1)._repr_html_()
    assert "there, 5 seeds × 200 test images. <code>toy.first</code></p></div>" in box


# ---- all claims in one table


@pytest.fixture
def two(book, monkeypatch):
    """A book with two claims; runs are recorded."""
    write_first_claims(book, *TWO)
    monkeypatch.setenv("ES_LEDGER", "record")
    return book


def row(verdict, predicted):
    """What a row must say of a verdict, key by key."""
    found = {"chapter": "98-toy", "claim": verdict.claim.id, "data": verdict.data}
    found |= {"verdict": verdict.word, "unit": "points", "predicted": predicted}
    found |= {"estimate": verdict.estimate.mean}
    found |= {"low": verdict.estimate.low, "high": verdict.estimate.high}
    return found | {"samples": "5 seeds × 200 test images"}


def test_a_row_has_what_was_measured_and_what_was_asked(two, monkeypatch):
    verdicts = [judge(2, data, 1) for data in ("digits", "mnist5k", "here")]
    verdicts.append(judge(2, "here", 1, "toy.second"))
    monkeypatch.setenv("ES_SCALE", "paper")  # which this table does not ask for
    table = first_edition.verdicts()
    assert list(table) == [*SAID[:3], "seen_in_pilot", "verdict", "holm", *MEASURED]
    assert table["seen_in_pilot"].tolist() == [False, True, False, False]
    assert table["verdict"].tolist() == table["holm"].tolist() == ["holds"] * 3 + ["fails"]
    assert all({"python", "numpy"} <= set(versions) for versions in table["versions"])
    bounds = ["above 1 points"] * 3 + ["below 1 points"]
    rows = table.drop(columns=["seen_in_pilot", "holm", "versions"]).to_dict("records")
    assert rows == [row(*said) for said in zip(verdicts, bounds, strict=True)]


def test_corrects_by_holm_over_all_rows(book, monkeypatch):
    names = [f"toy.{i}" for i in range(8)]
    write_first_claims(book, *({**FIRST_ENTRY, "id": name, "data": ["here"]} for name in names))
    monkeypatch.setenv("ES_LEDGER", "record")
    # One strong claim, one that holds alone and not among eight, six that are far from holding.
    for name, shift in zip(names, [3, 1.09, *[0] * 6], strict=True):
        judge(shift - NOISE.mean(), claim_id=name)
    table = first_edition.verdicts()
    assert list(table["claim"]) == names
    assert list(table["verdict"]) == ["holds", "holds", *["fails"] * 6]
    assert list(table["holm"]) == ["holds", "undecided", *["fails"] * 6]
    assert table["seen_in_pilot"].all()


def test_missing_samples_are_refused(two):
    judge(2, "digits")
    with pytest.raises(ValueError, match="no samples of toy.first on mnist5k are stored"):
        first_edition.verdicts()


def test_samples_of_another_experiment_are_refused(two):
    for data in ("digits", "mnist5k", "here"):
        judge(2, data)
    judge(2, claim_id="toy.second")
    write_first_claims(two, TWO[0], TWO[1] | {"experiment": 2})
    with pytest.raises(ValueError, match="samples of toy.second on here are stale"):
        first_edition.verdicts()


def write_full_size(book, *records):
    """Write the verdicts at full size of which no samples were kept."""
    path = book / "ledger" / "first-edition" / "full-size.json"
    path.write_text(json.dumps({"verdicts": records}))


def test_at_full_size_what_was_never_run_says_so(two):
    write_full_size(two)
    table = first_edition.verdicts_at_full_size()
    assert list(table) == [*SAID, *MEASURED, "judged"]
    assert table["data"].tolist() == ["fashion-mnist", "mnist", "here", "here"]
    assert (table["verdict"] == "not run").all()
    assert table[[*MEASURED, "judged"]].isna().all(axis=None)


def test_at_full_size_samples_are_judged_now_and_the_rest_as_it_was(two, monkeypatch):
    monkeypatch.setenv("ES_SCALE", "paper")
    verdict = judge(2, "mnist", 1)
    monkeypatch.delenv("ES_SCALE")
    judge(2, "here")  # at the quick scale, where this table does not look
    old = {
        "claim": "toy.second",
        "data": "here",
        "verdict": "undecided",
        "estimate": {"mean": 1.0, "low": 0.5, "high": 1.5},
        "samples": [3, 100],
        "versions": {"numpy": "1"},
        "judged": "2020-01-01",
    }
    replaced = old | {"claim": "toy.first", "data": "mnist"}  # by the samples above
    write_full_size(two, old, replaced)
    table = first_edition.verdicts_at_full_size()
    assert table["chapter"].tolist() == ["98-toy"] * 4
    assert table["claim"].tolist() == ["toy.first"] * 3 + ["toy.second"]
    assert table["verdict"].tolist() == ["not run", "holds", "not run", "undecided"]
    now, then = table.loc[1].to_dict(), table.loc[3].to_dict()
    assert {key: now[key] for key in [*SAID, *MEASURED[:-1]]} == row(verdict, "above 1 points")
    assert pd.isna(now["judged"]) and then["judged"] == "2020-01-01"
    assert (then["estimate"], then["low"], then["high"]) == (1.0, 0.5, 1.5)
    assert then["samples"] == "3 seeds × 100 test images" and then["versions"] == {"numpy": "1"}


# ---- entries of chapters that have moved


def test_a_retired_entry_keeps_its_fields_its_verdicts_and_the_reason():
    fields = set(FIRST_ENTRY) | {"why", "verdicts"}
    for entry in first_edition.retired():
        assert set(entry) == fields, entry["id"]
        assert entry["why"] and entry["verdicts"], entry["id"]


def test_no_entry_is_in_both_editions():
    retired = [entry["id"] for entry in first_edition.retired()]
    names = [*claims.load_claims(), *first_edition.load_claims(), *retired]
    assert len(set(names)) == len(names)


def test_what_has_retired_is_readable_with_its_verdicts_and_says_what_took_its_place():
    retired, living = first_edition.retired(), first_edition.load_claims()
    assert not {entry["id"] for entry in retired} & set(living)
    now = set(claims.load_claims())
    for entry in retired:
        assert {verdict["data"] for verdict in entry["verdicts"]} >= set(entry["data"])
        words = {verdict["verdict"] for verdict in entry["verdicts"]}
        assert words <= {"holds", "fails", "undecided", "void"}
        named = set(
            re.findall(r"\b(?:code|sphere|curve|hidden|untrained)\.[a-z-]+\w", entry["why"])
        )
        assert named and named <= now

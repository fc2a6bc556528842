"""What readers see of the records: a verdict's box, a number in the prose, the scorecard's rows."""

import json

import pytest
from bs4 import BeautifulSoup

from esutils import claims, scorecard
from esutils.evidence.intervals import estimate
from tests.evidence.test_claims import CODE, ENTRY, NOISE, write_chapter, write_ledger

SAID = ["chapter", "claim", "data", "verdict"]
MEASURED = ["estimate", "low", "high", "unit", "predicted", "samples", "versions"]


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one chapter and two claims, as the working folder; runs are recorded."""
    (tmp_path / "chapters").mkdir()
    write_chapter(tmp_path, CODE)
    write_ledger(
        tmp_path,
        ENTRY | {"id": "toy.first", "data": ["digits", "mnist5k", "here"], "pilot": ["mnist5k"]},
        ENTRY | {"id": "toy.second", "data": ["here"], "pilot": [], "comparison": "less"},
    )
    monkeypatch.chdir(tmp_path / "chapters")
    monkeypatch.setenv("ES_LEDGER", "record")
    monkeypatch.delenv("ES_SCALE", raising=False)
    return tmp_path


def judge(claim_id, mean, data):
    return claims.judge(claim_id, NOISE + mean, NOISE + 1, data).record()


def row(record, claim_id, predicted):
    """What a row says of a record, key by key."""
    found = {"chapter": "99-toy", "claim": claim_id, "data": record["data"]}
    found |= {"verdict": record["verdict"], "unit": "points", "predicted": predicted}
    found |= {"estimate": record["estimate"]["mean"], "versions": record["versions"]}
    found |= {end: record["estimate"][end] for end in ("low", "high")}
    return found | {"samples": "5 seeds × 200 test images"}


def test_a_row_has_what_was_recorded_and_what_was_asked(book):
    records = [judge("toy.first", 2, data) for data in ("digits", "mnist5k", "here")]
    records.append(judge("toy.second", 2, "here"))
    assert [record["claim"] for record in records] == ["toy.first"] * 3 + ["toy.second"]
    assert records[0]["control"]["mean"] == pytest.approx((NOISE + 1).mean(), rel=1e-3)
    table = scorecard.at_quick_scale()
    assert list(table) == [*SAID[:3], "seen_in_pilot", "verdict", "holm", *MEASURED]
    assert table["seen_in_pilot"].tolist() == [False, True, False, False]
    assert table["verdict"].tolist() == table["holm"].tolist() == ["holds"] * 3 + ["fails"]
    names, bounds = ["toy.first"] * 3 + ["toy.second"], ["above 1 points"] * 3 + ["below 1 points"]
    rows = table.drop(columns=["seen_in_pilot", "holm"]).to_dict("records")
    assert rows == [row(*said) for said in zip(records, names, bounds, strict=True)]


def test_what_was_not_run_at_the_literatures_scale_is_shown_as_that(book, monkeypatch):
    monkeypatch.setenv("ES_SCALE", "paper")
    record = judge("toy.first", 2, "mnist")
    monkeypatch.delenv("ES_SCALE")
    judge("toy.first", 2, "here")  # at the quick scale, where the table does not look
    table = scorecard.at_paper_scale()
    assert list(table) == [*SAID, *MEASURED, "current"]
    rows = table.to_dict("records")
    assert rows[1] == row(record, "toy.first", "above 1 points") | {"current": True}
    others = [("toy.first", "fashion-mnist"), ("toy.first", "here"), ("toy.second", "here")]
    for found, (name, data) in zip([rows[0], *rows[2:]], others, strict=True):
        assert [found[key] for key in SAID] == ["99-toy", name, data, "not run"]
    assert table.drop(1)[[*MEASURED, "current"]].isna().all(axis=None)


@pytest.mark.parametrize("change", [{"digest": "old"}, {"digest": None}])
def test_a_record_of_older_code_is_shown_as_that(book, monkeypatch, change):
    monkeypatch.setenv("ES_SCALE", "paper")
    path = book / "verdicts/paper/here/toy.second.json"
    record = {**judge("toy.second", 2, "here"), **change}
    path.write_text(json.dumps({key: value for key, value in record.items() if value}))
    table = scorecard.at_paper_scale()
    assert table["current"].tolist()[3] is False and table["verdict"].tolist()[3] == "fails"


def test_a_verdict_is_looked_up_at_the_quick_scale_at_any_scale(book, monkeypatch):
    quick = judge("toy.first", 2, "here")
    monkeypatch.setenv("ES_SCALE", "paper")
    assert judge("toy.first", 0, "here")["verdict"] == "fails"
    claim = claims.load_claims()["toy.first"]
    assert claims.recorded(claim, "here") == quick
    message = r"^data must be one of \['digits', 'here', 'mnist5k'\], got 'moon'$"
    with pytest.raises(ValueError, match=message):
        claims.recorded(claim, "moon")


@pytest.mark.parametrize("key", ["verdict", "estimate", "samples", "versions", "p_value"])
def test_a_record_that_lacks_something_is_named(book, key):
    for data in ("digits", "mnist5k", "here"):
        judge("toy.first", 2, data)
    path, record = book / "verdicts/here/toy.second.json", judge("toy.second", 2, "here")
    path.write_text(json.dumps({name: value for name, value in record.items() if name != key}))
    message = f"^the verdict of toy.second on here is no whole record .KeyError.'{key}'..; run make"
    with pytest.raises(ValueError, match=message):
        scorecard.at_quick_scale()


def test_a_step_is_that_of_the_samples_and_of_the_control(book):
    samples, control = NOISE.round() + 2, NOISE.round() - 1
    for options, step in (({}, 0.0), ({"step": 9.0}, 9.0)):
        verdict = claims.judge("toy.first", samples, control, "here", **options)
        assert verdict.estimate == estimate(samples, step)
        assert verdict.control == estimate(control, step)
    for values in (samples, control):
        assert estimate(values, 9.0) != estimate(values)


@pytest.mark.parametrize("mean", [2, -2.5])
def test_a_box_says_the_verdict_the_numbers_and_the_bound(book, mean):
    verdict = claims.judge("toy.first", NOISE + mean, NOISE - 1, "mnist5k")
    box = BeautifulSoup(verdict._repr_html_(), "html.parser").find("div", class_="verdict")
    found, control = (
        f"{value.mean:.3g} (95% interval {value.low:.3g} to {value.high:.3g})".replace("-", "−")
        for value in (verdict.estimate, verdict.control)
    )
    assert [part.get_text("|") for part in box.find_all("p")] == [
        f"{verdict.word}| The mean is above <1>.",
        f"mean: |{found}| points; predicted above 1 points.|"
        f"Negative control, nothing: |{control}| points.|"
        "mnist5k, 5 seeds × 200 test images (pilot runs on this data suggested the prediction). |"
        "toy.first",
    ]
    assert box.find(class_=f"verdict-{verdict.word}").string == verdict.word
    assert [part.string for part in box.find_all(class_="num")] == [found, control]
    other = claims.judge("toy.first", NOISE + mean, NOISE - 1, "here")._repr_html_()
    assert "here, 5 seeds × 200 test images. <code>toy.first</code></p></div>" in other


def test_a_number_is_glued_unseen_and_may_be_off_by_its_tolerance(book, monkeypatch):
    glued = []
    monkeypatch.setattr("myst_nb.glue", lambda *said, display: glued.append((*said, display)))
    claims.report("99-toy", 0.5, first=1.0, second=2)
    assert glued == [("first", 1.0, False), ("second", 2.0, False)]
    monkeypatch.setenv("ES_LEDGER", "check")
    claims.report("99-toy", 0.5, first=1.5)
    with pytest.raises(AssertionError, match="^first of 99-toy was recorded as 1.0, now 1.75$"):
        claims.report("99-toy", 0.5, first=1.75)


@pytest.mark.parametrize(
    ("arguments", "numbers", "message"),
    [
        (("../99-toy", 0.1), {"first": 1.0}, "chapter must be a name of .*, got '../99-toy'"),
        (("99-toy", -0.1), {"first": 1.0}, r"tolerance must be a finite number in .*, got -0.1"),
        (("99-toy", 0.1), {"first": float("nan")}, "first must be a finite number .*nan.*"),
    ],
)
def test_what_cannot_be_reported_is_refused(book, arguments, numbers, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        claims.report(*arguments, **numbers)
    assert not (book / "verdicts").exists()

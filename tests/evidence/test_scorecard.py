"""The scorecard: every claim judged from its samples, tallied, and Holm over the primary claims."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from esutils import claims, scorecard
from tests.helpers.toy_ledger import ENTRY, NOISE, write_claims

ROOT = Path(__file__).parents[2]
ASKED = ["chapter", "claim", "kind", "sentence", "standing", "data", "family", "verdict", "more"]
MEASURED = ["estimate", "low", "high", "unit", "predicted", "samples"]
WORDS = ["holds", "fails", "undecided", "void"]
BOTH = {"mnist5k": "replication", "fashion10k": "confirmatory"}
PRIMARY = ENTRY | {
    "id": "toy.primary",
    "kind": "primary",
    "sentence": "2b",
    "standing": BOTH,
    "detectable": dict.fromkeys(BOTH, 0.4),
}
CHECK = ENTRY | {"id": "toy.check", "kind": "check", "rival": "none: an identity"}


@pytest.fixture
def book(book, monkeypatch):
    """A toy book whose runs are recorded."""
    monkeypatch.setenv("ES_LEDGER", "record")
    return book


def judge(claim_id, mean, data, rival=1.0):
    claim = claims.load_claims()[claim_id]
    options = {"rival": NOISE + rival} if "rival" in claim.parts else {}
    return claims.judge(claim_id, NOISE - NOISE.mean() + mean, data, **options)


def judge_all(means=None):
    """Record all claims, with means of 2 where nothing else is said of a claim and a data set."""
    for name, claim in claims.load_claims().items():
        for data in claim.data:
            judge(name, (means or {}).get((name, data), 2), data)


# ---- one row per claim and data set


def test_a_row_has_what_was_asked_and_what_was_measured(book, monkeypatch):
    write_claims(book, ENTRY | {"standing": {"here": "replication"}, "comparison": "less"})
    verdict = judge("toy.claim", -2, "here", rival=0)
    monkeypatch.setenv("ES_SCALE", "paper")  # which this table does not ask for
    [row] = scorecard.verdicts().to_dict("records")
    assert {key: row[key] for key in ASKED} == {
        "chapter": "99-toy",
        "claim": "toy.claim",
        "kind": "supporting",
        "sentence": "ours",
        "standing": "replication",
        "data": "here",
        "family": False,
        "verdict": "holds",
        "more": "no",
    }
    found = verdict.estimate
    said = [found.mean, found.low, found.high, "points", "below 1 points"]
    assert [row[key] for key in MEASURED] == [*said, "5 seeds × 200 test images"]
    assert (row["holm"], row["counted"]) == ("holds", True)
    assert [*row] == [*ASKED[:6], "counted", *ASKED[6:8], "holm", "more", *MEASURED]


def test_rows_are_in_the_ledgers_order(book):
    write_claims(book, PRIMARY, ENTRY, CHECK)
    judge_all()
    rows = scorecard.verdicts()[["claim", "data"]].to_numpy().tolist()
    order = [("toy.primary", "mnist5k"), ("toy.primary", "fashion10k")]
    order += [(name, data) for name in ("toy.claim", "toy.check") for data in ("here", "there")]
    assert [*map(tuple, rows)] == order


def test_missing_samples_are_refused(book):
    judge("toy.claim", 2, "here")
    with pytest.raises(ValueError, match="no samples of toy.claim on there are stored"):
        scorecard.verdicts()


def test_samples_of_another_experiment_are_refused(book):
    judge_all()
    write_claims(book, ENTRY | {"experiment": 2})
    with pytest.raises(ValueError, match="samples of toy.claim on here are stale"):
        scorecard.verdicts()


def test_an_unknown_scale_is_refused(book):
    with pytest.raises(ValueError, match="scale must be one of .* got 'huge'"):
        scorecard.verdicts("huge")


def test_at_full_size_what_was_never_run_says_so(book):
    write_claims(book, PRIMARY, CHECK)
    judge_all()
    card = scorecard.verdicts("paper")
    assert card["data"].tolist() == ["mnist", "fashion-mnist", "here", "there"]
    for column in ("verdict", "holm", "more"):
        assert (card[column] == "not run").all()
    assert card[MEASURED].isna().all(axis=None) and not card["counted"].any()


def test_at_full_size_what_was_run_is_judged_there(book, monkeypatch):
    write_claims(book, PRIMARY)
    judge_all()
    monkeypatch.setenv("ES_SCALE", "paper")
    judge("toy.primary", 0, "fashion-mnist", rival=0)
    monkeypatch.delenv("ES_SCALE")
    card = scorecard.verdicts("paper")
    assert card["verdict"].tolist() == ["not run", "fails"]
    assert card["more"].tolist() == ["not run", "no"]
    assert card["family"].tolist() == [False, True]
    assert scorecard.verdicts()["verdict"].tolist() == ["holds", "holds"]


# ---- Holm's correction


def primaries(n, **changed):
    return [PRIMARY | {"id": f"toy.{i}"} | changed for i in range(n)]


def test_the_family_is_the_primary_claims_on_the_set_that_decides(book):
    simulated = {"standing": {"simulation": "replication"}, "detectable": {"simulation": 0.4}}
    write_claims(book, PRIMARY, PRIMARY | simulated | {"id": "toy.simulated"}, ENTRY, CHECK)
    judge_all()
    card = scorecard.verdicts()
    family = card.loc[card["family"], ["claim", "data"]].to_numpy().tolist()
    assert family == [["toy.primary", "fashion10k"], ["toy.simulated", "simulation"]]


# Holds alone, and not among eight.
BARELY = 1.09


def test_holm_is_over_the_family_and_takes_what_holds_by_luck(book):
    write_claims(book, *primaries(8))
    means = {(f"toy.{i}", "fashion10k"): 0 for i in range(1, 8)} | {
        ("toy.1", "fashion10k"): BARELY,
        ("toy.2", "mnist5k"): BARELY,
    }
    judge_all(means)
    card = scorecard.verdicts().set_index(["claim", "data"])
    on_fashion = card.xs("fashion10k", level="data")
    assert on_fashion["verdict"].tolist() == ["holds", "holds", *["fails"] * 6]
    assert on_fashion["holm"].tolist() == ["holds", "undecided", *["fails"] * 6]
    on_mnist = card.xs("mnist5k", level="data")
    assert (on_mnist["holm"] == "holds").all() and (on_mnist["verdict"] == "holds").all()


@pytest.mark.parametrize(
    "other", [{"kind": "supporting"}, {"kind": "check"}], ids=lambda other: other["kind"]
)
def test_other_claims_cost_the_primary_ones_nothing(book, other):
    write_claims(book, *primaries(8, **other), PRIMARY)
    judge_all(dict.fromkeys([(f"toy.{i}", "fashion10k") for i in range(8)], 0)
              | {("toy.primary", "fashion10k"): BARELY})  # fmt: skip
    card = scorecard.verdicts().set_index(["claim", "data"])
    assert card.loc[("toy.primary", "fashion10k"), "holm"] == "holds"


def test_what_was_not_run_at_full_size_costs_nothing(book, monkeypatch):
    write_claims(book, *primaries(8))
    judge_all()
    monkeypatch.setenv("ES_SCALE", "paper")
    judge("toy.3", BARELY, "fashion-mnist")
    monkeypatch.delenv("ES_SCALE")
    card = scorecard.verdicts("paper").set_index(["claim", "data"])
    assert card.loc[("toy.3", "fashion-mnist"), "holm"] == "holds"
    assert (card["holm"] == "not run").sum() == 15


def test_a_void_claim_stays_void(book):
    write_claims(book, *primaries(8, halves=["expand_linear"]))
    barely = NOISE - NOISE.mean() + BARELY
    for name in claims.load_claims():
        for data in BOTH:
            claims.judge(name, barely, data, rival=NOISE, halves={"expand_linear": NOISE + 2})
    assert (scorecard.verdicts()["holm"] == "void").all()


# ---- the tally


def test_a_tally_adds_up(book):
    write_claims(book, *primaries(3), ENTRY)
    judge_all({("toy.0", "fashion10k"): 0, ("toy.1", "mnist5k"): 1, ("toy.claim", "there"): 0})
    counts = scorecard.tally(scorecard.verdicts())
    assert counts.columns.tolist() == [*WORDS, "all"]
    assert counts.index.tolist() == [
        ("primary", "Fashion-10k"),
        ("primary", "MNIST-5k"),
        ("supporting", "here"),
        ("supporting", "there"),
        ("all", ""),
    ]
    rows = [[2, 1, 0, 0, 3], [2, 0, 1, 0, 3], [1, 0, 0, 0, 1], [0, 1, 0, 0, 1], [5, 2, 1, 0, 8]]
    assert counts.to_numpy().tolist() == rows


def test_a_tally_counts_verdicts_after_holms_correction(book):
    write_claims(book, *primaries(8))
    judge_all({(f"toy.{i}", "fashion10k"): 0 for i in range(7)} | {("toy.7", "fashion10k"): BARELY})
    counts = scorecard.tally(scorecard.verdicts())
    assert counts.loc[("primary", "Fashion-10k"), ["holds", "undecided"]].tolist() == [0, 1]


@pytest.mark.parametrize(
    "uncounted",
    [CHECK, ENTRY | {"id": "toy.late", "standing": dict.fromkeys(BOTH, "exploratory")}],
    ids=["check", "exploratory"],
)
def test_neither_checks_nor_what_was_chosen_afterwards_is_counted(book, uncounted):
    write_claims(book, ENTRY, uncounted)
    judge_all()
    card = scorecard.verdicts()
    assert len(card) == 4 and scorecard.tally(card).loc[("all", ""), "all"] == 2


def test_a_tally_at_full_size_leaves_out_what_was_not_run(book, monkeypatch):
    write_claims(book, *primaries(2))
    judge_all()
    monkeypatch.setenv("ES_SCALE", "paper")
    judge("toy.0", 0, "mnist")
    monkeypatch.delenv("ES_SCALE")
    counts = scorecard.tally(scorecard.verdicts("paper"))
    assert counts.loc[("all", "")].tolist() == [0, 1, 0, 0, 1]
    assert ("primary", "MNIST") in counts.index


def test_a_tally_of_nothing_is_empty(book):
    write_claims(book, PRIMARY, CHECK)
    counts = scorecard.tally(scorecard.verdicts("paper"))
    assert counts.to_dict("index") == {("all", ""): dict.fromkeys([*WORDS, "all"], 0)}


def test_what_was_chosen_afterwards_is_not_counted_at_full_size_either(book, monkeypatch):
    write_claims(book, ENTRY | {"standing": dict.fromkeys(BOTH, "exploratory")})
    monkeypatch.setenv("ES_SCALE", "paper")
    judge("toy.claim", 2, "mnist")
    assert not scorecard.verdicts("paper")["counted"].any()


# ---- the sentences of the abstract


def table(prefix=""):
    """Return the cells of the table by row, as text."""
    shown = BeautifulSoup(scorecard.AbstractTable(prefix)._repr_html_(), "html.parser")
    return shown, [[cell.text for cell in row.select("th, td")] for row in shown.select("tbody tr")]


def test_every_sentence_has_a_row_and_one_without_a_primary_claim_says_so(book):
    write_claims(book, PRIMARY)
    judge_all()
    _, rows = table()
    assert [row[0] for row in rows] == [*scorecard.SENTENCES.values()]
    untested = [row[0] for row in rows if row[1].startswith("not yet tested by these rules")]
    assert untested == [text for name, text in scorecard.SENTENCES.items() if name != "2b"]


def test_a_sentence_has_the_words_of_its_primary_claims(book):
    write_claims(book, PRIMARY, PRIMARY | {"id": "toy.other"}, ENTRY | {"sentence": "2b"})
    judge_all({("toy.other", "fashion10k"): 0})
    _, rows = table()
    assert [row for row in rows if row[0] == scorecard.SENTENCES["2b"]] == [
        [scorecard.SENTENCES["2b"], PRIMARY["prediction"], "holds", "holds", "yes"],
        [scorecard.SENTENCES["2b"], PRIMARY["prediction"], "fails", "holds", "yes"],
    ]


def test_on_the_deciding_set_the_word_is_that_after_holm(book):
    write_claims(book, *primaries(8))
    judge_all({(f"toy.{i}", "fashion10k"): 0 for i in range(7)} | {("toy.7", "fashion10k"): BARELY})
    _, rows = table()
    assert [row[2] for row in rows if len(row) == 5] == [*["fails"] * 7, "undecided"]


def test_what_is_more_than_a_dense_code_is_asked_on_the_deciding_set(book):
    write_claims(book, PRIMARY)
    judge("toy.primary", 2, "mnist5k", rival=1)
    judge("toy.primary", 2, "fashion10k", rival=0.5)
    assert ["holds", "holds", "cannot tell"] in [row[2:] for row in table()[1]]


def test_a_claim_on_one_data_set_has_a_dash_for_the_other(book):
    simulated = {"standing": {"simulation": "replication"}, "detectable": {"simulation": 0.4}}
    write_claims(book, PRIMARY | simulated)
    judge_all()
    assert ["holds", "–", "yes"] in [row[2:] for row in table()[1]]


def test_a_prediction_leads_to_its_chapter_and_is_no_html(book):
    write_claims(book, PRIMARY)
    judge_all()
    shown, _ = table("chapters/")
    [link] = shown.select("a")
    assert (link["href"], link.text) == ("chapters/99-toy.html", PRIMARY["prediction"])
    assert shown.find("div", class_="verdicts abstract")["data-prefix"] == "chapters/"
    assert len(shown.select("div")) == 1


# ---- the page


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


@pytest.mark.pages
@pytest.mark.parametrize("name", ["claims", "statistics", "first-edition/claims"])
def test_the_page_refuses_samples_of_another_experiment(page, name):
    path = page / "ledger" / f"{name}.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("experiment: 1\n", "experiment: 2\n"), encoding="utf-8")
    run = execute(page)
    assert run.returncode and "are stale: they are of experiment 1" in run.stderr

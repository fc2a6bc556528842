"""The table of a chapter: a row per claim, its details and the checks folded, texts escaped."""

import pytest
from bs4 import BeautifulSoup

from esutils import VerdictTable, claims
from esutils.evidence import verdict_table
from esutils.evidence.intervals import estimate
from tests.helpers.toy_ledger import ENTRY, NOISE, write_claims

BOTH = {"mnist5k": "replication", "fashion10k": "confirmatory"}
CLAIM = ENTRY | {"standing": BOTH}
SIMULATED = CLAIM | {"id": "toy.simulated", "standing": {"simulation": "replication"}}
CHECK = CLAIM | {"id": "toy.check", "kind": "check", "rival": "none: an <identity>"}
NAMES = {"mnist5k": "MNIST-5k", "fashion10k": "Fashion-10k", "simulation": "simulation"}


@pytest.fixture
def shown(book, monkeypatch):
    """Return a function that records the runs of some entries, and shows their chapter."""

    def show(*entries, mean=2.0, rival=1.0, half=0.0):
        write_claims(book, *entries)
        monkeypatch.setenv("ES_LEDGER", "record")
        for claim in claims.load_claims().values():
            for data in claim.data:
                judge(claim, data, mean, rival, half)
        monkeypatch.delenv("ES_LEDGER")
        return page()

    return show


def judge(claim, data, mean=2.0, rival=1.0, half=0.0):
    options = {"rival": NOISE + rival} if "rival" in claim.parts else {}
    halves = {name: NOISE + half for name in claim.halves}
    return claims.judge(claim.id, NOISE + mean, data, halves=halves, **options)


def page():
    return BeautifulSoup(VerdictTable("99-toy")._repr_html_(), "html.parser")


def row(page, claim="toy.claim"):
    """Return the cells of a claim's row."""
    return page.select(f"tr[data-claim='{claim}'] > *")


def details(page):
    """Return the folded sentences."""
    return [item.text for item in page.select("tr.details li")]


def numbers(found):
    return f"{found.mean:.3g} (95% interval {found.low:.3g} to {found.high:.3g})".replace("-", "−")


def test_it_is_a_block_that_names_its_chapter(shown):
    block = shown(CLAIM).find("div", class_="verdicts")
    assert block["data-chapter"] == "99-toy"
    assert not block.find("div")  # the page finds the block's end by the first end of a div


def test_a_row_says_the_claim_the_prediction_and_the_words(shown):
    head, predicted, mnist, fashion, full, more = row(shown(CLAIM, mean=0.0))
    assert (head.name, head["scope"], head.text) == ("th", "row", "toy.claim")
    assert predicted.text == "The mean is above <1>."
    assert [cell.find("span").text for cell in (mnist, fashion)] == ["fails", "fails"]
    number = f"{estimate(NOISE):.2g}".replace("-", "−")
    assert mnist.find(class_="num").text == fashion.find(class_="num").text == number
    assert full.text == "not yet run"
    assert more.get_text(" ") == "MNIST-5k:  yes Fashion-10k:  yes"


def test_cells_are_labelled_for_pages_without_a_head(shown):
    found = shown(CLAIM)
    head = [cell.text for cell in found.select("thead th")]
    labels = [cell.get("data-label") for cell in row(found)]
    assert head[:5] == ["claim", "predicted", "MNIST-5k", "Fashion-10k", "full size"]
    assert labels == [None, None, *head[2:5], head[5].removesuffix("?")]


@pytest.mark.parametrize(
    ("options", "word"), [({}, "holds"), ({"mean": 1}, "undecided"), ({"half": 2}, "void")]
)
def test_a_word_has_the_class_of_its_colour(shown, options, word):
    cell = row(shown(CLAIM | {"halves": ["expand_linear"]}, **options))[2]
    assert cell.find(class_=f"verdict-{word}").text == word


def test_cannot_tell_is_a_class_without_a_space():
    assert (
        verdict_table.pill("cannot tell") == '<span class="verdict-cannot-tell">cannot tell</span>'
    )


def test_without_a_rival_more_was_not_asked(shown):
    assert row(shown(CLAIM | {"rival": "none: a toy"}))[-1].text == "not asked"


def test_a_headline_is_marked(shown):
    primary = {"kind": "primary", "detectable": dict.fromkeys(BOTH, 0.4)}
    found = shown(CLAIM, CLAIM | primary | {"id": "toy.headline"})
    assert row(found, "toy.headline")[0].text == "toy.headline headline"
    assert row(found)[0].text == "toy.claim"


def test_what_is_simulated_has_one_cell_across_both_data_sets(shown):
    cells = row(shown(SIMULATED, CLAIM), "toy.simulated")
    assert len(cells) == 5 and cells[2]["colspan"] == "2"
    assert cells[2].get_text(" ").startswith("simulation:  holds ")


def test_what_is_simulated_twice_has_one_cell_too(shown):
    standing = {"line": "replication", "circle": "replication"}
    cell = row(shown(SIMULATED | {"standing": standing}), "toy.simulated")[2]
    assert "line:" in cell.text and "circle:" in cell.text


def test_a_data_set_that_is_not_asked_for_has_a_dash(shown):
    cells = row(shown(CLAIM | {"standing": {"mnist5k": "replication"}}))
    assert cells[2].find("span").text == "holds" and cells[3].text == "–"


def test_at_full_size_samples_are_judged_where_there_are_some(shown, book, monkeypatch):
    shown(CLAIM)
    monkeypatch.setenv("ES_LEDGER", "record")
    monkeypatch.setenv("ES_SCALE", "paper")
    judge(claims.load_claims()["toy.claim"], "fashion-mnist", mean=0)
    monkeypatch.delenv("ES_SCALE")
    cells = row(page())
    assert cells[4].get_text(" ").startswith("Fashion-MNIST:  fails ")
    assert "MNIST:" not in cells[4].text.removeprefix("Fashion-MNIST:")
    assert [cell.find("span").text for cell in cells[2:4]] == ["holds", "holds"]
    assert any(line.startswith("Fashion-MNIST: ") for line in details(page()))


# ---- the folded details


def test_details_are_folded_under_each_row(shown):
    rows = shown(CLAIM, SIMULATED).select("tbody > tr")
    assert [row.get("data-claim") for row in rows] == ["toy.claim", None, "toy.simulated", None]
    for folded in rows[1::2]:
        assert folded.select_one("td[colspan='6'] > details > summary").text == "Numbers and rules"


def test_details_say_what_was_measured_and_asked(shown):
    measured, rival = details(shown(CLAIM))[1:3]
    assert measured == "Measured: mean. Predicted: above 1 points, because a toy."
    assert rival.startswith("Rival: a toy rival. ") and "surely above 0.5 points" in rival


def test_details_say_why_there_is_no_rival(shown):
    assert "Rival: none: a toy." in details(shown(CLAIM | {"rival": "none: a toy"}))


def test_details_have_the_numbers_of_each_data_set(shown):
    page = shown(CLAIM | {"halves": ["expand_linear"]}, half=-1)
    verdict = claims.recorded(claims.load_claims()["toy.claim"], "fashion10k")
    half, rival = verdict.halves["expand_linear"], verdict.rival
    mnist, fashion = details(page)[3:]
    assert fashion == (
        f"Fashion-10k (confirmatory): {numbers(verdict.estimate)} points; with expand linear alone "
        f"{numbers(half)} points; advantage over the rival {numbers(rival)} points. "
        "5 seeds × 200 test images."
    )
    assert mnist.startswith("MNIST-5k (replication): ")


def test_details_say_how_many_training_images_were_drawn_from_how_many(shown):
    found = details(shown(CLAIM | {"training": {"quick": 1000, "paper": 10_000}}))
    assert found[-2].endswith(", 1,000 of 3,000 training images.")
    assert found[-1].endswith(", 1,000 of 8,000 training images.")


def test_details_say_what_could_be_detected(shown):
    found = details(shown(CLAIM | {"detectable": {"fashion10k": 0.25}}))
    assert "a difference of 0.25 would be found in four runs of five" in found[-1]
    assert "would be found" not in found[-2]


# ---- checks, escaping, refusals


def test_checks_are_folded_apart(shown):
    found = shown(CLAIM, CHECK, CHECK | {"id": "toy.other"})
    folded = found.select_one("details.checks")
    assert folded.summary.text.endswith(" (2)")
    assert [row["data-claim"] for row in folded.select("tr[data-claim]")] == [
        CHECK["id"],
        "toy.other",
    ]
    table = found.select_one("div.verdicts > table")
    assert [row["data-claim"] for row in table.select("tr[data-claim]")] == ["toy.claim"]


def test_a_chapter_of_checks_alone_has_no_other_table(shown):
    found = shown(CHECK)
    assert not found.select("div.verdicts > table") and found.select("details.checks table")


def test_a_chapter_without_checks_has_none_to_unfold(shown):
    assert not shown(CLAIM).select("details.checks")


@pytest.mark.parametrize(
    "field", ["statement", "prediction", "statistic", "unit", "threshold_from", "rival"]
)
def test_no_text_of_an_entry_becomes_html(shown, field):
    found = shown(CLAIM | {field: "<i>&amp;</i>"})
    assert not found.select("i") and "<i>&amp;</i>" in found.text


def test_other_chapters_are_left_out(shown):
    found = shown(CLAIM, CLAIM | {"id": "toy.other", "chapter": "98-toy"})
    assert "toy.claim" in found.text and "toy.other" not in found.text


@pytest.mark.parametrize("chapter", ["99-moon", "../99-toy", ""])
def test_an_unknown_chapter_is_refused(book, chapter):
    with pytest.raises(ValueError, match=f"^chapter must be .* got {chapter!r}"):
        VerdictTable(chapter)


def test_missing_samples_are_refused_where_it_is_shown(book):
    table = VerdictTable("99-toy")
    assert repr(table) == "verdicts of 99-toy"
    with pytest.raises(ValueError, match="no samples of toy.claim on here are stored"):
        table._repr_html_()


def test_samples_of_an_earlier_experiment_are_refused(shown, book):
    shown(CLAIM)
    write_claims(book, CLAIM | {"experiment": 2})
    with pytest.raises(ValueError, match="samples of toy.claim on mnist5k are stale"):
        page()

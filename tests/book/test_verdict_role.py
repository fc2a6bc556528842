"""Verdicts are judged when a page is built; without its samples a build fails."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

from esutils import VerdictTable, claims, effects, first_edition, scorecard
from tests.helpers.toy_ledger import (
    EFFECT,
    ENTRY,
    FIRST_ENTRY,
    NOISE,
    write_claims,
    write_first_claims,
    write_statistics,
)

pytestmark = pytest.mark.pages

ROOT = Path(__file__).parents[2]
CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "web" / "extensions")!r})
extensions = ["myst_parser", "verdicts"]
"""
DATA = ["mnist5k", "fashion10k"]
CLAIM = ENTRY | {"kind": "primary", "sentence": "2b", "detectable": dict.fromkeys(DATA, 0.4)}
CLAIM |= {"standing": dict.fromkeys(DATA, "replication")}
FIRST = FIRST_ENTRY | {"data": ["mnist5k", "digits"], "pilot": []}


def build(book, source):
    """Build a book of one page; return the process and the page."""
    (book / "index.md").write_text(f"# Toy\n\n{source}\n", encoding="utf-8")
    (book / "conf.py").write_text(CONF, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "sphinx", "-E", "-W", "-q", book, book / "out"],
        capture_output=True,
        text=True,
        cwd=book.parent,
    )
    page = book / "out" / "index.html"
    return run, BeautifulSoup(page.read_text("utf-8") if page.exists() else "", "html.parser")


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book with a claim of each edition and an effect, all measured on two data sets."""
    book = tmp_path / "book"
    book.mkdir()
    write_claims(book, CLAIM)
    write_first_claims(book, FIRST)
    write_statistics(book, EFFECT | {"data": DATA})
    monkeypatch.chdir(book)
    monkeypatch.setenv("ES_LEDGER", "record")
    for data in DATA:
        claims.judge("toy.claim", NOISE + 2, data, rival=NOISE + 1)
        effects.measure("toy", data=data, linear=NOISE, mlp=NOISE + 2)
    for data in FIRST["data"]:
        first_edition.judge("toy.first", NOISE + 2, NOISE, data=data)
    monkeypatch.delenv("ES_LEDGER")
    return book


def words(page):
    return [line.text.strip() for line in page.select(".verdict-line")]


@pytest.mark.parametrize(
    ("claim", "lines"),
    [
        ("toy.claim", ["holds MNIST-5k", "holds Fashion-10k"]),
        ("toy.first", ["holds MNIST-5k", "holds digits"]),
    ],
)
def test_the_role_shows_the_word_on_each_data_set(book, claim, lines):
    run, page = build(book, f"{{verdict}}`{claim}`")
    assert run.returncode == 0, run.stderr
    assert words(page) == lines


def test_a_changed_threshold_is_judged_at_the_next_build(book):
    write_claims(book, CLAIM | {"threshold": 3})
    run, page = build(book, "{verdict}`toy.claim`")
    assert run.returncode == 0, run.stderr
    assert words(page) == ["fails MNIST-5k", "fails Fashion-10k"]


def printed():
    """Return what pages printed when the ledger was another: two tables, a box, and the effects."""
    claim = first_edition.load_claims()["toy.first"]
    box = first_edition.recorded(claim, "digits")
    return {
        "chapter": VerdictTable("99-toy")._repr_html_(),
        "abstract": scorecard.AbstractTable("chapters/")._repr_html_(),
        "box": box._repr_html_(),
        "effects": effects.recorded(effects.load_statistics()["toy"], "mnist5k")._repr_html_(),
    }


def test_what_pages_printed_is_rendered_anew(book):
    write_claims(book, CLAIM | {"threshold": 3, "prediction": "An older text."})
    write_first_claims(book, FIRST | {"threshold": 3, "prediction": "An older text."})
    write_statistics(book, EFFECT | {"data": DATA, "title": "An older text."})
    old = printed()
    assert all("An older text." in text for text in old.values())
    write_claims(book, CLAIM)
    write_first_claims(book, FIRST)
    write_statistics(book, EFFECT | {"data": DATA})
    run, page = build(book, "\n\nBetween.\n\n".join(["Before.", *old.values(), "After."]))
    assert run.returncode == 0, run.stderr
    assert "An older text." not in page.text and not page.select(".verdict-fails")
    assert page.text.count("Between.") == 5 and "Before." in page.text and "After." in page.text
    for name, text in printed().items():
        new = BeautifulSoup(text, "html.parser").find()
        shown = page.select(f"{new.name}.{'.'.join(new['class'])}")
        assert str(new) in map(str, shown), name


def spoil_nothing(book):
    write_claims(book, CLAIM | {"id": "toy.other", "chapter": "98-toy"})
    write_first_claims(book, FIRST | {"id": "toy.other"})


def spoil_experiment(book):
    write_claims(book, CLAIM | {"experiment": 2})
    write_first_claims(book, FIRST | {"experiment": 2})


def spoil_samples(book):
    for path in (book / "ledger" / "samples" / "quick" / "mnist5k").glob("toy.*.npz"):
        path.unlink()
    (book / "ledger/samples/quick/digits/toy.first.npz").unlink()


SPOILT = {
    "unknown": (spoil_nothing, "toy.claim|toy.first|99-toy|toy.other"),
    "stale": (spoil_experiment, "are stale"),
    "missing": (spoil_samples, "no samples of toy.(claim|first) on (mnist5k|digits) are stored"),
}


@pytest.mark.parametrize("source", ["role", "first role", "chapter", "abstract", "box"])
@pytest.mark.parametrize("how", SPOILT)
def test_missing_stale_or_unknown_samples_fail_the_build(book, source, how):
    spoil, said = SPOILT[how]
    roles = {"role": "{verdict}`toy.claim`", "first role": "{verdict}`toy.first`"}
    text = (roles | printed())[source]
    spoil(book)
    run, _ = build(book, text)
    assert run.returncode and re.search(said, run.stderr), run.stderr


def test_the_front_page_names_claims_of_the_ledger():
    files = [ROOT / "ledger" / "claims.yml", ROOT / "ledger" / "first-edition" / "claims.yml"]
    ledger = [entry for path in files for entry in yaml.safe_load(path.read_text("utf-8"))]
    named = re.findall(r"\{verdict\}`([^`]+)`", (ROOT / "intro.ipynb").read_text(encoding="utf-8"))
    assert named and set(named) <= {entry["id"] for entry in ledger}

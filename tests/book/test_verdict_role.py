"""Verdicts are judged when a page is built; without its samples a build fails."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

from esutils import claims, effects
from tests.helpers.toy_ledger import EFFECT, ENTRY, NOISE, write_claims, write_statistics

pytestmark = pytest.mark.pages

ROOT = Path(__file__).parents[2]
CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "web" / "extensions")!r})
extensions = ["myst_parser", "verdicts"]
"""
CLAIM = ENTRY | {"data": ["mnist5k", "digits"], "pilot": []}


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
    """A book with one claim and one effect, both measured on two data sets."""
    book = tmp_path / "book"
    book.mkdir()
    write_claims(book, CLAIM)
    write_statistics(book, EFFECT | {"data": CLAIM["data"]})
    monkeypatch.chdir(book)
    monkeypatch.setenv("ES_LEDGER", "record")
    for data in CLAIM["data"]:
        claims.judge("toy.claim", NOISE + 2, NOISE, data=data)
        effects.measure("toy", data=data, linear=NOISE, mlp=NOISE + 2)
    monkeypatch.delenv("ES_LEDGER")
    return book


def test_the_role_shows_the_word_on_each_data_set(book):
    run, page = build(book, "{verdict}`toy.claim`")
    assert run.returncode == 0, run.stderr
    words = [line.text.strip() for line in page.select(".verdict-line")]
    assert words == ["holds MNIST-5k", "holds digits"]


def test_a_changed_threshold_is_judged_at_the_next_build(book):
    write_claims(book, CLAIM | {"threshold": 3})
    run, page = build(book, "{verdict}`toy.claim`")
    assert run.returncode == 0, run.stderr
    words = [line.text.strip() for line in page.select(".verdict-line")]
    assert words == ["fails MNIST-5k", "fails digits"]


def test_boxes_and_tables_that_a_chapter_printed_are_rendered_anew(book):
    claim = claims.load_claims()["toy.claim"]
    printed = claims.recorded(claim, "digits")
    old_box = replace(printed, claim=replace(claim, threshold=9.0))._repr_html_()
    old_table = effects.recorded(effects.load_statistics()["toy"], "digits")
    old_table = old_table._repr_html_().replace("the distance", "an older text")
    assert "verdict-fails" in old_box
    run, page = build(book, f"Before.\n\n{old_box}\n\nBetween.\n\n{old_table}\n\nAfter.")
    assert run.returncode == 0, run.stderr
    (box,) = page.select("div.verdict")
    assert box.select_one(".verdict-holds") and "predicted above 1 points" in box.text
    (table,) = page.select("table.effects")
    assert "the distance" in table.text and "an older text" not in table.text
    assert all(word in page.text for word in ("Before.", "Between.", "After."))


@pytest.mark.parametrize("source", ["role", "box"])
def test_missing_stale_or_unknown_samples_fail_the_build(book, source):
    box = claims.recorded(claims.load_claims()["toy.claim"], "digits")._repr_html_()
    source = {"role": "{verdict}`toy.claim`", "box": box}[source]
    run, _ = build(book, source.replace("toy.claim", "toy.nothing"))
    assert run.returncode and "toy.nothing" in run.stderr
    write_claims(book, CLAIM | {"experiment": 2})
    run, _ = build(book, source)
    assert run.returncode and "are stale" in run.stderr
    write_claims(book, CLAIM)
    (book / "ledger/samples/quick/digits/toy.claim.npz").unlink()
    run, _ = build(book, source)
    assert run.returncode and "no samples of toy.claim on digits are stored" in run.stderr


def test_the_front_page_names_claims_of_the_ledger():
    ledger = yaml.safe_load((ROOT / "ledger" / "claims.yml").read_text(encoding="utf-8"))
    named = re.findall(r"\{verdict\}`([^`]+)`", (ROOT / "intro.ipynb").read_text(encoding="utf-8"))
    assert named and set(named) <= {entry["id"] for entry in ledger}

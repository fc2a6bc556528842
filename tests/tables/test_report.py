"""A report is one page that needs nothing else and runs nothing; its chapter is found anywhere."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

import esutils
from esutils import questions
from esutils.tables.report import chapter

ROOT = Path(__file__).parents[2]
EVIL = "<script>alert(1)</script>"
RNG = np.random.default_rng(0)


def table(n=120):
    """Make rows whose names and words would do harm if a page took them for HTML."""
    label = np.where(RNG.random(n) < 0.5, f"{EVIL}</td>", "$\\frac{no")
    words = RNG.choice(["<b>bold</b>", "=1+1", "ok"], n)
    X = RNG.standard_normal((n, 2)) + (label == label[0])[:, None]
    return pd.DataFrame({EVIL: X[:, 0], "b$x^2": X[:, 1], "cat": words, f"y{EVIL}": label})


def report(*arguments, **options):
    command = [sys.executable, "-m", "esutils", "report", *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def listen():
    """Let a new process be interrupted, even where these tests run in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    table().to_csv(folder / "evil.csv", index=False)
    out = folder / "page.html"
    process = report(folder / "evil.csv", "--target", f"y{EVIL}", "--out", out, "--minutes", "0.01")
    said, errors = process.communicate()
    assert process.returncode == 0, errors
    assert said.strip() == str(out)
    assert {path.name for path in folder.iterdir()} == {"evil.csv", "page.html"}
    return out.read_text(encoding="utf-8")


@pytest.mark.pages
def test_page_answers_every_question(page):
    text = BeautifulSoup(page, "html.parser").get_text(" ")
    for question in questions.QUESTIONS:
        assert question.prediction in text
    for heading in ("How good?", "How wide?", "How sparse?", "What to use?"):
        assert heading in text
    assert len(re.findall('class="verdict-(holds|fails|undecided)"', page)) == len(
        questions.QUESTIONS
    )


@pytest.mark.pages
def test_page_is_laid_out(page):
    """Tables, lists and captions are there as such, and not as escaped text."""
    soup = BeautifulSoup(page, "html.parser")
    assert len(soup.find_all("table")) == 3 and len(soup.find_all("dt")) == 5
    assert [heading.get_text() for heading in soup.find_all("h2")] == [
        "The experiment",
        "In plain words",
        "How wide, how sparse?",
        "Take it apart",
        "The verdict",
    ]
    assert not soup.find_all("pre")
    assert not re.search("&lt;/?(table|th|td|dl|br|small|span|style)", page)
    captions = [image.find_next("p").get_text() for image in soup.find_all("img")]
    assert captions[0].startswith("Test error of the six models") and len(captions) == 2
    assert not any("No description" in image["alt"] for image in soup.find_all("img"))


@pytest.mark.pages
def test_page_needs_nothing_else_and_runs_nothing(page):
    soup = BeautifulSoup(page, "html.parser")
    assert not soup.find_all(["script", "link", "iframe", "object", "embed", "form", "base"])
    sources = [image["src"] for image in soup.find_all("img")]
    assert sources and all(source.startswith("data:image/png;base64,") for source in sources)
    assert all(image.get("alt") for image in soup.find_all("img"))
    assert not [tag for tag in soup.find_all(True) for name in tag.attrs if name.startswith("on")]
    assert "url(" not in page and "@import" not in page
    assert "default-src 'none'" in soup.find("meta", {"http-equiv": True})["content"]


@pytest.mark.pages
def test_names_and_values_are_text(page):
    assert EVIL in BeautifulSoup(page, "html.parser").get_text()
    assert EVIL not in page


@pytest.mark.pages
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")
def test_a_report_that_is_interrupted_while_its_chapter_runs_leaves_nothing(tmp_path):
    table().to_csv(tmp_path / "t.csv", index=False)
    process = report(
        tmp_path / "t.csv",
        "--target",
        f"y{EVIL}",
        "--out",
        tmp_path / "page.html",
        preexec_fn=listen,
    )
    # The progress bar overwrites this line as soon as the first cell of the chapter has run.
    assert any("| 0/" in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    assert "interrupted, nothing was written" in process.stderr.read()
    assert process.wait() == 130
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_the_chapter_is_found_in_the_book_and_in_an_installed_package(tmp_path, monkeypatch):
    assert chapter() == ROOT / "chapters" / "18-your-own-data.ipynb"
    installed = tmp_path / "esutils" / "chapters" / "18-your-own-data.ipynb"
    installed.parent.mkdir(parents=True)
    installed.touch()
    monkeypatch.setattr(esutils, "__file__", str(tmp_path / "esutils" / "__init__.py"))
    assert chapter() == installed

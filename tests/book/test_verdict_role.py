"""The front page shows recorded verdicts, and a build without its record fails."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "_ext")!r})
extensions = ["myst_parser", "verdicts"]
"""


def build(folder, source):
    """Build a book of one page and return the process and the page's verdicts."""
    (folder / "index.md").write_text(f"# Toy\n\n{source}\n", encoding="utf-8")
    (folder / "conf.py").write_text(CONF, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-q", folder, folder / "out"],
        capture_output=True,
        text=True,
        cwd=folder.parent,
    )
    page = folder / "out" / "index.html"
    html = BeautifulSoup(page.read_text(encoding="utf-8") if page.exists() else "", "html.parser")
    return run, [line.text.strip() for line in html.select(".verdict-line")]


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A folder with one real claim, a chapter for it, and its recorded verdicts."""
    from esutils import claims

    ledger = yaml.safe_load((ROOT / "ledger" / "claims.yml").read_text(encoding="utf-8"))
    entry = next(entry for entry in ledger if entry["variation"] == "seeds")
    folder = tmp_path / "book"
    (folder / "chapters").mkdir(parents=True)
    (folder / "claims.yml").write_text(yaml.safe_dump([entry]))
    cells = {"cells": [{"cell_type": "code", "source": "1"}]}
    (folder / "chapters" / f"{entry['chapter']}.ipynb").write_text(json.dumps(cells))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ES_LEDGER", "record")
    below, above = [[entry["threshold"] + shift] * entry["seeds"] for shift in (-5, 5)]
    for data in entry["data"]:
        claims.judge(entry["id"], above, below, data=data, step=0.1)
    return folder, entry


def test_shows_each_data_sets_word(toy):
    folder, entry = toy
    run, pills = build(folder, f"{{verdict}}`{entry['id']}`")
    assert run.returncode == 0, run.stderr
    assert pills == ["fails MNIST-5k", "fails digits"]


def test_a_missing_stale_or_unknown_verdict_fails_the_build(toy):
    folder, entry = toy
    role = f"{{verdict}}`{entry['id']}`"
    run, _ = build(folder, "{verdict}`toy.nothing`")
    assert run.returncode and "toy.nothing" in run.stderr
    (folder / "claims.yml").write_text(yaml.safe_dump([{**entry, "threshold": 99}]))
    run, _ = build(folder, role)
    assert run.returncode and "is stale" in run.stderr
    (folder / "verdicts" / entry["data"][0] / f"{entry['id']}.json").unlink()
    run, _ = build(folder, role)
    assert run.returncode and "is recorded; run make execute" in run.stderr


def test_the_front_page_names_claims_of_the_ledger():
    ledger = yaml.safe_load((ROOT / "ledger" / "claims.yml").read_text(encoding="utf-8"))
    named = re.findall(r"\{verdict\}`([^`]+)`", (ROOT / "intro.ipynb").read_text(encoding="utf-8"))
    assert named and set(named) <= {entry["id"] for entry in ledger}

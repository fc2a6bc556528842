"""The command line says how it is used, what is missing, and what the book found."""

import sys
from pathlib import Path

import pytest

import esutils.tables
from esutils import claims, first_edition
from esutils.__main__ import main
from tests.helpers.toy_ledger import (
    ENTRY,
    FIRST_ENTRY,
    NOISE,
    write_claims,
    write_first_claims,
)

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("arguments", [[], ["report"], ["report", "t.csv"], ["sing"]])
def test_usage_is_shown_for_a_wrong_command(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2 and "usage: python -m esutils" in capsys.readouterr().err


def test_help_has_examples(capsys):
    for arguments in (["--help"], ["report", "--help"], ["claims", "--help"]):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 0 and "examples:" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["papermill", "nbconvert", "nbformat", "ipykernel"])
def test_a_report_without_its_packages_says_what_to_install(name, tmp_path, monkeypatch, capsys):
    lines = [f"{i},{'no' if i % 2 else 'yes'}" for i in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["a,y", *lines]))
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "esutils.tables.report", raising=False)
    monkeypatch.delattr(esutils.tables, "report", raising=False)
    out = tmp_path / "page.html"
    assert main(["report", str(tmp_path / "t.csv"), "--target", "y", "--out", str(out)]) == 1
    said = capsys.readouterr().err
    install = 'pip install "expand-and-sparsify[report]"'
    assert said == f"esutils: a report needs {name}: {install}\n" and not out.exists()


@pytest.mark.parametrize("edition", [claims, first_edition])
def test_claims_prints_the_ledger_of_both_editions(edition, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert main(["claims"]) == 0
    said = capsys.readouterr().out
    for name, claim in edition.load_claims().items():
        assert f"{name}: {claim.prediction}" in said


def test_claims_prints_verdicts_with_their_numbers(tmp_path, monkeypatch, capsys):
    write_claims(tmp_path, ENTRY | {"standing": {"here": "replication"}})
    write_first_claims(tmp_path, FIRST_ENTRY | {"data": ["here"]})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ES_LEDGER", "record")
    verdicts = [
        claims.judge("toy.claim", NOISE + 2, "here", rival=NOISE),
        first_edition.judge("toy.first", NOISE - 3, NOISE, "here"),
    ]
    monkeypatch.delenv("ES_LEDGER")
    assert main(["claims"]) == 0
    first, second = (
        f"{found.mean:.3g} ({found.low:.3g} to {found.high:.3g}) points; predicted above 1 points"
        for found in (verdict.estimate for verdict in verdicts)
    )
    assert capsys.readouterr().out.splitlines() == [
        "toy.claim: The mean is above <1>.",
        f"  here: holds, {first}; more than a dense code: no",
        "toy.first: The mean is above <1>.",
        f"  here: fails, {second}",
    ]

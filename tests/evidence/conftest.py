"""A toy book for the tests of the ledger."""

import pytest

from tests.helpers.toy_ledger import EFFECT, ENTRY, write_claims, write_statistics


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book with one claim and one effect, of which nothing is stored; we are in its chapters."""
    write_claims(tmp_path, ENTRY)
    write_statistics(tmp_path, EFFECT)
    (tmp_path / "chapters").mkdir()
    monkeypatch.chdir(tmp_path / "chapters")
    monkeypatch.delenv("ES_LEDGER", raising=False)
    monkeypatch.delenv("ES_SCALE", raising=False)
    return tmp_path

"""A toy book for the tests of the ledger."""

import pytest

from tests.helpers.toy_ledger import (
    EFFECT,
    ENTRY,
    FIRST_ENTRY,
    write_claims,
    write_first_claims,
    write_statistics,
)


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book with a claim of each edition and one effect; nothing is stored; we are in chapters."""
    write_claims(tmp_path, ENTRY)
    write_first_claims(tmp_path, FIRST_ENTRY)
    write_statistics(tmp_path, EFFECT)
    (tmp_path / "chapters").mkdir()
    monkeypatch.chdir(tmp_path / "chapters")
    monkeypatch.delenv("ES_LEDGER", raising=False)
    monkeypatch.delenv("ES_SCALE", raising=False)
    return tmp_path

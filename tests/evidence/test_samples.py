"""Stored samples: whole, exact, with what they were measured with, and never pickled."""

import json
import subprocess

import numpy as np
import pytest

from esutils import claims
from esutils.common.provenance import arithmetic
from tests.helpers.toy_ledger import ENTRY, NOISE, write_claims

STORED = "ledger/samples/quick/here/toy.claim.npz"


@pytest.fixture
def stored(book, monkeypatch):
    """The path of a claim's stored samples."""
    monkeypatch.setenv("ES_LEDGER", "record")
    claims.judge("toy.claim", NOISE + 2, "here", rival=NOISE, step=0.5)
    return book / STORED


def git(folder, *arguments):
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    run = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)
    return run.stdout.decode().strip()


def test_come_back_to_the_bit_with_what_they_were_measured_with(stored):
    found = claims.load_samples("toy.claim", "here")
    assert np.array_equal(found.arrays["statistic"], NOISE + 2)
    assert np.array_equal(found.arrays["rival"], NOISE)
    assert (found.experiment, found.step, found.seeds) == (1, 0.5, [0, 1, 2, 3, 4])
    assert {"python", "numpy", "esutils"} <= set(found.versions)
    assert found.arithmetic == arithmetic()
    assert (found.commit, found.dirty) == (None, None)  # the toy book is in no repository


def test_name_the_commit_and_whether_it_was_all(book, monkeypatch):
    monkeypatch.setenv("ES_LEDGER", "record")
    git(book, "init", "-q")
    git(book, "add", ".")
    git(book, "commit", "-q", "-m", "toy")
    claims.judge("toy.claim", NOISE, "here", rival=NOISE)
    found = claims.load_samples("toy.claim", "here")
    assert (found.commit, found.dirty) == (git(book, "rev-parse", "HEAD"), False)
    (book / "chapters" / "99-other.ipynb").touch()
    claims.judge("toy.claim", NOISE + 1, "here", rival=NOISE)
    assert not claims.load_samples("toy.claim", "here").dirty  # another chapter changes nothing
    own = ["chapters/99-toy.ipynb", "esutils/new.py", "ledger/claims.yml", "ledger/statistics.yml"]
    own.append("ledger/first-edition/claims.yml")
    for shift, path in enumerate(map(book.joinpath, own), start=2):
        path.parent.mkdir(exist_ok=True)
        before = path.read_bytes() if path.exists() else None
        path.write_bytes((before or b"") + b"\n")
        claims.judge("toy.claim", NOISE + shift, "here", rival=NOISE)
        assert claims.load_samples("toy.claim", "here").dirty, path
        path.unlink() if before is None else path.write_bytes(before)


def test_a_run_that_gives_the_same_leaves_the_file_as_it_is(stored, monkeypatch):
    before = stored.stat().st_ino, stored.read_bytes()
    monkeypatch.setattr("esutils.evidence.samples.versions", lambda: {"numpy": "9"})
    claims.judge("toy.claim", NOISE + 2, "here", rival=NOISE, step=0.5)
    assert (stored.stat().st_ino, stored.read_bytes()) == before
    claims.judge("toy.claim", NOISE + 2, "here", rival=NOISE, step=0.25)
    assert claims.load_samples("toy.claim", "here").versions == {"numpy": "9"}


def test_another_experiment_is_stored_anew_even_if_it_gives_the_same(book, stored):
    write_claims(book, {**ENTRY, "experiment": 2})
    claims.judge("toy.claim", NOISE + 2, "here", rival=NOISE, step=0.5)
    assert claims.load_samples("toy.claim", "here").experiment == 2


def lose(name):
    def spoil(members):
        del members[name]

    return spoil


def pickled(members):
    members["statistic"] = np.array([{"a": 1}], dtype=object)


def without_experiment(members):
    about = json.loads(str(members["about"]))
    del about["experiment"]
    members["about"] = np.array(json.dumps(about))


def a_row_too_few(members):
    members |= {name: members[name][1:] for name in ("statistic", "rival")}


@pytest.mark.parametrize("spoil", [lose("about"), pickled, without_experiment, a_row_too_few])
def test_a_file_of_another_kind_is_refused_and_left_alone(stored, spoil):
    with np.load(stored) as file:
        members = dict(file)
    spoil(members)
    np.savez(stored, **members)
    before = stored.read_bytes()
    with pytest.raises(ValueError, match="toy.claim.npz must hold stored samples, .* remove it"):
        claims.load_samples("toy.claim", "here")
    assert stored.read_bytes() == before


@pytest.mark.parametrize("spoil", [lose("rival"), lambda members: members.update(more=NOISE)])
def test_samples_of_something_else_are_refused(stored, spoil):
    with np.load(stored) as file:
        members = dict(file)
    spoil(members)
    np.savez(stored, **members)
    with pytest.raises(ValueError, match=r"hold samples of \['rival', 'statistic'\], got "):
        claims.load_samples("toy.claim", "here")


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"{}"])
def test_a_torn_file_is_refused(stored, content):
    stored.write_bytes(content)
    with pytest.raises(ValueError, match="toy.claim.npz must hold stored samples"):
        claims.load_samples("toy.claim", "here")


def test_samples_of_an_unknown_claim_or_data_set_are_refused(stored):
    with pytest.raises(ValueError, match="claim_id must be one of .* got 'toy.clam'"):
        claims.load_samples("toy.clam", "here")
    with pytest.raises(ValueError, match="data must be one of .* got 'moon'"):
        claims.load_samples("toy.claim", "moon")
    with pytest.raises(ValueError, match="no samples of toy.claim on there are stored"):
        claims.load_samples("toy.claim", "there")

"""A prediction is older than its run: the commit of its samples descends from that of its entry."""

import subprocess
from pathlib import Path

import pytest

from esutils import claims, first_edition
from esutils.evidence import samples

ROOT = Path(__file__).parents[2]


def git(*arguments):
    """Return what git says about the repository of the book, and whether it succeeded."""
    run = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return run.stdout.split(), run.returncode == 0


@pytest.fixture(scope="module")
def history():
    """Skip where there is no history to look at."""
    shallow, repository = git("rev-parse", "--is-shallow-repository")
    if not repository or shallow == ["true"]:
        pytest.skip("the history of the repository is not here")


BOTH = [*claims.load_claims().values(), *first_edition.load_claims().values()]


@pytest.mark.parametrize("claim", BOTH, ids=lambda claim: claim.id)
def test_an_entry_was_committed_before_its_samples_were_measured(history, claim):
    """Entries of the first edition stood in the same file once."""
    written, _ = git("log", "--format=%H", f"-Sid: {claim.id}\n", "--", "ledger/claims.yml")
    assert written, f"{claim.id} is in no commit"
    for data in claim.data:
        commit = samples.load(claim, data, None).commit
        _, older = git("merge-base", "--is-ancestor", written[-1], commit)
        assert older, f"{claim.id} on {data} was measured at {commit}, before it was written"

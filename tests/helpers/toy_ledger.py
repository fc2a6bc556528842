"""A ledger with toy entries of both editions, in a folder of its own."""

import numpy as np
import yaml

from esutils import effects

ENTRY = {
    "id": "toy.claim",
    "chapter": "99-toy",
    "kind": "supporting",
    "sentence": "ours",
    "statement": "A toy.",
    "prediction": "The mean is above <1>.",
    "statistic": "mean",
    "unit": "points",
    "comparison": "greater",
    "threshold": 1,
    "threshold_from": "a toy",
    "nonnegative": False,
    "halves": [],
    "rival": "a toy rival",
    "margin": 0.5,
    "variation": "seeds x images",
    "training": {},
    "seeds": 5,
    "detectable": {},
    "standing": {"here": "replication", "there": "confirmatory"},
    "experiment": 1,
}
FIRST_ENTRY = {
    "id": "toy.first",
    "chapter": "98-toy",
    "source": "ours",
    "statement": "A toy.",
    "prediction": "The mean is above <1>.",
    "statistic": "mean",
    "unit": "points",
    "comparison": "greater",
    "threshold": 1,
    "threshold_from": "a toy",
    "seeds": 5,
    "experiment": 1,
    "variation": "seeds x images",
    "data": ["here", "there"],
    "pilot": ["here"],
    "control": "nothing",
}
EFFECT = {
    "id": "toy",
    "title": "A toy <moves>",
    "chapter": "99-toy",
    "statistic": "how far it moves",
    "unit": "points",
    "edition": 1,
    "experiment": 1,
    "variation": "seeds x images",
    "training": {},
    "data": ["here", "there"],
    "models": dict.fromkeys(effects.MODELS, "not defined: it stands still")
    | {"linear": "the distance", "mlp": "the distance after training"},
}
NOISE = np.random.default_rng(0).standard_normal((5, 200))


def write_claims(book, *entries):
    """Write the predictions of a toy book."""
    (book / "ledger").mkdir(exist_ok=True)
    (book / "ledger" / "claims.yml").write_text(yaml.safe_dump(list(entries), sort_keys=False))


def write_first_claims(book, *entries):
    """Write those of its predictions that are still judged by the first edition's rules."""
    folder = book / "ledger" / "first-edition"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "claims.yml").write_text(yaml.safe_dump(list(entries), sort_keys=False))


def write_statistics(book, *entries):
    """Write what a toy book measures."""
    (book / "ledger").mkdir(exist_ok=True)
    text = yaml.safe_dump(list(entries), sort_keys=False)
    (book / "ledger" / "statistics.yml").write_text(text)


def files(book):
    """Return the paths of all files below a folder."""
    return sorted(p.relative_to(book).as_posix() for p in book.rglob("*") if p.is_file())

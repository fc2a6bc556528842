"""What a run says is kept as JSON under ``verdicts/``, and every later run is held against it.

The environment variable ``ES_VERDICTS`` says what is done with the record:

- unset: nothing, so that a reader can experiment freely.
- ``check``: raise if the run does not reproduce the record. The tests run so.
- ``record``: write the record. Only ``make execute`` does so.
"""

import importlib.metadata
import json
import os
import platform
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import yaml

from esutils.common.checks import check_choice, check_name, check_type
from esutils.common.files import write_text
from esutils.evidence.digest import code_digest
from esutils.scales import current

_VERSIONED = ("esutils", "numpy", "scipy", "scikit-learn", "torch")


def book_root():
    """Return the folder that holds ``claims.yml``: the working folder or one above it."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "ledger" / "claims.yml").is_file():
            return folder
    raise FileNotFoundError(f"no claims.yml in {here} or above it; run from inside the book")


def load_entries(file_name, kind):
    """Read a YAML list of entries, each with the fields of the dataclass ``kind``, by their id."""
    try:
        text = (book_root() / "ledger" / file_name).read_text(encoding="utf-8")
        entries = yaml.load(text, Loader=yaml.CSafeLoader)  # ten times faster than safe_load
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(f"{file_name} must be YAML, it is not: {_line(error)}") from error
    types = {field.name: field.type for field in fields(kind)}
    found: dict[str, Any] = {}
    for entry in check_type(f"content of {file_name}", entries, list, "a list of entries"):
        check_type(f"entry {len(found) + 1} of {file_name}", entry, dict, "a mapping")
        if differing := set(entry) ^ set(types):
            raise ValueError(
                f"entry {entry.get('id')!r} of {file_name} must have the fields {sorted(types)}, "
                f"differs in {sorted(map(str, differing))}"
            )
        _check_entry(entry, types)
        if entry["id"] in found:
            raise ValueError(f"id {entry['id']!r} stands twice in {file_name}")
        found[entry["id"]] = kind(**entry)
    return found


def _check_entry(entry, types):
    """Refuse an entry with a text that is none, or with a name that leads out of its folder."""
    name = check_name("id", entry["id"])
    for field, type_ in types.items():
        if type_ is str:
            check_type(f"{field} of {name}", entry[field], str, "a text")
        elif type_ == list[str]:
            for item in check_type(f"{field} of {name}", entry[field], list, "a list of names"):
                check_name(f"{field} of {name}", item)
        elif type_ == dict[str, str]:
            for key, text in check_type(f"{field} of {name}", entry[field], dict, "texts").items():
                check_type(f"{key} of {name}", text, str, "a text")
    check_name(f"chapter of {name}", entry["chapter"])


def _line(error):
    return " ".join(str(error).split())


def path_of(*parts, scale=None):
    """Return the path of a record under ``verdicts/``, at the present scale or another."""
    inner = ("paper",) if (scale or current()) == "paper" else ()
    return book_root().joinpath("ledger", "verdicts", *inner, *parts)


def keep(path, record, check):
    """Write ``record()`` to ``path``, or ``check`` what is there, as ``ES_VERDICTS`` says."""
    mode = os.environ.get("ES_VERDICTS", "")
    check_choice("ES_VERDICTS", mode, ("", "check", "record"))
    if mode == "record":
        with (book_root() / "ledger" / "claims.yml").open("r+b") as ledger:
            if os.name == "posix":  # nobody records on Windows, which has no make
                import fcntl

                # One process at a time: a record may be made of the one that is there.
                fcntl.flock(ledger, fcntl.LOCK_EX)
            write_text(path, json.dumps(record(), indent=1, sort_keys=True) + "\n")
    elif mode == "check":
        assert path.exists(), f"{path} is not recorded; run make execute"
        check(read(path))


def read(path):
    """Return what is recorded at ``path``; refuse what is no record, and leave it as it is."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return check_type("it", record, dict, "a mapping")
    except ValueError as error:
        raise ValueError(f"{path} must hold a record in JSON, it does not: {error}") from error


def fresh(path, entry, name):
    """Return what is recorded at ``path``; refuse it if it is missing or stale."""
    if not path.exists():
        raise ValueError(f"no {name} is recorded; run make execute")
    record = read(path)
    if record.get("digest") != digest(entry):
        raise ValueError(f"the {name} is stale; run make execute")
    return record


def digest(entry):
    """Return the digest of an entry, its chapter's code and the esutils code that it reaches."""
    notebook = book_root() / "chapters" / f"{entry.chapter}.ipynb"
    try:
        return code_digest(notebook, asdict(entry))
    except (ValueError, KeyError, TypeError, SyntaxError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(f"{notebook} must be a notebook in Python, it is not: {reason}") from error


def rounded(estimate):
    """Return an estimate as it is recorded."""
    return {name: float(f"{number:.4g}") for name, number in asdict(estimate).items()}


def check_inside(name, mean, recorded, threshold=0.0):
    """Raise unless a mean lies in the recorded interval, give or take its rounding.

    A thousandth of the threshold is nothing either: a mean may be rounding error by its nature.
    """
    low, high = recorded["low"], recorded["high"]
    slack = 1e-3 * max(abs(low), abs(high), abs(threshold))
    assert low - slack <= mean <= high + slack, (
        f"{name}: {mean} lies outside the recorded interval {low} to {high}"
    )


def size_in_words(shape):
    """Return in words how many seeds, and test images where there are any."""
    kinds = ("seeds", "test images")[: len(shape)]
    return " × ".join(f"{n:,} {kind}" for n, kind in zip(shape, kinds, strict=True))


def versions():
    """Return the versions of what a record was made with."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in _VERSIONED:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found

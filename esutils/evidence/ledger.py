"""The ledger on disk: where it is, how its entries are read, and the numbers that the prose quotes.

The environment variable ``ES_LEDGER`` says what happens to what a run measures:

- unset: nothing, so that readers can experiment freely.
- ``check``: the run must reproduce what is stored. The tests work this way.
- ``record``: the run is stored. Only ``make execute`` works this way.
"""

import json
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from esutils.common.checks import check_choice, check_name, check_number, check_type
from esutils.common.files import write_text
from esutils.scale import current


def book_root() -> Path:
    """Return the folder of the book: the working folder, or the nearest one above it."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "ledger" / "claims.yml").is_file():
            return folder
    raise FileNotFoundError(
        f"no ledger/claims.yml in {here} or any folder above it; run this from inside the book"
    )


def mode() -> str:
    """Return what ``ES_LEDGER`` asks for: ``""``, ``"check"`` or ``"record"``."""
    return check_choice("ES_LEDGER", os.environ.get("ES_LEDGER", ""), ("", "check", "record"))


def load_entries(file_name, kind):
    """Read a YAML list of entries by their ids; ``kind`` is the dataclass of an entry."""
    try:
        text = (book_root() / "ledger" / file_name).read_text(encoding="utf-8")
        entries = yaml.load(text, Loader=yaml.CSafeLoader)  # ten times faster than safe_load
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{file_name} must be YAML, but it is not: {reason}") from error
    types = {field.name: field.type for field in fields(kind)}
    found: dict[str, Any] = {}
    for entry in check_type(f"content of {file_name}", entries, list, "a list of entries"):
        check_type(f"entry {len(found) + 1} of {file_name}", entry, dict, "a mapping")
        if differing := set(entry) ^ set(types):
            raise ValueError(
                f"entry {entry.get('id')!r} of {file_name} must have the fields {sorted(types)}; "
                f"it differs in {sorted(map(str, differing))}"
            )
        _check_entry(entry, types)
        if entry["id"] in found:
            raise ValueError(f"{file_name} must name each id once, got {entry['id']!r} twice")
        found[entry["id"]] = kind(**entry)
    return found


def _check_entry(entry, types):
    """Check that texts are texts, and that no name leads out of its folder."""
    name = check_name("id", entry["id"])
    for field, type_ in types.items():
        if type_ is str:
            check_type(f"{field} of {name}", entry[field], str, "a text")
        elif type_ == list[str]:
            for item in check_type(f"{field} of {name}", entry[field], list, "a list of names"):
                check_name(f"{field} of {name}", item)
        elif type_ == dict[str, str]:
            for key, text in check_type(f"{field} of {name}", entry[field], dict, "texts").items():
                check_name(f"{field} of {name}", key)
                check_type(f"{key} of {name}", text, str, "a text")
        elif type_ in (dict[str, int], dict[str, float]):
            what = "numbers by name"
            for key, number in check_type(f"{field} of {name}", entry[field], dict, what).items():
                check_name(f"{field} of {name}", key)
                check_number(f"{key} in {field} of {name}", number)
    check_name(f"chapter of {name}", entry["chapter"])


def read_json(path: Path) -> dict[str, Any]:
    """Return the mapping that a JSON file holds; a file that holds none is refused."""
    try:
        return check_type(
            "content", json.loads(path.read_text(encoding="utf-8")), dict, "a mapping"
        )
    except ValueError as error:
        raise ValueError(f"{path} must hold a mapping in JSON, but it does not: {error}") from error


def keep_numbers(chapter: str, numbers: dict[str, float], tolerance: float) -> None:
    """Store the numbers that a chapter's prose quotes, or compare them with the stored ones."""
    folder = book_root() / "ledger" / "numbers"
    path = (folder / "paper" if current() == "paper" else folder) / f"{chapter}.json"
    if mode() == "record":
        with (book_root() / "ledger" / "claims.yml").open("r+b") as lock:
            if os.name == "posix":  # nobody records on Windows, which has no make
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX)  # two cells may add to one file at a time
            stored = read_json(path) if path.exists() else {}
            write_text(path, json.dumps(stored | numbers, indent=1, sort_keys=True) + "\n")
    elif mode() == "check":
        assert path.exists(), f"{path} is not stored; run make execute"
        stored = read_json(path)
        for key, value in numbers.items():
            then = stored.get(key, float("inf"))
            assert abs(value - then) <= tolerance, (
                f"{key} of {chapter} is stored as {stored.get(key)}, but is now {value}"
            )

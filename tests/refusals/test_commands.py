"""The command line: a malformed command ends with one line on stderr and touches no file.

Each row holds a command, its exit code, and what the line must name. `esutils.tables.read` refuses
malformed data files in the same words.
"""

import gzip
import io
import shlex
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from esutils import tables
from esutils.__main__ import main
from esutils.tables import report
from tests.helpers.untouched import lacking, states, tree

N = 80
FRAME = pd.DataFrame({"a": np.random.default_rng(0).standard_normal(N), "y": ["u", "v"] * (N // 2)})
CSV, GZIP = FRAME.to_csv(index=False).encode(), gzip.compress(FRAME.to_csv(index=False).encode())
PARQUET = FRAME.to_parquet()
FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130


def write(name, content):
    """Write a file into the working folder."""
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_bytes(content)


def zipped(*names):
    """Return a ZIP archive that holds the table under each of these names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, CSV)
    return file.getvalue()


def tarred(name):
    """Return a TAR archive that holds the table under this name."""
    file, entry = io.BytesIO(), tarfile.TarInfo(name)
    entry.size = len(CSV)
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        archive.addfile(entry, io.BytesIO(CSV))
    return file.getvalue()


def interrupt(title, parameters):
    """Make a report until somebody presses Ctrl+C."""
    raise KeyboardInterrupt


def give_up(title, parameters):
    """Make a report of which the chapter fails."""
    raise RuntimeError("the chapter stopped,\nall by itself")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Make a working folder with a table and an old report; no report is computed."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(report, "make", lambda title, parameters: "a page\n" * 100)
    write("t.csv", CSV)
    write("old.html", b"an old page")
    return tmp_path


def assert_stops(arguments, code, named, folder, capsys):
    """Run a command, and hold what it says, returns and leaves to what it should."""
    before = tree(folder), states()
    assert main(arguments) == code
    printed, said = capsys.readouterr()
    assert printed == "" and said.startswith("esutils: ") and said.count("\n") == 1
    assert not lacking(said, named), said
    assert (tree(folder), states()) == before


COMMANDS = [  # the command after `report`, and what is named
    ("none.csv --target y", ["data", "'none.csv'"]),
    ("https://example.org/t.csv --target y", ["data", "'https:/example.org/t.csv'"]),
    (". --target y", ["data", "'.'"]),
    ("t.csv/../t.csv --target y", ["data", "'t.csv/../t.csv'"]),
    ("t.csv --target z", ["target", ["a", "y"], "'z'"]),
    ("t.csv --target é", ["target", ["a", "y"], "'é'"]),
    ('t.csv --target ""', ["target", ["a", "y"], "''"]),
    ("t.csv --target y --minutes nan", ["--minutes", "nan"]),
    ("t.csv --target y --minutes -1", ["--minutes", "-1.0"]),
    ("t.csv --target y --out t.csv", ["--out", "t.csv"]),
    ("t.csv --target y --out .", ["--out", "."]),
    ("t.csv --target y --out /dev/null", ["--out", "/dev/null"]),
    ("t.csv --target y --out no/page.html", ["--out", "No such file or directory"]),
    ("t.csv --target y --out t.csv/page.html", ["--out", "Not a directory"]),
]


@pytest.mark.parametrize(("command", "named"), COMMANDS, ids=[row[0] for row in COMMANDS])
def test_a_malformed_command_stops(command, named, folder, capsys):
    assert_stops(["report", *shlex.split(command)], BAD_INPUT, named, folder, capsys)


FILES = {  # what is wrong with a data file: its name and content, and what is named
    "a spreadsheet": ("t.xlsx", CSV, ["data", "'.csv'", "'.parquet'", "'.xlsx'"]),
    "a TAR": ("evil.csv.tar.gz", tarred("../evil.csv"), ["data", "'.csv'", "'.tar'"]),
    "two in a ZIP": (
        "two.csv.zip",
        zipped("a.csv", "../b.csv"),
        ["data", "'two.csv.zip'", "Multiple files"],
    ),
    "empty": ("bad.csv", b"", ["data", "'bad.csv'", "No columns"]),
    "UTF-16": ("bad.csv", CSV.decode().encode("utf-16"), ["data", "'bad.csv'", "'utf-8'", "0xff"]),
    "a long row": ("bad.csv", b"a,y\n1,2\n1,2,3\n", ["data", "'bad.csv'", "line 3", "saw 3"]),
    "long rows": ("bad.csv", b"a,y\n1,2,3\n4,5,6\n", ["data", "'bad.csv'", "Length of header"]),
    "a name twice": ("bad.csv", b"a,y,a\n1,2,3\n", ["data", "'bad.csv'", "names", ["a"]]),
    "an open quote": ("bad.csv", b'a,y\n"1,2\n', ["data", "'bad.csv'", "EOF", "row 1"]),
    "not compressed": ("bad.csv.gz", CSV, ["data", "'bad.csv.gz'", "b'a,'"]),
    "a torn GZIP": ("bad.csv.gz", GZIP[:-9], ["data", "'bad.csv.gz'", "ended before"]),
    "more after it": ("bad.csv.gz", GZIP + b"more", ["data", "'bad.csv.gz'", "b'mo'"]),
    "a torn Parquet": ("bad.parquet", PARQUET[:500], ["data", "'bad.parquet'", "magic bytes"]),
    "a short Parquet": ("bad.parquet", b"PAR1", ["data", "'bad.parquet'", "4 bytes"]),
    "few rows": ("few.csv", CSV[:500], ["data", "50 rows", "'y'", CSV[:500].count(b"\n") - 1]),
    "no inputs": (
        "only.csv",
        FRAME.assign(a="same").to_csv(index=False).encode(),
        ["data", "'y'", "constant: a"],
    ),
    "one class": (
        "one.csv",
        FRAME.assign(y="same").to_csv(index=False).encode(),
        ["target", "2 to 50 classes", "'y'", "1 of 1"],
    ),
}


@pytest.mark.parametrize(("name", "content", "named"), FILES.values(), ids=FILES)
def test_a_malformed_data_file_stops(name, content, named, folder, capsys):
    write(name, content)
    assert_stops(["report", name, "--target", "y"], BAD_INPUT, named, folder, capsys)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (None, ["claims.yml"]),
        (b"- id: toy", ["'toy'", "claims.yml", "chapter"]),
        (b"\0", ["claims.yml", "YAML"]),
    ],
    ids=["none", "lacks fields", "not YAML"],
)
def test_a_book_without_a_ledger_stops(content, named, folder, capsys):
    if content is not None:
        write("ledger/claims.yml", content)
    assert_stops(["claims"], BAD_INPUT, named, folder, capsys)


@pytest.mark.parametrize(
    ("make", "code", "named"),
    [
        (give_up, FAILED, ["RuntimeError", "the chapter stopped, all by itself"]),
        (interrupt, INTERRUPTED, ["interrupted"]),
    ],
)
def test_a_report_that_is_not_finished_leaves_the_old_page(
    make, code, named, folder, capsys, monkeypatch
):
    monkeypatch.setattr(report, "make", make)
    arguments = ["report", "t.csv", "--target", "y", "--out", "old.html"]
    assert_stops(arguments, code, named, folder, capsys)


def test_words_are_no_numbers_to_predict(folder, capsys):
    arguments = ["report", "t.csv", "--target", "y", "--task", "regression"]
    assert_stops(arguments, BAD_INPUT, ["target", "regression", "'y'", "'u'"], folder, capsys)


def test_a_full_disk_leaves_the_old_page(folder, capsys):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    arguments = ["report", "t.csv", "--target", "y", "--out", "old.html"]
    try:
        assert_stops(arguments, FAILED, ["old.html", "File too large"], folder, capsys)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_file_name_that_is_not_text_is_refused_before_the_run(folder, capsys):
    name = "t\udcff.csv"  # this is how Python reads a byte that is not UTF-8
    write(name, CSV)
    named = ["paths", r"t\udcff.csv'"]
    assert_stops(["report", name, "--target", "y"], BAD_INPUT, named, folder, capsys)


def test_an_archive_is_read_without_being_unpacked(folder):
    write("evil.csv.zip", zipped("../../evil.csv"))
    before = tree(folder)
    pd.testing.assert_frame_equal(tables.read("evil.csv.zip"), FRAME)
    assert tree(folder) == before

"""One table for the command line: one line on stderr, the exit code, and not a file touched.

What is given, the command, and the exit code with what is said; in the table "..." stands for
anything. Malformed data files are refused in the same words by `esutils.tables.read`.
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
from tests.helpers.untouched import rows, says, states, tree

N = 80
FRAME = pd.DataFrame({"a": np.random.default_rng(0).standard_normal(N), "y": ["u", "v"] * (N // 2)})
CSV, GZIP = FRAME.to_csv(index=False).encode(), gzip.compress(FRAME.to_csv(index=False).encode())
PARQUET = FRAME.to_parquet()


def write(name, content):
    Path(name).write_bytes(content)


def zipped(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, CSV)
    return file.getvalue()


def tarred(name):
    file, entry = io.BytesIO(), tarfile.TarInfo(name)
    entry.size = len(CSV)
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        archive.addfile(entry, io.BytesIO(CSV))
    return file.getvalue()


def interrupt(title, parameters):
    raise KeyboardInterrupt


def give_up(title, parameters):
    raise RuntimeError("the chapter stopped,\nof itself")


REFUSALS = r"""
report none.csv --target y
    2 data must be a file, there is none at 'none.csv'
report https://example.org/t.csv --target y
    2 data must be a file, there is none at 'https:/example.org/t.csv'
report . --target y
    2 data must be a file, there is none at '.'
report t.csv/../t.csv --target y
    2 data must be a file, there is none at 't.csv/../t.csv'
write("t.xlsx", CSV)
report t.xlsx --target y
    2 the ending of data must be one of ['.csv', '.parquet', '.tsv', '.txt'], got '.xlsx'
write("evil.csv.tar.gz", tarred("../evil.csv"))
report evil.csv.tar.gz --target y
    2 the ending of data must be one of ['.csv', '.parquet', '.tsv', '.txt'], got '.tar'
write("two.csv.zip", zipped("a.csv", "../b.csv"))
report two.csv.zip --target y
    2 data must be a .csv file, 'two.csv.zip' is not: Multiple files found in ZIP file...
write("bad.csv", b"")
report bad.csv --target y
    2 data must be a .csv file, 'bad.csv' is not: No columns to parse from file
write("bad.csv", CSV.decode().encode("utf-16"))
report bad.csv --target y
    2 data must be a .csv file, 'bad.csv' is not: 'utf-8' codec can't decode byte 0xff...
write("bad.csv", b"a,b\n1,2\n1,2,3\n")
report bad.csv --target b
    2 data must be a .csv file, 'bad.csv' is not: Error tokenizing data...line 3, saw 3
write("bad.csv", b"a,b\n1,2,3\n4,5,6\n")
report bad.csv --target b
    2 data must be a .csv file, 'bad.csv' is not: Length of header...does not match...
write("bad.csv", b"a,b,a\n1,2,3\n")
report bad.csv --target a
    2 data must be a .csv file, 'bad.csv' is not: columns must have different names...['a']
write("bad.csv", b'a,b\n"1,2\n')
report bad.csv --target b
    2 data must be a .csv file, 'bad.csv' is not: ...EOF inside string starting at row 1
write("bad.csv.gz", CSV)
report bad.csv.gz --target y
    2 data must be a .csv file, 'bad.csv.gz' is not: Not a gzipped file (b'a,')
write("bad.csv.gz", GZIP[:-9])
report bad.csv.gz --target y
    2 data must be a .csv file, 'bad.csv.gz' is not: Compressed file ended before...
write("bad.csv.gz", GZIP + b"more")
report bad.csv.gz --target y
    2 data must be a .csv file, 'bad.csv.gz' is not: Not a gzipped file (b'mo')
write("bad.parquet", PARQUET[:500])
report bad.parquet --target y
    2 data must be a .parquet file, 'bad.parquet' is not: ...magic bytes not found...
write("bad.parquet", b"PAR1")
report bad.parquet --target y
    2 data must be a .parquet file, 'bad.parquet' is not: ...file size is 4 bytes...
write("few.csv", CSV[:500])
report few.csv --target y
    2 data must have at least 50 rows with a value of 'y', got ...
write("only.csv", FRAME.assign(a="same").to_csv(index=False).encode())
report only.csv --target y
    2 data must have a column to learn from besides 'y', none is left. ...constant: a.
report t.csv --target z
    2 target must be one of the columns ['a', 'y'], got 'z'...
report t.csv --target é
    2 target must be one of the columns ['a', 'y'], got 'é'
report t.csv --target ""
    2 target must be one of the columns ['a', 'y'], got ''
write("t.csv", FRAME.assign(y="same").to_csv(index=False).encode())
report t.csv --target y
    2 target must have 2 to 50 classes of at least 10 rows, 'y' has 1 of 1
report t.csv --target y --task regression
    2 target must be numbers for regression, 'y' holds 'u'
report t.csv --target y --minutes nan
    2 --minutes must be a finite number in (0, inf], got nan
report t.csv --target y --minutes -1
    2 --minutes must be a finite number in (0, inf], got -1.0
report t.csv --target y --out t.csv
    2 --out must be a file and not the data, got t.csv
report t.csv --target y --out .
    2 --out must be a file and not the data, got .
report t.csv --target y --out /dev/null
    2 --out must be a file and not the data, got /dev/null
report t.csv --target y --out no/page.html
    2 the folder of --out must be a folder that can be written: ...No such file or directory...
report t.csv --target y --out t.csv/page.html
    2 the folder of --out must be a folder that can be written: ...Not a directory...
patch.setattr(report, "make", give_up)
report t.csv --target y --out old.html
    1 RuntimeError: the chapter stopped, of itself
patch.setattr(report, "make", interrupt)
report t.csv --target y --out old.html
    130 interrupted, nothing was written
claims
    2 no claims.yml in ... or above it; run from inside the book
write("claims.yml", b"- id: toy")
claims
    2 entry 'toy' of claims.yml must have the fields [...], differs in [...]
write("claims.yml", b"\0")
claims
    2 claims.yml must be YAML, it is not: ...
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a table and an old report, as the working folder; no report is computed."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(report, "make", lambda title, parameters: "a page\n" * 100)
    write("t.csv", CSV)
    write("old.html", b"an old page")
    return tmp_path


def assert_stops(arguments, expected, folder, capsys):
    before = tree(folder), states()
    code = main(arguments)
    printed, errors = capsys.readouterr()
    assert says(f"{code} {errors}", expected.replace(" ", " esutils: ", 1) + "\n"), errors
    assert printed == "" and errors.count("\n") == 1
    assert (tree(folder), states()) == before


@pytest.mark.parametrize(("before", "command", "expected"), rows(REFUSALS))
def test_stops_with_one_line_and_touches_nothing(
    before, command, expected, folder, capsys, monkeypatch
):
    exec(before, globals() | {"patch": monkeypatch})
    assert_stops(shlex.split(command), expected, folder, capsys)


def test_no_space_left_leaves_the_old_page(folder, capsys):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    expected = "1 RuntimeError: the page could not be written to old.html: ...File too large"
    try:
        arguments = ["report", "t.csv", "--target", "y", "--out", "old.html"]
        assert_stops(arguments, expected, folder, capsys)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_name_that_is_no_text_is_refused_before_the_run(folder, capsys):
    name = "t\udcff.csv"  # as Python reads a byte that is no UTF-8
    write(name, CSV)
    expected = r"2 paths must be text, got '...t\udcff.csv'"
    assert_stops(["report", name, "--target", "y"], expected, folder, capsys)


def test_an_archive_is_read_where_it_lies(folder):
    write("evil.csv.zip", zipped("../../evil.csv"))
    before = tree(folder)
    pd.testing.assert_frame_equal(tables.read("evil.csv.zip"), FRAME)
    assert tree(folder) == before

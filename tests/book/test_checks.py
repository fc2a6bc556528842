"""Each check of a page fails when it should: a toy page, spoilt in one way at a time."""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import numpy as np
import pytest

from tests.book import test_book
from tests.helpers.pages import ROOT, STATE
from tests.helpers.toy_ledger import ENTRY, write_claims

pytestmark = pytest.mark.pages

IGNORE = "nbval-ignore-output"
CELLS = {
    "imports": "from esutils import VerdictTable, claims, replay, sliders\nshift = 2",
    "number": 'print(f"{0.123:.2f}")',
    "slider": """
def draw(ax, width, height):
    ax.bar([0], [height], width)

def alt(width, height):
    return f"A bar {width} wide and {height} high."

sliders.explore(draw, caption="Look.", alt=alt, figsize=(1, 1), width=[1, 2], height=[1, 2, 3])
""",
    "verdict": """
samples = [[shift + seed + image / 50 for image in range(50)] for seed in range(5)]
claims.judge("toy.claim", samples, "here", rival=samples)
replay("99-toy.walk", lambda data, seed: {"way": shift + seed}, ["here"], n_seeds=4)
VerdictTable("99-toy")
""",
    "report": 'claims.report("99-toy", 0.1, answer=42.0)',
}
PAGE = "chapters/99-toy.ipynb"


def in_file(path, old, new):
    """Return a spoiler that replaces a piece of a file."""

    def spoil(book):
        text = (book / path).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (book / path).write_text(text.replace(old, new), encoding="utf-8")

    return spoil


def in_page(change):
    """Return a spoiler that changes the notebook, given its cells by name."""

    def spoil(book):
        notebook = nbformat.read(book / PAGE, as_version=4)
        change(notebook, dict(zip(CELLS, notebook.cells, strict=True)))
        nbformat.write(notebook, book / PAGE)

    return spoil


def in_state(change):
    """Return a spoiler that changes the stored state of the slider."""
    return in_page(lambda notebook, cells: change(notebook.metadata.widgets[STATE].state))


def unrun(notebook, cells):
    cells["number"] |= {"outputs": [], "execution_count": None}


def lose_a_frame(state):
    stack = next(m for m in state.values() if m.model_name == "StackModel")
    stack.state.children.pop()


def lose_a_text(state):
    frame = next(m for m in state.values() if "2 wide and 3 high" in m.state.get("value", ""))
    frame.state.value = re.sub('alt="[^"]*"', 'alt=""', frame.state.value)


def shift_samples(book):
    """Move the stored samples of the statistic by less than would change the verdict."""
    path = book / "ledger/samples/quick/here/toy.claim.npz"
    with np.load(path) as file:
        members = dict(file)
    members["statistic"] += 0.5
    np.savez(path, **members)


def shift_run(book):
    """Move what is stored of a run's first seed."""
    path = book / "ledger/samples/quick/here/runs/99-toy.walk.npz"
    with np.load(path) as file:
        members = dict(file)
    members["way"][0] += 1
    np.savez(path, **members)


SPOILT = {  # how, and the cells that must fail when the page is executed and compared
    "nothing": (lambda book: None, set()),
    "stored number": (in_file(PAGE, '"0.12\\n"', '"0.13\\n"'), {"number"}),
    "stored output": (in_page(lambda _, cells: cells["number"].outputs.clear()), {"number"}),
    "stored verdict": (in_file(PAGE, "verdict-holds", "verdict-fails"), set()),  # rendered anew
    "stored samples": (shift_samples, {"verdict"}),
    "stored run": (shift_run, {"verdict"}),
    "stored number of the prose": (
        in_file("ledger/numbers/99-toy.json", "42.0", "42.2"),
        {"report"},
    ),
    "code that gives the same": (in_file(PAGE, "shift = 2", "shift = 2.0"), set()),
    "code that gives something else": (in_file(PAGE, "shift = 2", "shift = 2.5"), {"verdict"}),
    "another threshold": (
        in_file("ledger/claims.yml", "threshold: 1\n", "threshold: 1.1\n"),
        set(),
    ),
    "another margin": (in_file("ledger/claims.yml", "margin: 0.5", "margin: 0.6"), set()),
    "a half that is not measured": (
        in_file("ledger/claims.yml", "halves: []", "halves: [expand_linear]"),
        {"verdict"},
    ),
    "another experiment": (
        in_file("ledger/claims.yml", "experiment: 1", "experiment: 2"),
        {"verdict"},
    ),
    "a frame that cannot be drawn": (
        in_file(PAGE, "[height], width)", "[height], width / (2 - height))"),
        {"slider"},
    ),
    "a frame without a text": (
        in_file(PAGE, "return f", "return (width + height < 5) * f"),
        {"slider"},
    ),
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Return the folder of a book of one page, as `make execute` leaves it."""
    book = tmp_path_factory.mktemp("recorded")
    (book / "chapters").mkdir()
    write_claims(book, ENTRY | {"standing": {"here": "replication"}})
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source.strip()) for source in CELLS.values()]
    )
    for cell in notebook.cells[2::2]:
        cell.metadata["tags"] = [IGNORE]
    nbformat.write(notebook, book / PAGE)
    command = ["nbconvert", "--config", ROOT / "tools" / "nbconvert_config.py", "--to", "notebook"]
    run(*command, "--execute", "--inplace", book / PAGE, ledger="record", check=True)
    return book


def run(*command, ledger, **options):
    return subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        **options,
        capture_output=True,
        text=True,
        env=os.environ | {"ES_LEDGER": ledger},
    )


def spoilt(recorded, folder, spoil):
    """Return a spoilt copy of the book."""
    book = shutil.copytree(recorded, folder)
    spoil(book)
    return book


@pytest.fixture(scope="module")
def failed(recorded, tmp_path_factory):
    """Return for each spoilt book the cells that fail where `make test` executes its page."""
    folder = tmp_path_factory.mktemp("spoilt")
    books = {name: folder / name.replace(" ", "-") for name in SPOILT}
    for name, (spoil, _) in SPOILT.items():
        spoilt(recorded, books[name], spoil)
    side_by_side = ["--rootdir", folder, "-n", "auto", "--dist", "loadfile"]
    nbval = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with"]
    command = ["pytest", ".", "-rA", "--color=no", *side_by_side, *nbval]
    done = run(*command, ROOT / "tests" / "nbval_sanitize.cfg", ledger="check", cwd=folder)
    cells = re.findall(r"^(PASSED|FAILED) (\S+?)/\S+::Cell (\d+)", done.stdout, re.M)
    assert len(cells) == len(SPOILT) * len(CELLS), done.stdout
    return {
        name: {
            list(CELLS)[int(number)]
            for outcome, place, number in cells
            if outcome == "FAILED" and place == book.name
        }
        for name, book in books.items()
    }


@pytest.mark.parametrize("name", SPOILT)
def test_execution_fails_where_the_page_is_spoilt_and_only_there(failed, name):
    assert failed[name] == SPOILT[name][1]


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (in_page(unrun), test_book.test_notebook_is_committed_executed),
        (in_state(lose_a_text), test_book.test_slider_frames_are_light_and_say_what_they_show),
        (in_state(lose_a_frame), test_book.test_slider_keeps_a_frame_for_every_position),
    ],
)
def test_the_stored_page_is_refused_if_it_is_spoilt(recorded, tmp_path, spoil, check):
    def name(book):
        return str(book / PAGE).removesuffix(".ipynb")  # absolute, so that no root is put before

    check(name(recorded))
    with pytest.raises(AssertionError):
        check(name(spoilt(recorded, tmp_path / "spoilt", spoil)))

"""What the benchmarks wrote down: whole, and the same in the record and on the page."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.helpers.pages import NOTEBOOKS, ROOT
from tools.benchmarks import book, peers, solvers, table, tasks

FOLDER = ROOT / "tools" / "benchmarks"
FOUND = json.loads((FOLDER / "results.json").read_text(encoding="utf-8"))


def test_page_is_that_of_the_record():
    page = (FOLDER / "RESULTS.md").read_text(encoding="utf-8")
    assert page == "\n".join(table.page(FOUND)) + "\n"


@pytest.mark.parametrize("task", peers.TASKS.values(), ids=peers.TASKS)
def test_every_side_was_timed_against_its_target(task):
    [recorded] = [found for found in FOUND["tasks"] if found["title"] == task.title]
    keys = ("name", "target", "floor")
    found = [tuple(side[key] for key in keys) for side in recorded["sides"]]
    assert found == [tuple(getattr(side, key) for key in keys) for side in task.sides]


@pytest.mark.parametrize("task", peers.TASKS.values(), ids=peers.TASKS)
def test_esutils_comes_first_and_no_task_has_two_floors(task):
    names = [side.name for side in task.sides]
    assert names[0] == "esutils"
    assert len({*names}) == len(names)
    assert sum(side.floor for side in task.sides) <= 1


SIDES = [
    tasks.Side("esutils", None),
    tasks.Side("slow", None, target=6, part=0.5),
    tasks.Side("bare", None, floor=True),
]


def outcome(sides, taken):
    return table.outcome(tasks.Task("t", None, sides, None), taken)


@pytest.mark.parametrize("task", peers.TASKS.values(), ids=peers.TASKS)
def test_the_record_of_every_task_is_plain_json(task):
    found = table.outcome(task, {side.name: [2.0] for side in task.sides})
    assert json.loads(json.dumps(found)) == found


def test_medians_ratios_and_parts():
    taken = {"esutils": [1.0, 3.0, 2.0], "slow": [5.0, 4.0, 100.0], "bare": [1.25]}
    found = outcome(SIDES, taken)["sides"]
    assert [side["seconds"] for side in found] == [2.0, 10.0, 1.25]
    assert [side["ratio"] for side in found] == [1.0, 5.0, 0.625]
    assert [side["target"] for side in found] == [None, 6, None]
    assert [side["extrapolated"] for side in found] == [False, True, False]
    assert [side["floor"] for side in found] == [False, False, True]


def test_a_record_without_one_of_the_sides_is_refused():
    with pytest.raises(KeyError):
        outcome(SIDES, {"esutils": [1.0], "slow": [1.0]})


def test_a_missed_target_is_held_against_the_floor():
    taken = {"esutils": [2.0], "slow": [5.0], "bare": [1.25]}
    missed = outcome(SIDES, taken)
    assert [*table.reachable(missed)] == ["slow: target 6, reached 5, at the floor 8."]
    met = outcome(SIDES, taken | {"slow": [6.0]})
    assert [*table.reachable(met)] == []  # a ratio of exactly 6
    no_floor = outcome(SIDES[:2], taken)
    assert [*table.reachable(no_floor)] == []
    assert table.missed(no_floor["sides"][1])


def test_a_floor_may_itself_be_a_target():
    sides = [tasks.Side("esutils", None), tasks.Side("bare", None, target=0.8, floor=True)]
    missed = outcome(sides, {"esutils": [2.0], "bare": [1.5]})
    assert [*table.reachable(missed)] == ["bare: target 0.8, reached 0.75, at the floor 1."]


def test_the_line_stands_under_the_table_of_its_task():
    found = {"date": "d", "machine": "m", "versions": "v", "tasks": []}
    for taken in ([5.0], [6.0]):
        task = outcome(SIDES, {"esutils": [2.0], "slow": taken, "bare": [1.25]})
        found["tasks"].append(task)
    first, second = "\n".join(table.page(found)).split("\n## t\n")[1:]
    assert "| slow (extrapolated from a part) | 10 | 5 | 6, missed |" in first
    assert first.rstrip().endswith("|\n\nslow: target 6, reached 5, at the floor 8.")
    assert "| slow (extrapolated from a part) | 12 | 6 | 6, met |" in second
    assert "at the floor" not in second


def test_summary_of_what_pytest_benchmark_writes(monkeypatch):
    monkeypatch.setitem(peers.TASKS, "t", tasks.Task("title", None, SIDES, None, turns=2))
    benchmarks = [
        {"extra_info": {"task": "t", "side": side.name}, "stats": {"median": seconds}}
        for turn in (0.0, 1.0)
        for side, seconds in zip(SIDES, (1 + turn, 6 + turn, 0.5), strict=True)
    ]
    machine = {"cpu": {"brand_raw": "C", "count": 2}, "python_version": "3"}
    found = table.summary(
        {"datetime": "2026-01-02T03:04", "machine_info": machine, "benchmarks": benchmarks}
    )
    assert found["date"] == "2026-01-02"
    [task] = found["tasks"]
    assert [side["seconds"] for side in task["sides"]] == [1.5, 13.0, 0.5]


def test_a_part_of_the_widths_is_scaled_by_operations():
    assert solvers.share_of_work(50, 400, slice(None)) == 1
    widths = solvers.sixty_widths(50, 400).astype(float)
    work = [m**2 * 50 if m <= 50 else 50**2 * m for m in widths]
    assert solvers.share_of_work(50, 400, slice(59, None)) == pytest.approx(work[-1] / sum(work))


def test_the_floor_of_a_curve_factorises_once_a_wide_width(monkeypatch):
    grams = []
    monkeypatch.setattr(solvers.sl, "cho_factor", lambda gram, **options: grams.append(gram))
    Z = tasks.normal(4, 20).astype(float)
    solvers.bare_factors(Z, None, None, np.array([2, 4, 5, 20]))
    assert len(grams) == 2
    assert np.allclose(np.tril(grams[0]), np.tril(Z @ Z.T))


def test_pages_are_added_up_from_their_cells():
    cells = [("intro.ipynb", 1.25), ("chapters.06-lottery-tickets.ipynb", 2), ("intro.ipynb", 3.5)]
    record = ElementTree.fromstring(
        '<testsuites><testsuite time="5.6" timestamp="2026-01-02T03:04:05">'
        + "".join(f'<testcase classname="{page}" time="{seconds}"/>' for page, seconds in cells)
        + "</testsuite></testsuites>"
    )
    found = book.summary(record)
    assert found["pages"] == {"06-lottery-tickets": 2.0, "intro": 4.8}
    assert found["seconds"] == 6 and found["date"] == "2026-01-02" and found["cores"] >= 1


def test_every_page_of_the_book_was_timed():
    recorded = json.loads((FOLDER / "book.json").read_text(encoding="utf-8"))["pages"]
    assert set(recorded) == {page.rpartition("/")[2] for page in NOTEBOOKS}

"""What the benchmarks wrote down: whole, and the same in the record and on the page."""

import json

import peers
import pytest
import table
from pages import ROOT

FOLDER = ROOT / "benchmarks"
FOUND = json.loads((FOLDER / "results.json").read_text(encoding="utf-8"))


def test_page_is_that_of_the_record():
    page = (FOLDER / "RESULTS.md").read_text(encoding="utf-8")
    assert page == "\n".join(table.page(FOUND)) + "\n"


@pytest.mark.parametrize("task", peers.TASKS.values(), ids=peers.TASKS)
def test_every_side_was_timed_against_its_target(task):
    [recorded] = [found for found in FOUND["tasks"] if found["title"] == task.title]
    assert [side["name"] for side in recorded["sides"]] == list(task.sides)
    assert {s["name"]: s["target"] for s in recorded["sides"] if s["target"]} == task.targets


def test_medians_ratios_and_parts():
    task = peers.Task("t", None, {}, {"slow": 3}, None, parts={"slow": 2.0})
    found = table.outcome(task, {"esutils": [1.0, 3.0, 2.0], "slow": [5.0, 4.0, 100.0]})
    assert [side["seconds"] for side in found["sides"]] == [2.0, 10.0]
    assert [side["ratio"] for side in found["sides"]] == [1.0, 5.0]
    assert [side["extrapolated"] for side in found["sides"]] == [False, True]


def test_a_part_of_the_widths_is_scaled_by_operations():
    assert peers.share_of_work(50, 400, slice(None)) == 1
    widths = peers.sixty_widths(50, 400).astype(float)
    work = [m**2 * 50 if m <= 50 else 50**2 * m for m in widths]
    assert peers.share_of_work(50, 400, slice(59, None)) == pytest.approx(sum(work) / work[-1])

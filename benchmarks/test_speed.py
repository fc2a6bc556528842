"""Times every side of every task in turns, so that what slows the machine slows them all."""

import functools

import pytest
from peers import TASKS

pytest.importorskip("pytest_benchmark")


@functools.lru_cache(maxsize=1)
def inputs(name):
    return TASKS[name].make()


@functools.lru_cache(maxsize=1)
def results(name):
    """Return where the results of a task are kept, for comparison."""
    return {}


@pytest.mark.parametrize(
    ("name", "turn", "side"),
    [
        (name, turn, side)
        for name, task in TASKS.items()
        for turn in range(task.turns)
        for side in task.sides
    ],
)
def test_speed(benchmark, name, turn, side):
    task, found = TASKS[name], results(name)
    benchmark.extra_info |= {"task": name, "side": side}
    warmups = int(turn == 0 and task.turns > 1)
    result = benchmark.pedantic(task.sides[side], inputs(name), rounds=1, warmup_rounds=warmups)
    found.setdefault("esutils", result)
    if turn == 0:
        task.same(inputs(name), found["esutils"], result)

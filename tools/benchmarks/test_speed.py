"""Time every side of every task in turns, so that a busy machine slows all of them alike."""

import functools

import pytest

from tools.benchmarks.peers import TASKS

pytest.importorskip("pytest_benchmark")


@functools.lru_cache(maxsize=1)
def inputs(name):
    return TASKS[name].make()


@functools.lru_cache(maxsize=1)
def results(name):
    """Return the dict that keeps the results of a task, for comparison."""
    return {}


@pytest.mark.parametrize(
    ("name", "turn", "side"),
    [
        pytest.param(name, turn, side, id=f"{name}-{turn}-{side.name}")
        for name, task in TASKS.items()
        for turn in range(task.turns)
        for side in task.sides
    ],
)
def test_speed(benchmark, name, turn, side):
    task, found = TASKS[name], results(name)
    benchmark.extra_info |= {"task": name, "side": side.name}
    warmups = int(turn == 0 and task.turns > 1)
    result = benchmark.pedantic(side.work, inputs(name), rounds=1, warmup_rounds=warmups)
    found.setdefault("esutils", result)
    if turn == 0 and not side.floor:
        task.same(inputs(name), found["esutils"], result)

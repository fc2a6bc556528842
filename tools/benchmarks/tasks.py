"""A timed task: its inputs, its sides, and how their results are compared."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Side:
    """One way to do a task; ``target`` says how many times as fast esutils should be.

    A side that would take too long does only a ``part`` of the work, counted in operations. The
    result of a floor is not compared.
    """

    name: str
    work: Callable
    target: float | None = None
    part: float = 1
    floor: bool = False


@dataclass(frozen=True)
class Task:
    """One piece of work, and its sides: esutils first, at most one floor."""

    title: str
    make: Callable
    sides: list[Side]
    same: Callable
    turns: int = 5


def normal(*shape):
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)

"""The tasks that are timed: what esutils does, and the same done with well-known libraries.

A task names its inputs, its sides (esutils first) and how their results are compared. A floor is
the least that the method of esutils needs: its main operations alone, without a result.
``test_speed.py`` runs the tasks, ``table.py`` writes down the outcome.
"""

from tools.benchmarks.codes import ENCODE, FLY, PREDICT, SELECT
from tools.benchmarks.lottery import TICKETS
from tools.benchmarks.solvers import CURVE, DUAL_RIDGE, LONG_CURVE, RIDGE

TASKS = {
    "select": SELECT,
    "encode": ENCODE,
    "fly": FLY,
    "curve": CURVE,
    "long-curve": LONG_CURVE,
    "ridge": RIDGE,
    "dual-ridge": DUAL_RIDGE,
    "predict": PREDICT,
    "tickets": TICKETS,
}

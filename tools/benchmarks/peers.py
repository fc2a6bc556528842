"""The work that is timed: what esutils does, and the same done with the libraries people know.

A task names its inputs, its sides, esutils first, and how their results are compared. A floor is
the least that esutils' way of doing the work needs: its main operations, bare, and no result.
``test_speed.py`` runs the tasks, ``table.py`` writes down what came out.
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

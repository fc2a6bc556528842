"""The book's questions to a table of one's own, and what the answers mean for whoever has it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from esutils.common.checks import check_finite, check_matrix, check_type
from esutils.evidence.intervals import over_resplits
from esutils.tables.experiments import RATIOS, SPARSITIES, WIDTHS
from esutils.tables.reading import Table

_MODELS = {  # the simplest first
    "linear": "a linear readout of the columns",
    "expand_sparsify": "a random layer with winners",
    "expand_dense": "random Fourier features",
    "mlp": "a trained network",
}
_WORST = 1000  # points: at m = n squared errors have no finite mean
_ENOUGH = {"holds": "Yes.", "fails": "No.", "undecided": "These rows do not decide it."}
_USE = {
    "linear": "A ridge regression on the columns: nothing here comes more than a point below it.",
    "expand_sparsify": "ExpandSparsifyClassifier or ExpandSparsifyRegressor: nothing comes more "
    "than a point below, and a linear readout of the columns does worse.",
    "expand_dense": 'The same estimators with sparsifier="cosine": here sparsity costs more than '
    "a point.",
    "mlp": "A trained network: no untrained layer comes within a point of it.",
    "constant": "A constant answer: no model here comes within a point of it.",
}


@dataclass(frozen=True)
class Question:
    """What is asked of a table: whether one error minus another, in points, passes a threshold.

    Examples
    --------
    >>> from esutils import questions
    >>> questions.QUESTIONS[0].phenomenon, questions.QUESTIONS[0].threshold
    ('untrained networks', 2)
    """

    phenomenon: str
    prediction: str
    first: str
    second: str
    comparison: str
    threshold: float


QUESTIONS = (
    Question(
        "untrained networks",
        "A random layer errs less than 2 points more than the trained network.",
        "family, expand_sparsify",
        "family, mlp",
        "less",
        2,
    ),
    Question(
        "untrained networks",
        "A random layer errs less than the same readout of the columns.",
        "family, expand_sparsify",
        "family, linear",
        "less",
        0,
    ),
    Question(
        "untrained networks",
        "Winners err less than cosines of the same projections.",
        "family, expand_sparsify",
        "family, expand_dense",
        "less",
        0,
    ),
    Question(
        "width",
        "5,000 units err less than 1 point less than 1,000.",
        "width, 1000",
        "width, 5000",
        "less",
        1,
    ),
    Question(
        "lottery tickets",
        "Pruned to 13% of its weights and rewound, the network errs less than 1 point more.",
        "ticket, pruned",
        "family, mlp",
        "less",
        1,
    ),
    Question(
        "lottery tickets",
        "It errs less than with as many weights kept at random.",
        "ticket, pruned",
        "ticket, random",
        "less",
        0,
    ),
    Question(
        "lottery tickets",
        "A tenth of a random layer's units, chosen by their weights, errs less than any tenth.",
        "units, chosen",
        "units, random",
        "less",
        0,
    ),
    Question(
        "dropout",
        "At as many units as rows, dropout takes error away from a random layer.",
        "dropout, layer",
        "path, 1.0",
        "less",
        0,
    ),
    Question(
        "dropout",
        "Dropout takes error away from the trained network.",
        "dropout, mlp",
        "family, mlp",
        "less",
        0,
    ),
    Question(
        "random labels",
        "A layer four times as wide as there are rows fits shuffled targets: less than 1 point.",
        "shuffled, 1.0, training",
        "nothing",
        "less",
        1,
    ),
    Question(
        "random labels",
        "Fitting the true targets to the last costs it less than 2 points.",
        "shuffled, 0.0",
        "family, expand_sparsify",
        "less",
        2,
    ),
    Question(
        "double descent",
        "Without a penalty, the error at m = n is more than 5 points above that at m = n/2.",
        "path, 1.0",
        "path, 0.5",
        "greater",
        5,
    ),
    Question(
        "double descent",
        "At m = 4n it is below its least value under m = n.",
        "path, 4.0",
        "path, best below",
        "less",
        0,
    ),
)

_PARTS = {"family": (*_MODELS, "constant"), "width": WIDTHS, "sparsity": SPARSITIES, "path": RATIOS}
_READ = {f"{part}, {setting}" for part, settings in _PARTS.items() for setting in settings}
_READ |= {key for question in QUESTIONS for key in (question.first, question.second)}
_READ -= {"nothing", "path, best below"}  # which are made here


def answers(table: Table, results: pd.DataFrame) -> pd.DataFrame:
    """Put the book's questions to the results of a table.

    Parameters
    ----------
    table : esutils.tables.Table
    results : DataFrame
        From :func:`esutils.tables.experiments.run`.

    Returns
    -------
    DataFrame
        One row a question: ``phenomenon, prediction, verdict, mean, low, high``; the last three
        are points of error, with a 95% interval for new resplits of such data. An error above 1,000
        points counts as 1,000: where units are as many as rows, squared errors have no finite mean.

    Notes
    -----
    Chapter: 12-your-own-data.

    Examples
    --------
    >>> from esutils import experiments, questions, tables
    >>> from sklearn.datasets import load_iris
    >>> table = tables.from_frame(load_iris(as_frame=True).frame, "target")
    >>> found = questions.answers(table, battery.run(table, n_resplits=3))
    >>> list(found.columns)
    ['phenomenon', 'prediction', 'verdict', 'mean', 'low', 'high']
    """
    check_type("table", table, Table, "a Table")
    below = [f"path, {ratio}" for ratio in RATIOS if ratio < 1]
    errors = _points(results).clip(upper=_WORST)
    least = errors[min(below, key=lambda key: errors[key].mean())]
    more: dict[str, Any] = {"nothing": 0.0, "path, best below": least}
    errors = errors.assign(**more)
    rows = []
    for question in QUESTIONS:
        gaps = errors[question.first] - errors[question.second]
        found = over_resplits(gaps, step=_one_row(table, question.first))
        word = found.word(question.comparison, question.threshold)
        said = [question.phenomenon, question.prediction, word, found.mean, found.low, found.high]
        rows.append(said)
    names = ["phenomenon", "prediction", "verdict", "mean", "low", "high"]
    return pd.DataFrame(rows, columns=names)


def advice(table: Table, results: pd.DataFrame) -> dict[str, str]:
    """Say in plain words what the results mean for whoever has the table.

    Parameters
    ----------
    table : esutils.tables.Table
    results : DataFrame
        From :func:`esutils.tables.experiments.run`.

    Returns
    -------
    dict of str to str
        Answers to: how good, is a random layer enough, how wide, how sparse, what to use.

    Notes
    -----
    Chapter: 12-your-own-data.

    Examples
    --------
    >>> from esutils import experiments, questions, tables
    >>> from sklearn.datasets import load_iris
    >>> table = tables.from_frame(load_iris(as_frame=True).frame, "target")
    >>> list(questions.advice(table, battery.run(table, n_resplits=3)))[-1]
    'What to use?'
    """
    check_type("table", table, Table, "a Table")
    points = _points(results)
    means = points.mean()
    errors = {name: means[f"family, {name}"] for name in (*_MODELS, "constant")}
    good = "; ".join(f"{_MODELS[name]} {errors[name]:.1f}%" for name in _MODELS)
    what = "misread rows" if table.classes else "unexplained variance"
    gaps = points["family, expand_sparsify"] - points["family, mlp"]
    gap = over_resplits(gaps, step=_one_row(table, "family, mlp"))
    wide, sparse = _near_best(means, "width", WIDTHS), _near_best(means, "sparsity", SPARSITIES)
    use = next(name for name, error in errors.items() if error < min(errors.values()) + 1)
    return {
        "How good?": f"Test error, {what}: {good}. A constant answer: {errors['constant']:.1f}%.",
        "Is a random layer enough?": f"{_ENOUGH[gap.word('less', 2)]} {_difference(gap)}",
        "How wide?": f"{wide[0]:,} units come within a point of the best width tried.",
        "How sparse?": "Shares of active units within a point of the best: "
        f"{', '.join(f'{share:.0%}' for share in sparse)}.",
        "What to use?": _USE[use],
    }


def _points(results):
    """Return errors in points; refuse what `esutils.tables.experiments.run` does not return."""
    check_type("results", results, pd.DataFrame, "a DataFrame of battery.run")
    names = sorted(_READ)
    if missing := _READ - set(results):
        raise ValueError(f"results must have the columns of battery.run, lacks {min(missing)!r}")
    errors = check_matrix("results", results[names].to_numpy(), len(names), finite=False)
    check_finite("results", not np.isnan(errors).any())  # one may be infinite at m = n
    return pd.DataFrame(100 * errors, columns=names)


def _one_row(table, key):
    """Return how many points of an error one row is, 0 where rows are not right or wrong."""
    if table.classes is None:
        return 0.0
    n_test = math.ceil(len(table.y) / 5)  # as resplit cuts
    return 100 / (len(table.y) - n_test if key.endswith("training") else n_test)


def _difference(gap):
    low, high = (f"{end:+z.1f}".replace("-", "−") for end in (gap.low, gap.high))
    words = f"{abs(gap.mean):.1f} points {'more' if gap.mean > 0 else 'less'}"
    return f"It errs {words} than the trained network (95% interval {low} to {high})."


def _near_best(means, part, settings):
    """Return the settings whose error is less than a point above the least."""
    found = {setting: means[f"{part}, {setting}"] for setting in settings}
    return [setting for setting, error in found.items() if error < min(found.values()) + 1]

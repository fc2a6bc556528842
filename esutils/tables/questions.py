"""The book's questions to a table of your own, and what the answers mean for you."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from esutils.common.checks import check_finite, check_matrix, check_type
from esutils.evidence.intervals import over_resplits
from esutils.tables.experiments import ACTIVE_FRACTIONS, UNITS_PER_ROW, WIDTHS
from esutils.tables.reading import Table

MODELS = {  # the models that the advice chooses from, the simplest first
    "linear": "a linear readout of the columns",
    "expand_sparsify": "a random layer with winners",
    "expand_dense": "random Fourier features",
    "mlp": "a trained network",
}
ADVICE = {  # which of them to use, or a constant answer
    "linear": "Ridge regression on the columns: no other model here is a point or more better.",
    "expand_sparsify": "ExpandSparsifyClassifier or ExpandSparsifyRegressor: no other model here "
    "is a point or more better, and a linear readout of the columns is worse.",
    "expand_dense": "ExpandSparsifyClassifier or ExpandSparsifyRegressor with "
    'sparsifier="cosine": no other model here is a point or more better, and winners are worse.',
    "mlp": "A trained network: no other model here is a point or more better, and every untrained "
    "layer is worse.",
    "constant": "A constant answer: no model here comes within a point of it.",
}
_WORST = 1000  # points: at m = n, squared errors have no finite mean
_ENOUGH = {"holds": "Yes.", "fails": "No.", "undecided": "These rows cannot decide."}


@dataclass(frozen=True)
class Question:
    """A question to a table: whether the difference of two errors passes a threshold, in points.

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
        "The random layer's error is less than 2 points above the trained network's.",
        "family, expand_sparsify",
        "family, mlp",
        "less",
        2,
    ),
    Question(
        "untrained networks",
        "The random layer has a lower error than the same readout of the columns themselves.",
        "family, expand_sparsify",
        "family, linear",
        "less",
        0,
    ),
    Question(
        "untrained networks",
        "Winners have a lower error than cosines of the same projections.",
        "family, expand_sparsify",
        "family, expand_dense",
        "less",
        0,
    ),
    Question(
        "width",
        "5,000 units lower the error by less than 1 point compared with 1,000.",
        "width, 1000",
        "width, 5000",
        "less",
        1,
    ),
    Question(
        "lottery tickets",
        "Pruned to 13% of its weights and rewound, the network loses less than 1 point.",
        "ticket, pruned",
        "family, mlp",
        "less",
        1,
    ),
    Question(
        "lottery tickets",
        "The weights that pruning keeps do better than as many random ones.",
        "ticket, pruned",
        "ticket, random",
        "less",
        0,
    ),
    Question(
        "lottery tickets",
        "A tenth of a random layer's units, chosen by their weights, beats a random tenth.",
        "units, chosen",
        "units, random",
        "less",
        0,
    ),
    Question(
        "dropout",
        "With as many units as rows and no penalty, dropout lowers a random layer's error.",
        "dropout, layer",
        "no penalty, 1.0",
        "less",
        0,
    ),
    Question(
        "dropout",
        "Dropout lowers the trained network's error.",
        "dropout, mlp",
        "family, mlp",
        "less",
        0,
    ),
    Question(
        "random labels",
        "A layer with four times as many units as rows fits shuffled targets: "
        "its training error is below 1 point.",
        "shuffled, 1.0, training",
        "nothing",
        "less",
        1,
    ),
    Question(
        "random labels",
        "Fitting the true targets exactly costs such a layer less than 2 points.",
        "shuffled, 0.0",
        "family, expand_sparsify",
        "less",
        2,
    ),
    Question(
        "double descent",
        "Without a penalty, the error at m = n is more than 5 points above that at m = n/2.",
        "no penalty, 1.0",
        "no penalty, 0.5",
        "greater",
        5,
    ),
    Question(
        "double descent",
        "Without a penalty, the error at m = 4n is below the lowest with fewer units than rows.",
        "no penalty, 4.0",
        "no penalty, best below n",
        "less",
        0,
    ),
)

_SETTINGS = {
    "family": (*MODELS, "constant"),
    "width": WIDTHS,
    "active fraction": ACTIVE_FRACTIONS,
    "no penalty": UNITS_PER_ROW,
}
COLUMNS = {  # what answers and advice read of the results
    *(f"{part}, {setting}" for part, settings in _SETTINGS.items() for setting in settings),
    *(key for question in QUESTIONS for key in (question.first, question.second)),
} - {"nothing", "no penalty, best below n"}  # which the answers add


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
        One row per question: ``phenomenon, prediction, verdict, mean, low, high``. The last three
        are a difference in points of error and its 95% interval for new resplits of such data. An
        error above 1,000 points counts as 1,000: with as many units as rows, squared errors have no
        finite mean.

    Raises
    ------
    ValueError
        If the table is not a Table, or the results are not those of its experiments.

    Notes
    -----
    Chapter: 18-your-own-data.

    Examples
    --------
    >>> from esutils import experiments, questions, tables
    >>> from sklearn.datasets import load_iris
    >>> table = tables.from_frame(load_iris(as_frame=True).frame, "target")
    >>> found = questions.answers(table, experiments.run(table, n_resplits=3))
    >>> list(found.columns)
    ['phenomenon', 'prediction', 'verdict', 'mean', 'low', 'high']
    """
    check_type("table", table, Table, "a Table")
    errors = _points(results).clip(upper=_WORST)
    below = [f"no penalty, {ratio}" for ratio in UNITS_PER_ROW if ratio < 1]
    lowest = errors[min(below, key=lambda key: errors[key].mean())]
    more: dict[str, Any] = {"nothing": 0.0, "no penalty, best below n": lowest}
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
    """Say in plain words what the results mean for a table.

    Parameters
    ----------
    table : esutils.tables.Table
    results : DataFrame
        From :func:`esutils.tables.experiments.run`.

    Returns
    -------
    dict of str to str
        Five questions and their answers: how good the models are, whether a random layer is enough,
        how wide and how sparse it should be, and which model to use.

    Raises
    ------
    ValueError
        As in :func:`answers`.

    Notes
    -----
    Chapter: 18-your-own-data.

    Examples
    --------
    >>> from esutils import experiments, questions, tables
    >>> from sklearn.datasets import load_iris
    >>> table = tables.from_frame(load_iris(as_frame=True).frame, "target")
    >>> list(questions.advice(table, experiments.run(table, n_resplits=3)))[-1]
    'What to use?'
    """
    check_type("table", table, Table, "a Table")
    points = _points(results)
    means = points.mean()
    errors = {name: means[f"family, {name}"] for name in (*MODELS, "constant")}
    good = "; ".join(f"{MODELS[name]} {errors[name]:.1f}%" for name in MODELS)
    what = "wrong classes" if table.classes else "unexplained variance"
    gaps = points["family, expand_sparsify"] - points["family, mlp"]
    gap = over_resplits(gaps, step=_one_row(table, "family, mlp"))
    wide = _near_best(means, "width", WIDTHS)
    sparse = _near_best(means, "active fraction", ACTIVE_FRACTIONS)
    use = next(name for name, error in errors.items() if error < min(errors.values()) + 1)
    return {
        "How good?": f"Test error ({what}): {good}; a constant answer {errors['constant']:.1f}%.",
        "Is a random layer enough?": f"{_ENOUGH[gap.word('less', 2)]} {_difference(gap)}",
        "How wide?": f"{wide[0]:,} units come within a point of the best width tried.",
        "How sparse?": "These active fractions come within a point of the best: "
        f"{', '.join(f'{share:.0%}' for share in sparse)}.",
        "What to use?": ADVICE[use],
    }


def _points(results):
    """Return errors in points; refuse what `esutils.tables.experiments.run` does not return."""
    check_type("results", results, pd.DataFrame, "a DataFrame of experiments.run")
    names = sorted(COLUMNS)
    if missing := COLUMNS - set(results):
        raise ValueError(
            f"results must have the columns of experiments.run, but {min(missing)!r} is missing"
        )
    errors = check_matrix("results", results[names].to_numpy(), len(names), finite=False)
    check_finite("results", not np.isnan(errors).any())  # at m = n one may be infinite
    return pd.DataFrame(100 * errors, columns=names)


def _one_row(table, key):
    """Return how many points of error one row makes, or 0 for regression."""
    if table.classes is None:
        return 0.0
    n_test = math.ceil(len(table.y) / 5)  # resplit sets so many aside
    return 100 / (len(table.y) - n_test if key.endswith("training") else n_test)


def _difference(gap):
    low, high = (f"{end:+z.1f}".replace("-", "−") for end in (gap.low, gap.high))
    words = f"{abs(gap.mean):.1f} points {'above' if gap.mean > 0 else 'below'}"
    return f"Its error is {words} the trained network's (95% interval {low} to {high})."


def _near_best(means, part, settings):
    """Return the settings whose error is less than a point above the lowest."""
    found = {setting: means[f"{part}, {setting}"] for setting in settings}
    return [setting for setting, error in found.items() if error < min(found.values()) + 1]

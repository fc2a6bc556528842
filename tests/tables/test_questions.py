"""The answers follow from the results by the rules that the questions state."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esutils import questions, tables
from esutils.evidence.intervals import over_resplits
from esutils.tables.experiments import WIDTHS
from tests.helpers.made_tables import made_tables
from tests.helpers.strategies import seeds

RNG = np.random.default_rng(0)
X = RNG.standard_normal((240, 5))
CLASSES = tables.from_arrays(X, np.sign(X[:, 0]), "classification")
NUMBERS = tables.from_arrays(X, X[:, 0], "regression")


@pytest.fixture
def found():
    """Make results of three resplits, in which all errors are small and vary a little."""
    small = 0.02 + 0.001 * RNG.random((3, len(questions.COLUMNS)))
    return pd.DataFrame(small, columns=sorted(questions.COLUMNS))


def test_answers_follow_the_thresholds(found):
    """Change one error that a question asks for: the verdict changes, and no other does."""
    before = questions.answers(CLASSES, found)["verdict"]
    found["ticket, random"] = found["ticket, pruned"] + 0.3
    after = questions.answers(CLASSES, found)["verdict"]
    changed = [i for i, _ in enumerate(questions.QUESTIONS) if before[i] != after[i]]
    asked = [i for i, q in enumerate(questions.QUESTIONS) if q.second == "ticket, random"]
    assert set(changed) <= set(asked) and after[asked[0]] == "holds"
    found["ticket, random"] = found["ticket, pruned"] - 0.3
    assert questions.answers(CLASSES, found)["verdict"][asked[0]] == "fails"


def test_one_huge_error_at_the_peak_does_not_hide_it(found):
    found["no penalty, 0.5"], found["no penalty, 1.0"] = [0.89, 0.9, 0.91], [60.0, 9e6, 100.0]
    peak = (
        questions.answers(NUMBERS, found)
        .set_index("prediction")
        .filter(like="error at m = n is", axis=0)
    )
    assert peak["verdict"].tolist() == ["holds"] and peak["mean"].tolist() == pytest.approx([910])


def test_advice_names_the_simplest_good_model(found):
    columns = [f"family, {model}" for model in questions.MODELS]
    words = ("Ridge regression", "ExpandSparsifyRegressor:", 'sparsifier="cosine"', "trained")
    found["family, constant"] = 0.5
    for best, word in zip(columns, words, strict=True):
        found[columns] = 0.3
        found[best] = 0.1
        assert word in questions.advice(CLASSES, found)["What to use?"]
    found["family, constant"] = 0.05
    assert "constant" in questions.advice(CLASSES, found)["What to use?"]
    found[[f"width, {width}" for width in WIDTHS]] = [[0.5, 0.4, 0.3, 0.2, 0.109, 0.1, 0.1]] * 3
    assert questions.advice(CLASSES, found)["How wide?"].startswith("1,000 units")


@st.composite
def results(draw):
    """Draw what the experiments might have measured on a few resplits."""
    keys = sorted(questions.COLUMNS)
    rng, n = np.random.default_rng(draw(seeds)), draw(st.integers(3, 6))
    spread = draw(st.sampled_from([0.001, 0.1])) * rng.standard_normal((n, len(keys)))
    return pd.DataFrame(np.abs(rng.random(len(keys)) + spread), columns=keys)


@given(results(), made_tables(), st.data())
def test_answers_judge_paired_differences_in_any_order(found, table, draws):
    answers, split = questions.answers(table, found), tables.resplit(table, 0)
    for question, row in zip(questions.QUESTIONS, answers.itertuples(), strict=True):
        if question.second != "no penalty, best below n":
            rows = split.Y_train if question.first.endswith("training") else split.Y_test
            step = 0 if table.classes is None else 100 / len(rows)
            gaps = 100 * (found[question.first] - found.get(question.second, 0))
            gap = over_resplits(gaps, step=step)
            assert row.verdict == gap.word(question.comparison, question.threshold)
            assert (row.mean, row.low, row.high) == pytest.approx((gap.mean, gap.low, gap.high))
    order = draws.draw(st.permutations(range(len(found))))
    shuffled = questions.answers(table, found.iloc[order])
    pd.testing.assert_frame_equal(shuffled, answers, rtol=1e-6, atol=1e-6)


@given(results(), made_tables())
def test_advice_is_the_simplest_model_and_the_smallest_width_within_a_point(found, table):
    said, means = questions.advice(table, found), 100 * found.mean()
    best = min(means[f"family, {name}"] for name in (*questions.MODELS, "constant"))
    names = [name for name in questions.MODELS if means[f"family, {name}"] < best + 1]
    assert said["What to use?"] == questions.ADVICE[(names or ["constant"])[0]]
    errors = [means[f"width, {width}"] for width in WIDTHS]
    widths = [m for m, error in zip(WIDTHS, errors, strict=True) if error < min(errors) + 1]
    assert said["How wide?"].startswith(f"{widths[0]:,} units")

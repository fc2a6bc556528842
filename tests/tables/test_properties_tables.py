"""Tables and the answers of the experiments: nothing is lost, doubled or out of order."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esutils import experiments, questions, tables
from esutils.evidence.intervals import over_resplits
from esutils.tables.experiments import RATIOS, SPARSITIES, WIDTHS
from tests.helpers.strategies import few, powers, problems, seeds

# ---- tables


@st.composite
def made_tables(draw):
    """A table whose first column numbers its rows."""
    n, n_classes = draw(st.integers(50, 90)), draw(st.integers(0, 3))
    rng = np.random.default_rng(draw(seeds))
    X = np.column_stack([np.arange(n), rng.standard_normal((n, 2))])
    y = rng.permutation(np.arange(n) % n_classes) if n_classes > 1 else rng.standard_normal(n)
    return tables.from_arrays(X, y, standardise=draw(st.booleans()))


@given(made_tables(), st.integers(0, 2**32 - 1), st.floats(0.1, 0.6))
def test_a_resplit_has_every_row_once_and_learns_its_units_from_the_training_rows(
    table, seed, part
):
    cut, n = tables.resplit(table, seed, part), len(table.y)
    n_train, n_test = len(cut.X_train), len(cut.X_test)
    assert n_train + n_test == n and n_test == int(np.ceil(part * n))
    both = np.concatenate([cut.X_train, cut.X_test])
    order = both[:, 0].argsort()  # the numbers of the rows
    spread = np.diff(both[order, 0])
    np.testing.assert_allclose(spread, spread.mean(), rtol=1e-6)
    np.testing.assert_allclose(cut.X_train.mean(axis=0), 0, atol=1e-9)
    unit = cut.X_train.std(axis=0) if table.standardise else cut.X_train.std()
    np.testing.assert_allclose(unit, 1)
    Y = np.concatenate([cut.Y_train, cut.Y_test])[order]
    if table.classes is None:
        assert np.corrcoef(Y[:, 0], table.y)[0, 1] == pytest.approx(1)
        assert cut.Y_train.mean() == pytest.approx(0, abs=1e-9)
        assert cut.Y_train.std() == pytest.approx(1)
    else:
        assert np.array_equal(Y, np.eye(len(table.classes))[table.y])
        share = cut.Y_train.mean(axis=0) * n_train - np.bincount(table.y) * n_train / n
        assert (np.abs(share) <= 1).all()
    again = tables.resplit(table, seed, part)
    assert np.array_equal(again.X_test, cut.X_test)


@given(made_tables(), st.data())
def test_columns_may_stand_in_any_order_and_rows_without_a_target_may_come_and_go(table, draws):
    frame = table.X.assign(target=table.y)
    columns = draws.draw(st.permutations(list(frame)))
    missing = draws.draw(st.integers(0, 5))
    empty = pd.DataFrame(1.5, index=range(missing), columns=list(frame)).assign(target=np.nan)
    again = tables.from_frame(
        pd.concat([frame, empty])[columns], "target", table.task, standardise=table.standardise
    )
    pd.testing.assert_frame_equal(again.X[list(table.X)], table.X, check_dtype=False)
    assert np.array_equal(again.y, table.y)
    assert len(again.notes) == (missing > 0) and (again.classes is None) == (table.classes is None)


cells = st.integers(-(10**6), 10**6) | st.floats(-9, 9, width=32) | st.text("abc xyz", min_size=1)
kinds = st.sampled_from([("csv", ","), ("tsv", "\t"), ("txt", "\t")])
packings = st.sampled_from(["", ".gz", ".bz2", ".xz", ".zip"])


@few
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=9), kinds, packings)
def test_a_file_is_read_whole_however_it_is_packed(tmp_path_factory, rows, kind, packed):
    path = tmp_path_factory.mktemp("table") / f"small.{kind[0]}{packed}"
    pd.DataFrame(rows, columns=["first", "second"]).to_csv(path, index=False, sep=kind[1])
    expected = pd.read_csv(path, sep=kind[1])
    assert expected.shape == (len(rows), 2)
    pd.testing.assert_frame_equal(tables.read(path), expected)


# ---- the battery and its questions


@given(seeds, st.integers(1, 9), st.integers(1, 4), st.data())
def test_an_error_is_a_mean_over_rows_and_of_classes_a_share(seed, n, k, draws):
    rng, order = np.random.default_rng(seed), draws.draw(st.permutations(range(n)))
    outputs, Y = rng.standard_normal((n, k)), np.eye(k)[rng.integers(0, k, n)]
    for task in ("regression", "classification"):
        whole = experiments._error(outputs, Y, task)
        alone = [experiments._error(outputs[[at]], Y[[at]], task) for at in range(n)]
        assert whole == pytest.approx(np.mean(alone))
        assert experiments._error(outputs[order], Y[order], task) == pytest.approx(whole)
        assert experiments._error(Y, Y, task) == 0
    assert set(alone) <= {0, 1}
    shifted = 3 * outputs + rng.standard_normal((n, 1))
    assert experiments._error(shifted, Y, "classification") == whole


@st.composite
def results(draw):
    """What a battery might have measured, on a few resplits."""
    keys = {key for question in questions.QUESTIONS for key in (question.first, question.second)}
    keys |= {f"family, {name}" for name in (*questions._MODELS, "constant")}
    for part, settings in (("path", RATIOS), ("width", WIDTHS), ("sparsity", SPARSITIES)):
        keys |= {f"{part}, {setting}" for setting in settings}
    keys -= {"nothing", "path, best below"}  # which the answers add
    rng, n = np.random.default_rng(draw(seeds)), draw(st.integers(3, 6))
    spread = draw(st.sampled_from([0.001, 0.1])) * rng.standard_normal((n, len(keys)))
    return pd.DataFrame(np.abs(rng.random(len(keys)) + spread), columns=sorted(keys))


@given(results(), made_tables(), st.data())
def test_answers_are_words_on_paired_differences_in_any_order(found, table, draws):
    answers, cut = questions.answers(table, found), tables.resplit(table, 0)
    for question, row in zip(questions.QUESTIONS, answers.itertuples(), strict=True):
        if question.second != "path, best below":
            rows = cut.Y_train if question.first.endswith("training") else cut.Y_test
            step = 0 if table.classes is None else 100 / len(rows)
            gaps = 100 * (found[question.first] - found.get(question.second, 0))
            gap = over_resplits(gaps, step=step)
            assert row.verdict == gap.word(question.comparison, question.threshold)
            assert (row.mean, row.low, row.high) == pytest.approx((gap.mean, gap.low, gap.high))
    order = draws.draw(st.permutations(range(len(found))))
    shuffled = questions.answers(table, found.iloc[order])
    pd.testing.assert_frame_equal(shuffled, answers, rtol=1e-6, atol=1e-6)


@given(results(), made_tables())
def test_advice_is_the_simplest_model_and_the_least_width_within_a_point(found, table):
    said, means = questions.advice(table, found), 100 * found.mean()
    best = min(means[f"family, {name}"] for name in (*questions._MODELS, "constant"))
    names = [name for name in questions._MODELS if means[f"family, {name}"] < best + 1]
    assert said["What to use?"] == questions._USE[(names or ["constant"])[0]]
    errors = [means[f"width, {m}"] for m in WIDTHS]
    widths = [m for m, error in zip(WIDTHS, errors, strict=True) if error < min(errors) + 1]
    assert said["How wide?"].startswith(f"{widths[0]:,} units")


# ---- dropout


@given(problems(n_samples=st.integers(2, 6), m=st.integers(2, 5)), st.data())
def test_dropout_of_one_half_is_least_squares_over_all_masks(problem, data):
    Z, Y = problem
    fitted = experiments._halved(Z, Y)
    masks = 2 * np.array(list(product((0, 1), repeat=Z.shape[1])))
    dropped = (masks[:, None] * Z).reshape(-1, Z.shape[1])
    design = np.column_stack([dropped, np.ones(len(dropped))])
    best = np.linalg.lstsq(design, np.tile(Y, (len(masks), 1)), rcond=None)[0]
    np.testing.assert_allclose(fitted.weights, best[:-1], atol=1e-8)
    np.testing.assert_allclose(fitted.intercept, best[-1], atol=1e-8)
    units = np.array([data.draw(powers) for _ in Z.T])  # of each column its own
    np.testing.assert_allclose(
        experiments._halved(units * Z, Y).predict(units * Z), fitted.predict(Z)
    )

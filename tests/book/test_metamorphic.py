"""What must stay the same when a chapter's experiment is run in another way.

Each relation takes the experiment out of its chapter, runs it at small sizes, and must hold for any
data. We try it on the chapter as it is, and on the chapter with a bug, which the relation must
find.
"""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from esutils import data, experiments, tickets, tuning
from tests.helpers.pages import excerpt

pytestmark = pytest.mark.slow  # runs the experiments of every chapter
DIGITS = data.load_digits()
FEW = replace(data.subsample(DIGITS, 100, 0), X_test=DIGITS.X_test[:80], y_test=DIGITS.y_test[:80])
BRIGHTER = replace(FEW, X_train=4 * FEW.X_train, X_test=4 * FEW.X_test)
ORDER = np.random.default_rng(0).permutation(80)[:50]
RELATIONS = []


def relation(chapter, bug, into):
    """Register a relation for a chapter, with a bug in the chapter's code that it must find."""

    def note(check):
        RELATIONS.append(pytest.param(f"chapters/{chapter}", check, (bug, into), id=chapter))

    return note


def assert_same(found, expected):
    """Check that two dicts hold the same numbers, to the last bit."""
    assert found.keys() == expected.keys()
    for key, value in found.items():
        np.testing.assert_array_equal(value, expected[key], err_msg=str(key))


def reordered(split):
    """Return a split with some of its test images, in another order."""
    return replace(split, X_test=split.X_test[ORDER], y_test=split.y_test[ORDER])


def renamed(split, names):
    """Return a split with the same images, whose classes have other names."""
    return replace(split, y_train=names[split.y_train], y_test=names[split.y_test])


OTHERS = np.random.default_rng(1).permutation(10)


@relation("01-expand-and-sparsify", "np.sum(difference**2, axis=1)", "np.sum(abs(difference), 1)")
def distances_and_overlaps_have_no_unit(take):
    brighter = replace(DIGITS, X_train=4 * DIGITS.X_train)
    sets = {"plain": DIGITS, "brighter": brighter}
    distance_errors, overlaps = take("distance_errors", "overlaps", SETS=sets)
    assert_same(distance_errors("brighter", 0), distance_errors("plain", 0))
    assert_same(overlaps("brighter", 0, m=400), overlaps("plain", 0, m=400))


@relation("02-universal-approximation", "g(X @ directions.T)", "g(X[:, :2])")
def no_direction_of_the_sphere_is_special(take):
    sizes = {"WIDTHS": np.array([60, 120]), "N_TESTS": 40, "N_TARGETS": 2}
    draw, largest_errors = take("draw", "largest_errors", **sizes)

    def mirrored(d, seed, m):
        signs = np.random.default_rng(seed).choice([-1, 1], d).astype(np.float32)
        return [signs * points[:, ::-1] for points in draw(d, seed, m)]

    (turned,) = take("largest_errors", draw=mirrored, **sizes)
    plain = largest_errors("d5", 3)
    for kind, errors in turned("d5", 3).items():
        np.testing.assert_allclose(errors, plain[kind], rtol=1e-5)


@relation("03-curved-data", "np.maximum(n_units, 1)[:, None]", "len(Y)")
def a_local_average_has_the_unit_of_its_targets_and_no_order_of_units(take):
    (local_average,) = take("local_average")
    rng = np.random.default_rng(6)
    Z, Z_test = (sp.csr_matrix(rng.random((n, 30)) < 0.2, dtype=float) for n in (40, 20))
    Y, order = rng.standard_normal((40, 2)), rng.permutation(30)
    found = local_average(Z, Y, Z_test)
    np.testing.assert_allclose(local_average(Z, 3 * Y + 2, Z_test), 3 * found + 2)
    np.testing.assert_allclose(local_average(Z[:, order], Y, Z_test[:, order]), found)


@relation("04-random-hidden-layers", "split.X_test) > 0", "split.X_test) > 0.1")
def neither_brightness_nor_order_changes_an_untrained_layer(take):
    (before,) = take("before", M=50)
    found = before(FEW, 0)
    assert_same(before(BRIGHTER, 0), found)
    np.testing.assert_array_equal(before(reordered(FEW), 0)["active"], found["active"][ORDER])


@relation("05-untrained-networks", "said != split.y_test", "said != np.sort(split.y_test)")
def what_classes_are_called_changes_no_mistake(take):
    def mistakes(split):
        models = {model: tuning.SETTINGS[model] for model in ("ridge", "gaussian", "half_active")}
        small = SimpleNamespace(
            draw=lambda name, n, seed: split, SETTINGS=models, answers=tuning.answers
        )
        tuned = SimpleNamespace(settings={model: tried[0] for model, tried in models.items()})
        (family,) = take("family", tuning=small, TUNED={"digits": tuned}, M=200)
        return family("digits", 0)

    found = mistakes(FEW)
    assert all(0 < wrong.mean() < 0.9 for wrong in found.values())
    assert_same(mistakes(renamed(FEW, OTHERS)), found)


@relation("06-lottery-tickets", "[masks for masks, _ in rounds]", "[m for m, _ in rounds][::-1]")
def tickets_are_nested_and_test_images_do_not_choose_them(take):
    (find_tickets,) = take("find_tickets", EPOCHS={"digits": 2}, ROUNDS=3)
    masks, wrong = find_tickets(FEW, 0)
    shares = [tickets.kept_fraction(layers) for layers in masks]
    assert shares[0] == 1 and max(np.diff(shares)) < -0.1
    for more, less in zip(masks[:-1], masks[1:], strict=True):
        assert not any((new & ~old).any() for old, new in zip(more, less, strict=True))
    again, others = find_tickets(reordered(FEW), 0)
    for old, new in zip(masks, again, strict=True):
        assert all((one == other).all() for one, other in zip(old, new, strict=True))
    for missed, found in zip(wrong, others, strict=True):
        assert_same(found, {when: mistakes[ORDER] for when, mistakes in missed.items()})


@relation("11-dropout", "rate / (1 - rate)", "rate")
def the_closed_form_is_the_mean_over_masks(take):
    splits = {"digits": FEW, "mnist5k": FEW}
    (sampled,) = take("sampled", SPLITS=splits, FIRST="digits", N=60)
    running, (exact, plain), _ = sampled(draws=30, n_masks=200)
    means = running[:, -1]
    error = means.std(ddof=1) / np.sqrt(len(means))
    assert error < 0.02 * exact and abs(means.mean() - exact) < 4 * error
    assert abs(means.mean() - plain) > 4 * error


@relation("09-random-labels", "for y in labels])", "for y in labels[::-1]])")
def labels_are_fitted_whatever_they_are_called(take):
    made = take("fit", "projections", "winners", "nearest_images", N=100, M=1000)
    fit, projections, winners, nearest_images = made
    _, H, H_test = projections(FEW, 0)
    codes, (_, nearest) = (winners(H, 0.05), winners(H_test, 0.05)), nearest_images(FEW)
    labels = np.random.default_rng(3).integers(0, 10, (7, 100))
    found = fit(*codes, FEW, labels, nearest)
    assert not found["train"].any()
    other = fit(*codes, renamed(FEW, OTHERS), OTHERS[labels], nearest)
    for key in ("train", "wrong", "ridged", "rank", "similarity"):
        np.testing.assert_array_equal(other[key], found[key])
    np.testing.assert_allclose(other["length"], found["length"], rtol=1e-6)


@relation(
    "08-double-descent", "split.X_test, widths)", "split.X_test - split.X_test.mean(0), widths)"
)
def a_path_reads_each_test_image_by_itself(take):
    for code in ("cosine", "relu", "block", "threshold"):
        found, other = (
            take("curves", SPLITS={"digits": split, "mnist5k": split}, BANDWIDTH=None)[0](
                "digits", code, 0, widths=np.array([20, 60, 120]), n=60
            )
            for split in (FEW, reordered(FEW))
        )
        np.testing.assert_array_equal(other["wrong"], found["wrong"][:, ORDER])
        for key in ("residual", "norm", "rank"):
            np.testing.assert_array_equal(other[key], found[key])


@relation(
    "12-beyond-neural-networks", "forest.apply(split.X_test)", "forest.apply(split.X_test / 2)"
)
def each_tree_switches_on_one_unit_and_brightness_does_not_matter(take):
    sizes = {"N": 80, "EVERY": 1, "LEAVES": (5,), "TREES": (1, 2, 5)}

    def forests(split):
        splits = {"digits": split, "mnist5k": split}
        return take("draw", "grow", "leaf_codes", "trees", SPLITS=splits, **sizes)

    draw, grow, leaf_codes, trees = forests(FEW)
    split = draw("digits", 0)
    forest = grow(split, split.y_train, 5, 6, 0)
    for Z, X in zip(leaf_codes(forest, split), (split.X_train, split.X_test), strict=True):
        assert Z.shape == (len(X), 5 * 6) and set(Z.data) == {1}
        assert (np.asarray(Z.sum(axis=1)) == 5).all()
        assert (Z.toarray().reshape(len(X), 5, 6).sum(axis=2) == 1).all()
    assert_same(forests(BRIGHTER)[3](("digits", 0)), trees(("digits", 0)))
    clear = replace(split, X_train=split.X_test, y_train=split.y_test)
    np.testing.assert_array_equal(*(Z.indices for Z in leaf_codes(forest, clear)))


@relation("16-limits", ".astype(np.float64)\n    spread", ".astype(np.float64).clip(0)\n    spread")
def opposite_targets_are_learned_as_opposites(take):
    sizes = {"N": 150, "HELD": 50, "TEST": 50, "M": 120}
    signs, codes, untrained = take("signs", "CODES", "untrained", **sizes)

    def opposite(seed):
        X, targets = signs(seed)
        return X, {name: -target for name, target in targets.items()}

    (mirrored,) = take("untrained", DRAWS={"signs": opposite}, **sizes)
    for code in codes:
        found = untrained(("signs", code, 0))
        assert_same(mirrored(("signs", code, 0)), {name: -said for name, said in found.items()})


@relation("18-your-own-data", "TARGET, TASK, name, STANDARDISE)", "TARGET, TASK, name, False)")
def the_units_and_names_of_a_table_do_not_matter(take):
    X = np.random.default_rng(5).standard_normal((60, 4))
    frame = pd.DataFrame(X, columns=list("abcd")).assign(kind=np.where(X[:, 0] > 0, "in", "out"))
    other = pd.DataFrame(X * [8, 0.25, 1, 1024], columns=list("wxyz"))
    other["sort"] = frame["kind"].map({"in": "no", "out": "yes"})
    small = {"WIDTH": 40, "WIDTHS": (10, 40), "ACTIVE_FRACTIONS": (0.1,), "STEPS": 20, "HIDDEN": 8}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in small.items():
            patch.setattr(experiments, name, value)
        found = []
        for table, target in ((frame, "kind"), (other, "sort")):
            named = {"DATA": table, "TARGET": target, "TASK": None, "STANDARDISE": True}
            (own,) = take("own", **named)
            found.append(experiments.measure(own(), 0))
    assert_same(*found)


@pytest.mark.parametrize(("page", "check", "bug"), RELATIONS)
def test_a_relation_holds(page, check, bug):
    check(partial(excerpt, page))


@pytest.mark.parametrize(("page", "check", "bug"), RELATIONS)
def test_a_relation_finds_a_bug(page, check, bug):
    with pytest.raises(AssertionError):
        check(partial(excerpt, page, change=bug))

"""Intervals and verdicts: what moves the samples moves the verdict the right way, or not at all."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from esutils import claims, effects, scorecard
from esutils.evidence.intervals import estimate, held_out_best, over_resplits
from tests.helpers.strategies import few, powers, seeds
from tests.helpers.toy_ledger import EFFECT, ENTRY, write_claims, write_statistics

COMPARISONS = st.sampled_from(claims.COMPARISONS)
thresholds, moves = st.floats(-3, 3), st.floats(0, 5)
CLAIM = ENTRY | {"id": "toy", "seeds": 2, "variation": "seeds", "data": ["here"], "pilot": []}
STATISTIC = EFFECT | {
    "variation": "seeds",
    "data": ["here"],
    "models": dict.fromkeys(effects.MODELS, "not defined: it stands still") | {"mlp": "how far"},
}


@st.composite
def samples(draw, ndim=(1, 2)):
    """Values by seed, or by seed and image; few different ones, or many."""
    shape = tuple(draw(st.integers(2, 9)) for _ in range(draw(st.sampled_from(ndim))))
    values = st.integers(-2, 2) | st.floats(-4, 4).map(lambda value: round(value, 3))
    return draw(arrays(np.float64, shape, elements=values))


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A book of one chapter and one statistic, as the working folder; runs are recorded."""
    folder = tmp_path_factory.mktemp("book")
    write_statistics(folder, STATISTIC)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("ES_LEDGER", "record")
        yield folder


def write_ledger(book, *names):
    write_claims(book, *(CLAIM | {"id": name} for name in names))


def verdict(found, control, comparison, threshold):
    claim = claims.Claim(**CLAIM | {"comparison": comparison, "threshold": threshold})
    return claims.Verdict(claim, "here", estimate(found), estimate(control), found.shape).word


def numbers(value):
    return [value.mean, value.low, value.high, value.standard_error, value.degrees_of_freedom]


# ---- intervals


@given(samples(), st.data())
def test_no_order_of_seeds_or_images_shows(values, data):
    found = estimate(values)
    assert found.low <= found.mean <= found.high
    for axis in range(values.ndim):
        order = data.draw(st.permutations(range(values.shape[axis])))
        moved = estimate(values.take(order, axis=axis))
        assert numbers(moved) == pytest.approx(numbers(found), rel=1e-6, abs=1e-9)
    if values.ndim == 2:
        for effect in (estimate(values.mean(axis=1)), estimate(values.mean(axis=0))):
            assert found.standard_error >= effect.standard_error - 1e-9


@given(samples(), st.floats(-9, 9), powers, st.sampled_from([-1, 1]))
def test_a_shift_moves_an_interval_and_a_unit_scales_it(values, shift, scale, sign):
    found, moved = estimate(values), estimate(sign * scale * (values + shift))
    ends = sorted([sign * scale * (end + shift) for end in (found.low, found.high)])
    tolerance = {"rel": 1e-6, "abs": 1e-9 * scale}
    assert [moved.low, moved.high] == pytest.approx(ends, **tolerance)
    assert moved.mean == pytest.approx(sign * scale * (found.mean + shift), **tolerance)


@given(samples(ndim=[1]), st.floats(0, 2), thresholds)
def test_one_value_a_seed_is_students_and_resplits_are_wider(values, share, threshold):
    found, wider = estimate(values), over_resplits(values, share)
    n, error = len(values), values.std(ddof=1)
    half = stats.t.ppf(0.975, n - 1)
    assert found.high - found.mean == pytest.approx(half * error / np.sqrt(n), abs=1e-12)
    assert wider.mean == pytest.approx(found.mean)
    assert wider.mean - wider.low == pytest.approx(half * error * np.sqrt(1 / n + share), abs=1e-12)
    assume(error > 0)
    for asked in ("greater", "less"):
        p_value = stats.ttest_1samp(values, threshold, alternative=asked).pvalue
        assert found.p_value(asked, threshold) == pytest.approx(min(1, 2 * p_value))


# ---- words


@given(samples(), thresholds, COMPARISONS)
def test_a_word_agrees_with_its_p_value_and_with_both_one_sided_tests(values, threshold, asked):
    found, threshold = estimate(values), abs(threshold) if asked == "equivalent" else threshold
    p = found.p_value(asked, threshold)
    assert 0 <= p <= 1
    assume(abs(p - 0.05) > 1e-9)
    assert (found.word(asked, threshold) == "holds") == (p < 0.05)
    inside = found.word("equivalent", abs(threshold)) == "holds"
    sides = found.word("greater", -abs(threshold)), found.word("less", abs(threshold))
    assert inside == (sides == ("holds", "holds"))


@given(samples(), thresholds)
def test_less_is_greater_seen_in_a_mirror(values, threshold):
    found, mirrored = estimate(values), estimate(-values)
    assert found.word("less", threshold) == mirrored.word("greater", -threshold)
    words = {found.word(asked, threshold) for asked in ("less", "greater")}
    assert words in ({"holds", "fails"}, {"undecided"})
    less, greater = (found.p_value(asked, threshold) for asked in ("less", "greater"))
    assert less == pytest.approx(mirrored.p_value("greater", -threshold), abs=1e-9)
    assert max(less, greater) == 1 or found.mean == pytest.approx(threshold, abs=1e-9)
    assert found.word("equivalent", abs(threshold)) == mirrored.word("equivalent", abs(threshold))


RANK = {"fails": 0, "undecided": 1, "holds": 2}


@given(samples(), thresholds, st.sampled_from(["greater", "less"]), moves)
def test_samples_further_beyond_a_threshold_never_lose(values, threshold, asked, move):
    found, further = estimate(values), estimate(values + move * (1 if asked == "greater" else -1))
    assert RANK[further.word(asked, threshold)] >= RANK[found.word(asked, threshold)]
    assert further.p_value(asked, threshold) <= found.p_value(asked, threshold) + 1e-9


@given(samples(), thresholds, COMPARISONS, moves)
def test_a_tighter_threshold_never_wins(values, threshold, asked, move):
    found = estimate(values)
    if asked == "equivalent":
        threshold = abs(threshold) + move
    tighter = threshold + move if asked == "greater" else threshold - move
    assert RANK[found.word(asked, tighter)] <= RANK[found.word(asked, threshold)]
    assert found.p_value(asked, tighter) >= found.p_value(asked, threshold) - 1e-9


@given(samples(), thresholds, st.floats(0, 2))
def test_equivalence_is_lost_as_the_mean_leaves_the_middle(values, threshold, part):
    centred, threshold = values - values.mean(), abs(threshold)
    nearer, farther = (
        estimate(centred + shift) for shift in (part * threshold / 2, part * threshold)
    )
    words = [found.word("equivalent", threshold) for found in (nearer, farther)]
    assert RANK[words[0]] >= RANK[words[1]]


# ---- the ledger


@given(samples(), samples(), COMPARISONS, thresholds, st.data())
def test_a_verdict_is_void_exactly_if_its_control_holds(found, control, asked, threshold, data):
    threshold = abs(threshold) if asked == "equivalent" else threshold
    word = verdict(found, control, asked, threshold)
    holds = estimate(control).word(asked, threshold) == "holds"
    assert word == ("void" if holds else estimate(found).word(asked, threshold))
    assert verdict(found, found, asked, threshold) in ("void", "fails", "undecided")
    one, other = (data.draw(st.permutations(range(len(values)))) for values in (found, control))
    ends = [abs(end - side * threshold) for value in (estimate(found), estimate(control))
            for end in (value.low, value.high) for side in (-1, 1)]  # fmt: skip
    assume(min(ends) > 1e-9)  # where rounding does not decide
    assert verdict(found[one], control[other], asked, threshold) == word


@few
@given(samples(ndim=[1]), samples(ndim=[1]))
def test_what_is_judged_is_recorded_and_found_again(book, found, control):
    write_ledger(book, "toy")
    said = claims.judge("toy", found, control, data="here")
    assert said.word == verdict(found, control, "greater", 1.0)
    assert claims.recorded(said.claim, "here") == said
    measured = effects.measure("toy", data="here", mlp=found).estimates["mlp"]
    assert measured == said.estimate
    cell = effects.matrix().loc[("toy", "here"), "mlp"]
    assert cell == said.estimate and effects.in_words(cell).count("to") == 1


@few
@given(st.lists(st.floats(-2, 4), min_size=1, max_size=9), seeds)
def test_holms_correction_is_the_step_down_test(book, shifts, seed):
    """The oracle: go through the claims from the least p-value on, and stop at the first loss."""
    write_ledger(book, *(f"toy.{at}" for at in range(len(shifts))))
    noise, p_values = np.random.default_rng(seed).standard_normal((len(shifts), 5)), []
    for at, values in enumerate(noise + np.array(shifts)[:, None]):
        claims.judge(f"toy.{at}", values, noise[0] - 9, data="here")
        p_values.append(estimate(values).p_value("greater", 1.0))
    card, lost, kept = scorecard.at_quick_scale(), False, set()
    for step, at in enumerate(np.argsort(p_values, kind="stable")):
        lost |= p_values[at] * (len(shifts) - step) >= 0.05
        kept |= set() if lost else {f"toy.{at}"}
    holds = set(card["claim"][card["verdict"] == "holds"])
    assert set(card["claim"][card["holm"] == "holds"]) == holds & kept
    changed = card["holm"] != card["verdict"]
    assert (card["holm"][changed] == "undecided").all()


@given(seeds, st.tuples(st.integers(2, 5), st.integers(2, 6), st.integers(2, 9)), powers, st.data())
def test_the_held_out_best_is_one_of_the_models_whatever_their_order(seed, shape, scale, data):
    values = np.random.default_rng(seed).standard_normal(shape)
    best = held_out_best(values)
    assert (best[:, None] == values).any(axis=1).all()
    order = data.draw(st.permutations(range(shape[1])))
    assert np.array_equal(held_out_best(scale * values[:, order]), scale * best)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holms_correction_is_the_closed_test(p_values):
    """The oracle: a claim holds if every set of claims that it is in is refused by Bonferroni."""
    places = range(len(p_values))
    sets = [s for size in places for s in itertools.combinations(places, size + 1)]
    refused = {s: min(1, len(s) * min(p_values[at] for at in s)) for s in sets}
    closed = [max(p for s, p in refused.items() if at in s) for at in places]
    assert scorecard.holm(p_values) == pytest.approx(closed)


@few
@given(st.floats(-9, 9), st.floats(0, 1), st.floats(-2, 2))
def test_a_number_of_the_prose_may_move_by_its_tolerance(book, value, tolerance, move):
    write_ledger(book)
    claims.report("99-toy", tolerance, key=value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ES_LEDGER", "check")
        assume(abs(abs(move) - tolerance) > 1e-4)  # what is stored has six digits
        if abs(move) < tolerance:
            claims.report("99-toy", tolerance, key=value + move)
        else:
            with pytest.raises(AssertionError, match="key of 99-toy is stored as"):
                claims.report("99-toy", tolerance, key=value + move)


@given(samples())
def test_an_estimate_in_words_has_its_three_numbers(values):
    found = estimate(values)
    words = effects.in_words(found)
    said = [float(part.strip("()")) for part in words.replace("−", "-").replace("to", "").split()]
    assert said == pytest.approx([found.mean, found.low, found.high], rel=5e-3, abs=1e-300)

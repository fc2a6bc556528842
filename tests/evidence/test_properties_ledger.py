"""Intervals and verdicts: what moves the samples moves the verdict the right way, or not at all."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from esutils import claims, effects, first_edition, scorecard
from esutils.evidence.intervals import detectable, estimate, held_out_best, holm, over_resplits
from tests.helpers.strategies import few, powers, seeds
from tests.helpers.toy_ledger import (
    EFFECT,
    ENTRY,
    FIRST_ENTRY,
    write_claims,
    write_first_claims,
    write_statistics,
)

COMPARISONS = st.sampled_from(claims.COMPARISONS)
thresholds, moves = st.floats(-3, 3), st.floats(0, 5)
HALVES = list(claims.HALVES)
CLAIM = ENTRY | {"id": "toy", "seeds": 2, "variation": "seeds", "halves": HALVES}
CLAIM |= {"standing": {"here": "replication"}}
PRIMARY = CLAIM | {"kind": "primary", "halves": [], "detectable": {"here": 0.5}}
FIRST = FIRST_ENTRY | {"seeds": 2, "variation": "seeds", "data": ["here"], "pilot": []}
STATISTIC = EFFECT | {
    "variation": "seeds",
    "edition": 2,
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


def write_ledger(book, *names, entry=CLAIM):
    write_claims(book, *(entry | {"id": name} for name in names))


def verdict(found, halves, rival, comparison, threshold, **changed):
    """Judge samples of the statistic, of each half alone, and of the advantage."""
    asked = {"comparison": comparison, "threshold": threshold}
    arrays = {"statistic": found, **dict(zip(HALVES, halves, strict=True)), "rival": rival}
    return claims.Verdict.of(claims.Claim(**CLAIM | asked | changed), "here", arrays, 0.0)


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


three = st.lists(samples(), min_size=3, max_size=3)


@given(samples(), three, COMPARISONS, thresholds)
def test_a_verdict_is_void_exactly_if_it_holds_and_so_does_a_half(found, others, asked, threshold):
    threshold = abs(threshold) if asked == "equivalent" else threshold
    *halves, rival = others
    word, alone = (
        [estimate(values).word(asked, threshold) for values in which] for which in ([found], halves)
    )
    void = word == ["holds"] and "holds" in alone
    assert verdict(found, halves, rival, asked, threshold).word == ("void" if void else word[0])


@given(samples(), three, COMPARISONS, thresholds)
def test_the_rival_and_the_word_know_nothing_of_each_other(found, others, asked, threshold):
    threshold = abs(threshold) if asked == "equivalent" else threshold
    *halves, rival = others
    said = verdict(found, halves, rival, asked, threshold)
    words = {"holds": "yes", "fails": "no", "undecided": "cannot tell"}
    assert said.more == words[estimate(rival).word("greater", CLAIM["margin"])]
    assert verdict(found, halves, rival - 99, asked, threshold).word == said.word
    assert verdict(found - 99, halves, rival, asked, threshold).more == said.more


@given(samples(), three, COMPARISONS, thresholds, st.data())
def test_no_order_of_seeds_shows_in_a_verdict(found, others, asked, threshold, data):
    threshold = abs(threshold) if asked == "equivalent" else threshold
    every = [found, *others]
    ends = [end for values in every for end in (estimate(values).low, estimate(values).high)]
    borders = (threshold, -threshold, CLAIM["margin"])
    assume(min(abs(end - border) for end in ends for border in borders) > 1e-9)  # no rounding
    first, *halves, rival = every
    said = verdict(first, halves, rival, asked, threshold)
    first, *halves, rival = (x[data.draw(st.permutations(range(len(x))))] for x in every)
    moved = verdict(first, halves, rival, asked, threshold)
    assert (moved.word, moved.more) == (said.word, said.more)


RANK_MORE = {"no": 0, "cannot tell": 1, "yes": 2}


@given(samples(), moves, moves)
def test_a_larger_advantage_or_a_smaller_margin_never_loses(rival, move, margin):
    none = [rival - 99, rival - 99]
    said = verdict(rival, none, rival, "greater", 0, margin=margin).more
    for further in (
        verdict(rival, none, rival + move, "greater", 0, margin=margin),
        verdict(rival, none, rival, "greater", 0, margin=max(0, margin - move)),
    ):
        assert RANK_MORE[further.more] >= RANK_MORE[said]


@given(samples(), st.integers(1, 2999))
def test_more_drawn_images_never_decide_more(values, n_train):
    entry = CLAIM | {"halves": [], "standing": {"mnist5k": "replication"}}
    arrays = {"statistic": values, "rival": values}
    few, more = (
        claims.Verdict.of(claims.Claim(**entry | {"training": training}), "mnist5k", arrays, 0.0)
        for training in ({}, {"quick": n_train, "paper": n_train})
    )
    assert more.word in (few.word, "undecided") and more.more in (few.more, "cannot tell")
    assert more.estimate.low <= few.estimate.low and more.estimate.high >= few.estimate.high
    assert more.p_value >= few.p_value


@given(samples(), st.floats(0, 9), powers)
def test_what_is_detectable_has_the_unit_of_the_samples_and_grows_with_the_share(
    values, share, scale
):
    least = detectable(values, pool_share=share)
    assert detectable(scale * values, pool_share=share) == pytest.approx(scale * least, rel=1e-6)
    assert least >= detectable(values) * (1 - 1e-9) >= 0


@few
@given(samples(ndim=[1]), st.lists(samples(ndim=[1]), min_size=3, max_size=3))
def test_what_is_judged_is_recorded_and_found_again(book, found, others):
    write_ledger(book, "toy")
    *halves, rival = others
    alone = dict(zip(HALVES, halves, strict=True))
    said = claims.judge("toy", found, "here", rival=rival, halves=alone)
    expected = verdict(found, halves, rival, "greater", 1.0)
    assert (said.word, said.more) == (expected.word, expected.more)
    assert claims.recorded(said.claim, "here") == said


@few
@given(samples(ndim=[1]))
def test_an_error_is_recorded_and_found_again(book, found):
    measured = effects.measure("toy", data="here", mlp=found).estimates["mlp"]
    whole = estimate(found)
    assert (measured.mean, measured.low) == (whole.mean, max(whole.low, 0))
    cell = effects.matrix().loc[("toy", "here"), "mlp"]
    assert cell == measured and effects.in_words(cell).count("to") == 1


def kept_by_the_step_down_test(p_values):
    """Go through the claims from the least p-value on, and stop at the first loss: the oracle."""
    lost, kept = False, set()
    for step, at in enumerate(np.argsort(p_values, kind="stable")):
        lost |= p_values[at] * (len(p_values) - step) >= 0.05
        kept |= set() if lost else {f"toy.{at}"}
    return kept


def assert_corrected(card, p_values):
    holds = set(card["claim"][card["verdict"] == "holds"])
    kept = kept_by_the_step_down_test(p_values)
    assert set(card["claim"][card["holm"] == "holds"]) == holds & kept
    changed = card["holm"] != card["verdict"]
    assert (card["holm"][changed] == "undecided").all()


several = st.lists(st.floats(-2, 4), min_size=1, max_size=9)


@few
@given(several, seeds)
def test_holms_correction_of_the_primary_claims_is_the_step_down_test(book, shifts, seed):
    write_ledger(book, *(f"toy.{at}" for at in range(len(shifts))), entry=PRIMARY)
    noise = np.random.default_rng(seed).standard_normal((len(shifts), 5))
    for at, values in enumerate(noise + np.array(shifts)[:, None]):
        claims.judge(f"toy.{at}", values, "here", rival=noise[0])
    p_values = [
        estimate(x + at).p_value("greater", 1.0) for x, at in zip(noise, shifts, strict=True)
    ]
    assert_corrected(scorecard.verdicts(), p_values)


@few
@given(several, seeds)
def test_holms_correction_of_the_first_edition_is_the_step_down_test(book, shifts, seed):
    write_first_claims(book, *(FIRST | {"id": f"toy.{at}"} for at in range(len(shifts))))
    noise = np.random.default_rng(seed).standard_normal((len(shifts), 5))
    for at, values in enumerate(noise + np.array(shifts)[:, None]):
        first_edition.judge(f"toy.{at}", values, noise[0] - 9, "here")
    p_values = [
        estimate(x + at).p_value("greater", 1.0) for x, at in zip(noise, shifts, strict=True)
    ]
    assert_corrected(first_edition.verdicts(), p_values)


@given(samples(), samples(), COMPARISONS, thresholds)
def test_in_the_first_edition_a_control_that_holds_voids_whatever_is_found(
    found, control, asked, threshold
):
    threshold = abs(threshold) if asked == "equivalent" else threshold
    claim = first_edition.Claim(**FIRST | {"comparison": asked, "threshold": threshold})
    arrays = {"statistic": found, "control": control}
    holds = estimate(control).word(asked, threshold) == "holds"
    word = first_edition.Verdict.of(claim, "here", arrays, 0.0).word
    assert word == ("void" if holds else estimate(found).word(asked, threshold))


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
    assert holm(p_values) == pytest.approx(closed)


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

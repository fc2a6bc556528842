"""Claims: a false one fails, a run is compared with what is stored, and readers write nothing."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from esutils import claims
from esutils.evidence.intervals import estimate
from tests.helpers.toy_ledger import ENTRY, NOISE, files, write_claims

STORED = "ledger/samples/quick/here/toy.claim.npz"
WITHOUT = ENTRY | {"rival": "none: a toy"}
HALVES = ["expand_linear", "sparsify_only"]
PRIMARY = ENTRY | {"kind": "primary", "detectable": {"here": 0.9, "there": 0.5}}
DRAWN = {"training": {"quick": 1000, "paper": 10_000}, "standing": {"mnist5k": "replication"}}


def judge(mean, data="here", rival=1.0, **halves):
    """Judge the toy claim by samples with this mean, of which the rival's part has that one."""
    alone = {name: NOISE + value for name, value in halves.items()}
    return claims.judge("toy.claim", NOISE + mean, data, rival=NOISE + rival, halves=alone)


def record(monkeypatch, *arguments, **options):
    monkeypatch.setenv("ES_LEDGER", "record")
    judge(*arguments, **options)
    monkeypatch.setenv("ES_LEDGER", "check")


def toy(**changed):
    """Return the toy claim with other values in some fields."""
    return claims.Claim(**ENTRY | changed)


# ---- the two questions


@pytest.mark.parametrize(("mean", "word"), [(2, "holds"), (0, "fails"), (1, "undecided")])
def test_a_claim_holds_fails_or_is_undecided(book, mean, word):
    verdict = judge(mean)
    assert verdict.word == word
    assert repr(verdict) == f"{word}: toy.claim on here; more than a dense code: yes"


@pytest.mark.parametrize(("mean", "more"), [(1, "yes"), (0, "no"), (0.5, "cannot tell")])
def test_it_is_more_than_a_dense_code_if_the_advantage_is_surely_above_the_margin(book, mean, more):
    verdict = judge(2, rival=mean)
    assert (verdict.more, verdict.word) == (more, "holds")
    assert verdict.rival == estimate(NOISE + mean)


def test_without_a_rival_nobody_asks_for_more(book):
    write_claims(book, WITHOUT)
    verdict = claims.judge("toy.claim", NOISE + 2, "here")
    assert (verdict.more, verdict.rival) == ("not asked", None)
    assert repr(verdict) == "holds: toy.claim on here"


@pytest.mark.parametrize("comparison", ["less", "equivalent"])
def test_an_advantage_is_asked_for_above_the_margin_whatever_the_comparison(book, comparison):
    write_claims(book, ENTRY | {"comparison": comparison})
    verdict = judge(0, rival=3)
    assert (verdict.word, verdict.more) == ("holds", "yes")


@pytest.mark.parametrize(
    ("mean", "alone", "word"),
    [
        (2, {"expand_linear": 0, "sparsify_only": 0}, "holds"),
        (2, {"expand_linear": 2, "sparsify_only": 0}, "void"),
        (2, {"expand_linear": 0, "sparsify_only": 2}, "void"),
        (2, {"expand_linear": 1, "sparsify_only": 1}, "holds"),  # undecided alone
        (0, {"expand_linear": 2, "sparsify_only": 2}, "fails"),
        (1, {"expand_linear": 2, "sparsify_only": 2}, "undecided"),
    ],
)
def test_a_claim_that_holds_is_void_if_a_half_alone_holds(book, mean, alone, word):
    write_claims(book, ENTRY | {"halves": HALVES})
    verdict = judge(mean, **alone)
    assert verdict.word == word
    assert verdict.halves == {name: estimate(NOISE + value) for name, value in alone.items()}


def test_a_void_claim_may_still_be_more_than_a_dense_code(book):
    write_claims(book, ENTRY | {"halves": HALVES[:1]})
    assert repr(judge(2, expand_linear=2)).startswith("void: toy.claim on here; more ")
    assert judge(2, expand_linear=2).more == "yes"


def test_the_p_value_is_that_of_the_statistic(book):
    verdict = judge(1.1, rival=0)
    assert verdict.p_value == estimate(NOISE + 1.1).p_value("greater", 1)


# ---- the samples that an entry asks for


@pytest.mark.parametrize(
    ("entry", "parts"),
    [
        (ENTRY, ["statistic", "rival"]),
        (WITHOUT, ["statistic"]),
        (ENTRY | {"halves": HALVES}, ["statistic", *HALVES, "rival"]),
        (WITHOUT | {"halves": HALVES[1:]}, ["statistic", HALVES[1]]),
    ],
)
def test_exactly_what_the_entry_names_is_asked_for(book, entry, parts):
    write_claims(book, entry)
    assert claims.load_claims()["toy.claim"].parts == parts
    options = {"rival": NOISE} if "rival" in parts else {}
    options["halves"] = {name: NOISE for name in parts if name in HALVES}
    claims.judge("toy.claim", NOISE, "here", **options)
    other = options["halves"] | {"expand_dense": NOISE}
    swapped = {} if "rival" in options else {"rival": NOISE}
    for wrong in (options | {"halves": other}, {"halves": options["halves"]} | swapped):
        with pytest.raises(ValueError, match="samples of toy.claim must be of .* as its entry"):
            claims.judge("toy.claim", NOISE, "here", **wrong)


def test_a_missing_half_is_refused(book):
    write_claims(book, ENTRY | {"halves": HALVES})
    with pytest.raises(ValueError, match=r"must be of \['statistic', 'expand_linear', 'sparsify_o"):
        judge(2, expand_linear=0)


@pytest.mark.parametrize("part", ["samples", "rival", "expand_linear"])
def test_every_part_must_have_the_shape_that_the_entry_asks_for(book, part):
    write_claims(book, ENTRY | {"halves": HALVES[:1]})
    given = {"samples": NOISE, "rival": NOISE, "expand_linear": NOISE} | {part: NOISE[:, 0]}
    with pytest.raises(ValueError, match=rf"^{part} must have 2 dimension\(s\) .* shape \(5,\)"):
        claims.judge(
            "toy.claim",
            given["samples"],
            "here",
            rival=given["rival"],
            halves={"expand_linear": given["expand_linear"]},
        )


@pytest.mark.parametrize("mode", ["record", "check"])
def test_a_recorded_run_has_all_seeds_and_a_reader_may_have_fewer(book, monkeypatch, mode):
    few = NOISE[:2]
    assert claims.judge("toy.claim", few + 9, "here", rival=few).shape == (2, 200)
    monkeypatch.setenv("ES_LEDGER", mode)
    with pytest.raises(ValueError, match=r"samples must .* at least 5 seeds .* got shape \(2, 200"):
        claims.judge("toy.claim", few + 9, "here", rival=NOISE)
    with pytest.raises(ValueError, match=r"rival must .* at least 5 seeds .* got shape \(2, 200"):
        claims.judge("toy.claim", NOISE, "here", rival=few)


def test_a_step_belongs_to_all_parts(book, monkeypatch):
    write_claims(book, ENTRY | {"halves": HALVES[:1]})
    samples, rival, alone = NOISE.round() + 2, NOISE.round() - 1, NOISE.round()
    monkeypatch.setenv("ES_LEDGER", "record")
    for options, step in (({}, 0.0), ({"step": 9.0}, 9.0)):
        said = {"rival": rival, "halves": {"expand_linear": alone}} | options
        verdict = claims.judge("toy.claim", samples, "here", **said)
        assert verdict.estimate == estimate(samples, step)
        assert verdict.rival == estimate(rival, step)
        assert verdict.halves == {"expand_linear": estimate(alone, step)}
        assert claims.recorded(verdict.claim, "here") == verdict
    for values in (samples, rival, alone):
        assert estimate(values, 9.0) != estimate(values)


# ---- training images that are drawn from a pool


@pytest.mark.parametrize(
    ("data", "quick", "share"),
    [("mnist5k", True, 1 / 2), ("fashion10k", True, 1 / 7), ("mnist", False, 1 / 5)],
)
def test_the_share_of_a_pool_is_that_of_its_scale(data, quick, share):
    assert claims.pool_share(DRAWN["training"], data, quick) == share


@pytest.mark.parametrize(
    ("training", "data"), [({}, "mnist5k"), ({"quick": 3000, "paper": 60_000}, "mnist5k")]
)
def test_where_nothing_is_drawn_or_everything_is_the_interval_is_about_these_images(training, data):
    assert claims.pool_share(training, data, quick=True) == 0


@pytest.mark.parametrize(
    ("scale", "data", "share"), [("quick", "mnist5k", 1 / 2), ("paper", "mnist", 1 / 5)]
)
def test_drawn_training_images_widen_every_interval(book, monkeypatch, scale, data, share):
    write_claims(book, ENTRY | DRAWN | {"halves": HALVES[:1]})
    monkeypatch.setenv("ES_SCALE", scale)
    samples = NOISE + np.arange(5)[:, None]
    verdict = judge_all(samples, data)
    for found in (verdict.estimate, verdict.rival, verdict.halves["expand_linear"]):
        assert found == estimate(samples, pool_share=share)
        assert found.high > estimate(samples).high


def judge_all(samples, data):
    """Judge the toy claim with the same samples for every part."""
    halves = {"expand_linear": samples}
    return claims.judge("toy.claim", samples, data, rival=samples, halves=halves)


def test_a_pool_can_leave_undecided_what_its_images_alone_would_decide(book):
    samples = NOISE + 2.0 + 0.6 * np.array([-1, 1, 0, -1, 1])[:, None]
    write_claims(book, ENTRY | DRAWN | {"training": {}})
    assert claims.judge("toy.claim", samples, "mnist5k", rival=samples).word == "holds"
    write_claims(book, ENTRY | DRAWN)
    assert claims.judge("toy.claim", samples, "mnist5k", rival=samples).word == "undecided"


@pytest.mark.parametrize(("nonnegative", "below"), [(True, False), (False, True)])
def test_the_interval_of_what_cannot_be_negative_is_not(book, nonnegative, below):
    write_claims(book, WITHOUT | {"nonnegative": nonnegative, "comparison": "equivalent"})
    rare = np.eye(5, 200)  # a mistake by each seed
    verdict = claims.judge("toy.claim", rare, "here")
    assert (verdict.estimate.low < 0) == below
    assert verdict.estimate == replace(estimate(rare), low=verdict.estimate.low)


def test_only_the_statistic_is_bounded_by_zero(book):
    write_claims(book, ENTRY | {"nonnegative": True, "halves": HALVES[:1]})
    verdict = judge(0, rival=0, expand_linear=0)
    assert verdict.estimate == replace(estimate(NOISE), low=0.0)
    assert verdict.rival.low < 0 and verdict.halves["expand_linear"].low < 0


# ---- entries


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("kind", "main", "'check', 'primary', 'supporting'"),
        ("sentence", "2f", "'2e', 'literature', 'ours', 'theorem'"),
        ("halves", ["expand_dense"], "'expand_linear', 'sparsify_only'"),
        ("standing", {"here": "pilot"}, "'confirmatory', 'exploratory', 'replication'"),
        ("standing", {}, "a data set"),
        ("comparison", "more", "'equivalent', 'greater', 'less'"),
        ("variation", "images", "'seeds', 'seeds x images'"),
        ("nonnegative", "no", "True or False"),
        ("margin", -1, "a finite number in .0, inf"),
        ("seeds", 1, "a whole number >= 2"),
        ("training", {"quick": 9}, "keys quick and paper"),
        ("training", {"quick": 9, "paper": 9, "huge": 9}, "keys quick and paper"),
    ],
)
def test_an_entry_with_an_unknown_value_is_refused(book, field, value, allowed):
    write_claims(book, ENTRY | {field: value})
    with pytest.raises(ValueError, match=rf"^{field} of toy.claim must .*{allowed}"):
        claims.load_claims()


@pytest.mark.parametrize(
    ("training", "named"),
    [
        ({"quick": 3001, "paper": 10}, "training of toy.claim at quick scale .*3000"),
        ({"quick": 10, "paper": 60_001}, "training of toy.claim at paper scale .*60000"),
        ({"quick": 0, "paper": 10}, "training of toy.claim at quick scale"),
        ({"quick": 10.5, "paper": 10}, "training of toy.claim at quick scale"),
    ],
)
def test_more_training_images_than_the_pool_has_are_refused(training, named):
    toy(training={"quick": 3000, "paper": 60_000}, standing=DRAWN["standing"])
    with pytest.raises(ValueError, match=named):
        toy(training=training, standing=DRAWN["standing"])


def test_training_images_of_a_set_without_a_pool_are_refused():
    with pytest.raises(ValueError, match="training of toy.claim .*'simulation'"):
        toy(training=DRAWN["training"], standing={"simulation": "replication"})


def test_a_data_set_that_leads_out_of_its_folder_is_refused(book):
    write_claims(book, ENTRY | {"standing": {"../../x": "replication"}})
    with pytest.raises(ValueError, match=r"standing of toy.claim must .*'\.\./\.\./x'"):
        claims.load_claims()


def test_a_primary_claim_is_one_that_its_run_can_decide():
    claims.Claim(**PRIMARY)
    drawn = {"standing": DRAWN["standing"], "detectable": {"mnist5k": 0.5}}
    claims.Claim(**PRIMARY | drawn | {"training": {"quick": 1000, "paper": 10_000}})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rival": "none: a toy"}, "^rival of the primary claim toy.claim .* got 'none: a toy'"),
        ({"detectable": {"here": 0.1}}, "^detectable .* toy.claim on there .* got None"),
        ({"detectable": {"there": 0.1}}, "^detectable .* toy.claim on here .* got None"),
        (
            {"detectable": {"here": 0.1, "there": 0.51}},
            r"toy.claim on there .* \(0, 0.5\], got 0.5",
        ),
        ({"detectable": {"here": 0.1, "there": 0}}, r"toy.claim on there .* \(0, 0.5\], got 0"),
        (
            {
                "standing": DRAWN["standing"],
                "detectable": {"mnist5k": 0.5},
                "training": {"quick": 1001, "paper": 10_000},
            },
            "^training of the primary claim toy.claim must be at most 1000 .* got 1001",
        ),
    ],
)
def test_a_primary_claim_that_its_run_cannot_decide_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        claims.Claim(**PRIMARY | changed)


def test_supporting_claims_need_neither_rival_nor_power():
    toy(rival="none: a toy", detectable={})
    toy(standing=DRAWN["standing"], training={"quick": 3000, "paper": 60_000})


@pytest.mark.parametrize(
    ("data", "confirming"),
    [
        (["mnist5k", "fashion10k"], "fashion10k"),
        (["fashion10k", "mnist5k"], "fashion10k"),
        (["simulation"], "simulation"),
        (["here", "there"], "there"),
    ],
)
def test_fashion10k_decides_where_there_is_one_verdict(data, confirming):
    claim = toy(standing=dict.fromkeys(data, "replication"))
    assert (claim.data, claim.confirming) == (data, confirming)


@pytest.mark.parametrize(
    ("kind", "standing", "counted"),
    [
        ("primary", "confirmatory", True),
        ("supporting", "replication", True),
        ("supporting", "exploratory", False),
        ("check", "confirmatory", False),
    ],
)
def test_checks_and_what_was_chosen_afterwards_are_not_counted(kind, standing, counted):
    entry = PRIMARY if kind == "primary" else ENTRY | {"kind": kind}
    claim = claims.Claim(**entry | {"standing": {"here": standing, "there": "replication"}})
    found = estimate(NOISE)
    assert claims.Verdict(claim, "here", found, {}, None, NOISE.shape).counted == counted


@pytest.mark.parametrize(
    ("changed", "bound"),
    [
        ({}, "above 1 points"),
        ({"comparison": "less", "threshold": -0.5}, "below −0.5 points"),
        ({"comparison": "equivalent", "unit": "slope"}, "within ±1 slope"),
    ],
)
def test_a_bound_is_said_in_words(changed, bound):
    assert toy(**changed).bound == bound


# ---- recording and checking


def test_only_recording_writes(book, monkeypatch):
    before = files(book)
    judge(2)
    assert files(book) == before
    record(monkeypatch, 2)
    judge(2)
    assert files(book) == sorted([*before, STORED])


def test_a_run_that_reproduces_the_samples_passes(book, monkeypatch):
    record(monkeypatch, 2)
    judge(2)
    judge(2.0001)  # what a processor rounds otherwise


def test_one_entry_in_a_hundred_may_differ(book, monkeypatch):
    record(monkeypatch, 2)
    then = NOISE + 2
    for n_images in (2, 3):  # 10 or 15 of 1,000 entries change places, and the mean stays
        now = np.hstack([np.roll(then[:, :n_images], 1, axis=0), then[:, n_images:]])
        if n_images == 2:
            claims.judge("toy.claim", now, "here", rival=NOISE + 1)
        else:
            with pytest.raises(AssertionError, match="only 98.5% of the samples are equal"):
                claims.judge("toy.claim", now, "here", rival=NOISE + 1)


@pytest.mark.parametrize(
    ("now", "message"),
    [
        ({"mean": 0}, "^toy.claim: was holds: .* now fails: "),
        ({"rival": 0}, "^toy.claim: was .* code: yes, now .* code: no$"),
        ({"expand_linear": 2}, "^toy.claim: was holds: .* now void: "),
        ({"mean": 3}, "^toy.claim, statistic: only 0.0% of the samples"),
        ({"rival": 1.5}, "^toy.claim, rival: only 0.0% of the samples"),
        ({"expand_linear": 0.5}, "^toy.claim, expand_linear: only 0.0% of the samples"),
    ],
)
def test_a_run_that_does_not_is_an_error(book, monkeypatch, now, message):
    write_claims(book, ENTRY | {"halves": HALVES[:1]})
    then = {"mean": 2, "rival": 1, "expand_linear": 0}
    record(monkeypatch, **then)
    judge(**then)
    with pytest.raises(AssertionError, match=message):
        judge(**then | now)


def test_means_must_agree_even_if_most_entries_do(book, monkeypatch):
    record(monkeypatch, 2)
    now = NOISE + 2
    now[0, 0] += 50  # one entry of 1,000 moves the mean by 0.05
    with pytest.raises(AssertionError, match="^toy.claim, statistic: the mean is stored as"):
        claims.judge("toy.claim", now, "here", rival=NOISE + 1)


@pytest.mark.parametrize("other", ["versions", "arithmetic"])
def test_on_another_machine_the_mean_must_lie_in_the_interval(book, monkeypatch, other):
    record(monkeypatch, 2)
    moved = 0.5 * (estimate(NOISE).high - estimate(NOISE).mean)
    with pytest.raises(AssertionError, match="only 0.0% of the samples"):
        judge(2 + moved)
    monkeypatch.setattr(f"esutils.evidence.samples.{other}", lambda: "another")
    for side in (-1, 1):
        judge(2 + side * moved)
        with pytest.raises(AssertionError, match="^toy.claim, statistic: the mean is stored as"):
            judge(2 + 3 * side * moved)
    with pytest.raises(AssertionError, match="was holds: .* now fails"):
        judge(0)


def test_the_interval_that_another_machine_must_hit_is_that_of_the_verdict(book, monkeypatch):
    write_claims(book, ENTRY | DRAWN | {"threshold": -9})
    samples = NOISE + np.arange(5)[:, None]
    monkeypatch.setenv("ES_LEDGER", "record")
    claims.judge("toy.claim", samples, "mnist5k", rival=samples)
    monkeypatch.setenv("ES_LEDGER", "check")
    monkeypatch.setattr("esutils.evidence.samples.arithmetic", lambda: "another")
    narrow, wide = estimate(samples), estimate(samples, pool_share=0.5)
    moved = samples + (narrow.high + wide.high) / 2 - narrow.mean  # for a pool this is close
    claims.judge("toy.claim", moved, "mnist5k", rival=samples)


def test_the_shape_must_come_out_again(book, monkeypatch):
    record(monkeypatch, 2)
    with pytest.raises(AssertionError, match=r"stored with shape \(5, 200\), now \(5, 100\)"):
        claims.judge("toy.claim", NOISE[:, :100] + 2, "here", rival=NOISE[:, :100] + 1)


def test_rounding_error_need_not_come_out_again(book, monkeypatch):
    write_claims(book, WITHOUT | {"comparison": "less", "threshold": 1e-12})
    monkeypatch.setenv("ES_LEDGER", "record")
    claims.judge("toy.claim", 1e-17 * NOISE + 5e-16, "here")
    monkeypatch.setenv("ES_LEDGER", "check")
    claims.judge("toy.claim", 1e-17 * NOISE + 3e-16, "here")
    with pytest.raises(AssertionError, match="^toy.claim, statistic: only 0.0%"):
        claims.judge("toy.claim", 1e-17 * NOISE + 5e-15, "here")
    monkeypatch.setattr("esutils.evidence.samples.arithmetic", lambda: "another")
    for mean in (3e-16, 7e-16):
        claims.judge("toy.claim", 1e-17 * NOISE + mean, "here")


def test_missing_samples_are_an_error(book, monkeypatch):
    monkeypatch.setenv("ES_LEDGER", "check")
    with pytest.raises(AssertionError, match="no samples of toy.claim on here .* run make execute"):
        judge(2)


def test_samples_of_other_parts_than_the_entry_asks_for_are_an_error(book, monkeypatch):
    record(monkeypatch, 2)
    write_claims(book, ENTRY | {"halves": HALVES[:1]})
    with pytest.raises(AssertionError, match=r"must hold samples of \['expand_linear', 'rival', "):
        judge(2, expand_linear=0)


def test_an_unknown_mode_is_refused(book, monkeypatch):
    monkeypatch.setenv("ES_LEDGER", "yes")
    with pytest.raises(ValueError, match="ES_LEDGER must be one of .* got 'yes'"):
        judge(2)


def test_an_unknown_claim_or_data_set_is_refused(book):
    with pytest.raises(ValueError, match=r"data must be one of \['here', 'there'\], got 'moon'"):
        judge(2, data="moon")
    with pytest.raises(ValueError, match="claim_id must be one of .* got 'toy.clam'"):
        claims.judge("toy.clam", NOISE, "here")


# ---- verdicts on what is stored


def test_another_threshold_margin_or_wording_needs_no_run(book, monkeypatch):
    record(monkeypatch, 2)
    write_claims(book, {**ENTRY, "threshold": 2.5, "margin": 1.5, "prediction": "It is large."})
    claim = claims.load_claims()["toy.claim"]
    found = claims.recorded(claim, "here")
    assert (found.word, found.more, found.claim.prediction) == ("fails", "no", "It is large.")
    assert judge(2).word == "fails"  # and the run still agrees with its samples


def test_samples_of_an_earlier_experiment_are_refused_until_it_is_run(book, monkeypatch):
    record(monkeypatch, 2)
    write_claims(book, {**ENTRY, "experiment": 2})
    claim = claims.load_claims()["toy.claim"]
    with pytest.raises(ValueError, match="stale: they are of experiment 1, and the ledger says 2"):
        claims.recorded(claim, "here")
    with pytest.raises(AssertionError, match="stale"):
        judge(2)
    record(monkeypatch, 2.5)
    assert claims.recorded(claim, "here").word == "holds"


def test_stored_samples_are_judged_at_the_quick_scale_at_any_scale(book, monkeypatch):
    record(monkeypatch, 2)
    monkeypatch.setenv("ES_SCALE", "paper")
    record(monkeypatch, 0)
    claim = claims.load_claims()["toy.claim"]
    assert claims.recorded(claim, "here").word == "holds"
    assert claims.load_samples("toy.claim", "here").arrays["statistic"].mean() < 1
    with pytest.raises(ValueError, match=r"data must be one of \['here', 'there'\], got 'moon'"):
        claims.recorded(claim, "moon")


def test_those_of_the_full_size_are_judged_where_somebody_asks_for_them(book, monkeypatch):
    write_claims(book, ENTRY | DRAWN)
    claim = claims.load_claims()["toy.claim"]
    record(monkeypatch, 2, data="mnist5k")
    with pytest.raises(ValueError, match="no samples of toy.claim on mnist are stored"):
        claims.recorded(claim, "mnist5k", scale="paper")
    monkeypatch.setenv("ES_SCALE", "paper")
    record(monkeypatch, 0, data="mnist")
    monkeypatch.delenv("ES_SCALE")
    verdict = claims.recorded(claim, "mnist5k", scale="paper")
    assert (verdict.word, verdict.data) == ("fails", "mnist")
    assert verdict.estimate == estimate(NOISE, pool_share=0.2)
    assert claims.recorded(claim, "mnist5k").word == "holds"
    with pytest.raises(ValueError, match=r"data must be one of \['mnist5k'\], got 'mnist'"):
        claims.recorded(claim, "mnist", scale="paper")


def test_what_is_recorded_is_judged_as_the_run_was(book, monkeypatch):
    write_claims(book, ENTRY | {"halves": HALVES, "nonnegative": True})
    monkeypatch.setenv("ES_LEDGER", "record")
    verdict = judge(0, expand_linear=0, sparsify_only=2)
    assert claims.recorded(verdict.claim, "here") == verdict


# ---- numbers of the prose


def test_reported_numbers_are_kept_merged_and_compared(book, monkeypatch):
    monkeypatch.setenv("ES_LEDGER", "record")
    claims.report("99-toy", 0.1, first=1.0)
    claims.report("99-toy", 0.1, second=2.0)
    path = book / "ledger" / "numbers" / "99-toy.json"
    assert json.loads(path.read_text()) == {"first": 1.0, "second": 2.0}
    monkeypatch.setenv("ES_LEDGER", "check")
    claims.report("99-toy", 0.1, first=1.05)
    for wrong in ({"first": 1.2}, {"third": 1.0}):
        with pytest.raises(AssertionError, match="of 99-toy is stored as"):
            claims.report("99-toy", 0.1, **wrong)
    monkeypatch.setenv("ES_SCALE", "paper")
    with pytest.raises(AssertionError, match="paper.99-toy.json is not stored; run make execute"):
        claims.report("99-toy", 0.1, first=1.0)


def test_a_number_is_glued_unseen_and_may_be_off_by_its_tolerance(book, monkeypatch):
    glued = []
    monkeypatch.setattr("myst_nb.glue", lambda *said, display: glued.append((*said, display)))
    monkeypatch.setenv("ES_LEDGER", "record")
    claims.report("99-toy", 0.5, first=1.0, second=2)
    assert glued == [("first", 1.0, False), ("second", 2.0, False)]
    monkeypatch.setenv("ES_LEDGER", "check")
    claims.report("99-toy", 0.5, first=1.5)
    with pytest.raises(AssertionError, match="^first of 99-toy is stored as 1.0, .* 1.75$"):
        claims.report("99-toy", 0.5, first=1.75)


def test_writing_leaves_the_old_file_when_it_fails(book, monkeypatch):
    record(monkeypatch, 2)
    old = (book / STORED).read_bytes()
    monkeypatch.setenv("ES_LEDGER", "record")
    monkeypatch.setattr(os, "replace", lambda *paths: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        judge(3)
    assert (book / STORED).read_bytes() == old

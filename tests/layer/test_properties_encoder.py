"""The encoder, its family and the estimators: the same code however samples come."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.base import clone

from esutils import ExpandSparsifyClassifier, ExpandSparsifyRegressor, model_family
from esutils.layer import SPARSIFIERS, ExpandSparsify
from tests.helpers.strategies import codes, dtypes, few, powers, seeds

COUNTED = ("winners", "block", "threshold")
EXACT = tuple(
    name for name in SPARSIFIERS if name != "cosine"
)  # of whole numbers: without rounding
PENALTIES = {"relative_penalties": (0.01, 0.1, 1.0)}


@st.composite
def encoders(draw, sparsifiers=SPARSIFIERS, law="gaussian", biases=(0.0, 0.5)):
    """Encoders of 40 units with one option or another."""
    options = {"law": law, "fan_in": 2, "random_state": draw(seeds)}
    options |= {"sparsifier": draw(st.sampled_from(sparsifiers)), "binary": draw(st.booleans())}
    if options["sparsifier"] in COUNTED:
        options["n_active"] = draw(st.sampled_from([1, 2, 5, 20]))
    return ExpandSparsify(40, bias=draw(st.sampled_from(biases)), **options)


@st.composite
def whole(draw):
    """Whole numbers, as many samples as are a power of two: their mean and sums round nothing."""
    shape = draw(st.sampled_from([2, 8, 32])), draw(st.integers(2, 9))
    return np.random.default_rng(draw(seeds)).integers(-8, 9, shape).astype(np.float64)


@pytest.mark.parametrize("sparsifier", SPARSIFIERS)  # drawn, some would hardly come
@given(data=st.data(), X=codes(), dtype=dtypes)
def test_a_code_has_its_counts_its_dtype_and_its_csr_form(sparsifier, data, X, dtype):
    encoder, X = data.draw(encoders([sparsifier])), X.astype(dtype)
    Z = encoder.fit_transform(X)
    stored = clone(encoder).set_params(sparse_output=True).fit_transform(X)
    assert Z.dtype == stored.dtype == dtype and Z.shape == stored.shape == (len(X), 40)
    assert stored.format == "csr" and np.array_equal(stored.toarray(), Z)
    if encoder.sparsifier in ("winners", "block"):
        assert (np.diff(stored.indptr) == encoder.n_active).all()
        assert stored.has_canonical_format
    if encoder.sparsifier == "block":
        size = 40 // encoder.n_active
        assert (stored.indices // size == np.tile(np.arange(encoder.n_active), len(X))).all()
    if encoder.sparsifier == "threshold":
        most = round(encoder.n_active / 40 * len(X))
        assert (np.diff(stored.tocsc().indptr) <= most).all()
    plain = clone(encoder).set_params(sparsifier="identity", n_active=None)
    H, active = plain.fit_transform(X), Z != 0
    if encoder.sparsifier in COUNTED:
        values = np.ones_like(Z) if encoder.binary else H
        assert np.array_equal(Z[active], values[active])
    if encoder.sparsifier == "threshold":
        assert np.array_equal(active, (H > encoder.thresholds_) & (values != 0))
    if encoder.sparsifier == "relu":
        assert np.array_equal(Z, np.maximum(H, 0))
    if encoder.sparsifier == "cosine":
        exact = np.sqrt(2) * np.cos(H / encoder.bandwidth_ + encoder.phase_)
        np.testing.assert_allclose(Z, exact, atol=1e-4 if dtype == np.float32 else 1e-9)


@given(encoders(), codes(), powers)
def test_a_code_says_nothing_of_the_unit_of_measurement(encoder, X, scale):
    """But for the values of projections, where they are kept."""
    values = encoder.sparsifier in ("relu", "identity")
    values |= encoder.sparsifier in COUNTED and not encoder.binary
    unit = scale if values else 1
    assume(np.ptp(X, axis=0).any())
    assert np.array_equal(clone(encoder).fit_transform(scale * X), unit * encoder.fit_transform(X))


@given(encoders(EXACT, "fly", [0.0]), whole(), st.data())
def test_a_fly_codes_each_sample_alone_however_it_comes(encoder, X, data):
    """Whole numbers: to the bit, dense or CSR, at once or in batches, in any order, shifted."""
    Z = encoder.fit_transform(X)
    assert np.array_equal(clone(encoder).fit(sp.csr_matrix(X)).transform(sp.csr_matrix(X)), Z)
    order = data.draw(st.permutations(range(len(X))))
    assert np.array_equal(encoder.transform(X[order]), Z[order])
    assert np.array_equal(clone(encoder).fit(X[order]).transform(X), Z)
    batch_size = data.draw(st.integers(1, len(X)))
    parts = [part for part in np.split(X, [batch_size]) if len(part)]
    for samples in (X, sp.csr_matrix(X), sp.coo_matrix(X), parts):
        batches = list(encoder.iter_transform(samples, batch_size))
        assert batches[0].shape[0] == batch_size and all(b.format == "csr" for b in batches)
        assert np.array_equal(sp.vstack(batches).toarray(), Z)
    assert np.array_equal(encoder.transform(X[:1]), Z[:1])
    (alone,) = encoder.iter_transform(X[:1], 1)
    assert np.array_equal(alone.toarray(), Z[:1])
    assert np.array_equal(clone(encoder).fit_transform(X + 64), Z)


@given(codes(), st.floats(-1e3, 1e3), st.sampled_from([np.asarray, sp.csr_matrix]))
def test_a_shift_of_float32_samples_leaves_their_spread(X, shift, form):
    assume(X.var(axis=0).sum() > 0.1)
    encoder = ExpandSparsify(5, sparsifier="cosine", random_state=0)
    samples = (X + shift).astype(np.float32)
    bandwidth = encoder.fit(form(samples)).bandwidth_
    np.testing.assert_allclose(bandwidth, np.sqrt(X.var(axis=0).sum() / 2), rtol=1e-3)
    exact = samples.astype(np.float64).var(axis=0).sum()
    np.testing.assert_allclose(bandwidth, np.sqrt(exact / 2), rtol=1e-6)


@given(encoders(), whole(), st.sampled_from([40, 80, 200]))
def test_all_codes_but_winners_are_nested(encoder, X, m):
    wide = clone(encoder).set_params(n_expanded=m)
    if encoder.n_active is not None:
        wide.set_params(n_active=encoder.n_active * m // 40)
    Z, wider = encoder.fit_transform(X), wide.fit_transform(X)
    assert encoder.nested == (encoder.sparsifier != "winners")
    if encoder.nested:
        np.testing.assert_allclose(wider[:, :40], Z, atol=1e-12)


@given(st.integers(1, 30), st.integers(1, 60), st.data(), seeds)
def test_the_family_differs_in_one_thing_at_a_time(d, m, data, seed):
    k, few = data.draw(st.integers(1, m)), seed % 2**31
    X = np.random.default_rng(seed).standard_normal((9, d))
    members = {name: e.fit(X) for name, e in model_family(d, m, k, random_state=few).items()}
    Z = {name: encoder.transform(X) for name, encoder in members.items()}
    np.testing.assert_allclose(Z["linear"], X - X.mean(axis=0), atol=1e-12)
    lengths = [np.linalg.norm(Z[name], axis=1) for name in ("linear", "expand_linear")]
    rotated = members["sparsify_only"].set_params(sparsifier="identity", n_active=None)
    np.testing.assert_allclose(np.linalg.norm(rotated.transform(X), axis=1), lengths[0], atol=1e-9)
    assert (Z["sparsify_only"].sum(axis=1) == max(1, round(d * k / m))).all()
    assert (Z["expand_sparsify"].sum(axis=1) == k).all()
    rows = members["expand_sparsify"].projection_
    assert np.array_equal(members["expand_linear"].projection_, rows)
    np.testing.assert_allclose(
        members["expand_dense"].projection_ * members["expand_dense"].bandwidth_, rows, rtol=1e-12
    )
    np.testing.assert_allclose(Z["expand_linear"], Z["linear"] @ rows.T, atol=1e-9)


# ---- the estimators


@st.composite
def tasks(draw):
    """Samples to learn from, new ones, and labels of which each class has some."""
    rng, n_labels = np.random.default_rng(draw(seeds)), draw(st.integers(2, 4))
    y = rng.permutation(np.arange(30) % n_labels)
    X, X_new = rng.standard_normal((30, 4)), rng.standard_normal((7, 4))
    return X + y[:, None], y, X_new


@few
@given(tasks(), seeds)
def test_a_classifier_gives_chances_and_takes_any_names(task, seed):
    X, y, X_new = task
    model = ExpandSparsifyClassifier(30, random_state=seed, **PENALTIES).fit(X, y)
    chances, said = model.predict_proba(X_new), model.predict(X_new)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    assert (chances >= 0).all() and np.array_equal(chances.argmax(axis=1), said)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X_new)), chances, atol=1e-12)
    decided = model.decision_function(X_new)
    if y.max() == 1:
        assert np.array_equal(decided > 0, said == 1)
    else:
        assert np.array_equal(decided.argmax(axis=1), said)
    names = np.array(["d", "b", "c", "a"])[: y.max() + 1]  # in another order
    named = clone(model).fit(X, names[y])
    order = np.argsort(names)
    np.testing.assert_allclose(named.predict_proba(X_new), chances[:, order], atol=1e-6)
    assert set(named.classes_) == set(names)


@few
@given(tasks(), seeds, st.permutations(range(30)), dtypes)
def test_a_classifier_learns_the_same_from_samples_in_any_order_and_form(task, seed, order, dtype):
    X, y, X_new = task[0].astype(dtype), task[1], task[2].astype(dtype)
    model = ExpandSparsifyClassifier(30, random_state=seed, **PENALTIES).fit(X, y)
    outputs = model.decision_function(X_new)
    shuffled = clone(model).fit(X[order], y[order])
    stored = clone(model).fit(sp.csr_matrix(X), y)
    close = {"rtol": 0, "atol": 1e-3 if dtype == np.float32 else 1e-6}
    np.testing.assert_allclose(shuffled.decision_function(X_new), outputs, **close)
    np.testing.assert_allclose(stored.decision_function(sp.csr_matrix(X_new)), outputs, **close)


@few
@given(tasks(), seeds, st.floats(0.1, 9), st.floats(-9, 9))
def test_a_regressor_follows_the_unit_and_the_zero_of_its_targets(task, seed, unit, zero):
    X, y, X_new = task
    y = y + X[:, 0]
    model = ExpandSparsifyRegressor(30, random_state=seed, **PENALTIES).fit(X, y)
    other = clone(model).fit(X, unit * y + zero)
    both = clone(model).fit(X, np.column_stack([y, y]))
    said = model.predict(X_new)
    assert said.shape == (7,) and both.predict(X_new).shape == (7, 2)
    np.testing.assert_allclose(other.predict(X_new), unit * said + zero, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(both.predict(X_new), said[:, None].repeat(2, axis=1), atol=1e-6)

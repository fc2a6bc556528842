"""The encoder: scikit-learn's contract, exact sparsity, nested widths, sparse and dense alike."""

import pickle
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from esutils import ExpandSparsify, data, model_family, theory
from esutils.layer import SPARSIFIERS
from tests.helpers.strategies import codes, dtypes, powers, seeds

NAMES = tuple(SPARSIFIERS)
COUNTED = ("winners", "block", "threshold")
EXACT = tuple(name for name in NAMES if name != "cosine")  # of whole numbers: without rounding

X = np.random.default_rng(0).standard_normal((60, 8))


@parametrize_with_checks([ExpandSparsify(40, sparsifier=name) for name in NAMES])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


def test_every_unit_is_active_on_its_share_of_the_training_samples():
    encoder = ExpandSparsify(200, n_active=20, sparsifier="threshold", random_state=0)
    assert (encoder.fit_transform(X).sum(axis=0) == 6).all()


def test_global_winners_are_not_nested():
    wide, narrow = (
        ExpandSparsify(m, n_active=m // 10, random_state=3).fit_transform(X) for m in (400, 50)
    )
    assert (wide[:, :50] != narrow).any()


@pytest.mark.parametrize("sparsifier", NAMES)
@pytest.mark.parametrize("law", ["gaussian", "fly"])
def test_sparse_and_dense_agree_in_and_out(sparsifier, law):
    positive = np.maximum(X, 0)
    encoder = ExpandSparsify(40, sparsifier=sparsifier, law=law, random_state=0)
    dense = encoder.fit_transform(positive)
    out = clone(encoder).set_params(sparse_output=True).fit_transform(positive)
    assert sp.issparse(out) and out.format == "csr" and np.array_equal(out.toarray(), dense)
    from_sparse = encoder.fit(sp.csr_matrix(positive)).transform(sp.csr_matrix(positive))
    # Ties aside, which a few units of a fly may have, rounding alone may differ.
    assert np.mean(~np.isclose(from_sparse, dense, atol=1e-9)) < (0.02 if law == "fly" else 1e-9)


@pytest.mark.parametrize("sparse_output", [False, True])
@pytest.mark.parametrize("sparsifier", NAMES)
def test_chunks_blocks_and_threads_do_not_show(sparsifier, sparse_output, monkeypatch):
    options = {"sparsifier": sparsifier, "sparse_output": sparse_output}
    encoder = ExpandSparsify(40, binary=False, random_state=0, **options).fit(X)
    whole = encoder.transform(X)
    monkeypatch.setattr("esutils.layer.encoder._CHUNK_ENTRIES", 40 * 17)
    monkeypatch.setattr("esutils.layer.encoder.BLOCK_ENTRIES", 40 * 3)
    for n_threads in (1, 3):
        monkeypatch.setattr("numba.config.NUMBA_NUM_THREADS", n_threads)
        parts = encoder.transform(X)
        if sparse_output:
            assert np.array_equal(parts.indptr, whole.indptr)
            assert np.array_equal(parts.indices, whole.indices)
            np.testing.assert_allclose(parts.data, whole.data, atol=1e-12)
        else:
            np.testing.assert_allclose(parts, whole, atol=1e-12)


def test_batches_are_asked_for_one_at_a_time():
    asked = []

    def samples():
        for start in range(0, 60, 20):
            asked.append(start)
            yield X[start : start + 20]

    encoder = ExpandSparsify(40, random_state=0).fit(X)
    next(encoder.iter_transform(samples()))
    assert asked == [0]


@pytest.mark.parametrize("fitted", [np.float32, np.float64])
@pytest.mark.parametrize("given", [np.uint8, np.float32, np.float64])
def test_batches_are_computed_in_the_dtype_that_was_fitted(fitted, given):
    samples = np.random.default_rng(0).integers(0, 9, (20, 8))
    encoder = ExpandSparsify(40, binary=False, random_state=0).fit(samples.astype(fitted))
    (batch,) = encoder.iter_transform(samples.astype(given))
    assert batch.dtype == fitted
    assert np.array_equal(batch.toarray(), encoder.transform(samples.astype(fitted)))


@pytest.mark.parametrize(("fitted", "given"), [("f4", "f8"), ("f8", "f4")])
def test_codes_are_computed_in_the_wider_dtype_and_have_that_of_the_samples(fitted, given):
    encoder = ExpandSparsify(40, sparsifier="identity", random_state=0).fit(X.astype(fitted))
    samples = X.astype(given)
    exact = samples.astype("f8") @ encoder.projection_.T.astype("f8") + encoder.offset_
    found = encoder.transform(samples)
    stored = encoder.set_params(sparse_output=True).transform(samples)
    assert found.dtype == stored.dtype == given
    np.testing.assert_allclose(found, exact.astype(given), rtol=1e-11, atol=1e-12)
    assert np.array_equal(stored.toarray(), found)


def test_without_options_5_percent_of_2000_gaussian_units_are_active():
    encoder = ExpandSparsify(random_state=0).fit(X)
    Z = encoder.transform(X)
    assert isinstance(Z, np.ndarray) and Z.shape == (60, 2000)
    assert set(np.unique(Z)) == {0, 1} and (Z.sum(axis=1) == 100).all()
    assert (Z.reshape(60, 100, 20).sum(axis=2) != 1).any()  # winners of all units, not of blocks
    assert stats.kstest(encoder.projection_.ravel(), "norm").pvalue > 0.01


def test_without_options_a_unit_of_the_fly_reads_6_inputs():
    assert (ExpandSparsify(law="fly").fit(X).projection_.sum(axis=1) == 6).all()


def test_without_a_seed_each_encoder_draws_other_rows():
    first, other = (ExpandSparsify(40).fit(X).projection_ for _ in range(2))
    assert (first != other).all()


def test_without_a_seed_the_family_is_the_same_each_time():
    first, again = (model_family(8, 60, 6) for _ in range(2))
    for one, other in zip(first.values(), again.values(), strict=True):
        assert np.array_equal(one.fit_transform(X), other.fit_transform(X))


def test_without_options_a_batch_holds_1000_samples():
    encoder = ExpandSparsify(40, random_state=0).fit(X)
    batches = encoder.iter_transform(np.tile(X, (35, 1)))
    assert [Z.shape[0] for Z in batches] == [1000, 1000, 100]


BEYOND_MEMORY = """
import resource
import numpy as np
from esutils import ExpandSparsify

images = np.random.default_rng(0).integers(0, 256, (1000, 784), np.uint8)
X = np.memmap("images", np.uint8, "w+", shape=(200_000, 784))
X.reshape(200, 1000, 784)[:] = images
encoder = ExpandSparsify(20_000, law="fly", n_active=400, random_state=0)
encoder.fit(images.astype(np.float32))
encoder.transform(images[:2].astype(np.float32))
with open("/proc/self/statm") as pages:
    limit = int(pages.read().split()[0]) * resource.getpagesize() + 10**9
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    np.ones((200_000, 20_000), np.float32)
except MemoryError:
    print("too large")
print(sum(Z.nnz for Z in encoder.iter_transform(X)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux to limit the memory")
def test_codes_that_would_take_16_gigabytes_are_encoded_in_one(tmp_path):
    run = [sys.executable, "-c", BEYOND_MEMORY]
    said = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True)
    assert said.stdout.split("\n")[:2] == ["too large", str(200_000 * 400)], said.stderr


def test_encoding_takes_less_than_a_fifth_of_the_dense_codes():
    samples = np.random.default_rng(0).standard_normal((10_000, 100), np.float32)
    encoder = ExpandSparsify(20_000, n_active=1000, sparse_output=True, random_state=0)
    encoder.fit(samples)
    tracemalloc.start()
    Z = encoder.transform(samples)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert Z.nnz == 10_000 * 1000
    assert peak < 0.2 * 4 * 10_000 * 20_000


def test_float32_stays_float32_and_agrees():
    encoder = ExpandSparsify(40, sparsifier="relu", random_state=0)
    single = encoder.fit_transform(X.astype(np.float32))
    assert single.dtype == np.float32
    assert np.allclose(single, encoder.fit_transform(X), atol=1e-4)


def test_bias_tells_lengths_apart_and_is_a_constant_input():
    ray = np.array([[1.0], [2.0], [3.0]]) * np.ones(4)
    ray = np.vstack([ray, -ray])  # mean zero
    blind = ExpandSparsify(500, random_state=0).fit_transform(ray)
    seeing = ExpandSparsify(500, bias=1.0, random_state=0).fit_transform(ray)
    assert (blind[0] == blind[2]).all()
    assert (seeing[0] != seeing[2]).any()
    encoder = ExpandSparsify(5000, bias=0.5, sparsifier="identity", random_state=0).fit(ray)
    rms = np.sqrt(np.mean(np.sum(ray**2, axis=1)))
    assert np.isclose(encoder.offset_.std(), 0.5 * rms, rtol=0.05)


def test_one_unit_in_twenty_is_active_by_default_and_at_least_one():
    for m, k in ((5, 1), (20, 1), (100, 5)):
        assert (ExpandSparsify(m, random_state=0).fit_transform(X).sum(axis=1) == k).all()


def test_default_bandwidth_is_the_root_of_half_the_total_variance():
    encoder = ExpandSparsify(50_000, sparsifier="cosine", random_state=0).fit(X)
    assert np.isclose(encoder.bandwidth_, np.sqrt(X.var(axis=0).sum() / 2))
    Z = encoder.transform(X[:5])
    distances = np.linalg.norm(X[:5, None] - X[:5], axis=2)
    kernel = theory.gaussian_kernel(distances, encoder.bandwidth_)
    assert np.allclose(Z @ Z.T / 50_000, kernel, atol=0.03)
    assert stats.kstest(encoder.phase_, "uniform", (0, 2 * np.pi)).pvalue > 0.01
    single = encoder.fit(X.astype(np.float32))
    assert single.phase_.dtype == single.offset_.dtype == single.mean_.dtype == np.float32
    assert encoder.fit(np.ones((3, 2))).bandwidth_ == 1


def test_a_given_bandwidth_divides_the_projections():
    for bandwidth in (1.0, 2.0):
        encoder = ExpandSparsify(40, sparsifier="cosine", bandwidth=bandwidth, random_state=0)
        plain = ExpandSparsify(40, sparsifier="identity", random_state=0)
        H = plain.fit_transform(X) / bandwidth
        Z = encoder.fit_transform(X)
        np.testing.assert_allclose(Z, np.sqrt(2) * np.cos(H + encoder.phase_), atol=1e-9)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_units_may_be_training_samples_as_seen_from_their_mean(form):
    encoder = ExpandSparsify(300, law="data", random_state=0).fit(form(X))
    centred = X - X.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    nearest = (encoder.projection_ @ unit.T).argmax(axis=1)
    np.testing.assert_allclose(encoder.projection_, unit[nearest], atol=1e-12)
    assert len(set(nearest)) > 50  # drawn from all of them


def test_a_seed_draws_projection_phases_and_biases():
    first, again, other = (
        ExpandSparsify(40, sparsifier="cosine", bias=1.0, random_state=seed).fit(X)
        for seed in (3, 3, 4)
    )
    for name in ("projection_", "phase_", "offset_"):
        assert np.array_equal(getattr(first, name), getattr(again, name))
        assert (getattr(first, name) != getattr(other, name)).all()


def test_works_in_pipelines_grids_and_pickles():
    split = data.load_digits()
    pipeline = make_pipeline(ExpandSparsify(random_state=0), RidgeClassifier())
    grid = GridSearchCV(pipeline, {"expandsparsify__n_expanded": [2, 800]}, cv=3)
    grid.fit(split.X_train, split.y_train)
    assert grid.best_params_ == {"expandsparsify__n_expanded": 800}
    assert grid.score(split.X_test, split.y_test) > 0.95
    again = pickle.loads(pickle.dumps(grid))
    assert (again.predict(split.X_test) == grid.predict(split.X_test)).all()
    frame = ExpandSparsify(3, random_state=0).set_output(transform="pandas").fit_transform(X)
    assert list(frame.columns) == ["expandsparsify0", "expandsparsify1", "expandsparsify2"]


def test_expansion_alone_has_the_rank_of_its_inputs_and_winners_have_that_of_the_samples():
    ranks = {
        name: np.linalg.matrix_rank(encoder.fit_transform(X))
        for name, encoder in model_family(8, 400, 40, random_state=5).items()
    }
    assert list(ranks) == [
        "linear", "expand_linear", "sparsify_only", "expand_dense", "expand_sparsify",
    ]  # fmt: skip
    assert ranks["linear"] == ranks["expand_linear"] == 8 and ranks["expand_sparsify"] == 60


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy and scikit-learn notice it as well
@pytest.mark.parametrize("sparse_output", [False, True])
@pytest.mark.parametrize("sparsifier", NAMES)
def test_projections_that_overflow_are_refused(sparsifier, sparse_output):
    samples = np.random.default_rng(0).standard_normal((9, 3)).astype(np.float32)
    options = {"sparsifier": sparsifier, "sparse_output": sparse_output}
    encoder = ExpandSparsify(100, random_state=0, **options).fit(samples)
    with pytest.raises(ValueError, match="projections of X must be finite"):
        encoder.transform(3e38 * np.sign(samples))


@pytest.mark.parametrize(
    ("settings", "width", "n_active"),
    [
        (dict(n_active=10), 80, 20),
        (dict(n_active=10), 30, 8),
        (dict(n_active=1), 8, 1),
        (dict(n_active=10, sparsifier="block"), 20, 5),
        (dict(), 80, None),
        (dict(sparsifier="relu"), 80, None),
    ],
)
def test_a_resized_encoder_has_the_same_active_fraction_and_is_not_fitted(
    settings, width, n_active
):
    encoder = ExpandSparsify(40, bias=0.5, random_state=3, **settings).fit(X)
    resized = encoder.resized(np.int64(width))
    expected = {**encoder.get_params(), "n_expanded": width, "n_active": n_active}
    assert resized.get_params() == expected and not hasattr(resized, "projection_")
    assert resized.fit_transform(X).shape == (60, width)
    assert encoder.n_expanded == 40


def test_widths_are_multiples_of_the_block_size():
    sizes = {name: ExpandSparsify(40, sparsifier=name).block_size for name in NAMES}
    assert sizes == dict.fromkeys(NAMES, 1) | {"block": 20}
    assert ExpandSparsify(40, sparsifier="block", n_active=8).block_size == 5


# ---- whatever the samples and settings


@st.composite
def encoders(draw, sparsifiers=NAMES, law="gaussian", biases=(0.0, 0.5)):
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


@pytest.mark.parametrize("sparsifier", NAMES)  # drawn at random, some would hardly come up
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
    rotated = clone(members["sparsify_only"]).set_params(sparsifier="identity", n_active=None)
    lengths.append(np.linalg.norm(rotated.fit_transform(X), axis=1))
    np.testing.assert_allclose(lengths[2], lengths[0], atol=1e-9)
    assert (Z["sparsify_only"].sum(axis=1) == max(1, round(d * k / m))).all()
    assert (Z["expand_sparsify"].sum(axis=1) == k).all()
    rows = members["expand_sparsify"].projection_
    assert np.array_equal(members["expand_linear"].projection_, rows)
    np.testing.assert_allclose(
        members["expand_dense"].projection_ * members["expand_dense"].bandwidth_, rows, rtol=1e-12
    )
    np.testing.assert_allclose(Z["expand_linear"], Z["linear"] @ rows.T, atol=1e-9)

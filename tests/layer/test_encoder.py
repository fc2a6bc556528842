"""The encoder: scikit-learn's contract, exact sparsity, nested widths, sparse and dense alike."""

import pickle
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from scipy import stats
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from esutils import ExpandSparsify, data, model_family, theory
from esutils.layer import SPARSIFIERS

X = np.random.default_rng(0).standard_normal((60, 8))


@parametrize_with_checks([ExpandSparsify(40, sparsifier=name) for name in SPARSIFIERS])
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


@pytest.mark.parametrize("sparsifier", SPARSIFIERS)
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


def test_chunks_do_not_show(monkeypatch):
    encoder = ExpandSparsify(40, random_state=0).fit(X)
    whole = encoder.transform(X)
    monkeypatch.setattr("esutils.layer.encoder._CHUNK_ENTRIES", 40 * 7)
    assert (encoder.transform(X) == whole).all()


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
    assert found.dtype == given
    np.testing.assert_allclose(found, exact.astype(given), rtol=1e-11, atol=1e-12)


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


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(n_expanded=0), "n_expanded must be .* got 0"),
        (dict(n_active=41), r"n_active must be .*\[1, 40\], got 41"),
        (dict(n_active=0), "n_active must be .* got 0"),
        (dict(n_active=2.0), "n_active must be .* got 2.0"),
        (dict(n_active=7, sparsifier="block"), "n_active must divide n_expanded=40 .* got 7"),
        (dict(n_active=7, sparsifier="relu"), "n_active must be None for sparsifier='relu', got 7"),
        (dict(sparsifier="softmax"), "sparsifier must be one of .* got 'softmax'"),
        (dict(law="cauchy"), "law must be one of .* got 'cauchy'"),
        (dict(law="fly", fan_in=9), r"fan_in must be .*\[1, 8\], got 9"),
        (dict(bandwidth=0.0, sparsifier="cosine"), "bandwidth must be .* got 0.0"),
        (dict(bias=-1.0), "bias must be .* got -1.0"),
        (dict(bias=np.nan), "bias must be .* got nan"),
    ],
)
def test_refusals_name_argument_and_value(settings, message):
    with pytest.raises(ValueError, match=message):
        ExpandSparsify(**{"n_expanded": 40, **settings}).fit(X)


@pytest.mark.parametrize(
    ("family", "message"),
    [
        (dict(n_inputs=0), "n_inputs must be .* got 0"),
        (dict(n_active=41), "n_active must be .* got 41"),
    ],
)
def test_family_refusals(family, message):
    with pytest.raises(ValueError, match=message):
        model_family(**{"n_inputs": 8, "n_expanded": 40, "n_active": 4, **family})


def test_samples_of_another_width_are_refused():
    encoder = ExpandSparsify(40, random_state=0).fit(X)
    with pytest.raises(ValueError, match="X has 7 features, but ExpandSparsify is expecting 8"):
        encoder.transform(X[:, :7])

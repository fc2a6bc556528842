"""Projections: how their entries are distributed, nested widths, distances, exact sums."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from esutils.layer import LAWS, project, projection
from tests.helpers.strategies import dtypes, seeds

DATA = np.random.default_rng(1).standard_normal((50, 40))


def draw(m, law, d=40, seed=0, **options):
    W = projection(m, d, law, data=DATA, random_state=seed, **options)
    return W.toarray() if sp.issparse(W) else W


def test_gathering_adds_in_the_order_of_the_inputs():
    W = projection(500, 200, "fly", random_state=0, dtype=np.float32)
    W.data[:] = np.random.default_rng(0).standard_normal(W.nnz)
    X = np.random.default_rng(1).standard_normal((70, 200)).astype(np.float32)
    found, out = project(X, W), np.empty((70, 500), np.float32)
    assert found.dtype == np.float32
    assert np.array_equal(found, (W @ X.T).T)  # SciPy adds them one after another
    assert project(X, W, out=out) is out and np.array_equal(out, found)


@pytest.mark.parametrize(("of_samples", "of_weights"), [("f4", "f8"), ("f8", "f4")])
def test_gathering_adds_in_the_wider_dtype(of_samples, of_weights):
    W = projection(50, 200, "fly", random_state=0, dtype=of_weights)
    W.data[:] = np.random.default_rng(0).standard_normal(W.nnz)
    X = np.random.default_rng(1).standard_normal((7, 200)).astype(of_samples)
    found = project(X, W)
    assert found.dtype == "f8"
    assert np.array_equal(found, (W.astype("f8") @ X.astype("f8").T).T)


@pytest.mark.parametrize("law", ["gaussian", "fly"])
def test_what_is_not_finite_in_a_sample_stays_in_its_projections(law):
    X = DATA.copy()
    X[3] = np.nan
    found = project(X, projection(5, 40, law))
    assert np.array_equal(np.isnan(found), np.isnan(X[:, :5]))


def test_gaussian_entries_are_standard_normal():
    entries = draw(500, "gaussian").ravel()
    assert stats.kstest(entries, "norm").pvalue > 0.01


def test_without_options_a_projection_is_gaussian_and_the_same_each_time():
    W = projection(500, 40)
    assert W.dtype == np.float64 and np.array_equal(W, projection(500, 40))
    assert stats.kstest(W.ravel(), "norm").pvalue > 0.01
    assert (projection(50, 40, "fly").sum(axis=1) == 6).all()


def test_cauchy_rows_are_gaussian_rows_divided_by_one_number_each():
    W, x = draw(4000, "cauchy"), np.random.default_rng(2).standard_normal(40)
    assert stats.kstest(W @ x / np.linalg.norm(x), "cauchy").pvalue > 0.01
    directions = W / np.linalg.norm(W, axis=1, keepdims=True)
    # Independent Cauchy entries would point along the axes far more often than a Gaussian row.
    assert stats.kstest(directions[:, 0] ** 2, stats.beta(0.5, 39 / 2).cdf).pvalue > 0.01
    # Its squared length is 40 times an F-distributed number.
    assert stats.kstest((W**2).mean(axis=1), stats.f(40, 1).cdf).pvalue > 0.01


def test_sphere_rows_are_uniform_on_the_unit_sphere():
    W = draw(4000, "sphere")
    assert np.allclose(np.linalg.norm(W, axis=1), 1)
    # The square of one coordinate of a uniform point is Beta(1/2, (d-1)/2).
    assert stats.kstest(W[:, 0] ** 2, stats.beta(0.5, 39 / 2).cdf).pvalue > 0.01


def test_sign_entries_have_three_values_and_unit_variance():
    W = draw(2000, "sign")
    values, counts = np.unique(W, return_counts=True)
    assert np.allclose(values, [-np.sqrt(3), 0, np.sqrt(3)])
    expected = W.size * np.array([1, 4, 1]) / 6
    assert stats.chisquare(counts, expected).pvalue > 0.01


@pytest.mark.parametrize("fan_in", [1, 6, 40])
def test_fly_units_listen_to_distinct_inputs_all_equally_often(fan_in):
    W = draw(3000, "fly", fan_in=fan_in)
    assert set(np.unique(W)) <= {0.0, 1.0}
    assert (W.sum(axis=1) == fan_in).all()
    if fan_in < 40:
        assert stats.chisquare(W.sum(axis=0)).pvalue > 0.01


def test_data_rows_are_samples_of_unit_length():
    unit = DATA / np.linalg.norm(DATA, axis=1, keepdims=True)
    W = draw(300, "data")
    nearest = (W @ unit.T).argmax(axis=1)
    assert np.allclose(W, unit[nearest])
    assert len(set(nearest)) > 40  # drawn from all of them


@pytest.mark.parametrize("law", [law for law in LAWS if law != "none"])
def test_seeds_matter(law):
    assert (draw(7, law, seed=1) != draw(7, law)).any()


@pytest.mark.parametrize("law", ["gaussian", "sign"])
def test_squared_distances_are_kept_with_relative_variance_two_over_m(law):
    x = np.random.default_rng(2).standard_normal(40)
    ratios = [np.sum((draw(200, law, seed=s) @ x) ** 2) / 200 / (x @ x) for s in range(400)]
    assert abs(np.mean(ratios) - 1) < 4 * np.sqrt(2 / 200 / 400)
    # The relative variance is 2/m up to the fourth moment of the entries, which is 3 for both.
    assert 0.75 < np.var(ratios) / (2 / 200) < 1.3


@pytest.mark.parametrize("law", LAWS)
@given(d=st.integers(1, 12), data=st.data(), seed=seeds, dtype=dtypes)
def test_a_projection_has_its_law_and_is_the_top_of_every_wider_one(law, d, data, seed, dtype):
    m = d if law == "none" else data.draw(st.integers(1, d if law == "rotation" else 30))
    narrow, fan_in = data.draw(st.integers(1, m)), data.draw(st.integers(1, d))
    samples = np.random.default_rng(seed).standard_normal((5, d))
    options = {"law": law, "fan_in": fan_in, "data": samples, "dtype": dtype}
    W = projection(m, d, random_state=seed, **options)
    assert W.dtype == dtype and W.shape == (m, d)
    assert sp.issparse(W) == (law in ("sign", "fly"))
    W = W.toarray() if sp.issparse(W) else W
    if law != "none":
        top = projection(narrow, d, random_state=seed, **options)
        assert np.array_equal(top.toarray() if sp.issparse(top) else top, W[:narrow])
    if law in ("sphere", "data", "rotation"):
        np.testing.assert_allclose(np.linalg.norm(W, axis=1), 1, rtol=1e-6)
    if law == "none":
        assert np.array_equal(W, np.eye(d))
    if law == "rotation":
        np.testing.assert_allclose(W @ W.T, np.eye(m), atol=1e-6)
    if law == "sign":
        assert set(np.unique(W**2).round(6)) <= {0, 3}
    if law == "fly":
        assert set(np.unique(W)) <= {0, 1} and (W.sum(axis=1) == fan_in).all()
    if law == "data":
        unit = samples / np.linalg.norm(samples, axis=1, keepdims=True)
        np.testing.assert_allclose((W @ unit.T).max(axis=1), 1, rtol=1e-6)


@given(st.sampled_from(["gaussian", "sign", "fly"]), st.integers(1, 40), seeds, dtypes)
def test_projecting_whole_numbers_is_exact_however_they_are_stored(law, d, seed, dtype):
    """Sums of whole numbers round nothing, in whatever order they are added up."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-9, 10, (70, d)).astype(dtype)
    W = projection(25, d, law, fan_in=min(3, d), random_state=seed, dtype=dtype)
    W = np.round(4 * W) if law == "gaussian" else W.sign()
    dense = W if law == "gaussian" else W.toarray()
    expected = X.astype(int) @ dense.T.astype(int)
    for samples in (X, np.asfortranarray(X), sp.csr_matrix(X)):
        for rows in (W, sp.csr_matrix(W)):
            out = np.empty(expected.shape, dtype)
            assert np.array_equal(project(samples, rows), expected)
            assert project(samples, rows, out=out) is out and np.array_equal(out, expected)
            assert out.dtype == dtype

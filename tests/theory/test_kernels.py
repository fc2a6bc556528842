"""Kernels of codes: each is held to its Monte Carlo limit, and exact where its value is known."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import legendre
from scipy.special import ndtr, ndtri, owens_t

from esutils import ExpandSparsify, theory

ANGLES = np.array([0.05, 0.5, 1.2, np.pi / 2, 2.5, 3.1])
between, shares = st.floats(0, np.pi), st.floats(0.01, 0.99)
sizes = st.sampled_from([2, 5, 20, 100])


def projections(angle, *shape):
    """Draw what units receive from two vectors of length 1 at this angle."""
    rng = np.random.default_rng(7)
    first, other = rng.standard_normal((2, *shape))
    return first, np.cos(angle) * first + np.sin(angle) * other


def agree(products, expected):
    """Whether the mean of drawn products is the expected one, within four standard errors."""
    error = np.std(products) / np.sqrt(len(products))
    assert error < 0.02
    return abs(np.mean(products) - expected) <= 4 * error + 1e-5


def test_overlap_matches_k_winners_of_a_wide_random_code():
    rng = np.random.default_rng(1)
    m, k = 100_000, 5_000
    for angle in (0.3, 1.0, 2.0):
        a = rng.standard_normal(m)
        b = np.cos(angle) * a + np.sin(angle) * rng.standard_normal(m)
        shared = np.intersect1d(np.argsort(a)[-k:], np.argsort(b)[-k:]).size / k
        assert theory.code_overlap(angle, k / m) == pytest.approx(shared, abs=0.02)


def test_overlap_is_exact_where_it_is_known():
    angle, share = np.linspace(0, np.pi, 50), np.linspace(0.01, 0.99, 30)
    np.testing.assert_allclose(theory.code_overlap(angle, 0.5), 1 - angle / np.pi, atol=1e-14)
    np.testing.assert_allclose(theory.code_overlap(angle, 0.5), theory.arc_cosine_kernel(angle, 0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        grid = theory.code_overlap(angle[:, None], share)
    assert grid.shape == (50, 30)
    assert (np.diff(grid, axis=0) <= 0).all()
    np.testing.assert_array_equal(grid[0], 1)
    np.testing.assert_allclose(grid[-1], np.maximum(0, 2 - 1 / share), atol=1e-12)
    np.testing.assert_allclose(theory.code_overlap(np.pi / 2, share), share, rtol=1e-12)


@pytest.mark.parametrize("values", [False, True])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.8])
def test_winners_are_units_above_a_quantile(share, values):
    for angle in ANGLES:
        drawn = np.array(projections(angle, 100_000))
        cut = np.quantile(drawn, 1 - share)
        products = np.prod(np.where(drawn > cut, drawn if values else 1, 0), axis=0)
        assert agree(products, theory.winners_kernel(angle, share, values))


@pytest.mark.parametrize("values", [False, True])
@pytest.mark.parametrize("size", [2, 10, 50])
def test_one_unit_of_a_block_wins_for_both(size, values):
    for angle in ANGLES:
        first, second = projections(angle, 400_000 // size, size)
        same = first.argmax(axis=1) == second.argmax(axis=1)
        products = same * (first.max(axis=1) * second.max(axis=1) if values else 1)
        assert agree(products / size, theory.block_kernel(angle, size, values))


NODES, WEIGHTS = legendre.leggauss(12)


def panels(edges):
    """Return the nodes and weights of Gauss-Legendre quadrature between neighbouring edges."""
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:] + edges[:-1])[:, None] / 2
    return (middle + half * NODES).ravel(), (half * WEIGHTS).ravel()


def density(x):
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


@pytest.mark.parametrize("angle", [1e-3, 0.05, 0.5, 1.3, 2.2, 3.0, np.pi - 1e-3])
def test_blocks_agree_with_a_finer_quadrature(angle):
    x, weights = panels(np.linspace(-9, 9, 28))
    weights *= density(x)
    total, apart = np.cos(angle / 2) * x[:, None], np.sin(angle / 2) * x
    a, b = total + apart, total - apart
    rho, sine = np.cos(angle), np.sin(angle)
    below = (ndtr(a) + ndtr(b) - (a * b < 0)) / 2
    below -= owens_t(a, (b - rho * a) / (a * sine)) + owens_t(b, (a - rho * b) / (b * sine))
    for size in (2, 3, 10, 50, 100):
        both = np.maximum(below, 0) ** (size - 1)
        for values, product in ((False, 1), (True, a * b)):
            expected = weights @ (both * product) @ weights
            assert abs(theory.block_kernel(angle, size, values) - expected) < 1e-7


@pytest.mark.parametrize("size", [2, 10, 73, 100])
def test_blocks_are_exact_where_one_dimension_is_enough(size):
    x, weights = panels(np.linspace(-12, 12, 60))
    wins = weights * density(x) * ndtr(x) ** (size - 1)
    ends = np.array([0, np.pi / 2, np.pi])
    for values, at_zero, apart in (
        (False, 1 / size, 1 / size),
        (True, wins @ x**2, wins @ x),
    ):
        found = theory.block_kernel(ends, size, values)
        np.testing.assert_allclose(found, [at_zero, apart**2, 0], atol=1e-7)


@given(st.floats(0.05, 3.1), shares)
def test_values_of_winners_are_a_truncated_moment(angle, share):
    cut, rho, sine = ndtri(1 - share), np.cos(angle), np.sin(angle)
    x, weights = panels(np.linspace(cut, max(cut, 0) + 10, 400))
    beyond = (cut - rho * x) / sine
    mean = rho * x * ndtr(-beyond) + sine * density(beyond)  # of the other one, where it exceeds
    expected = weights @ (x * density(x) * mean)
    assert theory.winners_kernel(angle, share, values=True) == pytest.approx(expected, abs=1e-10)


@given(shares)
def test_winners_are_exact_at_no_angle_right_angles_and_opposite(share):
    ends, cut = np.array([0, np.pi / 2, np.pi]), ndtri(1 - share)
    both = max(0, 2 * share - 1)
    found = theory.winners_kernel(ends, share)
    np.testing.assert_allclose(found, [share, share**2, both], atol=1e-14)
    one = density(cut)
    opposite = -both - 2 * min(cut, 0) * one if share > 0.5 else 0
    found = theory.winners_kernel(ends, share, values=True)
    np.testing.assert_allclose(found, [share + cut * one, one**2, opposite], atol=1e-14)


def test_relus_of_both():
    for angle in ANGLES:
        products = np.prod(np.maximum(projections(angle, 100_000), 0), axis=0)
        assert agree(products, theory.relu_kernel(angle))


@pytest.mark.parametrize(
    ("law", "kernel"), [("gaussian", theory.gaussian_kernel), ("cauchy", theory.laplacian_kernel)]
)
def test_cosines_of_gaussian_and_of_cauchy_rows(law, kernel):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((6, 10))
    encoder = ExpandSparsify(
        50_000, law=law, sparsifier="cosine", bandwidth=3.0, random_state=0
    ).fit(X)
    Z = encoder.transform(X)
    expected = kernel(theory.distances(X), 3.0)
    np.testing.assert_allclose(theory.of_code(encoder, X), expected, atol=1e-12)
    for i, j in zip(*np.triu_indices(6, 1), strict=True):
        assert agree(Z[i] * Z[j], expected[i, j])


OPTIONS = [
    {"sparsifier": "winners", "n_active": 500},
    {"sparsifier": "winners", "n_active": 500, "binary": False},
    {"sparsifier": "winners", "n_active": 5000, "binary": False},
    {"sparsifier": "winners"},
    {"sparsifier": "block", "n_active": 1000},
    {"sparsifier": "block", "n_active": 1000, "binary": False},
    {"sparsifier": "relu"},
    {"sparsifier": "cosine"},
    {"sparsifier": "cosine", "law": "cauchy", "bandwidth": 7.0},
    {"sparsifier": "identity"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_codes_of_images_tend_to_their_kernel(options, mnist5k):
    X, others = mnist5k.X_train[:60], mnist5k.X_test[:20]
    encoder = ExpandSparsify(10_000, random_state=0, **options).fit(X)
    found = encoder.transform(others) @ encoder.transform(X).T / 10_000
    expected = theory.of_code(encoder, others, X)
    own = np.diag(theory.of_code(encoder, X))
    np.testing.assert_allclose(own, np.diag(theory.of_code(encoder, X, X)), rtol=1e-5)
    assert np.abs(found - expected).max() < 0.15 * own.mean()


@given(between, between, sizes)
def test_blocks_fall_with_the_angle_from_one_winner_to_none(a, b, size):
    near, far = theory.block_kernel(sorted([a, b]), size)
    assert 1 / size + 1e-6 >= near >= far - 1e-6 and far >= -1e-6
    apart = theory.block_kernel(np.pi / 2, size)
    assert apart == pytest.approx(1 / size**2, abs=1e-6)
    # With two units, the larger of one pair is that of the other unless the differences disagree.
    assert theory.block_kernel(a, 2) == pytest.approx((1 - a / np.pi) / 2, abs=1e-6)


@given(between)
def test_winners_at_half_are_relus_and_one_minus_the_angle(angle):
    half = theory.winners_kernel(angle, 0.5)
    assert half == pytest.approx((1 - angle / np.pi) / 2, abs=1e-12)
    relu = theory.winners_kernel(angle, 0.5, values=True)
    assert relu == pytest.approx(theory.relu_kernel(angle), abs=1e-12)


def test_all_winners_with_values_are_the_projection():
    assert theory.winners_kernel(ANGLES, 1 - 1e-12, values=True) == pytest.approx(
        np.cos(ANGLES), abs=1e-6
    )


@given(st.integers(0, 2**32 - 1))
def test_kernels_of_points_have_no_negative_eigenvalue(seed):
    X = np.random.default_rng(seed).standard_normal((12, 4))
    t, d = theory.angles(X), theory.distances(X)
    for kernel in (
        theory.winners_kernel(t, 0.1),
        theory.winners_kernel(t, 0.1, values=True),
        theory.block_kernel(t, 10),
        theory.block_kernel(t, 10, values=True),
        theory.relu_kernel(t),
        theory.gaussian_kernel(d, 2.0),
        theory.laplacian_kernel(d, 2.0),
    ):
        assert np.linalg.eigvalsh(kernel).min() > -1e-6


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_a_matched_bandwidth_gives_the_similarity(seed, similarity):
    distance = np.random.default_rng(seed).uniform(0.1, 5, 20)
    for kernel in (theory.gaussian_kernel, theory.laplacian_kernel):
        width = theory.matched_bandwidth(kernel, distance, similarity)
        assert kernel(distance, width).mean() == pytest.approx(similarity, abs=1e-9)


def test_matched_kernels_are_as_wide_at_the_nearest_neighbours(mnist5k):
    X = mnist5k.X_train[:300]
    encoder = ExpandSparsify(100, n_active=5, random_state=0).fit(X)
    target = theory.nearest_similarity(theory.of_code(encoder, X))
    far = theory.distances(X)
    np.fill_diagonal(far, np.inf)
    width = theory.matched_bandwidth(theory.laplacian_kernel, far.min(axis=1), target)
    found = theory.nearest_similarity(theory.laplacian_kernel(theory.distances(X), width))
    assert found == pytest.approx(target, abs=1e-6)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 1e6]))
def test_angles_and_distances_are_those_of_the_differences(seed, shift):
    X, Z = shift + np.random.default_rng(seed).standard_normal((2, 8, 5))
    direct = np.linalg.norm(X[:, None] - Z, axis=2)
    np.testing.assert_allclose(theory.distances(X, Z), direct, atol=1e-7)
    turn = np.vecdot(X[:, None], Z) / np.outer(np.linalg.norm(X, axis=1), np.linalg.norm(Z, axis=1))
    np.testing.assert_allclose(np.cos(theory.angles(X, Z)), turn, atol=1e-12)
    for between_rows in (theory.angles, theory.distances):
        own = between_rows(X.astype(np.float32))
        assert own.dtype == np.float64 and not np.diag(own).any()
        np.testing.assert_allclose(own, own.T, atol=1e-12)
        np.testing.assert_array_equal(between_rows(X, Z).shape, (8, 8))


@pytest.mark.parametrize("law", ["gaussian", "cauchy"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_default_bandwidth_makes_typical_samples_equally_similar(law, dtype):
    X = 30 * np.random.default_rng(1).standard_normal((40, 784)).astype(dtype)
    encoder = ExpandSparsify(20_000, law=law, sparsifier="cosine", random_state=0).fit(X)
    kernel = {"gaussian": theory.gaussian_kernel, "cauchy": theory.laplacian_kernel}[law]
    typical = np.sqrt(2 * X.var(axis=0, dtype=float).sum())
    assert kernel(typical, encoder.bandwidth_) == pytest.approx(np.exp(-2), rel=1e-5)
    # Some Cauchy rows are thousands long: single precision must survive their cosines.
    Z = encoder.transform(X)
    assert Z.dtype == dtype and np.abs(Z).max() <= np.sqrt(2) * (1 + 1e-6)
    found = Z.astype(float) @ Z.T.astype(float) / 20_000
    assert np.abs(found - theory.of_code(encoder, X)).max() < 5 / np.sqrt(20_000)

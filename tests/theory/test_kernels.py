"""Kernels of codes: each is held to its Monte Carlo limit, and exact where its value is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@given(between, shares)
def test_winners_at_half_are_relus_and_one_minus_the_angle(angle, share):
    half = theory.winners_kernel(angle, 0.5)
    assert half == pytest.approx((1 - angle / np.pi) / 2, abs=1e-12)
    relu = theory.winners_kernel(angle, 0.5, values=True)
    assert relu == pytest.approx(theory.relu_kernel(angle), abs=1e-12)
    assert theory.winners_kernel(0.0, share) == pytest.approx(share)


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
        theory.relu_kernel(t),
        theory.laplacian_kernel(d, 2.0),
    ):
        assert np.linalg.eigvalsh(kernel).min() > -1e-5


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


def test_an_encoder_without_a_closed_form_is_refused():
    X = np.random.default_rng(0).standard_normal((5, 4))
    for options, named in (
        ({"sparsifier": "threshold"}, "sparsifier"),
        ({"law": "sphere"}, "law"),
        ({"law": "cauchy"}, "law"),
        ({"bias": 1.0}, "bias"),
    ):
        encoder = ExpandSparsify(20, random_state=0, **options).fit(X)
        with pytest.raises(ValueError, match=f"{named} of encoder must be"):
            theory.of_code(encoder, X)

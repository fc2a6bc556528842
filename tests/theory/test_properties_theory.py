"""Closed forms against quadrature, at their limits, and under their symmetries.

We use Gauss-Legendre quadrature with 400 points. The integrands are smooth, so its error is far
below the tolerance of one in a million.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from esutils import theory

NODES, WEIGHTS = np.polynomial.legendre.leggauss(400)
angles, shares = st.floats(0, np.pi), st.floats(0.01, 0.99)
amounts = st.floats(0, 9)
ratios = st.floats(0.05, 20).filter(lambda ratio: abs(ratio - 1) > 0.05)


def integral(function, low, high):
    """Return the integral of a smooth function."""
    middle, half = (low + high) / 2, (high - low) / 2
    return half * np.sum(WEIGHTS * function(middle + half * NODES))


def density(x):
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


# ---- kernels and overlaps


@given(st.floats(0.05, 3.1), shares)
def test_the_overlap_is_the_probability_that_two_normals_exceed_the_cut(angle, share):
    cut, sine, cosine = ndtri(1 - share), np.sin(angle), np.cos(angle)

    def both(x):
        return density(x) * ndtr((cosine * x - cut) / sine)

    expected = integral(both, cut, max(cut, 0) + 10) / share
    assert theory.code_overlap(angle, share) == pytest.approx(expected, abs=1e-6)


@given(angles, angles, shares, shares)
def test_the_overlap_falls_with_the_angle_rises_with_the_share_and_keeps_its_bounds(a, b, s, r):
    (near, far), (few, many) = sorted([a, b]), sorted([s, r])
    overlap = theory.code_overlap(near, few)
    assert max(0, 2 - 1 / few) - 1e-12 <= theory.code_overlap(far, few) <= overlap <= 1
    assert overlap <= theory.code_overlap(near, many) + 1e-12
    # Neither point is active as often as both are when the active fraction is 1 - few.
    neither = 1 - 2 * few + few * overlap
    mirrored = (1 - few) * theory.code_overlap(near, 1 - few)
    assert mirrored == pytest.approx(neither, abs=1e-9)


@given(angles, st.sampled_from([0, 1]))
def test_the_arc_cosine_kernel_is_the_mean_product_around_the_circle(angle, order):
    def product(turn):
        return (np.cos(turn) * np.cos(turn - angle)) ** order

    expected = 2 * 2**order * integral(product, angle - np.pi / 2, np.pi / 2) / (2 * np.pi)
    assert theory.arc_cosine_kernel(angle, order) == pytest.approx(expected, abs=1e-12)
    half = theory.code_overlap(angle, 0.5)
    assert theory.arc_cosine_kernel(angle, 0) == pytest.approx(half, abs=1e-12)


@given(angles, angles, st.sampled_from([0, 1]))
def test_the_arc_cosine_kernel_falls_with_the_angle(a, b, order):
    near, far = theory.arc_cosine_kernel(sorted([a, b]), order)
    assert 1 >= near >= far - 1e-15 and far >= -1e-15


@given(st.floats(0, 9), st.floats(0, 9), st.floats(0.5, 9), st.floats(0.1, 9))
def test_the_gaussian_kernel_is_a_mean_cosine_and_multiplies_over_dimensions(a, b, width, unit):
    def wave(x):
        return density(x) * np.cos(x * a / width)

    kernel = theory.gaussian_kernel(a, width)
    assert kernel == pytest.approx(integral(wave, -12, 12), abs=1e-9)
    assert 0 <= kernel <= 1
    other = theory.gaussian_kernel(b, width)
    assert kernel * other == pytest.approx(theory.gaussian_kernel(np.hypot(a, b), width))
    assert (kernel >= other) == (a <= b) or kernel == pytest.approx(other)
    assert theory.gaussian_kernel(unit * a, unit * width) == pytest.approx(kernel)


# ---- risks


@given(ratios, amounts, amounts)
def test_the_isotropic_risk_is_an_integral_over_the_marchenko_pastur_distribution(
    ratio, signal, noise
):
    middle, half = 1 + ratio, 2 * np.sqrt(ratio)  # the eigenvalues lie in middle ± half

    def moment(power):
        """Return a moment of the eigenvalues above 0, by their angle on the half circle."""

        def at(turn):
            return half**2 * np.cos(turn) ** 2 * (middle + half * np.sin(turn)) ** (power - 1)

        return integral(at, -np.pi / 2, np.pi / 2) / (2 * np.pi * ratio)

    expected = noise * ratio * moment(-1) + signal * (1 - moment(0))
    risk = theory.hastie_risk(ratio, signal, noise)
    assert risk == pytest.approx(expected, rel=1e-6, abs=1e-9)


@given(ratios, amounts, amounts, st.floats(0.1, 9))
def test_the_isotropic_risk_is_linear_and_its_variance_is_the_same_on_both_sides(
    ratio, signal, noise, times
):
    risk = theory.hastie_risk(ratio, signal, noise)
    assert theory.hastie_risk(ratio, times * signal, times * noise) == pytest.approx(times * risk)
    parts = theory.hastie_risk(ratio, signal, 0), theory.hastie_risk(ratio, 0, noise)
    assert risk == pytest.approx(sum(parts))
    assert theory.hastie_risk(1 / ratio, 0, noise) == pytest.approx(parts[1])
    assert 0 <= parts[0] <= signal and parts[1] >= 0
    nearer = theory.hastie_risk(np.sqrt(ratio), 0, noise)
    assert nearer >= parts[1]  # the variance rises towards the pole


@st.composite
def activations(draw):
    """Draw the moments of an activation with a linear and a nonlinear part."""
    mu0, mu1, rest = draw(st.floats(-2, 2)), draw(st.floats(0.2, 2)), draw(st.floats(0.1, 2))
    return mu0, mu1, mu0**2 + mu1**2 + rest


@given(ratios, st.floats(0.5, 9), amounts, amounts, amounts, activations())
def test_the_random_feature_risk_is_linear_and_ignores_scale_and_shift_of_the_activation(
    ratio, psi2, linear, noise, nonlinear, moments
):
    def risk(*parts, moments=moments):
        return theory.mei_montanari_risk(ratio * psi2, psi2, *parts, moments=moments)

    whole, close = risk(linear, noise, nonlinear), {"rel": 1e-6, "abs": 1e-9}
    assert whole == pytest.approx(
        linear * risk(1, 0) + noise * risk(0, 1) + nonlinear * risk(0, 0, 1), **close
    )
    assert risk(0, 0, 1) == pytest.approx(1 + risk(0, 1), **close)
    assert risk(1, 0) >= -1e-9 and risk(0, 1) >= -1e-9
    mu0, mu1, second = moments
    assert risk(1, 1, moments=(3 * mu0, -3 * mu1, 9 * second)) == pytest.approx(risk(1, 1), **close)
    shifted = mu0 + 1, mu1, second + 2 * mu0 + 1
    assert risk(1, 1, moments=shifted) == pytest.approx(risk(1, 1), **close)


@given(st.floats(0.5, 9), st.floats(0.05, 0.2))
def test_the_random_feature_risk_has_its_pole_where_features_equal_samples(psi2, step):
    def risk(ratio):
        return theory.mei_montanari_risk(ratio * psi2, psi2, 1, 1)

    assert risk(1.0) == np.inf
    for side in (1 - step, 1 + step):
        assert risk((1 + side) / 2) > risk(side) > 0

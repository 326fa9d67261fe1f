"""Demagnetising factors beside closed forms, direct integrals and limits."""

import jax
import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.special import hyp2f1, j1

from rfjax.laws import demagnetisation
from tests.helpers import slope_at


def joseph(aspect):
    """The axial factor of a circular cylinder by a hypergeometric function."""
    return 1 + 8 / (3 * np.pi * aspect) - hyp2f1(-0.5, 0.5, 2, -4 / aspect**2)


def test_a_circular_cylinder_has_the_factor_of_joseph():
    aspect = np.array([0.1, 0.3, 1.0, 2.0, 5.0, 50.0])
    found = demagnetisation.in_plane_sum(aspect)
    np.testing.assert_allclose(1 - found, joseph(aspect), atol=1e-13)
    # As long as it is wide: the printed table of Chen, Brug and Goldfarb (1991).
    assert 1 - float(demagnetisation.in_plane_sum(2.0)) == pytest.approx(0.3116, abs=5e-5)


def test_a_thin_film_has_one_and_its_correction():
    """1 - N = s/π [ln(8/s) + 1/2...]: the leading logarithm of a thin disc."""
    thin = np.array([1e-3, 1e-4])
    found = demagnetisation.in_plane_sum(thin)
    np.testing.assert_allclose(found, thin / np.pi * (np.log(8 / thin) - 0.5), rtol=1e-6)


def test_an_ellipse_has_the_factors_of_the_integral_over_wave_vectors():
    length, width, height = 2.0, 1.0, 0.4

    def integrand(angle, kappa):
        g = np.hypot(np.cos(angle) / (length / 2), np.sin(angle) / (width / 2))
        return (j1(kappa) / kappa) ** 2 * -np.expm1(-kappa * g * height) / (g * height)

    quarter, _ = dblquad(integrand, 1e-9, 400, 0, np.pi / 2, epsabs=1e-8)
    tail = 2 / (400**2 * np.pi) / 2  # of J₁² about 1/(πκ), where the exponential is gone
    x, y, z = demagnetisation.elliptic_cylinder(length, width, height)
    assert float(z) == pytest.approx(4 / np.pi * quarter, abs=1e-5 + tail)
    assert float(x + y + z) == pytest.approx(1, abs=1e-15)
    assert x < y < z


def test_an_endless_elliptic_cylinder_has_the_closed_factors():
    x, y, z = demagnetisation.elliptic_cylinder(3.0, 1.0, 1e8)
    np.testing.assert_allclose([x, y, z], [1 / 4, 3 / 4, 0], atol=1e-7)


def test_axes_may_be_exchanged_and_units_be_any():
    first = demagnetisation.elliptic_cylinder(90e-9, 40e-9, 2e-9)
    second = demagnetisation.elliptic_cylinder(40.0, 90.0, 2.0)
    np.testing.assert_allclose(first, np.array(second)[[1, 0, 2]], rtol=1e-12)


def test_single_precision_and_slopes():
    sizes = np.array([120e-9, 60e-9, 1.5e-9])
    double = np.array(demagnetisation.elliptic_cylinder(*sizes))
    single = np.array(demagnetisation.elliptic_cylinder(*sizes.astype(np.float32)))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, rtol=1e-6)

    def along(thickness):
        return demagnetisation.elliptic_cylinder(sizes[0], sizes[1], thickness)[0]

    slope = jax.grad(along)(sizes[2])
    np.testing.assert_allclose(slope, slope_at(along, sizes[2], 1e-12), rtol=1e-8)


def test_mutual_factors_are_reciprocal_and_those_of_dipoles_far_away():
    length, width, one, two = 90.0, 60.0, 2.0, 5.0
    gaps = np.array([1.0, 2e3, 4e3])
    there = np.array(demagnetisation.of_coaxial_cylinders(length, width, one, two, gaps))
    back = np.array(demagnetisation.of_coaxial_cylinders(length, width, two, one, gaps))
    np.testing.assert_allclose(one * there, two * back, rtol=1e-9)
    np.testing.assert_allclose(there.sum(0), 0, atol=1e-15)
    assert np.all(there[:2] > 0)
    dipole = np.pi / 4 * length * width * two / (4 * np.pi * (gaps + (one + two) / 2) ** 3)
    np.testing.assert_allclose(there[0] / dipole, [there[0, 0] / dipole[0], 1, 1], rtol=2e-3)
    np.testing.assert_allclose(there[2] / dipole, [there[2, 0] / dipole[0], -2, -2], rtol=2e-3)


def test_mutual_factors_are_those_of_the_field_of_charged_faces():
    """Of a circle along its axis: -∫J₁²(k)/k²·e^{-ks}(1 - e^{-kt₁})(1 - e^{-kt₂}) dk·R/t₁."""
    radius, one, two, gap = 50.0, 2.0, 3.0, 1.5
    k = np.linspace(1e-6, 4000.0, 4_000_001)
    a, b, s = one / radius, two / radius, gap / radius
    weight = (j1(k) / k) ** 2 * np.exp(-k * s) * -np.expm1(-k * a) * -np.expm1(-k * b)
    expected = -np.trapezoid(weight, k) / a
    found = demagnetisation.of_coaxial_cylinders(2 * radius, 2 * radius, one, two, gap)
    assert float(found[2]) == pytest.approx(expected, rel=1e-8)
    assert float(found[0]) == pytest.approx(-expected / 2, rel=1e-8)

"""Charges of a vortex beside closed forms and the whole sum over charges."""

import numpy as np
import pytest
from scipy.optimize import fminbound
from scipy.special import j0, jv

from rfjax.laws import vortex_charges

CATALAN = 0.915965594177219


def gauss(end, step, count):
    """Nodes and weights from 0 to an end, in panels."""
    points, weights = np.polynomial.legendre.leggauss(count)
    begins = np.arange(0, end, step)
    return (begins[:, None] + step * (points + 1) / 2).ravel(), np.tile(
        weights * step / 2, len(begins)
    )


def test_a_thin_dot_has_the_closed_form():
    """The limit of aspects that the terms of next order are known of."""
    aspects = 1e-3 * np.array([1, 2, 4, 8])
    found = np.asarray(vortex_charges.stiffness(aspects)[0])
    square = aspects**2
    terms = np.stack([np.ones(4), aspects, square, square * np.log(aspects)], 1)
    limit = np.linalg.solve(terms, found)[0]
    assert limit == pytest.approx(4 / 3 * (2 * CATALAN - 1), rel=1e-7)
    assert limit == pytest.approx(10 / 9, rel=2e-3)


@pytest.mark.parametrize("aspect", [0.05, 0.5])
def test_far_from_the_middle_the_energy_is_that_of_all_charges(aspect):
    """Of the unexpanded charges of the ansatz, harmonic by harmonic."""
    k, of_k = gauss(80.0, 4.0, 8)
    unit, weights = gauss(1.0, 1.0, 40)
    angle = (np.arange(256) + 0.5) * 2 * np.pi / 256

    def energy(s):
        rho = np.concatenate([s * unit, s + (1 - s) * unit])
        of_rho = np.concatenate([s * weights, (1 - s) * weights]) * rho
        z = rho[:, None] * np.exp(1j * angle)
        charge = 2 * s * np.imag(z) / (abs(z - s) * abs(1 - s * z))
        spectrum = np.zeros_like(k)
        for order in range(1, 13):
            part = 2 * (charge * np.sin(order * angle)).mean(1)
            spectrum += (jv(order, k[:, None] * rho) @ (of_rho * part)) ** 2
        share = 1 + np.expm1(-aspect * k) / (aspect * k)
        return np.pi / 2 / aspect * (of_k * share / k * spectrum).sum()

    s = np.array([0.15, 0.3, 0.45])
    terms = np.stack([s**2 / 2, s**4 / 4, s**6 / 6], 1)
    second, fourth, _ = np.linalg.solve(terms, [energy(each) for each in s])
    found = vortex_charges.stiffness(aspect)
    assert float(found[0]) == pytest.approx(second, abs=5e-5)
    assert float(found[1]) == pytest.approx(fourth, abs=2e-3)


def test_the_shift_changes_its_sign_in_thick_dots():
    """Metlov, arXiv 1308.0240: positive in large planar dots, negative in elongated ones."""
    fourth = np.asarray(vortex_charges.stiffness(np.array([0.05, 1.0]))[1])
    assert fourth[0] > 0 > fourth[1]


@pytest.mark.parametrize("thickness", [0.1, 1.0, 10.0])
def test_the_core_is_that_of_least_energy(thickness):
    q, of_q = gauss(200.0, 4.0, 8)
    u, weights = gauss(1.0, 1.0, 100)
    profile = of_q * (j0(q[:, None] * u) @ (weights * u * (1 - u**2) / (1 + u**2))) ** 2

    def energy(radius):
        faces = radius**3 / thickness * (profile * -np.expm1(-q * thickness / radius)).sum()
        return faces - np.log(radius)

    least = fminbound(energy, 0.5, 8, xtol=1e-9)
    found = float(vortex_charges.core_radius(thickness))
    assert found == pytest.approx(least, rel=1e-6)


def test_a_thin_core_has_the_closed_form():
    limit = 1 / np.sqrt(3 - 4 * np.log(2))
    assert float(vortex_charges.core_radius(0.02)) == pytest.approx(limit, rel=3e-3)
    assert float(vortex_charges.core_radius(0.02)) > limit


def test_beyond_their_range_they_are_no_number():
    assert np.isnan(vortex_charges.stiffness(1e-4)[0])
    assert np.isnan(vortex_charges.core_radius(1e3))
    assert np.isfinite(vortex_charges.stiffness(np.float32(1e-3))[1])

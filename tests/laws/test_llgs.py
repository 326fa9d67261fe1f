"""The equation beside its form with both cross products, and what it conserves."""

import jax
import numpy as np
import pytest

from rfjax.laws import llgs

RNG = np.random.default_rng(0)
M = RNG.normal(size=(3, 50))
M /= np.linalg.norm(M, axis=0)
FIELD, FACTORS, AXIS = RNG.normal(size=(3, 3, 50))
AXIS /= np.linalg.norm(AXIS, axis=0)
UNIAXIAL = RNG.normal(size=50)


def cross(a, b):
    return np.cross(a, b, axis=0)


def test_both_torques_are_those_of_the_equation_as_it_is_printed():
    damping, damping_like, field_like = RNG.uniform(0.01, 1, (3, 50))
    polariser = AXIS
    along, about = cross(M, cross(M, polariser)), cross(M, polariser)
    turned = cross(M, FIELD)
    expected = -(
        turned
        + damping * cross(M, turned)
        + damping_like * (along - damping * about)
        + field_like * (about + damping * along)
    ) / (1 + damping**2)
    spin = llgs.spin_torque_field(M, polariser, damping_like, field_like)
    found = llgs.velocity(M, [h + s for h, s in zip(FIELD, spin)], damping)
    np.testing.assert_allclose(found, expected, atol=1e-14)


def test_it_stays_on_the_sphere_and_solves_gilberts_implicit_form():
    """dm/dτ = -m×h + α m×dm/dτ."""
    damping = RNG.uniform(0, 2, 50)
    found = np.array(llgs.velocity(M, FIELD, damping))
    assert np.abs((M * found).sum(0)).max() < 1e-15
    np.testing.assert_allclose(found, -cross(M, FIELD) + damping * cross(M, found), atol=1e-14)


def test_the_effective_field_is_the_slope_of_the_energy():
    arguments = FIELD, FACTORS, UNIAXIAL, AXIS
    slope = jax.grad(lambda m: llgs.energy(m, *arguments).sum())(M)
    np.testing.assert_allclose(llgs.effective_field(M, *arguments), -slope, atol=1e-14)


def test_a_positive_current_pulls_towards_the_polariser():
    spin = llgs.spin_torque_field(M, AXIS, 0.3, 0.0)
    moved = np.array(llgs.velocity(M, spin, 0.0))
    np.testing.assert_allclose((moved * AXIS).sum(0), 0.3 * (1 - (M * AXIS).sum(0) ** 2))
    assert llgs.damping_like_field(1e11, 8e5, 2e-9) == pytest.approx(
        1.054571817e-34 * 1e11 / (2 * 1.602176634e-19 * 4e-7 * np.pi * 8e5 * 2e-9)
    )


def test_the_efficiency_of_a_spin_valve_is_slonczewskis():
    """P Λ²/(Λ² + 1 + (Λ² - 1) cos θ), up to the factor (Λ² + 1)/Λ² in P."""
    square, cosine = 2.7, np.linspace(-1, 1, 5)
    asymmetry = (square - 1) / (square + 1)
    expected = 0.4 * square / (square + 1 + (square - 1) * cosine)
    found = llgs.spin_efficiency(cosine, 0.4 * square / (square + 1), asymmetry)
    np.testing.assert_allclose(found, expected)


def test_constants_are_of_a_free_electron():
    electron = 1.76085963e11 * llgs.VACUUM_PERMEABILITY
    assert pytest.approx(electron, rel=3e-5) == llgs.GYROMAGNETIC_RATIO

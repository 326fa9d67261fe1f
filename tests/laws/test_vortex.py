"""Terms of Thiele's equation beside integrals over the magnetisation that they stand for."""

import jax
import numpy as np
import pytest

from rfjax.laws import vortex

AT, CORE, STEP = 0.05 + 0.08j, 0.03, 1e-5
POLAR = np.polynomial.legendre.leggauss(40)


def magnetisation(z, s, polarity, chirality, tilt):
    """Of two vortices outside of the core, tan(θ/2) = ρ/b within it."""
    g = (z - s) * (1 - np.conj(s) * z)
    direction = 1j * chirality * g / abs(g)
    u = np.minimum(abs(z - s) / CORE, np.tan(np.arccos(polarity * tilt) / 2))
    cosine, sine = (1 - u**2) / (1 + u**2), 2 * u / (1 + u**2)
    return np.stack([sine * direction.real, sine * direction.imag, polarity * cosine])


def disc(rim):
    """Places and weights in the disc, polar about the core, within and outside of its rim."""
    nodes, weights = POLAR
    angle = (np.arange(400) + 0.5) * 2 * np.pi / 400
    along = AT.real * np.cos(angle) + AT.imag * np.sin(angle)
    edge = np.sqrt(along**2 + 1 - abs(AT) ** 2) - along
    places, areas = [], []
    for low, high in ((3e-3 * CORE, rim), (rim, edge)):
        length = np.log(high / low) * np.ones_like(angle)
        radius = low * np.exp((nodes[:, None] + 1) / 2 * length)
        places.append(AT + radius * np.exp(1j * angle))
        areas.append(weights[:, None] / 2 * length * radius**2 * 2 * np.pi / 400)
    return np.concatenate(places), np.concatenate(areas)


STATES = [
    (1, 1, 0.0, (1.0, 0.0, 0.0)),
    (-1, 1, 0.3, (0.6, 0.8, 0.0)),
    (1, -1, -0.3, (0.0, 0.6, 0.8)),
    (1, 1, 0.2, (0.0, 0.0, 1.0)),
]


@pytest.mark.parametrize(("polarity", "chirality", "tilt", "polariser"), STATES)
def test_they_are_the_integrals_of_the_ansatz(polarity, chirality, tilt, polariser):
    rim = CORE * np.tan(np.arccos(polarity * tilt) / 2)
    z, area = disc(rim)
    state = polarity, chirality, tilt
    m = magnetisation(z, AT, *state)
    moved = [
        (magnetisation(z, AT + e, *state) - magnetisation(z, AT - e, *state)) / (2 * STEP)
        for e in (STEP, 1j * STEP)
    ]
    place = AT.real, AT.imag

    def whole(values):
        return (area * values).sum()

    gyro = whole((m * np.cross(moved[0], moved[1], axis=0)).sum(0))
    assert float(vortex.gyrovector(polarity, tilt)) == pytest.approx(gyro, rel=2e-3)
    found = vortex.damping_tensor(place, 0.02, CORE, polarity, tilt)
    for value, (i, j) in zip(found, ((0, 0), (0, 1), (1, 1))):
        expected = 0.02 * whole((moved[i] * moved[j]).sum(0))
        assert float(value) == pytest.approx(expected, rel=2e-3, abs=5e-6)
    slender, like = 12.0, (0.0 if polariser[2] else 0.4)
    p = np.array(polariser)[:, None, None] * np.ones_like(m)
    field = like * p + 0.7 * np.cross(m, p, axis=0)
    expected = [slender * whole((field * each).sum(0)) for each in moved]
    force = vortex.torque_force(
        place, polariser, 0.7, like, (slender, slender * CORE), polarity, chirality, tilt
    )
    np.testing.assert_allclose(force, expected, atol=1e-3 * np.abs(expected).max())
    mean = vortex.magnetisation(place, chirality, tilt)
    np.testing.assert_allclose(mean[:2], [whole(each) / np.pi for each in m[:2]], atol=2e-6)


def test_the_oersted_energy_is_that_of_a_field_that_grows_from_the_middle():
    """In units of the energy: -j/2π times the integral of ρ times the tangential component."""
    rho, weights = np.polynomial.legendre.leggauss(200)
    rho, weights = (rho + 1) / 2, weights / 2
    angle = (np.arange(400) + 0.5) * 2 * np.pi / 400
    z = rho[:, None] * np.exp(1j * angle)

    def energy(s):
        g = (z - s) * (1 - s * z)
        tangential = (g / abs(g) * np.exp(-1j * angle)).real.mean(1) * 2 * np.pi
        return -(weights * rho**2 * tangential).sum() / (2 * np.pi)

    s = np.array([0.1, 0.2, 0.3])
    terms = np.stack([s**2 / 2, s**4 / 4, s**6 / 6], 1)
    expected = np.linalg.solve(terms, [energy(each) - energy(0.0) for each in s])
    found = vortex.stiffness((0.0, 0.0), 0.0, 1.0, 1)
    assert float(found[0]) == pytest.approx(expected[0], rel=1e-3)
    assert float(found[1]) == pytest.approx(expected[1], rel=2e-2)


def test_forces_are_slopes_of_the_energy():
    place, stiffness, pull = (0.2, -0.3), (1.3, 0.4), (0.1, 0.25)
    slopes = jax.grad(lambda place: vortex.energy(place, stiffness, pull))(place)
    np.testing.assert_allclose(vortex.force(place, stiffness, pull), -np.array(slopes), rtol=1e-12)


def test_a_field_moves_the_core_so_that_the_magnetisation_follows():
    for chirality in (1, -1):
        pull = vortex.pull((0.01, 0.0), 20.0, chirality)
        mean = vortex.magnetisation(pull, chirality)
        assert float(mean[0]) > 0
        assert float(mean[1]) == pytest.approx(0, abs=1e-15)


def test_the_velocity_solves_thieles_equation():
    force, g, (xx, xy, yy) = np.array([0.3, -0.2]), 6.0, (0.5, 0.1, 0.4)
    x, y = vortex.velocity(tuple(force), g, (xx, xy, yy))
    np.testing.assert_allclose([xx * x + (xy - g) * y, (xy + g) * x + yy * y], force)
    x, y = vortex.velocity((-1.0, 0.0), g, (0.0, 0.0, 0.0))
    assert float(y) > 0 == float(x)

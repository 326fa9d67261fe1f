"""Where an equation has no answer, a law gives NaN, and no other element is touched by it."""

import jax
import numpy as np
import pytest

from rfjax.laws import auto_oscillator, magnetoresistance, spin_diode, thermal_noise

# A law; arguments that it has an answer for; others that it has none for.
CASES = {
    "frequency": (auto_oscillator.angular_frequency, (0.5, 1e9, -0.5), (3.0, 1e9, -0.5)),
    "biased damping": (lambda z: auto_oscillator.biased_damping(z, 0.01, 2.0)[1], (0.5,), (1.5,)),
    "biased linewidth": (lambda z: auto_oscillator.biased_damping(z, 0.01, 2.0)[0], (0.5,), (1.0,)),
    "steady power": (auto_oscillator.steady_power, (1.5, 2.0), (1.5, -2.0)),
    "frequency of diffusion": (
        thermal_noise.diffusion,
        (0.01, 1e7, 1.0, 1.0, -0.5),
        (0.01, 1e7, 3.0, 1.0, -0.5),
    ),
    "damping of diffusion": (
        thermal_noise.diffusion,
        (0.01, 1e7, 1.0, -0.5),
        (0.01, 1e7, 3.0, -0.5),
    ),
    "power of diffusion": (thermal_noise.diffusion, (0.01, 1e7, 0.0), (0.01, 1e7, -1.0)),
    "slope of diffusion": (
        lambda power: thermal_noise.diffusion_and_slopes(0.01, 1e7, power, 1.0, -0.5).first,
        (1.0,),
        (3.0,),
    ),
    "energy": (thermal_noise.oscillation_energy, (1.0, 1e-19, -0.5), (3.0, 1e-19, -0.5)),
    "temperature": (thermal_noise.equilibrium_power, (300.0, 1e-19), (-300.0, 1e-19)),
    "linewidth below": (thermal_noise.linewidth_below_threshold, (1e6,), (-1e6,)),
    "linewidth above": (thermal_noise.linewidth_above_threshold, (1e5, 0.5, 1.0), (1e5, -0.5, 1.0)),
    "densities": (magnetoresistance.spin_polarisation, (2.0, 1.0), (2.0, -1.0)),
    "polarisation": (magnetoresistance.julliere_magnetoresistance, (0.5, 0.6), (1.2, 1.0)),
    "drive": (
        spin_diode.oscillation_power,
        (0.5, 1.0, 2.0, 1.0),
        (0.5, -1.0, 2.0, 1.0),
    ),
    "drive of a linear resonator": (
        spin_diode.oscillation_power,
        (0.5, 1.0, 0.0, 0.0),
        (0.5, -1.0, 0.0, 0.0),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_outside_of_its_domain_a_law_gives_no_number(name):
    law, inside, outside = CASES[name]
    both = tuple(np.array(pair) for pair in zip(inside, outside, strict=True))
    alone = np.asarray(law(*inside))
    values = np.asarray(law(*both))
    assert np.isfinite(alone)
    assert np.isnan(values[1])
    np.testing.assert_allclose(values[0], alone, rtol=1e-12)

    def first(*arguments):
        return law(*arguments)[0]

    slopes = jax.grad(first, tuple(range(len(both))))(*both)
    assert all(np.isfinite(np.asarray(slope)[0]) for slope in slopes)

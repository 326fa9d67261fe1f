"""One tone at a time."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import rfjax
from rfjax import InvalidInput, Resonator
from rfjax.rectifiers import CrossCoupled, Dynamic, HarmonicBalance, Independent, Linear

RESONATORS = Resonator(np.array([[2e8, 2.05e8, 2.1e8]]), nonlinear_shift=0.05)
POWERS, FREQUENCIES = np.array([1e-6, 2e-5]), np.array([1.96e8, 2.01e8, 2.13e8])
MODELS = (Linear(), Independent(), CrossCoupled(), HarmonicBalance(), Dynamic())


@pytest.mark.parametrize("rectifier", MODELS, ids=lambda model: type(model).__name__)
def test_each_tone_gives_the_voltage_that_it_gives_alone(rectifier):
    found = rfjax.spectrum(RESONATORS, POWERS, FREQUENCIES, rectifier)
    assert found.shape == (2, 3, 1, 3)
    alone = rectifier(RESONATORS, POWERS[:, None], FREQUENCIES[1:2])
    # Of `Dynamic` both are settled to its tolerance, in steps of their own.
    np.testing.assert_allclose(found[:, 1], alone, atol=3e-6 * float(jnp.abs(found).max()))


def test_it_has_a_peak_to_either_side_of_the_resonance_at_low_power():
    """±β P/2Γ at half a linewidth each, of (3.15), and zero on resonance."""
    found = rfjax.spectrum(Resonator(2e8), 1e-12, 2e8 * (1 + 0.01 * np.array([-1.0, 0.0, 1.0])))
    peak = 6e7 * 1e-12 / (2 * np.pi * 2e6) / 2
    np.testing.assert_allclose(found, [-peak, 0, peak], rtol=1e-5, atol=1e-6 * peak)


def test_derivatives_reach_devices_and_frequencies():
    def total(frequency, tones):
        return jnp.sum(rfjax.spectrum(Resonator(frequency), 1e-5, tones) ** 2) * 1e9

    at = jnp.asarray(2e8), jnp.asarray([1.99e8, 2.02e8])
    slopes = jax.grad(total, argnums=(0, 1))(*at)
    step = 10.0
    by_hand = (total(at[0] + step, at[1]) - total(at[0] - step, at[1])) / (2 * step)
    np.testing.assert_allclose(slopes[0], by_hand, rtol=1e-6)
    np.testing.assert_allclose(slopes[1].sum(), -slopes[0], rtol=0.1)  # all that counts is near


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ((Resonator(2e8), -1.0, np.array([2e8])), "^powers is -1"),
        ((Resonator(2e8), 1e-6, 2e8), "^frequencies have shape"),
        ((Resonator(2e8), 1e-6, np.zeros(0)), "^there are no frequencies"),
        ((Resonator(2e8), 1e-6, np.array([-2e8])), r"^frequencies\[0\] is -200000000"),
    ],
)
def test_what_has_no_spectrum_is_refused(asked, message):
    with pytest.raises(InvalidInput, match=message):
        rfjax.spectrum(*asked)

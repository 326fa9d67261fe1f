"""The oscillator as a neuron."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rfjax.checks import InvalidInput
from rfjax.nn import OscillatorActivation
from tests.helpers import slope_at


@given(st.floats(0, 20), st.floats(1.1, 10))
def test_it_emits_nothing_below_threshold_full_at_the_clamp_and_grows_between(damping, largest):
    activation = OscillatorActivation(damping + 1e-3, largest)
    current = jnp.array([-3.0, 0.0, 0.5, 1.0, (1 + largest) / 2, largest, 2 * largest])
    share = np.asarray(activation(current))
    assert (share[:4] == 0).all()
    assert 0 < share[4] < 1
    assert share[5:] == pytest.approx(1)


def test_the_power_is_that_of_a_free_running_oscillator_under_its_current():
    current = np.array([1.5, 2.0, 3.9])
    power = (current - 1) / (current + 2)
    expected = current**2 * power / (16 * 0.5)
    np.testing.assert_allclose(OscillatorActivation()(jnp.asarray(current)), expected, rtol=1e-12)


def test_the_published_neuron_puts_out_the_oscillation_power():
    current = np.array([0.5, 1.5, 2.0, 4.0])
    expected = [0.0, 1 / 7, 0.25, 0.5]  # (3.11) with Q = 2
    found = OscillatorActivation(output="oscillation power")(jnp.asarray(current))
    np.testing.assert_allclose(found, np.array(expected) / 0.5, rtol=1e-12)


@pytest.mark.parametrize("current", [0.3, 1.7, 3.5, 4.5])
def test_slopes_are_those_of_differences(current):
    activation = OscillatorActivation()
    slope = jax.grad(lambda x: activation(x))(current)
    found = slope_at(lambda x: float(activation(jnp.asarray(x))), current, 1e-3)
    assert slope == pytest.approx(found, rel=1e-6, abs=1e-12)


def test_slopes_are_finite_at_the_threshold_and_at_the_clamp():
    slopes = jax.vmap(jax.grad(OscillatorActivation()))(jnp.array([0.0, 1.0, 4.0]))
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize(
    "fields", [{"nonlinear_damping": -1.0}, {"largest": 1.0}, {"output": "volts"}]
)
def test_oscillators_that_cannot_be_are_refused(fields):
    with pytest.raises(InvalidInput, match=next(iter(fields))):
        OscillatorActivation(**fields)

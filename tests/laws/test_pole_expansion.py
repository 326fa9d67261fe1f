"""The linear spin diode as a pole, and its expansion where tones are far from it."""

import jax.numpy as jnp
import numpy as np

from rfjax.laws import pole_expansion, spin_diode
from rfjax.laws.steady_oscillation import newton_step, oscillation_power, power_singularity

RNG = np.random.default_rng(0)
OWN, DAMPING = 1e9, 0.01
DETUNING = RNG.uniform(-3, 3, 5)
BETA, TORQUES = 6e7, (0.9, 0.4)
FAR = np.array([OWN, *(OWN * (1 + DAMPING * np.array([-60.0, 40.0, 80.0])))])


def _linear(tone, detuning, own=OWN):
    """The volts per watt of (3.15)."""
    reached = own / (1 + DAMPING * detuning)
    x = (tone - reached) / (DAMPING * reached)
    return np.asarray(
        BETA / (2 * np.pi * DAMPING * reached) * spin_diode.response(x, 0.0, 0.0, 0.0, *TORQUES)
    )


def test_the_pole_is_the_resonance_and_the_offset_is_counted_from_any_tone():
    for tone in (OWN, 1.02 * OWN):
        real, imaginary = pole_expansion.offset_from_tone(tone, OWN, DETUNING, DAMPING)
        pole = OWN * (1 - 1j * DAMPING) / (1 + DAMPING * DETUNING)
        np.testing.assert_allclose(
            real + 1j * np.asarray(imaginary), (pole - tone) / tone, rtol=1e-9
        )
    other = 3.3 * OWN
    exact = BETA / (2 * np.pi) * np.real((TORQUES[0] + 1j * TORQUES[1]) / (other - pole))
    np.testing.assert_allclose(_linear(other, DETUNING), exact, rtol=1e-10)


def test_moments_times_ratios_are_the_linear_response_far_away():
    ratios = pole_expansion.tone_ratios(jnp.asarray(FAR), 0)[:, 0]
    assert ratios[0] == 0
    offset = pole_expansion.offset_from_tone(OWN, OWN, DETUNING, DAMPING)
    errors = []
    for order in (4, 8, 16):
        moments = pole_expansion.moments(OWN, offset, BETA, TORQUES, order)
        for tone, ratio in zip(FAR[1:], ratios[1:]):
            found = sum(each * ratio ** (m + 1) for m, each in enumerate(moments))
            errors.append(np.abs(found - _linear(tone, DETUNING)).max() / np.abs(found).max())
    # Each order is as much smaller as the bound says, and the truncation error is within it.
    assert max(errors[3:6]) < 1e-6
    assert max(errors[6:]) < 1e-11
    bound = pole_expansion.truncation(FAR, np.full(4, DAMPING), 3.0)[1:, 0]
    actual = np.abs(offset[0] + 1j * np.asarray(offset[1])).max() * np.abs(ratios[1:])
    assert (actual <= bound).all()
    for each, largest in zip(errors[:3], bound, strict=True):
        assert each <= 3 * largest**4


def test_what_grows_with_the_power_is_the_first_order_of_the_excess():
    shift, growth, drive = 10.0, 1.0, 1e-6
    offset = pole_expansion.offset_from_tone(OWN, OWN, DETUNING, DAMPING)
    reached = OWN / (1 + DAMPING * DETUNING)
    moments = pole_expansion.growing_moments(
        OWN, offset, BETA * drive, DAMPING * reached / OWN, (shift, growth), TORQUES, 24
    )
    for tone in FAR[1:]:
        ratio = OWN / (tone - OWN)
        found = sum(each * ratio ** (m + 4) for m, each in enumerate(moments))
        x = (tone - reached) / (DAMPING * reached)
        power = oscillation_power(x, drive, shift, growth)
        whole, linear = (spin_diode.response(x, p, shift, growth, *TORQUES) for p in (power, 0.0))
        expected = BETA / (2 * np.pi * DAMPING * reached) * (whole - linear)
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_tones_that_are_near_or_alike_are_left_out():
    ratios = pole_expansion.tone_ratios(jnp.array([1e9, 1.1e9, 1.2e9, 1.2e9]), 1)
    np.testing.assert_array_equal(ratios != 0, np.abs(np.subtract.outer(range(4), range(4))) > 1)
    np.testing.assert_allclose(ratios[0, 2], 1.2e9 / (1e9 - 1.2e9))
    bound = pole_expansion.truncation(np.array([1e9, 1e9]), np.full(2, 0.01), 1.0)
    assert np.isinf(bound).all()
    # Where the range reaches beyond all resonances nothing converges.
    assert np.isinf(pole_expansion.truncation(FAR, np.full(4, 0.2), 5.0)).all()


def test_steps_of_newton_double_the_digits_of_the_cubic():
    x, s, n, q = RNG.uniform(-3, 3, 200), RNG.uniform(0, 0.02, 200), 8.0, 1.0
    exact = np.asarray(oscillation_power(x, s, n, q))
    power = s / (1 + x**2)
    errors = []
    for _ in range(5):
        power = newton_step(power, x, s, n, q)
        errors.append(np.max(np.abs(power - exact) / exact))
    for before, after in zip(errors, errors[1:]):
        assert after <= max(10 * before**2, 1e-14)
    assert errors[-1] <= 1e-14


def test_the_singularity_is_where_the_lower_branch_ends_or_beside_the_real_axis():
    x = np.linspace(-6, 6, 49)
    shift, growth = np.full(49, 5.0), np.full(49, 0.3)
    found = power_singularity(x, shift, growth)
    _, end = map(np.asarray, spin_diode.fold_drives(x, 5.0, 0.3))
    folds = np.isfinite(end)
    assert 0 < folds.sum() < 49
    np.testing.assert_allclose(found[folds], end[folds], rtol=1e-9)
    assert ((np.abs(found.imag) > 0) | (found.real < 0))[~folds].all()
    assert np.isinf(power_singularity(x, 0 * x, 0 * x)).all()

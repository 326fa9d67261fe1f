"""Devices that stacks amount to, beside closed forms and the integrated equation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, spectrum
from rfjax.laws import ferromagnetic_resonance as fmr
from rfjax.laws import llgs
from rfjax.macrospin import (
    FreeLayer,
    Magnetoresistance,
    SpinTorque,
    reduction,
    resonance,
    threshold_current,
)
from tests.macrospin.orbits import orbit
from tests.macrospin.stacks import IN_PLANE, NORMAL, permalloy, upright

FIELD = np.array([2e4, 1e4, 1e5])  # along no axis
SIZE, NEAR, WEAK = 8e5, np.array([1.0, 0.1, 0.2]), 1e-4


def film(axis, damping=0.01):
    """A film without sides, whose polariser is along an axis."""
    torque = SpinTorque(-axis, 0.5)
    return FreeLayer(SIZE, 2e-9, 1e-7, damping=damping, demagnetising=NORMAL, torque=torque)


def test_through_a_film_it_is_the_closed_form():
    """N = 2γM/ω, Q = N - 1, both torques of Slavin and Tiberkevich."""
    found = reduction(film(NORMAL), NORMAL, field=[0, 0, 1e6])
    hold = 1e6 - SIZE
    shift = float(fmr.nonlinear_shift(hold, hold, 1e6))
    assert float(found.frequency) == pytest.approx(float(fmr.frequency(hold, hold, 0.01)))
    assert float(found.decay) == pytest.approx(float(fmr.decay_rate(hold, hold, 0.01)))
    assert float(found.nonlinear_shift) == pytest.approx(shift, rel=1e-12)
    assert float(found.nonlinear_damping) == pytest.approx(shift - 1, rel=1e-12)
    assert float(found.saturation / found.efficiency) == pytest.approx(1, rel=1e-12)
    pull = llgs.damping_like_field(1 / (np.pi / 4 * 1e-14), SIZE, 2e-9) / 2
    sigma = llgs.GYROMAGNETIC_RATIO * float(pull) / (1 + 0.01**2)
    assert float(found.efficiency) == pytest.approx(sigma, rel=1e-12)
    threshold = threshold_current(film(NORMAL), NORMAL, field=[0, 0, 1e6])
    assert float(threshold) == pytest.approx(0.01 * hold / float(pull), rel=1e-12)
    # The energy of p = 1 without its curvature: that of a field H - M turned round.
    unit = 2 * llgs.VACUUM_PERMEABILITY * SIZE * float(film(NORMAL).volume)
    assert float(found.energy) == pytest.approx(unit * hold, rel=1e-12)


def test_in_the_plane_of_a_film_it_is_the_closed_form():
    field = 8e4
    found = reduction(film(IN_PLANE, 1e-5), IN_PLANE, field=field * IN_PLANE)
    shift = fmr.nonlinear_shift(field, field + SIZE, field)
    assert float(found.nonlinear_shift) == pytest.approx(float(shift), rel=1e-8)
    flattened = (field + SIZE / 2) / np.sqrt(field * (field + SIZE))
    assert float(found.saturation / found.efficiency) == pytest.approx(flattened, rel=1e-8)
    with pytest.raises(InvalidInput, match="^Q < 0 as powers are counted"):
        found.oscillator()
    with pytest.raises(InvalidInput, match="^the damping falls with the power, Q < 0"):
        found.resonator(Magnetoresistance(500.0, 1000.0, NORMAL))


def test_a_scale_counts_the_same_orbits_in_other_powers():
    layer, start, field = upright()
    junction = Magnetoresistance(500.0, 1000.0, [0.6, 0.0, -0.8])
    one, four = (
        reduction(layer, start, field=field, scale=each) for each in (1.0, np.full(1, 4.0))
    )
    assert four.frequency.shape == four.decay.shape == (1,)
    single, double = one.resonator(junction), four.resonator(junction)
    tones = float(single.frequency) * np.array([0.98, 1.0, 1.01])
    ours = spectrum(double, np.array([1e-8, 1e-7]), tones)[..., 0]
    np.testing.assert_allclose(ours, spectrum(single, np.array([1e-8, 1e-7]), tones), rtol=1e-9)
    assert float(double.nonlinear_shift[0]) == pytest.approx(4 * float(single.nonlinear_shift))
    # dE/dp is that of four times the action; the orbit of one power is the same.
    assert float(four.energy[0]) == pytest.approx(4 * float(one.energy))


def test_a_threshold_that_is_a_jump_is_refused():
    """Held upright by its easy axis, a film's damping falls faster than a current's gain does."""
    layer = FreeLayer(
        SIZE,
        2e-9,
        1e-7,
        demagnetising=NORMAL,
        interface_anisotropy=1.2e-3,
        torque=SpinTorque(-NORMAL, 0.5),
    )
    threshold = threshold_current(layer, NORMAL)
    found = reduction(layer, NORMAL, current=threshold, scale=10.0)
    with pytest.raises(InvalidInput, match="^the threshold is a jump"):
        found.oscillator()


@pytest.mark.parametrize("stack", ["in the plane", "tilted", "upright"])
def test_frequency_and_damping_follow_the_power_as_on_integrated_orbits(stack):
    layer, start, field = {
        "in the plane": (permalloy(damping=WEAK), NEAR, 2 * FIELD * IN_PLANE),
        "tilted": (permalloy(damping=WEAK, interface_anisotropy=1e-3), NEAR, FIELD),
        "upright": upright(damping=WEAK),
    }[stack]
    found = reduction(layer, start, field=field)
    small, large = (orbit(layer, field, found.magnetisation, tilt) for tilt in (0.06, 0.12))
    assert large.power < 0.02

    def slope(value, at_rest):
        """At no power: the curvature is taken out."""
        one, two = (each / at_rest - 1 for each in value)
        p, q = small.power, large.power
        return (one / p * q - two / q * p) / (q - p)

    shift = slope([small.frequency, large.frequency], float(found.frequency))
    growth = slope([WEAK * each.decay for each in (small, large)], float(found.decay))
    assert float(found.nonlinear_shift) == pytest.approx(shift, rel=1e-2, abs=1e-3)
    assert float(found.nonlinear_damping) == pytest.approx(growth, rel=1e-2, abs=1e-3)
    # Each beside the orbit itself, at the powers of the test.
    expected = 1 + float(found.nonlinear_shift) * small.power
    assert small.frequency / float(found.frequency) == pytest.approx(expected, abs=1e-3)


def test_frequency_and_decay_are_those_of_the_resonance():
    layer, start, field = upright()
    found, linear = (each(layer, start, field=field) for each in (reduction, resonance))
    np.testing.assert_allclose(found.frequency, linear.frequency, rtol=1e-12)
    np.testing.assert_allclose(found.decay, linear.decay_rate, rtol=1e-12)


def test_single_precision_keeps_four_digits():
    layer, start, field = upright()
    single = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), layer)
    given = {"field": field.astype(np.float32), "current": np.float32(1e-5)}
    small = reduction(single, start.astype(np.float32), **given)
    double = reduction(layer, start, field=field, current=1e-5)
    names = ("frequency", "decay", "growth", "shift", "efficiency", "saturation", "energy")
    for name in names:
        assert getattr(small, name).dtype == np.float32
        assert float(getattr(small, name)) == pytest.approx(float(getattr(double, name)), rel=3e-4)


def test_what_is_no_device_is_refused_in_a_line():
    layer, start, field = upright()
    found = reduction(layer, start, field=field)
    with pytest.raises(InvalidInput, match="^no threshold current is found"):
        threshold_current(permalloy(torque=None), IN_PLANE)
    wrong = FreeLayer(8e5, 2e-9, 1e-7, demagnetising=NORMAL, torque=SpinTorque(NORMAL))
    with pytest.raises(InvalidInput, match="^a positive current takes no damping away"):
        reduction(wrong, NORMAL, field=[0, 0, 1e6]).oscillator()
    with pytest.raises(InvalidInput, match="^no oscillation is found"):
        reduction(permalloy(uniaxial_anisotropy=5e3), [0, 1.0, 0])
    maximum = FreeLayer(
        1e6,
        1.5e-9,
        80e-9,
        60e-9,
        damping=0.02,
        interface_anisotropy=6.5e-4,
        torque=SpinTorque(NORMAL),
    )
    for function, message in ((reduction, "oscillation"), (threshold_current, "threshold current")):
        with pytest.raises(InvalidInput, match=f"^no {message} is found"):
            function(maximum, NORMAL, field=[0, 0, 2e5])
    with pytest.raises(InvalidInput, match="^start is missing"):
        reduction(layer, field=field)
    assert "decay=" in repr(found)

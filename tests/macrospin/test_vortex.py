"""Vortices beside closed forms and the integrated equation of Thiele."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from rfjax import InvalidInput
from rfjax.devices import Junction
from rfjax.laws import llgs
from rfjax.laws import vortex as laws
from rfjax.macrospin import (
    SpinTorque,
    TunnelResistance,
    Vortex,
    reduction,
    threshold_current,
)
from rfjax.rectifiers import Linear
from tests.helpers import slope_at

TILTED = SpinTorque([0.6, 0.0, -0.8], 0.3, field_like=0.4)
FIELD = np.array([2e3, -1e3, 2e5])  # A/m


def disc(scale=(1.0, 1.0, 1.0, 1.0), **fields):
    """A permalloy disc of 300 nm by 8 nm."""
    given = {"exchange": 1.3e-11 * scale[2], "damping": 0.01 * scale[3], "torque": TILTED}
    return Vortex(8e5 * scale[0], 8e-9 * scale[1], 300e-9, **given | fields)


def system(layer, field=(0.0, 0.0, 0.0), current=0.0):
    """The planar system of one vortex, and its current."""
    found, currents, _ = layer.planar_system(None, field, current)
    return jax.tree.map(lambda leaf: leaf[0], found), currents[0]


def test_the_frequency_is_that_of_the_stiffness():
    layer = disc(torque=None)
    core, _ = system(layer)
    second, fourth = laws.stiffness(core.magnetostatic, core.exchange, 0.0, 1)
    gyro, (damping, _, _) = 2 * np.pi, laws.damping_tensor((0, 0), 0.01, core.core, 1)
    bare = float(laws.frequency(8e5, layer.aspect, second, gyro))
    slowed = gyro**2 / (gyro**2 + float(damping) ** 2)
    found = reduction(layer)
    assert float(found.frequency) == pytest.approx(bare * slowed, rel=1e-12)
    assert float(found.damping) == pytest.approx(float(damping) / gyro, rel=1e-12)
    shift = float(fourth / second)
    assert float(found.nonlinear_shift) == pytest.approx(shift, rel=1e-3)
    growth = shift + np.pi * 0.01 / 6 / float(damping)
    assert float(found.nonlinear_damping) == pytest.approx(growth, rel=1e-3)
    energy = layer.energy_unit * second
    assert float(found.energy) == pytest.approx(float(energy), rel=1e-12)


def test_a_thin_dot_without_exchange_has_the_published_limit():
    """5/9π with 10/9 in place of 1.10924."""
    layer = Vortex(8e5, 0.5e-9, 1e-6, exchange=1e-14, damping=1e-5)
    limit = 5 / (9 * np.pi) * llgs.GYROMAGNETIC_RATIO * 8e5 * 1e-3 / (2 * np.pi)
    assert float(reduction(layer).frequency) == pytest.approx(limit, rel=3e-3)


def test_a_field_along_the_core_raises_the_frequency_by_its_tilt():
    layer = disc(damping=1e-4, polarity=np.array([1.0, -1.0]))
    tilt = 2e5 / float(layer.saturation_field)
    expected = (1 + tilt * np.array([1, -1])) * float(reduction(disc(damping=1e-4)).frequency)
    found = reduction(layer, field=[0, 0, 2e5])
    np.testing.assert_allclose(found.frequency, expected, rtol=1e-6)


@pytest.mark.parametrize("field", [(0.0, 0.0, 0.0), tuple(FIELD)])
def test_shifts_and_losses_are_those_of_integrated_orbits(field):
    """Of undamped orbits, whose losses are of first order in the damping; p up to 0.02."""
    layer = disc(damping=1e-6, torque=None)
    core, current = system(layer, field)
    found = reduction(layer, field=field)
    centre = core.equilibrium(current)
    rest = jnp.zeros(2)

    @jax.jit
    def velocity(w):
        return core.velocity(w, current, centre)

    @jax.jit
    @jax.vmap
    def loss(w):
        moved = core.velocity(w, current, centre)
        xx, xy, yy = laws.damping_tensor(
            tuple(centre + w), core.damping, core.core, core.polarity, core.tilt(current)
        )
        return xx * moved[0] ** 2 + 2 * xy * moved[0] * moved[1] + yy * moved[1] ** 2

    def crossing(_, w):
        return w[1]

    crossing.direction = 1
    settings = {"method": "DOP853", "rtol": 1e-11, "atol": 1e-12, "dense_output": True}
    gyro = float(laws.gyrovector(1, core.tilt(current)))
    frequencies, losses, powers = [], [], []
    for size in (0.01, 0.1, 0.14):
        start = np.array([size, 0.0])
        path = solve_ivp(lambda _, w: velocity(w), (0, 40), start, events=crossing, **settings)
        period = path.t_events[0][path.t_events[0] > 1][0]
        w = path.sol(np.arange(128) / 128 * period).T
        parts = np.fft.fft(w[:, 0] + 1j * w[:, 1]) / 128
        power = (np.fft.fftfreq(128, 1 / 128) * abs(parts) ** 2).sum()
        powers.append(power)
        frequencies.append(2 * np.pi / period)
        losses.append(float(loss(w).mean()) / (gyro * frequencies[-1] * power))
    assert np.all(jnp.abs(velocity(rest)) < 1e-12)
    for values, slope in ((frequencies, found.nonlinear_shift), (losses, found.nonlinear_damping)):
        change = (np.array(values) / values[0] - 1)[1:] / (np.array(powers)[1:] - powers[0])
        # The first order alone, so that what p adds to it is a part of the difference.
        np.testing.assert_allclose(change, float(slope), rtol=0.01)
    rate = float(core.rate) / (2 * np.pi)
    assert float(found.frequency) == pytest.approx(rate * frequencies[0], rel=1e-4)


@jax.jit
def integrated(core, currents, start, step, kept):
    """Positions after each of some steps of Runge and Kutta, of lanes of currents."""

    def velocity(w):
        return jax.vmap(lambda w, current: core.velocity(w, current, jnp.zeros(2)))(w, currents)

    def advanced(w, _):
        first = velocity(w)
        second = velocity(w + step / 2 * first)
        third = velocity(w + step / 2 * second)
        fourth = velocity(w + step * third)
        w = w + step / 6 * (first + 2 * second + 2 * third + fourth)
        return w, w

    return jax.lax.scan(advanced, start, kept)[1]


def test_thresholds_and_steady_orbits_are_those_of_the_integrated_equation():
    """A polariser along z; the Oersted field shifts the frequency on the way."""
    layer = disc(torque=SpinTorque([0, 0, -1.0], 0.3), damping=0.02)
    threshold = float(threshold_current(layer))
    core, _ = system(layer)
    ratios = np.array([0.99, 1.01, 1.02])
    begin = np.tile([1e-4, 0.0], (3, 1))
    begin[2, 0] = 0.2
    step = 0.5
    path = np.asarray(
        integrated(core, jnp.asarray(threshold * ratios), begin, step, jnp.zeros(40_000))
    )
    size = np.linalg.norm(path, axis=-1)
    growth = np.log(size[2000] / size[0])[:2]
    assert growth[0] < 0 < growth[1]
    crossing = ratios[0] - growth[0] * (ratios[1] - ratios[0]) / (growth[1] - growth[0])
    assert crossing == pytest.approx(1, abs=5e-4)
    scaled = reduction(layer, current=threshold, scale=5.0).oscillator()
    assert float(scaled.threshold_current) == pytest.approx(threshold, rel=1e-9)
    settled = size[-1, 2] ** 2 / 5
    current = threshold * ratios[2]
    assert float(scaled.steady_power(current)) == pytest.approx(settled, rel=0.03)
    angle = np.unwrap(np.arctan2(path[-4000:, 2, 1], path[-4000:, 2, 0]))
    turns = (angle[-1] - angle[0]) / (2 * np.pi * 3999 * step)
    frequency = turns * float(core.rate)
    # The Oersted field of the further 2 % of current is no part of an oscillator.
    assert float(scaled.steady_frequency(current)) == pytest.approx(frequency, rel=3e-3)
    there = reduction(layer, current=current)
    power = -float(there.decay / there.growth)
    assert power == pytest.approx(settled * 5, rel=0.02)
    expected = float(there.frequency * (1 + there.nonlinear_shift * power))
    assert expected == pytest.approx(frequency, rel=2e-4)


def test_a_scale_counts_the_same_power_in_other_units():
    one, four = (reduction(disc(), field=FIELD, scale=each) for each in (1.0, 4.0))
    np.testing.assert_allclose(four.shift, 4 * one.shift)
    np.testing.assert_allclose(four.growth, 4 * one.growth)
    np.testing.assert_allclose(four.energy, 4 * one.energy)
    np.testing.assert_allclose(np.abs(four.force), np.abs(one.force) / 2)
    plain = disc(torque=SpinTorque([0, 0, -1.0], 0.3))
    found = reduction(plain, current=threshold_current(plain))
    with pytest.raises(InvalidInput, match="^Q < 0 as powers are counted"):
        found.oscillator()


def test_a_resonator_rectifies_as_the_response_of_the_core():
    """Small signals: resistance and current mixed, of the linearised equation itself."""
    layer = disc(damping=0.005)
    core, current = system(layer, FIELD)
    centre = core.equilibrium(current)
    junction = TunnelResistance(Junction(8e-12, float(layer.area), 1.0), [1.0, 0.3, 0.0])
    diode = reduction(layer, field=FIELD).resonator(junction)
    slopes = jax.jacfwd(core.velocity)(jnp.zeros(2), current, centre)
    push = jax.jacfwd(core.velocity, 1)(jnp.zeros(2), current, centre)
    along = jax.grad(lambda w: junction.resistance(core.observed(w, centre)))(jnp.zeros(2))
    offsets = np.array([-4.0, -1.0, 0.0, 0.5, 2.0])
    tones = float(diode.frequency) * (1 + float(diode.damping) * offsets)
    amplitude, expected = 1e-6, []
    for tone in tones:
        turning = -2j * np.pi * tone / float(core.rate) * np.eye(2)
        moved = np.linalg.solve(turning - np.asarray(slopes), np.asarray(push))
        expected.append(amplitude**2 / 2 * (np.asarray(along) @ moved).real)
    resistance = float(junction.resistance(core.observed(jnp.zeros(2), centre)))
    power = np.array([resistance * amplitude**2 / 2])
    volts = [float(Linear()(diode, power, np.array([tone]))) for tone in tones]
    assert np.abs(np.array(volts) - expected).max() < 0.01 * np.abs(expected).max()


def test_under_a_current_a_junction_has_its_differential_resistance():
    given = Junction(8e-12, 7e-14, 1.0, half_voltage=0.4)
    found = TunnelResistance(given, [1.0, 0, 0]).resistance(np.array([0.2, 0.5, 0.1]), 2e-3)
    expected = slope_at(lambda current: given.bias(current, 0.2), 2e-3, 1e-5)
    assert float(found) == pytest.approx(float(expected), rel=1e-9)


def outputs(scale):
    """Every number of a reduction under a current, and the threshold."""
    layer = disc(scale)
    found = reduction(layer, field=FIELD * scale[4], current=2e-4 * scale[5])
    names = "frequency", "decay", "shift", "growth", "energy", "efficiency", "saturation"
    parts = [getattr(found, name) for name in names] + [found.force.real, found.force.imag]
    return jnp.stack([*parts, threshold_current(layer, field=FIELD * scale[4])])


@pytest.mark.slow
def test_derivatives_are_those_of_finite_differences():
    # One program for slopes and values, which compiles for longer than it runs.
    both = jax.jit(jax.jacfwd(lambda scale: (outputs(scale),) * 2, has_aux=True))
    point = jnp.ones(6)
    slopes, values = both(point)
    size = np.abs(values)
    assert np.isfinite(size).all()
    for place in range(6):
        direction = jnp.eye(6)[place]
        numerical = slope_at(lambda x, d=direction: both(point + x * d)[1], 0.0, 1e-3)
        assert np.all(np.abs(slopes[:, place] - numerical) < 1e-6 * (size + np.abs(numerical)))


def test_single_precision_keeps_its_digits():
    double = reduction(disc(), field=FIELD, current=2e-4)
    small = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), disc())
    single = reduction(small, field=FIELD.astype(np.float32), current=np.float32(2e-4))
    assert single.frequency.dtype == np.float32
    np.testing.assert_allclose(single.frequency, double.frequency, rtol=1e-5)
    np.testing.assert_allclose(single.shift, double.shift, rtol=1e-4)
    np.testing.assert_allclose(single.decay, double.decay, rtol=1e-4)


def test_what_a_vortex_cannot_be_is_refused():
    with pytest.raises(InvalidInput, match="^thickness over the radius is 4 to 4"):
        Vortex(8e5, 4e-7, 2e-7)
    with pytest.raises(InvalidInput, match="^polarity has a value outside .* 1 or -1"):
        disc(polarity=0.5)
    with pytest.raises(InvalidInput, match="^torque has an asymmetry"):
        disc(torque=SpinTorque([0, 0, 1.0], 0.3, asymmetry=0.2))
    for field in ([0, 0, 9e5], [4e4, 0, 0]):
        with pytest.raises(InvalidInput, match="^the core does not rest within half a radius"):
            reduction(disc(), field=field)
    with pytest.raises(InvalidInput, match="^no threshold current is found"):
        threshold_current(disc(torque=None))
    with pytest.raises(InvalidInput, match="^start is given of a vortex"):
        reduction(disc(), [1.0, 0, 0])
    found = jax.jit(lambda field: reduction(disc(), field=field).frequency)
    frequencies = found(jnp.array([[0, 0, 9e5], [0, 0, 2e5]]))
    assert np.isnan(frequencies[0])
    assert frequencies[1] > 1e8

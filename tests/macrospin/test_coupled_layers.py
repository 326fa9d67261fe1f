"""Two coupled layers beside single ones, closed forms, conservation laws and themselves in time."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput
from rfjax.laws import llgs
from rfjax.macrospin import (
    CoupledLayers,
    FreeLayer,
    Magnetoresistance,
    Microwave,
    MutualResistance,
    MutualTorque,
    diode_voltage,
    equilibrium,
    resonance,
    simulate,
)
from tests.helpers import slope_at
from tests.macrospin.stacks import IN_PLANE, NORMAL, permalloy

FIELD = np.array([2e4, 1e4, 1e5])
AGAINST = np.array([[1.0, 0.1, 0.0], [-1.0, 0.1, 0.0]])


@pytest.fixture(scope="module")
def optimised():
    return True


def reference(**fields):
    """A layer of another material and thickness beside `permalloy`."""
    given = {"magnetisation": 1.2e6, "thickness": 2e-9, "uniaxial_anisotropy": 2e4, "torque": None}
    return permalloy(**given | {"damping": 0.02} | fields)


def pair(scale=None, **fields):
    """Unequal layers with every coupling."""
    a, b, c, d, e, f = jnp.ones(6) if scale is None else scale
    given = {
        "bilinear": -2e-4 * a,
        "biquadratic": -3e-5 * b,
        "spacer": 1e-9 * c,
        "torque": MutualTorque(0.5 * d, returned=0.4, asymmetry=0.2, field_like=0.1),
    }
    one, two = permalloy(magnetisation=8e5 * e, torque=None), reference(damping=0.02 * f)
    return CoupledLayers(one, two, **given | fields)


def test_without_a_coupling_they_are_two_single_layers():
    layers = permalloy(), reference()
    both, start = CoupledLayers(*layers), np.array([IN_PLANE, -IN_PLANE + 0.2])
    settings = {"field": FIELD, "current": np.array([1e-4, -1e-4])}
    found = resonance(both, start, **settings)
    path = simulate(both, start, 2e-10, step=1e-12, saves=3, **settings)
    for place, layer in enumerate(layers):
        alone = resonance(layer, start[place], **settings)
        slow = 0 if found.frequency[0, 0] == pytest.approx(float(alone.frequency[0])) else 1
        np.testing.assert_allclose(found.frequency[:, slow], alone.frequency, rtol=1e-12)
        np.testing.assert_allclose(found.decay_rate[:, slow], alone.decay_rate, rtol=1e-10)
        single = simulate(layer, start[place], 2e-10, step=1e-12, saves=3, **settings)
        np.testing.assert_allclose(
            path.magnetisation[..., place, :], single.magnetisation, atol=1e-15
        )


def test_modes_of_a_synthetic_antiferromagnet_are_the_published_ones():
    """Acoustic and optical (MacNeill et al., Phys. Rev. Lett. 123, 047204, 2019), canted, and
    Kittel's of both aligned layers beyond saturation at 2H_E."""
    size, thickness, exchange, ratio = 8e5, 3e-9, 5e4, llgs.GYROMAGNETIC_RATIO / (2 * np.pi)
    film = FreeLayer(size, thickness, 1e-7, damping=1e-6, demagnetising=NORMAL)
    coupling = -llgs.VACUUM_PERMEABILITY * size * thickness * exchange
    field = np.array([2e4, 6e4, 1.5e5])
    canted = np.minimum(field / (2 * exchange), 1)
    across = np.sqrt(1 - canted**2)
    start = np.stack([canted, across + 0.01, 0 * field], -1)
    start = np.stack([start, start * [1, -1, 1]], -2)
    both = CoupledLayers(film, film, bilinear=coupling)
    found = resonance(both, start, field=field[:, None] * IN_PLANE)
    np.testing.assert_allclose(found.magnetisation[:, 0, 0], canted, atol=1e-12)
    acoustic = np.sqrt(2 * exchange * (2 * exchange + size)) * field / (2 * exchange)
    optical = np.sqrt(2 * exchange * size) * across
    acoustic[2] = np.sqrt(field[2] * (field[2] + size))
    beyond = field[2] - 2 * exchange
    optical[2] = np.sqrt(beyond * (beyond + size))
    expected = ratio * np.sort([acoustic, optical], 0).T
    np.testing.assert_allclose(found.frequency, expected, rtol=1e-10)


def flow(both, m, current):
    """The angular momentum that the coupling brings each layer, in units of moment, undamped."""

    def velocity(stack):
        equation = stack.equation_of_motion(jnp.zeros(3), 1)
        still = eqx.tree_at(lambda at: at.layers.damping, equation, 0 * equation.layers.damping)
        return jnp.stack(still.velocity(m, current))

    change = velocity(both) - velocity(CoupledLayers(both.free, both.reference))
    return np.asarray(change * both.each(lambda layer: layer.energy_unit, 1))


def test_angular_momentum_goes_from_one_layer_to_the_other():
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(5, 2, 3))
    both = pair(torque=None, spacer=None)
    m = both.to_front(both.directions("m", directions), (5,))
    found = flow(both, m, 0.0)
    np.testing.assert_allclose(found[:, 0], -found[:, 1], atol=1e-13 * np.abs(found).max())
    # The field-like torques of a current are such an exchange. The others are equal in size, and
    # drive both round in the same sense: m x (m1 x m2), of either one (Slonczewski 1996).
    both = pair(bilinear=0.0, biquadratic=0.0, spacer=None, torque=MutualTorque(0.5))
    found = flow(both, m, 1e-3)
    one, two = np.moveaxis(np.asarray(m), 0, -1)
    spin = np.cross(one, two)
    size = -llgs.REDUCED_PLANCK / (2 * llgs.ELECTRON_CHARGE) * 0.5 * 1e-3
    for place, each in enumerate((one, two)):
        expected = size * np.cross(each, spin).T
        np.testing.assert_allclose(found[:, place], expected, rtol=1e-9, atol=1e-30)
    added = flow(eqx.tree_at(lambda at: at.torque.field_like, both, jnp.array(0.3)), m, 1e-3)
    turned = added - found
    np.testing.assert_allclose(turned[:, 0], 0.3 * size * spin.T, rtol=1e-9, atol=1e-30)
    np.testing.assert_allclose(turned[:, 1], -turned[:, 0], atol=1e-12 * np.abs(turned).max())


def test_energy_falls_without_a_drive_and_stays_without_damping():
    lossless = jnp.array([1.0, 1e-10])
    damped = pair()
    both = eqx.tree_at(
        lambda at: (at.free.damping, at.reference.damping),
        damped,
        (0.01 * lossless, 0.02 * lossless),
    )
    start = [[0.2, 0.9, 0.4], [-0.5, 0.1, 0.6]]
    found = simulate(both, start, 1e-9, field=FIELD, step=2.5e-13, saves=101)
    m = np.asarray(found.magnetisation)
    assert m.shape == (2, 101, 2, 3)
    assert np.abs(np.linalg.norm(m, axis=-1) - 1).max() < 1e-15
    energy = np.asarray(both.energy(m.swapaxes(0, 1), FIELD))
    assert np.all(np.diff(energy[:, 0]) < 0)
    assert np.ptp(energy[:, 1]) < 1e-6 * np.ptp(energy[:, 0])


def test_both_modes_are_those_of_the_ring_down():
    """Of a small displacement: four exponentials fit it exactly, those of the resonance."""
    both, settings = pair(), {"field": FIELD, "current": 2e-4}
    found = resonance(both, AGAINST, **settings)
    rest = np.asarray(found.magnetisation)
    shifted = rest + 1e-5 * np.array([[0.3, 1.0, 0.7], [-0.8, 0.4, 1.0]])
    path = simulate(both, shifted, 2e-9, step=2.5e-13, saves=401, **settings)
    trace = (np.asarray(path.magnetisation) - rest)[:, :, 1:].reshape(401, -1) * 1e5
    # x(t + T) = M x(t): the eigenvalues of M are those of the motion over T.
    matrix = np.linalg.lstsq(trace[:-1], trace[1:], rcond=None)[0]
    values = np.log(np.linalg.eigvals(matrix)) / 5e-12
    values = np.sort_complex(values[values.imag > 0])
    values = values[np.argsort(values.imag)]
    np.testing.assert_allclose(values.imag / (2 * np.pi), found.frequency, rtol=1e-5)
    np.testing.assert_allclose(-values.real, found.decay_rate, rtol=1e-3)


def test_the_equilibrium_is_where_a_damped_pair_ends():
    both = eqx.tree_at(
        lambda at: (at.free.damping, at.reference.damping), pair(), (jnp.array(0.3),) * 2
    )
    settings = {"field": FIELD, "current": np.array([-2e-4, 2e-4])}
    found = equilibrium(both, AGAINST, **settings)
    ended = simulate(both, AGAINST, 10e-9, saves=2, step=1e-12, **settings).magnetisation[:, -1]
    assert np.all(found.stable)
    np.testing.assert_allclose(found.magnetisation, ended, atol=1e-8)
    assert np.abs(found.magnetisation[0] - found.magnetisation[1]).max() > 1e-3


def test_derivatives_are_those_of_finite_differences():
    def found(scale):
        at = resonance(pair(scale), AGAINST, field=FIELD, current=1e-4)
        return jnp.concatenate([at.frequency, at.decay_rate])

    program, point = jax.jit(found), jnp.ones(6)
    slopes = jax.jit(jax.jacfwd(found))(point)
    for place in range(6):
        direction = jnp.eye(6)[place]
        numerical = slope_at(lambda x, d=direction: program(point + x * d), 0.0, 1e-3)
        np.testing.assert_allclose(slopes[:, place], numerical, rtol=1e-6, atol=10)


def test_single_precision_stays_near_double():
    double, both = resonance(pair(), AGAINST, field=FIELD), pair()
    small = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), both)
    single = resonance(small, AGAINST.astype(np.float32), field=FIELD.astype(np.float32))
    assert single.frequency.dtype == np.float32
    np.testing.assert_allclose(single.frequency, double.frequency, rtol=1e-5)
    np.testing.assert_allclose(single.decay_rate, double.decay_rate, rtol=1e-3)


def test_the_voltage_is_that_of_the_settled_integration():
    both, junction, amplitude = pair(), MutualResistance(500.0, 1000.0), 2e-6
    settings = {"field": FIELD, "current": 1e-4}
    tones = np.array([4e9, 8e9])
    volts = diode_voltage(both, AGAINST, junction, amplitude, tones, **settings)
    start = np.asarray(equilibrium(both, AGAINST, **settings).magnetisation)
    # Whole periods of both tones, the last ten nanoseconds of thirty.
    wave = Microwave(amplitude, tones)
    path = simulate(both, start, 30e-9, step=5e-13, saves=60_001, microwave=wave, **settings)
    m = np.asarray(path.magnetisation)[:, 40_000:-1]
    resistance = 500 + 250 * (1 - (m[..., 0, :] * m[..., 1, :]).sum(-1))
    rest = 500 + 250 * (1 - (start[0] * start[1]).sum())
    time = np.asarray(path.time)[40_000:-1]
    currents = 1e-4 + amplitude * np.cos(2 * np.pi * tones[:, None] * time)
    np.testing.assert_allclose(volts, ((resistance - rest) * currents).mean(-1), rtol=1e-3)


def test_bad_input_is_refused_in_a_line():
    with pytest.raises(InvalidInput, match="^free and reference have different diameters"):
        CoupledLayers(permalloy(), reference(diameter=110e-9))
    with pytest.raises(InvalidInput, match="the shapes do not broadcast"):
        CoupledLayers(permalloy(thickness=np.full(2, 3e-9)), reference(thickness=np.full(3, 2e-9)))
    with pytest.raises(InvalidInput, match="^spacer is 0"):
        pair(spacer=0.0)
    with pytest.raises(InvalidInput, match="^start has shape .* give a direction for each layer"):
        simulate(pair(), IN_PLANE, 1e-10)
    with pytest.raises(InvalidInput, match="^junction is a Magnetoresistance"):
        diode_voltage(pair(), AGAINST, Magnetoresistance(1.0, 2.0, NORMAL), 1e-6, 5e9)


def test_where_a_mode_does_not_oscillate_it_says_so():
    """Of layers free to turn together in their plane, the acoustic one."""
    film = FreeLayer(8e5, 3e-9, 1e-7, demagnetising=NORMAL)
    both = CoupledLayers(film, film, bilinear=-1e-4)
    with pytest.raises(InvalidInput, match="^no oscillation is found"):
        resonance(both, AGAINST)
    found = jax.jit(lambda start: resonance(both, start).frequency)(AGAINST)
    assert np.isnan(found[0])
    assert found[1] > 1e9

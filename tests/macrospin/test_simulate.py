"""The equation integrated, beside independent numbers and closed forms."""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput
from rfjax.laws import llgs
from rfjax.macrospin import FreeLayer, Microwave, simulate
from tests.helpers import slope_at
from tests.macrospin.stacks import IN_PLANE, NORMAL, of_reference, permalloy


@pytest.fixture(scope="module")
def optimised():
    return True


def test_trajectories_are_those_of_scipy(llg):
    layer, field, current, read = of_reference(llg)
    settings = {"field": field, "current": current, "saves": 6, "step": 1e-12}
    found = simulate(layer, read("start"), 2e-9, solver=diffrax.Dopri8(), **settings)
    np.testing.assert_allclose(found.time[1:], read("times")[0])
    assert np.abs(np.asarray(found.magnetisation)[:, 1:] - read("m")).max() < 1e-9


def test_the_scheme_has_its_fourth_order_and_keeps_the_length():
    start, settings = [0.3, 0.5, 0.8], {"field": [5e4, 2e4, 0], "current": 2e-4, "saves": 11}

    def path(step, solver=None):
        found = simulate(permalloy(), start, 1e-9, step=step, solver=solver, **settings)
        return np.asarray(found.magnetisation)

    exact, paths = path(1e-12, diffrax.Dopri8()), [path(2.5e-13), path(1.25e-13)]
    errors = [np.abs(path - exact).max() for path in paths]
    assert 15 < errors[0] / errors[1] < 24  # of third order 8, of fifth 32
    assert all(np.abs(np.linalg.norm(path, axis=-1) - 1).max() < 1e-15 for path in paths)


def test_a_perpendicular_layer_precesses_as_the_closed_form_says():
    """tan(θ/2) decays as e^{-αω't} where the field does not depend on the angle."""
    layer = FreeLayer(8e5, 2e-9, 50e-9, damping=0.05, demagnetising=np.full(3, 1 / 3))
    found = simulate(layer, [1.0, 0.0, 0.5], 2e-9, field=[0, 0, 2e5], saves=5, step=2e-13)
    m = np.asarray(found.magnetisation)
    turning = llgs.GYROMAGNETIC_RATIO * 2e5 / (1 + 0.05**2)
    half = np.sqrt((1 - m[:, 2]) / (1 + m[:, 2]))
    time = np.asarray(found.time)
    np.testing.assert_allclose(half / half[0], np.exp(-0.05 * turning * time), rtol=1e-8)
    angle = np.unwrap(np.arctan2(m[:, 1], m[:, 0]) - turning * time)
    np.testing.assert_allclose(np.exp(1j * angle), 1, atol=1e-8)


def test_energy_falls_without_a_drive_and_stays_without_damping():
    field = np.array([3e4, 1e4, -2e4])
    damping = np.array([0.02, 1e-12])
    layer = permalloy(damping=damping, interface_anisotropy=3e-4)
    found = simulate(layer, [0.2, 0.9, 0.4], 3e-9, field=field, saves=301, step=5e-13)
    energy = np.asarray(layer.energy(jnp.moveaxis(found.magnetisation, 1, 0), field))
    assert np.all(np.diff(energy[:, 0]) < 0)
    span = np.ptp(energy[:, 0])
    assert np.ptp(energy[:, 1]) < 1e-7 * span


def test_single_precision_stays_near_double():
    fields = {"field": np.array([5e4, 2e4, 0.0]), "current": np.array(2e-4)}
    start = np.array([0.3, 0.5, 0.8])

    def ended(dtype):
        layer = jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), permalloy())
        given = {name: value.astype(dtype) for name, value in fields.items()}
        wave = Microwave(dtype(1e-4), dtype(6e9))
        found = simulate(
            layer, start.astype(dtype), 5e-9, step=1e-12, saves=2, microwave=wave, **given
        )
        return np.asarray(found.magnetisation)

    single = ended(np.float32)
    assert single.dtype == np.float32
    assert np.abs(np.linalg.norm(single, axis=-1) - 1).max() < 3e-7
    assert np.abs(single - ended(np.float64)).max() < 2e-4


def test_a_small_microwave_current_tilts_as_linear_response_says():
    """A field-like drive of a damped sphere in a field: |m| = h/(2Γ) at the resonance."""
    field, damping, ratio = 2e5, 0.05, llgs.GYROMAGNETIC_RATIO
    layer = FreeLayer(
        8e5,
        2e-9,
        50e-9,
        damping=damping,
        demagnetising=np.full(3, 1 / 3),
        oersted=np.array([1e6, 0, 0]),
    )
    frequency = ratio * field / (2 * np.pi)
    wave = Microwave(1e-5, frequency)
    settings = {"field": [0, 0, field], "microwave": wave, "saves": 2001}
    found = simulate(layer, [0.0, 0, 1], 20 / (damping * ratio * field), step=2e-13, **settings)
    tilt = np.linalg.norm(np.asarray(found.magnetisation)[1900:, :2], axis=-1).mean()
    assert tilt == pytest.approx(10 / (2 * damping * field), rel=3e-3)


def test_a_thermal_field_gives_boltzmanns_distribution():
    """A sphere in a field: <m_z> = coth κ - 1/κ, and <m_z²> = 1 - 2<m_z>/κ."""
    layer = FreeLayer(8e5, 2e-9, 20e-9, damping=0.2, demagnetising=np.full(3, 1 / 3))
    ratio, field = 2.5, 5e4
    energy = llgs.VACUUM_PERMEABILITY * 8e5 * float(layer.volume) * field
    found = simulate(
        layer,
        np.broadcast_to(NORMAL, (512, 3)),
        20e-9,
        field=field * NORMAL,
        temperature=energy / ratio / 1.380649e-23,
        key=jax.random.key(0),
        step=4e-12,
        saves=21,
    )
    m = np.asarray(found.magnetisation)[:, 5:, 2]
    mean = 1 / np.tanh(ratio) - 1 / ratio
    lanes = m.mean(1)
    error = lanes.std() / np.sqrt(len(lanes))
    assert abs(lanes.mean() - mean) < 4 * error < 0.02
    assert (m**2).mean() == pytest.approx(1 - 2 * mean / ratio, abs=0.02)


def test_paths_of_a_key_do_not_depend_on_the_lanes_beside_them_or_on_save_times():
    settings = {"temperature": 300.0, "key": jax.random.key(1), "step": 1e-12}
    fields = 5e4 * np.array([1.0, 1.0, 9.0])[:, None] * IN_PLANE  # the last one turns faster
    one, many = (
        simulate(permalloy(), IN_PLANE, 2e-11, field=fields[:lanes], saves=saves, **settings)
        for lanes, saves in ((1, 3), (3, 11))
    )
    np.testing.assert_allclose(one.magnetisation[0], many.magnetisation[0, ::5], atol=1e-15)
    assert np.abs(many.magnetisation[0] - many.magnetisation[1])[1:].max() > 1e-4


def test_a_step_too_long_for_a_lane_leaves_that_lane_without_an_answer_in_a_program():
    def ended(field):
        return simulate(
            permalloy(), IN_PLANE, 1e-10, field=field, saves=2, step=2e-12
        ).magnetisation

    found = jax.jit(ended)(jnp.array([[1e4, 0, 0], [1e7, 0, 0]]))
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def test_slopes_in_reverse_and_forward_are_those_of_finite_differences():
    layer = permalloy()

    def ended(scale):
        changed = eqx.tree_at(
            lambda at: (at.magnetisation, at.thickness, at.damping, at.torque.polarisation),
            layer,
            (8e5 * scale[0], 3e-9 * scale[1], 0.01 * scale[2], 0.5 * scale[3]),
        )
        found = simulate(
            changed,
            jnp.array([0.2, 0.3, 0.9]),
            2e-10,
            field=scale[4] * jnp.array([5e4, 2e4, 0]),
            current=2e-4 * scale[5],
            microwave=Microwave(1e-4 * scale[6], 6e9 * scale[7]),
            step=1e-12,
            saves=3,
        )
        return found.magnetisation[-1, 1]

    point = jnp.ones(8)
    program = jax.jit(ended)
    slopes = jax.jit(jax.grad(ended))(point)
    np.testing.assert_allclose(jax.jit(jax.jacfwd(ended))(point), slopes, rtol=1e-10)
    for place in range(8):
        direction = jnp.eye(8)[place]
        numerical = slope_at(lambda x, d=direction: program(point + x * d), 0.0, 1e-4)
        assert slopes[place] == pytest.approx(float(numerical), rel=1e-6, abs=1e-10)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"step": 1e-10}, "^step is 1e-10 s, in which the magnetisation can turn by"),
        ({"start": [0.0, 0, 0]}, "^start has no direction"),
        ({"start": [1.0, 0]}, r"^start has shape \(2,\); give components"),
        ({"field": [np.nan, 0, 0]}, r"^field\[0\] is nan"),
        ({"temperature": 300.0}, "^temperature and key go together"),
        ({"temperature": 300.0, "key": jax.random.key(0)}, "^with a temperature, step is None"),
        ({"duration": 1.0}, "^that takes .* steps; take 20000000 at most"),
        ({"current": np.ones(2), "field": np.ones((3, 3))}, "do not broadcast"),
    ],
)
def test_bad_input_is_refused_in_a_line(settings, message):
    given = {"start": IN_PLANE, "duration": 1e-10, "saves": 2} | settings
    with pytest.raises(InvalidInput, match=message):
        simulate(permalloy(), **given)


def test_trajectories_have_labels():
    found = simulate(permalloy(), np.broadcast_to(IN_PLANE, (2, 3)), 1e-11, saves=3)
    data = found.to_xarray()
    assert data.magnetisation.dims == ("lane", "time", "component")
    assert data.time.attrs["units"] == "s"
    assert "lanes (2,)" in repr(found)

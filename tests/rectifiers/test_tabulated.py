"""A table of measured voltages is the device that was measured, wherever it was measured."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import rfjax
from rfjax import InvalidInput, Line, Resonator, nn
from rfjax.arrays import OwnTone, ResonatorArray, SharedLine
from rfjax.rectifiers import Independent, Tabulated
from rfjax.training import fit
from tests.helpers import slope_at

RESONANCE, POWERS = 2e8, 2.5e-6 * np.arange(1, 13)
DEVICE = Resonator(RESONANCE, symmetric=0.3, nonlinear_shift=0.3)
SPAN = np.linspace(0.8, 1.2, 801)
NEAR = np.array([1.96e8, 1.99e8, 2.03e8])


def table(device=DEVICE, powers=POWERS, span=SPAN, resonance=RESONANCE):
    tones = resonance * span
    return Tabulated(rfjax.spectrum(device, powers, tones), powers, tones, resonance)


TABLE = table()


def error(found, exact):
    return np.abs(found - exact).max() / np.abs(exact).max()


def test_it_converges_in_fourth_order_in_frequency():
    # Between the samples of both; near the line, as sampled.
    tones = np.linspace(1.93e8, 2.07e8, 211)
    exact = rfjax.spectrum(DEVICE, 5e-6, tones)
    coarse, fine = (
        error(rfjax.spectrum(DEVICE, 5e-6, tones, table(span=np.linspace(0.8, 1.2, n))), exact)
        for n in (201, 401)
    )
    assert 14 < coarse / fine < 40
    assert fine < 1e-4


def test_it_converges_in_fourth_order_in_power():
    # The same samples along the frequency, so that powers alone make a difference.
    tones = RESONANCE * SPAN[300:500]
    powers = np.linspace(0.01, 1, 37) * 3e-5
    exact = rfjax.spectrum(DEVICE, powers, tones)
    coarse, fine = (
        error(
            rfjax.spectrum(DEVICE, powers, tones, table(powers=3e-5 * np.arange(1, n + 1) / n)),
            exact,
        )
        for n in (6, 12)
    )
    assert 10 < coarse / fine < 40
    assert fine < 1e-4


def test_down_to_no_power_voltages_are_in_proportion():
    usual = Resonator(RESONANCE)
    fine = np.linspace(0.9, 1.1, 2001)
    tones, powers = np.linspace(1.9e8, 2.1e8, 101), np.geomspace(1e-10, 1e-6, 5)
    exact = np.asarray(rfjax.spectrum(usual, powers, tones)) / powers[:, None]
    for sampled, most in (([1e-6, 3e-6, 1e-5], 2e-6), ([1e-5], 0.051)):
        measured = table(usual, np.array(sampled), fine)
        found = np.asarray(rfjax.spectrum(usual, powers, tones, measured)) / powers[:, None]
        assert error(found, exact) < most
        np.testing.assert_allclose(found[0], found[1], rtol=1e-3, atol=1e-5 * np.abs(exact).max())
    assert not np.any(rfjax.spectrum(usual, 0.0, tones, TABLE))


def test_a_tuned_table_is_the_tuned_device():
    tuned = DEVICE.at(np.array([1.9e8, 2e8, 2.2e8, 4e8]))
    powers = 3e-5 * np.random.default_rng(0).random((5, 3))
    for device in (tuned, tuned.detuned(-0.7)):
        frequencies = np.asarray(device.frequency) * np.array([0.97, 1.002, 1.04])[:, None]
        for tones, lane in zip(frequencies.T, range(4)):
            one = jax.tree.map(lambda field, lane=lane: jnp.broadcast_to(field, 4)[lane], device)
            found = TABLE(one, powers * 0.8, tones)
            assert error(found, Independent()(one, powers * 0.8, tones)) < 2e-5


def test_tones_add_up_and_each_device_has_its_own_table():
    devices = Resonator(np.array([1.98e8, 2.01e8]), damping=np.array([0.008, 0.012]))
    tones = np.asarray(devices.frequency)[:, None] * SPAN
    each = [jax.tree.map(lambda field, k=k: jnp.broadcast_to(field, 2)[k], devices) for k in (0, 1)]
    volts = np.stack([rfjax.spectrum(each[k], POWERS, tones[k]) for k in (0, 1)])
    measured = Tabulated(volts, POWERS, tones, devices.frequency)
    assert measured.shape == (2,)
    powers = 1e-5 * np.random.default_rng(1).random((4, 3, 3))
    found = measured(devices, powers, NEAR)
    assert found.shape == (4, 3, 2)
    assert error(found, Independent()(devices, powers, NEAR)) < 2e-5
    alone = sum(measured(devices, powers[..., i : i + 1], NEAR[i : i + 1]) for i in range(3))
    np.testing.assert_allclose(found, alone, rtol=1e-10, atol=1e-16)


def test_the_order_of_samples_does_not_matter():
    rng = np.random.default_rng(2)
    rows, columns = rng.permutation(len(POWERS)), rng.permutation(len(SPAN))
    volts = np.asarray(TABLE.voltages)[rows][:, columns]
    mixed = Tabulated(volts, POWERS[rows], RESONANCE * SPAN[columns], RESONANCE)
    np.testing.assert_array_equal(mixed.voltages, TABLE.voltages)
    np.testing.assert_array_equal(mixed.offsets, TABLE.offsets)


def test_gradients_are_those_of_the_voltage():
    def volts(x):
        device = Resonator(2e8 * x[0], damping=0.01 * x[1])
        return 1e5 * TABLE(device, 1e-5 * x[2:5], NEAR * x[5])

    # Twice on a node of the spline: where one tone is a sample, and one power.
    at = np.array([1.0, 1.1, 1.0, 0.31, 0.02, 1.0])
    found = eqx.filter_jit(jax.grad(volts))(at)
    moved = eqx.filter_jit(jax.vmap(volts))
    step = 2e-6
    expected = slope_at(lambda h: moved(at + h * np.eye(6)), 0.0, step)
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-6 * np.abs(found).max())


def test_other_voltages_make_another_table():
    span = np.linspace(0.8, 1.2, 9)
    given = table(span=span, powers=POWERS[:3])
    others = np.asarray(given.voltages) * np.linspace(-1, 2, 9)
    replaced = eqx.tree_at(lambda each: each.voltages, given, jnp.asarray(others))
    made = Tabulated(others, given.powers, given.frequencies, RESONANCE)
    found = rfjax.spectrum(DEVICE, POWERS[1] / 3, NEAR, replaced)
    np.testing.assert_allclose(found, rfjax.spectrum(DEVICE, POWERS[1] / 3, NEAR, made), rtol=1e-9)
    assert error(found, rfjax.spectrum(DEVICE, POWERS[1] / 3, NEAR, given)) > 0.01
    # A device elsewhere, of the same line shape.
    moved = eqx.tree_at(lambda each: each.resonance, given, 1.01 * given.resonance)
    np.testing.assert_allclose(moved.frequencies, 1.01 * given.frequencies)

    # Linear in the voltages, so that a difference of any size is the derivative.
    @jax.jit
    def volts(voltages):
        here = eqx.tree_at(lambda each: each.voltages, given, voltages)
        return jnp.sum(here(DEVICE, np.array([1e-6, 2e-6, 3e-6]), NEAR))

    along = jnp.asarray(others)
    slope = jnp.vdot(jax.grad(volts)(given.voltages), along)
    expected = volts(given.voltages + along) - volts(given.voltages)
    np.testing.assert_allclose(slope, expected, rtol=1e-9)


def test_single_precision_agrees_with_double():
    tones = np.linspace(1.9e8, 2.1e8, 101).astype(np.float32)
    double = rfjax.spectrum(DEVICE, np.float64(POWERS), np.float64(tones), TABLE)
    single = jax.tree.map(lambda leaf: leaf.astype(np.float32), (TABLE, DEVICE))
    found = rfjax.spectrum(single[1], np.float32(POWERS), tones, single[0])
    assert found.dtype == np.float32
    assert error(found, double) < 1e-5


@pytest.mark.parametrize(
    ("powers", "tones", "said"),
    [
        ([1e-5], [2.5e8], "outside of the measured frequencies, from 0.8 to 1.2 times the reson"),
        ([1e-5], [1.5e8], "outside of the measured frequencies"),
        ([4e-5], [2.0e8], "stronger than the largest power that was measured, 30 µW"),
    ],
)
def test_what_was_not_measured_is_refused_and_within_programs_nan(powers, tones, said):
    powers, tones = np.array(powers), np.array(tones)
    with pytest.raises(InvalidInput, match=said) as raised:
        TABLE(DEVICE, powers, tones)
    assert "\n" not in str(raised.value)
    # Of lanes at the resonance, at the tone and an octave away, those have an answer that may.
    lanes = DEVICE.at(np.array([2e8, tones[0], 2 * tones[0]]))
    found = eqx.filter_jit(TABLE)(lanes, np.array([powers, [1e-6]]), tones)
    strong = powers[0] > POWERS[-1] * (tones[0] / RESONANCE) ** 2
    at_rest = tones[0] == RESONANCE
    known = [[at_rest and not strong, not strong, False], [at_rest, True, False]]
    np.testing.assert_array_equal(np.isfinite(found), known)


def test_derivatives_of_what_was_measured_are_finite_beside_what_was_not():
    def total(frequency):
        volts = TABLE(DEVICE.at(frequency), np.array([1e-5]), np.array([2e8]))
        return jnp.sum(jnp.where(jnp.isnan(volts), 0, volts))

    slopes = jax.jit(jax.grad(total))(np.array([2e8, 1e8]))
    assert np.isfinite(slopes).all()
    assert slopes[0] != 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"voltages": np.full((12, 801), np.nan)}, r"voltages\[0, 0\] is nan"),
        ({"voltages": np.zeros((3, 801))}, "voltages have shape .3, 801., powers .12,."),
        ({"voltages": np.zeros(801)}, "give ...., powers, n., .powers,., ...., n. and"),
        ({"voltages": np.zeros(801), "powers": 1e-6}, r"as voltages.None. and .P."),
        ({"powers": np.ones(12)}, "powers repeat; average"),
        ({"powers": np.arange(12.0)}, r"powers\[0\] is 0.0"),
        ({"resonance": 3e8}, "resonance lies outside"),
        ({"resonance": np.array([2e8, 2.0e8])[:, None, None]}, None),
        ({"frequencies": np.full(801, 2e8)}, "frequencies repeat"),
    ],
)
def test_a_table_is_checked(changed, said):
    given = {
        "voltages": np.asarray(TABLE.voltages),
        "powers": POWERS,
        "frequencies": RESONANCE * SPAN,
        "resonance": RESONANCE,
    }
    if said is None:  # devices at several resonances, of one measured spectrum
        assert Tabulated(**(given | changed)).shape == (2, 1, 1)
        return
    with pytest.raises(InvalidInput, match=said) as raised:
        Tabulated(**(given | changed))
    assert "\n" not in str(raised.value)
    with pytest.raises(InvalidInput, match="make Tabulated outside"):
        jax.jit(lambda volts: Tabulated(volts, POWERS, RESONANCE * SPAN, 2e8))(TABLE.voltages)


LINES = Line.geometric(1.9e8, 2.1e8, 4, 1e-5)


@pytest.mark.parametrize("wiring", [SharedLine(), OwnTone()])
def test_an_array_of_tables_is_the_array_of_the_device(wiring):
    devices = DEVICE.at(LINES.frequencies)
    detuning = np.random.default_rng(3).normal(size=(3, 4))
    arrays = [
        ResonatorArray(detuning, devices, LINES, model, wiring, tolerance=tolerance)
        for model, tolerance in ((TABLE, 1e-5), (Independent(), None))
    ]
    powers = LINES.peak_powers * np.random.default_rng(4).random((6, 4))
    slopes = eqx.filter_jit(eqx.filter_grad(lambda array: 1e5 * array(powers).sum()))
    found, exact = (array(powers) for array in arrays)
    assert error(found, exact) < 2e-5
    found, exact = (slopes(array).detuning for array in arrays)
    assert error(found, exact) < 2e-4  # of third order


def test_an_array_refuses_a_line_that_was_not_measured():
    wide = Line.geometric(1.9e8, 2.6e8, 4, 1e-5)
    with pytest.raises(InvalidInput, match="outside of the measured frequencies"):
        ResonatorArray(np.zeros((1, 4)), DEVICE.at(wide.frequencies), wide, TABLE)
    array = ResonatorArray(np.zeros((1, 4)), DEVICE.at(LINES.frequencies), LINES, TABLE)
    far = eqx.tree_at(lambda array: array.detuning, array, 30 * jnp.ones((1, 4)))
    with pytest.raises(InvalidInput, match="voltages are missing"):
        far(LINES.peak_powers)
    other = table(DEVICE.at(np.full(3, RESONANCE)).at(RESONANCE))
    other = Tabulated(
        np.stack([np.asarray(other.voltages)] * 3), POWERS, RESONANCE * SPAN, RESONANCE
    )
    with pytest.raises(InvalidInput, match="of shape .3,. for resonators of shape"):
        other(DEVICE.at(LINES.frequencies), LINES.peak_powers, LINES.frequencies)


def test_it_trains_as_the_device_does(tmp_path):
    """From one start on the same batches: tables end where the device that they are of ends."""
    rng = np.random.default_rng(5)
    labels = np.arange(60) % 3
    inputs = np.clip(np.eye(3, 4)[labels] * 0.5 + 0.2 + 0.1 * rng.normal(size=(60, 4)), 0, 1)
    ends = {}
    for name, model in (("table", TABLE), ("device", Independent())):
        network = nn.mlp(
            (3,),
            lines=LINES,
            resonators=DEVICE.at(LINES.frequencies),
            key=jax.random.key(0),
            rectifier=model,
            wiring=OwnTone(),
        )
        trained, history = fit(
            network,
            inputs,
            labels,
            split=lambda epoch, rows, *, key: (np.arange(40), np.arange(40, 60)),
            keys=jax.random.key(1),
            epochs=4,
            batch_size=10,
            optimiser=optax.adam(0.05),
        )
        ends[name] = np.asarray(trained.layers[0].array.detuning)
        assert history.train_loss[-1] < 0.9 * history.train_loss[0]
        if name == "table":
            rfjax.save(tmp_path / "table.rfjax", trained)
            again = rfjax.load(tmp_path / "table.rfjax")
            np.testing.assert_array_equal(again(inputs), trained(inputs))
    np.testing.assert_allclose(ends["table"], ends["device"], atol=2e-3)


def test_it_tells_how_far_interpolation_may_be_off():
    along, across = TABLE.interpolation_errors()
    tones, powers = np.linspace(1.93e8, 2.07e8, 211), 2.5e-6 * (np.arange(11) + 1.5)
    found = rfjax.spectrum(DEVICE, powers, tones, TABLE)
    off = np.abs(found - rfjax.spectrum(DEVICE, powers, tones)).max()
    assert off < along + across < 100 * off
    single = table(powers=POWERS[-1:]).interpolation_errors()
    assert np.isnan(single[1])
    assert single[0] > 0

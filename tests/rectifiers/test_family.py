"""What holds for every rectifier model."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from jax.flatten_util import ravel_pytree

from rfjax import InvalidInput, Resonator
from rfjax.laws import spin_diode
from rfjax.rectifiers import AbstractRectifier, CrossCoupled, Independent
from rfjax.rectifiers.base import reduced_drives
from tests.helpers import FREQUENCIES, RECTIFIERS, TONES, rectified, slope_at
from tests.rectifiers.domain import drawn

POWERS = np.array([[4e-6, 1e-5, 2e-6], [1e-6, 0.0, 8e-6]])
rectifiers = pytest.mark.parametrize("rectifier", RECTIFIERS.values(), ids=RECTIFIERS.keys())


def resonators(**fields):
    return Resonator(**({"frequency": 3.01e8, "symmetric": 0.2} | fields))


@rectifiers
def test_batches_come_before_resonators(rectifier):
    assert isinstance(rectifier, AbstractRectifier)
    frequency = 3e8 + 1e6 * np.arange(8).reshape(2, 4)
    volts = rectified(rectifier, resonators(frequency=frequency), POWERS, FREQUENCIES)
    assert volts.shape == (2, 2, 4)
    for batch, *index in np.ndindex(2, 2, 4):
        device = resonators(frequency=frequency[tuple(index)])
        one = rectified(rectifier, device, POWERS[batch], FREQUENCIES)
        assert one.shape == ()
        np.testing.assert_allclose(volts[batch, *index], one, rtol=1e-9, atol=1e-18)


@rectifiers
def test_fields_may_be_arrays_of_several_shapes(rectifier):
    arrays = {name: each for name, each in vars(resonators()).items() if eqx.is_array(each)}
    one = {name: float(value) for name, value in arrays.items()}
    several = {
        name: value * np.linspace(1, 1.01, 3).reshape(((3, 1), 3)[i % 2])
        for i, (name, value) in enumerate(one.items())
    }
    volts = rectified(rectifier, Resonator(**several), POWERS[0], FREQUENCIES)
    last = Resonator(**{name: value.ravel()[2] for name, value in several.items()})
    expected = rectified(rectifier, last, POWERS[0], FREQUENCIES)
    np.testing.assert_allclose(volts[2, 2], expected, rtol=1e-9)
    for name, values in several.items():
        device = resonators(**{name: values})
        shape = eqx.filter_eval_shape(rectifier, device, POWERS, FREQUENCIES).shape
        assert shape == (2, *values.shape)


@rectifiers
def test_no_power_gives_no_voltage(rectifier):
    no_power = np.zeros_like(POWERS[0])
    assert rectified(rectifier, resonators(), no_power, FREQUENCIES) == 0
    nothing = np.zeros((5, 0, TONES))
    assert rectified(rectifier, resonators(), nothing, FREQUENCIES).shape == (5, 0)


@rectifiers
def test_it_maps(rectifier):
    frequency = np.array([3e8, 3.02e8])
    many = eqx.filter_vmap(Resonator)(frequency)
    direct = rectified(rectifier, many, POWERS, FREQUENCIES)

    @eqx.filter_jit
    @eqx.filter_vmap(in_axes=(None, 0))
    @eqx.filter_vmap(in_axes=(0, None))
    def mapped(device, powers):
        return rectifier(device, powers, FREQUENCIES)

    np.testing.assert_allclose(mapped(many, POWERS), direct, rtol=1e-9, atol=1e-18)


@pytest.mark.parametrize("name", ["linear", "independent", "cross-coupled"])
def test_gradients_are_those_of_the_voltage(name):
    values, as_values = ravel_pytree((jax.tree.leaves(resonators()), POWERS[0], FREQUENCIES))

    def volts(values):
        fields, powers, frequencies = as_values(values)
        return RECTIFIERS[name](Resonator(*fields), powers, frequencies)

    found = eqx.filter_jit(jax.grad(volts))(values)
    steps = 1e-4 * np.maximum(np.abs(values), 1e-8)
    near_frequencies = np.abs(values - 3e8) < 2e7
    steps[near_frequencies] *= 0.01
    moved = eqx.filter_jit(jax.vmap(volts))
    expected = slope_at(lambda h: moved(values + h * np.diag(steps)), 0.0, 1.0)
    rounding = 1e-12 * np.abs(volts(values))
    np.testing.assert_allclose(found * steps, expected, rtol=1e-6, atol=rounding)


def numbers(lowest, highest, shape, dtype):
    width = np.finfo(dtype).bits
    lowest, highest = float(dtype(lowest)), float(dtype(highest))
    return arrays(
        dtype, shape, elements=st.floats(lowest, highest, width=width, allow_subnormal=False)
    )


def spread(lowest, highest, shape, dtype):
    """Numbers over many decades."""
    exponents = arrays(np.float64, shape, elements=st.floats(np.log10(lowest), np.log10(highest)))
    return exponents.map(lambda decades: (10**decades).astype(dtype))


# Tones that act each for itself on a resonator are searched below, in one program.
searched = {name: each for name, each in RECTIFIERS.items() if not isinstance(each, Independent)}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rectifier", searched.values(), ids=searched)
def test_neither_voltage_nor_gradient_is_nan_anywhere(rectifier, dtype):
    # Where tones are coupled there is a steady state only as long as they are not too strong.
    most = {"cross-coupled": 1e-4, "harmonic-balance": 1e-6}
    strongest = next((most[name] for name in most if rectifier is RECTIFIERS[name]), 1.0)
    coupled = strongest < 1
    weakest = 1e8 if coupled else 1e6

    @eqx.filter_jit
    def voltage_and_gradient(values):
        def total(values):
            *fields, powers, frequencies = values
            return jnp.sum(cast(Resonator(*fields), powers, frequencies))

        return eqx.filter_value_and_grad(total)(values)

    devices = 5
    cast = jax.tree.map(lambda array: array.astype(dtype), rectifier)

    @settings(max_examples=25, deadline=None)
    @given(st.data())
    def search(data):
        def draw(strategy):
            return data.draw(strategy)

        frequency = draw(spread(weakest, 1e12, devices, dtype))
        tones = draw(spread(weakest, 1e12, TONES, dtype))
        tones[0] = frequency[0]
        if rectifier is RECTIFIERS["harmonic-balance"]:  # which knows its tones
            tones = FREQUENCIES.astype(dtype)
        values = [
            frequency,
            draw(spread(1e-3 if coupled else 1e-5, 1, devices, dtype)),
            draw(numbers(-0.1 if coupled else -10, 0.1 if coupled else 10, devices, dtype)),
            draw(numbers(0, 10 if coupled else 100, devices, dtype)),
            draw(spread(1e6, 1e9, devices, dtype)),
            draw(spread(1e7, 1e9, devices, dtype)),
            draw(numbers(-1, 1, devices, dtype)),
            draw(numbers(-1, 1, devices, dtype)),
            draw(numbers(0, strongest, (2, TONES), dtype)),
            tones,
        ]
        volts, slopes = voltage_and_gradient(values)
        assert volts.dtype == dtype
        # A shift that rounding hides is refused; no power excites more than the drive on resonance.
        device = Resonator(*values[:-2])
        most = reduced_drives(device, jnp.max(values[-2])) * np.abs(device.reduced_shift)
        assert np.isfinite(volts) or np.max(most) * np.finfo(dtype).eps > 0.01
        assert all(np.isfinite(slope).all() for slope in slopes)

    search()


@rectifiers
def test_single_precision_agrees_with_double(rectifier):
    rng = np.random.default_rng(0)
    tones = np.float32(FREQUENCIES)
    frequency = np.float32(tones * (1 + 0.01 * rng.uniform(-3, 3, (200, TONES))))
    powers = np.float32(rng.uniform(0, 1e-5, (20, TONES)))
    cast = jax.tree.map(lambda array: array.astype(np.float32), rectifier)
    fields = single_fields(frequency)
    single = rectified(cast, Resonator(*fields), powers, tones)
    fields = [np.float64(value) for value in fields]
    double = rectified(rectifier, Resonator(*fields), np.float64(powers), np.float64(tones))
    assert single.dtype == np.float32
    assert double.dtype == np.float64
    assert np.abs(single - double).max() <= 1e-5 * np.abs(double).max()


def single_fields(frequency):
    return [frequency, *(np.float32(value) for value in (0.01, 0.1, 1, 6e7, 2e8, 1, 0.3))]


@rectifiers
def test_powers_must_be_finite_and_not_negative(rectifier):
    for bad in (-1e-9, np.nan, np.inf):
        said = rf"^powers\[1\] is {bad}; it must be finite and zero or above$"
        with pytest.raises(InvalidInput, match=said):
            rectifier(resonators(), np.array([1e-5, bad, 1e-5]), FREQUENCIES)


@rectifiers
def test_frequencies_must_be_finite_and_above_zero(rectifier):
    for bad in (0.0, -1e8, np.nan, np.inf):
        said = rf"^frequencies\[1\] is {bad}; it must be finite and above zero$"
        with pytest.raises(InvalidInput, match=said):
            rectifier(resonators(), POWERS, np.array([3e8, bad, 3e8]))


@rectifiers
@pytest.mark.parametrize(
    ("powers", "frequencies"),
    [
        (np.float64(1e-5), FREQUENCIES),
        (np.full((2, 4), 1e-5), FREQUENCIES),
        (np.full((3, 1), 1e-5), FREQUENCIES),
        (1e-5, 3e8),
        (POWERS, FREQUENCIES[:, None]),
        (POWERS, np.float64(3e8)),
    ],
)
def test_there_is_one_frequency_for_each_power(rectifier, powers, frequencies):
    with pytest.raises(InvalidInput, match=r"powers have shape .* give frequencies \(tones,\)"):
        rectifier(resonators(), powers, frequencies)


@rectifiers
def test_inside_of_a_program_what_is_not_allowed_is_nan(rectifier):
    assert np.isnan(rectified(rectifier, resonators(), -POWERS, FREQUENCIES)).all()


@rectifiers
def test_what_lies_beyond_the_domain_gets_one_line(rectifier):
    empty = np.zeros(0)
    for arguments, message in (
        ((empty, empty), "there are no frequencies"),
        ((POWERS, 1e18 * FREQUENCIES), "linewidths from a resonator"),
        ((1e20 * np.ones(3), FREQUENCIES), "reduced drive above"),
    ):
        with pytest.raises(InvalidInput, match=message) as raised:
            rectifier(resonators(), *arguments)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_is_nan_in_all_of_the_domain(dtype):
    fields, powers, frequencies = drawn(4000)
    given = jax.tree.map(lambda array: jnp.asarray(array, dtype), (fields, powers, frequencies))

    def volts(model, fields, powers, frequencies):
        device = built(fields)
        detuning = spin_diode.reduced_detuning(frequencies, device.frequency, device.damping)
        excited = model.oscillation_powers(device, detuning, powers)
        shift = jnp.abs(device.reduced_shift) * excited
        return model.rectify(device, detuning, powers), shift.max()

    for model in (Independent(), Independent("upper")):
        each = jax.value_and_grad(lambda given, model=model: volts(model, *given), has_aux=True)
        (found, shift), slopes = jax.jit(jax.vmap(each))(given)
        answered = np.isfinite(found)
        assert all(np.isfinite(leaf[answered]).all() for leaf in jax.tree.leaves(slopes))
        # Voltages are missing exactly where rounding hides where a shift leads to.
        assert (answered == (shift * np.finfo(dtype).eps <= 0.01)).all()
        assert answered.mean() > 0.8
    # Where tones are coupled, few of these have a steady state that cannot be found.
    powers = jax.jit(jax.vmap(lambda given: coupled(*given)))(given)
    missing = np.isnan(powers).any(axis=-1)
    assert missing.mean() < 0.01


def test_a_shift_that_rounding_hides_is_refused():
    fields = {
        "frequency": 2.0277,
        "damping": 0.0030738,
        "drive": 2010765,
        "nonlinear_shift": 0.48218,
    }
    fields |= {"nonlinear_damping": 0, "antisymmetric": 0.19706}
    tone = np.array([5.0375e-10]), np.array([735695.06])
    assert float(Independent("upper")(Resonator(**fields), *tone)) == pytest.approx(
        -0.0754, rel=2e-3
    )
    single = [np.float32(value) for value in tone]
    device = Resonator(**{name: np.float32(value) for name, value in fields.items()})
    with pytest.raises(InvalidInput, match="1 of 1 voltages are missing: a tone shifts"):
        Independent("upper")(device, *single)
    assert np.isnan(eqx.filter_jit(Independent("upper"))(device, *single))


def built(fields):
    return eqx.tree_at(
        lambda device: [getattr(device, name) for name in fields],
        Resonator(1e9),
        [value[0] for value in fields.values()],
    )


def coupled(fields, powers, frequencies):
    device = built(fields)
    detuning = spin_diode.reduced_detuning(frequencies, device.frequency, device.damping)
    return CrossCoupled().oscillation_powers(device, detuning, powers)

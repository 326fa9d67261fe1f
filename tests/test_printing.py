"""What is printed of values and devices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import Oscillator, Resonator
from rfjax.dynamics import SampledTone, Spectrum, Waveform
from rfjax.laws.line_shape import FittedLine, Peaks
from rfjax.printing import quantity
from rfjax.training import Evaluation


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (200e6, "Hz", "200 MHz"),
        (0.0, "W", "0 W"),
        (-2.5e-6, "W", "-2.5 µW"),
        (999.9999999e6, "Hz", "1 GHz"),
        (2e8, "rad/s", "2e+08 rad/s"),
        (np.float32(0.01), "", "0.01"),
        (np.array([174e6, 540e6]), "Hz", "[174, 540] MHz"),
        (np.linspace(198e6, 214e6, 1000), "Hz", "198…214 MHz (1000,)"),
        (np.full((2, 9), 5e-6), "W", "5 µW (2, 9)"),
        (np.zeros((0, 3)), "W", "none W (0, 3)"),
        (np.array(np.nan), "s", "nan s"),
        (None, "s", "None"),
    ],
)
def test_a_value_is_written_with_its_unit(value, unit, text):
    assert quantity(value, unit) == text


def test_devices_print_their_values_on_one_line():
    assert repr(Resonator(200e6)) == (
        "Resonator(frequency=200 MHz, damping=0.01, nonlinear_shift=0.1, nonlinear_damping=1, "
        "rectification=6e+07 rad/C, drive=2e+08 rad·Hz/√W, antisymmetric=1, symmetric=0)"
    )
    assert "under_current=True" in repr(Resonator(200e6).biased(1e-3, 1e9))
    assert str(Oscillator(np.full(10_000, 232e6))).startswith(
        "Oscillator(frequency=232 MHz (10000,), damping=0.01, "
    )


def test_devices_print_where_their_values_are_not_known():
    said = []
    jax.eval_shape(lambda device: said.append(repr(device)), Resonator(np.full(3, 2e8)))
    assert said[0].startswith("Resonator(frequency=float64[3], damping=float64[], ")
    assert "frequency=None" in repr(jax.tree.map(lambda _: None, Resonator(2e8)))


def test_what_is_read_off_prints_its_values():
    assert repr(Spectrum(np.linspace(1e8, 2e8, 9), np.full((2, 9), 1e-9))) == (
        "Spectrum(frequency=100…200 MHz (9,), density=1e-09 1/Hz (2, 9))"
    )
    line = FittedLine(*jnp.array([200e6, 4e6, 1e-3, 0.0, 1e-7]))
    assert repr(line) == (
        "FittedLine(centre=200 MHz, width=4 MHz, antisymmetric=0.001, symmetric=0, misfit=1e-07)"
    )
    assert repr(Peaks(*jnp.array([1.98e8, 1.0, 2.02e8, -1.0]))) == (
        "Peaks(highest_frequency=198 MHz, highest=1, lowest_frequency=202 MHz, lowest=-1)"
    )
    assert repr(Evaluation(np.array([0.25]), np.array([0.93]))) == (
        "Evaluation(loss=[0.25], accuracy=[0.93])"
    )


def test_drives_print_their_values():
    assert repr(SampledTone(np.array([1e7, 0]), 2e8, interval=5e-9)) == (
        "SampledTone(force=[1e+07, 0] rad/s, frequency=[200, 200] MHz, phase=[0, 0] rad, "
        "interval=5 ns)"
    )
    assert repr(Waveform(np.linspace(0, 2e-3, 500), 1e-9)) == (
        "Waveform(samples=0…2 mA (500,), interval=1 ns, interpolation='linear')"
    )

"""One steady voltage differentiated in three ways: through time, in both modes, and implicitly."""

import jax
import jax.numpy as jnp
import numpy as np

from rfjax import Resonator
from rfjax.dynamics import Tones, simulate
from rfjax.laws import auto_oscillator, spin_diode
from rfjax.rectifiers import Dynamic, HarmonicBalance
from tests.helpers import slope_at

TONES = np.array([1e9, 1.008e9, 1.024e9])
POWERS = np.array([2e-3, 4e-3, 3e-3])
PHASES = np.array([0.3, -1.0, 2.0])
REST, PERIOD = 1.01e9, 1 / 8e6
SETTLING, COUNTED = 4, 64  # periods, which are eight lifetimes each, and steps in one


def parts(x):
    """Devices, powers and phases from numbers of order one."""
    device = Resonator(
        REST * (1 + 0.01 * x[0]), 0.01 * x[1], 0.1 * x[2], x[3], drive=2e8 * x[4], symmetric=0.3
    )
    return device, POWERS * x[5:8], PHASES + x[8:11]


def integrated(x):
    """The voltage that `simulate` settles to, mixed from its trajectory."""
    device, powers, phases = parts(x)
    forces = auto_oscillator.force(powers, device.drive)
    whole = SETTLING + 1
    found = simulate(
        device,
        whole * PERIOD,
        Tones(forces, TONES, phases),
        saves=whole * COUNTED + 1,
        step=PERIOD / COUNTED,
        reference=TONES[1],
    )
    late = slice(-COUNTED, None)
    turned = 2 * np.pi * (TONES - TONES[1])[:, None] * found.time[late] - phases[:, None]
    in_frame = (found.real + 1j * found.imaginary)[late] * jnp.exp(1j * turned)
    mixed = forces @ in_frame.mean(axis=-1)
    return spin_diode.mixing(
        mixed.real,
        mixed.imag,
        device.rectification,
        device.drive,
        device.antisymmetric,
        device.symmetric,
    )


def solved(x):
    """The same voltage from the Fourier series of the periodic state."""
    device, powers, phases = parts(x)
    return HarmonicBalance(phases, *BALANCE)(device, powers, TONES)


def carried(x):
    """The same voltage from the model that integrates."""
    device, powers, phases = parts(x)
    return Dynamic(phases, *TIMES)(device, powers, TONES)


HERE = jnp.array([0.2] + [1.0] * 7 + [0.0] * 3)
DEVICE = Resonator(REST)
KNOWN = HarmonicBalance(None, 9, 1e-12).scheduled(DEVICE, TONES)
BALANCE = KNOWN.order, KNOWN.tolerance, KNOWN.mixing
TIMED = Dynamic(None, 32.0, 1e-9).scheduled(DEVICE, TONES, 1.0, POWERS)
TIMES = TIMED.settling, TIMED.tolerance, TIMED.window, TIMED.schedule


def test_all_ways_to_differentiate_a_steady_voltage_agree():
    """By frequency, damping, N, Q and γ of the device, and by powers and phases of the tones."""
    volts = jax.jit(integrated)
    size = abs(float(volts(HERE)))
    differences = [
        slope_at(lambda x, i=i: float(volts(HERE.at[i].set(x))), float(HERE[i]), 1e-3)
        for i in range(HERE.size)
    ]
    assert (np.abs(differences) > 0.1 * size).all()
    ways = (integrated, jax.grad), (integrated, jax.jacfwd), (carried, jax.grad), (solved, jax.grad)
    for function, derivative in ways:
        slopes = jax.jit(derivative(function))(HERE)
        np.testing.assert_allclose(slopes, differences, rtol=0, atol=1e-8 * size)

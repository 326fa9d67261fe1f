"""How fast paths with noise converge, each towards the one that finer steps of its noise make."""

import jax
import jax.numpy as jnp
import numpy as np

from rfjax import Oscillator
from rfjax.dynamics import ThermalNoise, simulate
from rfjax.dynamics.diffusion import Diffusion, Drawn, drawn_for
from rfjax.dynamics.integrate import default_solver
from rfjax.dynamics.runge_kutta import runge_kutta_step
from rfjax.laws import auto_oscillator

LANES, STEPS = 256, 2048
FREQUENCY, DAMPING, SHIFT, EFFICIENCY = 1e9, 0.01, 0.01, 1e10
WIDTH = float(auto_oscillator.linewidth(FREQUENCY, DAMPING))
CURRENT, START = 1.5 * WIDTH / EFFICIENCY, 0.3
DURATION = 2 / WIDTH
KEY = jax.random.key(0)
# A constant strength, and one that grows with the power.
CONSTANT, EQUILIBRIUM = (np.repeat(each, LANES // 2) for each in ([0.2, 0.0], [0.0, 0.1]))


def drawn():
    """What `simulate` draws in each step: increments before and after the drift."""
    lanes = (jnp.zeros(LANES),) * 2
    step = jnp.asarray(DURATION / STEPS)
    found = jax.vmap(lambda number: drawn_for(number, lanes, step, key=KEY))(jnp.arange(STEPS))
    return found.before, found.after, found.turn


def of_pairs(path):
    """The same path in steps twice as long."""
    before, after, turn = path
    whole = before + after
    return whole[::2], whole[1::2], 0 * turn[::2]


def velocity(offset, amplitude):
    re, im = amplitude
    power = re**2 + im**2
    growth = auto_oscillator.negative_damping(power, CURRENT, EFFICIENCY)
    growth -= auto_oscillator.positive_damping(power, FREQUENCY, DAMPING, 1.0)
    turning = auto_oscillator.angular_frequency(power, FREQUENCY, SHIFT, 0.0)
    return growth * re + turning * im, growth * im - turning * re


@jax.jit
def end(path):
    """Where steps along a path end."""
    step = jnp.asarray(DURATION / path[0].shape[0])
    diffusion = Diffusion(*map(jnp.asarray, (CONSTANT * WIDTH, EQUILIBRIUM * WIDTH, 1.0, SHIFT)))

    def one(amplitude, numbers):
        drawn = Drawn(*numbers[:2], step / 2, numbers[2])
        amplitude = diffusion.before(amplitude, drawn)
        amplitude = runge_kutta_step(default_solver(True).tableau, velocity, step, amplitude)
        return diffusion.after(amplitude, drawn), None

    re, im = jax.lax.scan(one, (jnp.full(LANES, START), jnp.zeros(LANES)), path)[0]
    return re + 1j * im


def test_paths_converge_with_strong_order_one_and_one_half_where_the_strength_changes():
    device = Oscillator(FREQUENCY, DAMPING, SHIFT, 1.0, EFFICIENCY)
    found = simulate(
        device,
        DURATION,
        current=CURRENT,
        noise=ThermalNoise(CONSTANT * WIDTH, EQUILIBRIUM),
        key=KEY,
        start=START,
        saves=2,
        step=DURATION / STEPS,
        reference=FREQUENCY,
    )
    finest = np.asarray(found.real + 1j * found.imaginary)[:, -1]
    path = drawn()
    # Steps as long draw the same noise here as there: the path is the one that was integrated.
    np.testing.assert_allclose(end(path), finest, atol=1e-10)
    path = of_pairs(path)
    errors = []
    for _ in range(4):
        path = of_pairs(path)
        off = np.abs(np.asarray(end(path)) - finest) ** 2
        errors.append(np.sqrt(off.reshape(2, -1).mean(-1)))
    orders = np.log2(np.array(errors[1:]) / errors[:-1])
    np.testing.assert_allclose(orders[:, 0], 1, atol=0.15)
    assert (orders[:, 1] > 0.4).all()

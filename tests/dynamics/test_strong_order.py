"""How fast paths with noise converge, each towards the one that finer steps of its noise make."""

import diffrax
import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np

from rfjax import Oscillator
from rfjax.dynamics import ThermalNoise, simulate
from rfjax.dynamics.integrate import default_solver
from rfjax.laws import auto_oscillator

LANES, STEPS = 256, 2048
FREQUENCY, DAMPING, SHIFT, EFFICIENCY = 1e9, 0.01, 0.01, 1e10
WIDTH = float(auto_oscillator.linewidth(FREQUENCY, DAMPING))
CURRENT, DIFFUSION, START = 1.5 * WIDTH / EFFICIENCY, 0.2 * WIDTH, 0.3
DURATION = 2 / WIDTH
STEP = DURATION / STEPS
KEY = jax.random.key(0)


class Drawn(diffrax.AbstractPath):
    """A Brownian path of which increments and space-time Lévy areas of one step are known."""

    increment: tuple
    area: tuple

    @property
    def t0(self):
        return 0.0

    @property
    def t1(self):
        return np.inf

    def evaluate(self, t0, t1=None, left=True, use_levy=False):
        assert use_levy
        return diffrax.SpaceTimeLevyArea(jnp.asarray(t1 - t0), self.increment, self.area)


def drawn():
    """What `simulate` draws in each step: increments and areas of both parts, (steps, lanes)."""
    shape = (jax.ShapeDtypeStruct((LANES,), jnp.float64),) * 2

    def of_step(number):
        key = jax.random.fold_in(KEY, number)
        path = diffrax.UnsafeBrownianPath(shape, key, diffrax.SpaceTimeLevyArea)
        made = path.evaluate(jnp.zeros(()), jnp.asarray(STEP), use_levy=True)
        return made.W, made.H

    return jax.vmap(of_step)(jnp.arange(STEPS))


def of_pairs(path):
    """The same path, known at every other time only."""
    (first, second), (first_area, second_area) = (
        zip(*((part[::2], part[1::2]) for part in parts), strict=True) for parts in path
    )
    increments = tuple(one + other for one, other in zip(first, second, strict=True))
    areas = tuple(
        (area + other_area) / 2 + (one - other) / 4
        for one, other, area, other_area in zip(first, second, first_area, second_area, strict=True)
    )
    return increments, areas


def drift(time, amplitude, args):
    re, im = amplitude
    power = re**2 + im**2
    growth = auto_oscillator.negative_damping(power, CURRENT, EFFICIENCY)
    growth -= auto_oscillator.positive_damping(power, FREQUENCY, DAMPING, 1.0)
    turning = auto_oscillator.angular_frequency(power, FREQUENCY, SHIFT, 0.0)
    return growth * re + turning * im, growth * im - turning * re


@jax.jit
def end(path):
    """Where steps along a path end."""
    solver, step = default_solver(True), DURATION / path[0][0].shape[0]
    strength = jnp.full(LANES, np.sqrt(DIFFUSION))
    operator = lx.DiagonalLinearOperator((strength, strength))

    def one(amplitude, increments):
        noise = diffrax.ControlTerm(lambda *_: operator, Drawn(*increments))
        terms = diffrax.MultiTerm(diffrax.ODETerm(drift), noise)
        begin, until = jnp.zeros(()), jnp.asarray(step)
        memory = solver.init(terms, begin, until, amplitude, None)
        moved, *_ = solver.step(terms, begin, until, amplitude, None, memory, made_jump=True)
        return moved, None

    re, im = jax.lax.scan(one, (jnp.full(LANES, START), jnp.zeros(LANES)), path)[0]
    return re + 1j * im


def test_paths_with_noise_converge_with_the_strong_order_one_and_a_half():
    device = Oscillator(FREQUENCY, DAMPING, SHIFT, 1.0, EFFICIENCY)
    found = simulate(
        device,
        DURATION,
        current=CURRENT,
        noise=ThermalNoise(np.full(LANES, DIFFUSION)),
        key=KEY,
        start=START,
        saves=2,
        step=STEP,
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
        errors.append(np.sqrt(np.mean(np.abs(np.asarray(end(path)) - finest) ** 2)))
    orders = np.log2(np.array(errors[1:]) / errors[:-1])
    np.testing.assert_allclose(orders, 1.5, atol=0.15)

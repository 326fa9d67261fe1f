"""What noise alone does in one step, by quadrature over the normal numbers that it draws."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from rfjax.dynamics.diffusion import Diffusion, Drawn, drawn_for, drawn_within

AMPLITUDE = jnp.array([0.4, -0.3])
DIFFUSION = Diffusion(*map(jnp.asarray, (0.3, 0.7, 2.0, 0.5)))


def diffusion(c):
    power = c @ c
    return 0.3 + 0.7 * (1 + 2 * power) / (1 + 0.5 * power)


def generated(function):
    """∇·(D∇f)/2."""

    def flux(c):
        return diffusion(c) * jax.grad(function)(c)

    return lambda c: jnp.trace(jax.jacfwd(flux)(c)) / 2


def spread(time, function):
    """The mean of a function after both halves of the diffusion of a step, each over a time."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(10)
    coarse, few = np.polynomial.hermite_e.hermegauss(3)
    grids = np.meshgrid(nodes, nodes, nodes, nodes, coarse, indexing="ij")
    weight = functools.reduce(np.multiply.outer, (weights, weights, weights, weights, few)).ravel()
    x = np.stack([grid.ravel() for grid in grids])
    scale = np.sqrt(time)
    drawn = Drawn(*map(jnp.asarray, (scale * x[:2], scale * x[2:4], time, x[4])))
    begin = tuple(jnp.broadcast_to(part, weight.shape) for part in AMPLITUDE)
    c = jnp.stack(DIFFUSION.after(DIFFUSION.before(begin, drawn), drawn), -1)
    return np.asarray(jax.vmap(function)(c)) @ weight / weight.sum()


def test_kicks_are_of_weak_order_two_under_diffusion_that_grows_with_the_power():
    for function in (
        lambda c: c[0],
        lambda c: c @ c,
        lambda c: (c @ c) ** 2,
        lambda c: c[0] * c[1],
    ):
        once = generated(function)
        begin = float(function(AMPLITUDE))
        first, second = float(once(AMPLITUDE)), float(generated(once)(AMPLITUDE))
        errors = []
        for time in (0.004, 0.002):
            whole = 2 * time
            expected = begin + whole * first + whole**2 / 2 * second
            errors.append(abs(spread(time, function) - expected) / (whole**2 * abs(second)))
        # Local errors of third order: a share of the second order that halves with the step.
        assert errors[0] < 0.03
        assert 1.8 < errors[0] / errors[1] < 2.2


def test_a_constant_strength_moves_every_amplitude_alike():
    diffusion = Diffusion(*map(jnp.asarray, (4.0, 0.0, 2.0, 0.5)))
    path = jnp.array([[0.1, -0.2], [0.3, 0.0]])
    drawn = Drawn(path, 2 * path, jnp.asarray(0.1), jnp.ones(2))
    begin = jnp.array([0.0, 0.7]), jnp.array([0.5, 0.0])
    found = diffusion.after(diffusion.before(begin, drawn), drawn)
    np.testing.assert_allclose(found, jnp.stack(begin) + 6 * path, rtol=1e-14)


def test_a_part_of_a_step_lies_on_the_path_of_the_whole():
    lanes, step = (jnp.zeros(100_000),) * 2, jnp.asarray(0.8)
    key, number = jax.random.key(3), jnp.asarray(5)
    whole = drawn_for(number, lanes, step, key=key)
    for time in (0.1, 0.4, 0.7, 0.8):
        part = drawn_within(number, lanes, step, jnp.asarray(time), key=key)
        assert part.half == time / 2
        moments = np.cov(np.stack([part.before[0], part.after[0], *(whole.before + whole.after)]))
        expected = [time / 2, 0, 0.5 * time, 0.0], [0, time / 2, 0.5 * time, 0.0]
        np.testing.assert_allclose(moments[:2], expected, atol=0.015 * time**0.5)
        np.testing.assert_allclose(moments[2, 2:], [0.8, 0], atol=0.015)
    np.testing.assert_allclose(part.before + part.after, whole.before + whole.after, atol=1e-12)

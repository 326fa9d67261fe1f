"""Resonators under four tones as one integrates them without rfjax.

Each peer integrates all resonators as one system of arrays, in the rotating frame, in float64.
"""

import math

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

TONES = np.array([200e6, 204e6, 208.2e6, 212.4e6])  # Hz
REFERENCE = 206.2e6  # Hz, of the rotating frame
DAMPING, SHIFT, NONLINEAR_DAMPING, DRIVE = 0.01, 0.1, 1.0, 2e8
POWER = 1e-5  # W, of each tone
FORCE = DRIVE * math.sqrt(POWER)  # rad/s
DURATION = 6e-6  # s
FIRST_STEP = 1e-10  # s; the solvers' own guess, from rest, is of the order of a microsecond


def scipy_end(frequencies: np.ndarray, tolerance: float) -> np.ndarray:
    """The amplitudes in the end by SciPy's DOP853, complex, all resonators as one array."""
    from scipy.integrate import solve_ivp

    width = 2 * np.pi * DAMPING * frequencies
    at_rest = width + 2j * np.pi * (frequencies - REFERENCE)
    growing = width * NONLINEAR_DAMPING + 2j * np.pi * frequencies * SHIFT
    tones = -2j * np.pi * (TONES - REFERENCE)

    def rate(time, amplitude):
        power = amplitude.real**2 + amplitude.imag**2
        return FORCE * np.exp(tones * time).sum() - (at_rest + growing * power) * amplitude

    solution = solve_ivp(
        rate,
        (0, DURATION),
        np.zeros(len(frequencies), complex),
        method="DOP853",
        rtol=tolerance,
        atol=1e-3 * tolerance,
        t_eval=[DURATION],
        first_step=FIRST_STEP,
    )
    return solution.y[:, -1]


def torch_end(frequencies: np.ndarray, tolerance: float, gradient: bool = False) -> np.ndarray:
    """The amplitudes in the end by torchdiffeq's dopri5.

    With `gradient`, that of the mean power to the frequencies instead, through its solver.
    """
    import torch
    from torchdiffeq import odeint

    rest = torch.tensor(frequencies, dtype=torch.float64, requires_grad=gradient)
    tones = torch.tensor(2 * np.pi * (TONES - REFERENCE))

    def rate(time, state):
        re, im = state
        power = re**2 + im**2
        damping = 2 * np.pi * DAMPING * rest * (1 + NONLINEAR_DAMPING * power)
        turning = 2 * np.pi * (rest - REFERENCE + rest * SHIFT * power)
        push = FORCE * torch.cos(tones * time).sum(), -FORCE * torch.sin(tones * time).sum()
        return torch.stack(
            [
                -damping * re + turning * im + push[0],
                -damping * im - turning * re + push[1],
            ]
        )

    end = odeint(
        rate,
        torch.zeros(2, len(frequencies), dtype=torch.float64),
        torch.tensor([0.0, DURATION], dtype=torch.float64),
        rtol=tolerance,
        atol=1e-3 * tolerance,
        method="dopri5",
        options={"first_step": FIRST_STEP},
    )[-1]
    if not gradient:
        return (end[0] + 1j * end[1]).numpy()
    (end**2).sum(0).mean().backward()
    assert rest.grad is not None
    return rest.grad.numpy()


def diffrax_end(
    frequencies: Float[Array, " lanes"], tolerance: Float[Array, ""]
) -> tuple[Float[Array, " lanes"], Float[Array, " lanes"]]:
    """The amplitudes in the end by diffrax's Dopri8 with its adaptive steps."""
    rate = _rate(frequencies)

    def velocity(time, state, _):
        return jnp.stack(rate(2 * jnp.pi * (TONES - REFERENCE) * time, *state))

    found = diffrax.diffeqsolve(
        diffrax.ODETerm(velocity),
        diffrax.Dopri8(),
        0.0,
        DURATION,
        FIRST_STEP,
        jnp.zeros((2, len(frequencies))),
        stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=1e-3 * tolerance),
        max_steps=100_000,
    )
    assert found.ys is not None
    re, im = found.ys[-1]
    return re, im


def scanned_end(
    frequencies: Float[Array, " lanes"], step: float, steps: int
) -> tuple[Float[Array, " lanes"], Float[Array, " lanes"]]:
    """The amplitudes in the end by a scan written by hand: fixed steps of Dormand and Prince 8."""
    table = diffrax.Dopri8.tableau
    nodes = [0.0, *map(float, table.c)]
    rows = [[], *[list(map(float, row)) for row in table.a_lower]]
    last = list(map(float, table.b_sol))
    tones = 2 * jnp.pi * (TONES - REFERENCE)
    rate = _rate(frequencies)

    def one(state, number):
        begin = jnp.remainder(tones * step * number, 2 * jnp.pi)
        slopes = []
        for node, row in zip(nodes, rows, strict=True):
            at = [
                part
                + step * sum(a * slope[side] for a, slope in zip(row, slopes, strict=True) if a)
                for side, part in enumerate(state)
            ]
            slopes.append(rate(begin + tones * step * node, *at))
        return tuple(
            part + step * sum(b * slope[side] for b, slope in zip(last, slopes) if b)
            for side, part in enumerate(state)
        ), None

    rest = jnp.zeros_like(frequencies)
    return jax.lax.scan(one, (rest, rest), jnp.arange(steps))[0]


def _rate(frequencies):
    """The rate of change of both parts of the amplitudes, from the phases of the tones."""

    def rate(phase, re, im):
        power = re**2 + im**2
        damping = 2 * jnp.pi * DAMPING * frequencies * (1 + NONLINEAR_DAMPING * power)
        turning = 2 * jnp.pi * (frequencies - REFERENCE + frequencies * SHIFT * power)
        push = FORCE * jnp.cos(phase).sum(), -FORCE * jnp.sin(phase).sum()
        return -damping * re + turning * im + push[0], -damping * im - turning * re + push[1]

    return rate

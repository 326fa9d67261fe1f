"""Resonators under four tones as one integrates them without rfjax: SciPy, torchdiffeq, a scan."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from diffrax import Dopri8
from jaxtyping import Array, Float

TONES = np.array([200e6, 204e6, 208.2e6, 212.4e6])  # Hz
REFERENCE = 206.2e6  # Hz, of the rotating frame
DAMPING, SHIFT, NONLINEAR_DAMPING, DRIVE = 0.01, 0.1, 1.0, 2e8
POWER = 1e-5  # W, of each tone
DURATION = 6e-6  # s


def velocity(time: float, amplitude: complex, frequency: float, reference: float) -> complex:
    """The rate of change of one complex amplitude in a rotating frame, plain numpy."""
    power = abs(amplitude) ** 2
    damping = 2 * np.pi * DAMPING * frequency * (1 + NONLINEAR_DAMPING * power)
    turning = 2 * np.pi * (frequency - reference + frequency * SHIFT * power)
    force = DRIVE * math.sqrt(POWER) * np.exp(-2j * np.pi * (TONES - reference) * time).sum()
    return -(damping + 1j * turning) * amplitude + force


def scipy_end(frequency: float, method: str, tolerance: float, reference: float) -> complex:
    """The amplitude in the end by `solve_ivp`, one resonator, in the frame of a reference (Hz)."""
    from scipy.integrate import solve_ivp

    def rate(time, state):
        moved = velocity(time, complex(state[0], state[1]), frequency, reference)
        return [moved.real, moved.imag]

    solution = solve_ivp(
        rate,
        (0, DURATION),
        [0.0, 0.0],
        method=method,
        rtol=tolerance,
        atol=1e-3 * tolerance,
        t_eval=[DURATION],
        first_step=1e-10,  # its own guess, from rest, is of the order of a microsecond
    )
    return complex(*solution.y[:, -1])


def torch_end(frequencies: np.ndarray, tolerance: float, gradient: bool) -> np.ndarray:
    """The amplitudes in the end by torchdiffeq, all resonators as one system, in float64.

    With `gradient`, that of the mean power to the frequencies instead, through its solver.
    """
    import torch
    from torchdiffeq import odeint

    rest = torch.tensor(frequencies, dtype=torch.float64, requires_grad=gradient)
    tones = torch.tensor(2 * np.pi * (TONES - REFERENCE))
    force = DRIVE * math.sqrt(POWER)

    def rate(time, state):
        re, im = state
        power = re**2 + im**2
        damping = 2 * np.pi * DAMPING * rest * (1 + NONLINEAR_DAMPING * power)
        turning = 2 * np.pi * (rest - REFERENCE + rest * SHIFT * power)
        push = force * torch.cos(tones * time).sum(), -force * torch.sin(tones * time).sum()
        return torch.stack(
            [
                -damping * re + turning * im + push[0],
                -damping * im - turning * re + push[1],
            ]
        )

    start = torch.zeros(2, len(frequencies), dtype=torch.float64)
    times = torch.tensor([0.0, DURATION], dtype=torch.float64)
    # Its own guess of the first step, from rest, is none.
    end = odeint(
        rate,
        start,
        times,
        rtol=tolerance,
        atol=1e-3 * tolerance,
        method="dopri5",
        options={"first_step": 1e-10},
    )[-1]
    if not gradient:
        return (end[0] + 1j * end[1]).numpy()
    (end**2).sum(0).mean().backward()
    assert rest.grad is not None
    return rest.grad.numpy()


def scanned_end(
    frequencies: Float[Array, " lanes"], step: float, steps: int
) -> tuple[Float[Array, " lanes"], Float[Array, " lanes"]]:
    """The amplitudes in the end by a scan written by hand: fixed steps of Dormand and Prince 8."""
    table = Dopri8.tableau
    nodes = [0.0, *map(float, table.c)]
    rows = [[], *[list(map(float, row)) for row in table.a_lower]]
    last = list(map(float, table.b_sol))
    tones = 2 * jnp.pi * (TONES - REFERENCE)
    force = DRIVE * math.sqrt(POWER)

    def rate(phase, re, im):
        power = re**2 + im**2
        damping = 2 * jnp.pi * DAMPING * frequencies * (1 + NONLINEAR_DAMPING * power)
        turning = 2 * jnp.pi * (frequencies - REFERENCE + frequencies * SHIFT * power)
        push = force * jnp.cos(phase).sum(), -force * jnp.sin(phase).sum()
        return -damping * re + turning * im + push[0], -damping * im - turning * re + push[1]

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

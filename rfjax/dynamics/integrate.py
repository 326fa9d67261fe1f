"""Integration in fixed steps: diffrax takes each step, a checkpointed scan strings them together.

All lanes are one system, so that what they share is computed once a step and no lane waits for
another's error control. Derivatives recompute short stretches of steps between stored states:
the memory that they take grows with the square root of the number of steps.
"""

from collections.abc import Callable
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
from jaxtyping import Array, Bool, Int, Key

from rfjax.dynamics.force import Amplitude
from rfjax.dynamics.noise import ThermalNoise
from rfjax.dynamics.system import LARGEST_POWER, System


class State(eqx.Module):
    """Where an integration stands.

    **Arguments:** `amplitude` in the rotating frame; `memories` of the actions; `failed`: lanes
    that were stopped because their amplitude grew beyond all bounds.
    """

    amplitude: Amplitude
    memories: Any
    failed: Bool[Array, "..."]

    @classmethod
    def of(cls, system: System, amplitude: Amplitude) -> "State":
        """The state at the start."""
        failed = jnp.zeros(amplitude[0].shape, bool)
        return cls(amplitude, system.begins(amplitude), failed)


class Stepper(eqx.Module):
    """How one step is taken.

    **Arguments:** `system`; `solver` of diffrax; `noise` and the `key` that it is drawn from, or
    None for both.
    """

    system: System
    solver: diffrax.AbstractSolver
    noise: ThermalNoise | None = None
    key: Key[Array, ""] | None = None

    def step(self, state: State, number: Int[Array, ""]) -> State:
        """The state after step `number`."""
        system, end = self.system, self.system.clock.step
        begin = jnp.zeros_like(end)
        held = system.held(number, state.memories)
        terms = self._terms(state.amplitude, number)
        memory = self.solver.init(terms, begin, end, state.amplitude, held)
        moved, *_ = self.solver.step(
            terms, begin, end, state.amplitude, held, memory, made_jump=True
        )
        power = moved[0] ** 2 + moved[1] ** 2
        failed = state.failed | ~(power <= LARGEST_POWER)
        re, im = (
            jnp.where(failed, before, after)
            for before, after in zip(state.amplitude, moved, strict=True)
        )
        return State((re, im), system.remembered(state.memories, number, (re, im)), failed)

    def _terms(self, amplitude: Amplitude, number: Int[Array, ""]) -> diffrax.AbstractTerm:
        drift = diffrax.ODETerm(self.system.velocity)
        if self.noise is None or self.key is None:
            return drift
        shape = jax.tree.map(lambda part: jax.ShapeDtypeStruct(part.shape, part.dtype), amplitude)
        path = diffrax.UnsafeBrownianPath(
            shape, jax.random.fold_in(self.key, number), diffrax.SpaceTimeLevyArea
        )
        # Each part of a complex force of strength 2D has half of it.
        strength = jnp.broadcast_to(jnp.sqrt(self.noise.diffusion), amplitude[0].shape)
        operator = lx.DiagonalLinearOperator((strength, strength))
        return diffrax.MultiTerm(drift, diffrax.ControlTerm(lambda *_: operator, path))


def advance(
    stepper: Stepper,
    carry: tuple[State, Any],
    first: Int[Array, ""],
    count: int,
    visit: Callable[[Any, State, Int[Array, ""]], Any] | None = None,
) -> tuple[State, Any]:
    """Take a number of steps.

    **Arguments:** `stepper`; `carry`: the state, and what `visit` accumulates; `first`: the number
    of the first step; `count` of steps; `visit(accumulated, state, number)`: what is accumulated
    from the state before each step.

    **Returns:** the state and what was accumulated after them.
    """

    def one(carry, number):
        state, seen = carry
        if visit is not None:
            seen = visit(seen, state, number)
        return (stepper.step(state, number), seen), None

    def stretch(carry, first, length):
        return jax.lax.scan(one, carry, first + jnp.arange(length))[0]

    length = max(1, round(count**0.5))
    whole, left = divmod(count, length)
    part = jax.checkpoint(lambda carry, first: (stretch(carry, first, length), None))
    if whole:
        carry, _ = jax.lax.scan(part, carry, first + length * jnp.arange(whole))
    return stretch(carry, first + length * whole, left) if left else carry


def default_solver(noisy: bool) -> diffrax.AbstractSolver:
    """Eighth order without noise; with noise the scheme of the highest strong order for it."""
    return diffrax.ShARK(scan_kind="lax") if noisy else diffrax.Dopri8(scan_kind="bounded")


def step_for(fastest: float, tolerance: float, solver: diffrax.AbstractSolver) -> float:
    r"""The step that keeps a tolerance, from how fast the slow dynamics turns.

    A step $h$ of a solver of order $q$ loses about $(kh/x_q)^q\cdot10^{-6}$ of the amplitude that
    turns at the angular frequency $k$; the constants $x_q$ were measured.

    **Arguments:** `fastest` angular frequency $k$, rad/s; `tolerance`; `solver`.

    **Returns:** s.
    """
    order = solver.order(None)  # pyright: ignore[reportArgumentType]: no solver here looks at it
    order = 2 if order is None else order
    reach = _REACH.get(order, 0.1)
    return reach * (tolerance / 1e-6) ** (1 / order) / fastest


_REACH = {2: 0.002, 3: 0.03, 5: 0.4, 8: 1.6}  # rad a step at a tolerance of 1e-6, by order

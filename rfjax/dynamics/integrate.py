"""Integration in steps that are fixed beforehand, strung together by a checkpointed scan.

All lanes are one equation, so that what they share is computed once a step and no lane waits for
another's error control. Derivatives in reverse keep the states between steps and compute each step
once more; where those are too many, states at the ends of stretches, and each stretch once more:
the memory that they take then grows with the square root of the number of steps.
"""

from collections.abc import Callable
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool, Complex, Float, Int, Key

from rfjax.checks import InvalidInput
from rfjax.dynamics.dense_output import Hermite, Passed
from rfjax.dynamics.diffusion import Diffusion, Drawn, drawn_for, drawn_within
from rfjax.dynamics.equation_of_motion import LARGEST_POWER, EquationOfMotion
from rfjax.dynamics.force import Amplitude
from rfjax.dynamics.runge_kutta import looped_step, runge_kutta_step


class State(eqx.Module):
    """Where an integration stands.

    **Arguments:** `packed`: the amplitude in the rotating frame as one complex array, so that a
    step has one result and is computed once; `memories` of the actions.
    """

    packed: Complex[Array, "..."]
    memories: Any

    @classmethod
    def of(cls, equation: EquationOfMotion, amplitude: Amplitude) -> "State":
        """The state at the start."""
        return cls(_bounded(amplitude), equation.begins(amplitude))

    @property
    def amplitude(self) -> Amplitude:
        """The amplitude, real and imaginary part."""
        return jnp.real(self.packed), jnp.imag(self.packed)

    @property
    def failed(self) -> Bool[Array, "..."]:
        """Lanes that were stopped because their amplitude grew beyond all bounds."""
        return ~_within(*self.amplitude)


class Stepper(eqx.Module):
    """How one step is taken.

    **Arguments:** `equation`; `solver` of diffrax; the `diffusion` by noise and the `key` that it
    is drawn from, or None for both; `written_out`: whether explicit schemes have their stages
    written out, which is by far the fastest, but makes derivatives in reverse compile for very
    long.
    """

    equation: EquationOfMotion
    solver: diffrax.AbstractSolver
    diffusion: Diffusion | None = None
    key: Key[Array, ""] | None = None
    written_out: bool = eqx.field(static=True, default=True)

    def step(self, state: State, number: Int[Array, ""]) -> tuple[State, Passed]:
        """The state after step `number`, and how the amplitude passed through it."""
        constants = self.equation.at_step(number, state.memories)
        length = self.equation.frame.length(number)
        begin = state.amplitude
        drawn = None if self.key is None else drawn_for(number, begin, length, key=self.key)
        # A lane that failed once stays at the bound, which says so.
        moved = _bounded(self._moved(begin, constants, length, drawn), begin, self.equation.largest)
        # Without the barrier XLA computes the step again for every use of its result.
        moved = jax.lax.optimization_barrier(moved)
        passed = self._passed(begin, (moved.real, moved.imag), constants, length)
        memories = self.equation.next_memory(state.memories, number, passed)
        return State(moved, memories), passed

    def part(
        self, amplitude: Amplitude, constants: Any, number: Int[Array, ""], beyond: Float[Array, ""]
    ) -> Passed:
        """How the amplitude passes through a part of step `number` that nothing else uses.

        **Arguments:** `amplitude` at its begin; the `constants` of it; `number`; the length of
        the part, `beyond`, s.
        """
        length = self.equation.frame.length(number)
        here = beyond <= 0
        beyond = jnp.where(here, length, beyond)
        drawn = None
        if self.key is not None:
            drawn = drawn_within(number, amplitude, length, beyond, key=self.key)
        moved = self._moved(amplitude, constants, beyond, drawn)
        moved = _bounded(moved, amplitude, self.equation.largest)
        moved = jnp.where(here, _bounded(amplitude), moved)
        return self._passed(
            amplitude, (moved.real, moved.imag), constants, jnp.where(here, 0, beyond)
        )

    def _passed(
        self, begin: Amplitude, end: Amplitude, constants: Any, length: Float[Array, ""]
    ) -> Passed:
        first = self.equation.velocity(jnp.zeros_like(length), begin, constants)
        last = self.equation.velocity(length, end, constants)
        real, imaginary = (Hermite(*part) for part in zip(begin, first, end, last, strict=True))
        return Passed(real, imaginary, length)

    def _moved(
        self, amplitude: Amplitude, constants: Any, length: Float[Array, ""], drawn: Drawn | None
    ) -> Amplitude:
        if self.diffusion is None or drawn is None:
            return self._drifted(amplitude, constants, length)
        drifted = self._drifted(self.diffusion.before(amplitude, drawn), constants, length)
        return self.diffusion.after(drifted, drawn)

    def _drifted(self, amplitude: Amplitude, constants: Any, length: Float[Array, ""]) -> Amplitude:
        tableau = self.solver.tableau if isinstance(self.solver, diffrax.AbstractERK) else None
        if isinstance(tableau, diffrax.ButcherTableau):
            explicit = runge_kutta_step if self.written_out else looped_step
            return explicit(
                tableau,
                lambda offset, amplitude: self.equation.velocity(offset, amplitude, constants),
                length,
                amplitude,
            )
        begin, drift = jnp.zeros_like(length), diffrax.ODETerm(self.equation.velocity)
        memory = self.solver.init(drift, begin, length, amplitude, constants)
        moved = self.solver.step(drift, begin, length, amplitude, constants, memory, made_jump=True)
        return moved[0]


def _within(
    re: Float[Array, "..."], im: Float[Array, "..."], largest: ArrayLike = LARGEST_POWER
) -> Bool[Array, "..."]:
    return re**2 + im**2 < largest


def _bounded(
    amplitude: Amplitude, before: Amplitude | None = None, largest: ArrayLike = LARGEST_POWER
) -> Complex[Array, "..."]:
    """The amplitude as one array, at the bound where it, or what came before, is not within."""
    within = _within(*amplitude, largest)
    if before is not None:
        within = within & _within(*before)
    re, im = amplitude
    return jax.lax.complex(jnp.where(within, re, LARGEST_POWER**0.5), jnp.where(within, im, 0))


def advance(
    stepper: Stepper,
    carry: tuple[State, Any],
    first: Int[Array, ""],
    count: int,
    visit: Callable[[Any, State, Int[Array, ""], Passed], Any] | None = None,
    until: Int[Array, ""] | None = None,
) -> tuple[State, Any]:
    """Take a number of steps.

    **Arguments:** `stepper`; `carry`: the state, and what `visit` accumulates; `first`: the number
    of the first step; `count` of steps, `until` one is reached where that comes before;
    `visit(accumulated, state, number, passed)`: what is accumulated at each step, from the state
    before it and how the amplitude passed through it.

    **Returns:** the state and what was accumulated after them.
    """

    def taken(carry, number):
        state, gathered = carry
        after, passed = stepper.step(state, number)
        return after, gathered if visit is None else visit(gathered, state, number, passed)

    def one(carry, number):
        if until is None:
            return taken(carry, number), None
        return jax.lax.cond(number < until, taken, lambda same, _: same, carry, number), None

    one = recomputed(one)

    def stretch(carry, first, length):
        return jax.lax.scan(one, carry, first + jnp.arange(length))[0]

    if all_kept(carry, count):
        return stretch(carry, first, count)
    length = max(1, round(count**0.5))
    whole, left = divmod(count, length)
    part = recomputed(lambda carry, first: (stretch(carry, first, length), None))
    if whole:
        carry, _ = jax.lax.scan(part, carry, first + length * jnp.arange(whole))
    return stretch(carry, first + length * whole, left) if left else carry


def advance_forward(
    stepper: Stepper,
    carry: tuple[State, Any],
    first: Int[Array, ""],
    until: Int[Array, ""],
    visit: Callable[[Any, State, Int[Array, ""], Passed], Any],
) -> tuple[State, Any]:
    """Take the steps from the first until another, which need not be known; see `advance`.

    It has derivatives in forward mode only.
    """

    def taken(number, carry):
        state, gathered = carry
        after, passed = stepper.step(state, number)
        return after, visit(gathered, state, number, passed)

    return jax.lax.fori_loop(first, until, taken, carry)


def recomputed(function: Callable[..., Any]) -> Callable[..., Any]:
    """The body of a scan whose derivatives in reverse compute it once more."""
    return jax.checkpoint(function, prevent_cse=False)


def all_kept(carry: Any, steps: int) -> bool:
    """Whether so many states take so little memory that reverse mode may keep them all."""
    size = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(carry))
    return steps * size <= _KEPT


_KEPT = 2**24  # bytes


def default_solver(noisy: bool) -> diffrax.AbstractSolver:
    """Eighth order without noise; fifth with it, which asks for shorter steps."""
    return diffrax.Dopri5(scan_kind="bounded") if noisy else diffrax.Dopri8(scan_kind="bounded")


def step_for(fastest: float, tolerance: float, solver: diffrax.AbstractSolver) -> float:
    r"""The step that keeps a tolerance, from how fast the slow dynamics turns.

    A step $h$ of a solver of order $q$ errs by about $(kh/x_q)^q\cdot10^{-6}$ of the amplitude that
    turns at the angular frequency $k$; the constants $x_q$ were measured. However loose the
    tolerance, no step is longer than `longest_step`.

    **Arguments:** `fastest` angular frequency $k$, rad/s; `tolerance`; `solver`.

    **Returns:** s.

    **Raises:** `InvalidInput` for a solver of an order that was not measured.
    """
    order = _order(solver)
    if order not in _REACH:
        known = ", ".join(map(str, _REACH))
        which = f"order {order}" if order else "unknown order"
        raise InvalidInput(
            f"no step is known that keeps a tolerance with a solver of {which}; "
            f"give step, or a solver of one of the orders {known}"
        )
    reach = _REACH[order] * (tolerance / 1e-6) ** (1 / order) / fastest
    return min(reach, longest_step(fastest, solver))


def longest_step(fastest: float, solver: diffrax.AbstractSolver) -> float:
    r"""The longest step that is used with a solver, however loose the tolerance.

    It keeps $kh$ below a limit that depends on the order: at that of the second, third and fifth a
    transient under a tone 200 linewidths away is followed to 1.5 %, 0.4 % and 0.3 % at least; that
    of the eighth is where the sense of a turn is still known. Euler's method, and a solver of any
    other order, add up to $(kh)^2/2$ to the amplitude in each step, at their limit 1 % of the
    damping at 1e4 linewidths.

    **Arguments:** as for `step_for`.

    **Returns:** s.
    """
    return _LONGEST.get(_order(solver), _LONGEST_OF_OTHERS) / fastest


def _order(solver: diffrax.AbstractSolver) -> int:
    # Zero if it says none, as an explicit scheme of a user may.
    return solver.order(None) or 0  # pyright: ignore[reportArgumentType]: no solver looks at it


FARTHEST_TURN = 2.0  # rad a step: the sense of a turn is known
_REACH = {2: 0.002, 3: 0.03, 5: 0.4, 8: 1.5}  # rad a step at a tolerance of 1e-6, by order
_LONGEST = {2: 0.01, 3: 0.05, 5: 0.45, 8: FARTHEST_TURN}  # rad a step; Tsit5 grows from 0.48 on
_LONGEST_OF_OTHERS = 2e-6  # rad a step

"""Steps of an integration, taken from one save time to the next."""

import functools
from collections.abc import Sequence

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float, Int, Key

from rfjax.devices import Oscillator, Resonator
from rfjax.dynamics.carrier_frame import CarrierFrame, UnequalCarrierFrame
from rfjax.dynamics.current import ChangingCurrent
from rfjax.dynamics.equation_of_motion import EquationOfMotion
from rfjax.dynamics.force import AbstractAction, Amplitude
from rfjax.dynamics.integrate import State, Stepper, advance, advance_forward, all_kept, recomputed
from rfjax.dynamics.noise import ThermalNoise
from rfjax.dynamics.sensitivity import differentiated_as, with_sensitivities
from rfjax.dynamics.steps import Steps
from rfjax.dynamics.winding import Winding

_PARTS = 50  # of a long integration, between which the progress is shown
_AT_ONCE = 2**20  # amplitudes that are taken to their save times at once
_Carry = tuple[State, Winding, Int[Array, ""]]
_Kept = tuple[Complex[Array, "..."], Float[Array, "..."]]


class Plan(eqx.Module):
    """How the save times are reached from the steps.

    **Arguments:** `until`: how many steps are whole before each, `beyond`: the part of the next
    one, s; `last`: the number of the last step; `most` steps from one to the next; `even`: whether
    there are always as many; `within`: whether any of them lies within a step.
    """

    until: Int[Array, " saves"]
    beyond: Float[Array, " saves"]
    last: Int[Array, ""]
    most: int = eqx.field(static=True)
    even: bool = eqx.field(static=True)
    within: bool = eqx.field(static=True)

    @classmethod
    def of(cls, steps: Steps, saves: Float[np.ndarray, " saves"]) -> "Plan":
        saved = steps.saved(saves)
        counts = np.diff(saved.steps, prepend=0)
        with jax.ensure_compile_time_eval():
            until, beyond = jax.device_put((saved.steps, saved.beyond.astype(steps.dtype)))
            last = jnp.asarray(len(steps.begin) - 1, until.dtype)
        most, least = int(counts.max()), int(counts.min())
        return cls(until, beyond, last, most, most == least, bool(saved.beyond.any()))

    def part(self, first: int, count: int) -> "Plan":
        """That of some of the save times."""
        at = slice(first, first + count)
        return eqx.tree_at(
            lambda plan: (plan.until, plan.beyond), self, (self.until[at], self.beyond[at])
        )


class Lanes(eqx.Module):
    """What belongs to each lane alone: its device, its steady current and where it starts."""

    devices: Resonator | Oscillator
    current: ArrayLike
    start: Amplitude


class Others(eqx.Module):
    """What acts on the lanes."""

    waveform: ChangingCurrent | None
    actions: tuple[AbstractAction, ...]
    noise: ThermalNoise | None
    key: Key[Array, ""] | None
    frame: CarrierFrame | UnequalCarrierFrame


@eqx.filter_jit
def integrated(
    lanes: Lanes, others: Others, plan: Plan, solver: diffrax.AbstractSolver, coupled: bool
) -> _Kept:
    """What is kept at each save; with forward sensitivities unless lanes are coupled."""

    strengths = tuple(action.strengths() for action in others.actions)
    proportional = [each is not None for each in strengths]
    strengths = tuple(each for each in strengths if each is not None)
    others = _with_strengths(others, proportional, [None] * len(strengths))

    def kept(lanes, strengths, others, plan, written_out):
        others = _with_strengths(others, proportional, strengths)
        stepper, state = begun(lanes, others, solver, written_out)
        return _run(stepper, _at_first(state, plan), plan)[1]

    fast, other = (functools.partial(kept, written_out=each) for each in (True, False))
    if coupled:
        derived = differentiated_as(fast, other)
    else:
        derived = with_sensitivities(fast, other, shared=False)
    return derived(lanes, strengths, others, plan)


def _with_strengths(others: Others, proportional: list[bool], strengths: Sequence) -> Others:
    """The same with other strengths of those actions that have any."""
    left = iter(strengths)
    actions = tuple(
        action.of_strengths(next(left)) if has else action
        for action, has in zip(others.actions, proportional, strict=True)
    )
    return eqx.tree_at(lambda others: others.actions, others, actions)


def begun(
    lanes: Lanes, others: Others, solver: diffrax.AbstractSolver, written_out: bool = True
) -> tuple[Stepper, State]:
    """How steps are taken, and the state before the first."""
    devices, frame = lanes.devices, others.frame
    current = lanes.current if others.waveform is None else others.waveform
    offset = devices.frequency - frame.reference
    equation = EquationOfMotion.of(devices, offset, current, others.actions, frame)
    diffusion = None if others.noise is None else others.noise.on(devices)
    stepper = Stepper(equation, solver, diffusion, others.key, written_out)
    return stepper, State.of(equation, lanes.start)


def _at_first(state: State, plan: Plan) -> _Carry:
    return state, Winding.of(state.packed), jnp.zeros((), plan.until.dtype)


@eqx.filter_jit
def _run(stepper: Stepper, carry: _Carry, plan: Plan) -> tuple[_Carry, _Kept]:
    """Advance from save to save.

    **Arguments:** `stepper`; `carry`: the state, its turns, and how many steps led to it; `plan`.

    **Returns:** the carry in the end; and at each save the packed amplitude and its turns, as
    numbers of its precision.
    """

    def counted(turns, state, number, passed):
        return turns.along(passed)

    def onward(carry, until):
        state, turns, first = carry
        if plan.even:
            state, turns = advance(stepper, (state, turns), first, plan.most, counted)
        elif stepper.written_out:
            state, turns = advance_forward(stepper, (state, turns), first, until, counted)
        else:
            state, turns = advance(stepper, (state, turns), first, plan.most, counted, until)
        if not plan.within:
            return (state, turns, until), turns
        number = jnp.minimum(until, plan.last)
        constants = stepper.equation.at_step(number, state.memories)
        return (state, turns, until), (turns, constants, number)

    if not all_kept(carry, plan.most * len(plan.until)):
        onward = recomputed(onward)
    carry, kept = jax.lax.scan(onward, carry, plan.until)
    if not plan.within:
        return carry, _kept(kept)

    def part(kept):
        (turns, constants, number), beyond = kept
        begin = turns.packed.real, turns.packed.imag
        return _kept(turns.along(stepper.part(begin, constants, number, beyond)))

    together = max(1, min(len(plan.until), _AT_ONCE // max(1, carry[0].packed.size)))
    return carry, jax.lax.map(part, (kept, plan.beyond), batch_size=together)


def _kept(turns: Winding) -> _Kept:
    return turns.packed, turns.number.astype(turns.packed.real.dtype)


def in_parts(stepper: Stepper, state: State, plan: Plan) -> _Kept:
    """The same in parts of one compiled length, with a bar on stderr."""
    from rich.console import Console
    from rich.progress import track

    saves = len(plan.until)
    length = max(1, saves // _PARTS)
    carry = _at_first(state, plan)
    kept = []
    console = Console(stderr=True)
    for begin in track(range(0, saves, length), "integrating", console=console, transient=True):
        carry, part = _run(stepper, carry, plan.part(begin, length))
        kept.append(jax.block_until_ready(part))
    return jax.tree.map(lambda *parts: jnp.concatenate(parts), *kept)

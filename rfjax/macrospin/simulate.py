"""`simulate`: the magnetisation of free layers integrated in time."""

import math
from functools import partial
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.checks import (
    InvalidInput,
    broadcast_shape,
    finite,
    instance_of,
    known,
    non_negative,
    positive_integer,
    positive_number,
    random_key,
)
from rfjax.dynamics.brownian import normal
from rfjax.dynamics.runge_kutta import runge_kutta_step
from rfjax.dynamics.steps import MAX_STEPS
from rfjax.laws import llgs
from rfjax.macrospin.microwave import Microwave
from rfjax.macrospin.stack import AbstractEquation, AbstractStack
from rfjax.macrospin.trajectory import Trajectory
from rfjax.macrospin.vectors import VectorLike, vector
from rfjax.numerics.vectors import normalised, times

# Runge's and Kutta's classic scheme, which diffrax does not have.
RUNGE_KUTTA_4 = diffrax.ButcherTableau(
    c=np.array([0.5, 0.5, 1.0]),
    a_lower=(np.array([0.5]), np.array([0.0, 0.5]), np.array([0.0, 0.0, 1.0])),
    b_sol=np.array([1 / 6, 1 / 3, 1 / 3, 1 / 6]),
    b_error=np.zeros(4),
)
_ANGLE = 0.1  # rad that a magnetisation may turn in a step that is chosen
_COARSE = 1.0  # rad, in a step that is given


def simulate(
    layer: AbstractStack,
    start: VectorLike,
    duration: float,
    *,
    field: VectorLike = (0.0, 0.0, 0.0),
    current: ArrayLike = 0.0,
    microwave: Microwave | None = None,
    temperature: ArrayLike | None = None,
    key: Key[Array, ""] | None = None,
    saves: int = 201,
    step: float | None = None,
    solver: diffrax.AbstractERK | None = None,
) -> Trajectory:
    r"""Integrate the Landau–Lifshitz–Gilbert–Slonczewski equation in time.

    See `rfjax.laws.llgs`. Fixed steps; after each the magnetisation is scaled to unit length, which
    keeps the order of the scheme. All lanes advance side by side. A thermal field is drawn once a
    step and held, so that the scheme is exact for the precession and, as steps get short, tends to
    Stratonovich's equation. The path of a key belongs to the step: with a temperature one is given,
    of which the time between saves is a multiple, so that save times and other lanes change
    nothing. Derivatives in reverse compute the steps between two save times again.

    **Arguments:**

    - `layer`: a `FreeLayer` or `CoupledLayers`, (*lanes,).
    - `start`: the direction of the magnetisation, of any length, (*lanes, 3); that of both coupled
      layers, (*lanes, 2, 3).
    - `duration`, s.
    - `field` from outside, A/m, (*lanes, 3).
    - `current` in A, (*lanes,), positive where it pulls towards the polariser; `microwave`: a
      further one that alternates.
    - `temperature` in K, (*lanes,), and the `key` that the thermal field is drawn from: each lane
      has numbers of its own, which depend on the key and its flat index alone.
    - `saves`: how many equidistant times are kept, both ends included.
    - `step`: the longest step, s. By default 0.1 rad of the fastest precession that the fields
      allow. Errors per radian at $\omega h=0.1$: $8\cdot10^{-7}$ rad of the phase, $7\cdot10^{-8}$
      of the amplitude, in proportion to $h^4$ and $h^5$. Inside of `jit`, where values are not
      known, give one: lanes that turn by more than 1 rad in it are NaN there.
    - `solver`: an explicit one of diffrax, as `diffrax.Dopri8()`; the classic scheme of fourth
      order if none is given.

    **Returns:** the trajectory.

    **Raises:** `InvalidInput` where values or shapes are not allowed, or cannot be known, for a
    temperature without a step that divides the time between saves, for a step in which the
    magnetisation could turn by more than 1 rad, and for more than 20 million steps.
    """
    instance_of("layer", layer, AbstractStack, "a FreeLayer or CoupledLayers")
    start, field = layer.directions("start", start), vector("field", field)
    current = finite("current", current)
    duration = positive_number("duration", duration)
    saves = positive_integer("saves", saves)
    if not 2 <= saves <= MAX_STEPS:
        raise InvalidInput(f"saves is {saves}; keep from 2, both ends, to {MAX_STEPS} times")
    if (temperature is None) != (key is None):
        raise InvalidInput("temperature and key go together; give both or none")
    if solver is not None:
        instance_of("solver", solver, diffrax.AbstractERK, "an explicit one, as diffrax.Tsit5()")
    if microwave is not None:
        instance_of("microwave", microwave, Microwave, "a Microwave")
    shapes = {"layer": layer.shape, "start": layer.lanes(start), "field": field.shape[:-1]}
    shapes["current"] = current.shape
    shapes["microwave"] = () if microwave is None else microwave.shape
    if temperature is not None:
        temperature, key = non_negative("temperature", temperature), random_key("key", key)
        shapes["temperature"] = temperature.shape
    shape = broadcast_shape(**shapes)
    if 0 in shape:
        raise InvalidInput(f"there is nothing to integrate: the lanes have the shape {shape}")

    equation = layer.equation_of_motion(field, len(shape))
    largest = abs(current) + (0 if microwave is None else microwave.amplitude)
    interval = duration / (saves - 1)
    if temperature is not None:
        _check_grid(step, interval)
    step = _checked_step(step, interval, equation, largest)
    needed = np.ceil(interval / step * (1 - 1e-9))  # steps between two saves
    if needed * (saves - 1) > MAX_STEPS:
        raise InvalidInput(
            f"that takes {needed * (saves - 1):g} steps; take {MAX_STEPS} at most: a shorter "
            "duration or longer steps"
        )
    each = max(1, int(needed))
    step = interval / each
    thermal = None
    if temperature is not None:

        def deviation(each):
            found = llgs.thermal_field(
                temperature,
                each.damping,
                each.magnetisation,
                each.volume,
                step,
                each.gyromagnetic_ratio,
            )
            return found / each.magnetisation

        thermal = layer.each(deviation, len(shape))
    dtype = jnp.result_type(*jax.tree.leaves((equation, start, current)))
    tableau = RUNGE_KUTTA_4 if solver is None else solver.tableau
    found = _integrated(
        layer.to_front(start, shape).astype(dtype),
        (equation, current, microwave, thermal, key),
        step=step,
        each=each,
        saves=saves,
        scheme=_Scheme(tableau),
        bodies=layer.bodies,
    )
    if not known(equation, largest):
        fastest = equation.fastest(largest)
        angle = step * (fastest.max(0) if layer.bodies else fastest)
        fine = jnp.broadcast_to(angle <= _COARSE, shape)
        found = jnp.where(fine.reshape(*shape, *(1,) * (found.ndim - len(shape))), found, jnp.nan)
    return Trajectory(found, jnp.asarray(interval), each * (saves - 1), layer.bodies)


class _Scheme:
    """A tableau that compiled programs are told apart by."""

    def __init__(self, tableau: Any):
        self.tableau = tableau

    def __hash__(self) -> int:
        return id(self.tableau)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Scheme) and self.tableau is other.tableau


@partial(jax.jit, static_argnames=("step", "each", "saves", "scheme", "bodies"))
def _integrated(
    begin: Float[Array, "3 *bodies_lanes"],
    acting: tuple[Any, ...],
    *,
    step: float,
    each: int,
    saves: int,
    scheme: _Scheme,
    bodies: tuple[int, ...],
) -> Float[Array, "..."]:
    """The magnetisation at all save times, (*lanes, times, *bodies, 3).

    In between components are first, then bodies.
    """
    equation, current, microwave, thermal, key = acting
    length = (equation.rate * step).astype(begin.dtype)
    rotation = None if microwave is None else microwave.rotation(step)

    def advanced(packed, number):
        held = (0.0, 0.0, 0.0)
        if key is not None:
            numbers = 3 * math.prod(bodies), *packed.shape[1 + len(bodies) :]
            drawn = normal(numbers, packed.dtype, key=jax.random.fold_in(key, number))
            held = times(thermal, drawn.reshape(packed.shape))

        def velocity(offset, parts):
            (m,) = parts
            now = current
            if microwave is not None and rotation is not None:
                phase = rotation.phase(number) + rotation.turned(offset / equation.rate)
                now = current + microwave.at(phase)
            # One array a stage: of three, each would be computed from the start of the step.
            return (jnp.stack(equation.velocity(m, now, held)),)

        (m,) = runge_kutta_step(scheme.tableau, velocity, length, (packed,))
        return jnp.stack(normalised(m)).astype(packed.dtype), None

    @jax.checkpoint
    def saved(packed, first):
        packed, _ = jax.lax.scan(advanced, packed, first + jnp.arange(each))
        return packed, packed

    begins = each * jnp.arange(saves - 1)
    _, later = jax.lax.scan(saved, begin, begins)
    inner = len(bodies)
    last = -inner - 2, -1, *range(-inner - 1, -1)
    return jnp.moveaxis(jnp.concatenate([begin[None], later]), range(inner + 2), last)


def _check_grid(step: float | None, interval: float) -> None:
    """Refuse a thermal path whose steps would follow the save times, or other lanes."""
    parts = 1.0 if step is None else interval / positive_number("step", step)
    if step is None or abs(parts - round(parts)) > 1e-6 * parts or parts < 0.5:
        example = interval / max(1, math.ceil(parts))
        raise InvalidInput(
            f"with a temperature, step is {step}; give one that divides the time between saves, "
            f"{interval:g} s, as {example:.6g} s or a part of it"
        )


def _checked_step(
    step: float | None, interval: float, equation: AbstractEquation, current: Array
) -> float:
    """The longest step to take, s: as given, or of the fastest precession."""
    if step is None and not known(equation, current):
        raise InvalidInput("step is not given and values are not known before compilation: give it")
    if step is None:
        return min(_ANGLE / float(equation.fastest(current).max()), interval)
    step = positive_number("step", step)
    if known(equation, current):
        angle = float(equation.fastest(current).max()) * step
        if angle > _COARSE:
            raise InvalidInput(
                f"step is {step:g} s, in which the magnetisation can turn by {angle:.3g} rad; give "
                f"{step * _COARSE / angle:.2g} s at most"
            )
    return step

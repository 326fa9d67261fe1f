"""Inputs that are presented one after the other: what a resonator keeps of those before."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.arrays import ResonatorArray
from rfjax.arrays.polarity import signs
from rfjax.checks import InvalidInput, instance_of, non_negative, positive
from rfjax.laws import auto_oscillator, spin_diode
from rfjax.laws.switching_on import amplitudes_after
from rfjax.rectifiers.base import reduced_drives, with_tone_axis
from rfjax.rectifiers.fast.direct import detunings_of_tones
from rfjax.rectifiers.refusal import answered


def in_turn(
    array: ResonatorArray, powers: ArrayLike, time: ArrayLike
) -> Float[Array, "rows chains"]:
    r"""The voltages at the end of each of some presentations, without a rest between them.

    An array as it is called starts each row anew and has settled. Here the first row starts at
    rest, and every other one where the row before left the resonators: those that fold keep their
    branch, and whatever has not settled, as it does slowly next to a fold, reaches into the next
    row.

    Amplitudes are integrated as by `rfjax.laws.switching_on`, whatever the rectifier model of the
    array: settled, they are those of `CrossCoupled`, on a branch that both may have; with a tone of
    its own for each resonator those of (3.3). Beats of tones within a linewidth of each other are
    left out. Voltages are those of one moment, within 2e-4 of the largest for one tone, and
    have no derivative: one that is asked for is refused.

    **Arguments:** `array`, which is read without readings; `powers` of the tones, (rows, tones), in
    W into one resonator, in the order in which they are presented; `time` of each presentation, s,
    one or (rows,).

    **Returns:** volts, (rows, chains).

    **Raises:** `InvalidInput` where a value or a shape is not allowed, for an array with readings,
    where amplitudes grow beyond all bounds or cannot be followed for so long, and where it is
    differentiated.
    """
    instance_of("array", array, ResonatorArray, "a ResonatorArray")
    array.check_one_network()
    if array.readings:
        raise InvalidInput("array has readings, which have no part here; leave them out")
    powers, time = non_negative("powers", powers), positive("time", time)
    array.check_shape("powers", powers.shape)
    if powers.ndim != 2 or time.shape not in ((), powers.shape[:1]):
        raise InvalidInput(
            f"powers have shape {powers.shape} and time {time.shape}; give (rows, "
            f"{array.tones}), and one time or (rows,)"
        )
    given = _without_derivative((array, powers, jnp.broadcast_to(time, powers.shape[:1])))
    return answered(
        _in_turn(*given),
        "amplitudes cannot be followed for so long; lower the powers or the time",
    )


@eqx.filter_custom_jvp
def _without_derivative(values):
    """What amplitudes are followed with: they pass no derivative on."""
    return values


@_without_derivative.def_jvp
def _without_derivative_jvp(primals, tangents):
    if not jax.tree.leaves(tangents):
        return primals[0], tangents[0]
    raise InvalidInput(
        "in_turn has no derivative; differentiate the array as it is called, or use stop_gradient"
    )


@eqx.filter_jit
def _in_turn(array, powers, times) -> Float[Array, "rows chains"]:
    shape, shared = array.detuning.shape, array.wiring.shared
    tuned = array.resonators.detuned(array.detuning)
    each = with_tone_axis(tuned)
    if shared:
        detuning = detunings_of_tones(array.resonators, array.detuning, array.frequencies)
    else:
        detuning = array.detuning[..., None]
    shift, growth, width = (
        jnp.broadcast_to(of[..., None], detuning.shape)
        for of in (tuned.reduced_shift, tuned.nonlinear_damping, tuned.linewidth)
    )
    sign = signs(shape[1], powers.dtype)

    def presented(amplitude, row):
        power, time = row
        received = power if shared else power[:, None]
        drive = jnp.broadcast_to(reduced_drives(each, received), detuning.shape)
        ended, reached = amplitudes_after(
            amplitude, detuning, drive, shift, growth, time * width[..., 0]
        )
        mixed = jnp.sum(auto_oscillator.force(received, each.drive) * ended, axis=-1)
        volts = spin_diode.mixing(
            mixed.real,
            mixed.imag,
            tuned.rectification,
            tuned.drive,
            tuned.antisymmetric,
            tuned.symmetric,
        )
        return ended, jnp.sum(jnp.where(reached, volts, jnp.nan) * sign, axis=-1)

    rest = jnp.zeros(detuning.shape, jnp.result_type(powers.dtype, jnp.complex64))
    return jax.lax.scan(presented, rest, (powers, times))[1]

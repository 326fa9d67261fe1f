"""How fast devices move: what the frame and the step of an integration are chosen from."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput
from rfjax.devices import Oscillator, Resonator
from rfjax.dynamics.force import AbstractForce, Amplitude
from rfjax.dynamics.noise import ThermalNoise
from rfjax.laws import auto_oscillator

_ROOM = 1.2  # for frequencies that move further
_OFTEN = 3.0  # times its mean: the power that noise often reaches
_FULL = 1.0  # beyond this power the steps need not follow: the model means little there


class Pace(NamedTuple):
    """How fast devices move.

    **Arguments:** `reference`: the frequency of the frame, Hz; `fastest`: the largest angular
    frequency or rate of an amplitude in that frame, rad/s; `settling`: the fastest rate at which
    small changes of an amplitude decay or grow, rad/s.
    """

    reference: float
    fastest: float
    settling: float


class Reach(NamedTuple):
    """How far the power takes devices.

    **Arguments:** `shift` of their frequencies at the largest power, Hz; `rate` at which their
    amplitudes grow or decay there, for a current of either sign, rad/s; `settling`: the fastest
    rate of small changes at the current that is given, rad/s; all (*lanes,).
    """

    shift: Float[ArrayLike, "..."]
    rate: Float[ArrayLike, "..."]
    settling: Float[ArrayLike, "..."]


def pace(
    devices: Resonator | Oscillator,
    forces: Sequence[AbstractForce],
    current: ArrayLike,
    start: Amplitude,
    reference: float | None = None,
    noise: ThermalNoise | None = None,
) -> Pace:
    """How fast devices move under forces.

    **Arguments:** `devices`, `forces`, and the amplitude at the `start`; `current`: the largest
    current through each, A, (*lanes,); `reference`: that of the frame in Hz, where it is given;
    `noise`, if there is any.

    **Returns:** the pace, with the middle of all frequencies as reference where none is given.

    **Raises:** `InvalidInput` inside of compiled functions, where values are not known.
    """
    try:
        rest = _known(devices.frequency)
        efficiency = devices.spin_torque_efficiency if isinstance(devices, Oscillator) else 0.0
        gain = np.abs(_known(efficiency) * _known(current))
        bounds = [tuple(map(_known, force.bound())) for force in forces]
        driven = [force.frequencies() for force in forces]
        tones = [_known(each) for each in driven if each is not None]
        begins = _known(start[0]) ** 2 + _known(start[1]) ** 2
        push, coupling = sum(bound[0] for bound in bounds), sum(np.max(each) for _, each in bounds)
        with jax.ensure_compile_time_eval():
            reached = Reach(*map(_known, reach(devices, push, gain, begins, noise)))
    except jax.errors.TracerArrayConversionError:
        raise InvalidInput(
            "not all values are known inside of a compiled function or of a derivative; "
            "give simulate both step and reference there"
        ) from None
    tones = np.concatenate([np.zeros(0), *map(np.ravel, tones)])
    spectrum = _spectrum(tones, rest, reached)
    if reference is None:
        reference = float((spectrum.min() + spectrum.max()) / 2)
    seen = tones - reference, np.asarray(rest - reference)
    with jax.ensure_compile_time_eval():
        found = float(fastest(*seen, reached)) + float(coupling)
    if not np.isfinite(found):
        raise InvalidInput(
            f"how fast devices move comes out as {found} rad/s; forces, current or coupling are "
            "too large: check their units"
        )
    return Pace(reference, found, float(np.max(reached.settling)))


def reach(
    devices: Resonator | Oscillator,
    push: ArrayLike,
    gain: ArrayLike = 0.0,
    begins: ArrayLike = 0.0,
    noise: ThermalNoise | None = None,
) -> Reach:
    r"""How far forces can take devices.

    **Arguments:** `devices`; `push`: the sum of all forces, rad/s; `gain` $\sigma I$, rad/s;
    `begins`: the power at the start; all (*lanes,); `noise`, if there is any, of devices whose
    values are known.

    **Returns:** the reach.
    """
    rest, damping = devices.frequency, devices.damping
    width = auto_oscillator.linewidth(rest, damping)
    stiffness = auto_oscillator.power_stiffness(gain, rest, damping, devices.nonlinear_damping)
    net = width - gain
    largest = auto_oscillator.largest_power(push, net, stiffness)
    power = jnp.maximum(begins, jnp.minimum(largest, _FULL))
    if noise is not None:
        power = power + _OFTEN * noise.power(_known(net), _known(stiffness), _known(width))
    settling = jnp.maximum(jnp.abs(net), jnp.abs(net + 3 * stiffness * power))
    # The damping of a small change along the amplitude: the slope of (1 + Qp)√p.
    rate = auto_oscillator.positive_damping(3 * power, rest, damping, devices.nonlinear_damping)
    return Reach(rest * devices.nonlinear_shift * power, rate + gain, settling)


def fastest(
    tones: Float[ArrayLike, " tones"], rest: Float[ArrayLike, "..."], reached: Reach
) -> Float[Array, ""]:
    """The largest modulus of the complex rate at which an amplitude turns and grows in a frame.

    **Arguments:** `tones` and `rest`: frequencies of the tones and of the devices at rest, less
    that of the frame, Hz; `reached`: how far the power takes the devices.

    **Returns:** rad/s.
    """
    seen = (tones, rest, rest + reached.shift)
    farthest = jnp.max(jnp.stack([jnp.max(jnp.abs(each), initial=0) for each in seen]))
    turning = 2 * jnp.pi * (_ROOM * farthest + jnp.max(jnp.abs(reached.shift)))
    return jnp.hypot(turning, jnp.max(reached.rate))


def _spectrum(tones, rest, reached: Reach) -> Float[np.ndarray, " n"]:
    return np.concatenate([np.ravel(each) for each in (rest, rest + reached.shift, tones)])


def _known(value: ArrayLike) -> Float[np.ndarray, "..."]:
    return np.asarray(value, np.float64)

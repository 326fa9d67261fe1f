"""How fast devices move: what the frame and the step of an integration are chosen from."""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput
from rfjax.devices import Oscillator, Resonator
from rfjax.dynamics.equation_of_motion import LARGEST_POWER
from rfjax.dynamics.force import AbstractForce, Amplitude
from rfjax.dynamics.noise import ThermalNoise
from rfjax.laws import auto_oscillator

_ROOM = 1.2  # for frequencies that move further
_PRODUCTS = 2.5  # how much faster than amplitudes their products with the power move
_OFTEN = 3.0  # times its mean: the power that noise often reaches
_CLOSE = 0.98  # a bound that falls by less is near enough
_MOST = 50  # bounds of coupled powers, each nearer than the one before


class Rates(NamedTuple):
    """How fast devices move.

    **Arguments:** `reference`: the frequency of the frame, Hz; `fastest`: the largest angular
    frequency or rate of an amplitude in that frame, rad/s; `settling`: the fastest rate at which
    small changes of an amplitude decay or grow, rad/s; `begins`: the same as `fastest` at the
    power of the start, rad/s: so fast they are, whatever power they reach.
    """

    reference: float
    fastest: float
    settling: float
    begins: float


class Reach(NamedTuple):
    """How far the power takes devices.

    **Arguments:** `shift` of their frequencies at the largest power, Hz; `rate` at which their
    amplitudes grow or decay there, rad/s; both (*lanes,).
    """

    shift: Float[ArrayLike, "..."]
    rate: Float[ArrayLike, "..."]


class _Damping(NamedTuple):
    """What the power of devices obeys, all known, (*lanes,), rad/s.

    **Arguments:** `width`: the linewidth at rest; `growth` of the damping with the power, without a
    current; `low` and `high`: what the lowest and the highest current give back at rest.
    """

    width: np.ndarray
    growth: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def largest_power(self, push: ArrayLike, gain: ArrayLike, begins: np.ndarray) -> np.ndarray:
        """A bound of the power of each lane that begins at a power.

        **Arguments:** `push` from outside and the rate of a further `gain`, rad/s; `begins`; all
        (*lanes,).
        """

        def under(current):
            net, stiffness = self.width - current - gain, self.growth + current
            return np.maximum(_bounded(push, net, stiffness, begins), begins)

        # Up to the power 1 the highest current damps least, beyond it the lowest.
        first = under(self.high)
        return np.where(first <= 1, first, np.maximum(under(self.low), 1))

    def total_power(self, push: np.ndarray, gain: np.ndarray, begins: np.ndarray) -> np.ndarray:
        """The same of all lanes along the last axis together."""
        net, stiffness = (
            np.broadcast_to(each, push.shape).min(-1, keepdims=True)
            for each in (self.width - self.high - gain, self.growth + self.high)
        )
        shared = np.where(stiffness > 0, stiffness / push.shape[-1], stiffness)
        whole, begins = (np.sum(each, -1, keepdims=True) for each in (push**2, begins))
        found = np.maximum(_bounded(np.sqrt(whole), net, shared, begins), begins)
        # Beyond the power 1 the highest current need not damp least.
        return np.where((found <= 1) | (self.low == self.high).all(), found, np.inf)


def _bounded(push: ArrayLike, net: np.ndarray, stiffness: np.ndarray, begins: np.ndarray):
    # Damping that falls with the power is at least that at the power 1, up to there.
    least = net + np.minimum(stiffness, 0)
    bound = _known(auto_oscillator.largest_power(push, least, np.maximum(stiffness, 0)))
    return np.where((stiffness < 0) & (np.maximum(bound, begins) > 1), np.inf, bound)


def rates_of_motion(
    devices: Resonator | Oscillator,
    forces: Sequence[AbstractForce],
    currents: tuple[ArrayLike, ArrayLike],
    start: Amplitude,
    reference: float | None = None,
    noise: ThermalNoise | None = None,
) -> Rates:
    """How fast devices move under forces.

    **Arguments:** `devices`, `forces`, and the amplitude at the `start`, of all lanes; `currents`:
    the lowest and the highest one through each, A, (*lanes,); `reference`: that of the frame in Hz,
    where it is given; `noise`, if there is any.

    **Returns:** the rates, with the middle of all frequencies as reference where none is given.

    **Raises:** `InvalidInput` inside of compiled functions, where values are not known.
    """
    try:
        rest, begins = _known(devices.frequency), np.atleast_1d(np.hypot(*map(_known, start)))
        driven = [force.frequencies() for force in forces]
        tones = [_known(each) for each in driven if each is not None]
        with jax.ensure_compile_time_eval():
            damping = _damping(devices, currents)
            still, one = np.zeros(begins.shape), np.ones(begins.shape)
            # The largest rate at which all others together act on one.
            coupling = np.max(_push(forces, one) - _push(forces, still))
            slowest, gain = _gains(forces)
            coupling = coupling + np.max(np.abs(slowest + gain)) / 2
            power = _largest_powers(devices, damping, forces, begins)
            if noise is not None:
                power = power + _OFTEN * _noise_power(noise, damping, gain)
            gains = damping.low, damping.high
            reached, begun = (
                Reach(*map(_known, reach(devices, each, gains))) for each in (power, begins**2)
            )
    except jax.errors.TracerArrayConversionError:
        raise InvalidInput(
            "not all values are known inside of a compiled function or of a derivative; "
            "give simulate both step and reference there"
        ) from None
    tones = np.concatenate([np.zeros(0), *map(np.ravel, tones)])
    spectrum = _spectrum(tones, rest, reached)
    if reference is None:
        reference = float((spectrum.min() + spectrum.max()) / 2)
    in_frame = tones - reference, np.asarray(rest - reference)
    with jax.ensure_compile_time_eval():
        found, first = (
            float(fastest(*in_frame, each)) + float(coupling) for each in (reached, begun)
        )
    if not np.isfinite(found):
        raise InvalidInput(
            f"how fast devices move comes out as {found} rad/s; forces, current or coupling are "
            "too large: check their units"
        )
    return Rates(
        reference,
        found,
        float(np.max(_settling(damping, power)) + np.max(np.maximum(-slowest, gain))),
        first,
    )


@eqx.filter_jit
def reach(
    devices: Resonator | Oscillator, power: ArrayLike, gains: tuple[ArrayLike, ArrayLike]
) -> Reach:
    r"""How far a power takes devices.

    **Arguments:** `devices`; the largest `power`, (*lanes,); `gains`: $\sigma I$ of the lowest and
    the highest current, rad/s, (*lanes,).

    **Returns:** the reach.
    """
    rest, damping = devices.frequency, devices.damping
    # The damping of a small change along the amplitude: the slope of (1 + Qp)√p.
    rate = auto_oscillator.positive_damping(3 * power, rest, damping, devices.nonlinear_damping)
    gain = jnp.maximum(*map(jnp.abs, gains)) * jnp.maximum(1, 3 * power - 1)
    return Reach(rest * devices.nonlinear_shift * power, rate + gain)


@eqx.filter_jit
def fastest(
    tones: Float[ArrayLike, " tones"], rest: Float[ArrayLike, "..."], reached: Reach
) -> Float[Array, ""]:
    """The largest modulus of the complex rate at which an amplitude turns and grows in a frame.

    **Arguments:** `tones` and `rest`: frequencies of the tones and of the devices at rest, less
    that of the frame, Hz; `reached`: how far the power takes the devices.

    **Returns:** rad/s.
    """
    offsets = (tones, rest, rest + reached.shift)
    farthest = jnp.max(jnp.stack([jnp.max(jnp.abs(each), initial=0) for each in offsets]))
    turning = 2 * jnp.pi * (_ROOM * farthest + jnp.max(jnp.abs(reached.shift)))
    return jnp.hypot(turning, _PRODUCTS * jnp.max(reached.rate))


def _damping(devices: Resonator | Oscillator, currents: tuple[ArrayLike, ArrayLike]) -> _Damping:
    efficiency = devices.spin_torque_efficiency if isinstance(devices, Oscillator) else 0.0
    return _Damping(
        *(np.atleast_1d(_known(each)) for each in _at_rest(devices)),
        *(np.atleast_1d(_known(efficiency) * _known(current)) for current in currents),
    )


@jax.jit
def _at_rest(devices: Resonator | Oscillator) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """The linewidth, and the growth of the damping with the power, rad/s."""
    damped = devices.frequency, devices.damping
    stiffness = auto_oscillator.power_stiffness(0.0, *damped, devices.nonlinear_damping)
    return auto_oscillator.linewidth(*damped), stiffness


def _push(forces: Sequence[AbstractForce], amplitude: np.ndarray) -> np.ndarray:
    """The largest that all forces add up to, rad/s, (*lanes,)."""
    return sum((np.asarray(force.bound(amplitude)) for force in forces), np.zeros(amplitude.shape))


def _gains(forces: Sequence[AbstractForce]) -> list[np.ndarray]:
    """The rates at which all forces together make oscillations grow, rad/s, (*lanes,)."""
    each = [force.gains() for force in forces]
    return [sum((np.asarray(pair[end]) for pair in each), np.zeros(1)) for end in (0, 1)]


def _largest_powers(
    devices: Resonator | Oscillator,
    damping: _Damping,
    forces: Sequence[AbstractForce],
    begins: Float[np.ndarray, "*lanes"],
) -> Float[np.ndarray, "*lanes"]:
    r"""Powers that no lane exceeds, up to that at which the model ends.

    What acts on a lane is bounded by forces, and by coupling times the amplitudes of others. The
    largest amplitude of all obeys the law of one lane whose damping is less by the sum of its
    couplings; and so does the root of the total power, with the rate at which coupling makes that
    grow. From either the bound of each lane follows, from these nearer ones, and so on.
    """
    still, one, begins = np.zeros(begins.shape), np.ones(begins.shape), begins**2
    push = _push(forces, still)
    ends = _known(auto_oscillator.power_without_frequency(devices.nonlinear_shift))
    ends = np.minimum(ends, LARGEST_POWER)
    largest = begins.max(-1, keepdims=True)
    slowest, gain = _gains(forces)
    own = (slowest + gain) / 2
    power = damping.largest_power(push, _push(forces, one) - push + own, largest)
    power = np.minimum(power.max(-1, keepdims=True), damping.total_power(push, gain, begins))
    power = np.maximum(np.minimum(power, ends), begins)
    for _ in range(_MOST):
        nearer = damping.largest_power(_push(forces, np.sqrt(power)), own, begins)
        before, power = power, np.minimum(power, nearer)
        if (power >= _CLOSE * before).all():
            break
    return power


def _noise_power(noise: ThermalNoise, damping: _Damping, gain: np.ndarray) -> np.ndarray:
    """About the power that noise drives devices to, for any of the currents."""
    least, most = damping.width - damping.high - gain, damping.width - damping.low
    # Where current or coupling take modes across the threshold, as if right there.
    net = np.where(least * most > 0, np.minimum(np.abs(least), np.abs(most)), 0)
    power = noise.power(net, np.maximum(damping.growth + damping.low, 0), damping.width)
    return np.minimum(power, LARGEST_POWER)


def _settling(damping: _Damping, power: np.ndarray) -> np.ndarray:
    """The fastest rate of small changes, from rest up to a power."""
    rates = []
    for current in (damping.low, damping.high):
        net, stiffness = damping.width - current, damping.growth + current
        rates += [np.abs(net), np.abs(net + 3 * stiffness * power)]
    return np.max(np.broadcast_arrays(*rates), axis=0)


def _spectrum(tones, rest, reached: Reach) -> Float[np.ndarray, " n"]:
    return np.concatenate([np.ravel(each) for each in (rest, rest + reached.shift, tones)])


def _known(value: ArrayLike) -> Float[np.ndarray, "..."]:
    return np.asarray(value, np.float64)

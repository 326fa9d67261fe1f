"""What a presentation costs an array of resonators: energy, latency, bandwidth."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.arrays.resonator_array import ResonatorArray
from rfjax.checks import check_fit, instance_of, non_negative, positive
from rfjax.laws.energy import amplifier_power, occupied_bandwidth, settling_time
from rfjax.printing import described


class Costs(eqx.Module):
    """What a presentation costs.

    **Arguments:** `energy` in J, what the amplifiers of the tones are supplied with; `latency` in
    s, until the slowest resonator has settled; `bandwidth` in Hz, of all tones with the linewidths
    of those at its ends.
    """

    energy: Float[Array, "*b"] = eqx.field(metadata={"unit": "J"})
    latency: Float[Array, ""] = eqx.field(metadata={"unit": "s"})
    bandwidth: Float[Array, ""] = eqx.field(metadata={"unit": "Hz"})

    __repr__ = described


def costs(array: ResonatorArray, powers: ArrayLike, lifetimes: ArrayLike = 2 * jnp.pi) -> Costs:
    """What presentations cost an array; JAX differentiates it to devices and tones.

    Of the signal alone: ideal amplifiers, no oscillators, no read-out, no write lines.

    **Arguments:** `array`; `powers` of the tones into one resonator, W, (*b, tones); `lifetimes` of
    the slowest resonator that a presentation lasts, see `rfjax.laws.energy.settling_time`.

    **Returns:** the costs, with an energy for each presentation.

    **Raises:** `InvalidInput` for values or shapes that do not fit.
    """
    instance_of("array", array, ResonatorArray, "a ResonatorArray")
    powers, lifetimes = non_negative("powers", powers), positive("lifetimes", lifetimes)
    array.check_shape("powers", powers.shape)
    chains, tones = array.detuning.shape[-2:]
    devices = array.resonators.detuned(array.detuning)
    check_fit("lifetimes", lifetimes, devices.shape, "one number, or one for each resonator")
    latency = jnp.max(settling_time(devices.frequency, devices.damping, lifetimes))
    receivers = chains * (tones if array.wiring.shared else 1)
    supplied = jnp.sum(amplifier_power(powers, float(receivers)), axis=-1)
    low, high = jnp.min(array.frequencies), jnp.max(array.frequencies)
    widest = jnp.max(devices.damping)
    return Costs(supplied * latency, latency, occupied_bandwidth(low, high, widest))

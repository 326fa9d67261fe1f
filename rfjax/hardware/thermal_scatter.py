"""Thermal noise of resonators in a reading."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from rfjax.arrays import AbstractReading
from rfjax.arrays.reading import Read
from rfjax.checks import non_negative, one, positive
from rfjax.devices import Resonator
from rfjax.hardware.thermal_shift import check_unbiased
from rfjax.laws.spin_diode import detuning_from_own_tone
from rfjax.laws.thermal_noise import equilibrium_power
from rfjax.laws.thermal_reading import scatter_scale, small_signal_variance
from rfjax.numerics.keys import normal


class ThermalScatter(AbstractReading):
    r"""What thermal motion of all resonators adds to a reading, drawn anew for each.

    The mean over a time of one tone in one resonator scatters as
    `rfjax.laws.thermal_reading.small_signal_variance`; variances of the resonators of a chain add,
    and those of the tones of a resonator, which read one motion in bands that do not overlap: for
    readings of many beats, with an error of about one over their number. At low power, of an array
    with `ThermalShift`, which has the mean; at 10 µW into a default resonator of 200 MHz and
    $p_T=0.005$ it is then within 1.2 % of what a nonlinear one scatters by, at 50 µW within 5.4 %,
    and less near the fold, see `rfjax.laws.thermal_reading.thermal_reading`; without the shift
    within 6 and 9 %.

    Tones scatter as those of the line, also where they are moved.

    **Arguments:** `temperature` in K; `energy` $E_0$ of a device at $p=1$, J, both numbers or
    arrays that broadcast to (chains, tones); `time` of a reading, s, after resonators have settled.

    **Raises:** `InvalidInput` where a value is not allowed.
    """

    temperature: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "temperature"), metadata={"unit": "K"}
    )
    energy: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "energy"), metadata={"unit": "J"}
    )
    time: Float[Array, ""] = eqx.field(
        converter=partial(one, positive, "time"), metadata={"unit": "s"}
    )

    def __call__(
        self,
        read: Read,
        array: Any,
        powers: Float[Array, "b tones"],
        frequencies: Float[Array, "b tones"] | None,
        *,
        keys: Key[Array, " b"],
    ) -> Float[Array, "b chains"]:
        """See `AbstractReading.__call__`; raises `InvalidInput` for resonators that are biased."""
        volts = read(array, powers, frequencies)
        scatter = self.deviation(array, powers).astype(volts.dtype)
        return volts + scatter * normal(keys, volts.shape[1:], volts.dtype)

    def deviation(self, array: Any, powers: Float[Array, "b tones"]) -> Float[Array, "b chains"]:
        """The standard deviation of readings, V.

        **Arguments:** `array`; `powers` of the tones into one resonator, W.

        **Raises:** `InvalidInput` for resonators that are biased.
        """
        check_unbiased(array)
        power = equilibrium_power(self.temperature, self.energy)
        of_a_watt = _variances(
            array.resonators, array.detuning, power, self.time, shared=array.wiring.shared
        )
        # Of the root, so that what single precision holds is not left.
        largest = jnp.max(of_a_watt)
        largest = jnp.where(largest > 0, largest, 1)
        variance = jnp.matmul(powers, (of_a_watt / largest).T, precision=jax.lax.Precision.HIGHEST)
        none = variance == 0
        root = jnp.where(none, 0, jnp.sqrt(jnp.where(none, 1, variance)))
        return root * jnp.sqrt(largest)


def _variances(
    resonators: Resonator,
    detuning: Float[Array, "chains tones"],
    power: Float[Array, "..."],
    time: Float[Array, ""],
    *,
    shared: bool,
) -> Float[Array, "chains tones"]:
    """The variances of chains for a watt of each tone, V²/W."""
    fields = {
        "own": resonators.frequency,
        "damping": resonators.damping,
        "detuning": detuning,
        "power": power,
        "width": resonators.detuned(detuning).linewidth,
        "scale": scatter_scale(1.0, resonators.rectification, resonators.drive),
        "antisymmetric": resonators.antisymmetric,
        "symmetric": resonators.symmetric,
    }
    fields = {name: jnp.broadcast_to(each, detuning.shape) for name, each in fields.items()}

    def of_chain(chain):
        own, tones = chain["own"], resonators.frequency
        if shared:
            chain = {name: each[:, None] for name, each in chain.items()}
            own = chain["own"]
        x = detuning_from_own_tone(tones, own, chain["detuning"], chain["damping"])
        variance = small_signal_variance(
            x,
            chain["power"],
            time * chain["width"],
            chain["antisymmetric"],
            chain["symmetric"],
        )
        variance = jnp.square(chain["scale"]) * variance
        return variance.sum(0) if shared else variance

    return jax.lax.map(jax.checkpoint(of_chain), fields)

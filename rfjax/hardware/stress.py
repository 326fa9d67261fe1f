"""What the junctions of a network have to bear, beside what breaks them."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool, Float

from rfjax.checks import check_fit, positive
from rfjax.hardware.driven_layers import driven_layers, one_array, received_shares
from rfjax.laws.junction_voltage import peak_voltage, rms_voltage
from rfjax.nn import Network


class JunctionStress(eqx.Module):
    """Voltages of resonators, or currents of oscillators, of one layer; printed in a line.

    **Arguments:**

    - `devices`, what they are in words, and the `unit` of all numbers.
    - `rms` and `peak` of the voltage of each; of the current of oscillators what flows all the
      time, and what their chains ask for at most.
    - `limit` at which it breaks. All broadcast to `shape`: (*b, chains, tones) of resonators,
      before that the outputs of a convolution, and (*b, *features) of oscillators.
    """

    devices: str = eqx.field(static=True)
    unit: str = eqx.field(static=True)
    rms: Float[Array, "..."]
    peak: Float[Array, "..."]
    limit: Float[Array, "..."]
    shape: tuple[int, ...] = eqx.field(static=True)

    @property
    def beyond(self) -> Bool[Array, "..."]:
        """Which devices are beyond their limit for certain."""
        return jnp.broadcast_to(self.rms >= self.limit, self.shape)

    @property
    def endangered(self) -> Bool[Array, "..."]:
        """Which may get beyond it: where tones meet in phase, or nothing clamps currents."""
        return jnp.broadcast_to(self.peak >= self.limit, self.shape)

    def __repr__(self) -> str:
        certain, possible = (100 * float(jnp.mean(each)) for each in (self.beyond, self.endangered))
        return (
            f"{self.devices}: rms up to {float(jnp.max(self.rms)):.3g} {self.unit}, peak up to "
            f"{float(jnp.max(self.peak)):.3g} {self.unit}; {certain:.3g} % beyond their limit, "
            f"{possible:.3g} % at most"
        )


def junction_stress(
    network: Network,
    inputs: ArrayLike,
    *,
    resistance: ArrayLike,
    breakdown_voltage: ArrayLike,
    breakdown_current: ArrayLike = 5.0,
) -> tuple[JunctionStress, ...]:
    r"""Which junctions of a network inputs would break, layer after layer.

    A resonator bears the tones that it receives, on a shared line all of them: the root mean square
    $\sqrt{R\sum P}$ for certain, and $\sum\sqrt{2RP}$ where they meet in phase. Tones count with
    the powers of the line, whatever a chip makes of them; direct currents through resonators do not
    count. An oscillator bears the current that its activation clamps, and where nothing does, the
    one that its chain asks for.

    **Arguments:**

    - `network`, whose layers of synapses have an `array`, and whose oscillators tell the
      `thresholds` that they run at; `inputs` as it takes them, (*b, features).
    - `resistance` of a resonator, Ω, and `breakdown_voltage`, V, at microwave frequencies: numbers,
      or what broadcasts to (chains, tones) of all layers.
    - `breakdown_current` of oscillators in thresholds: about 5 (thesis, appendix B), so that 4 are
      taken there.

    **Returns:** the stress of each layer of devices, first to last.

    **Raises:** `InvalidInput` for a network without arrays, for an ensemble, and for inputs that a
    layer refuses.
    """
    resistance = positive("resistance", resistance)
    volts = positive("breakdown_voltage", breakdown_voltage)
    thresholds = positive("breakdown_current", breakdown_current)
    found = []
    for layer, values in driven_layers(network, inputs):
        if hasattr(layer, "thresholds"):
            flowing = layer.thresholds(values)
            asked = jnp.maximum(jnp.abs(values), flowing)
            found.append(
                JunctionStress("oscillators", "I_th", flowing, asked, thresholds, asked.shape)
            )
        if hasattr(layer, "array"):
            shares = received_shares(layer, values)
            fits = one_array(layer.array).detuning.shape
            for name, value in (("resistance", resistance), ("breakdown_voltage", volts)):
                check_fit(name, value, fits, "one number, or what broadcasts to (chains, tones)")
            powers, shape = _received(layer.array, shares * layer.array.peak_powers)
            rms, peak = (f(powers, resistance) for f in (rms_voltage, peak_voltage))
            found.append(JunctionStress("resonators", "V", rms, peak, volts, shape))
    return tuple(found)


def _received(array: Any, powers: Float[Array, "..."]) -> tuple[Float[Array, "..."], tuple]:
    """The powers of the tones that each resonator receives, the last axis, and all their shape."""
    if hasattr(array, "windows"):
        powers = jnp.moveaxis(array.windows.patches(powers), 0, -1)
    inner = one_array(array)
    shape = (*powers.shape[:-1], *inner.detuning.shape)
    if inner.wiring.shared:
        return powers[..., None, None, :], shape
    return powers[..., None, :, None], shape

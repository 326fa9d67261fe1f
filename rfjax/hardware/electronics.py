"""What supplies, reads and writes the devices of a network, and what that takes."""

from functools import partial
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.arrays import ResonatorArray
from rfjax.checks import InvalidInput, instance_of, known, non_negative, one, positive
from rfjax.hardware.field_tuning import FieldTuning
from rfjax.laws.energy import oscillator_power, threshold_current
from rfjax.printing import described


def _efficiency(name, value):
    value = positive(name, value)
    if known(value) and not (value <= 1).all():
        raise InvalidInput(f"{name} is above 1; give the share of the supply that comes out")
    return value


def _one(name, check, default, unit=""):
    return eqx.field(converter=partial(one, check, name), default=default, metadata={"unit": unit})


class Electronics(eqx.Module):
    """Oscillators as loads, amplifiers, read-out and write lines; ideal ones if nothing is given.

    The defaults are those of appendix B: junctions of a radius of 20 nm, $RA=10^{-12}$ Ω·m²,
    $J_{th}=10^{10}$ A/m²; amplifiers whose output is all that they take, reading and writing free.

    **Arguments:** each one number, but for `tuning`:

    - `resistance` of an oscillator, Ω; `threshold_current`, A.
    - `supercriticality` of the oscillators that emit the inputs; zero if something else does.
    - `rf_efficiency`, `dc_efficiency`: output over supply of the amplifiers, above zero, to one.
    - `rf_idle`, `dc_idle`: what each amplifier takes besides, of a line and of a chain, W.
    - `read_energy` for the voltage of a chain, as of a converter, J.
    - `hold_power` of a write line whose weight is volatile, W; or in its place
    - `tuning`: the `FieldTuning` by which field lines hold the detunings that there are. Neither
      where weights stay by themselves.
    - `write_energy` of a weight, J, which serves `presentations_per_write`.
    - `lifetimes` until a resonator has settled, see `rfjax.laws.energy.settling_time`;
      `reading_time` after that, s.
    - `resonator_area`, `oscillator_area`, `rf_amplifier_area`, `dc_amplifier_area`, m² each.

    **Raises:** `InvalidInput` where a value is not allowed.
    """

    resistance: Float[Array, ""] = _one("resistance", positive, 795.775, "Ω")
    threshold_current: Float[Array, ""] = _one("threshold_current", positive, 12.5664e-6, "A")
    supercriticality: Float[Array, ""] = _one("supercriticality", non_negative, 4.0)
    rf_efficiency: Float[Array, ""] = _one("rf_efficiency", _efficiency, 1.0)
    dc_efficiency: Float[Array, ""] = _one("dc_efficiency", _efficiency, 1.0)
    rf_idle: Float[Array, ""] = _one("rf_idle", non_negative, 0.0, "W")
    dc_idle: Float[Array, ""] = _one("dc_idle", non_negative, 0.0, "W")
    read_energy: Float[Array, ""] = _one("read_energy", non_negative, 0.0, "J")
    hold_power: Float[Array, ""] | None = eqx.field(
        converter=lambda value: None if value is None else one(non_negative, "hold_power", value),
        default=None,
        metadata={"unit": "W"},
    )
    tuning: FieldTuning | None = None
    write_energy: Float[Array, ""] = _one("write_energy", non_negative, 0.0, "J")
    presentations_per_write: Float[Array, ""] = _one("presentations_per_write", positive, 1.0)
    lifetimes: Float[Array, ""] = _one("lifetimes", positive, 2 * jnp.pi)
    reading_time: Float[Array, ""] = _one("reading_time", non_negative, 0.0, "s")
    resonator_area: Float[Array, ""] = _one("resonator_area", non_negative, 1.6e-15, "m²")
    oscillator_area: Float[Array, ""] = _one("oscillator_area", non_negative, 1.6e-15, "m²")
    rf_amplifier_area: Float[Array, ""] = _one("rf_amplifier_area", non_negative, 0.0, "m²")
    dc_amplifier_area: Float[Array, ""] = _one("dc_amplifier_area", non_negative, 0.0, "m²")

    __repr__ = described

    def __check_init__(self):
        if self.tuning is not None:
            instance_of("tuning", self.tuning, FieldTuning, "a FieldTuning, or None")
            if self.hold_power is not None:
                raise InvalidInput("hold_power and tuning both hold the weights; give one of them")

    @classmethod
    def of_radius(cls, radius: float, **fields: Any) -> "Electronics":
        """Those of junctions of a radius in m, with the resistance and the threshold of theirs.

        **Arguments:** `radius`; `fields`, all others.

        **Raises:** `InvalidInput` where a value is not allowed.
        """
        area = jnp.pi * one(positive, "radius", radius) ** 2
        return cls(1e-12 / area, threshold_current(1e10, area), **fields)

    def holding_power(self, array: ResonatorArray) -> Float[Array, ""]:
        """What holding all weights of an array takes, W."""
        if self.tuning is not None:
            return jnp.sum(self.tuning.power(array))
        if self.hold_power is not None:
            return self.hold_power * array.detuning.size
        return jnp.zeros(())

    def direct_power(self, supercriticality: Float[Array, "..."]) -> Float[Array, "..."]:
        """What an oscillator takes at a current in thresholds, W; see `oscillator_power`."""
        return oscillator_power(supercriticality, self.threshold_current, self.resistance)

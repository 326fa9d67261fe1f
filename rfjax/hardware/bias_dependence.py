"""Magnetoresistances that fall with the voltage of the tones that they rectify."""

from functools import partial
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from rfjax.arrays import AbstractReading
from rfjax.arrays.of_models import computed_directly
from rfjax.arrays.reading import Read
from rfjax.checks import InvalidInput, finite, instance_of, non_negative, one, positive
from rfjax.devices import Junction
from rfjax.laws.magnetoresistance import equivalent_power, rectified_share_of_tone


class BiasDependence(AbstractReading):
    r"""Resonators that rectify less at large drive, since $T(V)=\frac{T_0}{1+(V/V_h)^2}$.

    The voltage of each moment is that of all tones that the junction receives; see
    `rfjax.laws.magnetoresistance.rectified_share`. Of one tone it is followed exactly. On a shared
    line the share is that of the `equivalent_power` of all tones there, the same for all
    resonators: to leading order in $V/V_h$. Of many tones 0.80 is left, and not 0.78, where their
    root mean square is 0.3 $V_h$, 0.38 and not 0.33 where it is $V_h$; weak tones beside strong
    ones keep less. Powers are those of the line, of which losses of a chip take nothing here. With
    tones of their own every resonator is computed directly.

    **Arguments:**

    - `junction`: one `rfjax.devices.Junction`; without a `half_voltage` no bit changes. Its
      breakdown voltage has no part in it, see `junction_stress`.
    - `cosine` of the angle between its magnetisations at rest, from -1 to 1; zero for a vortex.

    **Raises:** `InvalidInput` for several junctions, and where a value is not allowed.
    """

    draws: ClassVar[bool] = False

    junction: Junction
    cosine: Float[Array, ""] = eqx.field(converter=partial(one, finite, "cosine"), default=0.0)

    def __check_init__(self):
        instance_of("junction", self.junction, Junction, "a Junction")
        if self.junction.shape:
            raise InvalidInput(f"junction has shape {self.junction.shape}; give one for all")
        self.junction.resistance(self.cosine)  # which refuses cosines that there are not
        positive("magnetoresistance of a junction that rectifies", self.junction.magnetoresistance)

    def rectified_share(self, powers: Float[Array, "*b"]) -> Float[Array, "*b"]:
        """The share of the rectified voltage of one tone that remains.

        **Arguments:** `powers` of the tone into a resonator, W.

        **Returns:** from 0 to 1.

        **Raises:** `InvalidInput` for powers below zero.
        """
        powers = non_negative("powers", powers)
        junction = self.junction
        if junction.half_voltage is None:
            return jnp.ones_like(powers)
        return rectified_share_of_tone(
            powers,
            self.cosine,
            junction.parallel,
            junction.magnetoresistance,
            junction.half_voltage,
        ).astype(powers.dtype)

    def __call__(
        self,
        read: Read,
        array: Any,
        powers: Float[Array, "b tones"],
        frequencies: Float[Array, "b tones"] | None,
        *,
        keys: Key[Array, " b"] | None,
    ) -> Float[Array, "b chains"]:
        """See `AbstractReading.__call__`."""
        if self.junction.half_voltage is None:
            return read(array, powers, frequencies)
        if array.wiring.shared:
            return (
                read(array, powers, frequencies)
                * self.rectified_share(equivalent_power(powers))[:, None]
            )
        direct = computed_directly(array)

        def of_row(key, powers, share, frequencies):
            rectification = direct.resonators.rectification * share
            there = eqx.tree_at(lambda each: each.resonators.rectification, direct, rectification)
            given = [None if each is None else each[None] for each in (frequencies, key)]
            return read(there, powers[None], given[0], keys=given[1])[0]

        return jax.vmap(of_row)(keys, powers, self.rectified_share(powers), frequencies)

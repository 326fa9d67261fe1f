"""The magnetic tunnel junction: how its resistance follows angle and bias."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import broadcast_shape, finite, non_negative, positive, where_valid
from rfjax.laws import magnetoresistance
from rfjax.printing import described


def _given(name, value):
    return None if value is None else positive(name, value)


class Junction(eqx.Module):
    r"""Magnetic tunnel junctions, whose conductance is linear in the cosine of the angle.

    $\frac1R=\frac{1-x}{R_P}+\frac x{R_P(1+T(V))}$ with $x=(1-\cos\theta)/2$ and
    $T(V)=\frac{T_0}{1+(V/V_h)^2}$; see `rfjax.laws.magnetoresistance`. Every field may be a number
    or an array; they broadcast to the shape of the junctions.

    **Arguments:**

    - `resistance_area`: of the parallel state, $R_PA$, Ω·m² (1 Ω·µm² is 1e-12).
    - `area` $A$, m², as of a `rfjax.macrospin.FreeLayer`.
    - `magnetoresistance`: the tunnel magnetoresistance $T_0$ without bias, a ratio (1 is 100 %).
    - `half_voltage` $V_h$, at which half of it is left, V; None: it does not depend on the bias.
    - `breakdown_voltage`, V, which biases have to stay below in size; None: any.

    **Raises:** `InvalidInput` naming the field, its value and what is allowed.
    """

    resistance_area: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "resistance_area"), metadata={"unit": "Ω·m²"}
    )
    area: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "area"), metadata={"unit": "m²"}
    )
    magnetoresistance: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "magnetoresistance")
    )
    half_voltage: Float[Array, "..."] | None = eqx.field(
        converter=partial(_given, "half_voltage"), default=None, metadata={"unit": "V"}
    )
    breakdown_voltage: Float[Array, "..."] | None = eqx.field(
        converter=partial(_given, "breakdown_voltage"), default=None, metadata={"unit": "V"}
    )

    __repr__ = described

    def __check_init__(self):
        _ = self.shape

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the fields broadcast to."""
        shapes = {name: value.shape for name, value in vars(self).items() if value is not None}
        return broadcast_shape(**shapes)

    @property
    def parallel(self) -> Float[Array, "..."]:
        """The resistance of the parallel state, at any bias, Ω."""
        return self.resistance_area / self.area

    @property
    def antiparallel(self) -> Float[Array, "..."]:
        """The resistance of the antiparallel state without bias, Ω."""
        return self.parallel * (1 + self.magnetoresistance)

    def ratio(self, bias: ArrayLike = 0.0) -> Float[Array, "..."]:
        """The tunnel magnetoresistance under a bias in V, a ratio.

        **Raises:** `InvalidInput` at the breakdown voltage and beyond.
        """
        bias = self._withstood(finite("bias", bias))
        if self.half_voltage is None:
            return self.magnetoresistance + 0 * bias
        return magnetoresistance.biased_magnetoresistance(
            self.magnetoresistance, bias, self.half_voltage
        )

    def resistance(self, cosine: ArrayLike, bias: ArrayLike = 0.0) -> Float[Array, "..."]:
        r"""The resistance $V/I$ at an angle and a bias.

        **Arguments:** `cosine` of the angle between the magnetisations, from -1 to 1; `bias` in V;
        both broadcast with the junctions.

        **Returns:** Ω.

        **Raises:** `InvalidInput` where a value is not allowed, and at the breakdown voltage.
        """
        cosine = self._cosine(cosine, bias)
        return magnetoresistance.resistance_of_conductance(cosine, self.parallel, self.ratio(bias))

    def slope(self, cosine: ArrayLike, bias: ArrayLike = 0.0) -> Float[Array, "..."]:
        r"""How the resistance changes with the cosine at a bias, $\partial R/\partial\cos\theta$.

        **Arguments:** those of `resistance`.

        **Returns:** Ω, zero or below.

        **Raises:** `InvalidInput` where a value is not allowed, and at the breakdown voltage.
        """
        cosine = self._cosine(cosine, bias)
        ratio, parallel = self.ratio(bias), self.parallel
        cosine = jnp.broadcast_to(cosine, jnp.broadcast_shapes(cosine.shape, ratio.shape))
        cosine = cosine.astype(jnp.result_type(cosine, ratio, parallel))
        along = partial(magnetoresistance.resistance_of_conductance, parallel=parallel, ratio=ratio)
        return jax.jvp(along, (cosine,), (jnp.ones_like(cosine),))[1]

    def bias(self, current: ArrayLike, cosine: ArrayLike) -> Float[Array, "..."]:
        r"""The voltage that a current leaves on the junction: $V=R(\cos\theta,V)\,I$.

        **Arguments:** `current` in A; `cosine` of the angle between the magnetisations; both
        broadcast with the junctions.

        **Returns:** V, differentiable.

        **Raises:** `InvalidInput` where a value is not allowed, and at the breakdown voltage.
        """
        current = finite("current", current)
        cosine = self._cosine(cosine, current)
        if self.half_voltage is None:
            found = current * magnetoresistance.resistance_of_conductance(
                cosine, self.parallel, self.magnetoresistance
            )
        else:
            found = magnetoresistance.bias_of_current(
                current, cosine, self.parallel, self.magnetoresistance, self.half_voltage
            )
        return self._withstood(found)

    def current(self, density: ArrayLike) -> Float[Array, "..."]:
        """The current of a current density in A/m², A."""
        return finite("density", density) * self.area

    def current_density(self, current: ArrayLike) -> Float[Array, "..."]:
        """The current density of a current in A, A/m²."""
        return finite("current", current) / self.area

    def _cosine(self, cosine: ArrayLike, other: ArrayLike) -> Float[Array, "..."]:
        cosine = finite("cosine", cosine)
        broadcast_shape(junctions=self.shape, cosine=cosine.shape, other=jnp.shape(other))
        most = 1 + 4 * jnp.finfo(cosine.dtype).eps
        allowed = "cosine has a value outside what is allowed: from -1 to 1"
        return where_valid(cosine, jnp.abs(cosine) <= most, allowed)

    def _withstood(self, bias: Float[Array, "..."]) -> Float[Array, "..."]:
        if self.breakdown_voltage is None:
            return bias
        message = "bias reaches the breakdown voltage of the junction; give less voltage or current"
        bias = jnp.broadcast_to(bias, broadcast_shape(junctions=self.shape, bias=bias.shape))
        return where_valid(bias, jnp.abs(bias) < self.breakdown_voltage, message)

"""The magnetisation of layers against time."""

from typing import TYPE_CHECKING

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.labelled import dataset, lanes
from rfjax.printing import quantity

if TYPE_CHECKING:
    import xarray


class Trajectory(eqx.Module):
    """Directions of the magnetisation of all lanes at equidistant times.

    **Arguments:** `magnetisation`: unit vectors, (*lanes, times, *bodies, 3); `interval` of the
    times, s; `steps`: how many the integration took; `bodies`: () of a single layer, (2,) of
    coupled ones.
    """

    magnetisation: Float[Array, "... 3"]
    interval: Float[Array, ""]
    steps: int = eqx.field(static=True)
    bodies: tuple[int, ...] = eqx.field(static=True, default=())

    def __repr__(self) -> str:
        layers = f", {self.bodies[0]} layers" if self.bodies else ""
        return (
            f"Trajectory({self.time.size} times {quantity(self.interval, 's')} apart, lanes "
            f"{self._lanes}{layers}, {self.steps} steps)"
        )

    @property
    def _lanes(self) -> tuple[int, ...]:
        return self.magnetisation.shape[: -2 - len(self.bodies)]

    @property
    def time(self) -> Float[Array, " times"]:
        """The times, s."""
        return self.interval * jnp.arange(self.magnetisation.shape[-2 - len(self.bodies)])

    def to_xarray(self) -> "xarray.Dataset":
        """The trajectory with named axes: `magnetisation` over lanes, `time`, `layer` of coupled
        ones, and `component`."""
        layer = ("layer",) if self.bodies else ()
        axes = *lanes(self._lanes), "time", *layer, "component"
        return dataset(
            {"magnetisation": (axes, self.magnetisation, "1")},
            {
                "time": (("time",), self.time, "s"),
                "component": (("component",), ["x", "y", "z"], ""),
            },
        )

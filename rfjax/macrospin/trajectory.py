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

    **Arguments:** `magnetisation`: unit vectors, (*lanes, times, 3); `interval` of the times, s;
    `steps`: how many the integration took.
    """

    magnetisation: Float[Array, "*lanes times 3"]
    interval: Float[Array, ""]
    steps: int = eqx.field(static=True)

    def __repr__(self) -> str:
        *shape, times, _ = self.magnetisation.shape
        return (
            f"Trajectory({times} times {quantity(self.interval, 's')} apart, lanes "
            f"{tuple(shape)}, {self.steps} steps)"
        )

    @property
    def time(self) -> Float[Array, " times"]:
        """The times, s."""
        return self.interval * jnp.arange(self.magnetisation.shape[-2])

    def to_xarray(self) -> "xarray.Dataset":
        """The trajectory with named axes: `magnetisation` over lanes, `time` and `component`."""
        axes = *lanes(self.magnetisation.shape[:-2]), "time", "component"
        return dataset(
            {"magnetisation": (axes, self.magnetisation, "1")},
            {
                "time": (("time",), self.time, "s"),
                "component": (("component",), ["x", "y", "z"], ""),
            },
        )

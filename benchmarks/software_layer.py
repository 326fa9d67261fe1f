"""What does the physics cost beside a plain software layer, inputs @ weights + bias?"""

from collections.abc import Iterator

import jax
import jax.numpy as jnp

from benchmarks import operating_point as at
from benchmarks.row import Row
from benchmarks.timing import compiled, median_seconds
from rfjax.rectifiers import Independent, Linear

MODELS = {"linear": Linear(), "nonlinear": Independent()}


def rows(quick: bool) -> Iterator[Row]:
    """Forward with gradient to all that trains, for both rectifier models."""
    what = "forward and gradient"
    for size in at.sizes(quick):
        theirs = _software_seconds(size, at.seconds_to_spend(quick))
        for name, model in MODELS.items():
            ours = at.layer_seconds(size, model, what, quick)
            yield Row(f"{name} layer {size}", what, ours, theirs, "s", "software layer in JAX")


def _software_seconds(size: at.Size, spend: float) -> float:
    weights, bias = jnp.full((size.tones, size.chains), 0.01), jnp.zeros(size.chains)
    arguments = ((weights, bias), at.pixels(size))
    _, program = compiled(_software_step, *arguments)
    return median_seconds(lambda: program(*arguments), spend)


def _software_step(parameters, inputs):
    def loss(parameters):
        weights, bias = parameters
        return jnp.sum((inputs @ weights + bias) ** 2) / 2

    return jax.value_and_grad(loss)(parameters)

"""How fast is the nonlinear layer on an accelerator, and does it compute there what the host does?

The peer is the same program on the processors of the host. The error is the largest difference from
the direct evaluation in float64, over the largest voltage; bits count as the same if two calls give
the same voltages and the same gradients.
"""

from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import operating_point as at
from benchmarks.row import Row
from benchmarks.timing import compiled, median_seconds
from rfjax.arrays import ResonatorArray
from rfjax.checks import InvalidInput
from rfjax.rectifiers import Independent

WIDE = at.Size(500, 784, 300)
PEER = "the processors of its host"


def rows(quick: bool) -> Iterator[Row]:
    """A gradient step to detunings and one to everything, and what they are off by."""
    if jax.default_backend() == "cpu":
        raise InvalidInput("there is no accelerator")
    (host,) = jax.devices("cpu")[:1]
    name = jax.devices()[0].device_kind
    for size in (at.DIGITS,) if quick else (at.DIGITS, at.MNIST, WIDE):
        ours = at.layer(size, Independent())
        powers = at.pixels(size) * ours.peak_powers
        for what, step in {
            "forward and gradient": at.forward_and_gradient,
            "forward and gradient to detunings, devices, tones and powers": to_everything,
        }.items():
            seconds, same = _measured(step, ours, powers, quick)
            there, there_powers = jax.device_put((ours, powers), host)
            theirs, _ = _measured(step, there, there_powers, quick)
            case = f"nonlinear layer {size} on {name}"
            yield Row(case, what, seconds, theirs, "s", PEER)
            yield Row(case, f"{what}: the same bits twice", float(same), None, "", "none")
        yield Row(case, "error", _error(ours, powers[:2]), None, "", "none: direct, float64")


def to_everything(layer: ResonatorArray, powers: Any) -> tuple[Any, Any]:
    """A loss, half the sum of squared volts, and its gradient to all that the layer is made of."""

    def loss(parts):
        where = lambda layer: (layer.detuning, layer.resonators, layer.line)  # noqa: E731
        return jnp.sum(eqx.tree_at(where, layer, parts[:3])(parts[3]) ** 2) / 2

    return jax.value_and_grad(loss)((layer.detuning, layer.resonators, layer.line, powers))


def _measured(step, layer, powers, quick: bool) -> tuple[float, bool]:
    """Seconds of a step, and whether it gives the same twice."""
    _, program = compiled(step, layer, powers)
    seconds = median_seconds(lambda: program(layer, powers), at.seconds_to_spend(quick))
    return seconds, jax.tree.all(
        jax.tree.map(np.array_equal, program(layer, powers), program(layer, powers))
    )


def _error(layer: ResonatorArray, powers: Any) -> float:
    found = np.asarray(layer(powers))
    with jax.enable_x64(True), jax.default_device(jax.devices("cpu")[0]):
        plain = eqx.tree_at(lambda layer: layer.evaluation, layer, None)
        exact = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf, np.float64)), plain)
        direct = np.asarray(exact(jnp.asarray(np.asarray(powers, np.float64))))
    return float(np.abs(found - direct).max() / np.abs(direct).max())

"""Layers on a shared line, and their derivatives."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from rfjax import Resonator
from rfjax.nn import SharedLineDense
from tests.rectifiers.lines import COMB, PEAKS, TONES, chained

DETUNING = 0.5 * np.random.default_rng(0).standard_normal((3, TONES))
POWERS = jnp.asarray(PEAKS * np.random.default_rng(1).random((4, TONES)))

volts = eqx.filter_jit(SharedLineDense.__call__)


@eqx.filter_jit
def slopes(layer, powers):
    """The derivatives of a weighted sum of all voltages, by detunings and by powers."""

    def total(detuning, powers):
        found = moved(layer, detuning)(powers)
        return jnp.sum(found * jnp.cos(jnp.arange(found.size)).reshape(found.shape))

    return jax.grad(total, argnums=(0, 1))(layer.detuning, powers)


def directly(layer, powers):
    """The voltages by a `Chain`, which knows no layer."""
    return chained(layer.rectifier, layer.resonators, layer.detuning, powers)


def line(detuning=DETUNING, peaks=PEAKS, rectifier=None, *, frequencies=COMB, **options):
    """A layer of few tones; what is no option of the layer is a field of its resonators."""
    settings = {name: options.pop(name) for name in ("tolerance", "gradient") if name in options}
    return SharedLineDense(
        detuning, Resonator(frequencies, **options), peaks, rectifier, **settings
    )


def moved(layer, detuning):
    """The layer at other detunings, without adapting it."""
    return eqx.tree_at(lambda layer: layer.detuning, layer, jnp.asarray(detuning))


def outside():
    """Detunings and powers of which some leave the range of a layer made with the defaults."""
    far = jnp.asarray(DETUNING).at[1, 3].set(7.5)
    loud = POWERS.at[2, 5].set(1.5 * PEAKS[5])
    return {"detuned": (far, POWERS), "loud": (DETUNING, loud), "both": (far, loud)}


def cast(tree, dtype):
    """All floating arrays in another precision."""
    return jax.tree.map(
        lambda a: a.astype(dtype) if jnp.issubdtype(a.dtype, jnp.floating) else a, tree
    )

"""Arrays of few resonators on one line, and what they give computed one by one."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from rfjax import Line, Resonator
from rfjax.arrays import OwnTone, ResonatorArray, SharedLine
from tests.helpers import rectified
from tests.rectifiers.lines import COMB, PEAKS, TONES, chained

CHAINS = 3
LINE = Line(COMB, PEAKS)
DETUNING = 0.5 * np.random.default_rng(0).standard_normal((CHAINS, TONES))
POWERS = jnp.asarray(PEAKS * np.random.default_rng(1).random((4, TONES)))

volts = eqx.filter_jit(ResonatorArray.__call__)


def array(rectifier=None, wiring=None, *, detuning=DETUNING, line=LINE, **options):
    """An array; what is no option of it is a field of its resonators."""
    settings = {name: options.pop(name) for name in ("tolerance", "gradient") if name in options}
    return ResonatorArray(
        detuning, Resonator(line.frequencies, **options), line, rectifier, wiring, **settings
    )


def directly(array, powers):
    """The voltages by chains of resonators, or by single ones, which know no array."""

    def of_all(field):
        return jnp.broadcast_to(field, array.detuning.shape)

    if isinstance(array.wiring, SharedLine):
        devices = eqx.tree_at(lambda each: each.damping, array.resonators, replace_fn=of_all)
        return chained(array.rectifier, devices, array.detuning, powers)
    assert isinstance(array.wiring, OwnTone)
    devices = jax.tree.map(of_all, array.resonators)
    reached = devices.frequency / (1 + devices.damping * array.detuning)
    devices = eqx.tree_at(lambda each: each.frequency, devices, reached)
    total = 0.0
    for k, tone in enumerate(array.line.frequencies):
        each = jax.tree.map(lambda field: field[:, k], devices)  # noqa: B023
        total += (-1) ** k * rectified(array.rectifier, each, powers[:, k : k + 1], tone[None])
    return total


def weighted(volts):
    """A sum of voltages that tells them apart."""
    return jnp.sum(volts * jnp.cos(jnp.arange(volts.size)).reshape(volts.shape))


def moved(array, detuning):
    """The array at other detunings, without preparing it."""
    return eqx.tree_at(lambda array: array.detuning, array, jnp.asarray(detuning))


def cast(tree, dtype):
    """All floating arrays in another precision."""
    return jax.tree.map(
        lambda a: a.astype(dtype) if jnp.issubdtype(a.dtype, jnp.floating) else a, tree
    )

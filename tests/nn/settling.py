"""Small networks that settle."""

import equinox as eqx
import jax
import jax.numpy as jnp

from rfjax import Line, Resonator, nn

SIZES = 6, 5, 4, 3
GAINS = 0.8, 0.8, 0.8


def network(sizes=SIZES, gains=GAINS, **options):
    lines = [Line.geometric(1e9, 1.5e9, tones, 1e-5) for tones in sizes]
    return nn.reciprocal(
        sizes[1:],
        lines=lines,
        resonators=Resonator(1e9, damping=0.01),
        key=jax.random.key(0),
        gains=gains,
        **options,
    )


NETWORK = network()
INPUTS = jax.random.uniform(jax.random.key(1), (7, SIZES[0]))
WANTED = jnp.full((7, SIZES[-1]), 0.2).at[:, 1].set(0.8)


@eqx.filter_jit
def settled(model, inputs, wanted, nudge):
    return model.equilibrium(inputs, wanted, nudge)

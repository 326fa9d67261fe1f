"""What two layers do to each other: fields are slopes of one energy."""

import jax
import jax.numpy as jnp
import numpy as np

from rfjax.laws import interlayer

FREE, REFERENCE = (1.1e6, 2e-9), (0.6e6, 5e-9)  # A/m, m
BILINEAR, BIQUADRATIC = -3e-4, -0.7e-4  # J/m²
MUTUAL = np.array([-0.02, -0.03, 0.05])  # of the free layer


def test_the_field_is_the_slope_of_the_energy():
    random = np.random.default_rng(0)
    m, other = jnp.asarray(random.normal(size=(2, 3)))
    given = -0.4, 0.3, MUTUAL
    slope = jax.grad(lambda m: interlayer.energy(m, other, *given))(m)
    np.testing.assert_allclose(jnp.stack(interlayer.field(m, other, *given)), -slope, rtol=1e-12)


def test_exchange_turns_both_layers_by_opposite_torques():
    """Weighed by the moments, what one gains the other loses: Σ M t m × M h = 0."""
    one, two = np.array([0.6, 0.0, 0.8]), np.array([0.0, 1.0, 0.0]) * 0.8 + [0.6, 0, 0]
    total = np.zeros(3)
    for (size, thickness), m, other in ((FREE, one, two), (REFERENCE, two, one)):
        both = (interlayer.exchange(j, size, thickness) for j in (BILINEAR, BIQUADRATIC))
        field = np.asarray(jnp.stack(interlayer.field(m, other, *both, np.zeros(3))))
        total += size**2 * thickness * np.cross(m, field)
    assert np.abs(total).max() < 1e-12 * FREE[0] ** 2 * FREE[1]
    # An antiferromagnetic coupling has its lowest energy where both are opposite.
    opposite, aligned = (
        float(interlayer.energy(one, sign * one, -1.0, 0.0, np.zeros(3))) for sign in (-1, 1)
    )
    assert opposite == -aligned == -1.0

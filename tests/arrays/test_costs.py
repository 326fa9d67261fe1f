"""What a presentation costs an array."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Line, Resonator
from rfjax.arrays import OwnTone, ResonatorArray, SharedLine, costs

LINE = Line(jnp.array([1e9, 1.2e9, 1.5e9]), 1e-5)


def array(wiring, damping=0.01):
    return ResonatorArray(
        jnp.zeros((2, 3)), Resonator(LINE.frequencies, damping=damping), LINE, None, wiring
    )


def test_energy_is_what_all_resonators_receive_until_the_slowest_has_settled():
    powers = jnp.array([[1e-5, 0.0, 2e-6], [0.0, 0.0, 0.0]])
    found = costs(array(SharedLine()), powers)
    np.testing.assert_allclose(found.latency, 100e-9)
    np.testing.assert_allclose(found.energy, [6 * 1.2e-5 * 100e-9, 0.0])
    np.testing.assert_allclose(found.bandwidth, 0.5e9 + 0.01 * 2.5e9)
    own = costs(array(OwnTone()), powers)
    np.testing.assert_allclose(own.energy, [2 * 1.2e-5 * 100e-9, 0.0])
    assert "energy=[7.2, 0] pJ, latency=100 ns, bandwidth=525 MHz" in repr(found)


def test_costs_have_derivatives_to_devices_and_tones():
    powers, start = (
        jnp.array([1e-5, 5e-6, 2e-6]),
        array(SharedLine(), jnp.array([0.01, 0.02, 0.03])),
    )

    def energy(damping, tones):
        moved = eqx.tree_at(
            lambda a: (a.resonators.damping, a.resonators.frequency, a.line.frequencies),
            start,
            (damping, tones, tones),
        )
        return costs(moved, powers).energy

    where = start.resonators.damping, LINE.frequencies
    by_damping, by_tones = jax.grad(energy, (0, 1))(*where)
    whole = energy(*where)
    np.testing.assert_allclose(by_damping, [-whole / 0.01, 0, 0], rtol=1e-12)
    np.testing.assert_allclose(by_tones, [-whole / 1e9, 0, 0], rtol=1e-12)


def test_powers_of_other_tones_are_refused():
    with pytest.raises(InvalidInput, match="powers have shape"):
        costs(array(SharedLine()), jnp.ones(2))

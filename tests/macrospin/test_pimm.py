"""The spectrum after a step, in closed form, beside the one of the integrated ring-down."""

import numpy as np
import pytest

from rfjax import InvalidInput
from rfjax.macrospin import equilibrium, pimm, resonance, simulate
from tests.macrospin.stacks import IN_PLANE, NORMAL, permalloy
from tests.macrospin.test_coupled_layers import AGAINST, FIELD, pair


@pytest.fixture(scope="module")
def optimised():
    return True


@pytest.mark.parametrize("stack", [permalloy(), pair()], ids=["one layer", "coupled layers"])
def test_it_is_that_of_the_integrated_trace(stack):
    start = AGAINST if stack.bodies else IN_PLANE
    step, pickup = np.array([3.0, 20.0, 10.0]), np.array([0.0, 1.0, 0.0])
    modes = np.atleast_1d(resonance(stack, start, field=FIELD).frequency)
    tones = np.concatenate([modes, modes * 1.02, [3e9]])
    found = np.asarray(pimm(stack, start, step, pickup, tones, field=FIELD))
    before = equilibrium(stack, start, field=FIELD + step).magnetisation
    after = equilibrium(stack, start, field=FIELD).magnetisation
    path = simulate(stack, before, 20e-9, field=FIELD, step=1e-12, saves=20_001)
    moments = stack.each(lambda layer: layer.magnetisation * layer.volume, 0)
    weights = np.asarray(moments / moments.sum())[..., None]
    change = np.asarray(path.magnetisation - after) * weights
    trace = (change * pickup).reshape(20_001, -1).sum(-1)
    time = np.asarray(path.time)
    turned = trace * np.exp(2j * np.pi * tones[:, None] * time)
    integral = (turned.sum(-1) - (turned[:, 0] + turned[:, -1]) / 2) * time[1]
    # To first order in the step: what is left are its square, and steps of the sum.
    np.testing.assert_allclose(found, integral, atol=2e-3 * np.abs(integral).max())
    # On the stronger resonance the line is higher than two per cent beside it.
    sizes = np.abs(found[: 2 * len(modes)]).reshape(2, -1)
    assert sizes[0].max() > sizes[1, sizes[0].argmax()]


def test_it_is_linear_in_the_step_and_has_lanes_of_its_own():
    tones = np.linspace(2e9, 9e9, 7)
    steps = np.array([[0, 10.0, 0], [0, 20.0, 0], [0, 0, 10.0], [0, 10.0, 10.0]])
    found = pimm(permalloy(), IN_PLANE, steps, [0, 1.0, 0], tones, field=FIELD)
    assert found.shape == (4, 7)
    np.testing.assert_allclose(found[1], 2 * found[0], rtol=1e-12)
    np.testing.assert_allclose(found[3], found[0] + found[2], rtol=1e-10)


def test_a_start_on_a_maximum_is_refused():
    with pytest.raises(InvalidInput, match="^the equilibrium is not stable"):
        pimm(permalloy(), NORMAL, [0, 1.0, 0], [0, 1.0, 0], 5e9)

"""The peer of fits solves what it says, by slopes that are those of its model."""

import numpy as np
import pytest

from benchmarks.fitting_peer import Diode, power

DETUNING = np.linspace(-6, 6, 200)


@pytest.mark.parametrize("upper", [0, 1])
def test_the_closed_form_is_a_root(upper):
    p = power(DETUNING, -3.0, 0.2, upper)
    left = p * ((1 + 0.2 * p) ** 2 + (DETUNING + 3.0 * p) ** 2)
    np.testing.assert_allclose(left, 1, rtol=1e-12)


def test_branches_differ_where_it_folds_alone():
    lower, upper = (power(DETUNING, -3.0, 0.2, each) for each in (0, 1))
    assert (upper >= lower).all()
    assert 0 < (upper > lower).sum() < 60
    np.testing.assert_array_equal(power(DETUNING, 0.5, 0.2, 0), power(DETUNING, 0.5, 0.2, 1))


@pytest.mark.parametrize("upper", [0, 1])
def test_slopes_are_those_of_differences(upper):
    share, offsets = np.repeat([0.1, 0.4, 1.0], 10), np.repeat(np.eye(3), 10, 0)
    diode = Diode(np.tile(np.linspace(-5, 5, 10), 3), share, offsets, upper)
    place = np.array([0.3, 0.9, -3.0, 0.4, 0.8, 0.3, 0.01, 0.02, 0.03])
    steps = 1e-6 * np.eye(9)
    differences = [(diode.model(0, *place + s) - diode.model(0, *place - s)) / 2e-6 for s in steps]
    np.testing.assert_allclose(diode.slopes(0, *place), np.stack(differences, 1), atol=1e-8)

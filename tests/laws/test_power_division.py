import numpy as np

from rfjax.laws.power_division import attenuated, reflection, transmitted


def test_a_load_takes_what_a_source_gives_into_a_divider():
    load = np.array([0.0, 5.0, 50.0, 5100.0, 1e12])
    source = 50.0
    # Of an open-circuit voltage of 1 V; at most 1/(4 R_S) is available.
    taken = load / (load + source) ** 2
    np.testing.assert_allclose(transmitted(reflection(load, source)), 4 * source * taken, atol=1e-9)
    assert reflection(0.0, source) == -1


def test_three_decibels_are_half_and_places_add_up():
    assert np.isclose(attenuated(10 * np.log10(2), 1), 0.5)
    assert np.isclose(attenuated(0.1, 64), attenuated(6.4, 1))

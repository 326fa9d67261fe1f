import numpy as np

from rfjax.laws.field_line import line_currents, line_fields, tuned_frequency, tuning_field

CURRENTS = np.array([[1e-3, -2e-3, 0.5e-3], [0.0, 3e-3, 0.0]])
LEAKAGE = np.array([[9.0, 0.1, 0.02], [0.05, 9.0, 0.1], [0.01, 0.2, 9.0]])


def test_fields_are_those_of_own_and_leaked_currents():
    found = line_fields(CURRENTS, 8e4, LEAKAGE)
    first = CURRENTS[:, 0] + 0.1 * CURRENTS[:, 1] + 0.02 * CURRENTS[:, 2]
    np.testing.assert_allclose(found[:, 0], 8e4 * first, rtol=1e-12)
    np.testing.assert_allclose(line_fields(CURRENTS, 8e4, 0.0), 8e4 * CURRENTS, rtol=1e-12)


def test_currents_give_the_fields_that_were_asked_for():
    field = np.array([8e4, 7e4, 9e4])
    for leakage in (LEAKAGE, 0.1):
        back = line_currents(line_fields(CURRENTS, field, leakage), field, leakage)
        np.testing.assert_allclose(back, CURRENTS, rtol=1e-12, atol=1e-18)


def test_the_field_of_a_shift_moves_a_resonance_by_it():
    field = tuning_field(1e9, -0.004, -126e3)
    assert np.isclose(field, 4e6 / 126e3, rtol=1e-12)
    assert np.isclose(tuned_frequency(1e9, -126e3, field), 0.996e9, rtol=1e-12)

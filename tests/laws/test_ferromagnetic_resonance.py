"""Kittel's closed forms, beside the eigenvalues of the linearised equation and Hamilton's."""

import numpy as np
import pytest

from rfjax.laws import ferromagnetic_resonance as fmr
from rfjax.laws.llgs import GYROMAGNETIC_RATIO


def test_frequency_and_decay_are_eigenvalues_of_the_linearised_equation():
    first, second, damping = 3e4, 7e5, 0.05
    matrix = np.array([[-damping * first, -second], [first, -damping * second]])
    values = np.linalg.eigvals(GYROMAGNETIC_RATIO / (1 + damping**2) * matrix)
    found = fmr.frequency(first, second, damping)
    assert float(found) == pytest.approx(abs(values[0].imag) / (2 * np.pi), rel=1e-12)
    assert float(fmr.decay_rate(first, second, damping)) == pytest.approx(-values[0].real)
    assert np.isnan(fmr.frequency(-1.0, 2.0))
    assert np.isnan(fmr.frequency(1e3, 1e6, 0.5))


def test_films_and_spheres_have_the_printed_forms():
    field, size = 8e4, 8e5
    in_plane = [fmr.stiffness_field(field, size, across, 0.0) for across in (0.0, 1.0)]
    kittel = GYROMAGNETIC_RATIO * np.sqrt(field * (field + size)) / (2 * np.pi)
    assert float(fmr.frequency(*in_plane)) == pytest.approx(kittel)
    normal = fmr.stiffness_field(1e6, size, 0.0, 1.0)
    assert float(fmr.frequency(normal, normal)) == pytest.approx(
        GYROMAGNETIC_RATIO * 2e5 / (2 * np.pi)
    )
    sphere = fmr.stiffness_field(field, size, 1 / 3, 1 / 3, 2e4)
    assert float(sphere) == pytest.approx(1e5)


def test_the_nonlinear_shift_is_that_of_slavin_and_tiberkevich():
    field, size = 8e4, 8e5
    normal = 1e6 - size
    assert float(fmr.nonlinear_shift(normal, normal, 1e6)) == pytest.approx(2 * size / normal)
    found = fmr.nonlinear_shift(field, field + size, field)
    frequency = np.sqrt(field * (field + size))
    # Per mean of (1 - cos θ)/2, as they print it.
    printed = -field * size * (field + size / 4) / (frequency * (field + size / 2))
    per_action = printed / frequency * (field + size / 2) / frequency
    assert float(found) == pytest.approx(per_action)


def test_a_sweep_of_the_field_meets_the_resonance_where_its_frequency_is_that_of_the_tone():
    first, second = 3e3, 9e5
    field = np.array([2e4, 1e5, 8e5])
    tone = fmr.frequency(field + first, field + second)
    np.testing.assert_allclose(fmr.resonance_field(tone, first, second), field, rtol=1e-10)
    assert float(fmr.gyromagnetic_ratio(2.00231930436)) == pytest.approx(2.21276e5, rel=1e-5)


@pytest.mark.parametrize(("first", "second"), [(0.0, 9e5), (-2e5, -2e5), (5e3, 1e5)])
def test_the_width_in_field_is_that_in_frequency_over_the_slope(first, second):
    field, damping, step = 6e5, 1e-4, 1.0
    rate = fmr.decay_rate(field + first, field + second, damping)
    ends = [fmr.frequency(field + d + first, field + d + second) for d in (-step, step)]
    slope = 2 * np.pi * (ends[1] - ends[0]) / (2 * step)
    found = fmr.field_linewidth(fmr.frequency(field + first, field + second), damping, 30.0)
    assert float(found) == pytest.approx(30 + float(2 * rate / slope), rel=1e-6)

"""The tones on a line and their largest powers."""

import numpy as np
import pytest

from rfjax import InvalidInput, Line

TWO = np.array([1e9, 2e9])


def test_a_geometric_line_makes_all_tones_rectify_alike():
    line = Line.geometric(1e9, 2e9, 5, 2e-3)
    assert line.tones == 5
    ratios = line.frequencies[1:] / line.frequencies[:-1]
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-12)
    np.testing.assert_allclose(line.frequencies[:: line.tones - 1], [1e9, 2e9], rtol=1e-12)
    # The drive of a resonator falls with its linewidth, and rises with the power (5.4.3.2).
    np.testing.assert_allclose(
        line.peak_powers / line.frequencies, np.full(5, 2e-3 / 1e9), rtol=1e-12
    )


@pytest.mark.parametrize("count", [1, np.int64(1)])
def test_one_tone_alone_is_the_lowest(count):
    line = Line.geometric(1e9, 2e9, count, 2e-3)
    np.testing.assert_array_equal(line.frequencies, [1e9])
    np.testing.assert_array_equal(line.peak_powers, [2e-3])


def test_one_power_is_that_of_all_tones_in_the_precision_of_the_frequencies():
    line = Line(np.array([1e9, 2e9], np.float32), 1e-3)
    np.testing.assert_array_equal(line.peak_powers, np.float32([1e-3, 1e-3]))
    assert line.peak_powers.dtype == line.frequencies.dtype == np.float32


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Line(1e9, 1e-3), r"frequencies have shape \(\); give \(tones,\)"),
        (lambda: Line(np.ones((1, 2)), 1e-3), r"frequencies have shape \(1, 2\); give \(tones,\)"),
        (lambda: Line(np.zeros(0), 1e-3), r"frequencies have shape \(0,\); give"),
        (
            lambda: Line(np.array([1e9, -1e9]), 1e-3),
            "frequencies.* is -1000000000.0; it must",
        ),
        (lambda: Line(TWO, -1e-3), "peak_powers.* is -0.001; it must be finite and zero or"),
        (lambda: Line(TWO, np.ones(3)), "peak_powers.*one power, or one for each tone"),
        (lambda: Line.geometric(2e9, 1e9, 3, 1e-3), "highest"),
        (lambda: Line.geometric(1e9, 2e9, 0, 1e-3), "count is 0"),
        (lambda: Line.geometric(1e9, 2e9, 3, np.ones(2)), "power.*one number"),
        (lambda: Line.geometric(TWO, 2e9, 3, 1e-3), "lowest.*one number"),
        (lambda: Line.geometric(1e9, 2e9, 3, 0.0), "power is 0.0; it must be finite and above"),
    ],
)
def test_what_is_no_line_is_refused(make, message):
    with pytest.raises(InvalidInput, match=message):
        make()

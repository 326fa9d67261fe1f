import numpy as np

from rfjax.experiments.common.agreement import (
    agreement_rows,
    best_line,
    correlation,
    deviation,
    draw_agreement,
)
from rfjax.plotting import figure

IDEAL = np.array([[1e-6, 2e-6], [3e-6, 6e-6]])
OUTPUT = np.array([[2e-6, 2e-6], [1e-6, 7e-6]])


def test_deviation_and_correlation_are_those_computed_by_hand():
    # deviations 1, 0, -2, 1 µV; about the means (3 and 3): covariance 15, variances 14 and 22 µV²
    np.testing.assert_allclose(deviation(OUTPUT, IDEAL), np.sqrt(6 / 4) * 1e-6)
    np.testing.assert_allclose(correlation(OUTPUT, IDEAL), 15 / np.sqrt(14 * 22))
    np.testing.assert_allclose(best_line(OUTPUT, IDEAL), [15 / 14, 3e-6 - 15 / 14 * 3e-6])


def test_rows_stand_beside_the_published_numbers():
    rms, per_cent = agreement_rows("chain", OUTPUT, IDEAL, (1.5, 90.0))
    assert (rms.quantity, rms.unit, rms.published) == ("chain: RMSD", "µV", 1.5)
    assert (per_cent.unit, per_cent.published) == ("%", 90.0)
    np.testing.assert_allclose([rms.rfjax, per_cent.rfjax], [1.5**0.5, 1500 / 308**0.5])
    assert [row.published for row in agreement_rows("chain", OUTPUT, IDEAL)] == [None, None]


def test_the_drawing_shows_every_product_and_the_line_of_equals():
    _, (axes,) = figure()
    draw_agreement(axes, OUTPUT, IDEAL, "black")
    line, dots = axes.lines
    np.testing.assert_allclose(line.get_xdata(), line.get_ydata())
    np.testing.assert_allclose(dots.get_xydata(), np.stack([IDEAL, OUTPUT], -1).reshape(4, 2) * 1e6)
    assert axes.texts[0].get_text().startswith("1.225 µV")

"""Lines that are known, read off their samples."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import rfjax
from rfjax import InvalidInput
from rfjax.laws.line_shape import fitted_line, peaks, resonance_line, resonance_line_slope

CENTRE, WIDTH = 200e6, 4e6
PARTS = np.array([[1.0, 0.0], [-0.7, 0.3], [0.4, 1.0], [0.0, 2.0], [1e-3, -5e-9]]).T


@pytest.mark.parametrize("count", [9, 60, 3000])
def test_a_line_is_read_exactly_off_few_and_many_samples(count):
    antisymmetric, symmetric = PARTS[:, :, None]
    frequency = np.linspace(189.3e6, 212e6, count)
    values = resonance_line(frequency, CENTRE, WIDTH, antisymmetric, symmetric)
    line = fitted_line(frequency, values)
    height = np.hypot(*PARTS)
    np.testing.assert_allclose(line.centre, CENTRE, rtol=1e-12)
    np.testing.assert_allclose(line.width, WIDTH, rtol=1e-10)
    np.testing.assert_allclose(line.quality_factor, CENTRE / WIDTH, rtol=1e-10)
    np.testing.assert_allclose(line.peak_to_peak, height, rtol=1e-10)
    np.testing.assert_allclose(line.antisymmetric / height, PARTS[0] / height, atol=1e-10)
    assert line.misfit.max() < 1e-12


def test_peaks_of_a_spin_diode_lie_one_linewidth_to_either_side():
    """Whatever lies under it: x = ±1, ±1/2 of the peak to peak; axes of the spectrum as given."""
    resonators = rfjax.Resonator(np.array([200e6, 201.37e6]), 0.01)
    frequency = np.linspace(190e6, 212e6, 31)
    volts = rfjax.spectrum(resonators, 1e-6, frequency, rfjax.rectifiers.Linear())
    found = peaks(frequency, volts + 1e-6, axis=0)
    np.testing.assert_allclose(found.highest_frequency, 1.01 * resonators.frequency, rtol=1e-9)
    np.testing.assert_allclose(found.lowest_frequency, 0.99 * resonators.frequency, rtol=1e-9)
    height = 6e7 * 1e-6 / resonators.linewidth
    np.testing.assert_allclose(found.peak_to_peak, height, rtol=1e-9)
    np.testing.assert_allclose(found.highest, 1e-6 + height / 2, rtol=1e-9)
    np.testing.assert_allclose(fitted_line(frequency, volts, axis=0).quality_factor, 50, rtol=1e-9)


def test_an_offset_and_noise_move_a_line_by_what_the_fit_says():
    frequency = np.linspace(190e6, 210e6, 201)
    away = (frequency - CENTRE) / (WIDTH / 2)
    odd, mixed = away / (1 + away**2), (away + 0.5) / (1 + away**2) / np.hypot(1, 0.5)
    noise = np.random.default_rng(0).standard_normal((1000, 201))
    lines = np.vstack([odd + 0.1, mixed + 0.1, mixed - 0.1, mixed + 0.02 * noise])
    found = fitted_line(frequency, lines)
    share = np.asarray(found.width) / WIDTH
    np.testing.assert_allclose(share[:3], [1.03, 1.14, 0.91], atol=0.005)
    assert (found.centre[0] - CENTRE) / WIDTH == pytest.approx(0.13, abs=0.005)
    assert found.misfit[:3].min() > 0.05
    assert share[3:].mean() == pytest.approx(1 - 0.007, abs=0.001)
    assert share[3:].std() == pytest.approx(0.008, abs=0.001)


def test_a_skewed_line_has_its_peaks_and_says_that_it_is_none():
    device, grid = rfjax.Resonator(200e6, nonlinear_shift=1.0), np.linspace(195e6, 206e6, 20_001)
    fine = np.asarray(rfjax.spectrum(device, 2e-5, grid))
    found = peaks(grid[::200], fine[::200])
    assert found.highest == pytest.approx(fine.max(), rel=2e-5)
    assert found.highest_frequency == pytest.approx(grid[fine.argmax()], abs=2e-3 * 2e6)
    assert fitted_line(grid[::200], fine[::200]).misfit > 0.03
    # Folded, it jumps from its highest to its lowest point.
    wide = np.linspace(190e6, 214e6, 20_001)
    folded = np.asarray(rfjax.spectrum(device, 3e-4, wide))
    at_jump = peaks(wide[::200], folded[::200])
    assert folded[::200].max() <= at_jump.highest < folded.max()
    assert at_jump.highest_frequency == pytest.approx(
        wide[::200][folded[::200].argmax()], abs=wide[200] - wide[0]
    )


def test_what_is_no_peak_is_nan():
    frequency = np.linspace(196e6, 199e6, 20)
    rising = -resonance_line(frequency, CENTRE, WIDTH, 0.0, 1.0)
    found = peaks(frequency, rising)
    assert np.isnan([found.highest, found.lowest]).all()
    assert np.isnan(fitted_line(frequency, np.ones(20)).centre)


def test_in_single_precision_and_with_derivatives():
    frequency = jnp.linspace(190e6, 211e6, 501, dtype=jnp.float32)

    def found(centre, width):
        values = resonance_line(frequency, centre, width, jnp.float32(1), jnp.float32(0.5))
        return fitted_line(frequency, values).quality_factor, peaks(frequency, values).highest

    (quality, highest), (by_centre, by_width) = (
        found(jnp.float32(CENTRE), jnp.float32(WIDTH)),
        jax.jacobian(lambda *at: found(*at)[0], (0, 1))(jnp.float32(CENTRE), jnp.float32(WIDTH)),
    )
    assert quality == pytest.approx(50, rel=1e-5)
    assert highest == pytest.approx((np.hypot(1, 0.5) + 0.5) / 2, rel=1e-6)
    assert by_centre == pytest.approx(1 / WIDTH, rel=1e-2)
    assert by_width == pytest.approx(-CENTRE / WIDTH**2, rel=1e-2)


def test_too_few_samples_are_refused():
    for read in (fitted_line, peaks):
        with pytest.raises(
            InvalidInput, match=r"give \(n,\), 5 or more, and n values along axis -1"
        ):
            read(jnp.linspace(1, 2, 3), jnp.ones(3))
        with pytest.raises(InvalidInput, match=r"shape \(9,\) and values \(2, 8\)"):
            read(jnp.linspace(1, 2, 9), jnp.ones((2, 8)))


def test_the_slope_of_a_line_is_its_derivative():
    frequency, parts = np.linspace(190e6, 212e6, 7), (-0.7, 0.3)
    slope = jax.vmap(jax.grad(resonance_line), (0, None, None, None, None))
    expected = WIDTH / 2 * slope(frequency, CENTRE, WIDTH, *parts)
    found = resonance_line_slope(frequency, CENTRE, WIDTH, *parts)
    np.testing.assert_allclose(found, expected, rtol=1e-10)

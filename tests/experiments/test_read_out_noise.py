"""Digits read in noise."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.experiments.hardware import noisy_digits, read_out_noise
from tests.experiments.committed import RESULTS


def test_a_diode_in_noise_is_that_of_the_design():
    found = [row.rfjax for row in read_out_noise.diode_rows()]
    thermal, signal, least, largest, shift, johnson = found
    assert thermal == pytest.approx(0.005, rel=0.01)
    assert signal == pytest.approx(24, rel=0.02)
    assert 36.5 < least < largest < 39.5
    assert shift == pytest.approx(-4, abs=0.6)
    assert johnson == pytest.approx(321, rel=0.005)


def test_accuracies_are_those_of_noisy_readings():
    """The scatter that is drawn beside the volts, and the readings of the hardware."""
    model = noisy_digits.network(1e-5, None, key=jax.random.key(0))
    images = jnp.asarray(np.random.default_rng(0).random((3, 64)))
    array = model.layers[0].array
    powers = images * array.peak_powers
    parts = noisy_digits.scatter(array, powers, 300.0, 1e-6)
    noisy = noisy_digits.in_noise(model, 300.0, 1e-6).layers[0].array
    keys = jax.random.split(jax.random.key(1), (400, 3))
    volts = jax.jit(jax.vmap(lambda keys: noisy.volts(powers, key=keys)))(keys)
    expected = np.sqrt(sum(np.square(part) for part in parts))
    np.testing.assert_allclose(volts.std(0), expected, rtol=0.2)
    np.testing.assert_allclose((volts.std(0) / expected).mean(), 1, rtol=0.02)


def test_the_time_that_an_accuracy_takes_lies_between_those_that_have_it():
    times, found = np.array([1.0, 10.0, 100.0, 1000.0]), np.array([0.1, 0.6, 0.4, 0.8])
    assert noisy_digits.time_needed(times, found, 0.6) == pytest.approx(100 * 10**0.5)
    assert noisy_digits.time_needed(times, found, 0.05) == 1
    assert noisy_digits.time_needed(times, found, 0.9) == np.inf


@pytest.mark.slow
def test_a_quick_run_reads_a_network_and_says_that_it_was_quick(tmp_path):
    result = read_out_noise.run(tmp_path, quick=True)
    assert "160 rows" in result.settings["quick"]
    assert (tmp_path / "read_out_noise.png").stat().st_size > 0
    assert any(row.quantity == "10 µW: accuracy without noise" for row in result.rows)


def test_the_documented_result_says_what_readings_take():
    result = json.loads((RESULTS / "read-out-noise.json").read_text())
    assert (result["settings"]["seeds"], "quick" in result["settings"]) == (3, False)
    rows = {row["quantity"]: row["rfjax"] for row in result["rows"]}
    least = {
        power: rows[f"{power}: time at which noise takes a point, 300 K"]
        for power in ("1 µW", "10 µW", "100 µW")
    }
    assert least["1 µW"] > least["10 µW"] > least["100 µW"]
    # Thermal motion rules, so that times follow the temperature.
    cold = rows["10 µW: time at which noise takes a point, 77 K"]
    np.testing.assert_allclose(least["10 µW"] / cold, 300 / 77, rtol=0.05)
    assert rows["10 µW: accuracy in 100 ns, 300 K"] < 20  # chance is 10
    noisy = rows["10 µW, trained in noise of 10 µs: time for 90 %, 300 K"]
    assert noisy < rows["10 µW: time for 90 %, 300 K"] / 3

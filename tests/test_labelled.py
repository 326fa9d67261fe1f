"""Results as labelled arrays and tables keep every number and its unit."""

import numpy as np
import xarray

import rfjax
from rfjax.dynamics import Spectrum, Tones, simulate
from rfjax.experiments.common.result import Result, Row
from rfjax.training import History


def test_a_trajectory_has_its_times_lanes_and_units():
    resonators = rfjax.Resonator(np.array([200e6, 201e6]))
    path = simulate(resonators, 1e-7, Tones.of_power(resonators, 1e-5, 2e8), saves=3)
    data = path.to_xarray()
    assert isinstance(data, xarray.Dataset)
    assert data.power.dims == ("lane", "time")
    np.testing.assert_array_equal(data.time, path.time)
    np.testing.assert_array_equal(data.voltage, path.voltage())
    assert (data.time.units, data.voltage.units, data.power.units) == ("s", "V", "1")
    table = path.to_dataframe()
    assert len(table) == 6
    assert table.attrs["units"]["voltage"] == "V"
    at = table[(table.lane == 1) & (table.time == path.time[2])]
    assert at.power.item() == path.power[1, 2]


def test_a_spectrum_has_any_number_of_lanes():
    density = np.arange(24.0).reshape(2, 3, 4)
    data = Spectrum(np.arange(4.0), density).to_xarray()
    assert data.density.dims == ("lane_0", "lane_1", "frequency")
    assert (data.density.units, data.frequency.units) == ("1/Hz", "Hz")
    table = Spectrum(np.arange(4.0), density).to_dataframe()
    np.testing.assert_array_equal(table.density, density.ravel())


def test_a_history_counts_epochs_from_one():
    values = np.random.default_rng(0).random((4, 3, 2))
    history = History(*values)
    data = history.to_xarray()
    np.testing.assert_array_equal(data.test_accuracy.sel(epoch=3), values[3, 2])
    assert (data.train_loss.units, data.test_accuracy.units) == ("nat", "1")
    table = history.to_dataframe()
    assert list(table.columns[:2]) == ["epoch", "seed"]
    np.testing.assert_array_equal(table.train_loss, values[0].ravel())
    assert repr(history) == (
        "History(3 epochs, 2 seeds, means at the end: "
        + ", ".join(
            f"{name}={value:.4g}"
            for name, value in zip(
                ("train_loss", "train_accuracy", "test_loss", "test_accuracy"),
                values[:, -1].mean(-1),
            )
        )
        + ")"
    )


def test_a_result_keeps_the_unit_of_every_row():
    rows = [Row("width", "kHz", 2.5, 2.0, error=0.1), Row("one", "%", None, 97.0)]
    result = Result("small", rows, 0.5, {"powers": np.array([1.0, 2.0])})
    table = result.to_dataframe()
    assert table.quantity.tolist() == ["width", "one"]
    assert table.unit.tolist() == ["kHz", "%"]
    np.testing.assert_array_equal(table.published, [2.5, np.nan])
    np.testing.assert_array_equal(result.to_xarray().error, [0.1, np.nan])
    assert result.to_xarray().attrs["settings"] == '{"powers": [1.0, 2.0]}'
    assert repr(result) == "Result(small: 2 rows, 500 ms)"
    assert "width" in str(result)
    assert "2.00 ± 0.10" in str(result)

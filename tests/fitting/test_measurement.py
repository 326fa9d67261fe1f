"""A table that somebody saved becomes spectra."""

import numpy as np
import pytest

import rfjax
from rfjax.checks import InvalidInput
from rfjax.data import read_table
from rfjax.fitting import current_sweep_of, field_sweeps_of, spectra_of

DEVICE = rfjax.Resonator(200e6, nonlinear_shift=1.0, nonlinear_damping=10.0, symmetric=0.3)
FREQUENCIES = np.linspace(185e6, 215e6, 61)
POWERS = np.array([1e-6, 1e-5])
VOLTS = np.asarray(rfjax.spectrum(DEVICE, POWERS, FREQUENCIES))


def long(folder):
    """Rows of frequency, power in dBm and voltage, those of one power one row short."""
    noise = 2e-8 * np.random.default_rng(0).normal(size=VOLTS.shape)
    rows = [
        f"{f / 1e6:.6f};{10 * np.log10(p / 1e-3):.6f};{1e6 * v:.6f}"
        for p, volts in zip(POWERS, VOLTS + noise)
        for f, v in zip(FREQUENCIES, volts)
    ]
    path = folder / "diode.csv"
    path.write_text("\n".join(["f (MHz);P (dBm);V (uV)", *rows[:-1], ""]).replace(".", ","))
    return path


def wide(folder):
    path = folder / "wide.csv"
    rows = [f"{f},{low},{high}" for f, (low, high) in zip(FREQUENCIES, VOLTS.T)]
    path.write_text("\n".join(["f,low,high", *rows, ""]))
    return path


def test_rows_of_one_power_are_a_spectrum(tmp_path):
    spectra = spectra_of(read_table(long(tmp_path)))
    np.testing.assert_allclose(spectra.powers, POWERS, rtol=1e-6)
    np.testing.assert_allclose(spectra.frequencies[0], FREQUENCIES, rtol=1e-8)
    np.testing.assert_allclose(spectra.voltages[0], VOLTS[0], atol=1e-7)
    assert np.isnan(spectra.voltages[1, -1])
    assert np.isfinite(spectra.voltages[1, :-1]).all()


def test_columns_of_voltages_are_spectra_of_powers_that_are_given(tmp_path):
    table = read_table(wide(tmp_path), units={"f": "Hz", "low": "V", "high": "V"})
    given = {"frequency": "f", "voltages": ["high", "low"], "powers": ["-20 dBm", "1 uW"]}
    spectra = spectra_of(table, **given)
    np.testing.assert_allclose(spectra.powers, POWERS)
    np.testing.assert_allclose(spectra.voltages, VOLTS)


@pytest.mark.parametrize("header", ["f (MHz),1 uW (mV),-20 dBm (mV)", "f (MHz),1 uW,-20 dBm"])
def test_columns_may_be_called_by_their_powers(header, tmp_path):
    rows = [f"{1e-6 * f},{1e3 * low},{1e3 * high}" for f, (low, high) in zip(FREQUENCIES, VOLTS.T)]
    path = tmp_path / "wide.csv"
    path.write_text("\n".join([header, *rows, ""]))
    table = read_table(path, units={"1 uW": "mV", "-20 dBm": "mV"})
    for chosen in ({}, {"voltages": ["-20 dBm", "1 uW"]}, {"powers": ["1 uW", "-20 dBm"]}):
        spectra = spectra_of(table, **chosen)
        np.testing.assert_allclose(spectra.powers, POWERS)
        np.testing.assert_allclose(spectra.voltages, VOLTS)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({}, "2 columns with a unit of voltage"),
        ({"voltages": ["low"]}, "0 columns with a unit of power"),
        ({"voltages": ["low"], "powers": ["1 mV"]}, "is a voltage"),
        ({"voltages": ["low"], "powers": ["1"]}, "a unit of frequency; power is wanted"),
        ({"voltages": ["low", "high"], "powers": ["1 uW"]}, "do not go together"),
        ({"frequency": "low"}, "frequency is wanted"),
    ],
)
def test_columns_that_are_not_plain_have_to_be_named(chosen, said, tmp_path):
    table = read_table(wide(tmp_path), units={"f": "Hz", "low": "V", "high": "V"})
    with pytest.raises(InvalidInput, match=said):
        spectra_of(table, **chosen)


def test_columns_are_chosen_by_what_they_are_called_where_units_are_alike(tmp_path):
    path = tmp_path / "oscillator.csv"
    path.write_text(
        "I (mA);f (MHz);FWHM (kHz)\n" + "".join(f"{n};20{n};{9 - n}\n" for n in range(5))
    )
    curves = current_sweep_of(read_table(path))
    np.testing.assert_allclose(curves.frequencies, 1e6 * (200 + np.arange(5)))
    np.testing.assert_allclose(curves.linewidths, 1e3 * (9 - np.arange(5)))
    path.write_text("H (Oe);X;Power(mV)\n" + "".join(f"{n};{n};0\n" for n in range(9)))
    with pytest.raises(InvalidInput, match="X, Power.*as --voltage X --unit X=V$"):
        field_sweeps_of(read_table(path), frequency="9 GHz")


@pytest.mark.parametrize(
    ("header", "said"),
    [("f (GHz),P (uW),V (uV)", "e\\+17 Hz"), ("f (Hz),P (kW),V (uV)", "1e\\+04 W")],
)
def test_units_that_no_measurement_has_are_refused(header, said, tmp_path):
    rows = [f"{f},10,{v}" for f, v in zip(FREQUENCIES, 1e6 * VOLTS[1])]
    path = tmp_path / "diode.csv"
    path.write_text("\n".join([header, *rows, ""]))
    with pytest.raises(InvalidInput, match=said):
        spectra_of(read_table(path))


def test_fields_of_a_million_teslas_are_refused(tmp_path):
    rows = [f"{h},{np.sin(h)}" for h in np.linspace(1e5, 1e6, 20)]
    path = tmp_path / "film.csv"
    path.write_text("\n".join(["H (T),V (uV)", *rows, ""]))
    with pytest.raises(InvalidInput, match="up to 100 T"):
        field_sweeps_of(read_table(path), frequency="9 GHz")


def saved(folder, header, *columns):
    """A table of 24 rows out of lists, and of numbers that are the same in every row."""
    rows = [";".join(str(c[n] if isinstance(c, list) else c) for c in columns) for n in range(24)]
    path = folder / "mine.csv"
    path.write_text("\n".join([header, *rows, ""]))
    return read_table(path)


TONES, SWEPT = [300 + n for n in range(24)], [-33] * 12 + [-27] * 12
LEFT_OUT = "^mine.csv has powers in 'P'; leave --power out$"


@pytest.mark.parametrize(
    ("header", "power", "chosen", "said"),
    [
        ("f (MHz);P (dBm);V (uV)", SWEPT, {"powers": ["1 uW"]}, LEFT_OUT),
        ("f (MHz);P (uW);V (uV)", 10, {"powers": ["1 uW"]}, LEFT_OUT),
        ("f (MHz);P (uW);V (uV)", 10, {"powers": ["-27"]}, "a power needs a unit, as '-27 dBm'$"),
        ("f (MHz);P (uW);V (uV)", 10, {"powers": ["-27 mW"]}, "above zero; is it dBm.$"),
        ("f (MHz);P (mW);V (uV)", SWEPT, {}, "'P' of mine.csv has -33 mW, no .* --unit P=dBm$"),
        ("f (MHz);T (K);V (uV)", 300, {}, "out of f, T, V.; give it, as --power '10 uW'$"),
        ("H (Oe);T (K);V (uV)", 300, {}, "out of H, T, V.; for lines .* give --model fmr$"),
        ("H (Oe);T (K);V (uV)", 300, {"frequency": "3 GHz"}, "has H, T, V; .* is for --model fmr$"),
        ("T (K);X (A);V (uV)", 300, {}, "as --frequency COLUMN --unit COLUMN=MHz$"),
        ("f (MHz);1 uW;2 uW", 5, {"powers": ["1 uW", "5 uW"]}, "a column for '2 uW', not '5 uW'"),
    ],
)
def test_what_is_given_twice_or_without_a_unit_is_refused(header, power, chosen, said, tmp_path):
    table = saved(tmp_path, header, TONES, power, 1.0)
    names = [name for name in table.names if name.endswith("uW")]
    with pytest.raises(InvalidInput, match=said):
        spectra_of(table.with_units(dict.fromkeys(names, "uV")), **chosen)


def test_a_power_that_its_column_has_may_be_given_too(tmp_path):
    table = saved(tmp_path, "f (MHz);P (uW);V (uV)", TONES, [9.9, 10.1] * 12, 1.0)
    np.testing.assert_allclose(spectra_of(table, powers=["-20 dBm"]).powers, 1e-5)
    mended = saved(tmp_path, "f (MHz);P (mW);V (uV)", TONES, SWEPT, 1.0).with_units({"P": "dBm"})
    np.testing.assert_allclose(spectra_of(mended).powers, [10**-6.3, 10**-5.7])


def test_a_frequency_beside_its_column_is_refused_and_that_of_a_lock_in_is_none(tmp_path):
    table = saved(tmp_path, "H (Oe);f (GHz);V (uV)", TONES, 9.0, 1.0)
    with pytest.raises(InvalidInput, match="has frequencies in 'f'; leave --frequency out$"):
        field_sweeps_of(table, frequency="15 GHz")
    with pytest.raises(InvalidInput, match="a frequency needs a unit, as '15 GHz'$"):
        field_sweeps_of(table, frequency="15")
    table = saved(tmp_path, "H (Oe);lock-in (Hz);V (uV)", TONES, 1234.0, 1.0)
    np.testing.assert_allclose(field_sweeps_of(table, frequency="15 GHz").frequencies, 15e9)


def test_curves_of_an_oscillator_are_columns_of_powers_above_zero(tmp_path):
    table = saved(tmp_path, "I (mA);f (MHz);P (mW)", TONES, TONES, SWEPT)
    with pytest.raises(InvalidInput, match="'1 uW' is one power for all rows; .* has I, f, P$"):
        current_sweep_of(table.with_units({"I": "uA"}), power="1 uW")
    with pytest.raises(InvalidInput, match="then give --unit P=dBm$"):
        current_sweep_of(table.with_units({"I": "uA"}))

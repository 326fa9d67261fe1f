"""Whatever is done to a good file or a good curve, it is fitted or refused in one line of ours."""

import numpy as np

from rfjax.data import read_table
from rfjax.fitting import (
    current_sweep_of,
    field_sweeps_of,
    fit_fmr_line,
    fit_kittel,
    fit_oscillator,
    fit_spin_diode,
    spectra_of,
)
from tests.fitting.test_fmr import FIELDS, FREQUENCIES, sweeps
from tests.fitting.test_measurement import FREQUENCIES as TONES
from tests.fitting.test_measurement import POWERS, VOLTS
from tests.fitting.test_oscillator import CURRENTS, measured
from tests.mutations import mutated, told

CURVES = {
    "diode": "f (MHz)\tP (uW)\tV (uV)",
    "film": "f (GHz)\tH (Oe)\tX (uV)",
    "oscillator": "f (MHz)\tI (mA)\tP (uW)",
}
READERS = {"diode": spectra_of, "film": field_sweeps_of, "oscillator": current_sweep_of}


def test_mutated_files_become_what_is_fitted_or_are_refused(tmp_path):
    random = np.random.default_rng(5)
    row = np.column_stack(
        [np.repeat([1.0, 2.0], 20), np.linspace(1, 2, 40), random.normal(size=40)]
    )
    row = {"diode": row[:, [1, 0, 2]], "film": row, "oscillator": row[:, [1, 1, 2]]}
    texts = {
        name: "\r\n".join(
            [header, *("\t".join(f"{v:.4f}" for v in each) for each in row[name]), ""]
        )
        for name, header in CURVES.items()
    }
    refused = 0
    for count in range(210):
        name = list(CURVES)[count % 3]
        path = tmp_path / "file.txt"
        path.write_bytes(mutated(texts[name].encode(), random))
        table = told(read_table, path)
        found = None if table is None else told(READERS[name], table)
        refused += found is None
        if found is not None:
            assert np.isfinite(found[0]).all()  # frequencies, or currents
    assert 20 < refused < 190


def spoilt(values, random):
    """A curve with samples that are missing, huge, repeated, in other order or all the same."""
    values = np.array(values)
    some = random.random(values.shape) < random.choice([0.02, 0.3])
    match random.integers(7):
        case 0:
            values[some] = np.nan
        case 1:
            values[some] *= -1
        case 2:
            values[some] = 1e300
        case 3:
            values[some] = np.inf
        case 4:
            values = random.permutation(values.ravel()).reshape(values.shape)
        case 5:
            values = np.full_like(values, values.flat[0])
        case _:
            values = values * random.choice([1e-30, 1e20])
    return values


def test_spoilt_curves_are_fitted_or_refused():
    random = np.random.default_rng(6)
    kittel = np.linspace(1e5, 8e5, len(FREQUENCIES))
    good = {
        fit_fmr_line: (FIELDS, sweeps(1.23e5, 2e3, 3e-6, -1e-6)),
        fit_kittel: (FREQUENCIES, kittel),
        fit_oscillator: (CURRENTS, *measured()),
        fit_spin_diode: (TONES, VOLTS, POWERS),
    }
    options = {fit_spin_diode: {"nonlinear": False, "starts": 1}, fit_oscillator: {"starts": 1}}
    refused = 0
    for count in range(80):
        function = list(good)[count % 4]
        arguments = list(good[function])
        place = random.integers(len(arguments))
        arguments[place] = spoilt(arguments[place], random)
        fit = told(function, *arguments, **options.get(function, {}))
        refused += fit is None
        if fit is not None:
            assert fit.estimates.word()
            assert fit.table()
            if fit.converged:
                assert np.isfinite(fit.estimates.values).all()
    assert 10 < refused < 70

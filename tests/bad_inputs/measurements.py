"""Files, what was measured, fits of it, and parameters with constraints."""

import functools
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rfjax import arrays, data, fitting, nn, training
from rfjax import rectifiers as R
from tests.bad_inputs.case import Case, case
from tests.bad_inputs.objects import (
    CURVES,
    DETUNING,
    LINE,
    LINES,
    LINES_OF_FILM,
    PERCEPTRON,
    POWERS,
    SPECTRUM,
    SWEEP,
)

FILE = "f (MHz);P (uW);U (uV);H (mT);I (mA);W (nW)\n" + "\n".join(
    f"{100 + n};1;{n % 7};{40 + n};{1 + n};{n}" for n in range(12)
)


def read(text=FILE, **options):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_text(text)
        return data.read_table(**({"path": path} | options))


def told(fitted, **options):
    """What a fit says, without warnings of overflows; values where it found a minimum."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        fit = fitted(**options)
        _ = fit.table(), fit.to_dict(), fit.panels()
    return np.where(fit.converged, fit.estimates.values, 0)


def tables() -> Iterator[Case]:
    table = read()
    yield case(
        "read_table",
        lambda **options: read(**options).values,
        units=("mapping?", None),
        skip=("background", 0),
        decimal=("word?", None),
        limit=("count", 10**6),
    )
    yield case("read_table of a file", data.read_table, path=("file", None))
    yield case("Table.column", table.column, name=("column", "f"), quantity=("word", "frequency"))
    yield case(
        "spectra_of",
        fitting.spectra_of,
        table=("table", table),
        frequency=("column?", None),
        voltages=("columns", ["U"]),
        powers=("powers of columns", ["P"]),
    )
    yield case(
        "field_sweeps_of",
        fitting.field_sweeps_of,
        table=("table", table),
        field=("column?", None),
        signals=("columns", ["U"]),
        frequency=("column?", "10 GHz"),
    )
    yield case(
        "current_sweep_of",
        fitting.current_sweep_of,
        table=("table", table),
        current=("column?", None),
        frequency=("column?", None),
        power=("column?", "W"),
        linewidth=("column?", None),
    )


def fits() -> Iterator[Case]:
    tones, volts, powers = SPECTRUM
    yield case(
        "fit_spin_diode",
        functools.partial(told, fitting.fit_spin_diode),
        frequencies=("measured tones", tones),
        voltages=("measured voltages", volts),
        powers=("measured powers", powers),
        resonators=("count", 1),
        nonlinear=("flag", False),
        background=("background", 0),
        branch=("branch", "lower"),
        loss=("loss", "squares"),
        weights=("positive", 1.0),
        deviation=("positive?", 1e-7),
        drive=("number", 2e8),
        starts=("count", 1),
    )
    fields, signals = SWEEP
    yield case(
        "fit_fmr_line",
        functools.partial(told, fitting.fit_fmr_line),
        fields=("measured fields", fields),
        signals=("measured signals", signals),
        detection=("word", "absorption"),
        background=("background", 0),
        loss=("loss", "squares"),
        starts=("count", 1),
    )
    frequencies, resonances = LINES_OF_FILM
    for function, name in ((fitting.fit_kittel, "fields"), (fitting.fit_damping, "linewidths")):
        yield case(
            function.__name__,
            functools.partial(told, function),
            frequencies=("measured frequencies", frequencies),
            errors=("positive?", None),
            g=("number?" if function is fitting.fit_kittel else "number", 2.0),
            **{name: ("measured resonances", resonances)},
        )
    currents, curve = CURVES
    yield case(
        "fit_oscillator",
        functools.partial(told, fitting.fit_oscillator),
        currents=("measured currents", currents),
        frequencies=("measured curves", curve),
        threshold_current=("number", 1e-3),
        damping=("number", 0.01),
        nonlinear_damping=("known?", None),
        starts=("count", 1),
    )
    fit = fitting.fit_fmr_line(fields, signals, detection="absorption", background=0, starts=1)
    yield case(
        "profile_intervals",
        fitting.profile_intervals,
        fit=("object", fit),
        name=("word", "linewidth"),
        level=("fraction", 0.95),
    )
    yield case("Estimates.intervals", fit.estimates.intervals, level=("fraction", 0.95))


def constrained() -> Iterator[Case]:
    yield case(
        "Bounded.of",
        nn.Bounded.of,
        value=("finite", 0.01),
        low=("finite", 0.001),
        high=("finite", 0.1),
    )
    yield case("Derived", nn.Derived, function=("function", lambda: 1.0))
    yield case("Tied.to", nn.Tied.to, where=("path of a model", lambda model: model.layers[0]))
    tied = nn.Bounded.of(np.full(3, 0.01), 0.001, 0.1)
    yield case(
        "Network.with_parameter",
        PERCEPTRON.with_parameter,
        where=("places", lambda model: model.layers[0].array.resonators.damping),
        parameter=("parameter", tied),
    )
    yield case(
        "Penalised",
        training.Penalised,
        penalty=("function", lambda model, inputs: 0.0),
        weight=("known", 0.1),
    )
    array = arrays.ResonatorArray(DETUNING, LINE, LINES[0], R.Linear(), tolerance=None)
    yield case(
        "costs",
        functools.partial(arrays.costs, array),
        powers=("non_negative", POWERS),
        lifetimes=("positive", 6.0),
    )

"""Field, width, g, magnetisation and damping come out of field-swept ferromagnetic resonance."""

import os
from pathlib import Path

import numpy as np
import pytest

from rfjax import macrospin
from rfjax.checks import InvalidInput
from rfjax.data import read_table
from rfjax.fitting import fit_damping, fit_fmr_line, fit_kittel, profile_intervals
from rfjax.laws import ferromagnetic_resonance as fmr
from rfjax.laws.line_shape import resonance_line
from rfjax.laws.llgs import GYROMAGNETIC_RATIO
from tests.fitting.curves import drawn_apart

FIELDS = np.linspace(1e5, 1.4e5, 161)
FREQUENCIES = np.linspace(4e9, 20e9, 9)


def sweeps(place, width, absorption, dispersion):
    """The derivative of a line by differences, a route of its own."""
    step = 1e-4 * width

    def line(fields):
        return np.asarray(resonance_line(fields, place, width, dispersion, absorption))

    return (line(FIELDS + step) - line(FIELDS - step)) / (2 * step) * width / 2


def test_two_channels_of_any_phase_share_field_and_width():
    exact = [sweeps(1.23e5, 2e3, 3e-6, -1e-6), sweeps(1.23e5, 2e3, -1e-6, 4e-6)]
    drift = 1e-6 + 2e-6 * (FIELDS / 1.2e5 - 1)
    backwards = slice(None, None, -1)  # a sweep of falling field is the same
    signals = [each[backwards] + drift[backwards] for each in exact]
    signals[0][7] = np.nan
    fit = fit_fmr_line(FIELDS[backwards], *signals)
    assert fit.converged
    wanted = [1.23e5, 2e3, 3e-6, -1e-6, -1e-6, 4e-6]
    np.testing.assert_allclose(fit.estimates.values, wanted, rtol=1e-6)
    plain = resonance_line(FIELDS, 1.1e5, 5e3, 2e-6, 1e-6)
    found = fit_fmr_line(FIELDS, plain, detection="absorption", background=0)
    np.testing.assert_allclose(found.estimates.values, [1.1e5, 5e3, 1e-6, 2e-6], rtol=1e-6)


def test_two_lines_as_one_are_told_in_any_order_of_samples():
    pair = sweeps(1.17e5, 2e3, 3e-6, -1e-6) + sweeps(1.21e5, 2e3, 3e-6, -1e-6)
    pair = pair + 3e-8 * np.random.default_rng(1).normal(size=pair.shape)
    for order in (np.arange(161), np.random.default_rng(0).permutation(161)):
        fit = fit_fmr_line(FIELDS[order], pair[order])
        assert fit.rough
        np.testing.assert_allclose(fit.roughness, 3e-8, rtol=0.3)


def test_intervals_of_lines_hold_at_their_rate_and_outliers_move_robust_fits_less():
    random = np.random.default_rng(0)
    count = 400
    places, widths = (
        random.uniform(1.1e5, 1.3e5, count),
        2e3 * np.exp(random.normal(size=count) / 3),
    )
    angle = random.uniform(0, 2 * np.pi, count)
    parts = 1e-6 * np.cos(angle), 1e-6 * np.sin(angle)
    exact = np.stack([sweeps(*each) for each in zip(places, widths, *parts)])
    noisy = exact + 3e-8 * random.normal(size=exact.shape)
    fit = fit_fmr_line(FIELDS, noisy)
    assert fit.converged.all()
    low, high = fit.estimates.intervals(0.95)
    true = np.stack([places, widths, *parts], -1)
    held = ((low <= true) & (true <= high)).mean(0)
    # Of so many, a rate of 95 % scatters by 1.1 %.
    np.testing.assert_array_less(0.92, held)
    np.testing.assert_array_less(held, 0.98)
    np.testing.assert_allclose(fit.deviation.mean(), 3e-8, rtol=0.02)
    assert not fit.rough.any()
    noisy[:, ::20] += 1e-6
    errors = {
        loss: np.abs(fit_fmr_line(FIELDS, noisy, loss=loss).linewidth / widths - 1).mean()
        for loss in ("squares", "soft-l1")
    }
    assert errors["soft-l1"] < 0.3 * errors["squares"]


@pytest.mark.parametrize("geometry", ["in-plane", "perpendicular"])
def test_kittel_and_damping_are_those_of_a_layer_whose_resonance_is_linearised(geometry):
    """Lines are drawn from eigenvalues of the equation of motion, no closed form in them."""
    size, damping, inhomogeneous = 1.2e5, 4e-3, 250.0
    layer = macrospin.FreeLayer(size, 5e-9, 1e-3, damping=damping, demagnetising=(0.0, 0.0, 1.0))
    normal = geometry == "perpendicular"
    axis = np.array([0.0, 0.0, 1.0] if normal else [1.0, 0.0, 0.0])
    fields = np.linspace(1.5e5 if normal else 2e4, 9e5, 4001)
    found = macrospin.resonance(layer, axis, field=fields[:, None] * axis)
    frequencies, rates = np.asarray(found.frequency), np.asarray(found.decay_rate) / (2 * np.pi)
    lines = []
    for tone in FREQUENCIES:
        middle = np.interp(tone, frequencies, fields)
        near = np.linspace(middle - 1.2e4, middle + 1.2e4, 241)
        absorbed = (
            1 / (np.interp(near, fields, frequencies) - tone - 1j * np.interp(near, fields, rates))
        ).imag
        lines.append((near, absorbed * rates.mean()))
    fit = fit_fmr_line(
        np.stack([each for each, _ in lines]),
        np.stack([each for _, each in lines]),
        detection="absorption",
    )
    kittel = fit_kittel(FREQUENCIES, fit.resonance_field, geometry=geometry)
    ratio = fmr.gyromagnetic_ratio(kittel.estimates["g"])
    np.testing.assert_allclose(ratio, GYROMAGNETIC_RATIO, rtol=1e-3)
    np.testing.assert_allclose(kittel.estimates["effective_magnetisation"], size, rtol=5e-3)
    widths = fit_damping(FREQUENCIES, fit.linewidth + inhomogeneous, g=float(kittel.estimates["g"]))
    np.testing.assert_allclose(widths.estimates["damping"], damping, rtol=1e-2)
    np.testing.assert_allclose(widths.estimates["inhomogeneous_linewidth"], 250, atol=10)


def test_a_known_g_is_held_and_an_anisotropy_is_found_in_the_plane():
    ratio = fmr.gyromagnetic_ratio(2.11)
    fields = np.asarray(fmr.resonance_field(FREQUENCIES, 3e3, 3e3 + 9e5, ratio))
    whole = fit_kittel(FREQUENCIES, fields, anisotropy=True)
    np.testing.assert_allclose(whole.estimates.values, [2.11, 9e5, 3e3], rtol=1e-6)
    held = fit_kittel(FREQUENCIES, fields, anisotropy=True, g=2.11)
    np.testing.assert_allclose(held.estimates.values, [2.11, 9e5, 3e3], rtol=1e-6)
    assert np.isnan(held.estimates.errors[0])
    assert "held" in str(held)
    assert drawn_apart(held) < 1e-3


def test_intervals_of_many_dispersions_hold_and_follow_curved_valleys():
    random = np.random.default_rng(1)
    ratio = fmr.gyromagnetic_ratio(2.05)
    fields = np.asarray(fmr.resonance_field(FREQUENCIES, 0.0, 1.4e5, ratio))
    kittel = fit_kittel(FREQUENCIES, fields + 50 * random.normal(size=(400, 9)))
    widths = np.asarray(fmr.field_linewidth(FREQUENCIES, 2e-3, 200.0, ratio))
    lines = fit_damping(FREQUENCIES, widths + 10 * random.normal(size=(400, 9)), g=2.05)
    for fit, true in ((kittel, [2.05, 1.4e5]), (lines, [2e-3, 200.0])):
        assert fit.converged.all()
        low, high = (each[:, :2] for each in fit.estimates.intervals(0.95))
        held = ((low <= true) & (true <= high)).mean(0)
        np.testing.assert_array_less(0.92, held)
        np.testing.assert_array_less(held, 0.98)
    low, high = profile_intervals(lines, "damping")
    np.testing.assert_allclose(low, lines.estimates.intervals()[0, :, 0], rtol=1e-3)
    np.testing.assert_allclose(high, lines.estimates.intervals()[1, :, 0], rtol=1e-3)


def test_errors_weigh_lines():
    ratio = fmr.gyromagnetic_ratio(2.0)
    widths = np.array(fmr.field_linewidth(FREQUENCIES, 2e-3, 200.0, ratio))
    widths[3] += 300
    errors = np.where(np.arange(9) == 3, 1e3, 1.0)
    plain, weighed = (fit_damping(FREQUENCIES, widths, g=2.0, errors=e) for e in (None, errors))
    assert abs(weighed.estimates["damping"] / 2e-3 - 1) < 1e-5
    assert abs(plain.estimates["damping"] / 2e-3 - 1) > 1e-2


def test_a_measured_sweep_of_others_is_fitted_as_it_is():
    root = os.environ.get("RFJAX_DATA")
    path = Path(root or "", "measured", "yig_fmr_15GHz")
    if root is None or not path.exists():
        pytest.skip("no measured files: set RFJAX_DATA")
    table = read_table(path, units={"Xchannel": "V", "Ychannel": "V"})
    fit = fit_fmr_line(
        table.column("Field", "magnetic field"),
        table.column("Xchannel", "voltage"),
        table.column("Ychannel", "voltage"),
    )
    assert fit.converged
    # The derivative of the second channel passes zero between 4572.3 G and 4575.0 G, and its peaks
    # lie at 4566 G and 4587 G.
    gauss = 1e4 * 4e-7 * np.pi
    assert 4570 < gauss * fit.resonance_field < 4577
    assert 25 < gauss * fit.linewidth < 40
    assert fit.rough  # slow noise, many samples long
    assert "warning" in str(fit)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"fields": np.ones((2, 7))}, "fields have shape"),
        ({"fields": np.full(161, 1e5)}, "the same"),
        ({"signals": np.ones(161)}, "the same voltage"),
        ({"signals": np.full(161, np.nan)}, "0 samples"),
        ({"signals": np.full(161, np.inf)}, "infinite"),
        ({"quadrature": np.ones(7)}, "one shape"),
        ({"detection": "phase"}, "detection"),
        ({"background": 9}, "background"),
        ({"loss": "geman-mcclure"}, "loss"),
        ({"starts": 0}, "starts"),
    ],
)
def test_sweeps_that_cannot_be_fitted_are_refused(changed, said):
    given = {"fields": FIELDS, "signals": np.sin(FIELDS / 1e3)}
    with pytest.raises(InvalidInput, match=said):
        fit_fmr_line(**given | changed)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"frequencies": np.ones(3)}, "frequencies have shape"),
        ({"fields": -np.ones(9)}, "fields"),
        ({"frequencies": np.full(9, 1e9)}, "9 lines at 1 frequencies"),
        (
            {"frequencies": np.array([1e9, 2e9]), "fields": np.array([1e5, 2e5])},
            "2 lines at 2 frequencies",
        ),
        ({"geometry": "oblique"}, "geometry"),
        ({"geometry": "perpendicular", "anisotropy": True}, "through the normal"),
        ({"g": 0.0}, "g"),
        ({"errors": np.ones(4)}, "errors"),
    ],
)
def test_dispersions_that_cannot_be_fitted_are_refused(changed, said):
    given = {"frequencies": FREQUENCIES, "fields": np.linspace(1e5, 2e5, 9)}
    with pytest.raises(InvalidInput, match=said):
        fit_kittel(**given | changed)


def test_noise_is_no_line_and_a_line_in_it_is_told():
    random = np.random.default_rng(3)
    line = sweeps(1.2e5, 3e3, 0.0, 1.0)
    noise = np.ptp(line) / 6 * random.normal(size=(40, 161))
    fit = fit_fmr_line(FIELDS, np.concatenate([noise, noise + line]), starts=2)
    assert not fit.converged[:40].any()
    assert fit.converged[40:].all()
    assert drawn_apart(fit, (50,)) < 1e-2
    assert "no line found" in {fit.estimates.word((n,))[:13] for n in range(40)}


def test_a_misfit_of_dispersions_is_told():
    ratio = fmr.gyromagnetic_ratio(2.02)
    fields = np.asarray(fmr.resonance_field(FREQUENCIES, 0.0, 1.4e5, ratio))
    random = np.random.default_rng(0)
    noisy = fields + 20 * random.normal(size=9)
    assert not fit_kittel(FREQUENCIES, noisy).rough
    assert not fit_kittel(FREQUENCIES, noisy, errors=20.0).rough
    wrong = fit_kittel(FREQUENCIES, noisy, geometry="perpendicular", errors=20.0)
    assert wrong.rough
    assert "times the errors that were given" in str(wrong)
    few = fit_damping(FREQUENCIES[:5], np.array([900.0, 300.0, 800.0, 200.0, 700.0]))
    assert few.rough
    assert "3% of the range" in str(few)
    assert not fit_damping(
        FREQUENCIES[:5], fmr.field_linewidth(FREQUENCIES[:5], 2e-3, 200.0, ratio)
    ).rough


@pytest.mark.parametrize("unit", [4e-7 * np.pi * 1e4, 4e-7 * np.pi * 1e3], ids=["Oe", "mT"])
def test_fields_in_other_units_are_refused_by_their_g(unit):
    ratio = fmr.gyromagnetic_ratio(2.02)
    fields = np.asarray(fmr.resonance_field(FREQUENCIES, 0.0, 1.4e5, ratio))
    with pytest.raises(InvalidInput, match=r"in A/m \(not Oe or mT\)"):
        fit_kittel(FREQUENCIES, unit * fields)
    both = fit_kittel(FREQUENCIES, np.stack([fields, unit * fields]))
    assert both.converged.tolist() == [True, False]
    assert "g is not between" in both.ending((1,))[0]
